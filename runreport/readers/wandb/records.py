"""Everything the record files of one run say, gathered as it comes and not yet judged."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from runreport.errors import ReadError
from runreport.formats.leveldb import LOOK_BYTES, LogFile, block_shift
from runreport.formats.protobuf import WireError
from runreport.readers.wandb import wire
from runreport.readers.wandb.definitions import Definitions
from runreport.readers.wandb.fold import Fold
from runreport.readers.wandb.notes import Notes
from runreport.readers.wandb.rows import history, measurements
from runreport.readers.wandb.surroundings import Surroundings, from_record
from runreport.readers.wandb.wire import Message

MARK = b":W&B"
HEADER_BYTES = 7
_MAGIC = 0xBEE1
_MOST_NOTED = 100


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """Who and what a run is; later records of it win where they say something."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    name: str = ""
    notes: str = ""
    sweep: str = ""
    host: str = ""
    tags: list[str] = field(default_factory=list)
    remote: str = ""
    commit: str = ""
    started_s: float | None = None
    branched_from: str = ""
    is_resumed: bool = False


class Exit(NamedTuple):
    """How a run ended; ``is_open`` when it says itself that the run goes on elsewhere."""

    code: int
    runtime_s: int
    is_open: bool


class LoggedArtifact(NamedTuple):
    """An artifact the run wrote, and its files: path, digest, size, address, media type."""

    name: str
    type: str
    digest: str
    aliases: tuple[str, ...]
    files: tuple[tuple[str, str, int, str, str], ...]


class UsedArtifact(NamedTuple):
    """An artifact the run read."""

    identity: str
    type: str
    name: str


