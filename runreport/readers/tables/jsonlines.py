"""JSON lines as columns: one parse, by Arrow unless all lines are alike, and line by line for files it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from runreport.errors import ReadError
from runreport.readers.tables.columns import MAX_COLUMNS, Issue, ParsedTable, Peek, bounded
from runreport.readers.tables.uniform import LongLineError, parsed_uniform, parts_of, parts_of_file

SETTINGS = ("config", "params", "hparams")
"""Keys of a line under which an object holds the run's settings rather than metrics."""

MAX_SPARSE_CELLS = 20_000_000
"""Rows times columns of lines that hold different keys, each of about 20 bytes in memory, most of them empty."""

_PEEK_LINES = 20
_UNSUSPICIOUS_BYTES = 16_000
LARGE_BYTES = 1_000_000
"""From here on it pays to try whether the lines are uniform."""

_SAMPLED_LINES = 128
_USUAL_KINDS = 4  # of lines in one file, such as training, evaluation, system and summary
_LEAST_FILLED = 0.25  # of the cells of a table that is not sparse
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # may be half of a surrogate pair, which no UTF-8 can hold
_NOT_FINITE = frozenset({"nan", "inf", "-inf", "infinity", "-infinity"})
_EMPTY = Issue(code="empty-file", message="The file holds no lines.")
_CUT = "The last line is cut off and was left out."
_BROKEN = "The line is no JSON object and was left out."


