"""Effect sizes: how large a difference is, whatever its p."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaln, nctdtr

from runreport.stats.arrays import Floats, finite_sample, fraction, is_constant
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, NO_SPREAD, OUT_OF_RANGE
from runreport.stats.types import Estimate, Interval, Refusal

_WIDEST_BRACKET = 64.0  # standard errors around the observed t in which the interval's ends are sought

_TOLERANCE = 1e-6  # in probability; a jump where the distribution cannot be computed is no solution


def pooled_sd(a: ArrayLike, b: ArrayLike) -> float | Refusal:
    """Return the pooled standard deviation of two samples, float64 [n] and [m] (n + m - 2 degrees of freedom).

    Raises:
        ValueError: a value is not finite.

    >>> pooled_sd([1.0, 3.0], [4.0, 8.0])
    2.23606...
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    df = left.size + right.size - 2
    if min(left.size, right.size) < 1 or df < 1:
        return Refusal(code="one-run", words="One value on each side has no spread.")
    if is_constant(left) and is_constant(right):
        return NO_SPREAD
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        pooled = float(np.sqrt((_squares(left) + _squares(right)) / df))
    return pooled if np.isfinite(pooled) and pooled > 0 else OUT_OF_RANGE


def _squares(array: Floats) -> float:
    return float(np.square(array - array.mean()).sum())


def hedges_correction(df: float) -> float:
    """Return the exact factor J that makes Cohen's d unbiased for ``df`` degrees of freedom.

    Reference: Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6 (1981).

    Raises:
        ValueError: ``df`` is not above 1, where d has no mean.

    >>> round(hedges_correction(8), 6)
    0.902703
    """
    if df <= 1:
        message = f"the correction needs more than 1 degree of freedom, not {df}"
        raise ValueError(message)
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def approximate_hedges_correction(df: float) -> float:
    """Return Hedges' simple approximation of his factor J, which other libraries use: 1 - 3 / (4 df - 1).

    Reference: Hedges (1981), equation 6e.

    Raises:
        ValueError: ``df`` is not above 1, where d has no mean.

    >>> round(approximate_hedges_correction(8), 6)
    0.903226
    """
    if df <= 1:
        message = f"the correction needs more than 1 degree of freedom, not {df}"
        raise ValueError(message)
    return 1 - 3 / (4 * df - 1)


def cohens_d(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate | Refusal:
    """Return Cohen's d, (mean(a) - mean(b)) / pooled sd, of float64 [n] and [m].

    The interval is found by inverting the noncentral t distribution; it is left out where that cannot be inverted in
    double precision. Reference: Cohen, "Statistical power analysis for the behavioral sciences", 2nd ed. (1988);
    Steiger & Fouladi (1997) for the interval.

    Raises:
        ValueError: a value is not finite or the level is not between 0 and 1.

    >>> cohens_d([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    Estimate(value=1.0, interval=Interval(low=-0.78465..., high=2.68422..., level=0.95))
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    fraction(level, "level")
    if min(left.size, right.size) < MINIMUM_FOR_SPREAD:
        return Refusal(code="one-run", words="An effect size needs 2 values on each side.")
    spread = pooled_sd(left, right)
    if isinstance(spread, Refusal):
        return spread
    root = float(np.sqrt(1 / left.size + 1 / right.size))
    d = float(left.mean() - right.mean()) / spread
    ends = _noncentrality_interval(d / root, left.size + right.size - 2, level)
    if ends is None:
        return Estimate(value=d)
    return Estimate(value=d, interval=Interval(low=root * ends[0], high=root * ends[1], level=level))


def hedges_g(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate | Refusal:
    """Return Hedges' g of mean(a) - mean(b), float64 [n] and [m]: Cohen's d times the exact correction J.

    The interval is J times that of d, and left out with it. Reference: Hedges & Olkin, "Statistical methods for
    meta-analysis" (1985).

    Raises:
        ValueError: a value is not finite or the level is not between 0 and 1.

    >>> hedges_g([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    Estimate(value=0.79788..., interval=Interval(low=-0.62606..., high=2.14169..., level=0.95))
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    d = cohens_d(left, right, level=level)
    if isinstance(d, Refusal):
        return d
    correction = hedges_correction(left.size + right.size - 2)
    if d.interval is None:
        return Estimate(value=correction * d.value)
    low, high = correction * d.interval.low, correction * d.interval.high
    return Estimate(value=correction * d.value, interval=Interval(low=low, high=high, level=level))


def _noncentrality_interval(t: float, df: float, level: float) -> tuple[float, float] | None:
    """Return the noncentralities under which the observed t is just as extreme as the level allows."""
    tail = (1 - level) / 2
    ends = [_noncentrality(t, df, probability) for probability in (1 - tail, tail)]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _noncentrality(t: float, df: float, probability: float) -> float | None:
    unit = float(np.sqrt(1 + t * t / (2 * df)))

    def excess(noncentrality: float) -> float:
        below = float(nctdtr(df, noncentrality, t))
        if np.isnan(below):  # too close to 0 or 1 to be computed
            below = 0.0 if noncentrality > t else 1.0
        return below - probability

    width = 4.0
    while width <= _WIDEST_BRACKET:
        low, high = t - width * unit, t + width * unit
        if excess(low) > 0 > excess(high):
            end = float(brentq(excess, low, high, xtol=1e-12, rtol=1e-14))
            return end if abs(excess(end)) < _TOLERANCE else None
        width *= 2
    return None


def probability_of_superiority(a: ArrayLike, b: ArrayLike) -> float | Refusal:
    """Return P(A > B) + P(A = B) / 2 over all pairs of float64 [n] and [m]: the Mann-Whitney U over n m.

    Reference: Vargha & Delaney, "A critique and improvement of the CL common language effect size", JEBS 25 (2000).

    Raises:
        ValueError: a value is not finite.

    >>> probability_of_superiority([2.0, 3.0], [1.0, 3.0])
    0.625
    """
    left, right = finite_sample(a, "a"), np.sort(finite_sample(b, "b"))
    if min(left.size, right.size) == 0:
        return Refusal(code="empty", words="There are no runs on one side.")
    below = np.searchsorted(right, left, side="left")
    not_above = np.searchsorted(right, left, side="right")
    return float((below + not_above).sum()) / 2 / (left.size * right.size)
