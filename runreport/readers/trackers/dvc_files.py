"""What ``dvc.yaml`` and ``dvc.lock`` say about a project: settings, metrics, data and files with their digests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import as_map
from runreport.formats.files import read_bytes
from runreport.formats.yaml import load_yaml
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Dataset, Edge
from runreport.names import Relation
from runreport.readers.base import Location, Source
from runreport.readers.trackers.common import Findings, artifact, base_name, join

_YAML, _LOCK = "dvc.yaml", "dvc.lock"
_DIGESTS = ("md5", "hash", "etag", "checksum")
_CODE_SUFFIXES = (".py", ".ipynb", ".sh", ".r", ".jl")
_MOST_MATCHED_BYTES = 100_000
_MOST_METRIC_FILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Facts of a run that DVC's own files hold."""

    params: dict[str, str]
    tags: dict[str, str]
    artifacts: tuple[Artifact, ...]
    datasets: tuple[Dataset, ...]
    edges: tuple[Edge, ...]
    code: CodeVersion | None


def metric_files(location: Location, folder: str) -> tuple[str, ...]:
    """Return the JSON files of metrics that the dvc.yaml of a folder names and that are there, relative to the folder."""
    try:
        described = as_map(load_yaml(read_bytes(location.inside(join(folder, _YAML)), _MOST_MATCHED_BYTES)))
    except ReadError:
        return ()
    listed = [
        described.get("metrics"),
        *(as_map(stage).get("metrics") for stage in as_map(described.get("stages")).values()),
    ]
    names = [name for item in listed for name in _names(item) if name.endswith(".json") and "${" not in name]
    return tuple(name for name in dict.fromkeys(names) if _is_there(location, join(folder, name)))[:_MOST_METRIC_FILES]


def read_project(location: Location, source: Source, findings: Findings) -> Project:
    """Return what dvc.yaml and dvc.lock in the folder of a run say."""
    described = as_map(findings.yaml(location, join(source.path, _YAML)))
    locked = as_map(findings.yaml(location, join(source.path, _LOCK)))
    stages = {name: as_map(stage) for name, stage in as_map(locked.get("stages")).items()}
    outputs = {path: out for stage in stages.values() for path, out in _entries(stage.get("outs"))}
    inputs = {
        path: dep for stage in stages.values() for path, dep in _entries(stage.get("deps")) if path not in outputs
    }
    commands = {name: _command(stage.get("cmd")) for name, stage in stages.items() if stage.get("cmd")}
    return Project(
        params=_params(stages),
        tags={f"dvc.{name}.cmd": command for name, command in commands.items()},
        artifacts=tuple(_artifacts(location, source, outputs)),
        datasets=tuple(_datasets(source.run_id, inputs)),
        edges=tuple(_model_edges(source.run_id, described, outputs)),
        code=_code(source.run_id, inputs, commands),
    )


def _params(stages: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the settings that stages were run with; those of other files than params.yaml by the file's name."""
    params: dict[str, str] = {}
    for stage in stages.values():
        for file, settings in as_map(stage.get("params")).items():
            prefix = "" if file == "params.yaml" else f"{base_name(file)}:"
            for name, value in as_map(settings).items():  # a setting of a map is written under its dotted name
                params |= keys.flatten(value, f"{prefix}{name}")
    return params


def _names(listed: object) -> Iterator[str]:
    """Yield the paths of a list whose items are a path, or a map of a path to options."""
    for item in listed if isinstance(listed, list) else [listed]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item


def _artifacts(location: Location, source: Source, outputs: dict[str, dict[str, Any]]) -> Iterator[Artifact]:
    for path, out in outputs.items():
        found = artifact(location, source.run_id, path, join(source.path, path))
        size = _whole(out.get("size"))
        yield (
            found
            if found.size_bytes is not None or size is None
            else Artifact(run_id=source.run_id, path=path, size_bytes=size, media_type=found.media_type)
        )


def _datasets(run_id: str, inputs: dict[str, dict[str, Any]]) -> Iterator[Dataset]:
    """Yield the dependencies that no stage wrote, source code left out, with the digests DVC knows them by."""
    for path, dep in inputs.items():
        if not path.lower().endswith(_CODE_SUFFIXES):
            yield Dataset(run_id=run_id, dataset=path, digest=_digest(dep), source=path, rows=None)


def _model_edges(run_id: str, described: dict[str, Any], outputs: dict[str, dict[str, Any]]) -> Iterator[Edge]:
    """Yield an edge for each artifact of type model that dvc.yaml declares."""
    for name, declared in as_map(described.get("artifacts")).items():
        about = as_map(declared)
        if about.get("type") == "model" and isinstance(about.get("path"), str):
            digest = _digest(outputs.get(about["path"], {}))
            identity = f"{name}@{digest}" if digest else name
            yield Edge(
                run_id=run_id, from_node=f"run:{run_id}", to_node=f"model:{identity}", relation=Relation.PRODUCED
            )


def _code(run_id: str, inputs: dict[str, dict[str, Any]], commands: dict[str, str]) -> CodeVersion | None:
    """Return what is known of the code: the digests of the source files the stages depend on."""
    digests = [f"{path} {_digest(dep)}" for path, dep in inputs.items() if path.lower().endswith(_CODE_SUFFIXES)]
    if not digests and not commands:
        return None
    return CodeVersion(run_id=run_id, entry_point=next(iter(commands.values()), None))


def _entries(listed: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and isinstance(item.get("path"), str):
            yield item["path"], item


def _digest(entry: dict[str, Any]) -> str | None:
    for kind in _DIGESTS:
        value = entry.get(kind)
        if isinstance(value, str) and not (kind == "hash" and value in _DIGESTS):
            return f"{kind}:{value}"
    return None


def _is_there(location: Location, place: str) -> bool:
    try:
        return location.inside(place).is_file()
    except (ReadError, OSError, ValueError):
        return False


def _command(cmd: object) -> str:
    return " && ".join(map(str, cmd)) if isinstance(cmd, list) else str(cmd)


def _whole(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() else None
