"""The protocol buffer wire format, as far as it takes to walk messages without their schema."""

from collections.abc import Iterator

VARINT = 0
FIXED64 = 1
BYTES = 2
FIXED32 = 5

_FIXED_SIZE = {FIXED64: 8, FIXED32: 4}
_MAX_SHIFT = 63
_WORD = 1 << 64
_SIGN = 1 << 63

Field = tuple[int, int, int, int]
"""Field number, wire type, and a span: of the content, or of the encoded number of a varint."""


class WireError(ValueError):
    """The bytes are no message."""


def read_varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Return the unsigned 64-bit number at a position and the position behind it.

    Raises:
        WireError: the number does not stop before ``end`` or within ten bytes.
    """
    value = shift = 0
    while position < end and shift <= _MAX_SHIFT:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value % _WORD, position
        shift += 7
    message = f"no number at byte {position}"
    raise WireError(message)


def signed(value: int) -> int:
    """Return an unsigned 64-bit number as the int64 it stands for.

    >>> signed(2**64 - 1)
    -1
    """
    return value - _WORD if value & _SIGN else value


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Walk the fields of the message in ``data[start:end]`` without copying anything.

    Raises:
        WireError: the bytes are no message, found when the walk gets there.
    """
    position = start
    while position < end:
        key, position = read_varint(data, position, end)
        number, wire_type = key >> 3, key & 7
        content, behind = _span(data, position, end, wire_type)
        if behind > end or not number:
            message = f"no field at byte {position}"
            raise WireError(message)
        yield number, wire_type, content, behind
        position = behind


def _span(data: bytes, position: int, end: int, wire_type: int) -> tuple[int, int]:
    if wire_type == BYTES:
        size, content = read_varint(data, position, end)
        return content, content + size
    if wire_type == VARINT:
        return position, read_varint(data, position, end)[1]
    if wire_type in _FIXED_SIZE:
        return position, position + _FIXED_SIZE[wire_type]
    message = f"unknown wire type {wire_type} at byte {position}"
    raise WireError(message)
