"""The best mean over steps: what many papers print, with the spread in both of its forms."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from runreport.compare.entities import Group, MetricDefinition
from runreport.frames.align import AlignedCurves
from runreport.names import Direction
from runreport.pages import cells, numbers
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Column, Row, Table, Tone

_ENOUGH_RUNS = 2


def peak_table(
    dossier: Dossier, curves: AlignedCurves, groups: Sequence[Group], definition: MetricDefinition
) -> Table | None:
    """Return for each group of runs the step at which its mean is best, with the mean and spread there.

    Only steps at which every run of the group has a finite value count; None without a direction, or where no group has
    two runs over several steps.
    """
    if definition.direction is Direction.UNKNOWN:
        return None
    heads = (
        Column(key="group", label="Group"),
        Column(key="step", label="Step", is_number=True),
        Column(key="n", label="n", detail="runs", is_number=True),
        Column(key="mean", label="Best mean", detail=definition.unit, is_number=True),
        Column(key="sd", label="sd", detail="n \N{MINUS SIGN} 1", is_number=True),
        Column(key="sd", label="sd", detail="n", is_number=True),
    )
    note = (
        "The step was picked after the fact as the one with the best mean, which flatters every group: for reading papers "
        "that print it, not for comparing. Some of them divide the variance by n, others by n \N{MINUS SIGN} 1."
    )
    rows = _rows(dossier, curves, groups, definition)
    return cells.table("peaks", "Best mean over steps", heads, rows, note=note)


def _rows(
    dossier: Dossier, curves: AlignedCurves, groups: Sequence[Group], definition: MetricDefinition
) -> Iterator[Row]:
    for group in groups:
        wanted = set(group.comparable_run_ids)
        rows = np.array([row for row, run_id in enumerate(curves.run_ids) if run_id in wanted], dtype=np.intp)
        if len(rows) < _ENOUGH_RUNS:
            continue
        whole = np.flatnonzero(np.isfinite(curves.values[rows]).all(axis=0))
        if len(whole) > 1:
            yield _row(dossier, group, curves.steps[whole], curves.values[np.ix_(rows, whole)], definition.direction)


def _row(
    dossier: Dossier, group: Group, steps: NDArray[np.int64], values: NDArray[np.float64], direction: Direction
) -> Row:
    """Return the row of one group from its steps [s] and values [runs, s]."""
    means = values.mean(axis=0)
    best = int(means.argmax() if direction is Direction.UP else means.argmin())
    mean, at_best = float(means[best]), values[:, best]
    spread, spread_of_all = float(at_best.std(ddof=1)), float(at_best.std())
    places = numbers.places_for_spread([spread], [mean])
    return Row(
        cells=(
            dossier.group_cell(group),
            cells.number_cell(float(steps[best]), 0),
            cells.count_cell(len(at_best)),
            cells.number_cell(mean, places),
            cells.number_cell(spread, places, tone=Tone.MUTED),
            cells.number_cell(spread_of_all, places, tone=Tone.MUTED),
        )
    )
