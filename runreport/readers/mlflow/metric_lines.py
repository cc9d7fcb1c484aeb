"""Metric files of MLflow's file store: ``timestamp_ms value step`` lines, thousands of small files parsed at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from runreport.model.tables import POINTS
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.mlflow.points import Columns, SeriesNames, joined, points_table, time_notices, without_rows

_INT64 = 1 << 63
_STEP = 2
_PLAIN_FIELDS = frozenset({2, 3})
_DATASET_FIELDS = 5
_CHUNK_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 4 * 1024 * 1024
_KINDS: dict[str, pa.DataType] = {"time": pa.int64(), "value": pa.float64(), "step": pa.int64()}


class MetricFile(NamedTuple):
    """One series as it lies on disk: its run, its metric, where it lies relative to the root, and its content."""

    run_id: str
    metric: str
    path: str
    content: bytes


class _Point(NamedTuple):
    time_ms: int
    value: float
    step: int
    copied: bytes  # what a copy has in common with its original; empty for a line without data set


@dataclass(slots=True)
class _Lines:
    """What the lines of one irregular file said."""

    points: list[_Point] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    is_cut: bool = False
    miscopied: int = 0


def read_points(files: Iterable[MetricFile]) -> tuple[pa.Table, list[Notice]]:
    """Return the points of metric files with the schema POINTS, and what was left out of them.

    Files are parsed a bounded number of bytes at a time; ``files`` may be a generator that reads them when asked.
    """
    tables: list[pa.Table] = []
    notices: list[Notice] = []
    for chunk in _chunks(files):
        columns, broken = read_metric_files(chunk)
        columns, repeats = without_repeats(columns, chunk)
        names = SeriesNames(run_ids=[file.run_id for file in chunk], metrics=[file.metric for file in chunk])
        tables.append(points_table(columns, names))
        notices += [*broken, *repeats, *time_notices(columns, names, [file.path for file in chunk])]
    if len(tables) == 1:
        return tables[0], notices
    return pa.concat_tables([POINTS.empty_table(), *tables]).unify_dictionaries().combine_chunks(), notices


def _chunks(files: Iterable[MetricFile]) -> Iterator[list[MetricFile]]:
    chunk: list[MetricFile] = []
    size_bytes = 0
    for file in files:
        chunk.append(file)
        size_bytes += len(file.content)
        if size_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk


def read_metric_files(files: Sequence[MetricFile]) -> tuple[Columns, list[Notice]]:
    """Return the points of all files, series by series in file order, and what was wrong with lines.

    Regular files (three fields in each line) are parsed in one go. The others are split line by line: lines of two
    fields (step 0) and of five (with a data set; the step is always field 3), and lines that are broken.
    """
    regular = {index: count for index, file in enumerate(files) if (count := _whole_lines(file.content))}
    parsed = _parsed_together(files, regular)
    if parsed is None:  # some have lines of another form, which Arrow refuses
        regular = {index: count for index, count in regular.items() if _is_regular(files[index].content, count)}
        parsed = _parsed_together(files, regular)
    together = set() if parsed is None else set(regular)
    parts = [] if parsed is None else [parsed]
    notices: list[Notice] = []
    for index, file in enumerate(files):
        if index not in together and file.content:
            lines = _split_lines(file.content)
            parts.append(_columns_of(index, lines.points))
            notices += _line_notices(file, lines)
    columns = joined(parts)
    return columns.in_series_order() if len(parts) > 1 else columns, notices


def without_repeats(columns: Columns, files: Sequence[MetricFile]) -> tuple[Columns, list[Notice]]:
    """Leave out points that repeat an earlier point of their series exactly, with one notice for each run.

    ``log_model`` appends a copy of an old point to each metric file of its run.
    """
    repeats = repeated(columns)
    counts = np.bincount(columns.series[repeats], minlength=len(files))
    return without_rows(columns, repeats), [*_repeat_notices(files, counts)]


def repeated(columns: Columns) -> NDArray[np.bool_]:
    """Return which points equal an earlier point of their series in step, time and value; all NaN are equal.

    Series whose steps only grow cannot hold any, so that only the others are sorted.
    """
    mask = np.zeros(len(columns.series), dtype=np.bool_)
    falls = (columns.step[1:] <= columns.step[:-1]) & (columns.series[1:] == columns.series[:-1])
    if not falls.any():
        return mask
    suspects = np.zeros(int(columns.series.max(initial=-1)) + 1, dtype=np.bool_)
    suspects[columns.series[1:][falls]] = True
    rows = np.flatnonzero(suspects[columns.series])
    chosen = columns.rows(rows)
    keys = np.stack([_bits(chosen.value), chosen.time_ms, chosen.step, chosen.series])
    order = np.lexsort(keys)  # stable: the first in the file stays the first of its equals
    equal = (keys[:, order[1:]] == keys[:, order[:-1]]).all(axis=0)
    mask[rows[order[1:][equal]]] = True
    return mask


def _bits(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.where(np.isnan(values), np.nan, values).view(np.int64)


def _whole_lines(content: bytes) -> int:
    """Return the number of lines when the last one has its end; else 0."""
    return content.count(b"\n") if content.endswith(b"\n") else 0


def _is_regular(content: bytes, lines: int) -> bool:
    """Whether lines may have three fields each."""
    return content.count(b" ") == _STEP * lines


def _parsed_together(files: Sequence[MetricFile], regular: Mapping[int, int]) -> Columns | None:
    """Return the points of regular files (with their numbers of lines); None when a line is no number after all."""
    counts = list(regular.values())
    try:
        table = _parse(b"".join(files[index].content for index in regular))
    except pa.ArrowInvalid:
        return None
    if table.num_rows != sum(counts):
        return None
    return Columns(
        series=np.repeat(np.array(list(regular), dtype=np.int64), counts),
        step=table.column("step").to_numpy(),
        time_ms=table.column("time").to_numpy(),
        value=table.column("value").to_numpy(),
    )


def _parse(text: bytes) -> pa.Table:
    if not text:
        return pa.schema(_KINDS).empty_table()
    return csv.read_csv(
        cast("IO[bytes]", pa.BufferReader(text)),
        read_options=csv.ReadOptions(column_names=list(_KINDS), block_size=_BLOCK_BYTES, use_threads=False),
        parse_options=csv.ParseOptions(delimiter=" ", quote_char=False),
        convert_options=csv.ConvertOptions(column_types=_KINDS, null_values=[]),  # else nan becomes null
    )


def _split_lines(content: bytes) -> _Lines:
    """Return the points of a file line by line. A last line without its end may be cut anywhere, so it is dropped."""
    lines = _Lines()
    *whole, tail = content.split(b"\n")
    lines.is_cut = bool(tail)
    seen: dict[bytes, int] = {}
    for number, line in enumerate(whole, start=1):
        point = _point(line.rstrip(b"\r").split(b" "))
        if point is None:
            lines.bad.append(number)
        elif point.copied and _is_miscopied(point, seen):
            lines.miscopied += 1
        else:
            lines.points.append(point)
    return lines


def _point(fields: Sequence[bytes]) -> _Point | None:
    if len(fields) not in _PLAIN_FIELDS and len(fields) < _DATASET_FIELDS:
        return None
    try:
        time_ms, value = int(fields[0]), float(fields[1])
        step = int(fields[_STEP]) if len(fields) > _STEP else 0
    except ValueError:
        return None
    fits = -_INT64 <= time_ms < _INT64 and -_INT64 <= step < _INT64
    copied = b" ".join([*fields[:_STEP], *fields[_STEP + 1 :]]) if len(fields) >= _DATASET_FIELDS else b""
    return _Point(time_ms, value, step, copied) if fits else None


def _is_miscopied(point: _Point, seen: dict[bytes, int]) -> bool:
    """Say whether this is the copy that ``log_model`` appends of a line with a data set, at step 0 instead of its own.

    MLflow's client takes the step of a line of five fields for 0 when it reads it back.
    """
    first_step = seen.setdefault(point.copied, point.step)
    return point.step == 0 and first_step != 0


def _columns_of(series: int, points: Sequence[_Point]) -> Columns:
    return Columns(
        series=np.full(len(points), series, dtype=np.int64),
        step=np.array([point.step for point in points], dtype=np.int64),
        time_ms=np.array([point.time_ms for point in points], dtype=np.int64),
        value=np.array([point.value for point in points], dtype=np.float64),
    )


def _line_notices(file: MetricFile, lines: _Lines) -> list[Notice]:
    notices = []
    if lines.bad:
        notices.append(_broken(file, lines.bad))
    if lines.is_cut:
        number = file.content.count(b"\n") + 1
        message = "The last line has no end, so it may be cut off; it was left out."
        notices.append(_notice(file, Severity.WARNING, "cut-line", message, number))
    if lines.miscopied:
        message = (
            f"{lines.miscopied} points at step 0 are copies that MLflow's log_model made of points at other steps; "
            "they were left out."
        )
        notices.append(_notice(file, Severity.INFO, "miscopied-points", message))
    return notices


def _broken(file: MetricFile, bad: Sequence[int]) -> Notice:
    lines = "This line is" if len(bad) == 1 else f"{len(bad)} lines, this one first, are"
    message = f"{lines} not 'time value step' and left out."
    return _notice(file, Severity.WARNING, "broken-line", message, bad[0])


def _notice(file: MetricFile, severity: Severity, code: str, message: str, line: int | None = None) -> Notice:
    location = file.path if line is None else f"{file.path}:{line}"
    return Notice(severity=severity, code=code, location=location, message=message, run_id=file.run_id)


def _repeat_notices(files: Sequence[MetricFile], counts: NDArray[np.int64]) -> Iterable[Notice]:
    by_run: dict[str, list[int]] = {}
    for index in np.flatnonzero(counts).tolist():
        by_run.setdefault(files[index].run_id, []).append(index)
    for run_id, indices in by_run.items():
        total = int(counts[indices].sum())
        message = (
            f"{total} points of {len(indices)} metrics that repeat an earlier line exactly were left out; "
            "MLflow's log_model appends such lines."
        )
        folder = files[indices[0]].path.removesuffix(f"/{files[indices[0]].metric}")
        yield Notice(severity=Severity.INFO, code="repeated-points", location=folder, message=message, run_id=run_id)
