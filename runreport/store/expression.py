"""The meaning of a filter expression: frozen nodes, and whether a run matches."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from runreport.model.keys import param_kind
from runreport.names import ParamKind

Scalar: TypeAlias = str | int | float | datetime | None

FIELDS = ("status", "name", "seed", "started", "experiment", "run_id", "reader", "path")
STATISTICS = (
    "last",
    "first",
    "min",
    "max",
    "mean",
    "tail_mean",
    "count",
    "nan_count",
    "inf_count",
    "argmin_step",
    "argmax_step",
    "first_step",
    "last_step",
)


class Lookup(Protocol):
    """One run to be judged; every method returns None for what the run does not have."""

    def field(self, name: str) -> Scalar:
        """Return the value of one of :data:`FIELDS`; ``started`` as a time with a zone."""
        ...

    def param(self, name: str) -> str | None:
        """Return a param's text."""
        ...

    def tag(self, name: str) -> str | None:
        """Return a tag's text."""
        ...

    def metric(self, name: str, statistic: str) -> float | None:
        """Return one of :data:`STATISTICS` of a metric."""
        ...


class Origin(StrEnum):
    """Where a name's value comes from."""

    FIELD = "field"
    PARAM = "params"
    TAG = "tags"
    METRIC = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A value of the run; ``statistic`` is set for metrics only."""

    origin: Origin
    name: str
    statistic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value written in the expression."""

    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two values and one of ``== != < <= > >=``."""

    symbol: str
    left: Name | Literal
    right: Name | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A value that equals one of several."""

    value: Name | Literal
    choices: tuple[Literal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A value whose text holds a match of a pattern in RE2 syntax."""

    value: Name | Literal
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """True where its condition is not."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction:
    """True where all conditions are."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjunction:
    """True where any condition is."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Membership | Search | Negation | Conjunction | Disjunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed expression and its text."""

    text: str
    condition: Condition

    def names(self) -> frozenset[Name]:
        """Return every name of the run that the expression mentions."""
        return frozenset(_names(self.condition))


def matches(query: Query, run: Lookup) -> bool:
    """Say whether the expression holds for a run.

    A comparison with something the run does not have is false, also ``!=``; only ``x == none`` is true of it (and ``not`` turns the answer round). Numbers
    compare as numbers when both sides stand for one (``1e-3`` is ``0.001``), and text is never equal to a number.
    """
    return _holds(query.condition, run)


def number(value: Scalar) -> int | float | None:
    """Return the number that a value is or its text stands for; None for other text, NaN as text, and times."""
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None
    kind, parsed = param_kind(value)
    if parsed is None or math.isnan(parsed):
        return None
    return int(value) if kind is ParamKind.INT else parsed


def has_match(pattern: str, text: str) -> bool:
    """Search a text by RE2, whose time is linear in the text: no pattern and no log can make it run away.

    Raises:
        ValueError: the pattern is wrong.
    """
    found: bool = pc.match_substring_regex(pa.scalar(text), pattern=pattern).as_py()
    return found


def _holds(condition: Condition, run: Lookup) -> bool:
    match condition:
        case Conjunction(conditions=conditions):
            return all(_holds(each, run) for each in conditions)
        case Disjunction(conditions=conditions):
            return any(_holds(each, run) for each in conditions)
        case Negation(condition=inner):
            return not _holds(inner, run)
        case Comparison(symbol=symbol, left=left, right=right):
            return _compares(symbol, _operand(left, run), _operand(right, run), is_none=_has_none(left, right))
        case Membership(value=value, choices=choices):
            found = _operand(value, run)
            return any(_compares("==", found, each.value, is_none=each.value is None) for each in choices)
        case Search(value=value, pattern=pattern):
            text = _text(_raw(value, run))
            return text is not None and has_match(pattern, text)


def _has_none(*operands: Name | Literal) -> bool:
    return any(isinstance(operand, Literal) and operand.value is None for operand in operands)


_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)


def _compares(symbol: str, left: Scalar, right: Scalar, *, is_none: bool) -> bool:
    if is_none:
        both = _stands_for_none(left) and _stands_for_none(right)
        return both if symbol == "==" else symbol == "!=" and not both
    if left is None or right is None:
        return False
    pair = _comparable(left, right)
    if symbol in _ORDERINGS:
        return pair is not None and _ORDERINGS[symbol](*pair)
    is_equal = pair is not None and pair[0] == pair[1]
    return is_equal if symbol == "==" else not is_equal


def _comparable(left: Scalar, right: Scalar) -> tuple[Scalar, Scalar] | None:
    """Return both as numbers when either is one, or as they are when of one type; None when they do not compare."""
    if isinstance(left, int | float) or isinstance(right, int | float):
        numbers = number(left), number(right)
        return None if None in numbers else numbers
    is_alike = any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, datetime))
    return (left, right) if is_alike else None


def _stands_for_none(value: Scalar) -> bool:
    return value is None or (isinstance(value, str) and param_kind(value)[0] is ParamKind.NONE)


def _operand(operand: Name | Literal, run: Lookup) -> Scalar:
    value = _raw(operand, run)
    if isinstance(operand, Name) and operand.origin is Origin.PARAM:
        as_number = number(value)
        return value if as_number is None else as_number
    return value


def _raw(operand: Name | Literal, run: Lookup) -> Scalar:
    if isinstance(operand, Literal):
        return operand.value
    match operand.origin:
        case Origin.FIELD:
            return run.field(operand.name)
        case Origin.PARAM:
            return run.param(operand.name)
        case Origin.TAG:
            return run.tag(operand.name)
        case Origin.METRIC:
            return run.metric(operand.name, operand.statistic)


def _text(value: Scalar) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)


def _names(condition: Condition) -> Iterator[Name]:
    match condition:
        case Conjunction(conditions=conditions) | Disjunction(conditions=conditions):
            for each in conditions:
                yield from _names(each)
        case Negation(condition=inner):
            yield from _names(inner)
        case Comparison(left=left, right=right):
            yield from (side for side in (left, right) if isinstance(side, Name))
        case Membership(value=value) | Search(value=value):
            yield from (side for side in (value,) if isinstance(side, Name))
