"""The answer for one experiment: on the overview, and on a page of its own when there are several."""

from collections.abc import Iterable

from runreport.compare.comparison import Sweep
from runreport.compare.entities import MetricDefinition
from runreport.names import Direction, content_hash
from runreport.pages import cells, numbers, urls, words
from runreport.pages.contexts import ExperimentPage
from runreport.pages.dossier import Dossier
from runreport.pages.examples import examples_table
from runreport.pages.figures import dot_figure
from runreport.pages.own_errors import OWN_ERROR, own_error
from runreport.pages.parts import Caution, Cell, Column, ExperimentSection, FigureBlock, Link, Row, Table
from runreport.pages.samples import metric_table, sample_table
from runreport.pages.target import targets_table, times_to_train_table
from runreport.pages.tasks import summary_table, tasks_link
from runreport.stats.words import counted

_BEST_RUNS, _BEST_RUNS_BRIEF = 5, 3
_EXAMPLES, _EXAMPLES_BRIEF = 200, 5
_TOP_OF_SWEEP = 5
_TOP_PARAMS = 6


def experiment_page(dossier: Dossier) -> ExperimentPage:
    """Return the page of one experiment of several."""
    title = cells.name(dossier.experiment)
    overview = (Link(label="Overview", url=urls.OVERVIEW),)
    return ExperimentPage(
        frame=dossier.site.frame(dossier.url, title, overview), title=title, section=full_section(dossier)
    )


def full_section(dossier: Dossier) -> ExperimentSection:
    """Return everything there is to say about an experiment."""
    return _section(dossier, is_full=True)


def brief_section(dossier: Dossier) -> ExperimentSection:
    """Return the answer, its evidence and the best few runs; the rest is on the experiment's own page."""
    return _section(dossier, is_full=False)


def _section(dossier: Dossier, *, is_full: bool) -> ExperimentSection:
    analysis, primary = dossier.analysis, dossier.primary
    anchor = f"experiment-{content_hash(dossier.experiment)}"
    has_sweep = analysis.sweep is not None
    over_tasks = analysis.over_tasks
    shows_groups = is_full or over_tasks is None  # methods on many tasks are very many groups
    return ExperimentSection(
        anchor=anchor,
        name=cells.link_cell(dossier.experiment, "" if is_full else dossier.url),
        more=None if is_full else Link(label="All metrics, best runs and details", url=dossier.url),
        headline=analysis.headline,
        reading=_reading(dossier),
        cautions=_cautions(dossier),
        groups=sample_table(dossier, primary, f"{anchor}-groups") if primary and shows_groups else None,
        dots=_dots(dossier, primary, anchor) if shows_groups else None,
        tasks=summary_table(over_tasks, f"{anchor}-tasks") if over_tasks else None,
        tasks_link=tasks_link(dossier),
        targets=targets_table(dossier, f"{anchor}-targets"),
        times_to_train=times_to_train_table(dossier, f"{anchor}-times"),
        metrics=metric_table(dossier, f"{anchor}-metrics") if is_full else None,
        best_runs=_best_runs(dossier, primary, f"{anchor}-best", at_most=_BEST_RUNS if is_full else _BEST_RUNS_BRIEF),
        sweep=_sweep(dossier, f"{anchor}-sweep"),
        sweep_link=Link(label="The whole sweep", url=urls.sweep_url(dossier.experiment)) if has_sweep else None,
        examples=examples_table(dossier, f"{anchor}-examples", at_most=_EXAMPLES if is_full else _EXAMPLES_BRIEF),
        not_compared=_not_compared(dossier, f"{anchor}-not-compared") if is_full else None,
        ledger=words.sentence(words.runs_ledger(analysis.counts)),
    )


def _reading(dossier: Dossier) -> str:
    primary = dossier.primary
    metric = f"Primary metric: {cells.name(primary.metric)} ({words.reduction(primary)})." if primary else ""
    analysis = dossier.analysis
    rules = (analysis.primary_rule, analysis.baseline.rule, analysis.differ_at_all)
    return " ".join(filter(None, (metric, *(words.sentence(rule) for rule in rules))))


def _cautions(dossier: Dossier) -> tuple[Caution, ...]:
    return tuple(Caution(kind="", sentence=words.sentence(text)) for text in dossier.analysis.cautions)


def _dots(dossier: Dossier, primary: MetricDefinition | None, anchor: str) -> FigureBlock | None:
    if primary is None:
        return None
    samples = [s for s in dossier.samples(primary.metric) if not dossier.is_sweep(dossier.groups[s.group_id])]
    block = dot_figure(dossier, samples, primary)
    return block and renamed(block, f"{anchor}-dots")


def renamed(block: FigureBlock, figure_id: str) -> FigureBlock:
    """Return a figure under an id of its own, for pages that hold several of a kind."""
    data = block.data
    table = Table(
        table_id=f"{figure_id}-data", caption=data.caption, columns=data.columns, rows=data.rows, note=data.note
    )
    return FigureBlock(figure_id=figure_id, figure=block.figure, caption=block.caption, data=table)


