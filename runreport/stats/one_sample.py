"""One group of runs against one number: the t test, its interval, and two tests that only use ranks or signs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, ndtr, stdtr, stdtrit

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, fraction, one_of
from runreport.stats.describe import describe
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, OUT_OF_RANGE
from runreport.stats.types import Description, Interval, Refusal, TestResult

ONE_SAMPLE_T = "one-sample t"
WILCOXON = "Wilcoxon signed-rank"
SIGN = "sign"

NO_RUNS = Refusal(code="empty", words="There are no runs.")
ONE_RUN = Refusal(code="one-run", words="One run cannot show that the mean meets the target.")
IDENTICAL_RUNS = Refusal(code="zero-variance", words="All runs are identical; the noise is unknown.")
ALL_ON_TARGET = Refusal(code="all-differences-zero", words="Every run lies exactly on the target.")

_LARGEST_EXACT = 50  # runs; beyond, the normal approximation differs in the third digit only
_ROUNDING = 1e-12  # of the largest value: differences closer than this are ties


class MeanError(NamedTuple):
    """A mean, its standard error and its degrees of freedom."""

    mean: float
    standard_error: float
    df: int


def mean_error(description: Description) -> MeanError | Refusal:
    """Return the mean of a sample with its standard error, or why there is none."""
    n, mean, sd = description.n, description.mean, description.sd
    if n == 0 or mean is None:
        return NO_RUNS
    if n < MINIMUM_FOR_SPREAD:
        return ONE_RUN
    if description.min == description.max:
        return IDENTICAL_RUNS
    standard_error = sd / n**0.5 if sd is not None else np.inf
    if not np.isfinite([mean, standard_error]).all() or standard_error == 0:
        return OUT_OF_RANGE
    return MeanError(mean, standard_error, n - 1)


def one_sample_test(values: ArrayLike, target: float, *, alternative: str = "two-sided") -> TestResult | Refusal:
    """Return Student's t test of mean = target for float64 [n]; "less" is the claim that the mean lies below it.

    Refused for n < 2 and where all values are equal: a p of 0 from no noise would be a lie. Reference: Student, "The
    probable error of a mean", Biometrika 6 (1908).

    Raises:
        ValueError: a value or the target is not finite, or the alternative is not one.

    >>> one_sample_test([1.0, 2.0, 3.0], 3.0, alternative="less")
    TestResult(test='one-sample t', statistic=-1.73205..., df=2, p=0.11270...)
    """
    finite_target(target)
    return described_test(describe(values), target, alternative=alternative)


def described_test(description: Description, target: float, *, alternative: str) -> TestResult | Refusal:
    """Return the t test of a mean from its description; see :func:`one_sample_test`.

    Raises:
        ValueError: the alternative is not two-sided, less or greater.
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    error = mean_error(description)
    if isinstance(error, Refusal):
        return error
    statistic = (error.mean - target) / error.standard_error
    p = tail_probability(float(stdtr(error.df, -abs(statistic))), statistic, alternative)
    return TestResult(test=ONE_SAMPLE_T, statistic=statistic, df=error.df, p=p)


def tail_probability(outer: float, statistic: float, alternative: str) -> float:
    """Return p from the smaller tail of a distribution symmetric about 0."""
    if alternative == "two-sided":
        return 2 * outer
    return outer if (statistic < 0) is (alternative == "less") else 1 - outer


def finite_target(target: float) -> float:
    """Return the target as it is.

    Raises:
        ValueError: it is NaN or infinite.
    """
    if not np.isfinite(target):
        message = f"the target must be finite, not {target}"
        raise ValueError(message)
    return target


def one_sample_interval(
    values: ArrayLike, *, level: float = 0.95, alternative: str = "two-sided"
) -> Interval | Refusal:
    """Return the t interval of the mean of float64 [n]; a one-sided alternative leaves the other end infinite.

    "less" bounds the mean from above: the target lies outside exactly when the test of the same alternative has
    p < 1 - level.

    Raises:
        ValueError: a value is not finite, or the level or the alternative is not one.

    >>> one_sample_interval([1.0, 2.0, 3.0], alternative="less")
    Interval(low=-inf, high=3.68585..., level=0.95)
    """
    fraction(level, "level")
    return described_bound(describe(values), level=level, alternative=alternative)


