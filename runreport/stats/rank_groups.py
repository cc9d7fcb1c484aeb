"""Several groups of independent runs on one task, compared by the ranks of their runs."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from runreport.stats.arrays import Floats, is_constant
from runreport.stats.groups import TOO_FEW_GROUPS, Contrast, Contrasts, Omnibus, Sides, adjusted, sides
from runreport.stats.intervals import MINIMUM_FOR_SPREAD
from runreport.stats.ranks import midranks, tie_sum
from runreport.stats.types import Caution, Refusal

KRUSKAL_WALLIS = "Kruskal-Wallis"
DUNN = "Dunn"

_ALL_EQUAL = Refusal(code="identical", words="All runs of all groups have the same value; there are no ranks.")
_FEW_FOR_CHI_SQUARE = 5


def kruskal_wallis(groups: Mapping[str, ArrayLike]) -> Omnibus | Refusal:
    """Return the Kruskal-Wallis test of groups, each float64 [n], with epsilon squared = H / (N - 1).

    H is corrected for ties; its p is that of chi-square, with a caution where a group is small. Reference: Kruskal &
    Wallis, "Use of ranks in one-criterion variance analysis", JASA 47 (1952).

    Raises:
        ValueError: a group is not one-dimensional.

    >>> kruskal_wallis({"A": [1.0, 2.0], "B": [3.0, 4.0], "C": [5.0, 6.0]}).statistic
    4.571428...
    """
    ranked = _rank(groups)
    if isinstance(ranked, Refusal):
        return ranked
    found, ranks, pooled = ranked
    n, k = pooled.size, len(ranks)
    spread = sum(float(rank.sum()) ** 2 / rank.size for rank in ranks) * 12 / (n * (n + 1)) - 3 * (n + 1)
    statistic = spread / (1 - tie_sum(pooled) / (n**3 - n))
    return Omnibus(
        test=KRUSKAL_WALLIS,
        statistic=statistic,
        df=k - 1,
        p=float(chdtrc(k - 1, max(statistic, 0.0))),
        epsilon_squared=statistic / (n - 1),
        untested=found.untested,
        cautions=(*found.cautions, *_small(found)),
    )


def dunn(groups: Mapping[str, ArrayLike]) -> Contrasts | Refusal:
    """Return Dunn's comparison of the mean ranks of every pair of groups, each float64 [n], adjusted by Holm.

    Reference: Dunn, "Multiple comparisons using rank sums", Technometrics 6 (1964).

    Raises:
        ValueError: a group is not one-dimensional.

    >>> [round(c.p_holm, 4) for c in dunn({"A": [1.0, 2.0], "B": [3.0, 4.0], "C": [5.0, 6.0]}).contrasts]
    [0.5701, 0.0975, 0.5701]
    """
    ranked = _rank(groups)
    if isinstance(ranked, Refusal):
        return ranked
    found, ranks, pooled = ranked
    n = pooled.size
    variance = n * (n + 1) / 12 - tie_sum(pooled) / (12 * (n - 1))
    names = [side.name for side in found.tested]
    contrasts = [
        _dunn((names[i], names[j]), ranks[i], ranks[j], variance) for i, j in combinations(range(len(names)), 2)
    ]
    return Contrasts(
        test=DUNN,
        contrasts=adjusted(contrasts),
        family=len(contrasts),
        untested=found.untested,
        cautions=(*found.cautions, *_small(found)),
    )


def _dunn(names: tuple[str, str], a: Floats, b: Floats, variance: float) -> Contrast:
    difference = float(a.mean() - b.mean())
    standard_error = float(np.sqrt(variance * (1 / a.size + 1 / b.size)))
    statistic = difference / standard_error
    return Contrast(
        a=names[0],
        b=names[1],
        difference=difference,
        standard_error=standard_error,
        statistic=statistic,
        p=float(2 * ndtr(-abs(statistic))),
    )


def _rank(groups: Mapping[str, ArrayLike]) -> tuple[Sides, list[Floats], Floats] | Refusal:
    found = sides(groups)
    if len(found.tested) < MINIMUM_FOR_SPREAD:
        return TOO_FEW_GROUPS
    pooled = np.concatenate(found.values)
    if is_constant(pooled):
        return _ALL_EQUAL
    ends = np.cumsum([values.size for values in found.values])[:-1]
    return found, np.split(midranks(pooled), ends), pooled


def _small(found: Sides) -> tuple[Caution, ...]:
    fewest = min(values.size for values in found.values)
    if fewest >= _FEW_FOR_CHI_SQUARE:
        return ()
    words = f"The smallest group has {fewest} runs; the p-value of ranks is an approximation that needs about 5."
    return (Caution(code="few-seeds", words=words),)
