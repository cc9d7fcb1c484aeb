"""What a comparison of so many runs could have found at all."""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from runreport.stats.arrays import fraction

DEFAULT_POWER = 0.8
_LARGEST_EFFECT = 1e6


def power_of_t_test(effect: float, n_a: int, n_b: int, *, alpha: float = 0.05) -> float:
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
    if min(n_a, n_b) < 1 or df < 1:
        message = f"{n_a} and {n_b} runs leave no degree of freedom"
        raise ValueError(message)
    critical = float(stdtrit(df, 1 - alpha / 2))
    noncentrality = abs(effect) / float(np.sqrt(1 / n_a + 1 / n_b))
    # both tails from below: P(T > c; d) = P(T < -c; -d); the far one is NaN where it is too small to be computed
    near, far = nctdtr(df, -noncentrality, -critical), nctdtr(df, noncentrality, -critical)
    return float(near + (0.0 if np.isnan(far) else far))


@lru_cache(maxsize=4096)
def minimum_detectable_effect(n_a: int, n_b: int, *, alpha: float = 0.05, power: float = DEFAULT_POWER) -> float:
    """Return the smallest true difference, in standard deviations, that is found with the given power.

    Raises:
        ValueError: alpha or power is not between 0 and 1, power is not above alpha, or there are too few runs.

    >>> [round(minimum_detectable_effect(n, n), 2) for n in (3, 5, 10, 20)]
    [3.07, 2.02, 1.32, 0.91]
    """
    fraction(power, "power")
    if power <= alpha:
        message = f"power {power} is reached without any effect at alpha {alpha}"
        raise ValueError(message)
    high = 1.0
    while power_of_t_test(high, n_a, n_b, alpha=alpha) < power and high < _LARGEST_EFFECT:
        high *= 2
    return float(brentq(lambda effect: power_of_t_test(effect, n_a, n_b, alpha=alpha) - power, 0.0, high, xtol=1e-12))
