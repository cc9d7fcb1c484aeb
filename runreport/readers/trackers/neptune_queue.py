"""The files of Neptune's queue: JSON objects one after the other, between which a line end is usual but not promised."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runreport.formats.lines import lines
from runreport.names import Severity
from runreport.readers.trackers.common import Findings

_LONGEST_BYTES = 70_000_000
"""Neptune begins a new file at 64 MiB, so that a line is never longer unless it is damaged."""


def operations(path: Path, place: str, findings: Findings) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file. What cannot be read up to the next line end is left out with a notice.

    Raises:
        OSError: the file cannot be read.
    """
    decoder = json.JSONDecoder()
    broken: list[int] = []
    for line in lines(path, _LONGEST_BYTES):
        position = 0
        while position < len(line.text):
            try:
                value, position = decoder.raw_decode(line.text, position)
            except (ValueError, RecursionError):
                if line.is_whole:
                    broken.append(line.number)
                else:
                    _tell_cut(place, line.number, findings)
                break
            if isinstance(value, dict):
                yield value
            else:
                broken.append(line.number)
            position += len(line.text[position:]) - len(line.text[position:].lstrip())
        if line.is_long:
            broken.append(line.number)
    if broken:
        message = f"{len(broken)} operations could not be read; this is where the first one is."
        findings.tell("broken-lines", f"{place}:{broken[0]}", message)


def _tell_cut(place: str, number: int, findings: Findings) -> None:
    message = "The last operation is not complete and was left out. That is normal while a run is writing."
    findings.tell("cut-line", f"{place}:{number}", message, Severity.INFO)
