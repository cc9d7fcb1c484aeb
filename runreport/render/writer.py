"""Files into a folder, all or nothing: the old site stays until the new one is whole and checked."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runreport.errors import OutputError
from runreport.render.check import check_site

MARKER = ".runreport-site.json"
"""Lists the files of ours; a folder without it is never replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSite:
    """A finished site: its folder, how many pages and bytes it has."""

    folder: Path
    page_count: int
    size_bytes: int


def write_site(files: Iterable[tuple[str, bytes]], out: Path) -> WrittenSite:
    """Write a site beside ``out``, check it, and put it in the place of the site that was there.

    Files in ``out`` that are not ours (a CNAME, a .git folder) are kept.

    Raises:
        OutputError: the folder cannot be written, or holds something that is not a site of ours.
        SiteCheckError: the finished pages failed their check.
    """
    target = Path(os.path.realpath(out))
    with _failures_explained(out):
        target.parent.mkdir(parents=True, exist_ok=True)
        _recover(target)
        foreign = _foreign_entries(target, out)
        fresh = _sibling(target, "new")
        fresh.mkdir()
        try:
            written = _write_all(files, fresh)
            check_site(fresh)
            _refuse_collisions(fresh, foreign, out)
            _swap(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    pages = sum(name.endswith(".html") for name in written)
    return WrittenSite(folder=out, page_count=pages, size_bytes=sum(written.values()))


@contextmanager
def _failures_explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"The site cannot be written to {out}: {reason}.", hint="Name another folder.") from error


def _sibling(target: Path, purpose: str) -> Path:
    return target.with_name(f".{target.name}.runreport-{purpose}-{os.getpid()}")


def _recover(target: Path) -> None:
    """Clean up after builds that were killed: bring back a site that had just been put aside, drop half a one."""
    for kept in _leftovers(target, "old"):
        if target.exists():
            _adopt(kept, target)
        else:
            kept.rename(target)
    for half in _leftovers(target, "new"):
        shutil.rmtree(half)


def _leftovers(target: Path, purpose: str) -> list[Path]:
    prefix = f".{target.name}.runreport-{purpose}-"
    found = sorted(path for path in target.parent.iterdir() if path.name.startswith(prefix))
    return [path for path in found if not _is_running(path.name.removeprefix(prefix))]


def _is_running(process_id: str) -> bool:
    if not process_id.isdecimal() or int(process_id) == os.getpid():
        return False
    if os.name != "posix":
        return True
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _foreign_entries(target: Path, out: Path) -> tuple[str, ...]:
    """Return the files and folders in the target that are not ours, as paths relative to it."""
    if not target.exists():
        return ()
    if not target.is_dir():
        raise OutputError(f"{out} is a file.", hint="Name a folder for the site.")
    if not any(target.iterdir()):
        return ()
    if not (target / MARKER).is_file():
        sentence = f"{out} holds files that are not a site of runreport, so it is not replaced."
        raise OutputError(sentence, hint="Name an empty or new folder.")
    ours = _listed_files(target / MARKER)
    folders = {parent.as_posix() for name in ours for parent in PurePosixPath(name).parents}
    return tuple(_unlisted(target, "", ours, folders))


def _listed_files(marker: Path) -> frozenset[str]:
    try:
        return frozenset(json.loads(marker.read_text("utf-8"))["files"]) | {MARKER}
    except (ValueError, KeyError, TypeError) as error:
        sentence = f"{MARKER} is damaged, so it is not known which files are ours."
        raise OutputError(sentence, hint="Remove the folder yourself, or name another one.") from error


def _unlisted(target: Path, below: str, ours: frozenset[str], folders: set[str]) -> Iterator[str]:
    for entry in sorted(os.scandir(target / below), key=lambda entry: entry.name):
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False) and name in folders:
            yield from _unlisted(target, name, ours, folders)
        elif name not in ours:
            yield name


def _write_all(files: Iterable[tuple[str, bytes]], folder: Path) -> dict[str, int]:
    """Write the files and the marker, and return the size of each."""
    written: dict[str, int] = {}
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
        written[name] = len(content)
    marker = json.dumps({"made_by": "runreport", "files": sorted(written)}, indent=1, ensure_ascii=False)
    (folder / MARKER).write_text(f"{marker}\n", "utf-8")
    return written


def _refuse_collisions(fresh: Path, foreign: Iterable[str], out: Path) -> None:
    taken = [name for name in foreign if (fresh / name).exists()]
    if taken:
        sentence = f"{out / taken[0]} is in the way: it is not ours, and the new site has a file of that name."
        raise OutputError(sentence, hint="Move it, or name another folder.")


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
        return
    aside = _sibling(target, "old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        aside.rename(target)
        raise
    _adopt(aside, target)


def _adopt(aside: Path, target: Path) -> None:
    """Move what is not ours from the old site into the new one, then remove the old one."""
    for name in _foreign_entries(aside, aside):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).rename(target / name)
    shutil.rmtree(aside)
