"""Curves of a metric over steps: one number per run first, and bands over runs.

A curve is compared by a number of each run (height, final value, steps to a threshold), because the points of one curve
are not independent of each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from runreport.stats.arrays import Floats, finite_sample, fraction, one_of
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, welch_interval
from runreport.stats.tests import welch_test
from runreport.stats.types import Estimate, Interval, Refusal, TestResult

LINEAR = "linear"
LOG_BASES = {"log": float(np.e), "log2": 2.0, "log10": 10.0}
X_SCALES = (LINEAR, *LOG_BASES)
HIGHER, LOWER = DIRECTIONS = ("higher", "lower")
FINAL_SHARE = 0.1

ONE_POINT = Refusal(code="one-point", words="The curve has one point; an area needs at least 2.")
NO_POINTS = Refusal(code="empty", words="The curve has no points.")
NO_COMMON_RANGE = Refusal(
    code="no-common-range", words="The curves have no range of steps in common, so their heights are not compared."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One run's metric over steps: float64 [points] each, steps strictly increasing."""

    step: Floats
    value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The area under a curve and its mean height, which is the area over the range of steps."""

    area: float
    mean_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """When a curve first reached a threshold.

    ``first_logged`` is the first logged step at which it had, ``interpolated`` lies on the line from the point before.
    Not reached, both are None, the run is censored at the last step and ``remark`` says so.
    """

    is_reached: bool
    first_logged: float | None = None
    interpolated: float | None = None
    censored_at: float | None = None
    remark: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Mean and bands over runs at each logged step, float64 [steps] each.

    ``pointwise`` holds the mean of each step alone with the level; ``simultaneous`` all of them at once (Bonferroni).
    The t bands are NaN where there are fewer than 2 runs. ``quartiles`` are the middle half of the runs.
    """

    mean: Floats
    pointwise: tuple[Floats, Floats]
    simultaneous: tuple[Floats, Floats]
    quartiles: tuple[Floats, Floats]
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightComparison:
    """Mean heights of the runs of A and B over the steps ``low`` to ``high`` that all have, and their difference."""

    heights_a: Floats
    heights_b: Floats
    low: float
    high: float
    delta: Estimate
    test: TestResult | Refusal


def curve(step: ArrayLike, value: ArrayLike) -> Curve:
    """Return a curve from its steps and values, float64 [points] each.

    Raises:
        ValueError: the lengths differ, a value is not finite, or the steps do not increase.

    >>> curve([0, 10], [1.0, 0.5]).step
    array([ 0., 10.])
    """
    steps, values = finite_sample(step, "step"), finite_sample(value, "value")
    if steps.size != values.size:
        message = f"{steps.size} steps for {values.size} values"
        raise ValueError(message)
    backwards = np.flatnonzero(np.diff(steps) <= 0)
    if backwards.size:
        at = int(backwards[0])
        message = f"steps must increase, but {steps[at + 1]:g} follows {steps[at]:g}"
        raise ValueError(message)
    return Curve(step=steps, value=values)


def area_under(one: Curve, *, x_scale: str = LINEAR) -> Area | Refusal:
    """Return the area under a curve by the trapezoid rule, over steps or their logarithm (log, log2, log10).

    Refused for fewer than 2 points, and on a logarithmic scale where a step is not above 0.

    Raises:
        ValueError: the scale is not one.

    >>> area_under(curve([0, 10], [1.0, 0.5]))
    Area(area=7.5, mean_height=0.75)
    """
    one_of(x_scale, X_SCALES, "x_scale")
    if one.step.size < 2:  # noqa: PLR2004 - a line has two ends
        return ONE_POINT if one.step.size else NO_POINTS
    if x_scale == LINEAR:
        x = one.step
    elif one.step[0] <= 0:
        words = f"Step {one.step[0]:g} has no place on a logarithmic scale."
        return Refusal(code="step-not-positive", words=words)
    else:
        x = np.log(one.step) / np.log(LOG_BASES[x_scale])
    area = float(np.trapezoid(one.value, x))
    return Area(area=area, mean_height=area / float(x[-1] - x[0]))


def final_value(one: Curve, *, share: float = FINAL_SHARE) -> float | Refusal:
    """Return the mean of the last tenth (``share``) of the logged points, at least one: less noisy than the last.

    Raises:
        ValueError: the share is not between 0 and 1.

    >>> final_value(curve(range(20), range(20)))
    18.5
    """
    fraction(share, "share")
    if one.value.size == 0:
        return NO_POINTS
    points = max(1, round(share * one.value.size))
    return float(one.value[-points:].mean())


def time_to_threshold(one: Curve, threshold: float, *, direction: str) -> Crossing | Refusal:
    """Return when a curve first reached ``threshold``: at or above it for direction "higher", at or below for "lower".

    Raises:
        ValueError: the direction is not higher or lower, or the threshold is not finite.

    >>> time_to_threshold(curve([0, 100], [4.0, 2.0]), 3.0, direction="lower").interpolated
    50.0
    """
    one_of(direction, DIRECTIONS, "direction")
    if not np.isfinite(threshold):
        message = f"the threshold must be finite, not {threshold}"
        raise ValueError(message)
    if one.step.size == 0:
        return NO_POINTS
    there = np.flatnonzero(one.value >= threshold if direction == HIGHER else one.value <= threshold)
    if there.size == 0:
        return _censored(float(one.step[-1]))
    at = int(there[0])
    reached = float(one.step[at])
    return Crossing(is_reached=True, first_logged=reached, interpolated=_interpolate(one, at, threshold))


