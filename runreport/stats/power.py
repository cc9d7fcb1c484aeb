"""What a comparison of so many runs could have found at all, and how many it would have needed."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from runreport.stats.arrays import fraction

DEFAULT_POWER = 0.8
_LARGEST_EFFECT = 1e6
_FEWEST_RUNS = 2.0
_FEWEST_EXAMPLES = 1.0
MOST_RUNS = 1e9


def power_of_t_test(effect: float, n_a: float, n_b: float, *, alpha: float = 0.05) -> float:
    """Return the power of the two-sided two-sample t test for a true difference of ``effect`` standard deviations.

    By the noncentral t distribution, equal variances. Reference: Cohen, "Statistical power analysis for the
    behavioral sciences", 2nd ed. (1988), chapter 2.

    Raises:
        ValueError: alpha is not between 0 and 1, or there are fewer than 3 runs in all or none on one side.

    >>> round(power_of_t_test(0.77, 5, 5), 6)
    0.189445
    """
    fraction(alpha, "alpha")
    df = n_a + n_b - 2
    if min(n_a, n_b) < 1 or df <= 0:
        message = f"{n_a} and {n_b} runs leave no degree of freedom"
        raise ValueError(message)
    return _two_sided(abs(effect) / float(np.sqrt(1 / n_a + 1 / n_b)), df, alpha)


def power_of_one_sample_t_test(effect: float, n: float, *, alpha: float = 0.05, one_sided: bool = False) -> float:
    """Return the power of the t test of one mean against a target that lies ``effect`` standard deviations away.

    The same holds for the paired t test, with the effect in standard deviations of the paired differences. One-sided,
    a negative effect is one on the wrong side of the target. Reference: Cohen (1988), chapter 2.

    Raises:
        ValueError: alpha is not between 0 and 1, or there is no degree of freedom.

    >>> round(power_of_one_sample_t_test(0.5, 20, one_sided=True), 6)
    0.695149
    """
    fraction(alpha, "alpha")
    if n <= 1:
        message = f"{n} runs leave no degree of freedom"
        raise ValueError(message)
    noncentrality = effect * float(np.sqrt(n))
    if one_sided:
        return _tail(noncentrality, n - 1, float(stdtrit(n - 1, alpha)))
    return _two_sided(abs(noncentrality), n - 1, alpha)


def _two_sided(noncentrality: float, df: float, alpha: float) -> float:
    critical = float(stdtrit(df, alpha / 2))
    return _tail(noncentrality, df, critical) + _tail(-noncentrality, df, critical)


def _tail(noncentrality: float, df: float, critical: float) -> float:
    """Return P(T > |critical|), from below: P(T > c; d) = P(T < -c; -d)."""
    chance = float(nctdtr(df, -noncentrality, critical))
    if np.isnan(chance):  # where it is too close to 0 or 1 to be computed
        return 1.0 if noncentrality > abs(critical) else 0.0
    return chance


@lru_cache(maxsize=4096)
def minimum_detectable_effect(n_a: int, n_b: int, *, alpha: float = 0.05, power: float = DEFAULT_POWER) -> float:
    """Return the smallest true difference, in standard deviations, that is found with the given power.

    Raises:
        ValueError: alpha or power is not between 0 and 1, power is not above alpha, or there are too few runs.

    >>> [round(minimum_detectable_effect(n, n), 2) for n in (3, 5, 10, 20)]
    [3.07, 2.02, 1.32, 0.91]
    """
    _powerful(power, alpha)
    return _smallest_effect(lambda effect: power_of_t_test(effect, n_a, n_b, alpha=alpha) - power)


@lru_cache(maxsize=4096)
def minimum_detectable_effect_one_sample(
    n: int, *, alpha: float = 0.05, power: float = DEFAULT_POWER, one_sided: bool = False
) -> float:
    """Return the smallest distance of a mean from a target (or of paired runs) that is found with the given power.

    In standard deviations of the runs (or of the paired differences).

    Raises:
        ValueError: alpha or power is not between 0 and 1, power is not above alpha, or there are too few runs.

    >>> [round(minimum_detectable_effect_one_sample(n), 2) for n in (3, 5, 10, 20)]
    [3.26, 1.68, 1.0, 0.66]
    """
    _powerful(power, alpha)
    return _smallest_effect(
        lambda effect: power_of_one_sample_t_test(effect, n, alpha=alpha, one_sided=one_sided) - power
    )


def runs_needed(effect: float, *, alpha: float = 0.05, power: float = DEFAULT_POWER) -> float:
    """Return how many runs per side find a true difference of ``effect`` standard deviations with the given power.

    For the two-sided two-sample t test with as many runs on each side. The number is not rounded: round it up. At
    least 2; infinite for no effect, or where more than 10^9 runs were needed.

    Raises:
        ValueError: alpha or power is not between 0 and 1, or power is not above alpha.

    >>> round(runs_needed(0.77), 3)
    27.47
    """
    _powerful(power, alpha)
    return _fewest(lambda n: power_of_t_test(effect, n, n, alpha=alpha) - power, _FEWEST_RUNS)


def runs_needed_one_sample(
    effect: float, *, alpha: float = 0.05, power: float = DEFAULT_POWER, one_sided: bool = False
) -> float:
    """Return how many runs (or pairs) show a mean ``effect`` standard deviations from the target.

    The number is not rounded: round it up. At least 2; infinite for no effect, and one-sided for one on the wrong side.

    Raises:
        ValueError: alpha or power is not between 0 and 1, or power is not above alpha.

    >>> round(runs_needed_one_sample(0.5, power=0.9, one_sided=True), 3)
    35.653
    """
    _powerful(power, alpha)
    return _fewest(
        lambda n: power_of_one_sample_t_test(effect, n, alpha=alpha, one_sided=one_sided) - power, _FEWEST_RUNS
    )


def power_of_two_proportions(cohen_h: float, n: float, *, alpha: float = 0.05) -> float:
    """Return the power of the two-sided test of two proportions ``cohen_h`` apart, ``n`` examples on each side.

    Reference: Cohen (1988), chapter 6: the arcsine transform has variance 1 / n.

    Raises:
        ValueError: alpha is not between 0 and 1, or n is not above 0.

    >>> round(power_of_two_proportions(0.36388065, 118.554675), 6)
    0.8
    """
    fraction(alpha, "alpha")
    if n <= 0:
        message = f"a proportion needs examples, not {n}"
        raise ValueError(message)
    critical = float(ndtri(alpha / 2))
    shift = cohen_h * float(np.sqrt(n / 2))
    return float(ndtr(critical + shift) + ndtr(critical - shift))


def examples_needed(cohen_h: float, *, alpha: float = 0.05, power: float = DEFAULT_POWER) -> float:
    """Return how many examples per side tell two proportions ``cohen_h`` apart with the given power.

    The number is not rounded: round it up. Infinite for no difference.

    Raises:
        ValueError: alpha or power is not between 0 and 1, or power is not above alpha.

    >>> round(examples_needed(0.36388065), 3)
    118.555
    """
    _powerful(power, alpha)
    return _fewest(lambda n: power_of_two_proportions(cohen_h, n, alpha=alpha) - power, _FEWEST_EXAMPLES)


def _powerful(power: float, alpha: float) -> None:
    fraction(power, "power")
    fraction(alpha, "alpha")
    if power <= alpha:
        message = f"power {power} is reached without any effect at alpha {alpha}"
        raise ValueError(message)


def _smallest_effect(excess: Callable[[float], float]) -> float:
    high = 1.0
    while excess(high) < 0 and high < _LARGEST_EFFECT:
        high *= 2
    return float(brentq(excess, 0.0, high, xtol=1e-12))


def _fewest(excess: Callable[[float], float], least: float) -> float:
    if excess(least) >= 0:
        return least
    low, high = least, 2 * least
    while excess(high) < 0:
        if high > MOST_RUNS:
            return float(np.inf)
        low, high = high, high * 2
    return float(brentq(excess, low, high, xtol=1e-9, rtol=1e-12))
