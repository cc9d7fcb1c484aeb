"""Methods over tasks: Friedman, Nemenyi, signed ranks of every pair."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from runreport.stats.arrays import Floats
from runreport.stats.friedman import cliques, compare_methods, friedman, task_ranks
from runreport.stats.signed_ranks import wilcoxon_test
from runreport.stats.task_tests import (
    Posterior,
    bayesian_signed_rank,
    pairwise_signed_rank,
)
from runreport.stats.types import Refusal

SHAPE = st.tuples(st.integers(5, 12), st.integers(3, 5))
SCORES = arrays(np.float64, SHAPE, elements=st.integers(0, 9).map(float)).filter(
    lambda scores: not (scores == scores[:, :1]).all()
)
SOME = settings(max_examples=30, deadline=None)


@given(SCORES, st.randoms(use_true_random=False))
def test_tasks_and_methods_may_be_in_any_order(scores: Floats, random: object) -> None:
    rows, columns = (list(range(size)) for size in scores.shape)
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(columns)  # type: ignore[attr-defined]
    plain = friedman(scores, higher_is_better=True)
    mixed = friedman(scores[rows][:, columns], higher_is_better=True)
    assert mixed.average_ranks == pytest.approx(plain.average_ranks[columns])
    assert mixed.chi_square == pytest.approx(plain.chi_square)
    assert mixed.nemenyi_p == pytest.approx(plain.nemenyi_p[np.ix_(columns, columns)], abs=1e-9)
    assert mixed.critical_difference == plain.critical_difference


@given(SCORES)
def test_only_the_order_of_scores_counts_and_the_direction_turns_it(scores: Floats) -> None:
    plain = friedman(scores, higher_is_better=True)
    stretched = friedman(np.exp(scores) * 3 + 1, higher_is_better=True)
    turned = friedman(scores, higher_is_better=False)
    assert stretched.chi_square == pytest.approx(plain.chi_square)
    assert turned.average_ranks == pytest.approx(scores.shape[1] + 1 - plain.average_ranks)
    assert turned.p == pytest.approx(plain.p)
    assert (plain.nemenyi_p == plain.nemenyi_p.T).all()
    assert 0 <= plain.kendall_w <= 1 + 1e-12


@given(SCORES)
def test_the_cliques_are_what_the_critical_difference_says(scores: Floats) -> None:
    test = friedman(scores, higher_is_better=True)
    together = {(a, b) for clique in test.cliques for a in clique for b in clique}
    for a in range(scores.shape[1]):
        for b in range(a):
            gap = abs(test.average_ranks[a] - test.average_ranks[b])
            if abs(gap - test.critical_difference) > 1e-9:
                assert ((a, b) in together) == (gap < test.critical_difference)
                assert (test.nemenyi_p[a, b] > 0.05) == (gap < test.critical_difference)
    for one, other in pairwise(test.cliques):
        assert not set(one) <= set(other)
        assert not set(other) <= set(one)


@given(SCORES)
def test_scipys_friedman_agrees(scores: Floats) -> None:
    theirs = stats.friedmanchisquare(*scores.T)
    ours = friedman(scores, higher_is_better=False)
    assert (ours.chi_square, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-8, abs=1e-9)


@SOME
@given(SCORES)
def test_scikit_posthocs_nemenyi_agrees(scores: Floats) -> None:
    posthocs = pytest.importorskip("scikit_posthocs", reason="the oracle scikit-posthocs is not installed")
    theirs = posthocs.posthoc_nemenyi_friedman(scores).to_numpy()
    assert friedman(scores, higher_is_better=True).nemenyi_p == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_tasks_that_all_agree_have_the_p_of_their_agreement() -> None:
    test = friedman(np.tile([1.0, 2.0, 3.0], (6, 1)), higher_is_better=True)
    assert test.iman_davenport == np.inf
    assert test.iman_davenport_p == pytest.approx(6.0**-5)
    assert test.kendall_w == pytest.approx(1)


def test_words_in_the_plural() -> None:
    scores = np.random.default_rng(0).random((8, 3))
    scores[[1, 4], 0] = np.nan
    answer = compare_methods(scores, higher_is_better=True)
    assert answer.tasks_left_out == (1, 4)
    assert answer.cautions[0].words == (
        "2 tasks lack a result for some method and are left out of the rank test (6 of 8 tasks used)."
    )
    lone = compare_methods(scores[:1], higher_is_better=True).refusal
    assert lone is not None
    assert lone.words.startswith("1 task is too few for a rank test across tasks (5 needed; 10+ advised).")


def test_two_methods_fall_back_and_one_is_refused() -> None:
    scores = np.random.default_rng(0).random((9, 2))
    two = compare_methods(scores, higher_is_better=True)
    assert two.signed_rank == wilcoxon_test(scores[:, 0] - scores[:, 1])
    assert [caution.code for caution in two.cautions] == ["two-methods"]
    assert compare_methods(scores[:, :1], higher_is_better=True).refusal is not None
    equal = compare_methods(np.ones((6, 3)), higher_is_better=True).refusal
    assert equal is not None
    assert equal.code == "identical"


def test_ranks_are_refused_for_flat_lists() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        task_ranks([1.0, 2.0], higher_is_better=True)


def test_no_clique_of_one() -> None:
    assert cliques(np.array([1.0, 2.0, 3.0]), 0.5) == ()


def test_differences_are_rounded_before_they_are_ranked() -> None:
    scores = np.array([[0.31, 0.1], [0.61, 0.4], [0.9, 0.8], [0.2, 0.21], [0.5, 0.1], [0.7, 0.2]])
    raw, rounded = pairwise_signed_rank(scores)[0].test, pairwise_signed_rank(scores, decimals=1)[0].test
    assert raw == wilcoxon_test([0.21, 0.21, 0.1, -0.01, 0.4, 0.5])  # 0.31 - 0.1 is not 0.61 - 0.4 in their last bits
    assert rounded == wilcoxon_test([0.2, 0.2, 0.1, 0.4, 0.5])


def test_a_pair_takes_the_tasks_that_both_methods_have() -> None:
    scores = np.array([[1.0, 2.0, np.nan], [2.0, 4.0, 1.0], [3.0, 6.0, 2.0], [np.nan, 8.0, 5.0]])
    assert [pair.test for pair in pairwise_signed_rank(scores)] == [
        wilcoxon_test([-1.0, -2.0, -3.0]),
        wilcoxon_test([1.0, 1.0]),
        wilcoxon_test([3.0, 4.0, 3.0]),
    ]


@given(SCORES)
def test_pairs_are_adjusted_together(scores: Floats) -> None:
    for pair in pairwise_signed_rank(scores):
        assert (pair.p is None) == (scores[:, pair.a] == scores[:, pair.b]).all()
        assert pair.p is None or pair.p <= (pair.p_holm or 0) <= 1


def test_the_bayesian_test_sums_to_one_and_follows_its_seed() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.normal(0.1, 1, 12), generator.normal(size=12)
    answers = [bayesian_signed_rank(a, b, rope=0.1, rng=np.random.default_rng(2), draws=2000) for _ in range(2)]
    assert answers[0] == answers[1]
    first = answers[0]
    assert isinstance(first, Posterior)
    assert first.a_better + first.rope + first.b_better == pytest.approx(1)
    back = bayesian_signed_rank(b, a, rope=0.1, rng=np.random.default_rng(2), draws=2000)
    assert isinstance(back, Posterior)
    assert (back.a_better, back.b_better) == pytest.approx((first.b_better, first.a_better))


def test_baycomp_agrees_within_its_noise() -> None:
    baycomp = pytest.importorskip("baycomp", reason="the oracle baycomp is not installed")
    generator = np.random.default_rng(4)
    a, b = generator.normal(0.3, 1, 10), generator.normal(size=10)
    theirs = baycomp.SignedRankTest.probs(a, b, rope=0.2, nsamples=20_000, random_state=1)
    ours = bayesian_signed_rank(a, b, rope=0.2, rng=np.random.default_rng(0))
    assert isinstance(ours, Posterior)
    assert (ours.a_better, ours.rope, ours.b_better) == pytest.approx(theirs, abs=0.015)


def test_wrong_input_over_tasks_is_named() -> None:
    with pytest.raises(ValueError, match="rope -1"):
        bayesian_signed_rank([1.0], [1.0], rope=-1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="method must be one of"):
        pairwise_signed_rank([[1.0, 2.0]], method="guess")
    assert pairwise_signed_rank([[1.0, 1.0]])[0].p is None
    assert isinstance(bayesian_signed_rank([], [], rope=0, rng=np.random.default_rng(0)), Refusal)
