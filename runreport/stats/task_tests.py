"""Pairs of methods over tasks: Wilcoxon's signed-rank test of every pair, and the Bayesian signed-rank test."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats
from runreport.stats.multiplicity import holm
from runreport.stats.pairs import paired_differences
from runreport.stats.ranks import RankTest
from runreport.stats.signed_ranks import wilcoxon_test
from runreport.stats.types import Refusal

_BATCH_VALUES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOfMethods:
    """Method A beside method B, by position; ``test`` and ``p_holm`` are None where all tasks are tied."""

    a: int
    b: int
    test: RankTest | None
    p_holm: float | None

    @property
    def p(self) -> float | None:
        """The p for this pair alone."""
        return None if self.test is None else self.test.test.p


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Probabilities that A is better, that both are practically the same, and that B is better; they sum to 1."""

    a_better: float
    rope: float
    b_better: float


def pairwise_signed_rank(
    scores: ArrayLike, *, decimals: int | None = None, method: str = "auto", zero_method: str = "wilcox"
) -> tuple[PairOfMethods, ...]:
    """Return the signed-rank test of every pair of methods, float64 [tasks, methods], adjusted by Holm.

    ``decimals`` is the precision of the metric, to which differences are rounded; ``method`` and ``zero_method`` are
    those of the test. A pair takes the tasks on which both methods have a score. Reference:
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
    tests: list[RankTest | None] = []
    for a, b in pairs:
        scored = matrix[np.isfinite(matrix[:, [a, b]]).all(axis=1)]
        tests.append(_tested(scored[:, a], scored[:, b], decimals, method, zero_method))
    adjusted = holm([np.nan if test is None else test.test.p for test in tests]).tolist()
    return tuple(
        PairOfMethods(a=a, b=b, test=test, p_holm=None if test is None else p_holm)
        for (a, b), test, p_holm in zip(pairs, tests, adjusted, strict=True)
    )


def _tested(a: Floats, b: Floats, decimals: int | None, method: str, zero_method: str) -> RankTest | None:
    differences = paired_differences(a, b, decimals=decimals)
    if isinstance(differences, Refusal):
        return None
    test = wilcoxon_test(differences, method=method, zero_method=zero_method)
    return test if isinstance(test, RankTest) else None


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
    differences = paired_differences(a, b) if higher_is_better else paired_differences(b, a)
    if isinstance(differences, Refusal):
        return differences
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