class Records:
    """The records of a run, file after file."""

    def __init__(self) -> None:
        self.history = history()
        self.system = measurements()
        self.config = Fold()
        self.summary = Fold()
        self.run = RunRecord()
        self.surroundings = Surroundings()
        self.exit: Exit | None = None
        self.earlier_s: int | None = 0
        self.is_preempting = False
        self.starts_s: list[float] = []
        self.definitions = Definitions()
        self.artifacts: dict[str, LoggedArtifact] = {}
        self.used: dict[UsedArtifact, None] = {}
        self.versions: dict[str, str] = {}
        self.alerts: list[str] = []
        self._bad = 0
        self.counts: Counter[int] = Counter()
        self._handlers: dict[int, Callable[[bytes, int, int], None]] = {
            wire.HISTORY: self.history.add,
            wire.SUMMARY: self.summary.add,
            wire.CONFIG: self.config.add,
            wire.RUN: self._run,
            wire.EXIT: self._exit,
            wire.METRIC: self._metric,
            wire.STATS: self.system.add,
            wire.ARTIFACT: self._artifact,
            wire.USE_ARTIFACT: self._use_artifact,
            wire.ENVIRONMENT: self._environment,
            wire.TELEMETRY: self._telemetry,
            wire.ALERT: self._alert,
            wire.PREEMPTING: self._preempting,
        }

    def read(self, path: Path, place: str, notes: Notes) -> None:
        """Add a file, which goes on with the run where the files before ended.

        Raises:
            ReadError: it is no record file.
            OSError: it cannot be read.
        """
        if self.counts:  # a file before this one
            self.earlier_s = (
                None if self.exit is None or self.earlier_s is None else self.earlier_s + self.exit.runtime_s
            )
        self.exit = None
        self.is_preempting = False
        if self.history.marks:
            self.history.segments.append(len(self.history.marks))
        with path.open("rb") as file:
            file.seek(0, 2)
            size_bytes = file.tell()
            file.seek(0)
            head = file.read(LOOK_BYTES)
            check_header(head)
            log = LogFile(file, size_bytes, begin=HEADER_BYTES, shift=block_shift(head, HEADER_BYTES))
            self._read(log, place, notes)

    def _read(self, log: LogFile, place: str, notes: Notes) -> None:
        handlers, counts = self._handlers, self.counts
        bad = 0
        for data, start, end in log:
            try:
                kind, begin, behind = wire.kind_of(data, start, end)
                counts[kind] += 1
                if kind in handlers:
                    handlers[kind](data, begin, behind)
            except WireError:
                bad += 1
        flushed = sum(each.flush() for each in (self.history, self.system, self.summary, self.config))
        bad, self._bad = bad + flushed - self._bad, flushed
        _note_damage(log, bad, place, notes)

    @property
    def runtime_s(self) -> float | None:
        """How long the run ran, pauses between its files left out; None when that is not known."""
        if self.exit is None or self.exit.runtime_s <= 0:
            return None
        if self.run.is_resumed:  # then the client has counted what ran before as well
            return float(self.exit.runtime_s)
        return None if self.earlier_s is None else float(self.earlier_s + self.exit.runtime_s)

    def _run(self, data: bytes, start: int, end: int) -> None:
        said, run = Message(data, start, end), self.run
        for name, field_number in _RUN_TEXTS.items():
            if text := said.text(field_number):
                setattr(run, name, text)
        run.tags = said.texts(10) or run.tags
        git = said.message(21)
        run.remote, run.commit = git.text(1) or run.remote, git.text(2) or run.commit
        run.branched_from = said.message(23).text(1) or run.branched_from
        run.is_resumed = run.is_resumed or bool(said.integer(18))
        started = said.seconds(17)
        if started is not None:
            self.starts_s += [started]
            run.started_s = started if run.started_s is None else min(run.started_s, started)
        for number_of_field, fold in ((4, self.config), (5, self.summary)):
            for span in said.spans(number_of_field):
                fold.add(data, *span)
        for span in said.spans(19):
            self._telemetry(data, *span)

    def _exit(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        self.exit = Exit(code=said.integer(1), runtime_s=said.integer(2), is_open=bool(said.integer(3)))

    def _metric(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        name, pattern, step_metric = (said.text(field_number).replace("\\.", ".") for field_number in (1, 2, 4))
        self.definitions.add(name, pattern, step_metric, said.integer(8))

    def _artifact(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        files = tuple(
            (file.text(1), file.text(2), file.integer(4), file.text(3), file.text(5))
            for file in said.message(12).messages(4)
        )
        name = said.text(5)
        self.artifacts[name] = LoggedArtifact(name, said.text(4), said.text(6), tuple(said.texts(11)), files)

    def _use_artifact(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        self.used[UsedArtifact(said.text(1), said.text(2), said.text(3))] = None

    def _environment(self, data: bytes, start: int, end: int) -> None:
        self.surroundings = from_record(Message(data, start, end)).filled_from(self.surroundings)

    def _telemetry(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        for package, field_number in (("python", 4), ("wandb", 5), ("transformers", 6)):
            if text := said.text(field_number):
                self.versions[package] = text

    def _alert(self, data: bytes, start: int, end: int) -> None:
        said = Message(data, start, end)
        if len(self.alerts) < _MOST_NOTED:
            self.alerts.append(": ".join(filter(None, (said.text(1), said.text(2)))))

    def _preempting(self, data: bytes, start: int, end: int) -> None:
        del data, start, end
        self.is_preempting = True


_RUN_TEXTS = {
    "run_id": 1,
    "entity": 2,
    "project": 3,
    "group": 6,
    "job_type": 7,
    "name": 8,
    "notes": 9,
    "sweep": 12,
    "host": 13,
}


def check_header(head: bytes) -> None:
    """Check the first bytes of a record file.

    Raises:
        ReadError: they are none that such a file begins with.
    """
    if not head:
        raise ReadError("The record file is empty.")
    if head[:4] != MARK or int.from_bytes(head[4:6], "little") != _MAGIC or len(head) < HEADER_BYTES:
        raise ReadError("It does not begin as a record file of W&B does.")
    if head[6]:
        raise ReadError(f"It is of version {head[6]} of the format, of which nothing is known.")


def project_of(path: Path) -> str:
    """Return the project that the first records of a file name, empty where they do not."""
    try:
        with path.open("rb") as file:
            head = file.read(LOOK_BYTES)
            check_header(head)
            file.seek(0)
            for data, start, end in LogFile(file, len(head), begin=HEADER_BYTES, shift=block_shift(head, HEADER_BYTES)):
                kind, begin, behind = wire.kind_of(data, start, end)
                if kind == wire.RUN:
                    return Message(data, begin, behind).text(_RUN_TEXTS["project"])
    except (OSError, ReadError, WireError):  # reading the file will say what is wrong with it
        pass
    return ""


def _note_damage(log: LogFile, bad: int, place: str, notes: Notes) -> None:
    if log.damages:
        first, more = log.damages[0], len(log.damages) - 1
        others = f"; so did {more} more" if more else ""
        message = (
            f"The record at byte {first.position} {first.reason}; what follows up to the next block of 32 KiB "
            f"was left out{others}."
        )
        notes.add("damaged-records", message, place=f"{place}:{first.position}")
    if log.is_cut:
        message = "The last record is incomplete and was left out, as in the log of a run that is killed or goes on."
        notes.info("cut-tail", message, place=place)
    if bad:
        notes.add("undecodable-records", f"{bad} records do not decode and were left out.", place=place)
