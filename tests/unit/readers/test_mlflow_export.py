"""MLflow as JSON: every shape of a run, pages, folders of mlflow-export-import."""

import json
import math
from pathlib import Path

import pytest
from mlflow_logs import GOLDEN, Logged, location, read_log, same

from runreport.names import Direction, RunStatus
from runreport.readers.mlflow.export import MlflowExportReader
from runreport.readers.mlflow.records import RunRecord, run_record, run_records

INFO = {
    "run_id": "r1",
    "experiment_id": "7",
    "run_name": "one",
    "status": "FINISHED",
    "start_time": "1700000000000",
    "end_time": 1700000060000,
    "artifact_uri": "/x",
    "lifecycle_stage": "active",
}


def record(raw: object) -> RunRecord:
    found = run_record(raw)
    assert found is not None
    return found


def read(folder: Path, **files: object) -> Logged:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return read_log(MlflowExportReader(), location(folder))


def folders() -> Logged:
    return read_log(MlflowExportReader(), location(GOLDEN / "mlflow_export_folders/input"))


@pytest.mark.parametrize(
    "data",
    [
        {"params": {"lr": "0.1"}, "metrics": {"acc": 0.5}, "tags": {"team": "vision"}},
        {"params": [{"key": "lr", "value": "0.1"}], "metrics": {"acc": [0.5]}, "tags": [["team", "vision"]]},
        {"params": [["lr", "0.1"]], "metrics": [{"key": "acc", "value": 0.5, "step": "0"}], "tags": {"team": "vision"}},
        {"params": {"lr": 0.1}, "metrics": {"acc": {"value": "0.5", "step": 0}}, "tags": {"team": "vision"}},
    ],
    ids=["maps", "lists of pairs", "a list of points", "numbers and a point"],
)
@pytest.mark.parametrize("wrap", [dict, lambda run: {"run": run}, lambda run: {"mlflow": run}])
def test_params_metrics_and_tags_are_maps_or_lists(data: dict[str, object], wrap: type[dict[str, object]]) -> None:
    found = record(wrap({"info": INFO, "data": data}))
    assert (found.params, found.tags) == ({"lr": "0.1"}, {"team": "vision"})
    assert {name: [(step, value) for step, _, value in points] for name, points in found.metrics.items()} == {
        "acc": [(0, 0.5)]
    }


def test_numbers_that_are_not_finite_come_as_texts() -> None:
    values = ["NaN", "Infinity", "-Infinity", math.nan, "1e400"]
    found = record({"info": INFO, "data": {"metrics": {"acc": values}}})
    assert [str(value) for *_, value in found.metrics["acc"]] == ["nan", "inf", "-inf", "nan", "inf"]


def test_a_point_without_a_value_is_counted() -> None:
    found = record({"info": INFO, "data": {"metrics": {"acc": [0.5, None, "text", {"step": 3}]}}})
    assert (len(found.metrics["acc"]), found.bad_points) == (1, 3)


def test_the_id_may_stand_beside_the_info() -> None:
    [found] = run_records({"runs": [{"run_uuid": "r9", "info": {"status": "FAILED"}, "data": {"params": {}}}]})
    assert found.source_id == "r9"


@pytest.mark.parametrize("raw", [None, [], {}, 3, "run", {"runs": 3}, {"runs": [None, 1]}, {"info": {"run_id": "x"}}])
def test_what_is_no_run_is_none(raw: object) -> None:
    assert [found.source_id for found in run_records(raw)] in ([], ["x"])


def test_the_shape_for_comparisons_has_data_sets_and_artifacts(tmp_path: Path) -> None:
    run = {
        "run_uuid": "r1",
        "info": INFO,
        "data": {"params": {}, "metrics": {"acc": 0.5}, "tags": {}},
        "inputs": {"dataset": [{"name": "digits", "digest": "c0ffee", "context": "training"}]},
        "artifacts": {"model.pkl": {"file_size": "120"}, "plot.png": {}},
    }
    log = read(tmp_path, compare={"runs": [run]}).logs["one"]
    assert [(data.dataset, data.role, data.digest) for data in log.datasets] == [("digits", "train", "c0ffee")]
    assert [(file.path, file.size_bytes) for file in log.artifacts] == [("model.pkl", 120), ("plot.png", None)]


def test_pages_are_put_together_and_a_run_on_two_of_them_counts_once(tmp_path: Path) -> None:
    pages = {
        f"page{page}": {"runs": [{"info": {**INFO, "run_id": run, "run_name": run}, "data": {}} for run in runs]}
        for page, runs in enumerate((("a", "b"), ("b", "c")), start=1)
    }
    logged = read(tmp_path, **pages)
    assert list(logged.logs) == ["a", "b", "c"]
    assert logged.notice("second-copy").location == "page2.json"


