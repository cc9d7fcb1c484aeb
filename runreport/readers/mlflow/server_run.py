"""One run of a tracking server: its info, the whole history of each metric, and the list of its artifacts."""

from collections.abc import Iterator
from dataclasses import replace

from runreport.errors import ReadError
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Source
from runreport.readers.mlflow import records
from runreport.readers.mlflow.artifacts import MAX_ARTIFACTS
from runreport.readers.mlflow.client import AnswerError, Client
from runreport.readers.mlflow.facts import Leftovers
from runreport.readers.mlflow.record_runs import listed_artifacts
from runreport.readers.mlflow.records import Point, RunRecord

_PAGE_POINTS = 25_000
_MAX_DEPTH = 32
_ARTIFACT_ATTEMPTS = 2  # a server that cannot reach its artifacts answers slowly, and so for every run


def read_run(client: Client, source: Source) -> tuple[RunRecord, Leftovers]:
    """Return a run with all its points, and what it left.

    Raises:
        ReadError: the run, or a metric of it, cannot be read.
        ServerError: the server cannot be read any more.
    """
    identity = source.path.rpartition("/")[2]
    record = records.run_record(client.get("runs/get", [("run_id", identity)]))
    if record is None:
        raise ReadError("The server's answer holds no run.")
    metrics: dict[str, list[Point]] = {}
    bad = 0
    for metric in record.metrics:
        points = [records.point(item) for item in _history(client, identity, metric)]
        metrics[metric] = [point for point in points if point is not None]
        bad += len(points) - len(metrics[metric])
    filled = {metric: points for metric, points in metrics.items() if points}
    return replace(record, metrics=filled, bad_points=bad), _leftovers(client, source, identity)


def unread_run(source: Source, problem: ReadError) -> tuple[RunRecord, Leftovers]:
    """Return a run of which nothing but its id is known, with the reason."""
    identity = source.path.rpartition("/")[2]
    unfinished = {"run_id": identity, "status": "RUNNING"}  # such a run must not enter a mean
    notice = Notice(
        severity=Severity.ERROR,
        code="broken-run",
        location=source.path,
        message=f"The run could not be read. {problem.sentence}",
        run_id=source.run_id,
    )
    return RunRecord(info=unfinished, params={}, tags={}, metrics={}), Leftovers(notices=(notice,))


def _history(client: Client, run: str, metric: str) -> Iterator[object]:
    values = [("run_id", run), ("metric_key", metric), ("max_results", str(_PAGE_POINTS))]
    for page in client.pages("metrics/get-history", values):
        found = page.get("metrics")
        yield from found if isinstance(found, list) else ()


def _leftovers(client: Client, source: Source, run: str) -> Leftovers:
    files: list[tuple[str, int | None]] = []
    waiting = [""]
    try:
        while waiting and len(files) <= MAX_ARTIFACTS:
            folder = waiting.pop()
            listed = list(_listed(client, run, folder))
            files += [(path, size) for path, size, is_folder in listed if not is_folder]
            waiting += [path for path, _, is_folder in listed if is_folder and _is_below(path, folder)]
    except AnswerError as problem:
        message = f"The artifacts of this run cannot be listed. {problem.sentence}"
        return Leftovers(notices=(_doubt(source, "unlisted-artifacts", message),))
    found = listed_artifacts(source.run_id, files)
    if len(files) > MAX_ARTIFACTS:
        message = f"The run has more than {MAX_ARTIFACTS:,} artifacts; the rest is not listed."
        return Leftovers(artifacts=found, notices=(_doubt(source, "many-artifacts", message),))
    return Leftovers(artifacts=found)


def _listed(client: Client, run: str, folder: str) -> Iterator[tuple[str, int | None, bool]]:
    values = [("run_id", run), *([("path", folder)] if folder else [])]
    for page in client.pages("artifacts/list", values, attempts=_ARTIFACT_ATTEMPTS):
        yield from records.files(page.get("files"))


def _is_below(path: str, folder: str) -> bool:
    """Say whether a folder lies in the one that was asked for, so that the way down has an end."""
    return path.startswith(f"{folder}/" if folder else "") and path != folder and path.count("/") < _MAX_DEPTH


def _doubt(source: Source, code: str, message: str) -> Notice:
    return Notice(severity=Severity.WARNING, code=code, location=source.path, message=message, run_id=source.run_id)
