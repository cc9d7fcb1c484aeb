"""CSV, TSV, JSON and Parquet: tables of metrics by whatever logger, wide or long, one run each or many."""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import ClassVar

from runreport.errors import ReadError
from runreport.model import keys
from runreport.model.entities import RunBatch, RunLog
from runreport.names import content_hash, natural_key
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.tables import files as table_files
from runreport.readers.tables.columns import Issue
from runreport.readers.tables.points import points_table
from runreport.readers.tables.reading import (
    APART_MARK,
    CROSSED_MARK,
    KEY_MARK,
    READER,
    VERSION,
    Reading,
    read_simple_units,
    read_unit,
    unreadable,
)
from runreport.readers.tables.roles import roles
from runreport.readers.tables.run_keys import run_keys, settled_roles
from runreport.readers.tables.units import Unit, are_named_apart, judged, sidecar_names, tables_in, units

_BATCH_POINTS = 500_000
_BATCH_RUNS = 500
_CHUNK_UNITS = 200
_NAMED_IN_REASON = 5
_APART = "; they are parts of one run, and a metric is named after its file, such as train/loss and val/loss"
_NO_ROWS = Issue(code="no-rows", message="The table has a header and no rows, so no run was found in it.")


class TabularReader:
    """Reads tables of metrics; says of every other table why it is none (see ``readers --explain``)."""

    name: ClassVar[str] = READER
    version: ClassVar[str] = VERSION
    formats: ClassVar[tuple[str, ...]] = (
        "CSV and TSV, wide: a step column and one column per metric",
        "CSV and TSV, long: step, metric and value columns",
        "JSON lines (.jsonl, .ndjson, .json), nested objects included",
        "JSON: a list of rows, an object of columns such as a Keras history, or an object of series",
        "Parquet, wide or long",
        "One file per run, one folder per run with params.json or config.json, or many runs in a file by run or seed",
        "Tables of results: a row for each model, method or task",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the tables of a folder whose first kilobytes look like a run log, with the settings beside them."""
        judgements = {name: judged(location, name) for name in tables_in(location)}
        accepted = {name: sure for name, judgement in judgements.items() if (sure := judgement.certainty)}
        if not judgements:
            return None
        takes = {file for name in accepted for file in (name, *sidecar_names(location, name))}
        ordered = sorted(judgements, key=lambda name: (name not in accepted, name))
        told = [f"{name}: {judgements[name].reason}" for name in ordered[:_NAMED_IN_REASON]]
        more = len(ordered) - len(told)
        reason = "; ".join(told) + (f"; and {more} more" if more else "")
        return Match(
            certainty=max(accepted.values(), default=Certainty.POSSIBLE),
            reason=reason + (_APART if are_named_apart(location, frozenset(accepted)) else ""),
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
                notices.append(unreadable(unit.path, error))
                continue
            sources += found
            notices += [] if found else [_NO_ROWS.notice(unit.path)]
        return Scan(sources=tuple(sources), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read the given runs, each file once, in batches of about half a million points."""
        logs: list[RunLog] = []
        readings: list[Reading] = []
        point_count = 0
        for unit_logs, unit_readings in _read_units(location, sources):
            logs += unit_logs
            readings += unit_readings
            point_count += sum(len(reading.points.value) for reading in unit_readings)
            if len(logs) >= _BATCH_RUNS or point_count >= _BATCH_POINTS:
                yield _batch(logs, readings)
                logs, readings, point_count = [], [], 0
        if logs:
            yield _batch(logs, readings)


def _read_units(location: Location, sources: Sequence[Source]) -> Iterator[tuple[list[RunLog], list[Reading]]]:
    """Yield the logs and readings of the sources in their order, small files read together."""
    found = (list(group) for _, group in groupby(sources, key=lambda source: (source.files, source.handle[:1])))
    while chunk := list(islice(found, _CHUNK_UNITS)):
        simple = read_simple_units(location, [unit[0] for unit in chunk])
        joined = {run_id: reading for reading in simple for run_id in reading.run_ids}
        yield [], simple
        for unit in chunk:
            reading = joined.get(unit[0].run_id)
            logs, readings = read_unit(location, unit, reading)
            yield logs, [] if reading else readings


def _batch(logs: Sequence[RunLog], readings: Sequence[Reading]) -> RunBatch:
    points = points_table([reading.points for reading in readings], [tuple(reading.run_ids) for reading in readings])
    return RunBatch(logs=tuple(logs), points=points)


def _sources(location: Location, unit: Unit) -> list[Source]:
    stats = [os.stat(f"{location.root}/{file}") for file in unit.files]  # noqa: PTH116 - counts for thousands of runs
    stamps = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in zip(unit.files, stats, strict=True)]
    mark = CROSSED_MARK if unit.is_crossed else APART_MARK if unit.is_apart else ""
    found = [f"{KEY_MARK}{key}" for key in _keys(location, unit)] if unit.has_many_runs else [""]
    return [
        Source(
            run_id=keys.run_id(TabularReader.name, f"{location.label}/{unit.path}{key}"),
            path=unit.path,
            fingerprint=content_hash(*stamps, *mark, length=16),
            files=unit.files,
            handle=f"{mark}{key}",
            size_bytes=sum(stat.st_size for stat in stats) // max(len(found), 1),
            joining=Joining.ALONE if unit.path in unit.files else Joining.FOLDER,
        )
        for key in found
    ]


def _keys(location: Location, unit: Unit) -> list[str]:
    table = table_files.parse(str(location.inside(unit.tables[0]))).table
    found, columns = settled_roles(table, roles(table.column_names, location.rule(unit.tables[0])))
    return sorted(run_keys(table, columns, found).keys, key=natural_key)
