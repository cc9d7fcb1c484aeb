"""Scores of two systems on the same examples: the mean difference, its error by clusters, and its bootstrap."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats.arrays import Floats, fraction
from runreport.stats.intervals import normal_interval
from runreport.stats.pairs import paired_differences
from runreport.stats.resampling import percentile_interval
from runreport.stats.types import Interval, Refusal

DEFAULT_RESAMPLES = 10_000

_ROUNDING = 1e-12  # of the largest sum: two sums closer than this are equal
_BATCH = 1 << 20  # numbers held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """The mean of A minus B over examples, with its standard error and interval, in the unit of the scores.

    ``standard_error_iid`` treats every example as independent; None where that is what ``standard_error`` is.
    """

    value: float
    standard_error: float
    interval: Interval
    standard_error_iid: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedBootstrap:
    """The mean of A minus B with its percentile interval; ``share_not_above_0`` of the resampled ones are 0 or less."""

    value: float
    interval: Interval
    share_not_above_0: float
    resamples: int


def clustered_difference(
    a: ArrayLike, b: ArrayLike, clusters: Sequence[Hashable], *, level: float = 0.95
) -> PairedDifference | Refusal:
    """Return mean(a - b), float64 [n] each, with a standard error that lets examples of one cluster vary together.

    The interval is normal. Refused for fewer than 2 clusters. Reference: Liang & Zeger, "Longitudinal data analysis
    using generalized linear models", Biometrika 73 (1986); Miller, "Adding error bars to evals" (2024).

    Raises:
        ValueError: a value is not finite, the lengths differ, or the level is not between 0 and 1.

    >>> clustered_difference([1, 1, 0, 1], [0, 0, 0, 1], ["x", "x", "y", "y"]).standard_error
    0.35355...
    """
    fraction(level, "level")
    differences = paired_differences(a, b)
    if isinstance(differences, Refusal):
        return differences
    if len(clusters) != differences.size:
        message = f"{len(clusters)} clusters for {differences.size} examples"
        raise ValueError(message)
    codes: dict[Hashable, int] = {}
    places = np.array([codes.setdefault(cluster, len(codes)) for cluster in clusters], dtype=np.int64)
    if len(codes) < 2:  # noqa: PLR2004 - one cluster has no spread
        return Refusal(code="one-cluster", words="All examples belong to one cluster; the noise is unknown.")
    mean = float(differences.mean())
    sums = np.bincount(places, weights=differences - mean)
    error = float(np.sqrt(np.square(sums).sum())) / differences.size
    return PairedDifference(
        value=mean,
        standard_error=error,
        interval=normal_interval(mean, error, level=level),
        standard_error_iid=float(differences.std(ddof=1)) / float(np.sqrt(differences.size)),
    )


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, draws: NDArray[np.integer[Any]] | np.random.Generator, *, level: float = 0.95
) -> PairedBootstrap | Refusal:
    """Return mean(a - b), float64 [n] each, with the percentile interval of resampling the examples.

    ``draws`` is int [resamples, n], the examples of each resample, or a generator that draws 10 000. Meant for 20
    examples or more; over a handful of seeds it is too narrow. Reference: Efron & Tibshirani, "An introduction to the
    bootstrap" (1993), chapter 13.

    Raises:
        ValueError: a value is not finite, the lengths differ, or the level is not between 0 and 1.

    >>> paired_bootstrap([1, 1, 0], [0, 1, 0], np.array([[0, 1, 2], [1, 1, 2]])).share_not_above_0
    0.5
    """
    fraction(level, "level")
    differences = paired_differences(a, b)
    if isinstance(differences, Refusal):
        return differences
    if isinstance(draws, np.random.Generator):
        means = _drawn_means(differences, draws)
    else:
        means = differences[np.asarray(draws)].mean(axis=1)
    return PairedBootstrap(
        value=float(differences.mean()),
        interval=percentile_interval(means, level=level),
        share_not_above_0=float((means <= _ROUNDING * np.abs(differences).max()).mean()),
        resamples=means.size,
    )


def _drawn_means(differences: Floats, rng: np.random.Generator) -> Floats:
    n = differences.size
    means = np.empty(DEFAULT_RESAMPLES)
    rows = max(1, _BATCH // n)
    for start in range(0, DEFAULT_RESAMPLES, rows):
        part = means[start : start + rows]
        part[:] = differences[rng.integers(0, n, size=(part.size, n))].mean(axis=1)
    return means
