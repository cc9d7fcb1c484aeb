"""Trials of Ray Tune: ``result.json``, or ``progress.csv`` when there is nothing else, with what lies beside them.

Format: ``ray/tune/logger`` and ``ray/tune/result.py``. Each trial has a folder. ``result.json`` has a JSON object per
iteration; ``progress.csv`` holds the same, but only the columns of the first row, so it is read only when it is alone.
``params.json`` holds the settings, ``error.txt`` what a trial failed of, and the experiment's folder above a state
(see :mod:`runreport.readers.sweeps.ray_state`). Pickled files are never opened.

The step of a point is ``training_iteration`` and its time ``timestamp``. Nested results are named with ``/``, as in
the CSV file. A trial that was restored repeats iterations; all of them are kept, in the order of the log.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import load_object, parse_json
from runreport.formats.lines import lines
from runreport.model.entities import RunBatch
from runreport.model.keys import flatten
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.sweeps.ray_results import Trial, add_results
from runreport.readers.sweeps.ray_state import ExperimentState, TrialState, is_state, read_state, state_file

_RESULTS = "result.json"
_TABLE = "progress.csv"
_PARAMS = "params.json"
_ERROR = "error.txt"
_SEARCH = "basic-variant-state-"  # what a search has still to try, without a word about trials
_FILES = (_RESULTS, _TABLE, _PARAMS, _ERROR)
_OWN_EVENTS = b"ray/tune/"  # all tags of the event files that Ray itself writes begin so
_TRIAL_ID = re.compile(r"[0-9a-f]{5,8}(_\d{5})?")
_MARKS = frozenset({"training_iteration", "trial_id", "time_total_s", "iterations_since_restore", "time_since_restore"})
_FEWEST_MARKS = 2
_PEEK_BYTES = 16_384
_LONGEST_NOTE = 1000
_MAX_PARAMS_BYTES = 50_000_000


class RayTuneReader:
    """Reads trials of Ray Tune."""

    name: ClassVar[str] = "ray_tune"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Ray Tune trials: `result.json`, `params.json`, `error.txt`, `experiment_state-*.json`; `progress.csv` alone",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the files of a trial, and the states of an experiment, which are read with the trials below."""
        states = frozenset(name for name in location.files if is_state(name))
        searches = frozenset(name for name in location.files if name.startswith(_SEARCH))
        if states and not {_RESULTS, _TABLE} & set(location.files):
            reason = "the state of an experiment of Ray Tune, which is read with its trials"
            return Match(certainty=Certainty.SURE, reason=reason, takes=states | searches)
        found = _found(location)
        if found is None:
            return None
        certainty, reason = found
        events = (
            name for name in location.files if "tfevents" in name and _OWN_EVENTS in location.head(name, _PEEK_BYTES)
        )
        takes = frozenset({*(name for name in _FILES if name in location.files), *events})
        return Match(certainty=certainty, reason=reason, takes=takes)

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one trial of the folder; none where only the state of an experiment lies."""
        takes = match.takes if match.takes is not None else frozenset(location.files)
        names = [name for name in _FILES if name in takes]
        if not names:
            return Scan(sources=())
        files = [location.child(name) for name in names]
        state = state_file(location, location.relative.rpartition("/")[0]) if location.relative else None
        source = source_of(
            location,
            self.name,
            location.relative,
            [*files, *([state] if state else [])],
            source_id=_identity(location, names),
            joining=Joining.FOLDER,
        )
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the trials one after the other."""
        yield from read_each(self, location, sources, _read_trial)


def _found(location: Location) -> tuple[Certainty, str] | None:
    """Say how sure it is that a folder is a trial, and why; None when it is none."""
    files = set(location.files)
    if _RESULTS in files:
        first = _first_object(location, _RESULTS)
        if first is None:
            is_blank = _PARAMS in files and not location.head(_RESULTS, _PEEK_BYTES).strip()
            return (Certainty.LIKELY, f"{_RESULTS} without a result, beside {_PARAMS}") if is_blank else None
        if _is_result(first):
            return Certainty.SURE, f"{_RESULTS} has the keys of Ray Tune"
        return None
    if _TABLE in files:
        header = location.head(_TABLE, _PEEK_BYTES).decode("utf-8-sig", "replace").partition("\n")[0].strip().split(",")
        return (Certainty.SURE, f"{_TABLE} has the columns of Ray Tune") if _is_result(header) else None
    if {_PARAMS, _ERROR, "params.pkl"} <= files:
        return Certainty.LIKELY, f"{_PARAMS} and {_ERROR} of a trial without results"
    return None


