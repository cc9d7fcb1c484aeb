"""Known runs replayed through Trackio's own client, compared with what was replayed.

Expected differences: two runs that logged no metric, the parent of the sweep and the empty run, were never written; there
is no status and no parent; of the tags only the group is kept; times are those of the replay, one for many points.
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
    if not (found / "trackio").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads((digits / "truth.json").read_text())["runs"]
    return {run["name"]: run for run in runs if run["metrics"]}


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("trackio") / "store"
    result = ingest([digits / "trackio"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (15, 0)
    return runreport.open_store(store)


def test_every_replayed_run_is_there_with_its_group(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]
) -> None:
    runs = frames.runs()
    assert sorted(runs["name"]) == sorted(truth)
    assert set(runs["status"]) == {"unknown"}
    assert set(runs["experiment"]) == {"digits_demo"}
    tags = frames.tags().merge(runs[["run_id", "name"]], on="run_id")
    groups = dict(zip(tags["name"], tags["value"], strict=True))
    assert groups == {name: run["group"] for name, run in truth.items()}


def test_params_are_those_that_were_replayed(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    params = frames.params()
    for run_id, name in frames.runs().set_index("run_id")["name"].items():
        own = params[params["run_id"] == run_id]
        found = {key.replace("\\.", "."): value for key, value in zip(own["param"], own["value"], strict=True)}
        assert found == {key: str(value) for key, value in truth[name]["params"].items()}


def test_every_point_is_the_one_that_was_replayed(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]
) -> None:
    metrics = frames.metrics()
    for run_id, name in frames.runs().set_index("run_id")["name"].items():
        own = metrics[metrics["run_id"] == run_id]
        assert set(own["metric"]) == set(truth[name]["metrics"])
        for metric, points in truth[name]["metrics"].items():
            series = own[own["metric"] == metric].sort_values("order")
            assert list(series["step"]) == [point[0] for point in points]
            for value, point in zip(series["value"], points, strict=True):
                assert value == float(point[1]) or (math.isnan(value) and math.isnan(float(point[1])))
            assert series["time"].notna().all()
