"""One group against a target: the tests beside SciPy's, what they must agree on, and the words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.describe import describe
from runreport.stats.olympic import OlympicMean, olympic_mean
from runreport.stats.one_sample import differences_from, one_sample_interval, one_sample_test
from runreport.stats.power import power_of_one_sample_t_test
from runreport.stats.ranks import RankTest
from runreport.stats.signed_ranks import wilcoxon_test
from runreport.stats.target import against_target, passing_mean
from runreport.stats.types import Interval, Refusal, TestResult

VALUES = st.integers(-1000, 1000).map(lambda value: value / 64)  # exact under the shifts and scales below
SAMPLE = st.lists(VALUES, min_size=2, max_size=12).filter(lambda values: len(set(values)) > 1)
ALTERNATIVE = st.sampled_from(["two-sided", "less", "greater"])
ALPHA = st.sampled_from([0.01, 0.05, 0.2])
SIDE = st.sampled_from(["below", "above"])
LOSSES = [3.2776, 3.2793, 3.2796, 3.2804, 3.2803, 3.2796]


def result(test: TestResult | Refusal) -> TestResult:
    assert isinstance(test, TestResult)
    return test


@given(SAMPLE, VALUES, ALTERNATIVE)
def test_the_t_test_is_that_of_scipy(values: list[float], target: float, alternative: str) -> None:
    ours, theirs = (
        result(one_sample_test(values, target, alternative=alternative)),
        stats.ttest_1samp(values, target, alternative=alternative),
    )
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-8, abs=1e-13)


@given(SAMPLE, VALUES, SIDE)
def test_rank_and_sign_tests_of_the_median_are_those_of_scipy(values: list[float], target: float, side: str) -> None:
    alternative = {"below": "less", "above": "greater"}[side]
    answer = against_target(values, target, side=side)
    off = np.array([value - target for value in values if value != target])
    assert answer.sign
    assert answer.wilcoxon
    signs = stats.binomtest(int((off > 0).sum()), off.size, 0.5, alternative)
    assert answer.sign.p == pytest.approx(signs.pvalue, rel=1e-9)
    assert answer.wilcoxon.statistic == stats.rankdata(np.abs(off))[off > 0].sum()
    if np.unique(np.abs(off)).size == off.size:
        theirs = stats.wilcoxon(off, alternative=alternative, method="exact")
        assert answer.wilcoxon.p == pytest.approx(theirs.pvalue, rel=1e-9)


def test_differences_are_ties_whatever_the_rounding_of_binary_fractions() -> None:
    plain = signed_ranks([0.1, -0.1, 0.3], 0.0)
    assert signed_ranks([3.1, 2.9, 3.3], 3.0) == plain
    assert signed_ranks([3.12, 2.91, 3.33], 3.0, decimals=1) == plain


def signed_ranks(values: list[float], target: float, decimals: int | None = None) -> RankTest:
    differences = differences_from(values, target, decimals=decimals)
    assert not isinstance(differences, Refusal)
    test = wilcoxon_test(differences)
    assert isinstance(test, RankTest)
    return test


@given(SAMPLE, VALUES, st.integers(-64, 64), st.sampled_from([0.5, 2.0, 1024.0]), SIDE)
def test_shift_scale_and_order_change_nothing(
    values: list[float], target: float, shift: int, scale: float, side: str
) -> None:
    plain = against_target(values, target, side=side)
    moved = against_target(np.array(values[::-1]) * scale + shift, target * scale + shift, side=side)
    assert (moved.verdict, moved.runs_needed) == (plain.verdict, plain.runs_needed)
    turned = against_target(values[::-1], target, side=side)  # far off is a matter of the values' own size, too
    assert turned.bad == plain.bad
    assert result(moved.test).p == pytest.approx(result(plain.test).p, rel=1e-7, abs=1e-13)  # type: ignore[arg-type]
    assert moved.margin == pytest.approx(scale * (plain.margin or 0))
    assert moved.margin_sd == pytest.approx(plain.margin_sd)


@given(SAMPLE, VALUES)
def test_below_is_above_in_the_mirror(values: list[float], target: float) -> None:
    below = against_target(values, target, side="below")
    above = against_target([-value for value in values], -target, side="above")
    assert result(below.test).p == pytest.approx(result(above.test).p)  # type: ignore[arg-type]
    assert below.passing_mean == pytest.approx(-(above.passing_mean or 0))
    assert below.bad == above.bad


@given(SAMPLE, VALUES, ALPHA, SIDE)
def test_p_bound_and_passing_mean_agree(values: list[float], target: float, alpha: float, side: str) -> None:
    answer = against_target(values, target, side=side, alpha=alpha)
    p = result(answer.test).p  # type: ignore[arg-type]
    assert isinstance(answer.bound, Interval)
    assert answer.passing_mean is not None
    assert answer.description.mean is not None
    if abs(p - alpha) < 1e-9:
        return
    sign = 1 if side == "below" else -1
    end = answer.bound.high if side == "below" else answer.bound.low
    assert (sign * end < sign * target) is (p < alpha)
    assert (sign * answer.description.mean < sign * answer.passing_mean) is (p < alpha)
    assert answer.verdict == ("met" if p < alpha else "not shown")


@given(SAMPLE, st.integers(1, 100))
def test_an_easier_target_has_a_smaller_p(values: list[float], easier: int) -> None:
    hard, easy = (result(one_sample_test(values, bound, alternative="less")) for bound in (0.0, float(easier)))
    assert easy.p <= hard.p


@given(SAMPLE, ALTERNATIVE)
def test_the_interval_is_that_of_scipy(values: list[float], alternative: str) -> None:
    ours = one_sample_interval(values, level=0.9, alternative=alternative)
    theirs = stats.ttest_1samp(values, 0, alternative=alternative).confidence_interval(0.9)
    assert isinstance(ours, Interval)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)


def test_as_many_runs_as_advised_have_the_power() -> None:
    answer = against_target(LOSSES, 3.28, alpha=0.01)
    assert answer.verdict == "not shown"
    assert answer.runs_needed is not None
    assert answer.margin_sd is not None
    power = [
        power_of_one_sample_t_test(answer.margin_sd, n, alpha=0.01, one_sided=True)
        for n in (answer.runs_needed - 1, answer.runs_needed)
    ]
    assert power[0] < 0.9 <= power[1]


def test_the_words_of_each_verdict() -> None:
    assert against_target([3.27, 3.271, 3.272], 3.28).sentence == (
        "The mean of 3 runs is shown to lie below 3.28: it is 3.271 (one-sided t test, p = 0.002, less than 0.05)."
    )
    assert against_target(LOSSES, 3.28, alpha=0.01).sentence == (
        "It is not shown that the mean lies below 3.28: the mean of 6 runs is 3.27947 (one-sided t test, p = 0.13, "
        "not less than 0.01). About 50 runs would show a margin like this one nine times in ten."
    )
    assert "more runs like these would not show it" in against_target(LOSSES, 3.28, side="above").sentence


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ([], "empty", "There are no runs."),
        ([float("nan")], "no-finite-runs", "No run has a finite value for this metric."),
        ([3.27], "one-run", "One run cannot show that the mean meets the target."),
        ([0.1 + 0.2] * 4, "zero-variance", "All runs are identical; the noise is unknown."),
        ([1e300, -1e300], "out-of-range", "The values are too large"),
    ],
)
def test_what_cannot_be_told(values: list[float], code: str, words: str) -> None:
    answer = against_target(values, 3.28)
    assert answer.refusal
    assert answer.refusal.code == code
    assert answer.sentence.startswith(words)
    assert (answer.verdict, answer.test, answer.bound) == ("cannot tell", None, None)
    assert isinstance(passing_mean(describe([3.27]), 3.28), Refusal)


def test_a_pass_names_its_bad_runs() -> None:
    good = [3.270, 3.271, 3.272, 3.2705, 3.2715, 3.2725, 3.2712]
    failed = against_target([*good, float("nan")], 3.28)
    assert (failed.verdict, failed.bad) == ("met", 1)
    assert failed.cautions[0].words.startswith("Pass, but 1 of 8 runs is bad: ")
    assert failed.cautions[0].words.endswith("The test leaves out the 1 that has no finite value.")
    outlier = against_target([*good, 3.279], 3.28)
    assert (outlier.verdict, outlier.bad) == ("met", 1)
    assert outlier.cautions[0].code == "bad-runs"
    lucky = against_target([*good, 3.21], 3.28)
    assert (lucky.bad, lucky.cautions[0].code) == (0, "lucky-runs")
    assert against_target(good, 3.28).cautions == ()


def test_normal_runs_are_seldom_called_bad() -> None:
    generator = np.random.default_rng(2)
    shares = {n: np.mean([against_target(generator.normal(size=n), 9.0).bad > 0 for _ in range(400)]) for n in (3, 10)}
    assert shares[3] < 0.1
    assert shares[10] < 0.25


def test_a_huge_margin_needs_two_runs_and_a_tiny_one_more_than_can_be_counted() -> None:
    assert against_target([1.0, 1.0 + 1e-9, 1.0], 1e6).runs_needed == 2
    assert against_target([1.0, 2.0, 3.0, 4.0], 2.5 + 1e-9).runs_needed is None


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="target must be finite, not nan"):
        against_target(LOSSES, float("nan"))
    with pytest.raises(ValueError, match="side must be one of below, above, not 'under'"):
        against_target(LOSSES, 3.28, side="under")
    with pytest.raises(ValueError, match="alpha must be between 0 and 1, not 5"):
        against_target(LOSSES, 3.28, alpha=5)


TIMES = st.lists(st.integers(1, 1000).map(float), min_size=3, max_size=12)


@given(TIMES, st.randoms(use_true_random=False), st.sampled_from([1.0, 0.5, 4.0]))
@settings(max_examples=50)
def test_the_olympic_mean_leaves_out_the_ends(times: list[float], random: object, scale: float) -> None:
    shuffled = list(times)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    mean = olympic_mean(shuffled, scale=scale)
    assert isinstance(mean, OlympicMean)
    assert mean.score == pytest.approx(scale * (sum(times) - min(times) - max(times)) / (len(times) - 2))
    replaced = olympic_mean(sorted(times)[:-1], not_converged=1, scale=scale)
    assert isinstance(replaced, OlympicMean)
    assert (replaced.score, replaced.used) == (mean.score, mean.used)


def test_four_and_four_of_forty_are_dropped() -> None:
    mean = olympic_mean(range(1, 37), not_converged=4, drop=4)
    assert isinstance(mean, OlympicMean)
    assert (mean.used, mean.score) == (32, 20.5)


@pytest.mark.parametrize(
    ("not_converged", "drop", "words"),
    [
        (2, 1, "2 runs did not reach the target; at most 1 may be dropped. The result is invalid."),
        (1, 0, "1 run did not reach the target; none may be dropped. The result is invalid."),
        (0, 4, "The olympic mean needs at least 9 runs."),
    ],
)
def test_the_olympic_mean_is_refused(not_converged: int, drop: int, words: str) -> None:
    refused = olympic_mean([1.0, 2.0, 3.0], not_converged=not_converged, drop=drop)
    assert isinstance(refused, Refusal)
    assert refused.words == words


def test_impossible_times_and_counts() -> None:
    with pytest.raises(ValueError, match="below 0, like -1"):
        olympic_mean([-1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="scale must be above 0"):
        olympic_mean([1.0, 2.0, 3.0], scale=0)
    with pytest.raises(ValueError, match="-1 runs"):
        olympic_mean([1.0, 2.0, 3.0], not_converged=-1)
