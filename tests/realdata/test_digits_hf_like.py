"""The digits experiment in states like those of the Hugging Face Trainer, against the truth of what was logged.

Differences: folders cannot hold every name of a run, so it is matched by its file name; the layout keeps no params, tags,
times or statuses; ``lr`` is ``train/lr`` and ``test/accuracy`` stays, as the library names metrics for trackers; a run
whose last step is counted from 0 never reaches its number of steps, so no status can be told.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runreport import open_store
from runreport.ingestion import ingest
from runreport.readers.trainers.hf_trainer import tracked_name


@pytest.fixture
def frames(realdata: Path, tmp_path: Path) -> Any:  # noqa: ANN401 - the frames of a store
    ingest([realdata / "gen-digits" / "plain" / "plain" / "hf_like"], store=tmp_path / "store")
    return open_store(tmp_path / "store")


@pytest.fixture
def truth(realdata: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads((realdata / "gen-digits" / "truth.json").read_text())["runs"]
    return runs


def test_every_run_is_there_once(frames: Any, truth: list[dict[str, Any]]) -> None:  # noqa: ANN401
    runs = frames.runs()
    assert sorted(runs["path"]) == sorted(re.sub(r"\W", "_", run["name"]) for run in truth)
    assert set(runs["reader"]) == {"hf_trainer"}


def test_every_point_is_the_one_that_was_logged(frames: Any, truth: list[dict[str, Any]]) -> None:  # noqa: ANN401
    runs, metrics = frames.runs().set_index("path")["run_id"], frames.metrics()
    for run in truth:
        own = metrics[metrics["run_id"] == runs[re.sub(r"\W", "_", run["name"])]]
        for name, logged in run["metrics"].items():
            found = _series(own, tracked_name(name))
            expected: dict[int, list[float]] = {}
            for step, value, _ in logged:
                expected.setdefault(step, []).append(float(value))
            assert found.keys() == expected.keys(), (run["name"], name)
            for step, values in found.items():
                assert _same(values, expected[step]), (run["name"], name, step)


def _series(own: pd.DataFrame, metric: str) -> dict[int, list[float]]:
    rows = own[own["metric"] == metric]
    found: dict[int, list[float]] = {}
    for step, value in zip(rows["step"], rows["value"], strict=True):
        found.setdefault(step, []).append(value)
    return found


def _same(found: list[float], logged: list[float]) -> bool:
    return len(found) == len(logged) and all(
        one == other or (math.isnan(one) and math.isnan(other)) for one, other in zip(found, logged, strict=True)
    )
