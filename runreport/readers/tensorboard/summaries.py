"""TensorBoard's messages one at a time: for whatever is too unusual to be decoded in columns.

Field numbers are those of TensorFlow's ``event.proto``, ``summary.proto``, ``tensor.proto`` and ``types.proto``.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runreport.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, read_varint, signed

SCALARS_PLUGIN = b"scalars"
TENSORS = "tensors"
LONG_SUMMARY = "summaries"

VALUE_KINDS = {3: "obsolete histograms", 4: "images", 5: "histograms", 6: "audio"}
"""What a Summary.Value holds by the field that is set, where that is no number."""

_EVENT_KINDS = {4: "graphs", 6: "log messages", 8: "profiles", 9: "graphs"}
_EVENT_WALL_TIME, _EVENT_STEP, _EVENT_FILE_VERSION, EVENT_SUMMARY = 1, 2, 3, 5
TENSOR_FIELD = 8
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_METADATA = 1, 2, 9
_METADATA_PLUGIN, _PLUGIN_NAME, _PLUGIN_CONTENT = 1, 1, 2
_TENSOR_DTYPE, _TENSOR_SHAPE, _TENSOR_CONTENT = 1, 2, 4
_SHAPE_DIMENSION, _DIMENSION_SIZE = 2, 1

_DTYPES = {
    1: ("<f4", 5),
    2: ("<f8", 6),
    3: ("<i4", 7),
    4: ("<u1", 7),
    5: ("<i2", 7),
    6: ("<i1", 7),
    9: ("<i8", 10),
    10: ("<u1", 11),
    14: ("bfloat16", 13),
    17: ("<u2", 7),
    19: ("<f2", 13),
    22: ("<u4", 16),
    23: ("<u8", 17),
}
"""Number of a numeric type: its layout in tensor_content, and the field that holds its values otherwise."""

_FIXED_LAYOUTS = {5: "<f4", 6: "<f8"}
_SIXTEEN_BIT_FLOATS = frozenset({14, 19})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One record: its header and where its summaries lie.

    Attributes:
        wall_time: seconds since the epoch; 0.0 when the event does not say.
        step: 0 when the event does not say.
        summaries: spans of the Summary messages.
        kinds: what else it holds that is no scalar.
        is_header: whether it is the record of the file version, written when the file was opened.
    """

    wall_time: float
    step: int
    summaries: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...]
    is_header: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number. ``layout`` and ``position`` say where its bytes lie; the layout is empty when it is encoded."""

    value: float
    layout: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One Summary.Value.

    Attributes:
        tag: span of its tag.
        number: what it holds when that is a single number.
        kind: what it holds otherwise.
        plugin: the plugin its metadata name; None without metadata, which only the first value of a tag needs.
        content: the plugin's data.
    """

    tag: tuple[int, int]
    number: Number | None
    kind: str
    plugin: bytes | None
    content: bytes


def decode_event(data: bytes, start: int, end: int) -> Event:
    """Return the event in ``data[start:end]``.

    Raises:
        WireError: it is damaged.
    """
    wall_time, step = 0.0, 0
    summaries: list[tuple[int, int]] = []
    kinds: list[str] = []
    is_header = False
    for number, wire_type, first, behind in fields(data, start, end):
        if (number, wire_type) == (_EVENT_WALL_TIME, FIXED64):
            (wall_time,) = struct.unpack_from("<d", data, first)
        elif (number, wire_type) == (_EVENT_STEP, VARINT):
            step = signed(read_varint(data, first, behind)[0])
        elif (number, wire_type) == (EVENT_SUMMARY, BYTES):
            summaries.append((first, behind))
        elif number in _EVENT_KINDS:
            kinds.append(_EVENT_KINDS[number])
        is_header = is_header or number == _EVENT_FILE_VERSION
    return Event(wall_time=wall_time, step=step, summaries=tuple(summaries), kinds=tuple(kinds), is_header=is_header)


def long_record_kind(head: bytes) -> str:
    """Return what a record holds, from its first bytes; ``LONG_SUMMARY`` when those do not say anything else.

    >>> long_record_kind(bytes([0x22, 0x80, 0x80, 0x80, 0x80, 0x01]))
    'graphs'
    """
    position = 9 if head[:1] == b"\x09" else 0  # behind the wall time
    return _EVENT_KINDS.get(head[position] >> 3, LONG_SUMMARY) if len(head) > position else LONG_SUMMARY


