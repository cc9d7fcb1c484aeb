"""Do the runs have a long tail on one side? Then the mean of a few of them says little: the tail may have been missed."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from runreport.stats.arrays import Floats, finite_sample, is_constant
from runreport.stats.intervals import NO_SPREAD
from runreport.stats.types import Caution, Refusal

MINIMUM_FOR_SKEWNESS = 8
_WORDS_BELOW = 0.01


def skewness_z(values: ArrayLike) -> float | Refusal:
    """Return how far the skewness of float64 [n] is from that of normal values, as a standard normal z.

    Negative for a long tail of low values. Refused for n < 8, where the approximation is poor, and for equal values.
    Reference: D'Agostino, "Transformation to normality of the null distribution of g1", Biometrika 57 (1970).

    Raises:
        ValueError: a value is not finite.

    >>> round(skewness_z([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]), 3)
    2.779
    """
    array = finite_sample(values, "values")
    n = array.size
    if n < MINIMUM_FOR_SKEWNESS:
        return Refusal(code="few-runs", words=f"Skewness is not judged from fewer than {MINIMUM_FOR_SKEWNESS} runs.")
    distances = _distances(array)
    if is_constant(array) or not distances.any():
        return NO_SPREAD
    skewness = float((distances**3).mean() / (distances**2).mean() ** 1.5)
    kurtosis = 3 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    squared_width = math.sqrt(2 * (kurtosis - 1)) - 1
    scale = math.sqrt((squared_width - 1) / 2)
    standardised = skewness * math.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    return math.asinh(standardised * scale) / math.sqrt(math.log(squared_width) / 2)


def _distances(array: Floats) -> Floats:
    """Return the distances from the mean in units of the largest, so that no power of them overflows."""
    shares = array / (np.abs(array).max() or 1.0)
    distances = shares - shares.mean()
    return np.asarray(distances / (np.abs(distances).max() or 1.0), dtype=np.float64)


def long_tail(a: ArrayLike, b: ArrayLike) -> Caution | None:
    """Return words about two sides, float64 [n] and [m], whose runs have a long tail on the same side, or None.

    Said where the skewness of both sides together is beyond the 1 % points of normal values; their z are added by the
    method of Stouffer et al., "The American Soldier" vol. 1 (1949). This triggers words and never chooses a test. None
    for fewer than 8 values on a side and where a side is constant.

    Raises:
        ValueError: a value is not finite.
    """
    z_a, z_b = skewness_z(a), skewness_z(b)
    if isinstance(z_a, Refusal) or isinstance(z_b, Refusal):
        return None
    z = (z_a + z_b) / math.sqrt(2)
    if 2 * float(ndtr(-abs(z))) >= _WORDS_BELOW:
        return None
    words = (
        f"The runs of both sides together have a long tail of {'low' if z < 0 else 'high'} values: how many of them come "
        "from it is chance, and moves the means. Where one side scatters more than the other, tests of means then find "
        "differences that are not there; look at the single runs."
    )
    return Caution(code="long-tail", words=words)
