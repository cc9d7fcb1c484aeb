"""One state of a Hugging Face Trainer of a public project."""

import json
from pathlib import Path

from runreport import open_store
from runreport.ingestion import ingest

EVALUATIONS = 31 * 6 * 5
TRAINING = 30 * 3


def test_every_number_of_the_history_is_a_point_at_its_step(realdata: Path, tmp_path: Path) -> None:
    folder = realdata / "hf-trainer-state"
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    ingest([folder], store=tmp_path / "store")
    frames = open_store(tmp_path / "store")
    (run,) = frames.runs().to_dict("records")
    assert (run["reader"], run["status"]) == ("hf_trainer", "finished")
    metrics = frames.metrics()
    found = {
        (metric, step, value)
        for metric, step, value in zip(metrics["metric"], metrics["step"], metrics["value"], strict=True)
        if metric != "train/epoch"
    }
    names = {"loss": "train/loss", "grad_norm": "train/grad_norm", "learning_rate": "train/learning_rate"}
    expected = {
        (names.get(name) or f"eval/{name.removeprefix('eval_')}", row["step"], float(value))
        for row in history
        for name, value in row.items()
        if name not in ("step", "epoch")
    }
    assert found == expected
    assert len(metrics[metrics["metric"] != "train/epoch"]) == EVALUATIONS + TRAINING


def test_the_settings_of_the_state_are_params(realdata: Path, tmp_path: Path) -> None:
    ingest([realdata / "hf-trainer-state"], store=tmp_path / "store")
    params = open_store(tmp_path / "store").params().set_index("param")["value"].to_dict()
    assert params["max_steps"] == "12030"
    assert params["num_train_epochs"] == "30"
    assert params["train_batch_size"] == "4"
