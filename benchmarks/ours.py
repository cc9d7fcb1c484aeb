"""Ingest one folder a few times, each into a store of its own, and print the best process time and more as JSON."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd  # noqa: F401 - Arrow imports it when it first sees a list; imports are not measured

from runreport.ingestion import IngestResult, ingest
from runreport.readers import registry
from runreport.readers.base import Reader


def main() -> None:
    """Measure the ingest of a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Path)
    parser.add_argument("scratch", type=Path, nargs="?")
    parser.add_argument("--classify", action="store_true", help="only say which reader gets which file")
    parser.add_argument("--best-of", type=int, default=1)
    arguments = parser.parse_args()
    readers = registry.readers().readers  # imports are not measured
    if arguments.classify:
        sys.stdout.write(json.dumps(classify(arguments.logs, readers)) + "\n")
        return
    size_bytes, reading = size_of(arguments.logs), read_bytes_seconds(arguments.logs)
    stores = [arguments.scratch / f"store-{number}" for number in range(arguments.best_of)]
    timed = [_timed(arguments.logs, store) for store in stores]
    points = timed[0][1].points
    stored = sum(file.stat().st_size for file in stores[0].glob("data/metrics/*.parquet"))
    figures = {
        "seconds": min(seconds for seconds, _ in timed),
        "points": points,
        "runs": len(timed[0][1].run_ids),
        "size_bytes": size_bytes,
        "read_bytes_seconds": reading,
        "peak_bytes": _peak_bytes(),
        "bytes_per_point": stored / points if points else None,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def classify(tree: Path, readers: Sequence[Reader]) -> dict[str, float]:
    """Return what it takes to say which reader gets which file."""
    size_bytes, reading = size_of(tree), read_bytes_seconds(tree)
    begin = time.process_time()
    registry.find([tree], readers)
    return {
        "seconds": time.process_time() - begin,
        "files": len(_files(tree)),
        "size_bytes": size_bytes,
        "read_bytes_seconds": reading,
        "peak_bytes": _peak_bytes(),
    }


def _timed(logs: Path, store: Path) -> tuple[float, IngestResult]:
    begin = time.process_time()
    result = ingest((logs,), store=store, jobs=1)
    return time.process_time() - begin, result


def size_of(path: Path) -> int:
    """Return how large the files are."""
    return sum(file.stat().st_size for file in _files(path))


def read_bytes_seconds(path: Path) -> float:
    """Return what merely reading every file takes, from the page cache and a part at a time; the better of two."""
    return min(_read_all(_files(path)) for _ in range(2))


def _files(path: Path) -> list[Path]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in files if file.is_file()]


def _read_all(files: list[Path]) -> float:
    begin = time.process_time()
    for file in files:
        with file.open("rb", buffering=0) as opened:
            while opened.read(1 << 21):
                pass
    return time.process_time() - begin


def _peak_bytes() -> int:
    """Return the most memory this process ever held; 0 where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
