"""One run: what it was given, what came out, where it ran, what it left."""

from collections.abc import Iterable

from runreport.frames.values import MetricColumns, RunFacts
from runreport.model.entities import CodeVersion, Run
from runreport.model.kept import kept_digest
from runreport.names import natural_key
from runreport.pages import cells, numbers
from runreport.pages.contexts import RunPage
from runreport.pages.dossier import Dossier
from runreport.pages.lineage import lineage_of_run
from runreport.pages.notices import notice_table
from runreport.pages.own_errors import OWN_ERROR, own_error
from runreport.pages.parts import Cell, Column, Fact, FigureBlock, LoggedMedia, Row, Table, Tone

_DIGEST_LENGTH = 12
_METRIC_HEADS = (
    Column(key="metric", label="Metric"),
    Column(key="first", label="First", is_number=True),
    Column(key="last", label="Last", is_number=True),
    Column(key="min", label="Smallest", detail="at step", is_number=True),
    Column(key="max", label="Largest", detail="at step", is_number=True),
    Column(key="steps", label="Steps", detail="from – to", is_number=True),
    Column(key="count", label="Points", is_number=True),
    Column(key="not-finite", label="Not finite", is_number=True),
)


def run_page(
    dossier: Dossier, run_id: str, curves: tuple[FigureBlock, ...], media: LoggedMedia | None = None
) -> RunPage:
    """Return the page of one run; ``curves`` shows its main metrics, ``media`` what else its log holds."""
    facts = dossier.runs[run_id]
    run, url = facts.run, dossier.places[run_id]
    title = cells.name(run.name or run_id)
    return RunPage(
        frame=dossier.site.frame(url, title, dossier.breadcrumbs),
        title=title,
        summary=_summary(facts),
        tone=cells.status_tone(run.status),
        facts=_facts(dossier, facts),
        note=run.note or "",
        notices=notice_table(dossier, dossier.notices.get(run_id, ()), "notices", "Noticed about this run"),
        metrics=_metrics(dossier, run_id),
        curves=curves,
        params=_pairs("params", "Params", ((p.param, p.value, p.kind.value) for p in facts.params.values()), "Type"),
        tags=_pairs("tags", "Tags", ((tag.tag, tag.value) for tag in facts.tags.values())),
        datasets=_datasets(facts),
        models=_models(facts),
        code=_code(facts.code),
        environment=_pairs(
            "environment", "Environment", ((e.item, e.value, e.kind) for e in facts.environment.values()), "Kind"
        ),
        media=media,
        artifacts=_artifacts(facts),
        relatives=_relatives(dossier, run),
        lineage=lineage_of_run(dossier, run_id, title),
    )


def _summary(facts: RunFacts) -> str:
    run = facts.run
    status = f"This run is {run.status.value}" if run.status.value == "running" else f"Status: {run.status.value}"
    took = f" after {numbers.duration(run.duration_s)}" if run.duration_s is not None else ""
    excluded = f" It is excluded from every mean: {facts.exclusion_reason}." if facts.is_excluded else ""
    return f"{status}{took}.{excluded}"


def _facts(dossier: Dossier, facts: RunFacts) -> tuple[Fact, ...]:
    run = facts.run
    group = dossier.group_of.get(run.run_id)
    exclusion = facts.exclusion_reason if facts.is_excluded else ""
    found = (
        ("Experiment", cells.link_cell(run.experiment, dossier.url)),
        ("Group", dossier.group_cell(group) if group and not dossier.is_sweep(group) else None),
        ("Status", cells.status_cell(run.status, exclusion=exclusion)),
        ("Seed", _optional(None if run.seed is None else str(run.seed))),
        ("Started", _optional(numbers.moment(run.started) if run.started else None)),
        ("Ended", _optional(numbers.moment(run.ended) if run.ended else None)),
        ("Duration", _optional(numbers.duration(run.duration_s) if run.duration_s is not None else None)),
        ("User", _optional(run.user)),
        ("Host", _optional(run.host)),
        ("Log", cells.code_cell(run.path, note=" ".join(filter(None, ("read by", run.reader, run.reader_version))))),
        ("Id of the tool", cells.code_cell(run.source_id)),
        ("Id here", cells.code_cell(run.run_id)),
    )
    return tuple(Fact(label=label, cell=cell) for label, cell in found if cell is not None)


def _optional(text: str | None) -> Cell | None:
    return cells.text_cell(text) if text else None


def _metrics(dossier: Dossier, run_id: str) -> Table | None:
    position = dossier.positions[run_id]
    found = (
        (definition, columns)
        for definition in dossier.analysis.metrics
        if (columns := dossier.frame.metrics.get(definition.metric)) is not None and columns.count[position]
    )
    errors: list[str] = []
    rows: list[tuple[Cell, ...]] = []
    for definition, columns in found:
        error = own_error(dossier, definition, run_id, float(columns.last[position]))
        errors.append(error)
        rows.append((dossier.metric_cell(definition), *_metric_cells(columns, position, error)))
    note = OWN_ERROR if any(errors) else ""
    return cells.table("metrics", "Metrics of this run", _METRIC_HEADS, rows, note=note)


