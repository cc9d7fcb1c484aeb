"""Rows of numbers, gathered series by series: the history of a run, and the measurements of its machine.

A row is a message of items and of the step or time it belongs to; an item is a key, or several that are nested, and
a value as JSON text. Nearly all of a file is rows of numbers under plain keys. Many such rows at once are taken apart
by one regular expression, whose findings are believed when they make up each row as a whole; all other rows are decoded
byte by byte. Encoded keys serve as names until all rows are read, and what is no number is put aside as it is.
"""

from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runreport.formats.protobuf import BYTES, VARINT, WireError, fields, read_varint, signed
from runreport.readers.wandb.wire import (
    ITEM_KEY,
    ITEM_NESTED_KEY,
    ITEM_VALUE,
    NUMBER_ITEM_AND_STEP,
    NUMBER_ITEM_FRAME,
    Message,
    is_key,
)

NONE = -(2**63)
"""The mark of a row that says no step or no time."""

_HISTORY_ITEM = 1
_MEASUREMENT_ITEM = 3
_MARK = 0x12  # field 2 of a row
_NUMBER = 0x08  # field 1 of a step
_KEY = 0x0A  # field 1 of an item
_NESTED = 0x12  # field 2 of an item
_VALUE_1, _VALUE_2 = 0x82, 0x01  # field 16 of an item
_SHORT = 0x80  # lengths below are one byte
_BATCH_ROWS = 256
_MICROSECONDS = 1_000_000

Appends = tuple[Callable[[int], None], Callable[[float], None]]


