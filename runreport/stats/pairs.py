"""Pairs of values: what was measured on the same seed, fold or task in A and in B."""

import math

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample, is_constant
from runreport.stats.intervals import OUT_OF_RANGE, MeanError, mean_error, t_interval
from runreport.stats.tests import t_test
from runreport.stats.types import Interval, Refusal, TestResult

PAIRED = "paired t"
ALL_ZERO = Refusal(code="all-differences-zero", words="All paired differences are exactly zero.")
NO_NOISE = Refusal(
    code="zero-variance-pairs",
    words=(
        "Every pair differs by exactly the same amount, so noise is unknown; "
        "the exact difference is shown without a p-value."
    ),
)
NO_PAIRS = Refusal(code="empty", words="There are no pairs.")
_DIGITS = 15  # that a decimal number keeps when it is read into double precision
_LARGEST_POWER = 300


def finite_pairs(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    """Return both sides of pairs as float64 [n].

    Raises:
        ValueError: the lengths differ or a value is not finite.
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if left.size != right.size:
        message = f"{left.size} values of a cannot be paired with {right.size} of b"
        raise ValueError(message)
    return left, right


def paired_differences(a: ArrayLike, b: ArrayLike, *, decimals: int | None = None) -> Floats | Refusal:
    """Return a - b, float64 [n], rounded to so many decimals or, by default, to the digits that double precision keeps.

    Differences of logged decimals carry noise of the last binary digit: 0.3 - 0.2 and 0.2 - 0.1 are not equal. It
    would break ties, turn zeros into signs and give differences that are all the same a spread.

    Raises:
        ValueError: the lengths differ or a value is not finite.

    >>> paired_differences([0.3, 0.2], [0.2, 0.1])
    array([0.1, 0.1])
    """
    left, right = finite_pairs(a, b)
    if left.size == 0:
        return NO_PAIRS
    with np.errstate(over="ignore"):
        differences = left - right
    if not np.isfinite(differences).all():
        return OUT_OF_RANGE
    if decimals is not None:
        return np.round(differences, decimals)
    largest = max(float(np.abs(left).max()), float(np.abs(right).max()))
    return _without_noise(differences, largest)


def _without_noise(differences: Floats, largest: float) -> Floats:
    if largest == 0:
        return differences
    places = _DIGITS - 1 - math.floor(math.log10(largest))
    return np.round(differences, places) if abs(places) <= _LARGEST_POWER else differences


def paired_test(a: ArrayLike, b: ArrayLike, *, alternative: str = "two-sided") -> TestResult | Refusal:
    """Return the paired t test of a mean difference of 0, for float64 [n] each, in the same order of seeds.

    Refused for n < 2 and where all differences are equal: a p of 0 from no noise would be a lie. Reference: Student,
    "The probable error of a mean", Biometrika 6 (1908).

    Raises:
        ValueError: the lengths differ, a value is not finite, or the alternative is not one.

    >>> paired_test([1.0, 2.0, 3.0], [0.5, 1.5, 2.0])
    TestResult(test='paired t', statistic=4.0, df=2.0, p=0.0571909...)
    """
    return t_test(PAIRED, paired_error(a, b), alternative=alternative)


def paired_interval(
    a: ArrayLike, b: ArrayLike, *, level: float = 0.95, alternative: str = "two-sided"
) -> Interval | Refusal:
    """Return the t interval of the mean paired difference, for float64 [n] each; refused as :func:`paired_test`.

    Raises:
        ValueError: the lengths differ, a value is not finite, or the level or the alternative is not one.

    >>> paired_interval([1.0, 2.0, 3.0], [0.5, 1.5, 2.0])
    Interval(low=-0.050442..., high=1.383775..., level=0.95)
    """
    return t_interval(paired_error(a, b), level=level, alternative=alternative)


def paired_error(a: ArrayLike, b: ArrayLike) -> MeanError | Refusal:
    """Return the mean paired difference of float64 [n] each with its standard error, or why there is none.

    Raises:
        ValueError: the lengths differ or a value is not finite.
    """
    differences = paired_differences(a, b)
    return differences if isinstance(differences, Refusal) else error_of_differences(differences)


def error_of_differences(differences: Floats) -> MeanError | Refusal:
    """Return the mean of paired differences, float64 [n], with its standard error, or why there is none."""
    if differences.size > 1 and is_constant(differences):
        return NO_NOISE if differences[0] else ALL_ZERO
    return mean_error(differences)


def correlation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return Pearson's correlation of pairs, float64 [n] each; None where a side does not vary.

    Raises:
        ValueError: the lengths differ or a value is not finite.

    >>> correlation([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.98198...
    """
    left, right = finite_pairs(a, b)
    if is_constant(left) or is_constant(right):
        return None
    x, y = _centred(left), _centred(right)
    r = float(x @ y) / math.sqrt(float(x @ x)) / math.sqrt(float(y @ y))
    return max(-1.0, min(1.0, r))


def _centred(values: Floats) -> Floats:
    """Return values less their mean, as shares of the largest, so that no square overflows or vanishes."""
    shares = values / np.abs(values).max()
    centred = shares - shares.mean()
    return np.asarray(centred / np.abs(centred).max(), dtype=np.float64)
