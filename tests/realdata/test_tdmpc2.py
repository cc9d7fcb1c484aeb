"""TD-MPC2's results: AGENT/TASK.csv with step, reward and seed; agent and task stand in the path only."""

import csv
from pathlib import Path

import numpy as np
import pytest

import runreport
from runreport.ingestion import ingest

CASE = "tdmpc2-csv"


def test_agent_and_task_become_params_of_each_seed(realdata: Path, tmp_path: Path) -> None:
    result = ingest([realdata / CASE], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    assert result.runs_added == 4 * 27 * 3
    assert {notice.code for notice in result.notices} == {"repeated-steps"}  # some files go over their steps twice
    runs = store.runs().set_index("run_id")
    assert set(runs.experiment) == {CASE}
    params = store.params().pivot_table(index="run_id", columns="param", values="value", aggfunc="first")
    assert set(params.columns) == {"folder", "stem", "seed"}
    groups = params.groupby(["folder", "stem"]).seed.apply(sorted)
    assert len(groups) == 4 * 27
    assert all(seeds == ["1", "2", "3"] for seeds in groups)


def test_last_rewards_are_those_of_the_file(realdata: Path, tmp_path: Path) -> None:
    folder = realdata / CASE
    ingest([folder], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    with (folder / "tdmpc2" / "acrobot-swingup.csv").open(newline="") as file:
        expected = {row["seed"]: float(row["reward"]) for row in csv.DictReader(file)}
    runs = store.runs()
    own = runs[runs.path == "tdmpc2/acrobot-swingup.csv"]
    summary = store.summary()
    last = summary[(summary.metric == "reward") & summary.run_id.isin(own.run_id)]["last"]
    assert np.mean(last) == pytest.approx(np.mean(list(expected.values())))
    assert np.std(last, ddof=1) == pytest.approx(np.std(list(expected.values()), ddof=1))
