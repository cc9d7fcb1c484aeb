"""Scores of two systems on the same examples: the mean difference, its error by clusters, bootstrap and sign flips."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, fraction, one_of
from runreport.stats.types import Interval, Refusal, TestResult

SIGN_FLIP_EXACT = "sign-flip exact"
SIGN_FLIP = "sign-flip"
DEFAULT_RESAMPLES = 10_000

_LARGEST_EXACT = 20  # examples: 2^20 sums take 8 MB
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
class Bootstrap:
    """The mean of A minus B with its percentile interval; ``share_not_above_0`` of the resampled ones are 0 or less."""

    value: float
    interval: Interval
    share_not_above_0: float
    resamples: int


def paired_differences(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return a - b, float64 [n].

    Raises:
        ValueError: a value is not finite or the lengths differ.
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if left.size != right.size:
        message = f"{left.size} and {right.size} examples cannot be pairs"
        raise ValueError(message)
    return left - right


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
    differences = paired_differences(a, b)
    z = -float(ndtri((1 - fraction(level, "level")) / 2))
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
        interval=Interval(low=mean - z * error, high=mean + z * error, level=level),
        standard_error_iid=float(differences.std(ddof=1)) / float(np.sqrt(differences.size)),
    )


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, draws: NDArray[np.integer[Any]] | np.random.Generator, *, level: float = 0.95
) -> Bootstrap | Refusal:
    """Return mean(a - b), float64 [n] each, with the percentile interval of resampling the examples.

    ``draws`` is int [resamples, n], the examples of each resample, or a generator that draws 10 000. Meant for 20
    examples or more; over a handful of seeds it is too narrow. Reference: Efron & Tibshirani, "An introduction to the
    bootstrap" (1993), chapter 13.

    Raises:
        ValueError: a value is not finite, the lengths differ, or the level is not between 0 and 1.

    >>> paired_bootstrap([1, 1, 0], [0, 1, 0], np.array([[0, 1, 2], [1, 1, 2]])).share_not_above_0
    0.5
    """
    differences = paired_differences(a, b)
    tail = (1 - fraction(level, "level")) / 2
    if differences.size == 0:
        return Refusal(code="empty", words="There are no examples.")
    if isinstance(draws, np.random.Generator):
        means = _drawn_means(differences, draws)
    else:
        means = differences[np.asarray(draws)].mean(axis=1)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Bootstrap(
        value=float(differences.mean()),
        interval=Interval(low=float(low), high=float(high), level=level),
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


def sign_flip_test(
    differences: ArrayLike,
    *,
    alternative: str = "two-sided",
    rng: np.random.Generator | None = None,
    resamples: int = DEFAULT_RESAMPLES,
) -> TestResult | Refusal:
    """Return the sign-flip (approximate randomisation) test that differences, float64 [n], are symmetric about 0.

    Exact over all 2^n signs up to 20 differences that are not 0; beyond, over random signs, where the observed ones
    count as one draw, so p is never 0. The statistic is the mean difference. Reference: Fisher, "The design of
    experiments" (1935), section 21; Noreen, "Computer-intensive methods for testing hypotheses" (1989).

    Raises:
        ValueError: a value is not finite, the alternative is not one, or random signs are needed without ``rng``.

    >>> sign_flip_test([1.0, 2.0, 3.0]).p
    0.25
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    given = finite_sample(differences, "differences")
    moved = given[given != 0]
    if moved.size == 0:
        return Refusal(code="all-differences-zero", words="All paired differences are exactly zero.")
    exact = moved.size <= _LARGEST_EXACT
    if not exact and rng is None:
        message = f"{moved.size} differences need random signs, and so an rng"
        raise ValueError(message)
    sums = _all_sums(moved) if exact or rng is None else _random_sums(moved, rng, resamples)
    observed, slack = float(moved.sum()), _ROUNDING * float(np.abs(moved).sum())
    hits = {
        "two-sided": np.abs(sums) >= abs(observed) - slack,
        "less": sums <= observed + slack,
        "greater": sums >= observed - slack,
    }[alternative]
    p = float(hits.mean()) if exact else (int(hits.sum()) + 1) / (sums.size + 1)
    name = SIGN_FLIP_EXACT if exact else SIGN_FLIP
    return TestResult(test=name, statistic=observed / given.size, df=None, p=p)


def _all_sums(moved: Floats) -> Floats:
    sums = np.zeros(1)
    for difference in moved:
        sums = np.concatenate([sums + difference, sums - difference])
    return sums


def _random_sums(moved: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    sums = np.empty(resamples)
    rows = max(1, _BATCH // moved.size)
    for start in range(0, resamples, rows):
        part = sums[start : start + rows]
        flips = rng.integers(0, 2, size=(part.size, moved.size), dtype=np.int8)
        part[:] = (2 * flips - 1) @ moved
    return sums
