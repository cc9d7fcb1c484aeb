"""Two systems on the same examples: beside SciPy and plain counting, symmetry, and what is refused."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.dominance import violation_ratio
from runreport.stats.example_scores import (
    PairedBootstrap,
    PairedDifference,
    clustered_difference,
    paired_bootstrap,
)
from runreport.stats.examples import (
    PairedCounts,
    Predictions,
    accuracy_difference,
    compare_examples,
    count_pairs,
    mcnemar_test,
)
from runreport.stats.types import Refusal

COUNT = st.integers(0, 40)
COUNTS = st.builds(PairedCounts, COUNT, COUNT, COUNT, COUNT).filter(sum)
SCORES = st.lists(st.integers(-64, 64).map(lambda value: value / 16), min_size=2, max_size=8)
PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=40)


def difference(value: PairedDifference | Refusal) -> PairedDifference:
    assert isinstance(value, PairedDifference)
    return value


@given(COUNTS)
def test_mcnemar_counts_what_is_at_least_as_far_from_even(counts: PairedCounts) -> None:
    n, observed = counts.only_a_right + counts.only_b_right, abs(counts.only_a_right - counts.only_b_right)
    chances = {a: math.comb(n, a) / 2**n for a in range(n + 1)}
    beyond = sum(chance for a, chance in chances.items() if abs(2 * a - n) > observed)
    level = sum(chance for a, chance in chances.items() if abs(2 * a - n) == observed)
    tests = mcnemar_test(counts)
    assert tests.exact.p == pytest.approx(beyond + level)
    assert tests.mid_p.p == pytest.approx(beyond + level / 2)
    assert tests.default == (tests.exact if n < 25 else tests.mid_p)
    if tests.chi2:
        assert tests.chi2.p == pytest.approx(stats.chi2.sf(tests.chi2.statistic, 1))


@given(COUNTS)
def test_swapping_the_systems_turns_the_sign(counts: PairedCounts) -> None:
    swapped = counts._replace(only_a_right=counts.only_b_right, only_b_right=counts.only_a_right)
    there, back = difference(accuracy_difference(counts)), difference(accuracy_difference(swapped))
    assert (there.value, there.standard_error) == pytest.approx((-back.value, back.standard_error))
    assert mcnemar_test(counts).exact.p == mcnemar_test(swapped).exact.p


@given(PAIRS)
def test_wald_error_is_that_of_the_differences(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    wald = difference(accuracy_difference(count_pairs(a, b)))
    assert wald.standard_error == pytest.approx(np.std(a - b) / np.sqrt(len(pairs)), abs=1e-12)
    clustered = difference(clustered_difference(a, b, range(len(pairs))))
    assert clustered.standard_error == pytest.approx(wald.standard_error, abs=1e-12)
    assert clustered.standard_error_iid == pytest.approx(stats.sem(a - b), abs=1e-12)


def test_repeated_examples_of_a_cluster_are_no_new_evidence() -> None:
    a, b = np.array([0.9, 0.4, 0.7, 0.1]), np.array([0.5, 0.5, 0.2, 0.3])
    once = difference(clustered_difference(a, b, "wxyz"))
    thrice = difference(clustered_difference(np.repeat(a, 3), np.repeat(b, 3), np.repeat(list("wxyz"), 3).tolist()))
    assert thrice.standard_error == pytest.approx(once.standard_error)
    assert thrice.interval.low == pytest.approx(once.interval.low)


def test_bootstrap_of_many_examples_agrees_with_the_normal_interval() -> None:
    generator = np.random.default_rng(7)
    a, b = generator.normal(0.1, 1, 300), generator.normal(0, 1, 300)
    drawn = paired_bootstrap(a, b, np.random.default_rng(1))
    normal = difference(clustered_difference(a, b, range(300)))
    assert isinstance(drawn, PairedBootstrap)
    assert drawn.resamples == 10_000
    assert (drawn.interval.low, drawn.interval.high) == pytest.approx(
        (normal.interval.low, normal.interval.high), abs=0.01
    )
    assert drawn == paired_bootstrap(a, b, np.random.default_rng(1))


@given(SCORES, SCORES)
def test_the_violation_is_an_integral_over_quantiles(a: list[float], b: list[float]) -> None:
    ours = violation_ratio(a, b)
    at = (np.arange(840) + 0.5) / 840  # every step of both quantile functions is a multiple of 1/840
    above = np.sort(b)[(at * len(b)).astype(int)] - np.sort(a)[(at * len(a)).astype(int)]
    total = np.square(above).sum()
    assert ours == pytest.approx(np.square(above[above > 0]).sum() / total if total else 0.5, abs=1e-9)
    back = violation_ratio(b, a)
    assert isinstance(ours, float)
    assert isinstance(back, float)
    assert ours + back == pytest.approx(1)


def test_a_side_that_is_always_higher_violates_nothing() -> None:
    assert (violation_ratio([2.0, 3.0], [0.0, 1.0, 1.5]), violation_ratio([0.0], [1.0])) == (0.0, 1.0)
    grid = violation_ratio([0.8, 0.9, 0.7], [0.85, 0.6, 0.75], grid_step=0.0005)
    assert grid == pytest.approx(violation_ratio([0.8, 0.9, 0.7], [0.85, 0.6, 0.75]), abs=0.01)
    assert isinstance(violation_ratio([], [1.0]), Refusal)


def test_examples_are_paired_by_their_ids_in_any_order() -> None:
    a = Predictions(name="A", ids=["x", "y", "z"], scores=[1, 1, 0])
    orders = [
        compare_examples(a, Predictions(name="B", ids=[f"{i}" for i, _ in order], scores=[s for _, s in order]))
        for order in itertools.permutations([("x", 0), ("y", 1), ("z", 0)])
    ]
    assert orders[0].counts == PairedCounts(1, 1, 0, 1)
    assert all(answer == orders[0] for answer in orders)
    assert orders[0].test
    assert orders[0].test.test == "McNemar exact"
    assert orders[0].cautions[0].words.startswith("This compares these two checkpoints, not the two methods")


def test_real_scores_are_flipped_and_few_clusters_are_told() -> None:
    a = Predictions(name="A", ids=[1, 2, 3], scores=[0.3, 0.5, 0.4], clusters=["d", "d", "e"])
    answer = compare_examples(a, Predictions(name="B", ids=[3, 2, 1], scores=[0.1, 0.2, 0.2]))
    assert answer.test
    assert (answer.test.test, answer.test.p, answer.counts) == ("sign flip", 0.25, None)
    assert [caution.code for caution in answer.cautions] == ["two-checkpoints", "few-clusters"]


@pytest.mark.parametrize(
    ("ids_a", "ids_b", "code"),
    [([1, 2], [2, 3], "examples-differ"), ([1, 1], [1, 2], "repeated-examples"), ([], [], "empty")],
)
def test_what_cannot_be_paired_is_refused(ids_a: list[int], ids_b: list[int], code: str) -> None:
    sides = [Predictions(name=name, ids=ids, scores=[1.0] * len(ids)) for name, ids in (("A", ids_a), ("B", ids_b))]
    answer = compare_examples(*sides)
    assert answer.refusal
    assert (answer.refusal.code, answer.test) == (code, None)


def test_no_noise_and_wrong_input() -> None:
    assert isinstance(clustered_difference([1, 2], [0, 0], "xx"), Refusal)
    assert isinstance(accuracy_difference(PairedCounts(0, 0, 0, 0)), Refusal)
    assert isinstance(clustered_difference([], [], []), Refusal)
    assert isinstance(paired_bootstrap([], [], np.random.default_rng(0)), Refusal)
    with pytest.raises(ValueError, match="a holds 2; right is 1"):
        count_pairs([2, 1], [1, 1])
    with pytest.raises(ValueError, match="2 values of a cannot be paired with 3 of b"):
        count_pairs([0, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="1 clusters for 2 examples"):
        clustered_difference([1, 2], [0, 0], "x")
    with pytest.raises(ValueError, match="2 ids for 1 scores of A"):
        compare_examples(Predictions(name="A", ids=[1, 2], scores=[1]), Predictions(name="B", ids=[1], scores=[1]))
    with pytest.raises(ValueError, match="like -1"):
        mcnemar_test(PairedCounts(0, -1, 0, 0))
