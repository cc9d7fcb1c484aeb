"""TensorBoard event files: the scalars of both styles and the hparams plugin, without TensorBoard.

A run is a folder that holds event files; several files in it are one log, in the order of their names. Three habits
of the writers make more folders than there are runs, or fewer:

- ``add_hparams`` writes to a sub-folder (``hparams/`` or a time stamp). When a run folder has exactly one such
  sub-folder, it is read as part of the run; with several, each is a run of its own with its own params.
- ``add_scalars`` and Keras write a sub-folder per curve (``loss_train/``, ``train/``, ``validation/``). Those are runs
  of their own, as in TensorBoard, whose parent is the run of the folder they lie in.
- A run that was restarted goes on in a second file. A point removes the earlier points of its tag whose step is not
  below its own, as in TensorBoard; how many were removed is noticed.

Runs are named by where they lie (:func:`runreport.readers.common.naming.name_by_path`). One without hparams gets the single
param ``stem``, its name without the seed, so that the seeds of a method can still be grouped.

Values keep the precision they were written with, which is float32 as a rule. A run ended when its log was written
to last; its status is what the hparams plugin says, and unknown where that says nothing or training went on after it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from runreport.formats.files import FoundFile, list_folder
from runreport.model import keys
from runreport.model.entities import RunBatch
from runreport.names import content_hash
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.tensorboard.files import EventFile, read_files
from runreport.readers.tensorboard.log import Origin, batches

_TOOL = "tensorboard"
_MARK = "tfevents"
_USUAL_NAME = re.compile(r"events\.out\.tfevents\.\d+\.(?P<host>.+?)(\.\d+\.\d+)?(\.v2)?")
_HPARAMS_MARK = b"_hparams_/experiment"  # in a sub-folder only where add_hparams wrote it
_PEEK_BYTES = 1 << 16
_MOST_HPARAMS_BYTES = 1 << 18
_FINGERPRINT_LENGTH = 16


class TensorboardReader:
    """Reads folders of event files."""

    name: ClassVar[str] = _TOOL
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Event files (`*tfevents*`), scalars as simple values: TensorFlow 1, PyTorch, tensorboardX",
        "Event files, scalars as tensors of any numeric type: TensorFlow 2, PyTorch new style",
        "The hparams plugin: params and status, the sub-folders of `add_hparams` included",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the event files of a folder; those of an hparams sub-folder are read with their run."""
        names = [name for name in location.files if _MARK in name]
        if not names:
            return None
        if _is_part_of_run(location):
            reason = "hparams of the run in the folder above, which are read with it"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(), reads_above=True)
        certainty = Certainty.SURE if any(map(_USUAL_NAME.fullmatch, names)) else Certainty.LIKELY
        reason = f"{len(names)} event file{'s' * (len(names) > 1)} of TensorBoard, for example {names[0]}"
        return Match(certainty=certainty, reason=reason, takes=frozenset(names))

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        listed = list_folder(location.root, location.relative).files
        files = [file for file in listed if _MARK in file.path and (match.takes is None or file.path in match.takes)]
        if not files:
            return Scan(sources=())
        hparams = _hparams_folder(location.root, location.relative) if location.folders else None
        if hparams is not None:
            folder = hparams.rpartition("/")[2]
            found = list_folder(location.root, hparams).files
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
            files = [EventFile(path=location.inside(path), place=path, run_id=source.run_id) for path in source.files]
            is_own = [_parent(path) == source.path for path in source.files]
            own = read_files([file for file, own in zip(files, is_own, strict=True) if own])
            hparams = read_files([file for file, own in zip(files, is_own, strict=True) if not own])
            usual_name = _USUAL_NAME.fullmatch(source.files[0].rpartition("/")[2])
            origin = Origin(
                source=source,
                label=location.label,
                host=usual_name["host"] if usual_name else None,
                reader=self.name,
                reader_version=self.version,
            )
            yield from batches(origin, own, hparams)


def _run_id(folder: str, first_file: str) -> str:
    """Return the id of the run in a folder: the name of a file holds when and where it was written."""
    return keys.run_id(_TOOL, f"{folder}/{first_file}")


def _parent_run(location: Location) -> str:
    """Return the id of the run in the nearest folder above that holds event files, empty when there is none."""
    folder = _parent(location.relative)
    while folder is not None:
        first_file = _first_event_file(location.root, folder)
        if first_file:
            return _run_id(folder, first_file)
        folder = _parent(folder)
    return ""


def _parent(relative: str) -> str | None:
    """Return the folder something lies in, relative to the root; None for the root itself."""
    return relative.rpartition("/")[0] if relative else None


def _first_event_file(root: Path, folder: str) -> str:
    """Return the first event file of a folder, empty when there is none."""
    return _first_listed(root, folder, (root / folder).stat().st_mtime_ns)


@lru_cache(maxsize=64)  # thousands of runs may lie in one folder
def _first_listed(root: Path, folder: str, mtime_ns: int) -> str:  # noqa: ARG001 - a changed folder is listed anew
    return next((file.path for file in list_folder(root, folder).files if _MARK in file.path), "")


def _is_part_of_run(location: Location) -> bool:
    """Whether a folder is the only hparams sub-folder of a run."""
    parent = _parent(location.relative)
    if parent is None or not _is_hparams_folder(location.root, location.relative):
        return False
    return bool(_first_event_file(location.root, parent)) and _hparams_folder(location.root, parent) is not None


def _hparams_folder(root: Path, run: str) -> str | None:
    """Return the sub-folder of a run folder that ``add_hparams`` wrote, when there is exactly one."""
    found: list[str] = []
    for name in list_folder(root, run).folders:
        folder = f"{run}/{name}" if run else name
        found += [folder] if _is_hparams_folder(root, folder) else []
        if len(found) > 1:
            return None
    return found[0] if found else None


def _is_hparams_folder(root: Path, folder: str) -> bool:
    """Whether a folder holds nothing but one small log with hparams."""
    if (root / folder).is_symlink():
        return False
    listing = list_folder(root, folder)
    size_bytes = sum(file.size_bytes for file in listing.files)
    if listing.folders or size_bytes > _MOST_HPARAMS_BYTES or not all(_MARK in file.path for file in listing.files):
        return False
    return any(_HPARAMS_MARK in _peek(root / folder / file.path) for file in listing.files)


def _peek(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_PEEK_BYTES)
    except OSError:  # it is then a run of its own, whose reading says so
        return b""


def _fingerprint(files: Sequence[FoundFile]) -> str:
    facts = [str(fact) for file in files for fact in file]
    return content_hash(*facts, length=_FINGERPRINT_LENGTH)
