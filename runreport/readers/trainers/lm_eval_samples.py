"""Outcomes of single documents: the JSON lines ``samples_<task>_<date>.jsonl`` of the evaluation harness."""

import re
from collections.abc import Mapping
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import number
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.jsonlines import json_objects
from runreport.readers.common.logs import unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import counted, info, warning

_NAME = re.compile(r"samples_(?P<task>.+)_[^_]+\.jsonl")
_DOCUMENT = "doc_id"
_FILTER = "filter"
_NOT_VALUES = frozenset({_DOCUMENT, "repeats"})


def add_samples(  # noqa: PLR0913, PLR0917 - each is another part of where a sample belongs
    location: Location, source: Source, file: str, step: int, points: RunPoints, notices: list[Notice]
) -> None:
    """Add the outcomes in a file, given relative to the root, as samples of ``<task>/<metric>`` named by document."""
    named = _NAME.fullmatch(file.rpartition("/")[2])
    task = named["task"] if named else ""
    without_document = 0
    lists: set[str] = set()
    try:
        for _, logged in json_objects(location.inside(file), file, notices):
            document = logged.get(_DOCUMENT)
            if document is None:
                without_document += 1
                continue
            for metric, value in _outcomes(logged, lists).items():
                points.add_sample(f"{task}/{metric}", step, str(document), value)
    except (ReadError, OSError) as problem:
        notices.append(unreadable(source, problem, file))
    if without_document:
        message = f"{counted(without_document, 'sample')} without {_DOCUMENT} left out."
        notices.append(warning("nameless-samples", file, message))
    if lists:
        message = f"The outcomes of {', '.join(sorted(lists))} are no single numbers, so they are no samples."
        notices.append(info("samples-left-out", file, message))


def _outcomes(logged: Mapping[str, Any], lists: set[str]) -> dict[str, float]:
    """Return the numbers of a document by metric; ``lists`` gets the names of those that are no numbers."""
    listed = logged.get("metrics")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else list(logged)
    filtered = logged.get(_FILTER, "none")
    suffix = "" if filtered == "none" else f",{filtered}"
    found: dict[str, float] = {}
    for name in names:
        value = number(logged.get(name)) if name not in _NOT_VALUES else None
        if value is not None:
            found[f"{name}{suffix}"] = value
        elif isinstance(listed, list) and logged.get(name) is not None:
            lists.add(name)
    return found
