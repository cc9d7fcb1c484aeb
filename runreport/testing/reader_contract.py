"""What every reader must do, as checks that built-ins and third parties run over a small real log.

In a plugin's tests::

    from pathlib import Path

    import pytest
    from runreport.testing import reader_contract

    @pytest.mark.parametrize("check", reader_contract.CHECKS, ids=lambda check: check.__name__)
    def test_contract(check, tmp_path):
        check(reader_contract.Subject(reader=MyReader(), folder=Path("tests/logs")), tmp_path)

A check returns nothing and raises :class:`ContractError` with what is wrong. ``folder`` is never changed: what must be
moved, cut or grown is copied to ``scratch`` first.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from runreport.errors import ReadError
from runreport.model.entities import RunBatch, RunLog
from runreport.model.tables import POINTS
from runreport.notices import Notice
from runreport.readers import registry
from runreport.readers.base import Location, Reader, Source

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CUT_FILES = 12
_GROWN_FILES = 3
_GROWN_BYTES = 4_000_000
_MATCH_BYTES = 1_000_000
_DAMAGE = b"\xff\xfe\x00{\"'\n"


class ContractError(AssertionError):
    """A reader breaks the contract; the message says how."""


def append_line(path: Path) -> None:
    """Change a log in the least way that any text format shows: one more line end."""
    with path.open("ab") as file:
        file.write(b"\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A reader under check.

    Attributes:
        reader: an instance of it.
        folder: a small real log it reads, with at least one run.
        change: changes one file of the log so that its runs must be read anew; a reader of databases needs its own.
    """

    reader: Reader
    folder: Path
    change: Callable[[Path], None] = append_line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ingested:
    """Everything a reader says about a folder."""

    claimed: frozenset[tuple[str, frozenset[str] | None]]  # folder and files
    sources: tuple[Source, ...]
    batches: tuple[RunBatch, ...]
    notices: tuple[Notice, ...]

    @property
    def logs(self) -> tuple[RunLog, ...]:
        """The logs of all batches."""
        return tuple(log for batch in self.batches for log in batch.logs)

    @property
    def read_files(self) -> set[str]:
        """The files of the runs that were read."""
        read = {log.run.run_id for log in self.logs}
        return {file for source in self.sources if source.run_id in read for file in source.files}

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The ids of the sources in their order."""
        return tuple(source.run_id for source in self.sources)


def is_complete(subject: Subject, scratch: Path) -> None:
    """The reader has all members of the protocol, a plain name, a version, and says what it reads."""
    del scratch
    reader = subject.reader
    _require(isinstance(reader, Reader), "it lacks members of runreport.readers.base.Reader")
    _require(_NAME.fullmatch(reader.name), f"its name {reader.name!r} is not lower case with underscores")
    _require(reader.version, "it has no version")
    _require(reader.formats and all(reader.formats), "it does not say which formats it reads")


def match_explains_itself(subject: Subject, scratch: Path) -> None:
    """The log is claimed, with a reason, and the same way each time."""
    del scratch
    first, second = (registry.find([subject.folder], [subject.reader]) for _ in range(2))
    _require(first.claims, "it claims nothing in the folder")
    _require(first == second, "it matches differently the second time")
    _require(all(claim.match.reason.strip() for claim in first.claims), "it claims a folder without a reason")
    _require(not first.notices, f"matching fails: {first.notices}")


def match_is_bounded(subject: Subject, scratch: Path) -> None:
    """Matching reads a small part of large files. Checked where the system counts what a process reads."""
    folder = _copy(subject.folder, scratch)
    for path in sorted(_files(folder), key=lambda path: (-path.stat().st_size, path))[:_GROWN_FILES]:
        content = path.read_bytes()
        path.write_bytes(content * (_GROWN_BYTES // max(len(content), 1) + 1))
    before = _bytes_read()
    registry.find([folder], [subject.reader])
    _require(_bytes_read() - before < _MATCH_BYTES, f"matching reads more than {_MATCH_BYTES} bytes")


def other_files_are_left(subject: Subject, scratch: Path) -> None:
    """Folders without a log of the format are not claimed."""
    (scratch / "empty").mkdir()
    other = scratch / "other"
    other.mkdir()
    (other / "README.md").write_text("# Notes\n\nstep by step\n", encoding="utf-8")
    (other / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (other / "nothing").write_bytes(b"")
    claims = registry.find([scratch], [subject.reader]).claims
    _require(not claims, f"it claims files that are no run logs: {claims}")


def scan_is_stable(subject: Subject, scratch: Path) -> None:
    """Two scans list the same runs in the same order; ids are unique, and nothing absolute is in them."""
    del scratch
    first, second = _ingested(subject.reader, subject.folder), _ingested(subject.reader, subject.folder)
    _require(first.sources, "it lists no runs")
    _require(first.sources == second.sources, "a second scan lists other runs, or in another order")
    _require(len(set(first.run_ids)) == len(first.run_ids), "two runs have the same id")
    _require(all(source.fingerprint for source in first.sources), "a source has no fingerprint")
    absolute = str(subject.folder.resolve())
    told = [
        text for source in first.sources for text in (source.path, source.fingerprint, source.handle, *source.files)
    ]
    _require(not any(absolute in text or text.startswith("/") for text in told), "a source holds an absolute path")


def read_repeats_itself(subject: Subject, scratch: Path) -> None:
    """A second read gives equal logs and equal points."""
    del scratch
    first, second = _ingested(subject.reader, subject.folder), _ingested(subject.reader, subject.folder)
    _require(first.logs == second.logs, "a second read gives other logs")
    pairs = zip(first.batches, second.batches, strict=True)
    _require(all(_same(a.points, b.points) for a, b in pairs), "a second read gives other points")


def read_matches_scan(subject: Subject, scratch: Path) -> None:
    """Every run that was listed comes exactly once, with its id, its fingerprint and the reader's name."""
    del scratch
    found = _ingested(subject.reader, subject.folder)
    by_id = {source.run_id: source for source in found.sources}
    _require(sorted(log.run.run_id for log in found.logs) == sorted(by_id), "the runs read are not those listed")
    for log in found.logs:
        run = log.run
        _require(run.fingerprint == by_id[run.run_id].fingerprint, f"{run.name}: another fingerprint than listed")
        made_by = (run.reader, run.reader_version)
        _require(made_by == (subject.reader.name, subject.reader.version), f"{run.name}: not marked with its reader")
        tables = (log.params, log.tags, log.artifacts, log.datasets, log.models, log.environment, log.edges)
        owners = {entity.run_id for table in (*tables, log.metric_infos) for entity in table}
        _require(owners <= {run.run_id}, f"{run.name}: holds entities of another run")


