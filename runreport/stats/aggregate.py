"""One number for a method over tasks and seeds, with an interval from resampled seeds.

Reference: Agarwal, Schwarzer, Castro, Courville & Bellemare, "Deep reinforcement learning at the edge of the
statistical precipice", NeurIPS 2021. Where tasks have different numbers of runs, every task weighs the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample, fraction
from runreport.stats.resampling import percentile_interval
from runreport.stats.stratified import (
    AGGREGATES,
    Indices,
    batches,
    draw_runs,
    draw_tasks,
    expanded,
    pool,
)
from runreport.stats.task_scores import Scale, TaskScores, refuse_averaging, same_tasks
from runreport.stats.types import Caution, Estimate, Refusal
from runreport.stats.words import counted

MINIMUM_FOR_BOOTSTRAP = 3
_FEW_SEEDS = 5

_THESE_TASKS = Caution(
    code="these-tasks-only",
    words="The interval shows the noise of seeds on these tasks; how far the result carries over to other tasks is not in it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """Aggregates over tasks, in normalised score; of one method, or of the difference of two.

    ``iqm`` is the interquartile mean: the mean of the middle half of all runs. ``optimality_gap`` is how far scores
    stay below ``gamma`` on average: less is better. ``resamples`` is 0 where there are no intervals.
    """

    mean: Estimate
    median: Estimate
    iqm: Estimate
    optimality_gap: Estimate
    gamma: float
    scale: Scale | None = None
    resamples: int = 0
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The share of runs, and the share of tasks by their mean, that score above each ``tau``; float64 [taus] each.

    ``low`` and ``high`` are the pointwise interval of the share of runs, None without resampling.
    """

    taus: Floats
    runs: Floats
    task_means: Floats
    low: Floats | None = None
    high: Floats | None = None


def aggregate(scores: TaskScores, *, gamma: float = 1.0) -> Aggregates | Refusal:
    """Return mean, median, interquartile mean and optimality gap without intervals.

    Mean and median are those of the means of tasks. The interquartile mean leaves out the runs that lie wholly within
    the lowest or the highest quarter; where tasks have different numbers of runs, exactly these quarters of the weight.

    >>> from runreport.stats.task_scores import AS_LOGGED, task_scores
    >>> aggregate(task_scores([[0.5, 1.5], [0.7, 1.1]], scale=AS_LOGGED)).mean
    Estimate(value=0.95, interval=None)
    """
    refusal = refuse_averaging(scores)
    if refusal is not None:
        return refusal
    points = pool(scores, gamma=gamma).points()
    return _named(points, None, gamma=gamma, scale=scores.scale)


def bootstrap_aggregates(  # noqa: PLR0913 - each is another part of the bootstrap
    scores: TaskScores,
    *,
    rng: np.random.Generator,
    resamples: int = 5_000,
    level: float = 0.95,
    gamma: float = 1.0,
    task_bootstrap: bool = False,
) -> Aggregates | Refusal:
    """Return the aggregates with percentile intervals from runs resampled within each task.

    With ``task_bootstrap`` the tasks are resampled first. With fewer than 3 runs on a task there are no intervals.

    Raises:
        ValueError: the level is not between 0 and 1 or resamples not between 1 and a million.
    """
    refusal = refuse_averaging(scores)
    if refusal is not None:
        return refusal
    return _bootstrapped([scores], rng, resamples, fraction(level, "level"), gamma, task_bootstrap=task_bootstrap)


def aggregate_difference(  # noqa: PLR0913 - each is another part of the bootstrap
    a: TaskScores,
    b: TaskScores,
    *,
    rng: np.random.Generator,
    resamples: int = 5_000,
    level: float = 0.95,
    gamma: float = 1.0,
    task_bootstrap: bool = False,
) -> Aggregates | Refusal:
    """Return the aggregates of A minus those of B, both resampled together; with the same tasks if these are drawn.

    Two intervals that overlap are no test of a difference; this interval is.

    Raises:
        ValueError: the tasks differ in number, the level is not between 0 and 1 or resamples is out of range.
    """
    same_tasks([a, b])
    refusal = refuse_averaging(a) or refuse_averaging(b)
    if refusal is not None:
        return refusal
    if a.scale != b.scale:
        words = "The scores of the two methods were normalised in different ways; they cannot be compared."
        return Refusal(code="different-scales", words=words)
    return _bootstrapped([a, b], rng, resamples, fraction(level, "level"), gamma, task_bootstrap=task_bootstrap)


def widened(found: Aggregates, *, runs: int, tasks: int) -> Aggregates:
    """Return aggregates with the intervals of :func:`runreport.stats.stratified.expanded`.

    ``runs`` is the number of the task that has the fewest.
    """
    mean, median, iqm, gap = (
        expanded(one, runs=runs, tasks=tasks) for one in (found.mean, found.median, found.iqm, found.optimality_gap)
    )
    return replace(found, mean=mean, median=median, iqm=iqm, optimality_gap=gap)


