"""Runs, models and experiments as MLflow's REST interface and its exports write them: JSON in several shapes.

Lists of ``{"key", "value"}`` and maps mean the same, int64 may be texts, and so may numbers that are not finite.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from runreport.formats.documents import as_list, as_map, number
from runreport.readers.mlflow.facts import DatasetInput, Experiment, RunFacts
from runreport.readers.mlflow.models import LoggedModel, ModelMetric, ModelVersion, RunModels, last_values

_CONTEXT = "mlflow.data.context"
_INT64 = 1 << 63
_DELETED_VERSION = "Deleted_Internal"
_PAIR = 2

Point = tuple[int, int | None, float]
"""Step, time in milliseconds and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run: its info as it is written, and all else in one shape; ``bad_points`` counts points without a value."""

    info: Mapping[str, Any]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Sequence[Point]]
    datasets: Sequence[DatasetInput] = ()
    models_used: Sequence[str] = ()
    models_produced: Sequence[str] = ()
    artifacts: Sequence[tuple[str, int | None]] = ()
    bad_points: int = 0

    @property
    def source_id(self) -> str:
        """The id that MLflow gave to the run."""
        return text(self.info.get("run_id") or self.info.get("run_uuid")) or ""

    @property
    def experiment_id(self) -> str:
        """The id of its experiment; empty when it is not said."""
        return text(self.info.get("experiment_id")) or ""

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted."""
        return self.info.get("lifecycle_stage") == "deleted"

    def facts(self, experiment: Experiment, place: str, models: RunModels) -> RunFacts:
        """Return what it says, for the run's log."""
        told = {name: text(self.info.get(name)) for name in ("run_name", "name", "status", "user_id", "source_name")}
        return RunFacts(
            source_id=self.source_id,
            place=place,
            experiment=experiment,
            name=told["run_name"] or told["name"],
            status=told["status"],
            started_ms=text(self.info.get("start_time")),
            ended_ms=text(self.info.get("end_time")),
            user=told["user_id"],
            source_name=told["source_name"],
            commit=text(self.info.get("source_version")),
            params=self.params,
            tags=self.tags,
            datasets=self.datasets,
            models_used=self.models_used,
            models_produced=self.models_produced,
            models=models,
        )


@dataclass(slots=True)
class _Points:
    metrics: dict[str, list[Point]] = field(default_factory=dict)
    bad: int = 0

    def add(self, metric: str, given: object) -> None:
        """Add a value, a point, or a list of either."""
        if isinstance(given, list):
            for item in given:
                self.add(metric, item)
            return
        found = point(given)
        if found is None:
            self.bad += 1
        else:
            self.metrics.setdefault(metric, []).append(found)


def run_record(raw: object) -> RunRecord | None:
    """Return a run in any of the shapes; None for what is none."""
    if not isinstance(raw, dict):
        return None
    raw = raw["run"] if isinstance(raw.get("run"), dict) else raw
    raw = raw["mlflow"] if isinstance(raw.get("mlflow"), dict) else raw
    info = as_map(raw.get("info"))
    info = {**{name: raw[name] for name in ("run_id", "run_uuid") if isinstance(raw.get(name), str)}, **info}
    data = raw["data"] if isinstance(raw.get("data"), dict) else raw
    if not (info.get("run_id") or info.get("run_uuid")) or not (raw.get("info") or raw.get("data")):
        return None
    points = _Points()
    for name, given in _pairs(data.get("metrics")):
        points.add(name, given)
    inputs, outputs = as_map(raw.get("inputs")), as_map(raw.get("outputs"))
    return RunRecord(
        info=info,
        params=texts(data.get("params")),
        tags=texts(data.get("tags")),
        metrics=points.metrics,
        bad_points=points.bad,
        datasets=tuple(_datasets(inputs.get("dataset_inputs") or inputs.get("dataset"))),
        models_used=tuple(_model_ids(inputs.get("model_inputs"))),
        models_produced=tuple(_model_ids(outputs.get("model_outputs"))),
        artifacts=tuple(_artifacts(raw.get("artifacts"))),
    )


