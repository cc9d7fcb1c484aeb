"""Known runs replayed through Optuna's own client, compared with what was replayed.

Expected differences: the runs without a learning rate (parent and empty run) were left out; the run that was still
going is stored as PRUNED; of the params only method, lr and epochs were suggested; of the metrics val/acc was reported
(from step 0) and test/accuracy is the objective, for which the pruned trial has its last report; times are those of the
replay; values that are not finite were not reported; tags are not kept but the attributes run_name and seed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest

STATUSES = {"FINISHED": "finished", "FAILED": "failed", "RUNNING": "killed"}


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    found = realdata / "gen-digits"
    if not (found / "optuna").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads((digits / "truth.json").read_text())["runs"]
    return {run["name"]: run for run in runs if "lr" in run["params"]}


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("optuna") / "store"
    result = ingest([digits / "optuna"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (15, 0)
    return runreport.open_store(store)


@pytest.fixture(scope="module")
def run_ids(frames: runreport.StoreFrames) -> dict[str, str]:
    tags = frames.tags()
    named = tags[tags["tag"] == "run_name"]
    return dict(named[["value", "run_id"]].itertuples(index=False))


def test_every_trial_is_there(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]], run_ids: dict[str, str]
) -> None:
    runs = frames.runs().set_index("run_id")
    assert set(run_ids) == set(truth)
    assert set(runs["experiment"]) == {"digits-demo"}
    for name, run in truth.items():
        found = runs.loc[run_ids[name]]
        assert found["status"] == STATUSES[run["status"]]
        assert found["seed"] == run["seed"]


def test_params_are_the_values_and_not_their_places_among_the_choices(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]], run_ids: dict[str, str]
) -> None:
    params = frames.params()
    for name, run in truth.items():
        own = params[params["run_id"] == run_ids[name]]
        expected = {param: str(run["params"][param]) for param in ("method", "lr", "epochs")}
        assert dict(own[["param", "value"]].itertuples(index=False)) == expected


def test_reports_and_objectives_are_those_that_were_replayed(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]], run_ids: dict[str, str]
) -> None:
    metrics = frames.metrics()
    for name, run in truth.items():
        own = metrics[metrics["run_id"] == run_ids[name]]
        reported = [point[1] for point in run["metrics"]["val/acc"]]
        points = own[own["metric"] == "intermediate_value"]
        assert points["value"].tolist() == reported
        assert points["step"].tolist() == list(range(len(reported)))
        value = own[own["metric"] == "value"]["value"].tolist()
        if run["status"] == "FINISHED":
            assert value == [run["metrics"]["test/accuracy"][-1][1]]
        else:
            assert value == ([reported[-1]] if run["status"] == "RUNNING" else [])


def test_the_direction_is_the_study_s(frames: runreport.StoreFrames) -> None:
    infos = frames.metric_info()
    found = dict(infos[["metric", "direction"]].itertuples(index=False))
    assert found["value"] == "up"
    assert found["intermediate_value"] == "up"
