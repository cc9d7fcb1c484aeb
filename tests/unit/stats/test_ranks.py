"""Rank methods of two groups and of pairs: SciPy's answers, their symmetries and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.ranks import (
    RankTest,
    Superiority,
    brunner_munzel_test,
    hodges_lehmann_shift,
    mann_whitney_test,
    minimum_mann_whitney_p,
)
from runreport.stats.signed_ranks import SignTest, sign_test, wilcoxon_test
from runreport.stats.types import Interval, Refusal

LEVELS = st.integers(-40, 40).map(lambda value: value / 8)  # coarse, so that ties occur
SAMPLE = st.lists(LEVELS, min_size=2, max_size=9).filter(lambda values: len(set(values)) > 1)
DISTINCT = st.lists(st.integers(-999, 999), min_size=6, max_size=16, unique=True)
DIFFERENCES = st.lists(LEVELS, min_size=2, max_size=9).filter(any)
ALTERNATIVE = st.sampled_from(["two-sided", "less", "greater"])


def ranked(found: object) -> RankTest:
    assert isinstance(found, RankTest)
    return found


@given(DISTINCT, st.integers(1, 5), ALTERNATIVE)
def test_exact_mann_whitney_is_that_of_scipy(values: list[int], n: int, alternative: str) -> None:
    a, b = values[:n], values[n:]
    wanted = stats.mannwhitneyu(a, b, alternative=alternative, method="exact")
    found = ranked(mann_whitney_test(a, b, alternative=alternative)).test
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-9)


@given(SAMPLE, SAMPLE, ALTERNATIVE, st.sampled_from(["exact", "asymptotic"]))
def test_mann_whitney_with_ties_is_that_of_scipy(a: list[float], b: list[float], alternative: str, method: str) -> None:
    wanted = stats.mannwhitneyu(a, b, alternative=alternative, method=method)
    found = ranked(mann_whitney_test(a, b, alternative=alternative, method=method)).test
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, min(1.0, wanted.pvalue)), rel=1e-9)


@given(st.integers(1, 7), st.integers(1, 7), ALTERNATIVE)
def test_no_split_of_the_runs_is_more_extreme_than_the_smallest_p(n: int, m: int, alternative: str) -> None:
    apart = (range(n), range(n, n + m)) if alternative == "less" else (range(m, n + m), range(m))
    p = ranked(mann_whitney_test(*map(list, apart), alternative=alternative)).test.p
    assert p == pytest.approx(minimum_mann_whitney_p(n, m, alternative=alternative))


def test_too_few_runs_are_told() -> None:
    refusal = ranked(mann_whitney_test([4.0, 5.0, 6.0], [1.0, 2.0], alpha=0.05)).refusal
    assert refusal
    assert "With 3 and 2 runs the smallest possible two-sided p of this test is 0.2;" in refusal.words
    assert ranked(mann_whitney_test([4.0, 5.0, 6.0], [1.0, 2.0], alpha=0.25)).refusal is None
    assert ranked(mann_whitney_test(range(4), range(5, 9))).refusal is None


def test_large_samples_are_asymptotic() -> None:
    generator = np.random.default_rng(5)
    a, b = generator.normal(size=120), generator.normal(size=90)
    wanted = stats.mannwhitneyu(a, b, method="asymptotic").pvalue
    assert ranked(mann_whitney_test(a, b)).test.p == pytest.approx(wanted)


@given(SAMPLE, SAMPLE, ALTERNATIVE)
def test_brunner_munzel_is_that_of_scipy(a: list[float], b: list[float], alternative: str) -> None:
    found = brunner_munzel_test(a, b, alternative=alternative)
    if isinstance(found, Refusal):
        assert max(a) < min(b) or max(b) < min(a)
        return
    wanted = stats.brunnermunzel(a, b, alternative=alternative)
    assert (-found.test.statistic, found.test.p) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-7, abs=1e-9)


@given(SAMPLE, SAMPLE)
def test_interval_of_superiority_agrees_with_its_test(a: list[float], b: list[float]) -> None:
    found = brunner_munzel_test(a, b)
    if isinstance(found, Superiority) and abs(found.test.p - 0.05) > 1e-9:
        interval = found.estimate.interval
        assert isinstance(interval, Interval)
        assert (interval.low > 0.5 or interval.high < 0.5) is (found.test.p < 0.05)


@given(SAMPLE, SAMPLE, st.integers(-20, 20), st.sampled_from([0.5, 4.0]))
def test_hodges_lehmann_follows_shift_and_scale(a: list[float], b: list[float], shift: int, scale: float) -> None:
    plain = hodges_lehmann_shift(a, b)
    moved = hodges_lehmann_shift(np.array(a) * scale + shift, np.array(b) * scale)
    assert isinstance(plain, float)
    assert moved == pytest.approx(plain * scale + shift)
    assert hodges_lehmann_shift(b, a) == pytest.approx(-plain)


@given(SAMPLE, SAMPLE, st.integers(1, 20))
def test_more_shift_is_less_p_of_greater(a: list[float], b: list[float], shift: int) -> None:
    moved = np.array(a) + shift
    for method in ("exact", "asymptotic"):
        before = ranked(mann_whitney_test(a, b, alternative="greater", method=method)).test.p
        after = ranked(mann_whitney_test(moved, b, alternative="greater", method=method)).test
        assert after.statistic >= ranked(mann_whitney_test(a, b)).test.statistic
        assert method == "asymptotic" or after.p <= before + 1e-12  # ties change the asymptotic variance


@given(
    st.lists(st.integers(1, 999), min_size=1, max_size=20, unique=True), st.randoms(use_true_random=False), ALTERNATIVE
)
def test_exact_wilcoxon_is_that_of_scipy(sizes: list[int], random: object, alternative: str) -> None:
    signed = [size * random.choice([-1, 1]) for size in sizes]  # type: ignore[attr-defined]
    wanted = stats.wilcoxon(signed, alternative=alternative, method="exact")
    found = ranked(wilcoxon_test(signed, alternative=alternative))
    assert (found.test.statistic, found.test.p) == pytest.approx((wanted.statistic, wanted.pvalue))


@given(DIFFERENCES, ALTERNATIVE, st.sampled_from(["wilcox", "pratt"]))
def test_asymptotic_wilcoxon_is_that_of_scipy(values: list[float], alternative: str, zeros: str) -> None:
    wanted = stats.wilcoxon(values, alternative=alternative, method="asymptotic", zero_method=zeros, correction=False)
    found = ranked(wilcoxon_test(values, alternative=alternative, method="asymptotic", zero_method=zeros)).test
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue))


@given(DIFFERENCES)
@settings(max_examples=20, deadline=None)
def test_wilcoxon_with_ties_goes_through_all_signs(values: list[float]) -> None:
    nonzero = [value for value in values if value]
    ranks = stats.rankdata(np.abs(nonzero))
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(nonzero))).reshape(len(nonzero), -1).T
    sums, seen = signs @ ranks, float(np.sign(nonzero) @ ranks)
    wanted = min(1.0, 2 * min(np.mean(sums <= seen), np.mean(sums >= seen)))
    assert ranked(wilcoxon_test(values, method="permutation")).test.p == pytest.approx(wanted)
    assert ranked(wilcoxon_test(values)).test.p == pytest.approx(wanted)


@given(DIFFERENCES, ALTERNATIVE, st.sampled_from(["wilcox", "pratt"]), st.sampled_from(["auto", "exact"]))
def test_no_ties_or_zeros_carry_wilcoxon_below_its_smallest_p(
    values: list[float], alternative: str, zeros: str, method: str
) -> None:
    found = ranked(wilcoxon_test(values, alternative=alternative, zero_method=zeros, method=method))
    assert found.test.p >= found.minimum_p * (1 - 1e-12)


def test_large_wilcoxon_is_asymptotic() -> None:
    values = np.random.default_rng(5).normal(0.3, 1, 80)
    theirs = stats.wilcoxon(values, method="asymptotic", correction=False)
    assert ranked(wilcoxon_test(values)).test.p == pytest.approx(theirs.pvalue)


@given(DIFFERENCES)
def test_turning_all_signs_turns_the_effect(values: list[float]) -> None:
    there, back = ranked(wilcoxon_test(values)), ranked(wilcoxon_test([-value for value in values]))
    assert (there.test.p, there.effect) == pytest.approx((back.test.p, -back.effect))
    assert abs(there.effect) <= 1


@given(DIFFERENCES, ALTERNATIVE)
def test_sign_test_is_the_binomial_test(values: list[float], alternative: str) -> None:
    found = sign_test(values, alternative=alternative)
    assert isinstance(found, SignTest)
    assert found.wins + found.losses + found.ties == len(values)
    wanted = stats.binomtest(found.wins, found.wins + found.losses, alternative=alternative).pvalue
    assert found.test.p == pytest.approx(wanted)


def test_what_the_pairs_cannot_tell_is_refused() -> None:
    for statistic in (wilcoxon_test, sign_test):
        zeros = statistic([0.0, 0.0])
        assert isinstance(zeros, Refusal)
        assert zeros.code == "all-differences-zero"
        few = statistic([1.0, 2.0, 0.0])
        assert not isinstance(few, Refusal)
        assert few.refusal
        assert few.refusal.words == "With 2 pairs the smallest possible two-sided p of this test is 0.5."


def test_wrong_words_are_named() -> None:
    with pytest.raises(ValueError, match=r"method must be one of .* not 'fast'"):
        mann_whitney_test([1.0, 2.0], [3.0], method="fast")
    with pytest.raises(ValueError, match="zero_method must be one of wilcox, pratt, not 'zsplit'"):
        wilcoxon_test([1.0, 2.0], zero_method="zsplit")
