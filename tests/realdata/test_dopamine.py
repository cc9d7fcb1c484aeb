"""Dopamine's published results on three environments: five repetitions each, without their seeds."""

import json
from pathlib import Path

import pytest

from runreport import open_store
from runreport.ingestion import ingest

GAMES = ("ant", "hopper", "walker2d")
REPETITIONS = 5
ITERATIONS = 320


def test_the_repetitions_of_an_agent_are_runs_in_the_order_of_the_file(realdata: Path, tmp_path: Path) -> None:
    folder = realdata / "dopamine-mujoco-json"
    ingest([folder], store=tmp_path / "store")
    frames = open_store(tmp_path / "store")
    runs, metrics = frames.runs(), frames.metrics()
    assert len(runs) == len(GAMES) * REPETITIONS
    assert runs["seed"].isna().all()
    for game in GAMES:
        records = json.loads((folder / "data" / f"{game}.json").read_text())
        own = runs[runs["experiment"] == f"data/{game}"]
        assert sorted(own["name"]) == [f"SAC {number}" for number in range(1, REPETITIONS + 1)]
        for number in range(REPETITIONS):
            chunk = records[number * ITERATIONS : (number + 1) * ITERATIONS]
            run_id = own[own["name"] == f"SAC {number + 1}"]["run_id"].iloc[0]
            points = metrics[metrics["run_id"] == run_id]
            assert points["step"].tolist() == [int(record["Iteration"]) for record in chunk]
            assert points["value"].tolist() == [record["Value"] for record in chunk]


def test_the_mean_over_the_repetitions_is_that_of_the_records(realdata: Path, tmp_path: Path) -> None:
    folder = realdata / "dopamine-mujoco-json"
    ingest([folder], store=tmp_path / "store")
    metrics = open_store(tmp_path / "store").metrics()
    records = [record for game in GAMES for record in json.loads((folder / "data" / f"{game}.json").read_text())]
    last = [record["Value"] for record in records if record["Iteration"] == 3190]
    assert metrics[metrics["step"] == 3190]["value"].mean() == pytest.approx(sum(last) / len(last))
    notices = open_store(tmp_path / "store").notices()
    assert (notices["code"] == "unnamed-seeds").sum() == len(GAMES)
