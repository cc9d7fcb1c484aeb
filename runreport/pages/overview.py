"""The first page: the answer, the evidence, what to be careful about."""

from collections.abc import Sequence

from runreport.compare.comparison import Analysis
from runreport.compare.entities import RunCounts
from runreport.config.options import Settings
from runreport.pages import cells, urls
from runreport.pages.contexts import OverviewPage
from runreport.pages.dossier import Dossier
from runreport.pages.experiment import brief_section, full_section
from runreport.pages.parts import Cell, Column, Link, Row, Table
from runreport.pages.surroundings import Surroundings
from runreport.stats.words import counted, listed

_MOST_NAMES = 6
_FATES = (
    ("Finished", "finished"),
    ("Failed", "failed"),
    ("Killed", "killed"),
    ("Running", "running"),
    ("Unknown", "unknown"),
    ("Excluded", "excluded"),
)


def overview_page(
    site: Surroundings, analysis: Analysis, dossiers: Sequence[Dossier], settings: Settings
) -> OverviewPage:
    """Return the first page; a single experiment is told there in full."""
    section = full_section if len(dossiers) == 1 else brief_section
    sections = tuple(section(dossier) for dossier in dossiers)
    return OverviewPage(
        frame=site.frame(urls.OVERVIEW, settings.site.title),
        title=settings.site.title,
        description=settings.site.description,
        summary=_summary(analysis),
        contents=tuple(Link(label=part.name.text, url=f"#{part.anchor}") for part in sections)
        if len(sections) > 1
        else (),
        experiments=sections,
        ledger=_ledger(dossiers, analysis.counts),
        notices=_notices(analysis),
    )


def _summary(analysis: Analysis) -> str:
    parts = analysis.experiments
    names = listed([cells.name(part.experiment) for part in parts], at_most=_MOST_NAMES)
    noun = "experiment" if len(parts) == 1 else "experiments"
    comparisons = sum(len(part.comparisons) for part in parts)
    swept = sum(len(part.sweep.rows) for part in parts if part.sweep)
    found = (
        counted(comparisons, "comparison") if comparisons else "nothing to compare",
        *((f"a sweep of {counted(swept, 'run')}",) if swept else ()),
    )
    return f"{counted(analysis.counts.total, 'run')} of the {noun} {names}: {listed(found)}."


def _ledger(dossiers: Sequence[Dossier], total: RunCounts) -> Table:
    heads = (
        Column(key="experiment", label="Experiment"),
        Column(key="total", label="Runs", is_number=True),
        *(Column(key=key, label=label, is_number=True) for label, key in _FATES),
    )
    rows = [_ledger_row(cells.link_cell(part.experiment, part.url), part.analysis.counts) for part in dossiers]
    if len(dossiers) > 1:
        rows.append(_ledger_row(Cell(text="All"), total))
    return Table(
        table_id="ledger",
        caption="Every run that was read",
        columns=heads,
        rows=tuple(rows),
        note="Failed, killed, running and excluded runs are in no mean; runs of unknown status are.",
    )


def _ledger_row(name: Cell, counts: RunCounts) -> Row:
    fates = (cells.count_cell(getattr(counts, key)) for _, key in _FATES)
    return Row(cells=(name, cells.count_cell(counts.total), *fates))


def _notices(analysis: Analysis) -> Link | None:
    found = len(analysis.notices)
    return Link(label=counted(found, "notice"), url=urls.NOTICES) if found else None
