"""Figures of methods over tasks: aggregates, improvement, profiles, ranks."""

from runreport.compare.over_tasks import MethodOverTasks, TaskAnswer
from runreport.compare.words import format_p, format_value
from runreport.names import Direction
from runreport.pages import cells
from runreport.pages.figures import block
from runreport.pages.parts import FigureBlock
from runreport.plots.critical_difference import CriticalDifferenceFigure, MethodRank
from runreport.plots.estimates import EstimateFigure, EstimateRow
from runreport.plots.profiles import ProfileFigure, ProfileSeries
from runreport.plots.ranks import RankFigure, RankRow
from runreport.plots.spec import Axis
from runreport.stats.types import Estimate

_MOST_METHODS = 20
_COIN_FLIP = 0.5


def _row(one: MethodOverTasks, position: int, estimate: Estimate, remark: str) -> EstimateRow:
    interval = estimate.interval
    return EstimateRow(
        name=cells.name(one.method.name),
        value=estimate.value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        remark=remark,
        color_index=position,
    )


def iqm_figure(answer: TaskAnswer) -> FigureBlock | None:
    """Return the interquartile mean of every method, best first; None without a common scale."""
    scored = [(i, one, one.aggregates.iqm) for i, one in enumerate(answer.methods) if one.aggregates]
    if not scored:
        return None
    ordered = sorted(scored, key=lambda entry: (-entry[2].value, entry[0]))[:_MOST_METHODS]
    figure = EstimateFigure(
        title="Interquartile mean over tasks",
        description="The interquartile mean of the normalised scores of every method.",
        x=Axis(label="IQM of normalised scores"),
        rows=tuple(_row(one, i, iqm, "baseline" if one.is_baseline else "") for i, one, iqm in ordered),
        direction=Direction.UP,
        level=answer.level,
    )
    return block("iqm", figure, "")


def improvement_figure(answer: TaskAnswer) -> FigureBlock | None:
    """Return the probability that each method improves on the baseline; None without a baseline or seeds."""
    baseline = next((i for i, one in enumerate(answer.methods) if one.is_baseline), None)
    rows = []
    for pair in answer.improvements:
        if baseline in {pair.a, pair.b}:
            other = pair.b if pair.a == baseline else pair.a
            estimate = pair.probability if pair.a == other else turned(pair.probability)
            rows.append(_row(answer.methods[other], other, estimate, format_value(estimate.value, 0.1)))
    if baseline is None or not rows:
        return None
    name = cells.name(answer.methods[baseline].method.name)
    figure = EstimateFigure(
        title=f"Probability of improvement over {name}",
        description=f"How likely a run of each method beats a run of {name} on a task drawn at random.",
        x=Axis(label="P(method beats the baseline)"),
        rows=tuple(sorted(rows, key=lambda row: -(row.value or 0.0))[:_MOST_METHODS]),
        reference=_COIN_FLIP,
        reference_label="coin flip",
        direction=Direction.UP,
        level=answer.level,
    )
    return block("improvement", figure, "")


def turned(estimate: Estimate) -> Estimate:
    """Return a probability of improvement seen from the other method."""
    interval = estimate.interval
    if interval is None:
        return Estimate(value=1 - estimate.value)
    mirrored = type(interval)(low=1 - interval.high, high=1 - interval.low, level=interval.level)
    return Estimate(value=1 - estimate.value, interval=mirrored)


def profile_figure(answer: TaskAnswer) -> FigureBlock | None:
    """Return the performance profiles; None without a common scale."""
    found = [(i, one, one.profile) for i, one in enumerate(answer.methods) if one.profile is not None]
    if not found:
        return None
    runs = dict.fromkeys((cell.method_id for cell in answer.cells), 0)
    for cell in answer.cells:
        if cell.task in answer.tasks and cell.sample is not None:
            runs[cell.method_id] += cell.sample.description.n
    figure = ProfileFigure(
        title="Performance profiles",
        description="The share of runs, over all tasks, that score above each value.",
        x=Axis(label="normalised score"),
        series=tuple(
            ProfileSeries(
                name=cells.name(one.method.name),
                scores=tuple(profile.taus.tolist()),
                share=tuple(profile.runs.tolist()),
                low=() if profile.low is None else tuple(profile.low.tolist()),
                high=() if profile.high is None else tuple(profile.high.tolist()),
                runs=runs[one.method.method_id],
                color_index=i,
            )
            for i, one, profile in found[:_MOST_METHODS]
        ),
        level=answer.level,
    )
    return block("profiles", figure, "")


def critical_difference_figure(answer: TaskAnswer) -> FigureBlock | None:
    """Return the critical-difference diagram; None without a rank test."""
    found = answer.ranks.friedman
    if found is None or len(answer.methods) > _MOST_METHODS:
        return None
    figure = CriticalDifferenceFigure(
        title="Average ranks and the critical difference",
        description=f"Average ranks over {len(answer.ranks.tasks_used)} tasks; p {format_p(found.iman_davenport_p)}.",
        methods=tuple(
            MethodRank(name=cells.name(one.method.name), rank=float(rank), color_index=i)
            for i, (one, rank) in enumerate(zip(answer.methods, found.average_ranks, strict=True))
        ),
        critical_difference=found.critical_difference,
        cliques=found.cliques,
        tasks=len(answer.ranks.tasks_used),
        alpha=found.alpha,
    )
    return block("critical-difference", figure, "")


def rank_figure(answer: TaskAnswer) -> FigureBlock | None:
    """Return how often each method would take each rank; None without a common scale or with too few seeds."""
    places = answer.places
    if places is None or len(answer.methods) > _MOST_METHODS:
        return None
    order = sorted(range(len(answer.methods)), key=lambda i: (float(places.expected_ranks[i]), i))
    figure = RankFigure(
        title="Which rank, had other seeds been drawn",
        description="The chance of every method to take each rank by its interquartile mean.",
        rows=tuple(
            RankRow(name=cells.name(answer.methods[i].method.name), probabilities=tuple(places.places[i].tolist()))
            for i in order
        ),
    )
    return block("rank-distribution", figure, "")
