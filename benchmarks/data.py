"""Generate run logs in the trackers' own layouts, without their clients' cost."""

import sqlite3
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

METRICS = tuple(
    f"{part}/{name}" for part in ("train", "val") for name in ("loss", "accuracy", "f1", "auc", "grad_norm")
)
START_MS = 1_760_000_000_000


def values(run: int, metric: int, points: int) -> NDArray[np.float32]:
    """Return one metric of one run: a noisy exponential decay in single precision."""
    noise = np.random.default_rng((run, metric)).normal(0, 0.01, points)
    return (np.exp(-np.arange(points) / 40) + noise + metric).astype(np.float32)


def times_ms(run: int, points: int) -> NDArray[np.int64]:
    """Return the timestamps of one run: a step takes about 250 ms."""
    steps_ms = np.random.default_rng((run, 99)).integers(200, 300, points)
    return START_MS + run * 60_000 + np.cumsum(steps_ms)


def write_mlruns(folder: Path, *, runs: int, points: int) -> None:
    """Write an MLflow file store with one experiment."""
    experiment = folder / "1"
    experiment.mkdir(parents=True)
    meta = f"artifact_location: file://{experiment}\nexperiment_id: '1'\nlifecycle_stage: active\nname: benchmark\n"
    (experiment / "meta.yaml").write_text(meta)
    for run in range(runs):
        _write_run_folder(experiment, run, points)


def _write_run_folder(experiment: Path, run: int, points: int) -> None:
    uuid = run_uuid(run)
    folder = experiment / uuid
    for name in ("metrics/train", "metrics/val", "params", "tags", "artifacts"):
        (folder / name).mkdir(parents=True)
    (folder / "meta.yaml").write_text(
        f"artifact_uri: file://{folder}/artifacts\nend_time: {START_MS + 10**6}\nentry_point_name: ''\n"
        f"experiment_id: '1'\nlifecycle_stage: active\nrun_id: {uuid}\nrun_name: run-{run}\nsource_name: ''\n"
        f"source_type: 4\nsource_version: ''\nstart_time: {START_MS}\nstatus: 3\ntags: []\nuser_id: ada\n"
    )
    for name, value in params(run).items():
        (folder / "params" / name).write_text(value)
    for name, value in tags(run).items():
        (folder / "tags" / name).write_text(value)
    stamps = times_ms(run, points).tolist()
    for index, metric in enumerate(METRICS):
        series = values(run, index, points).tolist()
        lines = [f"{stamp} {value} {step}\n" for step, (stamp, value) in enumerate(zip(stamps, series, strict=True))]
        (folder / "metrics" / metric).write_text("".join(lines))


def run_uuid(run: int) -> str:
    """Return an id of 32 hex digits that no YAML reader takes for a number."""
    return f"ab{zlib.crc32(str(run).encode()):08x}{run:022x}"


def params(run: int) -> dict[str, str]:
    """Return the params of a run: 20 configurations over seeds."""
    return {
        "learning_rate": str(0.001 * (1 + run % 20)),
        "batch_size": "64",
        "model": "mlp",
        "optimizer": "adam",
        "epochs": "100",
        "dropout": "0.1",
        "width": "256",
        "seed": str(run // 20),
    }


def tags(run: int) -> dict[str, str]:
    """Return the tags MLflow itself sets."""
    return {
        "mlflow.runName": f"run-{run}",
        "mlflow.user": "ada",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567",
    }


def fill_mlflow_db(database: Path, *, runs: int, points: int) -> None:
    """Fill an empty database that MLflow itself made."""
    with sqlite3.connect(database) as connection:
        connection.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (1, ?, ?, ?)",
            ("benchmark", "mlruns/1", "active"),
        )
        for run in range(runs):
            _fill_run(connection, run, points)
    connection.close()


def _fill_run(connection: sqlite3.Connection, run: int, points: int) -> None:
    uuid = run_uuid(run)
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, "
        "artifact_uri, experiment_id) VALUES (?, ?, 'LOCAL', 'ada', 'FINISHED', ?, ?, 'active', ?, 1)",
        (uuid, f"run-{run}", START_MS, START_MS + 10**6, f"mlruns/1/{uuid}/artifacts"),
    )
    rows = [(uuid, *item) for item in params(run).items()]
    connection.executemany("INSERT INTO params (run_uuid, key, value) VALUES (?, ?, ?)", rows)
    rows = [(uuid, *item) for item in tags(run).items()]
    connection.executemany("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", rows)
    insert = "INSERT INTO {} (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)"
    stamps = times_ms(run, points).tolist()
    for index, metric in enumerate(METRICS):
        series = values(run, index, points).tolist()
        points_rows = [(uuid, metric, value, stamps[step], step) for step, value in enumerate(series)]
        connection.executemany(insert.format("metrics"), points_rows)
        connection.execute(insert.format("latest_metrics"), points_rows[-1])
