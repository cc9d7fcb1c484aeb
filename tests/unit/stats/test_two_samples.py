"""Properties that statistics of two samples must have, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.effects import hedges_correction, hedges_g, pooled_sd, probability_of_superiority
from runreport.stats.intervals import mean_interval, welch_interval
from runreport.stats.repeats import repeated_seeds
from runreport.stats.spread import brown_forsythe_test, sd_ratio
from runreport.stats.tests import fisher_test, welch_test
from runreport.stats.types import Estimate, Interval, Refusal, TestResult
from runreport.stats.unpaired import Position, TwoGroups, arm, compare_two

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


@given(st.integers(0, 9), st.integers(0, 7))
def test_fisher_is_that_of_scipy(failed_a: int, failed_b: int) -> None:
    found = fisher_test(failed_a, 9, failed_b, 7)
    wanted = stats.fisher_exact([[failed_a, 9 - failed_a], [failed_b, 7 - failed_b]])
    assert isinstance(found, TestResult)
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue), nan_ok=True)


@given(SAMPLE, SAMPLE, SHIFT, SCALE)
def test_spread_is_that_of_scipy_and_knows_no_shift(a: list[float], b: list[float], shift: int, scale: float) -> None:
    found = brown_forsythe_test(a, b)
    moved = brown_forsythe_test(np.array(a) * scale + shift, np.array(b) * scale)
    if isinstance(found, Refusal):
        assert isinstance(moved, Refusal)
        return
    assert isinstance(moved, TestResult)
    wanted = stats.levene(a, b, center="median")
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue), abs=1e-12)
    assert moved.p == pytest.approx(found.p)
    assert sd_ratio(a, b) == pytest.approx(np.std(a, ddof=1) / np.std(b, ddof=1))


def test_a_spread_without_noise_is_refused() -> None:
    refusals = [
        brown_forsythe_test([0.1, 0.3], [0.2, 0.7]),  # two values are as far from their median, so nothing varies
        brown_forsythe_test([0.1], [0.2, 0.7]),
        sd_ratio([0.1, 0.2], [0.3, 0.3]),
        sd_ratio([0.1], [0.3, 0.4]),
    ]
    assert [one.code for one in refusals if isinstance(one, Refusal)] == [
        "zero-variance",
        "one-run",
        "zero-variance",
        "one-run",
    ]


def codes(found: TwoGroups) -> list[str]:
    return [caution.code for caution in found.cautions]


def test_a_single_run_is_placed_among_the_others() -> None:
    found = compare_two(arm("A", [0.7, 0.9, 0.8]), arm("B", [0.8]))
    assert found.refusal
    assert found.refusal.words.endswith("The position of B within A's runs is shown instead.")
    assert found.position == Position(single="B", others="A", below=1, equal=1, above=1)
    assert [caution.words for caution in found.cautions] == [
        "Among the runs of A, the only run of B has 1 below it, 1 equal and 1 above."
    ]
    assert compare_two(arm("A", [0.7]), arm("B", [0.8])).position is None


def test_failure_rates_are_compared_once() -> None:
    nan = float("nan")
    found = compare_two(arm("A", [0.7, 0.9, 0.8, nan, nan]), arm("B", [0.8, 0.7, 0.75, float("inf")]))
    assert codes(found) == ["failed-runs", "infinite-value", "failure-rates"]
    assert found.cautions[-1].words == (
        "2 of 5 runs of A and 1 of 4 of B failed: p = 1 by Fisher's exact test of the failure counts."
    )
    assert found.test
    assert found.failure_test
    assert found.failure_test.p == pytest.approx(1)
    assert compare_two(arm("A", [0.7, 0.9]), arm("B", [0.8, 0.7])).failure_test is None


def test_two_runs_have_an_interval_but_no_test() -> None:
    found = compare_two(arm("A", [0.7, 0.9]), arm("B", [0.8, 0.7, 0.75]))
    assert found.refusal
    assert found.refusal.words == (
        "Only two runs on side A: the interval is shown, no verdict is given (fewer than 3 runs)."
    )
    assert found.test is None
    assert found.delta
    assert found.delta.interval


@pytest.mark.parametrize(
    ("seeds", "units", "words"),
    [
        (
            [1, 1, 2],
            None,
            "Seed 1 occurs twice in A: repeated runs of a seed are averaged, so A counts as 2 runs, not 3.",
        ),
        ([1, 1, 1, 2], None, "Seed 1 occurs more than once in A"),
        ([7, 7], None, "Seed 7 occurs twice in A: repeated runs of a seed are averaged, so A counts as 1 run, not 2."),
        ([1, 1, 2, 2], [0, 0, 1, 2], "Seed 1 occurs twice in A"),
    ],
)
def test_repeated_seeds_are_told(seeds: list[int | None], units: list[int] | None, words: str) -> None:
    caution = repeated_seeds("A", seeds, units)
    assert caution
    assert caution.words.startswith(words)


def test_runs_without_a_seed_repeat_nothing() -> None:
    assert repeated_seeds("A", [None, None, 1]) is None
    assert repeated_seeds("A", [1, 1], [0, 1]) is None
