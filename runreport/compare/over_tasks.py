"""Methods over several tasks: ranks on each task, and aggregates where the scores of tasks have a common scale."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runreport.compare.entities import MetricDefinition, Sample
from runreport.compare.samples import independent_values
from runreport.compare.scales import on_one_scale
from runreport.compare.tasks import Method, TaskLayout
from runreport.config.options import ComparisonOptions, TaskOptions
from runreport.names import Direction, Verdict, content_hash
from runreport.stats.aggregate import (
    Aggregates,
    Profile,
    aggregate_difference,
    bootstrap_aggregates,
    bootstrap_profile,
    widened,
)
from runreport.stats.friedman import MethodsOverTasks, compare_methods
from runreport.stats.improvement import Improvement, improvements
from runreport.stats.plan import AnalysisPlan, plan_tasks
from runreport.stats.rank_distribution import RankDistribution, aggregate_ranks
from runreport.stats.stratified import expanded
from runreport.stats.task_scores import RANGE, Scale, TaskScores
from runreport.stats.task_tests import PairOfMethods, pairwise_signed_rank
from runreport.stats.types import Estimate, Refusal
from runreport.stats.words import counted, listed

RESAMPLES = 5_000
_DECIMALS = 9  # means that are equal on paper tie
_PROFILE_POINTS = 101
_FEWEST_METHODS = 2
_FEWEST_TASKS = 2
_ENOUGH_TASKS = 0.5  # of all tasks: a method that has fewer would cost the others their tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCell:
    """The runs of one method on one task; ``sample`` is None where there is no group."""

    method_id: str
    task: str
    sample: Sample | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOverTasks:
    """One method: its aggregates over the tasks, their difference from the baseline, and its profile.

    ``aggregates`` and ``difference`` are None where the scores have no common scale; ``difference`` and ``verdict`` also
    for the baseline itself. The interval of ``difference`` is wide enough for all methods together.
    """

    method: Method
    is_baseline: bool
    aggregates: Aggregates | None = None
    difference: Aggregates | None = None
    verdict: Verdict | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """All that is said about methods over tasks on one metric.

    ``tasks`` are those on which every method in ``methods`` has a value; ``cells`` hold every group, used or not.
    ``refusal`` says why nothing is averaged, ``ranks`` may hold a refusal of its own. ``pairs`` and ``improvements`` name
    methods by their position in ``methods``; pairs are tested only on a common scale, as their test weighs tasks by the
    size of the difference. ``not_behind`` are the methods that the one with the best interquartile mean is not clearly
    ahead of.
    """

    metric: MetricDefinition
    layout: TaskLayout
    plan: AnalysisPlan
    level: float
    tasks: tuple[str, ...]
    methods: tuple[MethodOverTasks, ...]
    ranks: MethodsOverTasks
    pairs: tuple[PairOfMethods, ...]
    improvements: tuple[Improvement, ...]
    places: RankDistribution | None
    scale: Scale | None
    refusal: Refusal | None
    not_behind: tuple[int, ...] = ()
    cells: tuple[TaskCell, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Methods by tasks without a hole: the runs of every method on every task, as logged."""

    methods: tuple[Method, ...]
    tasks: tuple[str, ...]
    scores: tuple[TaskScores, ...]

    def means(self) -> NDArray[np.float64]:
        """Return the mean of every method on every task as logged, float64 [tasks, methods]."""
        return _means(self.scores)

    def position(self, group_ids: Sequence[str]) -> int | None:
        """Return the position of the method that one of the groups belongs to."""
        wanted = set(group_ids)
        return next((i for i, one in enumerate(self.methods) if set(one.group_ids.values()) & wanted), None)

    @property
    def fewest_runs(self) -> int:
        """The number of runs of the score that has the fewest."""
        return min(one.fewest_runs for one in self.scores)


def answer_over_tasks(
    layout: TaskLayout | None,
    metric: MetricDefinition | None,
    samples: Mapping[str, Sample],
    baseline_ids: Sequence[str],
    options: tuple[TaskOptions, ComparisonOptions],
) -> TaskAnswer | None:
    """Return the answer for the methods of an experiment on its primary metric; ``samples`` are by group id.

    None without tasks, without two methods, or where the direction of the metric is not known: methods cannot be ranked
    then.
    """
    if (
        layout is None
        or metric is None
        or metric.direction is Direction.UNKNOWN
        or len(layout.methods) < _FEWEST_METHODS
    ):
        return None
    grid = _grid(layout, samples)
    if len(grid.methods) < _FEWEST_METHODS or len(grid.tasks) < _FEWEST_TASKS:
        return None
    draft = _draft(layout, metric, grid, baseline_ids, options)
    said = _cautions(layout, grid, samples, draft.methods)
    return replace(draft, cells=tuple(_cells(layout, samples)), cautions=tuple(said))


