"""Known runs replayed through DVCLive's own client, compared with what was replayed.

Expected differences: a run is known by its folder, whose name has underscores; there is no status, no time, no tag, no
parent; truth values are written in lower case by YAML; steps are as logged.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    found = realdata / "gen-digits"
    if not (found / "dvclive").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    return {
        run["name"].replace("-", "_").replace("#", "_"): run
        for run in json.loads((digits / "truth.json").read_text())["runs"]
    }


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("dvclive") / "store"
    result = ingest([digits / "dvclive"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (17, 0)
    return runreport.open_store(store)


def test_every_replayed_run_is_there(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    runs = frames.runs()
    assert sorted(runs["path"].str.rpartition("/")[2]) == sorted(truth)
    assert set(runs["status"]) == {"unknown"}
    assert runs["started"].isna().all()
    assert set(runs["reader"]) == {"dvclive"}


def test_params_are_those_that_were_replayed(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    params = frames.params()
    for run_id, path in frames.runs().set_index("run_id")["path"].items():
        own = params[params["run_id"] == run_id]
        expected = {key: _yaml_text(value) for key, value in truth[path.rpartition("/")[2]]["params"].items()}
        found = {key.replace("\\.", "."): value for key, value in zip(own["param"], own["value"], strict=True)}
        assert found == expected


def test_every_point_is_the_one_that_was_replayed(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]
) -> None:
    metrics = frames.metrics()
    for run_id, path in frames.runs().set_index("run_id")["path"].items():
        own = metrics[metrics["run_id"] == run_id]
        expected = truth[path.rpartition("/")[2]]["metrics"]
        assert set(own["metric"]) == set(expected)
        for metric, points in expected.items():
            series = own[own["metric"] == metric].sort_values("order")
            assert list(series["step"]) == [point[0] for point in points]
            for value, point in zip(series["value"], points, strict=True):
                assert value == float(point[1]) or (math.isnan(value) and math.isnan(float(point[1])))


def test_pictures_are_artifacts(frames: runreport.StoreFrames) -> None:
    artifacts = frames.artifacts()
    assert set(artifacts["path"]) == {"plots/images/confusion_matrix.png"}
    assert len(artifacts) == 10


def _yaml_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
