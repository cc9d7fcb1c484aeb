"""Figures of samples, contrasts and curves as values, each with the table behind it."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.compare.comparison import Comparison, Contrast, Sweep, Target
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.words import format_p, format_value, with_unit
from runreport.frames.align import AlignedCurves
from runreport.names import Direction
from runreport.pages import cells, words
from runreport.pages.bands import band
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Cell, Column, Figure, FigureBlock, Row, Table
from runreport.plots.estimates import EstimateFigure, EstimateRow
from runreport.plots.profiles import ProfileFigure
from runreport.plots.spec import (
    Axis,
    CurveFigure,
    CurveSeries,
    DotFigure,
    DotRow,
    FigureTable,
    RunLine,
    ScatterFigure,
    ScatterPoint,
    sensible_scale,
)
from runreport.stats.target import BELOW
from runreport.stats.words import listed

_MOST_SERIES = 8
_LARGEST_EFFECT = 20
_LINE_POINTS = 2
_MOST_LINES = 60
_TABLE_STEPS = 12
_MOST_DOT_ROWS = 24
_NAMED_SINGLES = 5
_FEWEST_FOR_FOREST = 2


def block(figure_id: str, figure: Figure, caption: str) -> FigureBlock:
    """Return a figure with its caption and the numbers behind it."""
    return FigureBlock(figure_id=figure_id, figure=figure, caption=caption, data=_data(figure_id, figure))


def metric_axis(definition: MetricDefinition) -> Axis:
    """Return the axis of a metric."""
    return Axis(label=cells.name(definition.metric), unit=definition.unit)


def dot_figure(
    dossier: Dossier, samples: Sequence[Sample], definition: MetricDefinition, target: Target | None = None
) -> FigureBlock | None:
    """Return one dot per run for every group of several values; None when no group has a value.

    A single run far off (often one that diverged) would flatten all others, so it is named and not drawn. A target
    is a line through all rows.
    """
    found = [sample for sample in samples if sample.values]
    several = [sample for sample in found if len(sample.values) > 1] or found
    shown = several[:_MOST_DOT_ROWS]
    if not shown:
        return None
    figure = DotFigure(
        title=f"{cells.name(definition.metric)} by group",
        description=f"One dot per run for {listed([cells.name(sample.group_name) for sample in shown])}.",
        x=metric_axis(definition),
        rows=tuple(_dot_row(dossier, sample) for sample in shown),
        direction=definition.direction,
        reference=target.value if target else None,
        reference_label="target" if target else "",
        wanted=_wanted(target),
        notes=(*_single_note(found, several, definition), *_cut_note(len(shown), len(several))),
    )
    return block("dots", figure, "")


def _wanted(target: Target | None) -> Direction:
    if target is None:
        return Direction.UNKNOWN
    return Direction.DOWN if target.side == BELOW else Direction.UP


def forest_of_metrics(comparison: Comparison) -> FigureBlock | None:
    """Return the effect size of every metric of a comparison; None when no metric has one."""
    found = [(contrast, contrast.hedges_g.value) for contrast in comparison.contrasts if contrast.hedges_g]
    known = [contrast for contrast, effect in found if abs(effect) <= _LARGEST_EFFECT]
    beyond = [f"{cells.name(c.metric.metric)} ({format_value(g, sign=True)})" for c, g in found if c not in known]
    if not known:
        return None
    figure = EstimateFigure(
        title="Effect size by metric",
        description="Hedges g of every metric: the difference of the means in pooled standard deviations.",
        x=Axis(label="Hedges g: candidate minus baseline", unit="sd"),
        rows=tuple(_effect_row(contrast) for contrast in known),
        reference=0.0,
        reference_label="no difference",
        notes=(f"Not drawn, more than {_LARGEST_EFFECT} sd apart: {listed(beyond)}.",) if beyond else (),
    )
    caption = (
        "Differences in units of the pooled standard deviation, so that metrics can be seen side by side. "
        "Right of zero the candidate is higher, which is an improvement only where higher is better."
    )
    return block("forest", figure, caption)


def forest_of_candidates(contrasts: Sequence[Contrast]) -> FigureBlock | None:
    """Return the difference of every candidate from the baseline on one metric; None for fewer than two."""
    known = [contrast for contrast in contrasts if contrast.delta is not None]
    if len(known) < _FEWEST_FOR_FOREST:
        return None
    metric, shown = known[0].metric, known[:_MOST_DOT_ROWS]
    figure = EstimateFigure(
        title=f"All candidates on {cells.name(metric.metric)}",
        description="The difference of every candidate from the baseline with its interval.",
        x=Axis(label=f"{cells.name(metric.metric)}: candidate minus baseline", unit=metric.unit),
        rows=tuple(_delta_row(contrast, position) for position, contrast in enumerate(shown)),
        reference=0.0,
        reference_label="no difference",
        direction=metric.direction,
        level=known[0].level,
        notes=_cut_note(len(shown), len(known)),
    )
    caption = "Each interval is for one candidate alone; the verdicts allow for all candidates together."
    return block("candidates", figure, caption)


def _delta_row(contrast: Contrast, position: int) -> EstimateRow:
    interval = contrast.delta.interval if contrast.delta else None
    p = f", p {format_p(contrast.p_adjusted)}" if contrast.p_adjusted is not None else ""
    return EstimateRow(
        name=cells.name(contrast.candidate.group_name),
        value=contrast.delta.value if contrast.delta else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        remark=f"{contrast.verdict.value}{p}",
        color_index=position,
    )


def curve_figure(
    dossier: Dossier, curves: AlignedCurves, groups: Sequence[Group], metric: str, *, level: float
) -> FigureBlock | None:
    """Return the means of groups over steps, with the single runs behind while they can be told apart."""
    rows = {group.group_id: _rows(curves, group.comparable_run_ids) for group in groups}
    shown = [group for group in groups if rows[group.group_id].size][:_MOST_SERIES]
    series = tuple(_series(dossier, curves, group, rows[group.group_id], level) for group in shown)
    if not any(len(line.steps) > 1 for line in series):
        return None
    definition = dossier.definitions[metric]
    named = sum(rows[group.group_id].size for group in shown)
    figure = CurveFigure(
        title=f"{cells.name(metric)} over steps",
        description=f"Mean over runs of {listed([cells.name(group.name) for group in shown])}.",
        x=Axis(label="step"),
        y=metric_axis(definition),
        series=series,
        runs=tuple(line for group in shown for line in _lines(dossier, curves, group)) if named <= _MOST_LINES else (),
        level=level,
        notes=_cut_note(len(shown), sum(bool(part.size) for part in rows.values())),
    )
    return block("curves", figure, f"{words.direction(definition).capitalize()}.")


def run_curve(dossier: Dossier, curves: AlignedCurves, run_id: str, metric: str, number: int) -> FigureBlock | None:
    """Return one metric of one run over steps; None for fewer than two points."""
    row = _rows(curves, (run_id,))
    if not row.size:
        return None
    logged = curves.is_logged[int(row[0])]
    if logged.sum() < _LINE_POINTS:
        return None
    steps = np.asarray(curves.steps, dtype=np.float64)[logged]
    values = np.asarray(curves.values[row[0]])[logged]
    missing = np.full(len(steps), np.nan)
    name = cells.name(dossier.runs[run_id].run.name)
    line = CurveSeries.from_columns(
        name=name,
        steps=steps,
        mean=values,
        low=missing,
        high=missing,
        n=np.ones(len(steps), dtype=np.int64).tolist(),
        size=1,
        color_index=_color(dossier, run_id),
    )
    definition = dossier.definitions[metric]
    figure = CurveFigure(
        title=f"{cells.name(metric)} over steps",
        description=f"{cells.name(metric)} of the run {name}.",
        x=Axis(label="step"),
        y=metric_axis(definition),
        series=(line,),
    )
    return block(f"curve-{number}", figure, "")


def scatter_figure(dossier: Dossier, sweep: Sweep, param: str, number: int) -> FigureBlock:
    """Return a swept param against the metric, one point per run."""
    points = tuple(point for row in sweep.rows if (point := _point(dossier, row.run_id, row.value, param, row.rank)))
    positions = [point.x for point in points if isinstance(point.x, float)]
    figure = ScatterFigure(
        title=f"{cells.name(sweep.metric.metric)} by {cells.name(param)}",
        description=f"One point per run: {cells.name(param)} against {cells.name(sweep.metric.metric)}.",
        x=Axis(label=cells.name(param), scale=sensible_scale(positions)),
        y=metric_axis(sweep.metric),
        points=points,
        missing=len(sweep.rows) - len(points),
    )
    return block(f"scatter-{number}", figure, "")


def _dot_row(dossier: Dossier, sample: Sample) -> DotRow:
    interval = sample.mean.interval if sample.mean else None
    unseen = (("not finite", len(sample.non_finite)), ("without the metric", len(sample.missing)))
    return DotRow(
        name=cells.name(sample.group_name),
        values=sample.values,
        labels=tuple(_run_label(dossier, *pair) for pair in zip(sample.run_ids, sample.seeds, strict=True)),
        mean=sample.mean.value if sample.mean else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        left_out=(*words.left_out(sample.counts), *(f"{count} {why}" for why, count in unseen if count)),
        is_baseline=sample.group_id in dossier.analysis.baseline.group_ids,
        color_index=dossier.colors.get(sample.group_id),
    )


def _run_label(dossier: Dossier, run_id: str, seed: int | None) -> str:
    return f"seed {seed}" if seed is not None else cells.name(dossier.runs[run_id].run.name)


def _effect_row(contrast: Contrast) -> EstimateRow:
    effect = contrast.hedges_g
    interval = effect.interval if effect else None
    p = f", p {format_p(contrast.p_adjusted)}" if contrast.p_adjusted is not None else ""
    return EstimateRow(
        name=cells.name(contrast.metric.metric),
        value=effect.value if effect else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        remark=f"{contrast.verdict.value}{p}",
        color_index=0,
    )


def _series(dossier: Dossier, curves: AlignedCurves, group: Group, rows: NDArray[np.intp], level: float) -> CurveSeries:
    means = band(curves, rows, level=level)
    return CurveSeries.from_columns(
        name=cells.name(group.name),
        steps=means.steps,
        mean=means.mean,
        low=means.low,
        high=means.high,
        n=means.n.tolist(),
        size=len(group.comparable_run_ids),
        color_index=dossier.colors[group.group_id],
    )


def _lines(dossier: Dossier, curves: AlignedCurves, group: Group) -> Iterable[RunLine]:
    for row in _rows(curves, group.comparable_run_ids):
        logged = curves.is_logged[row]
        yield RunLine.from_columns(
            name=cells.name(dossier.runs[curves.run_ids[row]].run.name),
            steps=np.asarray(curves.steps, dtype=np.float64)[logged],
            values=np.asarray(curves.values[row])[logged],
            color_index=dossier.colors[group.group_id],
        )


def _rows(curves: AlignedCurves, run_ids: Iterable[str]) -> NDArray[np.intp]:
    wanted = set(run_ids)
    logged = np.flatnonzero(curves.is_logged.any(axis=1)).tolist()
    found = [row for row in logged if curves.run_ids[row] in wanted]
    return np.asarray(found, dtype=np.intp)


def _point(dossier: Dossier, run_id: str, value: float | None, param: str, rank: int | None) -> ScatterPoint | None:
    facts = dossier.runs.get(run_id)
    setting = facts.params.get(param) if facts else None
    if facts is None or setting is None or value is None:
        return None
    x = cells.name(setting.value) if setting.number is None else float(setting.number)
    return ScatterPoint(label=cells.name(facts.run.name), x=x, y=value, is_best=rank == 1)


def _color(dossier: Dossier, run_id: str) -> int:
    group = dossier.group_of.get(run_id)
    return dossier.colors[group.group_id] if group else 0


def _single_note(found: Sequence[Sample], several: Sequence[Sample], definition: MetricDefinition) -> tuple[str, ...]:
    single = [sample for sample in found if sample not in several]
    named = [
        f"{cells.name(sample.group_name)} (one run: {with_unit(format_value(sample.values[0]), definition.unit)})"
        for sample in single
    ]
    return (f"Not drawn: {listed(named, at_most=_NAMED_SINGLES)}.",) if named else ()


def _cut_note(shown: int, total: int) -> tuple[str, ...]:
    return () if shown == total else (f"The first {shown} of {total} groups are drawn; the tables hold all of them.",)


def _data(figure_id: str, figure: Figure) -> Table:
    raw = figure.table()
    rows, note = _thinned(figure, raw)
    known = [
        (label, values)
        for label, values in zip(raw.columns, zip(*rows, strict=True), strict=False)
        if any(value not in (None, "") for value in values)
    ]
    are_numbers = [_is_number_column(values) for _, values in known]
    columns = [_data_cells(values, is_number=flag) for (_, values), flag in zip(known, are_numbers, strict=True)]
    return Table(
        table_id=f"{figure_id}-data",
        caption=f"The numbers behind “{figure.title}”",
        columns=tuple(
            Column(key="data", label=label, is_number=flag) for (label, _), flag in zip(known, are_numbers, strict=True)
        ),
        rows=tuple(Row(cells=line) for line in zip(*columns, strict=True)),
        note=note,
    )


def _thinned(figure: Figure, raw: FigureTable) -> tuple[Sequence[tuple[object, ...]], str]:
    if not isinstance(figure, CurveFigure | ProfileFigure):
        return raw.rows, ""
    lengths = [len(line.steps if isinstance(line, CurveSeries) else line.scores) for line in figure.series]
    rows, start = [], 0
    for count in lengths:
        chosen = np.unique(np.linspace(0, count - 1, min(count, _TABLE_STEPS)).round().astype(int)).tolist()
        rows += [raw.rows[start + position] for position in chosen]
        start += count
    is_whole = len(rows) == len(raw.rows)
    points = "steps" if isinstance(figure, CurveFigure) else "scores"
    return rows, "" if is_whole else f"Up to {_TABLE_STEPS} {points} per line, first and last among them."


def _is_number_column(values: Iterable[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not any(isinstance(value, str) for value in known)


def _data_cells(values: Sequence[object], *, is_number: bool) -> tuple[Cell, ...]:
    if is_number:
        return cells.number_cells([float(value) if isinstance(value, int | float) else None for value in values])
    return tuple(_data_cell(value) for value in values)


def _data_cell(value: object) -> Cell:
    if isinstance(value, int | float):
        return cells.number_cell(float(value))
    return cells.text_cell(None if value is None else str(value))
