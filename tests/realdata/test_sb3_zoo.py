"""Twelve published training runs of the zoo of Stable-Baselines3, as they are in its repository.

The table of the zoo's ``benchmark.md`` cannot be computed from these logs: it comes from a separate evaluation of the
trained agents with other episodes. What is checked are reductions of the episodes and evaluations themselves.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import runreport
from runreport.ingestion import IngestResult, ingest

ALGORITHMS = ("a2c", "ars", "dqn", "ppo", "qrdqn", "trpo")
ENVIRONMENTS = ("Acrobot-v1", "CartPole-v1")


@pytest.fixture(scope="module")
def folder(realdata: Path) -> Path:
    found = realdata / "sb3-zoo-runs"
    if not found.is_dir():
        pytest.skip("the runs of the zoo are not here")
    return found


@pytest.fixture(scope="module")
def ingested(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestResult, runreport.StoreFrames]:
    store = tmp_path_factory.mktemp("sb3") / "store"
    return ingest([folder], store=store, jobs=1), runreport.open_store(store)


def run_of(frames: runreport.StoreFrames, algo: str, env: str) -> pd.Series:
    runs = frames.runs()
    return runs[runs["name"] == f"{algo}/{env}_1"].iloc[0]


def test_each_folder_is_one_run_of_its_environment(ingested: tuple[IngestResult, runreport.StoreFrames]) -> None:
    result, frames = ingested
    runs = frames.runs()
    assert (result.runs_added, result.runs_skipped) == (12, 0)
    assert set(runs["reader"]) == {"sb3"}
    assert sorted(runs["experiment"]) == sorted(ENVIRONMENTS * 6)
    assert set(runs["name"]) == {f"{algo}/{env}_1" for algo in ALGORITHMS for env in ENVIRONMENTS}
    assert not [notice for notice in result.notices if notice.severity != "info"]


def test_settings_come_from_both_files(ingested: tuple[IngestResult, runreport.StoreFrames]) -> None:
    _, frames = ingested
    run = run_of(frames, "ppo", "CartPole-v1")
    params = frames.params()
    own = dict(params[params["run_id"] == run["run_id"]][["param", "value"]].itertuples(index=False))
    assert run["seed"] == 1648070233
    assert own["algo"] == "ppo"
    assert own["env"] == "CartPole-v1"
    assert own["clip_range"] == "lin_0.2"
    assert own["n_timesteps"] == "100000.0"
    assert own["eval_freq"] == "10000"


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("algo", ALGORITHMS)
def test_every_evaluation_and_episode_is_there(
    folder: Path, ingested: tuple[IngestResult, runreport.StoreFrames], algo: str, env: str
) -> None:
    _, frames = ingested
    run_id = run_of(frames, algo, env)["run_id"]
    with np.load(folder / algo / f"{env}_1" / "evaluations.npz", allow_pickle=False) as saved:
        steps, rewards, lengths = saved["timesteps"], saved["results"], saved["ep_lengths"]
    metrics, samples = frames.metrics(), frames.samples()
    for metric, values in (("eval/mean_reward", rewards), ("eval/mean_ep_length", lengths)):
        points = metrics[(metrics["run_id"] == run_id) & (metrics["metric"] == metric)]
        assert points["step"].tolist() == steps.tolist()
        np.testing.assert_allclose(points["value"], values.mean(axis=1), rtol=0, atol=1e-12)
        own = samples[(samples["run_id"] == run_id) & (samples["metric"] == metric)]
        for step, episodes in zip(steps, values, strict=True):
            found = own[own["step"] == step].sort_values("sample", key=lambda names: names.astype(int))
            assert found["value"].tolist() == episodes.tolist()


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("algo", ALGORITHMS)
def test_the_episodes_of_all_environments_are_merged_by_time(
    folder: Path, ingested: tuple[IngestResult, runreport.StoreFrames], algo: str, env: str
) -> None:
    _, frames = ingested
    run = run_of(frames, algo, env)
    episodes = []
    for path in sorted((folder / algo / f"{env}_1").glob("*.monitor.csv")):
        with path.open() as file:
            start = float(file.readline().split('"t_start": ')[1].split(",")[0])
            episodes += [(start + float(row["t"]), float(row["r"]), int(row["l"])) for row in csv.DictReader(file)]
    metrics = frames.metrics()
    points = metrics[(metrics["run_id"] == run["run_id"]) & (metrics["metric"] == "episode/reward")]
    assert len(points) == len(episodes)
    if not episodes:  # the file of ars/Acrobot-v1_1 has a header and nothing else
        return
    assert points["step"].iloc[-1] == sum(length for _, _, length in episodes)
    assert points["value"].sum() == pytest.approx(sum(reward for _, reward, _ in episodes))
    assert points["time"].is_monotonic_increasing
    last = max(ended for ended, _, _ in episodes)
    assert points["time"].iloc[-1].timestamp() == pytest.approx(last, abs=1e-5)
    assert run["ended"] == points["time"].iloc[-1]


def test_known_numbers_of_single_runs(ingested: tuple[IngestResult, runreport.StoreFrames]) -> None:
    """CartPole ends every episode at 500 steps, and DQN on it at 50,111 steps after 500 episodes."""
    _, frames = ingested
    summary = frames.summary()
    dqn = summary[summary["run_id"] == run_of(frames, "dqn", "CartPole-v1")["run_id"]].set_index("metric")
    assert (dqn.loc["episode/reward", "count"], dqn.loc["episode/reward", "last_step"]) == (500, 50111)
    assert dqn.loc["eval/mean_reward", "last"] == pytest.approx(171.1)
    ars = summary[summary["run_id"] == run_of(frames, "ars", "CartPole-v1")["run_id"]].set_index("metric")
    assert ars.loc["eval/mean_reward", "last"] == 500.0
