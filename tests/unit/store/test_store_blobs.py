"""Bytes that the store keeps itself."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runreport.errors import StoreError
from runreport.model.entities import Artifact, RunBatch
from runreport.model.kept import kept_artifact, kept_digest
from runreport.store.blobs import read_blob, write_blobs
from runreport.store.manifest import Store
from runreport.store.parquet import write_batch

MakeBatch = Callable[..., RunBatch]

CONTENT = b"\x89PNG of some kind"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def with_artifacts(batch: RunBatch, *artifacts: Artifact, blobs: dict[str, bytes] | None = None) -> RunBatch:
    return replace(batch, logs=(replace(batch.logs[0], artifacts=artifacts),), blobs=blobs or {})


def locations(store: Store, batch: RunBatch) -> list[str | None]:
    store.commit([write_batch(store.path, batch)])
    found: list[str | None] = store.snapshot().table("artifacts").column("location").to_pylist()
    return found


def test_kept_bytes_are_found_by_the_location_of_their_artifact(tmp_path: Path, make_batch: MakeBatch) -> None:
    store, artifact = Store.create(tmp_path / "store"), kept_artifact("r", "a.png", CONTENT, "image/png")
    batch = with_artifacts(make_batch({("r", "loss"): [1.0]}), artifact, blobs={DIGEST: CONTENT})
    assert locations(store, batch) == [f"blob:{DIGEST}"]
    assert store.snapshot().blob(kept_digest(artifact) or "") == CONTENT


def test_equal_bytes_are_there_once_and_no_leftovers(tmp_path: Path) -> None:
    for _ in range(2):
        write_blobs(tmp_path, {DIGEST: CONTENT})
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [f"data/blobs/{DIGEST[:2]}/{DIGEST}"]


def test_a_file_that_was_cut_short_is_written_anew(tmp_path: Path) -> None:
    write_blobs(tmp_path, {DIGEST: CONTENT})
    (tmp_path / "data" / "blobs" / DIGEST[:2] / DIGEST).write_bytes(CONTENT[:3])
    write_blobs(tmp_path, {DIGEST: CONTENT})
    assert read_blob(tmp_path, DIGEST) == CONTENT


def test_bytes_under_the_name_of_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not the SHA-256"):
        write_blobs(tmp_path, {DIGEST: b"other"})


def test_missing_and_changed_bytes_name_their_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"{DIGEST} is missing"):
        read_blob(tmp_path, DIGEST)
    write_blobs(tmp_path, {DIGEST: CONTENT})
    (tmp_path / "data" / "blobs" / DIGEST[:2] / DIGEST).write_bytes(CONTENT[::-1])
    with pytest.raises(StoreError, match="another file than was committed"):
        read_blob(tmp_path, DIGEST)


@pytest.mark.parametrize("location", [f"blob:{DIGEST}", "blob:../../etc/passwd", "blob:"])
def test_a_location_that_a_log_made_up_is_not_believed(location: str, tmp_path: Path, make_batch: MakeBatch) -> None:
    claimed = Artifact(run_id="r", path="a.png", sha256=DIGEST, location=location)
    batch = with_artifacts(make_batch({("r", "loss"): [1.0]}), claimed)
    assert locations(Store.create(tmp_path / "store"), batch) == [None]


def test_only_a_whole_digest_names_bytes() -> None:
    assert kept_digest(Artifact(run_id="r", path="a", location="blob:../x")) is None
    assert kept_digest(Artifact(run_id="r", path="a", location="s3://bucket/x")) is None
    assert kept_digest(Artifact(run_id="r", path="a")) is None
