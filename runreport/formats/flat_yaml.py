"""The flat subset of YAML that trackers write: ``key: value`` lines and maps of one level, texts only.

Tags, anchors, block texts and flow collections are not understood on purpose: nothing in a log builds objects.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_KEY = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?:[-?](?=\S)|[^\s'"#&*!|>%@`\[\]{},?-])[^\n]*?)[ \t]*:(?:[ \t]+(.*)|)$"""
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_BLANKS = " \t"  # no-break spaces and the like are text
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_EMPTY_COLLECTIONS = frozenset({"[]", "{}"})
# What MLflow writes for nearly all runs; the parser below takes ten times as long.
_PLAIN_LINE = re.compile(
    r"^([A-Za-z_]+):(?: ([A-Za-z0-9_./](?:[A-Za-z0-9_./:@+-]*[A-Za-z0-9_./])?|\[\]|''|'[0-9]+'|))$", re.MULTILINE
)
_NO_TEXT = _NULLS | _EMPTY_COLLECTIONS
_NOT_PLAIN = frozenset("&*!|>%@`[{")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatYaml:
    """The texts of a flat YAML file; null is None, numbers and truth values stay texts.

    Attributes:
        values: top-level keys with a single value.
        maps: top-level keys with a map of one level.
        problems: numbers of the lines (from 1) that were not understood, with the reason.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    maps: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    problems: tuple[tuple[int, str], ...] = ()


class _Entry(NamedTuple):
    line: int
    key: str
    value: str
    rest: list[str]


class _NotUnderstoodError(Exception):
    pass


def parse_flat_yaml(text: str) -> FlatYaml:
    r"""Return what a flat YAML text says; lines it does not understand are listed and skipped.

    >>> parse_flat_yaml("name: 'a: b'\nend: null\ntags:\n  x: '1'\n")
    FlatYaml(values={'name': 'a: b', 'end': None}, maps={'tags': {'x': '1'}}, problems=())
    """
    plain = _PLAIN_LINE.findall(text)
    if len(plain) == text.count("\n") > 0 and text.endswith("\n"):
        return FlatYaml(values={key: None if value in _NO_TEXT else value.strip("'") for key, value in plain})
    values: dict[str, str | None] = {}
    maps: dict[str, Mapping[str, str | None]] = {}
    problems: list[tuple[int, str]] = []
    for entry in _entries(text, problems):
        try:
            if _is_nested(entry):
                maps[entry.key] = _nested(entry)
            else:
                values[entry.key] = _scalar(entry.value, entry.rest)
        except _NotUnderstoodError as problem:
            problems.append((entry.line, str(problem)))
    return FlatYaml(values=values, maps=maps, problems=tuple(problems))


def _entries(text: str, problems: list[tuple[int, str]]) -> Iterator[_Entry]:
    """Yield each key with the lines that belong to it: those that are indented, blank or list items."""
    current: _Entry | None = None
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.rstrip("\r")
        if current is not None and (not line or line[0] in " \t" or line.startswith("- ")):
            current.rest.append(line)
            continue
        if not line or line[0] == "#" or line == "---":
            continue
        if current is not None:
            yield current
        current = _entry(number, line)
        if current is None:
            problems.append((number, "is no 'key: value'"))
    if current is not None:
        yield current


def _entry(number: int, line: str) -> _Entry | None:
    key, separator, value = line.partition(": ")
    if separator and key.isidentifier():  # nearly all lines; the pattern below costs five times as much
        return _Entry(number, key, value.strip(_BLANKS), [])
    found = _KEY.match(line)
    if found is None:
        return None
    key = _quoted(found[1]) if found[1][0] in "'\"" else found[1]
    return _Entry(number, key, (found[2] or "").strip(_BLANKS), [])


def _is_nested(entry: _Entry) -> bool:
    return not entry.value and any(line.strip(_BLANKS) for line in entry.rest)


def _nested(entry: _Entry) -> dict[str, str | None]:
    lines = [line for line in entry.rest if line.strip(_BLANKS)]
    if lines[0].lstrip(_BLANKS).startswith("- "):
        sentence = "holds a list"
        raise _NotUnderstoodError(sentence)
    indent = len(lines[0]) - len(lines[0].lstrip(_BLANKS))
    problems: list[tuple[int, str]] = []
    inner = list(_entries("\n".join(line[indent:] for line in entry.rest), problems))
    if problems or any(_is_nested(item) for item in inner):
        sentence = "is nested more than one level deep"
        raise _NotUnderstoodError(sentence)
    return {item.key: _scalar(item.value, item.rest) for item in inner}


def _scalar(first: str, rest: Sequence[str]) -> str | None:
    if first[:1] in {"'", '"'}:
        return _quoted(_folded(first, rest))
    if first in _NULLS or first in _EMPTY_COLLECTIONS:
        return None
    if first[0] in _NOT_PLAIN:
        sentence = "uses a form of YAML that is not read"
        raise _NotUnderstoodError(sentence)
    return _folded(first.partition(" #")[0].rstrip(_BLANKS), rest)


def _folded(first: str, rest: Sequence[str]) -> str:
    """Join the lines of one text: a line break is a space, each blank line a line break."""
    if not rest:
        return first
    text, breaks = first, 0
    for line in rest:
        stripped = line.strip(_BLANKS)
        if not stripped:
            breaks += 1
        elif first[0] == '"' and _ends_in_escape(text) and not breaks:
            text = text[:-1] + stripped
        else:
            text += ("\n" * breaks or " ") + stripped
            breaks = 0
    return text


def _ends_in_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _quoted(text: str) -> str:
    quote = text[0]
    if len(text) == 1 or text[-1] != quote:
        sentence = "opens a quotation mark that is not closed"
        raise _NotUnderstoodError(sentence)
    inner = text[1:-1]
    return inner.replace("''", "'") if quote == "'" else _ESCAPE.sub(_unescaped, inner)


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 1:
        return _ESCAPED.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number <= 0x10FFFF else found[0]  # noqa: PLR2004 - the last code point
