"""Output folders of Detectron2: ``metrics.json`` with JSON lines by ``iteration``, and ``config.yaml`` beside it.

Format: ``JSONWriter`` of Detectron2. Its values are medians over twenty iterations, except those of evaluations. A
resumed training appends to the file and repeats iterations: a point removes the earlier points of its metric whose
iteration is not below its own, as later training replaced them; how many were removed is noticed. This is also what
TensorBoard does with the event files in the folder.

``SEED: -1`` in the settings says that there was none. Weights are pickles: they are listed, never opened.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from runreport.formats.documents import number
from runreport.model.entities import RunBatch
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import counted, files_below, info, listed, peek, settings_of, warning, whole

_METRICS = "metrics.json"
_CONFIG = "config.yaml"
_STEP = "iteration"
_USUAL = ('"data_time"', '"total_loss"', '"eta_seconds"', '"rank_data_time"')
_UNITS = {"data_time": "s", "time": "s", "eta_seconds": "s", "rank_data_time": "s"}
_NO_SEED = "-1"


class Detectron2Reader:
    """Reads output folders of Detectron2."""

    name: ClassVar[str] = "detectron2"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Detectron2: `metrics.json` (JSON lines by iteration) and `config.yaml`",)

    def match(self, location: Location) -> Match | None:
        """Claim ``metrics.json`` when its first lines are those of the writer."""
        if _METRICS not in location.files:
            return None
        text = peek(location, _METRICS)
        if not text.startswith("{") or f'"{_STEP}"' not in text:
            return None
        if not any(name in text for name in _USUAL) and _CONFIG not in location.files:
            return None
        takes = frozenset({_METRICS, *([_CONFIG] if _CONFIG in location.files else [])})
        reason = f"{_METRICS} of Detectron2: JSON lines by {_STEP}"
        return Match(certainty=Certainty.SURE, reason=reason, takes=takes)

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        files = [location.child(name) for name in sorted(match.takes or (), reverse=True)]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=Joining.FOLDER),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    params: dict[str, str] = {}
    for file in source.files:
        if file.rpartition("/")[2] == _CONFIG:
            params |= attempt(source, file, partial(settings_of, location, file), notices)
        else:
            _add_lines(location, file, points, notices)
    return RunFacts(
        params={name: text for name, text in params.items() if name != "SEED" or text != _NO_SEED},
        units={name: unit for name, unit in _UNITS.items() if name in points.metrics},
        artifacts=files_below(location, source, source.path, (".pth", ".pkl")),
        notices=tuple(notices),
    )


def _add_lines(location: Location, file: str, points: RunPoints, notices: list[Notice]) -> None:
    series: dict[str, tuple[list[int], list[float]]] = {}
    without_step: list[int] = []
    others: dict[str, None] = {}
    superseded = 0
    for line, logged in json_objects(location.inside(file), file, notices):
        step = whole(logged.pop(_STEP, None))
        if step is None:
            without_step.append(line)
            continue
        for name, value in logged.items():
            found = number(value)
            if found is None:
                others |= {name: None} if value is not None else {}
                continue
            steps, values = series.setdefault(name, ([], []))
            superseded += _supersede(steps, values, step)
            steps.append(step)
            values.append(found)
    for name, (steps, values) in series.items():
        points.extend(name, steps, values)
    notices += _said(file, superseded, without_step, list(others))


def _supersede(steps: list[int], values: list[float], step: int) -> int:
    """Remove the points that later training replaced and return their number."""
    kept = len(steps)
    while kept and steps[kept - 1] >= step:
        kept -= 1
    removed = len(steps) - kept
    del steps[kept:], values[kept:]
    return removed


def _said(file: str, superseded: int, without_step: Sequence[int], others: Sequence[str]) -> Iterator[Notice]:
    if superseded:
        points = counted(superseded, "point")
        message = f"{points} left out, because training went back to an earlier iteration and logged it anew."
        yield info("superseded-points", file, message)
    if without_step:
        message = f"{counted(len(without_step), 'line')} without {_STEP} could not be placed; this is the first one."
        yield warning("no-step", f"{file}:{without_step[0]}", message)
    if others:
        yield warning("texts-left-out", file, f"These values are no numbers and were left out: {listed(others)}.")
