"""Monitor files of Stable-Baselines3, Gym and Baselines: one line per episode, one file per environment.

Format: the class ``Monitor`` of Stable-Baselines3. The first line is ``#`` and a JSON object with the start time
``t_start`` (seconds after 1970) and ``env_id``; then comes a CSV header with at least ``r`` (reward), ``l`` (length in
steps) and ``t`` (seconds after the start), then one row for each episode that ended.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runreport.errors import ReadError
from runreport.formats.documents import number, parse_json
from runreport.formats.lines import Line, lines
from runreport.formats.times import microseconds, moment
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.series import NO_TIME, RunPoints
from runreport.readers.rl.progress import cut_line

SUFFIX = "monitor.csv"
_PREFIX = "episode"
_NAMES = {"r": "reward", "l": "length"}
_LONGEST_STEP = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode: when it ended (seconds after 1970, or after an unknown start), its length, and its values."""

    ended: float
    length: int
    values: dict[str, float]


@dataclass(slots=True, kw_only=True)
class MonitorFile:
    """What a file holds; ``starts`` are the times at which its environment was set up."""

    episodes: list[Episode] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    env_ids: list[str] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    notices: list[Notice] = field(default_factory=list)


def read_monitor(path: Path, place: str) -> MonitorFile:
    """Read one file.

    Raises:
        OSError: it cannot be read.
    """
    found = MonitorFile()
    columns: list[str] = []
    start = 0.0
    broken: list[int] = []
    for line in lines(path):
        text = line.text.strip()
        if text.startswith("#"):
            start = _header(text, found, start)
        elif _is_columns(text):
            columns = [name.strip() for name in _cells(text)]
        elif text or line.is_long:
            episode = _episode(line, columns, start, found.texts) if line.is_whole else None
            if episode is not None:
                found.episodes.append(episode)
            elif line.is_whole:
                broken.append(line.number)
            else:
                found.notices.append(cut_line(f"{place}:{line.number}"))
    found.notices += _said(place, columns, broken)
    return found


def add_episodes(files: Sequence[MonitorFile], points: RunPoints) -> None:
    """Add one point per episode and value, in the order in which the episodes of all environments ended.

    The step of an episode is the number of environment steps in all episodes up to its end.
    """
    ordered = sorted((episode for file in files for episode in file.episodes), key=lambda episode: episode.ended)
    series: dict[str, tuple[list[int], list[float], list[int]]] = {}
    step = 0
    for episode in ordered:
        step += episode.length
        time = moment(episode.ended)
        for name, value in episode.values.items():
            steps, values, times = series.setdefault(name, ([], [], []))
            steps.append(step)
            values.append(value)
            times.append(NO_TIME if time is None else microseconds(time))
    for name, (steps, values, times) in series.items():
        points.extend(f"{_PREFIX}/{_NAMES.get(name, name)}", steps, values, times)


def _header(text: str, found: MonitorFile, start: float) -> float:
    """Note the start and environment of a first line; return the start, the one before when it says none."""
    try:
        value = parse_json(text[1:].encode())
    except ReadError:
        return start
    if not isinstance(value, dict):
        return start
    if isinstance(value.get("env_id"), str):
        found.env_ids.append(value["env_id"])
    seconds = number(value.get("t_start"))
    if seconds is None or moment(seconds) is None:
        return start
    found.starts.append(seconds)
    return seconds


def _is_columns(text: str) -> bool:
    return {"r", "l", "t"} <= {name.strip() for name in text.split(",")}


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _episode(line: Line, columns: Sequence[str], start: float, texts: Counter[str]) -> Episode | None:
    """Return the episode of a row; None when it has not all of its cells, or no numbers in the first ones."""
    cells = _cells(line.text)
    if not columns or len(cells) != len(columns):
        return None
    values: dict[str, float] = {}
    for name, cell in zip(columns, cells, strict=True):
        value = _value(cell)
        if value is not None:
            values[name] = value
        elif cell.strip():
            texts[name] += 1
    length, seconds = values.get("l", math.nan), values.pop("t", math.nan)
    if "r" not in values or not 0 <= length <= _LONGEST_STEP or not math.isfinite(seconds):
        return None
    return Episode(ended=start + seconds, length=int(length), values=values)


def _value(cell: str) -> float | None:
    text = cell.strip()
    if text in ("True", "False"):
        return float(text == "True")
    try:
        return float(text)
    except ValueError:
        return None


def _said(place: str, columns: Sequence[str], broken: Sequence[int]) -> Iterator[Notice]:
    if not columns:
        message = "The file has no header with the columns r, l and t, so no episode was read from it."
        yield Notice(severity=Severity.WARNING, code="no-header", location=place, message=message)
    elif broken:
        message = f"{len(broken)} lines are no episodes and were left out; this is where the first one is."
        yield Notice(severity=Severity.WARNING, code="broken-lines", location=f"{place}:{broken[0]}", message=message)
