"""Methods over several tasks: aggregates, improvement, ranks, and every score."""

from collections.abc import Iterator, Sequence

from runreport.compare.entities import Sample
from runreport.compare.over_tasks import MethodOverTasks, TaskAnswer
from runreport.compare.words import format_level, format_p
from runreport.names import Direction
from runreport.pages import cells, numbers, urls, words
from runreport.pages.contexts import TasksPage
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Caution, Cell, Column, Fact, Link, Row, Table, Tone
from runreport.pages.task_figures import (
    critical_difference_figure,
    improvement_figure,
    iqm_figure,
    profile_figure,
    rank_figure,
    turned,
)
from runreport.stats.improvement import Improvement
from runreport.stats.task_scores import REFERENCE
from runreport.stats.types import Estimate
from runreport.stats.words import counted

_PLACES = 3
_MOST_PAIRS = 100
_ENOUGH_FOR_SD = 2


def tasks_page(dossier: Dossier, answer: TaskAnswer) -> TasksPage:
    """Return the page of the methods of an experiment over its tasks."""
    title = f"{counted(len(answer.methods), 'method')} over {counted(len(answer.tasks), 'task')}"
    url = urls.tasks_url(dossier.experiment)
    return TasksPage(
        frame=dossier.site.frame(url, title, dossier.breadcrumbs),
        title=title,
        headline=dossier.analysis.headline,
        reading=_reading(answer),
        why=answer.plan.why,
        cautions=tuple(Caution(kind="", sentence=words.sentence(text)) for text in answer.cautions),
        aggregates=aggregate_table(answer, "aggregates"),
        iqm=iqm_figure(answer),
        no_aggregates=answer.refusal.words if answer.refusal else "",
        improvement=improvement_figure(answer),
        improvements=_improvement_table(answer),
        profiles=profile_figure(answer),
        ranks=tuple(_rank_facts(answer)),
        average_ranks=rank_table(answer, "average-ranks"),
        critical_difference=critical_difference_figure(answer),
        rank_distribution=rank_figure(answer),
        pairs=_pair_table(answer),
        scores=_score_table(dossier, answer),
        scale=_scale_table(answer),
    )


def tasks_link(dossier: Dossier) -> Link | None:
    """Return the link to the page of the methods over tasks, if there is one."""
    answer = dossier.analysis.over_tasks
    if answer is None:
        return None
    return Link(label="Aggregates, ranks and every score", url=urls.tasks_url(dossier.experiment))


def _reading(answer: TaskAnswer) -> str:
    parts = [f"{cells.name(answer.metric.metric)}: {words.metric_reading(answer.metric)}", answer.layout.rule]
    if answer.scale is not None:
        parts.append(f"Scores were normalised: {answer.scale.source}")
    return " ".join(words.sentence(part) for part in parts)


def aggregate_table(answer: TaskAnswer, table_id: str) -> Table | None:
    """Return the aggregates of every method, best first; None where the scores have no common scale."""
    if answer.scale is None:
        return None
    level = format_level(answer.level)
    gap_counts = _has_gap(answer)
    heads = (
        Column(key="method", label="Method"),
        Column(key="aggregate", label="IQM", detail=f"{level} interval", is_number=True),
        Column(key="aggregate", label="Median", is_number=True),
        Column(key="aggregate", label="Mean", is_number=True),
        *(
            (Column(key="aggregate", label="Optimality gap", detail="lower is better", is_number=True),)
            if gap_counts
            else ()
        ),
        Column(key="delta", label="Difference of IQM", detail=_joint_level(answer), is_number=True),
        Column(key="verdict", label="Verdict"),
    )
    scored = [one for one in answer.methods if one.aggregates]
    ordered = sorted(scored, key=lambda one: -one.aggregates.iqm.value if one.aggregates else 0.0)
    rows = (_aggregate_row(one, has_gap=gap_counts) for one in ordered)
    resamples = next((one.aggregates.resamples for one in answer.methods if one.aggregates), 0)
    note = (
        f"{counted(resamples, 'resample')} of the seeds within each task; intervals are widened for few seeds. The "
        "difference from the baseline is resampled jointly; its interval is wide enough for all methods together."
        if resamples
        else "Without intervals: a task has fewer than 3 runs of some method."
    )
    return cells.table(table_id, f"Normalised scores over {counted(len(answer.tasks), 'task')}", heads, rows, note=note)


def _has_gap(answer: TaskAnswer) -> bool:
    """Say whether a score of 1 means something, so that what is missing to it does."""
    return answer.scale is not None and (answer.scale.kind == REFERENCE or answer.metric.upper_bound == 1)


def _joint_level(answer: TaskAnswer) -> str:
    interval = next((one.difference.iqm.interval for one in answer.methods if one.difference), None)
    return f"{format_level(interval.level)} interval" if interval else "from the baseline"


