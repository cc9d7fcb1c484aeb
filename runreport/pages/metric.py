"""One metric of an experiment: curves, dots, numbers."""

from runreport.compare.entities import MetricDefinition
from runreport.pages import cells, numbers, urls, words
from runreport.pages.contexts import MetricPage
from runreport.pages.dossier import Dossier
from runreport.pages.figures import dot_figure
from runreport.pages.parts import Column, FigureBlock, Row, Table
from runreport.pages.runs import run_values
from runreport.pages.samples import contrast_table, range_table, sample_table
from runreport.plots.spec import CurveFigure

_MOST_STEPS = 40
_MOST_VALUES = 1000


def metric_page(
    dossier: Dossier, definition: MetricDefinition, curves: FigureBlock | None, peaks: Table | None = None
) -> MetricPage:
    """Return the page of one metric; ``curves`` shows all groups, ``peaks`` where the mean of each is best."""
    title = cells.name(words.metric_label(definition))
    samples = [s for s in dossier.samples(definition.metric) if not dossier.is_sweep(dossier.groups[s.group_id])]
    contrasts = [
        contrast
        for comparison in dossier.analysis.comparisons
        if (contrast := dossier.contrast(definition.metric, comparison.candidate.group_id))
    ]
    url = urls.metric_url(dossier.experiment, definition.metric)
    return MetricPage(
        frame=dossier.site.frame(url, title, dossier.breadcrumbs),
        title=title,
        reading=words.metric_reading(definition),
        curves=curves,
        coverage=_coverage(curves),
        peaks=peaks,
        dots=dot_figure(dossier, samples, definition),
        samples=sample_table(dossier, definition, "samples") or range_table(dossier, "samples", definition),
        contrasts=contrast_table(dossier, contrasts, "contrasts", by_metric=False),
        values=_values(dossier, definition),
    )


def _coverage(curves: FigureBlock | None) -> Table | None:
    """Runs behind each mean; only the steps at which a count changes are listed."""
    if curves is None or not isinstance(curves.figure, CurveFigure):
        return None
    rows = []
    for line in curves.figure.series:
        changes = [at for at in range(len(line.n)) if at == 0 or line.n[at] != line.n[at - 1]]
        rows += [
            Row(
                cells=(
                    cells.text_cell(line.name),
                    cells.number_cell(line.steps[at], 0),
                    cells.count_cell(line.n[at], note=f"of {line.size}" if line.n[at] < line.size else ""),
                )
            )
            for at in changes[:_MOST_STEPS]
        ]
    heads = (
        Column(key="group", label="Group"),
        Column(key="step", label="From step", is_number=True),
        Column(key="n", label="n", detail="runs", is_number=True),
    )
    note = "One row wherever the number of runs behind the mean changes."
    return cells.table("coverage", "Runs behind the mean at each step", heads, rows, note=note)


def _values(dossier: Dossier, definition: MetricDefinition) -> Table | None:
    values = run_values(dossier, definition)
    shown = [facts for facts in dossier.frame.runs if facts.run.run_id in values][:_MOST_VALUES]
    places = numbers.places_for(values.values())
    heads = (
        *cells.columns("Run", "Group", "Status"),
        Column(key="seed", label="Seed", is_number=True),
        Column(key="value", label="Value", detail=definition.unit, is_number=True),
    )
    rows = (
        (
            dossier.run_cell(facts.run.run_id),
            dossier.group_cell(dossier.group_of[facts.run.run_id])
            if facts.run.run_id in dossier.group_of
            else cells.text_cell(None),
            cells.status_cell(facts.run.status, exclusion=facts.exclusion_reason if facts.is_excluded else ""),
            cells.text_cell(None if facts.run.seed is None else str(facts.run.seed)),
            cells.number_cell(values[facts.run.run_id], places),
        )
        for facts in shown
    )
    cut = "" if len(shown) == len(values) else f" The first {len(shown)} of {len(values)} runs."
    caption = "Value of every run, also of those that are in no mean"
    return cells.table("values", caption, heads, rows, note=cut.strip())
