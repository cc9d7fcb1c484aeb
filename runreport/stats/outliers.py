"""Do some seeds lie so far from the others that a mean says little?

No test of means keeps its level when runs of one side collapse now and then: with 5 runs on each side, equal means and
one side that scatters three times as much, Welch's t rejects 24 % of true null hypotheses at a nominal 5 %
(docs/explanation/error-rates.md). So this check stands beside every contrast. It sees only what the runs show: a
collapse that struck none of them is not found.
"""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats.arrays import Floats, finite_sample, is_constant

MINIMUM_FOR_SPLIT = 3
_MAD_TO_SD = 1.4826  # of a normal distribution
_MADS = 3.0
# How many times wider than the wider part the gap must be, by n. The trade: at most 5 % of normal samples are split at
# n = 3 to 6 and fewer from there on, while runs that collapsed by 12 standard deviations of the sound ones are found
# 9 times in 10 from n = 6 on (8 in 10 at n = 5, 4 in 10 at n = 4, 2 in 10 at n = 3). A wide gap is no rarity where one
# tail is long: 1 in 4 lognormal samples of 10 are split. tests/unit/stats/test_outliers.py measures all of these.
_GAP_FACTORS = {3: 40.0, 4: 8.0, 5: 3.5, 6: 2.5, 7: 2.0, 8: 2.0, 9: 1.75}
_GAP_FACTOR = 1.5
_VISIBLE_SHARE = 0.05  # where both parts are constant: the gap as a share of the values themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A sample that falls into two parts with nothing between.

    ``far`` are the positions of the smaller part (of the lower one when both are equal). ``is_bimodal`` when that
    part is too large to be called outliers: its values are within 3 scaled MAD of the median.
    """

    far: tuple[int, ...]
    is_bimodal: bool


def outlying(values: Floats) -> NDArray[np.bool_]:
    """Return which of float64 [n] lie beyond 3 scaled MAD of the median.

    With fewer than 5 values this calls a third of all normal samples outlying. Reference: Leys et al., "Detecting
    outliers: do not use standard deviation around the mean, use absolute deviation around the median", J. Exp. Soc.
    Psychol. 49 (2013).

    >>> outlying(np.array([0.91, 0.92, 0.10, 0.93, 0.92]))
    array([False, False,  True, False, False])
    """
    deviations = np.abs(values - np.median(values))
    return np.asarray(deviations > _MADS * _MAD_TO_SD * float(np.median(deviations)), dtype=np.bool_)


def find_split(values: ArrayLike) -> Split | None:
    """Return how float64 [n] falls into two parts, or None when it does not (or n < 3, or all are equal).

    The sample is cut at its widest gap; it is split when the gap is several times wider than either part, whatever the
    values were before they were rounded. Two parts without any spread are split when the gap is also visible: wider
    than 5 % of the median. The outlier rule is that of :func:`outlying`.

    Raises:
        ValueError: a value is not finite.

    >>> find_split([0.91, 0.92, 0.10, 0.93, 0.92])
    Split(far=(2,), is_bimodal=False)
    >>> find_split([0.9, 0.9, 0.9, 0.9, 0.8])  # rounded: 0.86 and 0.84 may be behind it
    """
    array = finite_sample(values, "values")
    if array.size < MINIMUM_FOR_SPLIT or is_constant(array):
        return None
    order = np.argsort(array, kind="stable")
    scale = float(np.abs(array).max())
    ordered = array[order] / scale  # as shares, so that huge values do not overflow
    cut = int(np.diff(ordered).argmax()) + 1
    if not _is_wide(ordered, cut, 0.0) or not _is_wide(ordered, cut, _rounding_step(array) / scale):
        return None
    far = slice(0, cut) if cut <= array.size - cut else slice(cut, None)
    positions = sorted(int(index) for index in order[far])
    return Split(far=tuple(positions), is_bimodal=not outlying(ordered)[far].all())


def _is_wide(ordered: Floats, cut: int, step: float) -> bool:
    """Say whether the gap before ``cut`` splits the values, which may each be off by half a rounding step."""
    gap = float(ordered[cut] - ordered[cut - 1]) - step
    width = float(max(ordered[cut - 1] - ordered[0], ordered[-1] - ordered[cut]))
    if width == 0 and gap <= abs(float(np.median(ordered))) * _VISIBLE_SHARE:
        return False
    return gap > (width + step) * _GAP_FACTORS.get(ordered.size, _GAP_FACTOR)


def _rounding_step(array: Floats) -> float:
    """Return the largest number that all values are multiples of: what they were rounded to, if they were.

    Values that single precision can hold are read as their shortest single-precision decimals, as many logs store them.
    """
    with np.errstate(over="ignore", under="ignore"):
        single = array.astype(np.float32)
    is_single = bool((single.astype(np.float64) == array).all())
    decimals = [Decimal(str(value)) for value in (single if is_single else array)]
    places = min(int(decimal.as_tuple().exponent) for decimal in decimals)
    whole = (int(decimal.scaleb(-places)) for decimal in decimals)
    return float(Decimal(math.gcd(*whole)).scaleb(places))
