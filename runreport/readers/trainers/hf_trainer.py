"""Output folders of the Hugging Face Trainer: ``trainer_state.json`` of the newest checkpoint, results and settings.

Format: ``TrainerState`` of the library. A folder with a state of its own or with ``checkpoint-N`` sub-folders is one
run, with all that lies below it. Every state holds the whole history, so only the newest is read.

Metrics have the names under which the library hands them to trackers: ``eval_loss`` is ``eval/loss``, everything else
is below ``train/``. So they are the same as in the event files that lie in ``runs/``.

``training_args.bin`` is a pickle and is never opened; only the settings of the state and of JSON files are known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number
from runreport.formats.files import list_folder
from runreport.model.entities import Artifact, RunBatch
from runreport.model.keys import flatten
from runreport.names import Direction, RunStatus
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of, unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import (
    MOST_JSON_BYTES,
    files_below,
    info,
    listed,
    plausible_seconds,
    warning,
    whole,
)

_OWN_FOLDERS = ("runs", "logs", "tensorboard")  # where the library and its users let event files be written
_STATE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d{1,15})")
_RESULTS = ("all_results.json", "train_results.json", "eval_results.json", "predict_results.json", "test_results.json")
_SETTINGS = {"training_args.json": "", "trainer_config.json": "", "adapter_config.json": "adapter."}
_MODEL = "config.json"
_PICKLE = "training_args.bin"
_PREFIXES = ("eval_", "test_", "predict_")
_OWN_PREFIXES = ("train/", "eval/", "val/", "test/")
_STATE_PARAMS = ("max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps")
_STATE_TAGS = ("best_metric", "best_model_checkpoint", "best_global_step", "trial_name")
_LABELS = frozenset({"id2label", "label2id"})
_AXES = frozenset({"step", "epoch"})
_WEIGHTS = (".safetensors", ".bin", ".pt", ".ckpt", ".gguf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """One state that could be read: its file relative to the root, its step and its content."""

    file: str
    step: int
    content: Mapping[str, Any]


class HuggingFaceTrainerReader:
    """Reads output folders of the Hugging Face Trainer."""

    name: ClassVar[str] = "hf_trainer"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Hugging Face Trainer: `trainer_state.json`, at the top or in `checkpoint-N/`, `*_results.json`, `config.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the states of a folder and of its checkpoints, with the results and settings beside them."""
        checkpoints = _checkpoints(location)
        own = [_STATE] if _STATE in location.files else []
        if not own and not checkpoints:
            return None
        states = [*own, *(f"{name}/{_STATE}" for name in checkpoints)]
        beside = [name for name in (*_RESULTS, *_SETTINGS, _MODEL, _PICKLE) if name in location.files]
        return Match(
            certainty=Certainty.SURE,
            reason=f"{states[0]} of the Hugging Face Trainer",
            takes=frozenset({*states, *beside}),
            folders=frozenset(checkpoints),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        names = sorted(match.takes or (), key=lambda name: (not name.endswith(_STATE), name))
        files = [location.child(name) for name in names]
        if not any(name.endswith(_STATE) for name in names):
            return Scan(sources=())
        files += [
            location.child(f"{folder}/{name}")
            for folder in _checkpoints(location)[:1]
            for name in (*_SETTINGS, _MODEL)
            if name not in names
        ]
        return Scan(
            sources=(
                source_of(location, self.name, location.relative, files, joining=Joining.BENEATH, owns=_OWN_FOLDERS),
            )
        )

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _checkpoints(location: Location) -> list[str]:
    """Return the sub-folders of checkpoints that hold a state, the newest first."""
    steps = {name: int(found[1]) for name in location.folders if (found := _CHECKPOINT.fullmatch(name))}
    ordered = sorted(steps, key=lambda name: (-steps[name], name))
    return [name for name in ordered if (location.path / name / _STATE).is_file()]


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    state = _newest(location, source, notices)
    rows = _history(state, points, notices)
    settings = _settings(location, source, notices)
    results = _results(location, source, notices)
    texts = _add_row(points, state.step, results, frozenset(name for row in rows for name in row) | _AXES)
    if texts:
        message = f"These results are no numbers and were left out: {listed(texts)}."
        notices.append(warning("texts-left-out", source.path or ".", message))
    primary, direction = _primary(state, settings, points)
    ran_to_end = any("train_runtime" in row for row in rows) or "train_runtime" in results
    planned = whole(state.content.get("max_steps")) or 0
    runtimes = [plausible_seconds(row.get("train_runtime")) for row in (*rows, results)]
    artifacts = _artifacts(location, source)
    if any(one.path.endswith(_PICKLE) for one in artifacts):
        message = f"{_PICKLE} is a pickle, which could run code, and was not opened; its settings are not known."
        notices.append(info("not-opened", f"{source.path}/{_PICKLE}".lstrip("/"), message))
    return RunFacts(
        status=RunStatus.FINISHED if ran_to_end or 0 < planned <= state.step else RunStatus.UNKNOWN,
        duration_s=max((seconds for seconds in runtimes if seconds is not None), default=None),
        params={**settings, **_state_params(state.content)},
        tags=_tags(state.content),
        directions={primary: direction} if primary and direction is not Direction.UNKNOWN else {},
        primary=primary,
        units={name: "s" for name in points.metrics if name.endswith("runtime")},
        artifacts=artifacts,
        notices=tuple(notices),
    )


def _newest(location: Location, source: Source, notices: list[Notice]) -> _State:
    """Return the state of the latest step; of the checkpoints only the newest one that can be read is opened.

    Raises:
        ReadError: none can be read.
    """
    files = [file for file in source.files if file.endswith(f"/{_STATE}") or file == _STATE]
    top = [file for file in files if file == f"{source.path}/{_STATE}".lstrip("/")]
    rest = sorted((file for file in files if file not in top), key=_step_of, reverse=True)
    found = [state for file in top if (state := _state(location, source, file, notices))]
    found += [state for file in rest if (state := _state(location, source, file, notices))][:1]
    if not found:
        raise ReadError("No state of the trainer can be read.")
    newest = max(found, key=lambda state: state.step)
    ignored = len(files) - 1
    if ignored:
        one = "1 other state is" if ignored == 1 else f"{ignored} other states are"
        message = f"{one} older or no newer, and left out: the state of step {newest.step} holds the whole history."
        notices.append(info("older-checkpoints", newest.file, message))
    return newest


def _step_of(file: str) -> int:
    found = _CHECKPOINT.fullmatch(file.split("/")[-2]) if "/" in file else None
    return int(found[1]) if found else -1


def _state(location: Location, source: Source, file: str, notices: list[Notice]) -> _State | None:
    try:
        content = load_object(location.inside(file), MOST_JSON_BYTES)
    except (ReadError, OSError) as problem:
        notices.append(unreadable(source, problem, file))
        return None
    step = whole(content.get("global_step"))
    return _State(file=file, step=_step_of(file) if step is None else step, content=content)


def _history(state: _State, points: RunPoints, notices: list[Notice]) -> list[Mapping[str, Any]]:
    """Add the points of the history and return its rows."""
    logged = state.content.get("log_history")
    if not isinstance(logged, list):
        notices.append(warning("no-history", state.file, "It holds no log_history, so there are no metrics."))
        return []
    rows: list[Mapping[str, Any]] = [
        row for row in logged if isinstance(row, dict) and whole(row.get("step")) is not None
    ]
    epochs: set[tuple[object, object]] = set()
    texts: dict[str, None] = {}
    for row in rows:
        epoch = (row["step"], str(row.get("epoch")))
        without = frozenset({"epoch"}) if epoch in epochs else frozenset[str]()
        texts |= dict.fromkeys(_add_row(points, whole(row["step"]) or 0, row, without))
        epochs.add(epoch)
    if texts:
        message = f"These values are no numbers and were left out: {listed(list(texts))}."
        notices.append(warning("texts-left-out", state.file, message))
    if len(rows) < len(logged):
        count = len(logged) - len(rows)
        message = f"{count} of {len(logged)} entries of log_history have no step and were left out."
        notices.append(warning("broken-entries", state.file, message))
    return rows


def _add_row(points: RunPoints, step: int, row: Mapping[str, Any], without: frozenset[str]) -> list[str]:
    """Add the numbers of a row and return the names of its other values."""
    texts: list[str] = []
    for name, value in row.items():
        if name in without or name == "step" or value is None:
            continue
        if (found := number(value)) is not None:
            points.add(tracked_name(name), step, found)
        else:
            texts.append(name)
    return texts


def tracked_name(name: str) -> str:
    """Return the name under which the library hands a metric to trackers.

    >>> tracked_name("loss"), tracked_name("eval_f1"), tracked_name("rewards/chosen"), tracked_name("val/acc")
    ('train/loss', 'eval/f1', 'train/rewards/chosen', 'val/acc')
    """
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return f"{prefix[:-1]}/{name.removeprefix(prefix)}"
    return name if name.startswith(_OWN_PREFIXES) else f"train/{name}"


def _results(location: Location, source: Source, notices: list[Notice]) -> dict[str, Any]:
    """Return the final results; what the history does not hold of them belongs to the last step."""
    results: dict[str, Any] = {}
    for name in _RESULTS:
        file = f"{source.path}/{name}".lstrip("/")
        if file in source.files:
            found: dict[str, Any] = dict(
                attempt(source, file, partial(load_object, location.inside(file), MOST_JSON_BYTES), notices)
            )
            results = {**found, **results}
    return results


def _settings(location: Location, source: Source, notices: list[Notice]) -> dict[str, str]:
    """Return the settings of the files of the run; those of the run's folder win over those of a checkpoint."""
    params: dict[str, str] = {}
    for name, prefix in (*_SETTINGS.items(), (_MODEL, "model.")):
        for file in (file for file in source.files if file.rpartition("/")[2] == name):
            found: dict[str, Any] = dict(
                attempt(source, file, partial(load_object, location.inside(file), MOST_JSON_BYTES), notices)
            )
            kept = {key: value for key, value in found.items() if key not in _LABELS}
            if name == _MODEL and isinstance(found.get("id2label"), dict):
                kept.setdefault("num_labels", len(found["id2label"]))
            params = {**{f"{prefix}{key}": text for key, text in flatten(kept).items()}, **params}
    return params


def _state_params(content: Mapping[str, Any]) -> dict[str, str]:
    trial = content.get("trial_params")
    known = {name: content[name] for name in _STATE_PARAMS if content.get(name) is not None}
    return {**flatten(known), **(flatten(trial) if isinstance(trial, dict) else {})}


def _tags(content: Mapping[str, Any]) -> dict[str, str]:
    return flatten({name: content[name] for name in _STATE_TAGS if content.get(name) is not None})


def _primary(state: _State, settings: Mapping[str, str], points: RunPoints) -> tuple[str | None, Direction]:
    """Return the metric by which the trainer chose its best model, and which way it improves.

    Without the arguments it is the one evaluation metric that had the best value at the best step and nowhere a better
    one: the trainer keeps the highest or the lowest.
    """
    named = settings.get("metric_for_best_model", "None")
    if named != "None":
        metric = tracked_name(named if named.startswith(_PREFIXES) else f"eval_{named}")
        greater = settings.get("greater_is_better", "").casefold()
        return metric, {"true": Direction.UP, "false": Direction.DOWN}.get(greater, Direction.UNKNOWN)
    best, step = number(state.content.get("best_metric")), _best_step(state.content)
    chosen = [metric for metric in points.metrics if metric.startswith("eval/")] if best is not None else []
    found = {metric: way for metric in chosen if (way := _way(state, metric, best, step)) is not None}
    return next(iter(found.items())) if len(found) == 1 else (None, Direction.UNKNOWN)


def _best_step(content: Mapping[str, Any]) -> int | None:
    step = whole(content.get("best_global_step"))
    if step is None:
        folder = re.split(r"[/\\]", str(content.get("best_model_checkpoint")))[-1]
        found = _CHECKPOINT.fullmatch(folder)
        return int(found[1]) if found else None
    return step


def _way(state: _State, metric: str, best: float | None, step: int | None) -> Direction | None:
    """Return which way a metric improves when the best value is its highest or lowest, and was logged at that step."""
    values = [
        (whole(row.get("step")), value)
        for row in state.content.get("log_history", ())
        if isinstance(row, dict)
        for name, logged in row.items()
        if tracked_name(name) == metric and (value := number(logged)) is not None
    ]
    if (step, best) not in values or len({value for _, value in values}) < 2:  # noqa: PLR2004 - one value has no way
        return None
    ends = {max(value for _, value in values): Direction.UP, min(value for _, value in values): Direction.DOWN}
    return ends.get(best) if best is not None else None


def _artifacts(location: Location, source: Source) -> tuple[Artifact, ...]:
    """Return the weights and pickles of the run and of its checkpoints; nothing opens them."""
    folders = [name for name in list_folder(location.root, source.path).folders if _CHECKPOINT.fullmatch(name)]
    places = [source.path, *(f"{source.path}/{name}".lstrip("/") for name in folders)]
    return tuple(one for place in places for one in files_below(location, source, place, _WEIGHTS))
