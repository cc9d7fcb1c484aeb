"""TensorBoard event files: scalars, hparams, texts, histograms and pictures, without TensorBoard.

A run is a folder that holds event files; several files in it are one log, in the order of their names. Three habits
of the writers make more folders than there are runs, or fewer:

- ``add_hparams`` writes to a sub-folder (``hparams/`` or a time stamp). When a run folder has exactly one such
  sub-folder, it is read as part of the run; with several, each is a run of its own with its own params.
- ``add_scalars`` writes a sub-folder per curve (``losses/train``, ``losses_train``), which holds a single tag and is
  named by it. Its curve is the metric ``losses/train`` of the run above. Keras writes ``train/`` and ``validation/``;
  those are runs of their own, as in TensorBoard.
- A run that was restarted goes on in a second file. A point removes the earlier points of its tag whose step is not
  below its own, as in TensorBoard; how many were removed is noticed.

Runs are named by where they lie (:func:`runreport.readers.common.naming.name_by_path`). One without hparams gets the single
param ``stem``, its name without the seed, so that the seeds of a method can still be grouped.

Values keep the precision they were written with, which is float32 as a rule. A run ended when its log was written
to last; its status is what the hparams plugin says, and unknown where that says nothing or training went on after it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from runreport.formats.files import FoundFile, list_folder
from runreport.model import keys
from runreport.model.entities import RunBatch
from runreport.names import content_hash
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.tensorboard.files import EventFile, read_files
from runreport.readers.tensorboard.folders import (
    MARK,
    first_event_file,
    is_part_of_run,
    parent_of,
    parts_of_run,
    run_above,
)
from runreport.readers.tensorboard.log import Origin, Part, batches

_TOOL = "tensorboard"
_USUAL_NAME = re.compile(r"events\.out\.tfevents\.\d+\.(?P<host>.+?)(\.\d+\.\d+)?(\.v2)?")
_FINGERPRINT_LENGTH = 16


class TensorboardReader:
    """Reads folders of event files."""

    name: ClassVar[str] = _TOOL
    version: ClassVar[str] = "2"
    formats: ClassVar[tuple[str, ...]] = (
        "Event files (`*tfevents*`), scalars as simple values: TensorFlow 1, PyTorch, tensorboardX",
        "Event files, scalars as tensors of any numeric type: TensorFlow 2, PyTorch new style",
        "The hparams plugin: params and status, the sub-folders of `add_hparams` included",
        "Texts, histograms and pictures (PNG, JPEG, GIF), kept as artifacts within bounds",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the event files of a folder; those of an hparams sub-folder are read with their run."""
        names = [name for name in location.files if MARK in name]
        if not names:
            return None
        if is_part_of_run(location.root, location.relative):
            reason = "hparams or a curve of the run in a folder above, which are read with it"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(), reads_above=True)
        certainty = Certainty.SURE if any(map(_USUAL_NAME.fullmatch, names)) else Certainty.LIKELY
        reason = f"{len(names)} event file{'s' * (len(names) > 1)} of TensorBoard, for example {names[0]}"
        return Match(certainty=certainty, reason=reason, takes=frozenset(names))

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        listed = list_folder(location.root, location.relative).files
        files = [file for file in listed if MARK in file.path and (match.takes is None or file.path in match.takes)]
        if not files:
            return Scan(sources=())
        for part in parts_of_run(location.root, location.relative) if location.folders else ():
            folder = part.removeprefix(f"{location.relative}/") if location.relative else part
            found = list_folder(location.root, part).files
            files += [file._replace(path=f"{folder}/{file.path}") for file in found]
        source = Source(
            run_id=_run_id(location.relative, files[0].path),
            path=location.relative,
            fingerprint=_fingerprint(files),
            files=tuple(location.child(file.path) for file in files),
            handle=_parent_run(location),
            size_bytes=sum(file.size_bytes for file in files),
            joining=Joining.FOLDER,
        )
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other; a run with very many points comes in several batches.

        Raises:
            ReadError: a file does not lie below the root.
        """
        for source in sources:
            usual_name = _USUAL_NAME.fullmatch(source.files[0].rpartition("/")[2])
            origin = Origin(
                source=source,
                label=location.label,
                host=usual_name["host"] if usual_name else None,
                reader=self.name,
                reader_version=self.version,
            )
            yield from batches(origin, [_read_part(location, source, folder) for folder in _folders(source)])


def _folders(source: Source) -> list[str]:
    """Return the folders of a run relative to the root, its own first."""
    return list(dict.fromkeys([source.path, *(parent_of(file) or "" for file in source.files)]))


def _read_part(location: Location, source: Source, folder: str) -> Part:
    files = [
        EventFile(path=location.inside(path), place=path, run_id=source.run_id)
        for path in source.files
        if parent_of(path) == folder
    ]
    inside = folder.removeprefix(f"{source.path}/") if source.path else folder
    return Part(folder="" if folder == source.path else inside, log=read_files(files))


def _run_id(folder: str, first_file: str) -> str:
    """Return the id of the run in a folder: the name of a file holds when and where it was written."""
    return keys.run_id(_TOOL, f"{folder}/{first_file}")


def _parent_run(location: Location) -> str:
    """Return the id of the run in the nearest folder above that holds event files, empty when there is none."""
    folder = run_above(location.root, location.relative)
    return "" if folder is None else _run_id(folder, first_event_file(location.root, folder))


def _fingerprint(files: Sequence[FoundFile]) -> str:
    facts = [str(fact) for file in files for fact in file]
    return content_hash(*facts, length=_FINGERPRINT_LENGTH)
