"""Which folders make up a run: that of its event files, and sub-folders that its writer made on the way.

``add_hparams`` writes to a sub-folder of its own, ``add_scalars`` to one for each curve: ``losses/train`` (tensorboardX)
or ``losses_train`` (PyTorch) for the curve ``train`` of ``losses``.
"""

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from runreport.formats.files import list_folder
from runreport.formats.tfrecord import Block, records
from runreport.readers.tensorboard.events import EventDecoder
from runreport.readers.tensorboard.findings import Findings

MARK = "tfevents"

_HPARAMS_MARK = b"_hparams_/experiment"  # in a sub-folder only where add_hparams wrote it
_PEEK_BYTES = 1 << 16
_MOST_HPARAMS_BYTES = 1 << 18
_DEEPEST = 4


def parent_of(relative: str) -> str | None:
    """Return the folder something lies in, relative to the root; None for the root itself."""
    return relative.rpartition("/")[0] if relative else None


def first_event_file(root: Path, folder: str) -> str:
    """Return the first event file of a folder, empty when there is none."""
    return _first_listed(root, folder, (root / folder).stat().st_mtime_ns)


@lru_cache(maxsize=64)  # thousands of runs may lie in one folder
def _first_listed(root: Path, folder: str, mtime_ns: int) -> str:  # noqa: ARG001 - a changed folder is listed anew
    return next((file.path for file in list_folder(root, folder).files if MARK in file.path), "")


def run_above(root: Path, relative: str) -> str | None:
    """Return the nearest folder above that holds event files, None when there is none."""
    folder = parent_of(relative)
    while folder is not None:
        if first_event_file(root, folder):
            return folder
        folder = parent_of(folder)
    return None


def is_part_of_run(root: Path, relative: str) -> bool:
    """Whether a folder of event files is part of the run above it."""
    run = run_above(root, relative)
    if run is None:
        return False
    if run == parent_of(relative) and _is_hparams_folder(root, relative):
        return _hparams_folder(root, run) is not None
    between = parent_of(relative)
    while between != run and between is not None:
        if list_folder(root, between).files:
            return False
        between = parent_of(between)
    return _is_curve(root, run, relative)


def parts_of_run(root: Path, run: str) -> list[str]:
    """Return the sub-folders that are part of a run: that of its hparams, if there is one only, and its curves."""
    hparams = _hparams_folder(root, run)
    curves = [folder for folder in _event_folders(root, run) if _is_curve(root, run, folder)]
    return [*([hparams] if hparams is not None else []), *curves]


def metric_of_curve(tag: str, folder: str) -> str | None:
    """Return the name of a curve by the folder it lies in, relative to that of its run; None when it is no curve.

    >>> metric_of_curve("losses", "losses/train"), metric_of_curve("a/b", "a_b_train"), metric_of_curve("x", "hparams")
    ('losses/train', 'a/b/train', None)
    """
    for start in (f"{tag}/", f"{tag.replace('/', '_')}_"):
        if folder.startswith(start) and len(folder) > len(start):
            return f"{tag}/{folder.removeprefix(start)}"
    return None


def _event_folders(root: Path, folder: str, depth: int = 1) -> Iterator[str]:
    """Yield the nearest sub-folders with event files, looking only through folders that hold nothing but folders."""
    for name in list_folder(root, folder).folders:
        child = f"{folder}/{name}" if folder else name
        if name.startswith(".") or (root / child).is_symlink():
            continue
        files = list_folder(root, child).files
        if any(MARK in file.path for file in files):
            yield child
        elif not files and depth < _DEEPEST:
            yield from _event_folders(root, child, depth + 1)


def _is_curve(root: Path, run: str, folder: str) -> bool:
    """Whether a folder holds the log of a single tag and is named by it."""
    listing = list_folder(root, folder)
    if listing.folders or not all(MARK in file.path for file in listing.files) or (root / folder).is_symlink():
        return False
    inside = folder.removeprefix(f"{run}/") if run else folder
    tags = {tag for file in listing.files[:1] for tag in _first_tags(root / folder / file.path)}
    return len(tags) == 1 and metric_of_curve(tags.pop().decode("utf-8", "backslashreplace"), inside) is not None


def _first_tags(path: Path) -> list[bytes]:
    """Return the tags of the first records of a file."""
    head, decoder = _peek(path), EventDecoder()
    for found in records(io.BytesIO(head), len(head)):
        if isinstance(found, Block):
            decoder.decode(found, Findings())
    return list(decoder.tags)


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
    if listing.folders or size_bytes > _MOST_HPARAMS_BYTES or not all(MARK in file.path for file in listing.files):
        return False
    return any(_HPARAMS_MARK in _peek(root / folder / file.path) for file in listing.files)


def _peek(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_PEEK_BYTES)
    except OSError:  # it is then a run of its own, whose reading says so
        return b""
