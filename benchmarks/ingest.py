"""Ingest beside the trackers' own clients: one run, one machine, ratios."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import data

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: process seconds of both sides for the same number of points."""

    what: str
    points: int
    ours_s: float
    peer: str
    peer_s: float
    read_bytes_s: float
    bytes_per_point: float


def measure_ours(logs: Path, store: Path) -> dict[str, float]:
    """Ingest in a fresh process, imports excluded, and return its figures."""
    return _json([sys.executable, str(HERE / "ours.py"), str(logs), str(store)])


def measure_peer(python: str, task: str, path: Path, *numbers: str) -> dict[str, float]:
    """Run a task of peers.py in the peers' environment."""
    return _json([python, str(HERE / "peers.py"), task, str(path), *numbers])


def _json(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(what: str, logs: Path, store: Path, peer: str, peer_figures: dict[str, float]) -> Row:
    """Measure our side and put both beside each other.

    Raises:
        ValueError: the two sides did not read the same number of points.
    """
    ours = measure_ours(logs, store)
    if ours["points"] != peer_figures["points"]:
        raise ValueError(f"{what}: {ours['points']} points here, {peer_figures['points']} there")
    return Row(
        what=what,
        points=int(ours["points"]),
        ours_s=ours["seconds"],
        peer=peer,
        peer_s=peer_figures["seconds"],
        read_bytes_s=ours["read_bytes_seconds"],
        bytes_per_point=ours["bytes_per_point"],
    )


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="interpreter of the environment with the peers")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=100, help="points per metric")
    parser.add_argument("--share", type=int, default=100, help="runs that MLflow's client reads")
    parser.add_argument("--scalars", type=int, default=1_000_000)
    options = parser.parse_args()
    # The measurements run in the folder of the scripts; resolving links would leave the environment.
    options.peer_python = str(Path(options.peer_python).absolute())
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="runreport-benchmark-") as name:
        rows = run(Path(name), options)
    print_table(rows)
    print(f"\nwall time of the whole benchmark: {time.perf_counter() - begin:.0f} s")


def run(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Measure the three formats one after the other."""
    python, share = options.peer_python, ("--runs", str(options.share))
    mlruns, database, events = folder / "mlruns", folder / "db" / "mlflow.db", folder / "events"
    database.parent.mkdir()
    size = ("--runs", str(options.runs), "--points", str(options.points))
    data.write_mlruns(mlruns, runs=options.runs, points=options.points)
    measure_peer(python, "database", database, *size)
    data.write_event_file(events, points=options.scalars)
    client = f"search_runs + get_metric_history (histories of {options.share} runs, extrapolated)"
    peers = (
        (f"MLflow file store, {options.runs} runs", mlruns, client, measure_peer(python, "mlruns", mlruns, *share)),
        (f"MLflow sqlite, {options.runs} runs", database, client, measure_peer(python, "sqlite", database, *share)),
        ("TensorBoard, one event file", events, "EventAccumulator", measure_peer(python, "events", events)),
    )
    return [
        compare(what, logs, folder / f"store{number}", peer, figures)
        for number, (what, logs, peer, figures) in enumerate(peers)
    ]


def print_table(rows: list[Row]) -> None:
    """Print a Markdown table."""
    print("| logs | points | runreport CPU s | peer | peer CPU s | ratio | read bytes, share | bytes/point |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        ratio, share = row.peer_s / row.ours_s, row.read_bytes_s / row.ours_s
        print(
            f"| {row.what} | {row.points:,} | {row.ours_s:.2f} | {row.peer} | {row.peer_s:.1f} "
            f"| {ratio:.0f}x | {share:.0%} | {row.bytes_per_point:.2f} |"
        )


if __name__ == "__main__":
    main()
