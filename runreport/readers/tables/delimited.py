"""CSV and TSV as columns: one parse by Arrow, and a repair line by line for files it finds broken lines in."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from runreport.errors import ReadError
from runreport.names import Severity
from runreport.readers.tables.columns import (
    MISSING,
    NUMBER,
    Issue,
    ParsedTable,
    Peek,
    bounded,
    check_columns,
    is_text,
    unique_names,
)

_NUMBER = re.compile(NUMBER)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_DELIMITERS = ",\t;|"
_COMMENT = "#"
_PEEK_ROWS = 20
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MAX_SPARSE_CELLS = 50_000_000  # of about 20 bytes in memory each
_BYTES_OF_EMPTY_CELL = 1.5  # below this most cells are nothing but their delimiter
_LEAST_FILLED = 0.25  # of the cells of rows that were read line by line


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the cells of a file are told apart.

    ``header_line`` is the line number of the header, from 1; ``names`` are its cells, stripped and made distinct.
    """

    delimiter: str
    decimal: str
    header_line: int
    names: tuple[str, ...]
    issues: tuple[Issue, ...] = ()

    def cells(self, line: str) -> list[str]:
        """Return the stripped cells of one line.

        Raises:
            csv.Error: the line has no cells of bounded size.
        """
        if '"' not in line:
            return [cell.strip() for cell in line.split(self.delimiter)]
        return [cell.strip() for row in csv.reader([line], delimiter=self.delimiter) for cell in row]


def peek(head: bytes) -> Peek:
    """Return what the first bytes of a CSV or TSV file show; a cut last line is left out of the rows.

    Raises:
        csv.Error: the bytes are no lines of text.
    """
    lines = _lines(decoded(head))
    content = (line for line in lines if line.strip() and not line.startswith(_COMMENT))
    header, first = next(content, ""), next(content, "")
    if not header:
        return Peek(names=())
    dialect = dialect_of(header, first, 1)
    rows: list[list[str]] = []
    numeric: set[str] = set()
    for line in islice(chain([first], content), _PEEK_ROWS):
        if not line.endswith(("\n", "\r")):
            break
        rows.append(dialect.cells(line))
        named = zip(dialect.names, rows[-1], strict=False)
        numeric.update(name for name, cell in named if name not in numeric and _is_number(cell, dialect))
        if len(numeric) == len(dialect.names):
            break
    texts = _texts(dialect.names, rows) if len(numeric) < len(dialect.names) else {}
    return Peek(names=dialect.names, numeric=frozenset(numeric), has_rows=bool(rows), texts=texts)


def _texts(names: Sequence[str], rows: Sequence[list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(row[place] if place < len(row) else "" for row in rows) for place, name in enumerate(names)}


def parse(data: bytes) -> ParsedTable:
    """Return the whole of a CSV or TSV file as columns of the types that Arrow infers.

    Raises:
        pa.ArrowInvalid: the bytes are no table.
        csv.Error: likewise.
        ReadError: the table would have very many columns, or very many cells, most of them empty.
    """
    clean, encoding_issues = _utf8(data)
    dialect = _dialect(_first_lines(clean))
    if dialect is None:
        return ParsedTable(table=pa.table({}), issues=(Issue(code="empty-file", message="The file holds no table."),))
    check_columns(len(dialect.names))
    _check_cells(clean.count(b"\n") * len(dialect.names), len(clean) / _BYTES_OF_EMPTY_CELL)
    issues = [*encoding_issues, *dialect.issues]
    table = None if clean.count(b'"') % 2 else _parsed_whole(clean, dialect)
    if table is None:
        table, line_issues = _repaired(clean.decode("utf-8", "replace"), dialect)
        issues += line_issues
    return ParsedTable(table=table, issues=bounded(issues))


def _check_cells(cells: int, filled: float) -> None:
    """Refuse a table that would be huge in memory though there is little in it.

    Raises:
        ReadError: it would.
    """
    if cells > _MAX_SPARSE_CELLS and filled < cells:
        raise ReadError(f"The table would have {cells:,} cells, most of them empty, more than is read.")


def decoded(data: bytes) -> str:
    """Return bytes as text, whatever byte order mark they begin with; what is no UTF-8 becomes U+FFFD."""
    encoding = "utf-16" if data.startswith(_UTF16_BOMS) else "utf-8-sig"
    return data.decode(encoding, "replace")


def _lines(text: str) -> Iterator[str]:
    # str.splitlines also splits at form feeds and the like, which Arrow and editors do not count as lines.
    return iter(io.StringIO(text, newline=""))


def _utf8(data: bytes) -> tuple[bytes, list[Issue]]:
    if data.startswith(_UTF16_BOMS):
        return decoded(data).encode(), []
    body = data.removeprefix(_BOM)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        issue = Issue(
            code="not-utf8", message="Bytes that are no UTF-8 are shown as \N{REPLACEMENT CHARACTER}.", line=line
        )
        return decoded(body).encode(), [issue]
    return body, []


def _first_lines(data: bytes) -> Iterator[str]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield data[start:end].decode("utf-8", "replace")
        start = end


def _dialect(lines: Iterator[str]) -> Dialect | None:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    content = ((number, line) for number, line in numbered if not line.startswith(_COMMENT))
    header_line, header = next(content, (0, ""))
    return dialect_of(header, next(content, (0, ""))[1], header_line) if header else None


def dialect_of(header: str, first_row: str, header_line: int) -> Dialect:
    """Return the dialect by a header and the first row after it.

    Raises:
        csv.Error: the header has no cells of bounded size.
    """
    delimiter, names, issues = _header(header)
    comma = delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in first_row.split(delimiter))
    return Dialect(
        delimiter=delimiter, decimal="," if comma else ".", header_line=header_line, names=names, issues=issues
    )


