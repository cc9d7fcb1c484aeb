"""Bytes the store keeps, each in a file named by their SHA-256, so that the same bytes are there once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from runreport.model.entities import RunLog
from runreport.model.kept import claims_to_be_kept, digest_of, kept_digest
from runreport.store.files import damaged, sync, writing

_FOLDER = "data/blobs"


def write_blobs(store: Path, blobs: Mapping[str, bytes]) -> None:
    """Write bytes under their names, durably; those that are there already stay as they are.

    Raises:
        ValueError: a name is not the SHA-256 of its bytes.
        StoreError: the folder cannot be written.
    """
    folders = set()
    for digest, content in sorted(blobs.items()):
        if digest_of(content) != digest:
            msg = f"{digest} is not the SHA-256 of its bytes"
            raise ValueError(msg)
        path = _path(store, digest)
        if path.is_file() and path.stat().st_size == len(content):
            continue
        with writing(path) as temporary:
            temporary.write_bytes(content)
            sync(temporary)
            temporary.replace(path)
        folders.add(path.parent)
    for folder in sorted(folders):
        sync(folder)


def read_blob(store: Path, digest: str) -> bytes:
    """Return the bytes of that name.

    Raises:
        StoreError: they are missing or not what was written.
    """
    path = _path(store, digest)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise damaged(path, "is missing") from error
    except OSError as error:
        raise damaged(path, "cannot be read") from error
    if digest_of(content) != digest:
        raise damaged(path, "is another file than was committed")
    return content


def with_true_locations(logs: Iterable[RunLog], blobs: Mapping[str, bytes]) -> tuple[RunLog, ...]:
    """Return the logs without locations in the store of bytes that did not come with them: a log wrote them itself."""
    return tuple(_with_true_locations(log, blobs) for log in logs)


def _with_true_locations(log: RunLog, blobs: Mapping[str, bytes]) -> RunLog:
    if not any(map(claims_to_be_kept, log.artifacts)):
        return log
    artifacts = tuple(
        replace(artifact, location=None)
        if claims_to_be_kept(artifact) and kept_digest(artifact) not in blobs
        else artifact
        for artifact in log.artifacts
    )
    return replace(log, artifacts=artifacts)


def _path(store: Path, digest: str) -> Path:
    return store / _FOLDER / digest[:2] / digest
