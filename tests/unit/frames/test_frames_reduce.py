import numpy as np
import pytest

from runreport.frames.reduce import reduce_values
from runreport.frames.values import MetricColumns
from runreport.names import Direction, Reduction


def columns() -> MetricColumns:
    floats = ("first", "last", "min", "max", "mean", "tail_mean")
    ints = ("argmin_step", "argmax_step", "count", "nan_count", "inf_count", "first_step", "last_step")
    values = {name: np.array([float(at), np.nan]) for at, name in enumerate(floats)}
    return MetricColumns(**values, **{name: np.array([1, 0]) for name in ints})


@pytest.mark.parametrize(
    ("reduction", "direction", "expected"),
    [
        (Reduction.LAST, Direction.UNKNOWN, 1.0),
        (Reduction.MIN, Direction.UP, 2.0),
        (Reduction.MAX, Direction.DOWN, 3.0),
        (Reduction.TAIL_MEAN, Direction.UNKNOWN, 5.0),
        (Reduction.BEST, Direction.UP, 3.0),
        (Reduction.BEST, Direction.DOWN, 2.0),
    ],
)
def test_each_reduction_takes_its_column(reduction: Reduction, direction: Direction, expected: float) -> None:
    np.testing.assert_array_equal(reduce_values(columns(), reduction, direction), [expected, np.nan])


def test_best_needs_a_direction() -> None:
    with pytest.raises(ValueError, match="direction"):
        reduce_values(columns(), Reduction.BEST, Direction.UNKNOWN)
