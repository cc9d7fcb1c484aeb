"""The framing of TFRecord files: where each record lies, block by block, without reading what is skipped.

A record is its length (u64), the masked CRC-32C of the length (u32), the data, and the masked CRC-32C of the data,
all little-endian. The checksum of every length is verified, because one wrong length hides all that follows. That of
the data is not, as in TensorBoard's own loader: it would take longer than all the rest, and data that do not decode
are noticed anyway. Files are read in blocks rather than mapped: a mapped file that is cut while it is read kills the
process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from struct import Struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

BLOCK_BYTES = 1 << 21
MAX_RECORD_BYTES = 1 << 26
"""Longer records are passed over: they hold graphs and media, no scalars."""

PADDING = 64
"""Zero bytes behind each block, so that fixed-size looks at its last bytes stay inside the buffer."""

HEADER_BYTES = 12
_FRAME_BYTES = 16
_PEEK_BYTES = 4096

_CRC_POLYNOMIAL = 0x82F63B78  # Castagnoli, reflected
_CRC_MASK = 0xA282EAD8
_U32 = 0xFFFFFFFF
_HEADER = Struct("<QI")

_FIRST_WALK = 512
_LONGEST_WALK = 1 << 16
_LONGEST_PERIOD = 1024
_FIRST_STRIDE = 1 << 10
_LONGEST_STRIDE = 1 << 16


class Ending(StrEnum):
    """How the records of a file end."""

    WHOLE = "whole"
    CUT = "cut"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some whole records of a file.

    Attributes:
        data: their bytes with ``PADDING`` zero bytes behind them.
        starts: where in ``data`` the content of each record starts, int64 [records], ascending.
        ends: where it ends, int64 [records].
        position: the place of ``data`` in the file.
    """

    data: bytes
    starts: Ints
    ends: Ints
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRecord:
    """A record that was passed over because of its length; ``head`` holds its first bytes."""

    head: bytes
    position: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of the readable records, and the place in the file where it is."""

    ending: Ending
    position: int


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the data.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    table = _crc_table()
    crc = _U32
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ _U32


def masked_crc32c(data: bytes) -> int:
    """Return the checksum as TFRecord files store it: rotated and shifted by a constant."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _CRC_MASK) & _U32


def records(file: BinaryIO, size_bytes: int) -> Iterator[Block | LongRecord | End]:
    """Yield the records of an open file in order, then one :class:`End`.

    ``size_bytes`` is the size to read up to, so that a file which grows meanwhile gives a defined result.

    Raises:
        OSError: the file cannot be read.
    """
    position, wanted, framer = 0, BLOCK_BYTES, _Framer()
    while position < size_bytes:
        asked = min(wanted, size_bytes - position)
        data = _read_at(file, position, asked)
        framed = framer.frame(data)
        if len(framed.starts):
            yield _block(data, framed.starts, position)
        position += framed.end
        if framed.is_damaged:
            yield End(ending=Ending.DAMAGED, position=position)
            return
        next_size = framer.size_at(_read_at(file, position, HEADER_BYTES))
        if 0 < size_bytes - position < next_size or len(data) < asked:  # cut, or cut while it is read
            break
        if next_size > MAX_RECORD_BYTES:
            head = _read_at(file, position + HEADER_BYTES, _PEEK_BYTES)
            yield LongRecord(head=head, position=position, size_bytes=next_size)
            position += next_size
        wanted = max(BLOCK_BYTES, min(next_size, MAX_RECORD_BYTES))
    yield End(ending=Ending.CUT if position < size_bytes else Ending.WHOLE, position=position)


