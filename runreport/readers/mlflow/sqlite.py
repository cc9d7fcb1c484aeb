"""MLflow's SQLite store (``mlflow.db``), read without MLflow: a few queries for hundreds of runs at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.sqlite import COMPANIONS, Database, is_sqlite, open_database
from runreport.model.entities import RunBatch, RunLog
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.artifacts import ArtifactFolder, read_leftovers
from runreport.readers.mlflow.places import artifact_folder
from runreport.readers.mlflow.rows import read_points
from runreport.readers.mlflow.runs import Experiment, Leftovers, RunFacts
from runreport.readers.mlflow.tables import (
    ModelRow,
    RunRow,
    RunState,
    StoredExperiment,
    logged_models,
    run_facts,
    run_rows,
    run_states,
    stored_experiments,
)

_SUFFIXES = frozenset({"", ".db", ".sqlite", ".sqlite3"})
_TABLES = frozenset({"alembic_version", "experiments", "metrics", "runs"})
_BYTES_PER_POINT = 40  # as many as a line of the file store has
_FINGERPRINT_LENGTH = 32


@dataclass(slots=True)
class _Found:
    """What a scan has come across so far."""

    location: Location
    sources: dict[str, Source] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def tell(self, severity: Severity, code: str, place: str, message: str, run_id: str = "") -> None:
        self.notices.append(Notice(severity=severity, code=code, location=place, message=message, run_id=run_id))


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
        found = _Found(location)
        for name in _candidates(location):
            if name in (match.takes or ()):
                try:
                    _scan_database(found, location.child(name))
                except ReadError as problem:
                    found.tell(Severity.ERROR, "unread-database", location.child(name), problem.sentence)
        return Scan(sources=tuple(found.sources.values()), notices=tuple(found.notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read runs, at most 128 at a time, each database in one consistent state.

        Raises:
            ReadError: a database cannot be read.
        """
        for path in dict.fromkeys(source.path for source in sources):
            with open_database(location.inside(path)) as database:
                experiments = stored_experiments(database)
                for group in mlflow_runs.batches([source for source in sources if source.path == path]):
                    yield _read_group(location, database, group, experiments)


def _candidates(location: Location) -> list[str]:
    """Return the files with a usual name; a single file, which may have been named on purpose, is always one."""
    if len(location.files) == 1:
        return list(location.files)
    return [name for name in location.files if PurePosixPath(name).suffix.lower() in _SUFFIXES]


def _artifact_roots(location: Location, name: str, path: Path) -> set[str] | None:
    """Return the sub-folders in which a database keeps artifacts; None when it is no store of MLflow.

    A sub-folder that is a file store of its own is not among them.
    """
    with open_database(path) as database:
        if not database.columns.keys() >= _TABLES:
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


def _scan_database(found: _Found, path: str) -> None:
    with open_database(found.location.inside(path)) as database:
        experiments = stored_experiments(database)
        states = run_states(database)
        rows = run_rows(database)
    kept = [row for row in rows if row.lifecycle_stage != "deleted" and not _is_deleted(experiments, row)]
    if len(kept) < len(rows):
        message = f"{len(rows) - len(kept)} runs were left out because they or their experiments are deleted."
        found.tell(Severity.INFO, "deleted-runs", path, message)
    for row in sorted(kept, key=_place_in_list):
        state = states.get(row.run_uuid or "", RunState())
        home = experiments.get(row.experiment_id)
        _add_source(found, _source(path, row, state, home.experiment.identity() if home else ""))


def _place_in_list(row: RunRow) -> tuple[str, str, str]:
    """Order runs by start within an experiment: the points of runs that are read together then lie near each other."""
    return row.experiment_id or "", row.start_time or "", row.run_uuid or ""


def _is_deleted(experiments: Mapping[str | None, StoredExperiment], row: RunRow) -> bool:
    home = experiments.get(row.experiment_id)
    return home is not None and home.is_deleted


def _source(path: str, row: RunRow, state: RunState, experiment: str) -> Source:
    identity = row.run_uuid or ""
    return Source(
        run_id=mlflow_runs.run_id(identity),
        path=path,
        files=(path,),
        handle=identity,
        fingerprint=content_hash(repr(tuple(row)), experiment, state.digest.hexdigest(), length=_FINGERPRINT_LENGTH),
        size_bytes=state.points * _BYTES_PER_POINT,
    )


def _add_source(found: _Found, source: Source) -> None:
    first = found.sources.setdefault(source.run_id, source)
    if first is not source:
        message = f"The run {source.handle} is also in {first.path}; this copy was left out."
        found.tell(Severity.WARNING, "second-copy", source.path, message, source.run_id)


def _read_group(
    location: Location,
    database: Database,
    group: Sequence[Source],
    experiments: Mapping[str | None, StoredExperiment],
) -> RunBatch:
    place = group[0].path
    identities = [source.handle for source in group]
    rows = {row.run_uuid: row for row in run_rows(database, identities)}
    facts = run_facts(database, list(rows.values()), experiments, place)
    models: dict[str, list[ModelRow]] = {}
    for model in logged_models(database, identities):
        models.setdefault(model.run_uuid, []).append(model)
    points, notices = read_points(database, identities, place)
    logs = []
    for source in group:
        about = tuple(notice for notice in notices if notice.run_id == source.run_id)
        if source.handle not in facts:
            logs.append(_vanished(source, about))
            continue
        folders = _artifact_folders(location, source, rows[source.handle], models.get(source.handle, ()))
        leftovers = read_leftovers(location.root, folders, source.run_id)
        log = mlflow_runs.run_log(facts[source.handle], source, _reader(), leftovers)
        logs.append(replace(log, notices=(*log.notices, *about)))
    return RunBatch(logs=tuple(logs), points=points)


def _reader() -> tuple[str, str]:
    return MlflowSqliteReader.name, MlflowSqliteReader.version


def _artifact_folders(
    location: Location, source: Source, row: RunRow, models: Sequence[ModelRow]
) -> list[ArtifactFolder]:
    own = artifact_folder(location, source.path, row.artifact_uri or "", source.handle)
    folders = [ArtifactFolder(folder=own)] if own else []
    names: set[str] = set()
    for model in models:
        folder = artifact_folder(location, source.path, model.artifact_location, model.model_id)
        if folder:
            folders.append(
                ArtifactFolder(folder=folder, listed_as=model.model_id if model.name in names else model.name)
            )
            names.add(model.name)
    return folders


def _vanished(source: Source, about: tuple[Notice, ...]) -> RunLog:
    unfinished = "RUNNING"  # such a run must not enter a mean
    facts = RunFacts(source_id=source.handle, place=source.path, experiment=Experiment(name=""), status=unfinished)
    notice = Notice(
        severity=Severity.ERROR,
        code="broken-run",
        location=f"{source.path}:{source.handle}",
        message="The run was deleted from the database while it was read.",
        run_id=source.run_id,
    )
    return mlflow_runs.run_log(facts, source, _reader(), Leftovers(notices=(notice, *about)))
