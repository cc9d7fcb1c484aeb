"""The distributions behind simultaneous contrasts, integrated by the trapezoid rule.

Their integrands are smooth and vanish at both ends, where this rule is exact to about 1e-10 with few nodes. SciPy's
studentized range takes a tenth of a second for each quantile, and its Dunnett distribution is a random one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, gammaincinv, gammaln, ndtr

from runreport.stats.arrays import Floats

_NODES = 161
_FAR = 8.5  # standard normal deviations
_TAIL = 1e-14
_WIDEST = 1e6  # a critical value beyond this is none

_DEVIATES = np.linspace(-_FAR, _FAR, _NODES)
_DEVIATE_WEIGHTS = np.exp(-np.square(_DEVIATES) / 2) / np.exp(-np.square(_DEVIATES) / 2).sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratios:
    """Ratios of an estimated to the true standard deviation, float64 [nodes], and how probable each is."""

    values: Floats
    weights: Floats


@lru_cache(maxsize=256)
def _ratios(df: float) -> _Ratios:
    """Return nodes on a logarithmic scale; one single ratio of 1 where the standard deviation is known."""
    if np.isinf(df):
        return _Ratios(values=np.ones(1), weights=np.ones(1))
    low, high = 2 * gammaincinv(df / 2, _TAIL) / df, chdtri(df, _TAIL) / df
    logs = np.linspace(np.log(low) / 2, np.log(high) / 2, _NODES)
    density = df * (logs - np.exp(2 * logs) / 2) - gammaln(df / 2)
    weights = np.exp(density - density.max())
    return _Ratios(values=np.exp(logs), weights=weights / weights.sum())


def _critical(survival: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 2.0
    while survival(high) > 1 - level and high < _WIDEST:
        high *= 2
    if survival(low) < 1 - level:  # one-sided, with a level that a value below 0 reaches
        low = -high
    return float(brentq(lambda value: survival(value) - (1 - level), low, high, xtol=1e-10))


@lru_cache(maxsize=4096)
def studentized_range_sf(q: float, k: int, df: float) -> float:
    """Return the probability that the range of k means over their estimated standard deviation is at least q.

    ``df`` are the degrees of freedom of the standard deviation, infinite where it is known. Reference: Newman, "The
    distribution of range in samples from a normal population", Biometrika 31 (1939).

    >>> round(studentized_range_sf(3.31449, 3, float("inf")), 5)
    0.05
    """
    highest = ndtr(_DEVIATES)
    within = highest[None, :] - ndtr(_DEVIATES[None, :] - q * _ratios(df).values[:, None])
    beyond = k * (highest[None, :] ** (k - 1) - within ** (k - 1))
    return float(np.clip(_ratios(df).weights @ beyond @ _DEVIATE_WEIGHTS, 0, 1))


@lru_cache(maxsize=1024)
def studentized_range_critical(level: float, k: int, df: float) -> float:
    """Return the studentized range that is not exceeded with the given probability.

    >>> round(studentized_range_critical(0.95, 3, float("inf")), 5)
    3.31449
    """
    return _critical(lambda q: studentized_range_sf(q, k, df), level)


@dataclass(frozen=True, slots=True, kw_only=True)
class DunnettLaw:
    """The largest of several |t| that share one control and one standard deviation.

    ``loadings`` are float64 [k], the correlation of each with the control. Given the deviate of the control and the
    ratio of standard deviations the others are independent. Reference: Dunnett, "A multiple comparison procedure for
    comparing several treatments with a control", JASA 50 (1955).
    """

    loadings: Floats
    df: float

    def survival(self, t: float, *, one_sided: bool = False) -> float:
        """Return the probability that some |t| (``one_sided``: some t) is at least this large."""
        ratios = _ratios(self.df)
        within = np.ones((ratios.values.size, _NODES))
        for loading in self.loadings:
            own = float(np.sqrt(1 - loading**2))
            centre, reach = loading * _DEVIATES[None, :] / own, t * ratios.values[:, None] / own
            within *= ndtr(centre + reach) - (0.0 if one_sided else ndtr(centre - reach))
        return float(np.clip(ratios.weights @ (1 - within) @ _DEVIATE_WEIGHTS, 0, 1))

    def critical(self, level: float, *, one_sided: bool = False) -> float:
        """Return the |t| (``one_sided``: the t) that none exceeds with the given probability."""
        return _critical(lambda t: self.survival(t, one_sided=one_sided), level)


def dunnett_law(sizes: Sequence[int], control_size: int, df: float) -> DunnettLaw:
    """Return the distribution for groups of the given sizes beside a control.

    >>> round(dunnett_law([6, 6, 6], 6, 20).critical(0.95), 2)
    2.54
    """
    counts = np.array(sizes, dtype=np.float64)
    return DunnettLaw(loadings=np.sqrt(counts / (counts + control_size)), df=df)
