"""Ranks, and the rank methods for two groups of independent runs.

The methods are about P(A > B), not about means, and with 3 runs a side they can never be significant; so none of them
decides a verdict.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, fraction, is_constant, one_of
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, OUT_OF_RANGE, MeanError, t_interval
from runreport.stats.tests import t_test, two_or_one_sided
from runreport.stats.types import Estimate, Refusal, TestResult

MANN_WHITNEY = "Mann-Whitney"
BRUNNER_MUNZEL = "Brunner-Munzel"
METHODS = ("auto", "exact", "asymptotic")
_LARGEST_TABLE = 10_000  # n m up to which the exact distribution is computed
_ONE_VALUE = Refusal(code="identical", words="All runs on both sides have the same value: there are no ranks.")
_NO_OVERLAP = Refusal(
    code="no-overlap", words="The runs of the two sides do not overlap, so the spread of P(A > B) is unknown."
)
_EMPTY = Refusal(code="empty", words="There are no runs on one side.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """A rank test with the smallest p it could have given for so many runs.

    ``refusal`` is set where even that is not below alpha: the p then says nothing but that there are too few runs.
    """

    test: TestResult
    minimum_p: float
    effect: float
    refusal: Refusal | None = None


def midranks(values: Floats) -> Floats:
    """Return ranks from 1 for the smallest along the last axis of float64 [..., n]; equal values share the mean rank.

    >>> midranks(np.array([0.3, 0.1, 0.3]))
    array([2.5, 1. , 2.5])
    """
    if values.ndim > 1:
        return np.array([midranks(row) for row in values], dtype=np.float64).reshape(values.shape)
    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middles[positions], dtype=np.float64)


def tie_sum(values: Floats) -> float:
    """Return the sum of t^3 - t over the sizes t of the groups of equal values of float64 [n].

    >>> tie_sum(np.array([1.0, 2.0, 2.0, 3.0]))
    6.0
    """
    sizes = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((sizes**3 - sizes).sum())


def mann_whitney_test(
    a: ArrayLike, b: ArrayLike, *, alternative: str = "two-sided", method: str = "auto", alpha: float = 0.05
) -> RankTest | Refusal:
    """Return the Mann-Whitney test of P(A > B) = 1/2 for float64 [n] and [m]; the statistic is U of a.

    ``method`` auto is exact without ties (n m up to 10,000) and else asymptotic, with tie and continuity correction.
    Exact with ties takes the distribution without ties and rounds U so that p is not too small. The effect is
    P(A > B) + P(A = B) / 2. Reference: Mann & Whitney, "On a test of whether one of two random variables is
    stochastically larger than the other", Ann. Math. Stat. 18 (1947).

    Raises:
        ValueError: a value is not finite, alpha is not between 0 and 1, or alternative or method is not one.

    >>> mann_whitney_test([3.0, 5.0, 6.0, 7.0], [1.0, 2.0, 4.0]).test
    TestResult(test='Mann-Whitney', statistic=11.0, df=None, p=0.11428...)
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    one_of(method, METHODS, "method")
    fraction(alpha, "alpha")
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    n, m = left.size, right.size
    if min(n, m) == 0:
        return _EMPTY
    pooled = np.concatenate([left, right])
    if is_constant(pooled):
        return _ONE_VALUE
    ties = tie_sum(pooled)
    u = float(_placements(left, right).sum())
    is_exact = method == "exact" or (method == "auto" and ties == 0 and n * m <= _LARGEST_TABLE)
    p = _exact_p(u, n, m, alternative) if is_exact else _asymptotic_p(u, n, m, ties, alternative)
    minimum = minimum_mann_whitney_p(n, m, alternative=alternative)
    return RankTest(
        test=TestResult(test=MANN_WHITNEY, statistic=u, df=None, p=p),
        minimum_p=minimum,
        effect=u / (n * m),
        refusal=_cannot_reach(n, m, minimum, alpha, alternative),
    )


def minimum_mann_whitney_p(n: int, m: int, *, alternative: str = "two-sided") -> float:
    """Return the smallest p that n and m runs can give: 1 over the number of splits, twice that if two-sided.

    >>> minimum_mann_whitney_p(3, 3)
    0.1
    """
    sides = 2 if one_of(alternative, ALTERNATIVES, "alternative") == "two-sided" else 1
    return min(1.0, sides / math.comb(n + m, n))


def _cannot_reach(n: int, m: int, minimum: float, alpha: float, alternative: str) -> Refusal | None:
    if minimum < alpha:
        return None
    sides = "two-sided" if alternative == "two-sided" else "one-sided"
    words = (
        f"With {n} and {m} runs the smallest possible {sides} p of this test is {minimum:.3g}; "
        f"it can never be significant at {alpha:g}."
    )
    return Refusal(code="cannot-reach-alpha", words=words)


