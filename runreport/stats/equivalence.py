"""Is A as good as B? No difference found is no answer; a margin of what does not matter must be named beforehand."""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from runreport.stats.arrays import finite_sample, fraction
from runreport.stats.intervals import MeanError, t_interval, welch_error
from runreport.stats.pairs import PAIRED, paired_error
from runreport.stats.tests import WELCH, t_test
from runreport.stats.types import Interval, Refusal, TestResult

NO_MARGIN = Refusal(
    code="no-margin",
    words=(
        "No margin is set, so nothing can be called equivalent or free of regression; "
        "a difference that was not detected may still be there."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two one-sided tests (TOST): the difference is above -margin (``lower``) and below +margin (``upper``).

    ``p`` is the larger of both; ``interval`` has the level 1 - 2 alpha and lies within the margins just when the
    groups are equivalent at alpha.
    """

    difference: float
    margin: float
    p: float
    lower: TestResult
    upper: TestResult
    interval: Interval
    is_equivalent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiority:
    """A one-sided test that the new side is worse than the baseline by less than the margin.

    ``bound`` is the one-sided interval of new - baseline at level 1 - alpha: it excludes a loss of the margin just
    when the new side is not inferior.
    """

    difference: float
    margin: float
    test: TestResult
    bound: Interval
    is_non_inferior: bool


def equivalence(a: ArrayLike, b: ArrayLike, *, margin: float | None, alpha: float = 0.05) -> Equivalence | Refusal:
    """Return whether mean(a) and mean(b), float64 [n] and [m], differ by less than ``margin``, by Welch's t.

    Refused without a margin, and as Welch's test. Reference: Schuirmann, "A comparison of the two one-sided tests
    procedure and the power approach...", J. Pharmacokinet. Biopharm. 15 (1987).

    Raises:
        ValueError: a value is not finite, the margin is not above 0, or alpha is not between 0 and 1/2.

    >>> equivalence([1.0, 1.1, 1.2], [1.0, 1.2, 1.1], margin=0.5).is_equivalent
    True
    """
    return _two_one_sided(WELCH, welch_error(finite_sample(a, "a"), finite_sample(b, "b")), margin, alpha)


def paired_equivalence(
    a: ArrayLike, b: ArrayLike, *, margin: float | None, alpha: float = 0.05
) -> Equivalence | Refusal:
    """Return whether the mean of paired differences a - b, float64 [n] each, is within ``margin`` of 0.

    Refused without a margin, for n < 2 and where all differences are equal. Reference: Schuirmann (1987).

    Raises:
        ValueError: as :func:`equivalence`, or the lengths differ.

    >>> paired_equivalence([1.0, 2.0, 3.0], [1.1, 2.0, 2.9], margin=0.5).is_equivalent
    True
    """
    return _two_one_sided(PAIRED, paired_error(a, b), margin, alpha)


def _two_one_sided(name: str, error: MeanError | Refusal, margin: float | None, alpha: float) -> Equivalence | Refusal:
    level = 1 - 2 * _one_sided_alpha(alpha)
    if margin is None:
        return NO_MARGIN
    width = _positive(margin)
    lower = t_test(name, error, null=-width, alternative="greater")
    upper = t_test(name, error, null=width, alternative="less")
    interval = t_interval(error, level=level)
    if isinstance(error, Refusal):
        return error
    if isinstance(lower, Refusal) or isinstance(upper, Refusal) or isinstance(interval, Refusal):
        return next(one for one in (lower, upper, interval) if isinstance(one, Refusal))
    p = max(lower.p, upper.p)
    return Equivalence(
        difference=error.difference,
        margin=width,
        p=p,
        lower=lower,
        upper=upper,
        interval=interval,
        is_equivalent=p < alpha,
    )


def non_inferiority(
    new: ArrayLike, baseline: ArrayLike, *, margin: float | None, higher_is_better: bool, alpha: float = 0.05
) -> NonInferiority | Refusal:
    """Return whether the new side, float64 [n], is worse than the baseline, [m], by less than ``margin``: Welch's t.

    Refused without a margin, and as Welch's test. Reference: Wellek, "Testing statistical hypotheses of equivalence
    and noninferiority", 2nd ed. (2010).

    Raises:
        ValueError: a value is not finite, the margin is not above 0, or alpha is not between 0 and 1/2.

    >>> non_inferiority([0.9, 0.91, 0.92], [0.9, 0.92, 0.91], margin=0.05, higher_is_better=True).is_non_inferior
    True
    """
    level = 1 - _one_sided_alpha(alpha)
    if margin is None:
        return NO_MARGIN
    width = _positive(margin)
    error = welch_error(finite_sample(new, "new"), finite_sample(baseline, "baseline"))
    alternative = "greater" if higher_is_better else "less"
    test = t_test(WELCH, error, null=-width if higher_is_better else width, alternative=alternative)
    bound = t_interval(error, level=level, alternative=alternative)
    if isinstance(error, Refusal):
        return error
    if isinstance(test, Refusal) or isinstance(bound, Refusal):
        return next(one for one in (test, bound) if isinstance(one, Refusal))
    return NonInferiority(
        difference=error.difference, margin=width, test=test, bound=bound, is_non_inferior=test.p < alpha
    )


def _positive(margin: float) -> float:
    if not 0 < margin < math.inf:
        message = f"a margin must be above 0 and finite, not {margin}"
        raise ValueError(message)
    return margin


def _one_sided_alpha(alpha: float) -> float:
    if fraction(alpha, "alpha") >= 0.5:  # noqa: PLR2004 - two such tails leave no interval
        message = f"alpha must be below 0.5, not {alpha}"
        raise ValueError(message)
    return alpha
