"""Performance profiles: the share of runs above each score, as a figure and its scene."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

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
    WIDTH,
    Box,
    Line,
    Mark,
    Role,
    Ruler,
    Scene,
    extent,
    note_marks,
    ruler_ticks,
    series_role,
    tick_room,
    x_axis_marks,
    y_caption,
)
from runreport.plots.spec import Axis, FigureTable, known, percent
from runreport.plots.text import fit

_HEIGHT = 250.0
_DASHES = ((), (8.0, 3.0), (2.0, 2.0), (8.0, 2.0, 2.0, 2.0), (4.0, 2.0))
"""Five patterns against eight markers and colours: no two of forty methods look alike."""

_MARKS_PER_LINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSeries:
    """The profile of one method; all tuples have the same length.

    Attributes:
        name: the method's name.
        scores: ascending and finite.
        share: share of the runs whose score is above each of ``scores``, 0 to 1; NaN where it is not known.
        low: lower end of the pointwise interval, NaN where there is none; empty for no band. ``high`` likewise.
        runs: runs behind the profile, over all tasks.

    Raises:
        ValueError: the lengths differ, the scores do not ascend, or a share is outside of 0 to 1.
    """

    name: str
    scores: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    runs: int
    color_index: int | None = None

    def __post_init__(self) -> None:
        lengths = {len(column) for column in (self.scores, self.share, *self._bounds())}
        if len(lengths) != 1:
            raise ValueError(f"the columns of profile {self.name!r} differ in length: {sorted(lengths)}")
        is_ascending = all(a < b for a, b in pairwise(self.scores)) and all(map(math.isfinite, self.scores))
        if not is_ascending:
            raise ValueError(f"the scores of profile {self.name!r} are not ascending and finite: {self.scores}")
        outside = [value for value in self.share if value < 0 or value > 1]
        if outside:
            raise ValueError(f"a share of runs is from 0 to 1, not {outside[0]}")

    def _bounds(self) -> tuple[tuple[float, ...], ...]:
        return (self.low, self.high) if self.low or self.high else ()

    @property
    def band(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper end of the interval at each score, NaN without one."""
        missing = (math.nan,) * len(self.scores)
        return (self.low, self.high) if self._bounds() else (missing, missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFigure:
    """For each method, the share of its runs that score above a value, over all values.

    The performance profile of Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice"
    (NeurIPS 2021), section 4.2; ``x`` is the normalised score. With ``is_stepped``, a share holds up to the next
    score, as it does where the scores are those of the runs; else points are joined by straight lines.
    """

    kind: ClassVar[str] = "profiles"

    title: str
    description: str
    x: Axis
    series: tuple[ProfileSeries, ...]
    is_stepped: bool = False
    level: float = 0.95
    notes: tuple[str, ...] = ()

    def table(self) -> FigureTable:
        """Return one row per method and score."""
        rows = (
            (line.name, score, known(share), known(low), known(high))
            for line in self.series
            for score, share, low, high in zip(line.scores, line.share, *line.band, strict=True)
        )
        columns = ("method", self.x.caption, "share of runs above it", "interval from", "interval to")
        return FigureTable(columns=columns, rows=tuple(rows))

    def footnotes(self) -> tuple[str, ...]:
        """Return how to read the lines, and what band and gaps mean."""
        notes = ["Height of a line: the share of the method's runs that score above the value below it."]
        if len(self.series) > 1:
            notes.append("A line above another all the way is the better method; where they cross, it depends.")
        if any(math.isfinite(low) for line in self.series for low in line.low):
            notes.append(f"Band: {percent(self.level)} pointwise interval.")
        if any(math.isnan(share) for line in self.series for share in line.share):
            notes.append("Gaps with a cross: the share is not known.")
        return (*notes, *self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Scores as places, shares and ends of the band, each of shape [p]."""

    x: Floats
    share: Floats
    low: Floats
    high: Floats


def profile_scene(figure: ProfileFigure) -> Scene:
    """Return the scene: a legend, all bands behind all lines, notes."""
    legend, top = legend_marks(_keys(figure))
    panel = _panel(figure, top + 1.8 * LINE_PX)
    columns = [_columns(line, panel.x, is_stepped=figure.is_stepped) for line in figure.series]
    marks: list[Mark] = [*legend, y_caption(_said(figure), top), *grid_marks(panel)]
    for position, (line, at) in enumerate(zip(figure.series, columns, strict=True)):
        marks += band_areas(at.x, at.low, at.high, series_role(line.color_index, position), panel)
    for position, (line, at) in enumerate(zip(figure.series, columns, strict=True)):
        role = series_role(line.color_index, position)
        marks += _line(at, role, position, panel)
        marks += _markers(at, role, position, len(figure.series), panel)
    marks += x_axis_marks(figure.x, ruler_ticks(panel.x, 6), panel.box)
    notes, height = note_marks((*figure.footnotes(), *_limits(figure, panel)), panel.box.bottom + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def _panel(figure: ProfileFigure, top: float) -> Panel:
    bottom = top + _HEIGHT
    y = Ruler(low=0.0, high=1.0, start=bottom, end=top)
    box = Box(left=tick_room(ruler_ticks(y, 5)) + 8, top=top, right=WIDTH - 12, bottom=bottom)
    low, high = extent((score for line in figure.series for score in line.scores), figure.x.scale, margin=0.0)
    return Panel(box=box, x=Ruler(low=low, high=high, start=box.left, end=box.right, scale=figure.x.scale), y=y)


def _limits(figure: ProfileFigure, panel: Panel) -> Iterator[str]:
    hidden = sum(math.isnan(panel.x.at(score)) for line in figure.series for score in line.scores)
    if hidden:
        yield f"Not on the logarithmic axis: {hidden} scores of 0 or below."


def _keys(figure: ProfileFigure) -> list[Key]:
    is_shared = _shared_runs(figure) is not None
    names = [fit(line.name, WIDTH * NAME_SHARE) for line in figure.series]
    return [
        Key(
            text=name if is_shared else f"{name} (n = {line.runs})",
            role=series_role(line.color_index, position),
            dash=_dash(position),
            position=position,
        )
        for position, (name, line) in enumerate(zip(names, figure.series, strict=True))
    ]


def _said(figure: ProfileFigure) -> str:
    shared = _shared_runs(figure)
    return "share of runs above the score" if shared is None else f"share of runs above the score, n = {shared}"


def _shared_runs(figure: ProfileFigure) -> int | None:
    counts = {line.runs for line in figure.series}
    return counts.pop() if len(counts) == 1 else None


def _dash(position: int) -> tuple[float, ...]:
    return _DASHES[position % len(_DASHES)]


def _columns(line: ProfileSeries, ruler: Ruler, *, is_stepped: bool) -> _Columns:
    x = ruler.place(np.array(line.scores, dtype=np.float64))
    share, low, high = (np.array(column, dtype=np.float64) for column in (line.share, *line.band))
    if not is_stepped:
        return _Columns(x=x, share=share, low=low, high=high)
    share, low, high = (column.repeat(2)[:-1] for column in (share, low, high))
    return _Columns(x=x.repeat(2)[1:], share=share, low=low, high=high)


def _line(at: _Columns, role: Role, position: int, panel: Panel) -> Iterator[Mark]:
    y = panel.y.place(at.share)
    for piece in pieces(np.isfinite(at.x + y)):
        yield Line(x=at.x[piece], y=y[piece], role=role, width=1.8, dash=_dash(position))
    yield from lone_dots(at.x, y, role, 5.0)
    yield from not_finite(at.x, at.share, y, panel)


def _markers(at: _Columns, role: Role, position: int, count: int, panel: Panel) -> Iterator[Mark]:
    """Along the line, at places of its own, so that markers of lines that lie together stand side by side."""
    if not len(at.x):
        return
    y = panel.y.place(at.share)
    shares = (np.arange(_MARKS_PER_LINE) + (position + 0.5) / count) / _MARKS_PER_LINE
    places = panel.box.left + shares * (panel.box.right - panel.box.left)
    heights = np.interp(places, at.x, y, left=np.nan, right=np.nan)
    for place, height in zip(places.tolist(), heights.tolist(), strict=True):
        if math.isfinite(height):
            yield key_marker(place, height, role, position)
