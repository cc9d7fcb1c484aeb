"""W&B folders of a public project, written online by client 0.16: five runs of one notebook."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

import runreport
from runreport.ingestion import ingest

POINTS = {"djd48jcx": 656, "0mv22ns2": 503, "oultbr2g": 503, "ixpv87ti": 1003}
"""Rows of history in each record file, counted with the client's own protocol buffer classes."""


@pytest.fixture(scope="module")
def case(realdata: Path) -> Path:
    folder = realdata / "wandb-geom3d"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="module")
def frames(case: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("store")
    result = ingest((case,), store=store)
    assert not [notice for notice in result.notices if notice.severity == "error"]
    return runreport.open_store(store)


def tool_ids(frames: runreport.StoreFrames) -> dict[str, str]:
    runs = frames.runs()
    return {path.rpartition("-")[2]: run_id for path, run_id in zip(runs["path"], runs["run_id"], strict=True)}


def test_five_runs_with_their_names_projects_and_ends(frames: runreport.StoreFrames) -> None:
    runs = frames.runs().assign(tool_id=lambda found: found["path"].str.rpartition("-")[2]).set_index("tool_id")
    assert set(runs["reader"]) == {"wandb"}
    assert runs["status"].to_dict() == {
        "djd48jcx": "running",
        "0mv22ns2": "finished",
        "n398uciw": "finished",
        "oultbr2g": "finished",
        "ixpv87ti": "running",
    }
    assert runs.loc["oultbr2g", ["experiment", "name"]].tolist() == ["Geom3D_PaiNN_combined", "PaiNN_combined_80000"]
    assert runs.loc["n398uciw", ["experiment", "name"]].tolist() == ["uncategorized", "n398uciw"]
    assert runs.loc["0mv22ns2", "started"] == pd.Timestamp("2024-02-02T07:07:12.707757Z")
    assert runs.loc["0mv22ns2", "duration_s"] == 57
    assert set(runs["host"]) == {"cx3-10-9.cx3.hpc.ic.ac.uk"}
    assert set(runs["user"]) == {"cb1319"}


def test_the_last_values_are_those_of_the_summaries(case: Path, frames: runreport.StoreFrames) -> None:
    last = frames.summary().set_index(["run_id", "metric"])["last"]
    compared = 0
    for tool_id, run_id in tool_ids(frames).items():
        (path,) = case.glob(f"wandb/*-{tool_id}/files/wandb-summary.json")
        for metric, value in json.loads(path.read_text(encoding="utf-8")).items():
            if metric.startswith("_") or tool_id == "djd48jcx":  # its record file ends 142 rows before its summary
                continue
            assert math.isclose(last[run_id, metric], value, rel_tol=1e-15), (tool_id, metric)
            compared += 1
    assert compared == 18


def test_a_record_file_that_ends_before_its_summary_is_told(frames: runreport.StoreFrames) -> None:
    notices = frames.notices()
    own = notices[notices["run_id"] == tool_ids(frames)["djd48jcx"]].set_index("code")["message"]
    assert own["summary-of-another-step"].startswith("The summary is of step 797 and the history ends at 655")


def test_every_row_of_the_histories_is_there(frames: runreport.StoreFrames) -> None:
    metrics = frames.metrics()
    for tool_id, run_id in tool_ids(frames).items():
        own = metrics[(metrics["run_id"] == run_id) & ~metrics["metric"].str.startswith("system/")]
        assert own["time"].nunique() == POINTS.get(tool_id, 0)
        assert own["time"].notna().all()


def test_lightning_metrics_lie_on_its_global_step(frames: runreport.StoreFrames) -> None:
    metrics = frames.metrics()
    own = metrics[metrics["run_id"] == tool_ids(frames)["ixpv87ti"]]
    loss = own[own["metric"] == "train_loss"]
    assert loss["step"].tolist() == list(range(1000))
    assert loss["value"].iloc[0] == 14348.755859375
    axis = own[own["metric"] == "trainer/global_step"]
    assert (axis["step"] == axis["value"]).all()


def test_settings_code_and_machine_are_there(frames: runreport.StoreFrames) -> None:
    params = frames.params()
    own = params[params["run_id"] == tool_ids(frames)["ixpv87ti"]].set_index("param")["value"].to_dict()
    assert (own["lr"], own["min_lr"], own["model_name"]) == ("0.0005", "1e-06", "PaiNN")
    assert own["config.model.n_rbf"] == "20"
    assert "_wandb" not in own
    environment = frames.environment()
    items = environment[environment["run_id"] == tool_ids(frames)["ixpv87ti"]].set_index(["kind", "item"])["value"]
    assert items["hardware", "gpu"] == "Quadro RTX 6000"
    assert items["hardware", "gpu count"] == "8"
    assert items["package", "wandb"] == "0.16.2"
    assert items["package", "aiohttp"] == "3.9.0"
    code = frames.code().set_index("run_id").loc[tool_ids(frames)["ixpv87ti"]]
    assert code["commit"] == "8b2c2d0c66da8763daaae9bbcb60370783fea0a9"


def test_measurements_of_the_machine_are_there(frames: runreport.StoreFrames) -> None:
    summary = frames.summary()
    own = summary[summary["run_id"] == tool_ids(frames)["n398uciw"]]
    assert own["metric"].str.startswith("system/").all()
    assert own["count"].sum() == 151
