"""Down-sampling keeps what a reader must not miss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runreport.plots.downsample import Floats, Ints, decimate

BINS = 10
VALUES = st.floats(allow_nan=True, allow_infinity=True, width=64)
COLUMNS = arrays(np.float64, st.integers(1, 300), elements=VALUES)


def kept(y: Floats, *, bins: int = BINS, log_x: bool = False, states: Ints | None = None) -> Ints:
    x = np.arange(len(y), dtype=np.float64)
    return decimate(x, y, bins=bins, log_x=log_x, states=states)


@given(COLUMNS)
def test_first_last_and_extremes_survive_in_ascending_order(y: Floats) -> None:
    indices = kept(y)
    finite = y[np.isfinite(y)]
    assert indices[0] == 0
    assert indices[-1] == len(y) - 1
    assert (np.diff(indices) > 0).all()
    if len(finite):
        shown = y[indices][np.isfinite(y[indices])]
        assert (shown.min(), shown.max()) == (finite.min(), finite.max())


@given(COLUMNS)
def test_every_kind_of_value_survives(y: Floats) -> None:
    shown = y[kept(y)]
    for is_kind in (np.isnan, np.isposinf, np.isneginf):
        assert is_kind(shown).any() == is_kind(y).any()


@given(COLUMNS)
def test_the_result_is_bounded(y: Floats) -> None:
    assert len(kept(y)) <= 16 * BINS


@given(COLUMNS, st.booleans())
def test_extremes_of_every_bin_survive(y: Floats, log_x: bool) -> None:
    indices = set(kept(y, log_x=log_x).tolist())
    if len(y) <= 2 * BINS or log_x:
        return
    bin_of = np.minimum((np.arange(len(y)) / (len(y) - 1) * BINS).astype(int), BINS - 1)
    for number in range(BINS):
        inside = np.flatnonzero((bin_of == number) & np.isfinite(y))
        if len(inside):
            assert y[inside].max() in {y[i] for i in indices & set(inside.tolist())}


def test_a_spike_of_one_step_survives_among_ten_thousand() -> None:
    y = np.zeros(10_000)
    y[7321] = 50.0
    indices = kept(y, bins=400)
    assert 7321 in indices
    assert len(indices) <= 2 * 400 + 2


def test_both_sides_of_a_gap_survive() -> None:
    y = np.ones(1000)
    y[411:433] = np.nan
    assert {410, 411, 432, 433} <= set(kept(y).tolist())


def test_both_sides_of_a_change_of_state_survive() -> None:
    runs = np.where(np.arange(1000) < 617, 5, 4)
    assert {616, 617} <= set(kept(np.ones(1000), states=runs).tolist())


def test_bins_are_logarithmic_on_a_log_axis() -> None:
    y = np.zeros(100_000)
    y[3], y[5] = 1.0, 2.0
    assert {3, 5} <= set(kept(y, log_x=True).tolist())
    assert 3 not in kept(y, log_x=False)


def test_few_points_are_kept_as_they_are() -> None:
    assert kept(np.arange(20.0)).tolist() == list(range(20))


@pytest.mark.parametrize(
    ("x", "y", "bins"),
    [([0.0, 1.0], [0.0], 5), ([1.0, 0.0], [0.0, 0.0], 5), ([0.0, np.nan], [0.0, 0.0], 5), ([0.0], [0.0], 0)],
)
def test_wrong_input_is_refused(x: list[float], y: Floats, bins: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        decimate(np.array(x), np.array(y), bins=bins)
