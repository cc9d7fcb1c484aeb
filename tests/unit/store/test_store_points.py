import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.model.tables import POINTS
from runreport.store.points import NO_TIME, grouped_rows, is_sorted, sort_points

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r10", "r2", "é"]),
        st.sampled_from(["loss", "acc", "Acc"]),
        st.integers(-3, 3),
        st.floats(allow_nan=False),
        st.one_of(st.none(), st.integers(0, 10)),
    ),
    max_size=40,
)


def table(rows: list[tuple[str, str, int, float, int | None]], *, chunks: int = 1) -> pa.Table:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    run, metric, step, value, time = columns
    arrays = [
        pa.array(run, pa.string()).dictionary_encode(),
        pa.array(metric, pa.string()).dictionary_encode(),
        pa.array(step, pa.int64()),
        pa.array(range(len(rows)), pa.int32()),
        pa.array(value, pa.float64()),
        pa.array(time, pa.timestamp("us", tz="UTC")),
    ]
    whole = pa.Table.from_arrays(arrays, schema=POINTS)
    size = -(-len(rows) // chunks) or 1
    pieces = [table(rows[at : at + size]) for at in range(0, len(rows), size)] if chunks > 1 else [whole]
    return pa.concat_tables(pieces) if pieces else whole


@given(ROWS)
def test_points_come_out_sorted_by_metric_run_step_and_order(
    rows: list[tuple[str, str, int, float, int | None]],
) -> None:
    found = sort_points(table(rows))
    names = [(found.metrics[m], found.runs[r]) for m, r in zip(found.metric, found.run, strict=True)]
    got = list(zip(names, found.step, found.order, found.value, found.time_us, strict=True))
    want = sorted(
        ((metric, run), step, order, value, NO_TIME if time is None else time)
        for order, (run, metric, step, value, time) in enumerate(rows)
    )
    assert got == want
    assert sorted(set(names)) == [(metric, run) for run, metric in found.series_names()]


@given(ROWS)
def test_chunks_with_their_own_dictionaries_mean_the_same(rows: list[tuple[str, str, int, float, int | None]]) -> None:
    parted = table(rows, chunks=3)
    order = pa.chunked_array([pa.array(range(len(rows)), pa.int32())])
    parted = parted.set_column(3, POINTS.field("order"), order)
    assert sort_points(parted).to_table().equals(sort_points(table(rows)).to_table())


@given(st.lists(st.integers(0, 5), max_size=60))
def test_grouping_is_a_stable_sort(keys: list[int]) -> None:
    key = np.array(keys, dtype=np.int64)
    assert grouped_rows(key).tolist() == np.argsort(key, kind="stable").tolist()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=6))
def test_order_is_judged_by_all_columns(pairs: list[tuple[int, int]]) -> None:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    assert is_sorted(*columns) == (pairs == sorted(pairs))


def test_points_of_another_schema_or_with_nulls_are_refused() -> None:
    good = table([("r", "m", 0, 1.0, None)])
    with pytest.raises(ValueError, match="schema POINTS"):
        sort_points(good.rename_columns(["run", "metric", "step", "order", "value", "time"]))
    broken = good.set_column(4, POINTS.field("value"), pa.array([None], pa.float64()))
    with pytest.raises(ValueError, match="nulls in \\['value'\\]"):
        sort_points(broken)
