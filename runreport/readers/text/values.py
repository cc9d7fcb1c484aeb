"""Numbers as text logs print them: with a unit behind them, NaN and infinite ones too."""

import re

NUMBER = r"[-+]?(?:(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][-+]?\d{1,4})?|(?i:nan|inf(?:inity)?))"
"""A regular expression for a number; there is only one way in which it fits a text, so that it may be repeated."""

UNIT = r"(?:ns|us|µs|ms|s|sec|min|h|%|[KMGT]i?B|(?:it|tok|tokens|samples|img)/s)"
"""A regular expression for the units that are known."""

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_VALUE = re.compile(rf"\s*({NUMBER})\s*({UNIT})?\s*")
_BEHIND = re.compile(rf"\s?({UNIT})(?![\w/])")


def parse_value(text: str) -> tuple[float, str] | None:
    """Return the number a text is and its unit, None when it is none.

    >>> parse_value("163621ms"), parse_value("nan"), parse_value("93.5 %"), parse_value("3e")
    ((163621.0, 'ms'), (nan, ''), (93.5, '%'), None)
    """
    found = _VALUE.fullmatch(text)
    return (float(found[1]), found[2] or "") if found else None


def unit_behind(text: str, end: int) -> str:
    """Return the unit that stands right behind a number that ends there, empty when there is none.

    >>> unit_behind("took 12 ms", 7)
    'ms'
    """
    found = _BEHIND.match(text, end)
    return found[1] if found else ""


def in_unit(value: float, unit: str, wanted: str) -> float | None:
    """Return a value in another unit, None when the two do not measure the same.

    >>> in_unit(2.5, "s", "ms"), in_unit(1.0, "s", "%")
    (2500.0, None)
    """
    if unit == wanted:
        return value
    if unit in _SECONDS and wanted in _SECONDS:
        return value * (_SECONDS[unit] / _SECONDS[wanted])
    return None
