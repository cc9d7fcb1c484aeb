import numpy as np
import pytest

from runreport.readers.common.series import NO_TIME, RunPoints


def test_columns_and_single_points_of_a_metric_keep_their_order() -> None:
    points = RunPoints()
    points.add("loss", 0, 2.0)
    points.extend_arrays("loss", np.array([1, 2]), np.array([1.0, np.nan]), np.array([5, NO_TIME]))
    points.extend("loss", [3], [0.25])
    table = points.table("run")
    assert table.column("step").to_pylist() == [0, 1, 2, 3]
    assert str(table.column("value").to_pylist()) == "[2.0, 1.0, nan, 0.25]"
    assert table.column("order").to_pylist() == [0, 1, 2, 3]
    assert points.times_us() == (5, 5)
    assert len(points) == 4


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in number"):
        RunPoints().extend_arrays("loss", np.array([1]), np.array([1.0, 2.0]), np.array([NO_TIME]))


def test_a_run_without_points_has_an_empty_table_and_no_times() -> None:
    points = RunPoints()
    assert points.table("run").num_rows == 0
    assert points.times_us() is None
