"""Estimates with their intervals, one per row: the figure as values, and its scene."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runreport.names import Direction
from runreport.plots.rows import (
    Reference,
    beyond,
    hidden_reference,
    inside,
    not_finite,
    reference_marks,
    row_box,
    row_words,
    row_y,
    side_area,
    value_axis,
)
from runreport.plots.scene import LINE_PX, Box, Dots, Mark, Role, Ruler, Scene, extent, note_marks, segment, series_role
from runreport.plots.spec import Axis, FigureTable, check_reference, percent, reference_note


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRow:
    """One estimate: ``value`` with its interval in the axis' unit, None where it cannot be had.

    A one-sided interval reaches to an infinite end. ``remark`` stands at the end of the row: the verdict, a p-value,
    or why there is no interval.

    Raises:
        ValueError: the interval has one end only, or its ends are in the wrong order.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    remark: str = ""
    color_index: int | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"the interval of row {self.name!r} has one end only: {self.low}, {self.high}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the interval of row {self.name!r} ends before it starts: {self.low}, {self.high}")

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends, or None unless both are numbers."""
        if self.low is None or self.high is None or math.isnan(self.low) or math.isnan(self.high):
            return None
        return self.low, self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateFigure:
    """Estimates over one axis that fits them: differences, effect sizes, probabilities.

    ``reference`` is a value to hold them against, drawn as a line through all rows: 0 for differences from a
    baseline (a forest plot), 0.5 for a probability of improvement. With a direction, its better side is shaded.

    Raises:
        ValueError: the reference is not finite.
    """

    kind: ClassVar[str] = "estimates"

    title: str
    description: str
    x: Axis
    rows: tuple[EstimateRow, ...]
    reference: float | None = None
    reference_label: str = ""
    direction: Direction = Direction.UNKNOWN
    level: float = 0.95
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_reference(self.reference)

    def table(self) -> FigureTable:
        """Return one row per estimate."""
        columns = ("name", self.x.caption, "interval from", "interval to", "remark")
        return FigureTable(
            columns=columns, rows=tuple((row.name, row.value, row.low, row.high, row.remark) for row in self.rows)
        )

    def footnotes(self) -> tuple[str, ...]:
        """Return what dots, bars, line and shade mean."""
        return (*self._dot_notes(), *self._line_notes(), *self.notes)

    def _dot_notes(self) -> Iterator[str]:
        if any(row.interval for row in self.rows):
            yield f"Dot and bar: the estimate with its {percent(self.level)} interval."
            if any(row.value is not None and row.interval is None for row in self.rows):
                yield "Hollow: without an interval."
        if any(row.value is not None and not math.isfinite(row.value) for row in self.rows):
            yield "Cross or arrow at the edge: the estimate is not finite."

    def _line_notes(self) -> Iterator[str]:
        if self.reference is None:
            return
        yield reference_note("Vertical line", self.reference, self.reference_label)
        if self.direction is not Direction.UNKNOWN:
            yield "Shaded: the better side."


def estimate_scene(figure: EstimateFigure) -> Scene:
    """Return the scene: one estimate per row with its interval, the reference marked, its better side shaded."""
    box = row_box(len(figure.rows))
    low, high = extent(_core(figure), figure.x.scale)
    ruler = Ruler(low=low, high=high, start=box.left, end=box.right, scale=figure.x.scale)
    reference = Reference(value=figure.reference, label=figure.reference_label)
    marks: list[Mark] = [*side_area(reference, figure.direction, ruler, box)]
    marks += value_axis(figure.x, ruler, box, figure.direction, label_room=reference.room)
    marks += reference_marks(reference, ruler, box)
    marks += [mark for position, row in enumerate(figure.rows) for mark in _row(row, position, ruler, box)]
    said = (*figure.footnotes(), *_limits(figure, ruler), *hidden_reference(reference, ruler))
    notes, height = note_marks(said, box.bottom + reference.room + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def _core(figure: EstimateFigure) -> Iterator[float]:
    if figure.reference is not None:
        yield figure.reference
    for row in figure.rows:
        yield from (value for value in (row.value, row.low, row.high) if value is not None)


def _limits(figure: EstimateFigure, ruler: Ruler) -> Iterator[str]:
    finite = [row.value for row in figure.rows if row.value is not None and math.isfinite(row.value)]
    hidden = sum(math.isnan(ruler.at(value)) for value in finite)
    if hidden:
        yield f"Not on the logarithmic axis: {hidden} values of 0 or below."


def _row(row: EstimateRow, position: int, ruler: Ruler, box: Box) -> Iterator[Mark]:
    role = series_role(row.color_index, position)
    y = row_y(position)
    is_missing = row.value is None and not row.remark
    yield from row_words(position, row.name, "no value" if is_missing else row.remark, Role.MUTED)
    if row.interval is not None:
        left, right = inside(ruler, *row.interval)
        yield segment((left, y), (right, y), role, width=2.0)
        yield from beyond(ruler, *row.interval, y, role)
    if row.value is None:
        return
    if not math.isfinite(row.value):
        yield not_finite(row.value, box, y)
        return
    is_hollow = row.interval is None
    yield Dots(x=np.array([ruler.at(row.value)]), y=np.array([y]), role=role, size=8, is_hollow=is_hollow)
