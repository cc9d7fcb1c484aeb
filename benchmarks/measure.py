"""What a benchmark measures: one row per kind of log, both sides in fresh processes on the same files."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. Times are process seconds, each the best of some runs; a row may have no peer.

    Attributes:
        what: the logs.
        points: metric points read, or whatever ``unit`` says.
        size_bytes: how large the logs are.
        ours_s: from the call to committed Parquet.
        read_bytes_s: merely reading the bytes of the logs.
        peak_bytes: the most memory that the process of ours held, its imports included.
        peer: what it is measured beside, and ``peer_s`` the time that takes.
        bytes_per_point: size of the metric points in the store; None where it means nothing.
    """

    what: str
    points: int
    size_bytes: int
    ours_s: float
    read_bytes_s: float
    peak_bytes: int
    peer: str = ""
    peer_s: float | None = None
    bytes_per_point: float | None = None
    unit: str = "points"


def ours(  # noqa: PLR0913 - each is another part of a row
    what: str, logs: Path, scratch: Path, *, best_of: int, peer: str = "", peers: Figures | None = None
) -> Row:
    """Ingest logs in a fresh process, and put a peer's figures for the same logs beside it.

    Raises:
        ValueError: the two sides did not read the same number of points.
    """
    figures = _json([sys.executable, str(HERE / "ours.py"), str(logs), str(scratch), "--best-of", str(best_of)])
    if peers is not None and figures["points"] != peers["points"]:
        raise ValueError(f"{what}: {figures['points']} points here, {peers['points']} there")
    return Row(
        what=what,
        points=int(figures["points"]),
        size_bytes=int(figures["size_bytes"]),
        ours_s=figures["seconds"],
        read_bytes_s=figures["read_bytes_seconds"],
        peak_bytes=int(figures["peak_bytes"]),
        peer=peer,
        peer_s=None if peers is None else peers["seconds"],
        bytes_per_point=figures["bytes_per_point"],
    )


def classify(what: str, tree: Path) -> Row:
    """Say which reader gets which file of a tree, without reading any, in a fresh process."""
    figures = _json([sys.executable, str(HERE / "ours.py"), str(tree), "--classify"])
    return Row(
        what=what,
        points=int(figures["files"]),
        size_bytes=int(figures["size_bytes"]),
        ours_s=figures["seconds"],
        read_bytes_s=figures["read_bytes_seconds"],
        peak_bytes=int(figures["peak_bytes"]),
        unit="files",
    )


def peer(python: str, task: str, path: Path, *numbers: str, script: str = "peers.py") -> Figures:
    """Run a task of a script in the peers' environment and return what it prints: ``seconds``, ``points``."""
    result: Figures = json.loads(run_script(python, task, path, *numbers, script=script).splitlines()[-1])
    return result


def run_script(python: str, task: str, path: Path, *numbers: str, script: str) -> str:
    """Run a task of a script in the peers' environment and return all it prints."""
    return _run([python, str(HERE / script), task, str(path), *numbers])


def _json(command: list[str]) -> Figures:
    result: Figures = json.loads(_run(command).splitlines()[-1])
    return result


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE).stdout


def table(rows: list[Row]) -> str:
    """Return rows as a Markdown table."""
    heads = ("logs", "size", "read", "runreport", "peak memory", "peer", "peer takes", "ratio", "bytes alone", "stored")
    lines = [f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |"]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(row))} |" for row in rows)])


def _cells(row: Row) -> tuple[str, ...]:
    has_peer = row.peer_s is not None
    return (
        row.what,
        f"{row.size_bytes / 1e6:,.0f} MB",
        f"{row.points:,} {row.unit}",
        f"{row.ours_s:.2f} s",
        f"{row.peak_bytes / 1e6:,.0f} MB",
        row.peer or "none",
        f"{row.peer_s:.{1 if (row.peer_s or 0) >= 1 else 2}f} s" if has_peer else "",
        f"**{_ratio((row.peer_s or 0) / row.ours_s)}x**" if has_peer else "",
        f"{row.read_bytes_s / row.ours_s:.0%}",
        f"{row.bytes_per_point:.1f} B/point" if row.bytes_per_point is not None else "",
    )


def _ratio(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"  # noqa: PLR2004 - two digits are enough
