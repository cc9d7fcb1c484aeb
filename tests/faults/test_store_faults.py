"""Writers that race and writers that are killed.

``kill -9`` ends a process, not the machine: what it had written is still in the page cache. These tests show that no
order of a writer's own steps loses an acknowledged commit; they are no proof about a loss of power.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from runreport.store.manifest import Store

COMMITS = 40
KILLS = 20
POINTS = 50
PATIENCE_S = 30.0

WRITER = f"""
import os, sys
from pathlib import Path
import pandas, pyarrow as pa
from runreport.model.entities import Run, RunBatch, RunLog
from runreport.model.tables import POINTS
from runreport.store.manifest import Store
from runreport.store.parquet import write_batch

folder, commits = Path(sys.argv[1]), int(sys.argv[2])
plain = pa.schema([field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in POINTS])

def batch(run):
    log = RunLog(run=Run(run_id=run, experiment="e", name=run, source_id=run, path=run, fingerprint="1"))
    rows = [{{"run_id": run, "metric": "loss", "step": step, "order": 0, "value": step}} for step in range({POINTS})]
    return RunBatch(logs=(log,), points=pa.Table.from_pylist(rows, schema=plain).cast(POINTS))

def write(name):
    for number in range(commits):
        run = f"{{name}}-{{number:05}}"
        commit = Store.open(folder).commit([write_batch(folder, batch(run))])
        print(run, commit.conflicts, flush=True)
"""

RACER = """
print("ready", flush=True)
write(sys.stdin.readline().strip())
"""

# Every line of input is a new writer. Forking saves twenty imports of Arrow, and of pandas, which Arrow imports at the
# first conversion of a list: the kills would otherwise fall into that import.
NURSERY = """
for line in sys.stdin:
    child = os.fork()
    if not child:
        write(line.strip())
        os._exit(0)
    print("writer", child, flush=True)
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


@contextlib.contextmanager
def started(script: str, store: Path, commits: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITER + script, str(store), str(commits)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    first, _, second = process.stdout.readline().strip().partition(" ")
    return first, second


def size_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a temporary name that became a final one
            total += path.stat().st_size
    return total


def check_whole(store: Path, acknowledged: Collection[str]) -> None:
    """Assert that the store opens, and that everything of these runs is there."""
    snapshot = Store.open(store).snapshot()
    assert snapshot.table("runs", run_ids=acknowledged).num_rows == len(acknowledged)
    assert snapshot.table("summary", run_ids=acknowledged).column("count").to_pylist() == [POINTS] * len(acknowledged)
    assert snapshot.table("metrics", run_ids=acknowledged).num_rows == POINTS * len(acknowledged)


def leftover_count(store: Path) -> int:
    """Count temporary names and batches that no manifest names: work that a kill cut short."""
    batches = {path.stem for path in (store / "data").glob("*/*.parquet")}
    return len(list(store.rglob("*.tmp"))) + len(batches) - len(Store.open(store).snapshot().run_ids)


def test_two_racing_writers_lose_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store").path
    with started(RACER, store, COMMITS) as first, started(RACER, store, COMMITS) as second:
        assert answer(first) == answer(second) == ("ready", "")
        tell(first, "a")
        tell(second, "b")
        commits = [answer(writer) for _ in range(COMMITS) for writer in (first, second)]
    assert sum(int(conflicts) for _, conflicts in commits) > 0, "the writers never met, so this showed nothing"
    acknowledged = {run for run, _ in commits}
    assert len(acknowledged) == 2 * COMMITS
    check_whole(store, acknowledged)
    assert Store.open(store).snapshot().number == 2 * COMMITS


def test_writers_killed_at_random_moments_lose_nothing_acknowledged(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store").path
    moments = random.Random(20240501)  # noqa: S311 -- a repeatable choice of moments
    acknowledged: set[str] = set()
    cut_short = 0
    with started(NURSERY, store, commits=1_000_000) as nursery:
        for kill in range(KILLS):
            leftovers = leftover_count(store)
            runs = killed_writer(nursery, store, f"k{kill:02}", moments)
            check_whole(store, runs)
            cut_short += leftover_count(store) > leftovers
            acknowledged |= runs
    assert cut_short > 0, "no kill fell into a commit, so this showed nothing"
    assert len(acknowledged) >= KILLS
    check_whole(store, acknowledged)


def killed_writer(nursery: subprocess.Popen[str], store: Path, name: str, moments: random.Random) -> set[str]:
    """Let a writer work until a random moment after its first bytes; return the commits it acknowledged."""
    before, deadline = size_bytes(store), time.monotonic() + PATIENCE_S
    tell(nursery, name)
    kind, writer = answer(nursery)
    assert kind == "writer"
    while size_bytes(store) == before:
        assert time.monotonic() < deadline, "the writer wrote nothing before it was to be killed"
    acknowledged = {answer(nursery)[0] for _ in range(moments.randrange(4))}
    time.sleep(moments.uniform(0.0, 0.03))
    os.kill(int(writer), signal.SIGKILL)
    while (line := answer(nursery))[0] != "ended":
        acknowledged.add(line[0])
    assert line == ("ended", str(int(signal.SIGKILL))), "the writer ended by itself"
    return acknowledged
