"""A walk through the folders that were named: one look at each folder, no way out of them, and not into our own."""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from runreport.errors import UsageError
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Location

SITE_MARKER = ".runreport-site.json"
"""The file by which a site of runreport is known."""

_STORE_FOLDER = "manifests"
_MARK_LENGTH = 16
_STORE_FILE = re.compile(r"\d{8}\.json")
_NEVER_ENTERED = frozenset({"__pycache__", "node_modules", "site-packages"})


class _Kind(Enum):
    FOLDER = "folder"
    FILE = "file"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A folder where a walk begins; ``only`` are the files that were named in it, None for all of it.

    ``part`` is the sub-folder where the walk begins, when that was named and the root is a folder known to the store.
    """

    root: Path
    label: str
    part: str = ""
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFolders:
    """The folders a store knows: the label of each by its marks.

    A folder is marked by its address and its number in the file system, hashed: one of them survives a new address. One
    of which all was read has further marks, by which folders below it are known to be its parts.
    """

    owners: Mapping[str, str]

    @classmethod
    def of(cls, roots: Mapping[str, Collection[str]]) -> KnownFolders:
        """Return the folders with these marks by their labels."""
        return cls(owners={mark: label for label, marks in sorted(roots.items()) for mark in marks})

    @property
    def labels(self) -> frozenset[str]:
        """The labels that are taken."""
        return frozenset(self.owners.values())

    def label(self, folder: Path) -> str | None:
        """Return the label of a folder that was named before."""
        return next((self.owners[mark] for mark in reversed(_marks(folder)) if mark in self.owners), None)

    def label_at(self, folder: Path) -> str | None:
        """Return the label of a folder at the same address, or of the same number and name."""
        address = self.owners.get(_address_mark(folder))
        if address is not None or not any(label.rpartition("/")[2] == folder.name for label in self.labels):
            return address
        label = self.label(folder)
        return label if label is not None and label.rpartition("/")[2] == folder.name else None

    def holder(self, folder: Path) -> tuple[Path, str] | None:
        """Return the nearest folder above that was read as a whole, with its label."""
        found = ((above, self.owners.get(mark)) for above in folder.parents for mark in reversed(_marks(above, "/")))
        return next(((above, label) for above, label in found if label is not None), None) if self.owners else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One folder of a walk; ``skipped`` says why it is not looked into, and is empty otherwise.

    Of a root ``marks`` are those by which it is known again and, if all of it is read, its parts.
    """

    location: Location
    marks: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    skipped: str = ""


class Walk:
    """Iterates over the folders of a start, parents before children, in the order of their names."""

    def __init__(self, start: Start, known: KnownFolders) -> None:
        self._known = known
        self._pending = [(start, start.part)]
        self._children: list[str] = []

    def __iter__(self) -> Iterator[Visit]:
        """Yield each folder; :meth:`stay_out` called in between leaves out what is below it.

        A folder that was named before is the root of what lies below it, so that its runs stay the same.
        """
        while self._pending:
            start, relative = self._pending.pop()
            visit = _visit(start, relative)
            self._children = [] if visit.skipped else _entered(visit.location)
            yield visit
            self._pending += [self._step(start, child) for child in reversed(self._children)]

    def _step(self, start: Start, relative: str) -> tuple[Start, str]:
        label = self._known.label_at(start.root / relative) if self._known.owners else None
        return (start, relative) if label is None else (Start(root=start.root / relative, label=label), "")

    def stay_out(self, names: Collection[str] | None = None) -> None:
        """Do not go into these sub-folders of the folder that was yielded last, or into none of them."""
        self._children = [] if names is None else [child for child in self._children if _name(child) not in names]


def _name(relative: str) -> str:
    return relative.rpartition("/")[2]


def walk(start: Start, known: KnownFolders | None = None) -> Walk:
    """Return a walk over a start."""
    return Walk(start, known or KnownFolders(owners={}))


def starts(paths: Sequence[Path], known: KnownFolders) -> tuple[list[Start], list[Notice]]:
    """Return where to begin for the paths that were named, with distinct labels; nested ones are walked once.

    A folder that is known by its marks keeps its label; no other folder is given that label. One that lies in a folder
    which was read before is read as a part of that.

    Raises:
        UsageError: a path does not exist.
    """
    folders: dict[Path, set[str] | None] = {}
    for path in paths:
        resolved = _resolved(path)
        if resolved.is_dir():
            folders[resolved] = None
        elif (named := folders.setdefault(resolved.parent, set())) is not None:
            named.add(resolved.name)
    whole = {root for root, named in folders.items() if named is None}
    nested = {root for root in folders if any(parent in whole for parent in root.parents)}
    roots = sorted(folders.keys() - nested)
    homes = _homes(roots, known)
    return [_start(root, folders[root], homes[root]) for root in roots], [
        _nested_notice(root) for root in sorted(nested)
    ]


def _start(folder: Path, named: set[str] | None, home: tuple[Path, str]) -> Start:
    root, label = home
    part = "" if folder == root else folder.relative_to(root).as_posix()
    return Start(root=root, label=label, part=part, only=None if named is None else frozenset(named))


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"There is no {str(path)!r}.", hint=_nearest(path)) from error


def _nearest(path: Path) -> str:
    try:
        siblings = sorted(entry.name for entry in path.absolute().parent.iterdir())
    except OSError:
        return "Name a folder or file that exists."
    near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
    return f"Did you mean {str(path.parent / near[0])!r}?" if near else "Name a folder or file that exists."


def _address_mark(folder: Path, ending: str = "") -> str:
    return content_hash(f"{folder}{ending}", length=_MARK_LENGTH)


