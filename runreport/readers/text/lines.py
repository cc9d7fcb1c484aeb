"""Lines of a text log, bounded in length, and a look at its two ends."""

import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from runreport.errors import ReadError

MAX_LINE = 10_000
"""Bytes of a line that are read; the rest of a longer one is passed over."""

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block
_BUFFER_BYTES = 1 << 20
_SKIP_BYTES = 1 << 16
_LAST_CONTROL = 13  # a carriage return; a line feed is below it
_BOM = b"\xef\xbb\xbf"
_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,20}[A-Za-z]")


class Line(NamedTuple):
    """One line without its end and without colours; ``number`` counts from 1, ``is_cut`` says that it goes on."""

    number: int
    text: str
    is_cut: bool


def open_binary(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading; a pipe reads as empty or is an error.

    Raises:
        OSError: it cannot be opened.
    """
    return os.fdopen(os.open(path, _OPEN_FLAGS), "rb", buffering=_BUFFER_BYTES)


def read_lines(
    path: str | os.PathLike[str], *, offset: int = 0, number: int = 1, max_bytes: int = MAX_LINE
) -> Iterator[Line]:
    r"""Yield the lines of a log; a ``\r``, with which progress bars overwrite a line, ends one as well.

    Args:
        path: the file.
        offset: the byte to begin at.
        number: the number of the line that begins there.
        max_bytes: how much of a line is kept.

    Raises:
        OSError: it cannot be read.
    """
    with open_binary(path) as file:
        file.seek(offset)
        while raw := file.readline(max_bytes):
            is_cut = not raw.endswith(b"\n") and len(raw) == max_bytes
            if is_cut:
                _skip_line(file)
            if raw[-1] <= _LAST_CONTROL:
                raw = raw.rstrip(b"\r\n")
            if number == 1:
                raw = raw.removeprefix(_BOM)
            if b"\x1b" in raw:
                raw = _COLOUR.sub(b"", raw)
            text = raw.decode("utf-8", "replace")
            if "\r" in text:
                yield from (Line(number, piece, is_cut) for piece in text.split("\r") if piece)
            else:
                yield Line(number, text, is_cut)
            number += 1


def ends(path: str | os.PathLike[str], head_bytes: int, tail_bytes: int) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file; the tail is empty when the head holds all of it.

    Raises:
        ReadError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            size_bytes = os.fstat(descriptor).st_size
            head = os.read(descriptor, head_bytes)
            if size_bytes <= head_bytes:
                return head, b""
            os.lseek(descriptor, max(size_bytes - tail_bytes, head_bytes), os.SEEK_SET)
            return head, os.read(descriptor, tail_bytes)
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise ReadError(f"It cannot be read: {problem.strerror or problem}.") from problem


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(_SKIP_BYTES)) and not rest.endswith(b"\n"):
        pass
