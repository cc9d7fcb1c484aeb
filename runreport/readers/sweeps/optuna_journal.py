"""Optuna's journal storage: a file of JSON lines, one per operation, that is replayed from its beginning.

Format: ``optuna/storages/journal/_storage.py``. Studies and trials have no ids in the file: they are counted. As in
Optuna, a study of a name that exists already is not created, and a trial that has ended is not changed any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import number
from runreport.formats.times import parse_time
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.sweeps.optuna_trials import Study, Trial

MARKS = (b'"op_code"', b'"worker_id"')
_MAX_BYTES = 300_000_000
_STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
_DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
_MAX_OBJECTIVES = 1000

Operation = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Journal:
    """What the operations lead to. ``trials`` are those of all studies; ``odd`` counts operations that do not fit."""

    studies: dict[int, Study] = field(default_factory=dict)
    trials: dict[int, Trial] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    odd: int = 0
    _created: int = 0
    _counts: dict[int, int] = field(default_factory=dict)

    def apply(self, operation: Operation) -> None:
        """Apply one operation; one that does not fit is counted."""
        code = operation.get("op_code")
        try:
            apply = _OPERATIONS[code] if isinstance(code, int) else None
            if apply is None:
                self.odd += 1
            else:
                apply(self, operation)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self.odd += 1

    def create_study(self, operation: Operation) -> None:
        """Create a study unless there is one of its name."""
        name = str(operation["study_name"])
        if name in {study.name for study in self.studies.values()}:
            return
        words = [
            _DIRECTIONS[int(code)]
            for code in operation["directions"][:_MAX_OBJECTIVES]
            if 0 <= int(code) < len(_DIRECTIONS)
        ]
        self.studies[self._created] = Study(name=name, directions=words)
        self._created += 1

    def delete_study(self, operation: Operation) -> None:
        """Delete a study with its trials, whose numbers are not given again."""
        study_id = operation["study_id"]
        self.studies.pop(study_id, None)

    def set_study_attributes(self, operation: Operation) -> None:
        """Set attributes of a study."""
        study = self.studies.get(operation["study_id"])
        if study is not None:
            study.user |= dict(operation.get("user_attr") or {})
            study.system |= dict(operation.get("system_attr") or {})

    def create_trial(self, operation: Operation) -> None:
        """Create a trial; one that was made elsewhere comes with all it has."""
        study_id = operation["study_id"]
        if study_id not in self.studies:
            return
        distributions = dict(operation.get("distributions") or {})
        place = self._counts.get(study_id, 0)
        trial = Trial(
            study=study_id,
            number=place,
            state=_state(operation.get("state", 0)),
            started=parse_time(operation.get("datetime_start")),
            ended=parse_time(operation.get("datetime_complete")),
            params={
                name: (value, str(distributions.get(name, "")))
                for name, value in dict(operation.get("params") or {}).items()
            },
            user=dict(operation.get("user_attrs") or {}),
            system=dict(operation.get("system_attrs") or {}),
        )
        _set_values(trial, operation)
        for step, value in dict(operation.get("intermediate_values") or {}).items():
            _set(trial.intermediate, int(step), value)
        self._counts[study_id] = place + 1
        self.trials[len(self.trials)] = trial

    def set_param(self, operation: Operation) -> None:
        """Set a param of a trial."""
        trial = self._open_trial(operation)
        if trial is not None:
            trial.params[str(operation["param_name"])] = (
                operation["param_value_internal"],
                str(operation.get("distribution", "")),
            )

    def set_state(self, operation: Operation) -> None:
        """Set the state of a trial, and its values."""
        trial = self._open_trial(operation)
        if trial is None:
            return
        trial.state = _state(operation["state"])
        trial.started = parse_time(operation.get("datetime_start")) or trial.started
        trial.ended = parse_time(operation.get("datetime_complete")) or trial.ended
        _set_values(trial, operation)

    def set_intermediate(self, operation: Operation) -> None:
        """Set the value of a trial at a step; a later one of the same step replaces it."""
        trial = self._open_trial(operation)
        if trial is not None:
            _set(trial.intermediate, int(operation["step"]), operation["intermediate_value"])

    def set_trial_attributes(self, operation: Operation) -> None:
        """Set attributes of a trial."""
        trial = self._open_trial(operation)
        if trial is not None:
            trial.user |= dict(operation.get("user_attr") or {})
            trial.system |= dict(operation.get("system_attr") or {})

    def discard(self, operation: Operation) -> None:
        """Pass over an operation that Optuna does not apply."""

    def _open_trial(self, operation: Operation) -> Trial | None:
        trial = self.trials[operation["trial_id"]]
        return None if trial.is_finished else trial


def _state(code: Any) -> str:  # noqa: ANN401 - whatever a line of the journal holds
    place = int(code)
    if not 0 <= place < len(_STATES):
        raise ValueError("no state of a trial has this number")
    return _STATES[place]


_OPERATIONS: Mapping[int, Callable[[Journal, Operation], None]] = dict(
    enumerate(
        (
            Journal.create_study,
            Journal.delete_study,
            Journal.set_study_attributes,
            Journal.set_study_attributes,
            Journal.create_trial,
            Journal.set_param,
            Journal.set_state,
            Journal.set_intermediate,
            Journal.set_trial_attributes,
            Journal.set_trial_attributes,
            Journal.discard,
        )
    )
)


def read_journal(path: Path, place: str) -> Journal:
    """Return what a journal holds; ``place`` is how notices name it.

    Raises:
        ReadError: it is larger than what is read.
        OSError: it cannot be read.
    """
    stat = path.stat()
    if stat.st_size > _MAX_BYTES:
        sentence = f"The journal is larger than the {_MAX_BYTES // 10**6} MB that are read."
        raise ReadError(sentence)
    return _journal(path, place, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)  # its trials are read in many batches
def _journal(path: Path, place: str, size_bytes: int, mtime_ns: int) -> Journal:  # noqa: ARG001 - a changed one is read anew
    journal = Journal()
    for _, operation in json_objects(path, place, journal.notices):
        journal.apply(operation)
    journal.trials = {key: trial for key, trial in journal.trials.items() if trial.study in journal.studies}
    if journal.odd:
        message = f"{journal.odd} operations do not fit what the journal holds before them and were passed over."
        journal.notices.append(Notice(severity=Severity.WARNING, code="odd-operation", location=place, message=message))
    return journal


def _set_values(trial: Trial, operation: Operation) -> None:
    values = operation.get("values")
    if values is None and operation.get("value") is not None:
        values = [operation["value"]]
    for objective, value in enumerate((values or [])[:_MAX_OBJECTIVES]):
        _set(trial.values, objective, value)


def _set(values: dict[int, float], key: int, value: object) -> None:
    logged = number(value)
    if logged is not None:
        values[key] = logged