def _draft(
    layout: TaskLayout,
    metric: MetricDefinition,
    grid: _Grid,
    baseline_ids: Sequence[str],
    options: tuple[TaskOptions, ComparisonOptions],
) -> TaskAnswer:
    """Return the numbers of the answer, without its words and cells."""
    tasks, comparisons = options
    higher = metric.direction is Direction.UP
    scaled = on_one_scale(grid.scores, grid.tasks, tasks, higher_is_better=higher)
    scores = None if isinstance(scaled, Refusal) else scaled
    rng = np.random.default_rng(int(content_hash("tasks", metric.metric, *layout.tasks, length=12), 16))
    matrix, is_up = _comparable_means(grid, scores, higher_is_better=higher)
    ranks = compare_methods(np.round(matrix, _DECIMALS), higher_is_better=is_up, alpha=comparisons.alpha)
    methods = _methods(grid, scores, grid.position(baseline_ids), comparisons, rng)
    improved = improvements(grid.scores, rng=rng, resamples=RESAMPLES, level=comparisons.level, higher_is_better=higher)
    places = aggregate_ranks(scores, rng=rng, resamples=RESAMPLES) if scores else None
    seeds, is_normalised = grid.fewest_runs, scores is not None
    return TaskAnswer(
        metric=metric,
        layout=layout,
        plan=plan_tasks(methods=len(grid.methods), tasks=len(grid.tasks), seeds=seeds, is_normalised=is_normalised),
        level=comparisons.level,
        tasks=grid.tasks,
        methods=methods,
        ranks=ranks,
        pairs=pairwise_signed_rank(_means(scores), decimals=_DECIMALS) if ranks.friedman and scores else (),
        improvements=() if isinstance(improved, Refusal) else tuple(_widened(one, grid) for one in improved),
        places=places if isinstance(places, RankDistribution) else None,
        scale=scores[0].scale if scores else None,
        refusal=scaled if isinstance(scaled, Refusal) else None,
        not_behind=_not_behind(scores, methods, comparisons, rng) if scores else (),
    )


def _comparable_means(
    grid: _Grid, scores: Sequence[TaskScores] | None, *, higher_is_better: bool
) -> tuple[NDArray[np.float64], bool]:
    """Return the scores that ranks are taken of, float64 [tasks, methods], and whether higher ones are better.

    Ranks of three and more methods need no scale. Two methods are compared by the signed ranks of their differences,
    which weigh tasks by size: without a scale only who is ahead on a task counts, which makes it the sign test.
    """
    if scores is not None:
        return _means(scores), True
    means = grid.means()
    if len(grid.methods) > _FEWEST_METHODS:
        return means, higher_is_better
    ahead = np.sign(np.round(means[:, :1] - means[:, 1:], _DECIMALS))
    return np.hstack([ahead, np.zeros_like(ahead)]), higher_is_better


def _widened(one: Improvement, grid: _Grid) -> Improvement:
    runs, tasks = min(grid.scores[one.a].fewest_runs, grid.scores[one.b].fewest_runs), len(grid.tasks)
    return replace(one, probability=expanded(one.probability, runs=runs, tasks=tasks, bounds=(0.0, 1.0)))


def _difference(a: TaskScores, b: TaskScores, level: float, rng: np.random.Generator) -> Aggregates | None:
    """Return the aggregates of A minus those of B, resampled together, with intervals that allow for few runs."""
    found = aggregate_difference(a, b, rng=rng, resamples=RESAMPLES, level=level)
    if isinstance(found, Refusal):
        return None
    return widened(found, runs=min(a.fewest_runs, b.fewest_runs), tasks=len(a.runs))


def _joint_level(methods: int, alpha: float) -> float:
    """Return the level by Bonferroni at which one method can be held against all others."""
    return 1 - alpha / max(1, methods - 1)


def _not_behind(
    scores: Sequence[TaskScores],
    methods: Sequence[MethodOverTasks],
    options: ComparisonOptions,
    rng: np.random.Generator,
) -> tuple[int, ...]:
    iqm = [one.aggregates.iqm.value if one.aggregates else -np.inf for one in methods]
    best = int(np.argmax(iqm))
    level = _joint_level(len(methods), options.alpha)
    differences = {i: _difference(scores[best], other, level, rng) for i, other in enumerate(scores) if i != best}
    return tuple(i for i, one in differences.items() if one is None or _verdict(one.iqm) is not Verdict.BETTER)


def without_answer(layout: TaskLayout, metric: MetricDefinition | None) -> str:
    """Return in a sentence why there is no answer over tasks."""
    over = f"{counted(len(layout.methods), 'method')} on {counted(len(layout.tasks), 'task')}"
    if metric is None:
        return f"{over}; there is no primary metric to compare them on."
    if len(layout.methods) < _FEWEST_METHODS:
        return f"{over}: the values of {metric.metric} on different tasks are not compared with each other."
    if metric.direction is Direction.UNKNOWN:
        return f"{over}; it is not known whether higher or lower {metric.metric} is better, so they are not ranked."
    return f"{over}; there are no two tasks on which several methods have a value of {metric.metric}."


