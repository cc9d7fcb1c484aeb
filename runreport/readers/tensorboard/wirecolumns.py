"""The steps of decoding all events of a block at once. Every function works on arrays with one row per event or value.

Positions are int64 and point into ``data``, the bytes of a block as uint8. The block has padding behind its last
record, so that looking at the few bytes behind a position never leaves it, whatever the bytes say.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.readers.common.arrow import arrow_column, numpy_codes
from runreport.readers.tensorboard.summaries import Value

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_WALL_TIME_KEY, _STEP_KEY, _SUMMARY_KEY, _VALUE_KEY, _TAG_KEY = 0x09, 0x10, 0x2A, 0x0A, 0x0A
_CONTINUED = 0x80
_STEP_BYTES, _LENGTH_BYTES = 10, 5
_FEWEST_IN_COLUMNS = 16
_LONGEST_TEMPLATE = 256
_WORD_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What comes before the values of each event.

    ``first`` and ``end`` enclose its values. Only rows with ``is_regular`` mean anything: those of events that hold
    a wall time, perhaps a step, and one summary, in this order and nothing else.
    """

    wall_time: Floats
    step: Ints
    first: Ints
    end: Ints
    is_regular: Mask

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Where each value and its tag lie, in the order of the log, and the row of its event."""

    event: Ints
    start: Ints
    tag_start: Ints
    tag_end: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.event)

    def rows(self, rows: Ints | Mask) -> "Values":
        """Return some of the rows."""
        return Values(
            event=self.event[rows],
            start=self.start[rows],
            tag_start=self.tag_start[rows],
            tag_end=self.tag_end[rows],
            end=self.end[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What surrounds the number of a value: the bytes from its tag to its end, as masked words of eight bytes."""

    size: int
    words: tuple[tuple[int, int, int], ...]
    number_offset: int
    layout: str
    plugin: bytes | None

    def fitting(self, data: Bytes, values: Values, pending: Mask) -> Ints:
        """Return the rows of the pending values that look like this."""
        rows = np.flatnonzero(pending & (values.end - values.tag_end == self.size))
        words = view(data, "<u8")
        for offset, mask, expected in self.words:
            found = words[values.tag_end[rows] + offset] & np.uint64(mask)
            is_equal = found == np.uint64(expected)
            rows = rows if is_equal.all() else rows[is_equal]
        return rows

    def numbers(self, data: Bytes, tag_ends: Ints) -> Floats:
        """Return the numbers of values that look like this, from where their tags end."""
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            return view(data, self.layout)[tag_ends + self.number_offset].astype(np.float64)


def learn_template(data: bytes, value: Value, end: int) -> Template | None:
    """Return what surrounds the number of a value that ends at ``end``; None when it is not worth it."""
    size, number = end - value.tag[1], value.number
    if number is None or not number.layout or number.position < value.tag[1] or size > _LONGEST_TEMPLATE:
        return None
    offset = number.position - value.tag[1]
    width = np.dtype(number.layout).itemsize
    mask = b"\xff" * offset + bytes(width) + b"\xff" * (size - offset - width)
    words = []
    for start in range(0, size, _WORD_BYTES):
        bits = int.from_bytes(mask[start : start + _WORD_BYTES], "little")
        word = int.from_bytes(data[value.tag[1] + start : value.tag[1] + start + _WORD_BYTES], "little")
        words.append((start, bits, word & bits))
    return Template(size=size, words=tuple(words), number_offset=offset, layout=number.layout, plugin=value.plugin)


def view(data: Bytes, layout: str) -> NDArray[Any]:
    """Return an array whose item i is the number of that layout which starts at byte i."""
    size = np.dtype(layout).itemsize
    return np.ndarray((len(data) - size + 1,), layout, data, strides=(1,))


def read_varints(data: Bytes, positions: Ints, most_bytes: int) -> tuple[Ints, Ints, Mask]:
    """Return the numbers at the positions (int64), the positions behind them, and which stop within ``most_bytes``."""
    byte = data[positions]
    numbers = (byte & 0x7F).astype(np.int64)
    behind = positions + 1
    is_whole = byte < _CONTINUED
    open_rows = np.flatnonzero(~is_whole)
    for index in range(1, most_bytes):
        if not len(open_rows):
            break
        byte = data[positions[open_rows] + index]
        numbers[open_rows] |= (byte & 0x7F).astype(np.int64) << np.int64(7 * index)
        behind[open_rows] += 1
        is_closed = byte < _CONTINUED
        is_whole[open_rows[is_closed]] = True
        open_rows = open_rows[~is_closed]
    return numbers, behind, is_whole


