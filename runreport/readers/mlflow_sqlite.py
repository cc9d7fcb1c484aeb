"""MLflow's SQLite store (``mlflow.db``), read without MLflow and without its client's query for every metric."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from runreport.errors import ReadError
from runreport.model.entities import RunBatch, RunLog
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers import _mlflow
from runreport.readers._mlflow import PRIMARY_METRIC, PRIMARY_METRIC_UP, DatasetInput, Experiment, Leftovers, RunFacts
from runreport.readers._mlflow_artifacts import ArtifactFolder, read_leftovers
from runreport.readers._mlflow_rows import read_points
from runreport.readers._sqlite import COMPANIONS, Database, is_sqlite, open_database
from runreport.readers.base import Certainty, Location, Match, Scan, Source

_SUFFIXES = frozenset({"", ".db", ".sqlite", ".sqlite3"})
_TABLES = frozenset({"alembic_version", "experiments", "metrics", "runs"})
_CONTEXT = "mlflow.data.context"
_BYTES_PER_POINT = 40
_FINGERPRINT_LENGTH = 32
_LONGEST_TAIL = 8  # parts of an artifact address that are looked for beside the database
_RUN_COLUMNS = (
    "run_uuid",
    "name",
    "status",
    "start_time",
    "end_time",
    "user_id",
    "source_name",
    "source_version",
    "artifact_uri",
    "experiment_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredExperiment:
    experiment: Experiment
    is_deleted: bool


class MlflowSqliteReader:
    """Reads MLflow's SQLite store, whatever the version that wrote it."""

    name: ClassVar[str] = "mlflow_sqlite"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("MLflow SQLite store: mlflow.db of MLflow 1 to 3, also with a -wal beside it",)

    def match(self, location: Location) -> Match | None:
        """Say which files are SQLite databases with the tables of MLflow."""
        databases = [name for name in _candidates(location) if _is_store(location.inside(location.child(name)))]
        if not databases:
            return None
        beside = {name + suffix for name in databases for suffix in COMPANIONS}
        return Match(
            certainty=Certainty.SURE,
            reason=f"{databases[0]} is a SQLite database with the tables of MLflow",
            takes=frozenset(databases) | (beside & set(location.files)),
            folders=frozenset(_artifact_roots(location, databases)),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs that are not deleted, by database, experiment and id.

        Raises:
            ReadError: a database cannot be read.
        """
        sources: dict[str, Source] = {}
        notices: list[Notice] = []
        for name in _candidates(location):
            if name in (match.takes or ()):
                _scan_database(location, location.child(name), sources, notices)
        return Scan(sources=tuple(sources.values()), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read runs in groups of bounded size, each database in one consistent state.

        Raises:
            ReadError: a database cannot be read.
        """
        for path in dict.fromkeys(source.path for source in sources):
            with open_database(location.inside(path)) as database:
                experiments = _experiments(database)
                for group in _mlflow.batches([source for source in sources if source.path == path]):
                    yield _read_group(location, database, group, experiments)


def _candidates(location: Location) -> list[str]:
    """Return the files with a usual name; a single file, which may have been named on purpose, is always one."""
    if len(location.files) == 1:
        return list(location.files)
    return [name for name in location.files if os.path.splitext(name)[1].lower() in _SUFFIXES]  # noqa: PTH122 - a name


def _is_store(path: Path) -> bool:
    if not is_sqlite(path):
        return False
    with open_database(path) as database:
        return database.columns.keys() >= _TABLES


def _artifact_roots(location: Location, databases: Sequence[str]) -> Iterator[str]:
    """Yield the sub-folders in which the databases keep artifacts, unless they are stores of their own."""
    for name in databases:
        with open_database(location.inside(location.child(name))) as database:
            addresses = {_text(address) for (address,) in database.rows("experiments", ("artifact_location",))}
        for address in sorted(address for address in addresses if address):
            folder = _beside_database(location.root, location.child(name), address)
            top = (folder or "").removeprefix(f"{location.relative}/").partition("/")[0]
            if top in location.folders and not list((location.path / top).glob("*/meta.yaml")):
                yield top


def _scan_database(location: Location, path: str, sources: dict[str, Source], notices: list[Notice]) -> None:
    with open_database(location.inside(path)) as database:
        experiments = _experiments(database)
        states = _states(database)
        rows = list(database.rows("runs", (*_RUN_COLUMNS, "lifecycle_stage")))
    kept = []
    for row in rows:
        home = experiments.get(row[-2])
        if row[-1] != "deleted" and not (home and home.is_deleted):
            kept.append((home.experiment.name if home else "", _text(row[0]) or "", row))
    if len(kept) < len(rows):
        message = f"{len(rows) - len(kept)} deleted runs, or runs of deleted experiments, were left out."
        notices.append(Notice(severity=Severity.INFO, code="deleted-runs", location=path, message=message))
    for experiment, identity, row in sorted(kept, key=lambda run: run[:2]):
        state = states.get(identity, _State())
        home = experiments.get(row[-2])
        facts = (repr(row), home.experiment.identity() if home else experiment, state.fingerprint())
        source = Source(
            run_id=_mlflow.run_id(identity),
            path=path,
            files=(path,),
            handle=identity,
            fingerprint=content_hash(*facts, length=_FINGERPRINT_LENGTH),
            size_bytes=state.points * _BYTES_PER_POINT,
        )
        if sources.setdefault(source.run_id, source) is not source:
            message = f"The run {identity} is also in {sources[source.run_id].path}; this copy was left out."
            notices.append(
                Notice(
                    severity=Severity.WARNING,
                    code="second-copy",
                    location=path,
                    message=message,
                    run_id=source.run_id,
                )
            )