def _grid(layout: TaskLayout, samples: Mapping[str, Sample]) -> _Grid:
    """Return the methods that have values on at least half of the tasks, and the tasks on which all of these do."""
    known = {method.method_id: _tasks_with_values(method, samples) for method in layout.methods}
    enough = [one for one in layout.methods if len(known[one.method_id]) >= _ENOUGH_TASKS * len(layout.tasks)]
    tasks = tuple(task for task in layout.tasks if enough and all(task in known[one.method_id] for one in enough))
    scores = tuple(
        TaskScores(runs=tuple(independent_values(samples[method.group_ids[task]]) for task in tasks))
        for method in enough
    )
    return _Grid(methods=tuple(enough), tasks=tasks, scores=scores)


def _means(scores: Sequence[TaskScores]) -> NDArray[np.float64]:
    return np.array([[float(runs.mean()) for runs in one.runs] for one in scores]).T


def _tasks_with_values(method: Method, samples: Mapping[str, Sample]) -> frozenset[str]:
    return frozenset(task for task, group in method.group_ids.items() if group in samples and samples[group].values)


def _cells(layout: TaskLayout, samples: Mapping[str, Sample]) -> Iterator[TaskCell]:
    for method in layout.methods:
        for task in layout.tasks:
            group = method.group_ids.get(task)
            yield TaskCell(method_id=method.method_id, task=task, sample=samples.get(group) if group else None)


def _methods(
    grid: _Grid,
    scores: Sequence[TaskScores] | None,
    baseline: int | None,
    options: ComparisonOptions,
    rng: np.random.Generator,
) -> tuple[MethodOverTasks, ...]:
    if scores is None:
        return tuple(MethodOverTasks(method=one, is_baseline=i == baseline) for i, one in enumerate(grid.methods))
    together = _joint_level(len(scores), options.alpha)
    taus = _profile_range(scores)
    found = []
    for i, (method, own) in enumerate(zip(grid.methods, scores, strict=True)):
        aggregates = bootstrap_aggregates(own, rng=rng, resamples=RESAMPLES, level=options.level)
        is_candidate = baseline is not None and i != baseline
        difference = _difference(own, scores[baseline or 0], together, rng) if is_candidate else None
        profile = bootstrap_profile(own, taus, rng=rng, level=options.level)
        found.append(
            MethodOverTasks(
                method=method,
                is_baseline=i == baseline,
                aggregates=widened(aggregates, runs=own.fewest_runs, tasks=len(own.runs))
                if isinstance(aggregates, Aggregates)
                else None,
                difference=difference,
                verdict=None if difference is None else _verdict(difference.iqm),
                profile=profile if isinstance(profile, Profile) else None,
            )
        )
    return tuple(found)


def _verdict(iqm: Estimate) -> Verdict:
    """Return the verdict on a difference of normalised scores, in which higher is always better."""
    interval = iqm.interval
    if interval is None:
        return Verdict.CANNOT_TELL
    if interval.low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if interval.high < 0 else Verdict.NO_CLEAR_DIFFERENCE


def _profile_range(scores: Sequence[TaskScores]) -> NDArray[np.float64]:
    values = np.concatenate([runs for one in scores for runs in one.runs])
    return np.linspace(float(values.min()), float(values.max()), _PROFILE_POINTS)


def _cautions(
    layout: TaskLayout, grid: _Grid, samples: Mapping[str, Sample], methods: Sequence[MethodOverTasks]
) -> Iterator[str]:
    if "by its name" in layout.rule:
        yield layout.rule
    left_out = [method.name for method in layout.methods if method not in grid.methods]
    if left_out:
        yield f"Left out, as they have values on fewer than half of the tasks: {listed(left_out, at_most=5)}."
    dropped = [task for task in layout.tasks if task not in grid.tasks]
    if dropped:
        verb = "is" if len(dropped) == 1 else "are"
        yield (
            f"{counted(len(dropped), 'task')} {verb} left out, because some method has no value there: "
            f"{listed(dropped, at_most=5)}."
        )
    used = [samples[method.group_ids[task]] for method in grid.methods for task in grid.tasks]
    failed = sum(sample.counts.failed + len(sample.non_finite) for sample in used)
    if failed:
        yield (
            f"{counted(failed, 'run')} failed or ended without a finite value and {'is' if failed == 1 else 'are'} in no "
            "score: if runs fail because they were bad, this flatters their method."
        )
    scale = next((one.aggregates.scale for one in methods if one.aggregates), None)
    if scale is not None and scale.kind == RANGE:
        yield (
            "0 and 1 are the least and largest score seen on each task, so the scale itself depends on these runs; it is "
            "taken as given, and its noise is not in the intervals."
        )
    said = (caution.words for one in methods if one.aggregates for caution in one.aggregates.cautions)
    yield from dict.fromkeys(said)
