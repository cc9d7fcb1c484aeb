"""Tables: many small run folders, JSON lines beside polars, and what it takes to classify a tree of 100,000 files."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
FILES_PER_FOLDER = 10
COLUMNS = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")


def write_folders(folder: Path, *, runs: int, rows: int = 100) -> None:
    """Write one folder per run with a wide CSV and its settings."""
    generator = np.random.default_rng(0)
    header = f"step,{','.join(COLUMNS)}\n"
    for run in range(runs):
        own = folder / f"method{run % 20:02d}" / f"run_s{run // 20:04d}"
        own.mkdir(parents=True)
        cells = generator.normal(size=(rows, len(COLUMNS))).astype(np.float32).tolist()
        lines = [f"{step},{','.join(map(str, row))}\n" for step, row in enumerate(cells)]
        (own / "metrics.csv").write_text(header + "".join(lines))
        settings = {"lr": 0.001 * (1 + run % 20), "batch_size": 64, "model": "mlp", "seed": run // 20}
        (own / "params.json").write_text(json.dumps(settings))


def write_lines(file: Path, *, rows: int, keys: int = 10) -> None:
    """Write JSON lines of one run: a step and numbers."""
    cells = np.random.default_rng(0).normal(size=(rows, keys - 1)).tolist()
    names = [f"metric_{key}" for key in range(keys - 1)]
    file.parent.mkdir(parents=True)
    with file.open("w") as opened:
        for step, row in enumerate(cells):
            opened.write(json.dumps({"step": step, **dict(zip(names, row, strict=True))}) + "\n")


def write_tree(folder: Path, *, files: int) -> None:
    """Write a tree such as trainers leave behind: checkpoints, pictures, source files, some logs."""
    names = ("metrics.csv", "params.json", "model.pt", "train.py", "plot.png", "notes.txt", "out.log", "config.yaml")
    contents = {"metrics.csv": "step,loss\n0,1\n1,0.5\n", "params.json": '{"lr": 0.1}', "config.yaml": "lr: 0.1\n"}
    for number in range(files // FILES_PER_FOLDER):
        own = folder / f"group{number % 100:03d}" / f"run{number:06d}"
        own.mkdir(parents=True)
        for name in (*names, "a.bin", "b.bin"):
            (own / name).write_text(contents.get(name, "x\n"))


def child(task: str, path: Path, *further: str, python: str = sys.executable) -> dict[str, float]:
    """Run a task of this script in a fresh process."""
    command = [python, str(HERE / "tables.py"), "--task", task, "--path", str(path), *further]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def read_bytes_seconds(path: Path) -> float:
    """Return what merely reading every file takes, from the page cache."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    begin = time.process_time()
    for file in files:
        with file.open("rb", buffering=0) as opened:
            opened.read()
    return time.process_time() - begin


def polars_figures(path: Path) -> dict[str, float]:
    """Read JSON lines with polars into a frame."""
    import polars as pl  # noqa: PLC0415 - the import is not measured

    begin = time.process_time()
    frame = pl.read_ndjson(path)
    return {"seconds": time.process_time() - begin, "rows": frame.height}


def ingest_figures(path: Path, jobs: int) -> dict[str, float]:
    """Ingest into a new store: seconds of wall time, of this process and of all, those of this one without imports."""
    from ours import read_bytes_seconds  # noqa: PLC0415 - it imports what is not measured
    from runreport.ingestion import ingest  # noqa: PLC0415 - likewise

    reading = read_bytes_seconds(path)
    with tempfile.TemporaryDirectory(prefix="runreport-benchmark-") as store:
        wall, begin, before = time.perf_counter(), time.process_time(), _children_seconds()
        result = ingest((path,), store=store, jobs=jobs)
        seconds = time.process_time() - begin
        return {
            "seconds": seconds,
            "all_seconds": seconds + _children_seconds() - before,
            "wall": time.perf_counter() - wall,
            "points": result.points,
            "runs": result.runs_added,
            "read_bytes_seconds": reading,
        }


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def parse_figures(path: Path) -> dict[str, float]:
    """Parse one table into columns, without making points of them."""
    from runreport.readers.tables.files import parse  # noqa: PLC0415 - the import is not measured

    begin = time.process_time()
    table = parse(str(path)).table
    return {"seconds": time.process_time() - begin, "rows": table.num_rows}


def find_figures(path: Path) -> dict[str, float]:
    """Classify a tree: which reader gets which file."""
    from runreport.readers import registry  # noqa: PLC0415 - the import is not measured

    readers = registry.readers().readers
    begin = time.process_time()
    findings = registry.find([path], readers)
    return {"seconds": time.process_time() - begin, "claims": len(findings.claims), "readers": len(readers)}


def main() -> None:
    """Generate, measure, print; or do one task and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", default="", help="interpreter of an environment with polars")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--task", choices=("ingest", "parse", "find", "polars"))
    parser.add_argument("--path", type=Path)
    options = parser.parse_args()
    match options.task:
        case "ingest":
            figures = ingest_figures(options.path, options.jobs)
        case "parse":
            figures = parse_figures(options.path)
        case "find":
            figures = find_figures(options.path)
        case "polars":
            figures = polars_figures(options.path)
        case _:
            with tempfile.TemporaryDirectory(prefix="runreport-benchmark-") as name:
                run(Path(name), options)
            return
    sys.stdout.write(json.dumps(figures) + "\n")


def run(folder: Path, options: argparse.Namespace) -> None:
    """Measure all three and print what was found."""
    folders, lines, tree = folder / "folders", folder / "lines" / "metrics.jsonl", folder / "tree"
    write_folders(folders, runs=options.runs)
    one, two = (child("ingest", folders, "--jobs", str(jobs)) for jobs in (1, 2))
    runs = one["runs"]
    print(f"{runs:.0f} small run folders, {one['points']:,.0f} points")
    print(f"  one process: {runs / one['seconds']:.0f} runs per CPU second, {runs / one['wall']:.0f} per second")
    print(f"  two processes: {runs / two['wall']:.0f} runs per second of wall time ({two['wall']:.1f} s)")
    workers = two["all_seconds"] - two["seconds"]
    free = runs / (two["seconds"] + workers / 2)  # as if the workers waited until all else is done
    print(
        f"    CPU {two['seconds']:.1f} s and {workers:.1f} s in workers: at least {free:.0f} per second on two free cores"
    )
    print(f"  merely reading the bytes: {one['read_bytes_seconds'] / one['seconds']:.0%} of the CPU time")
    write_lines(lines, rows=options.rows)
    parsed, whole = child("parse", lines), child("ingest", lines.parent)
    print(f"JSON lines, {parsed['rows']:,.0f} rows of 10 keys")
    print(f"  parse {parsed['seconds']:.2f} CPU s, whole ingest {whole['seconds']:.2f} CPU s")
    print(f"  merely reading the bytes: {whole['read_bytes_seconds'] / whole['seconds']:.0%} of the ingest")
    if options.peer_python:
        peer = child("polars", lines, python=str(Path(options.peer_python).absolute()))
        ratios = (figures["seconds"] / peer["seconds"] for figures in (parsed, whole))
        print("  polars read_ndjson {:.2f} CPU s; parse {:.1f}x, ingest {:.1f}x of it".format(peer["seconds"], *ratios))
    write_tree(tree, files=options.files)
    found = child("find", tree)
    print(f"{options.files:,} files: {found['seconds']:.1f} CPU s to classify by {found['readers']:.0f} readers")


if __name__ == "__main__":
    main()
