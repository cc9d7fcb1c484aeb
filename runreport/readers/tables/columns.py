"""Columns of a parsed table and what is to be said about its lines, whatever the file format was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.names import Severity
from runreport.notices import Notice

NUMBER = r"^\s*[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|(?i:inf|infinity|nan))\s*$"
MISSING = ("", "NA", "N/A", "null", "NULL", "None")
"""Texts of a cell that hold no value. ``nan`` is none of them: it is a value that was logged."""

MAX_FILE_BYTES = 2_000_000_000
"""Arrow parses a file of text as one block, whose size is an int32; larger files are refused with a notice."""

MAX_COLUMNS = 20_000
"""Each column costs some milliseconds, and a thousand bytes however few rows there are."""

_EXACT = 2**53

MAX_LINE_ISSUES = 20
"""Broken lines of one file that are named one by one; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding about a line of a file, or about the file as a whole when ``line`` is None."""

    code: str
    message: str
    line: int | None = None
    severity: Severity = Severity.WARNING

    def notice(self, location: str, run_id: str = "") -> Notice:
        """Return the finding with the place it was made at."""
        place = location if self.line is None else f"{location}:{self.line}"
        return Notice(severity=self.severity, code=self.code, location=place, message=self.message, run_id=run_id)


def check_columns(count: int) -> None:
    """Refuse a table of more columns than are read.

    Raises:
        ReadError: it has more.
    """
    if count > MAX_COLUMNS:
        raise ReadError(f"The table has more than {MAX_COLUMNS:,} columns, more than is read as metrics of a run.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What the first few kilobytes of a table show.

    Attributes:
        names: column names, stripped; empty when the file is empty.
        numeric: those with at least one number among the rows that were seen.
        has_rows: whether any row was seen.
        has_settings: whether a row holds a configuration object.
        texts: cells of the rows that were seen, of the columns that may tell rows apart.
        reason: why there are no names, where that is not plain.
    """

    names: tuple[str, ...]
    numeric: frozenset[str] = frozenset()
    has_rows: bool = False
    has_settings: bool = False
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTable:
    """A whole file as columns, the configuration found among its rows, and what was wrong with its lines."""

    table: pa.Table
    settings: dict[str, object] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a column: ``values`` float64 [rows] and ``valid`` bool [rows].

    ``texts`` counts the cells that hold text, ``inexact`` whole numbers that a float64 cannot hold exactly.
    """

    values: NDArray[np.float64]
    valid: NDArray[np.bool_]
    texts: int = 0
    inexact: int = 0


def numbers(column: pa.ChunkedArray[Any]) -> Numbers | None:
    """Return the numbers in a column (NaN and infinities kept), or None when its type cannot hold any."""
    kind = column.type
    if not may_hold_numbers(kind):
        return None
    if is_text(kind):
        return _numbers_in_text(column)
    return _typed_numbers(column.cast(pa.float64()) if pa.types.is_decimal(kind) else column)


def may_hold_numbers(kind: pa.DataType) -> bool:
    """Whether cells of this type may be numbers; texts may."""
    tests = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return is_text(kind) or any(test(kind) for test in tests)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def texts(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Return a column as strings with what is missing as null."""
    strings = pc.utf8_trim_whitespace(column.cast(pa.string()))
    is_missing = pc.is_in(strings, value_set=pa.array(MISSING))
    present: pa.ChunkedArray[Any] = pc.if_else(is_missing, pa.scalar(None, pa.string()), strings)
    return present


def unique_names(names: list[str]) -> tuple[list[str], list[Issue]]:
    """Return column names stripped, made distinct by a number where one comes twice, and what was renamed."""
    seen: dict[str, int] = {}
    distinct: list[str] = []
    issues: list[Issue] = []
    for name in (raw.strip() for raw in names):
        seen[name] = seen.get(name, 0) + 1
        renamed = name if seen[name] == 1 or not name else f"{name}.{seen[name]}"
        if renamed != name:
            issues.append(Issue(code="repeated-column", message=f"A second column {name!r} is called {renamed!r}."))
        distinct.append(renamed)
    return distinct, issues


def bounded(issues: list[Issue]) -> tuple[Issue, ...]:
    """Return at most ``MAX_LINE_ISSUES`` findings and a count of the rest."""
    rest = len(issues) - MAX_LINE_ISSUES
    if rest <= 0:
        return tuple(issues)
    counted = Issue(code="more-broken-lines", message=f"{rest} more lines have findings like these.")
    return (*issues[:MAX_LINE_ISSUES], counted)


def _typed_numbers(column: pa.ChunkedArray[Any]) -> Numbers:
    # One chunk to NumPy is several times cheaper than a cast in Arrow, which counts for thousands of small files.
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if array.null_count == 0:
        raw = array.to_numpy(zero_copy_only=False)
        values = raw.astype(np.float64, copy=False)
        return Numbers(values=values, valid=np.ones(len(values), dtype=np.bool_), inexact=_inexact(raw))
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(array.type):
        whole = array.fill_null(pa.scalar(0, array.type)).to_numpy(zero_copy_only=False)
        return Numbers(values=whole.astype(np.float64), valid=valid, inexact=_inexact(whole))
    return Numbers(values=array.cast(pa.float64()).to_numpy(zero_copy_only=False), valid=valid)


def _inexact(values: NDArray[Any]) -> int:
    """Return how many whole numbers lie beyond the 53 bits of a float64's mantissa."""
    if values.dtype.kind not in "iu" or not len(values):
        return 0
    if int(values.min()) >= -_EXACT and int(values.max()) <= _EXACT:
        return 0
    return int(((values > _EXACT) | (values < -_EXACT)).sum())


def _numbers_in_text(column: pa.ChunkedArray[Any]) -> Numbers:
    strings = texts(column)
    is_number = pc.match_substring_regex(strings, NUMBER).fill_null(fill_value=False)
    valid = is_number.to_numpy()
    values = np.full(len(column), np.nan)
    values[valid] = np.array(strings.filter(valid).to_pylist(), dtype=np.str_).astype(np.float64)
    filled = len(column) - strings.null_count
    return Numbers(values=values, valid=valid, texts=int(filled - valid.sum()))
