"""Event files in the trackers' own layout, records with right checksums, written column by column: gigabytes in seconds."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_FIRST_STEP = 1 << 14
"""Steps from here on are three bytes long up to two million, so that all records of a file are of one size."""

_CHUNK_STEPS = 20_000
_START_S = 1.76e9
_U32 = np.uint32(0xFFFFFFFF)


def write_event_files(folder: Path, *, points: int, tags: int = 20, style: str = "v1", files: int = 1) -> None:
    """Write ``points`` scalars under ``tags`` tags over event files of one run.

    ``style`` is ``v1`` (``simple_value``: TensorFlow 1, PyTorch, tensorboardX) or ``v2`` (a tensor with its plugin:
    TensorFlow 2).
    """
    folder.mkdir(parents=True)
    steps = points // tags
    bounds = [steps * number // files for number in range(files + 1)]
    for number in range(files):
        with (folder / f"events.out.tfevents.{int(_START_S) + number}.benchmark").open("wb") as file:
            file.write(_framed(_rows([b"\x09" + struct.pack("<d", _START_S) + b"\x1a\x0dbrain.Event:2"])).tobytes())
            for start in range(bounds[number], bounds[number + 1], _CHUNK_STEPS):
                end = min(start + _CHUNK_STEPS, bounds[number + 1])
                file.write(_chunk(np.arange(start, end), tags, style).tobytes())


def _chunk(steps: NDArray[np.int64], tags: int, style: str) -> Bytes:
    """Return the records of some steps, [steps * tags, bytes]."""
    names = _rows([f"train/metric_{tag:02d}".encode() for tag in range(tags)])
    step, tag = np.repeat(steps, tags), np.tile(np.arange(tags), len(steps))
    noise = np.random.default_rng(int(steps[0])).normal(0, 0.01, len(step))
    number = (np.exp(-step / 40_000) + noise + tag).astype("<f4").view(np.uint8).reshape(-1, 4)
    time = (_START_S + step * 0.25 + tag * 0.001).astype("<f8").view(np.uint8).reshape(-1, 8)
    if style == "v1":
        body = _columns(len(step), b"\x15", number)
    else:
        body = _columns(len(step), b"\x42\x0a\x08\x01\x12\x00\x22\x04", number, b"\x4a\x0b\x0a\x09\x0a\x07scalars")
    value = _columns(len(step), b"\x0a", bytes([names.shape[1]]), names[tag], body)
    summary = _columns(len(step), b"\x0a", bytes([value.shape[1]]), value)
    event = _columns(
        len(step), b"\x09", time, b"\x10", _varints(step + _FIRST_STEP), b"\x2a", bytes([summary.shape[1]]), summary
    )
    return _framed(event)


def _varints(numbers: NDArray[np.int64]) -> Bytes:
    """Return numbers of 15 to 21 bits as varints of three bytes."""
    low, middle, high = numbers & 0x7F | 0x80, numbers >> 7 & 0x7F | 0x80, numbers >> 14
    return np.stack([low, middle, high], axis=1).astype(np.uint8)


def _framed(data: Bytes) -> Bytes:
    length = np.frombuffer(struct.pack("<Q", data.shape[1]), np.uint8)
    return _columns(len(data), length.tobytes(), _checksum(length[np.newaxis])[0].tobytes(), data, _checksum(data))


def _columns(count: int, *parts: Bytes | bytes) -> Bytes:
    """Put parts side by side; bytes are the same in all rows."""
    arrays = [np.tile(_rows([part]), (count, 1)) if isinstance(part, bytes) else part for part in parts]
    return np.concatenate(arrays, axis=1)


def _rows(texts: list[bytes]) -> Bytes:
    return np.array([np.frombuffer(text, np.uint8) for text in texts])


def _checksum(data: Bytes) -> Bytes:
    """Return the masked CRC-32C of each row, [rows, 4]."""
    table = _table()
    crc = np.full(len(data), _U32, dtype=np.uint32)
    for column in data.T:
        crc = table[(crc ^ column) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    crc ^= _U32
    masked = ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(0xA282EAD8)
    return masked.astype("<u4").view(np.uint8).reshape(-1, 4)


def _table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & np.uint32(1), (table >> np.uint32(1)) ^ np.uint32(0x82F63B78), table >> np.uint32(1))
    return table
