"""What the trackers' own clients need for the same logs. Runs in the peers' environment; prints JSON."""

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
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
    return {"seconds": seconds, "points": points * scale}


def event_accumulator(folder: Path, style: str) -> dict[str, float]:
    """Read event files through TensorBoard's EventAccumulator without sampling.

    Scalars of TensorFlow 2 are tensors to it, from which their number is taken.
    """
    from tensorboard.backend.event_processing.event_accumulator import (  # noqa: PLC0415 - the import is not measured
        EventAccumulator,
    )
    from tensorboard.util.tensor_util import make_ndarray  # noqa: PLC0415 - likewise

    begin = time.process_time()
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    points = 0
    if style == "v1":
        for tag in accumulator.Tags()["scalars"]:
            points += len([(one.step, one.wall_time, one.value) for one in accumulator.Scalars(tag)])
    else:
        for tag in accumulator.Tags()["tensors"]:
            found = accumulator.Tensors(tag)
            points += len([(one.step, one.wall_time, make_ndarray(one.tensor_proto).item()) for one in found])
    return {"seconds": time.process_time() - begin, "points": points}


def polars_lines(file: Path) -> dict[str, float]:
    """Read JSON lines with polars into a frame."""
    import polars as pl  # noqa: PLC0415 - the import is not measured

    begin = time.process_time()
    frame = pl.read_ndjson(file)
    return {"seconds": time.process_time() - begin, "points": frame.height * (frame.width - 1), "rows": frame.height}


def make_database(database: Path, runs: int, points: int) -> dict[str, float]:
    """Let MLflow make its empty database, then fill it."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - only here

    SqlAlchemyStore(f"sqlite:///{database}", str(database.parent / "artifacts"))
    fill_mlflow_db(database, runs=runs, points=points)
    return {"seconds": 0.0, "points": runs * points * len(METRICS)}


def main() -> None:
    """Do one task and print its best figures."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--points", type=int, default=0)
    parser.add_argument("--best-of", type=int, default=1)
    arguments = parser.parse_args()
    path = arguments.path.resolve()
    tasks: dict[str, Callable[[], dict[str, float]]] = {
        "database": lambda: make_database(path, arguments.runs, arguments.points),
        "mlruns": lambda: mlflow_client(path.as_uri(), arguments.runs),
        "sqlite": lambda: mlflow_client(f"sqlite:///{path}", arguments.runs),
        "events-v1": lambda: event_accumulator(path, "v1"),
        "ndjson": lambda: polars_lines(path),
        "events-v2": lambda: event_accumulator(path, "v2"),
    }
    found = [tasks[arguments.task]() for _ in range(arguments.best_of)]
    sys.stdout.write(json.dumps(min(found, key=lambda figures: figures["seconds"])) + "\n")


if __name__ == "__main__":
    main()
