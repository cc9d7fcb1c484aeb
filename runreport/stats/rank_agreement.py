"""How far two rankings of the same methods agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import is_constant
from runreport.stats.pairs import correlation, finite_pairs
from runreport.stats.ranks import midranks
from runreport.stats.types import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RankAgreement:
    """Kendall's tau-b with its two-sided p, and Spearman's rho; ``exact`` unless ties asked for an approximation."""

    kendall_tau: float
    p: float
    exact: bool
    spearman: float


def rank_agreement(a: ArrayLike, b: ArrayLike) -> RankAgreement | Refusal:
    """Return how far two rankings (or scores), float64 [methods] each, agree.

    Refused for fewer than two methods and where one ranking is all ties. Reference: Kendall, "A new measure of rank
    correlation", Biometrika 30 (1938); Spearman, Am. J. Psychol. 15 (1904).

    Raises:
        ValueError: the lengths differ or a value is not finite.

    >>> rank_agreement([1, 2, 3, 4], [1, 2, 4, 3]).kendall_tau
    0.666...
    """
    left, right = finite_pairs(a, b)
    if left.size < 2:  # noqa: PLR2004 - a ranking
        return Refusal(code="too-few-methods", words="Fewer than two methods are in both rankings.")
    if is_constant(left) or is_constant(right):
        return Refusal(code="identical", words="All methods of one ranking are tied; it orders nothing.")
    from scipy.stats import kendalltau  # noqa: PLC0415 - scipy.stats takes half a second to import

    untied = min(np.unique(left).size, np.unique(right).size) == left.size
    kendall = kendalltau(left, right, method="exact" if untied else "asymptotic")
    return RankAgreement(
        kendall_tau=float(kendall.statistic),
        p=float(kendall.pvalue),
        exact=untied,
        spearman=correlation(midranks(left), midranks(right)) or 0.0,
    )
