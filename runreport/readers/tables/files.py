"""Tables of any file format: which one a file is, a look at its columns, and the whole of it."""

import csv
import os
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from runreport.errors import ReadError
from runreport.readers.tables import delimited, jsonlines
from runreport.readers.tables.columns import MAX_FILE_BYTES, PEEK_BYTES, ParsedTable, Peek, is_text

DELIMITED = frozenset({".csv", ".tsv"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
JSON = ".json"
PARQUET = ".parquet"
SUFFIXES = DELIMITED | JSON_LINES | {JSON, PARQUET}

_MAX_HEADER_BYTES = 4_000_000
_DOCUMENT = Peek(names=(), has_rows=True)


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case."""
    return os.path.splitext(name)[1].casefold()  # noqa: PTH122 - pathlib is slow for tens of thousands of names


def peek(path: Path) -> Peek:
    """Return what the beginning of a table shows (of a Parquet file: its footer), by a few kilobytes.

    A ``.json`` file that does not hold one object per line has no columns.

    Raises:
        ReadError: the file cannot be opened or is no table at all.
    """
    suffix = suffix_of(path.name)
    try:
        if suffix == PARQUET:
            return _parquet_peek(path)
        head = _head(path)
        if suffix in DELIMITED:
            return delimited.peek(head)
        return jsonlines.peek(head) if suffix != JSON or jsonlines.holds_lines(head) else _DOCUMENT
    except (OSError, csv.Error, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def parse(path: Path) -> ParsedTable:
    """Return a whole table.

    Raises:
        ReadError: the file cannot be opened, is too large, or is no table at all.
    """
    suffix = suffix_of(path.name)
    try:
        if suffix == PARQUET:
            return ParsedTable(table=jsonlines.flattened(_plain(parquet.read_table(path, use_threads=False))))
        data = _whole(path)
        return delimited.parse(data) if suffix in DELIMITED else jsonlines.parse(data)
    except (OSError, csv.Error, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def _parquet_peek(path: Path) -> Peek:
    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        numeric = [field.name for field in schema if not is_text(field.type) and not pa.types.is_nested(field.type)]
        return Peek(names=tuple(schema.names), numeric=frozenset(numeric), has_rows=file.metadata.num_rows > 0)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with dictionary columns as what they stand for."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _head(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        head = os.read(descriptor, PEEK_BYTES)
        # Thousands of columns make a header longer than the first look.
        if len(head) == PEEK_BYTES and b"\n" not in head:
            head += os.read(descriptor, _MAX_HEADER_BYTES)
        return head
    finally:
        os.close(descriptor)


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        sentence = f"{path.name} is larger than {MAX_FILE_BYTES // 10**9} GB and was not read."
        raise ReadError(sentence, hint="Write it as Parquet, or split it.")
    return data


def _unreadable(path: Path, error: Exception) -> ReadError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ReadError(f"{path.name} cannot be read as a table: {reason.splitlines()[0] if reason else 'unknown'}.")
