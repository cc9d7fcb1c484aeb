"""Tables of any file format: which one a file is, a look at its columns, and the whole of it."""

import csv
import os
from functools import lru_cache

import pyarrow as pa
from pyarrow import parquet

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.readers.base import LOOK_BYTES, Location
from runreport.readers.tables import delimited, document, jsonlines
from runreport.readers.tables.columns import MAX_FILE_BYTES, ParsedTable, Peek, check_columns, is_text

DELIMITED = frozenset({".csv", ".tsv"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
JSON = ".json"
PARQUET = ".parquet"
MAX_DOCUMENT_BYTES = 64_000_000
"""A document becomes objects in memory, many times its size."""

LONGEST_LINE_BYTES = 64_000_000
"""A row becomes objects in memory, many times its size."""

SUFFIXES = DELIMITED | JSON_LINES | {JSON, PARQUET}

_MAX_HEADER_BYTES = 4_000_000
_MAX_LINE_BYTES = 128_000  # of a file that may be one long document as well
_CELL_BYTES = 8
_UNSUSPICIOUS_BYTES = 128_000_000
_LARGEST_RATIO = 200  # of what a Parquet file holds to its size


@lru_cache(maxsize=4096)
def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case."""
    return os.path.splitext(name)[1].casefold()  # noqa: PTH122 - pathlib is slow for tens of thousands of names


def peek(location: Location, name: str) -> Peek:
    """Return what the beginning of a table of a folder shows (of a Parquet file: its footer), by a few kilobytes.

    A file of another suffix, which only the user can have named, is looked at as CSV.

    Raises:
        ReadError: the file cannot be opened or is no table at all.
    """
    path = f"{location.root}/{location.child(name)}"
    suffix = suffix_of(name)
    try:
        if suffix == PARQUET:
            return _parquet_peek(path)
        head = location.head(name)
        if not head or (len(head) == LOOK_BYTES and b"\n" not in head):
            # It may be unreadable, which is to be told; and thousands of columns make a header longer than a look.
            head = _head(path, _MAX_LINE_BYTES if suffix == JSON else _MAX_HEADER_BYTES)
        if suffix in JSON_LINES or (suffix == JSON and jsonlines.holds_lines(head)):
            return jsonlines.peek(head)
        if suffix == JSON:
            return document.peek(head, is_whole=len(head) < LOOK_BYTES)
        return delimited.peek(head)
    except _FAULTS as error:
        raise _unreadable(path, error) from error


_FAULTS = (OSError, csv.Error, pa.ArrowException, UnicodeError)


def parse(path: str) -> ParsedTable:
    """Return a whole table.

    Raises:
        ReadError: the file cannot be opened, is too large, or is no table at all.
    """
    suffix = suffix_of(path.rpartition("/")[2])
    try:
        if suffix == PARQUET:
            return _parquet(path)
        if suffix in JSON_LINES and _is_large(path) and (uniform := jsonlines.parse_uniform(path)):
            return uniform
        data = read_bytes(path, MAX_FILE_BYTES if suffix != JSON else MAX_DOCUMENT_BYTES)
        if suffix == JSON and not jsonlines.holds_lines(data[:LOOK_BYTES]):
            return document.parse(data)
        _check_lines(data)
        return jsonlines.parse(data) if suffix in JSON_LINES or suffix == JSON else delimited.parse(data)
    except _FAULTS as error:
        raise _unreadable(path, error) from error


def _is_large(path: str) -> bool:
    """Whether a file is so large that it pays to try the fast way; what cannot be read is left to the other."""
    try:
        return jsonlines.LARGE_BYTES < os.path.getsize(path) <= MAX_FILE_BYTES  # noqa: PTH202 - the path is a text
    except OSError:
        return False


def _check_lines(data: bytes) -> None:
    """Refuse a text with a line that is too long to be a row.

    Raises:
        ReadError: it has one.
    """
    start = 0
    while len(data) - start > LONGEST_LINE_BYTES:
        stop = start + LONGEST_LINE_BYTES + 1
        start_of_next = max(data.rfind(b"\n", start, stop), data.rfind(b"\r", start, stop)) + 1
        if not start_of_next:
            sentence = f"A line is longer than {LONGEST_LINE_BYTES // 10**6} MB, more than is read as one row."
            raise ReadError(sentence)
        start = start_of_next


def _parquet_peek(path: str) -> Peek:
    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        numeric = [field.name for field in schema if not is_text(field.type) and not pa.types.is_nested(field.type)]
        return Peek(names=tuple(schema.names), numeric=frozenset(numeric), has_rows=file.metadata.num_rows > 0)


def _parquet(path: str) -> ParsedTable:
    with parquet.ParquetFile(path) as file:
        _check_claims(file.metadata, os.path.getsize(path))  # noqa: PTH202 - the path is a text
        check_columns(file.metadata.num_columns)
        return ParsedTable(table=jsonlines.flattened(_plain(file.read(use_threads=False))))


def _check_claims(metadata: parquet.FileMetaData, size_bytes: int) -> None:
    """Refuse a file whose footer announces far more than such a file can hold.

    Raises:
        ReadError: it does.
    """
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    cells_bytes = metadata.num_rows * max(metadata.num_columns, 1) * _CELL_BYTES
    claimed = max(cells_bytes, sum(group.total_byte_size for group in groups))
    if claimed > MAX_FILE_BYTES or claimed > max(_UNSUSPICIOUS_BYTES, size_bytes * _LARGEST_RATIO):
        sentence = f"The file announces {metadata.num_rows} rows, more than is read from a file of {size_bytes} bytes."
        raise ReadError(sentence)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with dictionary columns as what they stand for."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _head(path: str, size_bytes: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        return os.read(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def _unreadable(path: str, error: Exception) -> ReadError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    name = path.rpartition("/")[2]
    return ReadError(f"{name} cannot be read as a table: {reason.splitlines()[0] if reason else 'unknown'}.")