def test_a_page_of_experiments_names_them(tmp_path: Path) -> None:
    experiments = {"experiments": [{"experiment_id": "7", "name": "digits"}, {"experiment_id": "8", "name": "other"}]}
    logged = read(tmp_path, runs={"runs": [{"info": INFO, "data": {}}]}, experiments=experiments)
    assert logged.logs["one"].run.experiment == "digits"


def test_an_experiment_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    assert read(tmp_path, runs={"runs": [{"info": INFO, "data": {}}]}).logs["one"].run.experiment == "7"


def test_that_only_last_values_are_there_is_told(tmp_path: Path) -> None:
    metrics = [{"key": "acc", "value": 0.5, "step": 100, "timestamp": 1700000000000}]
    logged = read(tmp_path, runs={"runs": [{"info": INFO, "data": {"metrics": metrics}}]})
    assert logged.notice("last-values-only").location == "runs.json"


def test_other_json_is_left_to_others(tmp_path: Path) -> None:
    for name, content in {"a": {"runs": [1]}, "b": {"run_id": "x", "loss": 1}, "c": [1, 2]}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    assert MlflowExportReader().match(location(tmp_path)) is None


def test_a_folder_of_exports_has_whole_histories() -> None:
    points = folders().points["first"]
    assert same(points["acc"], [(0, 0.25), (1, math.nan), (2, 0.5), (3, math.inf)])
    assert same(points["loss"], [(5, -math.inf), (6, math.inf)])  # a database keeps infinity as the largest number


def test_a_folder_of_exports_says_everything_about_a_run() -> None:
    log = folders().logs["first"]
    assert (log.run.experiment, log.run.status, log.run.user, log.run.duration_s) == (
        "digits",
        RunStatus.FINISHED,
        "ada",
        60.0,
    )
    assert log.run.note == "a *note*"
    assert log.run.parent_run == folders().logs["second"].run.run_id
    assert {param.param: param.value for param in log.params}["big"] == "9007199254740993"
    assert [(data.dataset, data.role, data.rows, data.source) for data in log.datasets] == [
        ("digits", "train", 1797, "data/digits.csv")
    ]
    assert [(item.item, item.value) for item in log.environment] == [("numpy", "2.0.1")]
    assert [artifact.path for artifact in log.artifacts] == ["model/requirements.txt"]
    assert [(info.metric, info.direction) for info in log.metric_infos] == [("acc", Direction.UP)]
    assert log.code is not None
    assert log.code.commit == "433c68765dce369e0fc3b6a9ec395401acc7e40e"


def test_the_oldest_shape_of_a_run_file_is_read() -> None:
    log = folders().logs["second"]
    assert (log.run.status, [param.value for param in log.params]) == (RunStatus.FAILED, ["0.2"])


def test_deleted_runs_and_lonely_versions_are_told() -> None:
    assert folders().codes.count("deleted-runs") == 1
    assert "prod-net 3" in folders().notice("unattached-model").message


def test_a_single_run_folder_can_be_named() -> None:
    [run] = (GOLDEN / "mlflow_export_folders/input/experiments/7/runs").glob("*1")
    log = read_log(MlflowExportReader(), location(run)).logs["first"]
    assert (log.run.experiment, log.run.path, len(log.artifacts)) == ("7", ".", 1)


def test_a_broken_run_file_is_told_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "runs" / "r1").mkdir(parents=True)
    (folder / "experiment.json").write_text(
        json.dumps({"mlflow": {"experiment": {"experiment_id": "7", "name": "digits"}}})
    )
    (folder / "runs" / "r1" / "run.json").write_text('{"mlflow": {"info": ')
    logged = read_log(MlflowExportReader(), location(folder))
    assert (logged.scan.runs_skipped, logged.notice("broken-run").location) == (1, "runs/r1/run.json")


def test_a_mixed_folder_is_not_taken_whole(tmp_path: Path) -> None:
    (tmp_path / "experiments" / "7").mkdir(parents=True)
    (tmp_path / "logs").mkdir()
    (tmp_path / "experiments" / "7" / "experiment.json").write_text('{"mlflow": {"experiment": {}}}')
    assert MlflowExportReader().match(location(tmp_path)) is None
    assert MlflowExportReader().match(location(tmp_path, "experiments/7")) is not None
