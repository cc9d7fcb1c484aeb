"""Logs of Lightning: ``metrics.csv`` of its CSVLogger, and the settings in ``hparams.yaml``.

Format: ``CSVLogger`` and ``TensorBoardLogger`` of Lightning. Each run is a folder, ``<name>/version_N`` as a rule. The
CSV file has one row per call, so that training and validation of a step are rows of their own with empty cells: each
number is a point at the step of its row, and the epoch of a step is kept once. With a prefix all columns but ``step``
begin with it and ``-``.

Where there is no ``metrics.csv``, because event files were written, ``hparams.yaml`` holds settings of the runs in its
folder. The tags of Python objects in it are passed over. Checkpoints are pickles: they are listed, never opened.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from runreport.model.entities import RunBatch
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import files_below, header_of, placed_rows, settings_of

_METRICS = "metrics.csv"
_HPARAMS = "hparams.yaml"
_CHECKPOINTS = "checkpoints"
_EVENTS = "tfevents"
_VERSION = re.compile(r"version_\d+")


class LightningReader:
    """Reads logs of Lightning's CSVLogger, and the settings beside its other loggers."""

    name: ClassVar[str] = "lightning"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Lightning CSVLogger: `version_N/metrics.csv` and `hparams.yaml`",
        "Lightning TensorBoardLogger: `version_N/hparams.yaml`, as settings of the event files",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the metrics of a version folder, and settings beside metrics or event files."""
        is_version = bool(_VERSION.fullmatch(location.relative.rpartition("/")[2]))
        has_settings = _HPARAMS in location.files
        if _METRICS in location.files and (has_settings or is_version) and _is_lightning(location):
            takes = {_METRICS, *([_HPARAMS] if has_settings else [])}
            reason = f"{_METRICS} of Lightning" + (f" beside {_HPARAMS}" if has_settings else "")
            certainty = Certainty.SURE if has_settings else Certainty.LIKELY
            return Match(certainty=certainty, reason=reason, takes=frozenset(takes))
        if has_settings and (is_version or any(_EVENTS in name for name in location.files)):
            reason = f"{_HPARAMS} of Lightning, settings of the logs in this folder"
            return Match(certainty=Certainty.LIKELY, reason=reason, takes=frozenset({_HPARAMS}))
        return None

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the run of the folder, or the settings of the runs there."""
        names = sorted(match.takes or (), reverse=True)
        joining = Joining.FOLDER if _METRICS in names else Joining.LAYER
        files = [location.child(name) for name in names]
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=joining),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_lightning(location: Location) -> bool:
    """Say whether the columns are those of the logger; a file that is still empty has none."""
    header = header_of(location, _METRICS)
    has_epoch = any(_is_epoch(name) for name in header)
    return not any(header) or ("step" in header and (has_epoch or _HPARAMS in location.files))


def _is_epoch(name: str) -> bool:
    return name == "epoch" or name.endswith("-epoch")


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    params: dict[str, str] = {}
    for file in source.files:
        if file.rpartition("/")[2] == _HPARAMS:
            params |= attempt(source, file, partial(settings_of, location, file), notices)
        else:
            _add_metrics(location, file, points, notices)
    checkpoints = f"{source.path}/{_CHECKPOINTS}".lstrip("/")
    return RunFacts(
        params=params,
        artifacts=files_below(location, source, checkpoints, (".ckpt",)),
        notices=tuple(notices),
        is_numbered=bool(_VERSION.fullmatch(source.path.rpartition("/")[2])),
    )


def _add_metrics(location: Location, file: str, points: RunPoints, notices: list[Notice]) -> None:
    """Add the numbers of each row at its step, in the order of the file."""
    epochs: dict[str, tuple[int, float]] = {}
    for step, row in placed_rows(location, file, "step", notices):
        for name, value in row.items():
            if not _is_epoch(name) or epochs.get(name) != (step, value):
                points.add(name, step, value)
            if _is_epoch(name):
                epochs[name] = (step, value)
