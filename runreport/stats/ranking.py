"""Ranks with ties shared."""

import numpy as np

from runreport.stats.arrays import Floats


def midranks(values: Floats) -> Floats:
    """Return ranks from 1 for the smallest along the last axis of float64 [..., n]; equal values share the mean rank.

    >>> midranks(np.array([0.3, 0.1, 0.3]))
    array([2.5, 1. , 2.5])
    """
    if values.ndim > 1:
        return np.array([midranks(row) for row in values], dtype=np.float64).reshape(values.shape)
    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middles[positions], dtype=np.float64)


def tie_sum(values: Floats) -> float:
    """Return the sum of t^3 - t over the sizes t of the groups of equal values of float64 [n].

    >>> tie_sum(np.array([1.0, 2.0, 2.0, 3.0]))
    6.0
    """
    sizes = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((sizes**3 - sizes).sum())