def runs_read_alone(subject: Subject, scratch: Path) -> None:
    """A run that is read by itself gives the same log and points as when all are read."""
    del scratch
    found = _ingested(subject.reader, subject.folder)
    together = {log.run.run_id: log.run for log in found.logs}
    for location, sources in _scanned(subject.reader, subject.folder)[1]:
        for source in sources:
            batches = list(subject.reader.read(location, [source]))
            runs = [log.run for batch in batches for log in batch.logs]
            _require(runs == [together[source.run_id]], f"{source.path} alone gives another log")
            alone = sum(batch.points.num_rows for batch in batches)
            all_rows = sum(_rows_of(batch, source.run_id) for batch in found.batches)
            _require(alone == all_rows, f"{source.path} alone gives {alone} points, with all others {all_rows}")


def points_fit_the_schema(subject: Subject, scratch: Path) -> None:
    """Points have the schema POINTS, belong to logs that came before, and no series is split or out of count."""
    del scratch
    logged: set[str] = set()
    series: set[tuple[str, str]] = set()
    for batch in _ingested(subject.reader, subject.folder).batches:
        points = batch.points
        _require(points.schema.equals(POINTS), f"the schema is {points.schema}")
        points.validate(full=True)
        holes = [name for name in ("run_id", "metric", "step", "order", "value") if points.column(name).null_count]
        _require(not holes, f"missing values in {holes}")
        logged |= {log.run.run_id for log in batch.logs}
        own = _series(points)
        _require({run_id for run_id, _ in own} <= logged, "points come before the log of their run")
        _require(not own & series, f"series are split between batches: {sorted(own & series)[:3]}")
        series |= own
        _require(_orders_count(points), "order does not count from 0 within each series")


