"""The scene of a ``CurveFigure``."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean

import numpy as np

from runreport.plots.downsample import Floats
from runreport.plots.panel import (
    NAME_SHARE,
    Key,
    Panel,
    band_areas,
    grid_marks,
    key_marker,
    legend_marks,
    lone_dots,
    not_finite,
    pieces,
)
from runreport.plots.scene import (
    LINE_PX,
    SERIES_COUNT,
    WIDTH,
    Box,
    Line,
    Mark,
    Role,
    Ruler,
    Scene,
    Text,
    extent,
    note_marks,
    ruler_ticks,
    segment,
    series_role,
    tick_room,
    x_axis_marks,
    y_caption,
)
from runreport.plots.spec import CurveFigure, CurveSeries, RunLine, Scale
from runreport.plots.text import SMALL, clean, fit, width_px

DIRECT_LABELS = 6
"""Up to this many groups are named at the ends of their lines; more, or longer names, get a legend."""

_DIRECT_LENGTH = 16
_PLOT_HEIGHT = 250.0
_STRIP_HEIGHT = 40.0
_LABEL_GAP, _TWO_LINE_GAP = 1.15 * LINE_PX, 2 * LINE_PX
_BAND_REACH = 0.75
_FEWER_RUNS = (4.0, 2.5)
_SECOND_ROUND = ((), (7.0, 2.0, 1.5, 2.0), (1.5, 1.5))


def curve_scene(figure: CurveFigure) -> Scene:
    """Return the scene: legend or direct labels, the panel, runs per step where they vary, notes."""
    names_at_ends = _has_direct_labels(figure)
    legend, top = ((), 0.0) if names_at_ends else legend_marks(_keys(figure.series))
    panel = _panel(figure, top + 1.8 * LINE_PX, _label_room(figure.series) if names_at_ends else 8.0)
    strip, bottom = _strip(figure.series, panel)
    axis_ticks = ruler_ticks(panel.x, 6, whole=_has_whole_steps(figure))
    lowest = Box(left=panel.box.left, top=panel.box.top, right=panel.box.right, bottom=bottom)
    notes, height = note_marks((*figure.footnotes(), *_limits(figure, panel)), bottom + 2.4 * LINE_PX)
    marks: list[Mark] = [*legend, y_caption(_said(figure), top), *grid_marks(panel), *_runs(figure.runs, panel)]
    marks += [mark for position, line in enumerate(figure.series) for mark in _series(line, position, panel)]
    marks += [*(_direct_labels(figure.series, panel) if names_at_ends else ()), *strip]
    return Scene(height=height, marks=(*marks, *x_axis_marks(figure.x, axis_ticks, lowest), *notes))


def nudged(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return the places moved as little as it takes for all to be ``gap`` apart and, if there is room, inside.

    Least squares under an order: places closer than the gap are pooled around their mean (pool adjacent violators,
    Ayer et al., 1955). The order is kept; equal places keep the order in which they are given.
    """
    order = sorted(range(len(places)), key=lambda index: (places[index], index))
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([places[index] - rank * gap])
        while len(pools) > 1 and fmean(pools[-2]) >= fmean(pools[-1]):
            last = pools.pop()
            pools[-1].extend(last)
    levels = [fmean(pool) for pool in pools for _ in pool]
    highest = max(low, high - (len(places) - 1) * gap)
    inside = [min(max(level, low), highest) + rank * gap for rank, level in enumerate(levels)]
    return [place for _, place in sorted(zip(order, inside, strict=True))]


def _panel(figure: CurveFigure, top: float, right_room: float) -> Panel:
    bottom = top + _PLOT_HEIGHT
    y_low, y_high = _value_extent(figure)
    y = Ruler(low=y_low, high=y_high, start=bottom, end=top, scale=figure.y.scale)
    box = Box(left=tick_room(ruler_ticks(y, 5)) + 8, top=top, right=WIDTH - right_room, bottom=bottom)
    x_low, x_high = extent(_steps(figure), figure.x.scale, margin=0.0)
    return Panel(box=box, x=Ruler(low=x_low, high=x_high, start=box.left, end=box.right, scale=figure.x.scale), y=y)


