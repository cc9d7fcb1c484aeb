"""Folders of Spinning Up: ``progress.txt``, a table with tabs, and ``config.json``.

Format: ``spinup/utils/logx.py``. The columns are fixed by the first epoch. Settings that are no JSON values are written
as their texts, often with an address in memory, which says nothing and is left out. Runs lie in ``<name>_s<seed>``.
The step of a point is ``TotalEnvInteracts``, else ``Epoch``, else the position of the row.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from runreport.formats.documents import load_object
from runreport.formats.lines import Line, lines
from runreport.model.entities import RunBatch
from runreport.model.keys import flatten
from runreport.names import Direction, Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.rl.progress import cut_line

_TABLE = "progress.txt"
_CONFIG = "config.json"
_STEPS = ("TotalEnvInteracts", "Epoch", "Iteration")
_RETURNS = ("AverageTestEpRet", "AverageEpRet")
_MARKS = frozenset({*_STEPS, *_RETURNS, "EpLen", "AverageVVals", "AverageQ1Vals", "LossPi", "LossV", "LossQ"})
_FEWEST_MARKS = 3
_PEEK_BYTES = 4096
_LONGEST_STEP = 2**53
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_WRITER = "logger"  # an object of the library as text
_MAX_CONFIG_BYTES = 20_000_000


class SpinningUpReader:
    """Reads folders of Spinning Up."""

    name: ClassVar[str] = "spinningup"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Spinning Up: `progress.txt` and `config.json`",)

    def match(self, location: Location) -> Match | None:
        """Claim a table whose header has the names of the library."""
        if _TABLE not in location.files:
            return None
        first = location.head(_TABLE, _PEEK_BYTES).decode("utf-8-sig", "replace").split("\n")[0]
        columns = first.strip("\r").split("\t")
        marks = _MARKS & set(columns)
        if len(marks) < _FEWEST_MARKS:
            return None
        takes = frozenset(name for name in (_TABLE, _CONFIG) if name in location.files)
        reason = f"{_TABLE} has the columns of Spinning Up, for example {min(marks)}"
        return Match(certainty=Certainty.SURE, reason=reason, takes=takes)

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        names = [name for name in (_TABLE, _CONFIG) if match.takes is None or name in match.takes]
        files = [location.child(name) for name in names]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=Joining.FOLDER),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    for file in source.files:
        if file.endswith(_TABLE):
            notices += _add_rows(location.inside(file), file, points)
    params: dict[str, str] = {}
    for file in source.files:
        if file.endswith(_CONFIG):
            params |= attempt(source, file, partial(_config, location, file), notices)
    returns = [metric for metric in _RETURNS if metric in points.metrics]
    return RunFacts(
        params=params,
        directions=dict.fromkeys(returns, Direction.UP),
        primary=returns[0] if returns else None,
        notices=tuple(notices),
    )


def _config(location: Location, file: str) -> Mapping[str, str]:
    config = load_object(location.inside(file), _MAX_CONFIG_BYTES)
    return flatten(_without_addresses({name: value for name, value in config.items() if name != _WRITER}))


def _without_addresses(value: Any) -> Any:  # noqa: ANN401 - a JSON value may be anything
    if isinstance(value, dict):
        return {_ADDRESS.sub("", name): _without_addresses(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_addresses(inner) for inner in value]
    return _ADDRESS.sub("", value) if isinstance(value, str) else value


def _add_rows(path: Path, place: str, points: RunPoints) -> list[Notice]:
    columns: list[str] = []
    broken: list[int] = []
    notices: list[Notice] = []
    texts: Counter[str] = Counter()
    rows = 0
    for line in lines(path):
        cells = _cells(line)
        if not columns:
            columns = [name.strip() for name in cells]
        elif len(cells) == len(columns) and line.is_whole:
            _add_row(dict(zip(columns, cells, strict=True)), rows, points, texts)
            rows += 1
        elif line.is_whole and (line.text.strip() or line.is_long):
            broken.append(line.number)
        elif not line.is_whole:
            notices.append(cut_line(f"{place}:{line.number}"))
    if broken:
        message = f"{len(broken)} lines have not as many cells as the header and were left out."
        location = f"{place}:{broken[0]}"
        notices.append(Notice(severity=Severity.WARNING, code="broken-lines", location=location, message=message))
    if texts:
        message = f"{texts.total()} values that are no numbers were left out, of {', '.join(sorted(texts)[:5])}."
        notices.append(Notice(severity=Severity.INFO, code="text-values", location=place, message=message))
    return notices


def _cells(line: Line) -> list[str]:
    try:
        return next(csv.reader([line.text], delimiter="\t", quoting=csv.QUOTE_NONE), [])
    except csv.Error:
        return []


def _add_row(row: Mapping[str, str], position: int, points: RunPoints, texts: Counter[str]) -> None:
    values = {name: _number(text) for name, text in row.items()}
    steps = (value for name in _STEPS if (value := values.get(name)) is not None)
    step = next((int(value) for value in steps if abs(value) < _LONGEST_STEP), position)
    for name, value in values.items():
        if value is not None:
            points.add(name, step, value)
        elif row[name].strip():
            texts[name] += 1


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
