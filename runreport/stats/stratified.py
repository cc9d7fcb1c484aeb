"""Aggregates of resampled runs: each task's runs are drawn anew from that task (strata), in batches of bounded size.

Runs are resampled as ranks in the pooled order: sorting small integers takes a fraction of sorting floating numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from runreport.stats.arrays import Floats
from runreport.stats.task_scores import TaskScores
from runreport.stats.types import Estimate, Interval

Indices = NDArray[np.integer]

AGGREGATES = ("mean", "median", "iqm", "optimality_gap")
MOST_RESAMPLES = 1_000_000  # what is kept of each stays within 32 MB

_BATCH_VALUES = 1 << 16  # larger temporary arrays are new memory each time, which costs more than it saves
_TRIMMED = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All runs of one method, ready to be resampled.

    ``values`` are float64 [N] in ascending order; ``ranks`` [tasks, most runs] say where in it each run is, and
    ``sizes`` [tasks] how many runs a task has (the rest of its row is padding).
    """

    values: Floats
    ranks: Indices
    sizes: NDArray[np.int64]
    gamma: float

    @property
    def is_rectangular(self) -> bool:
        """Whether no row has padding."""
        return bool((self.sizes == self.ranks.shape[1]).all())

    def aggregates(self, runs: Indices, tasks: Indices | None = None) -> Floats:
        """Return the aggregates, float64 [4, resamples], of resampled runs [resamples, tasks, most runs].

        ``tasks`` [resamples, tasks] are the tasks that were drawn; every task once where it is None.
        """
        rows = np.arange(self.sizes.size)[None, :] if tasks is None else tasks
        drawn = self.ranks.take(runs + (rows * self.ranks.shape[1])[:, :, None])
        return self._plain(drawn) if self.is_rectangular else self._weighted(drawn, self.sizes[rows])

    def points(self) -> Floats:
        """Return the aggregates, float64 [4], of the runs as they are."""
        once = np.broadcast_to(np.arange(self.ranks.shape[1]), (1, *self.ranks.shape))
        return np.asarray(self.aggregates(once)[:, 0], dtype=np.float64)

    def _plain(self, drawn: Indices) -> Floats:
        resamples, tasks, runs = drawn.shape
        n = tasks * runs
        cut = int(_TRIMMED * n)
        ordered = np.sort(drawn.reshape(resamples, n), axis=1)
        equal = np.full(runs, 1 / runs)
        rows = drawn.reshape(-1, runs)  # one product of a matrix and a vector instead of many small ones
        means = (self.values.take(rows) @ equal).reshape(resamples, tasks)
        capped = (np.minimum(self.values, self.gamma).take(rows) @ equal).reshape(resamples, tasks)
        iqm = self.values.take(ordered[:, cut : n - cut]).mean(axis=1)
        return _stacked(means, iqm, self.gamma - capped.mean(axis=1))

    def _weighted(self, drawn: Indices, sizes: Indices) -> Floats:
        """Every task weighs the same, however many runs it has; padding weighs nothing."""
        resamples, tasks, most = drawn.shape
        within = np.arange(most)[None, None, :] < sizes[:, :, None]
        weights = np.broadcast_to(within / sizes[:, :, None], drawn.shape)
        values = self.values.take(drawn)
        means = (values * weights).sum(axis=-1)
        capped = (np.minimum(values, self.gamma) * weights).sum(axis=-1)
        iqm = _trimmed_mean(drawn.reshape(resamples, -1), weights.reshape(resamples, -1) / tasks, self.values)
        return _stacked(means, iqm, self.gamma - capped.mean(axis=1))


