"""From the files of one or more runs to their points and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from runreport.errors import ReadError
from runreport.model.entities import RunLog
from runreport.names import Severity
from runreport.notices import UNREADABLE, Notice
from runreport.readers.base import Location, Source
from runreport.readers.tables import files as table_files
from runreport.readers.tables.axes import NO_TIME
from runreport.readers.tables.columns import Issue
from runreport.readers.tables.log import Origin, run_log
from runreport.readers.tables.points import Points, table_points
from runreport.readers.tables.roles import Layout, roles, unknown_columns
from runreport.readers.tables.run_keys import RunFacts, one_run, run_facts, run_keys, settled_roles
from runreport.readers.tables.sidecar import Described, describe, read_settings
from runreport.readers.tables.together import can_join, read_together
from runreport.readers.tables.units import named_apart, table_names

READER, VERSION = "tabular", "2"
CROSSED_MARK = "%"
"""A handle that starts with it is of a file in a tree of ``METHOD/TASK.csv``."""

APART_MARK = "/"
"""A handle that starts with it is of tables whose metrics are named after the split of their file."""

KEY_MARK = "#"
"""What stands in a handle before the key of one run of a file that holds many."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Tables as read for some runs; ``run_ids`` gives the position of each in the other fields."""

    points: Points
    run_ids: Mapping[str, int]
    facts: tuple[RunFacts, ...]
    first_times: tuple[datetime | None, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    is_results: bool = False


def read_simple_units(location: Location, sources: Sequence[Source]) -> list[Reading]:
    """Read those of the sources together that are one small CSV file each, as far as that gives the same."""
    wanted = {}
    for source in sources:
        tables = _split_files(source)[0]
        if not _has_key(source) and len(tables) == 1 and can_join(tables[0], source.size_bytes):
            try:
                path = str(location.inside(tables[0]))
            except ReadError:
                continue  # told about when it is read by itself
            wanted[source.run_id] = path, location.rule(tables[0]) if location.rules else None
    return [
        Reading(
            points=found.points,
            run_ids={run_id: place for place, run_id in enumerate(found.run_ids)},
            facts=found.facts,
            first_times=_first_times(found.points, len(found.run_ids)),
        )
        for found in (read_together(wanted) if len(wanted) > 1 else ())
    ]


def read_unit(
    location: Location, sources: Sequence[Source], joined: Reading | None = None
) -> tuple[list[RunLog], list[Reading]]:
    """Return the logs of the runs in one unit, and what was read; ``joined`` is its reading where that is done."""
    first = sources[0]
    try:
        tables, sidecars = _split_files(first)
        settings, remarks = read_settings(map(location.inside, sidecars)) if sidecars else ({}, [])
        readings = [joined] if joined else _read_tables(location, tables, sources)
    except (ReadError, OSError) as error:
        return [_failed_log(location, source, error) for source in sources], []
    folder = first.files[0].rpartition("/")[0]
    notices = [issue.notice(f"{folder}/{name}" if folder else name) for name, issue in remarks]
    notices += [notice for reading in readings for notice in reading.notices]
    # What is to be said about a file with many runs is said once, and of no run in particular.
    told = [replace(notice, run_id="" if _has_key(first) else first.run_id) for notice in notices]
    logs = [_log(location, source, settings, readings, told if source is first else []) for source in sources]
    return logs, readings


def unreadable(path: str, error: ReadError | OSError) -> Notice:
    """Return the notice for a log that cannot be read."""
    reason = error.sentence if isinstance(error, ReadError) else f"It cannot be opened: {error.strerror}."
    return Notice(severity=Severity.ERROR, code=UNREADABLE, location=path or ".", message=reason)


def _split_files(source: Source) -> tuple[list[str], list[str]]:
    """Return the tables and the sidecars of a source; where there is no suffix of a table, the first file is it."""
    names = _table_names(tuple(file.rpartition("/")[2] for file in source.files))
    tables = [file for file in source.files if file.rpartition("/")[2] in names] or [source.files[0]]
    return tables, [file for file in source.files if file not in tables]


@lru_cache(maxsize=1024)
def _table_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(table_names(names))


def _read_tables(location: Location, tables: Sequence[str], sources: Sequence[Source]) -> list[Reading]:
    readings: list[Reading] = []
    seen: set[str] = set()
    for file in tables:
        reading = _read_table(location, file, sources)
        if sources[0].handle.startswith(APART_MARK):
            reading = _apart(reading, file)
        repeated = seen & set(reading.points.metric_names)
        if repeated:
            reading = _without(reading, frozenset(repeated), file)
        seen |= set(reading.points.metric_names)
        readings.append(reading)
    return readings


def _apart(reading: Reading, file: str) -> Reading:
    """Return a reading with its metrics named after the split of its file, and this said."""
    name = file.rpartition("/")[2]
    renamed = {metric: named_apart(name, metric) for metric in reading.points.metric_names}
    example = next((f"{metric!r} is {new!r}" for metric, new in renamed.items() if new != metric), "")
    if not example:
        return reading
    message = f"Another file of the run has metrics of the same names; here {example}, after the name of the file."
    notice = Issue(code="metrics-named-apart", message=message, severity=Severity.INFO).notice(file)
    points = replace(reading.points, metric_names=tuple(renamed.values()))
    return replace(reading, points=points, notices=(*reading.notices, notice))


def _without(reading: Reading, repeated: frozenset[str], file: str) -> Reading:
    message = f"Left out, because another file of the run holds them too: {', '.join(sorted(repeated))}."
    notice = Issue(code="repeated-metrics", message=message, severity=Severity.INFO).notice(file)
    points = reading.points.without_metrics(repeated)
    return replace(reading, points=points, notices=(*reading.notices, notice))


def _read_table(location: Location, file: str, sources: Sequence[Source]) -> Reading:
    parsed = table_files.parse(str(location.inside(file)))
    table = parsed.table
    found = roles(table.column_names, location.rule(file) if location.rules else None)
    if _has_key(sources[0]):
        found, columns = settled_roles(table, found)
        runs = run_keys(table, columns, found)
    else:
        found, runs = found.of_one_run(), one_run(table)
    points, point_issues = table_points(table, found, runs)
    facts, fact_issues = run_facts(table, found, runs)
    ids = dict.fromkeys(runs.keys, "") | {_key(source): source.run_id for source in sources}
    wanted = [position for position, key in enumerate(runs.keys) if ids[key]]
    own_points = points.of_runs(np.array(wanted, dtype=np.int32))
    unknown = unknown_columns(found, table.column_names)
    issues = [*parsed.issues, *point_issues, *fact_issues]
    issues += [Issue(code="unknown-column", message=unknown)] if unknown else []
    return Reading(
        points=own_points,
        run_ids={ids[runs.keys[position]]: index for index, position in enumerate(wanted)},
        facts=tuple(facts[position] for position in wanted),
        first_times=_first_times(own_points, len(wanted)),
        settings=parsed.settings,
        notices=tuple(issue.notice(file) for issue in issues),
        is_results=_has_key(sources[0]) and found.layout is Layout.WIDE and not (found.step or found.has_many_runs),
    )


def _log(
    location: Location,
    source: Source,
    sidecar: Mapping[str, object],
    readings: Sequence[Reading],
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
        _origin(source, is_results=any(reading.is_results for reading in readings)),
        facts=own[0][0].facts[own[0][1]] if own else None,
        described=describe({**settings, **sidecar}),
        first_time=min((time for reading, position in own if (time := reading.first_times[position])), default=None),
        notices=found,
    )


def _failed_log(location: Location, source: Source, error: ReadError | OSError) -> RunLog:
    notice = replace(unreadable(source.path, error), run_id=source.run_id)
    return run_log(
        location, source, _origin(source), facts=None, described=Described(), first_time=None, notices=[notice]
    )


def _key(source: Source) -> str:
    return source.handle.removeprefix(CROSSED_MARK).removeprefix(APART_MARK).removeprefix(KEY_MARK)


def _has_key(source: Source) -> bool:
    return source.handle.removeprefix(CROSSED_MARK).startswith(KEY_MARK)


def _origin(source: Source, *, is_results: bool = False) -> Origin:
    return Origin(
        reader=READER,
        version=VERSION,
        handle=source.handle.removeprefix(CROSSED_MARK).removeprefix(APART_MARK),
        key=_key(source),
        is_crossed=source.handle.startswith(CROSSED_MARK),
        is_results=is_results,
    )


def _first_times(points: Points, run_count: int) -> tuple[datetime | None, ...]:
    if not (points.time_us != NO_TIME).any():
        return (None,) * run_count
    never = np.iinfo(np.int64).max
    earliest = np.full(run_count, never)
    np.minimum.at(earliest, points.run, np.where(points.time_us == NO_TIME, never, points.time_us))
    return tuple(None if time == never else _EPOCH + timedelta(microseconds=time) for time in earliest.tolist())
