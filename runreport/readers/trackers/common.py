"""What the readers of trackers' folders and archives share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runreport.errors import ReadError
from runreport.formats.documents import parse_json
from runreport.formats.files import FoundFile, media_type, read_bytes, scan_tree
from runreport.formats.yaml import MAX_BYTES as MAX_YAML_BYTES
from runreport.formats.yaml import Yaml, load_yaml
from runreport.model import keys
from runreport.model.entities import Artifact
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.series import RunPoints

MOST_ARTIFACTS = 10_000
_NAMED = 5


@dataclass(slots=True, kw_only=True)
class Findings:
    """What is to be said about one run while its log is read; ``source`` says which one."""

    source: Source
    notices: list[Notice] = field(default_factory=list)

    def tell(self, code: str, place: str, message: str, severity: Severity = Severity.WARNING) -> None:
        """Add a finding about a file of the run, or about a place in it."""
        self.notices.append(Notice(severity=severity, code=code, location=place or ".", message=message))

    def tell_lost(self, code: str, place: str, what: str, names: Sequence[str]) -> None:
        """Add one finding about things of one kind that were left out; nothing when there are none."""
        if names:
            shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
            self.tell(code, place, f"{what} ({len(names)}): {shown}.")

    def tell_dropped(self, points: RunPoints) -> None:
        """Say how many points were left out because their steps are no 64-bit whole numbers."""
        if points.bad_steps:
            message = f"{points.bad_steps} points were left out because their step is no 64-bit whole number."
            self.tell("impossible-steps", self.source.path, message)

    def json_object(self, location: Location, file: str, limit_bytes: int) -> dict[str, object]:
        """Return the JSON object in a file of the run; an empty one, with a notice, when it cannot be read."""
        value = self.json(location, file, limit_bytes)
        if value is not None and not isinstance(value, dict):
            self.tell("unreadable-file", file, "It holds no JSON object and was left out.")
        return value if isinstance(value, dict) else {}

    def json(self, location: Location, file: str, limit_bytes: int) -> object:
        """Return the JSON value in a file of the run; None when it is missing, or, with a notice, unreadable."""
        if file not in self.source.files:
            return None
        try:
            return parse_json(read_bytes(location.inside(file), limit_bytes))
        except ReadError as problem:
            self._tell_unreadable(file, problem)
            return None

    def yaml(self, location: Location, file: str) -> Yaml:
        """Return the YAML value in a file of the run; None when it is missing, or, with a notice, unreadable."""
        if file not in self.source.files:
            return None
        try:
            return load_yaml(read_bytes(location.inside(file), MAX_YAML_BYTES))
        except ReadError as problem:
            self._tell_unreadable(file, problem)
            return None

    def _tell_unreadable(self, file: str, problem: ReadError) -> None:
        self.tell("unreadable-file", file, f"{problem.sentence} What it says is missing.")


def join(*parts: str) -> str:
    """Return a path relative to the root from parts that may be empty."""
    return "/".join(part for part in parts if part)


def parent(relative: str) -> str:
    """Return the folder something lies in, relative to the root."""
    return relative.rpartition("/")[0]


def base_name(path: str) -> str:
    r"""Return the last component of a path written on any system.

    >>> base_name("data\\train.csv"), base_name("/data/set/")
    ('train.csv', 'set')
    """
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def artifact(location: Location, run_id: str, path: str, place: str, digest: str | None = None) -> Artifact:
    """Return the artifact at a place relative to the root; its location is None when it is not there."""
    size = _size(location, place)
    return Artifact(
        run_id=run_id,
        path=path,
        size_bytes=size,
        sha256=digest,
        media_type=media_type(path),
        location=None if size is None else place,
    )


def folder_artifacts(
    location: Location, findings: Findings, folder: str, prefix: str, *, skipped: frozenset[str] = frozenset()
) -> Iterator[Artifact]:
    """Yield the files below a folder as artifacts, those with a name in ``skipped`` at its first level left out."""
    tree = scan_tree(location.root, folder, max_files=MOST_ARTIFACTS)
    findings.notices += tree.notices(folder)
    if tree.is_cut:
        message = f"It holds more than {MOST_ARTIFACTS:,} files; the rest is not listed as artifacts."
        findings.tell("many-artifacts", folder, message)
    for file in tree.files:
        if file.path.partition("/")[0] not in skipped:
            yield _artifact_of(findings.source.run_id, file, folder, prefix)


def flat_params(settings: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return settings as params; an empty map has none."""
    return keys.flatten(settings, prefix) if settings else {}


def _artifact_of(run_id: str, file: FoundFile, folder: str, prefix: str) -> Artifact:
    return Artifact(
        run_id=run_id,
        path=join(prefix, file.path),
        size_bytes=file.size_bytes,
        media_type=media_type(file.path),
        location=join(folder, file.path),
    )


def _size(location: Location, place: str) -> int | None:
    try:
        path = location.inside(place)
        return path.stat().st_size if path.is_file() else None
    except (ReadError, OSError, ValueError):
        return None
