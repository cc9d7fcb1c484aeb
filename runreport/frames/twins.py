"""Runs of different readers that hold the same values: most likely one run that was logged in two formats.

A series is told by its number of points and its first, last, least and greatest value, as far as float32 can tell; names
are not compared, because some trackers rewrite them. A series tells a run when it has three points or more that are not
all equal, and no other run of the same reader has it: a learning-rate schedule that all seeds share tells none of them.
Two runs are twins when all telling series of the one with fewer are in the other. A run has at most one twin per reader,
and runs of one reader are never twins: there, equal values say that a seed was not applied, which must be seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.names import RunStatus

Shape = tuple[float, ...]

_FEWEST_POINTS = 3


def shapes(run_ids: Sequence[str], columns: Sequence[NDArray[np.generic]]) -> dict[str, set[Shape]]:
    """Return the series of each run by what tells them apart.

    Args:
        run_ids: the run of each series.
        columns: count, first, last, min and max, [series] each.
    """
    numbers = [np.asarray(column).astype(np.float32) for column in columns]
    rows = np.stack([np.nan_to_num(column, nan=-1.5, posinf=-2.5, neginf=-3.5) for column in numbers], axis=1)
    found: dict[str, set[Shape]] = defaultdict(set)
    for run_id, row in zip(run_ids, rows.tolist(), strict=True):
        found[run_id].add(tuple(row))
    return found


def twins(found: Mapping[str, set[Shape]], readers: Mapping[str, str]) -> list[list[str]]:
    """Return the sets of runs that are twins, each in the order in which ``readers`` names them."""
    holders: dict[tuple[str, Shape], list[str]] = defaultdict(list)
    for run_id, reader in readers.items():
        for shape in filter(_is_telling, found.get(run_id, ())):
            holders[reader, shape].append(run_id)
    telling: dict[str, set[Shape]] = defaultdict(set)
    alike: dict[Shape, list[str]] = defaultdict(list)
    for (_, shape), run_ids in holders.items():
        if len(run_ids) == 1:
            telling[run_ids[0]].add(shape)
            alike[shape].append(run_ids[0])
    place = {run_id: index for index, run_id in enumerate(readers)}
    pairs = {pair for run_ids in alike.values() for pair in combinations(sorted(run_ids, key=place.__getitem__), 2)}
    same = [pair for pair in pairs if _holds_all(telling[pair[0]], telling[pair[1]])]
    return _connected(sorted(same, key=lambda pair: (place[pair[0]], place[pair[1]])), readers)


def without_twins(frame: ExperimentFrame) -> ExperimentFrame:
    """Return an experiment in which of each set of twins only one takes part; the others are excluded with the reason.

    The one that stays is the one whose status is known, and of those the one with the most points. Runs that the user
    excluded take no part.
    """
    readers = {facts.run.run_id: facts.run.reader for facts in frame.runs if not facts.is_excluded}
    if len(set(readers.values())) <= 1:
        return frame
    reasons: dict[str, str] = {}
    points = _points(frame)
    known = {facts.run.run_id: facts.run for facts in frame.runs}
    for group in twins(_frame_shapes(frame), readers):
        kept = min(group, key=lambda run_id: (known[run_id].status is RunStatus.UNKNOWN, -points[run_id]))
        reason = f"it holds the same values as {known[kept].name}, read by {known[kept].reader}"
        reasons |= dict.fromkeys((run_id for run_id in group if run_id != kept), reason)
    return replace(frame, runs=tuple(_excluded(facts, reasons.get(facts.run.run_id)) for facts in frame.runs))


def _is_telling(shape: Shape) -> bool:
    count, _, _, least, greatest = shape
    return count >= _FEWEST_POINTS and least < greatest


def _holds_all(one: set[Shape], other: set[Shape]) -> bool:
    return one <= other or other <= one


def _connected(pairs: Iterable[tuple[str, str]], readers: Mapping[str, str]) -> list[list[str]]:
    """Return the sets that hang together by pairs; a pair that would bring two runs of one reader together is none."""
    groups: dict[str, list[str]] = {}
    for one, other in pairs:
        first, second = groups.get(one, [one]), groups.get(other, [other])
        if first is second or {readers[run_id] for run_id in first} & {readers[run_id] for run_id in second}:
            continue
        first += second
        groups |= dict.fromkeys(first, first)
    place = {run_id: index for index, run_id in enumerate(readers)}
    distinct = {id(group): sorted(group, key=place.__getitem__) for group in groups.values()}
    return sorted(distinct.values(), key=lambda group: place[group[0]])


def _frame_shapes(frame: ExperimentFrame) -> dict[str, set[Shape]]:
    ids = np.array([facts.run.run_id for facts in frame.runs])
    found: dict[str, set[Shape]] = defaultdict(set)
    for columns in frame.metrics.values():
        logged = columns.count > 0
        arrays = (columns.count, columns.first, columns.last, columns.min, columns.max)
        for run_id, own in shapes(ids[logged].tolist(), [array[logged] for array in arrays]).items():
            found[run_id] |= own
    return found


def _points(frame: ExperimentFrame) -> dict[str, int]:
    counts = [columns.count for columns in frame.metrics.values()]
    totals = np.sum(counts, axis=0) if counts else np.zeros(len(frame.runs), dtype=np.int64)
    return {facts.run.run_id: int(total) for facts, total in zip(frame.runs, totals, strict=True)}


def _excluded(facts: RunFacts, reason: str | None) -> RunFacts:
    return facts if reason is None else replace(facts, is_excluded=True, exclusion_reason=reason)
