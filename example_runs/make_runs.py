"""Make the example runs: train on scikit-learn's digits and log with the real clients.

``python example_runs/make_runs.py --out DIR`` writes five experiments below ``DIR``; every one
holds other runs than the rest. ``README.md`` beside this file tells what they are for.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Final

# Set before the imports that read them. MLflow's file store is opt-in and its usage reports are
# opt-out; one thread keeps the order of floating-point sums, and with it the results, the same.
os.environ |= {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

import mlflow
import numpy as np

from _loggers import (
    CsvLogger,
    JsonlLogger,
    MlflowLogger,
    TensorBoardLogger,
    drop_repository_tags,
    record_run,
    source_tags,
)
from _training import Digits, RunConfig, Training, load_data

LOGGER: Final = logging.getLogger("make_runs")

SEEDS: Final = range(5)
FEWER_SEEDS: Final = range(4)
EXTRA_SEED: Final = 5
SWEEP_RUNS: Final = 30
SWEEP_SEED: Final = 7
SWEEP_EPOCHS: Final = 15
STOPPED_AFTER_EPOCHS: Final = 14

METHODS: Final = {
    "softmax": RunConfig(method="softmax", hidden_units=0),
    "softmax-noise": RunConfig(method="softmax-noise", hidden_units=0, input_noise=0.2),
    "mlp": RunConfig(method="mlp"),
    "mlp-augment": RunConfig(method="mlp-augment", augment=True, training_version="v2"),
}
METHOD_NOTES: Final = {
    "softmax": "Baseline: **softmax regression**, no hidden layer.",
    "softmax-noise": "Softmax regression with *Gaussian noise* (sd 0.2) on the training inputs.",
    "mlp": "One hidden layer of 64 ReLU units, otherwise as the baseline.",
    "mlp-augment": (
        "As `mlp`, with four one-pixel shifts of each training image.\n\n"
        "Ran with training version **v2** (He initialisation, gradient clipping); "
        "the other methods ran with v1."
    ),
}
DIVERGED: Final = RunConfig(method="mlp-large-rate", learning_rate=30.0, weight_decay=0.1, seed=0)
FAILED: Final = replace(METHODS["mlp-augment"], lr_schedule="piecewise", seed=EXTRA_SEED)
STOPPED: Final = replace(METHODS["mlp"], seed=EXTRA_SEED)

OPTIMIZERS: Final = {"sgd": 0.1, "momentum": 0.02, "adam": 0.003}
WIDTHS: Final = (8, 32, 128)
BATCH_SIZES: Final = (16, 64, 256)


def run_name(config: RunConfig, what: str) -> str:
    """Return a run name such as ``mlp-seed3``."""
    return f"{what}-seed{config.seed}"


def make_methods(out: Path, data: Digits) -> None:
    """Write ``digits-methods`` to an MLflow file store."""
    uri = (out / "mlruns").as_uri()
    use_experiment(
        uri,
        "digits-methods",
        primary_metric="test/accuracy",
        note="Do a hidden layer, input noise or shifted images help? Baseline: `softmax`.",
    )
    for method, base in METHODS.items():
        for seed in SEEDS:
            config = replace(base, seed=seed)
            note = METHOD_NOTES[method]
            logger = MlflowLogger(config, data, name=run_name(config, method), note=note)
            record_run(config, data, logger)
    make_diverged_run(data)
    make_failed_run(data)
    make_stopped_run(uri)


def use_experiment(uri: str, name: str, *, primary_metric: str, note: str, artifacts: str | None = None) -> None:
    """Create an MLflow experiment and make it the current one."""
    mlflow.set_tracking_uri(uri)
    tags = {
        "mlflow.experiment.primaryMetric.name": primary_metric,
        "mlflow.experiment.primaryMetric.greaterIsBetter": "True",
        "mlflow.note.content": note,
    }
    identity = mlflow.create_experiment(name, artifact_location=artifacts, tags=tags)
    mlflow.set_experiment(experiment_id=identity)


def make_diverged_run(data: Digits) -> None:
    """Train at a learning rate of 30: weights overflow, losses become NaN, the run finishes."""
    note = "Learning rate 30: the weights overflow and the losses become `NaN`."
    logger = MlflowLogger(DIVERGED, data, name=run_name(DIVERGED, "mlp-large-rate"), note=note)
    record_run(DIVERGED, data, logger)


def make_failed_run(data: Digits) -> None:
    """Train with a schedule that is too short: an IndexError ends the run as FAILED."""
    note = "Tried a piecewise learning rate schedule; its table ends before the run does."
    logger = MlflowLogger(FAILED, data, name=run_name(FAILED, "mlp-augment"), note=note)
    try:
        record_run(FAILED, data, logger)
    except IndexError as error:
        LOGGER.info("failed as intended: %s", error)


def make_stopped_run(uri: str) -> None:
    """Let another process die in the middle of a run: MLflow keeps it as RUNNING."""
    process = multiprocessing.get_context("spawn").Process(target=run_and_die, args=(uri,))
    process.start()
    process.join()


def run_and_die(uri: str) -> None:
    """Train for some epochs, then stop the process without ending the run."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("digits-methods")
    data = load_data()
    note = "The process of this run stopped before its last epoch."
    logger = MlflowLogger(STOPPED, data, name=run_name(STOPPED, "mlp"), note=note)
    with logger:
        for record in Training(STOPPED, data).epochs():
            logger.epoch(record)
            if record.step == STOPPED_AFTER_EPOCHS:
                os._exit(1)


