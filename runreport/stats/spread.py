"""Do the runs of A scatter more than those of B? A recipe that is as good on average may be less reliable."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from runreport.stats.arrays import Floats, finite_sample
from runreport.stats.describe import describe
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, NO_SPREAD, OUT_OF_RANGE
from runreport.stats.tests import two_or_one_sided
from runreport.stats.types import Caution, Refusal, TestResult

BROWN_FORSYTHE = "Brown-Forsythe"
_MINIMUM_FOR_WORDS = 3  # with fewer runs on a side there is no verdict to be careful about
_WORDS_BELOW = 0.01
_MOST_TIMES = 1000


def brown_forsythe_test(a: ArrayLike, b: ArrayLike) -> TestResult | Refusal:
    """Return the test of equal spread of float64 [n] and [m]: F of the distances from each side's median.

    ``df`` is that of the denominator, n + m - 2; the numerator has 1. Refused for n or m < 2 and where the distances
    do not vary within the sides. Reference: Brown & Forsythe, "Robust tests for the equality of variances",
    JASA 69 (1974).

    Raises:
        ValueError: a value is not finite.

    >>> brown_forsythe_test([1.0, 2.0, 9.0], [4.0, 5.0, 6.0])
    TestResult(test='Brown-Forsythe', statistic=0.81818..., df=4.0, p=0.41686...)
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if min(left.size, right.size) < MINIMUM_FOR_SPREAD:
        return Refusal(code="one-run", words="A spread needs 2 values on each side.")
    df = left.size + right.size - 2
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        x, y = _distances(left), _distances(right)
        between = (x.mean() - y.mean()) ** 2 / (1 / x.size + 1 / y.size)
        within = (np.square(x - x.mean()).sum() + np.square(y - y.mean()).sum()) / df
        noise = np.square(4 * np.finfo(np.float64).eps * max(np.abs(left).max(), np.abs(right).max()))
        statistic = float(between / within)
    if within <= noise:
        return NO_SPREAD
    if not math.isfinite(statistic):
        return OUT_OF_RANGE
    p = two_or_one_sided(1.0, float(fdtrc(1, df, statistic)), "greater")
    return TestResult(test=BROWN_FORSYTHE, statistic=statistic, df=float(df), p=p)


def _distances(side: Floats) -> Floats:
    return np.abs(side - np.median(side))


def sd_ratio(a: ArrayLike, b: ArrayLike) -> float | Refusal:
    """Return sd(a) / sd(b) of float64 [n] and [m].

    Refused for n or m < 2 and where b is constant.

    Raises:
        ValueError: a value is not finite.

    >>> sd_ratio([1.0, 3.0, 5.0], [1.0, 2.0, 3.0])
    2.0
    """
    left, right = describe(a), describe(b)
    if min(left.n, right.n) < MINIMUM_FOR_SPREAD:
        return Refusal(code="one-run", words="A spread needs 2 values on each side.")
    if right.sd == 0:
        return NO_SPREAD
    if left.sd is None or right.sd is None or not math.isfinite(left.sd / right.sd):
        return OUT_OF_RANGE
    return left.sd / right.sd


def unequal_spread(a: ArrayLike, b: ArrayLike, *, names: tuple[str, str]) -> Caution | None:
    """Return words about two sides, float64 [n] and [m], one of which scatters much more than the other, or None.

    Said where the ratio of the variances lies beyond the lower or upper 0.5 % point of F with n - 1 and m - 1 degrees
    of freedom. This triggers words and never chooses a test: it holds its 1 % only for normal values, long tails
    trigger it more often, and a tail that no run has shown yet cannot trigger it. None for fewer than 3 values on a
    side and where a side is constant. Reference: Snedecor, "Calculation and Interpretation of Analysis of Variance
    and Covariance" (1934).

    Raises:
        ValueError: a value is not finite.

    >>> unequal_spread([1.0, 9.0, 5.0, 2.0, 8.0], [5.0, 5.1, 4.9, 5.2, 5.1], names=("A", "B")).words
    'The runs of A scatter 31 times as much as those of B: ...'
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    ratio = sd_ratio(left, right)
    if min(left.size, right.size) < _MINIMUM_FOR_WORDS or isinstance(ratio, Refusal) or ratio == 0:
        return None
    narrow, wide = (names[1], names[0]) if ratio > 1 else names
    df = (left.size - 1, right.size - 1) if ratio > 1 else (right.size - 1, left.size - 1)
    times = max(ratio, 1 / ratio)
    if 2 * float(fdtrc(*df, times * times)) >= _WORDS_BELOW:
        return None
    words = (
        f"The runs of {wide} scatter {_times(times)} as much as those of {narrow}: if a run of {wide} comes out far off "
        "now and then, these few may not show it, and the test then finds differences that are not there; "
        "look at the single runs."
    )
    return Caution(code="unequal-spread", words=words)


def _times(ratio: float) -> str:
    if ratio >= _MOST_TIMES:
        return f"more than {_MOST_TIMES} times"
    return f"{ratio:.2g} times" if ratio < _MOST_TIMES / 10 else f"{ratio:.0f} times"
