from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runreport.frames.align import align
from runreport.frames.values import Curve
from runreport.pages.bands import band
from runreport.stats.intervals import mean_interval
from runreport.stats.types import Interval


def curve(run_id: str, steps: list[int], values: Sequence[float]) -> Curve:
    return Curve(run_id=run_id, steps=np.array(steps, dtype=np.int64), values=np.array(values, dtype=np.float64))


def rows(*positions: int) -> NDArray[np.intp]:
    return np.array(positions, dtype=np.intp)


@given(st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 6)), min_size=2, max_size=8))
def test_a_band_is_the_student_interval_of_its_step(values: Sequence[float]) -> None:
    curves = align([curve(str(number), [1], [value]) for number, value in enumerate(values)])
    found = band(curves, rows(*range(len(values))), level=0.95)
    expected = mean_interval(values)
    assert found.mean[0] == pytest.approx(np.mean(values))
    if isinstance(expected, Interval):
        assert (found.low[0], found.high[0]) == pytest.approx((expected.low, expected.high))


def test_a_run_that_ended_early_is_not_counted_on() -> None:
    found = band(align([curve("a", [1, 2, 3], [1, 2, 3]), curve("b", [1, 2], [3, 4])]), rows(0, 1), level=0.95)
    assert found.n.tolist() == [2, 2, 1]
    assert found.mean.tolist() == [2, 3, 3]
    assert np.isnan(found.low[2])


def test_a_value_that_is_not_finite_is_in_no_mean() -> None:
    found = band(align([curve("a", [1, 2], [1, np.nan]), curve("b", [1, 2], [3, np.inf])]), rows(0, 1), level=0.95)
    assert found.n.tolist() == [2, 0]
    assert np.isnan(found.mean[1])


def test_steps_that_only_other_runs_logged_are_left_out() -> None:
    found = band(align([curve("a", [1, 3], [1, 1]), curve("b", [2], [9])]), rows(0), level=0.95)
    assert found.steps.tolist() == [1, 3]
