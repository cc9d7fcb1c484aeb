"""The scene of a ``ForestFigure``."""

from collections.abc import Iterator

import numpy as np

from runreport.names import Direction
from runreport.plots.rows import beyond, inside, row_box, row_rule, row_words, row_y, value_axis
from runreport.plots.scene import (
    LINE_PX,
    WIDTH,
    Area,
    Box,
    Dots,
    Mark,
    Role,
    Ruler,
    Scene,
    extent,
    note_marks,
    segment,
    series_role,
)
from runreport.plots.spec import ForestFigure, ForestRow, Scale


def forest_scene(figure: ForestFigure) -> Scene:
    """Return the scene: one difference per row with its interval, zero marked, the better side shaded if known."""
    box = row_box(len(figure.rows))
    ends = (value for row in figure.rows for value in (row.delta, row.low, row.high) if value is not None)
    low, high = extent((0.0, *ends), Scale.LINEAR)
    ruler = Ruler(low=low, high=high, start=box.left, end=box.right)
    marks: list[Mark] = [*_better_side(figure.direction, ruler, box)]
    marks += value_axis(figure.x, ruler, box, figure.direction)
    marks.append(row_rule(ruler.at(0.0), box, Role.INK))
    marks += [mark for position, row in enumerate(figure.rows) for mark in _row(row, position, ruler)]
    notes, height = note_marks(figure.footnotes(), box.bottom + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def _better_side(direction: Direction, ruler: Ruler, box: Box) -> Iterator[Area]:
    if direction is Direction.UNKNOWN:
        return
    zero, edge = ruler.at(0.0), WIDTH if direction is Direction.UP else 0.0
    corners = np.array([zero, edge, edge, zero])
    height = np.array([box.top, box.top, box.bottom, box.bottom])
    yield Area(x=corners, y=height, role=Role.ACCENT, layer="better")


def _row(row: ForestRow, position: int, ruler: Ruler) -> Iterator[Mark]:
    role = series_role(row.color_index, position)
    y = row_y(position)
    yield from row_words(position, row.name, row.remark, Role.MUTED)
    if row.low is not None and row.high is not None:
        left, right = inside(ruler, row.low, row.high)
        yield segment((left, y), (right, y), role, width=2.0)
        yield from beyond(ruler, row.low, row.high, y, role)
    if row.delta is not None:
        has_interval = row.low is not None
        yield Dots(x=np.array([ruler.at(row.delta)]), y=np.array([y]), role=role, size=8, is_hollow=not has_interval)
