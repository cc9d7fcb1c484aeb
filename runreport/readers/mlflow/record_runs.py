"""From a run that came as JSON to its log and points."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from runreport.formats.files import media_type
from runreport.model.entities import Artifact, RunBatch
from runreport.model.tables import POINTS
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Reader, Source
from runreport.readers.common.series import NO_TIME, RunPoints
from runreport.readers.mlflow.artifacts import MAX_ARTIFACTS
from runreport.readers.mlflow.facts import Experiment, Leftovers
from runreport.readers.mlflow.models import RunModels
from runreport.readers.mlflow.points import EARLIEST_MS, LATEST_MS, US_PER_MS
from runreport.readers.mlflow.records import Point, RunRecord
from runreport.readers.mlflow.runs import run_log

_LARGEST = float(np.finfo(np.float64).max)  # what a database keeps for infinity, which its server hands on


def run_batch(  # noqa: PLR0913 - each is another part of what is known about the run
    reader: Reader,
    source: Source,
    record: RunRecord,
    *,
    experiment: Experiment,
    models: RunModels,
    place: str,
    leftovers: Leftovers,
) -> RunBatch:
    """Return a run with its points; ``place`` is where notices point."""
    log = run_log(record.facts(experiment, place, models), source, (reader.name, reader.version), leftovers)
    points, bad_times = _table(source.run_id, record.metrics)
    doubts = []
    if record.bad_points:
        doubts.append(("broken-point", f"{record.bad_points} points without a number as their value were left out."))
    if bad_times:
        doubts.append(
            ("impossible-time", f"{bad_times} points have times outside of the years 1 to 9999; they were left out.")
        )
    notices = tuple(
        Notice(severity=Severity.WARNING, code=code, location=place, message=message, run_id=source.run_id)
        for code, message in doubts
    )
    return RunBatch(logs=(replace(log, notices=(*log.notices, *notices)),), points=points)


def listed_artifacts(run_id: str, files: Sequence[tuple[str, int | None]]) -> tuple[Artifact, ...]:
    """Return the files that a run is said to have left, by path; only the first ten thousand."""
    sizes = dict(sorted(files)[:MAX_ARTIFACTS])
    return tuple(
        Artifact(run_id=run_id, path=path, size_bytes=size, media_type=media_type(path)) for path, size in sizes.items()
    )


def _table(run_id: str, metrics: Mapping[str, Sequence[Point]]) -> tuple[pa.Table, int]:
    points, bad_times = RunPoints(), 0
    for metric, found in metrics.items():
        steps, times_ms, values = zip(*found, strict=True)
        times = [_time_us(time) for time in times_ms]
        bad_times += sum(time == NO_TIME for time in times) - sum(time is None for time in times_ms)
        points.extend(metric, steps, map(_true_value, values), times)
    return (points.table(run_id) if len(points) else POINTS.empty_table()), bad_times


def _time_us(time_ms: int | None) -> int:
    return NO_TIME if time_ms is None or not EARLIEST_MS <= time_ms <= LATEST_MS else time_ms * US_PER_MS


def _true_value(value: float) -> float:
    if abs(value) == _LARGEST:
        return float("inf") if value > 0 else float("-inf")
    return value
