"""Permutation tests: p is the share of all ways to split or sign the runs that are as extreme as what was seen."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.stats.arrays import ALTERNATIVES, Floats, finite_sample, is_constant, one_of
from runreport.stats.intervals import NO_SPREAD, OUT_OF_RANGE
from runreport.stats.pairs import ALL_ZERO, NO_PAIRS
from runreport.stats.tests import two_or_one_sided
from runreport.stats.types import Refusal, TestResult

SIGN_FLIP = "sign flip"
DRAWS = 10_000
MAXIMUM_SPLITS = 200_000  # 10 v 10 are 184,756
MAXIMUM_PAIRS = 25  # the sums of each half are then at most 8,192
_BATCH = 20_000
_T_TOLERANCE = 1e-9  # relative: closer values of t are equal
_LARGEST_T = 1e300
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permutation:
    """A permutation test of two groups, over all splits or (not ``is_exact``) random ones.

    ``p_2min`` is twice the smaller one-sided p, ``p_abs`` counts the splits whose difference is as large in either
    direction; they differ only if the groups do in size. ``p_2min_studentised`` is that of Welch's t, None where a
    side has one run. ``minimum_p`` is the smallest two-sided p there could have been.
    """

    difference: float
    p_less: float
    p_greater: float
    p_2min: float
    p_abs: float
    p_2min_studentised: float | None
    splits: int
    minimum_p: float
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlip:
    """A sign-flip test of paired differences over all signs or (not ``is_exact``) random ones; the statistic is their mean."""

    test: TestResult
    flips: int
    minimum_p: float
    is_exact: bool


def permutation_test(
    a: ArrayLike, b: ArrayLike, *, rng: np.random.Generator | None = None, draws: int = DRAWS
) -> Permutation | Refusal:
    """Return the permutation test of mean(a) = mean(b), float64 [n] and [m], exact for up to 200,000 splits.

    Beyond, ``draws`` random splits of ``rng`` are taken and the observed one is counted with them. Refused where all
    values are equal. Reference: Fisher, "The design of experiments" (1935); Phipson & Smyth, "Permutation p-values
    should never be zero", SAGMB 9 (2010); Janssen, "Studentized permutation tests", Stat. Probab. Lett. 36 (1997).

    Raises:
        ValueError: a value is not finite, or there are too many splits and no ``rng``.

    >>> permutation_test([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]).p_2min
    0.1
    """
    left, right = finite_sample(a, "a"), finite_sample(b, "b")
    if min(left.size, right.size) == 0:
        return Refusal(code="empty", words="There are no runs on one side.")
    values = np.concatenate([left, right])
    if is_constant(values):
        return NO_SPREAD
    with np.errstate(over="ignore", invalid="ignore"):
        difference = float(left.mean() - right.mean())
    if not math.isfinite(difference):
        return OUT_OF_RANGE
    return _permuted(difference, values / np.abs(values).max(), left.size, rng, draws)


def _permuted(difference: float, values: Floats, n: int, rng: np.random.Generator | None, draws: int) -> Permutation:
    """Return the test of the first n values against the others; they are scaled to at most 1."""
    splits = math.comb(values.size, n)
    is_exact = splits <= MAXIMUM_SPLITS
    batches = _all_splits(values.size, n) if is_exact else _random_splits(values.size, n, draws, rng)
    counts = sum((_count_extreme(values, n, batch) for batch in batches), np.zeros(5, dtype=np.int64))
    taken = splits if is_exact else draws + 1
    less, greater, both, t_less, t_greater = ((counts if is_exact else counts + 1) / taken).tolist()
    return Permutation(
        difference=difference,
        p_less=less,
        p_greater=greater,
        p_2min=min(1.0, 2 * min(less, greater)),
        p_abs=both,
        p_2min_studentised=min(1.0, 2 * min(t_less, t_greater)) if 1 < n < values.size - 1 else None,
        splits=taken,
        minimum_p=min(1.0, 2 / taken),
        is_exact=is_exact,
    )


def _all_splits(total: int, n: int) -> Iterator[NDArray[np.int64]]:
    """Yield which values go to A, int64 [at most 20,000, n], over all splits."""
    chosen = combinations(range(total), n)
    left = math.comb(total, n)
    while left:
        rows = min(left, _BATCH)
        flat = np.fromiter((index for _ in range(rows) for index in next(chosen)), dtype=np.int64, count=rows * n)
        yield flat.reshape(rows, n)
        left -= rows


def _random_splits(total: int, n: int, draws: int, rng: np.random.Generator | None) -> Iterator[NDArray[np.int64]]:
    generator = _required(rng, f"{math.comb(total, n):.3g} splits")
    rows = max(1, _BATCH * 20 // total)
    for start in range(0, draws, rows):
        keys = generator.random((min(rows, draws - start), total))
        yield np.argpartition(keys, n - 1, axis=1)[:, :n]


def _required(rng: np.random.Generator | None, what: str) -> np.random.Generator:
    if rng is None:
        message = f"{what} are too many to go through; a random generator (rng) is needed"
        raise ValueError(message)
    return rng


def _count_extreme(values: Floats, n: int, split: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many splits are as low, as high, as far off, and as low and high in Welch's t; the values are scaled.

    Values are equal up to the noise of their last binary digit, which decides whether a split counts as equally far.
    """
    is_a = np.zeros((split.shape[0], values.size))
    np.put_along_axis(is_a, split, 1.0, axis=1)
    centred = values - values.mean()
    observed = np.zeros(values.size)
    observed[:n] = 1.0
    sums = np.append(is_a @ centred, observed @ centred)
    noise = 4 * values.size * _EPS
    seen = sums[-1]
    distances = np.abs(sums)  # the difference of means is the sum of A, centred, times a constant
    counts = [sums[:-1] <= seen + noise, sums[:-1] >= seen - noise, distances[:-1] >= distances[-1] - noise]
    m = values.size - n
    if min(n, m) > 1:
        t = _welch_statistics(sums, np.append(is_a @ centred**2, observed @ centred**2), centred, n)
        slack = _T_TOLERANCE * abs(float(t[-1]))
        counts += [t[:-1] <= t[-1] + slack, t[:-1] >= t[-1] - slack]
    else:
        counts += [np.ones(0, dtype=bool)] * 2
    return np.array([int(one.sum()) for one in counts], dtype=np.int64)


