"""What differs beside the compared setting and could explain a verdict."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from runreport.compare.comparison import Confound
from runreport.compare.entities import Group
from runreport.diff.values import Diff, DiffCell, DiffRow
from runreport.frames.values import RunFacts
from runreport.stats.words import counted, listed

_SHORT_HASH = 7
_LISTED = 3
_MACHINE_KINDS = ("hardware", "driver", "os")


def find_confounds(
    groups: tuple[Group, Group], runs: tuple[Sequence[RunFacts], Sequence[RunFacts]], diffs: Mapping[str, Diff]
) -> tuple[Confound, ...]:
    """Return the facts that differ between the runs of a baseline and a candidate, in that order everywhere.

    Code and data first, then packages, Python, machines, and params that the groups' names do not mention.
    """
    kinds = {name: item.kind for side in runs for run in side for name, item in run.environment.items()}
    return (
        *_code(diffs["code"]),
        *_datasets(diffs["datasets"]),
        *_packages(diffs["environment"], kinds),
        *_machines(diffs["environment"], kinds),
        *_further_params(diffs["params"], groups),
    )


def _code(diff: Diff) -> Iterator[Confound]:
    rows = {row.key: row for row in diff.different}
    if "commit" in rows:
        yield Confound(kind="code", sentence=_sentence("the code commit", rows["commit"], _short))
    changes = {
        "dirty": "whether the code had uncommitted changes",
        "diff_digest": "the uncommitted change of the code",
    }
    known = [key for key in changes if key in rows and all(cell.values for cell in rows[key].cells)]
    if known:
        yield Confound(kind="code", sentence=_sentence(changes[known[0]], rows[known[0]], _short))
    elif (dirty := next((row for row in diff.rows if row.key == "dirty"), None)) and _is_dirty(dirty):
        sentence = "both sides ran with uncommitted code changes, which may differ."
        yield Confound(kind="code", sentence=sentence)


def _is_dirty(row: DiffRow) -> bool:
    return all(any(text.casefold() == "true" for text, _ in cell.values) for cell in row.cells)


def _datasets(diff: Diff) -> Iterator[Confound]:
    for row in diff.different:
        yield Confound(kind="dataset", sentence=_sentence(f"the data set {row.key}", row, _short))


def _packages(diff: Diff, kinds: Mapping[str, str]) -> Iterator[Confound]:
    rows = [row for row in diff.different if kinds.get(row.key) == "package" and row.key.casefold() != "python"]
    for row in rows[:_LISTED]:
        yield Confound(kind="package", sentence=_sentence(f"the version of {row.key}", row))
    if len(rows) > _LISTED:
        more = counted(len(rows) - _LISTED, "more package")
        yield Confound(kind="package", sentence=f"the versions of {more} differ too.")


def _machines(diff: Diff, kinds: Mapping[str, str]) -> Iterator[Confound]:
    for row in diff.different:
        if row.key.casefold() == "python":
            yield Confound(kind="python", sentence=_sentence("the Python version", row))
        elif row.key == "host" and row.key not in kinds:
            if _is_disjoint(row):
                yield Confound(kind="host", sentence=_sentence("the host", row))
        elif kinds.get(row.key) in _MACHINE_KINDS:
            yield Confound(kind="hardware", sentence=_sentence(f"the {kinds[row.key]} ({row.key})", row))


def _is_disjoint(row: DiffRow) -> bool:
    """Say whether the sides share no value; runs of a cluster spread over hosts on both sides are no confound."""
    first, second = ({text for text, _ in cell.values} for cell in row.cells)
    return not first & second


def _further_params(diff: Diff, groups: tuple[Group, Group]) -> Iterator[Confound]:
    named = {param for group in groups for param in group.name_params}
    rows = [row.key for row in diff.different if row.key not in named]
    if rows:
        verb = "differs" if len(rows) == 1 else "differ"
        sentence = f"{counted(len(rows), 'param')} {verb} besides those in the name: {listed(rows, at_most=_LISTED)}."
        yield Confound(kind="params", sentence=sentence)


def _short(text: str) -> str:
    is_hash = len(text) > _SHORT_HASH and all(digit in "0123456789abcdef" for digit in text.casefold())
    return text[:_SHORT_HASH] if is_hash else text


def _sentence(what: str, row: DiffRow, shown: Callable[[str], str] = str) -> str:
    baseline, candidate = (_side(cell, shown) for cell in row.cells)
    return f"{what} differs too: {baseline} (baseline) and {candidate} (candidate)."


def _side(cell: DiffCell, shown: Callable[[str], str]) -> str:
    texts = [shown(text) for text, _ in cell.values]
    if cell.missing:
        texts.append(f"not recorded in {counted(cell.missing, 'run')}" if texts else "not recorded")
    return listed(texts, at_most=_LISTED)
