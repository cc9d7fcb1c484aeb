"""MLflow's tables on a database server, through SQLAlchemy (the extra ``sql``); read-only, in one consistent state."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from runreport.errors import ServerError, UnknownNameError, UsageError
from runreport.model.entities import RunBatch
from runreport.readers import addresses
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.facts import Leftovers, RunFacts
from runreport.readers.mlflow.stored_runs import TABLES, StoredRuns, read_group
from runreport.readers.mlflow.tables import RunRow, stored_experiments

_DRIVERS = MappingProxyType(
    {"mlflow+postgresql": "postgresql+psycopg", "mlflow+mysql": "mysql+pymysql", "mlflow+mariadb": "mariadb+pymysql"}
)
_SCHEMA = MappingProxyType(
    {"postgresql": "ANY (current_schemas(false))", "mysql": "database()", "mariadb": "database()"}
)
_ISOLATION = MappingProxyType(
    {
        "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "mysql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "mariadb": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    }
)
_KEYS = frozenset({"experiment", "experiment_id"})
_ROWS_AT_A_TIME = 10_000
_VALUES_PER_QUERY = 500
_INSTALL = "Install it with: pip install 'runreport[sql]'"


class MlflowSqlReader:
    """Reads the database behind a tracking server, as the SQLite reader reads its file."""

    name: ClassVar[str] = "mlflow_sql"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MLflow database: mlflow+postgresql://host/database or mlflow+mysql://host/database (extra sql)",
    )
    schemes: ClassVar[tuple[str, ...]] = tuple(_DRIVERS)

    def match(self, location: Location) -> Match | None:
        """Check the address; the database is not opened yet.

        Raises:
            UsageError: the address has no host or names no database.
        """
        if addresses.scheme(location.address) not in self.schemes:
            return None
        addresses.check(location.address)
        if not urlsplit(location.address).path.strip("/"):
            raise UsageError("The address names no database.", hint="It looks like mlflow+postgresql://host/database.")
        return Match(certainty=Certainty.SURE, reason="the address begins with the scheme of a database of MLflow")

    def scan(self, location: Location, match: Match) -> Scan:  # noqa: ARG002 - everything there is ours
        """List the runs that are not deleted, by experiment and start.

        Raises:
            UnknownNameError: there is no experiment of a name.
            ServerError: the database cannot be opened, or holds no tables of MLflow.
        """
        found = StoredRuns()
        with _opened(location) as database:
            found.add(database, _path(location), _chosen(location, database))
        sources = (
            Source(
                run_id=source.run_id,
                path=source.path,
                fingerprint=source.fingerprint,
                handle=source.handle,
                size_bytes=source.size_bytes,
            )
            for source in found.sources.values()
        )
        return Scan(sources=tuple(sources), notices=tuple(found.notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read runs, at most 128 at a time.

        Raises:
            ServerError: the database cannot be opened.
        """
        with _opened(location) as database:
            experiments = stored_experiments(database)
            for group in mlflow_runs.batches(sources):
                yield read_group(database, group, experiments, (self.name, self.version), _no_leftovers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTables:
    """An open database; see :class:`runreport.readers.mlflow.database.Tables`."""

    connection: Any
    columns: Mapping[str, frozenset[str]]
    insertion_order = ""

    def has(self, table: str, column: str) -> bool:
        """Say whether there is such a column."""
        return column in self.columns.get(table, frozenset())

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of all rows."""
        if table in self.columns:
            yield from self.select(self._select(table, columns))

    def rows_of(self, table: str, columns: Sequence[str], key: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the rows whose ``key`` is one of the values."""
        if not self.has(table, key):
            return
        for start in range(0, len(values), _VALUES_PER_QUERY):
            chosen = values[start : start + _VALUES_PER_QUERY]
            marks = ",".join("?" * len(chosen))
            yield from self.select(f"{self._select(table, columns)} WHERE {self.quoted(key)} IN ({marks})", chosen)

    def select(self, query: str, values: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, a bounded number of them at a time."""
        from sqlalchemy import text  # noqa: PLC0415 - an extra

        parts = query.split("?")
        named = "".join(f"{part}:v{index}" for index, part in enumerate(parts[:-1])) + parts[-1]
        options = {"stream_results": True, "yield_per": _ROWS_AT_A_TIME}
        given = {f"v{index}": value for index, value in enumerate(values)}
        with self.connection.execute(text(named), given, execution_options=options) as result:
            for row in result:
                yield tuple(row)

    def quoted(self, name: str) -> str:
        """Return a name as it stands in a query of this database."""
        return str(self.connection.dialect.identifier_preparer.quote_identifier(name))

    def _select(self, table: str, columns: Sequence[str]) -> str:
        expressions = (self.quoted(column) if self.has(table, column) else "NULL" for column in columns)
        return f"SELECT {', '.join(expressions)} FROM {self.quoted(table)}"  # noqa: S608 - names are our own constants


@contextmanager
def _opened(location: Location) -> Iterator[SqlTables]:
    """Open a database for reading.

    Raises:
        ServerError: SQLAlchemy or the driver is missing, the database cannot be opened, or it is none of MLflow.
    """
    try:
        import sqlalchemy  # noqa: PLC0415 - an extra
    except ImportError:
        raise ServerError("Reading a database server needs SQLAlchemy.", hint=_INSTALL) from None
    try:
        engine = sqlalchemy.create_engine(_url(location.address), poolclass=sqlalchemy.NullPool)
    except ModuleNotFoundError as problem:
        raise ServerError(f"Reading {location.label} needs the driver {problem.name}.", hint=_INSTALL) from None
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(_ISOLATION[engine.dialect.name]))
            database = SqlTables(connection=connection, columns=_columns(connection, engine.dialect.name))
            if not database.columns.keys() >= TABLES:
                raise ServerError(
                    f"{location.label} holds no tables of MLflow.", hint="Check the name of the database."
                )
            yield database
    except sqlalchemy.exc.SQLAlchemyError as problem:
        hint = "Check the address and the credentials; the log of the database says more."
        raise ServerError(
            f"{location.label} cannot be read: {_reason(problem, location.address)}.", hint=hint
        ) from None
    finally:
        engine.dispose()


def _columns(connection: Any, dialect: str) -> dict[str, frozenset[str]]:  # noqa: ANN401 - SQLAlchemy is an extra
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    query = f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = {_SCHEMA[dialect]}"  # noqa: S608 - a constant
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(text(query)):
        found.setdefault(str(table), set()).add(str(column))
    return {table: frozenset(columns) for table, columns in found.items()}


def _url(address: str) -> str:
    split = urlsplit(address)
    kept = urlencode([(key, value) for key, value in parse_qsl(split.query) if key not in _KEYS])
    return split._replace(scheme=_DRIVERS[split.scheme], query=kept).geturl()


def _chosen(location: Location, database: SqlTables) -> frozenset[str] | None:
    """Return the ids of the experiments that the address names; None when it names none."""
    asked = {pair for pair in parse_qsl(urlsplit(location.address).query) if pair[0] in _KEYS}
    if not asked:
        return None
    known = {identity or "": home.experiment.name for identity, home in stored_experiments(database).items()}
    for kind, wanted in sorted(asked):
        names = known.values() if kind == "experiment" else known.keys()
        if wanted not in names:
            raise UnknownNameError.near("experiment", wanted, names)
    pairs = {identity: {("experiment", name), ("experiment_id", identity)} for identity, name in known.items()}
    return frozenset(identity for identity, own in pairs.items() if own & asked)


def _path(location: Location) -> str:
    return urlsplit(location.address).path.strip("/")


def _no_leftovers(_source: Source, _row: RunRow, _facts: RunFacts) -> Leftovers:
    return Leftovers()


def _reason(problem: Exception, address: str) -> str:
    """Return the first line of what the driver says, or only its kind of error where that could show credentials."""
    cause = getattr(problem, "orig", None)
    said = str(cause).strip().partition("\n")[0].rstrip(".") if cause is not None else ""
    password = unquote(urlsplit(address).password or "")
    return said if said and not (password and password in said) else type(cause or problem).__name__