@lru_cache(maxsize=256)
def _header(header: str) -> tuple[str, tuple[str, ...], tuple[Issue, ...]]:
    delimiter = max(_DELIMITERS, key=lambda mark: (header.count(mark), -_DELIMITERS.index(mark)))
    names, issues = unique_names(next(csv.reader([header], delimiter=delimiter)))
    return delimiter, tuple(names), tuple(issues)


def _is_number(cell: str, dialect: Dialect) -> bool:
    return _NUMBER.match(cell.replace(dialect.decimal, ".")) is not None


def _parsed_whole(data: bytes, dialect: Dialect) -> pa.Table | None:
    """Return the table, or None when a line of it must be looked at by itself."""
    if not _has_rows(data, dialect):
        return pa.table({name: pa.array([], pa.null()) for name in dialect.names})
    return read_rows(data, dialect, skip_lines=dialect.header_line)


def read_rows(data: bytes, dialect: Dialect, *, skip_lines: int = 0) -> pa.Table | None:
    """Return the rows of clean UTF-8 text as columns, None when one of them must be looked at by itself.

    Raises:
        pa.ArrowInvalid: the text is no table.
    """
    broken: list[int | None] = []

    def skip(row: arrow_csv.InvalidRow) -> Literal["skip"]:
        broken.append(row.number)
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(data),  # type: ignore[arg-type]  # the stubs leave out Arrow's own files
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=len(data) + 1,  # Arrow infers the types from the first block, so the file must be one
            skip_rows=skip_lines,
            column_names=list(dialect.names),
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=dialect.delimiter, invalid_row_handler=skip),
        convert_options=arrow_csv.ConvertOptions(null_values=list(MISSING), decimal_point=dialect.decimal),
    )
    return None if broken or _repeats_header(table) else table


def _has_rows(data: bytes, dialect: Dialect) -> bool:
    position = 0
    for _ in range(dialect.header_line):
        position = data.find(b"\n", position) + 1 or len(data)
    return bool(data[position:].strip())


def _repeats_header(table: pa.Table) -> bool:
    """Whether a header or a comment stands among the rows, where it has as many cells as they have."""
    if not table.num_columns or not is_text(table.schema.field(0).type):
        return False
    first = pc.utf8_trim_whitespace(table.column(0))
    found = pc.or_(pc.equal(first, pa.scalar(table.column_names[0])), pc.starts_with(first, _COMMENT))
    return bool(pc.any(found).as_py())


def _repaired(text: str, dialect: Dialect) -> tuple[pa.Table, list[Issue]]:
    issues: list[Issue] = []
    names = list(dialect.names)
    segments: list[tuple[list[str], list[list[str]]]] = [(names, [])]
    every_name = set(names)
    rows = filled = 0
    lines = list(_lines(text))
    for number, line in enumerate(lines[dialect.header_line :], dialect.header_line + 1):
        if not line.strip() or line.startswith(_COMMENT):
            continue
        cells = _cells_or_none(line, dialect)
        if cells and _is_header(cells, names):
            names, _ = unique_names(cells)
            segments.append((names, []))
            issues.append(_header_issue(number))
            every_name.update(names)
            check_columns(len(every_name))
            continue
        issue = _width_issue(cells, len(names), number, is_cut=number == len(lines) and not line.endswith("\n"))
        issues += [issue] if issue else []
        if cells and (issue is None or issue.code != "cut-line"):
            rows, filled = rows + 1, filled + len(cells)
            _check_cells(rows * len(every_name), filled / _LEAST_FILLED)
            segments[-1][1].append((cells + [""] * len(names))[: len(names)])
    tables = [_text_table(segment_names, rows, dialect) for segment_names, rows in segments]
    return pa.concat_tables(tables, promote_options="default"), issues


def _cells_or_none(line: str, dialect: Dialect) -> list[str] | None:
    if line.count('"') % 2:
        return None
    try:
        return dialect.cells(line)
    except csv.Error:
        return None


def _is_header(cells: list[str], names: list[str]) -> bool:
    return cells[0] == names[0] and not any(_NUMBER.match(cell) for cell in cells)


def _width_issue(cells: list[str] | None, width: int, line: int, *, is_cut: bool) -> Issue | None:
    found = len(cells) if cells else 0
    if is_cut and found < width:
        return Issue(code="cut-line", message="The last line is cut off and was left out.", line=line)
    if cells is None:
        return Issue(code="broken-line", message="The line cannot be split into cells and was left out.", line=line)
    if found < width:
        message = f"The line has {found} of {width} cells; the others count as not logged."
        return Issue(code="short-line", message=message, line=line)
    if found > width:
        message = f"The line has {found} cells where the header names {width}; the further ones were left out."
        return Issue(code="long-line", message=message, line=line)
    return None


def _header_issue(line: int) -> Issue:
    message = "The header is written anew here; the lines after it are read by it."
    return Issue(code="new-header", message=message, line=line, severity=Severity.INFO)


def _text_table(names: list[str], rows: list[list[str]], dialect: Dialect) -> pa.Table:
    columns = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)] if rows else []
    if not columns:
        columns = [pa.array([], pa.string()) for _ in names]
    if dialect.decimal != ".":
        columns = [pc.replace_substring(column, dialect.decimal, ".") for column in columns]
    return pa.table(dict(zip(names, columns, strict=True)))
