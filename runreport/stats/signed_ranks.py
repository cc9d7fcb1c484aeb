"""Rank methods for pairs: Wilcoxon's signed ranks and the sign test.

With fewer than 6 pairs neither can be significant at 0.05. The differences are those of
:func:`runreport.stats.pairs.paired_differences`, rounded so that ties are ties.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, ndtr

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, fraction, one_of
from runreport.stats.pairs import ALL_ZERO, NO_PAIRS
from runreport.stats.ranks import RankTest, midranks, tie_sum
from runreport.stats.tests import two_or_one_sided
from runreport.stats.types import Refusal, TestResult
from runreport.stats.words import counted

WILCOXON = "Wilcoxon signed-rank"
SIGN = "sign test"
ZERO_METHODS = ("wilcox", "pratt")
METHODS = ("auto", "exact", "permutation", "asymptotic")
_LARGEST_TABLE = 50  # pairs up to which the distribution is enumerated


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """Ranks of the absolute differences that enter, float64 [n] (half ranks for ties), and which are positive.

    ``ranked_zeros`` took the lowest ranks away (Pratt), so that the others are not 1 to n.
    """

    ranks: Floats
    is_positive: Floats
    ranked_zeros: int
    has_ties: bool

    @property
    def w_plus(self) -> float:
        return float(self.ranks @ self.is_positive)

    @property
    def total(self) -> float:
        return float(self.ranks.sum())


def wilcoxon_test(
    differences: ArrayLike,
    *,
    alternative: str = "two-sided",
    method: str = "auto",
    zero_method: str = "wilcox",
    alpha: float = 0.05,
) -> RankTest | Refusal:
    """Return Wilcoxon's signed-rank test of paired differences, float64 [n].

    The statistic is the smaller of W+ and W- (W+ if one-sided), the effect the rank-biserial correlation. Zeros are
    dropped before ranking (``wilcox``) or after (``pratt``). ``method`` auto takes the exact distribution for up to
    50 pairs, that of the tied ranks (``permutation``) where there are ties, so that p is never below ``minimum_p``;
    beyond, the normal one with tie correction and no continuity correction. ``exact`` takes the distribution without
    ties and rounds W so that p is not too small; where zeros took ranks it is that of the ranks. Reference: Wilcoxon,
    "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945); Pratt, "Remarks on zeros and ties in the
    Wilcoxon signed rank procedures", JASA 54 (1959); Kerby (2014) for the effect.

    Raises:
        ValueError: a value is not finite, alpha is not between 0 and 1, or another option is not one.

    >>> wilcoxon_test([0.3, 0.5, -0.1, 0.4, 0.2, 0.6]).test
    TestResult(test='Wilcoxon signed-rank', statistic=1.0, df=None, p=0.0625)
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    one_of(method, METHODS, "method")
    one_of(zero_method, ZERO_METHODS, "zero_method")
    array = finite_sample(differences, "differences")
    if not array.any():
        return ALL_ZERO if array.size else NO_PAIRS
    ranked = _ranked(array, zero_method)
    n, w_plus, w_minus = ranked.ranks.size, ranked.w_plus, ranked.total - ranked.w_plus
    p = _p_value(ranked, _chosen(method, ranked), alternative)
    statistic = min(w_plus, w_minus) if alternative == "two-sided" else w_plus
    return RankTest(
        test=TestResult(test=WILCOXON, statistic=statistic, df=None, p=p),
        minimum_p=minimum_wilcoxon_p(n, alternative=alternative),
        effect=(w_plus - w_minus) / ranked.total,
        refusal=too_few_pairs(n, alpha=alpha, alternative=alternative),
    )


def minimum_wilcoxon_p(n: int, *, alternative: str = "two-sided") -> float:
    """Return the smallest p that the signs of n pairs can give: twice 2 to the power of -n, half that if one-sided.

    >>> minimum_wilcoxon_p(5)
    0.0625
    """
    sides = 2 if one_of(alternative, ALTERNATIVES, "alternative") == "two-sided" else 1
    return min(1.0, math.ldexp(sides, -n))