def _bootstrapped(  # noqa: PLR0913 - each is another part of the bootstrap
    methods: Sequence[TaskScores],
    rng: np.random.Generator,
    resamples: int,
    level: float,
    gamma: float,
    *,
    task_bootstrap: bool,
) -> Aggregates:
    pools = [pool(method, gamma=gamma) for method in methods]
    points = _minus([source.points() for source in pools])
    fewest = min(method.fewest_runs for method in methods)
    cautions = _cautions(fewest, task_bootstrap=task_bootstrap)
    if fewest < MINIMUM_FOR_BOOTSTRAP:
        return _named(points, None, gamma=gamma, scale=methods[0].scale, cautions=cautions)
    values = np.empty((len(AGGREGATES), resamples))
    filled = 0
    for size in batches(resamples, max(source.ranks.size for source in pools)):
        tasks = draw_tasks(rng, size, pools[0].sizes.size) if task_bootstrap else None
        drawn = [source.aggregates(draw_runs(rng, source, size, tasks), tasks) for source in pools]
        values[:, filled : filled + size] = _minus(drawn)
        filled += size
    return _named(points, values, level=level, gamma=gamma, scale=methods[0].scale, cautions=cautions)


def _minus(sides: Sequence[Floats]) -> Floats:
    return sides[0] if len(sides) == 1 else sides[0] - sides[1]


def _cautions(fewest: int, *, task_bootstrap: bool) -> tuple[Caution, ...]:
    if fewest < MINIMUM_FOR_BOOTSTRAP:
        words = (
            f"A task has only {counted(fewest, 'run')}: the value is shown without an interval, which needs at least 3."
        )
        return (Caution(code="too-few-seeds", words=words),)
    found = []
    if fewest < _FEW_SEEDS:
        words = f"A task has only {fewest} runs; intervals from so few are wide and rough (5 or more advised)."
        found.append(Caution(code="few-seeds", words=words))
    if not task_bootstrap:
        found.append(_THESE_TASKS)
    return tuple(found)


def _named(  # noqa: PLR0913 - each is another part of the value
    points: Floats,
    values: Floats | None,
    *,
    gamma: float,
    scale: Scale | None,
    level: float = 0.95,
    cautions: tuple[Caution, ...] = (),
) -> Aggregates:
    mean, median, iqm, gap = (
        Estimate(value=float(point), interval=None if values is None else percentile_interval(values[row], level=level))
        for row, point in enumerate(points)
    )
    return Aggregates(
        mean=mean,
        median=median,
        iqm=iqm,
        optimality_gap=gap,
        gamma=gamma,
        scale=scale,
        resamples=0 if values is None else values.shape[1],
        cautions=cautions,
    )


def resampled_aggregates(scores: TaskScores, indices: Indices, *, gamma: float = 1.0) -> Floats | Refusal:
    """Return the aggregates, float64 [4, resamples] in the order of ``AGGREGATES``, of given resamples.

    ``indices`` are int [resamples, runs, tasks]: which run of the task stands in each place.

    Raises:
        ValueError: the indices do not fit the scores, whose tasks must have the same number of runs.
    """
    refusal = refuse_averaging(scores)
    if refusal is not None:
        return refusal
    given = np.asarray(indices)
    if given.ndim != 3 or not scores.is_rectangular or given.shape[2] != len(scores.runs):  # noqa: PLR2004
        message = f"indices of shape {given.shape} do not fit {len(scores.runs)} tasks of equally many runs"
        raise ValueError(message)
    if given.min() < 0 or given.max() >= scores.fewest_runs:
        message = f"an index is not between 0 and {scores.fewest_runs - 1}"
        raise ValueError(message)
    return pool(scores, gamma=gamma).aggregates(given.transpose(0, 2, 1))


def performance_profile(scores: TaskScores, taus: ArrayLike) -> Profile | Refusal:
    """Return the shares of runs and of task means that score above each of the taus, float64 [taus].

    Every task weighs the same in the share of runs. Reference: Dolan & Moré, "Benchmarking optimization software with
    performance profiles", Math. Prog. 91 (2002); Agarwal et al. (2021) for the two forms.

    Raises:
        ValueError: a tau is not finite.

    >>> from runreport.stats.task_scores import AS_LOGGED, task_scores
    >>> performance_profile(task_scores([[0.5, 1.5], [0.7, 1.1]], scale=AS_LOGGED), [0.6]).runs
    array([0.75])
    """
    thresholds = finite_sample(taus, "taus")
    refusal = refuse_averaging(scores)
    if refusal is not None:
        return refusal
    above = [(task[None, :] > thresholds[:, None]).mean(axis=1) for task in scores.runs]
    means = np.array([task.mean() for task in scores.runs])
    return Profile(
        taus=thresholds,
        runs=np.mean(above, axis=0),
        task_means=(means[None, :] > thresholds[:, None]).mean(axis=1),
    )


def bootstrap_profile(
    scores: TaskScores, taus: ArrayLike, *, rng: np.random.Generator, resamples: int = 2_000, level: float = 0.95
) -> Profile | Refusal:
    """Return the performance profile with pointwise percentile intervals from runs resampled within each task.

    With fewer than 3 runs on a task there are no intervals. Reference: as :func:`performance_profile`.

    Raises:
        ValueError: a tau is not finite or the level is not between 0 and 1.
    """
    tail = (1 - fraction(level, "level")) / 2
    profile = performance_profile(scores, taus)
    if isinstance(profile, Refusal) or scores.fewest_runs < MINIMUM_FOR_BOOTSTRAP:
        return profile
    shares = np.zeros((resamples, profile.taus.size))
    for task in scores.runs:
        above = (task[:, None] > profile.taus[None, :]).astype(np.float64)
        drawn = rng.multinomial(task.size, np.full(task.size, 1 / task.size), size=resamples)
        shares += drawn @ above / task.size
    low, high = np.quantile(shares / len(scores.runs), [tail, 1 - tail], axis=0)
    return replace(profile, low=low, high=high)
