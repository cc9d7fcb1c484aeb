"""What a reader is: it says what it recognises, lists the runs there, and hands over their facts and points.

A reader reports and does not decide: unknown values stay text, broken lines become notices, nothing is dropped in
silence. It reads only below ``Location.root`` and never executes, unpickles or follows what it finds.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from runreport.config.options import SourceOptions
from runreport.errors import ReadError
from runreport.formats.files import read_head
from runreport.model.entities import RunBatch
from runreport.notices import Notice


class Certainty(IntEnum):
    """How sure a reader is that a log is of its format; the surest reader gets it."""

    POSSIBLE = 1
    LIKELY = 2
    SURE = 3


LOOK_BYTES = 16_384
"""How much of a file is read at first when its format is told."""


class Joining(StrEnum):
    """What a log has to do with logs that other readers find around it.

    Attributes:
        ALONE: nothing; it is a run of its own. So are the rows of a database and the runs of a file of many.
        FOLDER: its folder is one run, to which every log belongs that another reader finds in the same folder.
        BENEATH: its folder and all below it is one run.
        LAYER: it holds facts, such as settings, about every run in its folder and below. It is a run of its own only
            when there is none.
        JOB: a layer written by one process, which put all its logs into that folder or below. Logs of different
            readers there are one run when each reader finds one; of several jobs over a run the nearest counts.
        LAST_JOB: a job of which nothing says that what lies below is its own, because other processes use the folder,
            too. It counts only when there is a single run below.
    """

    ALONE = "alone"
    FOLDER = "folder"
    BENEATH = "beneath"
    LAYER = "layer"
    JOB = "job"
    LAST_JOB = "last-job"

    @property
    def is_layer(self) -> bool:
        """Whether the log holds facts about the runs of other logs."""
        return self in (Joining.LAYER, Joining.JOB, Joining.LAST_JOB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One folder below (or equal to) the folder that was named for ingest, with what it holds.

    Attributes:
        root: the resolved folder nothing outside of which is read.
        label: the name of that folder; it is part of the identity of runs whose tool gives them no id.
        relative: the folder in question relative to the root, with ``/``; empty for the root itself.
        folders: names of the sub-folders, sorted; links that leave the root are not among them.
        files: names of the regular files, sorted; only the one named file when a file was named for ingest.
        rules: the user's settings for single sources, see :meth:`rule`.
        part: the sub-folder that was named, when it lies in a folder which the store knows and which is the root then.
        address: where the runs are when they lie in no folder, such as a server, with the user and password that were
            given; empty otherwise. The root is not used then.
        heads: what :meth:`head` has read, by name, with how much was asked for.
        checked: the folder's path once it is known that no link leads out of the root on the way to it.
    """

    root: Path
    label: str
    relative: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    rules: tuple[SourceOptions, ...] = ()
    part: str = ""
    address: str = ""
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict, compare=False, repr=False)
    checked: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def path(self) -> Path:
        """The folder in question."""
        return self.root / self.relative if self.relative else self.root

    @property
    def named(self) -> str:
        """What was named for ingest, as it is shown; a part of a known folder ends with ``/``, unlike any label."""
        return f"{self.label}/{self.part}/" if self.part else self.label

    def inside(self, relative: str) -> Path:
        """Return the path of something below the root.

        Raises:
            ReadError: it does not lie below the root once links are resolved, or can be the name of nothing.
        """
        if "\0" in relative:
            raise ReadError(f"{relative!r} holds a null character, which no name of a file does.")
        path = self.root / relative
        if _may_leave(self.root, relative) and not Path(os.path.realpath(path)).is_relative_to(self.root):
            raise ReadError(
                f"{relative!r} lies outside of the folder that is read.", hint="Name the folder it lies in as well."
            )
        return path

    def listed(self, name: str) -> str:
        """Return the path of a file of this folder, as :meth:`inside` does; links above the folder are looked for once.

        Raises:
            ReadError: it does not lie below the root once links are resolved.
        """
        if self.relative not in self.checked:
            self.inside(self.relative)
            self.checked.add(self.relative)
        child = self.child(name)
        path = f"{self.root}/{child}"
        return str(self.inside(child)) if os.path.islink(path) else path  # noqa: PTH114 - counts for thousands of files

    def child(self, name: str) -> str:
        """Return the path of a file or folder of this folder relative to the root."""
        return f"{self.relative}/{name}" if self.relative else name

    def head(self, name: str, size_bytes: int = LOOK_BYTES) -> bytes:
        """Return the first bytes of a file of this folder, for telling its format; none when it cannot be read.

        While a folder is matched, what was read for one reader is kept for the next.
        """
        asked, kept = self.heads.get(name, (0, b""))
        if len(kept) == asked < size_bytes:
            asked = max(size_bytes, LOOK_BYTES)
            try:
                kept = read_head(self.listed(name), asked)
            except ReadError:
                kept = b""
            self.heads[name] = asked, kept
        return kept[:size_bytes]

    def rule(self, relative: str) -> SourceOptions | None:
        """Return the first of the user's settings whose pattern fits a path below the root, or its end."""
        return next((rule for rule in self.rules if _fits(rule.path, relative)), None)


