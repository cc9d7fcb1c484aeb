"""The metric points of a run: history, measurements of the machine, and what only the summary holds.

- The step of a point is ``_step``, or the step metric that ``define_metric`` names where that was logged with every
  value of the metric and is a whole number each time; that metric's own steps are its values. The time is ``_timestamp``. ``_runtime``, which is the same as
  the time, is no metric.
- Measurements of the machine are metrics below ``system/``; their step is the number of whole seconds since the start.
- When a run goes on in another file, a point there replaces the earlier points of its metric whose step is not below
  its own.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from runreport.readers.common.series import NO_TIME, RunPoints
from runreport.readers.wandb.definitions import Definitions
from runreport.readers.wandb.fold import OWN_KEYS
from runreport.readers.wandb.notes import Notes, listed
from runreport.readers.wandb.rows import NONE, Rows
from runreport.readers.wandb.series import Contents, Floats, Ints, Series, contents_of, display_names
from runreport.readers.wandb.wire import Path

SYSTEM = "system/"
_MICROSECONDS = 1_000_000
_EARLIEST_S, _LATEST_S = 31_536_000, 7_226_582_400  # 1971 to 2199, see formats.times
_EXACT = 2.0**53
_LARGEST = 2**62


@dataclass(slots=True, kw_only=True)
class Logged:
    """What a history held beside its points: last values by path, and all that is no number.

    ``steps`` are those of the rows [rows], and ``segments`` the rows at which a further file begins.
    """

    contents: Contents = field(default_factory=Contents)
    names: Mapping[Path, str] = field(default_factory=dict)
    steps: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    segments: Sequence[int] = ()

    @property
    def last_step(self) -> int | None:
        """The step of the last row."""
        return int(self.steps[-1]) if len(self.steps) else None

    def last(self, path: Path) -> float | None:
        """Return the value logged last, None for what is no metric."""
        series = self.contents.series.get(path)
        return float(series.values[-1]) if series is not None and len(series.values) else None


def add_history(rows: Rows, definitions: Definitions, points: RunPoints, notes: Notes) -> Logged:
    """Add the points of a history."""
    contents = contents_of(rows)
    own = {path[0]: contents.series.pop(path) for path in list(contents.series) if path[0] in OWN_KEYS}
    names = display_names(contents.series)
    steps = _steps(rows, own.get("_step"), notes)
    times_us = _times_us(len(steps), own.get("_timestamp"))
    placing = _Placing(steps, {names[path]: series for path, series in contents.series.items()}, definitions)
    superseded = Counter[str]()
    for path, series in contents.series.items():
        name = names[path]
        places = placing.places(name, series)
        kept = _kept(series.rows, places, rows.segments)
        superseded[name] += int((~kept).sum())
        times = times_us[series.rows]
        points.extend_arrays(name, places[kept], series.values[kept], times[kept])
    _note_history(contents, placing, +superseded, notes)
    return Logged(contents=contents, names=names, steps=steps, segments=rows.segments)


def standing(rows: Ints, logged: Logged) -> Ints:
    """Return those of the rows, ascending, that no row of a later file replaces."""
    return rows[_kept(rows, logged.steps[rows], logged.segments)]


def add_measurements(rows: Rows, started_s: float | None, points: RunPoints, notes: Notes) -> None:
    """Add the measurements of the machine, on seconds since the start of the run."""
    times_us = np.frombuffer(rows.marks, dtype=np.int64)
    is_timed = (times_us > _EARLIEST_S * _MICROSECONDS) & (times_us < _LATEST_S * _MICROSECONDS)
    if not is_timed.any():
        return
    start_us = int(times_us[is_timed].min()) if started_s is None else round(started_s * _MICROSECONDS)
    contents = contents_of(rows)
    taken = set(points.metrics)
    for path, name in display_names(contents.series).items():
        series = contents.series[path]
        is_known = is_timed[series.rows]
        times = times_us[series.rows[is_known]]
        metric = f"{SYSTEM}{name}"
        metric = f"{SYSTEM}{metric}" if metric in taken else metric
        points.extend_arrays(metric, (times - start_us) // _MICROSECONDS, series.values[is_known], times)
    if not is_timed.all():
        notes.add("untimed-measurements", f"{int((~is_timed).sum())} measurements of the machine have no time.")


class _Placing:
    """The step of each point; ``used`` and ``unused`` are metrics by the step metric they name."""

    def __init__(self, steps: Ints, series: Mapping[str, Series], definitions: Definitions) -> None:
        self.used: dict[str, list[str]] = defaultdict(list)
        self.unused: dict[str, list[str]] = defaultdict(list)
        self._steps = steps
        self.series = series
        self._definitions = definitions
        self._axes = definitions.axes

    def places(self, name: str, series: Series) -> Ints:
        """Return the steps of the points of a metric."""
        axis = name if name in self._axes else self._definitions.of(name).step_metric
        steps = self._steps[series.rows]
        if axis in ("", "_step"):
            return steps
        found = self._values_at(axis, series.rows)
        told = self.unused if found is None else self.used
        if name != axis:
            told[axis].append(name)
        return steps if found is None else found

    def _values_at(self, axis: str, rows: Ints) -> Ints | None:
        """Return the values of a step metric in some rows, None unless they are whole numbers everywhere."""
        known = self.series.get(axis)
        if known is None or not len(known.rows):
            return None
        at = np.minimum(np.searchsorted(known.rows, rows), len(known.rows) - 1)
        values = known.values[at]
        is_whole = np.isfinite(values) & (np.abs(values) <= _EXACT)
        if not is_whole.all() or (known.rows[at] != rows).any() or (values != np.floor(values)).any():
            return None
        return values.astype(np.int64)


def _steps(rows: Rows, logged: Series | None, notes: Notes) -> Ints:
    """Return the step of each row: what the row says, its ``_step``, or one more than the row before."""
    steps = np.array(rows.marks, dtype=np.int64)
    missing = np.flatnonzero(steps == NONE)
    if not len(missing):
        return steps
    said = dict(zip(logged.rows.tolist(), logged.values.tolist(), strict=True)) if logged else {}
    counted = 0
    for row in missing.tolist():
        value = said.get(row, np.nan)
        is_said = abs(value) <= _EXACT  # false for NaN
        counted += not is_said
        steps[row] = int(value) if is_said else (min(int(steps[row - 1]), _LARGEST) + 1 if row else 0)
    if counted:
        notes.add("missing-steps", f"{counted} rows of the history name no step; they were counted on.")
    return steps


def _times_us(count: int, timestamps: Series | None) -> Ints:
    times_us = np.full(count, NO_TIME, dtype=np.int64)
    if timestamps is not None:
        is_plausible = (timestamps.values > _EARLIEST_S) & (timestamps.values < _LATEST_S)
        known: Floats = timestamps.values[is_plausible]
        times_us[timestamps.rows[is_plausible]] = np.round(known * _MICROSECONDS).astype(np.int64)
    return times_us


def _kept(rows: Ints, places: Ints, segments: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which points no later file replaces."""
    kept = np.ones(len(rows), dtype=np.bool_)
    for segment in segments:
        start = int(np.searchsorted(rows, segment))
        if 0 < start < len(rows):
            kept[:start] &= places[:start] < places[start:].min()
    return kept