def value_spans(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the values of the Summary in ``data[start:end]`` lie.

    Raises:
        WireError: it is damaged.
    """
    for number, wire_type, first, behind in fields(data, start, end):
        if number == 1 and wire_type == BYTES:
            yield first, behind


def decode_value(data: bytes, start: int, end: int) -> Value:
    """Return the Summary.Value in ``data[start:end]``.

    Raises:
        WireError: it is damaged.
    """
    tag, number, kind = (start, start), None, TENSORS
    plugin, content = None, b""
    for field, wire_type, first, behind in fields(data, start, end):
        if (field, wire_type) == (_VALUE_TAG, BYTES):
            tag = (first, behind)
        elif (field, wire_type) == (_VALUE_SIMPLE, FIXED32):
            number = _fixed_number(data, first, "<f4")
        elif (field, wire_type) == (TENSOR_FIELD, BYTES):
            number = _tensor_number(data, first, behind)
        elif (field, wire_type) == (_VALUE_METADATA, BYTES):
            plugin, content = _plugin(data, first, behind)
        kind = VALUE_KINDS.get(field, kind)
    return Value(tag=tag, number=number, kind=kind, plugin=plugin, content=content)


def _plugin(data: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    name = content = b""
    for field, wire_type, first, behind in fields(data, start, end):
        if (field, wire_type) == (_METADATA_PLUGIN, BYTES):
            for inner, inner_type, inner_first, inner_behind in fields(data, first, behind):
                if (inner, inner_type) == (_PLUGIN_NAME, BYTES):
                    name = data[inner_first:inner_behind]
                elif (inner, inner_type) == (_PLUGIN_CONTENT, BYTES):
                    content = data[inner_first:inner_behind]
    return name, content


def _tensor_number(data: bytes, start: int, end: int) -> Number | None:
    """Return the number of a TensorProto that holds exactly one element of a numeric type."""
    dtype, size = 0, 1
    contents: dict[int, list[tuple[int, int, int]]] = {}
    for field, wire_type, first, behind in fields(data, start, end):
        if (field, wire_type) == (_TENSOR_DTYPE, VARINT):
            dtype = read_varint(data, first, behind)[0]
        elif (field, wire_type) == (_TENSOR_SHAPE, BYTES):
            size = _element_count(data, first, behind)
        else:
            contents.setdefault(field, []).append((wire_type, first, behind))
    if dtype not in _DTYPES or size != 1:
        return None
    layout, value_field = _DTYPES[dtype]
    if _TENSOR_CONTENT in contents:
        return _raw_number(data, contents[_TENSOR_CONTENT][-1][1:], layout)
    spans = contents.get(value_field, [])
    if not spans:
        return Number(value=0.0)  # a tensor without elements stands for zeros
    return _listed_number(data, spans[0], dtype, value_field) if len(spans) == 1 else None


def _element_count(data: bytes, start: int, end: int) -> int:
    count = 1
    for field, wire_type, first, behind in fields(data, start, end):
        if (field, wire_type) == (_SHAPE_DIMENSION, BYTES):
            count *= _dimension(data, first, behind)
    return count


def _dimension(data: bytes, start: int, end: int) -> int:
    size = 0
    for field, wire_type, first, behind in fields(data, start, end):
        if (field, wire_type) == (_DIMENSION_SIZE, VARINT):
            size = signed(read_varint(data, first, behind)[0])
    return size


def _raw_number(data: bytes, span: tuple[int, int], layout: str) -> Number | None:
    """Return the number in tensor_content, the memory of the array."""
    if layout == "bfloat16":
        return Number(value=_bfloat16(data[span[0] : span[1]])) if span[1] - span[0] == 2 else None  # noqa: PLR2004 - its bytes
    return _fixed_number(data, span[0], layout) if span[1] - span[0] == np.dtype(layout).itemsize else None


def _listed_number(data: bytes, content: tuple[int, int, int], dtype: int, value_field: int) -> Number | None:
    """Return the only number of a repeated field, packed or not; None when the pack holds more or less than one."""
    wire_type, first, behind = content
    layout = _FIXED_LAYOUTS.get(value_field)
    if layout:
        return _fixed_number(data, first, layout) if behind - first == np.dtype(layout).itemsize else None
    if wire_type not in (VARINT, BYTES):
        return None
    encoded, stop = read_varint(data, first, behind)
    return Number(value=_from_varint(encoded, dtype)) if stop == behind else None


def _from_varint(encoded: int, dtype: int) -> float:
    if dtype in _SIXTEEN_BIT_FLOATS:
        bits = (encoded & 0xFFFF).to_bytes(2, "little")
        return _bfloat16(bits) if _DTYPES[dtype][0] == "bfloat16" else float(np.frombuffer(bits, "<f2")[0])
    is_unsigned = _DTYPES[dtype][0] == "<u8"
    return float(encoded if is_unsigned else signed(encoded))


def _bfloat16(bits: bytes) -> float:
    return float(struct.unpack("<f", b"\0\0" + bits)[0])


def _fixed_number(data: bytes, position: int, layout: str) -> Number:
    value = float(np.frombuffer(data, layout, 1, position)[0])
    return Number(value=value, layout=layout, position=position)