def _best_runs(dossier: Dossier, primary: MetricDefinition | None, table_id: str, *, at_most: int) -> Table | None:
    if primary is None or primary.direction is Direction.UNKNOWN:
        return None
    found = [
        (value, run_id)
        for sample in dossier.samples(primary.metric)
        for run_id, value in zip(sample.run_ids, sample.values, strict=True)
    ]
    ranked = sorted(found, key=lambda pair: pair[0], reverse=primary.direction is Direction.UP)[:at_most]
    has_means = any(sample.description.n > 1 for sample in dossier.samples(primary.metric))
    spreads = [sample.description.sd for sample in dossier.samples(primary.metric)]
    places = numbers.places_for_spread(spreads, [value for value, _ in ranked])
    heads = (
        Column(key="run", label="Run"),
        Column(key="group", label="Group"),
        Column(key="seed", label="Seed", is_number=True),
        Column(key="value", label=cells.name(primary.metric), detail=primary.unit, is_number=True),
    )
    rows = (_best_row(dossier, run_id, value, places) for value, run_id in ranked)
    return cells.table(
        table_id,
        "Best single runs",
        heads,
        rows,
        note="The best of several runs is not what a method gives: compare the means above." if has_means else "",
    )


def _best_row(dossier: Dossier, run_id: str, value: float, places: int | None) -> Row:
    group, facts = dossier.group_of[run_id], dossier.runs[run_id]
    seed = facts.run.seed
    return Row(
        cells=(
            dossier.run_cell(run_id),
            dossier.group_cell(group),
            cells.text_cell(None if seed is None else str(seed)),
            cells.number_cell(value, places),
        )
    )


def _sweep(dossier: Dossier, table_id: str) -> Table | None:
    return sweep_table(dossier, table_id, at_most=_TOP_OF_SWEEP, most_params=_TOP_PARAMS)


def sweep_table(dossier: Dossier, table_id: str, *, at_most: int, most_params: int | None = None) -> Table | None:
    """Return the first runs of a sweep by rank, with the params that vary (at most ``most_params`` of them)."""
    sweep = dossier.analysis.sweep
    if sweep is None:
        return None
    rows = sweep.rows[:at_most]
    params = telling_params(dossier, sweep)[:most_params]
    heads = (
        Column(key="rank", label="Rank", is_number=True),
        Column(key="run", label="Run"),
        Column(key="value", label=cells.name(sweep.metric.metric), detail=sweep.metric.unit, is_number=True),
        *(Column(key="param", label=cells.name(param)) for param in params),
    )
    places = numbers.places_for(row.value for row in rows)
    errors = {row.run_id: own_error(dossier, sweep.metric, row.run_id, row.value) for row in rows}
    reading = "One run per setting: a rank says which run came out best, not that its setting is better."
    whole = len(sweep.rows)
    caption = f"Runs of the sweep by {cells.name(sweep.metric.metric)}"
    return cells.table(
        table_id,
        caption if len(rows) == whole else f"{caption}: the first {len(rows):,} of {whole:,}",
        heads,
        (
            Row(
                cells=(
                    cells.number_cell(row.rank, 0),
                    dossier.run_cell(row.run_id),
                    cells.number_cell(row.value, places, note=errors[row.run_id]),
                    *_param_cells(dossier, row.run_id, params),
                )
            )
            for row in rows
        ),
        note=f"{reading} {OWN_ERROR}" if any(errors.values()) else reading,
    )


def telling_params(dossier: Dossier, sweep: Sweep) -> tuple[str, ...]:
    """Return the params that were really varied: runs that have them differ, those with most values first."""
    distinct = {param: _distinct_values(dossier, sweep, param) for param in sweep.params}
    varied = [param for param in sweep.params if distinct[param] > 1]
    return tuple(sorted(varied, key=lambda param: -distinct[param]))


def _distinct_values(dossier: Dossier, sweep: Sweep, param: str) -> int:
    found = (dossier.runs[row.run_id].params.get(param) for row in sweep.rows if row.run_id in dossier.runs)
    return len({setting.value for setting in found if setting})


def _param_cells(dossier: Dossier, run_id: str, params: Iterable[str]) -> tuple[Cell, ...]:
    settings = dossier.runs[run_id].params
    found = [settings.get(param) for param in params]
    return tuple(cells.code_cell(setting.value if setting else None) for setting in found)


def _not_compared(dossier: Dossier, table_id: str) -> Table | None:
    outside = [entry for entry in dossier.analysis.not_compared if not dossier.is_sweep(dossier.groups[entry.group_id])]
    rows = (
        Row(cells=(dossier.group_cell(dossier.groups[entry.group_id]), cells.text_cell(entry.reason)))
        for entry in outside
    )
    return cells.table(
        table_id,
        f"Not compared: {counted(len(outside), 'group')}",
        cells.columns("Group", "Why"),
        rows,
    )
