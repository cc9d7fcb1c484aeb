"""Proportions: intervals and tests beside SciPy's, symmetry, power, and the words."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.power import (
    examples_needed,
    minimum_detectable_effect_one_sample,
    power_of_one_sample_t_test,
    power_of_t_test,
    power_of_two_proportions,
    runs_needed,
    runs_needed_one_sample,
)
from runreport.stats.proportions import (
    Proportion,
    boschloo_test,
    clopper_pearson_interval,
    cohen_h,
    fewest_expected,
    highest_share,
    newcombe_interval,
    odds_ratio,
    pass_at_k,
    pooled_z_test,
    wilson_interval,
)
from runreport.stats.two_proportions import at_least, at_most, choose_test, compare_proportions
from runreport.stats.types import Interval, Refusal, TestResult

LEVEL = st.sampled_from([0.8, 0.95, 0.99])
EFFECT = st.floats(0.05, 3)
ALPHA = st.sampled_from([0.01, 0.05, 0.1])


@st.composite
def proportions(draw: st.DrawFn, largest: int = 60) -> Proportion:
    n = draw(st.integers(1, largest))
    return Proportion(draw(st.integers(0, n)), n)


def interval(value: Interval | Refusal) -> Interval:
    assert isinstance(value, Interval)
    return value


def result(test: TestResult | Refusal) -> TestResult:
    assert isinstance(test, TestResult)
    return test


@given(proportions(), LEVEL)
def test_intervals_are_those_of_scipy(one: Proportion, level: float) -> None:
    theirs = stats.binomtest(one.successes, one.n)
    for ours, method in ((wilson_interval, "wilson"), (clopper_pearson_interval, "exact")):
        found, wanted = interval(ours(one, level=level)), theirs.proportion_ci(level, method)
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
        assert 0 <= found.low <= one.share <= found.high <= 1


@given(proportions(), proportions(), LEVEL)
def test_swapping_the_sides_turns_the_signs(a: Proportion, b: Proportion, level: float) -> None:
    there, back = interval(newcombe_interval(a, b, level=level)), interval(newcombe_interval(b, a, level=level))
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert -1 <= there.low <= a.share - b.share <= there.high <= 1
    assert cohen_h(a.share, b.share) == pytest.approx(-cohen_h(b.share, a.share))
    forward, backward = compare_proportions(a, b, level=level), compare_proportions(b, a, level=level)
    if forward.test and backward.test:
        assert forward.test.p == pytest.approx(backward.test.p, rel=1e-6)
        assert forward.test.test == backward.test.test


@given(proportions(), proportions())
def test_failures_are_successes_in_the_mirror(a: Proportion, b: Proportion) -> None:
    failed = [Proportion(one.n - one.successes, one.n) for one in (a, b)]
    there, back = compare_proportions(a, b), compare_proportions(*failed)
    assert there.delta
    assert back.delta
    assert there.delta.value == pytest.approx(-back.delta.value)
    if there.test and back.test:
        assert there.test.p == pytest.approx(back.test.p, rel=1e-6)


@given(proportions(), proportions())
def test_the_z_test_is_the_chi_squared_test_without_correction(a: Proportion, b: Proportion) -> None:
    test = pooled_z_test(a, b)
    table = [[a.successes, a.n - a.successes], [b.successes, b.n - b.successes]]
    if isinstance(test, Refusal):
        assert a.successes + b.successes in {0, a.n + b.n}
        return
    theirs = stats.chi2_contingency(table, correction=False)
    assert (test.statistic**2, test.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-10)
    assert fewest_expected(a, b) == pytest.approx(theirs.expected_freq.min())


def best_boschloo(a: Proportion, b: Proportion) -> float:
    """Return the two-sided p by a fine grid over the unknown share, the sizes of both groups fixed."""
    outcomes = list(itertools.product(range(a.n + 1), range(b.n + 1)))
    shares = np.linspace(0.001, 0.999, 999)
    tails = []
    for side in ("less", "greater"):
        fisher = np.array(
            [stats.fisher_exact([[i, a.n - i], [j, b.n - j]], alternative=side).pvalue for i, j in outcomes]
        )
        seen = fisher[outcomes.index((a.successes, b.successes))]
        extreme = [outcome for outcome, p in zip(outcomes, fisher, strict=True) if p <= seen * (1 + 1e-9)]
        chances = sum(stats.binom.pmf(i, a.n, shares) * stats.binom.pmf(j, b.n, shares) for i, j in extreme)
        tails.append(float(np.max(chances)))
    return min(1.0, 2 * min(tails))


@pytest.mark.parametrize(("a", "b"), [((3, 12), (8, 12)), ((1, 6), (5, 7)), ((0, 5), (4, 8))])
def test_boschloo_holds_the_sizes_of_the_groups_fixed(a: tuple[int, int], b: tuple[int, int]) -> None:
    left, right = Proportion(*a), Proportion(*b)
    table = np.array([[a[0], b[0]], [a[1] - a[0], b[1] - b[0]]])
    ours = result(boschloo_test(left, right))
    assert ours.p == pytest.approx(stats.boschloo_exact(table).pvalue, abs=1e-4)
    assert ours.p == pytest.approx(best_boschloo(left, right), abs=1e-4)
    assert ours.p <= stats.fisher_exact(table).pvalue


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(1, 12))
def test_pass_at_k_is_the_share_of_draws_with_a_correct_one(correct: list[int], k: int) -> None:
    wanted = [1 - math.comb(12 - right, k) / math.comb(12, k) for right in correct]
    assert pass_at_k(correct, 12, k) == pytest.approx(np.mean(wanted), abs=1e-12)
    larger = pass_at_k(correct, [12] * len(correct), min(12, k + 1))
    assert isinstance(larger, float)
    assert larger >= np.mean(wanted) - 1e-12


def test_pass_at_more_than_was_drawn_is_refused() -> None:
    refused = pass_at_k([1, 0], [5, 1], 2)
    assert isinstance(refused, Refusal)
    assert refused.words == "pass@2 needs 2 samples of every problem; one has 1 sample."
    assert isinstance(pass_at_k([], 5, 2), Refusal)
    with pytest.raises(ValueError, match="k = 0"):
        pass_at_k([1], 5, 0)


def test_the_test_is_chosen_by_what_is_expected() -> None:
    few, many = Proportion(3, 12), Proportion(60, 100)
    assert result(choose_test(few, Proportion(1, 12))[0]).test == "Fisher exact"
    assert result(choose_test(many, Proportion(50, 100))[0]).test == "pooled z"
    assert choose_test(many, Proportion(50, 100))[1] == (
        "The z test, because at least 45 successes and failures are expected on each side (5 needed)."
    )


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [((0, 10), (0, 12), "both-all-fail"), ((10, 10), (12, 12), "both-all-succeed"), ((0, 0), (1, 2), "empty")],
)
def test_where_nothing_varies_only_the_interval_is_given(a: tuple[int, int], b: tuple[int, int], code: str) -> None:
    answer = compare_proportions(Proportion(*a), Proportion(*b))
    assert answer.refusal
    assert answer.refusal.code == code
    assert answer.test is None
    assert (answer.delta is None) is (code == "empty")
    assert odds_ratio(Proportion(*a), Proportion(*b)) is None


def test_what_was_never_seen_is_rare() -> None:
    assert highest_share(Proportion(0, 10)) == pytest.approx(1 - 0.05 ** (1 / 10))
    assert (at_most(Proportion(0, 10)), at_least(Proportion(10, 10))) == ("at most 25.9% (95%)", "at least 74.1% (95%)")
    assert at_most(Proportion(0, 0)) == "There are no examples on one side."
    assert odds_ratio(Proportion(2, 2), Proportion(1, 2)) == math.inf


def test_impossible_counts_are_named() -> None:
    with pytest.raises(ValueError, match="4 of 3 cannot have succeeded"):
        wilson_interval(Proportion(4, 3))
    with pytest.raises(ValueError, match=r"not at 1\.2"):
        cohen_h(1.2, 0.5)


@given(EFFECT, ALPHA, st.floats(0.3, 0.95))
@settings(max_examples=50, deadline=None)
def test_the_number_of_runs_has_the_power_asked_for(effect: float, alpha: float, power: float) -> None:
    n = runs_needed(effect, alpha=alpha, power=power)
    assert n == 2 or power_of_t_test(effect, n, n, alpha=alpha) == pytest.approx(power, abs=1e-6)
    for one_sided in (True, False):
        n = runs_needed_one_sample(effect, alpha=alpha, power=power, one_sided=one_sided)
        reached = power_of_one_sample_t_test(effect, n, alpha=alpha, one_sided=one_sided)
        assert n == 2 or reached == pytest.approx(power, abs=1e-6)
    n = examples_needed(effect, alpha=alpha, power=power)
    assert n == 1 or power_of_two_proportions(effect, n, alpha=alpha) == pytest.approx(power, abs=1e-6)


@given(st.floats(-2, 2), st.integers(2, 40), ALPHA)
def test_power_of_one_mean_is_that_of_the_noncentral_t(effect: float, n: int, alpha: float) -> None:
    df, shift = n - 1, effect * np.sqrt(n)
    wanted = stats.nct.sf(stats.t.isf(alpha, df), df, shift)
    assert power_of_one_sample_t_test(effect, n, alpha=alpha, one_sided=True) == pytest.approx(wanted, abs=1e-8)
    edge = stats.t.isf(alpha / 2, df)
    tails = [stats.nct.sf(edge, df, shift), stats.nct.cdf(-edge, df, shift)]
    both = np.nan_to_num(tails).sum()  # SciPy has no number for a tail below 1e-17
    assert power_of_one_sample_t_test(effect, n, alpha=alpha) == pytest.approx(both, abs=1e-8)


def test_the_smallest_effect_of_one_mean_is_found_with_the_power() -> None:
    for one_sided in (True, False):
        effect = minimum_detectable_effect_one_sample(7, power=0.9, one_sided=one_sided)
        assert power_of_one_sample_t_test(effect, 7, one_sided=one_sided) == pytest.approx(0.9)


def test_no_effect_is_never_found() -> None:
    assert runs_needed(0.0) == math.inf
    assert runs_needed_one_sample(-0.5, one_sided=True) == math.inf
    assert examples_needed(0.0) == math.inf
    with pytest.raises(ValueError, match="without any effect"):
        runs_needed(1.0, alpha=0.5, power=0.4)
    with pytest.raises(ValueError, match="1 runs leave no degree of freedom"):
        power_of_one_sample_t_test(1.0, 1)
    with pytest.raises(ValueError, match="examples, not 0"):
        power_of_two_proportions(1.0, 0)
