"""From logs to committed Parquet: find, scan, read what changed, write, commit."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runreport.config.options import SourceOptions
from runreport.duplicates import same_values
from runreport.execute import process_count, run_tasks
from runreport.joining import Joint
from runreport.ledger import make_ledger
from runreport.model.ledger import LedgerRow
from runreport.model.tables import from_table
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers import registry
from runreport.readers.base import Location
from runreport.reading import Task, TaskResult, read_task
from runreport.scanning import Place, runs_of, scan_all, withheld
from runreport.store.manifest import Commit, Store

_TASK_RUNS = 100  # metrics of a run share their times: files of more runs compress less well
_TASK_BYTES = 64 * 1024 * 1024
_SERIAL_BYTES = 32 * 1024 * 1024  # below this, starting processes costs more than they save
_SHOWN_NOTICES = 8


class Report(Protocol):
    """Called by long work: which stage, how much of how much is done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report progress."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What an ingest did.

    Attributes:
        runs_added: runs the store did not have.
        runs_updated: runs whose log had changed.
        runs_unchanged: runs whose log was as it had been; it was not read again.
        runs_skipped: runs that were found but could not be read, or were found a second time.
        points: metric points written.
        notices: what was found on the way, about these logs only.
        seconds: wall time.
        run_ids: all runs found in the logs, also those that had not changed.
        snapshot: the number of the snapshot that now holds them.
        ledger: per folder and reader how many logs were found and what became of them.
    """

    runs_added: int
    runs_updated: int
    runs_unchanged: int
    runs_skipped: int
    points: int
    notices: tuple[Notice, ...]
    seconds: float
    run_ids: frozenset[str]
    snapshot: int
    ledger: tuple[LedgerRow, ...]

    def public(self) -> dict[str, object]:
        """Return what ``ingest --json`` prints."""
        names = (
            "runs_added",
            "runs_updated",
            "runs_unchanged",
            "runs_skipped",
            "points",
            "ledger",
            "notices",
            "seconds",
        )
        return {name: getattr(self, name) for name in names}

    def summary_lines(self) -> Iterator[str]:
        """Yield the result in words."""
        yield (
            f"{self.runs_added} {'run' if self.runs_added == 1 else 'runs'} added, "
            f"{self.runs_updated} updated, {self.runs_unchanged} unchanged, "
            f"{self.runs_skipped} left out; {self.points:,} points in {self.seconds:.1f} s"
        )
        loud = [notice for notice in self.notices if notice.severity is not Severity.INFO]
        for notice in loud[:_SHOWN_NOTICES]:
            yield f"{notice.severity}: {notice.location}: {notice.message}"
        if len(loud) > _SHOWN_NOTICES:
            yield f"... and {len(loud) - _SHOWN_NOTICES} more; `runreport ingest --json` prints all."


def ingest(  # noqa: PLR0913 - each is an option of the command
    logs: Sequence[str | Path],
    *,
    store: str | Path = ".runreport",
    reader: str | None = None,
    sources: Sequence[SourceOptions] = (),
    jobs: int = 0,
    report: Report | None = None,
) -> IngestResult:
    """Read run logs into a store; what has not changed since is not read again.

    Args:
        logs: folders, files, or addresses such as ``mlflow+http://localhost:5000``.
        store: the store's folder; made when it is not there.
        reader: the name of the only reader to use; None for all.
        sources: how single files are read; the first that fits counts.
        jobs: processes used for reading; 0 for one per core. The result does not depend on it.
        report: called with progress.

    Raises:
        UsageError: a path does not exist.
        UnknownNameError: there is no reader of that name.
        NoRunsError: nothing in the logs looks like a run.
        ServerError: a server cannot be read; runs that were read before are in the store.
        StoreError: the store cannot be opened or written.
    """
    begin = time.perf_counter()
    installed = registry.readers(reader)
    findings = registry.find(tuple(logs), installed.readers, _known_roots(Path(store)), rules=sources)
    places = scan_all(findings.claims, installed.readers)
    if not any(place.sources or place.notices for place in places):
        raise registry.no_runs(tuple(logs))
    opened = Store.create(Path(store))
    known = opened.snapshot().fingerprints
    runs = runs_of(places)
    tasks = _tasks(runs, known, opened.path)
    results, commits = _read_all(opened, tasks, jobs, report)
    done = tuple(zip(tasks, results, strict=True))
    elsewhere = (*installed.notices, *withheld(runs), *same_values(opened.snapshot(), runs))
    found = _found(places, findings.noticed, elsewhere, done)
    ledger = make_ledger(findings, places, runs, done)
    parts = _parts(joint for _, joint in runs)
    commits.append(opened.commit((), found=found, roots=findings.roots, ledgers=ledger, parts=parts))
    run_ids = frozenset(parts)
    return IngestResult(
        runs_added=sum(commit.runs_added for commit in commits),
        runs_updated=sum(commit.runs_updated for commit in commits),
        runs_unchanged=sum(known.get(joint.run_id) == joint.fingerprint for _, joint in runs),
        runs_skipped=sum(row.repeated + row.unreadable for rows in ledger.values() for row in rows),
        points=sum(batch.points for result in results for batch in result.batches),
        notices=_notices(opened, run_ids, found),
        seconds=time.perf_counter() - begin,
        run_ids=run_ids,
        snapshot=commits[-1].number,
        ledger=tuple(row for _, rows in sorted(ledger.items()) for row in rows),
    )


def _parts(joints: Iterable[Joint]) -> dict[str, tuple[str, ...]]:
    """Return for each run the ids that its further logs have by themselves."""
    return {joint.run_id: joint.part_ids for joint in joints}


def _known_roots(store: Path) -> Mapping[str, Collection[str]]:
    return Store.open(store).snapshot().roots if (store / "manifests").is_dir() else {}


def _tasks(runs: Sequence[tuple[Location, Joint]], known: Mapping[str, str], store: Path) -> list[Task]:
    """Split what is new or changed into tasks of bounded size that do not depend on the number of processes.

    Runs of the same readers below one root are pooled: a tree of many small run folders must not become as many files.
    """
    pools: dict[tuple[Location, tuple[str, ...]], list[Joint]] = {}
    for root, joint in runs:
        if known.get(joint.run_id) != joint.fingerprint:
            names = tuple(part.reader_name for part in joint.parts)
            pools.setdefault((root, names), []).append(joint)
    return [
        Task(store=store, location=root, joints=portion)
        for (root, _), pool in pools.items()
        for portion in _portions(pool)
    ]


def _portions(joints: Iterable[Joint]) -> Iterator[tuple[Joint, ...]]:
    portion: list[Joint] = []
    size_bytes = 0
    for joint in joints:
        if portion and (len(portion) == _TASK_RUNS or size_bytes + joint.size_bytes > _TASK_BYTES):
            yield tuple(portion)
            portion, size_bytes = [], 0
        portion.append(joint)
        size_bytes += joint.size_bytes
    if portion:
        yield tuple(portion)


def _read_all(
    store: Store, tasks: Sequence[Task], jobs: int, report: Report | None
) -> tuple[list[TaskResult], list[Commit]]:
    """Run the tasks and commit each as it is done, so that an interruption loses at most what is in the air."""
    size_bytes = sum(joint.size_bytes for task in tasks for joint in task.joints)
    processes = process_count(jobs) if size_bytes > _SERIAL_BYTES else 1
    total = sum(len(task.joints) for task in tasks)
    results, commits, done = [], [], 0
    for task, result in zip(tasks, run_tasks(read_task, tasks, jobs=processes), strict=True):
        commits.append(store.commit(result.batches, parts=_parts(task.joints)))
        results.append(result)
        done += len(task.joints)
        if report is not None:
            report("reading runs", done, total)
    return results, commits


def _found(
    places: Sequence[Place],
    noticed: Mapping[str, Sequence[Notice]],
    elsewhere: Sequence[Notice],
    done: Sequence[tuple[Task, TaskResult]],
) -> dict[str, tuple[Notice, ...]]:
    """Gather the notices that belong to no run under the label of the folder that was named."""
    found = {label: list(notices) for label, notices in noticed.items()}
    found.setdefault("", []).extend(elsewhere)
    for place in places:
        found[place.location.named].extend(place.notices)
    for task, result in done:
        found[task.location.named].extend(result.notices)
    return {label: tuple(notices) for label, notices in found.items()}


def _notices(store: Store, run_ids: frozenset[str], found: Mapping[str, tuple[Notice, ...]]) -> tuple[Notice, ...]:
    """Return the notices about these runs and places, the gravest first."""
    about_runs = from_table(Notice, store.snapshot().table("notices", run_ids=run_ids))
    gravity = list(reversed(Severity))
    every = {*about_runs, *(notice for notices in found.values() for notice in notices)}
    return tuple(sorted(every, key=lambda notice: (gravity.index(notice.severity), notice)))
