"""Histograms of a history, kept with the run as a table of bins each.

Format: ``wandb.Histogram`` logs ``values`` (the count of each bin) with ``bins`` (its edges, one more), or with
``packedBins`` where all bins are equally wide: the least edge, the width and the number of bins.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from runreport.formats.documents import number
from runreport.model.kept import HISTOGRAM_HEADER, HISTOGRAM_TYPE
from runreport.readers.common.kept import KeptFiles
from runreport.readers.wandb.notes import Notes
from runreport.readers.wandb.points import Logged, standing
from runreport.readers.wandb.series import TYPE_KEY, display_names
from runreport.readers.wandb.wire import Path

MOST_METRICS = 50
MOST_STEPS = 50
MOST_BINS = 10_000
_KIND = "histogram"
_PACKED = "packedBins"
_FOLDER = "wandb/histograms"

Bin = tuple[float, float, float]


def take_histograms(kept: KeptFiles, logged: Logged, notes: Notes) -> None:
    """Keep the histograms of a history and take them out of its objects; those that do not decode stay there.

    Of each metric the first, the last and evenly spaced steps are kept, 50 at most, of the first 50 metrics.
    """
    found = _decoded(logged)
    names = display_names(found)
    total = kept_count = 0
    for place, (path, by_row) in enumerate(found.items()):
        for row in by_row:
            del logged.contents.objects[path, row]
        rows = standing(np.array(sorted(by_row), dtype=np.int64), logged).tolist()
        total += len(rows)
        chosen = _spread(rows) if place < MOST_METRICS else []
        lines = [line for row in chosen for line in _lines(int(logged.steps[row]), by_row[row])]
        content = "\n".join([HISTOGRAM_HEADER, *lines, ""]).encode("ascii")
        if chosen and kept.add(f"{_FOLDER}/{names[path]}.csv", content, HISTOGRAM_TYPE):
            kept_count += len(chosen)
    if kept_count < total:
        message = f"{total - kept_count} of {total} histograms were left out; the others are kept with the run."
        notes.info("histograms-left-out", message)


def _decoded(logged: Logged) -> dict[Path, dict[int, list[Bin]]]:
    found: dict[Path, dict[int, list[Bin]]] = defaultdict(dict)
    for (path, row), said in logged.contents.objects.items():
        bins = list(_bins(said)) if said.get(TYPE_KEY) == _KIND else []
        if bins:
            found[path][row] = bins
    return found


def _bins(said: Mapping[str, Any]) -> Iterator[Bin]:
    """Yield left edge, right edge and count of each bin of a histogram; nothing when it is none."""
    counts, edges = said.get("values"), said.get("bins")
    if not isinstance(counts, list) or not 0 < len(counts) <= MOST_BINS:
        return
    places = _numbers(edges) if isinstance(edges, list) else _even(said, len(counts))
    sizes = _numbers(counts)
    if len(places) == len(sizes) + 1 and sizes:
        yield from zip(places[:-1], places[1:], sizes, strict=True)


def _numbers(cells: Sequence[object]) -> list[float]:
    """Return the cells as finite numbers, none when one of them is not."""
    found = [value for cell in cells if (value := number(cell)) is not None and math.isfinite(value)]
    return found if len(found) == len(cells) else []


def _even(said: Mapping[str, Any], count: int) -> list[float]:
    least, width = (number(said.get(f"{_PACKED}.{key}")) for key in ("min", "size"))
    if least is None or width is None or number(said.get(f"{_PACKED}.count")) != count:
        return []
    edges = [least + width * place for place in range(count + 1)]
    return edges if all(map(math.isfinite, edges)) else []


def _spread(rows: Sequence[int]) -> list[int]:
    """Return the first, the last and evenly spaced ones, at most as many as are kept."""
    places = np.unique(np.rint(np.linspace(0, len(rows) - 1, min(len(rows), MOST_STEPS))).astype(np.int64))
    return [rows[place] for place in places.tolist()] if len(rows) else []


def _lines(step: int, bins: Sequence[Bin]) -> Iterator[str]:
    return (f"{step},{left:.9g},{right:.9g},{count:.15g}" for left, right, count in bins if count)