def _value_extent(figure: CurveFigure) -> tuple[float, float]:
    """Means and runs are always inside; the band only as far as it leaves them room."""
    core = [value for line in figure.series for value in line.mean]
    core += [value for run in figure.runs for value in run.values]
    low, high = extent(core, figure.y.scale)
    band = [value for line in figure.series for value in (*line.low, *line.high) if math.isfinite(value)]
    if not band or figure.y.scale is Scale.LOG:
        return low, high
    reach = min((high / 2 - low / 2) * 2 * _BAND_REACH, 1e307)
    band_low, band_high = extent(band, figure.y.scale)
    return min(low, max(low - reach, band_low)), max(high, min(high + reach, band_high))


def _limits(figure: CurveFigure, panel: Panel) -> Iterator[str]:
    ends = [value for line in figure.series for value in (*line.low, *line.high) if math.isfinite(value)]
    if any(value < panel.y.low or value > panel.y.high for value in ends):
        yield "Some intervals reach beyond the plot."
    hidden_steps = sum(step <= 0 for step in _steps(figure))
    if figure.x.scale is Scale.LOG and hidden_steps:
        yield f"Not on the logarithmic axis: {hidden_steps} points at steps of 0 or below."
    hidden = sum(value <= 0 for line in figure.series for value in line.mean)
    hidden += sum(value <= 0 for run in figure.runs for value in run.values)
    if figure.y.scale is Scale.LOG and hidden:
        yield f"Not on the logarithmic axis: {hidden} values of 0 or below."


def _steps(figure: CurveFigure) -> Iterator[float]:
    yield from (step for line in figure.series for step in line.steps)
    yield from (step for run in figure.runs for step in run.steps)


def _said(figure: CurveFigure) -> str:
    """The y axis' caption, with the number of runs where it is the same for all groups and more than one."""
    shared = _shared_size(figure.series)
    return figure.y.caption if shared in {None, 1} else f"{figure.y.caption}, mean of {shared} runs"


def _shared_size(series: tuple[CurveSeries, ...]) -> int | None:
    sizes = {line.size for line in series}
    return sizes.pop() if len(sizes) == 1 else None


def _has_whole_steps(figure: CurveFigure) -> bool:
    return all(float(step).is_integer() for step in _steps(figure))


def _runs(runs: tuple[RunLine, ...], panel: Panel) -> Iterator[Mark]:
    for run in runs:
        role = series_role(run.color_index, 0)
        x, y = panel.x.place(np.array(run.steps)), panel.y.place(np.array(run.values))
        yield Line(x=x, y=y, role=role, width=0.8, layer="faint")
        yield from lone_dots(x, y, role, 2.5)
        yield from not_finite(x, np.array(run.values), y, panel)


def _series(line: CurveSeries, position: int, panel: Panel) -> Iterator[Mark]:
    role = series_role(line.color_index, position)
    mean = np.array(line.mean)
    x, y = panel.x.place(np.array(line.steps)), panel.y.place(mean)
    yield from band_areas(x, np.array(line.low), np.array(line.high), role, panel)
    is_complete = np.array(line.n) >= line.size
    yield from _strokes(x, y, is_complete, role, _dash(position))
    yield from lone_dots(x, y, role, 5.0)
    yield from not_finite(x, mean, y, panel)


