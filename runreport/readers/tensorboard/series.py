"""Points in the order of a TensorBoard log to series in the order of their steps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS
from runreport.readers.common.arrow import arrow_column, arrow_names, points_table
from runreport.readers.tensorboard.findings import Points
from runreport.readers.tensorboard.wirecolumns import Floats, Ints, Mask

BATCH_POINTS = 1 << 20
SEGMENT_POINTS = 1 << 20
"""So many points are brought into the order of their tags at a time; a power of two that fits a processor's cache."""

_MICROSECONDS = 1_000_000
_INT32 = np.iinfo(np.int32)
_MOST_SHORT_CODES = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """Some points of the log tag by tag, in as few bytes as they need; ``bounds`` [tags + 1] is where each tag starts.

    Steps are int32 and values float32 wherever they fit: event files hold single precision as a rule.
    """

    step: NDArray[np.int32] | Ints
    time_us: Ints
    value: NDArray[np.float32] | Floats
    bounds: Ints

    def span(self, tag: int) -> slice:
        """Return the rows of a tag; none for a tag that came later."""
        return slice(int(self.bounds[tag]), int(self.bounds[tag + 1])) if tag < len(self.bounds) - 1 else slice(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSeries:
    """The points of one tag that stand, in the order of the log, [p] each; a time of 0 is not said."""

    step: Ints
    time_us: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.step)


class LoggedPoints:
    """The points of one folder: added in the order of the log, given back tag by tag.

    ``first_us`` and ``last_us`` are the least and the greatest time of any point, 0 where none has one.
    """

    def __init__(self) -> None:
        self.first_us = 0
        self.last_us = 0
        self._count = 0
        self._waiting: list[Points] = []
        self._waiting_count = 0
        self._segments: list[_Segment] = []

    def __len__(self) -> int:
        """Return the number of points, superseded ones included."""
        return self._count

    def add(self, points: Points) -> None:
        """Add the points that come next in the log."""
        if not len(points):
            return
        self._count += len(points)
        self._note_times(points.time_us)
        self._waiting.append(points)
        self._waiting_count += len(points)
        if self._waiting_count >= SEGMENT_POINTS:
            self._pack()

    def superseded(self, tag_count: int) -> int:
        """Return how many points were logged again from an earlier step on."""
        return sum(int((~standing(step)).sum()) for step in map(self._steps, range(tag_count)) if not _ascends(step))

    def series(self, tag: int) -> TagSeries:
        """Return the points of a tag that stand."""
        step = self._steps(tag)
        time_us = np.concatenate([np.empty(0, dtype=np.int64), *(s.time_us[s.span(tag)] for s in self._packed)])
        values = [np.empty(0, dtype=np.float64), *(s.value[s.span(tag)] for s in self._packed)]
        value: Floats = np.concatenate(values, dtype=np.float64)
        if not _ascends(step):
            stands = standing(step)
            step, time_us, value = step[stands], time_us[stands], value[stands]
        return TagSeries(step=step, time_us=time_us, value=value)

    def goes_on_after(self, time_s: float) -> bool:
        """Whether some tag has more than one point after a time: training went on, it was not just summed up."""
        later: dict[int, int] = {}
        for segment in self._packed:
            rows = np.flatnonzero(segment.time_us > time_s * _MICROSECONDS)
            tags, counts = np.unique(np.searchsorted(segment.bounds, rows, side="right") - 1, return_counts=True)
            for tag, count in zip(tags.tolist(), counts.tolist(), strict=True):
                later[tag] = later.get(tag, 0) + count
        return max(later.values(), default=0) > 1

    @property
    def _packed(self) -> list[_Segment]:
        if self._waiting:
            self._pack()
        return self._segments

    def _steps(self, tag: int) -> Ints:
        steps = [np.empty(0, dtype=np.int64), *(s.step[s.span(tag)] for s in self._packed)]
        return np.concatenate(steps, dtype=np.int64)

    def _pack(self) -> None:
        """Bring what waits into the order of its tags."""
        pieces, self._waiting, self._waiting_count = self._waiting, [], 0
        tag = np.concatenate([piece.tag for piece in pieces])
        counts = np.bincount(tag)
        codes = tag.astype(np.uint16) if len(counts) <= _MOST_SHORT_CODES else tag
        order = np.argsort(codes, kind="stable")
        time_us = np.concatenate([piece.time_us for piece in pieces])[order]
        self._segments.append(
            _Segment(
                step=_short_steps(np.concatenate([piece.step for piece in pieces]))[order],
                time_us=time_us,
                value=_short_values(np.concatenate([piece.value for piece in pieces]))[order],
                bounds=np.concatenate([[0], np.cumsum(counts)]),
            )
        )

    def _note_times(self, time_us: Ints) -> None:
        last = int(time_us.max())
        if last > 0:
            first = int(np.min(time_us, where=time_us > 0, initial=np.iinfo(np.int64).max))
            self.first_us = min(self.first_us or first, first)
            self.last_us = max(self.last_us, last)


def standing(steps: Ints) -> Mask:
    """Return which values of one tag, in the order of the log, were not superseded.

    As in TensorBoard's own loader, a value removes the earlier ones of its tag whose step is not below its own: after
    a restart from a checkpoint the steps behind it are logged again.
    """
    stands = np.ones(len(steps), dtype=bool)
    if not _ascends(steps):
        least_later = np.minimum.accumulate(steps[::-1])[::-1]
        stands[:-1] = steps[:-1] < least_later[1:]
    return stands


def tables(run_id: str, points: LoggedPoints, names: list[str]) -> Iterator[pa.Table]:
    """Yield the series as tables of metric points of bounded size; a series is never split. ``names`` is by tag code."""
    batch: list[tuple[str, TagSeries]] = []
    size = 0
    for tag, name in enumerate(names):
        series = points.series(tag)
        if batch and size + len(series) > BATCH_POINTS:
            table, batch, size = _table(run_id, batch), [], 0
            yield table
            del table
        if len(series):
            batch.append((name, series))
            size += len(series)
        del series  # nothing may hold what has been handed over: a run may have a gigabyte of points
    if batch:
        yield _table(run_id, batch)


def _ascends(steps: Ints) -> bool:
    return bool((steps[1:] > steps[:-1]).all())


def _short_steps(steps: Ints) -> NDArray[np.int32] | Ints:
    fits = _INT32.min <= int(steps.min()) and int(steps.max()) <= _INT32.max
    return steps.astype(np.int32) if fits else steps


def _short_values(values: Floats) -> NDArray[np.float32] | Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype(np.float32)
    return short if np.array_equal(short, values, equal_nan=True) else values


def _table(run_id: str, batch: list[tuple[str, TagSeries]]) -> pa.Table:
    sizes = [len(series) for _, series in batch]
    time_us = np.concatenate([series.time_us for _, series in batch])
    codes = np.repeat(np.arange(len(batch), dtype=np.int32), sizes)
    return points_table(
        {
            "run_id": arrow_names(np.zeros(len(codes), dtype=np.int32), [run_id]),
            "metric": arrow_names(codes, [name for name, _ in batch]),
            "step": arrow_column(np.concatenate([series.step for _, series in batch]), pa.int64()),
            "order": arrow_column(np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]), pa.int32()),
            "value": arrow_column(np.concatenate([series.value for _, series in batch]), pa.float64()),
            "time": arrow_column(time_us, POINTS.field("time").type, time_us != 0),
        }
    )
