"""Known runs replayed through Sacred's own client, compared with what was replayed.

Expected differences: the run that was still going is INTERRUPTED; params whose key is no identifier were left out; each
replayed run was an experiment of its own, so that its name is the name of the experiment and the run is a number;
times are those of the replay; tags do not exist, group and name are in the info.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest

STATUSES = {"FINISHED": "finished", "FAILED": "failed", "RUNNING": "killed"}


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    found = realdata / "gen-digits"
    if not (found / "sacred").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    return {run["name"]: run for run in json.loads((digits / "truth.json").read_text())["runs"]}


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("sacred") / "store"
    result = ingest([digits / "sacred"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (17, 0)
    return runreport.open_store(store)


@pytest.fixture(scope="module")
def names(frames: runreport.StoreFrames) -> dict[str, str]:
    """The replayed name of each run."""
    tags = frames.tags()
    named = tags[tags["tag"] == "name"]
    return dict(zip(named["run_id"], named["value"], strict=True))


def test_every_replayed_run_is_there_with_its_status(
    frames: runreport.StoreFrames, names: dict[str, str], truth: dict[str, dict[str, Any]]
) -> None:
    runs = frames.runs().set_index("run_id")
    assert sorted(names.values()) == sorted(truth)
    assert {names[run_id]: status for run_id, status in runs["status"].items()} == {
        name: STATUSES[run["status"]] for name, run in truth.items()
    }
    assert {names[run_id].replace("-", "_").replace("#", "_") for run_id in runs.index} == set(runs["experiment"])
    assert (runs["host"] == "vm").all()
    failed = runs[runs["status"] == "failed"]
    assert list(failed["note"]) == ["FloatingPointError: loss is NaN"]


def test_params_are_those_that_were_replayed(
    frames: runreport.StoreFrames, names: dict[str, str], truth: dict[str, dict[str, Any]]
) -> None:
    params = frames.params()
    for run_id, name in names.items():
        own = params[params["run_id"] == run_id]
        found = dict(zip(own["param"], own["value"], strict=True))
        expected = {key: str(value) for key, value in truth[name]["params"].items() if key.isidentifier()}
        assert {key: found[key] for key in expected} == expected
        assert set(found) - set(expected) <= {"seed"}  # Sacred adds one


def test_every_point_is_the_one_that_was_replayed(
    frames: runreport.StoreFrames, names: dict[str, str], truth: dict[str, dict[str, Any]]
) -> None:
    metrics = frames.metrics()
    for run_id, name in names.items():
        own = metrics[(metrics["run_id"] == run_id) & ~metrics["metric"].str.startswith("result")]
        assert set(own["metric"]) == set(truth[name]["metrics"])
        for metric, points in truth[name]["metrics"].items():
            series = own[own["metric"] == metric].sort_values("order")
            assert list(series["step"]) == [point[0] for point in points]
            for value, point in zip(series["value"], points, strict=True):
                expected = float(point[1])
                assert value == expected or (math.isnan(value) and math.isnan(expected))
            assert series["time"].notna().all()


def test_the_result_of_a_run_is_its_last_values(frames: runreport.StoreFrames, names: dict[str, str]) -> None:
    summary = frames.summary()
    for run_id, name in names.items():
        own = summary[summary["run_id"] == run_id].set_index("metric")["last"]
        results = {metric.removeprefix("result/") for metric in own.index if metric.startswith("result/")}
        assert all(own[f"result/{metric}"] == own[metric] for metric in results)
        assert bool(results) == (name not in {"mlp-diverged", "sgd-live", "lr-sweep", "empty-run"})


def test_artifacts_lie_where_they_are_said_to(frames: runreport.StoreFrames, digits: Path) -> None:
    artifacts = frames.artifacts()
    pictures = artifacts[artifacts["path"] == "confusion_matrix.png"]
    assert len(pictures) == 10
    assert all((digits / "sacred" / location).stat().st_size for location in pictures["location"])
