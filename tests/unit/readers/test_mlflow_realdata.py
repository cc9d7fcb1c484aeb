"""MLflow logs of real runs, against what was logged."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mlflow_logs import Logged, location, read_log, same

from runreport.model import keys
from runreport.readers.base import Reader
from runreport.readers.mlflow.file import MlflowFileReader
from runreport.readers.mlflow.sqlite import MlflowSqliteReader

FORMS: dict[str, tuple[Reader, str]] = {
    "mlflow_file": (MlflowFileReader(), "mlruns"),
    "mlflow_sqlite": (MlflowSqliteReader(), ""),
}


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    folder = realdata / "gen-digits"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="module", params=sorted(FORMS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def found(form: str, digits: Path) -> Logged:
    reader, relative = FORMS[form]
    return read_log(reader, location(digits / form, relative))


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((digits / "truth.json").read_text())
    return told


@pytest.fixture(scope="module")
def run_ids(form: str, digits: Path) -> dict[str, str]:
    told = json.loads((digits / form / "run_ids.json").read_text())
    ids: dict[str, str] = told.get("run_ids", told)
    return ids


def test_every_run_but_the_deleted_one_with_its_status(
    found: Logged, truth: dict[str, Any], run_ids: dict[str, str]
) -> None:
    assert len(found.logs) == truth["n_runs"] == 17
    assert Counter(log.run.status.value.upper() for log in found.logs.values()) == truth["status_counts"]
    for name, source_id in run_ids.items():
        assert found.logs[name].run.run_id == keys.run_id("mlflow", source_id)
    assert {log.run.experiment for log in found.logs.values()} == {truth["experiment"]}
    assert found.codes == ["deleted-runs"]


def test_every_param_and_tag(found: Logged, truth: dict[str, Any]) -> None:
    for run in truth["runs"]:
        log = found.logs[run["name"]]
        assert {param.param: param.value for param in log.params} == {
            name: str(value) for name, value in run["params"].items()
        }
        tags = {tag.tag: tag.value for tag in log.tags}
        assert {name: tags.get(name) for name in run["tags"]} == {
            name: str(value) for name, value in run["tags"].items()
        }


def test_every_metric_point(found: Logged, truth: dict[str, Any]) -> None:
    for run in truth["runs"]:
        series = found.points[run["name"]]
        assert series.keys() == run["metrics"].keys()
        for metric, points in run["metrics"].items():
            assert same(series[metric], [(step, float(value)) for step, value, _ in points])


def test_times_and_parents(found: Logged, truth: dict[str, Any], run_ids: dict[str, str]) -> None:
    for run in truth["runs"]:
        log = found.logs[run["name"]]
        parent = keys.run_id("mlflow", run_ids[run["parent"]]) if run["parent"] else None
        assert log.run.parent_run == parent
        assert log.run.started is not None
        assert log.run.started.timestamp() * 1000 == run["start_ms"]
        if run["end_ms"] is None or run["status"] == "RUNNING":
            assert log.run.ended is None
        else:
            assert log.run.ended is not None
            assert log.run.ended.timestamp() * 1000 == run["end_ms"]


def test_artifacts_and_data_sets(found: Logged, truth: dict[str, Any]) -> None:
    for run in truth["runs"]:
        log = found.logs[run["name"]]
        assert {artifact.path: artifact.size_bytes for artifact in log.artifacts} == {
            artifact["path"]: artifact["bytes"] for artifact in run["artifacts"]
        }
        for data in log.datasets:
            assert (data.dataset, data.digest) == (truth["dataset"]["name"], truth["dataset"]["digest"])
            assert (data.rows, data.role) == (truth["dataset"]["rows"], "train")
        assert bool(log.datasets) == bool(run["dataset"])
