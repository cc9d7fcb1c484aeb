"""Records of ``.wandb`` files as far as they are read: field numbers, and messages without their schema.

The numbers are those of ``wandb_internal.proto`` in the public source of the client.
"""

import re
from collections.abc import Iterator, Sequence

from runreport.formats.protobuf import BYTES, VARINT, fields, read_varint, signed
from runreport.formats.times import moment

HISTORY = 2
SUMMARY = 3
OUTPUT = 4
CONFIG = 5
STATS = 7
ARTIFACT = 8
TENSORBOARD = 9
ALERT = 10
TELEMETRY = 11
METRIC = 12
OUTPUT_RAW = 13
RUN = 17
EXIT = 18
PREEMPTING = 23
USE_ARTIFACT = 25
ENVIRONMENT = 26
OUTPUT_LOGGER = 27

_BESIDE = frozenset({1, 16, 19, 200})  # number, control, uuid and stream of a record; what it says is another field
_CONTINUES = 0x80
_NUMBER_OF_RECORD = 0x08  # field 1, which is nearly always first
_FREQUENT = frozenset(kind << 3 | BYTES for kind in (HISTORY, SUMMARY, OUTPUT, CONFIG, STATS, OUTPUT_RAW))

ITEM_KEY = 1
ITEM_NESTED_KEY = 2
ITEM_VALUE = 16

_NUMBER_ITEM = rb"\n.((?:[\n\x12].[ -~]+)+)\x82\x01.([-+.0-9eENaInfity]+)"

NUMBER_ITEM = re.compile(_NUMBER_ITEM, re.DOTALL)
"""An item in a list of items (field 1): its encoded keys, of ASCII letters, and a number. Lengths are not compared."""

NUMBER_ITEM_AND_STEP = re.compile(_NUMBER_ITEM + rb"(\x12(?:\x00|.\x08[\x80-\xff]*[\x00-\x7f]))?", re.DOTALL)
"""Such an item, and the step that may follow it (field 2)."""

NUMBER_ITEM_FRAME = 5
"""The bytes of such an item beside its keys and its number."""

Path = tuple[str, ...]
"""A key and those nested below it."""


def kind_of(data: bytes, start: int, end: int) -> tuple[int, int, int]:
    """Return which field says what a record is, and the span of its content; 0 for an empty record.

    Raises:
        WireError: the bytes are no message.
    """
    at = start
    if at + 2 < end and data[at] == _NUMBER_OF_RECORD:  # as nearly all records begin
        at += 1
        while data[at] >= _CONTINUES and at + 2 < end:
            at += 1
        key, size, high, content = data[at + 1], data[at + 2], 0, at + 3
        if size >= _CONTINUES and content < end:
            size, high, content = size & 0x7F, data[content], content + 1
        behind = content + (high << 7 | size)
        if key in _FREQUENT and high < _CONTINUES and behind <= end:
            return key >> 3, content, behind
    for number, wire_type, begin, behind in fields(data, start, end):
        if wire_type == BYTES and number not in _BESIDE:
            return number, begin, behind
    return 0, end, end


class Message:
    """A message by the numbers of its fields; what is missing reads as empty, as in protobuf itself."""

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        """Decode one level.

        Raises:
            WireError: the bytes are no message.
        """
        self._data = data
        self._found: dict[int, list[tuple[int, int, int]]] = {}
        for number, wire_type, begin, behind in fields(data, start, len(data) if end is None else end):
            self._found.setdefault(number, []).append((wire_type, begin, behind))

    def has(self, number: int) -> bool:
        """Say whether a field is there."""
        return number in self._found

    def spans(self, number: int) -> Sequence[tuple[int, int]]:
        """Return where the contents of a field lie."""
        return [(begin, behind) for wire_type, begin, behind in self._found.get(number, ()) if wire_type == BYTES]

    def texts(self, number: int) -> list[str]:
        """Return the texts of a repeated field."""
        return [self._data[begin:behind].decode("utf-8", "replace") for begin, behind in self.spans(number)]

    def text(self, number: int) -> str:
        """Return a text, empty where there is none."""
        return (self.texts(number) or [""])[-1]

    def messages(self, number: int) -> Iterator["Message"]:
        """Yield the messages of a repeated field."""
        return (Message(self._data, begin, behind) for begin, behind in self.spans(number))

    def message(self, number: int) -> "Message":
        """Return a message, an empty one where there is none."""
        spans = self.spans(number)
        return Message(self._data, *spans[-1]) if spans else Message(b"")

    def integer(self, number: int) -> int:
        """Return an integer, 0 where there is none."""
        found = [begin for wire_type, begin, _ in self._found.get(number, ()) if wire_type == VARINT]
        return signed(read_varint(self._data, found[-1], len(self._data))[0]) if found else 0

    def seconds(self, number: int) -> float | None:
        """Return a time stamp as seconds after 1970, None where there is none or no plausible one."""
        if not self.has(number):
            return None
        stamp = self.message(number)
        seconds = stamp.integer(1) + stamp.integer(2) / 1e9
        return seconds if moment(seconds) else None


def is_key(encoded: bytes) -> bool:
    """Say whether bytes are the short keys of an item and nothing else."""
    at = 0
    while at + 1 < len(encoded) and encoded[at] in (ITEM_KEY << 3 | BYTES, ITEM_NESTED_KEY << 3 | BYTES):
        at += 2 + encoded[at + 1]
    return at == len(encoded)


def keys_of(encoded: bytes) -> Path:
    """Return the path that the keys of an item say, given as their encoded fields.

    Raises:
        WireError: the bytes are no message.
    """
    item = Message(encoded)
    return tuple(item.texts(ITEM_NESTED_KEY) or [item.text(ITEM_KEY)])
