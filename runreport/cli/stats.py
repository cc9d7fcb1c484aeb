"""``runreport stats``: statistics of numbers that are in no log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runreport.cli.output import print_table, print_text
from runreport.errors import UsageError

if TYPE_CHECKING:  # these load scipy, which --help must not wait for
    from runreport.reporters.statistics import Answer
    from runreport.stats.proportions import Proportion

_NUMBERS = "Numbers with commas between them, such as 0.81,0.83,0.80; nan is a run that failed."


class Method(StrEnum):
    """How p-values are adjusted."""

    HOLM = "holm"
    BH = "bh"


Level = Annotated[float, typer.Option(metavar="L", help="Level of the interval.")]
Alpha = Annotated[float, typer.Option(metavar="A", help="A p-value below this counts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Take the numbers from columns of a CSV file.", show_default=False),
]

group = typer.Typer(help="Statistics of numbers that are in no log.", no_args_is_help=True, rich_markup_mode=None)


@group.command("compare")
def compare(
    *,
    a: Annotated[str, typer.Option(metavar="NUMBERS", help=_NUMBERS)] = "",
    b: Annotated[str, typer.Option(metavar="NUMBERS", help="Likewise, for the other side.")] = "",
    csv: Csv = None,
    a_column: Annotated[str, typer.Option(metavar="NAME", help="Column of side A.")] = "",
    b_column: Annotated[str, typer.Option(metavar="NAME", help="Column of side B.")] = "",
    paired: Annotated[bool, typer.Option("--paired", help="The n-th number of A and of B belong together.")] = False,
    level: Level = 0.95,
    alpha: Alpha = 0.05,
    json: AsJson = False,
) -> None:
    """Compare two groups of runs.

    The difference of their means with its interval, the test that their design asks for and why it is that one, and what
    these numbers could have found at all.
    """
    from runreport.reporters import statistics

    sides = (_numbers(a, "--a", csv, a_column), _numbers(b, "--b", csv, b_column))
    with _usage():
        answer = statistics.compared(*sides, paired=paired, level=level, alpha=alpha)
    _print(answer, json)


@group.command("target")
def target(
    *,
    x: Annotated[str, typer.Option(metavar="NUMBERS", help=_NUMBERS)] = "",
    csv: Csv = None,
    x_column: Annotated[str, typer.Option(metavar="NAME", help="Column of the numbers.")] = "",
    below: Annotated[
        float | None, typer.Option(metavar="T", help="Is the mean below this?", show_default=False)
    ] = None,
    above: Annotated[
        float | None, typer.Option(metavar="T", help="Is the mean above this?", show_default=False)
    ] = None,
    alpha: Alpha = 0.05,
    json: AsJson = False,
) -> None:
    """Say whether the mean of runs is shown to lie below or above a target."""
    from runreport.reporters import statistics

    if (below is None) is (above is None):
        raise UsageError("A target lies on one side.", hint="Give either --below or --above.")
    goal, side = (below, "below") if below is not None else (above, "above")
    values = _numbers(x, "--x", csv, x_column)
    with _usage():
        answer = statistics.targeted(values, goal if goal is not None else 0.0, side=side, alpha=alpha)
    _print(answer, json)


@group.command("power")
def power(
    *,
    effect: Annotated[float, typer.Option(metavar="D", help="The true difference, in standard deviations of runs.")],
    n: Annotated[int | None, typer.Option(metavar="N", help="Runs per side at hand.", show_default=False)] = None,
    power: Annotated[float, typer.Option(metavar="P", help="The chance with which it is to be found.")] = 0.8,
    alpha: Alpha = 0.05,
    json: AsJson = False,
) -> None:
    """Say how many runs find a difference, and what the runs at hand could find."""
    from runreport.reporters import statistics

    with _usage():
        answer = statistics.powered(effect, n, power=power, alpha=alpha)
    _print(answer, json)


@group.command("proportions")
def proportions(
    *,
    a: Annotated[str, typer.Option(metavar="K/N", help="Successes of all on side A, such as 18/20.")],
    b: Annotated[str, typer.Option(metavar="K/N", help="Likewise, for the other side.")],
    level: Level = 0.95,
    alpha: Alpha = 0.05,
    json: AsJson = False,
) -> None:
    """Compare two shares of successes."""
    from runreport.reporters import statistics

    with _usage():
        answer = statistics.proportioned(_proportion(a, "--a"), _proportion(b, "--b"), level=level, alpha=alpha)
    _print(answer, json)


@group.command("adjust")
def adjust(
    *,
    p: Annotated[str, typer.Option(metavar="NUMBERS", help="P-values with commas between them; nan was not tested.")],
    method: Annotated[Method, typer.Option(help="Holm, or Benjamini and Hochberg.")] = Method.HOLM,
    alpha: Alpha = 0.05,
    json: AsJson = False,
) -> None:
    """Adjust p-values for how many they are."""
    from runreport.reporters import statistics

    values = _numbers(p, "--p", None, "")
    with _usage():
        answer = statistics.adjusted(values, method=method.value, alpha=alpha)
    _print(answer, json)


@contextmanager
def _usage() -> Iterator[None]:
    """Turn what the statistics say of a wrong number into an error of the command line."""
    try:
        yield
    except ValueError as error:
        raise UsageError(f"These numbers cannot be used: {error}.", hint="See runreport stats --help.") from None


def _numbers(text: str, option: str, csv: Path | None, column: str) -> list[float]:
    if bool(text) is (csv is not None and bool(column)):
        hint = f"Give {option} 1,2,3" + ("." if option == "--p" else f", or --csv FILE {option}-column NAME.")
        raise UsageError(f"It is not clear where the numbers of {option} are.", hint=hint)
    words = text.split(",") if csv is None or not column else _column(csv, column)
    return [_number(word, option) for word in words]


def _number(word: str, option: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise UsageError(
            f"{word.strip()!r} in {option} is not a number.", hint="Write numbers like 0.81,0.83,nan."
        ) from None


def _column(file: Path, column: str) -> list[str]:
    import csv

    from runreport.errors import UnknownNameError

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file} cannot be read as CSV: {error}.") from None
    names = list(rows[0]) if rows else []
    if column not in names:
        raise UnknownNameError.near("column", column, [name for name in names if name])
    return [cell for row in rows if (cell := (row[column] or "").strip())]  # a shorter column ends in empty cells


def _proportion(text: str, option: str) -> Proportion:
    from runreport.stats.proportions import Proportion

    successes, slash, n = text.partition("/")
    if not (slash and successes.strip().isdecimal() and n.strip().isdecimal()):
        raise UsageError(f"{text!r} in {option} is not a count of all.", hint="Write it like 18/20.")
    return Proportion(int(successes), int(n))


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        from runreport import strict_json

        print_text(strict_json.dumps(answer.detail))
        return
    print_text(f"{answer.sentence}\n")
    print_table(answer.table, "table")
    if answer.remarks:
        print_text("")
    for remark in answer.remarks:
        print_text(f"- {remark}")
