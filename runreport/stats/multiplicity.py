"""Adjusting p-values for how many questions were asked at once.

In all of them NaN stands for a comparison that could not be tested: it stays NaN and does not count in the family.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """The tested p-values of a family in ascending order, and where in the given float64 [n] they belong."""

    given: Floats
    positions: np.ndarray
    p: Floats

    def restored(self, adjusted: Floats) -> Floats:
        """Return adjusted p-values in the given order, none above 1."""
        restored = np.full(self.given.shape, np.nan)
        restored[self.positions] = np.minimum(adjusted, 1.0)
        return restored


def _family(p_values: ArrayLike) -> _Family:
    given = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(given))
    p = given[tested]
    outside = p[(p < 0) | (p > 1)]
    if outside.size:
        message = f"a p-value lies between 0 and 1, not at {outside[0]}"
        raise ValueError(message)
    order = np.argsort(p, kind="stable")
    return _Family(given=given, positions=tested[order], p=p[order])


def family_size(p_values: ArrayLike) -> int:
    """Return how many of the p-values, float64 [n], were tested.

    >>> family_size([0.01, float("nan"), 0.03])
    2
    """
    return int((~np.isnan(np.asarray(p_values, dtype=np.float64))).sum())


def bonferroni(p_values: ArrayLike) -> Floats:
    """Return Bonferroni's adjusted p-values, float64 [n]: each times the size of the family.

    Reference: Dunn, "Multiple comparisons among means", JASA 56 (1961).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> bonferroni([0.01, 0.4, float("nan"), 0.03])
    array([0.03, 1.  ,  nan, 0.09])
    """
    family = _family(p_values)
    return family.restored(family.p * family.p.size)


def holm(p_values: ArrayLike) -> Floats:
    """Return Holm's adjusted p-values, float64 [n], in the given order.

    Reference: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    family = _family(p_values)
    factors = np.arange(family.p.size, 0, -1)
    return family.restored(np.maximum.accumulate(family.p * factors))


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for the false discovery rate, float64 [n], of tests that do not oppose each other.

    Reference: Benjamini & Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    family = _family(p_values)
    return family.restored(_stepped_up(family.p))


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for the false discovery rate, float64 [n], whatever the dependence of the tests.

    Reference: Benjamini & Yekutieli, "The control of the false discovery rate in multiple testing under dependency",
    Ann. Stat. 29 (2001).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> benjamini_yekutieli([0.01, 0.04, float("nan"), 0.03])
    array([0.055     , 0.07333333,        nan, 0.07333333])
    """
    family = _family(p_values)
    harmonic = float((1 / np.arange(1, family.p.size + 1)).sum())
    return family.restored(_stepped_up(family.p) * harmonic)


def _stepped_up(ascending: Floats) -> Floats:
    scaled = ascending * ascending.size / np.arange(1, ascending.size + 1)
    return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1], dtype=np.float64)


def hommel(p_values: ArrayLike) -> Floats:
    """Return Hommel's adjusted p-values, float64 [n]: never above Holm's, for tests that do not oppose each other.

    Reference: Hommel, "A stagewise rejective multiple test procedure", Biometrika 75 (1988); the adjusted values are
    those of Wright, "Adjusted p-values for simultaneous inference", Biometrics 48 (1992).

    Raises:
        ValueError: a p-value is outside 0 to 1.

    >>> hommel([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    family = _family(p_values)
    n = family.p.size
    adjusted = family.p.copy()
    for size in range(n, 1, -1):  # Simes' test of the ``size`` largest, joined with each of the smaller ones
        largest = family.p[n - size :]
        simes = float((size * largest / np.arange(1, size + 1)).min())
        adjusted[n - size :] = np.maximum(adjusted[n - size :], simes)
        joined = np.minimum(size * family.p[: n - size], _simes_of_upper(family.p, size))
        adjusted[: n - size] = np.maximum(adjusted[: n - size], joined)
    return family.restored(adjusted)


def _simes_of_upper(ascending: Floats, size: int) -> float:
    """Return what Simes' test of ``size`` p-values gives when the least of them does not matter."""
    upper = ascending[ascending.size - size + 1 :]
    return float((size * upper / np.arange(2, size + 1)).min())