def _note_history(contents: Contents, placing: _Placing, superseded: Counter[str], notes: Notes) -> None:
    for axis, metrics in placing.used.items():
        notes.info("step-metric", f"The steps of {listed(metrics)} are those of {axis}, as the run defined them.")
    for axis, metrics in placing.unused.items():
        message = (
            f"The run defined {axis} as the steps of {listed(metrics)}, but it is not a whole number wherever these "
            f"were logged; the steps of the log were used."
        )
        notes.add("step-metric-unused", message)
    if superseded:
        message = (
            f"{sum(superseded.values())} points of {listed(superseded)} were left out: the run was resumed at or "
            f"before their steps, in another file."
        )
        notes.add("superseded-points", message)
    others = {".".join(path): kinds for path, kinds in contents.others.items() if path[0] not in OWN_KEYS}
    if others:
        kinds = sum(others.values(), Counter[str]())
        told = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))
        notes.info("no-numbers", f"Values that are no numbers were left out of {listed(others)}: {told}.")
    if contents.bad:
        notes.add("undecodable-values", f"{contents.bad} values do not decode and were left out.")
    large = [name for name, series in placing.series.items() if _may_be_inexact(series.values)]
    if large:
        message = f"Whole numbers beyond 2^53 may have lost their last digits in {listed(large)}."
        notes.info("inexact-numbers", message)


def _may_be_inexact(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    large = finite[np.abs(finite) > _EXACT]
    return bool((np.abs(large) < 2 * 2.0**63).any())
