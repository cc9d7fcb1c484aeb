"""One group: its setting, its runs, its numbers."""

from runreport.compare.comparison import Comparison
from runreport.compare.entities import Group
from runreport.pages import cells, numbers, words
from runreport.pages.contexts import GroupPage
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Caution, Column, Fact, FigureBlock, Row, Table
from runreport.pages.runs import run_table
from runreport.pages.samples import description_table, effect_cell, p_cell
from runreport.pages.terms import banner
from runreport.stats.words import counted, listed

_MOST_SEEDS = 10


def group_page(dossier: Dossier, group: Group, curves: FigureBlock | None) -> GroupPage:
    """Return the page of one group; ``curves`` shows its runs on the primary metric."""
    title = cells.name(group.name)
    return GroupPage(
        frame=dossier.site.frame(dossier.group_url(group), title, dossier.breadcrumbs),
        title=title,
        summary=_summary(group),
        role=_role(dossier, group),
        cautions=_cautions(dossier, group),
        facts=tuple(Fact(label=cells.name(param), cell=cells.code_cell(text)) for param, text in _params(group)),
        comparisons=_comparisons(dossier, group),
        metrics=description_table(dossier, group),
        curves=curves,
        runs=run_table(dossier, group.run_ids, "runs", "Runs of the group"),
    )


def _params(group: Group) -> list[tuple[str, str]]:
    return sorted(group.params.items())


def _summary(group: Group) -> str:
    seeds = [str(seed) for seed in group.seeds]
    known = f" Seeds {listed(seeds, at_most=_MOST_SEEDS)}." if seeds else " No seed is known."
    return words.sentence(words.runs_ledger(group.counts)) + known


def _role(dossier: Dossier, group: Group) -> str:
    if group.group_id in dossier.analysis.baseline.group_ids:
        return words.sentence(f"This is the baseline. {dossier.analysis.baseline.rule}")
    why = next((entry.reason for entry in dossier.analysis.not_compared if entry.group_id == group.group_id), "")
    return words.sentence(f"Not compared: {why}") if why else ""


def _cautions(dossier: Dossier, group: Group) -> tuple[Caution, ...]:
    own = [
        comparison.primary.cautions
        for comparison in dossier.analysis.comparisons
        if comparison.primary and comparison.candidate.group_id == group.group_id
    ]
    return tuple(banner(caution) for cautions in own for caution in cautions)


def _comparisons(dossier: Dossier, group: Group) -> Table | None:
    joined = [
        comparison
        for comparison in dossier.analysis.comparisons
        if group.group_id in (comparison.candidate.group_id, comparison.baseline.group_id)
    ]
    primary = dossier.primary
    on = f" on {cells.name(primary.metric)}" if primary else ""
    heads = (
        *cells.columns("Candidate", "Baseline"),
        Column(key="delta", label="Difference", is_number=True),
        Column(key="p", label="p", is_number=True),
        Column(key="g", label="Hedges g", is_number=True),
        *cells.columns("Verdict"),
    )
    return cells.table(
        "comparisons",
        f"{counted(len(joined), 'comparison')} with this group{on}",
        heads,
        (_comparison_row(dossier, comparison) for comparison in joined),
    )


def _comparison_row(dossier: Dossier, comparison: Comparison) -> Row:
    url, primary = dossier.comparison_url(comparison), comparison.primary
    sides = (cells.link_cell(comparison.candidate.name, url), cells.text_cell(cells.name(comparison.baseline.name)))
    if primary is None:
        return Row(cells=(*sides, *(cells.text_cell(None),) * 4))
    spread = primary.baseline.description.sd
    delta = primary.delta.value if primary.delta else None
    return Row(
        cells=(
            *sides,
            cells.number_cell(delta, numbers.places_for_spread([spread], [delta]), sign=True),
            p_cell(primary),
            effect_cell(primary),
            cells.verdict_cell(primary.verdict),
        )
    )
