"""Fewer points that look the same: minimum and maximum of every bin, never a stride, a sample or a mean."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLOT_BINS = 400
"""About as many bins as a plot is wide: more points would fall on the same pixels."""

_FINITE, _NAN, _PLUS_INF, _MINUS_INF = range(4)
_NOT_FINITE = (_NAN, _PLUS_INF, _MINUS_INF)


def decimate(x: Floats, y: Floats, *, bins: int, log_x: bool = False, states: Ints | None = None) -> Ints:
    """Return the ascending indices of the points to show.

    Kept are the first and the last point, minimum and maximum of each bin (hence of the whole), and in each bin both
    sides of the first and the last change between finite, NaN, +Inf and -Inf or between two ``states``, and one of each
    kind that is not finite. The result has at most ``16 * bins`` indices, about ``2 * bins`` when all is finite; up to ``2 * bins`` points are kept as they
    are. With ``log_x`` the bins are equally wide in log x and points at x <= 0 share one bin.

    Args:
        x: shape [p], finite and ascending (equal neighbours are allowed).
        y: shape [p].
        bins: number of bins, at least 1.
        log_x: whether x is shown on a logarithmic axis.
        states: shape [p]; the number of runs behind each point, for example.

    Raises:
        ValueError: shapes differ, x is not finite and ascending, or bins < 1.
    """
    _check(x, y, bins)
    if len(x) <= 2 * bins:
        return np.arange(len(x), dtype=np.int64)
    bin_of = _bins(x, bins, log_x=log_x)
    kinds = _kinds(y)
    ends = np.array([0, len(x) - 1], dtype=np.int64)
    changes = [_changes(codes, bin_of) for codes in (kinds, states) if codes is not None]
    others = [_first_and_last(at, bin_of[at]) for kind in _NOT_FINITE for at in (np.flatnonzero(kinds == kind),)]
    return np.unique(np.concatenate([ends, _extremes(y, bin_of, kinds), *changes, *others]))


def _check(x: Floats, y: Floats, bins: int) -> None:
    if x.shape != y.shape or x.ndim != 1:
        message = f"x and y must be columns of the same length, not {x.shape} and {y.shape}"
        raise ValueError(message)
    if bins < 1:
        message = f"bins must be at least 1, not {bins}"
        raise ValueError(message)
    if not np.isfinite(x).all() or (np.diff(x) < 0).any():
        message = "x must be finite and ascending"
        raise ValueError(message)


def _bins(x: Floats, bins: int, *, log_x: bool) -> Ints:
    position = np.log10(np.where(x > 0, x, np.nan)) if log_x else x
    known = position[np.isfinite(position)]
    if not len(known) or known[0] == known[-1]:
        return np.zeros(len(x), dtype=np.int64)
    # Halved before the difference: the span of the largest floats would overflow.
    share = (position / 2 - known[0] / 2) / (known[-1] / 2 - known[0] / 2)
    return np.where(np.isfinite(position), np.minimum(np.nan_to_num(share) * bins, bins - 1), -1).astype(np.int64)


def _kinds(y: Floats) -> Ints:
    kinds = np.full(len(y), _FINITE, dtype=np.int64)
    kinds[np.isnan(y)] = _NAN
    kinds[np.isposinf(y)] = _PLUS_INF
    kinds[np.isneginf(y)] = _MINUS_INF
    return kinds


def _extremes(y: Floats, bin_of: Ints, kinds: Ints) -> Ints:
    finite = np.flatnonzero(kinds == _FINITE)
    if not len(finite):
        return finite
    by_value = finite[np.lexsort((y[finite], bin_of[finite]))]
    return _first_and_last(by_value, bin_of[by_value])


def _changes(codes: Ints, bin_of: Ints) -> Ints:
    after = np.flatnonzero(np.diff(codes)) + 1
    if not len(after):
        return after
    chosen = _first_and_last(after, bin_of[after])
    return np.concatenate([chosen - 1, chosen])


def _first_and_last(indices: Ints, bin_of: Ints) -> Ints:
    edges = np.flatnonzero(np.diff(bin_of))
    return np.concatenate([indices[:1], indices[edges], indices[edges + 1], indices[-1:]])