def _stacked(means: Floats, iqm: Floats, gap: Floats) -> Floats:
    ordered = np.sort(means, axis=1)  # numpy's median is slow on short rows
    tasks = means.shape[1]
    median = (ordered[:, (tasks - 1) // 2] + ordered[:, tasks // 2]) / 2
    return np.stack([means.mean(axis=1), median, iqm, gap])


def _trimmed_mean(drawn: Indices, weights: Floats, values: Floats) -> Floats:
    """Return the mean of the middle half of the weight; a run on its edge counts with the part that lies within."""
    order = np.argsort(drawn, axis=1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=1)
    upto = np.cumsum(ordered, axis=1)
    shares = np.minimum(upto, 1 - _TRIMMED) - np.maximum(upto - ordered, _TRIMMED)
    middle = (values.take(np.take_along_axis(drawn, order, axis=1)) * np.maximum(shares, 0.0)).sum(axis=1)
    return np.asarray(middle / (1 - 2 * _TRIMMED), dtype=np.float64)


def pool(scores: TaskScores, *, gamma: float) -> Pool:
    """Return the runs of a method that has no missing run, ready to be resampled."""
    flat = np.concatenate(scores.runs)
    order = np.argsort(flat, kind="stable")
    places: Indices = np.empty(flat.size, dtype=np.uint16 if flat.size < 1 << 16 else np.int64)
    places[order] = np.arange(flat.size)
    sizes = np.array([task.size for task in scores.runs], dtype=np.int64)
    ranks: Indices = np.zeros((sizes.size, int(sizes.max())), dtype=places.dtype)
    for task, part in enumerate(np.split(places, np.cumsum(sizes)[:-1])):
        ranks[task, : part.size] = part
    return Pool(values=flat[order], ranks=ranks, sizes=sizes, gamma=gamma)


def batches(resamples: int, size: int) -> Iterator[int]:
    """Return the numbers of resamples, of ``size`` values each, that are computed at a time.

    Raises:
        ValueError: there are none, or more than a million.
    """
    if not 1 <= resamples <= MOST_RESAMPLES:
        message = f"resamples must be between 1 and {MOST_RESAMPLES}, not {resamples}"
        raise ValueError(message)
    batch = max(1, _BATCH_VALUES // size)
    return (min(batch, resamples - start) for start in range(0, resamples, batch))


def draw_tasks(rng: np.random.Generator, resamples: int, tasks: int) -> Indices:
    """Return which tasks are drawn, [resamples, tasks]."""
    return rng.integers(0, tasks, size=(resamples, tasks))


def draw_runs(rng: np.random.Generator, source: Pool, resamples: int, tasks: Indices | None = None) -> Indices:
    """Return which runs are drawn for each drawn task, [resamples, tasks, most runs]; padding holds any of them."""
    shape = (resamples, *source.ranks.shape)
    if source.is_rectangular:
        return rng.integers(0, shape[2], size=shape, dtype=np.uint16 if shape[2] < 1 << 16 else np.int64)
    sizes = source.sizes[None, :] if tasks is None else source.sizes[tasks]
    return (rng.random(shape) * sizes[:, :, None]).astype(np.int64)


def expanded(estimate: Estimate, *, runs: int, tasks: int, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Estimate:
    """Return an estimate whose percentile interval is widened for few runs per task, and cut at ``bounds``.

    The factor is sqrt(n / (n - 1)) times the t over the normal quantile: resampling n runs out of n gives a variance that
    is too small by (n - 1) / n, however many tasks there are, and takes it as known. With 3 runs per task differences of
    0 were else called clear in 11 % of cases instead of 5 %. The t distribution has n - 1 degrees of freedom from every
    task. Reference: Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69 (2015),
    the expanded percentile interval.

    >>> expanded(Estimate(value=0.0, interval=Interval(low=-1.0, high=1.0, level=0.95)), runs=3, tasks=26).interval.high
    1.2539...
    """
    interval = estimate.interval
    if interval is None:
        return estimate
    tail = (1 - interval.level) / 2
    factor = float(np.sqrt(runs / (runs - 1)) * stdtrit(tasks * (runs - 1), tail) / ndtri(tail))
    low = estimate.value - factor * (estimate.value - interval.low)
    high = estimate.value + factor * (interval.high - estimate.value)
    return Estimate(
        value=estimate.value,
        interval=Interval(low=max(low, bounds[0]), high=min(high, bounds[1]), level=interval.level),
    )