def moved_tree_keeps_ids(subject: Subject, scratch: Path) -> None:
    """A folder that is moved keeps the ids of its runs, and what has not changed its fingerprints."""
    folder = _copy(subject.folder, scratch / "somewhere" / "else")
    before, after = (_scanned(subject.reader, place)[0] for place in (subject.folder, folder))
    _require(before.run_ids == after.run_ids, "other run ids at another place")
    fingerprints = [[source.fingerprint for source in found.sources] for found in (before, after)]
    _require(fingerprints[0] == fingerprints[1], "other fingerprints at another place")


def fingerprint_follows_change(subject: Subject, scratch: Path) -> None:
    """A changed file changes the fingerprint of its runs, and of no run that has nothing to do with it."""
    folder = _copy(subject.folder, scratch)
    before = {source.run_id: source for source in _scanned(subject.reader, folder)[0].sources}
    changed = next((file for source in before.values() for file in source.files), None)
    _require(changed is not None, "no source names its files")
    subject.change(folder / str(changed))
    after = {source.run_id: source for source in _scanned(subject.reader, folder)[0].sources}
    for run_id in before.keys() & after.keys():
        is_concerned = changed in before[run_id].files
        is_new = before[run_id].fingerprint != after[run_id].fingerprint
        _require(is_concerned or not is_new, f"{before[run_id].path}: a new fingerprint by a file of another run")
    concerned = [run_id for run_id, source in before.items() if changed in source.files]
    renewed = [run for run in concerned if run not in after or before[run].fingerprint != after[run].fingerprint]
    _require(renewed, f"{changed} was changed, but no fingerprint")


def damage_becomes_notices(subject: Subject, scratch: Path) -> None:
    """Cut, emptied and overwritten files raise nothing but ReadError, and a log that is lost is told about."""
    folder = _copy(subject.folder, scratch)
    intact = _ingested(subject.reader, folder)
    for path in sorted(_files(folder))[:_CUT_FILES]:
        content = path.read_bytes()
        for damaged in _damaged(content):
            path.write_bytes(damaged)
            _check_damaged(subject.reader, folder, intact, f"{path.relative_to(folder)} at {len(damaged)} bytes")
        path.write_bytes(content)


CHECKS: tuple[Callable[[Subject, Path], None], ...] = (
    is_complete,
    match_explains_itself,
    match_is_bounded,
    other_files_are_left,
    scan_is_stable,
    read_repeats_itself,
    read_matches_scan,
    runs_read_alone,
    points_fit_the_schema,
    moved_tree_keeps_ids,
    fingerprint_follows_change,
    damage_becomes_notices,
)
"""Every check; each takes the subject and an empty folder of its own to work in."""


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ContractError(message)


def _scanned(reader: Reader, folder: Path) -> tuple[_Ingested, list[tuple[Location, tuple[Source, ...]]]]:
    findings = registry.find([folder], [reader])
    scans = [(claim.location, reader.scan(claim.location, claim.match)) for claim in findings.claims]
    found = _Ingested(
        claimed=frozenset((claim.location.relative, claim.match.takes) for claim in findings.claims),
        sources=tuple(source for _, scan in scans for source in scan.sources),
        batches=(),
        notices=(*findings.notices, *(notice for _, scan in scans for notice in scan.notices)),
    )
    return found, [(location, scan.sources) for location, scan in scans]


