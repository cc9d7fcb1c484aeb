"""What ``define_metric`` said of metrics."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from runreport.names import Direction

_GOALS = {1: Direction.DOWN, 2: Direction.UP}
_MOST_PATTERNS = 256


class Definition(NamedTuple):
    """The metric whose values are the steps of another one, and the other one's goal: 1 lower, 2 higher is better."""

    step_metric: str = ""
    goal: int = 0


class Definitions:
    """Definitions by name, and by patterns in which ``*`` stands for anything."""

    def __init__(self) -> None:
        self._by_name: dict[str, Definition] = {}
        self._by_pattern: dict[str, Definition] = {}

    def add(self, name: str, pattern: str, step_metric: str, goal: int) -> None:
        """Add what was said of a name or a pattern; what was said before holds where this says nothing."""
        known, key = (self._by_name, name) if name else (self._by_pattern, pattern)
        old = known.get(key, Definition())
        if key in known or len(known) < _MOST_PATTERNS or name:
            known[key] = Definition(step_metric or old.step_metric, goal or old.goal)

    def of(self, metric: str) -> Definition:
        """Return what was said of a metric by its name, or else by the longest pattern that fits it."""
        if metric in self._by_name or metric.startswith("_"):
            return self._by_name.get(metric, Definition())
        fitting = [pattern for pattern in self._by_pattern if _fits(metric, pattern)]
        return self._by_pattern[max(fitting, key=len)] if fitting else Definition()

    @property
    def axes(self) -> frozenset[str]:
        """The metrics whose values are the steps of others."""
        return frozenset(one.step_metric for known in (self._by_name, self._by_pattern) for one in known.values())

    def directions(self, metrics: Iterable[str]) -> dict[str, Direction]:
        """Return the metrics whose goal was said."""
        goals = {metric: self.of(metric).goal for metric in metrics}
        return {metric: _GOALS[goal] for metric, goal in goals.items() if goal in _GOALS}


def _fits(metric: str, pattern: str) -> bool:
    return fnmatchcase(metric, pattern.replace("[", "[[]").replace("?", "[?]"))
