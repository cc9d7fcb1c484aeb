"""Tables of groups in numbers: one metric over groups, and all metrics over groups."""

from collections.abc import Sequence
from dataclasses import replace

from runreport.compare.comparison import Contrast
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.words import format_level, format_p, half_width
from runreport.names import Verdict
from runreport.pages import cells, numbers, words
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Cell, Column, Row, Table, Tone
from runreport.stats.types import Estimate
from runreport.stats.words import counted, listed

_ENOUGH_FOR_GROUP = 2
_HUGE_EFFECT = 100


def sample_table(dossier: Dossier, definition: MetricDefinition, table_id: str) -> Table | None:
    """Return the groups on one metric: n, mean, sd, difference from the baseline with its interval, p, g, verdict."""
    samples = _shown(dossier, definition.metric)
    if not samples:
        return None
    contrasts = [dossier.contrast(definition.metric, sample.group_id) for sample in samples]
    heads = (
        Column(key="group", label="Group"),
        Column(key="n", label="n", detail="runs", is_number=True),
        Column(key="mean", label="Mean", detail=definition.unit, is_number=True),
        Column(key="sd", label="sd", is_number=True),
        *(_contrast_heads(contrasts) if any(contrasts) else ()),
    )
    rows = _sample_rows(dossier, samples, contrasts)
    caption, note = f"Groups on {cells.name(definition.metric)}", words.metric_reading(definition)
    return cells.table(table_id, caption, heads, rows, note=note)


def _contrast_heads(contrasts: Sequence[Contrast | None]) -> tuple[Column, ...]:
    level = next((contrast.level for contrast in contrasts if contrast), None)
    level_text = f"{format_level(level)} interval" if level else "Interval"
    return (
        Column(key="delta", label="Difference", detail="from the baseline", is_number=True),
        Column(key="interval", label=level_text, detail="of the difference", is_number=True),
        Column(key="p", label="p", detail=_adjustment(contrasts), is_number=True),
        Column(key="g", label="Hedges g", is_number=True),
        Column(key="verdict", label="Verdict"),
    )


def metric_table(dossier: Dossier, table_id: str) -> Table | None:
    """Return all metrics by group as mean and sd, with the verdict where a group was compared."""
    groups = [group for group in dossier.analysis.groups if _is_wide_enough(dossier, group)]
    definitions = dossier.analysis.metrics
    if not groups:
        return range_table(dossier, table_id)
    heads = tuple(
        Column(key="group", label=cells.name(group.name), detail=_role(dossier, group), is_number=True)
        for group in groups
    )
    return cells.table(
        table_id,
        "All metrics by group",
        (Column(key="metric", label="Metric"), *heads),
        (_metric_row(dossier, definition, groups) for definition in definitions),
        note="Mean over the runs of the group, with its standard deviation. ▲ ▼ mark a clear difference from the "
        "baseline: better or worse where the direction of the metric is known, else higher or lower.",
    )


def range_table(dossier: Dossier, table_id: str, *only: MetricDefinition) -> Table | None:
    """Return all or some metrics with the range of their values over runs, for experiments without groups of runs."""
    heads = cells.columns("Metric", "Runs", "Smallest", "Median", "Largest", numbers_from=1)
    rows = (_range_row(dossier, definition) for definition in only or dossier.analysis.metrics)
    return cells.table(table_id, "Values over runs", heads, rows, note="One value per run, comparable runs only.")


def description_table(dossier: Dossier, group: Group) -> Table | None:
    """Return every metric of one group in numbers."""
    heads = (
        *cells.columns("Metric", "n", "Mean", "sd", numbers_from=1),
        Column(key="interval", label="Interval of the mean", is_number=True),
        *cells.columns("Median", "Min", "Max", numbers_from=0),
    )
    found = (
        (definition, sample)
        for definition in dossier.analysis.metrics
        for sample in dossier.samples(definition.metric)
        if sample.group_id == group.group_id
    )
    rows = (_description_row(dossier, definition, sample) for definition, sample in found)
    return cells.table("metrics", "Every metric over the runs of the group", heads, rows)


def contrast_table(dossier: Dossier, contrasts: Sequence[Contrast], table_id: str, *, by_metric: bool) -> Table | None:
    """Return contrasts in full, named by their metric or by their candidate."""
    level = format_level(contrasts[0].level) if contrasts else ""
    heads = (
        Column(key="name", label="Metric" if by_metric else "Candidate"),
        Column(key="verdict", label="Verdict"),
        Column(key="baseline", label="Baseline", detail="mean ± sd", is_number=True),
        Column(key="candidate", label="Candidate", detail="mean ± sd", is_number=True),
        Column(key="delta", label="Difference", is_number=True),
        Column(key="interval", label=f"{level} interval", detail="of the difference", is_number=True),
        Column(key="percent", label="Change", detail="in %", is_number=True),
        Column(key="p", label="p", detail=_adjustment(contrasts), is_number=True),
        Column(key="g", label="Hedges g", is_number=True),
        Column(key="superiority", label="P(C > B)", is_number=True),
        Column(key="mde", label="Detectable", detail="in 4 of 5", is_number=True),
    )
    rows = (_contrast_row(dossier, contrast, by_metric=by_metric) for contrast in contrasts)
    return cells.table(
        table_id,
        "Candidate minus baseline",
        heads,
        rows,
        note=_contrast_note(contrasts),
    )


