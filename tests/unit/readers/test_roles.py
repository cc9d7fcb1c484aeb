import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.readers.base import Certainty
from runreport.readers.tables.column_names import STEPS
from runreport.readers.tables.columns import Peek
from runreport.readers.tables.judge import judge
from runreport.readers.tables.roles import Layout, roles


def seen(*names: str, numeric: tuple[str, ...] | None = None, rows: bool = True) -> Peek:
    return Peek(names=names, numeric=frozenset(names if numeric is None else numeric), has_rows=rows)


@pytest.mark.parametrize(
    ("names", "step"),
    [
        (["epoch", "step", "loss"], "step"),
        (["epoch", "Global Step", "loss"], "Global Step"),
        (["loss", "Epoch"], "Epoch"),
        (["timesteps", "iteration"], "iteration"),
        (["loss", "stepsize"], None),
    ],
)
def test_the_step_column_is_the_first_of_the_usual_names(names: list[str], step: str | None) -> None:
    assert roles(names).step == step


def test_step_columns_that_are_not_chosen_stay_metrics() -> None:
    assert roles(["step", "epoch", "loss"]).others == ("epoch", "loss")


def test_metric_and_value_columns_make_a_table_long() -> None:
    found = roles(["run", "Key", "value", "step"])
    assert (found.layout, found.metric, found.value, found.run) == (Layout.LONG, "Key", "value", "run")


def test_a_name_column_without_values_does_not() -> None:
    assert roles(["name", "step", "loss"]).layout is Layout.WIDE


def test_seed_columns_are_found_by_the_last_part_of_their_name() -> None:
    assert roles(["step", "config.seed", "loss"]).seed == "config.seed"
    assert roles(["step", "seed_loss"]).seed is None


def test_a_run_id_is_the_key_and_the_run_name_only_a_name() -> None:
    found = roles(["run_name", "run_id", "step", "loss"])
    assert (found.run, found.run_name) == ("run_id", "run_name")
    assert roles(["run_name", "step", "loss"]).run == "run_name"


def test_the_row_index_that_pandas_writes_has_no_role() -> None:
    assert roles(["", "step", "loss"]).others == ("loss",)


@given(
    st.lists(st.sampled_from([*STEPS, "loss", "acc", "time", "run", "seed", "value", "metric", "note"]), unique=True)
)
def test_every_column_has_exactly_one_role(names: list[str]) -> None:
    found = roles(names)
    single = (found.step, found.time, found.run, found.run_name, found.seed, found.metric, found.value)
    assert sorted([*(name for name in single if name), *found.others]) == sorted(names)


@pytest.mark.parametrize(
    ("peek", "known", "certainty"),
    [
        (seen("step", "loss"), False, Certainty.LIKELY),
        (seen("method", "seed", "acc", numeric=("seed", "acc")), False, Certainty.POSSIBLE),
        (seen("run", "metric", "value", numeric=("value",)), False, Certainty.POSSIBLE),
        (seen("loss", "acc"), True, Certainty.LIKELY),
        (seen("step", "loss", numeric=(), rows=False), False, Certainty.LIKELY),
        (Peek(names=()), True, Certainty.POSSIBLE),
    ],
)
def test_run_logs_are_recognised(peek: Peek, known: bool, certainty: Certainty) -> None:
    assert judge(peek, is_known=known).certainty is certainty


@pytest.mark.parametrize(
    ("peek", "known", "reason"),
    [
        (seen("example_id", "label", "predicted"), False, "no step, run or seed column"),
        (seen("step", "comment", numeric=("step",)), False, "no column of numbers that could be a metric"),
        (seen("model", "top1", numeric=("top1",)), True, "no step, run or seed column"),
        (seen("name", "value", numeric=("value",)), False, "no step, run or seed column"),
        (Peek(names=()), False, "no columns"),
        (Peek(names=(), has_rows=True), True, "no columns"),
    ],
)
def test_other_tables_are_refused_with_the_reason(peek: Peek, known: bool, reason: str) -> None:
    judgement = judge(peek, is_known=known)
    assert (judgement.certainty, judgement.reason) == (None, reason)
