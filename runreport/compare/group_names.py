"""The shortest names that tell groups apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from runreport.diff.values import Canonical, canonical
from runreport.model.keys import leaf, param_kind
from runreport.names import ParamKind, natural_key

Ints = NDArray[np.int64]

FIELD_TERMS = (
    "method",
    "model",
    "algorithm",
    "algo",
    "agent",
    "arch",
    "architecture",
    "variant",
    "optimizer",
    "dataset",
    "env",
    "task",
    "lr",
    "learning_rate",
    "batch_size",
)
"""Params that people speak of first, best known first."""

ONLY_GROUP = "all runs"

_LONG = 40
_LONG_FLOAT = 8  # characters; a float of more is shortened
_FEWEST_DIGITS, _EXACT_DIGITS = 3, 17
_LARGEST_SEARCHED = 3  # larger sets are grown greedily
_SEARCHED_SETS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupName:
    """A name and the params it is made of."""

    name: str
    params: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One param over all groups: a code per group, and the text that stands for each code (None: not set)."""

    param: str
    codes: Ints
    texts: tuple[str | None, ...]


def name_groups(
    settings: Sequence[Mapping[str, str]], is_main: Sequence[bool], keys: Sequence[str] = ()
) -> tuple[GroupName, ...]:
    """Return a name for each group, from the params all its runs share.

    All names are made of the same params: the smallest set that tells the main groups (those that can be compared)
    from each other; params that people speak of first (method, model, lr...) are preferred, then short ones. Long
    floats are rounded as far as they stay apart. A
    remaining group that looks like another one then gets the further params that tell it apart. With ``keys`` the
    names are made of just these.

    >>> [group.name for group in name_groups([{"lr": "0.1", "b": "1"}, {"lr": "0.2", "b": "1"}], [True, True])]
    ['lr=0.1', 'lr=0.2']
    """
    count = len(settings)
    if keys:
        return _unique([_named(row, [_column(key, settings) for key in keys]) for row in range(count)])
    if count == 1:
        return (GroupName(name=ONLY_GROUP, params=()),)
    columns = _varying_columns(settings)
    main = np.flatnonzero(is_main) if sum(is_main) > 1 else np.arange(count)
    shared = _separating([column.codes[main] for column in columns], np.zeros(main.size, np.int64))
    combined = _combine([columns[i].codes for i in shared], np.zeros(count, np.int64))
    further = _separating([column.codes for column in columns], combined)
    needs_more = (np.bincount(combined)[combined] > 1) & ~np.isin(np.arange(count), main)
    names = [
        _named(row, [columns[i] for i in (*shared, *(further if needs_more[row] else ()))]) for row in range(count)
    ]
    return _unique(names)


def _column(param: str, settings: Sequence[Mapping[str, str]]) -> _Column:
    codes: dict[Canonical | None, int] = {}
    texts: list[str | None] = []
    column = np.empty(len(settings), np.int64)
    for row, params in enumerate(settings):
        text = params.get(param)
        meaning = None if text is None else canonical(text)
        if meaning not in codes:
            codes[meaning] = len(texts)
            texts.append(text)
        column[row] = codes[meaning]
    return _Column(param=param, codes=column, texts=_short_floats(texts))


def _short_floats(texts: Sequence[str | None]) -> tuple[str | None, ...]:
    """Return the texts with long floats cut to the fewest significant digits under which all still differ.

    None becomes a whole number by that: a discount of 0.99999999 is not 1.
    """
    if not any(map(_is_long_float, texts)):
        return tuple(texts)
    for digits in range(_FEWEST_DIGITS, _EXACT_DIGITS):
        short = tuple(_rounded(text, digits) if text and _is_long_float(text) else text for text in texts)
        is_apart = len({None if text is None else canonical(text) for text in short}) == len(texts)
        if is_apart and all(map(_is_as_whole, texts, short)):
            return short
    return tuple(texts)


def _is_long_float(text: str | None) -> bool:
    if text is None or len(text) <= _LONG_FLOAT:
        return False
    kind, number = param_kind(text)
    return kind is ParamKind.FLOAT and number is not None and math.isfinite(number)