def _welch_statistics(sums: Floats, squares: Floats, centred: Floats, n: int) -> Floats:
    """Return Welch's t of every split from the sum and the sum of squares of A; very large where no side has noise."""
    m = centred.size - n
    other_sums, other_squares = centred.sum() - sums, (centred**2).sum() - squares
    error = (squares - sums**2 / n) / n / (n - 1) + (other_squares - other_sums**2 / m) / m / (m - 1)
    difference = sums / n - other_sums / m
    noise = 4 * centred.size * _EPS
    with np.errstate(divide="ignore", invalid="ignore"):
        t = difference / np.sqrt(np.where(error > noise**2, error, 0.0))
    return np.where(np.abs(difference) <= noise, 0.0, np.clip(t, -_LARGEST_T, _LARGEST_T))


def sign_flip_test(
    differences: ArrayLike,
    *,
    alternative: str = "two-sided",
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> SignFlip | Refusal:
    """Return the sign-flip test that paired differences, float64 [n], are symmetric around 0.

    It is also known as approximate randomisation. Exact over all 2^n signs for up to 25 differences that are not 0;
    beyond, ``draws`` random signs of ``rng`` are taken and the observed ones are counted with them. Refused where all
    differences are 0. Reference: Fisher, "The design of experiments" (1935), section 21; Noreen, "Computer-intensive
    methods for testing hypotheses" (1989); Phipson & Smyth (2010).

    Raises:
        ValueError: a value is not finite, the alternative is not one, or there are too many pairs and no ``rng``.

    >>> sign_flip_test([0.3, 0.5, -0.1, 0.4, 0.2, 0.6]).test.p
    0.0625
    """
    one_of(alternative, ALTERNATIVES, "alternative")
    array = finite_sample(differences, "differences")
    if not array.any():
        return ALL_ZERO if array.size else NO_PAIRS
    with np.errstate(over="ignore"):
        mean = float(array.mean())
    if not math.isfinite(mean):
        return OUT_OF_RANGE
    moved = array[array != 0] / np.abs(array).max()  # the sign of a zero changes nothing
    is_exact = moved.size <= MAXIMUM_PAIRS
    low, high = _count_signs(moved) if is_exact else _count_random_signs(moved, draws, rng)
    flips = 2**moved.size if is_exact else draws + 1
    smallest = (2 if alternative == "two-sided" else 1) / flips
    p = two_or_one_sided(low / flips, high / flips, alternative)
    return SignFlip(
        test=TestResult(test=SIGN_FLIP, statistic=mean, df=None, p=p),
        flips=2**array.size if is_exact else flips,
        minimum_p=min(1.0, smallest),
        is_exact=is_exact,
    )


def _count_signs(array: Floats) -> tuple[int, int]:
    """Return how many of all signs give a sum as low and as high as seen: sums of one half against sorted others."""
    seen, noise = float(array.sum()), 4 * array.size * _EPS
    firsts, seconds = _signed_sums(array[::2]), np.sort(_signed_sums(array[1::2]))
    low = np.searchsorted(seconds, seen + noise - firsts, side="right")
    high = seconds.size - np.searchsorted(seconds, seen - noise - firsts, side="left")
    return int(low.sum()), int(high.sum())


def _signed_sums(array: Floats) -> Floats:
    """Return the sums over all signs, float64 [2 ** n]."""
    sums = np.zeros(1)
    for value in array:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _count_random_signs(array: Floats, draws: int, rng: np.random.Generator | None) -> tuple[int, int]:
    """Return how many of ``draws`` random signs and the observed ones give a sum as low and as high as seen."""
    generator = _required(rng, f"the signs of {array.size} pairs")
    seen, noise = float(array.sum()), 4 * array.size * _EPS
    rows = max(1, _BATCH * 20 // array.size)
    low = high = 1
    for start in range(0, draws, rows):
        signs = 2.0 * generator.integers(0, 2, size=(min(rows, draws - start), array.size)) - 1.0
        sums = signs @ array
        low += int((sums <= seen + noise).sum())
        high += int((sums >= seen - noise).sum())
    return low, high
