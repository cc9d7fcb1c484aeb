"""Permutation tests and the bootstrap: SciPy's answers, symmetries, and random draws that a seed repeats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.permutation import Permutation, SignFlip, permutation_test, sign_flip_test
from runreport.stats.resampling import (
    Bootstrap,
    acceleration,
    bootstrap,
    given_resamples,
    mean_difference,
    percentile_interval,
    random_resamples,
    superiority,
)
from runreport.stats.types import Estimate, Refusal

DECIMAL = st.integers(-30, 30).map(
    lambda value: value / 10
)  # 0.1 is no binary fraction: equal sums differ in the last digit
SAMPLE = st.lists(DECIMAL, min_size=2, max_size=5)
DIFFERENCES = st.lists(DECIMAL, min_size=2, max_size=9).filter(any)


def permuted(found: object) -> Permutation:
    assert isinstance(found, Permutation)
    return found


def flipped(found: object) -> SignFlip:
    assert isinstance(found, SignFlip)
    return found


def as_integers(values: list[float]) -> np.ndarray:
    return np.rint(np.array(values) * 10)


@given(SAMPLE, SAMPLE)
@settings(max_examples=30, deadline=None)
def test_exact_permutation_is_that_of_scipy(a: list[float], b: list[float]) -> None:
    if len({*a, *b}) == 1:
        assert isinstance(permutation_test(a, b), Refusal)
        return
    found, tens = permuted(permutation_test(a, b)), (as_integers(a), as_integers(b))
    wanted = {
        alternative: stats.permutation_test(tens, mean_difference, vectorized=False, alternative=alternative).pvalue
        for alternative in ("two-sided", "less", "greater")
    }
    assert (found.p_2min, found.p_less, found.p_greater) == pytest.approx(tuple(wanted.values()))
    assert found.minimum_p <= found.p_2min


@given(SAMPLE, SAMPLE)
def test_swapping_the_sides_changes_no_two_sided_p(a: list[float], b: list[float]) -> None:
    there, back = permutation_test(a, b), permutation_test(b, a)
    if isinstance(there, Permutation):
        assert there.p_less == pytest.approx(permuted(back).p_greater)
        assert (there.p_abs, there.p_2min_studentised) == pytest.approx(
            (permuted(back).p_abs, permuted(back).p_2min_studentised)
        )


def test_random_splits_come_near_the_exact_p_and_repeat() -> None:
    generator = np.random.default_rng(2)
    a, b = generator.normal(size=9) + 0.7, generator.normal(size=14)
    found, again = (permuted(permutation_test(a, b, rng=np.random.default_rng(7))) for _ in range(2))
    assert found == again
    assert not found.is_exact
    assert found.splits == 10_001
    assert found.p_2min == pytest.approx(stats.ttest_ind(a, b).pvalue, abs=0.02)
    with pytest.raises(ValueError, match="splits are too many"):
        permutation_test(a, b)


@given(DIFFERENCES, st.sampled_from(["two-sided", "less", "greater"]))
@settings(max_examples=40, deadline=None)
def test_sign_flips_are_those_of_scipy(values: list[float], alternative: str) -> None:
    wanted = stats.permutation_test(
        (as_integers(values),), np.mean, permutation_type="samples", n_resamples=np.inf, alternative=alternative
    )
    found = flipped(sign_flip_test(values, alternative=alternative))
    assert found.test.p == pytest.approx(wanted.pvalue)
    assert found.flips == 2 ** len(values)
    assert found.minimum_p <= found.test.p


def test_many_pairs_are_flipped_at_random() -> None:
    values = np.random.default_rng(3).normal(size=40) + 0.3
    found = flipped(sign_flip_test(values, rng=np.random.default_rng(1)))
    assert found == flipped(sign_flip_test(values, rng=np.random.default_rng(1)))
    assert not found.is_exact
    assert found.test.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.02)
    with pytest.raises(ValueError, match="the signs of 40 pairs are too many"):
        sign_flip_test(values)


def test_the_largest_exact_sign_flip_agrees_with_random_ones() -> None:
    values = np.random.default_rng(4).normal(size=25) + 0.3
    exact = flipped(sign_flip_test(values))
    assert (exact.is_exact, exact.flips) == (True, 2**25)
    assert exact.test.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)
    more = flipped(sign_flip_test([*values, *[0.0] * 5]))  # zeros never count
    assert (more.is_exact, more.test.p, more.minimum_p) == (True, exact.test.p, exact.minimum_p)
    drawn = flipped(sign_flip_test(np.append(values, 1e-9), rng=np.random.default_rng(1), draws=100_000))
    assert (drawn.is_exact, drawn.test.p) == (False, pytest.approx(exact.test.p, abs=0.01))


def test_random_signs_count_the_observed_ones_too() -> None:
    certain = flipped(sign_flip_test([1.0] * 60, rng=np.random.default_rng(1)))
    assert certain.test.p == certain.minimum_p == pytest.approx(2 / 10_001)


def test_bca_is_that_of_scipy() -> None:
    generator = np.random.default_rng(6)
    a, b = generator.exponential(size=25), generator.normal(size=30)
    found = bootstrap(a, b, resamples=random_resamples(25, 30, rng=generator, draws=20_000))
    assert isinstance(found, Bootstrap)
    assert not found.cautions
    assert isinstance(found.bca, Estimate)
    wanted = {
        method: stats.bootstrap((a, b), lambda x, y, axis: x.mean(axis) - y.mean(axis), method=method, rng=generator)
        for method in ("BCa", "percentile")
    }
    for estimate, method in ((found.bca, "BCa"), (found.percentile, "percentile")):
        assert estimate.interval
        interval = wanted[method].confidence_interval
        assert [estimate.interval.low, estimate.interval.high] == pytest.approx([*interval], abs=0.05)


def test_superiority_resamples_in_batches_like_in_one() -> None:
    generator = np.random.default_rng(8)
    a, b = generator.normal(size=300), generator.normal(size=200)
    to_a, to_b = generator.integers(0, 300, (40, 300)), generator.integers(0, 200, (40, 200))
    found = bootstrap(a, b, superiority, resamples=given_resamples(to_a, to_b))
    assert isinstance(found, Bootstrap)
    whole = np.array([np.mean(np.greater.outer(a[i], b[j])) for i, j in zip(to_a, to_b, strict=True)])
    assert found.draws == 40
    assert found.percentile.interval == percentile_interval(whole)


def test_a_bootstrap_that_says_little_says_so() -> None:
    found = bootstrap(
        [3.0, 4.0], [1.0, 2.0], superiority, resamples=random_resamples(2, 2, rng=np.random.default_rng(0))
    )
    assert isinstance(found, Bootstrap)
    assert [caution.code for caution in found.cautions] == ["few-units", "no-variation"]
    assert isinstance(found.bca, Refusal)
    assert isinstance(acceleration([1.0], [1.0, 2.0]), Refusal)


def test_resamples_must_fit() -> None:
    with pytest.raises(ValueError, match="are not as many rows"):
        list(given_resamples([[0, 1]], [[0], [0]]))
    with pytest.raises(ValueError, match="there are no replicates"):
        bootstrap([1.0], [2.0], resamples=[])
