"""The rows of a trial of Ray Tune, from ``result.json`` or ``progress.csv``."""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from runreport.formats.documents import number
from runreport.formats.lines import lines
from runreport.formats.times import moment
from runreport.model.keys import flatten
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.series import RunPoints

_STEP = "training_iteration"
_BOOKKEEPING = frozenset(
    {
        *(_STEP, "timestamp", "date", "trial_id", "experiment_id", "experiment_tag", "config", "done", "pid"),
        *("hostname", "node_ip", "checkpoint_dir_name", "should_checkpoint", "time_since_restore"),
        *("iterations_since_restore", "timesteps_since_restore", "warmup_time"),
    }
)
_MAX_DEPTH = 16
_LONGEST_STEP = 2**53
_CONFIG = "config/"


@dataclass(slots=True, kw_only=True)
class Trial:
    """What the rows of a trial say beside its points.

    ``started_s`` is when the first iteration began (seconds after 1970), as far as its row says; ``config_changes``
    counts the rows whose settings are not those of the row before.
    """

    trial_id: str = ""
    experiment_tag: str = ""
    host: str = ""
    node_ip: str = ""
    is_done: bool = False
    started_s: float | None = None
    params: dict[str, str] = field(default_factory=dict)
    config_changes: int = 0
    notices: list[Notice] = field(default_factory=list)

    def started(self, state_s: float | None) -> datetime | None:
        """Return when the trial began: by the experiment's state, else by its first row."""
        return moment(state_s) or moment(self.started_s)


@dataclass(slots=True, kw_only=True)
class _Count:
    """What has to be said about rows; ``left_out`` counts values that are no numbers, by name."""

    repeated: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def add_results(path: Path, place: str, points: RunPoints) -> Trial:
    """Add the rows of a file and return what else they say.

    Raises:
        OSError: the file cannot be read.
    """
    trial, count = Trial(), _Count()
    config: object = None
    last_step = 0
    for place_in_log, row in enumerate(_rows(path, place, trial.notices)):
        step = _step(row, last_step)
        count.repeated += step <= last_step and place_in_log > 0
        last_step = step
        _note_facts(row, trial)
        own = row.get("config", _flat_config(row))
        trial.config_changes += place_in_log > 0 and own != config
        config = own
        _add_row(row, step, points, count)
    trial.params = flatten(config) if isinstance(config, Mapping) else {}
    trial.notices += _said(place, trial, count)
    return trial


def _rows(path: Path, place: str, notices: list[Notice]) -> Iterator[dict[str, Any]]:
    if path.suffix == ".csv":
        return _csv_rows(path, place, notices)
    return (row for _, row in json_objects(path, place, notices))


def _csv_rows(path: Path, place: str, notices: list[Notice]) -> Iterator[dict[str, Any]]:
    columns: list[str] = []
    broken: list[int] = []
    for line in lines(path):
        try:
            cells = next(csv.reader([line.text]), [])
        except csv.Error:
            cells = []
        if not columns:
            columns = cells
        elif len(cells) == len(columns) and line.is_whole:
            yield {name: _cell(cell) for name, cell in zip(columns, cells, strict=True)}
        elif line.is_whole and (line.text.strip() or line.is_long):
            broken.append(line.number)
        elif not line.is_whole:
            message = "The last line has no end and was left out. That is normal while a run is writing."
            location = f"{place}:{line.number}"
            notices.append(Notice(severity=Severity.INFO, code="cut-line", location=location, message=message))
    if broken:
        message = f"{len(broken)} lines have not as many cells as the header and were left out."
        location = f"{place}:{broken[0]}"
        notices.append(Notice(severity=Severity.WARNING, code="broken-lines", location=location, message=message))


def _cell(text: str) -> object:
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _flat_config(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the settings of a row of a table, which has a column for each."""
    flat = {name: value for name, value in row.items() if name.startswith(_CONFIG)}
    return {name[len(_CONFIG) :].replace("/", "."): value for name, value in flat.items()} or None


def _step(row: Mapping[str, Any], before: int) -> int:
    step = number(row.get(_STEP))
    return int(step) if step is not None and abs(step) < _LONGEST_STEP else before + 1


def _note_facts(row: Mapping[str, Any], trial: Trial) -> None:
    if trial.started_s is None and (stamp := number(row.get("timestamp"))) is not None:
        took = number(row.get("time_total_s"))
        trial.started_s = stamp - took if took is not None and math.isfinite(took) else stamp
    trial.trial_id = trial.trial_id or _text(row.get("trial_id"))
    trial.experiment_tag = trial.experiment_tag or _text(row.get("experiment_tag"))
    trial.host = trial.host or _text(row.get("hostname"))
    trial.node_ip = trial.node_ip or _text(row.get("node_ip"))
    trial.is_done = row.get("done") is True


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _add_row(row: Mapping[str, Any], step: int, points: RunPoints, count: _Count) -> None:
    time = moment(number(row.get("timestamp")))
    for name, value in row.items():
        if name in _BOOKKEEPING or name.startswith(_CONFIG):
            continue
        for metric, inner in _flat(name, value, _MAX_DEPTH):
            logged = number(inner)
            if logged is not None:
                points.add(metric, step, logged, time)
            elif inner is not None:
                count.left_out[metric] += 1


def _flat(name: str, value: object, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and depth:
        for key, inner in value.items():
            yield from _flat(f"{name}/{key}", inner, depth - 1)
    else:
        yield name, value


def _said(place: str, trial: Trial, count: _Count) -> Iterator[Notice]:
    if count.repeated:
        message = f"{count.repeated} rows repeat or precede an iteration; the trial was restored. All are kept."
        yield Notice(severity=Severity.INFO, code="repeated-iterations", location=place, message=message)
    if trial.config_changes:
        message = f"The settings changed {trial.config_changes} times in the course of the trial; the last are shown."
        yield Notice(severity=Severity.WARNING, code="changed-settings", location=place, message=message)
    if count.left_out:
        named = ", ".join(sorted(count.left_out)[:5])
        message = f"{count.left_out.total()} values that are no numbers were left out, of {named}."
        yield Notice(severity=Severity.INFO, code="text-values", location=place, message=message)
