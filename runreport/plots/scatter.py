"""The scene of a ``ScatterFigure``."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runreport.names import natural_key
from runreport.plots.downsample import Floats, Ints
from runreport.plots.scene import (
    LINE_PX,
    SERIES,
    WIDTH,
    Box,
    Dots,
    Mark,
    Role,
    Ruler,
    Scene,
    Text,
    extent,
    note_marks,
    ruler_ticks,
    segment,
    tick_room,
    x_axis_marks,
    y_caption,
)
from runreport.plots.spec import ScatterFigure
from runreport.plots.text import SMALL, fit

MOST_MARKS = 2000
"""Above this many points, at most one is drawn in each cell of the plot."""

_CELL_PX = 3.0
_HEIGHT = 260.0
_GOLDEN = 0.6180339887498949
_MOST_CATEGORY_LABELS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Across:
    """Places of shape [p] from left to right, and the labelled ticks below."""

    places: Floats
    ticks: tuple[tuple[float, str], ...]


def scatter_scene(figure: ScatterFigure) -> Scene:
    """Return the scene: a dot per run, the best one ringed, values that are not finite at the edge."""
    top = 1.8 * LINE_PX
    values = np.array([point.y for point in figure.points], dtype=np.float64)
    low, high = extent(values, figure.y.scale)
    y = Ruler(low=low, high=high, start=top + _HEIGHT, end=top + 8, scale=figure.y.scale)
    box = Box(left=tick_room(ruler_ticks(y, 5)) + 8, top=top, right=WIDTH - 12, bottom=top + _HEIGHT + 10)
    across = _numeric(figure, box) if figure.is_numeric else _categorical(figure, box)
    heights = y.place(values)
    drawn, thinned = _thinned(across.places, heights)
    marks: list[Mark] = [y_caption(figure.y.caption, 0.0), *_grid(y, box)]
    if len(drawn):
        marks.append(Dots(x=across.places[drawn], y=heights[drawn], role=SERIES[0], size=6, layer="dot"))
    marks += [*_not_finite(across.places, values, box), *_best(figure, across.places, heights)]
    marks += x_axis_marks(figure.x, across.ticks, box)
    hidden = int(np.isfinite(values).sum() - np.isfinite(heights).sum())
    said = (*figure.footnotes(), *thinned, *_not_on_axis(hidden))
    notes, height = note_marks(said, box.bottom + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def _numeric(figure: ScatterFigure, box: Box) -> _Across:
    values = np.array([float(point.x) for point in figure.points], dtype=np.float64)
    low, high = extent(values, figure.x.scale)
    ruler = Ruler(low=low, high=high, start=box.left, end=box.right, scale=figure.x.scale)
    return _Across(places=ruler.place(values), ticks=ruler_ticks(ruler, 6))


def _categorical(figure: ScatterFigure, box: Box) -> _Across:
    names = [str(point.x) for point in figure.points]
    categories = sorted(set(names), key=lambda name: (natural_key(name), name))
    position = {name: index for index, name in enumerate(categories)}
    room = (box.right - box.left) / max(1, len(categories))
    seen = dict.fromkeys(categories, 0)
    places = np.zeros(len(names))
    for index, name in enumerate(names):
        # The golden ratio spreads any number of points evenly, without chance.
        share = (seen[name] * _GOLDEN + 0.5) % 1.0 - 0.5
        seen[name] += 1
        places[index] = box.left + room * (position[name] + 0.5 + 0.5 * share)
    every = -(-len(categories) // _MOST_CATEGORY_LABELS)
    labels = ((box.left + room * (position[name] + 0.5), fit(name, room * every)) for name in categories[::every])
    return _Across(places=places, ticks=tuple(labels))


def _thinned(x: Floats, y: Floats) -> tuple[Ints, tuple[str, ...]]:
    shown = np.flatnonzero(np.isfinite(x + y))
    if len(shown) <= MOST_MARKS:
        return shown, ()
    cells = np.floor(np.column_stack([x[shown], y[shown]]) / _CELL_PX).astype(np.int64)
    _, first = np.unique(cells, axis=0, return_index=True)
    kept = shown[np.sort(first)]
    return kept, (f"Shown {len(kept):,} of {len(shown):,} points: the first at each place.",)


def _not_on_axis(hidden: int) -> tuple[str, ...]:
    return (f"Not on the logarithmic axis: {hidden} values of 0 or below.",) if hidden else ()


def _grid(y: Ruler, box: Box) -> Iterator[Mark]:
    for place, text in ruler_ticks(y, 5):
        yield segment((box.left, place), (box.right, place), Role.GRID)
        yield Text(x=box.left - 6, y=place + 4, text=text, role=Role.MUTED, anchor="right", size=SMALL)


def _not_finite(x: Floats, values: Floats, box: Box) -> Iterator[Dots]:
    kinds = ((np.isnan(values), "x", box.bottom - 4), (values == np.inf, "^", box.top), (values == -np.inf, "v", None))
    for is_kind, marker, edge in kinds:
        at = x[is_kind & np.isfinite(x)]
        if len(at):
            y = np.full(len(at), box.bottom - 4 if edge is None else edge)
            yield Dots(x=at, y=y, role=Role.BAD, marker=marker, size=6.5)


def _best(figure: ScatterFigure, x: Floats, y: Floats) -> Iterator[Mark]:
    best = [index for index, point in enumerate(figure.points) if point.is_best and np.isfinite(x[index] + y[index])]
    for index in best:
        yield Dots(x=x[[index]], y=y[[index]], role=Role.ACCENT, size=12, is_hollow=True)
