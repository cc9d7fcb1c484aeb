"""What each column of a table is for: guessed from its name, or said by the user's settings."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from runreport.config.options import SEED_NAMES, SourceOptions
from runreport.model.keys import leaf
from runreport.readers.tables.column_names import KEYS, METRICS, RUNS, SETTINGS, STEPS, TIMES, VALUES

_SETTING_ENDS = tuple(f"_{name}" for name in SETTINGS if "_" in name)
_NAMELESS = ("", "__index_level_0__")
_PANDAS_INDEX = "unnamed:_"
_KNOWN_NAMES = 30


class Layout(StrEnum):
    """Whether a row holds many metrics (wide) or one (long)."""

    WIDE = "wide"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The columns of a table by what they are for; None where there is no such column.

    Attributes:
        layout: wide or long.
        step: the axis; without one, rows are counted.
        time: when a row was logged.
        run: tells the runs of one file apart.
        run_name: what a run is called, where ``run`` is only its id.
        seed: the seed; a file with such a column holds one run for each.
        metric: in a long table, the names of the metrics.
        value: in a long table, their values.
        params: settings of the runs, which are no metrics; the user named them, or the rows showed it.
        others: all further columns that have a name: metrics of a wide table, and texts.
        only: the metrics that the user named; None for every column of numbers.
        unknown: what the user named and the table has not, as (role, column).
    """

    layout: Layout
    step: str | None = None
    time: str | None = None
    run: str | None = None
    run_name: str | None = None
    seed: str | None = None
    metric: str | None = None
    value: str | None = None
    params: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    only: frozenset[str] | None = None
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def has_many_runs(self) -> bool:
        """Whether one file holds a run for each run name or seed."""
        return bool(self.run or self.seed)

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns whose names say that their texts, where they vary, tell runs apart."""
        return tuple(name for name in self.others if folded_leaf(name) in KEYS)

    @property
    def settings(self) -> tuple[str, ...]:
        """Columns whose names say that their numbers may be settings."""
        return tuple(name for name in self.others if _is_setting(folded_leaf(name)) and self.may_be_metric(name))

    @property
    def may_vary(self) -> bool:
        """Whether only the rows can say if the file holds one run or many."""
        return not self.run and bool(self.params or self.keys or self.settings)

    def may_be_metric(self, name: str) -> bool:
        """Whether a column is a metric once it holds numbers."""
        return self.only is None or name in self.only

    def of_one_run(self) -> "Roles":
        """Return the roles with the run and seed columns as ordinary ones."""
        released = tuple(name for name in (self.run, self.seed) if name)
        return dataclasses.replace(self, run=None, seed=None, others=(*self.others, *released))

    def with_params(self, names: Iterable[str]) -> "Roles":
        """Return the roles with some of the other columns as settings."""
        added = tuple(name for name in names if name in self.others)
        if not added:
            return self
        others = tuple(name for name in self.others if name not in added)
        return dataclasses.replace(self, params=(*self.params, *added), others=others)


def roles(names: Sequence[str], rule: SourceOptions | None = None) -> Roles:
    """Return what the columns of these names are for; letter case and spaces in names do not matter.

    What the user's ``rule`` says wins; of columns that it names and that there are not, the guess stays.

    >>> roles(["Wall time", "Step", "loss"]).step
    'Step'
    """
    return _roles(tuple(names), rule)


def unknown_columns(found: Roles, names: Sequence[str]) -> str:
    """Return the sentence about columns that the user named and that there are not; empty when there are none."""
    if not found.unknown:
        return ""
    wanted = ", ".join(f"{column!r} ({role})" for role, column in found.unknown)
    known = ", ".join(map(repr, names[:_KNOWN_NAMES]))
    rest = f" and {len(names) - _KNOWN_NAMES} more" if len(names) > _KNOWN_NAMES else ""
    return f"The settings name columns that are not in this table: {wanted}. It has {known}{rest}."


@lru_cache(maxsize=8192)
def folded_leaf(name: str) -> str:
    """Return the last part of a column name as it is compared: ``args/Batch Size`` as ``batch_size``."""
    return _folded(leaf(name))


@lru_cache(maxsize=1024)
def _roles(names: tuple[str, ...], rule: SourceOptions | None) -> Roles:
    by_folded = {_folded(name): name for name in reversed(names) if name}
    said = _said(rule, by_folded)
    named = frozenset(said.values())
    left = {key: name for key, name in by_folded.items() if name not in named} if named else by_folded
    run = said.get("run") or _first(RUNS, left)
    metric = said.get("metric") or _first(METRICS, left)
    value = said.get("value") or _first(VALUES, left)
    params, only = _listed(rule.params if rule else (), by_folded), _listed(rule.metrics if rule else (), by_folded)
    is_long = metric is not None and value is not None and not only
    run_name = left.get("run_name")
    found = Roles(
        layout=Layout.LONG if is_long else Layout.WIDE,
        step=said.get("step") or _first(STEPS, left),
        time=said.get("time") or _first(TIMES, left),
        run=run,
        run_name=run_name if run_name != run else None,
        seed=said.get("seed") or _seed([name for name in names if name not in named]),
        metric=metric if is_long else None,
        value=value if is_long else None,
        only=frozenset(only) if only else None,
        unknown=tuple(_unknown(rule, by_folded)),
    )
    found = _released(found, frozenset(params) | frozenset(only), named)
    taken = {found.step, found.time, found.run, found.run_name, found.seed, found.metric, found.value, *params}
    others = tuple(name for name in names if not _is_nameless(name) and name not in taken)
    return dataclasses.replace(found, params=tuple(params), others=others)


def _is_setting(name: str) -> bool:
    return name in SETTINGS or name.endswith(_SETTING_ENDS)


def _said(rule: SourceOptions | None, by_folded: dict[str, str]) -> dict[str, str]:
    """Return the columns that the user gave a role, by role."""
    return {role: by_folded[_folded(name)] for role, name in _single(rule) if _folded(name) in by_folded}


def _unknown(rule: SourceOptions | None, by_folded: dict[str, str]) -> Iterator[tuple[str, str]]:
    lists = (("metrics", rule.metrics), ("params", rule.params)) if rule else ()
    several = [(role, name) for role, names in lists for name in names]
    yield from ((role, name) for role, name in (*_single(rule), *several) if _folded(name) not in by_folded)


def _single(rule: SourceOptions | None) -> list[tuple[str, str]]:
    named = ("step", "time", "run", "seed", "metric", "value") if rule else ()
    return [(role, name) for role in named if (name := getattr(rule, role))]


def _listed(wanted: Sequence[str], by_folded: dict[str, str]) -> list[str]:
    return [by_folded[_folded(name)] for name in wanted if _folded(name) in by_folded]


def _released(found: Roles, listed: frozenset[str], said: frozenset[str]) -> Roles:
    """Return the roles without those guessed ones that the user lists as metrics or params."""
    guessed = {
        role: None
        for role in ("step", "time", "run", "run_name", "seed")
        if (name := getattr(found, role)) in listed and name not in said
    }
    return dataclasses.replace(found, **guessed) if guessed else found  # type: ignore[arg-type]  # all are None


def _is_nameless(name: str) -> bool:
    """Whether a column is the row index that pandas writes."""
    return name in _NAMELESS or _folded(name).startswith(_PANDAS_INDEX)


def _folded(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").split())


def _first(wanted: Iterable[str], by_folded: dict[str, str]) -> str | None:
    return next((by_folded[name] for name in wanted if name in by_folded), None)


def _seed(names: Sequence[str]) -> str | None:
    by_leaf = {leaf(name): name for name in reversed(names)}
    return _first(SEED_NAMES, by_leaf)
