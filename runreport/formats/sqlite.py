"""SQLite databases read without ever writing beside them: read-only, or from a copy when a journal belongs to them."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runreport.errors import ReadError

MAGIC = b"SQLite format 3\0"
COMPANIONS = ("-journal", "-shm", "-wal")
"""Suffixes of the files SQLite keeps beside a database."""

_HEADER_BYTES = 20
_WRITE_VERSION = 18  # byte of the header that is 2 when the journal is a write-ahead log
_WAL = 2
_COPY_ATTEMPTS = 3
_VALUES_PER_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open database. ``columns`` names the columns of each table; views are not among them."""

    connection: sqlite3.Connection
    columns: Mapping[str, frozenset[str]]
    insertion_order = "rowid"

    def has(self, table: str, column: str) -> bool:
        """Say whether there is such a column; databases of old versions lack some."""
        return column in self.columns.get(table, frozenset())

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of all rows; a column that is missing is None, a table that is missing has no rows."""
        if table in self.columns:
            yield from self.connection.execute(self._select(table, columns))

    def rows_of(self, table: str, columns: Sequence[str], key: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the rows whose ``key`` is one of the values.

        Raises:
            sqlite3.DatabaseError: an index leads to rows of another value, because the file is damaged.
        """
        if not self.has(table, key):
            return
        for start in range(0, len(values), _VALUES_PER_QUERY):
            chosen = values[start : start + _VALUES_PER_QUERY]
            asked = frozenset(map(str, chosen))
            query = f"{self._select(table, [key, *columns, key])} WHERE {key} IN ({placeholders(chosen)})"
            for of_index, *row, of_table in self.connection.execute(query, chosen):
                if str(of_index) not in asked or str(of_table) not in asked:
                    raise sqlite3.DatabaseError(f"an index of the table {table} does not fit its rows")
                yield tuple(row)

    def select(self, query: str, values: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query, in which a question mark stands for each value."""
        return self.connection.execute(query, values)

    def quoted(self, name: str) -> str:
        """Return a name as it stands in a query; in brackets it is never taken for a text."""
        return f"[{name}]"

    def _select(self, table: str, columns: Sequence[str]) -> str:
        present = self.columns[table]
        expressions = ", ".join(f'"{column}"' if column in present else "NULL" for column in columns)
        return f'SELECT {expressions} FROM "{table}"'  # noqa: S608 - names of tables and columns are our own constants


def placeholders(values: Sequence[str]) -> str:
    """Return a question mark for each value."""
    return ",".join("?" * len(values))


def is_sqlite(path: Path) -> bool:
    """Say whether a file begins like a SQLite database."""
    return _header(path).startswith(MAGIC)


@contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """Open a database for reading and close it afterwards; all reads see the same state of it.

    A database with a write-ahead log that holds changes is copied together with it and read from the copy, because
    SQLite would write into its folder.

    Raises:
        ReadError: it is no database, is damaged, or was left in the middle of a write.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="runreport-") as folder:
            uri = _address(path, Path(folder))
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
                yield _opened(connection)
    except (sqlite3.Error, UnicodeDecodeError, MemoryError) as problem:  # messages may quote bytes of a damaged file
        reason = "its pages ask for more memory than there is" if isinstance(problem, MemoryError) else problem
        sentence = f"{path.name} cannot be read as a SQLite database: {reason}."
        raise ReadError(sentence, hint=_hint(path)) from problem


def _opened(connection: sqlite3.Connection) -> Database:
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("BEGIN")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {table: frozenset(_column_names(connection, table)) for table in tables}
    return Database(connection=connection, columns=columns)


def _column_names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except OSError as problem:
        sentence = f"{path.name} cannot be read: {problem.strerror}."
        raise ReadError(sentence, hint="Check the permissions of the file.") from problem


def _address(path: Path, folder: Path) -> str:
    header = _header(path)
    if len(header) < _HEADER_BYTES or header[_WRITE_VERSION] != _WAL:
        return f"{path.resolve().as_uri()}?mode=ro"
    if _size(_beside(path, "-wal")):
        return _copied(path, folder).as_uri()
    return f"{path.resolve().as_uri()}?mode=ro&immutable=1"


def _copied(path: Path, folder: Path) -> Path:
    """Copy a database and its write-ahead log while nobody writes to them."""
    wal = _beside(path, "-wal")
    copy = folder / "copy.db"
    for _ in range(_COPY_ATTEMPTS):
        before = [_state(path), _state(wal)]
        shutil.copyfile(path, copy)
        shutil.copyfile(wal, _beside(copy, "-wal"))
        if before == [_state(path), _state(wal)]:
            return copy
    sentence = f"{path.name} is being written to."
    raise ReadError(sentence, hint="Read it again when the runs have ended.")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _hint(path: Path) -> str:
    if _size(_beside(path, "-journal")):
        return "It was left in the middle of a write; open it once with the tool that wrote it."
    return "Check it with the sqlite3 command `PRAGMA integrity_check`."
