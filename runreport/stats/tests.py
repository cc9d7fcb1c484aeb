"""Hypothesis tests. The design of the runs chooses the test, never a look at the values."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from runreport.stats.arrays import ALTERNATIVES, finite_sample, one_of
from runreport.stats.intervals import welch_error
from runreport.stats.types import Refusal, TestResult

WELCH = "Welch t"
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
    one_of(alternative, ALTERNATIVES, "alternative")
    error = welch_error(finite_sample(a, "a"), finite_sample(b, "b"))
    if isinstance(error, Refusal):
        return error
    statistic = error.difference / error.standard_error
    tail = {"two-sided": -abs(statistic), "less": statistic, "greater": -statistic}[alternative]
    p = float(stdtr(error.df, tail)) * (2 if alternative == "two-sided" else 1)
    return TestResult(test=WELCH, statistic=statistic, df=error.df, p=p)


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
    from scipy.stats import fisher_exact  # noqa: PLC0415 - scipy.stats takes half a second to import

    outcome = fisher_exact(np.array([[failed_a, n_a - failed_a], [failed_b, n_b - failed_b]]))
    return TestResult(test=FISHER, statistic=float(outcome.statistic), df=None, p=float(outcome.pvalue))
