"""The samples of mlflow-export-import: the counts and values are those in the files."""

import json
from pathlib import Path

import pytest

from runreport import open_store
from runreport.frames.api import StoreFrames
from runreport.ingestion import IngestResult, ingest
from runreport.names import Severity


@pytest.fixture(scope="module")
def logs(realdata: Path) -> Path:
    return realdata / "mlflow-export-import-json"


@pytest.fixture(scope="module")
def ingested(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestResult, StoreFrames]:
    store = tmp_path_factory.mktemp("store")
    result = ingest([logs], store=store)
    return result, open_store(store)


def raw_runs(logs: Path) -> dict[str, dict[str, object]]:
    """Every run of the export by its id, as plain JSON; the first file of a run counts."""
    found = (json.loads(path.read_text())["mlflow"] for path in sorted(logs.rglob("run.json"), reverse=True))
    return {run["info"]["run_id"]: run for run in found}


def test_every_run_is_there_once(logs: Path, ingested: tuple[IngestResult, StoreFrames]) -> None:
    _, frames = ingested
    runs = frames.runs()
    assert len(runs) == 6
    assert sorted(runs["source_id"]) == sorted(raw_runs(logs))
    assert set(runs["experiment"]) == {"sklearn_iris", "sklearn_wine"}
    assert set(runs["status"]) == {"finished"}
    assert set(runs["user"]) == {"andre"}


def test_every_point_and_param_is_that_of_the_file(logs: Path, ingested: tuple[IngestResult, StoreFrames]) -> None:
    _, frames = ingested
    ids = frames.runs().set_index("run_id")["source_id"]
    points = {
        (ids[row.run_id], row.metric, row.step, row.value, int(row.time.timestamp() * 1000))
        for row in frames.metrics().itertuples()
    }
    expected = {
        (run, metric, point["step"], point["value"], point["timestamp"])
        for run, raw in raw_runs(logs).items()
        for metric, history in raw["metrics"].items()  # type: ignore[attr-defined]
        for point in history
    }
    assert len(expected) == 16
    assert points == expected
    params = {(ids[row.run_id], row.param, row.value) for row in frames.params().itertuples()}
    logged = {(run, *item) for run, raw in raw_runs(logs).items() for item in raw["params"].items()}  # type: ignore[attr-defined]
    assert logged <= params


def test_models_of_the_history_tag_are_listed(ingested: tuple[IngestResult, StoreFrames]) -> None:
    models = ingested[1].models()
    assert len(models) == 8
    assert set(models["model"]) == {"sklearn-model", "model", "onnx-model"}


def test_what_is_left_out_is_told(ingested: tuple[IngestResult, StoreFrames]) -> None:
    result, _ = ingested
    codes = sorted(notice.code for notice in result.notices)
    assert codes == ["second-copy", "second-copy", "unattached-model", "unattached-model", "unread-experiment"]
    [broken] = [notice for notice in result.notices if notice.code == "unread-experiment"]
    assert broken.location == "oss_mlflow/bulk/experiments/2/experiment.json"


def test_a_run_file_that_holds_another_run_under_the_same_id_is_a_warning(
    ingested: tuple[IngestResult, StoreFrames],
) -> None:
    copies = [notice for notice in ingested[0].notices if notice.code == "second-copy"]
    assert [notice.severity for notice in copies] == [Severity.WARNING] * 2
    assert all("with other params or metrics" in notice.message for notice in copies)
