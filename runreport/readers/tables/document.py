"""One JSON document as a table: a list of rows, an object of columns, or an object of series.

These are written by ``json.dump`` of what a training script kept in memory: a list of dictionaries, the history of a
Keras fit (alone or under ``history``), or ``{name: {"steps": [...], "values": [...]}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from runreport.errors import ReadError
from runreport.formats.documents import parse_json
from runreport.readers.tables import jsonlines
from runreport.readers.tables.columns import Issue, ParsedTable, Peek

_HISTORY = "history"
_STEPS = ("steps", "step", "epochs", "iterations")
_VALUES = ("values", "value")
_TIMES = ("timestamps", "times", "wall_times")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]')
_CLOSING = {b"[": b"]", b"{": b"}"}
_NO_TABLE = "one JSON document that is no table"
_PEEK_ROWS = 20


def peek(head: bytes, *, is_whole: bool) -> Peek:
    """Return what the beginning of a document shows; a cut one is closed behind its last whole part."""
    try:
        value = parse_json(head if is_whole else _closed(head))
    except ReadError as error:
        return Peek(names=(), has_rows=True, reason=error.sentence.rstrip("."))
    table, settings = _rows_of(value, is_whole=is_whole)
    if table is None:
        return Peek(names=(), has_rows=True, reason=_NO_TABLE)
    seen = jsonlines.peek_rows(table[:_PEEK_ROWS])
    return Peek(names=seen.names, numeric=seen.numeric, has_rows=seen.has_rows, has_settings=bool(settings))


def parse(data: bytes) -> ParsedTable:
    """Return the table that a document holds, and what else it says as settings.

    Raises:
        ReadError: it is no JSON, or no table.
    """
    value = parse_json(data)
    rows, settings = _rows_of(value, is_whole=True)
    if rows is None:
        raise ReadError(f"It is {_NO_TABLE}.")
    table = pa.table(jsonlines.columns_of(rows)) if rows else pa.table({})
    left = sum(1 for row in value if not isinstance(row, Mapping)) if isinstance(value, list) else 0
    issue = Issue(code="broken-row", message=f"{left} of the rows are no objects and were left out.")
    return ParsedTable(table=table, settings=settings, issues=(issue,) if left else ())


def _rows_of(value: object, *, is_whole: bool) -> tuple[list[dict[str, object]] | None, dict[str, object]]:
    """Return the rows of a document, None when it is no table, and its settings."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        return (rows if rows and len(rows) * 2 > len(value) else None), {}
    if not isinstance(value, dict) or not value:
        return None, {}
    inner = value.get(_HISTORY)
    if isinstance(inner, dict | list):
        rest = {key: other for key, other in value.items() if key != _HISTORY and not isinstance(other, list)}
        return _rows_of(inner, is_whole=is_whole)[0], rest
    if all(isinstance(series, dict) and _series(series, is_whole=is_whole) for series in value.values()):
        return [row for name, series in value.items() for row in _long_rows(name, series)], {}
    return _wide_rows(value, is_whole=is_whole), {}


def _wide_rows(value: Mapping[str, object], *, is_whole: bool) -> list[dict[str, object]] | None:
    """Return the rows of an object of lists that are equally long; the last ones of a cut document may be shorter."""
    columns = {name: cells for name, cells in value.items() if isinstance(cells, list)}
    scalars = [cells for name, cells in value.items() if name not in columns]
    lengths = [len(cells) for cells in columns.values()]
    if not columns or scalars or any(isinstance(cell, list | dict) for cells in columns.values() for cell in cells):
        return None
    if len(set(lengths)) != 1 and is_whole:
        return None
    return [{name: cells[row] for name, cells in columns.items() if row < len(cells)} for row in range(max(lengths))]


def _series(series: Mapping[str, object], *, is_whole: bool) -> tuple[list[Any], list[Any], list[Any]] | None:
    """Return steps, values and times of one series; None when it is none."""
    steps, values, times = (_first_list(series, names) for names in (_STEPS, _VALUES, _TIMES))
    if steps is None or (values is None and is_whole):
        return None
    found = values or []
    if len(steps) != len(found) and is_whole:
        return None
    return steps, found, times if times is not None and len(times) == len(steps) else [None] * len(steps)


def _first_list(series: Mapping[str, object], names: Sequence[str]) -> list[Any] | None:
    return next((cells for name in names if isinstance(cells := series.get(name), list)), None)


def _long_rows(name: str, series: Mapping[str, object]) -> list[dict[str, object]]:
    found = _series(series, is_whole=False)
    return [
        {"step": step, "metric": name, "value": value} | ({} if time is None else {"timestamp": time})
        for step, value, time in (zip(*found, strict=False) if found else ())
    ]


def _closed(head: bytes) -> bytes:
    """Return the beginning of a document up to its last whole part, with every bracket closed."""
    open_brackets: list[bytes] = []
    end, closing = 0, b""
    for token in _TOKEN.finditer(head):
        mark = token.group()
        if mark in _CLOSING:
            open_brackets.append(_CLOSING[mark])
        elif mark in (b"]", b"}") and open_brackets:
            open_brackets.pop()
        elif mark == b",":
            end, closing = token.start(), b"".join(reversed(open_brackets))
    return head[:end] + closing
