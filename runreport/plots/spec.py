"""Figures as values: what is shown, without a word on how it is drawn.

The interface for pages and render:

* ``CurveFigure``, ``DotFigure``, ``ScatterFigure`` (here), ``EstimateFigure`` (``runreport.plots.estimates``),
  ``CriticalDifferenceFigure`` (``.critical_difference``), ``RankFigure`` (``.ranks``), ``ProfileFigure``
  (``.profiles``) and ``LineageFigure`` (``.lineage``) are frozen and built from plain floats and texts, so they can be
  compared, hashed and written as JSON.
* ``figure.table()`` is the data behind the figure as a ``FigureTable``; show it beside or below the figure.
* ``figure.footnotes()`` are the sentences that the figure needs to be read rightly. ``draw`` prints them inside the
  figure; do not repeat them beside it.
* ``runreport.plots.draw.draw(figure) -> str`` is the inline SVG (the only module that imports Matplotlib).

Names and labels may hold anything a log may hold: drawing cleans, shortens and escapes them. A NaN or an infinite
value is shown as such, never dropped. ``color_index`` chooses the series colour (taken modulo 8): give a group the
same index in every figure of a page; None takes the position in the figure.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from runreport.names import Direction
from runreport.plots.downsample import PLOT_BINS, Floats, decimate

Cell = str | int | float | None
"""One cell of a figure's data table; None where there is no value."""

LOG_DECADES = 2.0
"""A scatter's axis is logarithmic when its positive values span more decades than this."""