def make_sweep(out: Path, data: Digits) -> None:
    """Write ``digits-sweep``, a random search below one parent run, to MLflow with SQLite."""
    folder = out / "mlflow_sqlite"
    folder.mkdir()
    use_experiment(
        f"sqlite:///{folder / 'mlflow.db'}",
        "digits-sweep",
        primary_metric="val/accuracy",
        note="Random search over five hyperparameters, one run for each configuration.",
        artifacts=(folder / "artifacts").as_uri(),
    )
    configs = sweep_configs()
    with mlflow.start_run(
        run_name="random-search",
        tags=source_tags(configs[0].version.digest()),
        description=f"Parent of {len(configs)} trials; one seed for all.",
    ) as parent:
        drop_repository_tags(parent.data.tags)
        mlflow.log_params({"search": "random", "trials": len(configs), "search_seed": SWEEP_SEED})
        trials = [(config, make_trial(number, config, data)) for number, config in enumerate(configs)]
        log_best_trial(trials)
    shrink(folder / "mlflow.db")


def sweep_configs() -> list[RunConfig]:
    """Draw the configurations of the random search."""
    rng = np.random.default_rng(SWEEP_SEED)
    return [
        RunConfig(
            optimizer="adam",
            epochs=SWEEP_EPOCHS,
            learning_rate=float(f"{10 ** rng.uniform(-4.0, -1.0):.3g}"),
            hidden_units=int(rng.choice([8, 16, 32, 64, 128])),
            batch_size=int(rng.choice([16, 32, 64, 128])),
            dropout=round(float(rng.uniform(0.0, 0.6)), 2),
            weight_decay=float(f"{10 ** rng.uniform(-5.0, -2.0):.3g}"),
        )
        for _ in range(SWEEP_RUNS)
    ]


def make_trial(number: int, config: RunConfig, data: Digits) -> dict[str, float]:
    """Run one trial as a child of the active run and return its last metrics."""
    logger = MlflowLogger(
        config,
        data,
        name=f"trial-{number:02d}",
        note=f"Trial {number} of the random search.",
        nested=True,
        full=False,
    )
    record_run(config, data, logger)
    return logger.latest


def log_best_trial(trials: list[tuple[RunConfig, dict[str, float]]]) -> None:
    """Write the best trial's metrics and configuration to the parent run."""
    config, metrics = max(trials, key=lambda trial: trial[1]["val/accuracy"])
    names = ("val/loss", "val/accuracy", "test/loss", "test/accuracy")
    mlflow.log_metrics({name: metrics[name] for name in names})
    mlflow.log_dict(config.params(), "best_config.json")


def shrink(database: Path) -> None:
    """Give unused pages of a SQLite file back."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM")


def make_optimizers(out: Path, data: Digits) -> None:
    """Write ``digits-optimizers`` as TensorBoard event files."""
    for optimizer, rate in OPTIMIZERS.items():
        for seed in SEEDS:
            config = RunConfig(optimizer=optimizer, learning_rate=rate, epochs=30, seed=seed)
            folder = out / "tensorboard" / "digits-optimizers" / run_name(config, optimizer)
            note = f"Optimizer **{optimizer}**, learning rate {rate:g}."
            record_run(config, data, TensorBoardLogger(config, folder, note))


def make_widths(out: Path, data: Digits) -> None:
    """Write ``digits-width`` as wide CSV files."""
    for width in WIDTHS:
        for seed in SEEDS:
            config = RunConfig(optimizer="adam", learning_rate=0.003, hidden_units=width, epochs=25, seed=seed)
            folder = out / "csv" / "digits-width" / run_name(config, f"width{width}")
            record_run(config, data, CsvLogger(config, folder))


def make_batch_sizes(out: Path, data: Digits) -> None:
    """Write ``digits-batch-size`` as JSON lines."""
    for batch_size in BATCH_SIZES:
        for seed in FEWER_SEEDS:
            config = RunConfig(batch_size=batch_size, epochs=25, seed=seed)
            folder = out / "jsonl" / "digits-batch-size" / run_name(config, f"batch{batch_size}")
            record_run(config, data, JsonlLogger(config, folder))


def main() -> None:
    """Read the command line and make all experiments."""
    parser = argparse.ArgumentParser(description="Make runreport's example runs.")
    parser.add_argument("--out", type=Path, required=True, help="new folder to write to")
    out: Path = parser.parse_args().out.resolve()
    out.mkdir(parents=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    LOGGER.setLevel(logging.INFO)
    data = load_data()
    # MLflow names its default artifact folder after the working directory.
    with contextlib.chdir(out):
        for make in (make_methods, make_sweep, make_optimizers, make_widths, make_batch_sizes):
            LOGGER.info("%s", make.__name__)
            make(out, data)


if __name__ == "__main__":
    main()
