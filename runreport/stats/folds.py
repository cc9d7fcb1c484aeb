"""Two models compared on the folds of one data set, whose training sets overlap: their differences are no new runs.

The plain paired t test takes them as independent and is far too often significant, so it is refused; the corrected test
and its Bayesian reading stand in its place.
"""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy.special import stdtr

from runreport.stats.intervals import MeanError, t_interval
from runreport.stats.pairs import paired_error
from runreport.stats.tests import t_test
from runreport.stats.types import Estimate, Refusal, TestResult

CORRECTED_T = "corrected resampled t"
NO_PLAIN_T = Refusal(
    code="folds-overlap",
    words=(
        "Folds of one data set share their training data, so the plain paired t test would find differences that are "
        "not there; the corrected test is used instead."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practical:
    """Posterior probabilities that the mean difference is above, within and below the region of no importance."""

    above: float
    within: float
    below: float
    rope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldComparison:
    """A minus B over folds: the mean difference, its corrected variance and test.

    ``naive_p`` is what the plain paired t test would have claimed; ``plain`` says why it is refused.
    """

    delta: Estimate
    corrected_variance: float
    test: TestResult
    naive_p: float
    posterior: Practical
    plain: Refusal = NO_PLAIN_T


def compare_folds(
    a: ArrayLike, b: ArrayLike, *, test_over_train: float, rope: float = 0.0, level: float = 0.95
) -> FoldComparison | Refusal:
    """Return the comparison of scores on the same folds, float64 [n] each (n = folds times repeats).

    ``test_over_train`` is the size of a test set over that of its training set (1 / 9 for 10 folds), ``rope`` the half
    width of what counts as no difference. Refused for n < 2 and where all differences are equal. Reference: Nadeau &
    Bengio, "Inference for the generalization error", Machine Learning 52 (2003); for the posterior Corani & Benavoli,
    "A Bayesian approach for comparing cross-validated algorithms on multiple data sets", Machine Learning 100 (2015).

    Raises:
        ValueError: the lengths differ, a value is not finite, the ratio is not above 0, rope is negative, or the level
            is not between 0 and 1.

    >>> answer = compare_folds([0.82, 0.81, 0.84, 0.80], [0.80, 0.80, 0.81, 0.80], test_over_train=1 / 3)
    >>> round(answer.naive_p, 3), round(answer.test.p, 3)
    (0.103, 0.226)
    """
    if not 0 < test_over_train < math.inf:
        message = f"test_over_train must be above 0 and finite, not {test_over_train}"
        raise ValueError(message)
    if not 0 <= rope < math.inf:
        message = f"rope must be 0 or more and finite, not {rope}"
        raise ValueError(message)
    naive = paired_error(a, b)
    return naive if isinstance(naive, Refusal) else _compared(naive, test_over_train, rope, level)


def _compared(naive: MeanError, test_over_train: float, rope: float, level: float) -> FoldComparison | Refusal:
    inflation = math.sqrt(1 + (naive.df + 1) * test_over_train)
    error = naive._replace(standard_error=naive.standard_error * inflation)
    test, plain = t_test(CORRECTED_T, error), t_test(CORRECTED_T, naive)
    interval = t_interval(error, level=level)
    if isinstance(test, Refusal) or isinstance(plain, Refusal) or isinstance(interval, Refusal):
        return next(one for one in (test, plain, interval) if isinstance(one, Refusal))
    return FoldComparison(
        delta=Estimate(value=error.difference, interval=interval),
        corrected_variance=error.standard_error**2,
        test=test,
        naive_p=plain.p,
        posterior=_posterior(error, rope),
    )


def _posterior(error: MeanError, rope: float) -> Practical:
    """Return the posterior of the mean: a t distribution around the mean difference, scaled by its corrected error."""
    above = float(stdtr(error.df, (error.difference - rope) / error.standard_error))
    below = float(stdtr(error.df, (-rope - error.difference) / error.standard_error))
    return Practical(above=above, within=max(0.0, 1 - above - below), below=below, rope=rope)
