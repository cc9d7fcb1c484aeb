"""How likely each rank is for each method: the figure as values, and its scene."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import ClassVar

import numpy as np

from runreport.names import Direction
from runreport.plots.downsample import Floats
from runreport.plots.rows import not_finite, row_box, row_words, row_y, value_axis
from runreport.plots.scene import LINE_PX, SERIES, Area, Box, Line, Mark, Role, Ruler, Scene, Text, note_marks
from runreport.plots.spec import Axis, FigureTable, known
from runreport.plots.text import SMALL, width_px

_AXIS = Axis(label="probability")
_HALF_PX = 9.0
_GAP_PX = 0.75
_SUM_TOLERANCE = 1e-6
_SECOND, _LAST = 0.58, 0.08
"""Shades of rank 2 and of the last rank; rank 1 is painted in full. Between 0.6 and 1, no text would stand out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One method: the probability of rank 1, 2, ...; empty where nothing is known, NaN is shown as such.

    Raises:
        ValueError: a probability is negative, or they do not add up to 1.
    """

    name: str
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if any(value < 0 for value in self.probabilities):
            raise ValueError(f"a probability of row {self.name!r} is negative: {min(self.probabilities)}")
        total = math.fsum(self.probabilities)
        if self.probabilities and not math.isnan(total) and abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"the probabilities of row {self.name!r} add up to {total:.9g}, not to 1")

    @property
    def expected(self) -> float | None:
        """The expected rank; None where it is not known."""
        total = math.fsum(rank * value for rank, value in enumerate(self.probabilities, start=1))
        return known(total) if self.probabilities else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankFigure:
    """For each method, a bar split by the probability of each rank, with the expected rank beside its name.

    Raises:
        ValueError: the rows differ in their number of ranks.
    """

    kind: ClassVar[str] = "ranks"

    title: str
    description: str
    rows: tuple[RankRow, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = {len(row.probabilities) for row in self.rows} - {0}
        if len(counts) > 1:
            raise ValueError(f"rows have different numbers of ranks: {sorted(counts)}")

    @property
    def ranks(self) -> int:
        """How many ranks there are; 0 where nothing is known."""
        return max((len(row.probabilities) for row in self.rows), default=0)

    def table(self) -> FigureTable:
        """Return one row per method with the probability of each rank."""
        columns = ("method", "expected rank", *(f"rank {rank}" for rank in range(1, self.ranks + 1)))
        unknown = (None,) * self.ranks
        rows = (
            (row.name, row.expected, *(map(known, row.probabilities) if row.probabilities else unknown))
            for row in self.rows
        )
        return FigureTable(columns=columns, rows=tuple(rows))

    def footnotes(self) -> tuple[str, ...]:
        """Return how to read the bars."""
        notes = []
        if self.ranks:
            notes.append(
                "Each part of a bar is as long as its rank is likely, rank 1 at the left and the last at the right."
            )
            notes.append("The stronger the shade, the better the rank; rank 1 is the best.")
        if any(row.probabilities and row.expected is None for row in self.rows):
            notes.append("Cross: a probability is not a number.")
        return (*notes, *self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The part of one row's bar that stands for a rank, in places."""

    rank: int
    left: float
    right: float
    y: float

    def outline(self) -> tuple[Floats, Floats]:
        """The four corners."""
        x = np.array([self.left, self.right, self.right, self.left])
        return x, self.y + np.array([-_HALF_PX, -_HALF_PX, _HALF_PX, _HALF_PX])


def rank_scene(figure: RankFigure) -> Scene:
    """Return the scene: a bar per method over an axis from 0 to 1."""
    box = row_box(len(figure.rows))
    ruler = Ruler(low=0.0, high=1.0, start=box.left, end=box.right)
    marks: list[Mark] = [*value_axis(_AXIS, ruler, box, Direction.UNKNOWN)]
    marks += [mark for position, row in enumerate(figure.rows) for mark in _row(row, position, box)]
    found = (part for position, row in enumerate(figure.rows) for part in _parts(row, position, ruler))
    # By rank and not by row: neighbours that are painted alike are written once.
    parts = sorted(found, key=lambda part: part.rank)
    marks += [*_fills(parts, figure.ranks), *_outlines(parts), *_numbers(parts)]
    notes, height = note_marks(figure.footnotes(), box.bottom + 2.4 * LINE_PX)
    return Scene(height=height, marks=(*marks, *notes))


def shade(rank: int, ranks: int) -> float:
    """Return how strongly a rank is painted, 0 to 1: the best in full, then a step down, then evenly fainter.

    >>> shade(1, 3), shade(2, 3), round(shade(3, 3), 2)
    (1.0, 0.58, 0.08)
    """
    if rank == 1:
        return 1.0
    return _SECOND - (_SECOND - _LAST) * (rank - 2) / max(1, ranks - 2)


def _row(row: RankRow, position: int, box: Box) -> Iterator[Mark]:
    yield from row_words(position, row.name, _remark(row), Role.MUTED)
    if row.probabilities and row.expected is None:
        yield not_finite(math.nan, box, row_y(position))


def _remark(row: RankRow) -> str:
    if row.expected is not None:
        return f"expected rank {row.expected:.2f}"
    return "not a number" if row.probabilities else "no ranks"


def _parts(row: RankRow, position: int, ruler: Ruler) -> Iterator[_Part]:
    """Parts are set apart where they are wide enough for it."""
    if row.expected is None:
        return
    ends = ruler.place(np.minimum(list(accumulate(row.probabilities, initial=0.0)), 1.0)).tolist()
    for rank, (start, end) in enumerate(pairwise(ends), start=1):
        if end > start:
            gap = min(_GAP_PX, (end - start) / 4)
            yield _Part(rank=rank, left=start + gap, right=end - gap, y=row_y(position))


def _fills(parts: Sequence[_Part], ranks: int) -> Iterator[Area]:
    for part in parts:
        x, y = part.outline()
        yield Area(x=x, y=y, role=SERIES[0], opacity=shade(part.rank, ranks))


def _outlines(parts: Sequence[_Part]) -> Iterator[Line]:
    """Every part keeps its outline however faint its shade; all are one line with gaps."""
    if not parts:
        return
    corners = [np.array(part.outline()) for part in parts]
    breaks = np.full((2, 1), np.nan)
    x, y = np.hstack([np.hstack([corner, corner[:, :1], breaks]) for corner in corners])
    yield Line(x=x, y=y, role=SERIES[0], width=0.8)


def _numbers(parts: Sequence[_Part]) -> Iterator[Text]:
    for part in parts:
        text = str(part.rank)
        if width_px(text, SMALL) + 4 <= part.right - part.left:
            role = Role.PAPER if part.rank == 1 else Role.INK
            yield Text(x=(part.left + part.right) / 2, y=part.y + 4, text=text, role=role, anchor="center", size=SMALL)