def _ingested(reader: Reader, folder: Path) -> _Ingested:
    found, scans = _scanned(reader, folder)
    batches = tuple(batch for location, sources in scans for batch in reader.read(location, sources))
    told = tuple(notice for batch in batches for log in batch.logs for notice in log.notices)
    return _Ingested(claimed=found.claimed, sources=found.sources, batches=batches, notices=(*found.notices, *told))


def _check_damaged(reader: Reader, folder: Path, intact: _Ingested, damage: str) -> None:
    try:
        found = _ingested(reader, folder)
    except ReadError:
        return
    except Exception as error:
        message = f"{damage}: raises {type(error).__name__}: {error}"
        raise ContractError(message) from error
    is_still_claimed = intact.claimed <= found.claimed
    # A file of many runs that is cut between two lines is a whole file of fewer runs.
    lost = intact.read_files - found.read_files
    _require(found.notices or not lost or not is_still_claimed, f"{damage}: {sorted(lost)} are lost without a notice")
    for notice in found.notices:
        _check_notice(notice, folder, damage)


def _check_notice(notice: Notice, folder: Path, damage: str) -> None:
    _require(_CODE.fullmatch(notice.code), f"{damage}: the code {notice.code!r} is not kebab-case")
    _require(notice.location and not os.path.isabs(notice.location), f"{damage}: no relative place: {notice}")  # noqa: PTH117 - a place is text, with a line number
    _require(str(folder) not in notice.message, f"{damage}: an absolute path in {notice.message!r}")
    _require(notice.message.strip().endswith("."), f"{damage}: no sentence: {notice.message!r}")


def _damaged(content: bytes) -> Iterator[bytes]:
    """Yield a file emptied, cut at several places and overwritten in its middle, each once."""
    size = len(content)
    middle = size // 2
    cuts = [content[:length] for length in (0, 1, size // 3, middle, size - 3, size - 1)]
    overwritten = content[:middle] + _DAMAGE + content[middle + len(_DAMAGE) :]
    yield from dict.fromkeys([*cuts, overwritten])


def _same(first: pa.Table, second: pa.Table) -> bool:
    """Whether two tables are equal, NaN equal to NaN."""
    if first.schema != second.schema or first.num_rows != second.num_rows:
        return False
    bits = [table.column("value").to_numpy().view(np.int64) for table in (first, second)]
    return bool(
        first.drop_columns(["value"]).equals(second.drop_columns(["value"])) and np.array_equal(bits[0], bits[1])
    )


def _series(points: pa.Table) -> set[tuple[str, str]]:
    rows = _named(points).group_by(["run_id", "metric"]).aggregate([]).to_pylist()
    return {(str(row["run_id"]), str(row["metric"])) for row in rows}


def _orders_count(points: pa.Table) -> bool:
    measures = [("order", kind) for kind in ("min", "max", "count", "count_distinct")]
    groups = _named(points).group_by(["run_id", "metric"]).aggregate(measures)  # type: ignore[arg-type]
    lowest, highest, count, distinct = (
        np.asarray(groups.column(f"order_{kind}").to_numpy(), dtype=np.int64) for _, kind in measures
    )
    return bool(((lowest == 0) & (highest + 1 == count) & (count == distinct)).all())


def _named(points: pa.Table) -> pa.Table:
    text = pa.string()
    columns = [points.column("run_id").cast(text), points.column("metric").cast(text), points.column("order")]
    return pa.Table.from_arrays(columns, names=["run_id", "metric", "order"])


def _rows_of(batch: RunBatch, run_id: str) -> int:
    return batch.points.column("run_id").cast(pa.string()).to_pylist().count(run_id)


def _copy(folder: Path, below: Path) -> Path:
    copied = below / folder.resolve().name
    shutil.copytree(folder, copied)
    return copied


def _files(folder: Path) -> Sequence[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _bytes_read() -> int:
    """Return how many bytes this process has read, or 0 where the system does not say."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return 0
    return int(counters.read_text(encoding="ascii").split()[1])
