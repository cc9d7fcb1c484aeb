"""Which run each row of a table belongs to, and what its text columns say about those runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runreport.names import Severity
from runreport.readers.tables.columns import Issue, is_text, may_hold_numbers, numbers, texts
from runreport.readers.tables.roles import Layout, Roles

_NO_TEXT = np.iinfo(np.int32).max
_NOT_IDENTITY = frozenset({"phase", "split", "stage", "subset", "mode", "event", "message", "note", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKeys:
    """The runs of one table: their keys in natural order of appearance, and for each row which run it is of."""

    keys: tuple[str, ...]
    row_runs: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the columns of a table say about one of its runs; ``constants`` are texts that do not change in it.

    ``name`` is empty without a column for it, and so is ``seed_column``.
    """

    name: str
    seed: int | None
    seed_column: str
    constants: Mapping[str, str]


def run_keys(table: pa.Table, roles: Roles) -> RunKeys:
    """Return the runs that the run and seed columns tell apart; a table without them is one run with an empty key.

    Next to a seed alone, text columns such as ``agent`` or ``task`` also tell runs apart.
    """
    columns = _identity_columns(table, roles)
    if not columns:
        return RunKeys(keys=("",), row_runs=np.zeros(table.num_rows, dtype=np.int32))
    is_named = columns == [roles.run]  # a run's own name needs no label
    joined = _key_texts(table.column(columns[0])) if is_named else _labelled(table, columns)
    encoded = joined.combine_chunks().dictionary_encode()
    return RunKeys(
        keys=tuple(map(str, encoded.dictionary.to_pylist())),
        row_runs=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32),
    )


def run_facts(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[tuple[RunFacts, ...], tuple[Issue, ...]]:
    """Return the facts of each run in the order of its keys, and an issue for columns that are not read at all."""
    described = _texts_by_run(table, roles, runs)
    seeds = _seeds(table, roles, runs)
    facts = tuple(
        RunFacts(
            name=_name(described, roles, position),
            seed=seeds[position],
            seed_column=roles.seed or "",
            constants=_constants(described, roles, position),
        )
        for position in range(len(runs.keys))
    )
    unread = _unread_columns(table, roles, described)
    return facts, (_unread(unread),) if unread else ()


def _unread(names: Sequence[str]) -> Issue:
    message = f"No metric and no setting, so not read: {', '.join(map(repr, names))}."
    return Issue(code="unread-columns", message=message, severity=Severity.INFO)


def _unread_columns(table: pa.Table, roles: Roles, described: Mapping[str, Sequence[str | None]]) -> list[str]:
    """Return columns that are neither metrics nor constant texts."""
    varying = [name for name in roles.others if None in described.get(name, ())]
    unfit = [name for name in roles.others if name not in described and not _holds_numbers(table.column(name), roles)]
    return sorted({*varying, *unfit})


def _holds_numbers(column: pa.ChunkedArray[Any], roles: Roles) -> bool:
    return roles.layout is Layout.WIDE and may_hold_numbers(column.type)


def _texts_by_run(table: pa.Table, roles: Roles, runs: RunKeys) -> dict[str, list[str | None]]:
    """Return for each text column its value in every run: "" where it is missing, None where it changes."""
    if table.num_rows == 0:
        return {}
    by_run = np.argsort(runs.row_runs, kind="stable")
    starts = np.flatnonzero(np.diff(runs.row_runs[by_run], prepend=-1))
    names = [*roles.others, *([roles.run_name] if roles.run_name else [])]
    described: dict[str, list[str | None]] = {}
    for name in names:
        column = table.column(name)
        if _is_plain_text(column):
            described[name] = _constant_texts(column, by_run, starts)
    return described


def _is_plain_text(column: pa.ChunkedArray[Any]) -> bool:
    found = numbers(column) if is_text(column.type) else None
    return found is not None and found.texts > 0 and not found.valid.any()


def _constant_texts(
    column: pa.ChunkedArray[Any], by_run: NDArray[np.int64], starts: NDArray[np.int64]
) -> list[str | None]:
    encoded = texts(column).combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)[by_run]
    highest = np.maximum.reduceat(codes, starts)
    lowest = np.minimum.reduceat(np.where(codes < 0, _NO_TEXT, codes), starts)
    values = encoded.dictionary.to_pylist()
    return [
        "" if high < 0 else values[high] if high == low else None
        for high, low in zip(highest.tolist(), lowest.tolist(), strict=True)
    ]


def _constants(described: Mapping[str, Sequence[str | None]], roles: Roles, position: int) -> dict[str, str]:
    names = [name for name in described if name != roles.run_name]
    return {name: text for name in names if (text := described[name][position])}


def _name(described: Mapping[str, Sequence[str | None]], roles: Roles, position: int) -> str:
    named = described.get(roles.run_name or "")
    return (named[position] if named else "") or ""


def _seeds(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[int | None, ...]:
    found = numbers(table.column(roles.seed)) if roles.seed else None
    if found is None or table.num_rows == 0:
        return (None,) * len(runs.keys)
    _, first_rows = np.unique(runs.row_runs, return_index=True)
    return tuple(int(value) if value % 1 == 0 else None for value in found.values[first_rows].tolist())


def _identity_columns(table: pa.Table, roles: Roles) -> list[str]:
    if roles.run and roles.seed:
        both = _labelled(table, [roles.run, roles.seed])
        return [roles.run, roles.seed] if _distinct(both) > _distinct(table.column(roles.run)) else [roles.run]
    if roles.run:
        return [roles.run]
    if roles.seed:
        return [*(name for name in roles.others if _tells_runs_apart(table.column(name), name)), roles.seed]
    return []


def _tells_runs_apart(column: pa.ChunkedArray[Any], name: str) -> bool:
    is_repeated = _is_plain_text(column) and _distinct(column) <= max(1, len(column) // 2)
    return is_repeated and name.casefold() not in _NOT_IDENTITY


def _distinct(column: pa.ChunkedArray[Any]) -> int:
    return len(column.unique())


def _labelled(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray[Any]:
    """Return for each row ``agent=sac,seed=1``."""
    cells = [
        pc.binary_join_element_wise(name, _key_texts(table.column(name)), "=")  # type: ignore[call-overload]
        for name in columns
    ]
    joined: pa.ChunkedArray[Any] = pc.binary_join_element_wise(*cells, ",") if len(cells) > 1 else cells[0]
    return joined


def _key_texts(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    is_float = pa.types.is_floating(column.type)
    # A seed column with a missing cell comes as 1.0, 2.0.
    is_whole = is_float and bool(pc.all(pc.equal(pc.floor(column), column)).as_py())
    return pc.fill_null(texts(column.cast(pa.int64()) if is_whole else column), pa.scalar(""))  # type: ignore[arg-type]
