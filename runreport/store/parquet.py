"""What a worker writes: one immutable Parquet file per table for a batch of runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from runreport.model.entities import RunBatch, RunLog
from runreport.model.tables import SAMPLES, SCHEMA_VERSION, to_table
from runreport.names import content_hash
from runreport.notices import Notice
from runreport.store.blobs import with_true_locations, write_blobs
from runreport.store.files import write_table
from runreport.store.points import SortedPoints, sort_points
from runreport.store.summary import summary_table

_OPERATION = f"batch-1-{SCHEMA_VERSION}"
"""Part of every file name: raise the first number when the same input gives other files."""

_BATCH_ID_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """One written file: its table, its name relative to the store (with ``/``) and its number of rows."""

    table: str
    name: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRun:
    """One run of a batch; ``has_log`` unless the batch only continues a run with further points."""

    run_id: str
    fingerprint: str
    has_log: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFiles:
    """What was written for one batch and awaits its commit. Small and picklable."""

    batch_id: str
    files: tuple[TableFile, ...]
    runs: tuple[BatchRun, ...]

    @property
    def points(self) -> int:
        """The number of metric points."""
        return sum(file.rows for file in self.files if file.table == "metrics")


def write_batch(store: Path, batch: RunBatch, *, fingerprints: Mapping[str, str] = MappingProxyType({})) -> BatchFiles:
    """Write a batch of runs into a store's data folder; nothing is visible there before it is committed.

    Files are named by the runs, their fingerprints and their series, so doing it twice writes the same files.

    Args:
        store: the store's folder.
        batch: the runs and points, as a reader gives them.
        fingerprints: of runs whose log came with an earlier batch of the same read, by run id.

    Raises:
        ValueError: the batch has two logs of one run, points of a run that is not known, or a blob of another name.
        StoreError: the files cannot be written.
    """
    points = sort_points(batch.points)
    runs = _runs(batch, points, fingerprints)
    batch_id = _batch_id(runs, batch.logs, points)
    logs = with_true_locations(batch.logs, batch.blobs)
    tables = {**log_tables(logs), "metrics": points.to_table(), "summary": summary_table(points)}
    if batch.samples is not None:
        tables["samples"] = batch.samples.sort_by([(name, "ascending") for name in SAMPLES.names[:-1]])
    filled = {name: table for name, table in sorted(tables.items()) if table.num_rows}
    files = [TableFile(table=name, name=f"data/{name}/{batch_id}.parquet", rows=len(filled[name])) for name in filled]
    write_blobs(store, batch.blobs)
    for file in files:
        write_table(store / file.name, filled[file.table])
    return BatchFiles(batch_id=batch_id, files=tuple(files), runs=runs)


def log_tables(logs: Iterable[RunLog]) -> dict[str, pa.Table]:
    """Return the tables of everything that logs say beside their points, by name, ordered by run."""
    ordered = sorted(logs, key=lambda log: log.run.run_id)
    return {
        "runs": to_table("runs", [log.run for log in ordered]),
        "params": to_table("params", [param for log in ordered for param in log.params]),
        "tags": to_table("tags", [tag for log in ordered for tag in log.tags]),
        "artifacts": to_table("artifacts", [artifact for log in ordered for artifact in log.artifacts]),
        "datasets": to_table("datasets", [dataset for log in ordered for dataset in log.datasets]),
        "models": to_table("models", [model for log in ordered for model in log.models]),
        "environment": to_table("environment", [item for log in ordered for item in log.environment]),
        "code": to_table("code", [log.code for log in ordered if log.code is not None]),
        "edges": to_table("edges", [edge for log in ordered for edge in log.edges]),
        "metric_info": to_table("metric_info", [info for log in ordered for info in log.metric_infos]),
        "notices": to_table("notices", [notice for log in ordered for notice in _notices(log)]),
    }


def _notices(log: RunLog) -> list[Notice]:
    return [replace(notice, run_id=log.run.run_id) for notice in log.notices]


def _runs(batch: RunBatch, points: SortedPoints, fingerprints: Mapping[str, str]) -> tuple[BatchRun, ...]:
    logged = {log.run.run_id: log.run.fingerprint for log in batch.logs}
    if len(logged) != len(batch.logs):
        msg = "a batch has two logs of one run"
        raise ValueError(msg)
    with_points = {run for run, _ in points.series_names()}
    if unknown := with_points - logged.keys() - fingerprints.keys():
        msg = f"points of runs without log or fingerprint: {sorted(unknown)}"
        raise ValueError(msg)
    known = {**fingerprints, **logged}
    return tuple(
        BatchRun(run_id=run, fingerprint=known[run], has_log=run in logged)
        for run in sorted(with_points | logged.keys())
    )


def _batch_id(runs: Iterable[BatchRun], logs: Iterable[RunLog], points: SortedPoints) -> str:
    versions = sorted({f"{log.run.reader} {log.run.reader_version}" for log in logs})
    identities = (part for run in runs for part in (run.run_id, run.fingerprint))
    series = (part for pair in points.series_names() for part in pair)
    groups = (content_hash(*parts, length=_BATCH_ID_LENGTH) for parts in (versions, identities, series))
    return content_hash(_OPERATION, *groups, length=_BATCH_ID_LENGTH)
