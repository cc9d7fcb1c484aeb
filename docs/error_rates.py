"""Simulate how often a report is wrong, and write the tables of docs/explanation/error-rates.md.

What stands between ``<!-- simulated: NAME -->`` and ``<!-- end -->`` is written here; the words around it are not.
"""

import argparse
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path

from simulation import (
    LAWS,
    SEED,
    Cell,
    Tally,
    far_share,
    found_share,
    shape_shares,
    tally,
    tally_habits,
    tally_target,
)

PAGE = Path(__file__).resolve().parent / "explanation" / "error-rates.md"
EXPERIMENTS = 2000
POWER_SHARE = 2  # a power of 50 % needs fewer experiments than an error rate of 5 %
WIDE = 3.0
SIZES = (3, 5, 10, 20)
GROUP_SIZES = (3, 4, 5, 6, 8, 10, 15, 20)
ORDINARY = tuple(law for law in LAWS if law != "collapsing")
RUNS = (*((n, n) for n in SIZES), (3, 10), (10, 3))

_REGION = re.compile(r"(<!-- simulated: (?P<name>[a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the page: the heads of its columns, one function that makes a row, and what it is called with."""

    heads: tuple[str, ...]
    row: Callable[..., list[str]]
    arguments: Sequence[tuple[object, ...]]


def false_row(runs: tuple[int, int], law: str, experiments: int, *, is_paired: bool) -> list[str]:
    """Return what becomes of experiments without a true difference, with equal spread and with a wide candidate."""
    cells = [Cell(law=law, n_a=runs[0], n_b=runs[1], spread=spread, is_paired=is_paired) for spread in (1.0, WIDE)]
    return [_runs(runs), law, *(text for cell in cells for text in _false(tally(cell, experiments)))]


def _false(found: Tally) -> list[str]:
    return [
        _percent(found.clear, found.experiments),
        _percent(found.better, found.experiments),
        _percent(found.warned, found.clear, places=0),
        _percent(found.warned_or_few, found.clear, places=0),
        _percent(found.warned_all, found.experiments, places=0),
    ]


def power_row(n: int, law: str, experiments: int) -> list[str]:
    """Return how often a true difference of 1 and 2 standard deviations is called better."""
    kinds = ((1.0, False), (2.0, False), (1.0, True))
    cells = [Cell(law=law, n_a=n, n_b=n, shift=shift, is_paired=is_paired) for shift, is_paired in kinds]
    found = [tally(cell, experiments) for cell in cells]
    return [_runs((n, n)), law, *(_percent(one.better, one.experiments, places=0) for one in found)]


def target_row(n: int, law: str, experiments: int) -> list[str]:
    """Return how often a mean that is the target is called shown to lie above it."""
    found = tally_target(law, n, experiments)
    return [str(n), law, _percent(found.met, found.experiments), _percent(found.warned, found.met, places=0)]


def far_row(n: int, experiments: int) -> list[str]:
    """Return how often some runs of a single group are said to lie far from the others, and how often rightly."""
    shares = [*(far_share(law, n, experiments) for law in ORDINARY), found_share(n, experiments)]
    return [str(n), *(f"{100 * share:.1f}" for share in shares)]


def shape_row(n: int, experiments: int) -> list[str]:
    """Return how often spreads are called unequal and tails long."""
    equal = [shape_shares(law, n, experiments) for law in ORDINARY]
    unequal = [*(unequal for unequal, _ in equal), shape_shares("normal", n, experiments, spread=WIDE)[0]]
    return [_runs((n, n)), *(f"{100 * share:.1f}" for share in (*unequal, *(long for _, long in equal)))]


def habit_row(runs: tuple[int, int], law: str, spread: float, experiments: int) -> list[str]:
    """Return how often Welch's test and three other ways to decide see a difference where there is none."""
    cell = Cell(law=law, n_a=runs[0], n_b=runs[1], spread=spread)
    found = tally_habits(cell, experiments)
    counts = (found.welch, found.student, found.bars, found.bootstrap)
    wide = ", candidate × 3" if spread > 1 else ""
    return [f"{_runs(runs)}{wide}", law, *(_percent(count, experiments) for count in counts)]


def _runs(runs: tuple[int, int]) -> str:
    return f"{runs[0]} and {runs[1]}"


def _percent(count: int, of: int, *, places: int = 1) -> str:
    return f"{100 * count / of:.{places}f}" if of else _NONE


_OF_FALSE = ("false", "of which better", "warned", "warned or few seeds", "warned of all")
_FALSE_HEADS = ("runs", "law", *_OF_FALSE, *(f"× 3: {head}" for head in _OF_FALSE))
_SHAPE_HEADS = (
    *(f"unequal: {law}" for law in (*ORDINARY, "normal × 3")),
    *(f"long tail: {law}" for law in ORDINARY),
)


def tables(experiments: int) -> Mapping[str, Table]:
    """Return the tables of the page by the names of their regions."""
    each = [(n, law, experiments) for n in SIZES for law in LAWS]
    wide = [((3, 10), law, WIDE, experiments) for law in LAWS]
    return {
        "independent": Table(
            heads=_FALSE_HEADS,
            row=partial(false_row, is_paired=False),
            arguments=[(runs, law, experiments) for runs in RUNS for law in LAWS],
        ),
        "paired": Table(
            heads=_FALSE_HEADS,
            row=partial(false_row, is_paired=True),
            arguments=[((n, n), law, experiments) for n, law, _ in each],
        ),
        "power": Table(
            heads=("runs", "law", "1 sd", "2 sd", "paired, 1 sd"),
            row=power_row,
            arguments=[(n, law, experiments // POWER_SHARE) for n, law, _ in each],
        ),
        "target": Table(heads=("runs", "law", "false claims", "warned"), row=target_row, arguments=each),
        "far": Table(
            heads=("runs", *ORDINARY, "some collapsed"), row=far_row, arguments=[(n, experiments) for n in GROUP_SIZES]
        ),
        "shape": Table(heads=("runs", *_SHAPE_HEADS), row=shape_row, arguments=[(n, experiments) for n in GROUP_SIZES]),
        "habits": Table(
            heads=("runs", "law", "Welch's t", "Student's t", "bars of 1 sd", "bootstrap"),
            row=habit_row,
            arguments=[*(((n, n), law, 1.0, experiments) for n, law, _ in each), *wide],
        ),
    }


def method(experiments: int) -> str:
    """Return the sentence that says how much was simulated, and how exact that is."""
    error = 100 * sqrt(0.05 * 0.95 / experiments)
    return (
        f"Each rate is out of {experiments} experiments (those of the table of power out of {experiments // POWER_SHARE}), drawn "
        f"with the seed {SEED}. A rate near 5 % is therefore exact to about ± {2 * error:.1f} points (two standard "
        "errors)."
    )


def results(experiments: int) -> dict[str, str]:
    """Return the texts of the regions by their names; this takes many minutes."""
    written = {name: "\n".join(_lines(table)) for name, table in tables(experiments).items()}
    return {"method": method(experiments), **written}


def with_results(page: str, texts: Mapping[str, str]) -> str:
    """Return the text of the page with every region written anew.

    Raises:
        KeyError: the page has a region that is not simulated.
    """
    return _REGION.sub(lambda found: f"{found[1]}\n{texts[found['name']]}\n\n{found[4]}", page)


def _lines(table: Table) -> Iterator[str]:
    yield _line(table.heads)
    yield _line(["---:" if head != "law" else "---" for head in table.heads])
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for row in pool.map(table.row, *zip(*table.arguments, strict=True)):
            sys.stderr.write(f"{_line(row)}\n")
            yield _line(row)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def rows(page: str, name: str) -> list[list[str]]:
    """Return the cells of one table of the page, without its head."""
    [body] = [found[3] for found in _REGION.finditer(page) if found["name"] == name]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in itertools.islice(lines, 2, None)]


def main() -> int:
    """Write the simulated regions of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help="experiments for each rate")
    arguments = parser.parse_args()
    texts = results(arguments.experiments)
    PAGE.write_text(with_results(PAGE.read_text(encoding="utf-8"), texts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
