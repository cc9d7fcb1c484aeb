"""What the readers of this package share: looks at the first bytes of a file, CSV rows, and numbers of nested values."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from runreport.errors import ReadError
from runreport.formats.documents import number
from runreport.formats.files import list_folder, media_type, read_bytes
from runreport.formats.lines import Line, lines
from runreport.formats.yaml import MAX_BYTES, Yaml, load_yaml
from runreport.model.entities import Artifact
from runreport.model.keys import flatten
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.series import RunPoints

PEEK_BYTES = 4096
MOST_STEP = 2**53
MOST_JSON_BYTES = 64_000_000
"""Larger files are refused: their values would take many times that in memory."""
_LONGEST_ROW = 1_000_000
_MISSING = frozenset({"", "NA", "N/A", "None", "null"})
_MOST_ARTIFACTS = 1000


def peek(location: Location, name: str, size_bytes: int = PEEK_BYTES) -> str:
    """Return the first bytes of a file of the folder as text; empty when it cannot be read."""
    return location.head(name, size_bytes).decode("utf-8-sig", "replace")


def peek_end(location: Location, name: str, size_bytes: int = PEEK_BYTES) -> str:
    """Return the last bytes of a file of the folder as text; empty when it cannot be read."""
    try:
        path = location.inside(location.child(name))
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - size_bytes, 0))
            return file.read(size_bytes).decode("utf-8", "replace")
    except (OSError, ReadError):
        return ""


def header_of(location: Location, name: str) -> tuple[str, ...]:
    """Return the stripped column names of a CSV file of the folder; none when its first line is no header."""
    first = peek(location, name).splitlines()[:1]
    return tuple(_cells(first[0])) if first else ()


def csv_rows(path: Path, place: str, notices: list[Notice]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells of each row of a CSV file by the stripped column names; empty cells are left out.

    A line that repeats the header is passed over. A row with more or fewer cells than the header is a broken line; one
    at the end of the file without a line end was being written.

    Args:
        path: the file.
        place: how notices name it.
        notices: gets what is to be said.

    Raises:
        OSError: the file cannot be opened or read.
    """
    header: list[str] = []
    broken: list[int] = []
    for line in lines(path, _LONGEST_ROW):
        cells = _cells(line.text)
        if not line.text.strip() and not line.is_long:
            continue
        if not header and not line.is_long:
            header = cells
            continue
        if cells == header:
            continue
        if len(cells) == len(header) and line.is_whole:
            yield line.number, {name: cell for name, cell in zip(header, cells, strict=True) if cell not in _MISSING}
        elif line.is_whole or line.is_long:
            broken.append(line.number)
        else:
            yield from _last_row(line, header, cells, place, notices)
    if broken:
        message = (
            f"{counted(len(broken), 'row')} with another number of cells than the header: left out, here the first."
        )
        notices.append(warning("broken-lines", f"{place}:{broken[0]}", message))


def placed_rows(
    location: Location, file: str, step_column: str, notices: list[Notice]
) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield step and numbers of each row of a CSV file; rows without a step and columns of texts are noticed.

    Raises:
        ReadError: the file does not lie below the root.
        OSError: it cannot be opened or read.
    """
    unplaced: list[int] = []
    texts: dict[str, None] = {}
    for line, row in csv_rows(location.inside(file), file, notices):
        step = whole(row.pop(step_column, ""))
        if step is None:
            unplaced.append(line)
            continue
        found = {name: cell_number(text) for name, text in row.items()}
        texts |= {name: None for name, value in found.items() if value is None}
        yield step, {name: value for name, value in found.items() if value is not None}
    if unplaced:
        message = f"{counted(len(unplaced), 'row')} without {step_column} could not be placed; this is the first one."
        notices.append(warning("no-step", f"{file}:{unplaced[0]}", message))
    if texts:
        message = f"These columns hold texts, which were left out: {listed(list(texts))}."
        notices.append(warning("texts-left-out", file, message))


def _last_row(
    line: Line, header: Sequence[str], cells: Sequence[str], place: str, notices: list[Notice]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield a last row without a line end when it has all cells; its last number may be cut, which is noticed."""
    if len(cells) == len(header):
        yield line.number, {name: cell for name, cell in zip(header, cells, strict=True) if cell not in _MISSING}
        message = "The last row has no line end; it was read, but its last value may be cut."
    else:
        message = "The last row is not complete and was left out. That is normal while a run is writing."
    notices.append(info("cut-line", f"{place}:{line.number}", message))


