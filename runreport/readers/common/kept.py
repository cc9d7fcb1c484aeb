"""Files that lie inside of a log and are kept with the run, within bounds."""

from runreport.model.entities import Artifact
from runreport.model.kept import kept_artifact

MOST_FILE_BYTES = 5_000_000
MOST_RUN_BYTES = 20_000_000


class KeptFiles:
    """Collects what is kept of one run: artifacts and their bytes, each at most 5 MB, at most 20 MB in all."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._artifacts: dict[str, Artifact] = {}
        self._blobs: dict[str, bytes] = {}
        self._size_bytes = 0

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What is kept, in the order in which it came."""
        return tuple(self._artifacts.values())

    @property
    def blobs(self) -> dict[str, bytes]:
        """The bytes by their SHA-256."""
        return self._blobs

    def add(self, path: str, content: bytes, media_type: str) -> bool:
        """Keep a file, under another path where that one is taken; return False when it goes beyond the bounds."""
        if len(content) > MOST_FILE_BYTES or self._size_bytes + len(content) > MOST_RUN_BYTES:
            return False
        artifact = kept_artifact(self._run_id, self._free(path), content, media_type)
        self._artifacts[artifact.path] = artifact
        self._blobs[artifact.sha256 or ""] = content
        self._size_bytes += len(content)
        return True

    def _free(self, path: str) -> str:
        stem, dot, suffix = path.rpartition(".")
        number, free = 2, path
        while free in self._artifacts:
            free = f"{stem} ({number}){dot}{suffix}"
            number += 1
        return free
