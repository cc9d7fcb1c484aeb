"""The small files that the client writes beside the record file, in ``files/``."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.formats.yaml import load_yaml
from runreport.model.keys import param_kind
from runreport.names import ParamKind, Severity
from runreport.readers.base import Location
from runreport.readers.common.packages import packages
from runreport.readers.wandb.fold import parse_value
from runreport.readers.wandb.notes import Notes, listed
from runreport.readers.wandb.surroundings import Surroundings, from_metadata

CONFIG = "config.yaml"
SUMMARY = "wandb-summary.json"
METADATA = "wandb-metadata.json"
REQUIREMENTS = "requirements.txt"
CONDA = "conda-environment.yaml"
PATCH = "diff.patch"
FILES = (CONFIG, SUMMARY, METADATA, REQUIREMENTS, CONDA, PATCH)

_MOST_BYTES = 50_000_000
_OWN_SETTINGS = frozenset({"_wandb", "wandb_version"})

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What those files say; ``patch`` is the SHA-256 of the changes that were not committed, empty without any."""

    config: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    packages: Mapping[str, str] = field(default_factory=dict)
    patch: str = ""


class _Reading:
    """Reads the last of the files of a name; one that cannot be read becomes a notice."""

    def __init__(self, location: Location, files: Sequence[str], notes: Notes) -> None:
        self._location = location
        self._files = {file.rpartition("/")[2]: file for file in files}
        self._notes = notes

    def read(self, name: str, action: Callable[[bytes], Content], nothing: Content) -> Content:
        place = self._files.get(name)
        if place is None:
            return nothing
        try:
            return action(read_bytes(self._location.inside(place), _MOST_BYTES))
        except ReadError as problem:
            self._notes.add("unreadable-file", problem.sentence, place=place, severity=Severity.WARNING)
            return nothing


def read_beside(location: Location, files: Sequence[str], notes: Notes) -> Beside:
    """Read the files of these names among ``files``; of several with one name the last."""
    reading = _Reading(location, files, notes)
    empty: Mapping[str, Any] = {}
    no_packages: Mapping[str, str] = {}
    pinned = reading.read(REQUIREMENTS, lambda data: packages("requirements.txt", _decoded(data)), no_packages)
    conda = reading.read(CONDA, lambda data: packages("conda.yaml", _decoded(data)), no_packages)
    differing = sorted(name for name, version in conda.items() if pinned.get(name, version) != version)
    if differing:
        message = f"{REQUIREMENTS} and {CONDA} name different versions of {listed(differing)}; the first counts."
        notes.info("two-environments", message)
    return Beside(
        config=reading.read(CONFIG, _settings, empty),
        summary=reading.read(SUMMARY, _object, empty),
        surroundings=from_metadata(reading.read(METADATA, _object, empty)),
        packages={**conda, **pinned},
        patch=reading.read(PATCH, _digest, ""),
    )


def holds_settings(head: bytes) -> bool:
    """Say whether a ``config.yaml`` that begins so was written by the client."""
    return any(line.startswith((b"_wandb:", b"wandb_version:")) for line in head.splitlines())


def _settings(data: bytes) -> Mapping[str, Any]:
    """Return the settings of a ``config.yaml``: each is a map with its value and, in old files, a description."""
    loaded = load_yaml(data)
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ReadError("It holds no settings by name.")
    return {name: _value(entry) for name, entry in loaded.items() if name not in _OWN_SETTINGS}


def _value(entry: Any) -> Any:  # noqa: ANN401 - a setting may be anything
    inner = (
        entry["value"] if isinstance(entry, dict) and entry.keys() <= {"value", "desc"} and "value" in entry else entry
    )
    return _typed(inner)


def _typed(value: Any) -> Any:  # noqa: ANN401 - a setting may be anything
    """Return a setting whose lists hold numbers again: they are shown as JSON, and all scalars of YAML are texts."""
    if isinstance(value, dict):
        return {key: _typed(inner) for key, inner in value.items()}
    return [_scalar(inner) for inner in value] if isinstance(value, list) else value


def _scalar(value: Any) -> Any:  # noqa: ANN401 - a setting may be anything
    if not isinstance(value, str):
        return _typed(value)
    kind, number = param_kind(value)
    if kind is ParamKind.INT:
        return int(value) if number is not None else value
    if kind is ParamKind.BOOL:
        return bool(number)
    return number if kind is ParamKind.FLOAT else value


def _object(data: bytes) -> Mapping[str, Any]:
    value = parse_value(data)
    if not isinstance(value, dict):
        raise ReadError("It holds no JSON object.")
    return value


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data.strip() else ""


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def same_setting(first: str, second: str) -> bool:
    """Say whether two texts stand for the same setting; YAML and JSON write numbers and lists differently."""
    numbers = param_kind(first)[1], param_kind(second)[1]
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1] or numbers[0] != numbers[0]
    return _bare(first) == _bare(second)


def _bare(text: str) -> str:
    return "".join(character for character in text if character not in "\"' ").casefold()


def conflicting(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of settings that are in both and differ."""
    return (name for name, text in second.items() if name in first and not same_setting(first[name], text))
