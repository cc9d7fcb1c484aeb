"""What a value holds that is kept beside the numbers: pictures, a histogram, or a text.

Each comes in two styles: pictures and histograms as fields of their own (Summary.Image and HistogramProto of
TensorFlow's ``summary.proto``), and all three as tensors: ``[width, height, picture...]``, rows of ``left, right,
count``, and texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.formats.protobuf import BYTES, FIXED32, VARINT, fields, read_varint, signed
from runreport.readers.tensorboard.summaries import TENSOR_FIELD

_IMAGE_FIELD, _IMAGE_CONTENT = 4, 4
_HISTOGRAM_FIELD, _LEAST, _GREATEST, _LIMITS, _COUNTS = 5, 1, 2, 6, 7
_DTYPE, _SHAPE, _CONTENT, _FLOATS, _DOUBLES, _TEXTS = 1, 2, 4, 5, 6, 8
_DIMENSION, _DIMENSION_SIZE = (2, BYTES), (1, VARINT)
_LAYOUTS = {1: "<f4", 2: "<f8"}
_FIELDS = {1: _FLOATS, 2: _DOUBLES}
_BIN_COLUMNS = 3
_TABLE_DIMENSIONS = 2
_FIRST_PICTURE = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """The bins of a histogram that are not empty, [b] each."""

    left: Floats
    right: Floats
    count: Floats

    def __len__(self) -> int:
        return len(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tensor:
    """A TensorProto: its type, the sizes of its dimensions, its texts, and the bytes of its numbers."""

    dtype: int
    shape: tuple[int, ...]
    texts: tuple[bytes, ...]
    numbers: bytes


def pictures(value: bytes) -> list[bytes]:
    """Return the encoded pictures of a Summary.Value.

    Raises:
        WireError: it is damaged.
    """
    for number, wire_type, first, behind in fields(value, 0, len(value)):
        if (number, wire_type) == (_IMAGE_FIELD, BYTES):
            inside = fields(value, first, behind)
            return [value[start:end] for field, kind, start, end in inside if (field, kind) == (_IMAGE_CONTENT, BYTES)]
        if (number, wire_type) == (TENSOR_FIELD, BYTES):
            return list(_tensor(value, first, behind).texts[_FIRST_PICTURE:])
    return []


def histogram(value: bytes) -> Bins | None:
    """Return the histogram of a Summary.Value, None when it holds none.

    Raises:
        WireError: it is damaged.
    """
    for number, wire_type, first, behind in fields(value, 0, len(value)):
        if (number, wire_type) == (_HISTOGRAM_FIELD, BYTES):
            return _old_histogram(value, first, behind)
        if (number, wire_type) == (TENSOR_FIELD, BYTES):
            return _tensor_histogram(_tensor(value, first, behind))
    return None


def text(value: bytes) -> str | None:
    """Return the text of a Summary.Value as Markdown: one as it is, several as paragraphs, a matrix as a table.

    Raises:
        WireError: it is damaged.
    """
    for number, wire_type, first, behind in fields(value, 0, len(value)):
        if (number, wire_type) == (TENSOR_FIELD, BYTES):
            tensor = _tensor(value, first, behind)
            texts = [part.decode("utf-8", "replace") for part in tensor.texts]
            if len(tensor.shape) == _TABLE_DIMENSIONS and 0 < tensor.shape[1] <= len(texts):
                return _table(texts, tensor.shape[1])
            return "\n\n".join(texts) if texts else None
    return None


def _table(texts: list[str], width: int) -> str:
    """Return texts row by row as a Markdown table, the first row as its head."""
    cells = [" ".join(text.replace("|", "\\|").split()) for text in texts]
    rows = [f"| {' | '.join(cells[start : start + width])} |" for start in range(0, len(cells), width)]
    return "\n".join([rows[0], f"|{' --- |' * width}", *rows[1:]])


def _tensor(data: bytes, start: int, end: int) -> _Tensor:
    dtype, shape, texts = 0, [], []
    numbers: dict[int, bytearray] = {_CONTENT: bytearray(), _FLOATS: bytearray(), _DOUBLES: bytearray()}
    for number, wire_type, first, behind in fields(data, start, end):
        if (number, wire_type) == (_DTYPE, VARINT):
            dtype = read_varint(data, first, behind)[0]
        elif (number, wire_type) == (_SHAPE, BYTES):
            shape = list(_sizes(data, first, behind))
        elif (number, wire_type) == (_TEXTS, BYTES):
            texts.append(data[first:behind])
        elif number in numbers and wire_type != VARINT:
            numbers[number] += data[first:behind]
    content = numbers[_CONTENT] or numbers.get(_FIELDS.get(dtype, _CONTENT), bytearray())
    return _Tensor(dtype=dtype, shape=tuple(shape), texts=tuple(texts), numbers=bytes(content))


def _sizes(data: bytes, start: int, end: int) -> Iterator[int]:
    for number, wire_type, first, behind in fields(data, start, end):
        if (number, wire_type) == _DIMENSION:
            inside = fields(data, first, behind)
            found = [read_varint(data, at, to)[0] for field, kind, at, to in inside if (field, kind) == _DIMENSION_SIZE]
            yield signed(found[-1]) if found else 0


def _old_histogram(data: bytes, start: int, end: int) -> Bins | None:
    """Return a HistogramProto; its outermost limits are the largest numbers there are, so its extremes replace them."""
    lists: dict[int, bytearray] = {_LIMITS: bytearray(), _COUNTS: bytearray()}
    extremes = {_LEAST: -np.inf, _GREATEST: np.inf}
    for number, wire_type, first, behind in fields(data, start, end):
        if number in lists and wire_type not in (VARINT, FIXED32):
            lists[number] += data[first:behind]
        elif number in extremes and behind - first == np.dtype("<f8").itemsize:
            extremes[number] = float(np.frombuffer(data, "<f8", 1, first)[0])
    limits, counts = _numbers(lists[_LIMITS], "<f8"), _numbers(lists[_COUNTS], "<f8")
    if len(limits) != len(counts) or not len(limits):
        return None
    least, greatest = extremes[_LEAST], extremes[_GREATEST]
    if least <= greatest:  # not for an empty one, or NaN
        edges = np.clip(np.concatenate([[least], limits]), least, greatest)
        return _filled(edges[:-1], edges[1:], counts)
    return _filled(np.concatenate([[limits[0]], limits[:-1]]), limits, counts)


def _tensor_histogram(tensor: _Tensor) -> Bins | None:
    numbers = _numbers(tensor.numbers, _LAYOUTS[tensor.dtype]) if tensor.dtype in _LAYOUTS else np.empty(0)
    if len(numbers) % _BIN_COLUMNS:
        return None
    left, right, count = numbers.reshape(-1, _BIN_COLUMNS).T
    return _filled(left, right, count) if len(numbers) or 0 in tensor.shape else None


def _filled(left: Floats, right: Floats, count: Floats) -> Bins:
    is_filled = (count != 0) & np.isfinite(left) & np.isfinite(right) & np.isfinite(count)
    return Bins(left=left[is_filled], right=right[is_filled], count=count[is_filled])


def _numbers(data: bytes | bytearray, layout: str) -> Floats:
    whole = len(data) - len(data) % np.dtype(layout).itemsize
    return np.frombuffer(bytes(data[:whole]), layout).astype(np.float64)
