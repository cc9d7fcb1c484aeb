"""Results of statistics as frozen values; every number that has an interval carries it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval at ``level`` (0.95 for 95 %), in the units of what it belongs to."""

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its interval, or without one where none can be had."""

    value: float
    interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A sample in brief: ``sd`` has n - 1 in its denominator and is None for n < 2."""

    n: int
    mean: float | None
    sd: float | None
    median: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """A hypothesis test of one question: ``test`` is its name, the same wherever the test is used.

    ``statistic`` is in the terms of the test (t, W, U, H, a count); ``df`` are its degrees of freedom, None where its
    distribution has none. ``p`` is that of this question alone, not adjusted for others, and two-sided unless another
    alternative was asked for; it is above 0, also where it is too small for double precision.
    """

    __test__ = False

    test: str
    statistic: float
    df: float | None
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no answer is given: a stable code and the words for the reader of the page."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What to be careful about although an answer is given: a stable code and the words for the page."""

    code: str
    words: str
