"""Training folders of Ultralytics (YOLO): ``results.csv`` with one row per epoch, and the settings beside it.

Format: the trainer of Ultralytics, which writes ``args.yaml``, and of YOLOv5, which writes ``opt.yaml`` and
``hyp.yaml`` and pads the names of its columns with blanks. The step is the epoch as written: it counts from 1, in
YOLOv5 and older versions from 0. ``time`` is the seconds since the start. A resumed training appends its rows; what
it repeats is kept in order. Weights are pickles: they are listed, never opened.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from runreport.model.entities import Artifact, Dataset, RunBatch
from runreport.names import RunStatus
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import (
    files_below,
    header_of,
    peek,
    placed_rows,
    plausible_seconds,
    settings_of,
    whole,
)

_RESULTS = "results.csv"
_SETTINGS = ("args.yaml", "opt.yaml", "hyp.yaml")
_STARTS = ("train/", "val/", "metrics/", "lr/", "x/lr")
_FEWEST = 3
_PICTURES = (".png", ".jpg")


class UltralyticsReader:
    """Reads training folders of Ultralytics and YOLOv5."""

    name: ClassVar[str] = "ultralytics"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Ultralytics (YOLO): `results.csv` and `args.yaml`; YOLOv5: `opt.yaml` and `hyp.yaml`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim ``results.csv`` with the columns of the trainer, and the settings beside it."""
        if _RESULTS not in location.files:
            return None
        header = header_of(location, _RESULTS)
        own = [name for name in header if name.startswith(_STARTS)]
        settings = [name for name in _SETTINGS if name in location.files]
        if "epoch" in header and len(own) >= _FEWEST:
            certainty, reason = Certainty.SURE, f"{_RESULTS} with columns of Ultralytics, for example {own[0]!r}"
        elif not any(header) and "args.yaml" in settings and _is_args(location):
            certainty, reason = Certainty.LIKELY, f"{_RESULTS} without rows yet, beside args.yaml of Ultralytics"
        else:
            return None
        return Match(certainty=certainty, reason=reason, takes=frozenset({_RESULTS, *settings}))

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        names = sorted(match.takes or (), key=lambda name: (name != _RESULTS, name))
        files = [location.child(name) for name in names]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=Joining.FOLDER),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_args(location: Location) -> bool:
    text = peek(location, "args.yaml")
    return text.startswith("task:") and "\nmode:" in text


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    params: dict[str, str] = {}
    for file in source.files:
        if file.rpartition("/")[2] in _SETTINGS:
            params = {**attempt(source, file, partial(settings_of, location, file), notices), **params}
    results = f"{source.path}/{_RESULTS}".lstrip("/")
    elapsed = _add_rows(location, results, points, notices) if results in source.files else []
    data = params.get("data", "None")
    return RunFacts(
        status=_status(params, points),
        duration_s=plausible_seconds(elapsed[-1]) if elapsed and elapsed[-1] == max(elapsed) else None,
        params=params,
        units={"time": "s"} if elapsed else {},
        artifacts=_artifacts(location, source),
        datasets=() if data == "None" else (Dataset(run_id=source.run_id, dataset=data, source=data),),
        notices=tuple(notices),
        is_numbered=True,
    )


def _add_rows(location: Location, file: str, points: RunPoints, notices: list[Notice]) -> list[float]:
    """Add the rows of the table and return its times."""
    elapsed: list[float] = []
    for epoch, row in placed_rows(location, file, "epoch", notices):
        for name, value in row.items():
            points.add(name, epoch, value)
        elapsed += [row["time"]] if "time" in row else []
    return elapsed


def _status(params: Mapping[str, str], points: RunPoints) -> RunStatus:
    """Return finished when the last of the planned epochs is there; early stopping leaves no mark."""
    planned = whole(params.get("epochs", "")) or 0
    reached = max((points.steps(metric)[-1] for metric in points.metrics), default=0)
    return RunStatus.FINISHED if 0 < planned <= reached else RunStatus.UNKNOWN


def _artifacts(location: Location, source: Source) -> tuple[Artifact, ...]:
    weights = f"{source.path}/weights".lstrip("/")
    return (
        *files_below(location, source, weights, (".pt", ".onnx")),
        *files_below(location, source, source.path, _PICTURES),
    )