def _aggregate_row(one: MethodOverTasks, *, has_gap: bool) -> Row:
    found = one.aggregates
    if found is None:
        return Row(cells=(_method_cell(one),))
    gap = (_estimate_cell(found.optimality_gap),) if has_gap else ()
    return Row(
        cells=(
            _method_cell(one),
            _estimate_cell(found.iqm),
            _estimate_cell(found.median),
            _estimate_cell(found.mean),
            *gap,
            _estimate_cell(one.difference.iqm, sign=True) if one.difference else cells.text_cell(None),
            _verdict_cell(one),
        )
    )


def _method_cell(one: MethodOverTasks) -> Cell:
    return Cell(text=cells.name(one.method.name), note="baseline" if one.is_baseline else "")


def _verdict_cell(one: MethodOverTasks) -> Cell:
    if one.is_baseline:
        return Cell(text="baseline", tone=Tone.MUTED)
    return cells.text_cell(None) if one.verdict is None else cells.verdict_cell(one.verdict)


def _estimate_cell(estimate: Estimate, *, sign: bool = False) -> Cell:
    interval = estimate.interval
    note = numbers.interval(interval.low, interval.high, _PLACES, sign=sign) if interval else ""
    return cells.number_cell(estimate.value, _PLACES, note=note, sign=sign)


def _improvement_table(answer: TaskAnswer) -> Table | None:
    heads = (
        Column(key="method", label="Method"),
        Column(key="than", label="Against"),
        Column(key="improvement", label="Probability", detail="of improvement", is_number=True),
        Column(key="interval", label=f"{format_level(answer.level)} interval", is_number=True),
        Column(key="remark", label="In words"),
    )
    ordered = sorted(answer.improvements, key=lambda one: -abs(one.probability.value - 0.5))
    rows = (_improvement_row(answer, one) for one in ordered[:_MOST_PAIRS])
    note = "How likely a run of the method beats a run of the other on a task drawn at random; ties count half."
    if len(ordered) > _MOST_PAIRS:
        note += f" The {_MOST_PAIRS} clearest of {len(ordered)} pairs are shown."
    return cells.table("improvements", "Probability of improvement", heads, rows, note=note)


def _improvement_row(answer: TaskAnswer, one: Improvement) -> Row:
    """Return a pair with the method that is ahead first."""
    first, second, estimate = one.a, one.b, one.probability
    if estimate.value < 0.5:  # noqa: PLR2004 - a coin flip
        first, second, estimate = one.b, one.a, turned(estimate)
    interval = estimate.interval
    return Row(
        cells=(
            _method_cell(answer.methods[first]),
            cells.text_cell(cells.name(answer.methods[second].method.name)),
            cells.number_cell(estimate.value, _PLACES),
            Cell(text=numbers.interval(interval.low, interval.high, _PLACES), sort=interval.low)
            if interval
            else cells.text_cell(None),
            cells.text_cell(_improvement_words(estimate)),
        )
    )


def _improvement_words(estimate: Estimate) -> str:
    if estimate.interval is None:
        return "too few seeds for an interval"
    if estimate.interval.low == estimate.interval.high:
        return (
            "the same for all draws of seeds: their runs do not overlap on any task; how it is on other tasks is open"
        )
    if estimate.interval.low <= 0.5:  # noqa: PLR2004 - a coin flip
        return "not told apart"
    return "clearly and often ahead" if estimate.value > 0.75 else "clearly ahead, not often"  # noqa: PLR2004 - Bouthillier


def _rank_facts(answer: TaskAnswer) -> Iterator[Fact]:
    ranks = answer.ranks
    used = f"{len(ranks.tasks_used)} of {len(ranks.tasks_used) + len(ranks.tasks_left_out)}"
    yield Fact(label="Tasks used", cell=Cell(text=used))
    if ranks.refusal is not None:
        yield Fact(label="No rank test", cell=Cell(text=ranks.refusal.words, tone=Tone.CAUTION))
    if ranks.signed_rank is not None:
        name = "Wilcoxon's signed-rank test of normalised scores" if answer.scale else "sign test, as there is no scale"
        text = f"p {format_p(ranks.signed_rank.test.p)}: {name}, of two methods over the tasks"
        yield Fact(label="Do they differ?", cell=Cell(text=text))
        if ranks.signed_rank.refusal is not None:
            yield Fact(label="But", cell=Cell(text=ranks.signed_rank.refusal.words, tone=Tone.CAUTION))
    if ranks.friedman is not None:
        found = ranks.friedman
        text = f"p {format_p(found.iman_davenport_p)}: Friedman's test in the form of Iman and Davenport"
        yield Fact(label="Do the ranks differ at all?", cell=Cell(text=text))
        yield Fact(
            label="Agreement of tasks",
            cell=Cell(text=f"{found.kendall_w:.2f} (Kendall's W: 0 none, 1 all tasks alike)"),
        )
        yield Fact(
            label="Critical difference",
            cell=Cell(
                text=f"{found.critical_difference:.2f} in average rank, at {found.alpha:g} for all pairs together"
            ),
        )


