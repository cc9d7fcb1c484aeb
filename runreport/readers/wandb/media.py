"""Artifacts of a run: what it wrote as such, its media, and the files of its folder."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from runreport.formats.documents import number
from runreport.formats.files import media_type, scan_tree
from runreport.model.entities import Artifact
from runreport.readers.base import Location
from runreport.readers.wandb.notes import Notes
from runreport.readers.wandb.records import LoggedArtifact
from runreport.readers.wandb.series import TYPE_KEY, Contents

MOST = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_LARGEST = 2**53


class Collected:
    """Artifacts by path, at most 10,000; the first of a path is kept and filled up by others."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._found: dict[str, Artifact] = {}
        self._left_out = 0

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What was collected, by path."""
        return tuple(self._found[path] for path in sorted(self._found))

    def add(
        self,
        path: str,
        *,
        size: int | None = None,
        sha256: str | None = None,
        kind: str = "",
        location: str | None = None,
    ) -> None:
        """Add an artifact, or what is not known yet of one of the same path."""
        if not path or (path not in self._found and len(self._found) >= MOST):
            self._left_out += 1
            return
        old = self._found.get(path)
        self._found[path] = Artifact(
            run_id=self._run_id,
            path=path,
            size_bytes=old.size_bytes if old and old.size_bytes is not None else size,
            sha256=old.sha256 if old and old.sha256 else sha256,
            media_type=kind or media_type(path),
            location=old.location if old and old.location else location,
        )

    def note(self, notes: Notes) -> None:
        """Say whether there were too many."""
        if self._left_out:
            notes.add(
                "many-artifacts", f"{self._left_out} artifacts beyond {MOST:,}, or without a path, are not listed."
            )


def add_files(collected: Collected, location: Location, folder: str, notes: Notes) -> None:
    """Add the files of a run's folder."""
    tree = scan_tree(location.root, folder, max_files=MOST)
    for found in tree.files:
        collected.add(found.path, size=found.size_bytes, location=f"{folder}/{found.path}".lstrip("/"))
    notes.found += tree.notices(folder)
    if tree.is_cut:
        notes.add("many-artifacts", f"The run has more than {MOST:,} files; the rest is not listed.", place=folder)


def add_media(collected: Collected, contents: Contents, notes: Notes) -> None:
    """Add the media that a history describes; those without a file are counted."""
    without_file = Counter[str]()
    for said in contents.objects.values():
        paths = list(_paths(said))
        for path in paths:
            is_only = len(paths) == 1
            sha256 = str(said.get("sha256", ""))
            collected.add(
                path,
                size=_size(said.get("size")) if is_only else None,
                sha256=sha256 if is_only and _SHA256.match(sha256) else None,
            )
        if not paths:
            without_file[str(said.get(TYPE_KEY, "object"))] += 1
    if without_file:
        told = ", ".join(f"{count} × {kind}" for kind, count in sorted(without_file.items()))
        notes.info("media-without-file", f"What the history holds of these has no file and was left out: {told}.")


def add_logged(collected: Collected, logged: Mapping[str, LoggedArtifact]) -> None:
    """Add the files of the artifacts that a run wrote, below the artifact's name."""
    for artifact in logged.values():
        for path, _, size, address, kind in artifact.files:
            collected.add(f"{artifact.name}/{path}", size=size, kind=kind, location=address or None)
        if not artifact.files:
            collected.add(artifact.name)


def _paths(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the files of a picture, table, audio and so on lie below the folder ``files``."""
    for key, value in said.items():
        if key == "path" and isinstance(value, str):
            yield value
        elif key == "filenames" and isinstance(value, list):
            yield from (path for path in value if isinstance(path, str))


def _size(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and 0 <= found <= _LARGEST else None
