"""Numbers as text: as many digits as mean something, the same number of decimals down a column."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from runreport.compare.words import format_value

MISSING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_DIGITS = 4
_SPREAD_DIGITS = 2
_MOST_PLACES = 8
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e7
_SHORT_S = 10
_KIB = 1024
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def number(value: float | None, places: int | None = None, *, sign: bool = False) -> str:
    r"""Return a number with ``places`` decimals, or with four significant digits when that is None.

    >>> number(0.5, 3), number(-1234567.0, 0), number(0.0000123), number(None)
    ('0.500', '−1\u202f234\u202f567', '1.23e−05', '–')
    """
    if value is None:
        return MISSING
    if places is None or not math.isfinite(value):
        return format_value(value, sign=sign)
    magnitude = f"{abs(value):,.{places}f}".replace(",", _THIN)
    if float(magnitude.replace(_THIN, "")) == 0:
        return magnitude
    return (_MINUS if value < 0 else "+" if sign else "") + magnitude


def places_for(values: Iterable[float | None]) -> int | None:
    """Return the decimals with which a column of values reads well, or None when they span too many decades."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value) and value != 0]
    if not sizes:
        return 0
    if max(sizes) >= _PLAIN_TO or min(sizes) < max(sizes) * 10.0**-_DIGITS or min(sizes) < _PLAIN_FROM:
        return None
    if all(size == int(size) for size in sizes):
        return 0
    return _places(max(sizes), _DIGITS)


def places_for_spread(spreads: Iterable[float | None], values: Iterable[float | None]) -> int | None:
    """Return the decimals that show two digits of the usual spread (sd, half width) of the values."""
    known = sorted(spread for spread in spreads if spread is not None and math.isfinite(spread))
    usual = known[len(known) // 2] if known else 0.0
    if usual <= 0:
        return places_for(values)
    places = _places(usual, _SPREAD_DIGITS)
    return places if places <= _MOST_PLACES else None


def spread_text(spread: float, places: int | None) -> str:
    """Return a spread beside its mean; one that its decimals cannot show is said to be smaller, never zero.

    >>> spread_text(0.0123, 3), spread_text(0.00001, 3), spread_text(0.0, 3)
    ('± 0.012', '± < 0.001', '± 0')
    """
    if spread == 0:
        return "± 0"
    text = number(spread, places)
    is_lost = places is not None and spread > 0 and float(text.replace(_THIN, "")) == 0
    return f"± < {number(10.0 ** -(places or 0), places)}" if is_lost else f"± {text}"


def column(values: Sequence[float | None], *, sign: bool = False) -> tuple[str, ...]:
    """Return a column of numbers with the same decimals."""
    places = places_for(values)
    return tuple(number(value, places, sign=sign) for value in values)


def interval(low: float, high: float, places: int | None, *, sign: bool = False) -> str:
    """Return ``low to high``; the word keeps minus signs readable.

    >>> interval(-0.01, 0.02, 2, sign=True)
    '−0.01 to +0.02'
    """
    return f"{number(low, places, sign=sign)} to {number(high, places, sign=sign)}"


def size(size_bytes: int | None) -> str:
    """Return a size in the largest unit of 1024 that leaves a whole part.

    >>> size(999), size(20480)
    ('999 B', '20.0 KiB')
    """
    if size_bytes is None:
        return MISSING
    amount, units = float(size_bytes), ("B", "KiB", "MiB", "GiB", "TiB")
    unit = 0
    while amount >= _KIB and unit < len(units) - 1:
        amount, unit = amount / _KIB, unit + 1
    return f"{amount:.0f} B" if unit == 0 else f"{amount:.1f} {units[unit]}"


def duration(duration_s: float | None) -> str:
    """Return a length of time in its two largest units.

    >>> duration(3.21), duration(75), duration(7380)
    ('3.21 s', '1 min 15 s', '2 h 3 min')
    """
    if duration_s is None or not math.isfinite(duration_s):
        return MISSING
    if duration_s < _MINUTE_S:
        return f"{number(duration_s, 2 if duration_s < _SHORT_S else 1)} s"
    seconds = round(duration_s)
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    if seconds < _DAY_S:
        return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"
    return f"{seconds // _DAY_S} d {seconds % _DAY_S // _HOUR_S} h"


def moment(when: datetime | None) -> str:
    """Return a time to the minute; times in a store are UTC."""
    return MISSING if when is None else f"{when:%Y-%m-%d %H:%M} UTC"


def _places(size_: float, digits: int) -> int:
    return max(digits - 1 - math.floor(math.log10(size_)), 0)