def _contrast_note(contrasts: Sequence[Contrast]) -> str:
    tests = list(dict.fromkeys(contrast.plan.test for contrast in contrasts if contrast.test))
    families = [contrast.family_size for contrast in contrasts if contrast.p_adjusted is not None]
    family = (
        f", adjusted by {contrasts[0].adjustment} over {counted(max(families), 'test')}"
        if max(families, default=0) > 1
        else ""
    )
    start = f"p: {listed(tests)}{family}. " if tests else ""
    return (
        f"{start}P(C > B): chance that a run of the candidate is above a run of the baseline. Detectable: the smallest "
        "difference these runs would find in four cases of five."
    )


def _shown(dossier: Dossier, metric: str) -> list[Sample]:
    samples = [sample for sample in dossier.samples(metric) if not dossier.is_sweep(dossier.groups[sample.group_id])]
    return [sample for sample in samples if sample.values or sample.counts.total]


def _is_wide_enough(dossier: Dossier, group: Group) -> bool:
    return len(group.comparable_run_ids) >= _ENOUGH_FOR_GROUP and not dossier.is_sweep(group)


def _adjustment(contrasts: Sequence[Contrast | None]) -> str:
    known = [contrast for contrast in contrasts if contrast and contrast.p_adjusted is not None and contrast.adjustment]
    family = max((contrast.family_size for contrast in known), default=0)
    return f"{known[0].adjustment} over {family}" if family > 1 else ""


def _role(dossier: Dossier, group: Group) -> str:
    return "baseline" if group.group_id in dossier.analysis.baseline.group_ids else ""


def _sample_rows(dossier: Dossier, samples: list[Sample], contrasts: Sequence[Contrast | None]) -> list[Row]:
    places = numbers.places_for_spread(
        [sample.description.sd for sample in samples], [sample.description.mean for sample in samples]
    )
    rows = []
    for sample, contrast in zip(samples, contrasts, strict=True):
        own = (
            dossier.group_cell(dossier.groups[sample.group_id]),
            cells.count_cell(sample.description.n, note=_left_out(sample)),
            cells.number_cell(sample.description.mean, places),
            cells.number_cell(sample.description.sd, places, tone=Tone.MUTED),
        )
        compared = _compared_cells(dossier, sample, contrast, places) if any(contrasts) else ()
        rows.append(Row(cells=(*own, *compared)))
    return rows


def _compared_cells(
    dossier: Dossier, sample: Sample, contrast: Contrast | None, places: int | None
) -> tuple[Cell, ...]:
    is_baseline = sample.group_id in dossier.analysis.baseline.group_ids
    numbers_of = _contrast_cells(contrast, places) if contrast else (cells.text_cell(None),) * 4
    return (*numbers_of, _verdict_cell(dossier, contrast, is_baseline=is_baseline))


def _left_out(sample: Sample) -> str:
    unseen = (
        *words.left_out(sample.counts),
        *((f"{len(sample.non_finite)} not finite",) if sample.non_finite else ()),
        *((f"{len(sample.missing)} missing",) if sample.missing else ()),
    )
    return ", ".join(unseen)


def _verdict_cell(dossier: Dossier, contrast: Contrast | None, *, is_baseline: bool) -> Cell:
    if is_baseline:
        return Cell(text="baseline", tone=Tone.MUTED)
    if contrast is None:
        return Cell(text="not compared", tone=Tone.MUTED)
    cell = cells.verdict_cell(contrast.verdict)
    comparison = next(
        (found for found in dossier.analysis.comparisons if found.candidate.group_id == contrast.candidate.group_id),
        None,
    )
    url = dossier.comparison_url(comparison) if comparison else ""
    return Cell(text=cell.text, tone=cell.tone, url=url)


def _contrast_cells(contrast: Contrast, places: int | None) -> tuple[Cell, Cell, Cell, Cell]:
    delta = contrast.delta
    return (
        cells.number_cell(delta.value if delta else None, places, sign=True),
        _interval_cell(delta, places, sign=True),
        p_cell(contrast),
        effect_cell(contrast),
    )


def _interval_cell(estimate: Estimate | None, places: int | None, *, sign: bool = False) -> Cell:
    interval = estimate.interval if estimate else None
    if interval is None:
        return cells.text_cell(None)
    return Cell(text=numbers.interval(interval.low, interval.high, places, sign=sign), sort=interval.low)


def _mean_interval_cell(sample: Sample, definition: MetricDefinition, places: int | None) -> Cell:
    """Return the interval of a mean; where it was cut at a bound of the metric that is said."""
    cell, interval = _interval_cell(sample.mean, places), sample.mean.interval if sample.mean else None
    cut = interval and (interval.low == definition.lower_bound or interval.high == definition.upper_bound)
    return replace(cell, note="cut at the bound of the metric") if cut else cell


