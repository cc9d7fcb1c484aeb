"""DrQ-v2's curves: one CSV for each task, all seeds in it, told apart by agent, task and seed columns."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import runreport
from runreport.ingestion import ingest

CASE = "drqv2-curves-csv"


def last_rewards(folder: Path) -> dict[str, list[float]]:
    """Return the last reward of each seed by task, read with the csv module alone."""
    last: dict[tuple[str, str], float] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                last[row["task"], row["seed"]] = float(row["episode_reward"])
    by_task = defaultdict(list)
    for (task, _), value in last.items():
        by_task[task].append(value)
    return by_task


def test_every_seed_of_every_task_is_a_run_over_frames(realdata: Path, tmp_path: Path) -> None:
    result = ingest([realdata / CASE], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    expected = last_rewards(realdata / CASE)
    assert result.runs_added == sum(map(len, expected.values())) == 95
    assert result.points == 2 * 9550
    assert result.notices == ()
    params = store.params().pivot_table(index="run_id", columns="param", values="value", aggfunc="first")
    assert set(params.columns) == {"agent", "task", "seed"}
    assert params.groupby("task").seed.nunique().between(8, 10).all()
    assert params.task.nunique() == 10
    summary = store.summary()
    last = summary[summary.metric == "episode_reward"].set_index("run_id")["last"]
    for task, values in expected.items():
        found = last[params.index[params.task == task]].to_numpy()
        assert found.mean() == pytest.approx(np.mean(values))
        assert np.std(found, ddof=1) == pytest.approx(np.std(values, ddof=1))
    assert set(summary.metric) == {"episode_reward", "hour"}
    assert summary.last_step.max() == 2_980_000
