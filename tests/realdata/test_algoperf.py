"""A submission to AlgoPerf: 8 workloads in 3 studies, each logged as CSV and as event files."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from runreport import open_store
from runreport.ingestion import ingest

WORKLOADS = 8
STUDIES = 3
LOWER = {"loss", "wer"}
REACHED = 17
"""Trials of the 24 whose validation metric reaches the target."""


@pytest.fixture(scope="module")
def frames(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - the frames of a store
    store = tmp_path_factory.mktemp("store") / "store"
    ingest([realdata / "algoperf-v06-selftuning"], store=store)
    return open_store(store)


def test_each_trial_is_one_run_although_it_was_logged_twice(frames: Any) -> None:  # noqa: ANN401
    runs = frames.runs()
    assert len(runs) == WORKLOADS * STUDIES
    assert set(runs["reader"]) == {"algoperf"}
    assert runs.groupby("experiment").size().to_dict() == dict.fromkeys(sorted(set(runs["experiment"])), STUDIES)


def test_tables_and_event_files_of_all_trials_agree(frames: Any) -> None:  # noqa: ANN401
    codes = frames.notices().groupby("code").size().to_dict()
    assert codes["agreeing-logs"] == WORKLOADS * STUDIES
    assert "differing-logs" not in codes


def test_every_evaluation_is_read(frames: Any, realdata: Path) -> None:  # noqa: ANN401
    runs, metrics = frames.runs().set_index("path")["run_id"], frames.metrics()
    for path, run_id in runs.items():
        own = metrics[metrics["run_id"] == run_id]
        with (realdata / "algoperf-v06-selftuning" / path / "eval_measurements.csv").open() as file:
            rows = list(csv.DictReader(file))
        for name in (name for name in rows[0] if name != "global_step"):
            logged = [(int(row["global_step"]), float(row[name])) for row in rows if row[name]]
            points = own[own["metric"] == name]
            found = list(zip(points["step"], points["value"], strict=True))
            assert set(logged) <= set(found), (path, name)


def test_seeds_are_those_of_the_flags(frames: Any, realdata: Path) -> None:  # noqa: ANN401
    params = frames.params()
    seeds = params[params["param"] == "rng_seed"].set_index("run_id")["value"]
    for path, run_id in frames.runs().set_index("path")["run_id"].items():
        flags = json.loads((realdata / "algoperf-v06-selftuning" / path / "flags_0.json").read_text())
        assert int(seeds[run_id]) == flags["rng_seed"]


def test_targets_are_those_of_the_benchmark(frames: Any, realdata: Path) -> None:  # noqa: ANN401
    text = (realdata / "algoperf-v06-selftuning" / "workload_targets.json").read_text()
    targets = json.loads(text)["workloads"]
    primary = frames.metric_info().query("is_primary").set_index("run_id")
    for run in frames.runs().to_dict("records"):
        target = targets[run["experiment"]]
        assert primary.loc[run["run_id"], "metric"] == f"validation/{target['target_metric_name']}"
        way = "down" if target["target_metric_name"] in LOWER else "up"
        assert primary.loc[run["run_id"], "direction"] == way
        assert float(_param(frames, run["run_id"], "workload.validation_target_value")) == pytest.approx(
            target["validation_target_value"]
        )


def test_the_time_to_the_target_can_be_told_from_the_points(frames: Any, realdata: Path) -> None:  # noqa: ANN401
    """The score of the first evaluation that reaches the target, from the store and from the files themselves."""
    reached = 0
    primary = frames.metric_info().query("is_primary").set_index("run_id")["metric"]
    for path, run_id in frames.runs().set_index("path")["run_id"].items():
        metric, target = primary[run_id], float(_param(frames, run_id, "workload.validation_target_value"))
        is_lower = metric.split("/")[1] in LOWER
        own = frames.metrics()[lambda table, run_id=run_id: table["run_id"] == run_id]
        values = _series(own, metric)
        scores = _series(own, "score")
        met = [step for step, value in sorted(values.items()) if (value <= target if is_lower else value >= target)]
        found = scores[met[0]] if met else math.inf
        with (realdata / "algoperf-v06-selftuning" / path / "eval_measurements.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row[metric]]
        hits = [row for row in rows if (float(row[metric]) <= target if is_lower else float(row[metric]) >= target)]
        assert found == (float(hits[0]["accumulated_submission_time"]) if hits else math.inf), path
        reached += bool(met)
    assert reached == REACHED


def _series(own: Any, metric: str) -> dict[int, float]:  # noqa: ANN401
    rows = own[own["metric"] == metric]
    return dict(zip(rows["step"], rows["value"], strict=True))


def _param(frames: Any, run_id: str, name: str) -> str:  # noqa: ANN401
    params = frames.params()
    (value,) = params[(params["run_id"] == run_id) & (params["param"] == name)]["value"]
    return str(value)
