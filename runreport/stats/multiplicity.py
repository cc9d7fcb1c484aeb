"""Adjusting p-values for how many questions were asked at once."""

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Return Holm's adjusted p-values, float64 [n], in the given order.

    NaN stands for a comparison that could not be tested: it stays NaN and does not count in the family. Reference:
    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    given = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(given))
    p = given[tested]
    outside = p[(p < 0) | (p > 1)]
    if outside.size:
        message = f"a p-value lies between 0 and 1, not at {outside[0]}"
        raise ValueError(message)
    order = np.argsort(p, kind="stable")
    factors = np.arange(p.size, 0, -1)
    stepped = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    adjusted = np.full(given.shape, np.nan)
    adjusted[tested[order]] = stepped
    return adjusted
