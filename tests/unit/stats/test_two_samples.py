"""Properties that statistics of two samples must have, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats.effects import hedges_correction, hedges_g, pooled_sd, probability_of_superiority
from runreport.stats.intervals import mean_interval, welch_interval
from runreport.stats.tests import fisher_test, welch_test
from runreport.stats.types import Estimate, Interval, Refusal, TestResult

VALUES = st.integers(-1000, 1000).map(lambda value: value / 64)  # exact under the shifts and scales below
SAMPLE = st.lists(VALUES, min_size=2, max_size=8).filter(lambda values: len(set(values)) > 1)
SHIFT = st.integers(-64, 64)
SCALE = st.sampled_from([0.5, 2.0, 1024.0])


def test_of(a: object, b: object) -> TestResult:
    result = welch_test(a, b)  # type: ignore[arg-type]
    assert isinstance(result, TestResult)
    return result


test_of.__test__ = False  # type: ignore[attr-defined]


def g_of(a: object, b: object) -> Estimate:
    result = hedges_g(a, b)  # type: ignore[arg-type]
    assert isinstance(result, Estimate)
    return result


@given(SAMPLE, SAMPLE, SHIFT, SCALE)
def test_shift_and_scale_leave_test_and_effect_as_they_are(
    a: list[float], b: list[float], shift: int, scale: float
) -> None:
    moved = [np.array(side) * scale + shift for side in (a, b)]
    assert test_of(*moved).p == pytest.approx(test_of(a, b).p, rel=1e-9)
    assert g_of(*moved).value == pytest.approx(g_of(a, b).value, rel=1e-9, abs=1e-12)
    assert probability_of_superiority(*moved) == probability_of_superiority(a, b)


@given(SAMPLE, SAMPLE, SCALE)
def test_intervals_scale_with_the_unit(a: list[float], b: list[float], scale: float) -> None:
    plain, scaled = welch_interval(a, b), welch_interval(np.array(a) * scale, np.array(b) * scale)
    assert isinstance(plain, Interval)
    assert isinstance(scaled, Interval)
    assert [scaled.low, scaled.high] == pytest.approx([plain.low * scale, plain.high * scale], rel=1e-9)


@given(SAMPLE, SAMPLE)
@settings(max_examples=50)
def test_swapping_the_sides_turns_the_sign(a: list[float], b: list[float]) -> None:
    there, back = g_of(a, b), g_of(b, a)
    assert test_of(a, b).statistic == pytest.approx(-test_of(b, a).statistic)
    assert test_of(a, b).p == pytest.approx(test_of(b, a).p)
    assert there.value == pytest.approx(-back.value, abs=1e-12)
    if there.interval and back.interval:
        assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-6)
    forward, backward = probability_of_superiority(a, b), probability_of_superiority(b, a)
    assert isinstance(forward, float)
    assert isinstance(backward, float)
    assert forward + backward == pytest.approx(1)


@given(SAMPLE, SAMPLE, st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(a: list[float], b: list[float], random: object) -> None:
    shuffled = list(a)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert test_of(shuffled, b).p == pytest.approx(test_of(a, b).p, rel=1e-9)
    assert probability_of_superiority(shuffled, b) == probability_of_superiority(a, b)


@given(SAMPLE, SAMPLE)
def test_interval_and_test_agree_about_zero(a: list[float], b: list[float]) -> None:
    interval = welch_interval(a, b, level=0.95)
    assert isinstance(interval, Interval)
    p = test_of(a, b).p
    if abs(p - 0.05) > 1e-9:
        assert (interval.low > 0 or interval.high < 0) is (p < 0.05)


@given(SAMPLE, SAMPLE)
def test_superiority_is_what_counting_pairs_gives(a: list[float], b: list[float]) -> None:
    pairs = [(x > y) + 0.5 * (x == y) for x in a for y in b]
    assert probability_of_superiority(a, b) == pytest.approx(float(np.mean(pairs)))


def test_welch_keeps_its_level_on_noise() -> None:
    generator = np.random.default_rng(3)
    p = [test_of(generator.normal(size=4), generator.normal(size=7)).p for _ in range(2000)]
    assert 0.035 < np.mean(np.array(p) < 0.05) < 0.065


def test_a_wider_level_gives_a_wider_interval() -> None:
    narrow, wide = (mean_interval([1.0, 2.0, 4.0], level=level) for level in (0.8, 0.99))
    assert isinstance(narrow, Interval)
    assert isinstance(wide, Interval)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("statistic", [welch_test, welch_interval, hedges_g, pooled_sd])
def test_no_noise_is_refused(statistic: object) -> None:
    result = statistic([0.1 + 0.2] * 3, [0.7] * 3)  # type: ignore[operator]
    assert isinstance(result, Refusal)
    assert result.code == "zero-variance"


@pytest.mark.parametrize("statistic", [welch_test, welch_interval, hedges_g])
def test_one_value_is_refused(statistic: object) -> None:
    result = statistic([1.0], [1.0, 2.0])  # type: ignore[operator]
    assert isinstance(result, Refusal)
    assert result.code == "one-run"


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_numbers_beyond_double_precision_are_refused(scale: float) -> None:
    result = welch_test([scale, -scale], [scale, 0.0])
    assert isinstance(result, Refusal)
    assert result.code == "out-of-range"


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"b\[1\] is nan"):
        welch_test([1.0, 2.0], [1.0, float("nan")])
    with pytest.raises(ValueError, match="level must be between 0 and 1, not 95"):
        mean_interval([1.0, 2.0], level=95)
    with pytest.raises(ValueError, match=r"alternative must be one of .* not 'bigger'"):
        welch_test([1.0, 2.0], [1.0, 2.0], alternative="bigger")
    with pytest.raises(ValueError, match="a must have one dimension, not 2"):
        pooled_sd([[1.0]], [1.0])
    with pytest.raises(ValueError, match="not 1"):
        hedges_correction(1)


def test_an_effect_too_large_to_invert_has_no_interval() -> None:
    huge = g_of([1e9, 1e9 + 1e-6], [0.0, 1e-6])
    assert huge.interval is None or huge.interval.low < huge.value < huge.interval.high


@given(st.integers(0, 8), st.integers(0, 8))
def test_failure_counts_are_symmetric(failed_a: int, failed_b: int) -> None:
    there, back = fisher_test(failed_a, 8, failed_b, 8), fisher_test(failed_b, 8, failed_a, 8)
    assert isinstance(there, TestResult)
    assert isinstance(back, TestResult)
    assert there.p == pytest.approx(back.p)
    assert there.p == pytest.approx(1) or failed_a != failed_b


def test_impossible_failure_counts() -> None:
    assert isinstance(fisher_test(0, 0, 1, 3), Refusal)
    with pytest.raises(ValueError, match="4 of 3 runs"):
        fisher_test(4, 3, 0, 3)
