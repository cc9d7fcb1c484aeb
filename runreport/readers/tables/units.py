"""Which tables and sidecars of a folder make up which runs."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runreport.errors import ReadError
from runreport.readers.base import Certainty, Location
from runreport.readers.tables import files as table_files
from runreport.readers.tables.roles import KNOWN_STEMS, Judgement, Layout, Roles, judge, roles
from runreport.readers.tables.sidecar import FOLDER_NAMES, OWN_SUFFIXES

_SUFFIX_ORDER = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Tables that are read together, relative to the root.

    Attributes:
        path: where the log lies: the folder when that is the run, else the file.
        tables: the tables, preferred first.
        sidecars: the JSON files with their settings, the first wins.
        has_many_runs: whether the (then only) table holds a run for each run name or seed.
    """

    path: str
    tables: tuple[str, ...]
    sidecars: tuple[str, ...]
    has_many_runs: bool

    @property
    def files(self) -> tuple[str, ...]:
        """All files of the unit."""
        return (*self.tables, *self.sidecars)


def table_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that may be tables: of the right suffix, and no sidecar of another one."""
    listed = [
        name for name in names if table_files.suffix_of(name) in table_files.SUFFIXES and name not in FOLDER_NAMES
    ]
    own = {sidecar for name in listed for sidecar in _own_sidecars(name)}
    return tuple(name for name in listed if name not in own)


def sidecar_names(location: Location, table: str) -> tuple[str, ...]:
    """Return the sidecars of a table that exist, its own before those of the folder."""
    wanted = (*_own_sidecars(table), *FOLDER_NAMES)
    return tuple(name for name in wanted if name in location.files and name != table)


def is_known(name: str) -> bool:
    """Whether loggers use this file name for the one table of a run's folder."""
    return _stem(name).casefold() in KNOWN_STEMS


def judged(location: Location, name: str) -> Judgement:
    """Say whether a table is a run log; one with a known name that cannot be opened is one, so that this is told."""
    try:
        return judge(table_files.peek(location.path / name), is_known=is_known(name))
    except ReadError as error:
        return Judgement(certainty=Certainty.POSSIBLE if is_known(name) else None, reason=error.sentence)


def units(location: Location, names: frozenset[str]) -> tuple[Unit, ...]:
    """Return the runs, or files of runs, among the files that were matched.

    Tables of one folder are one run when no metric is in two of them (training beside evaluation, say) and none has a
    run or seed column; tables that share a metric are a run each, unless their names say otherwise.
    """
    tables = table_names(sorted(names))
    found = {name: _roles(location, name) for name in tables}
    many = [name for name in tables if (columns := found[name]) and columns.has_many_runs]
    single = [name for name in tables if name not in many]
    of_folder = sorted((name for name in single if is_known(name)), key=_preference)
    is_only_table = len(single) == 1 and any(name in location.files for name in FOLDER_NAMES)
    if (not of_folder and is_only_table) or (not many and _share_no_metric(list(found.values()))):
        of_folder += [name for name in single if name not in of_folder]
    alone = [name for name in single if name not in of_folder]
    folder_unit = [_folder_unit(location, of_folder)] if of_folder else []
    file_units = [_file_unit(location, name, has_many_runs=name in many) for name in (*alone, *many)]
    return tuple(sorted([*folder_unit, *file_units], key=lambda unit: (unit.path, unit.tables)))


def _roles(location: Location, name: str) -> Roles | None:
    """Return what the columns of a table are for, None when it cannot be opened."""
    try:
        return roles(table_files.peek(location.path / name).names)
    except ReadError:
        return None


def _share_no_metric(tables: Sequence[Roles | None]) -> bool:
    """Say whether there are several tables and no metric is in two; only wide ones show this by a look."""
    metrics = [frozenset(table.others) for table in tables if table and table.layout is Layout.WIDE and table.others]
    distinct = frozenset[str]().union(*metrics)
    return len(metrics) == len(tables) > 1 and len(distinct) == sum(map(len, metrics))


def _folder_unit(location: Location, tables: list[str]) -> Unit:
    sidecars = dict.fromkeys(name for table in tables for name in sidecar_names(location, table))
    return Unit(
        path=location.relative,
        tables=tuple(map(location.child, tables)),
        sidecars=tuple(map(location.child, sidecars)),
        has_many_runs=False,
    )


def _file_unit(location: Location, name: str, *, has_many_runs: bool) -> Unit:
    return Unit(
        path=location.child(name),
        tables=(location.child(name),),
        sidecars=tuple(map(location.child, sidecar_names(location, name))),
        has_many_runs=has_many_runs,
    )


def _preference(name: str) -> tuple[int, int, str]:
    stem = _stem(name).casefold()
    return KNOWN_STEMS.index(stem), _SUFFIX_ORDER.index(table_files.suffix_of(name)), name


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - pathlib is slow for tens of thousands of names


def _own_sidecars(table: str) -> tuple[str, ...]:
    stem = _stem(table)
    if is_known(table) and table_files.suffix_of(table) == table_files.JSON:
        return ()
    names = (f"{stem}{suffix}" for suffix in OWN_SUFFIXES)
    return tuple(name for name in names if name != table and not (name.endswith(".json") and is_known(name)))
