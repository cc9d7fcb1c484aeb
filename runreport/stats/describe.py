"""Describing one sample: centre, spread, and where a single value lies within it."""

import math

from numpy.typing import ArrayLike

from runreport.stats.arrays import finite_sample
from runreport.stats.types import Description


def describe(values: ArrayLike) -> Description:
    """Return n, mean, standard deviation (n - 1), median and range of float64 [n].

    The standard deviation is None for n < 2, everything but n is None for an empty sample.

    Raises:
        ValueError: a value is not finite.

    >>> describe([1.0, 2.0, 6.0])
    Description(n=3, mean=3.0, sd=2.6457513110645907, median=2.0, min=1.0, max=6.0)
    """
    ordered = sorted(finite_sample(values, "values").tolist())  # plain floats: groups are small and there are thousands
    n = len(ordered)
    if n == 0:
        return Description(n=0, mean=None, sd=None, median=None, min=None, max=None)
    mean = _mean(ordered)
    median = ordered[n // 2] if n % 2 else ordered[n // 2 - 1] / 2 + ordered[n // 2] / 2
    return Description(
        n=n, mean=mean, sd=_standard_deviation(ordered, mean), median=median, min=ordered[0], max=ordered[-1]
    )


def _mean(ordered: list[float]) -> float:
    try:
        return math.fsum(ordered) / len(ordered)
    except OverflowError:  # huge values of a diverged run
        return math.fsum(value / len(ordered) for value in ordered)


def _standard_deviation(ordered: list[float], mean: float) -> float | None:
    """Return the standard deviation; 0 exactly for equal values, None for one value or beyond double precision."""
    if len(ordered) == 1:
        return None
    if ordered[0] == ordered[-1]:
        return 0.0
    squares = [(value - mean) * (value - mean) for value in ordered]
    return math.sqrt(math.fsum(squares) / (len(ordered) - 1)) if math.isfinite(sum(squares)) else None


def position(value: float, others: ArrayLike) -> tuple[int, int, int]:
    """Return how many of the others, float64 [n], lie below, equal and above a single value.

    >>> position(2.0, [1.0, 2.0, 3.0, 4.0])
    (1, 1, 2)
    """
    array = finite_sample(others, "others")
    below = int((array < value).sum())
    equal = int((array == value).sum())
    return below, equal, array.size - below - equal