def read_heads(data: Bytes, starts: Ints, ends: Ints, end_of_time_s: float) -> Heads:
    """Return what comes before the values of the events that lie at ``starts`` to ``ends``.

    Events whose wall time is not between 0 and ``end_of_time_s`` are not regular.
    """
    wall_time = view(data, "<f8")[starts + 1].astype(np.float64)
    position = starts + 9
    has_step = data[position] == _STEP_KEY
    step, behind, is_whole = read_varints(data, position + 1, _STEP_BYTES)
    position = np.where(has_step, behind, position)
    size, first, size_is_whole = read_varints(data, position + 1, _LENGTH_BYTES)
    is_regular = (data[starts] == _WALL_TIME_KEY) & (is_whole | ~has_step)
    is_regular &= (data[position] == _SUMMARY_KEY) & size_is_whole & (first + size == ends)
    is_regular &= (wall_time >= 0) & (wall_time < end_of_time_s)  # not for NaN
    return Heads(wall_time=wall_time, step=np.where(has_step, step, 0), first=first, end=ends, is_regular=is_regular)


def split_values(data: Bytes, heads: Heads) -> tuple[Values, list[tuple[int, int]]]:
    """Return the values of the regular events, and (event row, position) from where on an event is left over.

    Left over are values that do not start with their tag, and the tails of the few events with the most values.
    """
    event = np.flatnonzero(heads.is_regular & (heads.first < heads.end))
    position = heads.first[event]
    rounds: list[Values] = []
    left_over: list[tuple[int, int]] = []
    while len(event):
        if rounds and len(event) < _FEWEST_IN_COLUMNS:
            left_over.extend(zip(event.tolist(), position.tolist(), strict=True))
            break
        values, is_odd = _next_values(data, event, position, heads.end[event])
        left_over.extend(zip(event[is_odd].tolist(), position[is_odd].tolist(), strict=True))
        rounds.append(values)
        has_more = values.end < heads.end[values.event]
        event, position = values.event[has_more], values.end[has_more]
    return _in_order(rounds), left_over


def encode_tags(data: bytes, starts: Ints, ends: Ints) -> tuple[Codes, list[bytes]]:
    """Return the code of each tag and the tags by code. Spans must be ascending and disjoint."""
    count = 2 * len(starts)
    offsets = np.empty(count + 1, dtype=np.int32)
    offsets[0:count:2], offsets[1:count:2], offsets[count] = starts, ends, len(data)
    buffers = [None, pa.py_buffer(offsets.data), pa.py_buffer(data)]
    pieces = pa.Array.from_buffers(pa.binary(), count, buffers)
    tags: Any = pieces.take(arrow_column(np.arange(0, count, 2), pa.int64())).dictionary_encode()
    return numpy_codes(tags.indices), tags.dictionary.to_pylist()


def _next_values(data: Bytes, event: Ints, position: Ints, limit: Ints) -> tuple[Values, Mask]:
    """Return the values at the positions, and which positions hold none that starts with a tag."""
    size, start, is_whole = read_varints(data, position + 1, _LENGTH_BYTES)
    end = start + size
    fits = (data[position] == _VALUE_KEY) & is_whole & (end <= limit)
    tag_size, tag_start, tag_is_whole = read_varints(data, start + 1, _LENGTH_BYTES)
    tag_end = tag_start + tag_size
    fits &= (data[start] == _TAG_KEY) & tag_is_whole & (tag_end <= end)
    values = Values(event=event, start=start, tag_start=tag_start, tag_end=tag_end, end=end)
    return (values if fits.all() else values.rows(fits)), ~fits


def _in_order(rounds: list[Values]) -> Values:
    """Return the values of all rounds in the order of the log."""
    if len(rounds) == 1:
        return rounds[0]
    names = ("event", "start", "tag_start", "tag_end", "end")
    none = np.empty(0, dtype=np.int64)
    joined = {name: np.concatenate([none, *(getattr(values, name) for values in rounds)]) for name in names}
    values = Values(**joined)
    return values.rows(np.argsort(values.start, kind="stable"))
