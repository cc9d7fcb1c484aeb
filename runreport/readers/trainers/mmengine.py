"""Work folders of MMEngine (OpenMMLab): ``<work>/<time>/vis_data/`` with the logged numbers, and the log beside it.

Format: ``LocalVisBackend`` and ``LoggerHook`` of MMEngine. ``scalars.json`` holds JSON lines with ``step``; ``<time>.json``
holds the same lines and is read only where there is no ``scalars.json``. Lines of training have ``iter`` (and ``epoch``),
lines of validation have not, and their step is the epoch when training goes by epochs. Steps are kept as written; what
both kinds of lines hold, such as ``time``, gets the prefix ``val/`` in those of validation.

Work folders of MMCV, its forerunner, hold ``<time>.log.json`` (see :mod:`runreport.readers.trainers.mmcv`).

The head of ``<time>.log`` describes the system. ``config.py`` is Python: it is never run, and read as text for settings
that are plain values.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import list_folder, read_bytes
from runreport.formats.lines import lines
from runreport.formats.times import parse_time
from runreport.model.entities import Artifact, RunBatch
from runreport.model.keys import flatten
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of, unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers import mmcv
from runreport.readers.trainers.mmengine_config import read_settings
from runreport.readers.trainers.mmengine_lines import environment_of, named_values
from runreport.readers.trainers.rows import (
    add_numbers,
    artifact,
    counted,
    files_below,
    info,
    listed,
    peek,
    warning,
    whole,
    with_lists,
)

_FOLDER = "vis_data"
_SCALARS = "scalars.json"
_CONFIG = "config.py"
_TIME = re.compile(r"\d{8}_\d{6}")
_TIMED = re.compile(r"\d{8}_\d{6}\.json")
_ENVIRONMENT = re.compile(r"    ([A-Za-z][\w .,/-]{0,60}): (.{1,300})")
_HEAD_LINES = 400
_MOST_CONFIG_BYTES = 1_000_000
_SETTINGS = frozenset({"seed", "deterministic"})
_BEGINS, _ENDS = ("System environment:", "Runtime environment:"), "Config:"


class MMEngineReader:
    """Reads work folders of MMEngine."""

    name: ClassVar[str] = "mmengine"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MMEngine (OpenMMLab): `<time>/vis_data/scalars.json` or `<time>.json`, and the head of `<time>.log`",
        "MMCV before it: `<time>.log.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the numbers in the sub-folder of a run, and its log; in that folder itself they are read with it."""
        own_name = (location.relative or location.label).rpartition("/")[2]
        inside = own_name == _FOLDER
        scalars = _scalars(location.files) if inside else None
        if scalars and '"step"' in peek(location, scalars):
            own = [name for name in location.files if name in (_SCALARS, _CONFIG) or _TIMED.fullmatch(name)]
            reason = f"{scalars} of MMEngine, which is read with the folder above"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(own))
        if inside or _FOLDER not in location.folders or (location.path / _FOLDER).is_symlink():
            return mmcv.match(location)
        held = {file.path for file in list_folder(location.root, location.child(_FOLDER)).files}
        found = _scalars(sorted(held))
        if found is None or '"step"' not in peek(location, f"{_FOLDER}/{found}"):
            return None
        takes = [f"{_FOLDER}/{name}" for name in (found, _CONFIG) if name in held]
        takes += [name for name in location.files if name == f"{own_name}.log"]
        return Match(certainty=Certainty.SURE, reason=f"{_FOLDER}/{found} of MMEngine", takes=frozenset(takes))

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the run of the folder; none for the folder of its numbers, unless that is the root."""
        names = sorted(match.takes or ())
        if any(map(mmcv.is_log, names)):
            return Scan(sources=mmcv.sources(location, self.name, names))
        if location.relative and not any(name.startswith(f"{_FOLDER}/") for name in names):
            return Scan(sources=())
        files = [location.child(name) for name in names]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=Joining.BENEATH),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _scalars(names: Sequence[str]) -> str | None:
    """Return the file with the numbers: the complete one, else the first that is named by a time."""
    return _SCALARS if _SCALARS in names else next((name for name in names if _TIMED.fullmatch(name)), None)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    if mmcv.is_log(source.files[0]):
        return mmcv.read_run(location, source, points)
    notices: list[Notice] = []
    numbers = _scalars([file.rpartition("/")[2] for file in source.files])
    file = next(file for file in source.files if file.rpartition("/")[2] == numbers)
    _add_lines(location, file, points, notices)
    log = next((file for file in source.files if file.endswith(".log")), None)
    described = _described(location, source, log, notices) if log else {}
    config = next((file for file in source.files if file.rpartition("/")[2] == _CONFIG), None)
    settings = attempt(source, config, partial(_config, location, config, notices), notices) if config else {}
    stamp = (source.path or location.label).rpartition("/")[2]
    start = f"{stamp[:8]}T{stamp[9:]}" if _TIME.fullmatch(stamp) else ""
    return RunFacts(
        started=parse_time(start),
        params={name: text for name, text in described.items() if name in _SETTINGS} | dict(settings),
        environment=environment_of(described),
        artifacts=_artifacts(location, source),
        notices=tuple(notices),
        is_numbered=True,
    )


def _add_lines(location: Location, file: str, points: RunPoints, notices: list[Notice]) -> None:
    without_step: list[int] = []
    texts: dict[str, None] = {}
    for line, logged in json_objects(location.inside(file), file, notices):
        step = whole(logged.pop("step", None))
        if step is None:
            without_step.append(line)
            continue
        texts |= dict.fromkeys(add_numbers(points, step, named_values(logged)))
    if without_step:
        message = f"{counted(len(without_step), 'line')} without a step could not be placed; this is the first one."
        notices.append(warning("no-step", f"{file}:{without_step[0]}", message))
    if texts:
        message = f"These values are no numbers and were left out: {listed(list(texts))}."
        notices.append(warning("texts-left-out", file, message))


def _config(location: Location, file: str, notices: list[Notice]) -> dict[str, str]:
    """Return the settings of the configuration, which is read as text and never run."""
    text = read_bytes(location.inside(file), _MOST_CONFIG_BYTES).decode("utf-8-sig", "replace")
    settings, others = read_settings(text)
    if others:
        message = f"{counted(others, 'setting')} without a plain value left out; nothing in it was run."
        notices.append(info("settings-left-out", file, message))
    return flatten(with_lists(settings))


def _described(location: Location, source: Source, log: str, notices: list[Notice]) -> dict[str, str]:
    """Return what the head of the log says about the system and the settings it ran with."""
    found: dict[str, str] = {}
    is_inside = False
    try:
        for line in lines(location.inside(log), 1_000_000):
            text = line.text.rstrip()
            if line.number > _HEAD_LINES or (is_inside and text.endswith(_ENDS)):
                break
            is_inside |= text in _BEGINS
            if is_inside and (pair := _ENVIRONMENT.fullmatch(text)):
                found.setdefault(pair[1], pair[2])
    except (ReadError, OSError) as problem:
        notices.append(unreadable(source, problem, log))
    return found


def _artifacts(location: Location, source: Source) -> tuple[Artifact, ...]:
    """Return the log and the configuration of the run, and those and the weights in the folder above."""
    named = tuple(artifact(source, file) for file in source.files if file.endswith((".py", ".log")))
    if not source.path:
        return named
    return named + files_below(location, source, source.path.rpartition("/")[0], (".pth", ".py"))
