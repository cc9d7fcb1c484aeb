"""The event files of one folder: their points in the order of the log, and what is to be said about each file."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.formats.tfrecord import Block, End, Ending, LongRecord, records
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.tensorboard.events import EventDecoder
from runreport.readers.tensorboard.findings import Findings
from runreport.readers.tensorboard.series import LoggedPoints
from runreport.readers.tensorboard.summaries import LONG_SUMMARY, long_record_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """One file to read: where it is, and how notices name it and its run."""

    path: Path
    place: str
    run_id: str

    def notice(self, code: str, message: str, severity: Severity, position: int | None = None) -> Notice:
        """Return a finding about the file, or about a place in it."""
        location = self.place if position is None else f"{self.place}:{position}"
        return Notice(severity=severity, code=code, location=location, message=message, run_id=self.run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLog:
    """What the event files of a folder hold together.

    Attributes:
        files: the files, in the order in which they were read.
        decoder: knows their tags, hparams, times of opening, and where media lie.
        points: the points of all files.
        kinds: how many values of other kinds there are.
        notices: what is to be said about the files.
    """

    files: tuple[EventFile, ...]
    decoder: EventDecoder
    points: LoggedPoints
    kinds: Counter[str]
    notices: tuple[Notice, ...]


def read_files(files: Sequence[EventFile]) -> FolderLog:
    """Read the files one after the other, as one log. What cannot be read becomes a notice."""
    decoder = EventDecoder()
    points = LoggedPoints()
    kinds: Counter[str] = Counter()
    notices: list[Notice] = []
    for number, file in enumerate(files):
        decoder.media.file = number
        findings = Findings(kinds=kinds)
        try:
            notices += _read_file(file, decoder, points, findings)
        except OSError as error:
            message = f"The file cannot be read to its end: {error.strerror or error}. What precedes was kept."
            notices.append(file.notice("unreadable-file", message, Severity.ERROR))
    return FolderLog(files=tuple(files), decoder=decoder, points=points, kinds=kinds, notices=tuple(notices))


def _read_file(file: EventFile, decoder: EventDecoder, points: LoggedPoints, findings: Findings) -> list[Notice]:
    notices: list[Notice] = []
    with file.path.open("rb") as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        for found in records(stream, size_bytes):
            if isinstance(found, Block):
                points.add(decoder.decode(found, findings))
            elif isinstance(found, LongRecord):
                notices += _long_record(file, found, findings)
            else:
                notices += _ending(file, found, size_bytes)
        notices += _found(file, findings)
    return notices


def _long_record(file: EventFile, record: LongRecord, findings: Findings) -> list[Notice]:
    kind = long_record_kind(record.head)
    if kind != LONG_SUMMARY:
        findings.count(kind)
        return []
    message = f"The record at byte {record.position} is {record.size_bytes} bytes long and was passed over."
    return [file.notice("long-record", message, Severity.WARNING, record.position)]


def _ending(file: EventFile, end: End, size_bytes: int) -> list[Notice]:
    if size_bytes == 0:
        return [file.notice("empty-file", "The file is empty.", Severity.INFO)]
    rest = f"the last {size_bytes - end.position} bytes"
    if end.ending is Ending.CUT:
        message = f"The last record, {rest}, is not complete and was left out. That is normal while a run is writing."
        return [file.notice("cut-tail", message, Severity.INFO, end.position)]
    if end.ending is Ending.DAMAGED:
        message = (
            f"The length of a record does not have its checksum, so {rest} cannot be read. What precedes was kept."
        )
        return [file.notice("damaged-file", message, Severity.WARNING, end.position)]
    return []


def _found(file: EventFile, findings: Findings) -> list[Notice]:
    notices = []
    if findings.damaged:
        message = f"{findings.damaged} damaged records or values were left out; this is where the first one is."
        notices.append(file.notice("damaged-record", message, Severity.WARNING, findings.first_damaged))
    if findings.untimed:
        message = f"{findings.untimed} records were left out because their wall time is no time, as TensorBoard does."
        notices.append(file.notice("no-wall-time", message, Severity.WARNING))
    return notices
