"""Metric points of MLflow as numpy columns, and from there to the schema POINTS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common import arrow

EARLIEST_MS = -62_135_596_800_000  # the years 1 to 9999, which datetime can hold
LATEST_MS = 253_402_300_799_999
US_PER_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Points, all arrays [points]. ``series`` is a position in a list of (run, metric); its points lie together."""

    series: NDArray[np.int64]
    step: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]

    def in_series_order(self) -> Columns:
        """Return the points sorted by series; within a series they keep their order."""
        return self.rows(np.argsort(self.series, kind="stable"))

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Columns:
        """Return the chosen points in the order of ``chosen``."""
        return Columns(
            series=self.series[chosen],
            step=self.step[chosen],
            time_ms=self.time_ms[chosen],
            value=self.value[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesNames:
    """The run and the metric of each series."""

    run_ids: Sequence[str]
    metrics: Sequence[str]


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the points of all parts, one after the other."""
    return Columns(
        series=np.concatenate([np.empty(0, dtype=np.int64), *(part.series for part in parts)]),
        step=np.concatenate([np.empty(0, dtype=np.int64), *(part.step for part in parts)]),
        time_ms=np.concatenate([np.empty(0, dtype=np.int64), *(part.time_ms for part in parts)]),
        value=np.concatenate([np.empty(0, dtype=np.float64), *(part.value for part in parts)]),
    )


def without_rows(columns: Columns, refused: NDArray[np.bool_]) -> Columns:
    """Return the points that are not refused; the same object when none is."""
    return columns.rows(~refused) if refused.any() else columns


def time_notices(columns: Columns, names: SeriesNames, places: Sequence[str]) -> list[Notice]:
    """Return one notice for each series with times that :func:`points_table` leaves out; ``places`` are [series]."""
    counts = np.bincount(columns.series[_impossible_times(columns)], minlength=len(places))
    return [
        Notice(
            severity=Severity.WARNING,
            code="impossible-time",
            location=places[series],
            message=f"{counts[series]} points have times outside of the years 1 to 9999; the times were left out.",
            run_id=names.run_ids[series],
        )
        for series in np.flatnonzero(counts).tolist()
    ]


def points_table(columns: Columns, names: SeriesNames) -> pa.Table:
    """Return points as a table with the schema POINTS; impossible times become null.

    Args:
        columns: the points, sorted by series.
        names: run and metric of each series.
    """
    impossible = _impossible_times(columns)
    is_any = bool(impossible.any())
    time_us = (np.where(impossible, 0, columns.time_ms) if is_any else columns.time_ms) * US_PER_MS
    return arrow.points_table(
        {
            "run_id": _dictionary(names.run_ids, columns.series),
            "metric": _dictionary(names.metrics, columns.series),
            "step": arrow.arrow_column(columns.step, pa.int64()),
            "order": arrow.arrow_column(_positions(columns.series), pa.int32()),
            "value": arrow.arrow_column(columns.value, pa.float64()),
            "time": arrow.arrow_column(time_us, POINTS.field("time").type, ~impossible if is_any else None),
        }
    )


def _impossible_times(columns: Columns) -> NDArray[np.bool_]:
    return (columns.time_ms < EARLIEST_MS) | (columns.time_ms > LATEST_MS)


def _dictionary(names: Sequence[str], series: NDArray[np.int64]) -> pa.Array[Any]:
    distinct = sorted(set(names))
    codes = {name: code for code, name in enumerate(distinct)}
    return arrow.arrow_names(np.array([codes[name] for name in names], dtype=np.int32)[series], distinct)


def _positions(series: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the position of each point within its series."""
    rows = np.arange(len(series), dtype=np.int64)
    begins = np.flatnonzero(np.concatenate([np.ones(min(len(series), 1), dtype=bool), series[1:] != series[:-1]]))
    lengths = np.diff(np.append(begins, len(series)))
    return (rows - np.repeat(begins, lengths)).astype(np.int32)
