"""The ``meta.yaml`` files of MLflow's file store."""

import json
import os
from enum import Enum
from pathlib import Path

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.formats.flat_yaml import FlatYaml, parse_flat_yaml
from runreport.readers.base import Location

META = "meta.yaml"
_META_BYTES = 4 * 1024 * 1024


class Kind(Enum):
    """What a folder's meta.yaml describes."""

    EXPERIMENT = "experiment"
    RUN = "run"
    OTHER = "other"


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
    return parse_meta(read_bytes(location.inside(join(folder, META)), _META_BYTES))


def read_listed_meta(root: Path, folder: str) -> FlatYaml:
    """Return the meta.yaml of a folder whose listing has shown that it is no link out of the root.

    Raises:
        ReadError: it is missing, too large, or cannot be understood.
    """
    return parse_meta(read_bytes(absolute(root, join(folder, META)), _META_BYTES))


def check_listed_meta(root: Path, folder: str) -> None:
    """Check that a meta.yaml that was read is still there.

    Raises:
        ReadError: it is not.
    """
    try:
        os.stat(absolute(root, join(folder, META)))  # noqa: PTH116 - counts for thousands of runs
    except OSError as problem:
        raise ReadError(f"It cannot be read: {problem.strerror or problem}.") from problem


def packed(meta: FlatYaml) -> str:
    """Return a meta.yaml as one text that is read faster than the file."""
    return json.dumps([meta.values, meta.problems])


def unpacked(text: str) -> FlatYaml:
    """Return the top-level values and problems of what :func:`packed` made."""
    values, problems = json.loads(text)
    return FlatYaml(values=values, problems=tuple((line, reason) for line, reason in problems))


def readable(name: str) -> str:
    r"""Return a name as valid text; bytes that are not UTF-8 become ``\x`` and two digits, so names stay distinct."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def join(folder: str, name: str) -> str:
    """Return the path of something in a folder, which is empty for the root."""
    return f"{folder}/{name}" if folder else name


def absolute(root: Path, path: str) -> str:
    """Return a path below the root as text: joining paths costs more than reading a small file."""
    return f"{root}/{path}"
