"""nnU-Net's training logs: ``training_log_*.txt`` of a fold, with ``debug.json`` and the validation beside them.

The lines are those that ``nnUNetTrainer.print_to_log_file`` of MIC-DKFZ/nnUNet writes (version 2), and the ones of
version 1. A training that is continued opens another file and repeats the epochs after its checkpoint; what the later
file says of an epoch, and of all after it, takes the place of what was said before.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number
from runreport.formats.times import parse_time
from runreport.model.keys import param_kind
from runreport.names import Direction, ParamKind, RunStatus, Severity, natural_key
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.logs import RunFacts, unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.common.words import no_end
from runreport.readers.text.lines import read_lines
from runreport.readers.text.values import NUMBER

FILE_NAME = re.compile(r"training_log_\d[\d_ ]{0,40}\.txt")
DEBUG = "debug.json"
SUMMARIES = ("validation/summary.json", "validation_raw/summary.json")
MARK = b"nnU-Net"

_JSON_BYTES = 50_000_000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?): ?")
_EPOCH = re.compile(r"(?:Epoch |epoch:\s{1,4})(\d{1,9})\s*")
_VALUES = tuple(
    (re.compile(rf"{text}\s{{0,3}}({NUMBER})\s*{unit}\s*"), name)
    for text, name, unit in (
        ("train_loss", "train_loss", ""),
        ("val_loss", "val_loss", ""),
        ("Current learning rate:", "learning_rate", ""),
        ("Epoch time:", "epoch_time", "s"),
        ("Yayy! New best EMA pseudo Dice:", "best_ema_pseudo_dice", ""),
        ("Mean Validation Dice:", "mean_validation_dice", ""),
        ("train loss :", "train_loss", ""),
        ("validation loss:", "val_loss", ""),
        ("lr:", "learning_rate", ""),
        ("This epoch took", "epoch_time", "s"),
    )
)
_DICE = re.compile(r"(?:Pseudo dice|Average global foreground Dice:) \[(.*)\]\s*")
_ITEM = re.compile(rf"(?:np\.float\d{{2}}\()?({NUMBER})\)?")
_CASES = re.compile(r"This (?:random 80:20 )?split has (\d{1,9}) training and (\d{1,9}) validation cases")
_CONFIGURATION = re.compile(r"Configuration name: (\S{1,100})\s*")
_DONE = ("Training done.", "Mean Validation Dice", "Validation complete")
_RUN_STATE = frozenset(
    {"current_epoch", "fold", "local_rank", "was_initialized", "folder_with_segs_from_previous_stage"}
)
_FACTS = {
    "gpu_name": ("hardware", "gpu"),
    "torch_version": ("package", "torch"),
    "cudnn_version": ("package", "cudnn"),
}
_DIRECTIONS = {"mean_validation_dice": Direction.UP, "train_loss": Direction.DOWN, "val_loss": Direction.DOWN}


@dataclass(slots=True, kw_only=True)
class _Log:
    """What the files say; a point is (metric, value, time) under its epoch."""

    epochs: dict[int, list[tuple[str, float, datetime | None]]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    started: datetime | None = None
    ended: datetime | None = None
    is_done: bool = False
    epoch: int = 0
    superseded: int = 0


def log_files(names: Sequence[str]) -> list[str]:
    """Return the training logs among file names, in the order in which they were written."""
    return sorted((name for name in names if FILE_NAME.fullmatch(PurePosixPath(name).name)), key=natural_key)


def read_fold(location: Location, source: Source, points: RunPoints) -> RunFacts:
    """Read the training of one fold.

    Raises:
        ReadError: a log lies outside of the root.
        OSError: a log cannot be read.
    """
    log = _Log()
    for name in source.files:
        if name.endswith(".txt"):
            _read_file(log, str(location.inside(name)), name)
    for epoch, said in sorted(log.epochs.items()):
        for metric, value, time in said:
            points.add(metric, epoch, value, time)
    debug = _object(location, source, log, DEBUG)
    for summary in SUMMARIES:
        _add_summary(points, _object(location, source, log, summary), log.epoch)
    if not len(points):
        log.notices.append(_no_epochs(source))
    return _facts(source, log, debug)


def _facts(source: Source, log: _Log, debug: Mapping[str, Any]) -> RunFacts:
    placed = _placed(source.path)
    params, skipped = _settings(debug)
    if skipped:
        message = f"{skipped} attributes of the trainer are objects, of which only a printed form is there; left out."
        log.notices.append(
            Notice(severity=Severity.INFO, code="printed-objects", location=source.path or ".", message=message)
        )
    fold = {"fold": placed.fold} if placed.fold else {}
    status = RunStatus.FINISHED if log.is_done else RunStatus.RUNNING
    return RunFacts(
        experiment=placed.experiment,
        name=placed.name,
        status=status,
        started=log.started,
        ended=log.ended,
        host=str(debug["hostname"]) if debug.get("hostname") else None,
        params={**placed.params, **log.params, **params},
        tags={**fold, **log.tags},
        environment={key: str(debug[name]) for name, key in _FACTS.items() if debug.get(name) not in (None, "None")},
        directions=_DIRECTIONS,
        units={"epoch_time": "s"},
        notices=(*log.notices, *no_end(status, source.path)),
    )


def _read_file(log: _Log, path: str, place: str) -> None:
    before = log.epochs
    log.epochs = {}
    stamp: datetime | None = None
    is_cut = False
    for line in read_lines(path):
        text = line.text
        is_cut |= line.is_cut
        if found := _STAMP.match(text):
            stamp = parse_time(found[1])
            log.started = log.started or stamp
            log.ended = stamp or log.ended
            text = text[found.end() :]
        _read_text(log, text, stamp)
    if is_cut:
        message = "It has lines that are too long; the rest of each was not read."
        log.notices.append(Notice(severity=Severity.INFO, code="cut-line", location=place, message=message))
    if log.epochs:
        first = min(log.epochs)
        superseded = [epoch for epoch in before if epoch >= first]
        if superseded:
            message = f"It begins again at epoch {first}; {len(superseded)} epochs of earlier files were left out."
            log.notices.append(
                Notice(severity=Severity.INFO, code="superseded-points", location=place, message=message)
            )
    log.epochs = {
        epoch: said for epoch, said in before.items() if not log.epochs or epoch < min(log.epochs)
    } | log.epochs


def _read_text(log: _Log, text: str, stamp: datetime | None) -> None:
    if epoch := _EPOCH.fullmatch(text):
        log.epoch = int(epoch[1])
        log.is_done = False
    elif text.startswith(_DONE[0]):
        log.is_done = True
    elif text.startswith("This "):
        _read_sentence(log, text, stamp)
    elif name := _CONFIGURATION.fullmatch(text):
        log.params.setdefault("configuration", name[1])
    else:
        log.is_done |= text.startswith(_DONE)
        _read_values(log, text, stamp)


def _read_sentence(log: _Log, text: str, stamp: datetime | None) -> None:
    if cases := _CASES.match(text):
        log.tags["training_cases"], log.tags["validation_cases"] = cases[1], cases[2]
    else:
        _read_values(log, text, stamp)


def _read_values(log: _Log, text: str, stamp: datetime | None) -> None:
    found: list[tuple[str, float, datetime | None]] = []
    if dice := _DICE.fullmatch(text):
        items = (_ITEM.fullmatch(item.strip()) for item in dice[1].split(","))
        found = [(f"pseudo_dice.{place}", float(item[1]), stamp) for place, item in enumerate(items, 1) if item]
    else:
        for pattern, name in _VALUES:
            if value := pattern.fullmatch(text):
                found = [(name, float(value[1]), stamp)]
                break
    if found:
        log.epochs.setdefault(log.epoch, []).extend(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """What the path of a fold says: ``DATASET/TRAINER__PLANS__CONFIGURATION/fold_K``."""

    experiment: str | None = None
    name: str | None = None
    fold: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def _placed(path: str) -> _Placed:
    parts = path.split("/")
    fold = parts[-1].removeprefix("fold_") if parts[-1].startswith("fold_") else ""
    model = parts[-2].split("__") if fold and len(parts) > 1 else []
    if len(model) != len(_MODEL):
        return _Placed(fold=fold)
    experiment = parts[-3] if len(parts) > len(_MODEL) - 1 else None
    return _Placed(
        experiment=experiment,
        name="/".join(parts[-2:]),
        fold=fold,
        params=dict(zip(_MODEL, model, strict=True)) | ({"dataset": experiment} if experiment else {}),
    )


_MODEL = ("trainer", "plans", "configuration")


def _settings(debug: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    """Return the attributes of the trainer that are numbers or truth values, and how many others there are."""
    params: dict[str, str] = {}
    skipped = 0
    for name, value in debug.items():
        if name.startswith("_") or name in _RUN_STATE or name in _FACTS or name == "hostname":
            continue
        if isinstance(value, str) and param_kind(value)[0] in (ParamKind.INT, ParamKind.FLOAT, ParamKind.BOOL):
            params[name.replace(".", "\\.")] = value
        else:
            skipped += 1
    return params, skipped


def _object(location: Location, source: Source, log: _Log, name: str) -> dict[str, Any]:
    place = f"{source.path}/{name}".lstrip("/")
    if place not in source.files:
        return {}
    try:
        return load_object(location.inside(place), _JSON_BYTES)
    except ReadError as problem:
        notice = unreadable(source, problem, place)
        log.notices.append(notice)
        return {}


def _add_summary(points: RunPoints, summary: Mapping[str, Any], epoch: int) -> None:
    """Add the final validation: the means, and the outcome of each case as samples of the mean of its label."""
    overall = summary.get("foreground_mean")
    for name, value in _numbers(overall):
        points.add(f"foreground_mean.{name}", epoch, value)
    means = summary.get("mean")
    for label, values in means.items() if isinstance(means, dict) else ():
        for name, value in _numbers(values):
            points.add(f"validation.{label}.{name}", epoch, value)
    cases = summary.get("metric_per_case")
    for position, case in enumerate(cases if isinstance(cases, list) else []):
        metrics = case.get("metrics") if isinstance(case, dict) else None
        for label, values in metrics.items() if isinstance(metrics, dict) else ():
            for name, value in _numbers(values):
                if name in {"Dice", "IoU"}:
                    points.add_sample(f"validation.{label}.{name}", epoch, _case_name(case, position), value)


def _numbers(values: object) -> Iterator[tuple[str, float]]:
    for name, value in values.items() if isinstance(values, dict) else ():
        if (parsed := number(value)) is not None:
            yield str(name), parsed


def _case_name(case: Mapping[str, Any], position: int) -> str:
    path = case.get("prediction_file") or case.get("reference_file")
    return re.split(r"[/\\]", path)[-1].split(".")[0] if isinstance(path, str) and path else str(position)


def _no_epochs(source: Source) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="no-metrics",
        location=source.path or ".",
        message="The training log names no epoch with values: the training ended before its first epoch did.",
    )
