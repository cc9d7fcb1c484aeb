"""Evaluations of 27 checkpoints of two language models, as a public project keeps them."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runreport import open_store
from runreport.ingestion import ingest

CHECKPOINTS = 27
TASKS = 87
MODELS = {"160m": "pythia-160m", "160m-deduped": "pythia-160m-deduped"}


@pytest.fixture(scope="module")
def frames(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - the frames of a store
    store = tmp_path_factory.mktemp("store") / "store"
    ingest([realdata / "lm-eval-pythia-160m"], store=store)
    return open_store(store)


def test_a_model_is_one_run_with_its_checkpoints_as_steps(frames: Any) -> None:  # noqa: ANN401
    runs = frames.runs()
    assert sorted(runs["name"]) == sorted(MODELS)
    counts = frames.metrics().groupby(["run_id", "metric"]).size()
    assert set(counts) == {CHECKPOINTS}
    assert frames.metrics()["step"].max() == 143_000


def test_every_value_and_standard_error_is_that_of_its_file(frames: Any, realdata: Path) -> None:  # noqa: ANN401
    runs, metrics = frames.runs().set_index("name")["run_id"], frames.metrics()
    compared = 0
    for name, folder in MODELS.items():
        own = metrics[metrics["run_id"] == runs[name]]
        found = _by_place(own)
        for path in sorted((realdata / "lm-eval-pythia-160m" / folder / "zero-shot").glob("*.json")):
            step = int(re.findall(r"step(\d+)", path.name)[0])
            results = json.loads(path.read_text())["results"]
            assert len(results) == TASKS
            for task, values in results.items():
                for metric, value in values.items():
                    assert found.pop((f"{task}/{metric}", step)) == value
                    compared += 1
        assert not found
    assert compared == len(metrics) == 18_576


def _by_place(own: pd.DataFrame) -> dict[tuple[str, int], float]:
    return {(metric, step): value for metric, step, value in zip(own["metric"], own["step"], own["value"], strict=True)}


def test_settings_that_differ_between_checkpoints_are_left_out_and_named(frames: Any) -> None:  # noqa: ANN401
    params = frames.params()
    assert set(params[params["param"] == "model_args.pretrained"]["value"]) == {
        "EleutherAI/pythia-v1.1-160m",
        "EleutherAI/pythia-v1.1-160m-deduped",
    }
    assert not (params["param"] == "model_args.revision").any()
    notices = frames.notices()
    assert notices[notices["code"] == "differing-params"]["message"].str.contains("model_args.revision").all()
