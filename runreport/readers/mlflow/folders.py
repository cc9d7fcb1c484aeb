"""The folders of MLflow's file store: what an experiment folder and a run folder say."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.formats.flat_yaml import FlatYaml, parse_flat_yaml
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.mlflow.artifacts import ArtifactFolder
from runreport.readers.mlflow.runs import PRIMARY_METRIC, PRIMARY_METRIC_UP, DatasetInput, Experiment, RunFacts

META = "meta.yaml"
ARTIFACTS = "artifacts"
RUN_PARTS = ("inputs", "metrics", "outputs", "params", "tags")
"""The sub-folders of a run that make up its log; its artifacts are listed apart."""

_META_BYTES = 4 * 1024 * 1024
_DATASET_BYTES = 64 * 1024 * 1024  # its profile may take 16 MB, and YAML escapes it
_VALUE_BYTES = 1024 * 1024
_CONTEXT = "mlflow.data.context"


class Kind(Enum):
    """What a folder's meta.yaml describes."""

    EXPERIMENT = "experiment"
    RUN = "run"
    OTHER = "other"


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


def kind_of(meta: FlatYaml) -> Kind:
    """Say what a meta.yaml describes; the model registry and logged models have some of the same keys."""
    if source_id(meta) and "artifact_uri" in meta.values:
        return Kind.RUN
    is_experiment = {"experiment_id", "artifact_location"} <= meta.values.keys() and "model_id" not in meta.values
    return Kind.EXPERIMENT if is_experiment else Kind.OTHER


def source_id(meta: FlatYaml) -> str:
    """Return the id that MLflow gave to a run; empty when there is none."""
    return meta.values.get("run_id") or meta.values.get("run_uuid") or ""


def parse_meta(content: bytes) -> FlatYaml:
    """Return a meta.yaml.

    Raises:
        ReadError: it is not UTF-8, or nothing in it is understood.
    """
    try:
        meta = parse_flat_yaml(content.decode("utf-8"))
    except UnicodeDecodeError as problem:
        sentence = f"It is not UTF-8 from byte {problem.start} on."
        raise ReadError(sentence) from problem
    if not meta.values:
        sentence = "It is empty or no YAML."
        raise ReadError(sentence)
    return meta


def read_meta(location: Location, folder: str) -> FlatYaml:
    """Return the meta.yaml of a folder given relative to the root.

    Raises:
        ReadError: it is missing, too large, lies outside of the root, or cannot be understood.
    """
    return parse_meta(read_bytes(location.inside(_join(folder, META)), _META_BYTES))


def read_listed_meta(root: Path, folder: str) -> FlatYaml:
    """Return the meta.yaml of a folder whose listing has shown that it is no link out of the root.

    Raises:
        ReadError: it is missing, too large, or cannot be understood.
    """
    return parse_meta(read_bytes(_absolute(root, _join(folder, META)), _META_BYTES))


def read_experiment(location: Location, folder: str) -> ExperimentFolder:
    """Return the experiment of a folder; when its meta.yaml cannot be read it is called by the name of the folder."""
    try:
        meta = read_meta(location, folder)
    except ReadError as problem:
        return _nameless(folder, folder.rpartition("/")[2] or location.label, problem.sentence)
    name = meta.values.get("name") or meta.values.get("experiment_id") or folder
    return ExperimentFolder(
        experiment=Experiment(name=name, tags=dict(_experiment_tags(location, folder))),
        folder=folder,
        is_deleted=meta.values.get("lifecycle_stage") == "deleted",
        notices=_problem_notices(meta, _join(folder, META), ""),
    )


def experiment_of_run(location: Location, run_folder: str) -> ExperimentFolder:
    """Return the experiment a run folder lies in, called by its id when it is not below the root."""
    parent = run_folder.rpartition("/")[0]
    if run_folder and (location.root / parent / META).exists():
        return read_experiment(location, parent)
    experiment_id = read_meta(location, run_folder).values.get("experiment_id")
    return _nameless(None, experiment_id or location.label, "It is not part of the folder that is read.")


