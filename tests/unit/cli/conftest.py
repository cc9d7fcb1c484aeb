import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def command_in(folder: Path) -> Command:
    def run(*words: str | Path, check: bool = False) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "runreport", *map(str, words)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode:
            pytest.fail(f"{words} exited with {done.returncode}: {done.stderr}")
        return done

    return run


@pytest.fixture
def runreport(tmp_path: Path) -> Command:
    """Run the real command in an empty folder and return what it printed."""
    return command_in(tmp_path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two groups of three seeds as CSV files with their params."""
    return write_logs(tmp_path)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which those logs were ingested; tests only read it."""
    folder = tmp_path_factory.mktemp("workspace")
    write_logs(folder)
    (folder / "wrong.toml").write_text("stroe = 1\n[site]\ntitel = 2\n")
    command_in(folder)("ingest", "logs", check=True)
    return folder


@pytest.fixture
def asked(workspace: Path) -> Command:
    """Run the real command where logs were ingested."""
    return command_in(workspace)


def write_logs(parent: Path) -> Path:
    for method, offset in (("sgd", 0.0), ("adam", 0.2)):
        for seed in range(3):
            folder = parent / "logs" / f"{method}_s{seed}"
            folder.mkdir(parents=True)
            (folder / "params.json").write_text(f'{{"method": "{method}", "seed": {seed}}}')
            rows = [f"{step},{offset + 0.1 * step + 0.01 * seed}" for step in range(5)]
            (folder / "metrics.csv").write_text("\n".join(["step,val/accuracy", *rows]) + "\n")
    return parent / "logs"
