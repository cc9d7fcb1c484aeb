"""All runs of a sweep: ranked, and each param against the metric."""

from runreport.compare.comparison import Sweep
from runreport.compare.words import format_level
from runreport.pages import cells, numbers, urls, words
from runreport.pages.contexts import SweepPage
from runreport.pages.dossier import Dossier
from runreport.pages.experiment import sweep_table, telling_params
from runreport.pages.figures import scatter_figure
from runreport.pages.parts import Caution, Cell, Column, Row, Table
from runreport.stats.association import SPEARMAN, Association, Associations
from runreport.stats.words import counted, listed

_MOST_SCATTERS = 12
_MOST_ROWS = 1_000


def sweep_page(dossier: Dossier, sweep: Sweep) -> SweepPage | None:
    """Return the page of an experiment's sweep; None when it has no run."""
    ranking = sweep_table(dossier, "ranking", at_most=_MOST_ROWS)
    if ranking is None:
        return None
    params = telling_params(dossier, sweep)
    title = cells.name(dossier.experiment)
    return SweepPage(
        frame=dossier.site.frame(urls.sweep_url(dossier.experiment), f"Sweep of {title}", dossier.breadcrumbs),
        title=title,
        reading=_reading(sweep, params),
        ranking=ranking,
        associations=_association_table(dossier.analysis.associations, sweep),
        cautions=_cautions(dossier.analysis.associations),
        scatters=tuple(
            scatter_figure(dossier, sweep, param, number)
            for number, param in enumerate(params[:_MOST_SCATTERS], start=1)
        ),
    )


def _association_table(found: Associations | None, sweep: Sweep) -> Table | None:
    if found is None:
        return None
    heads = (
        Column(key="param", label="Param"),
        Column(key="association", label="Association", is_number=True),
        Column(key="measure", label="Measure"),
        Column(key="interval", label=_level(found), is_number=True),
        Column(key="p", label="p", is_number=True),
        Column(key="p", label="p", detail=f"BH over {sum(row.test is not None for row in found.rows)}", is_number=True),
        Column(key="remark", label="Remark"),
    )
    ordered = sorted(found.rows, key=lambda row: -abs(row.effect.value) if row.effect else 1.0)
    note = (
        "An association in this sweep, not a cause: params that were changed together cannot be told apart. Spearman's rho "
        "runs from \N{MINUS SIGN}1 to 1; epsilon squared, for categories, from 0 to 1."
    )
    caption = f"How params go along with {cells.name(sweep.metric.metric)}"
    return cells.table("associations", caption, heads, (_association_row(row) for row in ordered), note=note)


def _level(found: Associations) -> str:
    interval = next((row.effect.interval for row in found.rows if row.effect and row.effect.interval), None)
    return f"{format_level(interval.level)} interval" if interval else "Interval"


def _association_row(row: Association) -> Row:
    effect = row.effect
    interval = effect.interval if effect else None
    is_rank = row.test is not None and row.test.test == SPEARMAN
    return Row(
        cells=(
            cells.text_cell(cells.name(row.parameter)),
            cells.number_cell(effect.value if effect else None, 2, sign=is_rank),
            cells.text_cell(("Spearman's rho" if is_rank else "epsilon squared") if row.test else None),
            Cell(text=numbers.interval(interval.low, interval.high, 2, sign=True))
            if interval
            else cells.text_cell(None),
            cells.p_cell(row.test.p if row.test else None),
            cells.p_cell(row.p_adjusted),
            cells.text_cell(row.refusal.words if row.refusal else ""),
        )
    )


def _cautions(found: Associations | None) -> tuple[Caution, ...]:
    return tuple(Caution(kind="", sentence=one.words) for one in found.cautions) if found else ()


def _reading(sweep: Sweep, params: tuple[str, ...]) -> str:
    named = listed([cells.name(param) for param in params], at_most=_MOST_SCATTERS)
    varied = f" over {named}" if named else ""
    return (
        f"{counted(len(sweep.rows), 'run')}{varied}, ranked by {cells.name(sweep.metric.metric)}. "
        f"{words.metric_reading(sweep.metric)} Each setting ran once, so no two settings are compared: "
        f"what one run shows may be noise of the seed.{_left_out(sweep)}"
    )


def _left_out(sweep: Sweep) -> str:
    hidden = len(sweep.rows) - _MOST_ROWS
    if hidden <= 0:
        return ""
    return f" The table shows the first {_MOST_ROWS:,}; {counted(hidden, 'more run')} can be found in the list of runs."