def peek(head: bytes) -> Peek:
    """Return what the first bytes of a file of JSON lines show; lines that are no objects are passed over."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    return peek_rows([row for row in map(_object, lines[:_PEEK_LINES]) if row is not None])


def peek_rows(rows: Sequence[dict[str, object]]) -> Peek:
    """Return what a few rows show."""
    flat = [_flat(row) for row in rows]
    names = tuple(dict.fromkeys(name for row in flat for name in row))
    numeric = frozenset(name for row in flat for name, value in row.items() if _is_number(value))
    has_settings = any(isinstance(row.get(key), dict) for row in rows for key in SETTINGS)
    texts = {name: tuple(_text(row.get(name, "")) for row in flat) for name in names if name not in numeric}
    return Peek(names=names, numeric=numeric, has_rows=bool(rows), has_settings=has_settings, texts=texts)


def columns_of(rows: Sequence[dict[str, object]]) -> dict[str, pa.Array[Any]]:
    """Return rows as columns; keys of nested objects are joined by ``/``.

    Raises:
        ReadError: the rows hold so many different keys that the table would be huge and empty.
    """
    flat = [_flat(row) for row in rows]
    names: dict[str, None] = {}
    for row in flat:
        names |= dict.fromkeys(row)
        _check_names(len(names))
    _check_filled(len(flat), len(names), sum(map(len, flat)))
    return {name: _column([row.get(name) for row in flat]) for name in names}


def holds_lines(head: bytes) -> bool:
    """Whether a file named ``.json`` holds one object per line rather than one document."""
    lines = head.split(b"\n", maxsplit=2)
    is_followed = len(lines) > 1 and lines[1].lstrip().startswith(b"{")
    return is_followed and _object(lines[0]) is not None


def parse_uniform(path: str) -> ParsedTable | None:
    """Return a file of JSON lines that all hold the same keys with numbers as :func:`parse` would, None for any other.

    Raises:
        ReadError: the file cannot be read.
    """
    parts = parts_of_file(path)
    try:
        first = next(parts, b"")
        table = parsed_uniform(chain([first], parts), _sample(first))
    except LongLineError:
        return None
    return None if table is None else ParsedTable(table=table)


def parse(data: bytes) -> ParsedTable:
    """Return a whole file of JSON lines as columns; keys of nested objects are joined by ``/``.

    ``NaN`` and ``Infinity`` are read bare and as texts. Lines that are no objects become findings.

    Raises:
        ReadError: the lines hold so many different keys that the table would be huge and empty.
    """
    whole, cut_issues = _without_cut_line(data.removeprefix(b"\xef\xbb\xbf"))
    if not whole or whole.isspace():
        return ParsedTable(table=pa.table({}), issues=(*cut_issues, _EMPTY))
    sample = _sample(whole) if len(whole) > _UNSUSPICIOUS_BYTES else []
    if _may_be_sparse(sample):
        _check_cells(whole)
    line_issues: list[Issue] = []
    table = parsed_uniform(parts_of(whole), sample) if len(whole) > LARGE_BYTES else None
    table = _parsed_whole(whole) if table is None else table
    if table is None:
        table, line_issues = _parsed_by_line(whole)
    found = [key for key in SETTINGS if key in table.column_names and pa.types.is_struct(table.schema.field(key).type)]
    return ParsedTable(
        table=_logged_rows(flattened(table.drop_columns(found))) if found else flattened(table),
        settings=_settings(whole, found),
        issues=bounded([*line_issues, *cut_issues]),
    )


def _sample(data: bytes) -> list[dict[str, object]]:
    """Return the objects of some lines spread over a file; of those that are none, empty ones."""
    starts = (data.rfind(b"\n", 0, place) + 1 for place in range(0, len(data), len(data) // _SAMPLED_LINES + 1))
    ends = {start: data.find(b"\n", start) for start in starts}
    return [_object(data[start : end if end >= 0 else len(data)]) or {} for start, end in ends.items()]


def _may_be_sparse(sample: Sequence[dict[str, object]]) -> bool:
    """Whether lines spread over a file hold far more different keys than any one of them."""
    rows = [_keys(row) for row in sample]
    names = {name for row in rows for name in row}
    return len(names) > _USUAL_KINDS * (max(map(len, rows), default=0) + 1)


def _check_cells(data: bytes) -> None:
    """Refuse lines that would make a huge and empty table, before there is one.

    Raises:
        ReadError: they would.
    """
    names: set[str] = set()
    rows = filled = 0
    for line in _lines(data):
        row = _keys(_object(line) or {})
        names.update(row)
        rows += 1
        filled += len(row)
        _check_names(len(names))
    _check_filled(rows, len(names), filled)


def _check_names(count: int) -> None:
    if count > MAX_COLUMNS:
        sentence = f"The lines hold more than {MAX_COLUMNS:,} different keys, so they are no rows of one table."
        raise ReadError(sentence)


def _check_filled(rows: int, names: int, filled: int) -> None:
    cells = rows * names
    if cells > MAX_SPARSE_CELLS and filled < _LEAST_FILLED * cells:
        sentence = f"The {rows:,} lines hold {names:,} different keys, most of them in few lines: no table."
        raise ReadError(sentence)


def _keys(row: dict[str, object]) -> Collection[str]:
    try:
        return _flat(row).keys()
    except RecursionError:
        return ()


def _lines(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = end if end >= 0 else len(data)
        yield data[start:end]
        start = end + 1


def _object(line: bytes) -> dict[str, object] | None:
    text = line.decode("utf-8", "replace")
    try:
        value = json.loads(text)
        if _HALF_PAIR.search(text):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _flat(row: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in row.items():
        is_settings = not prefix and key in SETTINGS
        if isinstance(value, dict) and not is_settings:
            flat |= _flat(value, f"{prefix}{key}/")
        elif not isinstance(value, dict):
            flat[f"{prefix}{key}"] = value
    return flat


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _NOT_FINITE
    return isinstance(value, int | float)


def _without_cut_line(data: bytes) -> tuple[bytes, list[Issue]]:
    end = data.rfind(b"\n") + 1
    tail = data[end:]
    if not tail.strip() or _object(tail) is not None:
        return data, []
    return data[:end], [Issue(code="cut-line", message=_CUT, line=data.count(b"\n") + 1)]


def _parsed_whole(data: bytes) -> pa.Table | None:
    """Return the table, None when Arrow refuses it."""
    if not data.isascii() and not _is_utf8(data):
        return None
    # Smaller blocks would be faster, but Arrow crashes where the kinds of nested fields change between them.
    options = arrow_json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        return arrow_json.read_json(pa.BufferReader(data), read_options=options)  # type: ignore[arg-type]  # see csv
    except pa.ArrowInvalid:
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parsed_by_line(data: bytes) -> tuple[pa.Table, list[Issue]]:
    rows: list[dict[str, object]] = []
    issues: list[Issue] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        row = _object(line)
        if row is None:
            issues.append(Issue(code="broken-line", message=_BROKEN, line=number))
        else:
            rows.append(row)
    settings = {key: pa.array([isinstance(row.get(key), dict) for row in rows], pa.bool_()) for key in SETTINGS}
    columns = columns_of(rows)
    objects = {
        key: pa.StructArray.from_arrays([mask], ["is_object"]) for key, mask in settings.items() if mask.true_count
    }
    return pa.table({**columns, **objects}), issues


def _column(cells: Sequence[object]) -> pa.Array[Any]:
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell)


def _settings(data: bytes, keys: Sequence[str]) -> dict[str, object]:
    """Return the settings under each key from the first line that holds some; Arrow's own would lose absent keys."""
    settings: dict[str, object] = {}
    missing = set(keys)
    for line in data.split(b"\n") if keys else ():
        row = _object(line) or {}
        for key in sorted(missing & row.keys()):
            value = row[key]
            if isinstance(value, dict):
                settings |= value
                missing.remove(key)
        if not missing:
            break
    return settings


def flattened(table: pa.Table) -> pa.Table:
    """Return a table with the fields of nested objects as columns of their own, names joined by ``/``."""
    columns: dict[str, pa.ChunkedArray[Any]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        columns |= _leaves(name, column)
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _logged_rows(table: pa.Table) -> pa.Table:
    """Return the table without rows that held nothing but settings."""
    is_logged = [column.is_valid().to_numpy() for column in table.columns]
    return table.filter(pa.array(np.logical_or.reduce(is_logged))) if is_logged else table


def _leaves(name: str, column: pa.ChunkedArray[Any]) -> dict[str, pa.ChunkedArray[Any]]:
    if not pa.types.is_struct(column.type):
        return {name: column}
    leaves: dict[str, pa.ChunkedArray[Any]] = {}
    for field, inner in zip(column.type.fields, column.flatten(), strict=True):
        leaves |= _leaves(f"{name}/{field.name}", inner)
    return leaves
