"""Where the pictures, histograms and texts of a folder's event files lie, and which of them are kept.

Their bytes are not held while the files are read: a log may hold gigabytes of them. What is chosen is read again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runreport.readers.tensorboard.series import standing
from runreport.readers.tensorboard.wirecolumns import Codes, Ints


class Medium(IntEnum):
    """What is kept beside the numbers; in the order in which it is kept when not all can be."""

    TEXT = 0
    HISTOGRAM = 1
    IMAGE = 2


MEDIUM_NAMES = {Medium.TEXT: "text", Medium.HISTOGRAM: "histograms", Medium.IMAGE: "images"}
"""What each is called in notices and paths, as the plugins of TensorBoard are."""

MEDIUM_OF_PLUGIN = {b"text": Medium.TEXT, b"histograms": Medium.HISTOGRAM, b"images": Medium.IMAGE}
MEDIUM_OF_FIELD = {4: Medium.IMAGE, 5: Medium.HISTOGRAM}
"""The media among the fields of a Summary.Value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of a medium is kept of one run: tags, values of one tag, values in all, and encoded bytes in all."""

    tags: int
    per_tag: int
    values: int
    size_bytes: int


BOUNDS = {
    Medium.TEXT: Bounds(tags=50, per_tag=10, values=200, size_bytes=2_000_000),
    Medium.HISTOGRAM: Bounds(tags=50, per_tag=50, values=2_500, size_bytes=3_000_000),
    Medium.IMAGE: Bounds(tags=100, per_tag=20, values=100, size_bytes=12_000_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One value: its tag code and step, and which bytes of which file of the folder it is."""

    tag: int
    step: int
    file: int
    start: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The values of a medium that are kept, by tag and in the order of the log, out of how many under how many tags."""

    places: tuple[Place, ...]
    values: int
    tags: int
    tags_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """The values of a medium in the order of the log, [v] each."""

    tag: Codes
    step: Ints
    file: NDArray[np.int32]
    start: Ints
    size: Ints


class MediaIndex:
    """Remembers where each value lies; ``file`` is the number of the file that is being read."""

    def __init__(self) -> None:
        self.file = 0
        self._parts: dict[Medium, list[_Columns]] = {medium: [] for medium in Medium}

    def add(self, medium: Medium, tag: Codes, step: Ints, start: Ints, size: Ints) -> None:
        """Add values in the order of the log, [v] each; ``start`` is the place in the file."""
        if len(tag):
            file = np.full(len(tag), self.file, dtype=np.int32)
            self._parts[medium].append(_Columns(tag=tag, step=step, file=file, start=start, size=size))

    def choose(self, medium: Medium) -> Choice:
        """Return the values to keep: of each tag the first, the last and evenly spaced ones, as many as fit.

        Values that a restart superseded are not among them (see :func:`runreport.readers.tensorboard.series.standing`).
        """
        columns = self._joined(medium)
        by_tag = list(_rows_by_tag(columns))
        bounds = BOUNDS[medium]
        chosen = _evenly(by_tag[: bounds.tags], columns.size, bounds)
        return Choice(
            places=tuple(_place(columns, row) for rows in chosen for row in rows.tolist()),
            values=sum(map(len, by_tag)),
            tags=len(by_tag),
            tags_kept=len(chosen),
        )

    def _joined(self, medium: Medium) -> _Columns:
        """Return all values of a medium by file and place: what is unusual was added after the rest of its block."""
        parts = self._parts[medium]
        file = np.concatenate([np.empty(0, dtype=np.int32), *(part.file for part in parts)])
        start = np.concatenate([np.empty(0, dtype=np.int64), *(part.start for part in parts)])
        order = np.lexsort((start, file))
        return _Columns(
            tag=np.concatenate([np.empty(0, dtype=np.int32), *(part.tag for part in parts)])[order],
            step=np.concatenate([np.empty(0, dtype=np.int64), *(part.step for part in parts)])[order],
            file=file[order],
            start=start[order],
            size=np.concatenate([np.empty(0, dtype=np.int64), *(part.size for part in parts)])[order],
        )


def _rows_by_tag(columns: _Columns) -> Iterator[Ints]:
    """Yield the rows of each tag that stand, in the order in which the tags appear."""
    order = np.argsort(columns.tag, kind="stable")
    bounds = np.cumsum(np.bincount(columns.tag)).tolist()
    for start, end in pairwise([0, *bounds]):
        if end > start:
            rows = order[start:end]
            yield rows[standing(columns.step[rows])]


def _evenly(by_tag: Sequence[Ints], size: Ints, bounds: Bounds) -> list[Ints]:
    """Return the same number of rows of each tag, the largest that keeps the bounds, but one at least."""
    if not by_tag:
        return []
    for share in range(min(bounds.per_tag, max(bounds.values // len(by_tag), 1)), 1, -1):
        chosen = [spread(rows, share) for rows in by_tag]
        if sum(int(size[rows].sum()) for rows in chosen) <= bounds.size_bytes:
            return chosen
    return [spread(rows, 1) for rows in by_tag]


def spread(rows: Ints, count: int) -> Ints:
    """Return ``count`` of the rows: the last, the first, and evenly spaced ones between them."""
    if len(rows) <= count:
        return rows
    if count == 1:
        return rows[-1:]
    return rows[np.rint(np.linspace(0, len(rows) - 1, count)).astype(np.int64)]


def _place(columns: _Columns, row: int) -> Place:
    return Place(
        tag=int(columns.tag[row]),
        step=int(columns.step[row]),
        file=int(columns.file[row]),
        start=int(columns.start[row]),
        size_bytes=int(columns.size[row]),
    )
