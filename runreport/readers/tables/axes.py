"""The step and the time of every row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runreport.names import Severity
from runreport.readers.tables.columns import Issue, Numbers, is_text, numbers, texts

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for a row without a time."""

_LARGEST_STEP = 2.0**63
# Unix times of 1973 to 5138 in seconds, milliseconds, microseconds and nanoseconds: the ranges do not overlap.
_EPOCH_UNITS = ((1e8, 1e6), (1e11, 1e3), (1e14, 1.0), (1e17, 1e-3))
_LARGEST_TIME = 1e20


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAxis:
    """The step of each row: int64 [rows]. ``column`` is None when rows were counted."""

    steps: NDArray[np.int64]
    column: str | None
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """The time of each row in microseconds since 1970, UTC: int64 [rows], ``NO_TIME`` where there is none."""

    times_us: NDArray[np.int64]
    column: str


def step_axis(table: pa.Table, column: str | None, run_codes: NDArray[np.int32]) -> StepAxis:
    """Return the steps of a column when it holds whole numbers, else the row number within each run.

    A row without a step takes that of the row before it in its run (0 when there is none), and a notice counts them.
    """
    found = numbers(table.column(column)) if column else None
    if column is None or found is None or not found.valid.any():
        return StepAxis(steps=row_numbers(run_codes), column=None)
    usable = _usable(found)
    if not (found.values[usable] % 1 == 0).all():
        message = f"Column {column!r} holds fractions, so it is read as a metric and rows are counted as steps."
        issue = Issue(code="fractional-steps", message=message)
        return StepAxis(steps=row_numbers(run_codes), column=None, issues=(issue,))
    steps = _exact_steps(table.column(column), np.where(usable, found.values, 0).astype(np.int64))
    missing = int(len(steps) - usable.sum())
    return StepAxis(
        steps=_filled_forward(steps, usable, run_codes) if missing else steps,
        column=column,
        issues=(_missing_steps(missing, column),) if missing else (),
    )


def whole_steps(column: pa.ChunkedArray[Any]) -> NDArray[np.int64] | None:
    """Return a column of whole numbers as int64 [rows], None when a cell of it is missing or something else."""
    found = numbers(column)
    if found is None or not len(found.values) or not _usable(found).all() or (found.values % 1 != 0).any():
        return None
    return _exact_steps(column, found.values.astype(np.int64))


def restarts(steps: NDArray[np.int64], series: NDArray[Any]) -> int:
    """Return how often, in file order, a series goes back to a step that it has had before."""
    order = slice(None) if (np.diff(series) >= 0).all() else np.argsort(series, kind="stable")
    falls = (np.diff(steps[order]) < 0) & (np.diff(series[order]) == 0)
    if not falls.any():
        return 0
    by_step = np.lexsort((steps, series))
    is_repeated = ((np.diff(steps[by_step]) == 0) & (np.diff(series[by_step]) == 0)).any()
    return int(falls.sum()) if is_repeated else 0


def time_axis(table: pa.Table, column: str | None) -> TimeAxis | None:
    """Return the times of a column: unix seconds, ms, us or ns, or ISO dates; a date without zone counts as UTC.

    None when the column holds something else, for example the seconds since the start of the run.
    """
    if column is None:
        return None
    values = table.column(column)
    if pa.types.is_temporal(values.type) or is_text(values.type):
        return _dated(values, column)
    found = numbers(values)
    return None if found is None else _unix(found.values, found.valid, column)


def mixes_units(table: pa.Table, column: str | None) -> bool:
    """Whether some cells of a time column are unix times and others are none, or of another unit."""
    found = numbers(table.column(column)) if column else None
    if found is None:
        return False
    values = found.values[found.valid & np.isfinite(found.values)]
    limits = np.array([limit for limit, _ in _EPOCH_UNITS] + [_LARGEST_TIME])
    return len(np.unique(np.searchsorted(limits, values, side="right"))) > 1


def row_numbers(run_codes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the position of each row among the rows of its run.

    >>> row_numbers(np.array([0, 1, 0, 0], dtype=np.int32))
    array([0, 0, 1, 2])
    """
    by_run = np.argsort(run_codes, kind="stable")
    positions = np.empty(len(run_codes), dtype=np.int64)
    positions[by_run] = within_groups(run_codes[by_run])
    return positions


def within_groups(sorted_codes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the position of each element within its stretch of equal codes."""
    count = len(sorted_codes)
    if count == 0:
        return np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(sorted_codes[1:] != sorted_codes[:-1]) + 1
    rises = np.ones(count, dtype=np.int64)
    rises[0] = 0
    rises[starts] -= np.diff(starts, prepend=0)  # back to 0 from the length of the stretch before
    positions: NDArray[np.int64] = np.cumsum(rises, out=rises)
    return positions


def _usable(found: Numbers) -> NDArray[np.bool_]:
    usable: NDArray[np.bool_] = found.valid & np.isfinite(found.values) & (np.abs(found.values) < _LARGEST_STEP)
    return usable


def _exact_steps(column: pa.ChunkedArray[Any], rounded: NDArray[np.int64]) -> NDArray[np.int64]:
    # Steps above 2**53 would lose their last digits on the way through float64.
    if pa.types.is_signed_integer(column.type) and column.null_count == 0:
        return np.asarray(column.to_numpy(), dtype=np.int64)
    return rounded


def _filled_forward(
    steps: NDArray[np.int64], usable: NDArray[np.bool_], run_codes: NDArray[np.int32]
) -> NDArray[np.int64]:
    by_run = np.argsort(run_codes, kind="stable")
    is_start = np.concatenate(([True], np.diff(run_codes[by_run]) != 0))
    position = np.arange(len(steps))
    known = usable[by_run] | is_start
    latest = np.maximum.accumulate(np.where(known, position, 0))
    filled: NDArray[np.int64] = np.empty(len(steps), dtype=np.int64)
    filled[by_run] = steps[by_run][latest]
    return filled


def _missing_steps(count: int, column: str) -> Issue:
    rows = "1 row has" if count == 1 else f"{count} rows have"
    message = f"{rows} no step in column {column!r} and took that of the row before."
    return Issue(code="missing-steps", message=message, severity=Severity.INFO)


def _dated(values: pa.ChunkedArray[Any], column: str) -> TimeAxis | None:
    source = texts(values) if is_text(values.type) else values
    for kind in (pa.timestamp("us"), pa.timestamp("us", tz="UTC")):
        try:
            stamps = pc.cast(source, kind, safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        times = stamps.cast(pa.int64()).fill_null(pa.scalar(NO_TIME)).to_numpy()
        return TimeAxis(times_us=times, column=column) if stamps.null_count < len(stamps) else None
    return None


def _unix(values: NDArray[np.float64], valid: NDArray[np.bool_], column: str) -> TimeAxis | None:
    usable = valid & (values >= _EPOCH_UNITS[0][0]) & (values < _LARGEST_TIME)
    if not usable.any() or not usable[valid & np.isfinite(values)].all():
        return None
    largest = values[usable].max()
    scale = next(factor for limit, factor in reversed(_EPOCH_UNITS) if largest >= limit)
    microseconds = np.rint(np.where(usable, values, 0) * scale).astype(np.int64)
    return TimeAxis(times_us=np.where(usable, microseconds, NO_TIME), column=column)
