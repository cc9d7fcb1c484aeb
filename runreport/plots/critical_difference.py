"""Average ranks of methods over tasks with the groups that are not told apart: the figure as values, and its scene."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runreport.plots.scene import (
    LINE_PX,
    MARKERS,
    WIDTH,
    Dots,
    Line,
    Mark,
    Role,
    Ruler,
    Scene,
    Text,
    note_marks,
    ruler_ticks,
    segment,
    series_role,
    y_caption,
)
from runreport.plots.spec import FigureTable, known
from runreport.plots.text import SMALL, fit, width_px

_MOST_NAME_PX = 165.0
_UNRANKED_SHARE = 0.8
_KEY_PX = 22.0
_RANK_PX = 44.0
_TICK_PX = 45.0
_ROW_PX = 1.45 * LINE_PX
_LEVEL_PX = 12.0
_BAR_PX = 4.0
_MEMBER_PX = 6.5
_OVERHANG_PX = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRank:
    """One method and its rank averaged over tasks, 1 for the best; not finite where it has none."""

    name: str
    rank: float
    color_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalDifferenceFigure:
    """Average ranks on one axis, the best at the left.

    The diagram of Demšar, "Statistical comparisons of classifiers over multiple data sets" (JMLR 7, 2006), section
    3.2.2; with cliques from pairwise tests instead of a critical difference, the form of Benavoli et al. (JMLR 17,
    2016).

    Attributes:
        methods: in any order.
        critical_difference: how far apart two average ranks must be to be told apart; None where the cliques come
            from pairwise tests.
        cliques: positions in ``methods`` of each group in which no two methods are told apart; a group of one says
            nothing and is not drawn.
        tasks: tasks behind the ranks.
        alpha: error rate of the tests.

    Raises:
        ValueError: a clique names no method, or the critical difference is not a positive number.
    """

    kind: ClassVar[str] = "critical-difference"

    title: str
    description: str
    methods: tuple[MethodRank, ...]
    critical_difference: float | None
    cliques: tuple[tuple[int, ...], ...]
    tasks: int
    alpha: float = 0.05
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        strangers = [at for clique in self.cliques for at in clique if not 0 <= at < len(self.methods)]
        if strangers:
            raise ValueError(f"a clique names method {strangers[0]} of {len(self.methods)}")
        if self.critical_difference is not None and not 0 < self.critical_difference < math.inf:
            raise ValueError(f"a critical difference is positive and finite, not {self.critical_difference}")

    def table(self) -> FigureTable:
        """Return one row per method, with those it is not told apart from."""
        columns = ("method", "average rank", "not told apart from")
        rows = ((method.name, known(method.rank), self._kin(at)) for at, method in enumerate(self.methods))
        return FigureTable(columns=columns, rows=tuple(rows))

    def footnotes(self) -> tuple[str, ...]:
        """Return what the axis and both kinds of bars mean."""
        return (*self._bar_notes(), *self.notes)

    def _bar_notes(self) -> Iterator[str]:
        yield f"Ranks are averaged over {self.tasks} tasks; 1 is the best." if self.tasks != 1 else "Ranks of 1 task."
        if any(len(set(clique)) > 1 for clique in self.cliques):
            yield f"Thick bars join methods that are not told apart at the level {self.alpha:g}; dots mark them."
        elif len(self.methods) > 1:
            yield f"No methods are joined by a bar: all are told apart at the level {self.alpha:g}."
        if self.critical_difference is not None:
            yield "Bar above the axis: the critical difference; methods further apart than this are told apart."
        if any(not math.isfinite(method.rank) for method in self.methods):
            yield "Cross: without an average rank."

    def _kin(self, position: int) -> str:
        together = {at for clique in self.cliques if position in clique for at in clique}
        return ", ".join(self.methods[at].name for at in sorted(together - {position}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    """A ranked method where it stands: its place on the axis, its side and its row, counted from the top."""

    method: MethodRank
    name: str
    position: int
    is_left: bool
    row: int

    @property
    def role(self) -> Role:
        return series_role(self.method.color_index, self.position)

    @property
    def marker(self) -> str:
        return MARKERS[self.position % len(MARKERS)]


def critical_difference_scene(figure: CriticalDifferenceFigure) -> Scene:
    """Return the scene: critical difference, axis, cliques, then names with leader lines; unranked methods below."""
    labels = _labels(figure)
    ruler = _axis(labels)
    difference = figure.critical_difference
    axis_y = LINE_PX * (2.8 if difference is None else 4.8)
    cliques, first_row = _cliques(figure, ruler, axis_y + _LEVEL_PX)
    marks: list[Mark] = [y_caption("average rank, the best at the left", 0.0)]
    if difference is not None:
        marks += _difference(difference, ruler, axis_y - 1.9 * LINE_PX)
    marks += _axis_marks(ruler, axis_y)
    marks += [mark for label in labels for mark in _leader(label, ruler, axis_y, first_row)]
    last_row = first_row + _ROW_PX * max((label.row for label in labels), default=-1)
    unranked, bottom = _unranked(figure.methods, last_row)
    notes, height = note_marks(figure.footnotes(), bottom + 0.7 * LINE_PX)
    return Scene(height=height, marks=(*marks, *cliques, *unranked, *notes))


def _labels(figure: CriticalDifferenceFigure) -> list[_Label]:
    """The better half at the left from the best down, the others at the right from the worst down: no lines cross."""
    ranked = [at for at, method in enumerate(figure.methods) if math.isfinite(method.rank)]
    order = sorted(ranked, key=lambda at: (figure.methods[at].rank, at))
    left = (len(order) + 1) // 2
    return [
        _Label(
            method=figure.methods[at],
            name=fit(figure.methods[at].name, _MOST_NAME_PX),
            position=at,
            is_left=index < left,
            row=index if index < left else len(order) - 1 - index,
        )
        for index, at in enumerate(order)
    ]


def _axis(labels: Sequence[_Label]) -> Ruler:
    ranks = [label.method.rank for label in labels]
    low, high = math.floor(min(ranks, default=1.0)), math.ceil(max(ranks, default=1.0))
    left, right = (_side_room(labels, is_left=is_left) for is_left in (True, False))
    return Ruler(
        low=float(min(1, low)),
        high=float(max(2, len(labels), high)),
        start=left + _RANK_PX,
        end=WIDTH - right - _RANK_PX,
    )


def _side_room(labels: Sequence[_Label], *, is_left: bool) -> float:
    return _KEY_PX + max((width_px(label.name) for label in labels if label.is_left is is_left), default=0.0)


def _axis_marks(ruler: Ruler, y: float) -> Iterator[Mark]:
    yield segment((ruler.start, y), (ruler.end, y), Role.INK)
    count = max(2, int((ruler.end - ruler.start) / _TICK_PX))
    round_ticks = ruler_ticks(ruler, count, whole=True)
    # Ticks at 5, 10, ... would leave the best rank unsaid.
    is_best_said = bool(round_ticks) and round_ticks[0][0] - ruler.start < _TICK_PX / 4
    for place, text in (*(() if is_best_said else ((ruler.start, f"{ruler.low:g}"),)), *round_ticks):
        yield segment((place, y - 5), (place, y), Role.INK)
        yield Text(x=place, y=y - 9, text=text, role=Role.MUTED, anchor="center", size=SMALL)


def _difference(difference: float, ruler: Ruler, y: float) -> Iterator[Mark]:
    """Starts at the best rank; an arrow where the axis is shorter than the difference."""
    is_beyond = difference > ruler.high - ruler.low
    end = ruler.end if is_beyond else ruler.at(ruler.low + difference)
    yield segment((ruler.start, y), (end, y), Role.INK, width=2.0)
    for place in (ruler.start, *(() if is_beyond else (end,))):
        yield segment((place, y - 4), (place, y + 4), Role.INK)
    if is_beyond:
        yield Dots(x=np.array([end]), y=np.array([y]), role=Role.INK, marker=">", size=8)
    words = f"critical difference {difference:.3g}"
    yield Text(x=min(ruler.start, WIDTH - width_px(words, SMALL)), y=y - 8, text=words, size=SMALL)


def _cliques(figure: CriticalDifferenceFigure, ruler: Ruler, top: float) -> tuple[list[Mark], float]:
    """Bars that do not meet share a level; returns them and where the rows of names begin."""
    ranks = [[figure.methods[at].rank for at in sorted(set(clique))] for clique in figure.cliques]
    places = [sorted(map(ruler.at, filter(math.isfinite, members))) for members in ranks]
    ends: list[float] = []
    marks: list[Mark] = []
    for members in sorted(members for members in places if len(members) > 1):
        start, end = members[0] - _OVERHANG_PX, members[-1] + _OVERHANG_PX
        level = next((at for at, taken in enumerate(ends) if taken + _OVERHANG_PX < start), len(ends))
        ends[level : level + 1] = [end]
        y = top + level * _LEVEL_PX
        marks.append(segment((start, y), (end, y), Role.INK, width=_BAR_PX))
        marks.append(Dots(x=np.array(members), y=np.full(len(members), y), role=Role.INK, size=_MEMBER_PX))
    return marks, top + len(ends) * _LEVEL_PX + LINE_PX


def _leader(label: _Label, ruler: Ruler, axis_y: float, first_row: float) -> Iterator[Mark]:
    """From the axis down to the method's row, then out to its name, with the rank above its outer end."""
    place, y = ruler.at(label.method.rank), first_row + label.row * _ROW_PX
    outwards = -1.0 if label.is_left else 1.0
    key = (ruler.start if label.is_left else ruler.end) + outwards * _RANK_PX
    x, down = np.array([place, place, key]), np.array([axis_y, y, y])
    yield Line(x=x, y=down, role=label.role, width=1.2)
    yield Dots(x=np.array([key]), y=np.array([y]), role=label.role, marker=label.marker, size=6.5)
    anchor, other = ("right", "left") if label.is_left else ("left", "right")
    yield Text(x=key + outwards * 8, y=y + 4, text=label.name, anchor=anchor)
    rank = f"{label.method.rank:.2f}"
    yield Text(x=key - outwards * 7, y=y - 3, text=rank, role=Role.MUTED, anchor=other, size=SMALL)


def _unranked(methods: Sequence[MethodRank], last_row: float) -> tuple[list[Mark], float]:
    names = [method.name for method in methods if not math.isfinite(method.rank)]
    marks: list[Mark] = []
    for row, name in enumerate(names, start=1):
        y = last_row + row * _ROW_PX
        marks.append(Dots(x=np.array([5.0]), y=np.array([y - 4]), role=Role.BAD, marker="x", size=7))
        marks.append(Text(x=16, y=y, text=f"{fit(name, WIDTH * _UNRANKED_SHARE)}: no rank"))
    return marks, last_row + len(names) * _ROW_PX
