"""The scene of a ``DotFigure``."""

from collections.abc import Iterator

import numpy as np

from runreport.plots.downsample import Floats
from runreport.plots.rows import (
    Reference,
    beyond,
    hidden_reference,
    inside,
    reference_marks,
    row_box,
    row_rule,
    row_words,
    row_y,
    side_area,
    value_axis,
)
from runreport.plots.scene import (
    LINE_PX,
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
from runreport.plots.spec import DotFigure, DotRow, Scale

_DOT_PX = 6.5
_LEVELS = (0.0, -4.5, 4.5, -9.0, 9.0)
_REACH = 1.0
_BAR_HALF_PX = 3.5
_MEAN_HALF_PX = 9.0
_REFERENCE_DASH = (5.0, 3.0)


def dot_scene(figure: DotFigure) -> Scene:
    """Return the scene: a row of dots per group over one value axis, with the baseline's mean and the reference through all."""
    box = row_box(len(figure.rows))
    low, high = _value_extent(figure)
    ruler = Ruler(low=low, high=high, start=box.left, end=box.right, scale=figure.x.scale)
    reference = Reference(value=figure.reference, label=figure.reference_label)
    marks: list[Mark] = [*side_area(reference, figure.wanted, ruler, box)]
    marks += value_axis(figure.x, ruler, box, figure.direction, label_room=reference.room)
    marks += [*_baseline(figure.rows, ruler, box), *reference_marks(reference, ruler, box, dash=_REFERENCE_DASH)]
    marks += [mark for position, row in enumerate(figure.rows) for mark in _row(row, position, ruler)]
    said = (*figure.footnotes(), *_limits(figure, ruler), *hidden_reference(reference, ruler))
    notes, height = note_marks(said, box.bottom + reference.room + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def spread(places: Floats) -> Floats:
    """Return for each place how far its dot moves up or down so that near dots stay apart; the same for the same dots.

    Beyond five dots at one place, they overlap.
    """
    offsets = np.zeros(len(places))
    last_at = dict.fromkeys(_LEVELS, -np.inf)
    for index in np.argsort(places, kind="stable"):
        free = (level for level in _LEVELS if places[index] - last_at[level] >= _DOT_PX)
        level = next(free, min(_LEVELS, key=lambda candidate: last_at[candidate]))
        last_at[level] = places[index]
        offsets[index] = level
    return offsets


def _value_extent(figure: DotFigure) -> tuple[float, float]:
    """Dots, means and the reference are always inside; intervals only as far as they leave the dots room."""
    core = [value for row in figure.rows for value in (*row.values, row.mean) if value is not None]
    core += [] if figure.reference is None else [figure.reference]
    low, high = extent(core, figure.x.scale)
    ends = [value for row in figure.rows for value in (row.low, row.high) if value is not None]
    if not ends or figure.x.scale is Scale.LOG:
        return low, high
    reach = min((high / 2 - low / 2) * 2 * _REACH, 1e307)
    bar_low, bar_high = extent(ends, figure.x.scale, margin=0.02)
    return min(low, max(low - reach, bar_low)), max(high, min(high + reach, bar_high))


def _limits(figure: DotFigure, ruler: Ruler) -> Iterator[str]:
    ends = [value for row in figure.rows for value in (row.low, row.high) if value is not None]
    if any(value < ruler.low or value > ruler.high for value in ends):
        yield "Intervals with an arrow reach beyond the plot."


def _baseline(rows: tuple[DotRow, ...], ruler: Ruler, box: Box) -> Iterator[Mark]:
    for row in rows:
        if row.is_baseline and row.mean is not None:
            yield row_rule(ruler.at(row.mean), box, Role.INK, layer="faint")


def _row(row: DotRow, position: int, ruler: Ruler) -> Iterator[Mark]:
    role = series_role(row.color_index, position)
    y = row_y(position)
    yield from row_words(position, row.name, _remark(row), Role.BAD if row.left_out else Role.MUTED)
    if row.low is not None and row.high is not None:
        yield from _bar(ruler, row.low, row.high, y, role)
    places = ruler.place(np.array(row.values, dtype=np.float64))
    if len(places):
        yield Dots(x=places, y=y + spread(places), role=role, size=_DOT_PX, layer="dot")
    if row.mean is not None and len(row.values) > 1:
        place = ruler.at(row.mean)
        yield segment((place, y - _MEAN_HALF_PX), (place, y + _MEAN_HALF_PX), Role.INK, width=2.0)


def _remark(row: DotRow) -> str:
    parts = ["baseline"] if row.is_baseline else []
    return " · ".join([*parts, f"n = {len(row.values)}", *row.left_out])


def _bar(ruler: Ruler, low: float, high: float, y: float, role: Role) -> Iterator[Mark]:
    left, right = inside(ruler, low, high)
    corners = np.array([left, right, right, left])
    height = np.array([-_BAR_HALF_PX, -_BAR_HALF_PX, _BAR_HALF_PX, _BAR_HALF_PX])
    yield Area(x=corners, y=y + height, role=role, layer="band")
    yield from beyond(ruler, low, high, y, role)
