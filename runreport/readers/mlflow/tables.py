"""The tables of MLflow's database: runs, their facts, and what changes when a run changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from runreport.readers.mlflow.cells import as_text
from runreport.readers.mlflow.database import Tables
from runreport.readers.mlflow.facts import PRIMARY_METRIC, PRIMARY_METRIC_UP, DatasetInput, Experiment, RunFacts
from runreport.readers.mlflow.model_tables import models_of
from runreport.readers.mlflow.models import NO_MODELS, RunModels

_CONTEXT = "mlflow.data.context"
_CHANGING = (
    "SELECT run_uuid, count(*) FROM metrics GROUP BY run_uuid",
    "SELECT run_uuid, count(*), max(step), max({timestamp}), max({value}), min({value}) FROM latest_metrics GROUP BY run_uuid",
    "SELECT run_uuid, {key}, {value} FROM params ORDER BY run_uuid, {key}",
    "SELECT run_uuid, {key}, {value} FROM tags ORDER BY run_uuid, {key}",
    "SELECT destination_id, count(*), max(input_uuid) FROM inputs GROUP BY destination_id",
    "SELECT source_id, count(*), max(input_uuid) FROM inputs GROUP BY source_id",
    "SELECT source_run_id, count(*), max(metric_timestamp_ms) FROM logged_model_metrics NATURAL JOIN (SELECT model_id, source_run_id FROM logged_models) AS models GROUP BY source_run_id",
)


class RunRow(NamedTuple):
    """A row of the table runs, all as texts; the names are those of the columns."""

    run_uuid: str | None
    name: str | None
    status: str | None
    start_time: str | None
    end_time: str | None
    user_id: str | None
    source_name: str | None
    source_version: str | None
    artifact_uri: str | None
    experiment_id: str | None
    lifecycle_stage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExperiment:
    """An experiment, and whether it was deleted."""

    experiment: Experiment
    is_deleted: bool


@dataclass(slots=True)
class RunState:
    """What tells one state of a run from another: its number of points, and a digest of all else."""

    points: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


@dataclass(slots=True)
class _Related:
    """What other tables say about a run."""

    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: list[DatasetInput] = field(default_factory=list)
    models_used: list[str] = field(default_factory=list)
    models_produced: list[str] = field(default_factory=list)


def stored_experiments(database: Tables) -> dict[str | None, StoredExperiment]:
    """Return the experiments by their id as text."""
    tags: dict[str | None, dict[str, str]] = {}
    for row in database.rows("experiment_tags", ("experiment_id", "key", "value")):
        if row[1] in {PRIMARY_METRIC, PRIMARY_METRIC_UP}:
            tags.setdefault(as_text(row[0]), {})[row[1]] = as_text(row[2]) or ""
    found = {}
    for row in database.rows("experiments", ("experiment_id", "name", "lifecycle_stage")):
        identity, name, stage = map(as_text, row)
        experiment = Experiment(name=name or identity or "", tags=tags.get(identity, {}))
        found[identity] = StoredExperiment(experiment=experiment, is_deleted=stage == "deleted")
    return found


def run_rows(database: Tables, identities: Sequence[str] | None = None) -> list[RunRow]:
    """Return the rows of some runs, or of all, in no particular order."""
    if identities is None:
        rows = database.rows("runs", RunRow._fields)
    else:
        rows = database.rows_of("runs", RunRow._fields, "run_uuid", identities)
    return [RunRow(*map(as_text, row)) for row in rows]


def run_states(database: Tables) -> dict[str, RunState]:
    """Return the state of each run that has any points, params, tags or inputs."""
    states: dict[str, RunState] = {}
    names = {name: database.quoted(name) for name in ("key", "timestamp", "value")}
    for query in _CHANGING:
        table = query.partition(" FROM ")[2].partition(" ")[0]
        for run, *facts in database.select(query.format(**names)) if table in database.columns else ():
            state = states.setdefault(run, RunState())
            state.digest.update(repr((table, facts)).encode("utf-8", "replace"))
            if table == "metrics":
                state.points = facts[0]
    return states


def run_facts(
    database: Tables, rows: Sequence[RunRow], experiments: Mapping[str | None, StoredExperiment], place: str
) -> dict[str, RunFacts]:
    """Return the facts of some runs by their id; ``place`` is where notices about them point."""
    identities = [row.run_uuid for row in rows if row.run_uuid]
    related = {identity: _Related() for identity in identities}
    _add_texts(database, identities, related)
    _add_datasets(database, identities, related)
    _add_models(database, identities, related)
    models = models_of(database, identities)
    return {
        row.run_uuid: _facts(
            row, related[row.run_uuid], experiments, f"{place}:{row.run_uuid}", models.get(row.run_uuid, NO_MODELS)
        )
        for row in rows
        if row.run_uuid
    }


def _facts(
    row: RunRow,
    related: _Related,
    experiments: Mapping[str | None, StoredExperiment],
    place: str,
    models: RunModels,
) -> RunFacts:
    home = experiments.get(row.experiment_id)
    return RunFacts(
        source_id=row.run_uuid or "",
        place=place,
        experiment=home.experiment if home else Experiment(name=row.experiment_id or ""),
        name=row.name,
        status=row.status,
        started_ms=row.start_time,
        ended_ms=row.end_time,
        user=row.user_id,
        source_name=row.source_name,
        commit=row.source_version,
        params=related.params,
        tags=related.tags,
        datasets=related.datasets,
        models_used=related.models_used,
        models_produced=related.models_produced,
        models=models,
    )


def _add_texts(database: Tables, identities: Sequence[str], related: Mapping[str, _Related]) -> None:
    columns = ("run_uuid", "key", "value")
    for run, key, value in database.rows_of("params", columns, "run_uuid", identities):
        related[run].params[as_text(key) or ""] = as_text(value) or ""
    for run, key, value in database.rows_of("tags", columns, "run_uuid", identities):
        related[run].tags[as_text(key) or ""] = as_text(value) or ""


def _add_datasets(database: Tables, identities: Sequence[str], related: Mapping[str, _Related]) -> None:
    columns = ("destination_id", "source_id", "input_uuid", "source_type", "destination_type")
    inputs = [
        (run, dataset, given)
        for run, dataset, given, *kinds in database.rows_of("inputs", columns, "destination_id", identities)
        if kinds == ["DATASET", "RUN"]
    ]
    contexts = _contexts(database, [given for *_, given in inputs])
    datasets = _datasets(database, sorted({dataset for _, dataset, _ in inputs}))
    for run, dataset, given in inputs:
        if dataset in datasets:
            related[run].datasets.append(replace(datasets[dataset], context=contexts.get(given, "")))


def _contexts(database: Tables, inputs: Sequence[str]) -> dict[str, str]:
    rows = database.rows_of("input_tags", ("input_uuid", "name", "value"), "input_uuid", inputs)
    return {given: as_text(value) or "" for given, name, value in rows if name == _CONTEXT}


def _datasets(database: Tables, identities: Sequence[str]) -> dict[str, DatasetInput]:
    columns = ("dataset_uuid", "name", "digest", "dataset_source", "dataset_schema", "dataset_profile")
    found = {}
    for row in database.rows_of("datasets", columns, "dataset_uuid", identities):
        identity, name, digest, source, schema, profile = map(as_text, row)
        found[identity or ""] = DatasetInput(
            name=name or identity or "", digest=digest, source=source, schema=schema, profile=profile
        )
    return found


def _add_models(database: Tables, identities: Sequence[str], related: Mapping[str, _Related]) -> None:
    columns = ("source_id", "destination_id", "source_type", "destination_type")
    for run, model, *kinds in database.rows_of("inputs", columns, "source_id", identities):
        if kinds == ["RUN_INPUT", "MODEL_INPUT"]:
            related[run].models_used.append(model)
        elif kinds == ["RUN_OUTPUT", "MODEL_OUTPUT"]:
            related[run].models_produced.append(model)
