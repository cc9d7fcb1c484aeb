"""Points of a log held tag by tag, against one point after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.readers.tensorboard import series
from runreport.readers.tensorboard.findings import Points
from runreport.readers.tensorboard.series import LoggedPoints

Row = tuple[int, int, int, float]

rows = st.tuples(
    st.integers(0, 4),
    st.one_of(st.integers(0, 9), st.integers(-(2**62), 2**62)),
    st.one_of(st.just(0), st.integers(1, 2**50)),
    st.one_of(st.floats(width=32), st.floats(width=64)),
)


def points(found: list[Row]) -> Points:
    tag, step, time_us, value = zip(*found, strict=True) if found else ((), (), (), ())
    return Points(
        tag=np.array(tag, dtype=np.int32),
        step=np.array(step, dtype=np.int64),
        time_us=np.array(time_us, dtype=np.int64),
        value=np.array(value, dtype=np.float64),
    )


def standing(found: list[Row], tag: int) -> list[Row]:
    """The rule of TensorBoard: a point removes the earlier ones of its tag whose step is not below its own."""
    kept: list[Row] = []
    for row in (row for row in found if row[0] == tag):
        kept = [earlier for earlier in kept if earlier[1] < row[1]]
        kept.append(row)
    return kept


@settings(max_examples=60)
@given(pieces=st.lists(st.lists(rows, max_size=12), max_size=8), segment_points=st.sampled_from([1, 7, 1000]))
def test_series_are_the_same_however_the_points_were_packed(pieces: list[list[Row]], segment_points: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "SEGMENT_POINTS", segment_points)
        logged = LoggedPoints()
        for piece in pieces:
            logged.add(points(piece))
        flat = [row for piece in pieces for row in piece]
        assert len(logged) == len(flat)
        assert logged.superseded(5) == len(flat) - sum(len(standing(flat, tag)) for tag in range(5))
        times = [time for _, _, time, _ in flat if time]
        assert (logged.first_us, logged.last_us) == (min(times, default=0), max(times, default=0))
        for tag in range(5):
            expected, found = standing(flat, tag), logged.series(tag)
            assert found.step.tolist() == [row[1] for row in expected]
            assert found.time_us.tolist() == [row[2] for row in expected]
            np.testing.assert_array_equal(found.value, [row[3] for row in expected])


def test_ordinary_points_take_sixteen_bytes_each() -> None:
    logged, count = LoggedPoints(), series.SEGMENT_POINTS
    step = np.arange(count)
    value = np.sin(step).astype(np.float32).astype(np.float64)
    logged.add(Points(tag=(step % 20).astype(np.int32), step=step, time_us=step + 10**15, value=value))
    (segment,) = logged._segments
    assert segment.step.nbytes + segment.time_us.nbytes + segment.value.nbytes == 16 * count


def test_training_goes_on_when_a_tag_has_more_than_one_later_point() -> None:
    logged = LoggedPoints()
    logged.add(points([(0, 0, 1_000_000, 1.0), (0, 1, 2_000_000, 1.0), (1, 0, 3_000_000, 1.0)]))
    logged.add(points([(0, 2, 4_000_000, 1.0)]))
    assert logged.goes_on_after(1.5)
    assert not logged.goes_on_after(2.5)
    assert not LoggedPoints().goes_on_after(0.0)