def _interpolate(one: Curve, at: int, threshold: float) -> float:
    if at == 0:
        return float(one.step[0])
    (start, end), (before, after) = one.step[at - 1 : at + 1], one.value[at - 1 : at + 1]
    return float(start + (threshold - before) / (after - before) * (end - start))


def _censored(last: float) -> Crossing:
    count = str(int(last)) if last.is_integer() else f"{last:.6g}"  # a step as it was logged, without thin spaces
    words = f"The threshold was not reached within {count} {'step' if last == 1 else 'steps'}."
    return Crossing(is_reached=False, censored_at=last, remark=Refusal(code="not-reached", words=words))


def bands(runs: ArrayLike, *, level: float = 0.95) -> Bands | Refusal:
    """Return mean and bands over runs, float64 [runs, steps], where all runs have a value at each step.

    Student's t at each step; simultaneous by Bonferroni over the steps. No pointwise p-values: neighbouring steps are
    not independent.

    Raises:
        ValueError: the runs are not a matrix of finite values, or the level is not between 0 and 1.

    >>> bands([[1.0, 2.0], [3.0, 2.0]]).mean
    array([2., 2.])
    """
    tail = (1 - fraction(level, "level")) / 2
    values = np.asarray(runs, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():  # noqa: PLR2004 - runs by steps
        message = f"the runs must be a matrix of finite values, runs by steps, not of shape {values.shape}"
        raise ValueError(message)
    n, steps = values.shape
    if n == 0 or steps == 0:
        return NO_POINTS
    mean = values.mean(axis=0)
    if n < MINIMUM_FOR_SPREAD:
        errors = np.full(steps, np.nan)
    else:
        errors = np.sqrt(np.square(values - mean).sum(axis=0) / (n - 1) / n)
    halves = [-float(stdtrit(max(n - 1, 1), share)) * errors for share in (tail, tail / steps)]
    low, high = _quartiles(values)
    return Bands(
        mean=mean,
        pointwise=(mean - halves[0], mean + halves[0]),
        simultaneous=(mean - halves[1], mean + halves[1]),
        quartiles=(low, high),
        level=level,
    )


def _quartiles(values: Floats) -> tuple[Floats, Floats]:
    """Return the linear quartiles of each column; np.quantile takes ten times as long for few runs."""
    ordered = np.sort(values, axis=0)
    ends = []
    for share in (0.25, 0.75):
        place = share * (ordered.shape[0] - 1)
        below = int(place)
        above = min(below + 1, ordered.shape[0] - 1)
        ends.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return ends[0], ends[1]


def common_range(curves: Sequence[Curve]) -> tuple[float, float] | Refusal:
    """Return the steps from and to which all curves have points.

    >>> common_range([curve([0, 5, 9], [1, 1, 1]), curve([1, 7], [1, 1])])
    (1.0, 7.0)
    """
    if not curves or any(one.step.size == 0 for one in curves):
        return NO_POINTS
    low = max(float(one.step[0]) for one in curves)
    high = min(float(one.step[-1]) for one in curves)
    return (low, high) if low < high else NO_COMMON_RANGE


def cut(one: Curve, low: float, high: float) -> Curve:
    """Return the part of a curve from ``low`` to ``high``, its ends interpolated where no point lies there.

    >>> cut(curve([0, 10], [0.0, 1.0]), 5, 10).value
    array([0.5, 1. ])
    """
    inside = (one.step > low) & (one.step < high)
    steps = np.concatenate([[low], one.step[inside], [high]])
    return Curve(step=steps, value=np.interp(steps, one.step, one.value))


def compare_heights(
    a: Sequence[Curve], b: Sequence[Curve], *, x_scale: str = LINEAR, level: float = 0.95
) -> HeightComparison | Refusal:
    """Return Welch's comparison of the mean heights of curves, one per run, over the steps that all of them have.

    Raises:
        ValueError: the scale is not one or the level is not between 0 and 1.

    >>> one, two = curve([0, 10], [1.0, 1.0]), curve([0, 20], [2.0, 2.0])
    >>> compare_heights([one, one], [two, two]).delta.value
    -1.0
    """
    if not a or not b:
        return Refusal(code="empty", words="There are no runs on one side.")
    shared = common_range([*a, *b])
    if isinstance(shared, Refusal):
        return shared
    low, high = shared
    heights = []
    for side in (a, b):
        areas = [area_under(cut(one, low, high), x_scale=x_scale) for one in side]
        refused = next((area for area in areas if isinstance(area, Refusal)), None)
        if refused:
            return refused
        heights.append(np.array([area.mean_height for area in areas if isinstance(area, Area)]))
    interval = welch_interval(heights[0], heights[1], level=level)
    difference = float(heights[0].mean() - heights[1].mean())
    return HeightComparison(
        heights_a=heights[0],
        heights_b=heights[1],
        low=low,
        high=high,
        delta=Estimate(value=difference, interval=interval if isinstance(interval, Interval) else None),
        test=welch_test(heights[0], heights[1]),
    )
