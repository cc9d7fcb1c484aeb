"""Metric points of MLflow's database, streamed from the table into numpy without a Python list of rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.formats.sqlite import placeholders
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.mlflow.cells import as_text
from runreport.readers.mlflow.database import Tables
from runreport.readers.mlflow.points import Columns, SeriesNames, points_table, time_notices
from runreport.readers.mlflow.runs import run_id

_ROW = np.dtype([("step", "f8"), ("time_ms", "f8"), ("value", "f8"), ("is_nan", "f8")])
_LARGEST = np.finfo(np.float64).max  # stands for infinity in this store
_EXACT = 2.0**53
_INT64 = 1 << 63
_NO_TIME = -_INT64

_Cells = tuple[Any, Any, Any, Any]


def read_points(database: Tables, runs: Sequence[str], place: str) -> tuple[pa.Table, list[Notice]]:
    """Return the points of some runs with the schema POINTS, and what was wrong with rows.

    Within a series the points are in the order of their steps, and of equal steps in the order of insertion.

    Args:
        database: the open store.
        runs: ids of the runs, at most a few hundred.
        place: where notices point.
    """
    where = f"WHERE run_uuid IN ({placeholders(runs)})"
    key = database.quoted("key")
    query = f"SELECT run_uuid, {key}, count(*) FROM metrics {where} GROUP BY run_uuid, {key} ORDER BY run_uuid, {key}"  # noqa: S608 - only names and question marks are put in
    series = list(database.select(query, runs))
    counts = np.array([count for *_, count in series], dtype=np.int64)
    codes = np.repeat(np.arange(len(series), dtype=np.int64), counts)
    columns, refused = _columns(database, where, runs, codes)
    names = SeriesNames(
        run_ids=[run_id(run) for run, *_ in series], metrics=[as_text(metric) or "" for _, metric, _ in series]
    )
    places = [f"{place}:{run}/{metric}" for run, metric, _ in series]
    notices = time_notices(columns, names, places)
    return points_table(columns, names), [*notices, *_refused_notices(refused, names, places)]


def _columns(
    database: Tables, where: str, runs: Sequence[str], codes: NDArray[np.int64]
) -> tuple[Columns, NDArray[np.int64]]:
    """Return the points sorted by series and step, and the series of each row that was refused."""
    query = _query(database, where)
    try:
        rows = np.fromiter(database.select(query, runs), dtype=_ROW, count=len(codes))
    except (TypeError, ValueError, OverflowError):
        return _one_by_one(list(database.select(query, runs)), codes)
    whole = all(
        bool((np.abs(rows[name]) < _EXACT).all() and (np.floor(rows[name]) == rows[name]).all())
        for name in ("step", "time_ms")
    )
    if not whole:
        return _one_by_one(list(database.select(query, runs)), codes)
    columns = Columns(
        series=codes,
        step=rows["step"].astype(np.int64),
        time_ms=rows["time_ms"].astype(np.int64),
        value=_true_values(np.where(rows["is_nan"] != 0, np.nan, rows["value"])),
    )
    return columns, np.empty(0, dtype=np.int64)


def _query(database: Tables, where: str) -> str:
    """Return a query for the points in the order of an index of the table; NaN is stored as 0 and a flag."""
    key, time, value = map(database.quoted, ("key", "timestamp", "value"))
    step = "step" if database.has("metrics", "step") else "0"
    is_nan = "is_nan" if database.has("metrics", "is_nan") else "0"
    order = ", ".join([*(["step"] if step != "0" else []), database.insertion_order or f"{time}, {value}"])
    return f"SELECT {step}, {time}, {value}, {is_nan} FROM metrics {where} ORDER BY run_uuid, {key}, {order}"  # noqa: S608 - constants and question marks


def _one_by_one(rows: Sequence[_Cells], codes: NDArray[np.int64]) -> tuple[Columns, NDArray[np.int64]]:
    """Return the points of rows some of which hold no numbers, or numbers too large for the fast way."""
    usable = np.array([_is_point(row) for row in rows], dtype=np.bool_)
    chosen = [row for row, is_usable in zip(rows, usable, strict=True) if is_usable]
    columns = Columns(
        series=codes[usable],
        step=np.array([step for step, *_ in chosen], dtype=np.int64),
        time_ms=np.array([_NO_TIME if time is None else time for _, time, *_ in chosen], dtype=np.int64),
        value=_true_values(
            np.array([np.nan if is_nan else float(value) for *_, value, is_nan in chosen], dtype=np.float64)
        ),
    )
    return columns, codes[~usable]


def _is_point(row: _Cells) -> bool:
    step, time_ms, value, is_nan = row
    is_timed = time_ms is None or _is_int64(time_ms)
    return _is_int64(step) and is_timed and (isinstance(value, int | float) or bool(is_nan))


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and -_INT64 <= value < _INT64


def _true_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values that were logged: the store holds infinities as the largest number."""
    return np.where(np.abs(values) == _LARGEST, np.copysign(np.inf, values), values)


def _refused_notices(refused: NDArray[np.int64], names: SeriesNames, places: Sequence[str]) -> list[Notice]:
    counts = np.bincount(refused, minlength=len(places))
    return [
        Notice(
            severity=Severity.WARNING,
            code="broken-row",
            location=places[series],
            message=f"{counts[series]} points whose step, time or value is no number were left out.",
            run_id=names.run_ids[series],
        )
        for series in np.flatnonzero(counts).tolist()
    ]
