import math
from collections.abc import Callable

import numpy as np

from runreport.frames.load import load_curves, load_experiments
from runreport.frames.values import ExperimentFrame
from runreport.model.entities import RunLog
from runreport.names import Direction, DirectionSource
from runreport.store.manifest import Store
from runreport.store.query import parse

MakeLog = Callable[..., RunLog]
Commit = Callable[..., Store]

SEEDS = ("seed", "random_state")


def run_ids(frame: ExperimentFrame) -> list[str]:
    return [facts.run.run_id for facts in frame.runs]


def test_runs_are_ordered_by_start_then_natural_name_then_id(make_log: MakeLog, commit: Commit) -> None:
    logs = [
        make_log("a", hour=None),
        make_log("b", hour=2),
        make_log("c", hour=1, name="run10"),
        make_log("d", hour=1, name="run2"),
        make_log("e", hour=1, name="run2"),
    ]
    (frame,) = load_experiments(commit(logs).snapshot(), seed_names=SEEDS)
    assert run_ids(frame) == ["d", "e", "c", "b", "a"]


def test_columns_are_aligned_with_the_runs_and_empty_where_missing(make_log: MakeLog, commit: Commit) -> None:
    logs = [make_log("z", hour=0), make_log("a", hour=1), make_log("m", hour=2)]
    series = {
        ("a", "loss"): [(0, 3.0), (5, 1.0)],
        ("z", "loss"): [(0, math.nan)],
        ("m", "acc10"): [(1, 0.5)],
        ("m", "acc9"): [(1, 0.25)],
    }
    (frame,) = load_experiments(commit(logs, series).snapshot(), seed_names=SEEDS)
    assert list(frame.metrics) == ["acc9", "acc10", "loss"]
    loss = frame.metrics["loss"]
    np.testing.assert_array_equal(loss.count, [1, 2, 0])
    np.testing.assert_array_equal(loss.last, [np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(loss.mean, [np.nan, 2.0, np.nan])
    np.testing.assert_array_equal(loss.argmin_step, [0, 5, 0])
    np.testing.assert_array_equal(loss.nan_count, [1, 0, 0])
    assert (loss.last.dtype, loss.last_step.dtype) == (np.float64, np.int64)


def test_experiments_are_apart_and_in_natural_order(make_log: MakeLog, commit: Commit) -> None:
    logs = [make_log(f"r{i}", experiment=f"e{i}") for i in (10, 9)]
    snapshot = commit(logs, {("r9", "loss"): [(0, 1.0)], ("r10", "loss"): [(0, 2.0)]}).snapshot()
    frames = load_experiments(snapshot, seed_names=SEEDS)
    assert [(frame.experiment, frame.metrics["loss"].last.tolist()) for frame in frames] == [
        ("e9", [1.0]),
        ("e10", [2.0]),
    ]
    (only,) = load_experiments(snapshot, seed_names=SEEDS, run_ids=["r10", "gone"])
    assert run_ids(only) == ["r10"]


def test_the_seed_of_the_format_wins_over_those_among_the_params(make_log: MakeLog, commit: Commit) -> None:
    logs = [
        make_log("a", params={"model.Random_State": "3", "lr": "1"}),
        make_log("b", params={"seed": "4", "random_state": "5"}, seed=9),
        make_log("c", params={"seed": "none"}),
    ]
    (frame,) = load_experiments(commit(logs).snapshot(), seed_names=SEEDS)
    assert [facts.run.seed for facts in frame.runs] == [3, 9, None]


def test_excluded_runs_stay_with_the_reason(make_log: MakeLog, commit: Commit) -> None:
    logs = [make_log("a", params={"lr": "0.1"}), make_log("b", params={"lr": "1e-1"}), make_log("c")]
    series = {("a", "loss"): [(0, 1.0)], ("b", "loss"): [(0, 3.0)]}
    query = parse("params.lr == 0.1 and metrics.loss.mean > 2")
    (frame,) = load_experiments(commit(logs, series).snapshot(), seed_names=SEEDS, exclude=query)
    assert [facts.is_excluded for facts in frame.runs] == [False, True, False]
    assert query.text in frame.runs[1].exclusion_reason
    assert frame.runs[0].exclusion_reason == ""


def test_what_logs_say_of_a_metric_is_merged_and_conflicts_are_noticed(make_log: MakeLog, commit: Commit) -> None:
    logs = [
        make_log("a", hour=0, directions={"acc": Direction.UNKNOWN}),
        make_log("b", hour=1, directions={"acc": Direction.UP}),
        make_log("c", hour=2, directions={"acc": Direction.DOWN}),
    ]
    (frame,) = load_experiments(commit(logs).snapshot(), seed_names=SEEDS)
    info = frame.metric_infos["acc"]
    assert (info.direction, info.direction_source, info.unit, info.run_id) == (
        Direction.UP,
        DirectionSource.LOG,
        "%",
        "b",
    )
    (notice,) = frame.notices
    assert (notice.code, notice.run_id, notice.location) == ("direction-conflict", "c", "logs/c")


def test_an_empty_store_has_no_experiments(commit: Commit) -> None:
    assert load_experiments(commit([]).snapshot(), seed_names=SEEDS) == ()


def test_runs_without_any_metric_are_loaded(make_log: MakeLog, commit: Commit) -> None:
    (frame,) = load_experiments(commit([make_log("a")]).snapshot(), seed_names=SEEDS)
    assert (run_ids(frame), dict(frame.metrics), frame.runs[0].tags["author"].value) == (["a"], {}, "ann")


def test_curves_come_in_the_order_asked_for_and_keep_nan(make_log: MakeLog, commit: Commit) -> None:
    series = {
        ("a", "loss"): [(0, 1.0), (1, math.nan), (1, 2.0)],
        ("b", "loss"): [(5, 3.0)],
        ("b", "acc"): [(5, 9.0)],
    }
    snapshot = commit([make_log("a"), make_log("b"), make_log("c")], series).snapshot()
    b, a = load_curves(snapshot, ["b", "c", "a"], "loss")
    assert (b.run_id, b.steps.tolist(), b.values.tolist(), b.times_us) == ("b", [5], [3.0], None)
    np.testing.assert_array_equal(a.values, [1.0, np.nan, 2.0])
    assert load_curves(snapshot, ["a"], "acc") == ()
