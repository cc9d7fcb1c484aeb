"""JSON that any strict parser reads: what is not finite becomes null with a flag beside it."""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date
from enum import Enum

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_FLAG_SUFFIX = "_special"


def special_name(value: float) -> str | None:
    """Return ``NaN``, ``Infinity`` or ``-Infinity`` for a number that JSON cannot hold, else None."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None


def to_json(value: object) -> Json:
    """Return dataclasses, mappings, sequences, dates and vocabularies as plain JSON values.

    A float under a key that is not finite becomes null and the key plus ``_special`` names it. Inside a list it
    becomes null without a flag; lists that must say more hold mappings.

    Raises:
        TypeError: a value of a type that has no JSON form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _object({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return [to_json(item) for item in sorted(value)]
    return _scalar(value)


def dumps(value: object, *, indent: int | None = 2) -> str:
    """Return ``value`` as strict JSON text without a final newline."""
    return json.dumps(to_json(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _object(mapping: Mapping[object, object] | Mapping[str, object]) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key, value in mapping.items():
        result[str(key)] = to_json(value)
        if isinstance(value, float) and (special := special_name(value)):
            result[f"{key}{_FLAG_SUFFIX}"] = special
    return result


def _scalar(value: object) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
