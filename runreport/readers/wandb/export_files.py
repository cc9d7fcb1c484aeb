"""The files of exports as rows: what kind of export a file is, and its rows as maps."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.readers.base import Location
from runreport.readers.wandb.fold import parse_value

CHART = "chart"
HISTORY = "history"
RUNS = "runs"

_PEEK_BYTES = 1 << 16
_MOST_BYTES = 50_000_000
_OWN_COLUMNS = frozenset({"_step", "_runtime", "_timestamp"})
_OWN_MARKS = (b'"_wandb"', b'"_runtime"', b'"_timestamp"')
_LEAST, _GREATEST = "__MIN", "__MAX"
_BETWEEN = " - "


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The rows of a file, each by column or key; ``names`` are the columns of a CSV file."""

    kind: str
    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]


def kind_of_file(location: Location, name: str) -> str:
    """Return what kind of export a file is, by its first kilobytes; empty when it is none."""
    suffix = name.rpartition(".")[2].lower()
    if suffix not in ("csv", "json", "jsonl"):
        return ""
    head = location.head(name, _PEEK_BYTES)
    return _kind_of_csv(head) if suffix == "csv" else _kind_of_json(head, is_lines=suffix == "jsonl")


def _kind_of_csv(head: bytes) -> str:
    names = _header(head.decode("utf-8-sig", "replace"))
    if set(names) >= _OWN_COLUMNS:
        return HISTORY
    return CHART if any(f"{name}{_LEAST}" in names for _, _, name in chart_columns(names)) else ""


def _kind_of_json(head: bytes, *, is_lines: bool) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{" if is_lines else b"["):
        return ""
    if b'"config"' in head and b'"summary' in head and any(mark in head for mark in _OWN_MARKS):
        return "" if is_lines else RUNS
    first = head.split(b"}", 1)[0]
    return HISTORY if all(f'"{name}"'.encode() in first for name in _OWN_COLUMNS) else ""


def _header(text: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(text)), ()))
    except csv.Error:
        return ()


def chart_columns(names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield run, metric and column of a chart; of a name with several dashes the last tells run from metric."""
    for name in names[1:]:
        run, between, metric = name.rpartition(_BETWEEN)
        if between and run and not metric.endswith((_LEAST, _GREATEST)):
            yield run, metric, name


def load(path: Path, kind: str) -> Export:
    """Return the rows of a file.

    Raises:
        ReadError: it cannot be read, or is none of this kind any more.
        OSError: it is gone.
    """
    status = path.stat()
    return _loaded(path, kind, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2)  # asked for every run of a file
def _loaded(path: Path, kind: str, size_bytes: int, mtime_ns: int) -> Export:  # noqa: ARG001 - a changed file is read anew
    data = read_bytes(path, _MOST_BYTES)
    if not kind:
        raise ReadError("It is no export of W&B any more.")
    if path.suffix.lower() == ".csv":
        return _from_csv(data, kind)
    texts = data.splitlines() if path.suffix.lower() == ".jsonl" else [data]
    values = [parse_value(text) for text in texts if text.strip()]
    rows = values if path.suffix.lower() == ".jsonl" else values[0] if values else []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReadError("It holds no list of objects.")
    return Export(kind=kind, names=(), rows=rows)


def _from_csv(data: bytes, kind: str) -> Export:
    try:
        names, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    except (csv.Error, ValueError) as problem:
        raise ReadError("It is no CSV file.") from problem
    rows = [{name: _number(cell) for name, cell in zip(names, line, strict=False)} for line in lines if line]
    return Export(kind=kind, names=tuple(names), rows=rows)


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell
