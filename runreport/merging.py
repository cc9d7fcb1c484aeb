"""What several logs say about one run, put together.

The facts of a run come from its first log, and what that does not say from the others in turn. A metric that several
logs hold is taken from the first of them, and a notice on the run says whether the others agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.joining import Joint
from runreport.model.entities import Param, Run, RunBatch, RunLog
from runreport.model.tables import POINTS, SAMPLES
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Joining, Source
from runreport.readers.common.arrow import arrow_names, arrow_texts, numpy_codes
from runreport.readers.common.naming import STEM_PARAM, name_by_path

_NAMED = 5
_FLOAT32_TOLERANCE = 1e-6


def merged(runs: Sequence[Joint], batches: Mapping[str, Sequence[RunBatch]]) -> RunBatch:
    """Return the runs put together from what each reader (by name) read of their logs."""
    logs: dict[tuple[str, str], RunLog] = {
        (name, log.run.run_id): log for name, read in batches.items() for batch in read for log in batch.logs
    }
    points = _Points({name: list(read) for name, read in batches.items()})
    whole = [run for run in runs if all((part.reader_name, part.source.run_id) in logs for part in run.parts)]
    tables = [table for run in whole for table in points.of(run)]
    samples = [table for run in whole for table in points.samples(run)]
    return RunBatch(
        logs=tuple(
            _merged_log(
                run,
                [logs[part.reader_name, part.source.run_id] for part in run.parts],
                points.shared.get(run.run_id, ()),
            )
            for run in whole
        ),
        points=pa.concat_tables(tables).unify_dictionaries() if tables else POINTS.empty_table(),
        samples=pa.concat_tables(samples) if samples else None,
        blobs={name: content for read in batches.values() for batch in read for name, content in batch.blobs.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """Metrics that a log holds as well; those of them that differ there, and those that go on there for longer."""

    reader_name: str
    metrics: tuple[str, ...]
    differing: tuple[str, ...]
    longer: tuple[str, ...]


class _Points:
    """The points of all logs by reader and run; ``shared`` says per run what was left out."""

    def __init__(self, batches: Mapping[str, list[RunBatch]]) -> None:
        self.shared: dict[str, list[_Shared]] = defaultdict(list)
        self._series: dict[tuple[str, str], dict[str, pa.Table]] = defaultdict(dict)
        self._samples: dict[tuple[str, str], list[pa.Table]] = defaultdict(list)
        for name, read in batches.items():
            for batch in read:
                self._split(name, batch)

    def _split(self, name: str, batch: RunBatch) -> None:
        table = batch.points.unify_dictionaries().combine_chunks()
        for run_id, metric, start, end in _series_bounds(table):
            self._series[name, run_id][metric] = table.slice(start, end - start)
        if batch.samples is not None:
            names = np.asarray(batch.samples.column("run_id").to_pylist(), dtype=np.str_)
            for run_id in np.unique(names).tolist():
                self._samples[name, run_id].append(batch.samples.filter(pa.array(names == run_id)))

    def of(self, run: Joint) -> Iterator[pa.Table]:
        """Yield the series of a run under its id, each metric from the first log that holds it."""
        taken: dict[str, pa.Table] = {}
        for part in run.parts:
            own = self._series.get((part.reader_name, part.source.run_id), {})
            shared = [metric for metric in own if metric in taken]
            differing = [metric for metric in shared if not _agree(own[metric], taken[metric])]
            longer = {metric: own[metric] for metric in differing if _goes_on(taken[metric], own[metric])}
            if shared:
                found = _Shared(
                    reader_name=part.reader_name,
                    metrics=tuple(shared),
                    differing=tuple(metric for metric in differing if metric not in longer),
                    longer=tuple(longer),
                )
                self.shared[run.run_id].append(found)
            taken |= {metric: series for metric, series in own.items() if metric not in taken} | longer
        for table in taken.values():
            ids = arrow_names(np.zeros(table.num_rows, dtype=np.int32), [run.run_id])
            yield table.set_column(0, POINTS.field("run_id"), ids)

    def samples(self, run: Joint) -> Iterator[pa.Table]:
        """Yield the samples of a run under its id, those of each metric from the first log that holds any."""
        taken: set[str] = set()
        for part in run.parts:
            tables = self._samples.get((part.reader_name, part.source.run_id), ())
            own: set[str] = set()
            for table in tables:
                metrics = [str(metric) for metric in table.column("metric").to_pylist()]
                own |= set(metrics)
                kept = table.filter(pa.array([metric not in taken for metric in metrics], pa.bool_()))
                ids = arrow_texts([run.run_id] * kept.num_rows)
                yield kept.set_column(0, SAMPLES.field("run_id"), ids)
            taken |= own


def _series_bounds(table: pa.Table) -> Iterator[tuple[str, str, int, int]]:
    """Yield run, metric and rows of each series; the rows of a series follow each other."""
    if not table.num_rows:
        return
    runs: Any = table.column("run_id").chunk(0)
    metrics: Any = table.column("metric").chunk(0)
    run_codes, metric_codes = numpy_codes(runs.indices), numpy_codes(metrics.indices)
    changes = np.flatnonzero((np.diff(run_codes) != 0) | (np.diff(metric_codes) != 0)) + 1
    starts = [0, *changes.tolist()]
    run_names, metric_names = runs.dictionary.to_pylist(), metrics.dictionary.to_pylist()
    for start, end in zip(starts, [*starts[1:], table.num_rows], strict=True):
        yield str(run_names[run_codes[start]]), str(metric_names[metric_codes[start]]), start, end


def _agree(first: pa.Table, second: pa.Table) -> bool:
    """Say whether two series hold the same values at the same steps, as far as float32 can tell."""
    return first.num_rows == second.num_rows and _begins_with(first, second)


def _goes_on(short: pa.Table, long: pa.Table) -> bool:
    """Say whether a series ends later than another: one log was cut, or is written less often than the other."""
    last_steps = [int(np.max(np.asarray(table.column("step").to_numpy()))) for table in (short, long)]
    return last_steps[1] > last_steps[0] or (long.num_rows > short.num_rows and _begins_with(long, short))


def _begins_with(series: pa.Table, start: pa.Table) -> bool:
    head = series.slice(0, start.num_rows)
    steps = [np.asarray(table.column("step").to_numpy()) for table in (head, start)]
    values = [np.asarray(table.column("value").to_numpy()) for table in (head, start)]
    if not np.array_equal(steps[0], steps[1]):
        return False
    return bool(np.isclose(values[0], values[1], rtol=_FLOAT32_TOLERANCE, atol=0, equal_nan=True).all())


def _merged_log(run: Joint, logs: Sequence[RunLog], shared: Iterable[_Shared]) -> RunLog:
    first = logs[0]
    if len(logs) == 1:
        return first
    notices = [notice for log in logs for notice in log.notices]
    params, conflicts = _params(logs, keeps_stem=run.shares_layer)
    merged_run = _run(run, logs)
    notices += [_joined_notice(run), *(_shared_notice(run, other) for other in shared)]
    notices += [*_conflict_notices(run, conflicts), *_layer_notices(run)]
    code = next((log.code for log in logs if log.code is not None), None)
    return RunLog(
        run=merged_run,
        params=_owned(params, run.run_id),
        tags=_owned(_firsts(logs, "tags", "tag"), run.run_id),
        artifacts=_owned(_firsts(logs, "artifacts", "path"), run.run_id),
        datasets=_owned(_firsts(logs, "datasets", "dataset", "role"), run.run_id),
        models=_owned(_firsts(logs, "models", "kind", "model", "version", "model_id"), run.run_id),
        environment=_owned(_firsts(logs, "environment", "kind", "item"), run.run_id),
        code=replace(code, run_id=run.run_id) if code else None,
        edges=_owned(_firsts(logs, "edges", "from_node", "to_node", "relation"), run.run_id),
        metric_infos=tuple(
            replace(info, run_id=run.run_id, experiment=merged_run.experiment)
            for info in _firsts(logs, "metric_infos", "metric")
        ),
        notices=tuple(replace(notice, run_id=run.run_id) for notice in notices),
    )


def _owned(entities: Iterable[Any], run_id: str) -> tuple[Any, ...]:
    return tuple(replace(entity, run_id=run_id) for entity in entities)


def _firsts(logs: Sequence[RunLog], table: str, *key: str) -> list[Any]:
    """Return the entities of all logs, of those with the same key the first."""
    found: dict[tuple[Any, ...], Any] = {}
    for log in logs:
        for entity in getattr(log, table):
            found.setdefault(tuple(getattr(entity, name) for name in key), entity)
    return list(found.values())


def _run(run: Joint, logs: Sequence[RunLog]) -> Run:
    """Return the run of the first log with what it does not say from the others."""
    first = logs[0].run
    filled: dict[str, Any] = {"fingerprint": run.fingerprint}
    for name in (field.name for field in fields(Run)):
        if getattr(first, name) is None:
            filled[name] = next((value for log in logs if (value := getattr(log.run, name)) is not None), None)
    filled |= _said_by_layer(run, logs)
    statuses = [log.run.status for log in logs if log.run.status is not RunStatus.UNKNOWN]
    return replace(first, **{"status": statuses[0] if statuses else RunStatus.UNKNOWN, **filled})


def _said_by_layer(run: Joint, logs: Sequence[RunLog]) -> dict[str, Any]:
    """Return what a layer calls a run that has no name but its place, and its seed when that is from its place too."""
    first, source = logs[0].run, run.parts[0].source
    pairs = zip(run.parts, logs, strict=True)
    found = next(((part.source.path, log.run) for part, log in pairs if part.source.joining.is_layer), None)
    place = _place(source)
    by_place = name_by_path(place, "")
    if found is None or source.joining.is_layer or first.name != (by_place.name or first.experiment):
        return {}
    folder, layer = found
    below = place[len(folder) :].strip("/")
    named = name_by_path(below, "")
    said: dict[str, Any] = {
        "name": f"{layer.name}/{below}" if run.shares_layer and below else layer.name,
        "experiment": layer.experiment,
    }
    if first.seed is None or first.seed == by_place.seed:
        said["seed"] = named.seed if named.seed is not None and run.shares_layer else layer.seed
    return said


def _place(source: Source) -> str:
    """Return what a run without a name is called by: its folder, or its file without the suffix."""
    return str(PurePosixPath(source.path).with_suffix("")) if source.path in source.files else source.path


def _params(logs: Sequence[RunLog], *, keeps_stem: bool) -> tuple[list[Param], list[str]]:
    """Return the params, of each name the first, and the names that have several values.

    The stem stands for params that are missing; runs below one layer need it to be told apart.
    """
    params: dict[str, Param] = {}
    conflicts: set[str] = set()
    for log in logs:
        for param in log.params:
            kept = params.setdefault(param.param, param)
            if kept.value != param.value and (kept.number is None or kept.number != param.number):
                conflicts.add(param.param)
    has_others = any(name != STEM_PARAM for name in params) and not keeps_stem
    return [param for name, param in params.items() if name != STEM_PARAM or not has_others], sorted(
        conflicts - {STEM_PARAM}
    )


def _joined_notice(run: Joint) -> Notice:
    places = [f"{part.reader_name} ({part.source.path or '.'})" for part in run.parts]
    message = f"Read from {len(places)} logs that belong together: {', '.join(places)}."
    return Notice(severity=Severity.INFO, code="joined-logs", location=run.path or ".", message=message)


def _shared_notice(run: Joint, shared: _Shared) -> Notice:
    differs = bool(shared.differing or shared.longer)
    count = f"{len(shared.metrics)} metric{'s' * (len(shared.metrics) > 1)}"
    says = [f"differs there and was left out: {_listed(shared.differing)}"] if shared.differing else []
    says += [f"goes on for longer there and was taken from there: {_listed(shared.longer)}"] if shared.longer else []
    told = "; ".join(says) or "agrees and was left out"
    return Notice(
        severity=Severity.WARNING if differs else Severity.INFO,
        code="differing-logs" if differs else "agreeing-logs",
        location=run.path or ".",
        message=f"The log of {shared.reader_name} holds {count} of the same name; it {told}.",
    )


def _conflict_notices(run: Joint, conflicts: Sequence[str]) -> list[Notice]:
    if not conflicts:
        return []
    message = f"The logs of this run differ in these params, of which the first was taken: {_listed(conflicts)}."
    return [Notice(severity=Severity.WARNING, code="conflicting-settings", location=run.path or ".", message=message)]


def _layer_notices(run: Joint) -> list[Notice]:
    layer = next((part.source for part in run.parts if part.source.joining is Joining.LAYER), None)
    if layer is None or layer.path or layer.joining is not Joining.LAYER or not run.shares_layer:
        return []
    message = "The settings beside the folder that was named were given to all runs below it, this one included."
    hint = "If they belong to one of them only, name its folder alone."
    return [
        Notice(severity=Severity.WARNING, code="shared-settings", location=run.path or ".", message=message, hint=hint)
    ]


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
