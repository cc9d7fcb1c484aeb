"""Studies and trials of Optuna, however they are stored, and what a trial says as a run.

A study is an experiment and each of its trials a run. Format: ``optuna/storages`` and ``optuna/distributions.py``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import number, parse_json
from runreport.formats.times import microseconds
from runreport.model import keys
from runreport.model.entities import Edge
from runreport.names import Direction, Relation, RunStatus, Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Source
from runreport.readers.common.logs import RunFacts
from runreport.readers.common.series import NO_TIME, RunPoints

TOOL = "optuna"
VALUE = "value"
INTERMEDIATE = "intermediate_value"
_METRIC_NAMES = "study:metric_names"
_RETRIED = "failed_trial"
_GIVEN_NAME = "no-name-"  # of a study that the user did not name; a UUID follows
_LONGEST_ATTRIBUTE = 2000
_FINGERPRINT_LENGTH = 16
_STEPS = range(-(2**63), 2**63)
_STATUSES = {
    "COMPLETE": RunStatus.FINISHED,
    "PRUNED": RunStatus.KILLED,
    "FAIL": RunStatus.FAILED,
    "RUNNING": RunStatus.RUNNING,
    "WAITING": RunStatus.RUNNING,
}
_DIRECTIONS = {"MINIMIZE": Direction.DOWN, "MAXIMIZE": Direction.UP}


@dataclass(slots=True, kw_only=True)
class Study:
    """One study; attributes are JSON values, ``directions`` Optuna's words, one per objective."""

    name: str
    directions: list[str] = field(default_factory=list)
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)

    def objectives(self, count: int) -> list[str]:
        """Return the names of so many objectives: those the user gave, else ``value`` or ``value_0`` and so on."""
        given = self.system.get(_METRIC_NAMES)
        if isinstance(given, list) and len(given) == count and all(isinstance(name, str) and name for name in given):
            return [str(name) for name in given]
        return [VALUE] if count == 1 else [f"{VALUE}_{place}" for place in range(count)]

    def digest(self) -> str:
        """Return a text that changes with the study's own facts."""
        return content_hash(
            self.name, *self.directions, repr(sorted(self.user.items())), repr(sorted(self.system.items()))
        )