def _read_at(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def _block(data: bytes, starts: Ints, position: int) -> Block:
    padded = data + bytes(PADDING)
    sizes = np.ndarray((len(data),), "<i8", padded, strides=(1,))[starts]
    contents = starts + HEADER_BYTES
    return Block(data=padded, starts=contents, ends=contents + sizes, position=position)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Framed:
    """Where the whole records of a buffer start, where the last one ends, and whether a wrong length follows."""

    starts: Ints
    end: int
    is_damaged: bool


class _Framer:
    """Finds the records of one buffer after the other.

    Loops log the same tags over and over, so the sizes of records repeat: a short walk from length to length finds
    the period, and whole strides are then predicted and checked with a few array operations. What is predicted
    wrongly is walked again, so the result does not depend on the guess.
    """

    def __init__(self) -> None:
        self._sizes: dict[bytes, int] = {}

    def size_at(self, header: bytes) -> int:
        """Return the size of the framed record with this header: the least possible one where that is not known."""
        return self._sizes.get(header) or self._checked_size(header) or _FRAME_BYTES

    def frame(self, data: bytes) -> _Framed:
        """Find the whole records at the start of ``data``."""
        pieces: list[Ints] = []
        position, walk = 0, _FIRST_WALK
        while True:
            starts, position, is_damaged = self._walk(data, position, walk)
            pieces.append(np.array(starts, dtype=np.int64))
            if len(starts) < walk:
                return _Framed(starts=np.concatenate(pieces), end=position, is_damaged=is_damaged)
            period = _period(np.diff(pieces[-1], append=position))
            if period:
                predicted, position = _predict(data, position, pieces[-1][-period:])
                pieces.extend(predicted)
            walk = _FIRST_WALK if period else min(2 * walk, _LONGEST_WALK)

    def _walk(self, data: bytes, position: int, count: int) -> tuple[list[int], int, bool]:
        """Go from length to length; stop early at the end of the data or at a wrong length (then true)."""
        starts: list[int] = []
        known, last = self._sizes, len(data) - HEADER_BYTES
        while len(starts) < count and position <= last:
            header = data[position : position + HEADER_BYTES]
            size = known.get(header) or self._checked_size(header)
            if not size:
                return starts, position, True
            if position + size > len(data):
                break
            starts.append(position)
            position += size
        return starts, position, False

    def _checked_size(self, header: bytes) -> int:
        """Return the size of the framed record, remembered for equal headers; 0 when the checksum is wrong."""
        if len(header) < HEADER_BYTES:
            return 0
        length, checksum = _HEADER.unpack(header)
        if masked_crc32c(header[:8]) != checksum:
            return 0
        return self._sizes.setdefault(header, length + _FRAME_BYTES)


def _period(sizes: Ints) -> int:
    """Return after how many records the sizes repeat, seen at least twice at their end; 0 when they do not."""
    tail = sizes[-2 * _LONGEST_PERIOD :]
    for period in range(1, len(tail) // 2 + 1):
        if tail[-1] == tail[-1 - period] and np.array_equal(tail[period:], tail[:-period]):
            return period
    return 0


def _predict(data: bytes, position: int, cycle: Ints) -> tuple[list[Ints], int]:
    """Expect the headers of the records that start at ``cycle`` again and again from ``position`` on.

    Returns:
        The starts of the records that are as expected, and the end of the last one.
    """
    lengths = np.ndarray((len(data) - 7,), "<i8", data, strides=(1,))
    checksums = np.ndarray((len(data) - 11,), "<u4", data, offset=8, strides=(1,))
    pieces: list[Ints] = []
    repeats = max(1, _FIRST_STRIDE // len(cycle))
    while True:
        model = np.tile(cycle, repeats)
        ends = position + np.cumsum(lengths[model] + _FRAME_BYTES)
        starts = np.concatenate(([position], ends[:-1]))
        fitting = int(np.searchsorted(ends, len(data), side="right"))
        starts, model = starts[:fitting], model[:fitting]
        is_right = (lengths[starts] == lengths[model]) & (checksums[starts] == checksums[model])
        right = fitting if is_right.all() else int(np.argmin(is_right))
        pieces.append(starts[:right])
        position = int(ends[right - 1]) if right else position
        if right < len(ends):
            return pieces, position
        repeats = max(1, min(2 * len(ends), _LONGEST_STRIDE) // len(cycle))


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)
