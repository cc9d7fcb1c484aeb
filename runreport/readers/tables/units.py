"""Which tables and sidecars of a folder make up which runs."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runreport.errors import ReadError
from runreport.readers.base import Certainty, Location
from runreport.readers.tables import files as table_files
from runreport.readers.tables.identity import identity_columns
from runreport.readers.tables.judge import KNOWN_STEMS, Judgement, judge
from runreport.readers.tables.roles import Layout, Roles, roles
from runreport.readers.tables.sidecar import FOLDER_NAMES, OWN_SUFFIXES

_SUFFIX_ORDER = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv")
_FEWEST_CROSSED = 2
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "eval": "eval",
    "evaluation": "eval",
    "test": "test",
}
_ROLE_WORDS = frozenset(
    [
        *_SPLITS,
        "metrics",
        "log",
        "logs",
        "loss",
        "result",
        "results",
        "monitor",
        "system",
        "history",
        "progress",
        "scalars",
        "curves",
    ]
)
_BETWEEN_WORDS = re.compile(r"[-_.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Tables that are read together, relative to the root.

    Attributes:
        path: where the log lies: the folder when that is the run, else the file.
        tables: the tables, preferred first.
        sidecars: the files with their settings, the first wins.
        has_many_runs: whether the (then only) table holds a run for each run name, seed or the like.
        is_crossed: whether the folder beside holds files of the same names, as in ``METHOD/TASK.csv``.
        is_apart: whether the tables share names of metrics, which then begin with the split their file is named after.
    """

    path: str
    tables: tuple[str, ...]
    sidecars: tuple[str, ...]
    has_many_runs: bool
    is_crossed: bool = False
    is_apart: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """All files of the unit."""
        return (*self.tables, *self.sidecars)


@lru_cache(maxsize=1024)
def table_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that may be tables: of the right suffix, and no sidecar of another one."""
    listed = [
        name for name in names if table_files.suffix_of(name) in table_files.SUFFIXES and name not in FOLDER_NAMES
    ]
    own = {sidecar for name in listed for sidecar in _own_sidecars(name)}
    return tuple(name for name in listed if name not in own)


def tables_in(location: Location) -> tuple[str, ...]:
    """Return the files that may be tables, those included that the user gives to this reader."""
    found = table_names(location.files)
    if not location.rules:
        return found
    given = {name for name in location.files if (rule := location.rule(location.child(name))) and rule.reader}
    return tuple(sorted({*found, *given}))


def sidecar_names(location: Location, table: str) -> tuple[str, ...]:
    """Return the sidecars of a table that exist, its own before those of the folder."""
    return tuple(name for name in _possible_sidecars(table) if name in location.files and name != table)


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Whether loggers use this file name for the one table of a run's folder."""
    return stem_of(name).casefold() in KNOWN_STEMS


def judged(location: Location, name: str) -> Judgement:
    """Say whether a table is a run log; one with a known name that cannot be opened is one, so that this is told."""
    rule = location.rule(location.child(name)) if location.rules else None
    try:
        peek = table_files.peek(location, name)
        return judge(peek, is_known=is_known(name), stem=stem_of(name), rule=rule)
    except ReadError as error:
        return Judgement(certainty=Certainty.POSSIBLE if is_known(name) else None, reason=error.sentence)


def units(location: Location, names: frozenset[str]) -> tuple[Unit, ...]:
    """Return the runs, or files of runs, among the files that were matched.

    Tables of one folder are one run when all are named after a part of a run (training beside evaluation, say), no
    metric is in two of them, or not once it is named after the split, and none holds several runs; others are a run each.
    """
    tables = tuple(sorted(names.intersection(tables_in(location))))
    found = {name: _roles(location, name) for name in tables}
    many = [name for name in tables if (columns := found[name]) and _has_many_runs(location, name, columns)]
    single = [name for name in tables if name not in many]
    of_folder = sorted((name for name in single if is_known(name)), key=_preference)
    is_only_table = len(single) == 1 and any(name in location.files for name in FOLDER_NAMES)
    is_apart = not many and _are_parts(found, named_apart)
    if (not of_folder and is_only_table) or is_apart or (not many and _are_parts(found, _as_named)):
        of_folder += [name for name in single if name not in of_folder]
    is_apart = is_apart and not _are_parts(found, _as_named)
    alone = [name for name in single if name not in of_folder]
    folder_unit = [_folder_unit(location, of_folder, is_apart=is_apart)] if of_folder else []
    is_crossed = _is_crossed(location, (*alone, *many))
    file_units = [
        _file_unit(location, name, has_many_runs=name in many, is_crossed=is_crossed) for name in (*alone, *many)
    ]
    return tuple(sorted([*folder_unit, *file_units], key=lambda unit: (unit.path, unit.tables)))


def _roles(location: Location, name: str) -> Roles | None:
    """Return what the columns of a table are for, None when it cannot be opened."""
    path = location.child(name)
    try:
        peek = table_files.peek(location, name)
    except ReadError:
        return None
    return roles(peek.names, location.rule(path) if location.rules else None)


