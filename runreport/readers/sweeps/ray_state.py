"""``experiment_state-<time>.json`` of Ray Tune: how each trial of an experiment stands.

Format: ``ray/tune/execution/experiment_state.py``. ``trial_data`` is a list with two JSON texts per trial: what it is
(``trial_id``, ``status``, ``experiment_tag``) and how it went (``start_time``). Older versions have a list
``checkpoints`` of objects or texts. Values that were pickled stand there as hexadecimal text and are not looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number, parse_json
from runreport.formats.files import list_folder
from runreport.names import RunStatus
from runreport.readers.base import Location

_PREFIX, _SUFFIX = "experiment_state-", ".json"
_MAX_BYTES = 100_000_000
_STATUSES = {
    "TERMINATED": RunStatus.FINISHED,
    "ERROR": RunStatus.FAILED,
    "RUNNING": RunStatus.RUNNING,
    "PENDING": RunStatus.RUNNING,
    "PAUSED": RunStatus.RUNNING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialState:
    """What an experiment says about one trial; ``status_text`` is Ray's own word."""

    status: RunStatus = RunStatus.UNKNOWN
    status_text: str = ""
    experiment_tag: str = ""
    trainable: str = ""
    start_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentState:
    """The trials of an experiment by their folders and by their ids, and the metric it goes by."""

    by_folder: Mapping[str, TrialState] = field(default_factory=dict)
    by_id: Mapping[str, TrialState] = field(default_factory=dict)
    metric: str | None = None


def is_state(name: str) -> bool:
    """Say whether a file is the state of an experiment."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def state_file(location: Location, folder: str) -> str | None:
    """Return the newest state in a folder (relative to the root), None when there is none."""
    names = [file.path for file in list_folder(location.root, folder).files if is_state(file.path)]
    return f"{folder}/{max(names)}".lstrip("/") if names else None


def read_state(location: Location, file: str) -> ExperimentState:
    """Return the state of an experiment.

    Raises:
        ReadError: the file cannot be read or is no JSON.
    """
    path = location.inside(file)
    try:
        stat = path.stat()
    except OSError as problem:
        sentence = f"It cannot be read: {problem.strerror}."
        raise ReadError(sentence) from problem
    return _state(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=2)  # all trials of an experiment ask for the same file
def _state(path: str, size_bytes: int, mtime_ns: int) -> ExperimentState:  # noqa: ARG001 - a changed file is read anew
    value = load_object(Path(path), _MAX_BYTES)
    by_folder: dict[str, TrialState] = {}
    by_id: dict[str, TrialState] = {}
    for trial, course in _trials(value):
        status = str(trial.get("status") or "")
        state = TrialState(
            status=_STATUSES.get(status, RunStatus.UNKNOWN),
            status_text=status,
            experiment_tag=str(trial.get("experiment_tag") or ""),
            trainable=str(trial.get("trainable_name") or ""),
            start_s=number(course.get("start_time")) or number(trial.get("start_time")),
        )
        folder = trial.get("relative_logdir") or trial.get("logdir")
        if isinstance(folder, str):
            by_folder[folder.rstrip("/").rpartition("/")[2]] = state
        if isinstance(trial.get("trial_id"), str):
            by_id[trial["trial_id"]] = state
    runner = value.get("runner_data")
    metric = runner.get("_metric") if isinstance(runner, dict) else None
    return ExperimentState(by_folder=by_folder, by_id=by_id, metric=metric if isinstance(metric, str) else None)


def _trials(value: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    listed = value.get("trial_data")
    if not isinstance(listed, list):
        listed = value.get("checkpoints")
    for item in listed if isinstance(listed, list) else []:
        parts = item if isinstance(item, list) else [item]
        objects = [found if isinstance(found := _object(part), dict) else {} for part in parts[:2]]
        if objects and objects[0]:
            yield objects[0], objects[1] if len(objects) > 1 else {}


def _object(part: object) -> object:
    if not isinstance(part, str):
        return part
    try:
        return parse_json(part.encode())
    except ReadError:
        return None
