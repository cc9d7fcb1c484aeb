"""Ingest killed at random moments. kill -9 keeps the page cache, so this is a crash of the program, not power loss."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from runreport.ingestion import ingest
from runreport.store.manifest import Store

KILLS = 20
RUNS = 120
STEPS = 40

CHILD = """
import sys
from runreport import ingestion
ingestion._TASK_RUNS = 4
ingestion.ingest([sys.argv[1]], store=sys.argv[2], jobs=1, report=lambda stage, done, total: print(done, flush=True))
"""


def write_logs(folder: Path) -> None:
    for run in range(RUNS):
        (folder / f"run_{run:03}").mkdir(parents=True)
        rows = (f"{step},{run + step / STEPS}" for step in range(STEPS))
        (folder / f"run_{run:03}" / "metrics.csv").write_text("\n".join(["step,loss", *rows]) + "\n")


def killed_ingest(logs: Path, store: Path, moments: random.Random) -> int:
    """Start an ingest, kill it after some progress and a little while, and return how many runs it had acknowledged."""
    command = [sys.executable, "-c", CHILD, str(logs), str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(moments.randrange(RUNS // 4))]
        time.sleep(moments.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    acknowledged = [int(line) for line in lines if line.endswith("\n")]
    return acknowledged[-1] if acknowledged else 0


def check_whole(store: Path, acknowledged: int) -> int:
    """Check that every committed run is whole and that none that was acknowledged is missing."""
    snapshot = Store.open(store).snapshot()
    points = snapshot.table("metrics", columns=["run_id"]).column("run_id").to_pylist()
    assert len(snapshot.run_ids) >= acknowledged
    assert len(points) == STEPS * len(snapshot.run_ids)
    assert snapshot.table("runs").num_rows == snapshot.table("summary").num_rows == len(snapshot.run_ids)
    return len(snapshot.run_ids)


def test_nothing_acknowledged_is_lost_when_ingest_is_killed(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_logs(logs)
    moments = random.Random(20)  # noqa: S311 - moments of a test, no secret
    killed_midway = grown = 0
    for kill in range(KILLS):
        store = tmp_path / f"store{kill}"
        acknowledged = killed_ingest(logs, store, moments)
        grown += bool(list(store.rglob("*.parquet")))
        if (store / "manifests").is_dir():  # else it was killed before the store was made
            killed_midway += 0 < check_whole(store, acknowledged) < RUNS
            ingest([logs], store=store)
            assert check_whole(store, RUNS) == RUNS
    assert grown >= KILLS // 2, "the kills came before anything was written: this run shows nothing"
    assert killed_midway >= KILLS // 2, "the kills came before or after the work: this run shows nothing"
