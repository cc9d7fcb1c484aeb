"""The scalars of one small event file, as Guild writes them into its hidden folder: simple values and nothing else.

Field numbers are those of TensorFlow's ``event.proto`` and ``summary.proto``.
"""

import struct
from pathlib import Path

from runreport.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, WireError, fields, read_varint, signed
from runreport.formats.tfrecord import Block, End, Ending, records
from runreport.formats.times import moment
from runreport.names import Severity
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.common import Findings

_WALL_TIME, _STEP, _SUMMARY = (1, FIXED64), (2, VARINT), (5, BYTES)
_VALUE = (1, BYTES)
_TAG, _SIMPLE = (1, BYTES), (2, FIXED32)


def read_scalars(path: Path, place: str, points: RunPoints, findings: Findings) -> None:
    """Add the points of an event file; what is damaged or no scalar becomes a notice.

    Raises:
        OSError: the file cannot be read.
    """
    broken = others = 0
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        for found in records(file, size_bytes):
            if isinstance(found, Block):
                for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True):
                    try:
                        others += _add_event(found.data, start, end, points)
                    except WireError:
                        broken += 1
            elif isinstance(found, End):
                _tell_ending(found, place, findings)
            else:
                others += 1
    if broken:
        findings.tell("damaged-record", place, f"{broken} damaged records were left out.")
    if others:
        findings.tell("not-scalars", place, f"{others} values that are no scalars were left out.", Severity.INFO)


def _add_event(data: bytes, start: int, end: int, points: RunPoints) -> int:
    """Add the values of one event; return how many of its values are no numbers."""
    wall_time, step, others = 0.0, 0, 0
    summaries: list[tuple[int, int]] = []
    for number, kind, begin, stop in fields(data, start, end):
        if (number, kind) == _WALL_TIME:
            (wall_time,) = struct.unpack_from("<d", data, begin)
        elif (number, kind) == _STEP:
            step = signed(read_varint(data, begin, stop)[0])
        elif (number, kind) == _SUMMARY:
            summaries.append((begin, stop))
    for begin, stop in summaries:
        for number, kind, value_begin, value_stop in fields(data, begin, stop):
            if (number, kind) == _VALUE:
                others += _add_value(data, value_begin, value_stop, step, wall_time, points)
    return others


def _add_value(data: bytes, start: int, end: int, step: int, wall_time: float, points: RunPoints) -> int:  # noqa: PLR0913, PLR0917 - a span, and what an event says of it
    tag, value = "", None
    for number, kind, begin, stop in fields(data, start, end):
        if (number, kind) == _TAG:
            tag = data[begin:stop].decode("utf-8", "backslashreplace")
        elif (number, kind) == _SIMPLE:
            (value,) = struct.unpack_from("<f", data, begin)
    if value is None:
        return 1
    points.add(tag, step, value, moment(wall_time))
    return 0


def _tell_ending(end: End, place: str, findings: Findings) -> None:
    if end.ending is Ending.CUT:
        message = "The last record is not complete and was left out. That is normal while a run is writing."
        findings.tell("cut-tail", f"{place}:{end.position}", message, Severity.INFO)
    elif end.ending is Ending.DAMAGED:
        message = "The length of a record does not have its checksum; the rest of the file was left out."
        findings.tell("damaged-file", f"{place}:{end.position}", message)
