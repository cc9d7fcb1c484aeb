"""Readers beside the trackers' own clients: one run, one machine, ratios. ``make benchmark`` starts it."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import data
import events
import tables
import wandb_records as wandb_file
from measure import Row, classify, ours, peer, run_script, table

_GIGABYTE_POINTS = 19_000_000
_REGION, _REGION_END = "<!-- generated: benchmarks -->", "<!-- end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where it runs and how much: ``python`` is the interpreter of the environment with the peers."""

    folder: Path
    python: str
    best_of: int
    runs: int
    share: int
    scalars: int

    def room(self, name: str) -> Path:
        """Return a new folder for one row."""
        folder = self.folder / name
        folder.mkdir()
        return folder


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="interpreter of the environment with the peers")
    parser.add_argument("--best-of", type=int, default=2, help="how often each side is measured; the best counts")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--share", type=int, default=100, help="runs whose histories MLflow's client reads")
    parser.add_argument("--scalars", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", choices=sorted(ROWS), default=sorted(ROWS), help="rows to measure")
    parser.add_argument("--write", type=Path, help="a Markdown file with a region for the table")
    options = parser.parse_args()
    begin = time.perf_counter()
    rows: list[Row] = []
    for name in (name for name in ROWS if name in options.only):
        with tempfile.TemporaryDirectory(prefix="runreport-benchmark-") as folder:
            bench = Bench(
                folder=Path(folder),
                # The peers are started in the folder of the scripts; resolving links would leave the environment.
                python=str(Path(options.peer_python).absolute()),
                best_of=options.best_of,
                runs=options.runs,
                share=options.share,
                scalars=options.scalars,
            )
            rows.append(ROWS[name](bench))
            sys.stderr.write(f"{name} after {time.perf_counter() - begin:.0f} s\n")
    took = f"Best of {options.best_of} on both sides. The whole benchmark took {time.perf_counter() - begin:.0f} s."
    print(f"{table(rows)}\n\n{took}")
    if options.write is not None:
        write_into(options.write, f"{table(rows)}\n\n{took}\n")


def write_into(page: Path, text: str, *, region: str = _REGION) -> None:
    """Put a text into a Markdown file, between the mark of a region and its end."""
    before, rest = page.read_text("utf-8").split(region)
    after = rest.partition(_REGION_END)[2]
    page.write_text(f"{before}{region}\n\n{text}\n{_REGION_END}{after}", "utf-8")


def event_files_v1(bench: Bench) -> Row:
    """Scalars as TensorFlow 1, PyTorch and tensorboardX write them."""
    return _event_files(bench, "v1", "Event file, `simple_value`")


def event_files_v2(bench: Bench) -> Row:
    """Scalars as TensorFlow 2 writes them."""
    return _event_files(bench, "v2", "Event file, TensorFlow 2")


def _event_files(bench: Bench, style: str, what: str) -> Row:
    logs = bench.folder / "logs"
    events.write_event_files(logs, points=bench.scalars, style=style)
    figures = peer(bench.python, f"events-{style}", logs, "--best-of", str(bench.best_of))
    return ours(what, logs, bench.room("stores"), best_of=bench.best_of, peer="EventAccumulator", peers=figures)


def event_files_gigabyte(bench: Bench) -> Row:
    """One run whose event files are a gigabyte: what counts is the memory."""
    logs = bench.folder / "logs"
    events.write_event_files(logs, points=_GIGABYTE_POINTS, files=4)
    return ours("Event files of one run, 1 GB", logs, bench.room("stores"), best_of=1)


def mlflow_files(bench: Bench) -> Row:
    """An mlruns folder: ten metrics of 100 points and eight params per run."""
    logs = bench.folder / "mlruns"
    data.write_mlruns(logs, runs=bench.runs, points=100)
    figures = _mlflow_client(bench, "mlruns", logs)
    what = f"MLflow folder, {bench.runs:,} runs"
    return ours(what, logs, bench.room("stores"), best_of=bench.best_of, peer="MLflow client", peers=figures)


def mlflow_database(bench: Bench) -> Row:
    """The same in a database that MLflow made."""
    database = bench.room("logs") / "mlflow.db"
    peer(bench.python, "database", database, "--runs", str(bench.runs), "--points", "100")
    figures = _mlflow_client(bench, "sqlite", database)
    what = f"MLflow SQLite, {bench.runs:,} runs"
    return ours(what, database, bench.room("stores"), best_of=bench.best_of, peer="MLflow client", peers=figures)


def _mlflow_client(bench: Bench, task: str, logs: Path) -> dict[str, float]:
    return peer(bench.python, task, logs, "--runs", str(bench.share), "--best-of", str(bench.best_of))


def wandb_records(bench: Bench) -> Row:
    """A record file of W&B; its client has no public reader, so its own classes for the records are the peer."""
    file = bench.room("logs") / wandb_file.FOLDER / "run-bench001.wandb"
    file.parent.mkdir(parents=True)
    script = "wandb_records.py"
    run_script(bench.python, "make", file, script=script)
    figures = peer(bench.python, "peer", file, script=script)
    figures["points"] = wandb_file.ROWS * len(wandb_file.METRICS)  # it makes lists of the times and steps as well
    return ours(
        "W&B record file",
        bench.folder / "logs",
        bench.room("stores"),
        best_of=max(bench.best_of, 3),
        peer="wandb's own record classes",
        peers=figures,
    )


def small_folders(bench: Bench) -> Row:
    """Ten thousand folders of one run each: a CSV of 100 rows and its settings."""
    logs = bench.folder / "logs"
    tables.write_folders(logs, runs=bench.runs * 10)
    return ours(f"Folders with a CSV, {bench.runs * 10:,} runs", logs, bench.room("stores"), best_of=1)


def json_lines(bench: Bench) -> Row:
    """JSON lines of one run, ten keys to a line; polars makes a frame of them and writes nothing."""
    file = bench.folder / "logs" / "metrics.jsonl"
    tables.write_lines(file, rows=bench.scalars // 5)
    figures = peer(bench.python, "ndjson", file, "--best-of", str(bench.best_of))
    room = bench.room("stores")
    return ours(
        "JSON lines of one run", file.parent, room, best_of=bench.best_of, peer="polars, parsing only", peers=figures
    )


def large_tree(bench: Bench) -> Row:
    """A hundred thousand files, most of them no logs: which reader gets which."""
    tree = bench.folder / "tree"
    tables.write_tree(tree, files=bench.runs * 100)
    return classify(f"Classifying {bench.runs * 100:,} files", tree)


ROWS: dict[str, Callable[[Bench], Row]] = {
    "events-v1": event_files_v1,
    "events-v2": event_files_v2,
    "events-gigabyte": event_files_gigabyte,
    "mlflow-files": mlflow_files,
    "mlflow-database": mlflow_database,
    "wandb-records": wandb_records,
    "tables-folders": small_folders,
    "tables-lines": json_lines,
    "tables-tree": large_tree,
}
"""Every row of the table by its name on the command line."""


if __name__ == "__main__":
    main()
