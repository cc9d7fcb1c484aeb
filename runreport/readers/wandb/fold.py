"""Settings and summaries: items that are set, set again and removed, and what holds in the end."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import parse_json
from runreport.formats.protobuf import BYTES, WireError, fields
from runreport.readers.wandb.wire import (
    ITEM_KEY,
    ITEM_NESTED_KEY,
    ITEM_VALUE,
    NUMBER_ITEM,
    NUMBER_ITEM_FRAME,
    Path,
    is_key,
    keys_of,
)

MAX_DEPTH = 64
_UPDATE, _REMOVE = 1, 2
_ITEM, _NESTED, _KEY, _SHORT = 0x0A, 0x12, 0x0A, 0x80
_VALUE_1, _VALUE_2 = 0x82, 0x01
_BATCH = 256

OWN_KEYS = frozenset({"_wandb", "_step", "_runtime", "_timestamp"})
"""Keys of the client itself, in settings, summaries and histories."""


class Fold:
    """What holds after all updates, in the order of the last change of each key; ``bad`` counts values left out."""

    def __init__(self) -> None:
        self.bad = 0
        self._texts: dict[bytes, bytes | None] = {}  # by encoded key; None for what was removed
        self._waiting: list[bytes] = []
        self._bad = 0
        self._is_plain = True  # as long as no key can say anything about another one, their order does not matter

    def add(self, data: bytes, start: int, end: int) -> None:
        """Apply the updates and removals in ``data[start:end]``; they are decoded with others, see :meth:`flush`."""
        self._waiting.append(data[start:end])
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> int:
        """Decode what waits; return how many messages so far were none, of which what came before the error holds."""
        messages, self._waiting = self._waiting, []
        if not self._is_plain or not self._add_plain(messages):
            for data in messages:
                try:
                    self._add_any(data, 0, len(data))
                except (WireError, IndexError):
                    self._bad += 1
        return self._bad

    def _add_plain(self, messages: list[bytes]) -> bool:
        """Apply updates to numbers; return False when there is anything else."""
        pairs = NUMBER_ITEM.findall(b"".join(messages))
        size = len(pairs) * NUMBER_ITEM_FRAME + sum(map(len, chain.from_iterable(pairs)))
        last = dict(pairs)
        if size != sum(map(len, messages)) or not all(map(is_key, last)):
            return False
        self._texts.update(last)
        return True

    def _add_any(self, data: bytes, start: int, end: int) -> None:
        texts = self._texts
        at = start
        while at < end:
            size = data[at + 1]
            key = at + 2
            stop = value = key + size
            if data[at] == _ITEM and size < _SHORT:
                value = key
                while data[value] == _NESTED or data[value] == _KEY:
                    value += 2 + data[value + 1]
            text = value + 3
            if text > stop or text + data[text - 1] != stop or (data[value], data[value + 1]) != _VALUE_MARK:
                at = self._rare(data, at, end)
                continue
            name = data[key:value]
            texts.pop(name, None)  # so that the last change comes last
            texts[name] = data[text:stop]
            self._is_plain = self._is_plain and data[text:stop][:1] != b"{"
            at = stop

    def _rare(self, data: bytes, at: int, end: int) -> int:
        number, wire_type, begin, behind = next(fields(data, at, end))
        if number in (_UPDATE, _REMOVE) and wire_type == BYTES:
            name = text = b""
            position = begin
            for field, kind, inner, stop in fields(data, begin, behind):
                if kind == BYTES and field in (ITEM_KEY, ITEM_NESTED_KEY):
                    name += data[position:stop]
                elif kind == BYTES and field == ITEM_VALUE:
                    text = data[inner:stop]
                position = stop
            self._texts.pop(name, None)
            self._texts[name] = text if number == _UPDATE else None
            self._is_plain = self._is_plain and number == _UPDATE and text[:1] != b"{"
        return behind

    def tree(self) -> dict[str, Any]:
        """Return what holds as nested maps."""
        self.flush()
        tree: dict[str, Any] = {}
        self.bad = 0
        for name, text in self._texts.items():
            try:
                path = keys_of(name)
                value = None if text is None else parse_value(text)
            except (WireError, ReadError):
                self.bad += 1
                continue
            if len(path) > MAX_DEPTH:
                self.bad += 1
            elif text is None:
                _remove(tree, path)
            else:
                _set(tree, path, value)
        return tree


_VALUE_MARK = (_VALUE_1, _VALUE_2)


def parse_value(text: bytes) -> Any:  # noqa: ANN401 - a JSON value may be anything
    """Return the value of an item.

    Raises:
        ReadError: it is no JSON, or nested too deeply.
    """
    value = parse_json(text)
    if isinstance(value, dict | list) and _is_deep(value):
        raise ReadError("It is nested too deeply.")
    return value


def leaves(tree: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of everything in nested maps that is no map, and of empty maps."""
    waiting: list[tuple[Path, Any]] = [((), tree)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping) and (value or not path):
            waiting += [((*path, str(key)), inner) for key, inner in reversed(list(value.items()))]
        else:
            yield path, value


def _is_deep(value: dict[str, Any] | list[Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for several in inner for one in several if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _set(tree: dict[str, Any], path: Path, value: object) -> None:
    for key in path[:-1]:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            inner = tree[key] = {}
        tree = inner
    tree.pop(path[-1], None)
    tree[path[-1]] = value


def _remove(tree: dict[str, Any], path: Path) -> None:
    for key in path[:-1]:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.pop(path[-1], None)
