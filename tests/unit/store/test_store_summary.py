import math
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.model.entities import MetricSummary
from runreport.model.tables import POINTS, SUMMARY, from_table
from runreport.store.points import sort_points
from runreport.store.summary import summary_table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Point = tuple[str, str, int, int | None, float]

VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0]))
POINT = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(["m", "n"]), st.integers(-2, 4), st.none() | st.integers(0, 3), VALUES
)


def summaries(rows: list[Point]) -> dict[tuple[str, str], MetricSummary]:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    run, metric, step, time, value = columns
    table = pa.Table.from_arrays(
        [
            pa.array(run, pa.string()).dictionary_encode(),
            pa.array(metric, pa.string()).dictionary_encode(),
            pa.array(step, pa.int64()),
            pa.array(range(len(rows)), pa.int32()),
            pa.array(value, pa.float64()),
            pa.array(time, pa.timestamp("us", tz="UTC")),
        ],
        schema=POINTS,
    )
    found = summary_table(sort_points(table))
    assert found.schema.equals(SUMMARY, check_metadata=True)
    return {(row.run_id, row.metric): row for row in from_table(MetricSummary, found)}


def series(values: list[float]) -> MetricSummary:
    return summaries([("r", "m", step, None, value) for step, value in enumerate(values)])["r", "m"]


def same(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-6)


@given(st.lists(POINT, max_size=40))
def test_kernels_agree_with_a_plain_loop(rows: list[Point]) -> None:
    found = summaries(rows)
    assert found.keys() == {(run, metric) for run, metric, *_ in rows}
    for (run, metric), row in found.items():
        own = [
            (step, -1 if time is None else time, at, value)
            for at, (r, m, step, time, value) in enumerate(rows)
            if (r, m) == (run, metric)
        ]
        own.sort(key=lambda point: point[:3])
        finite = [(step, value) for step, _, _, value in own if math.isfinite(value)]
        tail = [value for *_, value in own[-max(len(own) // 10, 1) :] if math.isfinite(value)]
        assert same(row.first, own[0][3])
        assert same(row.last, own[-1][3])
        assert row.min == min((value for _, value in finite), default=None)
        assert row.max == max((value for _, value in finite), default=None)
        assert row.argmin_step == next((step for step, value in finite if value == row.min), None)
        assert row.argmax_step == next((step for step, value in finite if value == row.max), None)
        assert same(row.mean, sum(value for _, value in finite) / len(finite) if finite else None)
        assert same(row.tail_mean, sum(tail) / len(tail) if tail else None)
        assert (row.count, row.first_step, row.last_step) == (len(own), own[0][0], own[-1][0])
        assert row.nan_count == sum(math.isnan(value) for *_, value in own)
        assert row.inf_count == sum(math.isinf(value) for *_, value in own)
        assert row.last_time == (None if own[-1][1] < 0 else EPOCH + timedelta(microseconds=own[-1][1]))


def test_the_tail_is_the_last_tenth_and_at_least_one_point() -> None:
    assert series([1.0, 2.0, 3.0]).tail_mean == 3.0
    assert series([float(value) for value in range(29)]).tail_mean == 27.5


def test_a_series_without_finite_points_has_no_extremes_but_keeps_its_ends() -> None:
    row = series([math.nan, math.inf])
    assert (row.min, row.argmin_step, row.max, row.mean, row.tail_mean) == (None, None, None, None, None)
    assert math.isnan(row.first)
    assert row.last == math.inf


def test_a_tail_of_nan_is_not_replaced_by_earlier_points() -> None:
    row = series([1.0] * 19 + [math.nan])
    assert row.tail_mean == 1.0
    assert series([1.0, math.nan]).tail_mean is None


def test_the_mean_of_huge_values_does_not_overflow() -> None:
    assert series([1.5e308] * 20).mean == pytest.approx(1.5e308)


def test_at_one_step_the_later_time_is_last_whatever_the_order_in_the_file() -> None:
    row = summaries([("r", "m", 1, 5, 50.0), ("r", "m", 1, 2, 20.0)])["r", "m"]
    assert (row.first, row.last) == (20.0, 50.0)


def test_no_points_give_an_empty_summary() -> None:
    assert summaries([]) == {}
