"""What each column of a table is for, guessed from its name; and whether the table is a run log at all."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runreport.config.options import SEED_NAMES
from runreport.model.keys import leaf
from runreport.readers.base import Certainty
from runreport.readers.tables.columns import Peek

STEPS = (
    "step",
    "_step",
    "global_step",
    "iteration",
    "iter",
    "training_iteration",
    "epoch",
    "timesteps",
    "num_timesteps",
    "total_timesteps",
    "frame",
)
"""Names of the step column, the first that is there wins; the others stay metrics."""

TIMES = ("timestamp", "_timestamp", "wall_time", "time", "date")
RUNS = ("run_id", "run_uuid", "run", "run_name")
METRICS = ("metric", "metric_name", "key", "name", "tag")
VALUES = ("value", "metric_value")

KNOWN_STEMS = ("metrics", "progress", "history", "log", "results", "result", "scalars", "training_log")
"""File names (without suffix) that loggers give to the one table of a run's folder, preferred first."""


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
        others: all further columns that have a name: metrics of a wide table, and texts.
    """

    layout: Layout
    step: str | None = None
    time: str | None = None
    run: str | None = None
    run_name: str | None = None
    seed: str | None = None
    metric: str | None = None
    value: str | None = None
    others: tuple[str, ...] = ()

    @property
    def has_many_runs(self) -> bool:
        """Whether one file holds a run for each run name or seed."""
        return bool(self.run or self.seed)

    def of_one_run(self) -> "Roles":
        """Return the roles with the run and seed columns as ordinary ones."""
        released = tuple(name for name in (self.run, self.seed) if name)
        return dataclasses.replace(self, run=None, seed=None, others=(*self.others, *released))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a table is a run log: how sure (None: it is none), and why."""

    certainty: Certainty | None
    reason: str


def roles(names: Sequence[str]) -> Roles:
    """Return what the columns of these names are for; letter case and spaces in names do not matter.

    >>> roles(["Wall time", "Step", "loss"]).step
    'Step'
    """
    by_folded = {_folded(name): name for name in reversed(names) if name}
    run = _first(RUNS, by_folded)
    metric, value = _first(METRICS, by_folded), _first(VALUES, by_folded)
    is_long = metric is not None and value is not None
    run_name = by_folded.get("run_name")
    found = Roles(
        layout=Layout.LONG if is_long else Layout.WIDE,
        step=_first(STEPS, by_folded),
        time=_first(TIMES, by_folded),
        run=run,
        run_name=run_name if run_name != run else None,
        seed=_seed(names),
        metric=metric if is_long else None,
        value=value if is_long else None,
    )
    taken = {found.step, found.time, found.run, found.run_name, found.seed, found.metric, found.value}
    return dataclasses.replace(found, others=tuple(name for name in names if name and name not in taken))


def judge(peek: Peek, *, is_known: bool) -> Judgement:
    """Say whether a table is a run log.

    A table is one when it has numbers and a step, run or seed column, or when its file has a name that loggers use
    (``is_known``) and nothing but numbers in it. Predictions, leaderboards and the like are not.
    """
    if not peek.names:
        return _empty_judgement(peek, is_known=is_known)
    found = roles(peek.names)
    axis = _described(found)
    values = [found.value] if found.layout is Layout.LONG else found.others
    has_numbers = any(name in peek.numeric for name in values)
    if peek.has_rows and not has_numbers and not peek.has_settings:
        return Judgement(certainty=None, reason="no column of numbers that could be a metric")
    if axis:
        is_likely = is_known or found.step is not None
        return Judgement(certainty=Certainty.LIKELY if is_likely else Certainty.POSSIBLE, reason=axis)
    if is_known and (peek.has_settings or set(found.others) <= peek.numeric):
        return Judgement(certainty=Certainty.LIKELY, reason="a name that loggers use; rows are counted as steps")
    return Judgement(certainty=None, reason="no step, run or seed column")


def _empty_judgement(peek: Peek, *, is_known: bool) -> Judgement:
    if is_known and not peek.has_rows:
        return Judgement(certainty=Certainty.POSSIBLE, reason="empty, with a name that loggers use")
    if peek.has_settings:
        return Judgement(certainty=Certainty.POSSIBLE, reason="settings and no metrics yet")
    return Judgement(certainty=None, reason="no columns")


def _described(found: Roles) -> str:
    if found.layout is Layout.LONG and not (found.step or found.has_many_runs):
        return ""  # "name,value" alone may be anything
    named = {"step": found.step, "run": found.run, "seed": found.seed}
    parts = [f"{role} column {name!r}" for role, name in named.items() if name]
    return f"{found.layout}, {', '.join(parts)}" if parts else ""


def _folded(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").split())


def _first(wanted: Iterable[str], by_folded: dict[str, str]) -> str | None:
    return next((by_folded[name] for name in wanted if name in by_folded), None)


def _seed(names: Sequence[str]) -> str | None:
    by_leaf = {leaf(name): name for name in reversed(names)}
    return _first(SEED_NAMES, by_leaf)
