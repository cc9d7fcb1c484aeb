"""The folders of MLflow's file store: what an experiment folder and a run folder say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.formats.flat_yaml import FlatYaml
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.mlflow.artifacts import ArtifactFolder
from runreport.readers.mlflow.facts import PRIMARY_METRIC, PRIMARY_METRIC_UP, DatasetInput, Experiment, RunFacts
from runreport.readers.mlflow.meta import (
    META,
    check_listed_meta,
    join,
    parse_meta,
    read_listed_meta,
    read_meta,
    readable,
    source_id,
    unpacked,
)
from runreport.readers.mlflow.model_folders import MODELS, ModelFolders
from runreport.readers.mlflow.models import NO_MODELS, RunModels

ARTIFACTS = "artifacts"
RUN_PARTS = ("inputs", "metrics", "outputs", "params", "tags")
"""The sub-folders of a run that make up its log; its artifacts are listed apart."""

_DATASET_BYTES = 64 * 1024 * 1024  # its profile may take 16 MB, and YAML escapes it
_VALUE_BYTES = 1024 * 1024
_CONTEXT = "mlflow.data.context"


class MetricPath(NamedTuple):
    """A metric's name and its file relative to the root."""

    metric: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentFolder:
    """An experiment and where it lies relative to the root; ``folder`` is None when that is outside of it."""

    experiment: Experiment
    folder: str | None
    is_deleted: bool = False
    models: Mapping[str, RunModels] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """A run's facts, the files of its metrics, and where its artifacts lie."""

    facts: RunFacts
    metrics: tuple[MetricPath, ...]
    artifact_folders: tuple[ArtifactFolder, ...]
    notices: tuple[Notice, ...]


@dataclass(slots=True)
class _Parts:
    """What the files of a run's sub-folders said, as they are read one by one."""

    location: Location
    root: str
    run_id: str
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[MetricPath] = field(default_factory=list)
    inputs: list[FlatYaml] = field(default_factory=list)
    outputs: list[FlatYaml] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def doubt(self, code: str, path: str, message: str) -> None:
        self.notices.append(
            Notice(severity=Severity.WARNING, code=code, location=path, message=message, run_id=self.run_id)
        )


def read_experiment(location: Location, folder: str, models: ModelFolders) -> ExperimentFolder:
    """Return the experiment of a folder; when its meta.yaml cannot be read it is called by the name of the folder.

    Args:
        location: gives the root.
        folder: relative to the root.
        models: reads the models of its runs.
    """
    try:
        meta = read_meta(location, folder)
    except ReadError as problem:
        return _nameless(folder, folder.rpartition("/")[2] or location.label, problem.sentence)
    name = meta.values.get("name") or meta.values.get("experiment_id") or folder
    return ExperimentFolder(
        experiment=Experiment(name=name, tags=dict(_experiment_tags(location, folder))),
        folder=folder,
        is_deleted=meta.values.get("lifecycle_stage") == "deleted",
        models=models.of_experiment(folder),
        notices=_problem_notices(meta, join(folder, META), ""),
    )


def experiment_of_run(location: Location, run_folder: str, models: ModelFolders) -> ExperimentFolder:
    """Return the experiment a run folder lies in, called by its id when it is not below the root."""
    parent = run_folder.rpartition("/")[0]
    if run_folder and (location.root / parent / META).exists():
        return read_experiment(location, parent, models)
    experiment_id = read_meta(location, run_folder).values.get("experiment_id")
    return _nameless(None, experiment_id or location.label, "It is not part of the folder that is read.")


def folder_of(source: Source) -> str:
    """Return the folder of a run relative to the root; empty for the root itself."""
    return "" if source.path == "." else source.path


def read_run(location: Location, source: Source, home: ExperimentFolder) -> RunFolder:
    """Read everything of a run but its metric points and artifacts.

    Raises:
        ReadError: its meta.yaml is no longer there.
    """
    folder, meta = folder_of(source), unpacked(source.handle)
    check_listed_meta(location.root, folder)
    parts = _Parts(
        location,
        str(location.root),
        source.run_id,
        notices=[*_problem_notices(meta, join(folder, META), source.run_id)],
    )
    prefix = len(folder) + 1 if folder else 0
    for path in source.files:
        part, _, name = path[prefix:].partition("/")
        if part in _PARTS:
            _PARTS[part](parts, path, name)
    return RunFolder(
        facts=_facts(meta, parts, source, home),
        metrics=tuple(parts.metrics),
        artifact_folders=tuple(_artifact_folders(location, parts, folder, home, source_id(meta))),
        notices=tuple(parts.notices),
    )


def _facts(meta: FlatYaml, parts: _Parts, source: Source, home: ExperimentFolder) -> RunFacts:
    values = meta.values
    datasets = [_dataset(parts, given, home) for given in parts.inputs if given.values.get("source_type") == "DATASET"]
    return RunFacts(
        source_id=source_id(meta),
        place=join(folder_of(source), META),
        experiment=home.experiment,
        name=values.get("run_name"),
        status=values.get("status"),
        started_ms=values.get("start_time"),
        ended_ms=values.get("end_time"),
        user=values.get("user_id"),
        source_name=values.get("source_name"),
        commit=values.get("source_version"),
        params=parts.params,
        tags=parts.tags,
        datasets=[dataset for dataset in datasets if dataset],
        models_used=_models(parts.inputs, "source_id"),
        models_produced=_models(parts.outputs, "destination_id"),
        models=home.models.get(source_id(meta), NO_MODELS),
    )


