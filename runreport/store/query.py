r"""The filter language of ``--where``: text to a parsed query. Nothing of it is ever run as Python.

::

    expression  = conjunction {"or" conjunction}
    conjunction = negation {"and" negation}
    negation    = "not" negation | "(" expression ")" | condition
    condition   = value ("==" | "!=" | "<" | "<=" | ">" | ">=") value
                | value ["not"] "in" ("[" | "(") literal {"," literal} ("]" | ")")
                | value "=~" string
    value       = literal | field | "params" name | "tags" name | "metrics" name "." statistic
    name        = "." word {"." word} | "[" string "]"
    literal     = number | string | "true" | "false" | "none"

Patterns have the syntax of RE2 (no look-around, no references back). Strings stand in single or double quotes; a backslash keeps the quote or backslash behind it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NoReturn

from runreport.errors import QueryError
from runreport.store.expression import (
    FIELDS,
    STATISTICS,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Literal,
    Lookup,
    Membership,
    Name,
    Negation,
    Origin,
    Query,
    Scalar,
    Search,
    has_match,
    matches,
)

__all__ = ["FIELDS", "STATISTICS", "Lookup", "Query", "matches", "parse"]

_LONGEST = 2_000
_LONGEST_PATTERN = 200
_DEEPEST = 30
_LITERALS = {"true": True, "false": False, "none": None}
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_CLOSING = {"[": "]", "(": ")"}
_COLLECTIONS = {origin.value: origin for origin in (Origin.PARAM, Origin.TAG, Origin.METRIC)}
_UNREADABLE = {"=": "equality is written ==", "'": "this quote is never closed", '"': "this quote is never closed"}
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>=~|==|!=|<=|>=|[<>()\[\],.])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A piece of the text: its kind (number, string, word, sign, end), text, and position in it."""

    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Query:
    """Return the query that an expression stands for.

    >>> parse('params.lr <= 1e-3 and metrics["val/acc"].last > 0.9').text
    'params.lr <= 1e-3 and metrics["val/acc"].last > 0.9'

    Raises:
        QueryError: it does not parse; the hint shows the place.
    """
    if len(text) > _LONGEST:
        sentence = f"The expression has {len(text)} characters; at most {_LONGEST} are read."
        raise QueryError(sentence)
    parser = _Parser(text)
    condition = parser.expression()
    if parser.token.kind != "end":
        parser.fail("expected 'and', 'or' or the end here")
    return Query(text=text, condition=condition)


