"""Means of groups over steps, with pointwise intervals and the number of runs behind them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from runreport.frames.align import AlignedCurves
from runreport.frames.values import Floats, Ints

_ENOUGH_FOR_SPREAD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Columns over the steps at which at least one run has a value; intervals are NaN where n < 2."""

    steps: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Ints


def band(curves: AlignedCurves, rows: NDArray[np.intp], *, level: float) -> Band:
    """Return the mean of some runs at each step with its pointwise Student interval.

    A run counts at a step where it has a finite value, logged or between two it logged; ``n`` is the number of them.
    """
    shown = np.flatnonzero(curves.is_logged[rows].any(axis=0))
    values = curves.values[np.ix_(rows, shown)]
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    mean = np.where(n > 0, np.where(finite, values, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)
    half = _half_width(np.where(finite, values - mean, 0.0), n, level)
    return Band(
        steps=np.asarray(curves.steps, dtype=np.float64)[shown],
        mean=mean,
        low=mean - half,
        high=mean + half,
        n=n.astype(np.int64),
    )


def _half_width(deviations: Floats, n: NDArray[np.intp], level: float) -> Floats:
    degrees = np.maximum(n - 1, 1)
    error = np.sqrt((deviations**2).sum(axis=0) / degrees / np.maximum(n, 1))
    half = stdtrit(degrees, (1 + level) / 2) * error
    return np.where((n >= _ENOUGH_FOR_SPREAD) & (error > 0), half, np.nan)
