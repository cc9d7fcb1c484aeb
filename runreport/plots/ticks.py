"""Where an axis has its ticks, and what they say."""

import math
from itertools import pairwise

from runreport.plots.spec import Scale

_NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e6
_GROUPED_FROM = 10_000
_MOST_DECIMALS, _MOST_DIGITS = 12, 300
_BETWEEN_DECADES = ((3.0, (1,)), (1.5, (1, 3)), (0.0, (1, 2, 5)))
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ticks(low: float, high: float, *, scale: Scale, count: int, whole: bool = False) -> tuple[float, ...]:
    """Return about ``count`` round values between low and high, both included; low < high, low > 0 on a log scale.

    >>> ticks(0.0, 1.0, scale=Scale.LINEAR, count=5)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    if scale is Scale.LOG:
        return _log_ticks(low, high, count)
    return _linear_ticks(low, high, count, whole=whole)


def tick_texts(values: tuple[float, ...]) -> tuple[str, ...]:
    """Return the values with as many decimals as tell them apart, thin spaces between thousands, a true minus.

    Numbers from a million on, and steps below 0.0001, are written with a power of ten.

    >>> tick_texts((-0.5, 0.0, 0.25))
    ('−0.50', '0.00', '0.25')
    """
    if not values:
        return ()
    largest = max(abs(value) for value in values)
    smallest_step = min((b - a for a, b in pairwise(values)), default=largest)
    if largest >= _PLAIN_BELOW or 0 < smallest_step < _PLAIN_FROM:
        return tuple(_with_power(value, largest, smallest_step) for value in values)
    decimals = _decimals(values)
    return tuple(_plain(value, decimals) for value in values)


def log_tick_texts(values: tuple[float, ...]) -> tuple[str, ...]:
    """Return each value with its own decimals, or all with powers of ten if one is not within 0.0001 to a million.

    >>> log_tick_texts((0.001, 1.0, 20.0)), log_tick_texts((1e-5, 3e-3))
    (('0.001', '1', '20'), ('10⁻⁵', '3×10⁻³'))
    """
    if all(_PLAIN_FROM <= value < _PLAIN_BELOW for value in values):
        return tuple(_plain(value, _decimals((value,))) for value in values)
    return tuple(_log_text(value) for value in values)


def _linear_ticks(low: float, high: float, count: int, *, whole: bool) -> tuple[float, ...]:
    rough = high / count - low / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((nice * power for nice in _NICE_STEPS if nice * power >= rough * 0.999), 10 * power)
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    values = (round(index * step, min(digits, _MOST_DIGITS)) + 0.0 for index in range(first, last + 1))
    slack = (high / 2 - low / 2) * 1e-6
    return tuple(value for value in values if low - slack <= value <= high + slack)


def _log_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / count))
    decades = math.log10(high) - math.log10(low)
    multiples = next((between for least, between in _BETWEEN_DECADES if decades >= least))
    # Read from text: 3 * 10.0**-5 is not 3e-05.
    values = [float(f"{multiple}e{power}") for power in range(first, last + 1, every) for multiple in multiples]
    inside = tuple(value for value in values if low <= value <= high)
    return inside if len(inside) > 1 else _linear_ticks(low, high, count, whole=False)


def _decimals(values: tuple[float, ...]) -> int:
    enough = (d for d in range(_MOST_DECIMALS) if all(abs(round(v, d) - v) <= 1e-9 * max(1, abs(v)) for v in values))
    return next(enough, _MOST_DECIMALS)


def _plain(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}" if abs(value) >= _GROUPED_FROM else f"{value:.{decimals}f}"
    return text.replace(",", "\N{THIN SPACE}").replace("-", "\N{MINUS SIGN}")


def _with_power(value: float, largest: float, step: float) -> str:
    if value == 0:
        return "0"
    power = math.floor(math.log10(largest))
    digits = max(0, min(15, power - math.floor(math.log10(step) + 1e-9) + 1)) if step > 0 else 2
    mantissa = f"{value / 10.0**power:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value / 10.0**power:.0f}"
    return f"{mantissa}×10{str(power).translate(_SUPERSCRIPT)}".replace("-", "\N{MINUS SIGN}")


def _log_text(value: float) -> str:
    mantissa, power = f"{value:.3e}".split("e")
    factor = mantissa.rstrip("0").rstrip(".")
    return f"{'' if factor == '1' else factor + '×'}10{str(int(power)).translate(_SUPERSCRIPT)}"
