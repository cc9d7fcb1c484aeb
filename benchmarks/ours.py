"""Ingest one folder and print process seconds, points and bytes on disk as JSON."""

import argparse
import json
import sys
import time
from pathlib import Path

import pandas as pd  # noqa: F401 - Arrow imports it when it first sees a list; imports are not measured

import runreport.readers.mlflow.file
import runreport.readers.mlflow.sqlite
import runreport.readers.tables.reader
import runreport.readers.tensorboard.reader  # noqa: F401 - imports are not measured
from runreport.ingestion import ingest


def read_bytes_seconds(path: Path) -> float:
    """Return what merely reading every file takes, from the page cache, as the ingest does."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in files if file.is_file()]
    begin = time.process_time()
    for file in files:
        with file.open("rb", buffering=0) as opened:
            opened.read()
    return time.process_time() - begin


def main() -> None:
    """Measure one ingest."""
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Path)
    parser.add_argument("store", type=Path)
    arguments = parser.parse_args()
    reading = read_bytes_seconds(arguments.logs)
    begin = time.process_time()
    result = ingest((arguments.logs,), store=arguments.store, jobs=1)
    seconds = time.process_time() - begin
    metric_bytes = sum(file.stat().st_size for file in arguments.store.glob("data/metrics/*.parquet"))
    figures = {
        "seconds": seconds,
        "points": result.points,
        "read_bytes_seconds": reading,
        "bytes_per_point": metric_bytes / result.points,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
