"""The settings in a configuration that MMEngine wrote, read as text: names and literal values, nothing is run.

Format: ``Config.dump`` of MMEngine: Python assignments of texts, numbers, lists, tuples, ``dict(name=value)`` and
``dict({'text': value})``. Anything else, such as a function call or an import, is no setting.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from runreport.formats.yaml import Yaml

_TOKEN = re.compile(
    r"(?P<space>[ \t]+|\\\n|#[^\n]*)|(?P<line>\n)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(?P<sign>[=,:()\[\]{}])|(?P<other>.)"
)
_ESCAPE = re.compile(r"\\(.)")
_MAX_BYTES = 1_000_000
_MAX_DEPTH = 48
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NOTHING = "None"


class _Token(NamedTuple):
    kind: str
    text: str


class _NoLiteralError(Exception):
    pass


def read_settings(text: str) -> tuple[dict[str, Yaml], int]:
    r"""Return the settings by name, numbers and truth values as texts, and how many assignments are no literals.

    >>> read_settings("lr = 1e-3\nopt = dict(type='SGD', betas=(0.9, 0.99))\nhook = open('x')\n")
    ({'lr': '1e-3', 'opt': {'type': 'SGD', 'betas': ['0.9', '0.99']}}, 1)
    """
    settings: dict[str, Yaml] = {}
    others = 0
    for statement in _statements(text[:_MAX_BYTES]):
        if len(statement) > 2 and statement[0].kind == "name" and statement[1].text == "=":  # noqa: PLR2004 - a name, = and a value
            try:
                settings[statement[0].text] = _Literals(statement[2:]).whole()
            except _NoLiteralError:
                others += 1
    return settings, others


def _statements(text: str) -> Iterator[list[_Token]]:
    """Yield the tokens of each statement: those up to a line end outside of all brackets."""
    statement: list[_Token] = []
    depth = 0
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind == "line" and depth <= 0:
            yield statement
            statement, depth = [], 0
        elif kind not in ("space", "line"):
            statement.append(_Token(kind, found[0]))
            depth += (found[0] in _CLOSING) - (found[0] in _CLOSING.values())
    yield statement


class _Literals:
    """Reads one value from tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def whole(self) -> Yaml:
        """Return the value that all tokens make up."""
        value = self._value(0)
        if self._place < len(self._tokens):
            raise _NoLiteralError
        return value

    def _value(self, depth: int) -> Yaml:
        token = self._next()
        if depth > _MAX_DEPTH:
            raise _NoLiteralError
        if token.kind == "text":
            return self._texts(token)
        if token.kind == "number" or token.text in ("True", "False"):
            return token.text
        if token.text == _NOTHING:
            return None
        if token.text == "dict" and self._takes("("):
            return self._dict(depth)
        if token.text == "{":
            return self._map(depth)
        if token.text in ("(", "["):
            return self._list(_CLOSING[token.text], depth)
        raise _NoLiteralError

    def _texts(self, token: _Token) -> str:
        """Return a text, with those that follow it without a comma."""
        parts = [token]
        while self._place < len(self._tokens) and self._tokens[self._place].kind == "text":
            parts.append(self._next())
        return "".join(_ESCAPE.sub(r"\1", part.text[1:-1]) for part in parts)

    def _dict(self, depth: int) -> Yaml:
        found: dict[str, Yaml] = {}
        while not self._takes(")"):
            if self._takes("{"):
                found |= self._map(depth + 1)
            else:
                name = self._next()
                if name.kind != "name" or not self._takes("="):
                    raise _NoLiteralError
                found[name.text] = self._value(depth + 1)
            self._comma(")")
        return found

    def _map(self, depth: int) -> dict[str, Yaml]:
        found: dict[str, Yaml] = {}
        while not self._takes("}"):
            key = self._value(depth + 1)
            if isinstance(key, list | dict) or not self._takes(":"):
                raise _NoLiteralError
            found[str(key)] = self._value(depth + 1)
            self._comma("}")
        return found

    def _list(self, closing: str, depth: int) -> Yaml:
        found: list[Yaml] = []
        while not self._takes(closing):
            found.append(self._value(depth + 1))
            self._comma(closing)
        return found

    def _comma(self, closing: str) -> None:
        if not self._takes(",") and (self._place >= len(self._tokens) or self._tokens[self._place].text != closing):
            raise _NoLiteralError

    def _takes(self, text: str) -> bool:
        is_next = self._place < len(self._tokens) and self._tokens[self._place] == _Token("sign", text)
        self._place += is_next
        return is_next

    def _next(self) -> _Token:
        if self._place >= len(self._tokens):
            raise _NoLiteralError
        self._place += 1
        return self._tokens[self._place - 1]
