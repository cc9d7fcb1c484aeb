"""The list of all runs, and tables of some runs."""

from collections.abc import Iterable, Sequence

from runreport.compare.entities import MetricDefinition
from runreport.compare.samples import reduce_runs
from runreport.frames.values import RunFacts
from runreport.names import content_hash
from runreport.pages import cells, numbers, urls
from runreport.pages.contexts import RunsPage
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Cell, Column, Link, Row, Table
from runreport.pages.surroundings import Surroundings
from runreport.stats.words import counted

ROWS_PER_PAGE = 1000
_METRICS = 4

Chunk = Sequence[tuple[Dossier, tuple[str, ...]]]
_PARAMS = 6


def runs_pages(site: Surroundings, dossiers: Sequence[Dossier]) -> tuple[RunsPage, ...]:
    """Return the list of all runs, split into parts of at most a thousand."""
    chunks = _chunks(dossiers)
    parts = tuple(
        Link(label=str(number), url=urls.runs_url(number)) for number in range(1, len(chunks) + 1) if len(chunks) > 1
    )
    return tuple(_runs_page(site, dossiers, chunk, number, parts) for number, chunk in enumerate(chunks, start=1))


def run_table(dossier: Dossier, run_ids: Iterable[str], table_id: str, caption: str) -> Table:
    """Return some runs of an experiment with what tells them apart and their main metrics."""
    runs = dossier.named_runs(run_ids)
    params = varying_params(dossier)
    metrics = dossier.by_importance[:_METRICS]
    heads = (
        *cells.columns("Run", "Group"),
        Column(key="seed", label="Seed", is_number=True),
        *cells.columns("Status", "Started"),
        Column(key="duration", label="Duration", is_number=True),
        *(Column(key="metric", label=cells.name(d.metric), detail=d.unit, is_number=True) for d in metrics),
        *(Column(key="param", label=cells.name(param)) for param in params),
    )
    values = [_metric_cells(dossier, definition, runs) for definition in metrics]
    rows = (
        Row(cells=(*_head(dossier, facts), *(column[position] for column in values), *_settings(facts, params)))
        for position, facts in enumerate(runs)
    )
    return Table(table_id=table_id, caption=caption, columns=heads, rows=tuple(rows))


def varying_params(dossier: Dossier) -> tuple[str, ...]:
    """Return the first few params that tell the groups of an experiment apart."""
    groups = [group.params for group in dossier.analysis.groups if not group.is_ungrouped]
    names = sorted({param for params in groups for param in params})
    varying = [param for param in names if len({params.get(param) for params in groups}) > 1]
    return tuple(varying[:_PARAMS])


def _chunks(dossiers: Sequence[Dossier]) -> list[list[tuple[Dossier, tuple[str, ...]]]]:
    """Whole experiments while they fit, longer ones in pieces."""
    chunks: list[list[tuple[Dossier, tuple[str, ...]]]] = [[]]
    room = ROWS_PER_PAGE
    for dossier in dossiers:
        rest = tuple(dossier.runs)
        while rest:
            if not room:
                chunks.append([])
                room = ROWS_PER_PAGE
            chunks[-1].append((dossier, rest[:room]))
            rest, room = rest[room:], room - len(rest[:room])
    return chunks


def _runs_page(
    site: Surroundings, dossiers: Sequence[Dossier], chunk: Chunk, number: int, parts: tuple[Link, ...]
) -> RunsPage:
    url = urls.runs_url(number)
    title = "Runs" if number == 1 else f"Runs, part {number}"
    shown = sum(len(run_ids) for _, run_ids in chunk)
    total = sum(len(dossier.runs) for dossier in dossiers)
    return RunsPage(
        frame=site.frame(url, title, (Link(label="Overview", url=urls.OVERVIEW),)),
        title=title,
        summary=_summary(dossiers, shown, total),
        tables=tuple(
            run_table(
                dossier,
                run_ids,
                f"runs-{content_hash(dossier.experiment)}",
                f"{cells.name(dossier.experiment)}: {counted(len(run_ids), 'run')}",
            )
            for dossier, run_ids in chunk
        ),
        parts=tuple(Link(label=part.label, url=part.url, is_current=part.url == url) for part in parts),
    )


def _summary(dossiers: Sequence[Dossier], shown: int, total: int) -> str:
    without = sum(not dossier.places[run_id] for dossier in dossiers for run_id in dossier.runs)
    rest = f" {counted(without, 'run')} without a page of their own: site.run_pages sets the limit." if without else ""
    return (f"All {counted(total, 'run')}." if shown == total else f"{shown} of {counted(total, 'run')}.") + rest


def _head(dossier: Dossier, facts: RunFacts) -> tuple[Cell, ...]:
    run = facts.run
    group = dossier.group_of.get(run.run_id)
    return (
        dossier.run_cell(run.run_id),
        dossier.group_cell(group) if group else cells.text_cell(None),
        Cell(text=numbers.MISSING if run.seed is None else str(run.seed), sort=run.seed),
        cells.status_cell(run.status, exclusion=facts.exclusion_reason if facts.is_excluded else ""),
        Cell(text=numbers.moment(run.started), sort=run.started.timestamp() if run.started else None),
        Cell(text=numbers.duration(run.duration_s), sort=run.duration_s),
    )


def _metric_cells(dossier: Dossier, definition: MetricDefinition, runs: Sequence[RunFacts]) -> tuple[Cell, ...]:
    values = run_values(dossier, definition)
    return cells.number_cells([values.get(facts.run.run_id) for facts in runs])


def run_values(dossier: Dossier, definition: MetricDefinition) -> dict[str, float]:
    """Return the value of a metric for every run that logged it, also those that are in no mean."""
    columns = dossier.frame.metrics.get(definition.metric)
    if columns is None:
        return {}
    values, is_logged = reduce_runs(columns, definition)
    found = zip(dossier.frame.runs, values, is_logged, strict=True)
    return {facts.run.run_id: value for facts, value, has_value in found if has_value}


def _settings(facts: RunFacts, params: Sequence[str]) -> tuple[Cell, ...]:
    found = (facts.params.get(param) for param in params)
    return tuple(cells.code_cell(setting.value if setting else None) for setting in found)
