"""The summary of every series, by one pass of NumPy kernels over sorted columns."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import SUMMARY
from runreport.store.points import NO_TIME, Ints, SortedPoints, is_sorted

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Column: TypeAlias = "pa.Array[Any]"

TAIL_SHARE = 10
"""The tail is the last tenth of a series' points, rounded down, and at least one point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Points of k series by (step, time, order) inside each: ``starts``, ``ends`` and ``counts`` are [k]."""

    step: Ints
    value: Floats
    time_us: Ints
    is_finite: Flags
    starts: Ints
    ends: Ints
    counts: Ints


def summary_table(points: SortedPoints) -> pa.Table:
    """Return one row per series with the schema SUMMARY, sorted by (metric, run_id).

    The meaning of each column is that of :class:`runreport.model.entities.MetricSummary`.
    """
    if not len(points.value):
        return SUMMARY.empty_table()
    series = _by_time(points)
    columns = _names(points) | _ends(series) | _extremes(series) | _means(series) | _counts(series)
    return pa.Table.from_arrays([columns[field.name].cast(field.type) for field in SUMMARY], schema=SUMMARY)


def _by_time(points: SortedPoints) -> _Series:
    """Order the points of a step by time; logs nearly always have them so already."""
    counts = np.diff(points.starts, append=len(points.value))
    rows = _rows_by_time(points, counts) if _repeats_steps(points) else slice(None)
    value = points.value[rows]
    return _Series(
        step=points.step[rows],
        value=value,
        time_us=points.time_us[rows],
        is_finite=np.isfinite(value),
        starts=points.starts,
        ends=points.starts + counts - 1,
        counts=counts,
    )


def _repeats_steps(points: SortedPoints) -> bool:
    """Whether a series has several points at a step."""
    is_repeated = points.step[1:] == points.step[:-1]
    is_repeated[points.starts[1:] - 1] = False
    return bool(is_repeated.any())


def _rows_by_time(points: SortedPoints, counts: Ints) -> Ints | slice:
    number = np.repeat(np.arange(len(points.starts)), counts)
    columns = (number, points.step, points.time_us, points.order)
    return slice(None) if is_sorted(*columns) else np.lexsort(columns[::-1])


def _names(points: SortedPoints) -> dict[str, Column]:
    runs, metrics = pa.array(points.runs, pa.string()), pa.array(points.metrics, pa.string())
    return {
        "run_id": runs.take(points.run[points.starts]),
        "metric": metrics.take(points.metric[points.starts]),
    }


def _ends(series: _Series) -> dict[str, Column]:
    first, last = series.starts, series.ends
    return {
        "first": pa.array(series.value[first]),
        "last": pa.array(series.value[last]),
        "first_step": pa.array(series.step[first]),
        "last_step": pa.array(series.step[last]),
        "first_time": _times(series.time_us[first]),
        "last_time": _times(series.time_us[last]),
    }


def _extremes(series: _Series) -> dict[str, Column]:
    low = np.minimum.reduceat(_where(series.is_finite, series.value, np.inf), series.starts)
    high = np.maximum.reduceat(_where(series.is_finite, series.value, -np.inf), series.starts)
    none = _per_series(series.is_finite, series) == 0
    return {
        "min": pa.array(low, mask=none),
        "max": pa.array(high, mask=none),
        "argmin_step": pa.array(_first_step(series, low), mask=none),
        "argmax_step": pa.array(_first_step(series, high), mask=none),
    }


def _first_step(series: _Series, wanted: Floats) -> Ints:
    """Return the first step at which each series has its wanted value [k]; any step where it never has."""
    is_hit = series.is_finite & (series.value == np.repeat(wanted, series.counts))
    hits = np.append(np.flatnonzero(is_hit), len(is_hit) - 1)
    first: Ints = series.step[hits[np.searchsorted(hits[:-1], series.starts)]]
    return first


def _means(series: _Series) -> dict[str, Column]:
    tail = np.maximum(series.counts // TAIL_SHARE, 1)
    is_tail = np.arange(len(series.value)) > np.repeat(series.ends - tail, series.counts)
    return {"mean": _mean(series, series.is_finite), "tail_mean": _mean(series, series.is_finite & is_tail)}


def _mean(series: _Series, is_used: Flags) -> Column:
    used = _per_series(is_used, series)
    count = np.maximum(used, 1)
    values = _where(is_used, series.value, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.add.reduceat(values, series.starts) / count
    if not np.isfinite(mean).all():  # the sum of huge values overflows where their mean does not
        scaled = np.add.reduceat(values / np.repeat(count, series.counts), series.starts)
        mean = np.where(np.isfinite(mean), mean, scaled)
    return pa.array(mean, mask=used == 0)


def _counts(series: _Series) -> dict[str, Column]:
    return {
        "count": pa.array(series.counts),
        "nan_count": pa.array(_per_series(np.isnan(series.value), series)),
        "inf_count": pa.array(_per_series(np.isinf(series.value), series)),
    }


def _where(flags: Flags, values: Floats, otherwise: float) -> Floats:
    """Return the values, something else where the flag is not set; no copy when all are set, as is usual."""
    return values if flags.all() else np.where(flags, values, otherwise)


def _per_series(flags: Flags, series: _Series) -> Ints:
    """Return how many flags are set in each series [k]."""
    if flags.all():
        return series.counts
    if not flags.any():
        return np.zeros_like(series.counts)
    return np.add.reduceat(flags.astype(np.int64), series.starts)


def _times(time_us: Ints) -> Column:
    return pa.array(time_us, mask=time_us == NO_TIME)
