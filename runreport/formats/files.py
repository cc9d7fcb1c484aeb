"""Reading below a root: bounded in size and number, and never following a link out of it."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from runreport.errors import ReadError
from runreport.names import Severity
from runreport.notices import Notice

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block
_MAX_DEPTH = 32
_MAX_FILES = 1_000_000
_KILOBYTE = 1024
_FIRST_BYTES = 32 * _KILOBYTE
_BLOCK_BYTES = 4 * _KILOBYTE * _KILOBYTE
_UNITS = ("bytes", "kB", "MB", "GB")

_MEDIA_TYPES = {
    ".bmp": "image/bmp",
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".mp4": "video/mp4",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".onnx": "application/onnx",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".pickle": "application/x-pickle",
    ".pkl": "application/x-pickle",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}


class FoundFile(NamedTuple):
    """A regular file: its path with ``/`` relative to the folder that was walked, and what the file system says."""

    path: str
    size_bytes: int
    mtime_ns: int


class Refusal(NamedTuple):
    """Something a walk did not enter, relative to the folder that was walked, and why as the end of a sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The files below a folder, sorted by path within each folder, and what was left out.

    ``is_cut`` is true when there were more files than the limit; then the first ones are listed.
    """

    files: tuple[FoundFile, ...]
    refused: tuple[Refusal, ...] = ()
    is_cut: bool = False

    def notices(self, folder: str, run_id: str = "") -> tuple[Notice, ...]:
        """Return one notice for each refusal; ``folder`` is what was walked, relative to the root."""
        return tuple(
            Notice(
                severity=Severity.WARNING,
                code="not-followed",
                location=f"{folder}/{refusal.path}".strip("/"),
                message=f"This was left out: it {refusal.reason}.",
                run_id=run_id,
            )
            for refusal in self.refused
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One level of a folder: names sorted, files with size and time."""

    folders: tuple[str, ...]
    files: tuple[FoundFile, ...]
    refused: tuple[Refusal, ...]


def read_bytes(path: str | Path, limit_bytes: int) -> bytes:
    """Return the content of a file. It never blocks: a pipe reads as empty or is an error.

    Raises:
        ReadError: it is missing, unreadable, a folder, or larger than ``limit_bytes``.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            return _content(descriptor, limit_bytes)
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise _not_read(problem) from problem


def read_parts(path: str | Path, part_bytes: int) -> Iterator[bytes]:
    """Yield the content of a file in parts of at most ``part_bytes``. It never blocks, see :func:`read_bytes`.

    Raises:
        ReadError: it is missing, unreadable or a folder.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            while part := os.read(descriptor, part_bytes):
                yield part
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise _not_read(problem) from problem


def read_head(path: str | Path, size_bytes: int) -> bytes:
    """Return the first bytes of a file, for telling its format; none when it cannot be read. It never blocks."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            return os.read(descriptor, size_bytes)
        finally:
            os.close(descriptor)
    except OSError:
        return b""


def scan_tree(
    root: Path,
    folder: str,
    *,
    enter: Collection[str] | None = None,
    max_files: int = _MAX_FILES,
    max_depth: int = _MAX_DEPTH,
) -> Tree:
    """Return the files below a folder (given relative to the root); a folder that is missing has none.

    Links are followed only when they end below the root and do not lead back to a folder they lie in.

    Args:
        root: the folder that is not left.
        folder: the folder to walk.
        enter: names of the sub-folders to go into; all when None. Deeper ones are always gone into.
        max_files: how many files are listed.
        max_depth: how many levels below ``folder`` are gone into.
    """
    files: list[FoundFile] = []
    refused: list[Refusal] = []
    waiting = [""]
    while waiting and len(files) <= max_files:
        relative = waiting.pop()
        prefix = f"{relative}/" if relative else ""
        listing = _listing(root, f"{folder}/{relative}".strip("/"), prefix)
        files += listing.files
        refused += listing.refused
        if prefix.count("/") < max_depth:
            waiting += [prefix + name for name in reversed(listing.folders) if relative or not enter or name in enter]
        else:
            refused += [Refusal(prefix + name, "is nested too deeply") for name in listing.folders]
    return Tree(files=tuple(files[:max_files]), refused=tuple(refused), is_cut=len(files) > max_files or bool(waiting))


def list_folder(root: Path, folder: str) -> Listing:
    """Return what a folder (given relative to the root) holds at its first level; empty when it is missing."""
    return _listing(root, folder, "")


@lru_cache(maxsize=4096)
def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case.

    >>> suffix_of("Log.JSONL"), suffix_of(".hidden")
    ('.jsonl', '')
    """
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - pathlib is slow for tens of thousands of names