def _has_many_runs(location: Location, name: str, found: Roles) -> bool:
    """Whether a table holds several runs; where the names of its columns do not settle it, its rows are read."""
    if found.has_many_runs:
        return True
    has_own_settings = bool(sidecar_names(location, name)) and not (found.keys or found.params)
    if not found.may_vary or has_own_settings or not (found.step or found.keys or found.params):
        return False
    path = location.child(name)
    try:
        table = table_files.parse(str(location.inside(path))).table
    except ReadError:
        return False
    return bool(identity_columns(table, roles(table.column_names, location.rule(path))))


def _is_crossed(location: Location, names: Sequence[str]) -> bool:
    """Whether the folder before or after this one holds most of the same files.

    Then folder and file are two factors of an experiment, such as ``METHOD/TASK.csv``.
    """
    named = {name for name in names if not is_known(name)}
    if len(named) < _FEWEST_CROSSED or not location.relative:
        return False
    parent, _, own = location.relative.rpartition("/")
    above = f"{location.root}/{parent}"
    try:
        siblings = _folders_in(above, os.stat(above).st_mtime_ns)  # noqa: PTH116 - the path is a text
        place = siblings.index(own)
        beside = siblings[max(place - 1, 0) : place] + siblings[place + 1 : place + 2]
        return any(2 * len(named.intersection(os.listdir(f"{above}/{other}"))) > len(named) for other in beside)  # noqa: PTH208
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=16)
def _folders_in(path: str, mtime_ns: int) -> tuple[str, ...]:
    del mtime_ns  # a part of the key: a folder that changes is listed again
    with os.scandir(path) as entries:
        found = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    return tuple(name for name in found if not name.startswith("."))


def _are_parts(tables: Mapping[str, Roles | None], named: Callable[[str, str], str]) -> bool:
    """Say whether several tables are parts of one run: by their names, and because no metric is in two as named.

    Only wide tables show their metrics by a look.
    """
    if not all(map(_is_named_after_role, tables)):
        return False
    wide = {file: table for file, table in tables.items() if table and table.layout is Layout.WIDE and table.others}
    metrics = [frozenset(named(file, metric) for metric in table.others) for file, table in wide.items()]
    distinct = frozenset[str]().union(*metrics)
    return len(metrics) == len(tables) > 1 and len(distinct) == sum(map(len, metrics))


def _as_named(_file: str, metric: str) -> str:
    return metric


def named_apart(file: str, metric: str) -> str:
    """Return the name of a metric with the split that its file is named after, unless it begins with that already.

    >>> named_apart("valid_log.csv", "loss"), named_apart("train.csv", "train_loss"), named_apart("log.csv", "loss")
    ('val/loss', 'train_loss', 'loss')
    """
    splits = {_SPLITS[word] for word in _words(stem_of(file)) if word in _SPLITS}
    if len(splits) != 1 or _SPLITS.get(_words(metric.replace("/", "_"))[0]) in splits:
        return metric
    return f"{splits.pop()}/{metric}"


def are_named_apart(location: Location, names: frozenset[str]) -> bool:
    """Say whether the metrics of these tables are named after the splits of their files."""
    splits = sum(not _SPLITS.keys().isdisjoint(_words(stem_of(name))) for name in names)
    return splits > 1 and any(unit.is_apart for unit in units(location, names))


def _words(name: str) -> list[str]:
    return _BETWEEN_WORDS.split(name.casefold())


def _is_named_after_role(name: str) -> bool:
    return _ROLE_WORDS.issuperset(_words(stem_of(name)))


def _folder_unit(location: Location, tables: list[str], *, is_apart: bool) -> Unit:
    sidecars = dict.fromkeys(name for table in tables for name in sidecar_names(location, table))
    return Unit(
        path=location.relative,
        tables=tuple(map(location.child, tables)),
        sidecars=tuple(map(location.child, sidecars)),
        has_many_runs=False,
        is_apart=is_apart,
    )


def _file_unit(location: Location, name: str, *, has_many_runs: bool, is_crossed: bool) -> Unit:
    return Unit(
        path=location.child(name),
        tables=(location.child(name),),
        sidecars=tuple(map(location.child, sidecar_names(location, name))),
        has_many_runs=has_many_runs,
        is_crossed=is_crossed and not is_known(name),
    )


def _preference(name: str) -> tuple[int, int, str]:
    stem, suffix = stem_of(name).casefold(), table_files.suffix_of(name)
    place = _SUFFIX_ORDER.index(suffix) if suffix in _SUFFIX_ORDER else len(_SUFFIX_ORDER)
    return KNOWN_STEMS.index(stem), place, name


def stem_of(name: str) -> str:
    """Return a file name without its suffix."""
    return os.path.splitext(name)[0]  # noqa: PTH122 - pathlib is slow for tens of thousands of names


@lru_cache(maxsize=4096)
def _possible_sidecars(table: str) -> tuple[str, ...]:
    return (*_own_sidecars(table), *FOLDER_NAMES)


@lru_cache(maxsize=4096)
def _own_sidecars(table: str) -> tuple[str, ...]:
    stem = stem_of(table)
    if is_known(table) and table_files.suffix_of(table) == table_files.JSON:
        return ()
    names = (f"{stem}{suffix}" for suffix in OWN_SUFFIXES)
    return tuple(name for name in names if name != table and not (name.endswith(".json") and is_known(name)))
