import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats.outliers import find_split
from simulation import far_share, found_share


def test_a_collapsed_seed_is_found() -> None:
    split = find_split([0.91, 0.10, 0.92, 0.93, 0.91])
    assert split
    assert (split.far, split.is_bimodal) == ((1,), False)


def test_two_clusters_are_bimodal() -> None:
    split = find_split([0.90, 0.20, 0.91, 0.21, 0.92, 0.22])
    assert split
    assert (split.far, split.is_bimodal) == ((1, 3, 5), True)


@pytest.mark.parametrize(
    "values", [[], [0.1, 0.9], [0.5, 0.5, 0.5], [0.95, 0.95, 0.96], [0.90, 0.91, 0.93], [1e308, -1e308, 0.0]]
)
def test_ordinary_samples_are_not_split(values: list[float]) -> None:
    assert find_split(values) is None


@pytest.mark.parametrize(
    "values", [[0.01, 0.01, 0.02], [0.9, 0.9, 0.9, 0.9, 0.8], [3.0, 3.0, 3.1, 3.0, 3.5], [12, 12, 12, 12, 12, 13]]
)
def test_a_gap_that_rounding_could_have_made_is_none(values: list[float]) -> None:
    assert find_split(values) is None
    assert find_split(np.float32(values).astype(np.float64)) is None


@pytest.mark.parametrize(
    "values", [[0.93, 0.93, 0.93, 0.93, 0.10], [3.01, 3.04, 3.12, 3.02, 3.95], [1200, 1203, 1199, 1201, 12]]
)
def test_a_gap_much_wider_than_the_rounding_is_one(values: list[float]) -> None:
    split = find_split(values)
    assert split
    assert split.far == (4,)
    assert find_split(np.float32(values).astype(np.float64)) == split


@given(st.lists(st.integers(-50, 50), min_size=3, max_size=12, unique=True), st.sampled_from([0.5, 2.0, -1.0]))
def test_a_split_does_not_depend_on_the_unit(values: list[int], scale: float) -> None:
    plain, scaled = find_split(values), find_split(np.array(values) * scale)
    assert (plain is None) is (scaled is None)
    if plain and scaled and len(plain.far) * 2 != len(values):
        assert plain.far == scaled.far


@pytest.mark.parametrize(
    ("n", "at_most"), [(3, 0.05), (4, 0.05), (5, 0.06), (6, 0.05), (7, 0.05), (10, 0.03), (20, 0.01)]
)
def test_normal_noise_is_rarely_called_a_split(n: int, at_most: float) -> None:
    assert far_share("normal", n, 3000) < at_most


@pytest.mark.parametrize(("n", "low", "high"), [(3, 0.04, 0.11), (5, 0.15, 0.24), (10, 0.22, 0.32), (20, 0.11, 0.21)])
def test_a_long_tail_is_split_as_often_as_said(n: int, low: float, high: float) -> None:
    assert low < far_share("skewed", n, 3000) < high


@pytest.mark.parametrize(
    ("n", "at_least"), [(3, 0.12), (4, 0.35), (5, 0.80), (6, 0.90), (7, 0.95), (8, 0.95), (10, 0.95), (20, 0.97)]
)
def test_a_collapse_among_the_runs_is_found(n: int, at_least: float) -> None:
    assert found_share(n, 3000) > at_least
