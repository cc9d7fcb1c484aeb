"""Write the golden logs of Hydra, Optuna and Ray Tune with their own clients.

    python make_sweep_logs.py            # hydra-core 1.3.8, optuna 5.0.0, ray[tune] 2.60.0

Times, host names and ids are those of the day it was run; everything else is the same each time.
"""

import csv
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

HYDRA_APP = """
import csv, logging
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg):
    logging.getLogger(__name__).info("lr %s", cfg.optim.lr)
    with open("metrics.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "loss"])
        rows.writerows([step, cfg.optim.lr / (step + 1)] for step in range(4))

main()
"""


def hydra_logs(folder: Path, *, metrics: bool) -> None:
    """One job, and a sweep over two learning rates and two seeds."""
    work = Path(tempfile.mkdtemp())
    (work / "conf" / "data").mkdir(parents=True)
    (work / "conf" / "config.yaml").write_text(
        "defaults:\n  - data: small\n  - _self_\noptim:\n  lr: 0.1\n  betas: [0.9, 0.99]\nseed: 0\n"
        "label: lr-${optim.lr}\nnothing: null\n"
    )
    for name, rows in (("small", 100), ("large", 10**20)):
        (work / "conf" / "data" / f"{name}.yaml").write_text(f"rows: {rows}\n")
    app = HYDRA_APP if metrics else HYDRA_APP.partition("    with open")[0] + "\nmain()\n"
    (work / "train.py").write_text(app)
    chdir = "hydra.job.chdir=True"
    subprocess.run([sys.executable, "train.py", chdir, "optim.lr=0.05", "+extra=1"], cwd=work, check=True)
    sweep = ["-m", chdir, "optim.lr=0.1,0.2", "seed=1,2", "data=large"]
    subprocess.run([sys.executable, "train.py", *sweep], cwd=work, check=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("outputs", "multirun"):
        shutil.copytree(work / name, folder / name)


def optuna_study(storage: object) -> None:
    """Two studies with every state, kind of param, special value and attribute."""
    import optuna  # noqa: PLC0415 - only where it is needed

    study = optuna.create_study(storage=storage, study_name="digits", direction="maximize")
    study.set_user_attr("data", {"name": "digits", "rows": 1797})

    def objective(trial: "optuna.Trial") -> float:
        lr = trial.suggest_float("lr", 1e-4, 1.0, log=True)
        layers = trial.suggest_int("layers", 1, 4)
        kind = trial.suggest_categorical("kind", ["sgd", "adam", None])
        trial.set_user_attr("seed", trial.number)
        for step in range(4):
            value = [lr, math.nan, math.inf, -math.inf][step] if trial.number == 1 else lr * layers * (step + 1)
            trial.report(value, step)
        if trial.number == 2:
            raise optuna.TrialPruned
        if trial.number == 3:
            raise RuntimeError("exploded")
        return math.inf if trial.number == 4 else lr + (kind == "adam")

    study.sampler = optuna.samplers.RandomSampler(seed=0)
    study.optimize(objective, n_trials=6, catch=(RuntimeError,))
    study.ask({"lr": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True)})  # stays RUNNING
    study.enqueue_trial({"lr": 0.5})  # stays WAITING

    both = optuna.create_study(storage=storage, study_name="two goals", directions=["minimize", "maximize"])
    both.set_metric_names(["loss", "accuracy"])
    both.sampler = optuna.samplers.RandomSampler(seed=0)
    both.optimize(lambda trial: (trial.suggest_float("x", 0, 1, step=0.25), float(trial.number)), n_trials=3)
    optuna.create_study(storage=storage, study_name="empty")


def optuna_logs() -> None:
    """The same studies in both storages."""
    import optuna  # noqa: PLC0415 - only where it is needed

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name, file in (("optuna_sqlite", "optuna.db"), ("optuna_journal", "journal.log")):
        folder = HERE / name / "input"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path = folder / file
        if file.endswith(".db"):
            optuna_study(optuna.storages.RDBStorage(f"sqlite:///{path}"))
        else:
            optuna_study(optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path))))


def ray_logs() -> None:
    """Three trials: one whole, one with a NaN, one that fails."""
    os.environ.update(RAY_AIR_NEW_OUTPUT="0", RAY_USAGE_STATS_ENABLED="0")
    import ray  # noqa: PLC0415 - only where it is needed
    from ray import tune  # noqa: PLC0415 - only where it is needed

    def train(config: dict) -> None:
        for step in range(4):
            loss = math.nan if config["seed"] == 2 and step == 2 else config["opt"]["lr"] * (step + 1)
            if config["seed"] == 3 and step == 2:
                raise ValueError("exploded at step 2")
            tune.report({"loss": loss, "val": {"acc": 0.5 + step / 10}, **({"late": 1.0} if step else {})})

    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, logging_level=logging.ERROR)
    work = Path(tempfile.mkdtemp())
    space = {"opt": {"lr": tune.grid_search([0.1])}, "seed": tune.grid_search([1, 2, 3])}
    tune.Tuner(
        train,
        param_space=space,
        run_config=tune.RunConfig(name="digits", storage_path=str(work)),
        tune_config=tune.TuneConfig(metric="loss", mode="min", max_concurrent_trials=1),
    ).fit()
    ray.shutdown()
    folder = HERE / "ray_tune_trials" / "input"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(work / "digits", folder, ignore=shutil.ignore_patterns("*.pkl", ".validate*"))
    for error in folder.rglob("error.txt"):  # a traceback names the folders of the packages and of this script
        text = error.read_text().replace(str(HERE), "src").replace(sys.prefix, "venv")
        error.write_text(text)


def sweep_of_csv(folder: Path) -> None:
    """A trial with progress.csv alone, as when result.json was removed."""
    trial = next(path for path in sorted((HERE / "ray_tune_trials" / "input").iterdir()) if path.is_dir())
    shutil.rmtree(folder, ignore_errors=True)
    (folder / trial.name).mkdir(parents=True)
    shutil.copy(trial / "progress.csv", folder / trial.name / "progress.csv")
    with (folder / trial.name / "progress.csv").open() as file:
        assert next(csv.reader(file))[0] == "loss"


if __name__ == "__main__":
    hydra_logs(HERE / "hydra_jobs" / "input", metrics=True)
    hydra_logs(HERE / "hydra_only" / "input", metrics=False)
    optuna_logs()
    ray_logs()
    sweep_of_csv(HERE / "ray_tune_csv" / "input")
