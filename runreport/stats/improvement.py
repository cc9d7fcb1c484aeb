"""The probability that a run of one method beats a run of another, over tasks; no common scale is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from runreport.stats.aggregate import MINIMUM_FOR_BOOTSTRAP
from runreport.stats.arrays import Floats, fraction
from runreport.stats.resampling import percentile_interval
from runreport.stats.stratified import batches
from runreport.stats.task_scores import TaskScores, refuse_missing, same_tasks
from runreport.stats.types import Estimate, Interval, Refusal

_MEANINGFUL = 0.75
_KEPT_VALUES = 3 << 20  # resampled probabilities held at a time: 24 MB
_BATCH_SHARE = 32  # batches are that much larger than those of aggregates: each step of theirs is short
_EXACT_SINGLE = 1 << 22  # sums of halves below this are exact in single precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """The probability that method A beats method B, by position, on a task drawn at random; ties count half."""

    a: int
    b: int
    probability: Estimate

    @property
    def is_meaningful(self) -> bool:
        """Whether A beats B surely (interval above 0.5) and clearly (probability above 0.75).

        Reference: Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys 2021.
        """
        interval = self.probability.interval
        return interval is not None and interval.low > 1 / 2 and self.probability.value > _MEANINGFUL


def probability_of_improvement(x: TaskScores, y: TaskScores, *, higher_is_better: bool = True) -> float | Refusal:
    """Return the mean over tasks of P(X > Y) + P(X = Y) / 2 over all pairs of runs.

    Reference: Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021.

    Raises:
        ValueError: the tasks differ in number.

    >>> from runreport.stats.task_scores import task_scores
    >>> probability_of_improvement(task_scores([[2.0, 1.0], [3.0, 1.0]]), task_scores([[1.0, 1.0], [2.5, 0.0]]))
    0.75
    """
    same_tasks([x, y])
    refusal = refuse_missing(x) or refuse_missing(y)
    if refusal is not None:
        return refusal
    return float(np.mean([win.mean() for win in _wins(x, y, higher_is_better=higher_is_better)]))


def _wins(x: TaskScores, y: TaskScores, *, higher_is_better: bool) -> list[Floats]:
    """Return for each task who wins, float64 [runs of x, runs of y]: 1, 0 or 1/2 where they tie."""
    pairs = [(a[:, None], b[None, :]) for a, b in zip(x.runs, y.runs, strict=True)]
    return [((a > b) if higher_is_better else (a < b)) + 0.5 * (a == b) for a, b in pairs]


def improvements(
    methods: Sequence[TaskScores],
    *,
    rng: np.random.Generator,
    resamples: int = 5_000,
    level: float = 0.95,
    higher_is_better: bool = True,
) -> tuple[Improvement, ...] | Refusal:
    """Return the probability of improvement of every pair of methods, with intervals from runs resampled in tasks.

    The runs of a method are resampled once for all its pairs. A pair in which a task has fewer than 3 runs of a
    method has no interval.

    Raises:
        ValueError: tasks differ in number, the level is not between 0 and 1 or resamples is out of range.
    """
    same_tasks(methods)
    fraction(level, "level")
    batches(resamples, 1)
    refusal = next((found for found in map(refuse_missing, methods) if found is not None), None)
    if refusal is not None:
        return refusal
    seed = int(rng.integers(1 << 62))
    pairs = [_Pair(a, b, methods, higher_is_better=higher_is_better) for a, b in combinations(range(len(methods)), 2)]
    resampled = [pair for pair in pairs if pair.fewest >= MINIMUM_FOR_BOOTSTRAP]
    intervals: dict[tuple[int, int], Interval] = {}
    block = max(1, _KEPT_VALUES // resamples)
    for start in range(0, len(resampled), block):
        intervals |= _intervals(methods, resampled[start : start + block], seed, resamples, level)
    return tuple(
        Improvement(
            a=pair.a, b=pair.b, probability=Estimate(value=pair.value, interval=intervals.get((pair.a, pair.b)))
        )
        for pair in pairs
    )


class _Pair:
    """Two methods: for each task the matrix of wins, divided by the number of its pairs of runs where that is due."""

    def __init__(self, a: int, b: int, methods: Sequence[TaskScores], *, higher_is_better: bool) -> None:
        wins = _wins(methods[a], methods[b], higher_is_better=higher_is_better)
        largest = max(win.size for win in wins)
        precision = np.float32 if largest < _EXACT_SINGLE else np.float64
        self.a, self.b = a, b
        self.fewest = min(methods[a].fewest_runs, methods[b].fewest_runs)
        self.wins = [win.astype(precision) for win in wins]
        self.shares = [1 / (win.size * len(wins)) for win in wins]
        self.value = float(np.mean([win.mean() for win in wins]))

    def resampled(self, counts: dict[int, list[NDArray[np.float32]]], into: Floats) -> None:
        """Add up over tasks how often A won, float64 [resamples], given how often each run was drawn."""
        tasks = zip(counts[self.a], self.wins, counts[self.b], self.shares, strict=True)
        for drawn_a, wins, drawn_b, share in tasks:
            into += np.einsum("ri,ri->r", drawn_a.astype(wins.dtype, copy=False) @ wins, drawn_b) * share


def _intervals(
    methods: Sequence[TaskScores], pairs: list[_Pair], seed: int, resamples: int, level: float
) -> dict[tuple[int, int], Interval]:
    values = np.clip(_resampled(methods, pairs, seed, resamples), 0, 1)  # sums in single precision may pass the ends
    return {(pair.a, pair.b): percentile_interval(row, level=level) for pair, row in zip(pairs, values, strict=True)}


def _resampled(methods: Sequence[TaskScores], pairs: list[_Pair], seed: int, resamples: int) -> Floats:
    """Return resampled probabilities, float64 [pairs, resamples]; a method is resampled alike in every call."""
    taking_part = sorted({method for pair in pairs for method in (pair.a, pair.b)})
    size = max(sum(task.size for task in method.runs) for method in methods)
    values = np.zeros((len(pairs), resamples))
    filled = 0
    share = -(-size * len(methods) // _BATCH_SHARE)
    for number, batch in enumerate(batches(resamples, share)):
        counts = {
            method: _counts(methods[method], np.random.default_rng([seed, number, method]), batch)
            for method in taking_part
        }
        for row, pair in enumerate(pairs):
            pair.resampled(counts, values[row, filled : filled + batch])
        filled += batch
    return values


def _counts(scores: TaskScores, rng: np.random.Generator, resamples: int) -> list[NDArray[np.float32]]:
    """Return for each task how often each run was drawn, float32 [resamples, runs]."""
    found = []
    for task in scores.runs:
        n = task.size
        drawn = rng.integers(0, n, size=(resamples, n), dtype=np.uint16 if n < 1 << 16 else np.int64)
        places = drawn + (np.arange(resamples) * n)[:, None]
        counts = np.bincount(places.ravel(), minlength=resamples * n)
        found.append(counts.reshape(resamples, n).astype(np.float32))
    return found
