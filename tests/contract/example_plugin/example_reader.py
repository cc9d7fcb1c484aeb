"""Reads ``<run>.kv`` files with one ``step metric value`` per line: the smallest complete reader."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import pyarrow as pa

from runreport.model import keys
from runreport.model.entities import Run, RunBatch, RunLog
from runreport.model.tables import POINTS
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source


class KeyValueReader:
    name: ClassVar[str] = "keyvalue"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("one .kv file per run, a line per point: step, metric, value",)

    def match(self, location: Location) -> Match | None:
        takes = frozenset(name for name in location.files if name.endswith(".kv"))
        return Match(certainty=Certainty.SURE, reason="files named .kv", takes=takes) if takes else None

    def scan(self, location: Location, match: Match) -> Scan:
        return Scan(sources=tuple(_source(location, name) for name in sorted(match.takes or ())))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        for source in sources:
            yield _batch(location, source)


def _source(location: Location, name: str) -> Source:
    path = location.child(name)
    stat = location.inside(path).stat()
    return Source(
        run_id=keys.run_id("keyvalue", f"{location.label}/{path}"),
        path=path,
        fingerprint=content_hash(path, str(stat.st_size), str(stat.st_mtime_ns)),
        files=(path,),
        size_bytes=stat.st_size,
    )


def _batch(location: Location, source: Source) -> RunBatch:
    rows: dict[str, list[tuple[int, float]]] = {}
    notices: list[Notice] = []
    text = location.inside(source.path).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        try:
            step, metric, value = line.split()
            rows.setdefault(metric, []).append((int(step), float(value)))
        except ValueError:
            notices += [_broken(source, number)] if line.strip() else []
    run = Run(
        run_id=source.run_id,
        experiment=location.label,
        name=source.path,
        source_id=source.path,
        path=source.path,
        reader=KeyValueReader.name,
        reader_version=KeyValueReader.version,
        fingerprint=source.fingerprint,
    )
    points = [
        {"run_id": run.run_id, "metric": metric, "step": step, "order": order, "value": value, "time": None}
        for metric, series in rows.items()
        for order, (step, value) in enumerate(series)
    ]
    return RunBatch(logs=(RunLog(run=run, notices=tuple(notices)),), points=pa.Table.from_pylist(points, schema=POINTS))


def _broken(source: Source, number: int) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="broken-line",
        location=f"{source.path}:{number}",
        message="The line is not step, metric and value, and was left out.",
        run_id=source.run_id,
    )
