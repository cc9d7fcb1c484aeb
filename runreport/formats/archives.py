"""Zip archives of logs, read in place: nothing is unpacked, and every size is bounded and checked.

An archive may claim anything about itself. Before it is opened, the number of members and the size of its directory
are taken from its last record; a member is decompressed as a stream, which ends at the size it claims and is refused
when that is too much. So are members whose names leave the archive, that are encrypted, or that use another method
than store and deflate.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import IO, NamedTuple

from runreport.errors import ReadError
from runreport.formats.lines import Line, lines_of

MAX_MEMBERS = 20_000
MAX_DIRECTORY_BYTES = 8_000_000
MAX_MEMBER_BYTES = 2_000_000_000
MAX_RATIO = 400
"""How many times smaller than its content a large member may be; deflate reaches 1,032 with nothing but zeros."""

_END = Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_ZIP64_MARK = b"PK\6\7"
_ZIP64_BYTES = 20
_LONGEST_COMMENT = 1 << 16
_START = b"PK\3\4"
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_IS_ENCRYPTED = 1
_SMALL_BYTES = 1_000_000
_PROBLEMS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class Member(NamedTuple):
    """A file in an archive: its path with ``/``, and the size that the archive claims."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An open archive. ``members`` are its files in the order of their paths, ``refused`` why others cannot be read."""

    members: tuple[Member, ...]
    refused: Mapping[str, str]
    file: zipfile.ZipFile

    def has(self, path: str) -> bool:
        """Say whether there is such a member and it may be read."""
        return any(member.path == path for member in self.members)

    def read(self, path: str, limit_bytes: int) -> bytes:
        """Return the content of a member.

        Raises:
            ReadError: it is missing, refused, damaged, or larger than ``limit_bytes``, whatever size it claims.
        """
        with self._opened(path) as stream:
            content = stream.read(limit_bytes + 1)
        if len(content) > limit_bytes:
            sentence = f"{path} in the archive is larger than the {limit_bytes:,} bytes that are read of such a file."
            raise ReadError(sentence)
        return content

    def lines(self, path: str) -> Iterator[Line]:
        """Yield the lines of a member, see :func:`runreport.formats.lines.lines`, as far as it can be read.

        Raises:
            ReadError: the member is missing or refused, or damaged or larger than allowed from a line on.
        """
        with self._opened(path) as stream:
            yield from lines_of(stream)

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        if path in self.refused:
            sentence = f"{path} in the archive {self.refused[path]}."
            raise ReadError(sentence)
        if not self.has(path):
            sentence = f"There is no {path} in the archive."
            raise ReadError(sentence)
        try:
            with self.file.open(path) as stream:
                yield stream
        except _PROBLEMS as problem:
            sentence = f"{path} in the archive is damaged: {problem}."
            raise ReadError(sentence) from problem


def is_zip(path: Path) -> bool:
    """Say whether a file begins like a zip archive that holds something."""
    try:
        with path.open("rb") as file:
            return file.read(len(_START)) == _START
    except OSError:
        return False


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive for reading and close it afterwards.

    Raises:
        ReadError: it is no zip archive, is damaged, holds more members than are read, or cannot be opened.
    """
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(path.open("rb"))
            _check_directory(stream)
            archive = _archive(opened.enter_context(zipfile.ZipFile(stream)))
        except _PROBLEMS as problem:
            reason = (problem.strerror or str(problem)) if isinstance(problem, OSError) else str(problem)
            sentence = f"It cannot be read as a zip archive: {reason}."
            raise ReadError(sentence) from problem
        yield archive


def _archive(file: zipfile.ZipFile) -> Archive:
    members: dict[str, Member] = {}
    refused: dict[str, str] = {}
    for info in file.infolist():
        if info.is_dir():
            continue
        reason = _refusal(info, is_second=info.filename in members)
        if reason:
            refused[info.filename] = reason
        else:
            members[info.filename] = Member(info.filename, info.file_size)
    readable = (member for path, member in sorted(members.items()) if path not in refused)
    return Archive(members=tuple(readable), refused=refused, file=file)


def _refusal(info: zipfile.ZipInfo, *, is_second: bool) -> str:
    """Return why a member is not read, as the end of a sentence; empty when it may be."""
    path = info.filename
    if is_second:
        return "is there twice"
    if path.startswith("/") or "\\" in path or ":" in path.partition("/")[0] or ".." in path.split("/"):
        return "has a name that leaves the archive"
    if info.flag_bits & _IS_ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return "is compressed with another method than deflate"
    is_dense = info.file_size > _SMALL_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1)
    return "claims to be too large" if is_dense or info.file_size > MAX_MEMBER_BYTES else ""


def _check_directory(stream: IO[bytes]) -> None:
    """Refuse archives whose directory would take long to read, by the record at their end."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _LONGEST_COMMENT - _END.size - _ZIP64_BYTES))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("its directory is missing, as when it was cut")
    _, _, _, _, count, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if _ZIP64_MARK in tail[max(0, at - _ZIP64_BYTES) : at] or count > MAX_MEMBERS:
        sentence = f"it holds more than {MAX_MEMBERS:,} files or is larger than 4 GB"
        raise zipfile.BadZipFile(sentence)
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile("its directory is too large")
