"""Reads MLflow logs with a reader of ours, and edits them, for the tests."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runreport.model.entities import RunLog
from runreport.notices import Notice
from runreport.readers.base import Location, Reader, Scan

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
Points = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Everything a reader said: logs by the name of their run, and their series as (step, value)."""

    scan: Scan
    logs: dict[str, RunLog]
    points: dict[str, dict[str, Points]]

    @property
    def notices(self) -> tuple[Notice, ...]:
        return (*self.scan.notices, *(notice for log in self.logs.values() for notice in log.notices))

    @property
    def codes(self) -> list[str]:
        return sorted(notice.code for notice in self.notices)

    def notice(self, code: str) -> Notice:
        [found] = [notice for notice in self.notices if notice.code == code]
        return found


def location(root: Path, relative: str = "") -> Location:
    entries = sorted(os.scandir(root.resolve() / relative), key=lambda entry: entry.name)
    return Location(
        root=root.resolve(),
        label=root.name,
        relative=relative,
        folders=tuple(entry.name for entry in entries if entry.is_dir()),
        files=tuple(entry.name for entry in entries if entry.is_file()),
    )


def read_log(reader: Reader, place: Location) -> Logged:
    match = reader.match(place)
    assert match is not None
    scan = reader.scan(place, match)
    logs, points = {}, {}
    for batch in reader.read(place, scan.sources):
        names = {log.run.run_id: log.run.name for log in batch.logs}
        logs |= {log.run.name: log for log in batch.logs}
        points |= {name: {} for name in names.values()}
        rows = batch.points.to_pydict()
        for run, metric, order, step, value in zip(
            *(rows[key] for key in ("run_id", "metric", "order", "step", "value")), strict=True
        ):
            series = points[names[run]].setdefault(metric, [])
            assert order == len(series), "order counts from 0 within a series"
            series.append((step, value))
    assert [log.run.run_id for log in logs.values()] == [source.run_id for source in scan.sources]
    return Logged(scan=scan, logs=logs, points=points)


def same(found: Sequence[tuple[int, float]], expected: Sequence[tuple[int, float]]) -> bool:
    """Compare points; all NaN are equal."""
    return np.array_equal(np.array(found).reshape(-1, 2), np.array(expected).reshape(-1, 2), equal_nan=True)


def edit(database: Path, *statements: str) -> None:
    """Execute statements; ``:run`` in them is the id of the child run."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        run = child(connection)
        for statement in statements:
            connection.execute(statement, run)


def child(connection: sqlite3.Connection) -> dict[str, str]:
    [run] = connection.execute("SELECT run_uuid FROM runs WHERE name = 'child'").fetchone()
    return {"run": run}
