"""Which place a method could have taken, had other seeds been drawn: ranks of resampled means and aggregates."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.aggregate import MINIMUM_FOR_BOOTSTRAP
from runreport.stats.arrays import Floats, finite_sample, fraction, one_of
from runreport.stats.ranks import midranks
from runreport.stats.stratified import AGGREGATES, batches, draw_runs, draw_tasks, pool
from runreport.stats.task_scores import TaskScores, refuse_averaging, same_tasks
from runreport.stats.types import Interval, Refusal

MOST_EXACT_RUNS = 7  # 1,716 different resamples
_MOST_STEPS = 5e7  # of all resamples, about a second
DECIMALS = 9

_TOO_FEW_SEEDS = Refusal(
    code="too-few-seeds", words="A method has fewer than 3 runs: which other place it could have taken is not known."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankDistribution:
    """Ranks of k methods, 1 for the best.

    ``places`` is float64 [k, k]: how probable it is that a method takes a place, where those that tie all take the
    best of their places. ``expected_ranks`` and ``best`` are float64 [k]; ties share ranks and the first place evenly.
    ``exact`` says that all resamples were taken into account, and none was drawn at random.
    """

    point_ranks: Floats
    expected_ranks: Floats
    best: Floats
    places: Floats
    intervals: tuple[Interval, ...]
    exact: bool


class _Tally:
    """Adds up what becomes of the methods, weighted by its probability."""

    def __init__(self, methods: int) -> None:
        self.places = np.zeros((methods, methods))
        self.expected = np.zeros(methods)
        self.best = np.zeros(methods)

    def add(self, method: int, better: int, tied: int, weight: float) -> None:
        """Note that so many others are better than a method and so many tie with it."""
        self.places[method, better] += weight
        self.expected[method] += weight * (1 + better + tied / 2)
        if better == 0:
            self.best[method] += weight / (1 + tied)

    def distribution(self, point: Floats, level: float, *, exact: bool) -> RankDistribution:
        """Return what was added up; the weights of each method sum to 1."""
        return RankDistribution(
            point_ranks=point,
            expected_ranks=self.expected,
            best=self.best,
            places=self.places,
            intervals=tuple(_interval(row, level) for row in self.places),
            exact=exact,
        )


def _interval(places: Floats, level: float) -> Interval:
    upto = np.cumsum(places)
    tail = (1 - level) / 2
    low, high = (int((upto < at - 1e-12).sum()) + 1 for at in (tail, 1 - tail))
    return Interval(low=low, high=min(high, places.size), level=level)


def rank_distribution(  # noqa: PLR0913 - each is another part of the bootstrap
    samples: Sequence[ArrayLike],
    *,
    higher_is_better: bool,
    rng: np.random.Generator | None = None,
    resamples: int = 5_000,
    level: float = 0.95,
    decimals: int = DECIMALS,
) -> RankDistribution | Refusal:
    """Return the ranks of the means of methods on one task, float64 [n] each, over resamples of their runs.

    With at most 7 runs each (and few methods) every resample is taken into account, else ``rng`` draws them. Means are
    rounded to so many decimals, so that those equal on paper tie. Reference: Hall & Miller, "Using the bootstrap to
    quantify the authority of an empirical ranking", Ann. Stat. 37 (2009).

    Raises:
        ValueError: there is no method, a value is not finite, the level is not between 0 and 1, or ``rng`` is missing.

    >>> rank_distribution([[0.9, 0.8, 0.7], [0.3, 0.2, 0.1]], higher_is_better=True).best
    array([1., 0.])
    """
    fraction(level, "level")
    runs = [finite_sample(sample, f"samples[{position}]") for position, sample in enumerate(samples)]
    if not runs:
        raise ValueError("there is no method to rank")
    if min(sample.size for sample in runs) < MINIMUM_FOR_BOOTSTRAP:
        return _TOO_FEW_SEEDS
    sign = -1.0 if higher_is_better else 1.0
    signed = [sign * sample for sample in runs]
    point = midranks(np.round([sample.mean() for sample in signed], decimals))
    tally = _Tally(len(runs))
    exact = _is_small(runs)
    if exact:
        _enumerate([_mean_law(sample, decimals) for sample in signed], tally)
    elif rng is None:
        raise ValueError("so many runs and methods need an rng")
    else:
        drawn = _resampled_means(signed, rng, resamples)
        _count((np.round(means, decimals) for means in drawn), tally, resamples)
    return tally.distribution(point, level, exact=exact)


def _is_small(runs: list[Floats]) -> bool:
    most = max(sample.size for sample in runs)
    return most <= MOST_EXACT_RUNS and math.comb(2 * most - 1, most) * len(runs) ** 4 <= _MOST_STEPS


def _mean_law(sample: Floats, decimals: int) -> tuple[Floats, Floats]:
    """Return the different means of all resamples in ascending order, and how many of the n^n give each."""
    n = sample.size
    chosen = np.array(list(combinations_with_replacement(range(n), n)))
    repeats = np.stack([(chosen == run).sum(axis=1) for run in range(n)], axis=1)
    orders = [math.factorial(n) / math.prod(math.factorial(count) for count in row) for row in repeats.tolist()]
    means, positions = np.unique(np.round(sample[chosen].mean(axis=1), decimals), return_inverse=True)
    return np.asarray(means, dtype=np.float64), np.bincount(positions, weights=np.array(orders)).astype(np.float64)


def _enumerate(laws: list[tuple[Floats, Floats]], tally: _Tally) -> None:
    """Methods are independent, so for each mean of one the others are better, tied or worse one by one."""
    k = len(laws)
    for method, (means, counts) in enumerate(laws):
        states = np.zeros((means.size, k, k))  # [mean, how many are better, how many tie]
        states[:, 0, 0] = 1.0
        for other, law in enumerate(laws):
            if other != method:
                states = _joined(states, means, law)
        weights = np.einsum("m,mbt->bt", counts / counts.sum(), states)
        for better in range(k):
            for tied in range(k - better):
                tally.add(method, better, tied, float(weights[better, tied]))


def _joined(states: Floats, means: Floats, law: tuple[Floats, Floats]) -> Floats:
    upto = np.concatenate([[0.0], np.cumsum(law[1])]) / law[1].sum()
    better = upto[np.searchsorted(law[0], means, side="left")][:, None, None]
    not_worse = upto[np.searchsorted(law[0], means, side="right")][:, None, None]
    joined: Floats = states * (1 - not_worse)
    joined[:, 1:, :] += states[:, :-1, :] * better
    joined[:, :, 1:] += states[:, :, :-1] * (not_worse - better)
    return joined


def _resampled_means(samples: list[Floats], rng: np.random.Generator, resamples: int) -> Iterable[Floats]:
    for size in batches(resamples, sum(sample.size for sample in samples)):
        drawn = [sample[rng.integers(0, sample.size, size=(size, sample.size))] for sample in samples]
        yield np.stack([values.mean(axis=1) for values in drawn], axis=1)


def _count(drawn: Iterable[Floats], tally: _Tally, resamples: int) -> None:
    """Add resampled values, float64 [resamples, methods] at a time, of which lower ones are better."""
    for values in drawn:
        better = (values[:, None, :] < values[:, :, None]).sum(axis=-1)
        tied = (values[:, None, :] == values[:, :, None]).sum(axis=-1) - 1
        k = values.shape[1]
        for method in range(k):
            outcomes = np.bincount(better[:, method] * k + tied[:, method], minlength=k * k)
            for outcome in np.flatnonzero(outcomes):
                tally.add(method, int(outcome) // k, int(outcome) % k, float(outcomes[outcome]) / resamples)


def aggregate_ranks(  # noqa: PLR0913 - each is another part of the bootstrap
    methods: Sequence[TaskScores],
    *,
    rng: np.random.Generator,
    statistic: str = "iqm",
    resamples: int = 5_000,
    level: float = 0.95,
    gamma: float = 1.0,
    task_bootstrap: bool = False,
) -> RankDistribution | Refusal:
    """Return the ranks of an aggregate of methods over tasks, runs resampled within each task.

    ``statistic`` is one of mean, median, iqm (more is better) and optimality_gap (less is better).

    Raises:
        ValueError: there is no method, tasks differ in number, or a statistic, level or number of resamples is wrong.
    """
    row = AGGREGATES.index(one_of(statistic, AGGREGATES, "statistic"))
    fraction(level, "level")
    if not methods:
        raise ValueError("there is no method to rank")
    same_tasks(methods)
    refusal = next((found for found in map(refuse_averaging, methods) if found is not None), None)
    if refusal is not None:
        return refusal
    if min(method.fewest_runs for method in methods) < MINIMUM_FOR_BOOTSTRAP:
        return _TOO_FEW_SEEDS
    pools = [pool(method, gamma=gamma) for method in methods]
    sign = 1.0 if statistic == "optimality_gap" else -1.0

    def drawn() -> Iterable[Floats]:
        for size in batches(resamples, max(source.ranks.size for source in pools)):
            tasks = draw_tasks(rng, size, pools[0].sizes.size) if task_bootstrap else None
            values = [source.aggregates(draw_runs(rng, source, size, tasks), tasks)[row] for source in pools]
            yield np.round(sign * np.stack(values, axis=1), DECIMALS)

    tally = _Tally(len(methods))
    _count(drawn(), tally, resamples)
    point = midranks(np.round(sign * np.array([source.points()[row] for source in pools]), DECIMALS))
    return tally.distribution(point, level, exact=False)
