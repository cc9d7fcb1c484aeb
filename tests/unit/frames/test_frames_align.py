import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runreport.frames.align import align
from runreport.frames.values import Curve


def curve(run: str, points: list[tuple[int, float]]) -> Curve:
    steps, values = zip(*points, strict=True) if points else ((), ())
    return Curve(run_id=run, steps=np.array(steps, dtype=np.int64), values=np.array(values, dtype=np.float64))


def test_equal_grids_are_joined_exactly() -> None:
    found = align([curve("a", [(0, 0.1), (7, 0.2)]), curve("b", [(0, 0.3), (7, math.nan)])])
    assert found.steps.tolist() == [0, 7]
    np.testing.assert_array_equal(found.values, [[0.1, 0.2], [0.3, np.nan]])
    assert found.is_logged.all()


def test_steps_between_are_interpolated_inside_a_runs_own_range_only() -> None:
    found = align([curve("a", [(0, 0.0), (10, 10.0)]), curve("b", [(-5, 1.0), (4, 1.0), (20, 1.0)])])
    np.testing.assert_array_equal(found.values[0], [np.nan, 0.0, 4.0, 10.0, np.nan])
    np.testing.assert_array_equal(found.is_logged[0], [False, True, False, True, False])


def test_a_logged_nan_is_told_from_a_gap_and_is_not_bridged() -> None:
    found = align([curve("a", [(0, 1.0), (2, math.nan), (4, 1.0)]), curve("b", [(s, 0.0) for s in range(6)])])
    np.testing.assert_array_equal(found.values[0], [1.0, np.nan, np.nan, np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(found.is_logged[0], [True, False, True, False, True, False])


def test_the_last_of_several_points_at_a_step_counts() -> None:
    assert align([curve("a", [(1, 5.0), (1, 6.0), (2, 7.0)])]).values.tolist() == [[6.0, 7.0]]


def test_infinite_values_and_huge_steps_are_kept() -> None:
    big = 2**60
    found = align([curve("a", [(big, math.inf), (big + 2, 1.0)]), curve("b", [(big + 1, 0.0)])])
    assert found.values[0][[0, 2]].tolist() == [math.inf, 1.0]
    assert found.steps.tolist() == [big, big + 1, big + 2]


def test_no_curves_and_empty_curves_give_empty_rows() -> None:
    assert align([]).values.shape == (0, 0)
    found = align([curve("a", []), curve("b", [(1, 2.0)])])
    assert found.run_ids == ("a", "b")
    assert np.isnan(found.values[0]).all()
    assert not found.is_logged[0].any()


POINTS = st.dictionaries(st.integers(-20, 20), st.floats(-1e6, 1e6), max_size=8).map(
    lambda points: sorted(points.items())
)


@given(st.lists(POINTS, max_size=4))
def test_logged_values_are_kept_and_others_lie_between_them(runs: list[list[tuple[int, float]]]) -> None:
    found = align([curve(str(row), points) for row, points in enumerate(runs)])
    assert found.steps.tolist() == sorted({step for points in runs for step, _ in points})
    for row, points in enumerate(runs):
        logged = dict(points)
        assert found.steps[found.is_logged[row]].tolist() == list(logged)
        for step, value in zip(found.steps.tolist(), found.values[row].tolist(), strict=True):
            if step in logged:
                assert value == logged[step]
            elif logged and min(logged) < step < max(logged):
                around = max(s for s in logged if s < step), min(s for s in logged if s > step)
                low, high = sorted(logged[s] for s in around)
                assert low - 1e-6 <= value <= high + 1e-6
            else:
                assert math.isnan(value)
