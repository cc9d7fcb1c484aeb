"""Write the golden logs of Stable-Baselines3 (with its own Monitor and logger) and of Spinning Up (by its source).

    python make_rl_logs.py            # stable-baselines3 2.9.2, gymnasium 1.4.0, numpy

The classes that write logs need no training, so PyTorch may be missing: then a stub stands in for it.
"""

import importlib.util
import json
import shutil
import sys
import types
from pathlib import Path
from unittest import mock

import numpy as np

HERE = Path(__file__).resolve().parent

ARGS = """!!python/object/apply:collections.OrderedDict
- - - algo
    - ppo
  - - env
    - Line-v0
  - - env_kwargs
    - null
  - - gym_packages
    - []
  - - hyperparams
    - n_envs: 2
  - - n_timesteps
    - -1
  - - seed
    - 3276219353
  - - tensorboard_log
    - ''
"""
CONFIG = """!!python/object/apply:collections.OrderedDict
- - - clip_range
    - lin_0.2
  - - learning_rate
    - !!python/object/apply:numpy.core.multiarray.scalar
      - 0.001
  - - n_timesteps
    - 100000.0
  - - policy
    - MlpPolicy
  - - policy_kwargs
    - dict(net_arch=[256, 256])
"""
SPINUP_CONFIG = {
    "ac_kwargs": {"hidden_sizes": [64, 64]},
    "actor_critic": "MLPActorCritic",
    "env_fn": "<function <lambda> at 0x7f2c5c1d2e18>",
    "exp_name": "ppo-line",
    "gamma": 0.99,
    "logger": {
        "<spinup.utils.logx.EpochLogger object at 0x7f2c5c0a1e10>": {
            "exp_name": "ppo-line",
            "output_file": {"<_io.TextIOWrapper name='progress.txt' mode='w'>": {"mode": "w"}},
        }
    },
    "logger_kwargs": {"exp_name": "ppo-line", "output_dir": "data/ppo-line/ppo-line_s0"},
    "seed": 0,
}


def _stub_torch() -> None:
    """Let the modules be imported without PyTorch and without the algorithms of the package."""
    if importlib.util.find_spec("torch") is None:
        torch = mock.MagicMock()
        torch.Tensor = type("Tensor", (), {})
        names = ("torch", "torch.utils", "torch.utils.tensorboard", "torch.utils.tensorboard.summary", "torch.nn")
        sys.modules.update(dict.fromkeys(names, torch))
    found = importlib.util.find_spec("stable_baselines3")
    package = types.ModuleType("stable_baselines3")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["stable_baselines3"] = package


def _monitor_files(folder: Path) -> None:
    from stable_baselines3.common.monitor import ResultsWriter  # noqa: PLC0415 - only where it is needed

    for env, start in enumerate((1700000000.0, 1700000000.25)):
        header = {"t_start": start, "env_id": "Line-v0"}
        writer = ResultsWriter(str(folder / str(env)), header=header, extra_keys=("is_success",))
        for episode in range(20):
            length = 10 + (episode * 7 + env) % 5
            row = {"r": round(-1.5 * length + env, 6), "l": length, "t": round(0.5 * (episode + 1), 6)}
            writer.write_row({**row, "is_success": episode % 3 == 0})
        writer.close()


def _evaluations(folder: Path) -> None:
    """What the callback of the library saves, with the same call."""
    steps = np.array([100, 200, 300])
    results = np.array([[-9.0, -8.0, -10.0, -7.0], [-5.0, -5.5, -4.5, -5.0], [-2.0, -1.0, np.nan, -3.0]])
    lengths = np.array([[9, 8, 10, 7], [5, 6, 5, 5], [2, 1, 3, 3]])
    successes = np.array([[False] * 4, [True, False, False, True], [True] * 4])
    np.savez(folder / "evaluations.npz", timesteps=steps, results=results, ep_lengths=lengths, successes=successes)


def _progress(folder: Path, formats: list[str]) -> None:
    from stable_baselines3.common import logger as sb3_logger  # noqa: PLC0415 - only where it is needed

    logger = sb3_logger.configure(str(folder), formats)
    for iteration in range(5):
        if iteration:  # the first row has no training yet, so the header grows
            logger.record("train/value_loss", 1.0 / iteration)
            logger.record("train/a_very_long_name_that_the_table_has_no_room_for", 0.123456789 * iteration)
        if iteration == 2:
            logger.record("eval/mean_reward", -5.0)
        logger.record("rollout/ep_rew_mean", -10.0 + iteration if iteration != 3 else float("nan"))
        logger.record("time/fps", 1000 + iteration)
        logger.record("time/total_timesteps", 100 * iteration, exclude="tensorboard")
        logger.dump(step=100 * iteration)
    logger.close()
    log = folder / "log.txt"
    if log.exists():  # its first line names the folder
        log.write_text(log.read_text().replace(str(folder), f"logs/{folder.name}"))


def sb3_logs() -> None:
    """A run of the zoo with all files but the text, and one of the library with the text alone."""
    _stub_torch()
    run = HERE / "sb3_zoo" / "input" / "ppo" / "Line-v0_1"
    shutil.rmtree(HERE / "sb3_zoo" / "input", ignore_errors=True)
    (run / "Line-v0").mkdir(parents=True)
    _monitor_files(run)
    _evaluations(run)
    _progress(run, ["csv", "json"])
    (run / "Line-v0" / "args.yml").write_text(ARGS)
    (run / "Line-v0" / "config.yml").write_text(CONFIG)
    (run / "Line-v0" / "vecnormalize.pkl").write_bytes(b"never opened")
    (run / "best_model.zip").write_bytes(b"PK never opened")
    text = HERE / "sb3_text" / "input" / "dqn_s4"
    shutil.rmtree(text.parent, ignore_errors=True)
    text.mkdir(parents=True)
    _progress(text, ["log"])


def spinningup_logs() -> None:
    """Two seeds; one is cut in its last row."""
    folder = HERE / "spinningup_runs" / "input" / "ppo-line"
    shutil.rmtree(folder.parent, ignore_errors=True)
    columns = ["Epoch", "AverageEpRet", "StdEpRet", "EpLen", "TotalEnvInteracts", "LossPi", "LossV", "Time"]
    for seed in range(2):
        run = folder / f"ppo-line_s{seed}"
        run.mkdir(parents=True)
        rows = [
            [epoch, -20.0 + 3 * epoch + seed, 1.5, 10.0, 4000 * (epoch + 1), 0.0 if epoch else "nan", 2.5, 1.25 * epoch]
            for epoch in range(6)
        ]
        lines = ["\t".join(map(str, row)) for row in [columns, *rows]]
        (run / "progress.txt").write_text("\n".join(lines)[: None if seed else -3] + "\n" * seed)
        config = {**SPINUP_CONFIG, "seed": seed}
        (run / "config.json").write_text(json.dumps(config, separators=(",", ":\t"), indent=4, sort_keys=True))


if __name__ == "__main__":
    sb3_logs()
    spinningup_logs()
