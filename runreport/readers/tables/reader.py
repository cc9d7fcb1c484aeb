"""CSV, TSV, JSON lines and Parquet: tables of metrics by whatever logger, wide or long, one run each or many."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import PurePosixPath
from typing import ClassVar

import numpy as np

from runreport.errors import ReadError
from runreport.model import keys
from runreport.model.entities import RunBatch, RunLog
from runreport.names import Severity, content_hash, natural_key
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.tables import files as table_files
from runreport.readers.tables.axes import NO_TIME
from runreport.readers.tables.columns import Issue
from runreport.readers.tables.log import Origin, run_log
from runreport.readers.tables.points import Points, points_table, table_points
from runreport.readers.tables.roles import roles
from runreport.readers.tables.run_keys import RunFacts, run_facts, run_keys
from runreport.readers.tables.sidecar import Described, describe, read_settings
from runreport.readers.tables.units import Unit, judged, sidecar_names, table_names, units

_BATCH_POINTS = 500_000
_BATCH_RUNS = 500
_NAMED_IN_REASON = 5
_KEY_MARK = "#"  # a handle that starts with it names one run of a file that holds many
_NO_ROWS = Issue(code="no-rows", message="The table has a header and no rows, so no run was found in it.")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One table as read for some of its runs; ``run_ids`` gives the position of each in the other fields."""

    points: Points
    run_ids: Mapping[str, int]
    facts: tuple[RunFacts, ...]
    first_times: tuple[datetime | None, ...]
    settings: Mapping[str, object]
    notices: tuple[Notice, ...]