def _marks(folder: Path, ending: str = "") -> tuple[str, str]:
    """Return the marks of a folder, or with an ending those by which its parts are known."""
    status = folder.stat()
    number = content_hash(f"{status.st_dev}:{status.st_ino}{ending}", length=_MARK_LENGTH)
    return _address_mark(folder, ending), number


def _homes(folders: Sequence[Path], known: KnownFolders) -> dict[Path, tuple[Path, str]]:
    """Return for each folder the root it is read below, and the label of that.

    Known folders keep their label; what lies in one is read below it; of the others the shortest ends that tell all
    apart are the labels.
    """
    old = {folder: label for folder in folders if (label := known.label(folder)) is not None}
    if len(set(old.values())) < len(old):
        old = {folder: label for folder, label in old.items() if known.owners.get(_address_mark(folder)) == label}
    homes = {folder: (folder, label) for folder, label in old.items()}
    holders = {folder: known.holder(folder) for folder in folders if folder not in old}
    homes |= {folder: holder for folder, holder in holders.items() if holder is not None}
    fresh = _shortest_ends([folder for folder in folders if folder not in homes], known.labels)
    return {**homes, **{folder: (folder, label) for folder, label in fresh.items()}}


def _shortest_ends(roots: Sequence[Path], taken: frozenset[str]) -> dict[Path, str]:
    """Return the shortest ends of the paths that tell the roots apart and are not taken.

    >>> sorted(_shortest_ends([Path("/a/logs"), Path("/b/logs"), Path("/b/runs")], frozenset({"runs"})).values())
    ['a/logs', 'b/logs', 'b/runs']
    """
    depths = dict.fromkeys(roots, 1)
    while True:
        labels = {root: "/".join(root.parts[1:][-depth:]) or "root" for root, depth in depths.items()}
        count = Counter(labels.values())
        longer = {
            root: depths[root] + 1
            for root in roots
            if (count[labels[root]] > 1 or labels[root] in taken) and depths[root] < len(root.parts)
        }
        if not longer:
            return labels
        depths |= longer


def _nested_notice(root: Path) -> Notice:
    return Notice(
        severity=Severity.INFO,
        code="nested-path",
        location=root.name,
        message="This path lies in another one that was named, so it is read only once, as part of that.",
    )


def _visit(start: Start, relative: str) -> Visit:
    folder = start.root / relative if relative else start.root
    folders: list[str] = []
    files: list[str] = []
    notices: list[Notice] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                kind, notice = _kind(entry, start.root, relative)
                if kind is not _Kind.OTHER:
                    (folders if kind is _Kind.FOLDER else files).append(entry.name)
                notices += [notice] if notice else []
    except OSError as error:
        notices.append(_unreadable_folder(relative, error))
    if start.only is not None:
        folders, files = [], [name for name in files if name in start.only]
    location = Location(
        root=start.root,
        label=start.label,
        relative=relative,
        part=start.part,
        folders=tuple(sorted(folders)),
        files=tuple(sorted(files)),
    )
    marks = () if relative else _marks(start.root) + (_marks(start.root, "/") if start.only is None else ())
    return Visit(location=location, marks=marks, notices=tuple(notices), skipped=_own_output(location))


def _kind(entry: os.DirEntry[str], root: Path, relative: str) -> tuple[_Kind, Notice | None]:
    if entry.is_symlink():
        return _linked_kind(Path(os.path.realpath(entry.path)), root, f"{relative}/{entry.name}".lstrip("/"))
    if entry.is_dir(follow_symlinks=False):
        return _Kind.FOLDER, None
    return (_Kind.FILE if entry.is_file(follow_symlinks=False) else _Kind.OTHER), None


def _linked_kind(target: Path, root: Path, place: str) -> tuple[_Kind, Notice | None]:
    """Say what to do about a link.

    What a link points to inside of the root is read where it lies; to read it here as well would count its runs
    twice. Only a file that lies in a folder which is not entered (the cache of a version control, say) is read here.
    """
    if not target.is_relative_to(root):
        return _Kind.OTHER, _link_notice(place, "refused-link", "A link that leads out of the folder was not followed.")
    if target.is_file() and any(map(_is_never_entered, target.relative_to(root).parts[:-1])):
        return _Kind.FILE, None
    if target.exists():
        return _Kind.OTHER, _link_notice(place, "link-read-once", "What this links to is read at its own place.")
    return _Kind.OTHER, _link_notice(place, "dangling-link", "A link that leads to nothing was passed over.")


def _link_notice(place: str, code: str, message: str) -> Notice:
    severity = Severity.INFO if code == "link-read-once" else Severity.WARNING
    return Notice(severity=severity, code=code, location=place, message=message)


def _unreadable_folder(relative: str, error: OSError) -> Notice:
    return Notice(
        severity=Severity.ERROR,
        code="unreadable-folder",
        location=relative or ".",
        message=f"The folder cannot be listed and was passed over: {error.strerror}.",
        hint="Check its permissions.",
    )


def _entered(location: Location) -> list[str]:
    return [location.child(name) for name in location.folders if not _is_never_entered(name)]


def _is_never_entered(name: str) -> bool:
    return name.startswith(".") or name in _NEVER_ENTERED


def _own_output(location: Location) -> str:
    if SITE_MARKER in location.files:
        return "a site that runreport built"
    if _STORE_FOLDER in location.folders and _is_store(location.path / _STORE_FOLDER):
        return "a store of runreport"
    return ""


def _is_store(manifests: Path) -> bool:
    try:
        with os.scandir(manifests) as entries:
            return any(_STORE_FILE.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False
