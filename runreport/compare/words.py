"""Numbers in sentences: as many digits as the spread allows, the same everywhere a sentence is shown."""

import math

from runreport.stats.types import Interval

_MINUS = "\N{MINUS SIGN}"
_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_SPREAD_DIGITS = 2
_VALUE_DIGITS = 4
_MOST_PLACES = 8
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e7
_SMALLEST_P = 0.001
_ROUGH_P = 0.1


def format_value(value: float, reference_spread: float | None = None, *, sign: bool = False) -> str:
    r"""Return a number with two digits of the spread it is seen against (a sd, the half width of an interval).

    Without a spread it has four significant digits. ``sign`` puts a plus before positive numbers.

    >>> format_value(0.943217, 0.0123), format_value(12345.6, 300), format_value(0.5, sign=True)
    ('0.943', '12\u202f346', '+0.5')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'' if value > 0 else _MINUS}infinity"
    size = _size(abs(value), reference_spread)
    is_zero = not any(digit in size.partition("e")[0] for digit in "123456789")
    if value < 0 and not is_zero:
        return _MINUS + size
    return f"+{size}" if sign and not is_zero else size


def _size(size: float, spread: float | None) -> str:
    has_spread = spread is not None and math.isfinite(spread) and spread > 0
    if size and not _PLAIN_FROM <= size < _PLAIN_TO and not (has_spread and size < (spread or 0) < _PLAIN_TO):
        mantissa, _, exponent = f"{size:.2e}".partition("e")
        return f"{mantissa}e{exponent.replace('-', _MINUS)}"
    if has_spread and spread is not None:
        return _fixed(size, _places(spread, _SPREAD_DIGITS))
    places = _places(size, _VALUE_DIGITS) if size else 0
    text = _fixed(size, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fixed(size: float, places: int) -> str:
    return f"{size:,.{places}f}".replace(",", _THIN_SPACE)


def _places(size: float, digits: int) -> int:
    return min(max(digits - 1 - math.floor(math.log10(size)), 0), _MOST_PLACES)


def format_p(p: float, *, alpha: float = 0.05) -> str:
    """Return a p-value with an equals or less-than sign; rounding never carries it across alpha.

    >>> format_p(0.0321), format_p(0.04996), format_p(0.5), format_p(1e-9)
    ('= 0.032', '= 0.04996', '= 0.50', '< 0.001')
    """
    if p < _SMALLEST_P:
        return f"< {_SMALLEST_P}"
    places = 2 if p >= _ROUGH_P else 3
    while (round(p, places) < alpha) is not (p < alpha) and places < _MOST_PLACES:
        places += 1
    return f"= {p:.{places}f}"


def format_level(level: float) -> str:
    """Return a confidence level in percent.

    >>> format_level(0.95)
    '95 %'
    """
    return f"{level * 100:.4g} %"


def half_width(interval: Interval | None) -> float | None:
    """Return half the width of an interval: the spread its numbers are rounded by."""
    return None if interval is None else (interval.high - interval.low) / 2


def format_interval(interval: Interval, *, sign: bool = False) -> str:
    """Return ``low to high`` with its level in front.

    >>> format_interval(Interval(low=0.91234, high=0.93456, level=0.95))
    '95 % interval 0.912 to 0.935'
    """
    spread = half_width(interval)
    low, high = (format_value(end, spread, sign=sign) for end in (interval.low, interval.high))
    return f"{format_level(interval.level)} interval {low} to {high}"


def with_unit(text: str, unit: str, *, is_difference: bool = False) -> str:
    """Return a number with its unit; a difference of percentages is in points.

    >>> with_unit("+1.2", "%", is_difference=True), with_unit("3", "s"), with_unit("3", "")
    ('+1.2 points', '3 s', '3')
    """
    if is_difference and unit in {"%", "percent"}:
        return f"{text} points"
    return f"{text} {unit}".rstrip()
