"""A real tracking server and a real PostgreSQL on loopback, filled by MLflow's own client."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runreport import open_store
from runreport.frames.api import StoreFrames
from runreport.ingestion import ingest

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "golden"
LOG = "import sys; sys.path.insert(0, sys.argv[1]); from make_mlflow_model_logs import log_models; log_models(*sys.argv[2:])"
STARTS_WITHIN_S = 120


@pytest.fixture(scope="module")
def peer() -> Path:
    """An interpreter with MLflow; ours does not have it."""
    python = Path(os.environ.get("RUNREPORT_MLFLOW_PYTHON", REPOSITORY / ".venv-peers" / "bin" / "python"))
    if not (python.parent / "mlflow").exists():
        pytest.skip(f"MLflow is not here ({python}); RUNREPORT_MLFLOW_PYTHON names an interpreter that has it")
    return python


def environment() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
    return mine | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONDONTWRITEBYTECODE": "1"}


def log_runs(peer: Path, uri: str, artifacts: Path, folder: Path) -> None:
    command = [peer, "-W", "ignore", "-c", LOG, GOLDEN, uri, artifacts.as_uri()]
    subprocess.run(command, check=True, cwd=folder, env=environment(), capture_output=True, timeout=300)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def started(command: Sequence[object], folder: Path) -> Iterator[None]:
    """Run a server in a group of its own, which is ended as a whole."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


@contextmanager
def mlflow_server(peer: Path, database: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = ["--backend-store-uri", f"sqlite:///{database}", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    with started([peer.parent / "mlflow", "server", *options], folder):
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not _answers(f"{address}/health"):
            assert time.monotonic() < deadline, (folder / "server.log").read_text()
            time.sleep(0.2)
        yield address


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - an address on loopback
            return bool(response.status == 200)
    except OSError:
        return False


def frames_of(log: str | Path, store: Path) -> StoreFrames:
    ingest([log], store=store, jobs=1)
    return open_store(store)


def test_a_server_says_the_same_as_the_database_behind_it(peer: Path, tmp_path: Path) -> None:
    database = tmp_path / "logs" / "mlflow.db"
    database.parent.mkdir()
    log_runs(peer, f"sqlite:///{database}", tmp_path / "logs" / "artifacts", tmp_path)
    with mlflow_server(peer, database, tmp_path) as address:
        served = frames_of(f"mlflow+{address}/?experiment=models", tmp_path / "served")
        again = ingest([f"mlflow+{address}/?experiment=models"], store=tmp_path / "served")
    stored = frames_of(database.parent, tmp_path / "stored")
    assert (again.runs_added, again.runs_updated, again.runs_unchanged) == (0, 0, 2)
    own = ["path", "reader", "reader_version", "fingerprint"]
    same(served.runs().drop(columns=own), stored.runs().drop(columns=own))
    for table in ("params", "tags", "metrics", "summary", "datasets", "models", "edges", "code"):
        same(getattr(served, table)(), getattr(stored, table)())
    columns = ["run_id", "path", "size_bytes", "media_type"]
    same(served.artifacts()[columns], stored.artifacts()[columns])


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(expected)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[int]:
    """The port of a PostgreSQL of our own with an empty database mlflow; the system's one is left alone."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    programs = [parent for path in found if path and ((parent := Path(path).resolve().parent) / "createdb").exists()]
    if not programs:
        pytest.skip("PostgreSQL is not installed")
    if not (find_spec("sqlalchemy") and find_spec("psycopg")):
        pytest.skip("the extra sql is not installed")
    owner = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="runreport-postgresql-"))
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()

    def run(*command: object) -> None:
        subprocess.run(list(map(str, command)), check=True, cwd=folder, capture_output=True, timeout=120, **owner)

    control = [programs[-1] / "pg_ctl", "-D", folder / "data", "-w"]
    try:
        run(programs[-1] / "initdb", "-D", folder / "data", "-A", "trust", "-U", "ada", "-E", "UTF8", "--no-sync")
        run(*control, "-l", folder / "log", "-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1", "start")
        try:
            run(programs[-1] / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "ada", "mlflow")
            yield port
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_database_server_is_read_like_a_file(peer: Path, postgresql: int, tmp_path: Path) -> None:
    if subprocess.run([peer, "-c", "import psycopg"], check=False, capture_output=True).returncode:
        pytest.skip(f"{peer} has no psycopg")
    database = f"postgresql://ada:secret@127.0.0.1:{postgresql}/mlflow"
    log_runs(peer, database.replace("://", "+psycopg://"), tmp_path, tmp_path)
    result = ingest([f"mlflow+{database}"], store=tmp_path / "store", jobs=1)
    frames = open_store(tmp_path / "store")
    assert (result.runs_added, result.points) == (2, 6)
    train = frames.runs().set_index("name").loc["train"]
    assert (train["experiment"], train["status"], train["user"], train["note"]) == (
        "models",
        "finished",
        "ada",
        "trains *net*",
    )
    points = frames.metrics(keys=["acc"], runs=[train["run_id"]])
    assert np.array_equal(points["value"], [0.5, np.nan, np.inf, 0.75], equal_nan=True)
    assert list(frames.models()["aliases"].dropna()) == ["blue, champion"]
    assert list(frames.datasets()["dataset"]) == ["held-out"]
    assert {notice.code for notice in result.notices} >= {"deleted-runs", "unattached-model", "cut-value"}
    again = ingest([f"mlflow+{database}?experiment=models"], store=tmp_path / "store")
    assert again.runs_unchanged == 2
    assert "secret" not in repr(result)
