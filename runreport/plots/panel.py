"""What figures of lines over two axes have in common: the panel, bands, marks at gaps, and a legend above."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from runreport.plots.downsample import Floats, Ints
from runreport.plots.scene import (
    LINE_PX,
    MARKERS,
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
    segment,
)
from runreport.plots.spec import Scale
from runreport.plots.text import SMALL, width_px

NAME_SHARE = 0.7
"""How much of a line of the legend a name may take."""

_BAND_OF_ONE = np.array([-1.0, 1.0, 1.0, -1.0])
_KEY_PX = 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The part of the drawing between two axes."""

    box: Box
    x: Ruler
    y: Ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An entry of a legend: ``text`` beside a piece of the line it names; ``position`` chooses the marker."""

    text: str
    role: Role
    dash: tuple[float, ...]
    position: int


def grid_marks(panel: Panel) -> Iterator[Mark]:
    """Return a hairline with its label for each tick of the y axis."""
    for place, text in ruler_ticks(panel.y, 5):
        yield segment((panel.box.left, place), (panel.box.right, place), Role.GRID)
        yield Text(x=panel.box.left - 6, y=place + 4, text=text, role=Role.MUTED, anchor="right", size=SMALL)


def band_areas(x: Floats, low: Floats, high: Floats, role: Role, panel: Panel) -> Iterator[Area]:
    """Return the space between two lines at the places ``x``; all of shape [p], with a gap where one is not finite."""
    if panel.y.scale is Scale.LOG:
        low = np.where(low <= 0, panel.y.low, low)
    bottom, top = panel.y.place(low), panel.y.place(high)
    for piece in pieces(np.isfinite(x) & np.isfinite(bottom) & np.isfinite(top)):
        if len(piece) == 1:
            both = np.array([bottom[piece[0]], top[piece[0]]])
            yield Area(x=x[piece].repeat(4) + _BAND_OF_ONE, y=both.repeat(2), role=role, layer="band", clip=panel.box)
            continue
        outline = np.concatenate([bottom[piece], top[piece][::-1]])
        around = np.concatenate([x[piece], x[piece][::-1]])
        yield Area(x=around, y=outline, role=role, layer="band", clip=panel.box)


def lone_dots(x: Floats, y: Floats, role: Role, size: float) -> Iterator[Dots]:
    """Return a dot for each point between two gaps, which no line shows."""
    is_drawn = np.isfinite(x + y)
    beside = np.concatenate([[False], is_drawn, [False]])
    lone = is_drawn & ~beside[:-2] & ~beside[2:]
    if lone.any():
        yield Dots(x=x[lone], y=y[lone], role=role, size=size)


def not_finite(x: Floats, values: Floats, y: Floats, panel: Panel) -> Iterator[Dots]:
    """Return one mark for each stretch: a cross where the line broke off, an arrow at the edge it left through."""
    kinds = ((np.isnan(values), "x", None), (values == np.inf, "^", panel.box.top), (values == -np.inf, "v", None))
    for is_kind, marker, edge in kinds:
        for piece in pieces(is_kind & np.isfinite(x)):
            before = piece[0] - 1
            has_before = marker == "x" and before >= 0 and np.isfinite(y[before])
            at_x, at_y = (x[before], y[before]) if has_before else (x[piece[0]], edge or panel.box.bottom)
            yield Dots(x=np.array([at_x]), y=np.array([at_y]), role=Role.BAD, marker=marker, size=7)


def pieces(wanted: np.ndarray) -> list[Ints]:
    """Return the indices of each unbroken stretch of True."""
    indices = np.flatnonzero(wanted)
    return np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1) if len(indices) else []


def key_marker(x: float, y: float, role: Role, position: int) -> Dots:
    """Return the shape that tells the series at ``position`` apart without colour."""
    return Dots(x=np.array([x]), y=np.array([y]), role=role, marker=MARKERS[position % len(MARKERS)], size=6.5)


def legend_marks(keys: Sequence[Key]) -> tuple[tuple[Mark, ...], float]:
    """Return the legend from the top down, and where it ends."""
    marks: list[Mark] = []
    x, y = 0.0, LINE_PX * 0.8
    for key in keys:
        room = _KEY_PX + width_px(key.text) + 14
        if x > 0 and x + room > WIDTH:
            x, y = 0.0, y + LINE_PX * 1.15
        marks += _entry(x, y, key)
        x += room
    return tuple(marks), y + LINE_PX * 0.6


def _entry(x: float, y: float, key: Key) -> tuple[Mark, ...]:
    line = Line(x=np.array([x, x + 20]), y=np.array([y - 4, y - 4]), role=key.role, width=1.8, dash=key.dash)
    return (line, key_marker(x + 10, y - 4, key.role, key.position), Text(x=x + _KEY_PX, y=y, text=key.text))
