"""One group of runs against one number: the t test of the mean, its interval, and the differences for a test of ranks."""

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample
from runreport.stats.describe import describe
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, MeanError, described_error, t_interval
from runreport.stats.pairs import paired_differences
from runreport.stats.tests import t_test
from runreport.stats.types import Description, Interval, Refusal, TestResult

ONE_SAMPLE = "one-sample t"

NO_RUNS = Refusal(code="empty", words="There are no runs.")
ONE_RUN = Refusal(code="one-run", words="One run cannot show that the mean meets the target.")
IDENTICAL_RUNS = Refusal(code="zero-variance", words="All runs are identical; the noise is unknown.")


def error_of_runs(description: Description) -> MeanError | Refusal:
    """Return the mean of runs that are described, with its standard error, or why there is none."""
    if description.n < MINIMUM_FOR_SPREAD:
        return ONE_RUN if description.n else NO_RUNS
    return IDENTICAL_RUNS if description.min == description.max else described_error(description)


def one_sample_test(values: ArrayLike, target: float, *, alternative: str = "two-sided") -> TestResult | Refusal:
    """Return Student's t test of mean = target for float64 [n]; "less" is the claim that the mean lies below it.

    Refused for n < 2 and where all values are equal: a p of 0 from no noise would be a lie. Reference: Student, "The
    probable error of a mean", Biometrika 6 (1908).

    Raises:
        ValueError: a value or the target is not finite, or the alternative is not one.

    >>> one_sample_test([1.0, 2.0, 3.0], 3.0, alternative="less")
    TestResult(test='one-sample t', statistic=-1.73205..., df=2.0, p=0.11270...)
    """
    error = error_of_runs(describe(values))
    return t_test(ONE_SAMPLE, error, null=finite_target(target), alternative=alternative)


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
    return t_interval(error_of_runs(describe(values)), level=level, alternative=alternative)


def differences_from(values: ArrayLike, target: float, *, decimals: int | None = None) -> Floats | Refusal:
    """Return values minus the target, float64 [n], rounded as :func:`runreport.stats.pairs.paired_differences` does.

    They are what :func:`runreport.stats.signed_ranks.wilcoxon_test` and ``sign_test`` take for the claim that the
    median is the target.

    Raises:
        ValueError: a value or the target is not finite.

    >>> differences_from([3.1, 2.9, 3.3], 3.0)
    array([ 0.1, -0.1,  0.3])
    """
    array = finite_sample(values, "values")
    return paired_differences(array, np.full(array.size, finite_target(target)), decimals=decimals)


def finite_target(target: float) -> float:
    """Return the target as it is.

    Raises:
        ValueError: it is NaN or infinite.
    """
    if not np.isfinite(target):
        message = f"the target must be finite, not {target}"
        raise ValueError(message)
    return target
