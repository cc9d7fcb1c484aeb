"""Artifacts whose bytes the store keeps itself, because they lie inside of a log: pictures, texts, histograms."""

import hashlib
import re

from runreport.model.entities import Artifact

HISTOGRAM_TYPE = "text/csv"
HISTOGRAM_HEADER = "step,left,right,count"
"""The first line of a kept histogram: one row per bin that is not empty, ``left <= value < right`` at a step."""

_MARK = "blob:"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """Return the name of kept bytes: their SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


def kept_artifact(run_id: str, path: str, content: bytes, media_type: str) -> Artifact:
    """Return the artifact for bytes that are handed to the store with it; its location is ``blob:`` and their name.

    >>> kept_artifact("r", "notes.md", b"hello", "text/markdown").location
    'blob:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    """
    digest = digest_of(content)
    return Artifact(
        run_id=run_id,
        path=path,
        size_bytes=len(content),
        sha256=digest,
        media_type=media_type,
        location=f"{_MARK}{digest}",
    )


def claims_to_be_kept(artifact: Artifact) -> bool:
    """Say whether the location of an artifact has the form of kept bytes; a log may have written it so."""
    return (artifact.location or "").startswith(_MARK)


def kept_digest(artifact: Artifact) -> str | None:
    """Return the name of the bytes that the store keeps of an artifact, None when they are elsewhere."""
    digest = (artifact.location or "").removeprefix(_MARK)
    return digest if claims_to_be_kept(artifact) and _DIGEST.fullmatch(digest) else None
