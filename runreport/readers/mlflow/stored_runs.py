"""Listing and reading the runs of MLflow's tables, be they in a SQLite file or on a server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runreport.model.entities import RunBatch, RunLog
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Source
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.database import Tables
from runreport.readers.mlflow.facts import Experiment, Leftovers, RunFacts
from runreport.readers.mlflow.model_tables import models_of_all
from runreport.readers.mlflow.models import NO_MODELS, RunModels
from runreport.readers.mlflow.rows import read_points
from runreport.readers.mlflow.tables import (
    RunRow,
    RunState,
    StoredExperiment,
    run_facts,
    run_rows,
    run_states,
    stored_experiments,
)

TABLES = frozenset({"alembic_version", "experiments", "metrics", "runs"})
"""The tables by which a database of MLflow is known."""

_BYTES_PER_POINT = 40  # as many as a line of the file store has
_FINGERPRINT_LENGTH = 32

FindLeftovers = Callable[[Source, RunRow, RunFacts], Leftovers]


@dataclass(slots=True)
class StoredRuns:
    """What a scan of databases has come across so far."""

    sources: dict[str, Source] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def tell(self, severity: Severity, code: str, place: str, message: str, run_id: str = "") -> None:
        """Add a notice."""
        self.notices.append(Notice(severity=severity, code=code, location=place, message=message, run_id=run_id))

    def add(self, database: Tables, path: str, chosen: frozenset[str] | None = None) -> None:
        """Add the runs that are not deleted, by experiment and start.

        Args:
            database: the open database.
            path: what its runs are said to lie in.
            chosen: ids of the experiments whose runs are wanted; None for all.
        """
        experiments = stored_experiments(database)
        states = run_states(database)
        rows = [row for row in run_rows(database) if chosen is None or row.experiment_id in chosen]
        models = models_of_all(database)
        kept = [row for row in rows if row.lifecycle_stage != "deleted" and not _is_deleted(experiments, row)]
        if len(kept) < len(rows):
            message = f"{len(rows) - len(kept)} runs were left out because they or their experiments are deleted."
            self.tell(Severity.INFO, "deleted-runs", path, message)
        for row in sorted(kept, key=_place_in_list):
            state = states.get(row.run_uuid or "", RunState())
            home = experiments.get(row.experiment_id)
            identity = home.experiment.identity() if home else ""
            own = models.get(row.run_uuid or "", NO_MODELS)
            self._add_source(_source(path, row, state, identity + own.identity()))
        if chosen is None:
            self._tell_unattached(path, models, {row.run_uuid or "" for row in kept})

    def _add_source(self, source: Source) -> None:
        first = self.sources.setdefault(source.run_id, source)
        if first is not source:
            message = f"The run {source.handle} is also in {first.path}; this copy was left out."
            self.tell(Severity.WARNING, "second-copy", source.path, message, source.run_id)

    def _tell_unattached(self, path: str, models: Mapping[str, RunModels], runs: set[str]) -> None:
        """Tell of registered versions that no run here led to: a version is kept with the run it came from."""
        alone = sum(len(own.versions) for run, own in models.items() if run not in runs)
        if alone:
            message = f"{alone} registered model versions were left out, because no run that is read led to them."
            self.tell(Severity.INFO, "unattached-model", path, message)


def read_group(
    database: Tables,
    group: Sequence[Source],
    experiments: Mapping[str | None, StoredExperiment],
    reader: tuple[str, str],
    find_leftovers: FindLeftovers,
) -> RunBatch:
    """Read some runs of one database.

    Args:
        database: the open database.
        group: the runs, at most a few hundred.
        experiments: all of them by id.
        reader: name and version of the reader.
        find_leftovers: returns what a run left behind.
    """
    place = group[0].path
    identities = [source.handle for source in group]
    rows = {row.run_uuid: row for row in run_rows(database, identities)}
    facts = run_facts(database, list(rows.values()), experiments, place)
    points, notices = read_points(database, identities, place)
    logs = []
    for source in group:
        about = tuple(notice for notice in notices if notice.run_id == source.run_id)
        if source.handle not in facts:
            logs.append(_vanished(source, about, reader))
            continue
        leftovers = find_leftovers(source, rows[source.handle], facts[source.handle])
        log = mlflow_runs.run_log(facts[source.handle], source, reader, leftovers)
        logs.append(replace(log, notices=(*log.notices, *about)))
    return RunBatch(logs=tuple(logs), points=points)


def _place_in_list(row: RunRow) -> tuple[str, str, str]:
    """Order runs by start within an experiment: the points of runs that are read together then lie near each other."""
    return row.experiment_id or "", row.start_time or "", row.run_uuid or ""


def _is_deleted(experiments: Mapping[str | None, StoredExperiment], row: RunRow) -> bool:
    home = experiments.get(row.experiment_id)
    return home is not None and home.is_deleted


def _source(path: str, row: RunRow, state: RunState, more: str) -> Source:
    identity = row.run_uuid or ""
    return Source(
        run_id=mlflow_runs.run_id(identity),
        path=path,
        files=(path,),
        handle=identity,
        fingerprint=content_hash(repr(tuple(row)), more, state.digest.hexdigest(), length=_FINGERPRINT_LENGTH),
        size_bytes=state.points * _BYTES_PER_POINT,
    )


def _vanished(source: Source, about: tuple[Notice, ...], reader: tuple[str, str]) -> RunLog:
    unfinished = "RUNNING"  # such a run must not enter a mean
    facts = RunFacts(source_id=source.handle, place=source.path, experiment=Experiment(name=""), status=unfinished)
    notice = Notice(
        severity=Severity.ERROR,
        code="broken-run",
        location=f"{source.path}:{source.handle}",
        message="The run was deleted from the database while it was read.",
        run_id=source.run_id,
    )
    return mlflow_runs.run_log(facts, source, reader, Leftovers(notices=(notice, *about)))
