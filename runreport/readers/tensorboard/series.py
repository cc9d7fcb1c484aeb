"""Points in the order of a TensorBoard log to series in the order of their steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS
from runreport.readers.common.arrow import arrow_column, arrow_names, points_table
from runreport.readers.tensorboard.events import Points

Ints = NDArray[np.int64]

BATCH_POINTS = 1 << 20

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The points of one folder, grouped by tag.

    Attributes:
        points: all points in the order of the log.
        rows: for each tag code the rows of its points that stand, in the order of the log.
        superseded: how many points were logged again from an earlier step on.
    """

    points: Points
    rows: tuple[Ints, ...]
    superseded: int


def join(pieces: list[Points]) -> Points:
    """Return the pieces as one; the list is emptied column by column to keep the peak of memory low."""
    tags, steps = [piece.tag for piece in pieces], [piece.step for piece in pieces]
    times, values = [piece.time_us for piece in pieces], [piece.value for piece in pieces]
    pieces.clear()
    return Points(
        tag=_emptied(tags, np.int32),
        step=_emptied(steps, np.int64),
        time_us=_emptied(times, np.int64),
        value=_emptied(values, np.float64),
    )


def _emptied(parts: list[Any], kind: type[Any]) -> NDArray[Any]:
    joined = np.concatenate([np.empty(0, dtype=kind), *parts])
    parts.clear()
    return joined


def group(points: Points, tag_count: int) -> Series:
    """Return the points by tag, without those that a restart superseded.

    As in TensorBoard's own loader, a point removes the earlier points of its tag whose step is not below its own:
    after a restart from a checkpoint the steps behind it are logged again.
    """
    codes = points.tag.astype(np.uint16) if tag_count <= np.iinfo(np.uint16).max else points.tag
    order = np.argsort(codes, kind="stable")
    bounds = np.cumsum(np.bincount(codes, minlength=tag_count)).tolist()
    rows = [_standing(points.step, order[start:end]) for start, end in pairwise([0, *bounds])]
    return Series(points=points, rows=tuple(rows), superseded=len(points) - sum(map(len, rows)))


def goes_on_after(points: Points, time_s: float) -> bool:
    """Whether some tag has more than one point after a time: training went on, it was not just summed up."""
    later = points.tag[points.time_us > time_s * _MICROSECONDS]
    return len(later) > 0 and int(np.bincount(later).max()) > 1


def tables(run_id: str, series: Series, names: list[str]) -> Iterator[pa.Table]:
    """Yield the series as tables of metric points of bounded size; a series is never split."""
    batch: list[int] = []
    size = 0
    for code, rows in enumerate(series.rows):
        if batch and size + len(rows) > BATCH_POINTS:
            yield _table(run_id, series, names, batch)
            batch, size = [], 0
        if len(rows):
            batch.append(code)
            size += len(rows)
    if batch:
        yield _table(run_id, series, names, batch)


def _standing(steps: Ints, rows: Ints) -> Ints:
    """Return the rows of one tag, ascending, whose step is below that of all later rows."""
    own = steps[rows]
    if (own[1:] > own[:-1]).all():
        return rows
    least_later = np.minimum.accumulate(own[::-1])[::-1]
    stands = np.append(own[:-1] < least_later[1:], True)
    return np.asarray(rows[stands], dtype=np.int64)


def _table(run_id: str, series: Series, names: list[str], codes: list[int]) -> pa.Table:
    rows = np.concatenate([series.rows[code] for code in codes])
    sizes = [len(series.rows[code]) for code in codes]
    time_us = series.points.time_us[rows]
    order = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])
    return points_table(
        {
            "run_id": arrow_names(np.zeros(len(rows), dtype=np.int32), [run_id]),
            "metric": arrow_names(np.repeat(np.arange(len(codes), dtype=np.int32), sizes), [names[c] for c in codes]),
            "step": arrow_column(series.points.step[rows], pa.int64()),
            "order": arrow_column(order, pa.int32()),
            "value": arrow_column(series.points.value[rows], pa.float64()),
            "time": arrow_column(time_us, POINTS.field("time").type, time_us != 0),
        }
    )