def media_type(path: str) -> str | None:
    """Return the media type the suffix stands for, None when it is not a well-known one.

    The table is our own because the one of the standard library depends on the system.

    >>> media_type("plots/confusion.PNG"), media_type("weights")
    ('image/png', None)
    """
    return _MEDIA_TYPES.get(os.path.splitext(path)[1].lower())  # noqa: PTH122 - the path is a text of the log


def _listing(root: Path, folder: str, prefix: str) -> Listing:
    """List a folder; the paths of files and refusals begin with ``prefix``, the names of folders do not."""
    folders: list[str] = []
    files: list[FoundFile] = []
    refused: list[Refusal] = []
    try:
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                if entry.is_symlink() and (reason := _link_problem(entry.path, root)):
                    refused.append(Refusal(prefix + entry.name, reason))
                elif entry.is_file():
                    status = entry.stat()
                    files.append(FoundFile(prefix + entry.name, status.st_size, status.st_mtime_ns))
                elif entry.is_dir():
                    folders.append(entry.name)
                else:
                    refused.append(Refusal(prefix + entry.name, "is neither a file nor a folder"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as problem:
        refused.append(Refusal(prefix.rstrip("/"), f"cannot be listed ({problem.strerror})"))
    return Listing(folders=tuple(sorted(folders)), files=tuple(sorted(files)), refused=tuple(sorted(refused)))


def _link_problem(path: str, root: Path) -> str:
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(root)):
        return "is a link that leaves the folder that is read"
    if Path(os.path.realpath(os.path.dirname(path))).is_relative_to(target):  # noqa: PTH120 - as text, like the entry
        return "is a link to a folder it lies in"
    return ""


def _not_read(problem: OSError) -> ReadError:
    sentence = f"It cannot be read: {problem.strerror or problem}."
    return ReadError(sentence, hint="Check the permissions of the file.")


def _content(descriptor: int, limit_bytes: int) -> bytes:
    """Read a small file with one system call: asking for its size first would cost as much as reading it."""
    asked = min(limit_bytes, _FIRST_BYTES) + 1
    content = os.read(descriptor, asked)
    return content if len(content) < asked else _rest(descriptor, content, limit_bytes)


def _rest(descriptor: int, start: bytes, limit_bytes: int) -> bytes:
    blocks, size_bytes, told_bytes = [start], len(start), os.fstat(descriptor).st_size
    _check_size(max(size_bytes, told_bytes), limit_bytes)
    if told_bytes > size_bytes and hasattr(os, "pread"):
        whole = os.pread(descriptor, told_bytes + 1, 0)  # to join blocks would copy a large file once more
        if len(whole) == told_bytes:
            return whole
    while block := os.read(descriptor, _BLOCK_BYTES):
        blocks.append(block)
        size_bytes += len(block)
        _check_size(size_bytes, limit_bytes)
    return b"".join(blocks)


def _check_size(size_bytes: int, limit_bytes: int) -> None:
    if size_bytes > limit_bytes:
        sentence = f"It is larger than the {_in_units(limit_bytes)} that are read of such a file."
        raise ReadError(sentence)


def _in_units(size_bytes: int) -> str:
    power = max(power for power in range(len(_UNITS)) if size_bytes >= _KILOBYTE**power or power == 0)
    return f"{size_bytes / _KILOBYTE**power:g} {_UNITS[power]}"
