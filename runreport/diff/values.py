"""Typed comparison of two logged values, and the shape of a difference table."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache

from runreport.model.keys import param_kind
from runreport.names import ParamKind

Canonical = tuple[object, ...]
"""What a logged text stands for: hashable, equal exactly when two texts mean the same."""

_LARGEST_EXACT = 2.0**53  # a float up to here that is whole is the same value as the int
_LONGEST_INT = 4000
_LONGEST_JSON = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffCell:
    """What one side has for a key: distinct texts with how many runs have each, and how many runs lack the key.

    Texts that mean the same (``1e-3`` and ``0.001``) are one entry, shown as first logged.
    """

    values: tuple[tuple[str, int], ...]
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One key; ``is_different`` when the sides do not agree, and missing is not equal to anything.

    ``is_ignored`` marks seeds, run names, output folders and the like: they are expected to differ.
    """

    key: str
    cells: tuple[DiffCell, ...]
    is_different: bool
    is_ignored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """One section (params, tags, environment, code, datasets): a row per key, a cell per side.

    Keys are in natural order, ignored ones behind all others.
    """

    section: str
    sides: tuple[str, ...]
    rows: tuple[DiffRow, ...]

    @property
    def different(self) -> tuple[DiffRow, ...]:
        """The rows that are shown by default: those that differ and are not ignored."""
        return tuple(row for row in self.rows if row.is_different and not row.is_ignored)


@lru_cache(maxsize=65_536)
def canonical(text: str) -> Canonical:
    """Return what a logged text stands for, by value and type.

    Numbers compare by value (``1e-3`` is ``0.001``, int ``1`` is float ``1.0``), truth values are not numbers, none
    and null are one value, lists and maps compare by their parsed JSON where they are JSON, text exactly.

    >>> canonical("1e-3") == canonical("0.001"), canonical("True") == canonical("1"), canonical("None")
    (True, False, ('none',))
    """
    kind, number = param_kind(text)
    if kind is ParamKind.NONE:
        return ("none",)
    if kind is ParamKind.BOOL:
        return ("bool", bool(number))
    if kind in {ParamKind.INT, ParamKind.FLOAT}:
        return _canonical_number(text, kind, number)
    if kind in {ParamKind.LIST, ParamKind.MAP} and len(text) <= _LONGEST_JSON:
        return _canonical_json(text)
    return ("text", text)


def _canonical_number(text: str, kind: ParamKind, number: float | None) -> Canonical:
    if kind is ParamKind.INT:
        return ("number", int(text)) if len(text) <= _LONGEST_INT else ("text", text)
    if number is None or math.isnan(number):
        return ("number", "nan")
    if math.isinf(number) and "inf" not in text.casefold():
        return ("text", text)  # too large for a float: only the same text is surely the same
    whole = number.is_integer() and abs(number) <= _LARGEST_EXACT
    return ("number", int(number) if whole else number)


def _canonical_json(text: str) -> Canonical:
    try:
        return _canonical_value(json.loads(text))
    except (ValueError, RecursionError):
        return ("text", text)


def _canonical_value(value: object) -> Canonical:
    if value is None:
        return ("none",)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int | float):
        return canonical(repr(value))
    if isinstance(value, list):
        return ("list", *(_canonical_value(item) for item in value))
    if isinstance(value, dict):
        return ("map", *((key, _canonical_value(value[key])) for key in sorted(value)))
    return ("text", value)


def is_same(left: str | None, right: str | None) -> bool:
    """Say whether two logged values mean the same; missing (None) is equal to nothing, not even to missing.

    >>> is_same("[1, 2.0]", "[1.0,2]"), is_same(None, "none")
    (True, False)
    """
    return left is not None and right is not None and canonical(left) == canonical(right)