def _may_leave(root: Path, relative: str) -> bool:
    """Whether a path goes up, begins anew or passes a link; to resolve every path costs more than to read a file."""
    parts = relative.split("/")
    if ".." in parts or os.path.isabs(relative):  # noqa: PTH117 - counts for thousands of runs
        return True
    path = str(root)
    for part in parts:
        path = f"{path}/{part}"
        if os.path.islink(path):  # noqa: PTH114
            return True
    return False


def _fits(pattern: str, relative: str) -> bool:
    return fnmatchcase(relative, pattern) or fnmatchcase(relative, f"*/{pattern}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A reader's claim on a folder: how sure, why (shown by ``--explain``), and which of its files.

    ``takes`` is None for the whole tree below the folder; otherwise the search for other logs goes on, but not in
    ``folders``: sub-folders that belong to the files taken, such as the artifacts of a database. ``reads_above`` says
    that the reader takes nothing here because it reads the files of this folder with the folder above. Files of hidden
    sub-folders, which nobody else is offered, are taken by their path (``.hydra/config.yaml``).
    """

    certainty: Certainty
    reason: str
    takes: frozenset[str] | None = None
    folders: frozenset[str] = frozenset()
    reads_above: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The log of one run as found, not yet read.

    Attributes:
        run_id: the run's identity (see :func:`runreport.model.keys.run_id`).
        path: where the log lies relative to the root.
        files: the files that make it up, relative to the root, for the reader's own use.
        handle: whatever else the reader needs to find the run again, for example its key in a database.
        fingerprint: changes whenever the log changes; free of absolute paths.
        size_bytes: how much there is to read, for splitting the work.
        joining: what it has to do with other readers' logs around it; all but ``ALONE`` need a folder as ``path``.
        owns: with ``BENEATH``, the names of the sub-folders that belong to the run; empty for all of them.
        beside: the folder in which the tool was at work, when it keeps its logs in a sub-folder of its own; logs that
            other tools wrote there may be of the same run.
    """

    run_id: str
    path: str
    fingerprint: str
    files: tuple[str, ...] = ()
    handle: str = ""
    size_bytes: int = 0
    joining: Joining = Joining.ALONE
    owns: tuple[str, ...] = ()
    beside: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """All runs a reader found at a location, and what it left out there.

    ``runs_skipped`` counts runs that are there but too broken to be listed; deleted runs and copies are not among them.
    """

    sources: tuple[Source, ...]
    notices: tuple[Notice, ...] = ()
    runs_skipped: int = 0


@runtime_checkable
class Reader(Protocol):
    """Reads one format. Instances hold no state: they are made anew in every worker process.

    A reader of addresses has ``schemes: ClassVar[tuple[str, ...]]`` besides; it is asked about addresses that begin
    with one of them, and about no folder.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    formats: ClassVar[tuple[str, ...]]
    """One line per layout that is read, for the formats table of the documentation."""

    def match(self, location: Location) -> Match | None:
        """Say whether this folder holds logs of the format, by looking at names and at most a few kilobytes."""
        ...

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs with their fingerprints, in a stable order, without reading points where that is possible.

        Raises:
            ReadError: the log as a whole cannot be opened.
        """
        ...

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read the given runs in batches of bounded size; a run that fails becomes a notice on its own log.

        The sources may come from several folders: the location given is their root, without names of what it holds.
        Small batches are joined before they are written.

        Raises:
            ReadError: the log as a whole cannot be opened.
        """
        ...
