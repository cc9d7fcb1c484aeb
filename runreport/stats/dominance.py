"""Almost stochastic order: by how much one distribution of scores fails to lie above another."""

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample, fraction
from runreport.stats.types import Refusal

UNDECIDED = 0.5  # for two equal distributions, where the ratio is 0 / 0


def violation_ratio(a: ArrayLike, b: ArrayLike, *, grid_step: float | None = None) -> float | Refusal:
    """Return by which share of their squared Wasserstein distance B lies above A, for float64 [n] and [m].

    0: every quantile of A is at least that of B (A is stochastically larger); 1: the other way round; 0.5 for equal
    distributions. Exact over the steps of both quantile functions. With ``grid_step`` the integral is a sum over the
    quantiles step, 2 step, ... below 1, and the violation at the first is left out, so that numbers can be compared
    with those of the deep-significance library. Reference: del Barrio, Cuesta-Albertos & Matran, "An optimal
    transportation approach for assessing almost stochastic order" (2018); Dror, Shlomov & Reichart, "Deep dominance",
    ACL 2019.

    Raises:
        ValueError: a value is not finite or the step is not between 0 and 1.

    >>> violation_ratio([3.0, 4.0], [2.0, 5.0])
    0.5
    """
    left, right = np.sort(finite_sample(a, "a")), np.sort(finite_sample(b, "b"))
    if min(left.size, right.size) == 0:
        return Refusal(code="empty", words="There are no runs on one side.")
    if grid_step is None:
        edges = np.union1d(np.arange(1, left.size + 1) / left.size, np.arange(1, right.size + 1) / right.size)
        widths = np.diff(edges, prepend=0.0)
        inside = edges - widths / 2  # a point within each step, away from its rounded ends
        return _ratio(_quantiles(right, inside) - _quantiles(left, inside), widths)
    quantiles = np.arange(fraction(grid_step, "grid_step"), 1, grid_step)
    above = _quantiles(right, quantiles) - _quantiles(left, quantiles)
    return _ratio(above, np.full(quantiles.size, grid_step), first=1)


def _quantiles(ordered: Floats, at: Floats) -> Floats:
    places = np.ceil(ordered.size * at).astype(np.int64) - 1
    return ordered[np.clip(places, 0, ordered.size - 1)]


def _ratio(above: Floats, widths: Floats, *, first: int = 0) -> float:
    """Return the integral of the squares where ``above`` is positive over that of all squares."""
    squares = np.square(above) * widths
    total = float(squares.sum())
    violated = float(squares[first:][above[first:] > 0].sum())
    return violated / total if total > 0 else UNDECIDED
