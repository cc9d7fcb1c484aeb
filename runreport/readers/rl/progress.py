"""What the logger of Stable-Baselines3 writes: ``progress.csv``, ``progress.json`` or the tables of ``log.txt``.

Format: the module ``stable_baselines3.common.logger``. The three files hold the same rows, so one of them is read: the
CSV file (its header is rewritten and old rows are padded when keys appear), else the JSON lines, else the tables, which
round values to three digits and cut long keys. A row has no step column; its step is ``time/total_timesteps``.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from runreport.formats.documents import number
from runreport.formats.lines import lines
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.series import RunPoints

FILES = ("progress.csv", "progress.json", "log.txt")
STEP_KEYS = ("time/total_timesteps", "time/total timesteps", "total_timesteps", "total timesteps")
_CUT_MARK = "..."
_TABLE_ROW = re.compile(r"\|(?P<key>.+?)\|(?P<value>[^|]*)\|\s*")
_LONGEST_STEP = 2**53

Row = Mapping[str, object]


def add_progress(path: Path, place: str, points: RunPoints, known: Mapping[str, frozenset[int]]) -> list[Notice]:
    """Add the rows of one of the files and return what is to be said.

    Args:
        path: one of :data:`FILES`.
        place: how notices name it.
        points: gets one point per number.
        known: steps of metrics that another file of the run holds; these points are not added again.

    Raises:
        OSError: the file cannot be read.
    """
    notices: list[Notice] = []
    texts: Counter[str] = Counter()
    step = -1
    for row in _rows(path, place, notices):
        step = _step(row, step)
        for key, value in row.items():
            logged = _number(value)
            if logged is None:
                texts[key] += value not in (None, "")
            elif key not in STEP_KEYS and step not in known.get(key, ()):
                points.add(key, step, logged)
    return [*notices, *_text_notice(place, texts), *_table_notices(place, points)]


def _rows(path: Path, place: str, notices: list[Notice]) -> Iterator[Row]:
    if path.suffix == ".csv":
        return _csv_rows(path, place, notices)
    if path.suffix == ".json":
        return (row for _, row in json_objects(path, place, notices))
    return _table_rows(path)


def _step(row: Row, before: int) -> int:
    """Return the step of a row: its timesteps, those of the row before, or its position when there are none at all."""
    for key in STEP_KEYS:
        value = _number(row.get(key))
        if value is not None and abs(value) < _LONGEST_STEP and value == int(value):
            return int(value)
    has_steps = any(key in row for key in STEP_KEYS)
    return max(before, 0) if has_steps else before + 1


def _number(value: object) -> float | None:
    if not isinstance(value, str):
        return number(value)
    try:
        return float(value)
    except ValueError:
        return {"True": 1.0, "False": 0.0}.get(value.strip())


def _csv_rows(path: Path, place: str, notices: list[Notice]) -> Iterator[Row]:
    columns: list[str] | None = None
    ragged: list[int] = []
    for line in lines(path):
        try:
            cells = next(csv.reader([line.text]), [])
        except csv.Error:
            cells = []
        if columns is None:
            columns = [name.strip() for name in cells] or None
        elif cells and len(cells) <= len(columns) and line.is_whole:
            yield dict(zip(columns, cells, strict=False))
        elif line.is_whole and (line.text.strip() or line.is_long):
            ragged.append(line.number)
        elif line.text.strip() or line.is_long:
            notices.append(cut_line(f"{place}:{line.number}"))
    if ragged:
        message = f"{len(ragged)} lines have more cells than the header and were left out; this is where the first is."
        location = f"{place}:{ragged[0]}"
        notices.append(Notice(severity=Severity.WARNING, code="broken-lines", location=location, message=message))


def cut_line(location: str) -> Notice:
    """Return the notice for a last line without an end; ``location`` is its file and number."""
    message = "The last line has no end and was left out. That is normal while a run is writing."
    return Notice(severity=Severity.INFO, code="cut-line", location=location, message=message)


def _table_rows(path: Path) -> Iterator[Row]:
    """Yield the tables of a text file; keys of a section are indented below its name, which ends with a slash."""
    row: dict[str, str] = {}
    section = ""
    for line in chain((found.text for found in lines(path)), [""]):
        cells = _TABLE_ROW.fullmatch(line)
        if cells is None:
            if row:
                yield row
            row, section = {}, ""
            continue
        key, value = cells["key"].removeprefix(" ").rstrip(), cells["value"].strip()
        if not value and key.endswith("/"):
            section = key.strip()
        elif key.startswith("   "):
            row[section + key.strip()] = value
        else:
            section = ""
            row[key.strip()] = value


def _text_notice(place: str, texts: Counter[str]) -> Iterator[Notice]:
    left_out = {key: count for key, count in texts.items() if count}
    if left_out:
        named = ", ".join(sorted(left_out)[:5])
        message = f"{sum(left_out.values())} values that are no numbers were left out, of {named}."
        yield Notice(severity=Severity.INFO, code="text-values", location=place, message=message)


def _table_notices(place: str, points: RunPoints) -> Iterator[Notice]:
    if not place.endswith(".txt"):
        return
    message = "The table of the log rounds its values to about three digits; there is no progress.csv beside it."
    yield Notice(severity=Severity.WARNING, code="rounded-values", location=place, message=message)
    cut = sorted(metric for metric in points.metrics if metric.endswith(_CUT_MARK))
    if cut:
        message = f"The writer cut the names of {len(cut)} metrics, for example {cut[0]!r}."
        yield Notice(severity=Severity.WARNING, code="cut-names", location=place, message=message)


def is_progress_header(names: Sequence[str]) -> bool:
    """Say whether the keys of a row are those of Stable-Baselines3."""
    marks = {"time/total_timesteps", "time/iterations", "time/fps", "time/time_elapsed", "train/n_updates"}
    own = set(names)
    return bool(own & marks) and (len(own & marks) > 1 or any(name.startswith("rollout/") for name in own))
