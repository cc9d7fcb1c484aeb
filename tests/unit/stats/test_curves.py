"""Curves, times to a threshold and the best of several runs: beside SciPy, and what must not change them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.curves import (
    Area,
    Bands,
    Crossing,
    Curve,
    HeightComparison,
    area_under,
    bands,
    common_range,
    compare_heights,
    curve,
    cut,
    final_value,
    time_to_threshold,
)
from runreport.stats.intervals import mean_interval
from runreport.stats.selection import expected_best, expected_best_unbiased
from runreport.stats.survival import SurvivalCurve, kaplan_meier, logrank_test
from runreport.stats.types import Interval, Refusal, TestResult

VALUE = st.integers(-640, 640).map(lambda value: value / 64)
TIMES = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=12)
SCORES = st.lists(VALUE, min_size=1, max_size=6)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    steps = sorted(draw(st.sets(st.integers(1, 500), min_size=2, max_size=12)))
    return curve(steps, draw(st.lists(VALUE, min_size=len(steps), max_size=len(steps))))


def area(one: Curve, **options: str) -> Area:
    found = area_under(one, **options)  # type: ignore[arg-type]
    assert isinstance(found, Area)
    return found


def crossing(one: Curve, threshold: float, direction: str) -> Crossing:
    found = time_to_threshold(one, threshold, direction=direction)
    assert isinstance(found, Crossing)
    return found


@given(curves(), VALUE, st.sampled_from([0.5, 4.0]), st.sampled_from(["linear", "log", "log2", "log10"]))
def test_the_mean_height_moves_with_the_curve(one: Curve, shift: float, scale: float, x_scale: str) -> None:
    moved = Curve(step=one.step, value=one.value * scale + shift)
    height = area(one, x_scale=x_scale).mean_height
    assert area(moved, x_scale=x_scale).mean_height == pytest.approx(height * scale + shift, abs=1e-9)
    assert one.value.min() - 1e-9 <= height <= one.value.max() + 1e-9
    faster = Curve(step=one.step * 2, value=one.value)
    assert area(faster, x_scale=x_scale).mean_height == pytest.approx(height, abs=1e-9)


@given(curves())
def test_a_point_on_the_line_changes_no_area(one: Curve) -> None:
    middle = (one.step[0] + one.step[1]) / 2
    steps = np.insert(one.step, 1, middle)
    finer = Curve(step=steps, value=np.interp(steps, one.step, one.value))
    assert area(finer).area == pytest.approx(area(one).area, abs=1e-9)


def test_the_base_of_the_logarithm_only_scales_the_area() -> None:
    one = curve([1, 8, 64], [1.0, 2.0, 3.0])
    assert area(one, x_scale="log2").area == pytest.approx(3 * 1.5 + 3 * 2.5)
    assert area(one, x_scale="log").area == pytest.approx(area(one, x_scale="log10").area * np.log(10))


@given(curves(), VALUE)
def test_thresholds_turn_with_the_direction(one: Curve, threshold: float) -> None:
    there = crossing(one, threshold, "higher")
    back = crossing(Curve(step=one.step, value=-one.value), -threshold, "lower")
    assert there == back
    reached = [step for step, value in zip(one.step, one.value, strict=True) if value >= threshold]
    assert there.first_logged == (reached[0] if reached else None)
    if there.interpolated is not None and there.first_logged is not None:
        assert there.interpolated <= there.first_logged
        on_line = float(np.interp(there.interpolated, one.step, one.value))
        assert on_line == pytest.approx(threshold, abs=1e-9) or there.interpolated == one.step[0]


@given(curves(), VALUE, st.integers(1, 100))
def test_a_harder_threshold_is_reached_no_earlier(one: Curve, threshold: float, harder: int) -> None:
    easy, hard = crossing(one, threshold, "higher"), crossing(one, threshold + harder, "higher")
    if hard.interpolated is not None:
        assert easy.interpolated is not None
        assert easy.interpolated <= hard.interpolated


@pytest.mark.parametrize(
    ("last", "words"),
    [(1, "within 1 step."), (2_000_000, "within 2000000 steps."), (0.5, "within 0.5 steps.")],
)
def test_a_threshold_that_was_not_reached(last: float, words: str) -> None:
    found = crossing(curve([0, last], [0.1, 0.2]), 0.9, "higher")
    assert (found.is_reached, found.censored_at) == (False, last)
    assert found.remark
    assert (found.remark.code, found.remark.words) == ("not-reached", f"The threshold was not reached {words}")


def test_the_final_value_is_a_mean_of_the_last_tenth() -> None:
    assert final_value(curve([0, 1, 2], [1.0, 2.0, 9.0])) == 9.0
    assert final_value(curve(range(30), range(30))) == 28.0
    assert final_value(curve(range(10), range(10)), share=0.5) == 7.0


RUNS = st.integers(2, 6).flatmap(
    lambda steps: st.lists(st.lists(VALUE, min_size=steps, max_size=steps), min_size=2, max_size=6)
)


@given(RUNS)
@settings(max_examples=50)
def test_each_step_of_a_band_is_the_interval_of_its_runs(runs: list[list[float]]) -> None:
    found = bands(runs, level=0.9)
    assert isinstance(found, Bands)
    steps = len(runs[0])
    for at in range(steps):
        column = [run[at] for run in runs]
        wide = mean_interval(column, level=1 - 0.1 / steps)
        alone = mean_interval(column, level=0.9)
        if isinstance(alone, Interval) and isinstance(wide, Interval):
            assert (found.pointwise[0][at], found.pointwise[1][at]) == pytest.approx((alone.low, alone.high))
            assert (found.simultaneous[0][at], found.simultaneous[1][at]) == pytest.approx((wide.low, wide.high))
    assert np.array(found.quartiles) == pytest.approx(np.quantile(runs, [0.25, 0.75], axis=0))
    assert bands(runs[::-1], level=0.9).mean == pytest.approx(found.mean)  # type: ignore[union-attr]


def test_simultaneous_bands_hold_all_steps_at_once() -> None:
    generator = np.random.default_rng(8)
    outside = {"pointwise": 0, "simultaneous": 0}
    for _ in range(400):
        found = bands(generator.normal(size=(5, 10)))
        assert isinstance(found, Bands)
        for name in outside:
            low, high = getattr(found, name)
            outside[name] += bool(((low > 0) | (high < 0)).any())
    assert outside["simultaneous"] / 400 < 0.07
    assert outside["pointwise"] / 400 > 0.2


def test_one_run_has_a_mean_and_no_band() -> None:
    found = bands([[1.0, 2.0]])
    assert isinstance(found, Bands)
    assert found.mean.tolist() == [1.0, 2.0]
    assert np.isnan(found.pointwise).all()
    assert isinstance(bands(np.empty((0, 3))), Refusal)


def test_curves_of_different_length_are_compared_where_both_are() -> None:
    short, long = curve([0, 4], [0.0, 4.0]), curve([2, 10], [2.0, 10.0])
    assert common_range([short, long]) == (2.0, 4.0)
    assert cut(long, 2, 4).value.tolist() == [2.0, 4.0]
    found = compare_heights([short, curve([0, 4], [1.0, 5.0])], [long, curve([2, 10], [2.5, 10.5])])
    assert isinstance(found, HeightComparison)
    assert (found.heights_a.tolist(), found.heights_b.tolist()) == ([3.0, 4.0], [3.0, 3.5])
    assert (found.low, found.high, found.delta.value) == (2.0, 4.0, 0.25)


def test_what_no_curve_can_say() -> None:
    one, late = curve([0, 1], [1, 1]), curve([5, 6], [1, 1])
    codes = [
        area_under(curve([1], [1])),
        area_under(curve([], [])),
        area_under(one, x_scale="log"),
        compare_heights([one], [late]),
        compare_heights([], [one]),
        final_value(curve([], [])),
        time_to_threshold(curve([], []), 1.0, direction="lower"),
        common_range([]),
        compare_heights([one], [one], x_scale="log2"),
    ]
    assert [code.code for code in codes if isinstance(code, Refusal)] == [
        *["one-point", "empty", "step-not-positive", "no-common-range", "empty", "empty", "empty", "empty"],
        "step-not-positive",
    ]


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="steps must increase, but 3 follows 3"):
        curve([1, 3, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="2 steps for 1 values"):
        curve([1, 3], [1])
    with pytest.raises(ValueError, match="direction must be one of higher, lower"):
        time_to_threshold(curve([1], [1]), 1.0, direction="up")
    with pytest.raises(ValueError, match="threshold must be finite"):
        time_to_threshold(curve([1], [1]), np.inf, direction="higher")
    with pytest.raises(ValueError, match=r"not of shape \(2,\)"):
        bands([1.0, 2.0])


def censored(times: list[tuple[int, bool]]) -> stats.CensoredData:
    return stats.CensoredData(
        uncensored=[time for time, reached in times if reached], right=[time for time, reached in times if not reached]
    )


@given(TIMES)
def test_kaplan_meier_is_that_of_scipy(times: list[tuple[int, bool]]) -> None:
    ours = kaplan_meier([time for time, _ in times], [reached for _, reached in times])
    theirs = stats.ecdf(censored(times)).sf
    assert isinstance(ours, SurvivalCurve)
    assert ours.time.tolist() == theirs.quantiles.tolist()
    assert ours.share == pytest.approx(theirs.probabilities)
    assert ours.arrived.sum() == sum(reached for _, reached in times)
    half = [time for time, share in zip(ours.time, ours.share, strict=True) if share <= 0.5]
    assert ours.median == (half[0] if half else None)


@given(TIMES, TIMES)
@settings(max_examples=200)
def test_logrank_is_that_of_scipy_and_turns_with_the_sides(
    a: list[tuple[int, bool]], b: list[tuple[int, bool]]
) -> None:
    sides = [([float(time) for time, _ in side], [reached for _, reached in side]) for side in (a, b)]
    ours, back = logrank_test(*sides[0], *sides[1]), logrank_test(*sides[1], *sides[0])
    if isinstance(ours, Refusal):
        assert isinstance(back, Refusal)
        return
    theirs = stats.logrank(censored(a), censored(b))
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)
    assert isinstance(back, TestResult)
    assert back.statistic == pytest.approx(-ours.statistic, abs=1e-9)


def test_times_that_cannot_be_compared() -> None:
    never, arrived = ([9.0], [False]), ([1.0], [True])
    refused = [
        logrank_test(*never, *never),
        logrank_test([], [], *arrived),
        logrank_test([1.0], [False], [2.0], [True]),
    ]
    assert [one.code for one in refused if isinstance(one, Refusal)] == ["nothing-reached", "empty", "no-contrast"]
    assert isinstance(kaplan_meier([], []), Refusal)
    with pytest.raises(ValueError, match="2 marks of arrival for 1 times"):
        kaplan_meier([1.0], [True, False])


@given(SCORES, st.integers(1, 3), st.booleans())
def test_the_expected_best_is_a_mean_over_all_draws(scores: list[float], n: int, higher: bool) -> None:
    best = max if higher else min
    drawn = [best(draw) for draw in itertools.product(scores, repeat=n)]
    assert expected_best(scores, n, higher_is_better=higher) == pytest.approx(np.mean(drawn))
    unbiased = expected_best_unbiased(scores, n, higher_is_better=higher)
    if n > len(scores):
        assert isinstance(unbiased, Refusal)
        return
    drawn = [best(draw) for draw in itertools.combinations(scores, n)]
    assert unbiased == pytest.approx(np.mean(drawn))


def test_the_best_of_no_runs() -> None:
    assert isinstance(expected_best([], 1), Refusal)
    assert isinstance(expected_best_unbiased([], 1), Refusal)
    refused = expected_best_unbiased([1.0], 2)
    assert isinstance(refused, Refusal)
    assert refused.words == "1 run does not say what the best of 2 would be."
    with pytest.raises(ValueError, match="best of 0 runs"):
        expected_best([1.0], 0)
