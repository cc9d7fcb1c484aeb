"""Pairs of methods over tasks: Wilcoxon's signed-rank test, wins and losses, and the Bayesian signed-rank test."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, ndtr

from runreport.stats.arrays import Floats, finite_sample, one_of
from runreport.stats.multiplicity import holm
from runreport.stats.ranking import midranks
from runreport.stats.types import Refusal

WILCOXON = "Wilcoxon signed-rank"
P_METHODS = ("auto", "exact", "asymptotic")
ZERO_METHODS = ("wilcox", "pratt")

ALL_ZERO = Refusal(code="all-differences-zero", words="All paired differences are exactly zero.")
_MOST_EXACT = 50  # differences up to which an exact p is computed by default
_BATCH_VALUES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRank:
    """Wilcoxon's signed-rank test: the smaller rank sum, the number of differences that are not zero, and p."""

    statistic: float
    n: int
    p: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOfMethods:
    """Method A beside method B, by position; ``p`` and ``p_holm`` are None where all tasks are tied."""

    a: int
    b: int
    test: SignedRank | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WinTieLoss:
    """On how many tasks A is better, equal and worse; ``p`` of the sign test is None when all are equal."""

    wins: int
    ties: int
    losses: int
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Probabilities that A is better, that both are practically the same, and that B is better; they sum to 1."""

    a_better: float
    rope: float
    b_better: float


def signed_rank(differences: ArrayLike, *, p_method: str = "auto", zero_method: str = "wilcox") -> SignedRank | Refusal:
    """Return the two-sided signed-rank test of float64 [n] paired differences, rounded beforehand by the caller.

    An exact p is that of all sign flips of the given ranks, so that it holds with ties too. ``auto`` is exact for up
    to 50 untied differences, else the normal approximation with a correction for ties. Zeros are dropped before
    ("wilcox") or after ("pratt") ranking. Reference: Wilcoxon, "Individual comparisons by ranking methods",
    Biometrics Bull. 1 (1945); Pratt, "Remarks on zeros and ties in the Wilcoxon procedures", JASA 54 (1959).

    Raises:
        ValueError: a difference is not finite, or a method is unknown.

    >>> signed_rank([1.0, 2.0, 3.0, 4.0, -5.0])
    SignedRank(statistic=5.0, n=5, p=0.625, exact=True)
    """
    one_of(p_method, P_METHODS, "p_method")
    one_of(zero_method, ZERO_METHODS, "zero_method")
    given = finite_sample(differences, "differences")
    nonzero = given != 0
    if not nonzero.any():
        return ALL_ZERO
    kept = given if zero_method == "pratt" else given[nonzero]
    ranks = midranks(np.abs(kept))[kept != 0]
    signs = given[nonzero]
    positive = float(ranks[signs > 0].sum())
    lower = min(positive, float(ranks.sum()) - positive)
    untied = bool(np.unique(np.abs(signs)).size == signs.size)
    exact = p_method == "exact" or (p_method == "auto" and untied and signs.size <= _MOST_EXACT)
    p = _exact_p(ranks, lower) if exact else _normal_p(ranks, lower)
    return SignedRank(statistic=lower, n=signs.size, p=p, exact=exact)


def _exact_p(ranks: Floats, lower: float) -> float:
    """Return twice the share of sign flips whose positive rank sum is at most the lower one; at most 1."""
    doubled = np.rint(2 * ranks).astype(np.int64)  # midranks are halves
    chances = np.zeros(int(doubled.sum()) + 1)
    chances[0] = 1.0
    for rank in doubled.tolist():
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[: chances.size - rank]
        chances = (chances + shifted) / 2
    return min(1.0, 2 * float(chances[: round(2 * lower) + 1].sum()))


def _normal_p(ranks: Floats, lower: float) -> float:
    # The rank sum has the variance sum(r^2) / 4 under sign flips: ties, and zeros that took ranks, are in it.
    deviation = lower - float(ranks.sum()) / 2
    return min(1.0, 2 * float(ndtr(deviation / np.sqrt(np.square(ranks).sum() / 4))))


def pairwise_signed_rank(
    scores: ArrayLike, *, decimals: int | None = None, p_method: str = "auto", zero_method: str = "wilcox"
) -> tuple[PairOfMethods, ...]:
    """Return the signed-rank test of every pair of methods, float64 [tasks, methods], adjusted by Holm.

    ``decimals`` is the precision of the metric: differences are rounded to it before they are ranked, for those that
    are equal on paper differ in their last bits. A pair takes the tasks on which both methods have a score. Reference:
    Benavoli, Corani & Mangili, "Should we really use post-hoc tests based on mean-ranks?", JMLR 17 (2016).

    Raises:
        ValueError: the scores do not have two dimensions, or a method is unknown.

    >>> [pair.p for pair in pairwise_signed_rank([[1, 2], [2, 4], [3, 6], [4, 8], [5, 10], [6, 12]])]
    [0.03125]
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2:  # noqa: PLR2004 - tasks and methods
        message = f"scores must have two dimensions (tasks, methods), not {matrix.ndim}"
        raise ValueError(message)
    pairs = list(combinations(range(matrix.shape[1]), 2))
    tests: list[SignedRank | None] = []
    for a, b in pairs:
        differences = matrix[:, a] - matrix[:, b]
        differences = rounded(differences[np.isfinite(differences)], decimals)
        found = signed_rank(differences, p_method=p_method, zero_method=zero_method)
        tests.append(found if isinstance(found, SignedRank) else None)
    adjusted = holm([np.nan if test is None else test.p for test in tests]).tolist()
    return tuple(
        PairOfMethods(a=a, b=b, test=test, p=None if test is None else test.p, p_holm=None if test is None else p_holm)
        for (a, b), test, p_holm in zip(pairs, tests, adjusted, strict=True)
    )


