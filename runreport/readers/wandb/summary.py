"""The summary of a run: what it adds to the history, and where the two differ."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from runreport.formats.documents import number
from runreport.formats.times import moment
from runreport.readers.common.series import RunPoints
from runreport.readers.wandb.fold import OWN_KEYS, leaves
from runreport.readers.wandb.notes import Notes, listed
from runreport.readers.wandb.points import Logged
from runreport.readers.wandb.series import TYPE_KEY, display_names
from runreport.readers.wandb.wire import Path

_STATISTICS = frozenset({"min", "max", "mean", "best", "last", "first"})
_TAG_PREFIX = "summary."
_LARGEST_STEP = 2**53


def combined(stream: Mapping[str, Any], file: Mapping[str, Any], notes: Notes) -> dict[Path, Any]:
    """Return the values of a summary by path: those of the log, and what only the file beside it holds."""
    logged, beside = dict(leaves(stream)), dict(leaves(file))
    logged.pop((), None)
    beside.pop((), None)
    differing = [
        ".".join(path)
        for path, value in beside.items()
        if path in logged and path[0] not in OWN_KEYS and not _same(value, logged[path])
    ]
    if differing:
        message = f"wandb-summary.json and the log differ in {listed(differing)}; the log counts."
        notes.add("summary-files-differ", message)
    return {**beside, **logged}


def add_summary(summary: Mapping[Path, Any], logged: Logged, points: RunPoints, notes: Notes) -> dict[str, str]:
    """Add the numbers that only a summary holds as points at the last step, and return its texts as tags."""
    values = {
        path: value for path, value in summary.items() if path[0] not in OWN_KEYS and not _is_media(path, summary)
    }
    step, time = _moment_of(summary, logged)
    new: dict[Path, float] = {}
    texts: dict[Path, str] = {}
    others: list[str] = []
    for path, value in values.items():
        found = number(value)
        if found is None and isinstance(value, str):
            texts[path] = value
        elif found is None:
            others += [".".join(path)]
        elif logged.last(path) is None and not _is_statistic(path, logged):
            new[path] = found
    for path, name in display_names({**dict.fromkeys(logged.names), **dict.fromkeys(new)}).items():
        if path in new:
            points.add(name, step, new[path], time)
    _note_differences(values, summary, logged, notes)
    if others:
        notes.info(
            "no-numbers", f"Values of the summary that are neither numbers nor texts were left out: {listed(others)}."
        )
    return {f"{_TAG_PREFIX}{name}": texts[path] for path, name in display_names(texts).items()}


def _is_media(path: Path, summary: Mapping[Path, Any]) -> bool:
    return any((*path[:length], TYPE_KEY) in summary for length in range(1, len(path)))


def _is_statistic(path: Path, logged: Logged) -> bool:
    """Say whether a value is what ``define_metric`` lets the client compute from the history."""
    return len(path) > 1 and path[-1] in _STATISTICS and logged.last(path[:-1]) is not None


def _moment_of(summary: Mapping[Path, Any], logged: Logged) -> tuple[int, datetime | None]:
    said = number(summary.get(("_step",)))
    is_step = said is not None and abs(said) <= _LARGEST_STEP
    step = logged.last_step if logged.last_step is not None else int(said) if said is not None and is_step else 0
    return step, moment(number(summary.get(("_timestamp",))))


def _note_differences(values: Mapping[Path, Any], summary: Mapping[Path, Any], logged: Logged, notes: Notes) -> None:
    """Say where the summary is not the last value of the history, unless one of the two was written before the other."""
    step = number(summary.get(("_step",)))
    if step is not None and logged.last_step is not None and step != logged.last_step:
        message = f"The summary is of step {step:g} and the history ends at {logged.last_step}; they were not compared."
        notes.info("summary-of-another-step", message)
        return
    differing = [
        f"{'.'.join(path)} ({value!r}, last logged {last!r})"
        for path, value, last in _compared(values, logged)
        if not _same(value, last)
    ]
    if differing:
        message = f"The summary is not the last value that was logged in {listed(differing)}; the history counts."
        notes.info("summary-differs", message)


def _compared(values: Mapping[Path, Any], logged: Logged) -> Iterator[tuple[Path, float, float]]:
    for path, value in values.items():
        last, found = logged.last(path), number(value)
        if last is not None and found is not None:
            yield path, found, last


def _same(first: object, second: object) -> bool:
    numbers = number(first), number(second)
    if numbers[0] is None or numbers[1] is None:
        return first == second
    return numbers[0] == numbers[1] or (math.isnan(numbers[0]) and math.isnan(numbers[1]))