def run_records(raw: object) -> Iterator[RunRecord]:
    """Yield the runs of a document: a page or list of runs, or a single one."""
    listed = raw.get("runs") if isinstance(raw, dict) else raw
    single = run_record(raw)
    if single is not None:
        yield single
    elif isinstance(listed, list):
        yield from (record for item in listed if (record := run_record(item)) is not None)


def experiments(raw: object) -> dict[str, Experiment]:
    """Return the experiments of a document by their ids."""
    raw = raw.get("mlflow", raw) if isinstance(raw, dict) else {}
    listed = raw.get("experiments") if isinstance(raw, dict) else None
    single = raw.get("experiment") if isinstance(raw, dict) else None
    found = {}
    for item in [*as_list(listed), single]:
        identity = text(item.get("experiment_id") or item.get("id")) if isinstance(item, dict) else None
        if isinstance(item, dict) and identity and isinstance(item.get("name"), str):
            found[identity] = Experiment(name=item["name"], tags=texts(item.get("tags")))
    return found


def logged_model(raw: object) -> LoggedModel | None:
    """Return a logged model; None for what is none, and for one that was deleted."""
    raw = as_map(raw)
    raw = raw["mlflow"] if isinstance(raw.get("mlflow"), dict) else raw
    info = raw["info"] if isinstance(raw.get("info"), dict) else raw
    data = raw["data"] if isinstance(raw.get("data"), dict) else raw
    identity = text(info.get("model_id"))
    if not identity or info.get("lifecycle_stage") == "deleted":
        return None
    return LoggedModel(
        model_id=identity,
        name=text(info.get("name")) or "",
        run=text(info.get("source_run_id")) or "",
        type=text(info.get("model_type")) or None,
        status=text(info.get("status")),
        source=text(info.get("artifact_uri") or info.get("artifact_location")),
        created_ms=text(info.get("creation_timestamp_ms") or info.get("creation_timestamp")),
        params=texts(data.get("params")),
        tags=texts(info.get("tags")),
        metrics=last_values(_model_metrics(data.get("metrics"))),
    )


def model_versions(raw: object) -> Iterator[ModelVersion]:
    """Yield the versions of a registered model, of an export or of a page of versions."""
    raw = as_map(raw)
    raw = raw["mlflow"] if isinstance(raw.get("mlflow"), dict) else raw
    model = as_map(raw.get("registered_model"))
    aliases = list(_aliases(model.get("aliases")))
    listed = [
        *as_list(raw.get("model_versions")),
        *as_list(model.get("versions")),
        *as_list(model.get("latest_versions")),
    ]
    seen = set()
    for item in listed:
        number_ = text(as_map(item).get("version")) or ""
        name = text(as_map(item).get("name") or model.get("name")) or ""
        if not name or not number_ or (name, number_) in seen or item.get("current_stage") == _DELETED_VERSION:
            continue
        seen.add((name, number_))
        own = [text(alias) or "" for alias in as_list(item.get("aliases")) if not isinstance(alias, dict)]
        own += [alias for alias, version in aliases if version == number_]
        yield ModelVersion(
            name=name,
            version=number_,
            run=text(item.get("run_id")) or "",
            model_id=text(item.get("model_id")) or "",
            stage=text(item.get("current_stage")),
            aliases=tuple(sorted(set(own))),
            status=text(item.get("status")),
            source=text(item.get("source")),
            description=text(item.get("description")) or None,
            created_ms=text(item.get("creation_timestamp")),
            tags=texts(item.get("tags")),
        )


def point(given: object) -> Point | None:
    """Return one value of a metric, alone or with its step and time; None when it has no value."""
    raw = given if isinstance(given, dict) else {"value": given}
    value = _number(raw.get("value"))
    step, time_ms = _integer(raw.get("step")), _integer(raw.get("timestamp"))
    return None if value is None else (step or 0, time_ms, value)


def texts(given: object) -> dict[str, str]:
    """Return a list of keys and values, or a map, as names and texts."""
    return {name: text(value) or "" for name, value in _pairs(given)}