def _dash(position: int) -> tuple[float, ...]:
    return _SECOND_ROUND[(position // SERIES_COUNT) % len(_SECOND_ROUND)]


def _strokes(x: Floats, y: Floats, is_complete: np.ndarray, role: Role, dash: tuple[float, ...]) -> Iterator[Line]:
    """A stretch between two steps is solid only where both ends have all runs."""
    joined = np.isfinite(x + y)
    joined = joined[:-1] & joined[1:]
    solid = is_complete[:-1] & is_complete[1:]
    for wanted, pattern in ((joined & solid, dash), (joined & ~solid, _FEWER_RUNS)):
        for piece in pieces(wanted):
            ends = np.append(piece, piece[-1] + 1)
            yield Line(x=x[ends], y=y[ends], role=role, width=1.8, dash=pattern)


def _has_direct_labels(figure: CurveFigure) -> bool:
    return len(figure.series) <= DIRECT_LABELS and all(
        len(line.name) <= _DIRECT_LENGTH and _last_point(line) is not None for line in figure.series
    )


def _label_room(series: tuple[CurveSeries, ...]) -> float:
    return max((width_px(clean(line.name, _DIRECT_LENGTH)) for line in series), default=0.0) + 22


def _last_point(line: CurveSeries) -> int | None:
    shown = [index for index, value in enumerate(line.mean) if math.isfinite(value)]
    return shown[-1] if shown else None


def _direct_labels(series: tuple[CurveSeries, ...], panel: Panel) -> Iterator[Mark]:
    last = [(line, _last_point(line)) for line in series]
    ends = [(panel.x.at(line.steps[i]), panel.y.at(line.mean[i])) for line, i in last if i is not None]
    low, high = panel.box.top + 4, panel.box.bottom - LINE_PX
    wanted = [y if math.isfinite(y) else panel.box.bottom for _, y in ends]
    has_shared_size = _shared_size(series) is not None
    places = nudged(wanted, _LABEL_GAP if has_shared_size else _TWO_LINE_GAP, low, high)
    for position, (line, (x, _), y, place) in enumerate(zip(series, ends, wanted, places, strict=True)):
        role = series_role(line.color_index, position)
        right = panel.box.right
        yield Line(x=np.array([x, right, right + 8]), y=np.array([y, y, place]), role=role, width=0.7, layer="faint")
        yield key_marker(right + 8, place, role, position)
        yield Text(x=right + 16, y=place + 4, text=clean(line.name, _DIRECT_LENGTH))
        if not has_shared_size:
            below = place + 4 + LINE_PX * 0.85
            yield Text(x=right + 16, y=below, text=f"n = {line.size}", role=Role.MUTED, size=SMALL)


def _keys(series: tuple[CurveSeries, ...]) -> list[Key]:
    has_shared_size = _shared_size(series) is not None
    names = [fit(line.name, WIDTH * NAME_SHARE) for line in series]
    texts = [name if has_shared_size else f"{name} (n = {line.size})" for name, line in zip(names, series, strict=True)]
    roles = [series_role(line.color_index, position) for position, line in enumerate(series)]
    return [Key(text=text, role=roles[at], dash=_dash(at), position=at) for at, text in enumerate(texts)]


def _strip(series: tuple[CurveSeries, ...], panel: Panel) -> tuple[tuple[Mark, ...], float]:
    """Runs behind the mean at each step, below the panel; only where they vary."""
    if all(n == line.size for line in series for n in line.n):
        return (), panel.box.bottom
    top = panel.box.bottom + 1.6 * LINE_PX
    bottom = top + _STRIP_HEIGHT
    most = max(line.size for line in series)
    y = Ruler(low=0.0, high=float(most), start=bottom, end=top)
    marks: list[Mark] = [Text(x=panel.box.left, y=top - 6, text="runs per step", role=Role.MUTED, size=SMALL)]
    for value in (0, most):
        marks.append(segment((panel.box.left, y.at(value)), (panel.box.right, y.at(value)), Role.GRID))
        label_x = panel.box.left - 6
        marks.append(Text(x=label_x, y=y.at(value) + 4, text=str(value), role=Role.MUTED, anchor="right", size=SMALL))
    marks += [_staircase(line, position, panel.x, y) for position, line in enumerate(series)]
    return tuple(marks), bottom


def _staircase(line: CurveSeries, position: int, x: Ruler, y: Ruler) -> Line:
    """The count holds from each step to the next, so the line goes sideways first."""
    places, counts = x.place(np.array(line.steps)), y.place(np.array(line.n, dtype=np.float64))
    role = series_role(line.color_index, position)
    return Line(x=places.repeat(2)[1:], y=counts.repeat(2)[:-1], role=role, width=1.4, dash=_dash(position))
