"""The framing of LevelDB's log files, which ``.wandb`` files use: where each record lies, damage skipped block by block.

A file is a grid of blocks of 32 KiB. A block holds fragments: checksum (u32), size (u16), kind (u8), data, all
little-endian; what is left of a block when no header fits is zeros. A record is one fragment, or several (first,
middle, last) that go on from block to block. Behind a fragment that is damaged no size can be trusted, so the
reading goes on at the next block. The format: https://github.com/google/leveldb/blob/main/doc/log_format.md.

LevelDB's own checksum is a masked CRC-32C; the one here is the plain CRC-32 of zlib over kind and data.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO

BLOCK_BYTES = 1 << 15
HEADER_BYTES = 7
MAX_RECORD_BYTES = 1 << 26
"""Longer records are passed over."""

FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4

_READ_BLOCKS = 64
_LOOK_BLOCKS = 3
_HEADER = Struct("<IHB")

Span = tuple[bytes, int, int]
"""A record: a buffer, and where in it the record starts and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A place in the file behind which something was left out, and why as the end of a sentence."""

    position: int
    reason: str


class LogFile:
    """The records of an open file in order; what was left out is known when the iteration is over.

    Attributes:
        damages: the places where fragments were left out.
        is_cut: whether the file ends within a record, as it does when the writer is killed or still at work.
    """

    def __init__(self, file: BinaryIO, size_bytes: int, *, begin: int = 0, shift: int = 0) -> None:
        """Take a file.

        Args:
            file: where to read; it must be able to seek.
            size_bytes: the size to read up to, so that a file which grows meanwhile gives a defined result.
            begin: where the first fragment lies, behind what the format puts in front.
            shift: where the grid of blocks begins.
        """
        self.damages: list[Damage] = []
        self.is_cut = False
        self._file = file
        self._size_bytes = size_bytes
        self._begin = begin
        self._shift = shift
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._is_lost = False  # fragments that go on with a record whose start is lost belong to damage told already

    def __iter__(self) -> Iterator[Span]:
        """Yield the records.

        Raises:
            OSError: the file cannot be read.
        """
        position = self._shift
        while position < self._size_bytes and not self.is_cut:
            asked = min(_READ_BLOCKS * BLOCK_BYTES, self._size_bytes - position)
            self._file.seek(position)
            data = self._file.read(asked)
            is_last = position + asked >= self._size_bytes or len(data) < asked
            for block in range(0, len(data), BLOCK_BYTES):
                end = min(block + BLOCK_BYTES, len(data))
                start = max(block, self._begin - position)
                yield from self._records(data, start, end, position, is_tail=is_last and end == len(data))
            if len(data) < asked:
                break
            position += asked
        self.is_cut = self.is_cut or bool(self._parts)

    def _records(self, data: bytes, start: int, end: int, origin: int, *, is_tail: bool) -> Iterator[Span]:
        """Yield the records that end in one block; ``origin`` is the place of ``data`` in the file."""
        at = start
        while end - at >= HEADER_BYTES:
            checksum, size, kind = _HEADER.unpack_from(data, at)
            content = at + HEADER_BYTES
            stop = content + size
            if stop > end or zlib.crc32(data[at + 6 : stop]) != checksum or not FULL <= kind <= LAST:
                self._fail(data, at, end, stop, origin, is_tail=is_tail)
                return
            if kind == FULL:
                self._drop(origin + at)
                self._is_lost = False
                yield data, content, stop
            elif self._joined(data[content:stop], kind, origin + at):
                record = b"".join(self._parts)
                self._parts.clear()
                yield record, 0, len(record)
            at = stop
        if is_tail and any(data[at:end]):
            self.is_cut = True

    def _joined(self, fragment: bytes, kind: int, position: int) -> bool:
        """Add a fragment to the record it belongs to and say whether that is now complete."""
        if kind == FIRST:
            self._drop(position)
            self._parts, self._parts_bytes, self._is_lost = [fragment], len(fragment), False
            return False
        if not self._parts:
            if not self._is_lost:
                self._lose(position, "goes on with a record that has no start")
            return False
        self._parts_bytes += len(fragment)
        if self._parts_bytes > MAX_RECORD_BYTES:
            self._lose(position, f"belongs to a record of more than {MAX_RECORD_BYTES >> 20} MiB")
            return False
        self._parts.append(fragment)
        return kind == LAST

    def _drop(self, position: int) -> None:
        """Give up a record that another one begins in the midst of."""
        if self._parts:
            self._lose(position, "begins before the record in front of it has ended")

    def _lose(self, position: int, reason: str) -> None:
        self.damages.append(Damage(position=position, reason=reason))
        self._parts.clear()
        self._is_lost = True

    def _fail(self, data: bytes, at: int, end: int, stop: int, origin: int, *, is_tail: bool) -> None:  # noqa: PLR0913
        """Note why the rest of a block is left out; at the end of the file it may merely be cut."""
        is_short = end % BLOCK_BYTES != 0
        if is_tail and ((stop > end and is_short) or not any(data[at:end])):
            self.is_cut = True
            return
        if stop > end:
            reason = "is longer than its block"
        elif not any(data[at:end]):
            reason = "is all zeros"
        else:
            reason = "does not fit its checksum"
        self._lose(origin + at, reason)


def block_shift(head: bytes, begin: int) -> int:
    """Return where the grid of blocks begins: at the start of the file, or behind what lies in front of the records.

    ``head`` are the first bytes of the file, :data:`LOOK_BYTES` of them where there are so many.
    """
    found = {shift: LogFile(io.BytesIO(head), len(head), begin=begin, shift=shift) for shift in (0, begin)}
    counts = {shift: (-sum(1 for _ in log), len(log.damages)) for shift, log in found.items()}
    return min(counts, key=lambda shift: (counts[shift][1], counts[shift][0], shift))


LOOK_BYTES = _LOOK_BLOCKS * BLOCK_BYTES
"""How much of a file :func:`block_shift` looks at."""
