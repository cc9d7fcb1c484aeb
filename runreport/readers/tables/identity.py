"""Which columns tell the runs of one table apart, by their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runreport.readers.tables.axes import whole_steps
from runreport.readers.tables.columns import is_text, numbers, texts
from runreport.readers.tables.roles import Layout, Roles

Codes = NDArray[np.int64]

_NOT_IDENTITY = frozenset({"phase", "split", "stage", "subset", "mode", "event", "message", "note", "status"})
_FEWEST_STEPS = 2
_LARGEST_EXACT = 2.0**53


def identity_columns(table: pa.Table, roles: Roles) -> tuple[str, ...]:
    """Return the columns whose values together name a run; none when the whole table is one run.

    A run column does so alone, or with a seed column that tells more runs apart. Else these do: columns that the user
    names as params, texts of the usual names (agent, task, model) that vary, next to a seed also other repeated texts,
    and the seed. Without a seed, texts only count where steps come again or there are none. Where rows of such a run still go over the same steps again, columns of numbers that undo this (a
    learning rate, say) are added; in a table without steps, settings are until no two rows are of one run.
    """
    if roles.run:
        return _with_seed(table, roles, roles.run)
    declared = [name for name in roles.params if distinct(table.column(name)) > 1]
    named = [name for name in roles.others if _names_runs(table, roles, name)]
    if not roles.seed and not _goes_back(table, roles, declared):
        named = []
    base = [*declared, *named, *([roles.seed] if roles.seed else [])]
    return (*base, *_settings(table, roles, base))


def distinct(column: pa.ChunkedArray[Any]) -> int:
    """Return how many different cells a column has."""
    return len(column.unique())


def is_plain_text(column: pa.ChunkedArray[Any]) -> bool:
    """Whether a column holds texts and no number."""
    found = numbers(column) if is_text(column.type) else None
    return found is not None and found.texts > 0 and not found.valid.any()


def key_texts(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Return the cells as parts of a run's name; whole numbers that came as 1.0 without the fraction."""
    whole = column.cast(pa.int64()) if pa.types.is_floating(column.type) and _is_whole(column) else column
    return pc.fill_null(texts(whole), pa.scalar(""))  # type: ignore[arg-type]


def _is_whole(column: pa.ChunkedArray[Any]) -> bool:
    fits = pc.less_equal(pc.abs(column), pa.scalar(_LARGEST_EXACT))
    return bool(pc.all(pc.and_(fits, pc.equal(pc.floor(column), column))).as_py())


def labelled(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray[Any]:
    """Return for each row ``agent=sac,seed=1``."""
    cells = [
        pc.binary_join_element_wise(name, key_texts(table.column(name)), "=")  # type: ignore[call-overload]
        for name in columns
    ]
    joined: pa.ChunkedArray[Any] = pc.binary_join_element_wise(*cells, ",") if len(cells) > 1 else cells[0]
    return joined


def _with_seed(table: pa.Table, roles: Roles, run: str) -> tuple[str, ...]:
    if not roles.seed:
        return (run,)
    both = labelled(table, [run, roles.seed])
    return (run, roles.seed) if distinct(both) > distinct(table.column(run)) else (run,)


def _names_runs(table: pa.Table, roles: Roles, name: str) -> bool:
    column = table.column(name)
    if not is_plain_text(column):
        return False
    if not roles.seed:
        return name in roles.keys and distinct(column) > 1
    is_repeated = distinct(column) <= max(1, len(column) // 2)
    return name in roles.keys or (is_repeated and name.casefold() not in _NOT_IDENTITY)


def _goes_back(table: pa.Table, roles: Roles, base: Sequence[str]) -> bool:
    """Whether rows of a run have the same step, or none has a step."""
    steps = whole_steps(table.column(roles.step)) if roles.step else None
    return steps is None or not _is_unique(_paired(codes(table, base), _numbered(steps)))


def _numbered(values: NDArray[np.int64]) -> Codes:
    numbered: Codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return numbered


def _settings(table: pa.Table, roles: Roles, base: Sequence[str]) -> list[str]:
    """Return the columns of numbers that the rows need to tell runs apart."""
    if roles.layout is Layout.LONG or table.num_rows < _FEWEST_STEPS:
        return []
    runs = codes(table, base)
    steps = whole_steps(table.column(roles.step)) if roles.step else None
    if steps is None:
        return [] if roles.step or not base else _until_unique(table, roles.settings, runs)
    rows = _numbered(steps)
    if _is_unique(_paired(runs, rows)):
        return []
    # A column that explains why steps come again must cover whole runs: several steps of each value.
    first = [name for name in roles.settings if _undoes(_paired(runs, codes(table, [name])), rows)]
    if first:
        return first[:1]
    rest = [name for name in roles.others if name not in roles.settings and roles.may_be_metric(name)]
    return [name for name in rest if _is_factor(_paired(runs, codes(table, [name])), rows)][:1]


def _until_unique(table: pa.Table, settings: Sequence[str], runs: Codes) -> list[str]:
    chosen: list[str] = []
    for name in settings:
        if _is_unique(runs):
            break
        finer = _paired(runs, codes(table, [name]))
        if len(np.unique(finer)) > len(np.unique(runs)):
            chosen.append(name)
            runs = finer
    return chosen


def codes(table: pa.Table, columns: Sequence[str]) -> Codes:
    """Return for each row a number that stands for its cells in these columns."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    for name in columns:
        encoded = key_texts(table.column(name)).combine_chunks().dictionary_encode()
        combined = _paired(combined, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64))
    return combined


def _paired(first: Codes, second: Codes) -> Codes:
    paired = first * (int(second.max(initial=0)) + 1) + second
    return _numbered(paired)


def _is_unique(values: Codes) -> bool:
    return len(np.unique(values)) == len(values)


def _undoes(runs: Codes, steps: Codes) -> bool:
    """Whether no run has a step twice, and each has several."""
    return _is_unique(_paired(runs, steps)) and int(np.bincount(runs).min()) >= _FEWEST_STEPS


def _is_factor(runs: Codes, steps: Codes) -> bool:
    """Whether each of the runs, several, has exactly the same steps: numbers of no telling name must be that plain."""
    count = int(runs.max(initial=0)) + 1
    is_full = len(runs) == count * (int(steps.max(initial=0)) + 1)
    return is_full and count > 1 and _undoes(runs, steps)