def read_run(location: Location, source: Source, home: ExperimentFolder) -> RunFolder:
    """Read everything of a run but its metric points and artifacts.

    Raises:
        ReadError: its meta.yaml cannot be read.
    """
    folder = source.handle
    meta = read_listed_meta(location.root, folder)
    parts = _Parts(location, source.run_id, notices=[*_problem_notices(meta, _join(folder, META), source.run_id)])
    prefix = len(folder) + 1 if folder else 0
    for path in source.files:
        part, _, name = path[prefix:].partition("/")
        if part in _PARTS:
            _PARTS[part](parts, path, name)
    return RunFolder(
        facts=_facts(meta, parts, source, home),
        metrics=tuple(parts.metrics),
        artifact_folders=tuple(_artifact_folders(location, parts, folder, home)),
        notices=tuple(parts.notices),
    )


def _facts(meta: FlatYaml, parts: _Parts, source: Source, home: ExperimentFolder) -> RunFacts:
    values = meta.values
    datasets = [_dataset(parts, given, home) for given in parts.inputs if given.values.get("source_type") == "DATASET"]
    return RunFacts(
        source_id=source_id(meta),
        place=_join(source.handle, META),
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
    )


def _models(ends: list[FlatYaml], end: str) -> list[str]:
    kind = end.replace("_id", "_type")
    return [str(given.values[end]) for given in ends if "MODEL" in (given.values.get(kind) or "") and given.values[end]]


def _dataset(parts: _Parts, given: FlatYaml, home: ExperimentFolder) -> DatasetInput | None:
    identity = given.values.get("source_id") or ""
    if home.folder is None or "/" in identity or not identity:
        return None
    path = _join(home.folder, f"datasets/{identity}/{META}")
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
    location: Location, parts: _Parts, folder: str, home: ExperimentFolder
) -> Iterator[ArtifactFolder]:
    """Yield the run's own folder, wherever the tree was moved to, and those of the models that it logged."""
    yield ArtifactFolder(folder=_join(folder, ARTIFACTS))
    if home.folder is None:
        return
    names: set[str] = set()
    for model in sorted(_models(parts.outputs, "destination_id")):
        model_folder = _join(home.folder, f"models/{model}")
        name = _model_name(location, model_folder)
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
    parts.metrics.append(MetricPath(_readable(name), path))


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
        content = read_bytes(_absolute(parts.location.root, path), _VALUE_BYTES)
    except ReadError as problem:
        parts.doubt("unread-value", path, f"This value is missing. {problem.sentence}")
        return
    try:
        texts[_readable(name)] = content.decode("utf-8")
    except UnicodeDecodeError:
        texts[_readable(name)] = content.decode("utf-8", "backslashreplace")
        parts.doubt("not-utf8", path, "The value is not UTF-8; the other bytes are shown as \\x and two digits.")


def _add_meta(parts: _Parts, metas: list[FlatYaml], path: str, name: str) -> None:
    if name.rpartition("/")[2] != META:
        return
    try:
        metas.append(parse_meta(read_bytes(_absolute(parts.location.root, path), _META_BYTES)))
    except ReadError as problem:
        parts.doubt("unread-input", path, f"An input or output of the run is missing. {problem.sentence}")


def _experiment_tags(location: Location, folder: str) -> Iterator[tuple[str, str]]:
    for tag in (PRIMARY_METRIC, PRIMARY_METRIC_UP):
        try:
            content = read_bytes(location.inside(_join(folder, f"tags/{tag}")), _VALUE_BYTES)
        except ReadError:
            continue  # most experiments have no such tag
        yield tag, content.decode("utf-8", "replace")


def _nameless(folder: str | None, name: str, reason: str) -> ExperimentFolder:
    message = f"The name of the experiment is unknown, so it is called {name!r}. {reason}"
    notice = Notice(
        severity=Severity.WARNING, code="nameless-experiment", location=_join(folder or "", META), message=message
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


def _readable(name: str) -> str:
    r"""Return a name as valid text; bytes that are not UTF-8 become ``\x`` and two digits, so names stay distinct."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _absolute(root: Path, path: str) -> str:
    return f"{root}/{path}"
