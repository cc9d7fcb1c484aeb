"""Runs paired by seed, folds and margins: SciPy's answers, symmetries, and the words of what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.equivalence import Equivalence, NonInferiority, equivalence, non_inferiority, paired_equivalence
from runreport.stats.folds import FoldComparison, compare_folds
from runreport.stats.intervals import welch_interval
from runreport.stats.paired import PairedRuns, compare_paired
from runreport.stats.pairs import correlation, paired_differences, paired_test
from runreport.stats.permutation import SignFlip
from runreport.stats.tests import student_test
from runreport.stats.types import Interval, Refusal, TestResult

VALUES = st.integers(-1000, 1000).map(lambda value: value / 64)  # exact under the shifts and scales below
SAMPLE = st.lists(VALUES, min_size=2, max_size=8).filter(lambda values: len(set(values)) > 1)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=9).filter(
    lambda pairs: len({a - b for a, b in pairs}) > 1
)
SEEDS = st.dictionaries(st.integers(0, 12), VALUES, max_size=10)
MARGIN = st.sampled_from([0.25, 1.0, 8.0])


def by_seed(pairs: list[tuple[float, float]], *, scale: float = 1, shift: float = 0) -> PairedRuns:
    a = {seed: value * scale + shift for seed, (value, _) in enumerate(pairs)}
    b = {seed: value * scale for seed, (_, value) in enumerate(pairs)}
    return compare_paired(a, b)


@given(PAIRS)
def test_the_paired_answer_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    a, b = map(np.array, zip(*pairs, strict=True))
    found, wanted = by_seed(pairs), stats.ttest_rel(a, b)
    assert found.test
    assert found.delta
    assert found.delta.interval
    assert found.cohen_dz is not None
    assert (found.test.statistic, found.test.p) == pytest.approx((wanted.statistic, wanted.pvalue), abs=1e-12)
    low, high = wanted.confidence_interval(0.95)
    assert [found.delta.interval.low, found.delta.interval.high] == pytest.approx([low, high], abs=1e-9)
    assert found.cohen_dz * math.sqrt(len(pairs)) == pytest.approx(found.test.statistic, abs=1e-12)
    assert found.share_won == pytest.approx(np.mean((np.sign(a - b) + 1) / 2))
    if found.correlation is not None:
        assert found.correlation == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)
    assert isinstance(found.sign_flip, SignFlip) is (len(pairs) >= 6)


@given(PAIRS)
def test_interval_and_paired_test_agree_about_zero(pairs: list[tuple[float, float]]) -> None:
    found = by_seed(pairs)
    assert found.delta
    assert found.delta.interval
    assert found.test
    if abs(found.test.p - 0.05) > 1e-9:
        assert (found.delta.interval.low > 0 or found.delta.interval.high < 0) is (found.test.p < 0.05)


@given(PAIRS, st.sampled_from([0.5, 4.0, -2.0]))
def test_the_unit_changes_no_p(pairs: list[tuple[float, float]], scale: float) -> None:
    plain, scaled = by_seed(pairs), by_seed(pairs, scale=scale)
    assert plain.test
    assert scaled.test
    assert scaled.test.p == pytest.approx(plain.test.p)
    assert (scaled.sign_flip and scaled.sign_flip.test.p) == (plain.sign_flip and plain.sign_flip.test.p)


@given(PAIRS, st.integers(1, 8))
def test_more_shift_is_a_smaller_one_sided_p(pairs: list[tuple[float, float]], shift: int) -> None:
    a, b = map(np.array, zip(*pairs, strict=True))
    p = [paired_test(side, b, alternative="greater") for side in (a, a + shift)]
    assert isinstance(p[0], TestResult)
    assert isinstance(p[1], TestResult)
    assert p[1].p < p[0].p or p[0].p < 1e-300


@given(SEEDS, SEEDS)
def test_swapping_the_sides_turns_the_paired_answer(a: dict[int, float], b: dict[int, float]) -> None:
    there, back = compare_paired(a, b), compare_paired(b, a, names=("B", "A"))
    assert there.common_seeds == back.common_seeds == tuple(sorted(a.keys() & b.keys()))
    assert (there.dropped_a, there.dropped_b) == (back.dropped_b, back.dropped_a)
    assert (there.test is None) is (back.test is None)
    if there.test and back.test and there.delta and back.delta:
        assert there.test.p == pytest.approx(back.test.p)
        assert there.delta.value == pytest.approx(-back.delta.value)
    assert (there.unpaired is None) is (back.unpaired is None)


@pytest.mark.parametrize(
    ("a", "b", "code", "words"),
    [
        ({1: 0.5}, {2: 0.6}, "no-common-seeds", "A and B share no seed, so runs are compared as independent groups."),
        ({1: 0.5, 2: math.nan}, {2: 0.6}, "no-common-seeds", "A and B share no seed with a finite value on both sides"),
        ({1: 1.0, 2: 2.0}, {1: 1.5, 2: 2.0}, "few-common-seeds", "Only 2 seeds are common; pairing needs at least 3."),
        (
            {1: 1.0, 2: 2.0, 3: math.inf},
            {1: 1.5, 2: 2.0, 3: 1.0},
            "few-common-seeds",
            "Only 2 seeds are common with a finite value on both sides; pairing needs at least 3.",
        ),
        ({1: 1.0, 2: 2.0, 3: 3.0}, {1: 1.0, 2: 2.0, 3: 3.0}, "all-differences-zero", "All paired differences are"),
        ({1: 0.3, 2: 0.2, 3: 0.7}, {1: 0.2, 2: 0.1, 3: 0.6}, "zero-variance-pairs", "Every pair differs by exactly"),
    ],
)
def test_what_pairs_cannot_tell(a: dict[int, float], b: dict[int, float], code: str, words: str) -> None:
    found = compare_paired(a, b)
    assert found.refusal
    assert found.refusal.code == code
    assert found.refusal.words.startswith(words)
    assert (found.test, found.sign_flip) == (None, None)
    assert found.delta is None or found.delta.interval is None or code == "few-common-seeds"


def test_failed_and_unmatched_runs_are_told_and_stay_in_the_unpaired_test() -> None:
    a = {1: 0.81, 2: 0.83, 3: 0.80, 4: 0.82, 9: 0.5, 10: math.nan}
    b = {1: 0.80, 2: 0.81, 3: 0.80, 4: 0.80, 8: 0.7}
    found = compare_paired(a, b)
    assert found.test
    assert found.unpaired
    assert found.unpaired.p == pytest.approx(
        stats.ttest_ind(list(a.values())[:5], list(b.values()), equal_var=False).pvalue
    )
    assert [caution.code for caution in found.cautions] == ["failed-runs", "failure-rates", "dropped-seeds"]
    assert found.cautions[-1].words.startswith("1 seed of A and 1 of B have no value on the other side")


def test_pairs_must_be_pairs() -> None:
    for statistic in (paired_differences, paired_test, correlation):
        with pytest.raises(ValueError, match=r"2 values of a cannot be paired with 1 of b"):
            statistic([1.0, 2.0], [1.0])


@given(SAMPLE, SAMPLE)
def test_student_is_that_of_scipy(a: list[float], b: list[float]) -> None:
    found, wanted = student_test(a, b), stats.ttest_ind(a, b)
    assert isinstance(found, TestResult)
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue), abs=1e-12)


@given(SAMPLE, SAMPLE, MARGIN)
def test_equivalent_is_when_the_interval_lies_within_the_margin(a: list[float], b: list[float], margin: float) -> None:
    there, back = equivalence(a, b, margin=margin), equivalence(b, a, margin=margin)
    assert isinstance(there, Equivalence)
    assert isinstance(back, Equivalence)
    assert (there.p, there.lower.p) == pytest.approx((back.p, back.upper.p))
    if abs(there.p - 0.05) > 1e-9:
        assert there.is_equivalent is (-margin < there.interval.low and there.interval.high < margin)
    wider = equivalence(a, b, margin=2 * margin)
    assert isinstance(wider, Equivalence)
    assert wider.p <= there.p


@given(new=SAMPLE, old=SAMPLE, margin=MARGIN, higher_is_better=st.booleans())
def test_non_inferior_is_when_the_bound_excludes_the_margin(
    new: list[float], old: list[float], margin: float, *, higher_is_better: bool
) -> None:
    found = non_inferiority(new, old, margin=margin, higher_is_better=higher_is_better)
    assert isinstance(found, NonInferiority)
    if abs(found.test.p - 0.05) > 1e-9:
        is_excluded = found.bound.low > -margin if higher_is_better else found.bound.high < margin
        assert found.is_non_inferior is is_excluded
    turned = non_inferiority([-x for x in new], [-x for x in old], margin=margin, higher_is_better=not higher_is_better)
    assert isinstance(turned, NonInferiority)
    assert turned.test.p == pytest.approx(found.test.p)
    two_sided = welch_interval(new, old, level=0.9)
    assert isinstance(two_sided, Interval)
    assert (found.bound.low if higher_is_better else found.bound.high) == pytest.approx(
        two_sided.low if higher_is_better else two_sided.high
    )


def test_without_a_margin_nothing_is_equivalent() -> None:
    for refused in (
        equivalence([1.0, 2.0], [1.0, 3.0], margin=None),
        paired_equivalence([1.0, 2.0], [1.0, 3.0], margin=None),
        non_inferiority([1.0, 2.0], [1.0, 3.0], margin=None, higher_is_better=True),
    ):
        assert isinstance(refused, Refusal)
        assert refused.code == "no-margin"
    with pytest.raises(ValueError, match=r"a margin must be above 0 and finite, not -1"):
        equivalence([1.0, 2.0], [1.0, 3.0], margin=-1)
    with pytest.raises(ValueError, match=r"alpha must be below 0\.5, not 0\.5"):
        equivalence([1.0, 2.0], [1.0, 3.0], margin=1, alpha=0.5)


@given(PAIRS, st.sampled_from([0.0, 0.5]), st.sampled_from([1 / 9, 0.5]))
def test_folds_are_less_sure_than_independent_runs(pairs: list[tuple[float, float]], rope: float, ratio: float) -> None:
    a, b = map(np.array, zip(*pairs, strict=True))
    found = compare_folds(a, b, test_over_train=ratio, rope=rope)
    assert isinstance(found, FoldComparison)
    assert found.naive_p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert found.test.p >= found.naive_p * (1 - 1e-12)
    assert found.plain.code == "folds-overlap"
    shares = found.posterior
    assert shares.above + shares.within + shares.below == pytest.approx(1)
    if rope == 0:
        assert 2 * min(shares.above, shares.below) == pytest.approx(found.test.p)
    back = compare_folds(b, a, test_over_train=ratio, rope=rope)
    assert isinstance(back, FoldComparison)
    assert (back.posterior.above, back.posterior.below) == pytest.approx((shares.below, shares.above))


def test_folds_need_their_sizes_and_noise() -> None:
    with pytest.raises(ValueError, match=r"test_over_train must be above 0 and finite, not 0"):
        compare_folds([1.0, 2.0], [1.0, 3.0], test_over_train=0)
    with pytest.raises(ValueError, match=r"rope must be 0 or more and finite, not -1"):
        compare_folds([1.0, 2.0], [1.0, 3.0], test_over_train=0.1, rope=-1)
    refused = compare_folds([0.3, 0.2], [0.2, 0.1], test_over_train=0.1)
    assert isinstance(refused, Refusal)
    assert refused.code == "zero-variance-pairs"
