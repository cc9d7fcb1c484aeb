"""Hypothesis tests. The design of the runs chooses the test, never a look at the values."""

import math
import sys
from functools import lru_cache

from numpy.typing import ArrayLike
from scipy.special import stdtr

from runreport.stats.arrays import ALTERNATIVES, finite_sample, one_of
from runreport.stats.intervals import OUT_OF_RANGE, MeanError, pooled_error, welch_error
from runreport.stats.types import Refusal, TestResult

WELCH = "Welch t"
STUDENT = "Student t"
FISHER = "Fisher exact"


def welch_test(a: ArrayLike, b: ArrayLike, *, alternative: str = "two-sided") -> TestResult | Refusal:
    """Return Welch's t test of mean(a) = mean(b), for float64 [n] and [m].

    Refused for n or m < 2 and where both sides are constant: a p of 0 from no noise would be a lie. Reference:
    Welch, "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34 (1947).

    Raises:
        ValueError: a value is not finite, or the alternative is not two-sided, less or greater.

    >>> welch_test([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    TestResult(test='Welch t', statistic=1.22474487..., df=4.0, p=0.28786413...)
    """
    error = welch_error(finite_sample(a, "a"), finite_sample(b, "b"))
    return t_test(WELCH, error, alternative=alternative)


def student_test(a: ArrayLike, b: ArrayLike, *, alternative: str = "two-sided") -> TestResult | Refusal:
    """Return Student's t test of mean(a) = mean(b), for float64 [n] and [m] taken to have one variance.

    Where the spreads differ and n and m do too it rejects up to 25 % of true null hypotheses at a nominal 5 %, so
    Welch's test is the default. Refused as :func:`welch_test`. Reference: Student, "The probable error of a mean",
    Biometrika 6 (1908).

    Raises:
        ValueError: a value is not finite, or the alternative is not two-sided, less or greater.

    >>> student_test([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    TestResult(test='Student t', statistic=1.22474487..., df=4.0, p=0.28786413...)
    """
    error = pooled_error(finite_sample(a, "a"), finite_sample(b, "b"))
    return t_test(STUDENT, error, alternative=alternative)


def t_test(
    name: str, error: MeanError | Refusal, *, null: float = 0.0, alternative: str = "two-sided"
) -> TestResult | Refusal:
    """Return the t test that a mean or difference is ``null``, from its standard error; a refusal is handed on.

    Raises:
        ValueError: the alternative is not two-sided, less or greater.
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    if isinstance(error, Refusal):
        return error
    statistic = (error.difference - null) / error.standard_error
    if not math.isfinite(statistic):
        return OUT_OF_RANGE
    p = two_or_one_sided(float(stdtr(error.df, statistic)), float(stdtr(error.df, -statistic)), alternative)
    return TestResult(test=name, statistic=statistic, df=error.df, p=p)


def two_or_one_sided(p_less: float, p_greater: float, alternative: str) -> float:
    """Return the p of the alternative from those of both sides; two-sided is twice the smaller, at most 1.

    A p too small for double precision is given as the smallest normal double: larger than it is, but not 0.
    """
    p = {"less": p_less, "greater": p_greater, "two-sided": min(1.0, 2 * min(p_less, p_greater))}[alternative]
    return positive_p(p)


def positive_p(p: float) -> float:
    """Return p, or the smallest normal double where it is 0 because double precision ends.

    >>> positive_p(0.0) > 0
    True
    """
    return max(p, sys.float_info.min)


def fisher_test(failed_a: int, n_a: int, failed_b: int, n_b: int) -> TestResult | Refusal:
    """Return Fisher's exact test of equal failure rates; the statistic is the odds ratio of the counts.

    Reference: Fisher, "On the interpretation of chi-squared from contingency tables", JRSS 85 (1922).

    Raises:
        ValueError: more runs failed than were started, or a count is negative.

    >>> fisher_test(3, 12, 1, 12)
    TestResult(test='Fisher exact', statistic=3.6666..., df=None, p=0.5900621118...)
    """
    for failed, n in ((failed_a, n_a), (failed_b, n_b)):
        if not 0 <= failed <= n:
            message = f"{failed} of {n} runs cannot have failed"
            raise ValueError(message)
    if not n_a or not n_b:
        return Refusal(code="empty", words="There are no runs on one side.")
    odds = _odds_ratio(failed_a * (n_b - failed_b), failed_b * (n_a - failed_a))
    return TestResult(test=FISHER, statistic=odds, df=None, p=_fisher_p(failed_a, n_a, failed_b, n_b))


def _odds_ratio(for_a: int, for_b: int) -> float:
    if for_b:
        return for_a / for_b
    return math.inf if for_a else math.nan


@lru_cache(maxsize=4096)
def _fisher_p(failed_a: int, n_a: int, failed_b: int, n_b: int) -> float:
    """Return the share of all ways to spread the failures over the runs that are as rare as the one seen."""
    failed = failed_a + failed_b
    possible = range(max(0, failed - n_b), min(n_a, failed) + 1)
    ways = [math.comb(n_a, count) * math.comb(n_b, failed - count) for count in possible]
    seen = ways[failed_a - possible.start]
    share = sum(way for way in ways if way <= seen) / math.comb(n_a + n_b, failed)
    return positive_p(share)