def p_cell(contrast: Contrast) -> Cell:
    """Return the adjusted p, or a dash where no test was made."""
    if contrast.p_adjusted is None:
        return cells.text_cell(None)
    return Cell(text=format_p(contrast.p_adjusted).removeprefix("= "), sort=contrast.p_adjusted)


def effect_cell(contrast: Contrast) -> Cell:
    """Return Hedges g."""
    effect = contrast.hedges_g.value if contrast.hedges_g else None
    is_huge = effect is not None and abs(effect) >= _HUGE_EFFECT
    return cells.number_cell(effect, None if is_huge else 2, sign=True)


def _metric_row(dossier: Dossier, definition: MetricDefinition, groups: Sequence[Group]) -> Row:
    samples = {sample.group_id: sample for sample in dossier.samples(definition.metric)}
    known = [samples[group.group_id].description for group in groups if group.group_id in samples]
    places = numbers.places_for_spread([d.sd for d in known], [d.mean for d in known])
    mark = "primary" if definition.is_primary else ""
    head = dossier.metric_cell(definition, note=", ".join(filter(None, (mark, words.direction_brief(definition)))))
    return Row(
        cells=(head, *(_mean_cell(dossier, definition, samples.get(group.group_id), places) for group in groups))
    )


def _mean_cell(dossier: Dossier, definition: MetricDefinition, sample: Sample | None, places: int | None) -> Cell:
    if sample is None or sample.description.mean is None:
        return cells.text_cell(None)
    contrast = dossier.contrast(definition.metric, sample.group_id)
    spread = numbers.spread_text(sample.description.sd, places) if sample.description.sd is not None else ""
    mark, tone = _mark(contrast)
    text = f"{mark}{numbers.number(sample.description.mean, places)}"
    return Cell(text=text, note=spread, tone=tone, sort=sample.description.mean)


def _mark(contrast: Contrast | None) -> tuple[str, Tone]:
    clear = {Verdict.BETTER, Verdict.WORSE, Verdict.HIGHER, Verdict.LOWER}
    if contrast is None or contrast.delta is None or contrast.verdict not in clear:
        return "", Tone.PLAIN
    arrow = "▲" if contrast.delta.value > 0 else "▼"
    return f"{arrow} ", cells.verdict_tone(contrast.verdict)


def _range_row(dossier: Dossier, definition: MetricDefinition) -> Row:
    values = sorted(value for sample in dossier.samples(definition.metric) for value in sample.values)
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2 if values else None
    shown = (values[0], middle, values[-1]) if values else (None, None, None)
    note = "primary" if definition.is_primary else ""
    return Row(
        cells=(
            dossier.metric_cell(definition, note=note),
            cells.count_cell(len(values)),
            *cells.number_cells(shown),
        )
    )


def _description_row(dossier: Dossier, definition: MetricDefinition, sample: Sample) -> Row:
    about = sample.description
    places = numbers.places_for_spread([about.sd], [about.mean, about.min, about.max])
    return Row(
        cells=(
            dossier.metric_cell(definition),
            cells.count_cell(about.n, note=_left_out(sample)),
            cells.number_cell(about.mean, places),
            cells.number_cell(about.sd, places, tone=Tone.MUTED),
            _mean_interval_cell(sample, definition, places),
            *(cells.number_cell(value, places) for value in (about.median, about.min, about.max)),
        )
    )


def _contrast_row(dossier: Dossier, contrast: Contrast, *, by_metric: bool) -> Row:
    spreads = (contrast.baseline.description.sd, contrast.candidate.description.sd)
    width = half_width(contrast.delta.interval) if contrast.delta else None
    places = numbers.places_for_spread(
        [*spreads, width], [contrast.baseline.description.mean, contrast.candidate.description.mean]
    )
    name = (
        dossier.metric_cell(contrast.metric, note=words.direction_brief(contrast.metric))
        if by_metric
        else dossier.group_cell(dossier.groups[contrast.candidate.group_id])
    )
    delta, interval, p, effect = _contrast_cells(contrast, places)
    return Row(
        cells=(
            name,
            cells.verdict_cell(contrast.verdict),
            _sample_cell(contrast.baseline, places),
            _sample_cell(contrast.candidate, places),
            delta,
            interval,
            cells.number_cell(contrast.delta_percent, 1, sign=True),
            p,
            effect,
            cells.number_cell(contrast.prob_superiority, 2),
            cells.number_cell(contrast.mde, places, tone=Tone.MUTED),
        )
    )


def _sample_cell(sample: Sample, places: int | None) -> Cell:
    spread = numbers.spread_text(sample.description.sd, places) if sample.description.sd is not None else ""
    cell = cells.number_cell(sample.description.mean, places)
    return Cell(text=cell.text, tone=cell.tone, sort=cell.sort, note=spread)
