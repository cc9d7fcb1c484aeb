"""Work folders of MMCV, the forerunner of MMEngine: ``<work>/<time>.log.json``, JSON lines of one start of a training.

Format: ``TextLoggerHook`` of MMCV 1. The first line describes the run (``env_info``, ``seed``, ``exp_name``, ``config``);
every other one has ``mode``, ``epoch`` and ``iter``. A trainer by epochs counts ``iter`` anew in each epoch, and nothing says
how many there are: the largest one that was logged counts as the length of an epoch. In lines of validation ``iter`` is
the size of the data, so that their step is the one of the training before them. ``config`` is Python: it is never run.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from runreport.formats.times import parse_time
from runreport.model.keys import flatten
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Source
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.logs import RunFacts, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.mmengine_config import read_settings
from runreport.readers.trainers.mmengine_lines import environment_of, named_values
from runreport.readers.trainers.rows import add_numbers, counted, info, listed, peek, warning, whole, with_lists

_ENDING = ".log.json"
_SIGN = re.compile(r'"mode": ?"(train|val)"|"env_info":')
_STAMP = re.compile(r"(\d{8})_(\d{6})")
_PLACES = ("mode", "epoch", "iter")
_TEXTS = ("env_info", "config")
_FACT = re.compile(r"([A-Za-z][\w .,/-]{0,60}): (.{1,300})")
_LONGEST_EPOCH = 2**40


def is_log(name: str) -> bool:
    """Say whether a file is called as MMCV calls its logs."""
    return name.endswith(_ENDING)


def match(location: Location) -> Match | None:
    """Claim the logs of a work folder."""
    names = [name for name in location.files if is_log(name) and _SIGN.search(peek(location, name))]
    if not names:
        return None
    reason = f"{names[0]} of MMCV" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(names))


def sources(location: Location, tool: str, names: Sequence[str]) -> tuple[Source, ...]:
    """Return the run of the folder; of several starts each is one, since nothing says which goes on with which."""
    if len(names) == 1:
        file = location.child(names[0])
        return (source_of(location, tool, location.relative, [file], joining=Joining.FOLDER),)
    return tuple(source_of(location, tool, file, [file]) for file in map(location.child, names))


def read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    """Read one log.

    Raises:
        ReadError: it lies outside of the root.
        OSError: it cannot be read.
    """
    notices: list[Notice] = []
    file = source.files[0]
    about = _add_lines(location, file, points, _epoch_length(location, file), notices)
    config = about.get("config")
    settings, others = read_settings(config) if isinstance(config, str) else ({}, 0)
    if others:
        message = f"{counted(others, 'setting')} without a plain value left out; nothing in it was run."
        notices.append(info("settings-left-out", file, message))
    said = {name: text for name, text in flatten(about).items() if name not in (*_TEXTS, "seed")}
    found = [pair for line in str(about.get("env_info", "")).splitlines() if (pair := _FACT.fullmatch(line.strip()))]
    stamp = _STAMP.search(file.rpartition("/")[2])
    seed = whole(about.get("seed"))
    return RunFacts(
        started=parse_time(f"{stamp[1]}T{stamp[2]}") if stamp else None,
        params=flatten(with_lists(settings)) | ({"seed": str(seed)} if seed is not None else {}),
        tags={name: text for name, text in said.items() if text not in ("", "None")},
        environment=environment_of({pair[1]: pair[2] for pair in found}),
        notices=tuple(notices),
    )


def _epoch_length(location: Location, file: str) -> int:
    """Return the largest iteration of a training that counts anew in each epoch, 0 for one that goes on counting."""
    places = [
        (epoch, step)
        for _, logged in json_objects(location.inside(file), file, [])
        if logged.get("mode") == "train" and (step := whole(logged.get("iter"))) is not None
        if (epoch := whole(logged.get("epoch"))) is not None and 0 <= step < _LONGEST_EPOCH
    ]
    counts_anew = any(later[0] > earlier[0] and later[1] <= earlier[1] for earlier, later in pairwise(places))
    return max(step for _, step in places) if counts_anew else 0


def _add_lines(
    location: Location, file: str, points: RunPoints, epoch_length: int, notices: list[Notice]
) -> dict[str, Any]:
    """Add the points of all lines and return what the first one says about the run."""
    about: dict[str, Any] = {}
    unplaced: list[int] = []
    texts: dict[str, None] = {}
    step = 0
    for line, logged in json_objects(location.inside(file), file, notices):
        if "mode" not in logged:
            about = about or logged
            continue
        if logged["mode"] == "train":
            placed = _step(logged, epoch_length)
            if placed is None:
                unplaced.append(line)
                continue
            step = placed
        texts |= dict.fromkeys(add_numbers(points, step, _values(logged)))
    if epoch_length:
        message = f"Iterations are counted anew in each epoch; {epoch_length}, the largest, was taken as its length."
        notices.append(info("counted-steps", file, message))
    if unplaced:
        message = f"{counted(len(unplaced), 'line')} without a step could not be placed; this is the first one."
        notices.append(warning("no-step", f"{file}:{unplaced[0]}", message))
    if texts:
        message = f"These values are no numbers and were left out: {listed(list(texts))}."
        notices.append(warning("texts-left-out", file, message))
    return about


def _step(logged: Mapping[str, Any], epoch_length: int) -> int | None:
    epoch, inside = whole(logged.get("epoch")), whole(logged.get("iter"))
    if inside is None or (epoch_length and epoch is None):
        return None
    return (max(epoch or 1, 1) - 1) * epoch_length + inside


def _values(logged: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in logged.items() if name not in _PLACES}
    if logged["mode"] == "train":
        return values | ({"epoch": logged["epoch"]} if "epoch" in logged else {})
    return named_values(values)
