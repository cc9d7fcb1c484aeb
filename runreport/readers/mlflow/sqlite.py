"""MLflow's SQLite store (``mlflow.db``), read without MLflow: a few queries for hundreds of runs at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import suffix_of
from runreport.formats.sqlite import COMPANIONS, is_sqlite, open_database
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.artifacts import ArtifactFolder, read_leftovers
from runreport.readers.mlflow.facts import Leftovers, RunFacts
from runreport.readers.mlflow.models import LoggedModel
from runreport.readers.mlflow.places import artifact_folder
from runreport.readers.mlflow.stored_runs import TABLES, StoredRuns, read_group
from runreport.readers.mlflow.tables import RunRow, stored_experiments

_SUFFIXES = frozenset({"", ".db", ".sqlite", ".sqlite3"})


class MlflowSqliteReader:
    """Reads MLflow's SQLite store, whatever version of MLflow its tables are from."""

    name: ClassVar[str] = "mlflow_sqlite"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("MLflow SQLite store: mlflow.db of MLflow 1 to 3, with or without its -wal",)

    def match(self, location: Location) -> Match | None:
        """Say which files are SQLite databases with the tables of MLflow.

        Raises:
            ReadError: there are only databases that cannot be read, so that nobody knows whose they are.
        """
        databases: list[str] = []
        folders: set[str] = set()
        damaged: dict[str, ReadError] = {}
        for name in _candidates(location):
            path = location.inside(location.child(name))
            try:
                kept = _artifact_roots(location, name, path) if is_sqlite(path) else None
            except ReadError as problem:
                damaged[name] = problem
                continue
            if kept is not None:
                databases.append(name)
                folders |= kept
        if damaged and not databases:
            raise next(iter(damaged.values()))
        if not databases:
            return None
        beside = {name + suffix for name in (*databases, *damaged) for suffix in COMPANIONS}
        return Match(
            certainty=Certainty.SURE,
            reason=f"{databases[0]} is a SQLite database with the tables of MLflow",
            takes=frozenset({*databases, *damaged}) | (beside & set(location.files)),
            folders=frozenset(folders),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs that are not deleted, by database, experiment and start."""
        found = StoredRuns()
        for name in _candidates(location):
            if name in (match.takes or ()):
                try:
                    with open_database(location.inside(location.child(name))) as database:
                        found.add(database, location.child(name))
                except ReadError as problem:
                    found.tell(Severity.ERROR, "unread-database", location.child(name), problem.sentence)
        return Scan(sources=tuple(found.sources.values()), notices=tuple(found.notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read runs, at most 128 at a time, each database in one consistent state.

        Raises:
            ReadError: a database cannot be read.
        """
        reader = (self.name, self.version)

        def find_leftovers(source: Source, row: RunRow, facts: RunFacts) -> Leftovers:
            folders = _artifact_folders(location, source, row, facts.models.logged)
            return read_leftovers(location.root, folders, source.run_id)

        for path in dict.fromkeys(source.path for source in sources):
            with open_database(location.inside(path)) as database:
                experiments = stored_experiments(database)
                for group in mlflow_runs.batches([source for source in sources if source.path == path]):
                    yield read_group(database, group, experiments, reader, find_leftovers)


def _candidates(location: Location) -> list[str]:
    """Return the files with a usual name; a single file, which may have been named on purpose, is always one."""
    if len(location.files) == 1:
        return list(location.files)
    return [name for name in location.files if suffix_of(name) in _SUFFIXES]


def _artifact_roots(location: Location, name: str, path: Path) -> set[str] | None:
    """Return the sub-folders in which a database keeps artifacts; None when it is no store of MLflow.

    A sub-folder that is a file store of its own is not among them.
    """
    with open_database(path) as database:
        if not database.columns.keys() >= TABLES:
            return None
        addresses = [str(address or "") for (address,) in database.rows("experiments", ("artifact_location",))]
    folders = (artifact_folder(location, location.child(name), address) for address in addresses)
    below = len(location.child(""))
    tops = {folder[below:].partition("/")[0] for folder in folders if folder}
    return {
        top
        for top in tops
        if top in location.folders and not top.isdecimal() and not any((location.path / top).glob("*/meta.yaml"))
    }


def _artifact_folders(
    location: Location, source: Source, row: RunRow, models: Sequence[LoggedModel]
) -> list[ArtifactFolder]:
    own = artifact_folder(location, source.path, row.artifact_uri or "", source.handle)
    folders = [ArtifactFolder(folder=own)] if own else []
    names: set[str] = set()
    for model in models:
        folder = artifact_folder(location, source.path, model.source or "", model.model_id)
        if folder:
            folders.append(
                ArtifactFolder(folder=folder, listed_as=model.model_id if model.name in names else model.name)
            )
            names.add(model.name)
    return folders
