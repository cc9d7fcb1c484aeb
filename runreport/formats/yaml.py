"""YAML as texts: every scalar stays what was written, tags build nothing, and size, depth and aliases are bounded.

The parser is PyYAML's; its constructors, which turn tags into objects, are not used at all.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from runreport.errors import ReadError

Yaml = None | str | list["Yaml"] | dict[str, "Yaml"]

MAX_BYTES = 5_000_000
_MAX_DEPTH = 64
_MAX_NODES = 200_000
_MAX_REPEATED = 20_000
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def load_yaml(data: bytes) -> Yaml:
    r"""Return the first document of a YAML text: maps, lists, texts, and None for a plain null.

    Numbers and truth values stay the texts they are, tags are passed over, and what an alias stands for is repeated.

    Raises:
        ReadError: it is no YAML, or larger or nested more deeply than settings are.

    >>> load_yaml(b"lr: 1e-3\nopt: !!python/object:os.system {name: adam}\nseed: null\n")
    {'lr': '1e-3', 'opt': {'name': 'adam'}, 'seed': None}
    """
    if len(data) > MAX_BYTES:
        sentence = f"The YAML text is larger than {MAX_BYTES // 10**6} MB."
        raise ReadError(sentence)
    try:
        return _Builder(iter(yaml.parse(data.decode("utf-8-sig", "replace"), Loader=_LOADER))).document()
    except (yaml.YAMLError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        sentence = f"It is no YAML{where}: {getattr(problem, 'problem', None) or problem}."
        raise ReadError(sentence) from problem


class _Builder:
    """Builds values from the parser's events, with a stack of its own: the text decides how deep it is nested."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, Yaml] = {}
        self._nodes = 0
        self._repeated_nodes = 0

    def document(self) -> Yaml:
        """Return the first document; None when there is none."""
        root: list[Yaml] = []
        stack: list[_Open] = [_Open(root)]
        for event in self._events:
            if isinstance(event, yaml.DocumentEndEvent):
                break
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._enter(event, stack)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                stack.pop().close()
            elif isinstance(event, yaml.ScalarEvent):
                self._count(1)
                stack[-1].add(self._known(event.anchor, _scalar(event)))
            elif isinstance(event, yaml.AliasEvent):
                stack[-1].add(self._repeated(event.anchor))
        return root[0] if root else None

    def _enter(self, event: Any, stack: "list[_Open]") -> None:  # noqa: ANN401 - PyYAML's events have no types
        self._count(1)
        if len(stack) > _MAX_DEPTH:
            sentence = f"The YAML text is nested more than {_MAX_DEPTH} levels deep."
            raise ReadError(sentence)
        value: Yaml = {} if isinstance(event, yaml.MappingStartEvent) else []
        stack[-1].add(value)
        stack.append(_Open(value))
        self._known(event.anchor, value)

    def _known(self, anchor: str | None, value: Yaml) -> Yaml:
        if anchor is not None:
            self._anchors[anchor] = value
        return value

    def _repeated(self, anchor: str | None) -> Yaml:
        """Return a copy of what an anchor stands for; one inside of itself is cut there."""
        if anchor is None or anchor not in self._anchors:
            sentence = f"The YAML text refers to {anchor!r}, which it does not hold."
            raise ReadError(sentence)
        return self._copy(self._anchors[anchor], ())

    def _copy(self, value: Yaml, above: tuple[int, ...]) -> Yaml:
        self._count_repeated()
        if not isinstance(value, dict | list):
            return value
        if id(value) in above or len(above) >= _MAX_DEPTH:
            return None
        inside = (*above, id(value))
        if isinstance(value, dict):
            return {key: self._copy(inner, inside) for key, inner in list(value.items())}
        return [self._copy(inner, inside) for inner in list(value)]

    def _count_repeated(self) -> None:
        self._count(1)
        self._repeated_nodes += 1
        if self._repeated_nodes > _MAX_REPEATED:
            sentence = f"The aliases of the YAML text stand for more than {_MAX_REPEATED:,} values."
            raise ReadError(sentence)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > _MAX_NODES:
            sentence = f"The YAML text holds more than {_MAX_NODES:,} values."
            raise ReadError(sentence)


class _Open:
    """A map or list that is being filled; a key of a map waits for its value."""

    def __init__(self, value: Yaml) -> None:
        self._value = value
        self._key: str | None = None

    def add(self, value: Yaml) -> None:
        if isinstance(self._value, list):
            self._value.append(value)
        elif isinstance(self._value, dict):
            self._put(self._value, value)

    def close(self) -> None:
        """Put the entries of merged maps (``<<``) in their place; of the same key the first wins."""
        if not isinstance(self._value, dict) or not isinstance(self._value.get("<<"), dict | list):
            return
        merged = self._value.pop("<<")
        for other in merged if isinstance(merged, list) else [merged]:
            for key, value in other.items() if isinstance(other, dict) else ():
                self._value.setdefault(key, value)

    def _put(self, mapping: "dict[str, Yaml]", value: Yaml) -> None:
        if self._key is None:
            self._key = value if isinstance(value, str) else str(value)
        else:
            mapping[self._key] = value
            self._key = None


def _scalar(event: Any) -> str | None:  # noqa: ANN401 - PyYAML's events have no types
    is_plain = bool(event.implicit[0]) and event.style in (None, "")
    return None if is_plain and event.value in _NULLS else str(event.value)
