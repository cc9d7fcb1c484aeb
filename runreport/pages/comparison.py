"""One candidate against the baseline."""

from runreport.compare.comparison import Comparison, Contrast
from runreport.compare.entities import Group
from runreport.diff.values import Diff, DiffCell, DiffRow
from runreport.names import slug
from runreport.pages import cells, words
from runreport.pages.contexts import ComparisonPage
from runreport.pages.dossier import Dossier
from runreport.pages.figures import dot_figure, forest_of_candidates, forest_of_metrics
from runreport.pages.lineage import lineage_of_groups
from runreport.pages.parts import Caution, Cell, Column, DiffSection, FigureBlock, Row, Table, Verdict
from runreport.pages.runs import run_table
from runreport.pages.samples import contrast_table
from runreport.pages.terms import banner
from runreport.pages.tests import tests_table
from runreport.stats.words import counted


def comparison_page(dossier: Dossier, comparison: Comparison, curves: FigureBlock | None) -> ComparisonPage:
    """Return the page of one comparison; ``curves`` shows the primary metric of both groups."""
    candidate, baseline, primary = comparison.candidate, comparison.baseline, comparison.primary
    title = f"{cells.name(candidate.name)} against {cells.name(baseline.name)}"
    both = (*candidate.run_ids, *baseline.run_ids)
    url = dossier.comparison_url(comparison)
    return ComparisonPage(
        frame=dossier.site.frame(url, title, dossier.breadcrumbs),
        title=title,
        candidate=_side(dossier, candidate),
        baseline=_side(dossier, baseline),
        verdict=_verdict(primary),
        why=primary.plan.why if primary else "",
        cautions=_cautions(comparison),
        tests=tests_table(primary) if primary else None,
        candidates=forest_of_candidates(_rivals(dossier, comparison)),
        primary=_only(dossier, primary),
        dots=dot_figure(dossier, (primary.baseline, primary.candidate), primary.metric) if primary else None,
        curves=curves,
        forest=forest_of_metrics(comparison) if len(comparison.contrasts) > 1 else None,
        contrasts=contrast_table(dossier, comparison.contrasts, "contrasts", by_metric=True),
        diffs=tuple(_diff(diff) for diff in comparison.diffs if diff.rows),
        runs=run_table(dossier, both, "runs", "Runs on both sides"),
        lineage=lineage_of_groups(dossier, (candidate, baseline), title, url),
    )


def _rivals(dossier: Dossier, comparison: Comparison) -> list[Contrast]:
    """Return the contrasts on the primary metric of every candidate that meets the same baseline."""
    same = (one for one in dossier.analysis.comparisons if one.baseline.group_id == comparison.baseline.group_id)
    return [one.primary for one in same if one.primary is not None]


def _side(dossier: Dossier, group: Group) -> Cell:
    return dossier.group_cell(group, note=words.runs_ledger(group.counts))


def _verdict(primary: Contrast | None) -> Verdict | None:
    if primary is None:
        return None
    return Verdict(
        word=primary.verdict.value,
        sentence=words.sentence(primary.reason),
        tone=cells.verdict_tone(primary.verdict),
    )


def _cautions(comparison: Comparison) -> tuple[Caution, ...]:
    own = comparison.primary.cautions if comparison.primary else ()
    return (
        *(banner(caution) for caution in own),
        *(Caution(kind=confound.kind, sentence=words.sentence(confound.sentence)) for confound in comparison.confounds),
    )


def _only(dossier: Dossier, primary: Contrast | None) -> Table | None:
    if primary is None:
        return None
    return contrast_table(dossier, (primary,), "primary", by_metric=True)


def _diff(diff: Diff) -> DiffSection:
    anchor = f"diff-{slug(diff.section)}"
    different, equal = diff.different, tuple(row for row in diff.rows if not row.is_different)
    return DiffSection(
        anchor=anchor,
        title=diff.section.capitalize(),
        summary=f"{len(different)} of {counted(len(diff.rows), 'item')} differ."
        if different
        else f"no difference in {counted(len(diff.rows), 'item')}.",
        different=_diff_table(diff, different, anchor, f"{diff.section.capitalize()} that differ"),
        equal=_diff_table(diff, equal, f"{anchor}-equal", f"{diff.section.capitalize()} that agree"),
    )


def _diff_table(diff: Diff, rows: tuple[DiffRow, ...], table_id: str, caption: str) -> Table | None:
    heads = (Column(key="key", label="Name"), *(Column(key="side", label=cells.name(side)) for side in diff.sides))
    lines = (Row(cells=(cells.code_cell(row.key), *(_diff_cell(cell) for cell in row.cells))) for row in rows)
    return cells.table(table_id, caption, heads, lines)


def _diff_cell(cell: DiffCell) -> Cell:
    """One value is shown as it is; several with the number of runs that have each."""
    if not cell.values:
        return cells.code_cell(None)
    missing = f"missing in {counted(cell.missing, 'run')}" if cell.missing else ""
    if len(cell.values) == 1:
        return cells.code_cell(cell.values[0][0], note=missing)
    text = "; ".join(f"{value} ({counted(runs, 'run')})" for value, runs in cell.values)
    return cells.code_cell(text, note=missing)