def text(value: object) -> str | None:
    """Return a JSON value as the text that MLflow would show."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def files(given: object) -> Iterator[tuple[str, int | None, bool]]:
    """Yield path, size and whether it is a folder of each entry of a list of artifacts."""
    for item in as_list(given):
        path = text(as_map(item).get("path"))
        if path:
            yield path, _integer(item.get("file_size")), bool(item.get("is_dir"))


def with_aliases(version: ModelVersion, given: object) -> ModelVersion:
    """Return a version with the aliases that its registered model says point to it."""
    own = {alias for alias, target in _aliases(given) if target == version.version}
    return replace(version, aliases=tuple(sorted({*version.aliases, *own})))


def models_as_json(models: RunModels) -> dict[str, Any]:
    """Return models as JSON values; NaN stays as it is."""
    return asdict(models)


def models_of_json(raw: Mapping[str, Any]) -> RunModels:
    """Return the models that :func:`models_as_json` made JSON of."""
    logged = [
        LoggedModel(**{**model, "metrics": tuple(ModelMetric(**metric) for metric in model["metrics"])})
        for model in raw["logged"]
    ]
    versions = [ModelVersion(**{**version, "aliases": tuple(version["aliases"])}) for version in raw["versions"]]
    return RunModels(logged=tuple(logged), versions=tuple(versions))


def _pairs(given: object) -> Iterator[tuple[str, object]]:
    if isinstance(given, dict):
        yield from ((str(name), value) for name, value in given.items())
    for item in as_list(given):
        if isinstance(item, list) and len(item) == _PAIR:
            yield str(item[0]), item[1]
        elif isinstance(item, dict) and ("key" in item or "name" in item):
            is_point = "step" in item or "timestamp" in item
            yield str(item.get("key", item.get("name"))), item if is_point else item.get("value")


def _number(value: object) -> float | None:
    found = number(value)
    if found is None and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return found


def _integer(value: object) -> int | None:
    try:
        found = int(value) if isinstance(value, int | str) else int(value) if isinstance(value, float) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and -_INT64 <= found < _INT64 else None


def _datasets(given: object) -> Iterator[DatasetInput]:
    for item in as_list(given):
        entry = as_map(item)
        data = entry["dataset"] if isinstance(entry.get("dataset"), dict) else entry
        if not isinstance(data.get("name"), str):
            continue
        yield DatasetInput(
            name=data["name"],
            digest=text(data.get("digest")),
            source=text(data.get("source")),
            schema=text(data.get("schema")),
            profile=text(data.get("profile")),
            context=texts(entry.get("tags")).get(_CONTEXT) or text(entry.get("context")) or "",
        )


def _model_ids(given: object) -> Iterator[str]:
    yield from (identity for item in as_list(given) if (identity := text(as_map(item).get("model_id"))))


def _artifacts(given: object) -> Iterator[tuple[str, int | None]]:
    """Yield path and size of files: of a list of files, or of a map by path or by whatever else."""
    if isinstance(given, dict) and isinstance(given.get("files"), list):
        given = given["files"]
    named: Iterable[tuple[object, object]]
    named = given.items() if isinstance(given, dict) else ((None, item) for item in as_list(given))
    for name, item in named:
        path = text(as_map(item).get("path")) or (item if isinstance(item, str) and name is None else text(name))
        if path and not as_map(item).get("is_dir"):
            yield path, _integer(as_map(item).get("file_size"))


def _model_metrics(given: object) -> Iterator[tuple[tuple[int, int], ModelMetric]]:
    for item in as_list(given):
        found = point(item)
        if found is not None and isinstance(item, dict):
            step, time_ms, value = found
            name = text(item.get("key")) or ""
            metric = ModelMetric(metric=name, value=value, step=step, dataset=text(item.get("dataset_name")) or "")
            yield (step, time_ms or 0), metric


def _aliases(given: object) -> Iterator[tuple[str, str]]:
    for item in as_list(given):
        alias, version = text(as_map(item).get("alias")), text(as_map(item).get("version"))
        if alias and version:
            yield alias, version
