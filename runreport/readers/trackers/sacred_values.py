"""Numbers of Sacred's files: metrics with their steps, lists in info.json, and the result.

PyMARL and its descendants log no metrics but keep lists in ``info.json``: one of values and, under the same name with
``_T``, one of steps. Sacred writes what JSON cannot hold as jsonpickle, of which only numbers are read: a NumPy scalar
says its value in plain sight, while a pickled tensor would have to be executed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runreport.formats.documents import as_list, number
from runreport.formats.times import parse_time
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.common import Findings

_STEPS = "_T"
_PICKLED = "py/"
_RESULT = "result"


def add_metrics(metrics: Mapping[str, Any], points: RunPoints, findings: Findings, place: str) -> None:
    """Add the points of metrics.json: ``{name: {steps, timestamps, values}}``."""
    lost: list[str] = []
    uneven: list[str] = []
    for name, series in metrics.items():
        columns = [as_list(series.get(key)) for key in ("steps", "values", "timestamps")] if _is_map(series) else []
        steps, values, times = columns or ([], [], [])
        if not columns or len(steps) != len(values):
            uneven.append(name)
        stamps = [*times, *[None] * (len(values) - len(times))]
        for step, value, time in zip(steps, values, stamps, strict=False):
            found, at = numeric(value), numeric(step)
            if found is None or at is None or not at.is_integer():
                lost.append(f"{name} at step {step}")
            else:
                points.add(name, int(at), found, parse_time(time))
    findings.tell_lost("not-numbers", place, "Values or steps that are no numbers were left out", lost)
    findings.tell_lost("uneven-series", place, "Series whose numbers of steps and values differ were cut", uneven)


def add_info(info: Mapping[str, Any], points: RunPoints, findings: Findings, place: str) -> dict[str, str]:
    """Add the points of info.json: lists of numbers, and single numbers at the step 0; return the texts as tags.

    Maps are walked, ``{"train": {"loss": [1.0]}}`` is ``train/loss``. A list without a list of steps has its positions
    as steps.
    """
    leaves = dict(_leaves(info, ""))
    tags: dict[str, str] = {}
    lost: list[str] = []
    uneven: list[str] = []
    for name, value in leaves.items():
        steps = leaves.get(name + _STEPS)
        if name.endswith(_STEPS) and isinstance(leaves.get(name.removesuffix(_STEPS)), list):
            continue
        if isinstance(value, list) and any(numeric(item) is not None for item in value):
            uneven += [name] if isinstance(steps, list) and len(steps) != len(value) else []
            lost += _add_series(name, steps if isinstance(steps, list) else range(len(value)), value, points)
        elif (found := numeric(value)) is not None and not isinstance(value, bool):
            points.add(name, 0, found)
        elif isinstance(value, str | bool):
            tags[name] = str(value)
        elif value not in (None, [], {}):
            lost.append(name)
    findings.tell_lost("not-numbers", place, "What is neither a plain number nor a text was left out", lost)
    findings.tell_lost("uneven-series", place, "Series whose numbers of steps and values differ were cut", uneven)
    return tags


def add_result(result: object, points: RunPoints, findings: Findings, place: str) -> dict[str, str]:
    """Add the result of the run as metrics of the step 0, named ``result``; return the texts in it as tags.

    A map is flattened: ``{"acc": 0.9}`` becomes ``result/acc``.
    """
    tags: dict[str, str] = {}
    lost: list[str] = []
    for name, value in _leaves(result, _RESULT):
        found = numeric(value)
        if found is not None:
            points.add(name, 0, found)
        elif isinstance(value, str):
            tags[name] = value
        elif value is not None:
            lost.append(name)
    findings.tell_lost("not-numbers", place, "What is neither a number nor a text in the result was left out", lost)
    return tags


def numeric(value: object) -> float | None:
    """Return a number, also one that was written as a NumPy scalar or a text such as ``"NaN"``; None for others.

    >>> numeric({"dtype": "float64", "py/object": "numpy.float64", "value": 0.72})
    0.72
    """
    if isinstance(value, dict):
        return number(value.get("value")) if "dtype" in value or "py/object" in value else None
    return number(value)


def _add_series(name: str, steps: Sequence[Any], values: Sequence[Any], points: RunPoints) -> Iterator[str]:
    for step, value in zip(steps, values, strict=False):
        found, at = numeric(value), numeric(step)
        if found is None or at is None or not at.is_integer():
            yield f"{name} at step {step}"
        else:
            points.add(name, int(at), found)


def _leaves(value: object, name: str) -> Iterator[tuple[str, object]]:
    """Yield the values of a nested map with their paths; depth is bounded by that of the JSON text."""
    waiting: list[tuple[str, object]] = [(name, value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, dict) and numeric(found) is None and not _is_pickled(found):
            waiting += [(f"{path}/{key}" if path else key, inner) for key, inner in reversed(found.items())]
        else:
            yield path, found


def _is_pickled(value: object) -> bool:
    return isinstance(value, dict) and any(key.startswith(_PICKLED) for key in value)


def _is_map(value: object) -> bool:
    return isinstance(value, dict)