def _metric_cells(columns: MetricColumns, at: int, error: str) -> tuple[Cell, ...]:
    values = [float(column[at]) for column in (columns.first, columns.last, columns.min, columns.max)]
    places = numbers.places_for(values)
    first, last = (
        cells.number_cell(value, places, note=note) for value, note in zip(values[:2], ("", error), strict=True)
    )
    has_finite = columns.count[at] > columns.nan_count[at] + columns.inf_count[at]
    low, high = (
        cells.number_cell(value, places, note=f"at {numbers.number(int(step), 0)}")
        if has_finite
        else cells.text_cell(None)
        for value, step in ((values[2], columns.argmin_step[at]), (values[3], columns.argmax_step[at]))
    )
    steps = f"{numbers.number(int(columns.first_step[at]), 0)} – {numbers.number(int(columns.last_step[at]), 0)}"
    return (
        first,
        last,
        low,
        high,
        Cell(text=steps, sort=float(columns.last_step[at])),
        cells.count_cell(int(columns.count[at])),
        _not_finite(int(columns.nan_count[at]), int(columns.inf_count[at])),
    )


def _not_finite(nan_count: int, inf_count: int) -> Cell:
    parts = [f"{count} {what}" for count, what in ((nan_count, "NaN"), (inf_count, "infinite")) if count]
    if not parts:
        return cells.count_cell(0)
    return Cell(text=", ".join(parts), tone=Tone.CAUTION, sort=float(nan_count + inf_count))


def _pairs(table_id: str, caption: str, found: Iterable[tuple[str, ...]], *more: str) -> Table | None:
    ordered = sorted(found, key=lambda entry: natural_key(entry[0]))
    rows = (
        (cells.code_cell(key), cells.code_cell(value), *(cells.text_cell(text, tone=Tone.MUTED) for text in rest))
        for key, value, *rest in ordered
    )
    return cells.table(table_id, caption, cells.columns("Name", "Value", *more), rows)


def _datasets(facts: RunFacts) -> Table | None:
    heads = (*cells.columns("Dataset", "Role", "Digest", "Source"), Column(key="rows", label="Rows", is_number=True))
    rows = (
        (
            cells.text_cell(dataset.dataset),
            cells.text_cell(dataset.role),
            _digest(dataset.digest),
            cells.text_cell(dataset.source),
            cells.number_cell(dataset.rows, 0),
        )
        for dataset in facts.datasets
    )
    return cells.table("datasets", "Datasets it read", heads, rows)


def _models(facts: RunFacts) -> Table | None:
    heads = cells.columns("Model", "Version", "Kind", "Stage", "Aliases", "Status", "Id", "Source")
    rows = (
        (
            cells.code_cell(model.model),
            cells.text_cell(model.version),
            cells.text_cell(", ".join(filter(None, (model.kind.value, model.type)))),
            cells.text_cell(model.stage),
            cells.text_cell(model.aliases),
            cells.text_cell(model.status),
            _digest(model.model_id),
            cells.text_cell(model.source),
        )
        for model in facts.models
    )
    return cells.table("models", "Models that came out of it", heads, rows)


def _code(code: CodeVersion | None) -> tuple[Fact, ...]:
    if code is None:
        return ()
    dirty = None if code.dirty is None else ("uncommitted changes" if code.dirty else "clean")
    found = (
        ("Commit", code.commit),
        ("Branch", code.branch),
        ("Working tree", dirty),
        ("Digest of the changes", code.diff_digest),
        ("Repository", code.repo_url),
        ("Entry point", code.entry_point),
    )
    return tuple(Fact(label=label, cell=cells.code_cell(text)) for label, text in found if text)


def _artifacts(facts: RunFacts) -> Table | None:
    heads = (
        *cells.columns("Path", "Type"),
        Column(key="size", label="Size", is_number=True),
        *cells.columns("SHA-256", "Location"),
    )
    rows = (
        (
            cells.code_cell(artifact.path),
            cells.text_cell(artifact.media_type),
            Cell(text=numbers.size(artifact.size_bytes), sort=artifact.size_bytes),
            _digest(artifact.sha256),
            cells.text_cell(artifact.location),
        )
        for artifact in facts.artifacts
        if kept_digest(artifact) is None
    )
    note = "Files of the log are not part of this report and are never linked."
    return cells.table("artifacts", "Files it left", heads, rows, note=note)


def _digest(digest: str | None) -> Cell:
    if not digest:
        return cells.text_cell(None)
    short = digest[:_DIGEST_LENGTH]
    return Cell(text=short if short == digest else f"{short}…", full=digest if short != digest else "", is_code=True)


def _relatives(dossier: Dossier, run: Run) -> Table | None:
    parents = [("parent", run.parent_run)] if run.parent_run else []
    children = [("child", facts.run.run_id) for facts in dossier.frame.runs if facts.run.parent_run == run.run_id]
    rows = (
        Row(cells=(cells.text_cell(relation), dossier.run_cell(run_id), _status(dossier, run_id)))
        for relation, run_id in (*parents, *children)
    )
    return cells.table("relatives", "Parent and children", cells.columns("Relation", "Run", "Status"), rows)


def _status(dossier: Dossier, run_id: str) -> Cell:
    facts = dossier.runs.get(run_id)
    return cells.status_cell(facts.run.status) if facts else cells.text_cell("not in the store")