def _models(ends: list[FlatYaml], end: str) -> list[str]:
    kind = end.replace("_id", "_type")
    found = (given.values.get(end) for given in ends if "MODEL" in (given.values.get(kind) or ""))
    return [model for model in found if model]


def _dataset(parts: _Parts, given: FlatYaml, home: ExperimentFolder) -> DatasetInput | None:
    identity = given.values.get("source_id") or ""
    if home.folder is None or "/" in identity or not identity:
        return None
    path = join(home.folder, f"datasets/{identity}/{META}")
    try:
        values = parse_meta(read_bytes(parts.location.inside(path), _DATASET_BYTES)).values
    except ReadError as problem:
        parts.doubt("unread-dataset", path, f"A data set the run read is not described. {problem.sentence}")
        return None
    return DatasetInput(
        name=values.get("name") or identity,
        digest=values.get("digest"),
        source=values.get("source"),
        schema=values.get("schema"),
        profile=values.get("profile"),
        context=given.maps.get("tags", {}).get(_CONTEXT) or "",
    )


def _artifact_folders(
    location: Location, parts: _Parts, folder: str, home: ExperimentFolder, run: str
) -> Iterator[ArtifactFolder]:
    """Yield the run's own folder, wherever the tree was moved to, and those of the models that it logged."""
    yield ArtifactFolder(folder=join(folder, ARTIFACTS))
    if home.folder is None:
        return
    names: set[str] = set()
    known = {model.model_id: model.name for model in home.models.get(run, NO_MODELS).logged}
    for model in sorted({*known, *_models(parts.outputs, "destination_id")}):
        model_folder = join(home.folder, f"{MODELS}/{model}")
        name = known.get(model) or _model_name(location, model_folder)
        if name and "/" not in model:
            yield ArtifactFolder(folder=f"{model_folder}/{ARTIFACTS}", listed_as=model if name in names else name)
            names.add(name)


def _model_name(location: Location, folder: str) -> str:
    try:
        return read_meta(location, folder).values.get("name") or ""
    except ReadError:
        return ""  # a model that was deleted since, or stored elsewhere; the lineage edge still names it


def _add_param(parts: _Parts, path: str, name: str) -> None:
    _add_text(parts, parts.params, path, name)


def _add_tag(parts: _Parts, path: str, name: str) -> None:
    _add_text(parts, parts.tags, path, name)


def _add_metric(parts: _Parts, path: str, name: str) -> None:
    parts.metrics.append(MetricPath(readable(name), path))


def _add_input(parts: _Parts, path: str, name: str) -> None:
    _add_meta(parts, parts.inputs, path, name)


def _add_output(parts: _Parts, path: str, name: str) -> None:
    _add_meta(parts, parts.outputs, path, name)


_PARTS: Mapping[str, Callable[[_Parts, str, str], None]] = MappingProxyType(
    {
        "inputs": _add_input,
        "metrics": _add_metric,
        "outputs": _add_output,
        "params": _add_param,
        "tags": _add_tag,
    }
)


def _add_text(parts: _Parts, texts: dict[str, str], path: str, name: str) -> None:
    """Read the one text of a file. It is taken as it is: it may be empty and may end in line breaks."""
    try:
        content = read_bytes(f"{parts.root}/{path}", _VALUE_BYTES)
    except ReadError as problem:
        parts.doubt("unread-value", path, f"This value is missing. {problem.sentence}")
        return
    try:
        texts[readable(name)] = content.decode("utf-8")
    except UnicodeDecodeError:
        texts[readable(name)] = content.decode("utf-8", "backslashreplace")
        parts.doubt("not-utf8", path, "The value is not UTF-8; the other bytes are shown as \\x and two digits.")


def _add_meta(parts: _Parts, metas: list[FlatYaml], path: str, name: str) -> None:
    if name.rpartition("/")[2] != META:
        return
    try:
        metas.append(read_listed_meta(parts.location.root, path.removesuffix(f"/{META}")))
    except ReadError as problem:
        parts.doubt("unread-input", path, f"An input or output of the run is missing. {problem.sentence}")


def _experiment_tags(location: Location, folder: str) -> Iterator[tuple[str, str]]:
    for tag in (PRIMARY_METRIC, PRIMARY_METRIC_UP):
        try:
            content = read_bytes(location.inside(join(folder, f"tags/{tag}")), _VALUE_BYTES)
        except ReadError:
            continue  # most experiments have no such tag
        yield tag, content.decode("utf-8", "replace")


def _nameless(folder: str | None, name: str, reason: str) -> ExperimentFolder:
    message = f"The name of the experiment is unknown, so it is called {name!r}. {reason}"
    notice = Notice(
        severity=Severity.WARNING, code="nameless-experiment", location=join(folder or "", META), message=message
    )
    return ExperimentFolder(experiment=Experiment(name=name), folder=folder, notices=(notice,))


def _problem_notices(meta: FlatYaml, path: str, run_id: str) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            severity=Severity.WARNING,
            code="broken-line",
            location=f"{path}:{line}",
            message=f"This line {reason} and was left out.",
            run_id=run_id,
        )
        for line, reason in meta.problems
    )
