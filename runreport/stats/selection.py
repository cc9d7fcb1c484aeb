"""What the best of several tuned runs would be worth: the best of n is never compared with a mean."""

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample
from runreport.stats.types import Refusal
from runreport.stats.words import counted

NO_RUNS = Refusal(code="empty", words="There are no runs.")


def expected_best(scores: ArrayLike, n: int, *, higher_is_better: bool = True) -> float | Refusal:
    """Return the expected best of ``n`` runs drawn with replacement from the scores, float64 [N].

    Biased downwards where n is not far below N, but defined for any n. Reference: Dodge et al., "Show your work:
    improved reporting of experimental results", EMNLP 2019.

    Raises:
        ValueError: a score is not finite or n is below 1.

    >>> expected_best([1.0, 2.0], 2)
    1.75
    """
    ordered = _best_last(scores, n, higher_is_better=higher_is_better)
    if ordered.size == 0:
        return NO_RUNS
    reached = (np.arange(ordered.size + 1) / ordered.size) ** n
    return float((ordered * np.diff(reached)).sum())


def expected_best_unbiased(scores: ArrayLike, n: int, *, higher_is_better: bool = True) -> float | Refusal:
    """Return the expected best of ``n`` different runs out of the scores, float64 [N]; unbiased for the best of n.

    Refused where n is above N. Reference: Tang et al., "Showing your work doesn't always work", ACL 2020.

    Raises:
        ValueError: a score is not finite or n is below 1.

    >>> expected_best_unbiased([1.0, 2.0], 2)
    2.0
    """
    ordered = _best_last(scores, n, higher_is_better=higher_is_better)
    total = ordered.size
    if total == 0:
        return NO_RUNS
    if n > total:
        words = f"{counted(total, 'run')} {'does' if total == 1 else 'do'} not say what the best of {n} would be."
        return Refusal(code="too-few-runs", words=words)
    # the best of n is the i-th smallest with chance C(i-1, n-1) / C(N, n): from N downwards, each from the one above
    chances = np.zeros(total)
    chance = n / total
    for rank in range(total, n - 1, -1):
        chances[rank - 1] = chance
        chance *= (rank - n) / (rank - 1) if rank > 1 else 0.0
    return float((ordered * chances).sum())


def _best_last(scores: ArrayLike, n: int, *, higher_is_better: bool) -> Floats:
    if n < 1:
        message = f"the best of {n} runs is not defined"
        raise ValueError(message)
    ordered = np.sort(finite_sample(scores, "scores"))
    return ordered if higher_is_better else ordered[::-1]