def _is_result(names: Sequence[str] | Mapping[str, Any]) -> bool:
    return "training_iteration" in names and len(_MARKS & set(names)) >= _FEWEST_MARKS


def _first_object(location: Location, name: str) -> dict[str, Any] | None:
    """Return the first line of a file as an object; of one that is longer than what is looked at, the keys in sight."""
    start = location.head(name, _PEEK_BYTES)
    line, end, _ = start.partition(b"\n")
    try:
        value = parse_json(line)
    except ReadError:
        cut = not end and len(start) == _PEEK_BYTES and start.startswith(b"{")
        return {mark: None for mark in _MARKS if f'"{mark}"'.encode() in start} if cut else None
    return value if isinstance(value, dict) else None


def _identity(location: Location, names: Sequence[str]) -> str:
    """Return Ray's id of a trial with the name of its folder, which holds it; empty when there is none.

    The id alone has only 20 random bits.
    """
    folder = location.relative.rpartition("/")[2]
    first = _first_object(location, _RESULTS) if _RESULTS in names else None
    trial_id = (first or {}).get("trial_id")
    if isinstance(trial_id, str) and _TRIAL_ID.fullmatch(trial_id) and trial_id in folder:
        return f"{trial_id}/{folder}"
    return ""


def _read_trial(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    files = {PurePosixPath(file).name: file for file in source.files}
    trial = Trial()
    table = files.get(_RESULTS) or files.get(_TABLE)
    if table is not None:
        trial = add_results(location.inside(table), table, points)
        notices += trial.notices
    state, experiment = _state(location, source, trial.trial_id, notices)
    params: Mapping[str, str] = trial.params
    if _PARAMS in files:
        params = attempt(source, files[_PARAMS], partial(_params, location, files[_PARAMS]), notices) or params
    tags = {
        "trial_id": trial.trial_id,
        "experiment_tag": state.experiment_tag or trial.experiment_tag,
        "status": state.status_text,
        "trainable": state.trainable,
        "node_ip": trial.node_ip,
    }
    return RunFacts(
        status=RunStatus.FAILED if _ERROR in files else _status(state, trial),
        started=trial.started(state.start_s),
        host=trial.host or None,
        note=_note(location, files[_ERROR]) if _ERROR in files else None,
        params=params,
        tags={name: text for name, text in tags.items() if text},
        primary=experiment.metric if experiment.metric in points.metrics else None,
        units={name: "s" for name in ("time_total_s", "time_this_iter_s") if name in points.metrics},
        notices=tuple(notices),
    )


def _state(
    location: Location, source: Source, trial_id: str, notices: list[Notice]
) -> tuple[TrialState, ExperimentState]:
    file = next((file for file in source.files if is_state(PurePosixPath(file).name)), None)
    experiment = ExperimentState()
    if file is not None:
        try:
            experiment = read_state(location, file)
        except ReadError as problem:
            message = f"The state of the experiment was not read. {problem.sentence}"
            notices.append(Notice(severity=Severity.WARNING, code="unreadable-file", location=file, message=message))
    found = experiment.by_folder.get(PurePosixPath(source.path).name) or experiment.by_id.get(trial_id)
    return found or TrialState(), experiment


def _status(state: TrialState, trial: Trial) -> RunStatus:
    if state.status is RunStatus.UNKNOWN and trial.is_done:
        return RunStatus.FINISHED
    return state.status


def _params(location: Location, file: str) -> Mapping[str, str]:
    return flatten(load_object(location.inside(file), _MAX_PARAMS_BYTES))


def _note(location: Location, file: str) -> str | None:
    """Return the last line of a traceback that says something."""
    last = ""
    for line in lines(location.inside(file)):
        last = line.text.strip() or last
    return last[:_LONGEST_NOTE] or None
