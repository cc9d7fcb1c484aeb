"""Objects of JSON lines, with a notice for each kind of line that holds none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import parse_json
from runreport.formats.lines import lines
from runreport.names import Severity
from runreport.notices import Notice


def json_objects(path: Path, place: str, notices: list[Notice]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and object of each line of a file; blank lines are passed over.

    Lines that hold no object are counted in one notice at the first of them. A last line without a line end that is
    no JSON was being written, and gets a notice of its own.

    Args:
        path: the file.
        place: how notices name it.
        notices: gets what is to be said.

    Raises:
        OSError: the file cannot be opened or read.
    """
    broken: list[int] = []
    for line in lines(path):
        if line.is_long:
            broken.append(line.number)
        elif line.text.strip():
            try:
                value = parse_json(line.text.encode())
            except ReadError:
                value = None
            if isinstance(value, dict):
                yield line.number, value
            elif line.is_whole or value is not None:
                broken.append(line.number)
            else:
                notices.append(_cut_line(place, line.number))
    if broken:
        notices.append(_broken_lines(place, broken))


def _cut_line(place: str, number: int) -> Notice:
    message = "The last line is not complete and was left out. That is normal while a run is writing."
    return Notice(severity=Severity.INFO, code="cut-line", location=f"{place}:{number}", message=message)


def _broken_lines(place: str, numbers: list[int]) -> Notice:
    count = "1 line holds" if len(numbers) == 1 else f"{len(numbers)} lines hold"
    message = f"{count} no JSON object and could not be read; this is where the first one is."
    return Notice(severity=Severity.WARNING, code="broken-lines", location=f"{place}:{numbers[0]}", message=message)
