"""What figures with one row per group or contrast have in common: a value axis below, a line of words above each row."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from runreport.names import Direction
from runreport.plots.scene import (
    LINE_PX,
    WIDTH,
    Area,
    Box,
    Dots,
    Line,
    Mark,
    Role,
    Ruler,
    Text,
    ruler_ticks,
    x_axis_marks,
)
from runreport.plots.spec import Axis
from runreport.plots.text import SMALL, fit, width_px

ROW_PX = 46.0
_SIDE_PX = 14.0
_WORDS_PX = 19.0
_NAME_SHARE = 0.62
_BETTER = {Direction.UP: "higher is better →", Direction.DOWN: "← lower is better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A value marked through all rows, if there is one; its label has a line of its own above those of the ticks."""

    value: float | None
    label: str = ""

    @property
    def room(self) -> float:
        """Height of the label's line."""
        return LINE_PX if self.value is not None and self.label else 0.0


def row_box(count: int) -> Box:
    """Return the part of the drawing that the rows take."""
    return Box(left=_SIDE_PX, top=0.0, right=WIDTH - _SIDE_PX, bottom=max(1, count) * ROW_PX + 6)


def row_y(position: int) -> float:
    """Return the place of the row's dots; its words are above."""
    return position * ROW_PX + 32


def row_words(position: int, name: str, remark: str, role: Role) -> Iterator[Text]:
    """Return the name at the left and the remark at the right, both shortened to the room there is."""
    y = position * ROW_PX + 14
    shown = fit(name, WIDTH * (_NAME_SHARE if remark else 1.0))
    yield Text(x=0, y=y, text=shown)
    if remark:
        room = WIDTH - width_px(shown) - 16
        yield Text(x=WIDTH, y=y, text=fit(remark, room / SMALL), role=role, anchor="right", size=SMALL)


def value_axis(axis: Axis, ruler: Ruler, box: Box, direction: Direction, *, label_room: float = 0.0) -> Iterator[Mark]:
    """Return hairlines through all rows with their labels, the caption, and the better way if it is known.

    ``label_room`` is left free between the rows and the labels.
    """
    axis_ticks = ruler_ticks(ruler, 5)
    yield from (row_rule(place, box, Role.GRID) for place, _ in axis_ticks)
    better = _BETTER.get(direction, "")
    lowered = replace(box, bottom=box.bottom + label_room)
    yield from x_axis_marks(axis, axis_ticks, lowered, room=WIDTH - width_px(better) - 16)
    if better:
        yield Text(x=0, y=lowered.bottom + 2.2 * LINE_PX, text=better, role=Role.MUTED)


def reference_marks(
    reference: Reference, ruler: Ruler, box: Box, *, dash: tuple[float, ...] = ()
) -> Iterator[Line | Text]:
    """Return the line of the reference through all rows, with its label below them; nothing where it has no place."""
    place = math.nan if reference.value is None else ruler.at(reference.value)
    if math.isnan(place):
        return
    yield replace(row_rule(place, box, Role.INK), dash=dash)
    if reference.label:
        shown = fit(reference.label, WIDTH / SMALL)
        half = min(width_px(shown, SMALL), WIDTH) / 2
        x = min(max(place, half), WIDTH - half)
        yield Text(x=x, y=box.bottom + LINE_PX * 0.65, text=shown, anchor="center", size=SMALL)


def hidden_reference(reference: Reference, ruler: Ruler) -> Iterator[str]:
    """Return a sentence if the reference has no place on the axis."""
    if reference.value is not None and math.isnan(ruler.at(reference.value)):
        yield "Not on the logarithmic axis: the reference, which is 0 or below."


def side_area(reference: Reference, side: Direction, ruler: Ruler, box: Box) -> Iterator[Area]:
    """Return a light shade over everything above (UP) or below (DOWN) the reference."""
    place = math.nan if reference.value is None else ruler.at(reference.value)
    if math.isnan(place) or side is Direction.UNKNOWN:
        return
    edge = WIDTH if side is Direction.UP else 0.0
    height = np.array([box.top, box.top, box.bottom, box.bottom])
    yield Area(x=np.array([place, edge, edge, place]), y=height, role=Role.ACCENT, layer="better")


def row_rule(place: float, box: Box, role: Role, *, layer: str = "") -> Line:
    """Return a vertical line through all rows that leaves their words free."""
    tops = np.arange(box.top, box.bottom - ROW_PX / 2, ROW_PX) + _WORDS_PX
    ends = np.column_stack([tops, tops + ROW_PX - _WORDS_PX, np.full(len(tops), np.nan)])
    return Line(x=np.full(ends.size, place), y=ends.ravel(), role=role, layer=layer)


def inside(ruler: Ruler, low: float, high: float) -> tuple[float, float]:
    """Return the places of an interval's ends, or of the axis' ends where the interval is longer."""
    left, right = ruler.place(np.clip([low, high], ruler.low, ruler.high)).tolist()
    return left, right


def beyond(ruler: Ruler, low: float, high: float, y: float, role: Role) -> Iterator[Dots]:
    """Return an arrow for each end of an interval that lies outside of the axis."""
    left, right = inside(ruler, low, high)
    for is_beyond, place, marker in ((low < ruler.low, left, "<"), (high > ruler.high, right, ">")):
        if is_beyond:
            yield Dots(x=np.array([place]), y=np.array([y]), role=role, marker=marker, size=8)


def not_finite(value: float, box: Box, y: float) -> Dots:
    """Return a cross at the left end for NaN, an arrow at the end that an infinite value lies beyond."""
    place = box.right if value > 0 else box.left
    marker = "x" if math.isnan(value) else (">" if value > 0 else "<")
    return Dots(x=np.array([place]), y=np.array([y]), role=Role.BAD, marker=marker, size=8)
