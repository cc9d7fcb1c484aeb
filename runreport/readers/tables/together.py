"""Many small CSV files of one header as one table: one parse for all costs a fraction of one for each.

Files are put together only where each alone would give the very same columns; every doubt leaves a file out, which is
then read by itself, with all that is to be said about it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from runreport.config.options import SourceOptions
from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.readers.tables import files as table_files
from runreport.readers.tables.axes import mixes_units
from runreport.readers.tables.columns import MAX_COLUMNS, MISSING, is_text, numbers
from runreport.readers.tables.delimited import Dialect, dialect_of, read_rows
from runreport.readers.tables.points import Points, table_points
from runreport.readers.tables.roles import roles
from runreport.readers.tables.run_keys import RunFacts, RunKeys, run_facts

SMALL_BYTES = 256_000
"""Larger files are read by themselves: there is little to gain."""

_ODD = (b'"', b"\r", b"\n\n", b"\n#")
_ODD_STARTS = (b"\n", b"#", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_WORD = re.compile(r"[^\W\d]")
_NO_WORDS = frozenset(
    {*(text.casefold() for text in MISSING), "nan", "inf", "infinity", "true", "false", "t", "f", "y", "n"}
)
_EXACT = 2.0**53
_FEWEST = 4  # files that are worth a parse of their own together


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The points of several files, and the facts of each; ``run_ids`` are their runs in the order of the points."""

    points: Points
    run_ids: tuple[str, ...]
    facts: tuple[RunFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The rows of one file: each line one row."""

    run_id: str
    rows: bytes
    count: int


_Shape = tuple[Dialect, tuple[bool, ...], SourceOptions | None]


def read_together(wanted: Mapping[str, tuple[str, SourceOptions | None]]) -> list[Together]:
    """Return what could be read at once of the small CSV files (run id to path and settings); others are left out."""
    shapes: dict[_Shape, list[_Body]] = {}
    for run_id, (path, rule) in sorted(wanted.items(), key=lambda item: item[0]):  # the order in which they are stored
        found = _body(run_id, path)
        if found:
            (dialect, words), body = found
            shapes.setdefault((dialect, words, rule), []).append(body)
    return [found for shape, bodies in shapes.items() for found in _read_or_split(shape, bodies)]


def _read_or_split(shape: _Shape, bodies: Sequence[_Body]) -> Iterator[Together]:
    """Yield what can be read at once, halving what cannot, so that one odd file does not hold up all others."""
    if len(bodies) < _FEWEST:
        return
    found = _read(shape, bodies)
    if found:
        yield found
        return
    half = len(bodies) // 2
    yield from _read_or_split(shape, bodies[:half])
    yield from _read_or_split(shape, bodies[half:])


def _body(run_id: str, path: str) -> tuple[tuple[Dialect, tuple[bool, ...]], _Body] | None:
    try:
        data = read_bytes(path, SMALL_BYTES)
    except ReadError:
        return None
    end = data.find(b"\n") + 1
    if not end or end == len(data) or not data.endswith(b"\n") or data.startswith(_ODD_STARTS):
        return None
    if any(odd in data for odd in _ODD):  # several times faster than one pattern for all
        return None
    try:
        header, first = data[:end].decode(), data[end : data.find(b"\n", end) + 1 or len(data)].decode()
        dialect = dialect_of(header, first, 1)
    except (UnicodeDecodeError, csv.Error):
        return None
    cells = first.split(dialect.delimiter)
    if dialect.issues or len(cells) != len(dialect.names) or len(cells) > MAX_COLUMNS:
        return None
    rows = data[end:]
    return (dialect, tuple(map(_is_word, cells))), _Body(run_id=run_id, rows=rows, count=rows.count(b"\n"))


def _is_word(cell: str) -> bool:
    """Whether a cell makes its column one of texts, whatever else is in it."""
    word = cell.strip()
    return bool(_WORD.match(word)) and word.casefold() not in _NO_WORDS


def _read(shape: _Shape, bodies: Sequence[_Body]) -> Together | None:
    dialect, words, rule = shape
    table = _parsed(b"".join(body.rows for body in bodies), dialect)
    if table is None or table.num_rows != sum(body.count for body in bodies) or not _is_alike(table, words):
        return None
    found = roles(table.column_names, rule).of_one_run()
    if found.unknown or mixes_units(table, found.time):
        return None
    run_ids = tuple(body.run_id for body in bodies)
    counts = [body.count for body in bodies]
    runs = RunKeys(keys=run_ids, row_runs=np.repeat(np.arange(len(bodies), dtype=np.int32), counts))
    points, point_issues = table_points(table, found, runs)
    facts, fact_issues = run_facts(table, found, runs)
    if point_issues or fact_issues:  # they must name their file
        return None
    return Together(points=points, run_ids=run_ids, facts=facts)


def _parsed(data: bytes, dialect: Dialect) -> pa.Table | None:
    try:
        if not data.isascii():
            data.decode("utf-8")
        return read_rows(data, dialect)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None


def _is_alike(table: pa.Table, words: Sequence[bool]) -> bool:
    """Whether each file alone would have columns of the same kinds, with the same numbers."""
    for column, is_word in zip(table.columns, words, strict=True):
        kind = column.type
        if is_text(kind):
            if not is_word:
                return False
        elif pa.types.is_floating(kind):
            found = numbers(column)
            if found is None or bool((np.abs(found.values[np.isfinite(found.values)]) >= _EXACT).any()):
                return False  # a whole number of one file would lose digits by the fractions of another
        elif not (pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
            return False
    return True


def can_join(file: str, size_bytes: int) -> bool:
    """Whether a file may be read together with others."""
    return size_bytes <= SMALL_BYTES and table_files.suffix_of(file.rpartition("/")[2]) in table_files.DELIMITED
