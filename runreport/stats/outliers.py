"""Do some seeds lie so far from the others that a mean says little?

No test of means keeps its level when some seeds of one side have collapsed: Welch's t rejects 13 % (3 v 3), 24 %
(5 v 5) or 37 % (3 v 10) of true null hypotheses at a nominal 5 %. So this check stands beside every contrast.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats.arrays import Floats, finite_sample, is_constant

MINIMUM_FOR_SPLIT = 3
_MAD_TO_SD = 1.4826  # of a normal distribution
_MADS = 3.0
# How many times wider than the wider side the gap must be, by n: false alarms on normal samples then stay near 10 %
# at n = 3 and fall to 7 % at n = 4 and 10, lower elsewhere (tests/unit/stats/test_one_sample.py measures them).
_GAP_FACTORS = {3: 20.0, 4: 6.0, 5: 3.0, 6: 2.0, 7: 2.0, 8: 2.0, 9: 2.0}
_GAP_FACTOR = 1.0
_VISIBLE_SHARE = 0.05  # where one side is constant: the gap as a share of the values themselves


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

    The sample is cut at its widest gap; it is split when the gap is several times wider than either part.

    Raises:
        ValueError: a value is not finite.

    >>> find_split([0.91, 0.92, 0.10, 0.93, 0.92])
    Split(far=(2,), is_bimodal=False)
    """
    array = finite_sample(values, "values")
    if array.size < MINIMUM_FOR_SPLIT or is_constant(array):
        return None
    order = np.argsort(array, kind="stable")
    ordered = array[order] / np.abs(array).max()  # as shares, so that huge values do not overflow
    gaps = np.diff(ordered)
    cut = int(gaps.argmax()) + 1
    width = max(ordered[cut - 1] - ordered[0], ordered[-1] - ordered[cut])
    centre = abs(float(np.median(ordered)))
    threshold = width * _GAP_FACTORS.get(array.size, _GAP_FACTOR) if width > 0 else centre * _VISIBLE_SHARE
    if gaps[cut - 1] <= threshold:
        return None
    far = slice(0, cut) if cut <= array.size - cut else slice(cut, None)
    positions = sorted(int(index) for index in order[far])
    return Split(far=tuple(positions), is_bimodal=not outlying(ordered)[far].all())
