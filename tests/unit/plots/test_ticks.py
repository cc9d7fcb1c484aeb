"""Ticks are few, round and inside; their texts tell them apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.plots.scene import Ruler, extent
from runreport.plots.spec import Scale
from runreport.plots.ticks import log_tick_texts, tick_texts, ticks

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(st.lists(FLOATS, max_size=5), st.sampled_from(Scale), st.sampled_from([0.0, 0.05]), st.booleans())
def test_any_values_give_an_axis_with_ticks_inside(
    values: list[float], scale: Scale, margin: float, whole: bool
) -> None:
    low, high = extent(values, scale, margin=margin)
    assert np.isfinite([low, high]).all()
    assert low < high
    found = ticks(low, high, scale=scale, count=5, whole=whole)
    assert len(found) <= 30
    assert list(found) == sorted(set(found))
    slack = (high / 2 - low / 2) * 1e-6
    assert all(low - slack <= value <= high + slack for value in found)


@given(st.lists(FLOATS, min_size=1, max_size=5), st.sampled_from(Scale))
def test_texts_of_ticks_differ(values: list[float], scale: Scale) -> None:
    low, high = extent(values, scale)
    found = ticks(low, high, scale=scale, count=5)
    texts = log_tick_texts(found) if scale is Scale.LOG else tick_texts(found)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        assert len(set(texts)) == len(found)


@given(st.lists(FLOATS, min_size=1, max_size=8), st.sampled_from(Scale))
def test_every_finite_value_has_a_place_inside_its_axis(values: list[float], scale: Scale) -> None:
    low, high = extent(values, scale)
    places = Ruler(low=low, high=high, start=10.0, end=110.0, scale=scale).place(np.array(values))
    shown = np.isfinite(values) & ((scale is Scale.LINEAR) | (np.array(values) > 0))
    assert (np.isfinite(places) == shown).all()
    assert ((places[shown] >= 9.99) & (places[shown] <= 110.01)).all()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.0, 0.25, 0.5), ("0.00", "0.25", "0.50")),
        ((-1.0, 0.0, 1.0), ("−1", "0", "1")),
        ((0.0, 5000.0, 10000.0), ("0", "5000", "10\N{THIN SPACE}000")),
        ((0.0, 2e6, 4e6), ("0", "2×10⁶", "4×10⁶")),
        ((-5e-5, 0.0, 5e-5), ("−5×10⁻⁵", "0", "5×10⁻⁵")),
        ((), ()),
    ],
)
def test_texts_have_sensible_digits(values: tuple[float, ...], texts: tuple[str, ...]) -> None:
    assert tick_texts(values) == texts


def test_steps_get_whole_ticks() -> None:
    assert ticks(0.0, 3.0, scale=Scale.LINEAR, count=6, whole=True) == (0.0, 1.0, 2.0, 3.0)


def test_a_log_axis_has_decades_and_a_short_one_has_steps_between() -> None:
    assert ticks(1e-5, 0.1, scale=Scale.LOG, count=6) == (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    assert ticks(0.9, 11.0, scale=Scale.LOG, count=5) == (1.0, 2.0, 5.0, 10.0)