class Scale(StrEnum):
    """How an axis maps values to positions."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What an axis shows; ``unit`` is set in brackets behind the label."""

    label: str
    unit: str = ""
    scale: Scale = Scale.LINEAR

    @property
    def caption(self) -> str:
        """Label and unit in one text."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """The data behind a figure: as many cells in each row as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSeries:
    """The mean of one group over steps with its pointwise interval; all tuples have the same length.

    Attributes:
        name: the group's name.
        steps: ascending.
        mean: NaN or infinite where the runs gave no finite mean.
        low: lower end of the interval; NaN where there is none (n < 2). ``high`` likewise.
        n: runs behind the mean at each step.
        size: runs of the group; the line is dashed wherever ``n`` is smaller.
        total_points: points before down-sampling.
    """

    name: str
    steps: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    n: tuple[int, ...]
    size: int
    total_points: int
    color_index: int | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.steps), len(self.mean), len(self.low), len(self.high), len(self.n)}
        if len(lengths) != 1:
            message = f"the columns of series {self.name!r} differ in length: {sorted(lengths)}"
            raise ValueError(message)

    @classmethod
    def from_columns(  # noqa: PLR0913 - one keyword for each column, and what tells the group
        cls,
        *,
        name: str,
        steps: Floats,
        mean: Floats,
        low: Floats,
        high: Floats,
        n: Sequence[int],
        size: int,
        scale: Scale = Scale.LINEAR,
        color_index: int | None = None,
    ) -> "CurveSeries":
        """Return the series of columns of any length, down-sampled to the width of a plot.

        Minimum and maximum of the mean in each of 400 bins are kept, with both ends of every gap and of every change
        of ``n``. ``scale`` is that of the step axis.

        Raises:
            ValueError: the columns differ in length, or the steps are not ascending and finite.
        """
        runs = np.asarray(n, dtype=np.int64)
        kept = decimate(steps, mean, bins=PLOT_BINS, log_x=scale is Scale.LOG, states=runs)
        return cls(
            name=name,
            steps=_floats(steps[kept]),
            mean=_floats(mean[kept]),
            low=_floats(low[kept]),
            high=_floats(high[kept]),
            n=tuple(int(count) for count in runs[kept]),
            size=size,
            total_points=len(steps),
            color_index=color_index,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run drawn thin and faint behind the means; ``color_index`` is that of its group."""

    name: str
    steps: tuple[float, ...]
    values: tuple[float, ...]
    total_points: int
    color_index: int = 0

    @classmethod
    def from_columns(
        cls, *, name: str, steps: Floats, values: Floats, scale: Scale = Scale.LINEAR, color_index: int = 0
    ) -> "RunLine":
        """Return the line of columns of any length, down-sampled like ``CurveSeries.from_columns``.

        Raises:
            ValueError: the columns differ in length, or the steps are not ascending and finite.
        """
        kept = decimate(steps, values, bins=PLOT_BINS, log_x=scale is Scale.LOG)
        return cls(
            name=name,
            steps=_floats(steps[kept]),
            values=_floats(values[kept]),
            total_points=len(steps),
            color_index=color_index,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFigure:
    """A metric over steps: a mean with its interval for each group, single runs behind if given."""

    kind: ClassVar[str] = "curves"

    title: str
    description: str
    x: Axis
    y: Axis
    series: tuple[CurveSeries, ...]
    runs: tuple[RunLine, ...] = ()
    level: float = 0.95
    notes: tuple[str, ...] = ()

    def table(self) -> FigureTable:
        """Return one row per group and shown step."""
        rows = (
            (line.name, step, known(mean), known(low), known(high), n)
            for line in self.series
            for step, mean, low, high, n in zip(line.steps, line.mean, line.low, line.high, line.n, strict=True)
        )
        columns = ("group", self.x.caption, f"mean of {self.y.caption}", "interval from", "interval to", "runs")
        return FigureTable(columns=columns, rows=tuple(rows))

    def footnotes(self) -> tuple[str, ...]:
        """Return what band, dashes and marks mean, and how many points are shown where not all are."""
        notes = []
        if any(math.isfinite(low) for line in self.series for low in line.low):
            notes.append(f"Band: {percent(self.level)} pointwise interval of the mean.")
        if any(n < line.size for line in self.series for n in line.n):
            notes.append("Dashed: fewer runs than the group has.")
        if any(not math.isfinite(value) for value in self._plotted()):
            notes.append("Gaps with a cross or an arrow: the value is not finite.")
        return (*notes, *self._point_counts(), *self.notes)

    def _plotted(self) -> Iterable[float]:
        yield from (value for line in self.series for value in line.mean)
        yield from (value for run in self.runs for value in run.values)

    def _point_counts(self) -> tuple[str, ...]:
        shown = sum(len(line.steps) for line in self.series) + sum(len(run.steps) for run in self.runs)
        total = sum(line.total_points for line in self.series) + sum(run.total_points for run in self.runs)
        return () if shown == total else (shown_of(shown, total),)


@dataclass(frozen=True, slots=True, kw_only=True)
class DotRow:
    """One group: a dot per run, its mean and interval.

    Attributes:
        values: one per run that gave a finite value; ``labels`` names them in the same order (``seed 3``).
        mean: None without a finite value; ``low`` and ``high`` are None where there is no interval (n < 2).
        left_out: runs without a dot, counted in words: ``1 failed``, ``1 not finite``.
    """

    name: str
    values: tuple[float, ...]
    labels: tuple[str, ...] = ()
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    left_out: tuple[str, ...] = ()
    is_baseline: bool = False
    color_index: int | None = None

    def __post_init__(self) -> None:
        if self.labels and len(self.labels) != len(self.values):
            message = f"row {self.name!r} has {len(self.values)} values but {len(self.labels)} labels"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class DotFigure:
    """One metric over groups: every run as a dot. The baseline's mean is drawn as a line through all rows.

    ``reference`` is a value to reach, such as a target, with a dashed line of its own; ``wanted`` is the side of it
    that is shaded: UP for values above it.

    Raises:
        ValueError: the reference is not finite.
    """

    kind: ClassVar[str] = "dots"

    title: str
    description: str
    x: Axis
    rows: tuple[DotRow, ...]
    direction: Direction = Direction.UNKNOWN
    reference: float | None = None
    reference_label: str = ""
    wanted: Direction = Direction.UNKNOWN
    level: float = 0.95
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_reference(self.reference)

    def table(self) -> FigureTable:
        """Return one row per run, then one per group with its mean and interval."""
        columns = ("group", "run", self.x.caption, "interval from", "interval to", "left out")
        runs = ((row.name, *run, None, None, "") for row in self.rows for run in _labelled(row))
        means = ((row.name, "mean", row.mean, row.low, row.high, ", ".join(row.left_out)) for row in self.rows)
        return FigureTable(columns=columns, rows=(*runs, *means))

    def footnotes(self) -> tuple[str, ...]:
        """Return what dots, bar, lines and shade mean."""
        notes = ["One dot per run; tick: mean."]
        if any(row.low is not None for row in self.rows):
            notes = [f"One dot per run; tick and bar: mean with its {percent(self.level)} interval."]
        if any(row.is_baseline and row.mean is not None for row in self.rows):
            notes.append("Vertical line: mean of the baseline.")
        if self.reference is not None:
            notes.append(reference_note("Dashed line", self.reference, self.reference_label))
            notes += ["Shaded: the wanted side."] * (self.wanted is not Direction.UNKNOWN)
        return (*notes, *self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterPoint:
    """One run: ``x`` is the param as a number or as text, ``y`` the metric (NaN and infinite are shown at the edge)."""

    label: str
    x: float | str
    y: float
    is_best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterFigure:
    """A param against a metric, one point per run.

    The x axis is numeric when every ``x`` is a finite number, else each distinct value has a place of its own, in
    natural order. ``missing`` counts runs that have no point because they lack the param or the metric.
    """

    kind: ClassVar[str] = "scatter"

    title: str
    description: str
    x: Axis
    y: Axis
    points: tuple[ScatterPoint, ...]
    missing: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether every x is a finite number."""
        return all(not isinstance(point.x, str) and math.isfinite(point.x) for point in self.points)

    def table(self) -> FigureTable:
        """Return one row per point."""
        columns = ("run", self.x.caption, self.y.caption, "remark")
        rows = ((point.label, point.x, point.y, "best" if point.is_best else "") for point in self.points)
        return FigureTable(columns=columns, rows=tuple(rows))

    def footnotes(self) -> tuple[str, ...]:
        """Return how many runs are not finite or missing."""
        notes = []
        if any(point.is_best for point in self.points):
            notes.append("Ring: best run.")
        not_finite = sum(not math.isfinite(point.y) for point in self.points)
        if not_finite:
            notes.append(f"Cross or arrow at the edge: not finite ({counted(not_finite)}).")
        if self.missing:
            notes.append(f"Without this param or metric: {counted(self.missing)}.")
        return (*notes, *self.notes)


def sensible_scale(values: Iterable[float]) -> Scale:
    """Return LOG when all finite values are positive and span more than two decades.

    >>> sensible_scale([1e-4, 1e-3, 1e-1])
    <Scale.LOG: 'log'>
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite or min(finite) <= 0:
        return Scale.LINEAR
    return Scale.LOG if math.log10(max(finite)) - math.log10(min(finite)) > LOG_DECADES else Scale.LINEAR


def check_reference(value: float | None) -> None:
    """Refuse a reference that cannot stand on an axis.

    Raises:
        ValueError: it is not finite.
    """
    if value is not None and not math.isfinite(value):
        raise ValueError(f"a reference is finite, not {value}")


def reference_note(line: str, value: float, label: str) -> str:
    """Return the sentence that says what a reference line stands for.

    >>> reference_note("Dashed line", 3.28, "target")
    'Dashed line at 3.28: target.'
    """
    at = f"{line} at {value:.6g}".replace("-", "\N{MINUS SIGN}")
    return f"{at}: {label}." if label else f"{at}."


def percent(level: float) -> str:
    """Return a level in percent with a no-break space: ``95 %``, ``99.9 %``."""
    return f"{level * 100:.4g}\N{NO-BREAK SPACE}%"


def counted(runs: int) -> str:
    """Return ``1 run`` or ``3 runs``."""
    return "1 run" if runs == 1 else f"{runs} runs"


def shown_of(shown: int, total: int) -> str:
    """Return the sentence that says how many points are left after down-sampling.

    >>> shown_of(800, 10000)
    'Shown 800 of 10,000 points: minimum and maximum of each bin.'
    """
    return f"Shown {shown:,} of {total:,} points: minimum and maximum of each bin."


def known(value: float) -> float | None:
    """Return the value for a table's cell: None for NaN."""
    return None if math.isnan(value) else value


def _labelled(row: DotRow) -> Iterable[tuple[str, float]]:
    labels = row.labels or tuple(f"run {position}" for position in range(1, len(row.values) + 1))
    return zip(labels, row.values, strict=True)


def _floats(column: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in column.tolist())
