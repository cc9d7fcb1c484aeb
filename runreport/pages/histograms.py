"""Histograms over steps: read from their tables, summed up by quantiles."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.model.kept import HISTOGRAM_HEADER
from runreport.pages import cells, numbers
from runreport.pages.parts import Cell, Column, FigureBlock, Table
from runreport.plots.spec import Axis, CurveFigure, CurveSeries, RunLine

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LABELS = ("5 %", "25 %", "median", "75 %", "95 %")

_MOST_FIGURES = 4
_MOST_ROWS = 12
_COLUMNS = 4
_MEDIAN = 2
_LEAST_STEPS = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramSeries:
    """Quantiles of one histogram over s steps, ascending: ``steps`` and ``counts`` [s], ``quantiles`` [s, 5]."""

    steps: Floats
    counts: Floats
    quantiles: Floats


def read_histogram(content: bytes) -> HistogramSeries | None:
    """Return the histograms of a table (see :mod:`runreport.model.kept`), None when it is no such table."""
    head, _, body = content.partition(b"\n")
    if head.decode("ascii", "replace").strip() != HISTOGRAM_HEADER:
        return None
    try:
        cells_read = np.array(body.replace(b"\n", b",").rstrip(b",").split(b","), dtype=np.float64)
        rows = cells_read.reshape(-1, _COLUMNS)
    except ValueError:
        return None
    rows = rows[np.isfinite(rows).all(axis=1) & (rows[:, 3] > 0)]
    if not len(rows):
        return None
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    steps, starts = np.unique(rows[:, 0], return_index=True)
    parts = np.split(rows, starts[1:])
    return HistogramSeries(
        steps=steps,
        counts=np.array([part[:, 3].sum() for part in parts]),
        quantiles=np.array([_quantiles(part) for part in parts]),
    )


def histogram_figures(found: Mapping[str, HistogramSeries]) -> tuple[FigureBlock, ...]:
    """Return the quantiles over steps of the first few histograms that were logged more than once."""
    several = [(name, series) for name, series in found.items() if len(series.steps) >= _LEAST_STEPS]
    return tuple(
        _figure(name, series, number) for number, (name, series) in enumerate(several[:_MOST_FIGURES], start=1)
    )


def distributions(found: Mapping[str, HistogramSeries]) -> Table | None:
    """Return every histogram at its last step."""
    heads = (
        Column(key="histogram", label="Histogram"),
        Column(key="steps", label="Steps", detail="from – to", is_number=True),
        Column(key="count", label="Values", is_number=True),
        *(Column(key="quantile", label=label.capitalize(), is_number=True) for label in LABELS),
    )
    rows = ((cells.text_cell(cells.name(name)), *_last(series)) for name, series in found.items())
    note = "Quantiles at the last step, interpolated within the bins that were logged."
    return cells.table("distributions", "Histograms at their last step", heads, rows, note=note)


def _last(series: HistogramSeries) -> tuple[Cell, ...]:
    first, last = (numbers.number(float(step), 0) for step in (series.steps[0], series.steps[-1]))
    steps = first if first == last else f"{first} – {last}"
    return (
        Cell(text=steps, sort=float(series.steps[-1])),
        cells.number_cell(float(series.counts[-1]), 0),
        *cells.number_cells(series.quantiles[-1].tolist()),
    )


def _quantiles(bins: Floats) -> Floats:
    """Return the quantiles of the bins of one step, [bins, 4], as if values were spread evenly within a bin."""
    below = np.concatenate([[0.0], np.cumsum(bins[:, 3])])
    wanted = np.array(QUANTILES) * below[-1]
    at = np.clip(np.searchsorted(below, wanted, side="right") - 1, 0, len(bins) - 1)
    share = np.clip((wanted - below[at]) / bins[at, 3], 0.0, 1.0)
    found: Floats = bins[at, 1] + share * (bins[at, 2] - bins[at, 1])
    return found


def _figure(name: str, series: HistogramSeries, number: int) -> FigureBlock:
    title = cells.name(name)
    missing = np.full(len(series.steps), np.nan)
    median = CurveSeries.from_columns(
        name="median",
        steps=series.steps,
        mean=series.quantiles[:, _MEDIAN],
        low=missing,
        high=missing,
        n=[1] * len(series.steps),
        size=1,
        color_index=0,
    )
    others = [place for place in range(len(QUANTILES)) if place != _MEDIAN]
    figure = CurveFigure(
        title=f"{title} over steps",
        description=f"Quantiles of the values in the histogram {title}.",
        x=Axis(label="step"),
        y=Axis(label=title),
        series=(median,),
        runs=tuple(
            RunLine.from_columns(name=LABELS[place], steps=series.steps, values=series.quantiles[:, place])
            for place in others
        ),
        notes=("Strong: median; faint: 5, 25, 75 and 95 % of the values.",),
    )
    figure_id = f"histogram-{number}"
    return FigureBlock(figure_id=figure_id, figure=figure, caption="", data=_data(figure_id, title, series))


def _data(figure_id: str, title: str, series: HistogramSeries) -> Table:
    count = len(series.steps)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_ROWS)).round().astype(int))
    heads = (
        Column(key="step", label="step", is_number=True),
        *(Column(key="quantile", label=label, is_number=True) for label in LABELS),
    )
    steps = cells.number_cells(series.steps[chosen].tolist())
    columns = [cells.number_cells(series.quantiles[chosen, place].tolist()) for place in range(len(QUANTILES))]
    table = cells.table(
        f"{figure_id}-data", f"The numbers behind “{title} over steps”", heads, zip(steps, *columns, strict=True)
    )
    if table is None:
        raise ValueError("a histogram without steps")
    return table
