"""Models of MLflow: those that runs logged (MLflow 3) and the versions of registered models, whichever store they lie in."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from runreport.model.entities import Edge, Model
from runreport.names import ModelKind, Relation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MODEL_ADDRESS = "models:/"
_STATUSES = MappingProxyType({"1": "PENDING", "2": "READY", "3": "FAILED"})
_STATUS_PREFIX = "LOGGED_MODEL_"
_NO_STAGE = frozenset({"", "None"})  # MLflow's own word for a version without a stage
_OF_THE_RUN = ("mlflow.user", "mlflow.source.", "mlflow.runName")  # tags of a model that only repeat its run


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetric:
    """The last value of a metric that was logged for a model; ``dataset`` names the data it was measured on."""

    metric: str
    value: float
    step: int
    dataset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModel:
    """A model that a run logged, as its store describes it."""

    model_id: str
    name: str
    run: str
    type: str | None = None
    status: str | None = None
    source: str | None = None
    created_ms: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[ModelMetric] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A version of a registered model; ``run`` or ``model_id`` say what it was made from."""

    name: str
    version: str
    run: str = ""
    model_id: str = ""
    stage: str | None = None
    aliases: Sequence[str] = ()
    status: str | None = None
    source: str | None = None
    description: str | None = None
    created_ms: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunModels:
    """The models of one run."""

    logged: tuple[LoggedModel, ...] = ()
    versions: tuple[ModelVersion, ...] = ()

    def identity(self) -> str:
        """Return everything about them, for the fingerprint of the run; empty when there are none."""
        return repr(self) if self.logged or self.versions else ""


NO_MODELS = RunModels()


def by_run(logged: Iterable[LoggedModel], versions: Iterable[ModelVersion]) -> dict[str, RunModels]:
    """Return the models of each run; a version that names no run belongs to the run of its logged model."""
    own: dict[str, list[LoggedModel]] = {}
    for model in sorted(logged, key=lambda model: (model.name, model.model_id)):
        own.setdefault(model.run, []).append(model)
    makers = {model.model_id: run for run, models in own.items() for model in models}
    made: dict[str, list[ModelVersion]] = {}
    for version in sorted(versions, key=_place_in_list):
        made.setdefault(version.run or makers.get(logged_id(version), ""), []).append(version)
    return {
        run: RunModels(logged=tuple(own.get(run, ())), versions=tuple(made.get(run, ())))
        for run in sorted(own.keys() | made.keys())
    }


def logged_id(version: ModelVersion) -> str:
    """Return the id of the logged model behind a version; empty when there is none."""
    address = version.source or ""
    return version.model_id or (address.removeprefix(_MODEL_ADDRESS) if address.startswith(_MODEL_ADDRESS) else "")


def model_address(model_id: str) -> str:
    """Return the address by which a registered version names the logged model it was made from."""
    return f"{_MODEL_ADDRESS}{model_id}"


def last_values(points: Iterable[tuple[tuple[int, int], ModelMetric]]) -> tuple[ModelMetric, ...]:
    """Return the last value of each metric and data set, of points that come with (step, time)."""
    latest: dict[tuple[str, str], tuple[tuple[int, int], ModelMetric]] = {}
    for place, metric in points:
        key = metric.metric, metric.dataset
        if key not in latest or latest[key][0] <= place:
            latest[key] = place, metric
    return tuple(latest[key][1] for key in sorted(latest))


def entities(run_id: str, models: RunModels) -> Iterator[Model]:
    """Yield a row for each logged model, then one for each version."""
    for model in models.logged:
        yield Model(
            run_id=run_id,
            model=model.name or model.model_id,
            kind=ModelKind.LOGGED,
            model_id=model.model_id or None,
            type=model.type or None,
            status=_status(model.status),
            source=model.source or None,
            created=_moment(model.created_ms),
            details=_details(None, model.params, model.tags, model.metrics),
        )
    for version in models.versions:
        yield Model(
            run_id=run_id,
            model=version.name,
            kind=ModelKind.REGISTERED,
            version=version.version,
            model_id=logged_id(version) or None,
            stage=None if (version.stage or "") in _NO_STAGE else version.stage,
            aliases=", ".join(sorted(version.aliases)) or None,
            status=_status(version.status),
            source=version.source or None,
            created=_moment(version.created_ms),
            details=_details(version.description, {}, version.tags, ()),
        )


def registrations(run_id: str, models: RunModels) -> Iterator[Edge]:
    """Yield the way from a logged model, or from the run itself, to each registered version."""
    for version in models.versions:
        model = logged_id(version)
        yield Edge(
            run_id=run_id,
            from_node=f"model:{model}" if model else f"run:{run_id}",
            to_node=f"model:{version.name}/{version.version}",
            relation=Relation.REGISTERED,
        )


def _place_in_list(version: ModelVersion) -> tuple[str, int, str]:
    return version.name, int(version.version) if version.version.isdecimal() else 0, version.version


def _status(text: str | None) -> str | None:
    status = (text or "").removeprefix(_STATUS_PREFIX)
    return _STATUSES.get(status, status) or None


def _moment(text: str | None) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=int(text or ""))
    except (ValueError, OverflowError):
        return None


def _details(
    description: str | None, params: Mapping[str, str], tags: Mapping[str, str], metrics: Sequence[ModelMetric]
) -> str | None:
    told = {name: tags[name] for name in sorted(tags) if not name.startswith(_OF_THE_RUN)}
    listed = [
        {"metric": one.metric, "value": _value(one.value), "step": one.step}
        | ({"dataset": one.dataset} if one.dataset else {})
        for one in metrics
    ]
    found = {"description": description, "params": dict(sorted(params.items())), "tags": told, "metrics": listed}
    filled = {name: value for name, value in found.items() if value}
    return json.dumps(filled, ensure_ascii=False) if filled else None


def _value(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
