"""Trackio's SQLite database of a project, read without Trackio: ``<project>.db``, with or without its write-ahead log.

The tables are those of ``trackio/sqlite_storage.py``. Databases of old versions know runs by their name only.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.sqlite import COMPANIONS, Database, is_sqlite, open_database
from runreport.model import keys
from runreport.model.entities import RunBatch
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import read_each
from runreport.readers.trackers import trackio_runs

_SUFFIX = ".db"
_COLUMNS = (("metrics", "run_name"), ("metrics", "step"), ("metrics", "metrics"))
_FOLDERS = frozenset({"media", "artifacts"})
_ARTIFACT_TABLES = ("artifacts", "artifact_versions", "artifact_aliases", "run_artifact_links")
_COPIES = (".parquet", *(f"_{table}.parquet" for table in ("system", "configs", "traces", *_ARTIFACT_TABLES)))
"""What the client writes out of a database for a Space; to read it as well would count every run twice."""

_FINGERPRINT_LENGTH = 32
_BYTES_PER_ROW = 100
_STATE_TABLES = ("metrics", "system_metrics", "alerts", "run_artifact_links")


class TrackioReader:
    """Reads the databases of Trackio, one run per run of the project."""

    name: ClassVar[str] = "trackio"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Trackio SQLite database: `<project>.db`, with or without its -wal",)

    def match(self, location: Location) -> Match | None:
        """Claim the SQLite databases with Trackio's table of metrics, and the folders of files beside them."""
        databases = [name for name in location.files if name.endswith(_SUFFIX) and _is_trackio(location, name)]
        if not databases:
            return None
        beside = {name + suffix for name in databases for suffix in COMPANIONS}
        stems = [PurePosixPath(name).stem for name in databases]
        beside |= {f"{stem}{ending}" for stem in stems for ending in (".lock", *_COPIES)}
        return Match(
            certainty=Certainty.SURE,
            reason=f"{databases[0]} is a SQLite database with the tables of Trackio",
            takes=frozenset(databases) | (beside & set(location.files)),
            folders=_FOLDERS & set(location.folders),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs by database and in the order in which they were created."""
        sources: dict[str, Source] = {}
        notices: list[Notice] = []
        for name in (name for name in location.files if name.endswith(_SUFFIX) and name in (match.takes or ())):
            path = location.child(name)
            try:
                found = _sources(location, path)
            except ReadError as problem:
                notices.append(_notice(Severity.ERROR, "unread-database", path, problem.sentence))
                continue
            for source in found:
                if sources.setdefault(source.run_id, source) is not source:
                    message = f"The run {source.handle!r} is also in {sources[source.run_id].path}; it was left out."
                    notices.append(_notice(Severity.WARNING, "second-copy", path, message))
        return Scan(sources=tuple(sources.values()), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one, each database in one consistent state.

        Raises:
            ReadError: a database cannot be read.
        """
        for path in dict.fromkeys(source.path for source in sources):
            own = [source for source in sources if source.path == path]
            with open_database(location.inside(path)) as database:
                runs = trackio_runs.Runs(database=database)
                yield from read_each(self, location, own, runs.read)


def _is_trackio(location: Location, name: str) -> bool:
    path = location.inside(location.child(name))
    try:
        if not is_sqlite(path):
            return False
        with open_database(path) as database:
            return all(database.has(table, column) for table, column in _COLUMNS)
    except ReadError:  # nobody knows whose it is
        return False


def _sources(location: Location, path: str) -> list[Source]:
    with open_database(location.inside(path)) as database:
        states = _states(database)
        links = trackio_runs.links_digest(database)
    return [
        Source(
            run_id=keys.run_id(TrackioReader.name, _identity(location, path, run)),
            path=path,
            files=(path,),
            handle=run,
            fingerprint=content_hash(run, links, *state, length=_FINGERPRINT_LENGTH),
            size_bytes=count * _BYTES_PER_ROW,
        )
        for run, (count, state) in states.items()
    ]


def _identity(location: Location, path: str, run: str) -> str:
    """Return Trackio's own id, and for old databases the place and name of the run."""
    return f"{location.label}/{path}{run}" if run.startswith(trackio_runs.NAME_MARK) else run


def _states(database: Database) -> dict[str, tuple[int, list[str]]]:
    """Return for each run how many rows it has and what changes when rows are added or taken away."""
    states: dict[str, tuple[int, list[str]]] = {}
    for run, config, created in trackio_runs.config_rows(database):
        states[run] = (0, [config, created])
    for table in _STATE_TABLES:
        for run, count, digest in _table_states(database, table):
            before, state = states.get(run, (0, []))
            states[run] = (before + count, [*state, table, digest])
    return states


def _table_states(database: Database, table: str) -> Iterator[tuple[str, int, str]]:
    """Yield the runs in a table with the number of their rows and a digest of what tells them apart."""
    if database.has(table, "run_name"):
        key = trackio_runs.key_column(database, table)
        query = f"SELECT {key}, count(*), min(id), max(id), max(run_name) FROM {table} GROUP BY 1 ORDER BY 3"  # noqa: S608 - the names are our own constants
        for run, count, *state in database.connection.execute(query):
            yield str(run), int(count), content_hash(*map(str, (count, *state)))


def _notice(severity: Severity, code: str, place: str, message: str) -> Notice:
    return Notice(severity=severity, code=code, location=place, message=message)
