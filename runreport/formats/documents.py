"""JSON as trackers write it: bare ``NaN`` and ``Infinity``, numbers as texts, files that are still being written."""

import json
import math
import re
from pathlib import Path
from typing import Any

from runreport.errors import ReadError
from runreport.formats.files import read_bytes

MAX_BYTES = 200_000_000
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # may be half of a surrogate pair, which no UTF-8 can hold
_SPECIAL = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "infinity": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
}


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - a JSON value may be anything
    """Return a JSON value. ``NaN`` and ``Infinity`` are read; whole numbers keep all their digits.

    Raises:
        ReadError: it is no JSON, or nested too deeply.
    """
    text = data.decode("utf-8-sig", "replace")
    try:
        value = json.loads(text)
        if _HALF_PAIR.search(text):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except json.JSONDecodeError as problem:
        sentence = f"It is no JSON: {problem.msg} in line {problem.lineno}, column {problem.colno}."
        raise ReadError(sentence) from problem
    except (ValueError, RecursionError) as problem:
        raise ReadError("It is JSON that is nested too deeply or holds a number of too many digits.") from problem
    return value


def load_json(path: Path, limit_bytes: int = MAX_BYTES) -> Any:  # noqa: ANN401 - a JSON value may be anything
    """Return the JSON value in a file; see :func:`parse_json`.

    Raises:
        ReadError: the file cannot be read, is larger than ``limit_bytes``, or is no JSON.
    """
    return parse_json(read_bytes(path, limit_bytes))


def load_object(path: Path, limit_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the JSON object in a file; see :func:`parse_json`.

    Raises:
        ReadError: the file cannot be read, is larger than ``limit_bytes``, is no JSON, or holds no object.
    """
    value = load_json(path, limit_bytes)
    if not isinstance(value, dict):
        raise ReadError("It holds no JSON object.")
    return value


def as_map(value: object) -> dict[str, Any]:
    """Return a JSON object, and an empty one for whatever is none."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return a JSON array, and an empty one for whatever is none."""
    return value if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Return a logged number, which may be written as a text such as ``"NaN"``; None for what is none.

    >>> number("-Infinity"), number(True), number("0.5"), number([1])
    (-inf, 1.0, None, None)
    """
    if isinstance(value, str):
        return _SPECIAL.get(value.strip().casefold())
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
