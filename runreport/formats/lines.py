"""Text files line by line, with lines of bounded length: a log may be one line of many gigabytes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

LONGEST_BYTES = 16 * 1024 * 1024
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block


class Line(NamedTuple):
    """One line without its end.

    ``is_whole`` is false for the last line when no line end follows it, which may then be cut; ``is_long`` says that
    it was longer than the limit, and ``text`` is empty then.
    """

    number: int
    text: str
    is_whole: bool
    is_long: bool = False


def lines(path: Path, longest_bytes: int = LONGEST_BYTES) -> Iterator[Line]:
    """Yield the lines of a file, counted from 1; bytes that are no UTF-8 become the replacement character.

    Raises:
        OSError: the file cannot be opened or read.
    """
    with open(os.open(path, _OPEN_FLAGS), "rb") as file:  # noqa: PTH123 - the descriptor is opened without blocking
        yield from lines_of(file, longest_bytes)


def lines_of(file: IO[bytes], longest_bytes: int = LONGEST_BYTES) -> Iterator[Line]:
    """Yield the lines of an open file, such as a member of an archive; see :func:`lines`."""
    number = 0
    while raw := file.readline(longest_bytes + 1):
        number += 1
        is_long = len(raw) > longest_bytes and not raw.endswith(b"\n")
        if is_long:
            raw = _passed_over(file, longest_bytes)
        is_whole = raw.endswith(b"\n")
        text = "" if is_long else raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
        yield Line(number, text, is_whole, is_long)


def _passed_over(file: IO[bytes], block_bytes: int) -> bytes:
    """Read to the end of a line and return the last of it."""
    block = b""
    while (more := file.readline(block_bytes)) and not (block := more).endswith(b"\n"):
        pass
    return block