class Rows:
    """Rows and series of numbers.

    Attributes:
        marks: what each row belongs to, :data:`NONE` where it does not say.
        rows: by encoded key, the rows in which it has a number.
        values: by encoded key, those numbers.
        others: what is no number: row, encoded key and JSON text.
        segments: the row with which each further file begins.
    """

    def __init__(self, item_field: int, mark_of: Callable[[bytes, int, int], int]) -> None:
        """Take the number of the field that holds an item, and what reads the mark of a row."""
        self.marks: array[int] = array("q")
        self.rows: dict[bytes, array[int]] = {}
        self.values: dict[bytes, array[float]] = {}
        self.others: list[tuple[int, bytes, bytes]] = []
        self.segments: list[int] = []
        self._item_field = item_field
        self._mark_of = mark_of
        self._appends: dict[bytes, Appends] = {}
        self._waiting: list[bytes] = []
        self._bad = 0

    def add(self, data: bytes, start: int, end: int) -> None:
        """Add the row in ``data[start:end]``; it is decoded with many others, at the latest by :meth:`flush`."""
        self._waiting.append(data[start:end])
        if len(self._waiting) >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> int:
        """Decode the rows that wait; return how many rows there were so far that are none and were left out."""
        rows, self._waiting = self._waiting, []
        if rows and not (self._item_field == _HISTORY_ITEM and self._add_plain(rows)):
            for data in rows:
                self.marks.append(NONE)
                try:
                    self._add_any(data, 0, len(data), len(self.marks) - 1)
                except (WireError, IndexError):
                    self._bad += 1
        return self._bad

    def _add_plain(self, rows: list[bytes]) -> bool:
        """Add rows of numbers, each with its step behind them; return False when a row is another one."""
        found = NUMBER_ITEM_AND_STEP.findall(b"".join(rows))
        if not found:
            return False
        names, texts, steps = zip(*found, strict=True)
        sizes = [np.fromiter(map(len, column), dtype=np.int64, count=len(found)) for column in (names, texts, steps)]
        ends = np.cumsum(sizes[0] + sizes[1] + sizes[2] + NUMBER_ITEM_FRAME)
        lasts = np.flatnonzero(sizes[2])
        wanted = np.cumsum(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)))
        if not np.array_equal(ends[lasts], wanted) or not all(map(is_key, set(names))):
            return False
        marks = [step for step in steps if step]
        try:
            values = np.fromiter(map(float, texts), dtype=np.float64, count=len(found))
        except ValueError:
            return False
        if any(len(mark) != 2 + mark[1] for mark in marks):
            return False
        first = len(self.marks)
        self.marks.extend(self._mark_of(mark, 2, len(mark)) for mark in marks)
        self._extend(names, values, first + np.searchsorted(lasts, np.arange(len(found))))
        return True

    def _extend(self, names: tuple[bytes, ...], values: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
        """Add numbers by their keys and rows."""
        codes_of = {name: code for code, name in enumerate(dict.fromkeys(names))}
        codes = np.fromiter(map(codes_of.__getitem__, names), dtype=np.int64, count=len(names))
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(codes_of) + 1))
        for code, name in enumerate(codes_of):
            if name not in self._appends:
                self._new(name)
            own = order[bounds[code] : bounds[code + 1]]
            self.rows[name].frombytes(rows[own].tobytes())
            self.values[name].frombytes(values[own].tobytes())

    def _add_any(self, data: bytes, start: int, end: int, row: int) -> None:
        item = self._item_field << 3 | BYTES
        at = start
        while at < end:
            size = data[at + 1]
            if data[at] != item or size >= _SHORT:
                at = self._rare(data, at, end, row)
                continue
            key = value = at + 2
            stop = key + size
            while data[value] == _NESTED or data[value] == _KEY:
                value += 2 + data[value + 1]
            text = value + 3
            if text + data[value + 2] != stop or data[value] != _VALUE_1 or data[value + 1] != _VALUE_2:
                at = self._rare(data, at, end, row)
                continue
            self._add_value(data[key:value], data[text:stop], row)
            at = stop
        if at != end:
            message = f"the row at byte {start} ends beyond its record"
            raise WireError(message)

    def _add_value(self, name: bytes, text: bytes, row: int) -> None:
        try:
            number = float(text)
        except ValueError:
            self.others.append((row, name, text))
            return
        add_row, add_value = self._appends.get(name) or self._new(name)
        add_row(row)
        add_value(number)

    def _new(self, name: bytes) -> Appends:
        rows = self.rows[name] = array("q")
        values = self.values[name] = array("d")
        found = self._appends[name] = (rows.append, values.append)
        return found

    def _rare(self, data: bytes, at: int, end: int, row: int) -> int:
        """Read one field of a row, whatever it is, and return where the next one starts."""
        if data[at] == _MARK and data[at + 1] < _SHORT:
            behind = at + 2 + data[at + 1]
            self.marks[row] = self._mark_of(data, at + 2, behind)
            return behind
        number, wire_type, begin, behind = next(fields(data, at, end))
        if number == self._item_field and wire_type == BYTES:
            self._item(data, begin, behind, row)
        return behind

    def _item(self, data: bytes, start: int, end: int, row: int) -> None:
        name = text = b""
        position = start
        for number, wire_type, begin, behind in fields(data, start, end):
            if wire_type == BYTES and number in (ITEM_KEY, ITEM_NESTED_KEY):
                name += data[position:behind]
            elif wire_type == BYTES and number == ITEM_VALUE:
                text = data[begin:behind]
            position = behind
        self._add_value(name, text, row)


def history() -> Rows:
    """Return an empty history; the mark of a row is its step."""
    return Rows(_HISTORY_ITEM, _step)


def measurements() -> Rows:
    """Return empty measurements; the mark of a row is its time in microseconds after 1970."""
    return Rows(_MEASUREMENT_ITEM, _time_us)


def _step(data: bytes, start: int, end: int) -> int:
    if start == end:
        return 0
    if data[start] == _NUMBER:
        step, behind = read_varint(data, start + 1, end)
        if behind == end:
            return signed(step)
    for number, wire_type, begin, _ in fields(data, start, end):
        if number == 1 and wire_type == VARINT:
            return signed(read_varint(data, begin, end)[0])
    return 0


def _time_us(data: bytes, start: int, end: int) -> int:
    stamp = Message(data, start, end)
    time_us = stamp.integer(1) * _MICROSECONDS + stamp.integer(2) // 1000
    return time_us if abs(time_us) < 2**62 else NONE
