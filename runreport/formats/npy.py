"""NumPy's NPY and NPZ files: numbers only, nothing unpickled, nothing larger than it says.

The format is documented with :mod:`numpy.lib.format`. Arrays of objects are pickles and are refused.
"""

import ast
import io
import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.errors import ReadError

MAX_BYTES = 200_000_000
"""Of a file, of a member of an NPZ file, and of all its members together."""

MAX_MEMBERS = 256
HEADER_BYTES = 16_384

_MAGIC = b"\x93NUMPY"
_SUFFIX = ".npy"
_KINDS = "biufUS"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LATIN_VERSIONS = 2  # later headers are UTF-8
_NO_HEADER = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    SyntaxError,
    MemoryError,
    RecursionError,
    OverflowError,
)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an array is: its type, its shape, whether its columns follow each other, and where its values begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool
    offset: int

    @property
    def size_bytes(self) -> int:
        """How many bytes the values take."""
        return self.dtype.itemsize * math.prod(self.shape)


def read_header(head: bytes) -> Header:
    """Return what the first bytes of an NPY file say.

    Raises:
        ReadError: it is no NPY file, or holds pickled objects or values that are neither numbers nor texts.
    """
    if not head.startswith(_MAGIC):
        raise ReadError("It is no NPY file.")
    try:
        dtype, shape, is_fortran, offset = _parsed(head)
    except _NO_HEADER as problem:
        raise ReadError("The header of the NPY file is damaged.") from problem
    if dtype.hasobject:
        raise ReadError("It holds pickled Python objects, which are not read.", hint="Save it as an array of numbers.")
    kinds = [dtype[name].kind for name in dtype.names] if dtype.names else [dtype.kind]
    if dtype.subdtype or any(kind not in _KINDS for kind in kinds):
        raise ReadError("It holds values that are neither numbers nor texts.")
    return Header(dtype=dtype, shape=shape, is_fortran=is_fortran, offset=offset)


def _parsed(head: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    """Parse magic, version, length and the literal of a dictionary; raises one of _NO_HEADER."""
    length_bytes = 2 if head[6] == 1 else 4
    start = 8 + length_bytes
    offset = start + int.from_bytes(head[8:start], "little")
    if offset > len(head):
        raise ValueError("the header is cut short")
    said = ast.literal_eval(head[start:offset].decode("utf-8" if head[6] > _LATIN_VERSIONS else "latin-1"))
    shape = tuple(said["shape"])
    if not all(isinstance(side, int) and side >= 0 for side in shape):
        raise ValueError("the shape is none")
    return np.dtype(np.lib.format.descr_to_dtype(said["descr"])), shape, bool(said["fortran_order"]), offset


def read_array(data: bytes) -> NDArray[Any]:
    """Return the array in a whole NPY file.

    Raises:
        ReadError: see :func:`read_header`; or it is cut short.
    """
    header = read_header(data)
    if header.size_bytes > len(data) - header.offset:
        raise ReadError("The file is cut short: it holds fewer values than its header says.")
    count = math.prod(header.shape)
    if not count or not header.dtype.itemsize:
        return np.zeros(header.shape if header.dtype.itemsize else (0,), dtype=header.dtype)
    values = np.frombuffer(data, dtype=header.dtype, count=count, offset=header.offset)
    return values.reshape(header.shape, order="F" if header.is_fortran else "C")


def read_headers(path: Path) -> dict[str, Header]:
    """Return what the arrays of an NPZ file are, by name; members that are no arrays are passed over.

    Raises:
        ReadError: it is no NPZ file, or has too many members.
    """
    found: dict[str, Header] = {}
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            for name, member in _members(archive):
                try:
                    found[name] = read_header(_start(archive, member))
                except ReadError:
                    continue
    except _BROKEN as problem:
        raise _no_archive(problem) from problem
    return found


def read_arrays(data: bytes) -> Iterator[tuple[str, NDArray[Any] | ReadError]]:
    """Yield the arrays in a whole NPZ file by name; for one that cannot be read, why.

    Raises:
        ReadError: it is no NPZ file, or has too many members.
    """
    left_bytes = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name, member in _members(archive):
                try:
                    content = _content(archive, member, left_bytes)
                    left_bytes -= len(content)
                    yield name, read_array(content)
                except ReadError as problem:
                    yield name, problem
                except _BROKEN as problem:
                    yield name, ReadError(f"This array is damaged: {problem}.")
    except _BROKEN as problem:
        raise _no_archive(problem) from problem


def _members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    members = [member for member in archive.infolist() if member.filename.endswith(_SUFFIX)]
    if len(members) > MAX_MEMBERS:
        sentence = f"It holds {len(members)} arrays, more than the {MAX_MEMBERS} that are read."
        raise ReadError(sentence)
    return [(member.filename.removesuffix(_SUFFIX), member) for member in members]


def _start(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in _METHODS:
        raise ReadError("It is compressed in a way that is not read.")
    with archive.open(member) as file:
        return file.read(HEADER_BYTES)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit_bytes: int) -> bytes:
    """Return the bytes of a member, inflated no further than the header and the limit allow."""
    header = read_header(_start(archive, member))
    wanted = header.offset + header.size_bytes
    if max(wanted, member.file_size) > limit_bytes:
        raise ReadError("It is larger than what is read of such a file.")
    with archive.open(member) as file:
        return file.read(wanted)


def _no_archive(problem: Exception) -> ReadError:
    return ReadError(f"It cannot be opened as an NPZ file: {str(problem).rstrip('.') or type(problem).__name__}.")