def _is_as_whole(text: str | None, short: str | None) -> bool:
    return text == short or text is None or short is None or float(text).is_integer() == float(short).is_integer()


def _rounded(text: str, digits: int) -> str:
    """Return a float of so many significant digits, or as it was written where that is no longer."""
    return min(text.strip(), f"{float(text):.{digits}g}", key=len)


def _varying_columns(settings: Sequence[Mapping[str, str]]) -> list[_Column]:
    """Return the params in which the groups differ, best for a name first."""
    params = sorted({param for one in settings for param in one})
    columns = [_column(param, settings) for param in params]
    return sorted((column for column in columns if len(column.texts) > 1), key=_preference)


def _preference(column: _Column) -> tuple[object, ...]:
    term = leaf(column.param)
    rank = FIELD_TERMS.index(term) if term in FIELD_TERMS else len(FIELD_TERMS)
    is_long = max(len(text or "") for text in column.texts) > _LONG
    return is_long, None in column.texts, rank, len(column.param), natural_key(column.param), column.param


def _combine(columns: Sequence[Ints], start: Ints) -> Ints:
    """Return one code per row for the combination of start and columns."""
    combined = start
    for codes in columns:
        paired = combined * (int(codes.max(initial=0)) + 1) + codes
        combined = np.unique(paired, return_inverse=True)[1].astype(np.int64)
    return combined


def _separating(columns: Sequence[Ints], start: Ints) -> tuple[int, ...]:
    """Return the first smallest set of columns that, with start, tells all rows apart as far as all columns can."""
    wanted = _distinct(_combine(columns, start))
    if _distinct(start) == wanted:
        return ()
    for chosen in islice(_candidate_sets(columns, start, wanted), _SEARCHED_SETS):
        if _distinct(_combine([columns[i] for i in chosen], start)) == wanted:
            return chosen
    return _grow(columns, start, wanted)


def _candidate_sets(columns: Sequence[Ints], start: Ints, wanted: int) -> Iterator[tuple[int, ...]]:
    """Yield the sets of columns, small ones first, that have enough combinations of values to tell rows apart."""
    sizes = [int(codes.max(initial=0)) + 1 for codes in columns]
    already = _distinct(start)
    for count in range(1, _LARGEST_SEARCHED + 1):
        for chosen in combinations(range(len(columns)), count):
            if already * float(np.prod([sizes[i] for i in chosen], dtype=float)) >= wanted:
                yield chosen


def _grow(columns: Sequence[Ints], start: Ints, wanted: int) -> tuple[int, ...]:
    """Return a set that adds the column which tells most rows apart, then drops what became needless."""
    chosen: list[int] = []
    combined = start
    while _distinct(combined) < wanted:
        combinations_ = {i: _combine([columns[i]], combined) for i in range(len(columns)) if i not in chosen}
        best = max(combinations_, key=lambda i: (_distinct(combinations_[i]), -i))
        chosen, combined = [*chosen, best], combinations_[best]
    for i in sorted(chosen, reverse=True):
        rest = [j for j in chosen if j != i]
        if _distinct(_combine([columns[j] for j in rest], start)) == wanted:
            chosen = rest
    return tuple(sorted(chosen))


def _distinct(codes: Ints) -> int:
    return int(np.unique(codes).size)


def _named(row: int, columns: Sequence[_Column]) -> GroupName:
    parts = [_part(column.param, column.texts[int(column.codes[row])]) for column in columns]
    return GroupName(name=", ".join(parts), params=tuple(column.param for column in columns))


def _part(param: str, text: str | None) -> str:
    if text is None:
        return f"{param} not set"
    value = " ".join(text.split())
    return f"{param}={value if len(value) <= _LONG else value[: _LONG - 1] + '…'}"


def _unique(names: Sequence[GroupName]) -> tuple[GroupName, ...]:
    """Number the names that became equal by shortening."""
    seen: dict[str, int] = {}
    unique = []
    for one in names:
        seen[one.name] = seen.get(one.name, 0) + 1
        again = seen[one.name]
        unique.append(GroupName(name=one.name if again == 1 else f"{one.name} ({again})", params=one.params))
    return tuple(unique)
