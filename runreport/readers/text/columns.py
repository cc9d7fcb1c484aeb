"""Points of a long log, gathered in columns, and lines of a shape that was seen before, read at once."""

from __future__ import annotations  # array is no generic class before Python 3.12

import re
from array import array
from datetime import datetime

import numpy as np

from runreport.formats.times import microseconds
from runreport.readers.common.series import NO_TIME, RunPoints

_NUMBER = r"([-+]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|nan|inf))"
_MOST_ROWS = 10_000
_WHOLE = r"([0-9]{1,18})"


class Columns:
    """Steps, values and times by metric. ``bad_steps`` counts points left out because their step is no int64."""

    def __init__(self) -> None:
        self.bad_steps = 0
        self._columns: dict[str, tuple[array[int], array[float], array[int]]] = {}

    def __len__(self) -> int:
        """Return the number of metrics."""
        return len(self._columns)

    def __contains__(self, metric: str) -> bool:
        """Say whether a metric has points."""
        return metric in self._columns

    def of(self, metric: str) -> tuple[array[int], array[float], array[int]]:
        """Return the columns of a metric, to which points may be added; all must stay of one length."""
        return self._columns.setdefault(metric, (array("q"), array("d"), array("q")))

    def add(self, metric: str, step: int | None, value: float, time: datetime | None) -> None:
        """Add a point; without a step, the points of the metric are counted."""
        steps, values, times = self.of(metric)
        try:
            steps.append(len(steps) if step is None else step)
        except OverflowError:
            self.bad_steps += 1
            return
        values.append(value)
        times.append(NO_TIME if time is None else microseconds(time))

    def hand_over(self, points: RunPoints) -> None:
        """Move everything to the points of a run."""
        filled = {metric: columns for metric, columns in self._columns.items() if columns[0]}
        for metric, (steps, values, times) in filled.items():
            points.extend_arrays(
                metric,
                np.frombuffer(steps, dtype=np.int64),
                np.frombuffer(values, dtype=np.float64),
                np.frombuffer(times, dtype=np.int64),
            )
        self._columns = {}


class Shape:
    """Lines that differ from one that was understood in nothing but its step and its values."""

    def __init__(self, line: str, step: tuple[int, int], values: list[tuple[str, int, int]], columns: Columns) -> None:
        """Take a line, and where in it the step and the value of each metric begin and end, in this order."""
        pattern, place = "", 0
        for start, end, number in [(*step, _WHOLE), *((start, end, _NUMBER) for _, start, end in values)]:
            pattern += re.escape(line[place:start]) + number
            place = end
        self._match = re.compile(pattern + re.escape(line[place:])).fullmatch
        self._columns = [columns.of(metric) for metric, _, _ in values]
        self._rows: list[tuple[str | None, ...]] = []

    def take(self, line: str) -> bool:
        """Keep what a line says until :meth:`settle`; say no when it has another shape."""
        found = self._match(line)
        if found is None or len(self._rows) == _MOST_ROWS:
            return False
        self._rows.append(found.groups())
        return True

    def settle(self) -> array[int]:
        """Add the points of the lines that were taken and return their steps."""
        if not self._rows:
            return array("q")
        texts, *numbers = zip(*self._rows, strict=True)
        new = array("q", map(int, texts))
        for (steps, values, times), column in zip(self._columns, numbers, strict=True):
            steps.extend(new)
            values.extend(map(float, column))
            times.extend(array("q", [NO_TIME]) * len(new))
        self._rows = []
        return new
