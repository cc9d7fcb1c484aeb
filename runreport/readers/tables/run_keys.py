"""Which run each row of a table belongs to, and what its columns say about those runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.names import Severity
from runreport.readers.tables.columns import Issue, is_text, may_hold_numbers, numbers, texts
from runreport.readers.tables.identity import identity_columns, is_plain_text, key_texts, labelled
from runreport.readers.tables.roles import Layout, Roles

_NO_TEXT = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKeys:
    """The runs of one table: their keys in natural order of appearance, and for each row which run it is of."""

    keys: tuple[str, ...]
    row_runs: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the columns of a table say about one of its runs; ``constants`` are cells that do not change in it.

    ``name`` is empty without a column for it, and so is ``seed_column``.
    """

    name: str
    seed: int | None
    seed_column: str
    constants: Mapping[str, str]


def settled_roles(table: pa.Table, roles: Roles) -> tuple[Roles, tuple[str, ...]]:
    """Return the roles with the settings that the rows show among the params, and the columns that name a run.

    Columns of numbers with a usual name of a setting are params where they tell runs apart, and in tables without
    steps, whose rows are results.
    """
    columns = identity_columns(table, roles)
    is_results = bool(columns) and not roles.step and roles.layout is Layout.WIDE
    found = [name for name in columns if name in roles.others and not is_plain_text(table.column(name))]
    return roles.with_params([*found, *(roles.settings if is_results else ())]), columns


def run_keys(table: pa.Table, columns: Sequence[str], roles: Roles) -> RunKeys:
    """Return the runs that the columns tell apart; without any, the table is one run with an empty key."""
    if not columns:
        return one_run(table)
    is_named = list(columns) == [roles.run]  # a run's own name needs no label
    joined = key_texts(table.column(columns[0])) if is_named else labelled(table, columns)
    encoded = joined.combine_chunks().dictionary_encode()
    return RunKeys(
        keys=tuple(map(str, encoded.dictionary.to_pylist())),
        row_runs=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32),
    )


def one_run(table: pa.Table) -> RunKeys:
    """Return the keys of a table that is one run."""
    return RunKeys(keys=("",), row_runs=np.zeros(table.num_rows, dtype=np.int32))


def run_facts(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[tuple[RunFacts, ...], tuple[Issue, ...]]:
    """Return the facts of each run in the order of its keys, and an issue for columns that are not read at all."""
    described = _texts_by_run(table, roles, runs)
    seeds = _seeds(table, roles, runs)
    constants = [name for name in described if name != roles.run_name]
    facts = tuple(
        RunFacts(
            name=_name(described, roles, position),
            seed=seeds[position],
            seed_column=roles.seed or "",
            constants={name: text for name in constants if (text := described[name][position])},
        )
        for position in range(len(runs.keys))
    )
    unread = _unread_columns(table, roles, described)
    return facts, (_unread(unread),) if unread else ()


def _unread(names: Sequence[str]) -> Issue:
    message = f"No metric and no setting, so not read: {', '.join(map(repr, names))}."
    return Issue(code="unread-columns", message=message, severity=Severity.INFO)


def _unread_columns(table: pa.Table, roles: Roles, described: Mapping[str, Sequence[str | None]]) -> list[str]:
    """Return columns that are neither metrics nor constant in every run."""
    varying = [name for name in (*roles.others, *roles.params) if None in described.get(name, ())]
    unfit = [name for name in roles.others if name not in described and not _is_metric(table.column(name), name, roles)]
    return sorted({*varying, *unfit})


def _is_metric(column: pa.ChunkedArray[Any], name: str, roles: Roles) -> bool:
    return roles.layout is Layout.WIDE and roles.may_be_metric(name) and may_hold_numbers(column.type)


def _texts_by_run(table: pa.Table, roles: Roles, runs: RunKeys) -> dict[str, list[str | None]]:
    """Return for each column of texts or settings its cell in every run: "" where it is missing, None if it changes."""
    names = [name for name in _described(roles) if name in roles.params or is_plain_text(table.column(name))]
    if table.num_rows == 0 or not names:
        return {}
    by_run = np.argsort(runs.row_runs, kind="stable")
    starts = np.flatnonzero(np.diff(runs.row_runs[by_run], prepend=-1))
    return {name: _constant_texts(_cells(table.column(name)), by_run, starts) for name in names}


def _described(roles: Roles) -> tuple[str, ...]:
    return (*roles.others, *roles.params, *([roles.run_name] if roles.run_name else []))


def _cells(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    if is_text(column.type):
        return texts(column)
    return key_texts(column) if may_hold_numbers(column.type) else texts(column)


def _constant_texts(
    column: pa.ChunkedArray[Any], by_run: NDArray[np.int64], starts: NDArray[np.int64]
) -> list[str | None]:
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)[by_run]
    highest = np.maximum.reduceat(codes, starts)
    lowest = np.minimum.reduceat(np.where(codes < 0, _NO_TEXT, codes), starts)
    values = encoded.dictionary.to_pylist()
    return [
        "" if high < 0 else values[high] if high == low else None
        for high, low in zip(highest.tolist(), lowest.tolist(), strict=True)
    ]


def _name(described: Mapping[str, Sequence[str | None]], roles: Roles, position: int) -> str:
    named = described.get(roles.run_name or "")
    return (named[position] if named else "") or ""


def _seeds(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[int | None, ...]:
    found = numbers(table.column(roles.seed)) if roles.seed else None
    if found is None or table.num_rows == 0:
        return (None,) * len(runs.keys)
    _, first_rows = np.unique(runs.row_runs, return_index=True)
    return tuple(int(value) if value % 1 == 0 else None for value in found.values[first_rows].tolist())