class TabularReader:
    """Reads tables of metrics; says of every other table why it is none (see ``readers --explain``)."""

    name: ClassVar[str] = "tabular"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "CSV and TSV, wide: a step column and one column per metric",
        "CSV and TSV, long: step, metric and value columns",
        "JSON lines (.jsonl, .ndjson, .json), nested objects included",
        "Parquet, wide or long",
        "One file per run, one folder per run with params.json or config.json, or many runs in a file by run or seed",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the tables of a folder whose first kilobytes look like a run log, with the settings beside them."""
        judgements = {name: judged(location, name) for name in table_names(location.files)}
        accepted = {name: sure for name, judgement in judgements.items() if (sure := judgement.certainty)}
        if not judgements:
            return None
        takes = {file for name in accepted for file in (name, *sidecar_names(location, name))}
        ordered = sorted(judgements, key=lambda name: (name not in accepted, name))
        told = [f"{name}: {judgements[name].reason}" for name in ordered[:_NAMED_IN_REASON]]
        more = len(ordered) - len(told)
        return Match(
            certainty=max(accepted.values(), default=Certainty.POSSIBLE),
            reason="; ".join(told) + (f"; and {more} more" if more else ""),
            takes=frozenset(takes),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs by names and file stamps; only files that hold many runs are read for their run column."""
        names = frozenset(location.files) if match.takes is None else match.takes
        sources: list[Source] = []
        notices: list[Notice] = []
        for unit in units(location, names):
            try:
                found = _sources(location, unit)
            except (ReadError, OSError) as error:  # it may be gone since the match
                notices.append(_unreadable(unit.path, error))
                continue
            sources += found
            notices += [] if found else [_NO_ROWS.notice(unit.path)]
        return Scan(sources=tuple(sources), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read the given runs, each file once, in batches of about half a million points."""
        logs: list[RunLog] = []
        readings: list[_Reading] = []
        point_count = 0
        for _, group in groupby(sources, key=lambda source: (source.files, source.handle[:1])):
            unit_logs, unit_readings = _read_unit(location, list(group))
            logs += unit_logs
            readings += unit_readings
            point_count += sum(len(reading.points.value) for reading in unit_readings)
            if len(logs) >= _BATCH_RUNS or point_count >= _BATCH_POINTS:
                yield _batch(logs, readings)
                logs, readings, point_count = [], [], 0
        if logs:
            yield _batch(logs, readings)


def _batch(logs: Sequence[RunLog], readings: Sequence[_Reading]) -> RunBatch:
    points = points_table([reading.points for reading in readings], [tuple(reading.run_ids) for reading in readings])
    return RunBatch(logs=tuple(logs), points=points)


def _sources(location: Location, unit: Unit) -> list[Source]:
    stats = [os.stat(f"{location.root}/{file}") for file in unit.files]  # noqa: PTH116 - counts for thousands of runs
    stamps = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in zip(unit.files, stats, strict=True)]
    handles = _handles(location, unit) if unit.has_many_runs else [""]
    return [
        Source(
            run_id=keys.run_id(TabularReader.name, _source_id(location, unit.path, handle)),
            path=unit.path,
            fingerprint=content_hash(*stamps, length=16),
            files=unit.files,
            handle=handle,
            size_bytes=sum(stat.st_size for stat in stats) // max(len(handles), 1),
            joining=Joining.ALONE if unit.path in unit.files else Joining.FOLDER,
        )
        for handle in handles
    ]


def _handles(location: Location, unit: Unit) -> list[str]:
    table = table_files.parse(location.inside(unit.tables[0])).table
    found = run_keys(table, roles(table.column_names)).keys
    return [f"{_KEY_MARK}{key}" for key in sorted(found, key=natural_key)]


def _source_id(location: Location, path: str, handle: str) -> str:
    return f"{location.label}/{path}{handle}"


def _read_unit(location: Location, sources: Sequence[Source]) -> tuple[list[RunLog], list[_Reading]]:
    first = sources[0]
    try:
        tables, sidecars = _split_files(first)
        settings, remarks = read_settings(map(location.inside, sidecars))
        readings = _read_tables(location, tables, sources)
    except (ReadError, OSError) as error:
        return [_failed_log(location, source, error) for source in sources], []
    folder = str(PurePosixPath(first.files[0]).parent)
    notices = [issue.notice(name if folder == "." else f"{folder}/{name}") for name, issue in remarks]
    notices += [notice for reading in readings for notice in reading.notices]
    # What is to be said about a file with many runs is said once, and of no run in particular.
    told = [replace(notice, run_id="" if first.handle else first.run_id) for notice in notices]
    logs = [_log(location, source, settings, readings, told if source is first else []) for source in sources]
    return logs, readings


def _split_files(source: Source) -> tuple[list[str], list[str]]:
    names = table_names(PurePosixPath(file).name for file in source.files)
    tables = [file for file in source.files if PurePosixPath(file).name in names]
    return tables, [file for file in source.files if file not in tables]


def _read_tables(location: Location, tables: Sequence[str], sources: Sequence[Source]) -> list[_Reading]:
    readings: list[_Reading] = []
    seen: set[str] = set()
    for file in tables:
        reading = _read_table(location, file, sources)
        repeated = seen & set(reading.points.metric_names)
        if repeated:
            reading = _without(reading, frozenset(repeated), file)
        seen |= set(reading.points.metric_names)
        readings.append(reading)
    return readings


def _without(reading: _Reading, repeated: frozenset[str], file: str) -> _Reading:
    message = f"Left out, because another file of the run holds them too: {', '.join(sorted(repeated))}."
    notice = Issue(code="repeated-metrics", message=message, severity=Severity.INFO).notice(file)
    points = reading.points.without_metrics(repeated)
    return replace(reading, points=points, notices=(*reading.notices, notice))


def _read_table(location: Location, file: str, sources: Sequence[Source]) -> _Reading:
    parsed = table_files.parse(location.inside(file))
    found = roles(parsed.table.column_names)
    if not sources[0].handle:
        found = found.of_one_run()
    runs = run_keys(parsed.table, found)
    points, point_issues = table_points(parsed.table, found, runs)
    facts, fact_issues = run_facts(parsed.table, found, runs)
    ids = dict.fromkeys(runs.keys, "") | {_key(source): source.run_id for source in sources}
    wanted = [position for position, key in enumerate(runs.keys) if ids[key]]
    own_points = points.of_runs(np.array(wanted, dtype=np.int32))
    return _Reading(
        points=own_points,
        run_ids={ids[runs.keys[position]]: index for index, position in enumerate(wanted)},
        facts=tuple(facts[position] for position in wanted),
        first_times=_first_times(own_points, len(wanted)),
        settings=parsed.settings,
        notices=tuple(issue.notice(file) for issue in (*parsed.issues, *point_issues, *fact_issues)),
    )


def _log(
    location: Location,
    source: Source,
    sidecar: Mapping[str, object],
    readings: Sequence[_Reading],
    notices: Sequence[Notice],
) -> RunLog:
    own = [(reading, reading.run_ids[source.run_id]) for reading in readings if source.run_id in reading.run_ids]
    settings: dict[str, object] = {}
    for reading in readings:
        settings = {**reading.settings, **settings}
    found = list(notices)
    if not own:
        issue = Issue(code="run-gone", message=f"{_key(source)!r} is no longer in the file.", severity=Severity.ERROR)
        found.append(issue.notice(source.path, source.run_id))
    return run_log(
        location,
        source,
        _origin(source),
        facts=own[0][0].facts[own[0][1]] if own else None,
        described=describe({**settings, **sidecar}),
        first_time=min((time for reading, position in own if (time := reading.first_times[position])), default=None),
        notices=found,
    )


def _failed_log(location: Location, source: Source, error: ReadError | OSError) -> RunLog:
    notice = replace(_unreadable(source.path, error), run_id=source.run_id)
    return run_log(
        location, source, _origin(source), facts=None, described=Described(), first_time=None, notices=[notice]
    )


def _key(source: Source) -> str:
    return source.handle.removeprefix(_KEY_MARK)


def _origin(source: Source) -> Origin:
    return Origin(reader=TabularReader.name, version=TabularReader.version, key=_key(source))


def _first_times(points: Points, run_count: int) -> tuple[datetime | None, ...]:
    never = np.iinfo(np.int64).max
    earliest = np.full(run_count, never)
    np.minimum.at(earliest, points.run, np.where(points.time_us == NO_TIME, never, points.time_us))
    return tuple(None if time == never else _EPOCH + timedelta(microseconds=time) for time in earliest.tolist())


def _unreadable(path: str, error: ReadError | OSError) -> Notice:
    reason = error.sentence if isinstance(error, ReadError) else f"It cannot be opened: {error.strerror}."
    return Notice(severity=Severity.ERROR, code="unreadable-log", location=path or ".", message=reason)
