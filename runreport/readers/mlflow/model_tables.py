"""The tables of MLflow's database that hold models: logged ones and versions of registered ones."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runreport.readers.mlflow.cells import as_text
from runreport.readers.mlflow.database import Tables
from runreport.readers.mlflow.models import (
    LoggedModel,
    ModelMetric,
    ModelVersion,
    RunModels,
    by_run,
    last_values,
    model_address,
)

_LOGGED = (
    "model_id",
    "name",
    "source_run_id",
    "model_type",
    "status",
    "artifact_location",
    "creation_timestamp_ms",
    "lifecycle_stage",
)
_VERSIONS = (
    "workspace",
    "name",
    "version",
    "run_id",
    "current_stage",
    "status",
    "source",
    "description",
    "creation_time",
)
_METRICS = ("model_id", "metric_name", "metric_value", "metric_step", "metric_timestamp_ms", "dataset_name")
_TEXTS = (
    ("logged_model_params", ("model_id", "param_key", "param_value")),
    ("logged_model_tags", ("model_id", "tag_key", "tag_value")),
)
_DELETED_VERSION = "Deleted_Internal"

_Version = tuple[str, str, str]  # workspace, name, number


def models_of_all(database: Tables) -> dict[str, RunModels]:
    """Return the models of every run by its id, without the values of their metrics."""
    params, tags = (database.rows(table, columns) for table, columns in _TEXTS)
    logged = _logged(database.rows("logged_models", _LOGGED), params, tags, ())
    return by_run(logged, _versions(database, database.rows("model_versions", _VERSIONS)))


def models_of(database: Tables, runs: Sequence[str]) -> dict[str, RunModels]:
    """Return the models of some runs by their ids."""
    rows = list(database.rows_of("logged_models", _LOGGED, "source_run_id", runs))
    identities = [as_text(row[0]) or "" for row in rows]
    params, tags = (database.rows_of(table, columns, "model_id", identities) for table, columns in _TEXTS)
    metrics = database.rows_of("logged_model_metrics", _METRICS, "model_id", identities)
    made = list(database.rows_of("model_versions", _VERSIONS, "run_id", runs))
    addresses = [model_address(identity) for identity in identities]
    made += [row for row in database.rows_of("model_versions", _VERSIONS, "source", addresses) if not row[3]]
    return by_run(_logged(rows, params, tags, metrics), _versions(database, made))


def _logged(
    rows: Iterable[tuple[Any, ...]],
    params: Iterable[tuple[Any, ...]],
    tags: Iterable[tuple[Any, ...]],
    metrics: Iterable[tuple[Any, ...]],
) -> Iterator[LoggedModel]:
    params_of, tags_of = _texts(params), _texts(tags)
    values = _values(metrics)
    for row in rows:
        identity, name, run, kind, status, source, created, stage = map(as_text, row)
        if stage != "deleted":
            yield LoggedModel(
                model_id=identity or "",
                name=name or "",
                run=run or "",
                type=kind,
                status=status,
                source=source,
                created_ms=created,
                params=params_of.get(identity, {}),
                tags=tags_of.get(identity, {}),
                metrics=last_values(values.get(identity, ())),
            )


def _texts(rows: Iterable[tuple[Any, ...]]) -> dict[str | None, dict[str, str]]:
    found: dict[str | None, dict[str, str]] = {}
    for owner, key, value in sorted(tuple(as_text(cell) or "" for cell in row) for row in rows):
        found.setdefault(owner, {})[key] = value
    return found


def _values(rows: Iterable[tuple[Any, ...]]) -> dict[str | None, list[tuple[tuple[int, int], ModelMetric]]]:
    found: dict[str | None, list[tuple[tuple[int, int], ModelMetric]]] = {}
    for model, name, value, step, time_ms, dataset in rows:
        if isinstance(value, int | float) and isinstance(step, int) and isinstance(time_ms, int):
            metric = ModelMetric(
                metric=as_text(name) or "", value=float(value), step=step, dataset=as_text(dataset) or ""
            )
            found.setdefault(as_text(model), []).append(((step, time_ms), metric))
    return found


def _versions(database: Tables, rows: Iterable[tuple[Any, ...]]) -> Iterator[ModelVersion]:
    aliases: dict[_Version, list[str]] = {}
    for alias, *version in database.rows("registered_model_aliases", ("alias", "workspace", "name", "version")):
        aliases.setdefault(_key(version), []).append(as_text(alias) or "")
    tags: dict[_Version, dict[str, str]] = {}
    for key, value, *version in database.rows("model_version_tags", ("key", "value", "workspace", "name", "version")):
        tags.setdefault(_key(version), {})[as_text(key) or ""] = as_text(value) or ""
    for row in rows:
        run, stage, status, source, description, created = map(as_text, row[3:])
        key = _key(row[:3])
        if stage != _DELETED_VERSION:
            yield ModelVersion(
                name=key[1],
                version=key[2],
                run=run or "",
                stage=stage,
                aliases=tuple(sorted(aliases.get(key, ()))),
                status=status,
                source=source,
                description=description,
                created_ms=created,
                tags=dict(sorted(tags.get(key, {}).items())),
            )


def _key(cells: Sequence[object]) -> _Version:
    workspace, name, version = (as_text(cell) or "" for cell in cells)
    return workspace, name, version
