"""Describing a sample, repeats of a seed, and seeds that lie far from the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats.describe import describe, position
from runreport.stats.multiplicity import holm
from runreport.stats.power import minimum_detectable_effect, power_of_t_test
from runreport.stats.repeats import average_repeats
from runreport.stats.types import Description

FINITE = st.floats(-1e6, 1e6)
PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(st.lists(FINITE, min_size=2, max_size=30))
def test_description_agrees_with_numpy(values: list[float]) -> None:
    brief = describe(values)
    assert brief.n == len(values)
    assert brief.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert brief.sd == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    assert brief.median == pytest.approx(np.median(values))
    assert (brief.min, brief.max) == (min(values), max(values))


def test_description_of_nothing_and_of_huge_values() -> None:
    assert describe([]) == Description(n=0, mean=None, sd=None, median=None, min=None, max=None)
    huge = describe([1.7e308, 1.6e308, -1.7e308])
    assert huge.mean == pytest.approx(1.6e308 / 3)
    assert huge.sd is None
    assert describe([0.1, 0.1, 0.1]).sd == 0


@given(FINITE, st.lists(st.integers(-5, 5), max_size=9))
def test_position_counts_everyone_once(value: float, others: list[int]) -> None:
    below, equal, above = position(value, others)
    assert below + equal + above == len(others)
    assert below == sum(other < value for other in others)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-100, 100)), min_size=1))
def test_each_seed_gives_its_own_mean(pairs: list[tuple[int, int]]) -> None:
    seeds, values = [seed for seed, _ in pairs], [float(value) for _, value in pairs]
    wanted = [np.mean([v for s, v in pairs if s == seed]) for seed in dict.fromkeys(seeds)]
    assert average_repeats(values, seeds) == pytest.approx(wanted)


def test_repeats_of_huge_values_do_not_overflow() -> None:
    assert average_repeats([1.7e308, 1.7e308, 1.0], [0, 0, 1]) == pytest.approx([1.7e308, 1.0])


def test_units_must_match_the_values() -> None:
    with pytest.raises(ValueError, match="1 units for 2 values"):
        average_repeats([1.0, 2.0], [0])


@given(PROBABILITIES)
def test_holm_never_lowers_a_p_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(adjusted >= p)
    assert max(adjusted) <= 1
    assert all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)


@given(PROBABILITIES, st.randoms(use_true_random=False))
def test_holm_follows_a_permutation(p: list[float], random: object) -> None:
    order = list(range(len(p)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert holm([p[i] for i in order]) == pytest.approx(holm(p)[order])


def test_holm_names_a_wrong_p() -> None:
    with pytest.raises(ValueError, match=r"not at 1\.5"):
        holm([0.1, 1.5])


@given(st.integers(2, 12), st.integers(2, 12))
def test_the_detectable_effect_has_the_power_asked_for(n_a: int, n_b: int) -> None:
    effect = minimum_detectable_effect(n_a, n_b, alpha=0.05, power=0.8)
    assert power_of_t_test(effect, n_a, n_b, alpha=0.05) == pytest.approx(0.8)
    assert effect == pytest.approx(minimum_detectable_effect(n_b, n_a, alpha=0.05, power=0.8))
    assert effect >= minimum_detectable_effect(n_a + 1, n_b, alpha=0.05, power=0.8)


def test_power_is_alpha_without_an_effect_and_needs_runs() -> None:
    assert power_of_t_test(0, 5, 5, alpha=0.05) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="1 and 1 runs"):
        power_of_t_test(1, 1, 1)
    with pytest.raises(ValueError, match=r"power 0.04"):
        minimum_detectable_effect(5, 5, alpha=0.05, power=0.04)
