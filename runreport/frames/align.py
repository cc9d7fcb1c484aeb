"""Curves of several runs on one grid of steps; gaps stay gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runreport.frames.values import Curve, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedCurves:
    """Curves of r runs on s common steps.

    Attributes:
        run_ids: the runs, in the order of the rows.
        steps: the grid, int64 [s], ascending: every step that any run logged.
        values: float64 [r, s]; NaN outside of a run's own range, beside a logged NaN, and where NaN was logged.
        is_logged: bool [r, s]; True where the run logged that step, so that a logged NaN is told from a gap.
    """

    run_ids: tuple[str, ...]
    steps: Ints
    values: Floats
    is_logged: NDArray[np.bool_]


def align(curves: Sequence[Curve]) -> AlignedCurves:
    """Return the curves on the union of their steps.

    A logged value is kept exactly; of several at one step the last logged counts. Between two logged steps of a run
    the missing steps of the grid are interpolated linearly between those two values; before its first and after its
    last step a run has NaN, so a run that ended early does not go on. Where all runs logged the same steps nothing
    is interpolated.
    """
    own = [_without_repeats(curve) for curve in curves]
    steps = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(grid for grid, _ in own)]))
    values = np.full((len(own), len(steps)), np.nan)
    is_logged = np.zeros((len(own), len(steps)), dtype=bool)
    for row, (grid, logged) in enumerate(own):
        if len(grid):
            columns = np.searchsorted(steps, grid)
            values[row] = _between(steps, grid, logged)
            values[row, columns] = logged
            is_logged[row, columns] = True
    return AlignedCurves(
        run_ids=tuple(curve.run_id for curve in curves), steps=steps, values=values, is_logged=is_logged
    )


def _without_repeats(curve: Curve) -> tuple[Ints, Floats]:
    is_last = np.append(curve.steps[1:] != curve.steps[:-1], np.ones(min(len(curve.steps), 1), dtype=bool))
    return curve.steps[is_last], curve.values[is_last]


def _between(steps: Ints, grid: Ints, logged: Floats) -> Floats:
    """Interpolate inside the range of ``grid`` from its first step on, so that large steps keep their precision."""
    with np.errstate(invalid="ignore", over="ignore"):
        between = np.interp(steps - grid[0], grid - grid[0], logged, left=np.nan, right=np.nan)
    return np.asarray(between, dtype=np.float64)
