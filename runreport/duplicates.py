"""Runs of different readers that hold the same values: most likely one run that was logged in two formats."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from runreport.joining import Joint
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location
from runreport.reading import where
from runreport.store.snapshot import Snapshot

_COLUMNS = ("run_id", "count", "first", "last", "min", "max")
_FEWEST_POINTS = 3
_SHARED_FRACTION = 0.5
_MOST_ALIKE = 50  # runs that share one series; more share it by their nature, as a learning-rate schedule
_NAMED = 5

_Shape = tuple[float, ...]


def same_values(snapshot: Snapshot, runs: Sequence[tuple[Location, Joint]]) -> tuple[Notice, ...]:
    """Return a notice for each set of runs, read by different readers, that hold the same values.

    Two runs are such when at least half of the series of the one with fewer are in the other: the same number of
    points, the same first, last, least and greatest value as far as float32 can tell, and at least three points that
    are not all equal. Names are not compared, because some trackers rewrite them.
    """
    readers = {joint.run_id: joint.parts[0].reader_name for _, joint in runs}
    if len(set(readers.values())) < 2:  # noqa: PLR2004 - two readers are what this is about
        return ()
    places = {joint.run_id: where(root, joint.path) for root, joint in runs}
    shapes = _shapes(snapshot, readers)
    pairs = [(one, other) for one, other in _candidates(shapes, readers) if _is_same(shapes[one], shapes[other])]
    return tuple(_notice(group, places, readers) for group in _groups(pairs, places))


def _shapes(snapshot: Snapshot, run_ids: Iterable[str]) -> dict[str, set[_Shape]]:
    table = snapshot.table("summary", columns=_COLUMNS, run_ids=frozenset(run_ids))
    numbers = [np.asarray(table.column(name).to_pylist(), dtype=np.float32) for name in _COLUMNS[1:]]
    count, least, greatest = numbers[0], numbers[3], numbers[4]
    tells = (count >= _FEWEST_POINTS) & (least < greatest)
    rows = np.stack([np.nan_to_num(column, nan=-1.5, posinf=-2.5, neginf=-3.5) for column in numbers], axis=1)
    shapes: dict[str, set[_Shape]] = defaultdict(set)
    for run_id, row, is_telling in zip(table.column("run_id").to_pylist(), rows.tolist(), tells.tolist(), strict=True):
        if is_telling:
            shapes[str(run_id)].add(tuple(row))
    return shapes


def _candidates(shapes: Mapping[str, set[_Shape]], readers: Mapping[str, str]) -> list[tuple[str, str]]:
    alike: dict[_Shape, list[str]] = defaultdict(list)
    for run_id in sorted(shapes):
        for shape in shapes[run_id]:
            alike[shape].append(run_id)
    pairs = {
        (one, other)
        for run_ids in alike.values()
        if len(run_ids) <= _MOST_ALIKE
        for one, other in combinations(run_ids, 2)
        if readers[one] != readers[other]
    }
    return sorted(pairs)


def _is_same(one: set[_Shape], other: set[_Shape]) -> bool:
    return len(one & other) >= _SHARED_FRACTION * min(len(one), len(other))


def _groups(pairs: Iterable[tuple[str, str]], places: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the runs that hang together, each set ordered by where its logs lie."""
    root: dict[str, str] = {}

    def find(run_id: str) -> str:
        while root.setdefault(run_id, run_id) != run_id:
            run_id = root[run_id]
        return run_id

    for one, other in pairs:
        root[find(one)] = find(other)
    groups: dict[str, list[str]] = defaultdict(list)
    for run_id in sorted(root, key=lambda run_id: (places[run_id], run_id)):
        groups[find(run_id)].append(run_id)
    yield from groups.values()


def _notice(group: Sequence[str], places: Mapping[str, str], readers: Mapping[str, str]) -> Notice:
    listed = ", ".join(f"{places[run_id]} ({readers[run_id]})" for run_id in group[:_NAMED])
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    return Notice(
        severity=Severity.WARNING,
        code="same-values",
        location=places[group[0]],
        message=f"{len(group)} logs hold the same values but are counted as runs of their own: {listed}{more}.",
        hint="When they are one run in several formats, read one of them: with --reader, or by naming its folder.",
    )