def cell_number(text: str) -> float | None:
    """Return the number in a cell, None when it holds none.

    >>> cell_number(" 1e-3"), cell_number("nan"), cell_number("[1, 2]"), cell_number("1_0")
    (0.001, nan, None, None)
    """
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def plausible_seconds(value: object) -> float | None:
    """Return a logged duration in seconds, a number or its text; None when it can be none.

    >>> plausible_seconds("12.5"), plausible_seconds(-1), plausible_seconds("nan")
    (12.5, None, None)
    """
    found = cell_number(value) if isinstance(value, str) else number(value)
    return found if found is not None and 0 <= found < MOST_STEP else None


def whole(value: object) -> int | None:
    """Return a logged step as an int, None when it is no whole number of plausible size.

    >>> whole("12"), whole(12.0), whole(0.5), whole(True)
    (12, 12, None, None)
    """
    if isinstance(value, bool):
        return None
    found = cell_number(value) if isinstance(value, str) else number(value)
    return int(found) if found is not None and abs(found) <= MOST_STEP and found == int(found) else None


def add_numbers(points: RunPoints, step: int, values: Mapping[str, object], prefix: str = "") -> list[str]:
    """Add the numbers of a logged object, nested ones under ``outer/inner``; return the names of other values."""
    others: list[str] = []
    waiting = [(f"{prefix}{name}", value) for name, value in values.items()]
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, Mapping):
            waiting[:0] = [(f"{name}/{inner}", one) for inner, one in value.items()]
        elif (found := number(value)) is not None:
            points.add(name, step, found)
        elif value is not None:
            others.append(name)
    return others


def settings_of(location: Location, file: str) -> dict[str, str]:
    """Return the settings of a YAML file as dotted names and texts; none when it holds no map.

    Raises:
        ReadError: it cannot be read or is no YAML.
    """
    value = load_yaml(read_bytes(location.inside(file), MAX_BYTES))
    return flatten(with_lists(value)) if isinstance(value, dict) else {}


def with_lists(value: Yaml) -> Yaml:
    """Return a value with its lists as texts in which numbers stand as they were written, at any depth of maps."""
    if isinstance(value, dict):
        return {name: with_lists(inner) for name, inner in value.items()}
    return _list_text(value) if isinstance(value, list) else value


def _list_text(value: Yaml) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_list_text, value))}]"
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_list_text(inner)}" for name, inner in value.items()) + "}"
    is_plain = cell_number(value) is not None or value in {"true", "false"}
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def files_below(location: Location, source: Source, folder: str, suffixes: Sequence[str]) -> tuple[Artifact, ...]:
    """Return the files of a folder (relative to the root) with one of the endings as artifacts of the run."""
    listed = (file for file in list_folder(location.root, folder).files if file.path.endswith(tuple(suffixes)))
    return tuple(
        artifact(source, f"{folder}/{file.path}".strip("/"), file.size_bytes)
        for file in islice(listed, _MOST_ARTIFACTS)
    )


def artifact(source: Source, path: str, size_bytes: int | None = None) -> Artifact:
    """Return a file, given relative to the root, as an artifact of the run, named below its folder."""
    below = path[len(source.path) :].strip("/") if path.startswith(f"{source.path}/") else path
    return Artifact(run_id=source.run_id, path=below, size_bytes=size_bytes, media_type=media_type(path), location=path)


def info(code: str, place: str, message: str) -> Notice:
    """Return a notice of something worth knowing."""
    return Notice(severity=Severity.INFO, code=code, location=place, message=message)


def warning(code: str, place: str, message: str) -> Notice:
    """Return a notice of something that was left out or assumed."""
    return Notice(severity=Severity.WARNING, code=code, location=place, message=message)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names for a sentence, the first few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, what: str) -> str:
    """Return a number of things for a sentence.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _cells(text: str) -> list[str]:
    """Return the stripped cells of a line; nearly all lines have no quotation marks, and splitting them is fast."""
    if '"' not in text:
        return [cell.strip() for cell in text.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error:
        return []
