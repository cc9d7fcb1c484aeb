"""What the readers of MLflow's tables need of a database, be it a SQLite file or a server."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Tables(Protocol):
    """An open database in one consistent state; see :class:`runreport.formats.sqlite.Database`."""

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table."""
        ...

    @property
    def insertion_order(self) -> str:
        """What rows are ordered by to come as they were inserted; empty when the database does not know."""
        ...

    def has(self, table: str, column: str) -> bool:
        """Say whether there is such a column; databases of old versions lack some."""
        ...

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of all rows; a column that is missing is None, a table that is missing has no rows."""
        ...

    def rows_of(self, table: str, columns: Sequence[str], key: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the rows whose ``key`` is one of the values."""
        ...

    def select(self, query: str, values: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query, in which a question mark stands for each value."""
        ...

    def quoted(self, name: str) -> str:
        """Return the name of a column as it stands in a query."""
        ...
