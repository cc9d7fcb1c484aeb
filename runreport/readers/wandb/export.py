"""What the website and the API of W&B give out: charts as CSV, histories as CSV and JSON, lists of runs as JSON.

A chart has a step column, and for each run ``<run> - <metric>`` with the least and greatest value of what was thinned
out, ``...__MIN`` and ``...__MAX``. A history has the columns of the client itself, ``_step``, ``_runtime`` and
``_timestamp``. A list of runs has their ids, settings and summaries, the latter with keys of the client.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import as_map, number
from runreport.formats.times import moment, parse_time
from runreport.model import keys
from runreport.model.entities import RunBatch
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of, tag_values
from runreport.readers.common.series import RunPoints
from runreport.readers.wandb.beside import FILES
from runreport.readers.wandb.export_files import CHART, HISTORY, RUNS, Export, chart_columns, kind_of_file, load
from runreport.readers.wandb.fold import OWN_KEYS, leaves
from runreport.readers.wandb.notes import Notes, listed

_TOOL = "wandb_export"
_SAMPLED_ROWS = 500  # what run.history() gives unless it is told otherwise
_LARGEST_STEP = 2**53
_STATES = {
    "finished": RunStatus.FINISHED,
    "failed": RunStatus.FAILED,
    "crashed": RunStatus.FAILED,
    "killed": RunStatus.KILLED,
    "running": RunStatus.RUNNING,
}
_REASONS = {CHART: "a chart that W&B exported", HISTORY: "a history that W&B exported", RUNS: "a list of W&B runs"}


class WandbExportReader:
    """Reads files that W&B's website and API give out."""

    name: ClassVar[str] = _TOOL
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "CSV of a chart: `<run> - <metric>` with `__MIN` and `__MAX`",
        "Histories of `run.history()`: CSV, JSON, JSON lines",
        "JSON lists of runs with id, config and summary",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the files whose first kilobytes have the columns or keys of an export."""
        kinds = {name: kind for name in location.files if name not in FILES and (kind := kind_of_file(location, name))}
        if not kinds:
            return None
        reason = "; ".join(f"{name}: {_REASONS[kinds[name]]}" for name in sorted(kinds)[:5])
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(kinds))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs of each file."""
        sources: list[Source] = []
        notices: list[Notice] = []
        for name in sorted(location.files if match.takes is None else match.takes):
            path = location.child(name)
            try:
                handles = _handles(load(location.inside(path), kind_of_file(location, name)))
            except (ReadError, OSError) as problem:
                message = problem.sentence if isinstance(problem, ReadError) else "It cannot be opened."
                notices.append(Notice(severity=Severity.ERROR, code="unreadable-log", location=path, message=message))
                continue
            sources += [source_of(location, _TOOL, path, [path], handle=handle) for handle in handles]
        return Scan(sources=tuple(sources), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        return read_each(self, location, sources, _read_run)


def _handles(export: Export) -> list[str]:
    if export.kind == CHART:
        return [f"#{run}" for run in dict.fromkeys(run for run, _, _ in chart_columns(export.names))]
    if export.kind == RUNS:
        return list(dict.fromkeys(_handle_of(run, place) for place, run in enumerate(export.rows)))
    return [""]


def _handle_of(run: Mapping[str, Any], place: int) -> str:
    return f"#{run.get('id') or run.get('name') or place}"


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    folder, _, name = source.path.rpartition("/")
    here = Location(root=location.root, label=location.label, relative=folder, folders=(), files=(name,))
    export = load(location.inside(source.path), kind_of_file(here, name))
    notes = Notes(source.path)
    read = {CHART: _read_chart, HISTORY: _read_history, RUNS: _read_listed}[export.kind]
    return read(export, source, points, notes)


def _read_chart(export: Export, source: Source, points: RunPoints, notes: Notes) -> RunFacts:
    """Add the columns of one run; the twins of a column only say whether its values were thinned out."""
    run = source.handle.removeprefix("#")
    counted = thinned = 0
    axis = export.names[0]
    columns = [(metric, column) for owner, metric, column in chart_columns(export.names) if owner == run]
    for place, row in enumerate(export.rows):
        step = _step(row.get(axis))
        counted += step is None
        for metric, column in columns:
            value = number(row.get(column))
            if value is not None:
                points.add(metric, place if step is None else step, value)
                least, greatest = number(row.get(f"{column}__MIN")), number(row.get(f"{column}__MAX"))
                thinned += least is not None and greatest is not None and least != greatest
    if thinned:
        notes.add("sampled-history", f"{thinned} points stand for several that the website put together.")
    if counted:
        notes.add("counted-steps", f"{counted} values of {axis!r} are no whole numbers; the rows were counted instead.")
    return RunFacts(name=run, notices=tuple(notes.found), is_numbered=True)


def _read_history(export: Export, source: Source, points: RunPoints, notes: Notes) -> RunFacts:
    del source
    steps: list[int] = []
    texts: dict[str, None] = {}
    for row in export.rows:
        said = _step(row.get("_step"))
        steps.append((steps[-1] + 1 if steps else 0) if said is None else said)
        time = moment(number(row.get("_timestamp")))
        for path, value in leaves(row):
            found = number(value) if path and path[0] not in OWN_KEYS and path[0] else None
            if found is not None:
                points.add(".".join(path), steps[-1], found, time)
            elif path and path[0] and isinstance(value, str | list) and value:
                texts[".".join(path)] = None
    if len(steps) == _SAMPLED_ROWS:
        message = f"The history has exactly {_SAMPLED_ROWS} rows, as many as W&B gives of a longer one unless asked."
        notes.add("sampled-history", message)
    elif len(steps) > 1 and steps[-1] - steps[0] >= len(steps):
        notes.info("sampled-history", "Steps are missing: the history may be a sample of a longer one.")
    if texts:
        notes.info("no-numbers", f"Values that are no numbers were left out of {listed(texts)}.")
    return RunFacts(notices=tuple(notes.found))


def _read_listed(export: Export, source: Source, points: RunPoints, notes: Notes) -> RunFacts:
    runs = {_handle_of(run, place): run for place, run in reversed(list(enumerate(export.rows)))}
    run = runs.get(source.handle)
    if run is None:
        raise ReadError(f"{source.handle.removeprefix('#')!r} is no longer in the file.")
    summary, settings = (as_map(run.get(name) or run.get(f"{name}_metrics")) for name in ("summary", "config"))
    step, time = _step(summary.get("_step")) or 0, moment(number(summary.get("_timestamp")))
    for path, value in leaves(summary):
        found = number(value) if path and path[0] not in OWN_KEYS else None
        if found is not None:
            points.add(".".join(path), step, found, time)
    notes.info("summary-only", "Only the last value of each metric is known: the file holds no histories.")
    tags = run.get("tags")
    state = run.get("state")
    return RunFacts(
        experiment=_text(run.get("project")) or None,
        name=_text(run.get("display_name") or run.get("name") or run.get("id")) or None,
        status=_STATES.get(state, RunStatus.UNKNOWN) if isinstance(state, str) else RunStatus.UNKNOWN,
        started=parse_time(run.get("created_at") or run.get("createdAt")),
        note=_text(run.get("notes")) or None,
        params=keys.flatten({name: value for name, value in settings.items() if name not in OWN_KEYS}),
        tags={
            **(tag_values(tags) if isinstance(tags, list) else {}),
            **{name: text for name in ("entity", "group", "job_type") if (text := _text(run.get(name)))},
        },
        notices=tuple(notes.found),
        is_numbered=True,
    )


def _step(value: object) -> int | None:
    found = number(value)
    if found is None or not abs(found) <= _LARGEST_STEP or found != int(found):
        return None
    return int(found)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