def described_bound(description: Description, *, level: float, alternative: str) -> Interval | Refusal:
    """Return the interval or bound of a mean from its description; see :func:`one_sample_interval`.

    Raises:
        ValueError: the alternative is not two-sided, less or greater.
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    error = mean_error(description)
    if isinstance(error, Refusal):
        return error
    tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
    half = -float(stdtrit(error.df, tail)) * error.standard_error
    low = -np.inf if alternative == "less" else error.mean - half
    high = np.inf if alternative == "greater" else error.mean + half
    return Interval(low=float(low), high=float(high), level=level)


def wilcoxon_test(
    values: ArrayLike, target: float, *, alternative: str = "two-sided", decimals: int | None = None
) -> TestResult | Refusal:
    """Return Wilcoxon's signed-rank test that float64 [n] is symmetric about the target.

    The statistic is the smaller rank sum (two-sided) or that of the values above the target (one-sided). Values on
    the target are left out and ties share their mid-rank; the distribution is exact, given those ranks, up to 50
    values and normal with tie correction beyond. ``decimals`` rounds the differences to the precision of the metric
    first. Reference: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).

    Raises:
        ValueError: a value or the target is not finite, or the alternative is not one.

    >>> wilcoxon_test([1.0, 2.0, 4.0, 5.0, 6.0], 0.0)
    TestResult(test='Wilcoxon signed-rank', statistic=0.0, df=None, p=0.0625)
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    differences = _differences(finite_sample(values, "values"), finite_target(target), decimals)
    if differences.size == 0:
        return ALL_ON_TARGET
    doubled = _doubled_ranks(np.abs(differences))
    above = int(doubled[differences > 0].sum())
    below = int(doubled.sum()) - above
    tails = _exact_tails if differences.size <= _LARGEST_EXACT else _normal_tails
    p_less, p_greater = tails(doubled, above)
    p = {"two-sided": min(1.0, 2 * min(p_less, p_greater)), "less": p_less, "greater": p_greater}[alternative]
    statistic = (min(above, below) if alternative == "two-sided" else above) / 2
    return TestResult(test=WILCOXON, statistic=statistic, df=None, p=p)


def _differences(values: Floats, target: float, decimals: int | None) -> Floats:
    """Return what lies off the target, rounded so that equal differences are equal in double precision too."""
    differences = values - target
    if decimals is not None:
        rounded = np.round(differences, decimals)
    else:
        unit = _ROUNDING * max(float(np.abs(values).max(initial=0)), abs(target), np.finfo(np.float64).tiny / _ROUNDING)
        rounded = np.round(differences / unit) * unit
    return np.asarray(rounded[rounded != 0], dtype=np.float64)


def _doubled_ranks(sizes: Floats) -> Floats:
    """Return twice the mid-ranks, which are whole numbers."""
    _, place, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[place].astype(np.float64)


def _exact_tails(doubled: Floats, above: int) -> tuple[float, float]:
    """Return P(sum of ranks above <= observed) and P(>= observed) when each sign is as likely as the other."""
    unit = 1 if (doubled % 2).any() else 2  # without ties the ranks themselves are whole
    ranks = np.sort(doubled).astype(np.int64) // unit
    above //= unit
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    reach = 1
    for rank in ranks.tolist():
        before = chances[:reach] / 2
        reach += rank
        chances[: reach - rank] = before
        chances[rank:reach] += before
    return min(1.0, float(chances[: above + 1].sum())), min(1.0, float(chances[above:].sum()))


def _normal_tails(doubled: Floats, above: int) -> tuple[float, float]:
    z = (above - doubled.sum() / 2) / np.sqrt(np.square(doubled).sum() / 4)
    return float(ndtr(z)), float(ndtr(-z))


def sign_test(
    values: ArrayLike, target: float, *, alternative: str = "two-sided", decimals: int | None = None
) -> TestResult | Refusal:
    """Return the exact sign test that the median of float64 [n] is the target; the statistic counts values above it.

    Values on the target are left out. Reference: Conover, "Practical nonparametric statistics", 3rd ed. (1999),
    section 3.4.

    Raises:
        ValueError: a value or the target is not finite, or the alternative is not one.

    >>> sign_test([1.0, 2.0, 4.0, 5.0, 6.0], 0.0, alternative="greater").p
    0.03125
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    differences = _differences(finite_sample(values, "values"), finite_target(target), decimals)
    n, above = differences.size, int((differences > 0).sum())
    if n == 0:
        return ALL_ON_TARGET
    p_less, p_greater = float(bdtr(above, n, 0.5)), float(bdtr(n - above, n, 0.5))
    p = {"two-sided": min(1.0, 2 * min(p_less, p_greater)), "less": p_less, "greater": p_greater}[alternative]
    return TestResult(test=SIGN, statistic=float(above), df=None, p=p)
