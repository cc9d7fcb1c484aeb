"""MLPerf Training v3.0: the published scores from the logged times."""

import math
from pathlib import Path

import pandas as pd
import pytest

import runreport
from runreport.compare.analysis import analyse
from runreport.config.options import Settings
from runreport.frames.api import Store
from runreport.ingestion import ingest
from runreport.pipeline import open_study

TIME = "time_to_train_min"
PUBLISHED = {
    ("NVIDIA", "maskrcnn"): "19.180",
    ("NVIDIA", "rnnt"): "16.686",
    ("NVIDIA", "ssd"): "37.009",
    ("NVIDIA", "dlrm_dcnv2"): "4.184",
    ("GIGABYTE", "bert"): "5.349",
    ("GIGABYTE", "ssd"): "37.5274",  # recomputed from the logs, not published
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, realdata: Path) -> Path:
    store = tmp_path_factory.mktemp("mlperf") / "store"
    result = ingest([realdata / "mlperf-training-v3.0"], store=store, jobs=1)
    assert not [notice for notice in result.notices if notice.severity != "info"]
    assert result.runs_added == 45
    return store


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return runreport.open_store(folder)


@pytest.fixture(scope="module")
def runs(store: Store) -> pd.DataFrame:
    """One row per run: organisation, benchmark, status, minutes (infinite when aborted), scaling factor."""
    frame = store.runs().set_index("run_id")
    params, tags, summary = store.params(), store.tags(), store.summary()
    frame["org"] = params.query("param == 'submission_org'").set_index("run_id")["value"]
    frame["factor"] = tags.query("tag == 'scaling_factor'").set_index("run_id")["value"].astype(float)
    frame["minutes"] = summary.query("metric == @TIME").set_index("run_id")["last"]
    frame.loc[frame["status"] == "failed", "minutes"] = math.inf
    return frame


def score(minutes: pd.Series, factor: float) -> float:
    ordered = sorted(minutes)
    drop = max(1, round(len(ordered) / 10))
    kept = ordered[drop:-drop]
    return sum(kept) / len(kept) * factor


@pytest.mark.parametrize(("org", "benchmark"), PUBLISHED)
def test_the_published_score_comes_out_to_the_printed_digits(runs: pd.DataFrame, org: str, benchmark: str) -> None:
    own = runs[(runs["org"] == org) & (runs["experiment"] == benchmark)]
    factor = own["factor"].fillna(1.0).iloc[0]
    printed = PUBLISHED[org, benchmark]
    digits = len(printed.partition(".")[2])
    assert f"{score(own['minutes'], factor):.{digits}f}" == printed


def test_the_scaling_factor_is_applied_to_a_mean_of_5_12714_minutes(runs: pd.DataFrame) -> None:
    bert = runs[runs["experiment"] == "bert"]
    assert score(bert["minutes"], 1.0) == pytest.approx(5.12714, abs=5e-6)
    assert set(bert["factor"]) == {1.043307639175448}


def test_one_run_of_mask_rcnn_was_aborted_and_has_no_time_to_train(runs: pd.DataFrame, store: Store) -> None:
    failed = runs[runs["status"] == "failed"]
    assert failed["name"].tolist() == ["dgxh100_ngc23.04_pytorch/result_2"]
    assert failed["experiment"].tolist() == ["maskrcnn"]
    assert failed["duration_s"].notna().all()
    assert store.summary().query("metric == @TIME and run_id in @failed.index").empty
    assert set(runs["status"]) == {"finished", "failed"}


def test_every_submission_is_one_group(folder: Path) -> None:
    settings = Settings(store=str(folder))
    study = open_study(settings)
    analysis = analyse(study.frames, settings, snapshot=study.snapshot.number)
    sizes = {e.experiment: sorted(len(group.run_ids) for group in e.groups) for e in analysis.experiments}
    assert sizes == {"bert": [10], "dlrm_dcnv2": [10], "maskrcnn": [5], "rnnt": [10], "ssd": [5, 5]}
    assert {e.primary_metric for e in analysis.experiments} == {TIME}


def test_the_description_of_the_system_is_the_environment_of_its_runs(store: Store) -> None:
    environment = store.environment()
    found = set(zip(environment["kind"], environment["item"], environment["value"], strict=True))
    assert ("hardware", "accelerator_model_name", "NVIDIA H100-SXM5-80GB") in found
    assert ("hardware", "accelerators_per_node", "8") in found
    assert ("package", "framework", "NVIDIA Merlin HugeCTR Release 23.04") in found
    assert ("package", "cudnn_version", "8.9.0.131") in found
    assert ("driver", "cuda_driver_version", "530.30.02") in found
    assert ("os", "operating_system", "Ubuntu 22.04.1 LTS") in found
    assert environment["run_id"].nunique() == 45


def test_the_evaluations_of_dlrm_keep_their_fractions_of_an_epoch(runs: pd.DataFrame, store: Store) -> None:
    run = runs.index[(runs["experiment"] == "dlrm_dcnv2") & (runs["name"].str.endswith("result_2"))][0]
    metrics = store.metrics()
    points = metrics[metrics["run_id"] == run].sort_values(["metric", "step"])
    accuracy = points[points["metric"] == "eval_accuracy"]
    epochs = points[points["metric"] == "eval_accuracy.epoch_num"]
    assert accuracy["step"].tolist() == list(range(1, len(accuracy) + 1))
    assert accuracy["value"].iloc[0] == 0.7896175384521484
    assert epochs["value"].iloc[0] == 0.049980888109768154
    seeds = runs.groupby("experiment")["seed"].nunique()
    assert seeds["bert"] == 10
    assert seeds["dlrm_dcnv2"] == 0
