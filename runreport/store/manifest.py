"""Commits: numbered manifests, each created by exactly one writer."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from runreport.errors import StoreError
from runreport.model.ledger import LedgerRow
from runreport.notices import Notice
from runreport.store.files import damaged, sync, writing
from runreport.store.parquet import BatchFiles
from runreport.store.snapshot import Snapshot
from runreport.store.state import Change, Manifest, State, apply, decode, encode, plan

__all__ = ["CHECKPOINT_EVERY", "Commit", "Snapshot", "Store"]

CHECKPOINT_EVERY = 64
"""Every so many commits the manifest holds the whole state, so that no reader needs more than these."""

_FOLDER = "manifests"
_NUMBERED = re.compile(r"[0-9]{8,}\.json")
_OURS = frozenset({_FOLDER, "data"})
_NOTHING: Mapping[str, tuple[Notice, ...]] = MappingProxyType({})
_NO_ROOTS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_LEDGERS: Mapping[str, tuple[LedgerRow, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit did: the number of the snapshot that now holds it, runs counted, and races lost on the way."""

    number: int
    runs_added: int
    runs_updated: int
    runs_unchanged: int
    conflicts: int


class Store:
    """A folder of immutable Parquet files and the manifests that say which of them count."""

    def __init__(self, path: Path) -> None:
        """Name a store that exists; see :meth:`open` and :meth:`create`."""
        self.path = path
        self._latest = (0, State())  # a manifest never changes, so a long ingest needs to read each only once

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open an existing store.

        Raises:
            StoreError: there is none, or its newest manifest is damaged.
            StoreVersionError: a newer version wrote it.
        """
        if not (path / _FOLDER).is_dir():
            sentence = f"There is no store at {path}."
            raise StoreError(sentence, hint="Make one with `runreport ingest LOGS`, or name it with --store.")
        store = cls(path)
        store._read(store._newest())
        return store

    @classmethod
    def create(cls, path: Path) -> "Store":
        """Make an empty store, or open the one that is there.

        Raises:
            StoreError: the folder holds something else or cannot be written.
            StoreVersionError: a newer version wrote the store that is there.
        """
        if not _manifests(path / _FOLDER):
            if foreign := _foreign(path):
                sentence = f"{path} is not a store: it holds {foreign!r}."
                raise StoreError(sentence, hint="Name a new or empty folder with --store.")
            _publish(path / _FOLDER, Manifest(number=0, is_checkpoint=True, state=State()))
        return cls.open(path)

    def snapshot(self, number: int | None = None) -> Snapshot:
        """Pin a commit: the newest, or the one of that number (0: the empty store).

        Raises:
            StoreError: there is no such commit, or a manifest it needs is missing or damaged.
        """
        newest = self._newest()
        if number is not None and not 0 <= number <= newest:
            sentence = f"The store {self.path} has no snapshot {number}; the newest is {newest}."
            raise StoreError(sentence, hint="Leave the number out to use the newest.")
        pinned = newest if number is None else number
        return Snapshot(self.path, pinned, self._state(pinned))

    def commit(
        self,
        additions: Sequence[BatchFiles],
        *,
        found: Mapping[str, tuple[Notice, ...]] = _NOTHING,
        roots: Mapping[str, tuple[str, ...]] = _NO_ROOTS,
        ledgers: Mapping[str, tuple[LedgerRow, ...]] = _NO_LEDGERS,
        parts: Mapping[str, tuple[str, ...]] = _NO_ROOTS,
    ) -> Commit:
        """Make written batches part of the store, in one step that happens wholly or not at all.

        A run whose fingerprint the store already has stays as it is; one with another fingerprint is replaced. All
        batches of a run belong into one commit. Whoever loses a race for the next number looks again and retries;
        when nothing is left to change, no manifest is written.

        Args:
            additions: what :func:`runreport.store.parquet.write_batch` returned.
            found: notices about places rather than runs; they replace the earlier ones under the same key.
            roots: marks by which an ingested folder is known again, by its label; they replace the earlier ones.
            ledgers: what was found in each of these folders; they replace the earlier ones.
            parts: for runs put together from several logs the ids of these; a run of the store that holds one of them
                under another id goes.

        Raises:
            ValueError: a run has no log or several among the additions.
            StoreError: the manifest cannot be written.
        """
        conflicts = 0
        while True:
            newest = self._newest()
            state = self._state(newest)
            change = plan(state, additions, found, roots, ledgers=ledgers, parts=parts)
            if change.is_empty:
                return _commit(newest, change, conflicts)
            if _publish(self.path / _FOLDER, _manifest(newest + 1, state, change)):
                return _commit(newest + 1, change, conflicts)
            conflicts += 1

    def _newest(self) -> int:
        numbers = _manifests(self.path / _FOLDER)
        if not numbers:
            raise damaged(self.path / _FOLDER, "holds no manifest")
        return max(numbers)

    def _state(self, number: int) -> State:
        start = number - number % CHECKPOINT_EVERY
        known, state = self._latest
        if not start < known <= number:
            known, state = start, self._read(start).state
        for later in range(known + 1, number + 1):
            state = apply(state, self._read(later).state)
        self._latest = (number, state)
        return state

    def _read(self, number: int) -> Manifest:
        path = self.path / _FOLDER / _name(number)
        try:
            manifest = decode(path.read_bytes())
        except FileNotFoundError as error:
            raise damaged(path, "is missing") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(path, "cannot be read") from error
        if manifest.number != number:
            raise damaged(path, f"is manifest {manifest.number}")
        return manifest


def _manifest(number: int, state: State, change: Change) -> Manifest:
    is_checkpoint = number % CHECKPOINT_EVERY == 0
    return Manifest(
        number=number, is_checkpoint=is_checkpoint, state=apply(state, change.state) if is_checkpoint else change.state
    )


def _commit(number: int, change: Change, conflicts: int) -> Commit:
    return Commit(
        number=number,
        runs_added=change.added,
        runs_updated=change.updated,
        runs_unchanged=change.unchanged,
        conflicts=conflicts,
    )


def _publish(folder: Path, manifest: Manifest) -> bool:
    """Create a manifest under its number, durably; False when another writer has that number."""
    target = folder / _name(manifest.number)
    with writing(target) as temporary:
        temporary.write_bytes(encode(manifest))
        sync(temporary)
        try:
            # A link appears whole or not at all, and never replaces a name that is there.
            os.link(temporary, target)
        except FileExistsError:
            return False
        sync(folder)
    return True


def _name(number: int) -> str:
    return f"{number:08}.json"


def _manifests(folder: Path) -> list[int]:
    try:
        names = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise damaged(folder, "cannot be listed") from error
    return [int(path.stem) for path in names if _NUMBERED.fullmatch(path.name) and _name(int(path.stem)) == path.name]


def _foreign(path: Path) -> str | None:
    if not path.exists():
        return None
    if not path.is_dir():
        return path.name
    names = sorted(entry.name for entry in path.iterdir() if entry.name not in _OURS and not entry.name.startswith("."))
    return names[0] if names else None