def too_few_pairs(n: int, *, alpha: float = 0.05, alternative: str = "two-sided") -> Refusal | None:
    """Return why n pairs cannot be significant at alpha in a test of signs or signed ranks, or None when they can.

    Raises:
        ValueError: alpha is not between 0 and 1, or the alternative is not one.
    """
    minimum = minimum_wilcoxon_p(n, alternative=alternative)
    if minimum < fraction(alpha, "alpha"):
        return None
    sides = "two-sided" if alternative == "two-sided" else "one-sided"
    words = f"With {counted(n, 'pair')} the smallest possible {sides} p of this test is {minimum:.4g}."
    return Refusal(code="cannot-reach-alpha", words=words)


def _ranked(array: Floats, zero_method: str) -> _Ranked:
    entering = array[array != 0] if zero_method == "wilcox" else array
    kept = entering != 0
    return _Ranked(
        ranks=midranks(np.abs(entering))[kept],
        is_positive=(entering[kept] > 0).astype(np.float64),
        ranked_zeros=int((~kept).sum()),
        has_ties=tie_sum(np.abs(entering[kept])) > 0,
    )


def _chosen(method: str, ranked: _Ranked) -> str:
    if method != "auto":
        return method
    if ranked.ranks.size > _LARGEST_TABLE:
        return "asymptotic"
    return "permutation" if ranked.has_ties or ranked.ranked_zeros else "exact"


def _p_value(ranked: _Ranked, method: str, alternative: str) -> float:
    w_plus, w_minus = ranked.w_plus, ranked.total - ranked.w_plus
    if method == "asymptotic":
        sd = math.sqrt(float(np.square(ranked.ranks).sum()) / 4)
        z = (w_plus - ranked.total / 2) / sd
        return two_or_one_sided(float(ndtr(z)), float(ndtr(-z)), alternative)
    if method == "exact" and not ranked.ranked_zeros:
        probabilities = _w_distribution(tuple(range(1, ranked.ranks.size + 1)))
        first_plus, first_minus = math.floor(w_plus), math.floor(w_minus)
    else:
        probabilities = _w_distribution(tuple(np.rint(2 * ranked.ranks).astype(int).tolist()))
        first_plus, first_minus = round(2 * w_plus), round(2 * w_minus)
    p_greater, p_less = (float(probabilities[first:].sum()) for first in (first_plus, first_minus))
    return two_or_one_sided(min(1.0, p_less), min(1.0, p_greater), alternative)


@lru_cache(maxsize=64)
def _w_distribution(ranks: tuple[int, ...]) -> Floats:
    """Return the probabilities of each sum of ranks when every sign is a fair coin."""
    probabilities = np.ones(1)
    for rank in ranks:
        longer = np.zeros(probabilities.size + rank)
        longer[: probabilities.size] = probabilities / 2
        longer[rank:] += probabilities / 2
        probabilities = longer
    return probabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTest:
    """How many pairs A won, lost and tied, with the sign test of fair chances; the statistic is the wins."""

    wins: int
    losses: int
    ties: int
    test: TestResult
    minimum_p: float
    refusal: Refusal | None = None


def sign_test(differences: ArrayLike, *, alternative: str = "two-sided", alpha: float = 0.05) -> SignTest | Refusal:
    """Return the exact sign test of paired differences, float64 [n]; zeros are ties and do not count.

    Reference: Dixon & Mood, "The statistical sign test", JASA 41 (1946).

    Raises:
        ValueError: a value is not finite, alpha is not between 0 and 1, or the alternative is not one.

    >>> sign_test([0.3, 0.5, -0.1, 0.0]).test.p
    1.0
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    array = finite_sample(differences, "differences")
    wins, losses = int((array > 0).sum()), int((array < 0).sum())
    n = wins + losses
    if n == 0:
        return ALL_ZERO if array.size else NO_PAIRS
    p_less, p_greater = float(bdtr(wins, n, 0.5)), float(bdtr(losses, n, 0.5))
    p = two_or_one_sided(p_less, p_greater, alternative)
    return SignTest(
        wins=wins,
        losses=losses,
        ties=array.size - n,
        test=TestResult(test=SIGN, statistic=float(wins), df=None, p=p),
        minimum_p=minimum_wilcoxon_p(n, alternative=alternative),
        refusal=too_few_pairs(n, alpha=alpha, alternative=alternative),
    )
