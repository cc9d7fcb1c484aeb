"""Known runs replayed into the layout of Ray Tune's trials, compared with what was replayed, point by point.

The files were written by hand and not by Ray: the rows have no ``timestamp``, ``trial_id`` counts the rows, and ``done``
is never true. So runs have no times, no status but ``unknown`` and are known by their folders. Names of folders are those
of the runs with ``-`` and ``#`` replaced; tags, parents and artifacts are not in the layout.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    found = realdata / "gen-digits"
    if not (found / "plain" / "plain" / "ray_like").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads((digits / "truth.json").read_text())["runs"]
    return {"train_" + re.sub("[-#]", "_", run["name"]): run for run in runs}


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("ray") / "store"
    result = ingest([digits / "plain" / "plain" / "ray_like"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (17, 0)
    return runreport.open_store(store)


def folder_of(run: Any) -> str:  # noqa: ANN401 - a row of a frame
    return str(run.path).rpartition("/")[2]


def test_every_run_is_there_with_its_settings(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    runs, params = frames.runs(), frames.params()
    assert {folder_of(run) for run in runs.itertuples()} == set(truth)
    assert set(runs["reader"]) == {"ray_tune"}
    assert set(runs["status"]) == {"unknown"}
    for run in runs.itertuples():
        own = params[params["run_id"] == run.run_id]
        expected = {name: str(value) for name, value in truth[folder_of(run)]["params"].items()}
        assert dict(own[["param", "value"]].itertuples(index=False)) == expected


def test_every_point_is_there(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    metrics = frames.metrics()
    for run in frames.runs().itertuples():
        own = metrics[(metrics["run_id"] == run.run_id) & (metrics["metric"] != "time_total_s")]
        found = {
            metric: list(points[["step", "value"]].itertuples(index=False, name=None))
            for metric, points in own.groupby("metric", observed=True)
        }
        expected = truth[folder_of(run)]["metrics"]
        assert set(found) == set(expected)
        for metric, points in expected.items():
            for (step, value), (replayed_step, replayed, _) in zip(found[metric], points, strict=True):
                assert step == replayed_step + 1  # iterations are counted from 1
                assert value == float(replayed) or (math.isnan(value) and math.isnan(float(replayed)))


def test_the_final_values_are_those_of_the_truth(digits: Path, frames: runreport.StoreFrames) -> None:
    finals = json.loads((digits / "truth.json").read_text())["final_metrics"]
    summary = frames.summary()
    runs = {folder_of(run): run.run_id for run in frames.runs().itertuples()}
    for name, metrics in finals.items():
        run_id = runs["train_" + re.sub("[-#]", "_", name)]
        own = summary[summary["run_id"] == run_id].set_index("metric")
        for metric, value in metrics.items():
            last = own.loc[metric, "last"]
            assert last == float(value) or (math.isnan(last) and math.isnan(float(value)))