@dataclass(slots=True, kw_only=True)
class Trial:
    """One trial; ``params`` maps names to the stored number and the distribution as JSON text."""

    study: int
    number: int
    state: str
    started: datetime | None = None
    ended: datetime | None = None
    params: dict[str, tuple[Any, str]] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)
    intermediate: dict[int, float] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Whether Optuna lets nobody change the trial any more."""
        return self.state in ("COMPLETE", "PRUNED", "FAIL")


def run_id(study: Study, place: str, number: int) -> str:
    """Return the identity of a trial: by the name of its study where that is unique, else by the place of the storage."""
    home = study.name if study.name.startswith(_GIVEN_NAME) else f"{place}#{study.name}"
    return keys.run_id(TOOL, f"{home}/{number}")


def fingerprint(study: str, trial: Trial, stamps: Sequence[str]) -> str:
    """Return what a trial is known by: its end when it has ended, the state of the storage (``stamps``) before."""
    own = (study, str(trial.number), trial.state, str(trial.started), str(trial.ended))
    return content_hash(*own, *(() if trial.is_finished else stamps), length=_FINGERPRINT_LENGTH)


def facts(study: Study, trial: Trial, source: Source, place: str, points: RunPoints) -> RunFacts:
    """Add the points of a trial and return what else it says; ``place`` is the storage, for the ids of other trials."""
    count = max(len(study.directions), len(trial.values), 1)
    objectives = study.objectives(count)
    ended = NO_TIME if trial.ended is None else microseconds(trial.ended)
    for objective, value in sorted(trial.values.items()):
        if objective < count:
            points.extend(objectives[objective], [0], [value], [ended])
    steps = [step for step in sorted(trial.intermediate) if step in _STEPS]
    if steps:
        points.extend(INTERMEDIATE, steps, [trial.intermediate[step] for step in steps])
    notices: list[Notice] = []
    directions = [_DIRECTIONS.get(word, Direction.UNKNOWN) for word in study.directions]
    return RunFacts(
        experiment=study.name,
        name=f"trial {trial.number}",
        status=_STATUSES.get(trial.state, RunStatus.UNKNOWN),
        started=trial.started,
        ended=trial.ended,
        seed=_seed(trial),
        params=_params(trial, source, notices),
        tags=_tags(study, trial, source, notices),
        directions={
            **dict(zip(objectives, directions, strict=False)),
            **({INTERMEDIATE: directions[0]} if len(directions) == 1 and steps else {}),
        },
        primary=objectives[0] if trial.values else None,
        edges=_edges(study, trial, source, place),
        notices=tuple(notices),
        is_numbered=True,
    )


def _seed(trial: Trial) -> int | None:
    """Return the seed that the user noted on a trial."""
    seed = trial.user.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and abs(seed) < _STEPS.stop else None


def _params(trial: Trial, source: Source, notices: list[Notice]) -> dict[str, str]:
    params: dict[str, str] = {}
    for name, (stored, text) in trial.params.items():
        try:
            params |= keys.flatten(_value(stored, text), name)
        except ReadError as problem:
            params[name] = str(stored)
            message = f"The param {name!r} was kept as the stored number. {problem.sentence}"
            location = f"{source.path}{source.handle}"
            notices.append(
                Notice(severity=Severity.WARNING, code="odd-distribution", location=location, message=message)
            )
    return params


def _value(stored: object, text: str) -> object:
    """Return what a stored number stands for.

    Raises:
        ReadError: its distribution is none, or has not so many choices.
    """
    name, attributes = _distribution(text)
    value = number(stored)
    if name == "CategoricalDistribution":
        choices = attributes.get("choices")
        if not isinstance(choices, list) or value is None or not 0 <= value < len(choices):
            raise ReadError("It is no place among the choices of its distribution.")
        return choices[int(value)]
    if name.startswith("Int") and value is not None and math.isfinite(value):
        return int(value)
    return stored if value is None else value


@lru_cache(maxsize=4096)  # all trials of a study have the same few
def _distribution(text: str) -> tuple[str, Mapping[str, Any]]:
    found = parse_json(text.encode())
    if not isinstance(found, dict):
        raise ReadError("Its distribution is no JSON object.")
    attributes = found.get("attributes")
    return str(found.get("name")), attributes if isinstance(attributes, dict) else {}


def _searched(text: str) -> str:
    """Return a distribution in words, such as ``Float(high=1.0, log=True, low=1e-10)``."""
    try:
        name, attributes = _distribution(text)
    except ReadError:
        return text
    said = (f"{key}={attributes[key]}" for key in sorted(attributes) if attributes[key] not in (None, False))
    return f"{name.removesuffix('Distribution')}({', '.join(said)})"


def _tags(study: Study, trial: Trial, source: Source, notices: list[Notice]) -> dict[str, str]:
    kept: dict[str, str] = {"state": trial.state, "number": str(trial.number)}
    long: list[str] = []
    for prefix, attributes in (
        ("", trial.user),
        ("system.", trial.system),
        ("study.", study.user),
        ("study.system.", study.system),
    ):
        for name, value in attributes.items():
            text = "".join(keys.flatten(value if not isinstance(value, dict) else [value], "value").values())
            is_long = len(text) > _LONGEST_ATTRIBUTE and "system." in prefix
            long += [prefix + name] if is_long else []
            kept |= {} if is_long else {_free(prefix + name, kept): text}
    kept |= {f"distribution.{name}": _searched(text) for name, (_, text) in trial.params.items()}
    if long:
        message = f"{len(long)} long attributes of the sampler were left out, for example {long[0]}."
        location = f"{source.path}{source.handle}"
        notices.append(Notice(severity=Severity.INFO, code="long-attribute", location=location, message=message))
    return kept


def _free(name: str, taken: Mapping[str, str]) -> str:
    return f"user.{name}" if name in taken else name


def _edges(study: Study, trial: Trial, source: Source, place: str) -> tuple[Edge, ...]:
    """Return that a trial repeats one that failed."""
    failed = trial.system.get(_RETRIED)
    if not isinstance(failed, int) or isinstance(failed, bool):
        return ()
    before = run_id(study, place, failed)
    return (
        Edge(
            run_id=source.run_id,
            from_node=f"run:{before}",
            to_node=f"run:{source.run_id}",
            relation=Relation.RESUMED,
        ),
    )