def _placements(values: Floats, others: Floats) -> Floats:
    """Return how many of the others lie below each value, float64 [n]; equal ones count half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    not_above = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + not_above) / 2, dtype=np.float64)


def _exact_p(u: float, n: int, m: int, alternative: str) -> float:
    probabilities = _u_distribution(min(n, m), max(n, m))
    p_greater = float(probabilities[math.floor(u) :].sum())
    p_less = float(probabilities[math.floor(n * m - u) :].sum())  # the distribution is symmetric
    return two_or_one_sided(min(1.0, p_less), min(1.0, p_greater), alternative)


@lru_cache(maxsize=64)
def _u_distribution(n: int, m: int) -> Floats:
    """Return the probabilities of U = 0 .. n m without ties, by whose value is the largest: one of n or one of m."""
    rows = [np.ones(1) for _ in range(m + 1)]
    for i in range(1, n + 1):
        rows[0] = np.ones(1)
        for j in range(1, m + 1):
            both = np.zeros(i * j + 1)
            both[j:] = rows[j] * (i / (i + j))
            both[: i * (j - 1) + 1] += rows[j - 1] * (j / (i + j))
            rows[j] = both
    return rows[m]


def _asymptotic_p(u: float, n: int, m: int, ties: float, alternative: str) -> float:
    total = n + m
    correction = ties / (total * (total - 1))
    sd = math.sqrt(n * m / 12 * (total + 1 - correction))
    above = (u - n * m / 2 - 0.5) / sd
    below = (n * m / 2 - u - 0.5) / sd
    return two_or_one_sided(float(ndtr(-below)), float(ndtr(-above)), alternative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Superiority:
    """P(A > B) + P(A = B) / 2 with its interval, and the test that it is one half.

    The interval is that of a t distribution and may leave 0 to 1, which tells that there are few runs.
    """

    estimate: Estimate
    test: TestResult


def brunner_munzel_test(
    a: ArrayLike, b: ArrayLike, *, alternative: str = "two-sided", level: float = 0.95
) -> Superiority | Refusal:
    """Return the Brunner-Munzel test of P(A > B) = 1/2 with its interval, for float64 [n] and [m] of unequal spread.

    The statistic is positive where a tends to be larger. Refused for n or m < 2 and where the sides do not overlap:
    then no spread of P can be computed. Reference: Brunner & Munzel, "The nonparametric Behrens-Fisher problem",
    Biometrical Journal 42 (2000).

    Raises:
        ValueError: a value is not finite, the level is not between 0 and 1, or the alternative is not one.

    >>> brunner_munzel_test([2.0, 4.0, 5.0, 6.0], [1.0, 3.0, 3.5, 4.5]).estimate.value
    0.75
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    fraction(level, "level")
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if min(left.size, right.size) < MINIMUM_FOR_SPREAD:
        return Refusal(code="one-run", words="The spread of P(A > B) needs 2 values on each side.")
    error = _superiority_error(left, right)
    if isinstance(error, Refusal):
        return error
    test = t_test(BRUNNER_MUNZEL, error, null=0.5, alternative=alternative)
    interval = t_interval(error, level=level)
    if isinstance(test, Refusal) or isinstance(interval, Refusal):
        return OUT_OF_RANGE
    return Superiority(estimate=Estimate(value=error.difference, interval=interval), test=test)


def _superiority_error(a: Floats, b: Floats) -> MeanError | Refusal:
    above_b, above_a = _placements(a, b), _placements(b, a)
    parts = np.array(
        [above_b.var(ddof=1) / b.size**2 / a.size, above_a.var(ddof=1) / a.size**2 / b.size], dtype=np.float64
    )
    total = float(parts.sum())
    if total == 0:
        return _ONE_VALUE if a[0] == b[0] else _NO_OVERLAP
    df = total**2 / float((parts**2 / [a.size - 1, b.size - 1]).sum())
    return MeanError(float(above_b.mean()) / b.size, math.sqrt(total), df)


def hodges_lehmann_shift(a: ArrayLike, b: ArrayLike) -> float | Refusal:
    """Return the median of all differences a - b of float64 [n] and [m]: how far B must be moved to meet A.

    Reference: Hodges & Lehmann, "Estimates of location based on rank tests", Ann. Math. Stat. 34 (1963).

    Raises:
        ValueError: a value is not finite.

    >>> hodges_lehmann_shift([1.0, 2.0, 9.0], [0.0, 1.0])
    1.5
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if min(left.size, right.size) == 0:
        return _EMPTY
    with np.errstate(over="ignore"):
        shift = float(np.median(np.subtract.outer(left, right)))
    return shift if math.isfinite(shift) else OUT_OF_RANGE
