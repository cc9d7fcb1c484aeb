"""What the trackers' own clients need for the same logs. Runs in the peers' environment; prints JSON."""

import argparse
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path

from data import METRICS, fill_mlflow_db


def mlflow_client(uri: str, share: int) -> dict[str, float]:
    """Read all runs, and the full metric histories of ``share`` of them, through MLflow's client.

    The histories of the others are extrapolated: the client makes one call per run and metric.
    """
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - the import is not measured

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("benchmark")
    begin = time.process_time()
    runs = client.search_runs([experiment.experiment_id], max_results=50_000)
    search_seconds = time.process_time() - begin
    begin = time.process_time()
    points = 0
    for run in runs[:share]:
        for metric in METRICS:
            points += len(client.get_metric_history(run.info.run_id, metric))
    scale = len(runs) / share
    seconds = search_seconds + (time.process_time() - begin) * scale
    return {"seconds": seconds, "share": share, "points": points * scale}


def event_accumulator(folder: Path) -> dict[str, float]:
    """Read an event file through TensorBoard's EventAccumulator without sampling."""
    from tensorboard.backend.event_processing.event_accumulator import (  # noqa: PLC0415 - the import is not measured
        EventAccumulator,
    )

    begin = time.process_time()
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    points = sum(len(accumulator.Scalars(tag)) for tag in accumulator.Tags()["scalars"])
    return {"seconds": time.process_time() - begin, "share": 1, "points": points}


def make_database(database: Path, runs: int, points: int) -> dict[str, float]:
    """Let MLflow make its empty database, then fill it."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - only here

    SqlAlchemyStore(f"sqlite:///{database}", str(database.parent / "artifacts"))
    fill_mlflow_db(database, runs=runs, points=points)
    return {"seconds": 0.0, "share": runs, "points": runs * points * len(METRICS)}


def main() -> None:
    """Do one task and print its figures."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("database", "mlruns", "sqlite", "events"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--points", type=int, default=0)
    arguments = parser.parse_args()
    path = arguments.path.resolve()
    match arguments.task:
        case "database":
            result = make_database(path, arguments.runs, arguments.points)
        case "mlruns":
            result = mlflow_client(path.as_uri(), arguments.runs)
        case "sqlite":
            result = mlflow_client(f"sqlite:///{path}", arguments.runs)
        case _:
            result = event_accumulator(path)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
