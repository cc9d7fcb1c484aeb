"""Several groups of independent runs on one task, compared by the ranks of their runs."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from runreport.stats.arrays import Floats, finite_sample, is_constant
from runreport.stats.groups import TOO_FEW_GROUPS, Contrast, Contrasts, Omnibus, Sides, adjusted, sides
from runreport.stats.intervals import MINIMUM_FOR_SPREAD
from runreport.stats.ranks import midranks, tie_sum
from runreport.stats.tests import positive_p
from runreport.stats.types import Caution, Refusal, TestResult

KRUSKAL_WALLIS = "Kruskal-Wallis"
DUNN = "Dunn"

_ALL_EQUAL = Refusal(code="identical", words="All runs of all groups have the same value; there are no ranks.")
_FEW_FOR_CHI_SQUARE = 5


def kruskal_wallis(groups: Mapping[str, ArrayLike]) -> Omnibus | Refusal:
    """Return the Kruskal-Wallis test of groups of runs, each float64 [n], with epsilon squared.

    Groups with one run are left out as untested; there is a caution where a group is small for the test.

    Raises:
        ValueError: a group is not one-dimensional.

    >>> kruskal_wallis({"A": [1.0, 2.0], "B": [3.0, 4.0], "C": [5.0, 6.0]}).statistic
    4.571428...
    """
    ranked = _rank(groups)
    if isinstance(ranked, Refusal):
        return ranked
    found, _, _ = ranked
    test, epsilon_squared = kruskal_wallis_test(found.values)
    return Omnibus(
        test=test.test,
        statistic=test.statistic,
        df=len(found.values) - 1,
        p=test.p,
        epsilon_squared=epsilon_squared,
        untested=found.untested,
        cautions=(*found.cautions, *_small(found)),
    )


def kruskal_wallis_test(groups: Sequence[ArrayLike]) -> tuple[TestResult, float]:
    """Return the Kruskal-Wallis test (corrected for ties) and epsilon squared of groups of float64 [n_i].

    Epsilon squared, H / (n - 1), is the share of the variance of ranks that lies between the groups; p is that of
    chi-square. Reference: Kruskal & Wallis, "Use of ranks in one-criterion variance analysis", JASA 47 (1952); Kelley,
    "An unbiased correlation ratio measure", PNAS 21 (1935).

    Raises:
        ValueError: there are fewer than 2 groups, one is empty, a value is not finite, or all values are equal.

    >>> kruskal_wallis_test([[1.0, 2.0], [3.0, 4.0]])
    (TestResult(test='Kruskal-Wallis', statistic=2.4..., df=1.0, p=0.12133...), 0.8)
    """
    samples = [finite_sample(group, "a group") for group in groups]
    sizes = [sample.size for sample in samples]
    if len(samples) < MINIMUM_FOR_SPREAD or min(sizes) == 0:
        message = f"a comparison of groups needs 2 or more that are not empty, not {sizes}"
        raise ValueError(message)
    pooled = np.concatenate(samples)
    if is_constant(pooled):
        message = f"all values are {pooled[0]:g}"
        raise ValueError(message)
    centred = midranks(pooled) - (pooled.size + 1) / 2
    between = sum(float(ranks.sum()) ** 2 / ranks.size for ranks in np.split(centred, np.cumsum(sizes)[:-1]))
    epsilon_squared = between / float(np.square(centred).sum())
    df, h = float(len(samples) - 1), (pooled.size - 1) * epsilon_squared
    p = positive_p(float(chdtrc(df, h)))
    return TestResult(test=KRUSKAL_WALLIS, statistic=h, df=df, p=p), epsilon_squared


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
        p=positive_p(2 * float(ndtr(-abs(statistic)))),
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
