"""Write golden logs of benchmark tools with the real clients (``pip install pytest-benchmark asv``), then exit.

Two sessions of pytest-benchmark, one with the times of its rounds, and two results of asv, one with samples. Rounds and
repeats are fixed; the times are what the machine took. The paths of the machine are replaced.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(sys.executable).parent
TESTS = """
import random

import pytest


@pytest.mark.parametrize("size", [10, 100])
def test_sort(benchmark, size):
    values = random.Random(0).sample(range(size * 10), size)
    benchmark.extra_info["kind"] = "list"
    benchmark.extra_info["bytes"] = 8 * size
    benchmark.pedantic(sorted, args=(values,), rounds=5, iterations=3)


@pytest.mark.benchmark(group="sums")
def test_sum(benchmark):
    benchmark.pedantic(sum, args=(range(100),), rounds=5, iterations=3)
"""
SUITE = """
class Sort:
    params = ([10, 100], ["list", "tuple"])
    param_names = ["size", "kind"]
    number, repeat, warmup_time = 2, (2, 3, 0.5), 0

    def setup(self, size, kind):
        if size == 100 and kind == "tuple":
            raise NotImplementedError
        self.values = [7 * n % size for n in range(size)]

    def time_sort(self, size, kind):
        sorted(self.values)


def track_answer():
    return 42


track_answer.unit = "answers"


def peakmem_list():
    return [0] * 1000


def time_broken():
    raise RuntimeError
"""
SETTINGS = """{"version": 1, "project": "sorting", "repo": ".", "branches": ["HEAD"], "environment_type": "existing",
"benchmark_dir": "suite", "results_dir": "results", "env_dir": "env", "html_dir": "html"}"""


def call(folder: Path, *command: str) -> str:
    """Run a command in a folder and return what it prints."""
    environment = {**os.environ, "HOME": str(folder), "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z"}
    environment |= {"GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Commit all files of a folder and return the commit."""
    call(folder, "git", "init", "-q", ".")
    call(folder, "git", "add", ".")
    call(folder, "git", "-c", "user.email=a@example.org", "-c", "user.name=a", "commit", "-qm", "state")
    return call(folder, "git", "rev-parse", "HEAD")


def write(name: str, files: list[tuple[Path, str]], scratch: Path) -> None:
    """Copy files into a golden case without the paths of the machine."""
    folder = HERE / name / "input"
    shutil.rmtree(folder, ignore_errors=True)
    for file, place in files:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text().replace(str(TOOLS), "venv/bin").replace(str(scratch), "work")
        (folder / place).write_text(text.replace(str(TOOLS).replace("/", "_").strip("_"), "venv"))


def write_pytest_benchmark(scratch: Path) -> None:
    """Write a saved session with rounds and a session in a file."""
    (scratch / "test_sort.py").write_text(TESTS)
    commit(scratch)
    pytest = (str(TOOLS / "pytest"), "-q", "-p", "no:cacheprovider")
    call(scratch, *pytest, "--benchmark-save=first", "--benchmark-save-data", "test_sort.py")
    call(scratch, *pytest, "--benchmark-json=bench.json", "test_sort.py")
    saved = next((scratch / ".benchmarks").rglob("*.json"))
    files = [(saved, str(saved.relative_to(scratch))), (scratch / "bench.json", "bench.json")]
    write("pytest_benchmark_sessions", files, scratch)


def write_asv(scratch: Path) -> None:
    """Write the results of two commits, the first with samples."""
    (scratch / "suite").mkdir()
    (scratch / "suite" / "__init__.py").write_text("")
    (scratch / "suite" / "sorting.py").write_text(SUITE)
    (scratch / "asv.conf.json").write_text(SETTINGS)
    asv = str(TOOLS / "asv")
    for samples in (["--record-samples"], []):
        (scratch / "state").write_text(str(samples))
        hashed = commit(scratch)
        machine = ["--arch", "x86_64", "--cpu", "a processor", "--num_cpu", "2", "--os", "Linux", "--ram", "24 GB"]
        call(scratch, asv, "machine", "--machine", "box", *machine, "--yes")
        call(scratch, asv, "run", "-E", "existing", "--machine", "box", "--set-commit-hash", hashed, *samples)
    files = [(file, str(file.relative_to(scratch))) for file in sorted((scratch / "results").rglob("*.json"))]
    write("asv_results", [(file, place.replace(_tools_mark(), "venv")) for file, place in files], scratch)


def _tools_mark() -> str:
    return str(TOOLS).replace("/", "_").strip("_")


if __name__ == "__main__":
    for writer in (write_pytest_benchmark, write_asv):
        with tempfile.TemporaryDirectory() as place:
            writer(Path(place).resolve())
