"""Metric points as sorted integer columns: the form in which they are written and summarised."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS

Ints = NDArray[np.int64]
Ranks = NDArray[np.int32]
Column: TypeAlias = "pa.ChunkedArray[Any]"

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for a missing time; sorts before every real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedPoints:
    """The n points of k series, sorted by (metric, run_id, step, order).

    ``run`` and ``metric`` are positions in the sorted name tuples ``runs`` and ``metrics``; ``time_us`` is in
    microseconds since 1970 UTC with :data:`NO_TIME` where there is none; ``starts`` [k] is where each series begins.
    """

    runs: tuple[str, ...]
    metrics: tuple[str, ...]
    run: Ranks
    metric: Ranks
    step: Ints
    order: NDArray[np.int32]
    value: NDArray[np.float64]
    time_us: Ints
    starts: Ints

    def series_names(self) -> tuple[tuple[str, str], ...]:
        """Return (run_id, metric) of each series, in order."""
        pairs = zip(self.run[self.starts].tolist(), self.metric[self.starts].tolist(), strict=True)
        return tuple((self.runs[run], self.metrics[metric]) for run, metric in pairs)

    def to_table(self) -> pa.Table:
        """Return the points with the schema POINTS, their dictionaries sorted."""
        time = pa.array(self.time_us, type=pa.int64(), mask=self.time_us == NO_TIME)
        columns = [
            pa.DictionaryArray.from_arrays(self.run, pa.array(self.runs, pa.string())),
            pa.DictionaryArray.from_arrays(self.metric, pa.array(self.metrics, pa.string())),
            pa.array(self.step),
            pa.array(self.order),
            pa.array(self.value),
            time.cast(POINTS.field("time").type),
        ]
        return pa.Table.from_arrays(columns, schema=POINTS)


def sort_points(points: pa.Table) -> SortedPoints:
    """Return points of schema POINTS in sorted order. Input that comes series by series is not sorted point by point.

    Raises:
        ValueError: the schema is not POINTS, or a required column holds nulls.
    """
    _check(points)
    flat = points.unify_dictionaries().combine_chunks()
    run, runs = ranks(flat.column("run_id"))
    metric, metrics = ranks(flat.column("metric"))
    step, order = flat.column("step").to_numpy(), flat.column("order").to_numpy()
    key = metric.astype(np.int64) * len(runs) + run
    rows = _sorted_rows(key, step, order)
    return SortedPoints(
        runs=runs,
        metrics=metrics,
        run=run[rows],
        metric=metric[rows],
        step=step[rows],
        order=order[rows],
        value=flat.column("value").to_numpy()[rows],
        time_us=integers(flat.column("time"), missing=NO_TIME)[rows],
        starts=_starts(key[rows]),
    )


def ranks(column: Column) -> tuple[Ranks, tuple[str, ...]]:
    """Return a dictionary column as positions in its sorted distinct names, and those names."""
    chunk: Any = column.combine_chunks()
    names = chunk.dictionary.to_pylist()
    distinct = tuple(sorted(set(names)))
    position = {name: rank for rank, name in enumerate(distinct)}
    codes: Ranks = chunk.indices.to_numpy()
    if names == list(distinct):
        return codes, distinct
    rank_of_code = np.array([position[name] for name in names], dtype=np.int32)
    return rank_of_code[codes], distinct


def integers(column: Column, *, missing: int) -> Ints:
    """Return an integer or time column as int64, times in their own unit, with ``missing`` for nulls."""
    numbers: Any = column.cast(pa.int64())
    filled: Ints = numbers.fill_null(missing).to_numpy()
    return filled


def grouped_rows(key: Ints) -> Ints:
    """Return the row numbers that bring equal keys together in ascending order, rows of a key in their old order.

    Stretches of equal keys are moved as a whole, so the cost of sorting is that of the number of stretches.
    """
    starts = _starts(key)
    lengths = np.diff(starts, append=len(key))
    by_key = np.argsort(key[starts], kind="stable")
    moved = lengths[by_key]
    targets = np.cumsum(moved) - moved
    rows: Ints = np.repeat(starts[by_key] - targets, moved) + np.arange(len(key))
    return rows


def _sorted_rows(key: Ints, step: Ints, order: NDArray[np.int32]) -> Ints | slice:
    """Return what puts rows in order; when they are in it already, a slice, which copies nothing."""
    if is_sorted(key, step, order):
        return slice(None)
    rows = grouped_rows(key)
    if is_sorted(key[rows], step[rows], order[rows]):
        return rows
    return np.lexsort((order, step, key))


def is_sorted(*columns: NDArray[np.int64] | NDArray[np.int32]) -> bool:
    """Say whether rows ascend by the first column, then the second and so on; equal rows are in order."""
    tied = np.ones(max(len(columns[0]) - 1, 0), dtype=bool)
    for column in columns:
        if bool(np.any(tied & (column[1:] < column[:-1]))):
            return False
        tied &= column[1:] == column[:-1]
    return True


def _starts(key: Ints) -> Ints:
    is_start = np.concatenate([np.ones(min(len(key), 1), dtype=bool), key[1:] != key[:-1]])
    return np.flatnonzero(is_start)


def _check(points: pa.Table) -> None:
    if not points.schema.equals(POINTS):
        msg = f"points must have the schema POINTS, not {points.schema}"
        raise ValueError(msg)
    nulls = [field.name for field in POINTS if not field.nullable and points.column(field.name).null_count]
    if nulls:
        msg = f"points have nulls in {nulls}"
        raise ValueError(msg)
