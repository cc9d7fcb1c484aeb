"""Known runs replayed through the W&B client, offline, compared with what was replayed.

Expected differences: times are those of the replay; a run has no parent there, and the data set is not logged; tags
are labels, so ``team: vision`` is the label ``team:vision``; the log of the live run is cut, so that 2 of its 5 rows
are missing; of the client's own tags, group, job type and the digest of an artifact are beside the labels.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest

CUT_ROWS = 3
"""The rows of the live run that its cut log still holds."""


@pytest.fixture(scope="module")
def digits(realdata: Path) -> Path:
    found = realdata / "gen-digits"
    if not (found / "wandb").is_dir():
        pytest.skip("the replayed runs are not here")
    return found


@pytest.fixture(scope="module")
def truth(digits: Path) -> dict[str, dict[str, Any]]:
    return {run["name"]: run for run in json.loads((digits / "truth.json").read_text(encoding="utf-8"))["runs"]}


@pytest.fixture(scope="module")
def frames(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    store = tmp_path_factory.mktemp("wandb") / "store"
    result = ingest([digits / "wandb"], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (17, 0)
    return runreport.open_store(store)


def names(frames: runreport.StoreFrames) -> dict[str, str]:
    runs = frames.runs()
    return dict(zip(runs["run_id"], runs["name"], strict=True))


def test_every_run_is_there_with_its_status(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    runs = frames.runs().set_index("name")
    assert runs["status"].to_dict() == {name: run["status"].lower() for name, run in truth.items()}
    assert set(runs["experiment"]) == {"digits_demo"}
    assert set(runs["reader"]) == {"wandb"}
    assert runs["parent_run"].isna().all()
    assert runs["started"].notna().all()


def test_params_are_those_that_were_replayed(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    own = names(frames)
    found: dict[str, dict[str, str]] = {name: {} for name in truth}
    for row in frames.params().itertuples():
        found[own[row.run_id]][row.param] = row.value
    assert found == {name: {param: str(value) for param, value in run["params"].items()} for name, run in truth.items()}


def test_labels_and_groups_are_those_that_were_replayed(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]
) -> None:
    own = names(frames)
    tags: dict[str, dict[str, str]] = {name: {} for name in truth}
    for row in frames.tags().itertuples():
        tags[own[row.run_id]][row.tag] = row.value
    for name, run in truth.items():
        labels = {tag for tag, value in tags[name].items() if not value}
        assert labels == {f"{tag}:{value}" for tag, value in run["tags"].items()}
        assert tags[name].get("group") == run["group"]


def test_every_point_is_there(frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]) -> None:
    own = names(frames)
    metrics = frames.metrics()
    metrics = metrics[~metrics["metric"].str.startswith("system/")]
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in metrics.itertuples():
        found.setdefault((own[row.run_id], row.metric), []).append((row.step, row.value))
    expected = {
        (name, metric): [(step, float(value)) for step, value, _ in points]
        for name, run in truth.items()
        for metric, points in run["metrics"].items()
    }
    for key, points in expected.items():
        if key[0] == "sgd-live":
            expected[key] = points[:CUT_ROWS]
    assert found.keys() == expected.keys()
    for key, points in expected.items():
        assert [step for step, _ in found[key]] == [step for step, _ in points], key
        pairs = zip(found[key], points, strict=True)
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for (_, a), (_, b) in pairs), key
    assert metrics["time"].notna().all()


def test_the_published_means_are_plain_means_of_the_last_values(digits: Path, frames: runreport.StoreFrames) -> None:
    groups = json.loads((digits / "truth.json").read_text(encoding="utf-8"))["groups"]
    own = names(frames)
    last = frames.summary()
    last = last.assign(name=last["run_id"].map(own)).set_index(["name", "metric"])["last"]
    for group in ("sgd", "mlp"):
        values = [last[f"{group}-s{seed}", "test/accuracy"] for seed in range(5)]
        assert math.isclose(sum(values) / 5, groups[group]["test/accuracy"]["mean"], rel_tol=1e-12)


def test_pictures_and_models_are_listed_with_their_digests(
    frames: runreport.StoreFrames, truth: dict[str, dict[str, Any]]
) -> None:
    own = names(frames)
    artifacts = frames.artifacts()
    pictures = artifacts[artifacts["media_type"] == "image/png"]
    found = {own[row.run_id]: row.sha256 for row in pictures.itertuples()}
    expected = {
        name: artifact["sha256"]
        for name, run in truth.items()
        for artifact in run["artifacts"]
        if artifact["path"].endswith(".png")
    }
    assert found == expected
    models = artifacts[artifacts["path"].str.endswith("/model.pkl")]
    assert len(models) == len(expected)
