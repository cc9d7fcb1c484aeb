"""An encoder of event files that shares nothing with the reader: what the tests expect is written by this."""

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runreport.model.entities import RunLog
from runreport.readers.base import Location
from runreport.readers.tensorboard.reader import TensorboardReader

FILE_NAME = "events.out.tfevents.1700000000.host.example.12.0"
WALL_TIME = 1_700_000_000.0

Point = tuple[str, int, float]
Series = dict[str, list[tuple[int, float]]]


def varint(number: int) -> bytes:
    number %= 1 << 64
    out = b""
    while number > 127:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def message(number: int, content: bytes) -> bytes:
    return varint(number * 8 + 2) + varint(len(content)) + content


def integer(number: int, value: int) -> bytes:
    return varint(number * 8) + varint(value)


def double(number: int, value: float) -> bytes:
    return varint(number * 8 + 1) + struct.pack("<d", value)


@cache
def checksum(data: bytes) -> bytes:
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder // 2 ^ (0x82F63B78 * (remainder % 2))
    crc = remainder ^ 0xFFFFFFFF
    rotated = (crc >> 15 | crc << 17) % 2**32
    return struct.pack("<I", (rotated + 0xA282EAD8) % 2**32)


def record(data: bytes, length: int | None = None) -> bytes:
    """Frame the data, with a length that may be a lie."""
    head = struct.pack("<Q", len(data) if length is None else length)
    return head + checksum(head) + data + checksum(data[:64])  # the reader does not look at the last four bytes


def event(body: bytes, *, step: int | None = None, wall_time: float | None = WALL_TIME) -> bytes:
    time = b"" if wall_time is None else double(1, wall_time)
    return record(time + (b"" if step is None else integer(2, step)) + body)


def version() -> bytes:
    return event(message(3, b"brain.Event:2"))


def metadata(plugin: bytes, content: bytes = b"") -> bytes:
    return message(9, message(1, message(1, plugin) + (message(2, content) if content else b"")))


def simple(tag: str | bytes, value: float) -> bytes:
    name = tag if isinstance(tag, bytes) else tag.encode()
    return message(1, message(1, name) + b"\x15" + struct.pack("<f", value))


def tensor(tag: str, body: bytes, *, plugin: bytes | None = None, shape: bytes = b"") -> bytes:
    """A value that is a tensor; ``body`` is its type and content."""
    extra = b"" if plugin is None else metadata(plugin)
    return message(1, message(1, tag.encode()) + message(8, body[:2] + message(2, shape) + body[2:]) + extra)


def float_tensor(tag: str, value: float, *, plugin: bytes | None = None) -> bytes:
    return tensor(tag, b"\x08\x01" + message(5, struct.pack("<f", value)), plugin=plugin)


def summary(*values: bytes) -> bytes:
    return message(5, b"".join(values))


def scalar(tag: str, step: int, value: float, *, wall_time: float = WALL_TIME) -> bytes:
    return event(summary(simple(tag, value)), step=step, wall_time=wall_time)


def hparams_value(tag: str, content: bytes) -> bytes:
    return message(1, message(1, f"_hparams_/{tag}".encode()) + metadata(b"hparams", content))


def session_start(**params: float | str | bool | None) -> bytes:
    """A session_start_info; numbers are doubles whatever they were, as in the real format."""
    entries = b""
    for name, value in params.items():
        if value is None:
            content = integer(1, 0)
        elif isinstance(value, bool):
            content = integer(4, int(value))
        else:
            content = message(3, value.encode()) if isinstance(value, str) else double(2, float(value))
        entries += message(1, message(1, name.encode()) + message(2, content))
    return hparams_value("session_start_info", message(3, entries))


def session_end(status: int, ended_s: float | None = None) -> bytes:
    end = integer(1, status) + (b"" if ended_s is None else double(2, ended_s))
    return hparams_value("session_end_info", message(4, end))


def hparams_experiment(*metrics: str) -> bytes:
    infos = b"".join(message(5, message(1, message(2, metric.encode()))) for metric in metrics)
    return hparams_value("experiment", message(2, infos))


@dataclass
class Logged:
    """What the reader made of a folder."""

    log: RunLog
    series: Series
    times: dict[str, list[int | None]]
    blobs: dict[str, bytes]

    @property
    def codes(self) -> list[str]:
        return [notice.code for notice in self.log.notices]

    @property
    def params(self) -> dict[str, str]:
        return {param.param: param.value for param in self.log.params}


def location(root: Path, relative: str = "") -> Location:
    entries = sorted((root / relative).iterdir())
    return Location(
        root=root,
        label=root.name,
        relative=relative,
        folders=tuple(entry.name for entry in entries if entry.is_dir()),
        files=tuple(entry.name for entry in entries if entry.is_file()),
    )


def read_folder(root: Path, relative: str = "") -> Logged:
    """Read one run folder and check what holds for every batch."""
    place = location(root, relative)
    reader = TensorboardReader()
    match = reader.match(place)
    assert match is not None
    batches = list(reader.read(place, reader.scan(place, match).sources))
    logs = [log for batch in batches for log in batch.logs]
    assert len(logs) == 1
    found = Logged(log=logs[0], series={}, times={}, blobs=dict(batches[0].blobs))
    assert not any(batch.blobs for batch in batches[1:])
    for batch in batches:
        batch.points.validate(full=True)
        for row in batch.points.to_pylist():
            assert row["run_id"] == logs[0].run.run_id
            series = found.series.setdefault(row["metric"], [])
            assert row["order"] == len(series)
            series.append((row["step"], row["value"]))
            time = row["time"]
            found.times.setdefault(row["metric"], []).append(time and round(time.timestamp() * 1e6))
    return found


def read_bytes(folder: Path, *records: bytes, name: str = FILE_NAME) -> Logged:
    """Write the records as one event file of a new run and read it."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"".join(records))
    return read_folder(folder)