class _Parser:
    """Recursive descent over the tokens of one text; ``token`` is the next one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self.token = self._token_at(0)

    def expression(self) -> Condition:
        conditions = [self._conjunction()]
        while self._takes("or"):
            conditions.append(self._conjunction())
        return conditions[0] if len(conditions) == 1 else Disjunction(conditions=tuple(conditions))

    def fail(self, what: str, *, at: int | None = None) -> NoReturn:
        column = self.token.start if at is None else at
        line = re.sub(r"\s", " ", self._text)
        sentence = f"The expression is wrong at column {column + 1}: {what}."
        raise QueryError(sentence, hint=f"{line}\n{' ' * column}^")

    def _conjunction(self) -> Condition:
        conditions = [self._negation()]
        while self._takes("and"):
            conditions.append(self._negation())
        return conditions[0] if len(conditions) == 1 else Conjunction(conditions=tuple(conditions))

    def _negation(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            self.fail(f"more than {_DEEPEST} levels of 'not' and parentheses")
        if self._takes("not"):
            condition: Condition = Negation(condition=self._negation())
        elif self._takes("("):
            condition = self.expression()
            self._expect(")")
        else:
            condition = self._condition()
        self._depth -= 1
        return condition

    def _condition(self) -> Condition:
        start = self.token.start
        left = self._value()
        symbol = self.token.text
        if self._takes("not"):
            self._expect("in")
            return Negation(condition=self._membership(left))
        if self._takes("in"):
            return self._membership(left)
        if self._takes("=~"):
            return Search(value=left, pattern=self._pattern())
        if symbol not in _COMPARISONS:
            self.fail("expected a comparison (==, !=, <, <=, >, >=, in, =~) here")
        self._advance()
        return self._comparison(symbol, left, start)

    def _comparison(self, symbol: str, left: Name | Literal, left_start: int) -> Comparison:
        right_start = self.token.start
        right = self._value()
        return Comparison(
            symbol=symbol,
            left=self._moment(left.value, left_start) if _is_time(right) and isinstance(left, Literal) else left,
            right=self._moment(right.value, right_start) if _is_time(left) and isinstance(right, Literal) else right,
        )

    def _membership(self, value: Name | Literal) -> Membership:
        closing = _CLOSING.get(self.token.text)
        if closing is None:
            self.fail("expected a list such as ['a', 'b'] here")
        self._advance()
        choices = []
        while not self._takes(closing):
            start = self.token.start
            choice = self._literal()
            choices.append(self._moment(choice, start) if _is_time(value) else Literal(value=choice))
            if self.token.text != closing:
                self._expect(",")
        return Membership(value=value, choices=tuple(choices))

    def _pattern(self) -> str:
        if self.token.kind != "string":
            self.fail("expected a pattern in quotes here")
        pattern = _unquoted(self.token.text)
        if len(pattern) > _LONGEST_PATTERN:
            self.fail(f"the pattern has more than {_LONGEST_PATTERN} characters")
        try:
            has_match(pattern, "")
        except ValueError as error:
            self.fail(str(error).rstrip("."))
        self._advance()
        return pattern

    def _value(self) -> Name | Literal:
        token = self.token
        if token.kind != "word" or token.text in _LITERALS:
            return Literal(value=self._literal())
        self._advance()
        if token.text in _COLLECTIONS:
            return self._member(_COLLECTIONS[token.text])
        if token.text not in FIELDS:
            self.fail(
                f"there is no name {token.text!r}{_nearest(token.text, (*FIELDS, *_COLLECTIONS))}", at=token.start
            )
        return Name(origin=Origin.FIELD, name=token.text)

    def _literal(self) -> Scalar:
        token = self.token
        if token.kind == "number":
            value: Scalar = float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        elif token.kind == "string":
            value = _unquoted(token.text)
        elif token.text in _LITERALS:
            value = _LITERALS[token.text]
        else:
            self.fail("expected a value here: a number, a text in quotes, true, false or none")
        self._advance()
        return value

    def _member(self, origin: Origin) -> Name:
        start = self.token.start
        if self._takes("["):
            words = [self._string()]
            self._expect("]")
        else:
            words = []
        while self._takes("."):
            start = self.token.start
            words.append(self._word())
        if not words:
            self.fail(f'expected {origin}.NAME or {origin}["NAME"] here')
        if origin is Origin.METRIC:
            return self._statistic(words, start)
        return Name(origin=origin, name=".".join(words))

    def _statistic(self, words: list[str], start: int) -> Name:
        *metric, statistic = words
        if not metric:
            self.fail(f"a metric needs a statistic: .{', .'.join(STATISTICS)}")
        if statistic not in STATISTICS:
            self.fail(f"there is no statistic {statistic!r}{_nearest(statistic, STATISTICS)}", at=start)
        return Name(origin=Origin.METRIC, name=".".join(metric), statistic=statistic)

    def _word(self) -> str:
        text = self.token.text
        if self.token.kind != "word":
            self.fail("expected a name here; names with other characters go into brackets and quotes")
        self._advance()
        return text

    def _string(self) -> str:
        text = self.token.text
        if self.token.kind != "string":
            self.fail("expected a name in quotes here")
        self._advance()
        return _unquoted(text)

    def _moment(self, value: Scalar, start: int) -> Literal:
        """Return a value that stands beside ``started`` as a time; none stays none."""
        if value is None:
            return Literal(value=None)
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("expected a time such as '2024-01-31' or '2024-01-31T12:00:00+00:00' here", at=start)
        return Literal(value=moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def _takes(self, text: str) -> bool:
        is_next = self.token.text == text and self.token.kind in {"word", "sign"}
        if is_next:
            self._advance()
        return is_next

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            self.fail(f"expected {text!r} here")

    def _advance(self) -> None:
        self.token = self._token_at(self.token.end)

    def _token_at(self, position: int) -> _Token:
        found = _TOKEN.match(self._text, position)
        if found is None or found.lastgroup is None:
            start = position + len(self._text[position:]) - len(self._text[position:].lstrip())
            self.fail(_UNREADABLE.get(self._text[start], "this cannot be read"), at=start)
        kind = found.lastgroup
        return _Token(kind=kind, text=found[kind], start=found.start(kind), end=found.end())


def _is_time(operand: Name | Literal) -> bool:
    return isinstance(operand, Name) and operand.origin is Origin.FIELD and operand.name == "started"


def _unquoted(text: str) -> str:
    quote = text[0]
    return re.sub(rf"\\([\\{quote}])", r"\1", text[1:-1])


def _nearest(word: str, known: Iterable[str]) -> str:
    similar = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f", did you mean {similar[0]!r}?" if similar else f"; there are {', '.join(known)}"
