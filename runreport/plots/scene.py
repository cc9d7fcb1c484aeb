"""A figure as marks at places: what lies between a figure's values and the drawing library.

All places are in units of a drawing ``WIDTH`` wide, x to the right and y down from the upper left corner. A mark has
a role instead of a colour; the page's style sheet says what a role looks like.
"""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runreport.plots.downsample import Floats
from runreport.plots.spec import Axis, Scale
from runreport.plots.text import SMALL, fit, width_px, wrap
from runreport.plots.ticks import log_tick_texts, tick_texts, ticks

Place = tuple[float, float]
"""A point of the drawing: x, y."""

WIDTH = 640.0
SERIES_COUNT = 8
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
"""Matplotlib's names of the shapes that tell series apart without colour."""

LINE_PX = 17.0
_MARGIN_SHARE = 0.05
_SAME_SHARE = 1e-12
_TINY = 1e-290
_LARGEST = sys.float_info.max
_NOTE_LENGTH = 4000


class Role(StrEnum):
    """What a mark stands for; the value is its CSS class, which sets ``color``."""

    S0 = "s0"
    S1 = "s1"
    S2 = "s2"
    S3 = "s3"
    S4 = "s4"
    S5 = "s5"
    S6 = "s6"
    S7 = "s7"
    INK = "ink"
    MUTED = "muted"
    GRID = "grid"
    ACCENT = "accent"
    BAD = "bad"
    PAPER = "paper"


SERIES = tuple(Role)[:SERIES_COUNT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the drawing."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points of shape [p]; ``dash`` holds lengths of strokes and gaps, ``layer`` a further CSS class."""

    x: Floats
    y: Floats
    role: Role
    width: float = 1.0
    dash: tuple[float, ...] = ()
    layer: str = ""
    clip: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The filled space inside a closed line.

    How see-through it is says the CSS class ``layer``, or ``opacity`` where that depends on the data.
    """

    x: Floats
    y: Floats
    role: Role
    layer: str = ""
    opacity: float = 1.0
    clip: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """A marker at each point of shape [p]; ``size`` is its width. A hollow marker is drawn as an outline."""

    x: Floats
    y: Floats
    role: Role
    marker: str = "o"
    size: float = 6.0
    is_hollow: bool = False
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of cleaned text on its baseline; ``anchor`` is left, center or right."""

    x: float
    y: float
    text: str
    role: Role = Role.INK
    anchor: str = "left"
    size: float = 1.0


Mark = Line | Area | Dots | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Marks in the order in which they are painted."""

    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """Maps the values from low to high to the places from start to end."""

    low: float
    high: float
    start: float
    end: float
    scale: Scale = Scale.LINEAR

    def place(self, values: Floats) -> Floats:
        """Return places of shape [p]; NaN where a value has none (NaN, infinite, not positive on a log scale)."""
        shown = np.where(np.isfinite(values), values, np.nan)
        low, high = self.low, self.high
        if self.scale is Scale.LOG:
            shown = np.log10(np.where(shown > 0, shown, np.nan))
            low, high = math.log10(low), math.log10(high)
        # Halved before the difference: the span of the largest floats would overflow.
        share = (shown / 2 - low / 2) / (high / 2 - low / 2)
        return self.start + share * (self.end - self.start)

    def at(self, value: float) -> float:
        """Return the place of one value."""
        return float(self.place(np.array([value]))[0])


def extent(values: Iterable[float], scale: Scale, *, margin: float = _MARGIN_SHARE) -> tuple[float, float]:
    """Return the ends of an axis around the finite values (positive ones on a log scale); low < high always.

    ``margin`` is left free on both sides, in parts of the span. Without any value: 0 to 1, on a log scale 1 to 10.
    """
    column = np.fromiter(values, dtype=np.float64)
    known = column[np.isfinite(column) & ((scale is Scale.LINEAR) | (column > 0))]
    if not len(known):
        return (1.0, 10.0) if scale is Scale.LOG else (0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    return _log_extent(low, high, margin) if scale is Scale.LOG else _linear_extent(low, high, margin)


def _linear_extent(low: float, high: float, margin: float) -> tuple[float, float]:
    half_span = high / 2 - low / 2
    largest = max(abs(low), abs(high))
    if half_span <= max(largest * _SAME_SHARE, _TINY):
        room = largest * _MARGIN_SHARE if largest > _TINY / _SAME_SHARE else 1.0
    else:
        room = half_span * 2 * margin
    return max(low - room, -_LARGEST), min(high + room, _LARGEST)


def _log_extent(low: float, high: float, margin: float) -> tuple[float, float]:
    decades = math.log10(high) - math.log10(low)
    room = decades * margin if decades > _SAME_SHARE else 0.3
    return max(low * 10**-room, 5e-324), min(high * 10**room, _LARGEST)


def series_role(color_index: int | None, position: int) -> Role:
    """Return the colour of a series: by its index where given, else by its position."""
    return SERIES[(position if color_index is None else color_index) % SERIES_COUNT]


def segment(start: Place, end: Place, role: Role, *, width: float = 1.0, layer: str = "") -> Line:
    """Return a straight line between two places."""
    ends = np.array([start, end], dtype=np.float64)
    return Line(x=ends[:, 0], y=ends[:, 1], role=role, width=width, layer=layer)


def ruler_ticks(ruler: Ruler, count: int, *, whole: bool = False) -> tuple[tuple[float, str], ...]:
    """Return the place and text of each tick."""
    values = ticks(ruler.low, ruler.high, scale=ruler.scale, count=count, whole=whole)
    texts = log_tick_texts(values) if ruler.scale is Scale.LOG else tick_texts(values)
    places = ruler.place(np.array(values))
    return tuple((float(place), text) for place, text in zip(places, texts, strict=True))


def tick_room(axis_ticks: Iterable[tuple[float, str]]) -> float:
    """Return how much room the widest tick label needs."""
    return max((width_px(text, SMALL) for _, text in axis_ticks), default=0.0)


def y_caption(text: str, top: float) -> Text:
    """Return what the y axis shows, set above the plot instead of turned along it."""
    return Text(x=0, y=top + LINE_PX * 0.8, text=fit(text, WIDTH), role=Role.MUTED)


def x_axis_marks(
    axis: Axis, axis_ticks: Iterable[tuple[float, str]], box: Box, *, room: float = WIDTH
) -> tuple[Mark, ...]:
    """Return tick labels below the box and the axis' caption at its right end, two lines in all."""
    labels = [
        Text(x=place, y=box.bottom + LINE_PX, text=text, role=Role.MUTED, anchor="center", size=SMALL)
        for place, text in axis_ticks
    ]
    caption = fit(axis.caption, min(room, box.right))
    below = box.bottom + 2.2 * LINE_PX
    return (*labels, Text(x=box.right, y=below, text=caption, role=Role.MUTED, anchor="right"))


def note_marks(notes: Iterable[str], top: float) -> tuple[tuple[Text, ...], float]:
    """Return the notes as lines of text from ``top`` down, and where they end."""
    lines = [line for note in _joined(notes) for line in wrap(note, WIDTH, limit=_NOTE_LENGTH)]
    marks = [
        Text(x=0, y=top + LINE_PX * position, text=line, role=Role.MUTED, size=SMALL)
        for position, line in enumerate(lines, start=1)
    ]
    return tuple(marks), top + LINE_PX * len(lines) + (6.0 if lines else 0.0)


def _joined(notes: Iterable[str]) -> tuple[str, ...]:
    text = " ".join(notes)
    return (text,) if text else ()