def rounded(differences: Floats, decimals: int | None) -> Floats:
    """Return differences, float64 [n], rounded to so many decimals; as they are where none are given."""
    return differences if decimals is None else np.round(differences, decimals)


def win_tie_loss(
    a: ArrayLike, b: ArrayLike, *, higher_is_better: bool = True, decimals: int | None = None
) -> WinTieLoss:
    """Return on how many tasks A wins, ties and loses, float64 [tasks] each, with the two-sided sign test.

    Ties are left out of the test. Reference: Dixon & Mood, "The statistical sign test", JASA 41 (1946).

    Raises:
        ValueError: the lengths differ or a score is not finite.

    >>> win_tie_loss([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 4.0])
    WinTieLoss(wins=3, ties=1, losses=0, p=0.25)
    """
    differences = rounded(_differences(a, b, higher_is_better=higher_is_better), decimals)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    decided = wins + losses
    p = min(1.0, 2 * float(bdtr(min(wins, losses), decided, 0.5))) if decided else None
    return WinTieLoss(wins=wins, ties=differences.size - decided, losses=losses, p=p)


def _differences(a: ArrayLike, b: ArrayLike, *, higher_is_better: bool) -> Floats:
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if left.size != right.size:
        message = f"{left.size} tasks of A, {right.size} of B"
        raise ValueError(message)
    return left - right if higher_is_better else right - left


def bayesian_signed_rank(  # noqa: PLR0913 - each is another part of the model
    a: ArrayLike,
    b: ArrayLike,
    *,
    rope: float,
    rng: np.random.Generator,
    higher_is_better: bool = True,
    prior: float = 0.5,
    draws: int = 50_000,
) -> Posterior | Refusal:
    """Return how probable it is that A is better on a further task, float64 [tasks] each.

    The region of practical equivalence is a difference of at most ``rope``, in units of the score. The prior is one
    pseudo-task with a difference of 0 and the weight ``prior``. In each draw of Dirichlet weights, pairs of tasks vote
    by their mean difference, half to each side at the edge of the region; the outcome with most weight wins the draw.
    Reference: Benavoli, Mangili, Corani, Zaffalon & Ruggeri, "A Bayesian Wilcoxon signed-rank test based on the
    Dirichlet process", ICML 2014; Benavoli, Corani, Demšar & Zaffalon, JMLR 18 (2017).

    Raises:
        ValueError: the lengths differ, a score is not finite, or ``rope``, ``prior`` or ``draws`` is out of range.

    >>> bayesian_signed_rank([0.9] * 8, [0.5] * 8, rope=0.01, rng=np.random.default_rng(0), draws=500)
    Posterior(a_better=1.0, rope=0.0, b_better=0.0)
    """
    if rope < 0 or prior <= 0 or draws < 1:
        message = f"rope {rope} is below 0, prior {prior} is not above 0 or draws {draws} is below 1"
        raise ValueError(message)
    differences = _differences(a, b, higher_is_better=higher_is_better)
    if differences.size == 0:
        return Refusal(code="empty", words="There is no task on which both methods have a score.")
    observed = np.concatenate([[0.0], differences])
    strengths = np.concatenate([[prior], np.ones(differences.size)])
    sums = observed[:, None] + observed[None, :]
    votes = [_above(sums, 2 * rope), _above(-sums, 2 * rope)]
    batch = max(1, _BATCH_VALUES // observed.size)
    sizes = [min(batch, draws - start) for start in range(0, draws, batch)]
    wins = sum((_outcomes(rng.dirichlet(strengths, size=size), votes) for size in sizes), np.zeros(3))
    a_better, within, b_better = (wins / draws).tolist()
    return Posterior(a_better=a_better, rope=within, b_better=b_better)


def _above(sums: Floats, threshold: float) -> Floats:
    return np.asarray((sums > threshold) + 0.5 * (sums == threshold), dtype=np.float64)


def _outcomes(weights: Floats, votes: list[Floats]) -> Floats:
    """Return how often A, the region and B has most of the weight; a draw that is tied is shared."""
    above, below = (np.einsum("bi,bi->b", weights @ vote, weights) for vote in votes)
    outcomes = np.stack([above, 1 - above - below, below], axis=1)
    best = outcomes >= outcomes.max(axis=1, keepdims=True)
    return np.asarray((best / best.sum(axis=1, keepdims=True)).sum(axis=0), dtype=np.float64)
