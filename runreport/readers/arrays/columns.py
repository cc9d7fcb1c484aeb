"""Arrays as points of a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.readers.common.series import RunPoints

STEPS = ("timesteps", "steps", "step", "epochs", "epoch", "iterations", "iteration", "frames")
"""Names of the array that holds the steps, the first that is there."""

SERIES, REPEATS = 1, 2  # dimensions: [steps] and [steps, repeats]
_MAX_POINTS = 5_000_000
_EXACT = 2**53


def add_columns(columns: Mapping[str, NDArray[Any]], points: RunPoints) -> list[str]:
    """Add the columns of numbers over the step column; return the names of those that do not fit.

    Raises:
        ReadError: there are too many points.
    """
    step = next((name for wanted in STEPS for name in columns if name.casefold() == wanted), None)
    size = len(columns[step]) if step else max(map(len, columns.values()), default=0)
    steps = np.arange(size)
    if step is not None and _are_whole(columns[step]):
        steps = columns[step].astype(np.int64)
    elif step is not None:
        step = None  # fractions are a metric, and rows are counted
    left = []
    for name, column in columns.items():
        if name == step:
            continue
        if column.dtype.kind not in "fiub" or column.ndim > REPEATS or len(column) != size:
            left.append(name)
        elif column.ndim == REPEATS:
            _add_repeats(name, steps, column, points)
        else:
            add_series(name, steps, column, points)
    return left


def _are_whole(column: NDArray[Any]) -> bool:
    if column.ndim != SERIES or column.dtype.kind not in "fiu":
        return False
    values = column.astype(np.float64)
    return bool(np.isfinite(values).all() and (np.abs(values) < 2.0**63).all() and (values % 1 == 0).all())


def add_series(metric: str, steps: NDArray[Any], values: NDArray[Any], points: RunPoints) -> None:
    """Add one curve: steps int [n], values of numbers [n].

    Raises:
        ReadError: it has too many points.
    """
    if len(points) + len(values) > _MAX_POINTS:
        raise ReadError("It holds more points than are read of such a file.")
    if values.dtype.kind in "iu":
        points.inexact += int(((values > _EXACT) | (values < -_EXACT)).sum())
    points.extend(metric, steps.tolist(), values.astype(np.float64).tolist())


def _add_repeats(metric: str, steps: NDArray[Any], values: NDArray[Any], points: RunPoints) -> None:
    """Add [steps, repeats] as the mean over the repeats, which are kept as samples."""
    if values.size > _MAX_POINTS or not values.shape[1]:
        raise ReadError("It holds more values than are read of such a file, or none.")
    numbers = values.astype(np.float64)
    add_series(metric, steps, numbers.mean(axis=1), points)
    for step, repeats in zip(steps.tolist(), numbers.tolist(), strict=True):
        for place, value in enumerate(repeats):
            points.add_sample(metric, step, str(place), value)
