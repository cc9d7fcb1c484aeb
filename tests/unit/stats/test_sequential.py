"""Evidence at every look: beside numerical integration, and how often it is wrong when one stops at will."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from runreport.stats.sequential import (
    Looks,
    confidence_sequence,
    confidence_sequence_of_mean,
    critical_t,
    e_value,
    one_sample_looks,
    two_sample_looks,
)
from runreport.stats.types import Interval, Refusal

VALUES = st.integers(-1000, 1000).map(lambda value: value / 64)
SAMPLE = st.lists(VALUES, min_size=3, max_size=8, unique=True)
PRIOR = st.sampled_from([0.25, 1.0, 4.0])


def looks(found: Looks | Refusal) -> Looks:
    assert isinstance(found, Looks)
    return found


def interval(found: Interval | Refusal) -> Interval:
    assert isinstance(found, Interval)
    return found


@pytest.mark.parametrize("t", [-2.5, 0.0, 1.0, 4.0])
@pytest.mark.parametrize(("df", "m", "prior"), [(8, 2.5, 1.0), (3, 4.0, 0.25), (20, 11.0, 4.0)])
def test_the_e_value_is_a_ratio_of_likelihoods(t: float, df: int, m: float, prior: float) -> None:
    sd = prior**0.5

    def weighted(effect: float) -> float:
        return float(stats.nct.pdf(t, df, effect * np.sqrt(m)) * stats.norm.pdf(effect, 0, sd))

    marginal, _ = quad(weighted, -9 * sd, 9 * sd, limit=200)
    assert e_value(t, df, m, prior_variance=prior) == pytest.approx(marginal / stats.t.pdf(t, df), rel=1e-5)


@given(SAMPLE, SAMPLE, st.integers(-64, 64), st.sampled_from([0.5, 1024.0]), PRIOR)
def test_shift_scale_and_swap_change_no_evidence(
    a: list[float], b: list[float], shift: int, scale: float, prior: float
) -> None:
    plain = looks(two_sample_looks(a, b, prior_variance=prior))
    moved = [np.array(side) * scale + shift for side in (b, a)]
    assert looks(two_sample_looks(*moved, prior_variance=prior)).e == pytest.approx(plain.e, rel=1e-8)
    assert (np.diff(plain.p) <= 0).all()
    assert plain.p == pytest.approx(np.minimum(1, 1 / np.maximum.accumulate(plain.e)))


@given(SAMPLE, SAMPLE, PRIOR, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_leaves_out_what_the_evidence_rejects(
    a: list[float], b: list[float], prior: float, alpha: float
) -> None:
    found = interval(confidence_sequence(a, b, alpha=alpha, prior_variance=prior))
    last = looks(two_sample_looks(a, b, prior_variance=prior)).e[-1]
    if abs(last * alpha - 1) > 1e-9:
        assert (found.low > 0 or found.high < 0) is bool(last >= 1 / alpha)


@given(st.integers(1, 40), st.floats(0.5, 20), PRIOR, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_critical_t_has_just_enough_evidence(df: int, m: float, prior: float, alpha: float) -> None:
    critical = critical_t(df, m, alpha=alpha, prior_variance=prior)
    if critical == np.inf:
        assert e_value(1e9, df, m, prior_variance=prior) <= 1 / alpha * (1 + 1e-6)
    else:
        assert e_value(critical, df, m, prior_variance=prior) == pytest.approx(1 / alpha, rel=1e-6)


@given(SAMPLE, VALUES)
@settings(max_examples=50)
def test_a_mean_is_bounded_where_its_target_is_rejected(values: list[float], target: float) -> None:
    found = interval(confidence_sequence_of_mean(values))
    last = looks(one_sample_looks(values, target)).e[-1]
    if abs(last - 20) > 1e-9:
        assert (target < found.low or target > found.high) is bool(last >= 20)


def test_stopping_at_will_keeps_false_alarms_below_alpha() -> None:
    generator = np.random.default_rng(11)
    rejected = naive = 0
    for _ in range(400):
        a, b = generator.normal(size=(2, 20))
        rejected += bool(looks(two_sample_looks(a, b, first_look=3)).p[-1] < 0.05)
        naive += any(stats.ttest_ind(a[:n], b[:n]).pvalue < 0.05 for n in range(3, 21, 2))
    assert rejected / 400 < 0.05
    assert naive / 400 > 0.1  # what looking without it does


def test_evidence_of_a_true_difference_grows() -> None:
    generator = np.random.default_rng(12)
    found = looks(two_sample_looks(generator.normal(2, 1, 20), generator.normal(0, 1, 20)))
    assert found.p[-1] < 0.001
    assert (found.n[0], found.n[-1]) == (2, 20)


def test_a_shorter_side_stays_as_it_is() -> None:
    found = looks(two_sample_looks([1.0, 2.0, 3.0], [0.0, 0.5]))
    assert found.n.tolist() == [2, 3]
    assert found.e[1] == pytest.approx(e_value(stats.ttest_ind([1, 2, 3], [0, 0.5]).statistic, 3, 6 / 5))


def test_a_look_without_noise_rejects_nothing() -> None:
    found = looks(two_sample_looks([1.0, 1.0, 1.5], [0.0, 0.0, 0.0]))
    assert np.isnan(found.e[0])
    assert (found.p[0], bool(found.p[1] < 1)) == (1.0, True)
    assert isinstance(confidence_sequence([1.0, 1.0], [0.0, 0.0]), Refusal)
    assert isinstance(two_sample_looks([1.0], [2.0]), Refusal)
    assert isinstance(two_sample_looks([], [2.0, 3.0]), Refusal)
    assert isinstance(one_sample_looks([1.0], 2.0), Refusal)


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="first look needs 2 runs, not 1"):
        one_sample_looks([1.0, 2.0], 0.0, first_look=1)
    with pytest.raises(ValueError, match="prior_variance must be above 0, not 0"):
        e_value(1.0, 3, 2.0, prior_variance=0)
    with pytest.raises(ValueError, match="alpha must be between 0 and 1, not 20"):
        critical_t(3, 2.0, alpha=20)
