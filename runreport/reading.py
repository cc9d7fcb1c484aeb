"""The work of one process: read some runs and write them; a run that fails becomes a notice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pyarrow as pa

from runreport import cycles
from runreport.errors import ReadError, ServerError, StoreError
from runreport.joining import Joint
from runreport.merging import merged
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import UNREADABLE, Notice
from runreport.readers import registry
from runreport.readers.base import Location, Reader, Source
from runreport.secrets import without_secrets
from runreport.store.parquet import BatchFiles, write_batch

_BATCH_POINTS = 1_000_000  # writing takes some hundred bytes of memory for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Some runs below one root, all of the same readers, to be read and written by one worker."""

    store: Path
    location: Location
    joints: tuple[Joint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What a worker wrote; ``notices`` say why some of its runs could not be read."""

    batches: tuple[BatchFiles, ...]
    notices: tuple[Notice, ...] = ()
    runs_skipped: int = 0


@cycles.held_back()
def read_task(task: Task) -> TaskResult:
    """Read and write some runs; when that fails, one by one, so that only the bad ones are missing.

    Raises:
        StoreError: the store cannot be written.
        ServerError: a server cannot be reached any more; it would be so for all other runs, too.
    """
    try:
        return _read(task)
    except (StoreError, ServerError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        if len(task.joints) == 1:
            notice = failure(task.location, task.joints[0].path, "unreadable-run", error)
            return TaskResult(batches=(), notices=(notice,), runs_skipped=1)
    singles = [read_task(replace(task, joints=(joint,))) for joint in task.joints]
    return TaskResult(
        batches=tuple(batch for single in singles for batch in single.batches),
        notices=tuple(notice for single in singles for notice in single.notices),
        runs_skipped=sum(single.runs_skipped for single in singles),
    )


def failure(location: Location, path: str, code: str, error: Exception) -> Notice:
    """Return the notice for a log that raised an error; ``path`` is relative to the root."""
    if isinstance(error, ReadError):
        message, hint = error.sentence, error.hint
    else:
        message = f"It cannot be read: {type(error).__name__}: {error}."
        hint = "This is a fault of the reader; please report it."
    return Notice(severity=Severity.ERROR, code=code, location=where(location, path), message=message, hint=hint)


def where(location: Location, path: str) -> str:
    """Return a path below the root as it is shown: below the name of the folder that was named."""
    return f"{location.label}/{path}" if path else location.label


@cache
def _reader(name: str) -> Reader:
    return registry.readers(name).readers[0]


def _read(task: Task) -> TaskResult:
    fingerprints = {joint.run_id: joint.fingerprint for joint in task.joints}
    batches: list[BatchFiles] = []
    broken: dict[str, list[Notice]] = {}
    for batch in map(without_secrets, _batches(task)):
        broken |= _unreadable(batch)
        kept = replace(batch, logs=tuple(log for log in batch.logs if log.run.run_id not in broken))
        batches += (
            [write_batch(task.store, kept, fingerprints=fingerprints)] if kept.logs or kept.points.num_rows else []
        )
    written = {run.run_id for files in batches for run in files.runs}
    missing = [joint for joint in task.joints if joint.run_id not in written]
    return TaskResult(
        batches=tuple(batches),
        notices=tuple(notice for joint in missing for notice in _missing(task.location, joint, broken)),
        runs_skipped=len(missing),
    )


def _unreadable(batch: RunBatch) -> dict[str, list[Notice]]:
    """Return the notices of runs without any point whose log could not be read: such runs are told about, not kept."""
    failed = {
        log.run.run_id: list(log.notices)
        for log in batch.logs
        if any(notice.code == UNREADABLE and notice.severity is Severity.ERROR for notice in log.notices)
    }
    with_points = set(batch.points.column("run_id").cast(pa.string()).unique().to_pylist()) if failed else set()
    return {run_id: notices for run_id, notices in failed.items() if run_id not in with_points}


def _missing(location: Location, joint: Joint, broken: Mapping[str, Sequence[Notice]]) -> Iterator[Notice]:
    for notice in broken.get(joint.run_id, ()):
        yield replace(notice, location=where(location, notice.location), run_id="")
    if joint.run_id not in broken:
        yield _not_read(location, joint)


def _batches(task: Task) -> Iterator[RunBatch]:
    if all(len(joint.parts) == 1 for joint in task.joints):
        sources = [joint.parts[0].source for joint in task.joints]
        yield from _gathered(_reader(task.joints[0].parts[0].reader_name).read(task.location, sources))
        return
    sources_of: dict[str, dict[str, Source]] = {}
    for joint in task.joints:
        for part in joint.parts:
            sources_of.setdefault(part.reader_name, {})[part.source.run_id] = part.source
    read = {name: list(_reader(name).read(task.location, [*own.values()])) for name, own in sources_of.items()}
    yield merged(task.joints, read)


def _gathered(batches: Iterable[RunBatch]) -> Iterator[RunBatch]:
    """Join small batches, so that readers may yield run by run."""
    waiting: list[RunBatch] = []
    for batch in batches:
        if waiting and sum(one.points.num_rows for one in waiting) + batch.points.num_rows > _BATCH_POINTS:
            joined, waiting = _joined(waiting), []
            yield joined
            del joined  # while the next is written it would only take memory
        waiting.append(batch)
    if waiting:
        yield _joined(waiting)


def _joined(batches: Sequence[RunBatch]) -> RunBatch:
    samples = [batch.samples for batch in batches if batch.samples is not None]
    return RunBatch(
        logs=tuple(log for batch in batches for log in batch.logs),
        points=pa.concat_tables([batch.points for batch in batches]).unify_dictionaries(),
        samples=pa.concat_tables(samples) if samples else None,
        blobs={digest: content for batch in batches for digest, content in batch.blobs.items()},
    )


def _not_read(location: Location, joint: Joint) -> Notice:
    return Notice(
        severity=Severity.ERROR,
        code="run-not-read",
        location=where(location, joint.path),
        message="The run was listed, but its log had nothing to read when it was opened.",
        hint="It may have been removed in between; ingest it again.",
    )
