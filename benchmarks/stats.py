"""Statistics beside rliable: one run, one machine, one thread, ratios. ``make benchmark-stats`` starts it."""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from readers import write_into

HERE = Path(__file__).resolve().parent
REGION = "<!-- generated: benchmarks of statistics -->"

RESAMPLES = 50_000
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; a peer's figures are extrapolated from fewer resamples to as many as here."""

    what: str
    ours_s: float
    above_imports_mib: float
    peer_s: float | None = None
    peer_from: int = 0
    goal: str = ""


def main() -> None:
    """Measure each line in a fresh process, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="interpreter of the environment with rliable")
    parser.add_argument("--best-of", type=int, default=3, help="how often ours is measured; the best counts")
    parser.add_argument("--write", type=Path, help="a Markdown file with a region for the table")
    options = parser.parse_args()
    begin = time.perf_counter()
    python = str(Path(options.peer_python).absolute())
    lines = [
        aggregates(python, options.best_of),
        improvement(python, options.best_of),
        *(memory(task, resamples) for task in ("aggregates", "improvement") for resamples in (5_000, 500_000)),
        contrasts(options.best_of),
    ]
    took = (
        f"Best of {options.best_of} here, measured once there. rliable is extrapolated linearly from the resamples given. "
        f"The whole benchmark took {time.perf_counter() - begin:.0f} s."
    )
    print(f"{table(lines)}\n\n{took}")
    if options.write is not None:
        write_into(options.write, f"{table(lines)}\n\n{took}\n", region=REGION)


def aggregates(python: str, best_of: int) -> Line:
    """Median, IQM, mean and optimality gap of ten methods."""
    ours = _best("aggregates", RESAMPLES, best_of)
    peer = _run(python, "stats_peer.py", "aggregates", 1_000)
    return Line(
        what=f"4 aggregates of 10 methods, {RESAMPLES:,} resamples",
        ours_s=ours["seconds"],
        above_imports_mib=ours["above_imports_bytes"] / MEBIBYTE,
        peer_s=peer["seconds_per_resample"] * RESAMPLES * 10,
        peer_from=1_000,
        goal="30x",
    )


def improvement(python: str, best_of: int) -> Line:
    """The probability of improvement of all pairs of ten methods."""
    ours = _best("improvement", RESAMPLES, best_of)
    peer = _run(python, "stats_peer.py", "improvement", 100)
    return Line(
        what=f"Probability of improvement, 45 pairs, {RESAMPLES:,} resamples",
        ours_s=ours["seconds"],
        above_imports_mib=ours["above_imports_bytes"] / MEBIBYTE,
        peer_s=peer["seconds_per_resample"] * RESAMPLES * 45,
        peer_from=100,
        goal="500x",
    )


def memory(task: str, resamples: int) -> Line:
    """The same with fewer and with more resamples: what counts is the memory."""
    ours = _best(task, resamples, 1)
    what = {"aggregates": "4 aggregates of 10 methods", "improvement": "Probability of improvement, 45 pairs"}[task]
    return Line(
        what=f"{what}, {resamples:,} resamples",
        ours_s=ours["seconds"],
        above_imports_mib=ours["above_imports_bytes"] / MEBIBYTE,
        goal="64 MiB",
    )


def contrasts(best_of: int) -> Line:
    """Two hundred contrasts of ten runs with ten, adjusted by Holm."""
    ours = _best("contrasts", 200, best_of)
    return Line(
        what="200 contrasts of two groups, Holm",
        ours_s=ours["seconds"],
        above_imports_mib=ours["above_imports_bytes"] / MEBIBYTE,
        goal="2 s",
    )


def _best(task: str, number: int, best_of: int) -> dict[str, float]:
    runs = [_run(sys.executable, "stats_ours.py", task, number) for _ in range(best_of)]
    return min(runs, key=lambda figures: figures["seconds"])


def _run(python: str, script: str, task: str, number: int) -> dict[str, float]:
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [python, str(HERE / script), task, str(number)]
    path = {"PYTHONPATH": str(HERE.parent)} if python == sys.executable else {}
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **single, **path}
    ).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def table(lines: list[Line]) -> str:
    """Return lines as a Markdown table."""
    heads = (
        "10 methods × 26 tasks × 10 seeds",
        "runreport",
        "memory above imports",
        "rliable",
        "from",
        "ratio",
        "goal",
    )
    rows = [f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    return "\n".join([*rows, *(f"| {' | '.join(_cells(line))} |" for line in lines)])


def _cells(line: Line) -> tuple[str, ...]:
    has_peer = line.peer_s is not None
    return (
        line.what,
        f"{line.ours_s:.2f} s",
        f"{line.above_imports_mib:.0f} MiB",
        f"{line.peer_s:,.0f} s" if has_peer else "",
        f"{line.peer_from:,} resamples" if has_peer else "",
        f"**{(line.peer_s or 0) / line.ours_s:,.0f}x**" if has_peer else "",
        line.goal,
    )


if __name__ == "__main__":
    main()
