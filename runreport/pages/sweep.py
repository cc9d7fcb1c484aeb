"""All runs of a sweep: ranked, and each param against the metric."""

from runreport.compare.comparison import Sweep
from runreport.compare.words import counted, listed
from runreport.pages import cells, urls, words
from runreport.pages.contexts import SweepPage
from runreport.pages.dossier import Dossier
from runreport.pages.experiment import sweep_table, telling_params
from runreport.pages.figures import scatter_figure

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
        scatters=tuple(
            scatter_figure(dossier, sweep, param, number)
            for number, param in enumerate(params[:_MOST_SCATTERS], start=1)
        ),
    )


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
