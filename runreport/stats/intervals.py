"""Confidence intervals of means and of their differences."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, fraction, is_constant, one_of
from runreport.stats.describe import describe
from runreport.stats.types import Description, Interval, Refusal

MINIMUM_FOR_SPREAD = 2

NO_SPREAD = Refusal(code="zero-variance", words="All values are identical; the noise is unknown.")
OUT_OF_RANGE = Refusal(
    code="out-of-range", words="The values are too large or too close together for a standard error to be computed."
)


class MeanError(NamedTuple):
    """A mean, or a difference of means, with its standard error and the degrees of freedom of that."""

    difference: float
    standard_error: float
    df: float


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Interval | Refusal:
    """Return Student's t interval of the mean of float64 [n].

    Refused for n < 2 and where all values are equal. Reference: Student, "The probable error of a mean",
    Biometrika 6 (1908).

    Raises:
        ValueError: a value is not finite or the level is not between 0 and 1.

    >>> mean_interval([1.0, 2.0, 3.0])
    Interval(low=-0.48413771..., high=4.48413771..., level=0.95)
    """
    return t_interval(mean_error(values), level=level)


def described_interval(description: Description, *, level: float = 0.95) -> Interval | Refusal:
    """Return the t interval of a mean from its description; see :func:`mean_interval`.

    Raises:
        ValueError: the level is not between 0 and 1.
    """
    return t_interval(described_error(description), level=level)


def welch_interval(
    a: ArrayLike, b: ArrayLike, *, level: float = 0.95, alternative: str = "two-sided"
) -> Interval | Refusal:
    """Return Welch's t interval of mean(a) - mean(b), for float64 [n] and [m] of unequal variance.

    A one-sided alternative gives a one-sided bound; the other end is infinite. Refused for n or m < 2 and where both
    sides are constant. Reference: Welch, "The generalization of Student's problem...", Biometrika 34 (1947).

    Raises:
        ValueError: a value is not finite, or the level or the alternative is not one.

    >>> welch_interval([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    Interval(low=-1.26695793..., high=3.26695793..., level=0.95)
    """
    error = welch_error(finite_sample(a, "a"), finite_sample(b, "b"))
    return t_interval(error, level=level, alternative=alternative)


def student_interval(
    a: ArrayLike, b: ArrayLike, *, level: float = 0.95, alternative: str = "two-sided"
) -> Interval | Refusal:
    """Return Student's t interval of mean(a) - mean(b), for float64 [n] and [m] taken to have one variance.

    One-sided alternatives as in :func:`welch_interval`. Refused for n or m < 1, n + m < 3 and where both sides are
    constant. Reference: Student, "The probable error of a mean", Biometrika 6 (1908).

    Raises:
        ValueError: a value is not finite, or the level or the alternative is not one.

    >>> student_interval([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    Interval(low=-1.26695793..., high=3.26695793..., level=0.95)
    """
    error = pooled_error(finite_sample(a, "a"), finite_sample(b, "b"))
    return t_interval(error, level=level, alternative=alternative)


def t_interval(
    error: MeanError | Refusal, *, level: float = 0.95, alternative: str = "two-sided"
) -> Interval | Refusal:
    """Return the t interval of a mean or difference from its standard error; a refusal is handed on.

    A one-sided alternative bounds one end only and leaves the other infinite.

    Raises:
        ValueError: the level or the alternative is not one.
    """
    fraction(level, "level")
    one_of(alternative, ALTERNATIVES, "alternative")
    if isinstance(error, Refusal):
        return error
    half = t_quantile(error.df, (1 + level) / 2 if alternative == "two-sided" else level) * error.standard_error
    if not math.isfinite(abs(error.difference) + abs(half)):
        return OUT_OF_RANGE
    low = -math.inf if alternative == "less" else error.difference - half
    high = math.inf if alternative == "greater" else error.difference + half
    return Interval(low=low, high=high, level=level)


def normal_interval(value: float, standard_error: float, *, level: float = 0.95) -> Interval:
    """Return the interval of a value whose error is normal and known (from many examples or counts).

    Raises:
        ValueError: the level is not between 0 and 1.

    >>> normal_interval(0.5, 0.1)
    Interval(low=0.30400..., high=0.69599..., level=0.95)
    """
    half = normal_quantile(level) * standard_error
    return Interval(low=value - half, high=value + half, level=level)


def normal_quantile(level: float) -> float:
    """Return how many standard deviations to either side of its mean hold the share ``level`` of a normal distribution.

    Raises:
        ValueError: the level is not between 0 and 1.

    >>> normal_quantile(0.95)
    1.95996...
    """
    return -float(ndtri((1 - fraction(level, "level")) / 2))


@lru_cache(maxsize=1024)
def t_quantile(df: float, share: float) -> float:
    """Return the value below which a share of Student's t distribution lies.

    >>> t_quantile(4, 0.975)
    2.77644...
    """
    return float(stdtrit(df, share))


def welch_error(a: Floats, b: Floats) -> MeanError | Refusal:
    """Return the difference of two means with Welch's standard error, or why there is none."""
    if min(a.size, b.size) < MINIMUM_FOR_SPREAD:
        return Refusal(code="one-run", words="A difference has a standard error only with 2 values on each side.")
    if is_constant(a) and is_constant(b):
        return NO_SPREAD
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        parts = np.array([0.0 if is_constant(side) else side.var(ddof=1) / side.size for side in (a, b)])
        total = parts.sum()
        df = total**2 / (parts**2 / [a.size - 1, b.size - 1]).sum()
        difference = a.mean() - b.mean()
    return _in_range(difference, total, df)


def pooled_error(a: Floats, b: Floats) -> MeanError | Refusal:
    """Return the difference of two means with the standard error of one pooled variance, or why there is none."""
    df = a.size + b.size - 2
    if min(a.size, b.size) < 1 or df < 1:
        return Refusal(code="one-run", words="One value on each side has no spread.")
    if is_constant(a) and is_constant(b):
        return NO_SPREAD
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = sum(0.0 if is_constant(side) else np.square(side - side.mean()).sum() for side in (a, b))
        variance = squares / df * (1 / a.size + 1 / b.size)
        difference = a.mean() - b.mean()
    return _in_range(difference, variance, df)


def mean_error(values: ArrayLike) -> MeanError | Refusal:
    """Return the mean of float64 [n] with its standard error, or why there is none.

    Raises:
        ValueError: a value is not finite.
    """
    return described_error(describe(values))


def described_error(description: Description) -> MeanError | Refusal:
    """Return the mean of a sample that is described, with its standard error, or why there is none."""
    n, mean, sd = description.n, description.mean, description.sd
    if n < MINIMUM_FOR_SPREAD or mean is None:
        return Refusal(code="one-run", words="One value has no spread; a standard error needs at least 2.")
    if description.min == description.max:
        return NO_SPREAD
    return OUT_OF_RANGE if sd is None else _in_range(mean, sd * sd / n, n - 1)


def _in_range(difference: float, variance: float, df: float) -> MeanError | Refusal:
    usable = math.isfinite(difference) and math.isfinite(df) and 0 < variance < math.inf
    return MeanError(float(difference), math.sqrt(variance), float(df)) if usable else OUT_OF_RANGE