def summary_table(answer: TaskAnswer, table_id: str) -> Table | None:
    """Return the methods in brief: their aggregates, or their ranks where the scores have no common scale."""
    return aggregate_table(answer, table_id) or rank_table(answer, table_id)


def rank_table(answer: TaskAnswer, table_id: str) -> Table | None:
    """Return the average ranks of the methods, best first; None without a rank test."""
    found = answer.ranks.friedman
    if found is None:
        return None
    places = answer.places
    heads = (
        Column(key="method", label="Method"),
        Column(key="rank", label="Average rank", detail=f"over {counted(len(answer.tasks), 'task')}", is_number=True),
        *(
            (
                Column(key="rank", label="Expected rank", detail="of the IQM", is_number=True),
                Column(key="rank", label="First", detail="chance to be best", is_number=True),
            )
            if places is not None
            else ()
        ),
    )
    order = sorted(range(len(answer.methods)), key=lambda i: (float(found.average_ranks[i]), i))
    rows = (
        Row(
            cells=(
                _method_cell(answer.methods[i]),
                cells.number_cell(float(found.average_ranks[i]), 2),
                *(
                    (
                        cells.number_cell(float(places.expected_ranks[i]), 2),
                        cells.number_cell(float(places.best[i]), 2),
                    )
                    if places is not None
                    else ()
                ),
            )
        )
        for i in order
    )
    note = "Chances come from drawing the seeds of every task anew." if places is not None else ""
    return cells.table(table_id, "Ranks of the methods, 1 for the best", heads, rows, note=note)


def _pair_table(answer: TaskAnswer) -> Table | None:
    heads = (
        *cells.columns("Method", "Against"),
        Column(key="p", label="p", detail="Wilcoxon", is_number=True),
        Column(key="p", label="p", detail=f"Holm over {len(answer.pairs)}", is_number=True),
    )
    tested = sorted((pair for pair in answer.pairs if pair.p is not None), key=lambda pair: pair.p or 0.0)
    rows = (
        Row(
            cells=(
                _method_cell(answer.methods[pair.a]),
                cells.text_cell(cells.name(answer.methods[pair.b].method.name)),
                cells.p_cell(pair.p),
                cells.p_cell(pair.p_holm),
            )
        )
        for pair in tested[:_MOST_PAIRS]
    )
    note = "Signed-rank test of the normalised mean scores over the tasks, every pair against each other."
    return cells.table("pairs", "Pairs of methods over the tasks", heads, rows, note=note)


def _score_table(dossier: Dossier, answer: TaskAnswer) -> Table | None:
    methods = answer.layout.methods
    heads = (
        Column(key="task", label="Task"),
        *(Column(key="method", label=cells.name(method.name), is_number=True) for method in methods),
    )
    by_place = {(cell.method_id, cell.task): cell.sample for cell in answer.cells}
    rows = (
        _score_row(dossier, answer, task, [by_place[method.method_id, task] for method in methods])
        for task in answer.layout.tasks
    )
    note = (
        "Mean over seeds with its standard deviation and n; the best mean of a task is bold. Each leads to its group."
    )
    return cells.table("scores", f"{cells.name(answer.metric.metric)} on every task", heads, rows, note=note)


def _score_row(dossier: Dossier, answer: TaskAnswer, task: str, samples: Sequence[Sample | None]) -> Row:
    known = [sample.description for sample in samples if sample]
    places = numbers.places_for_spread([about.sd for about in known], [about.mean for about in known])
    means = [about.mean for about in known if about.mean is not None]
    best = (max(means) if answer.metric.direction is Direction.UP else min(means)) if means else None
    used = "" if task in answer.tasks else "not in the aggregate"
    row = (_score_cell(dossier, sample, places, best) for sample in samples)
    return Row(cells=(Cell(text=cells.name(task), note=used), *row))


def _score_cell(dossier: Dossier, sample: Sample | None, places: int | None, best: float | None) -> Cell:
    if sample is None or sample.description.mean is None:
        return cells.text_cell(None)
    about = sample.description
    sd = f"{numbers.spread_text(about.sd, places)}, " if about.n >= _ENOUGH_FOR_SD and about.sd is not None else ""
    return Cell(
        text=numbers.number(about.mean, places),
        note=f"{sd}n={about.n}",
        url=dossier.group_url(dossier.groups[sample.group_id]),
        tone=Tone.BETTER if about.mean == best else Tone.PLAIN,
        sort=about.mean,
    )


def _scale_table(answer: TaskAnswer) -> Table | None:
    scale = answer.scale
    if scale is None or not scale.zero:
        return None
    heads = (
        Column(key="task", label="Task"),
        Column(key="zero", label="Score that became 0", is_number=True),
        Column(key="one", label="Score that became 1", is_number=True),
    )
    rows = (
        Row(cells=(cells.text_cell(cells.name(task)), cells.number_cell(zero), cells.number_cell(one)))
        for task, zero, one in zip(answer.tasks, scale.zero, scale.one, strict=True)
    )
    return cells.table("scale", "How scores were normalised", heads, rows, note=scale.source)
