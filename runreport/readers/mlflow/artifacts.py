"""The artifacts of a run, and the environment that a few small files among them describe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.errors import ReadError
from runreport.formats.files import media_type, read_bytes, scan_tree
from runreport.model.entities import Artifact, EnvironmentItem
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.packages import ENVIRONMENT_FILES, packages
from runreport.readers.mlflow.facts import Leftovers

MAX_ARTIFACTS = 10_000
_MAX_ENVIRONMENT_FILES = 12
_MAX_ENVIRONMENT_DEPTH = 2
_ENVIRONMENT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFolder:
    """A folder of artifacts relative to the root, and below which path of the run they are listed."""

    folder: str
    listed_as: str = ""


def read_leftovers(root: Path, folders: Sequence[ArtifactFolder], run_id: str) -> Leftovers:
    """List the files of some artifact folders and read the package versions that some of them pin."""
    artifacts: dict[str, Artifact] = {}
    notices: list[Notice] = []
    for folder in folders:
        listed, doubts = _listed(root, folder, run_id, MAX_ARTIFACTS - len(artifacts))
        artifacts = listed | artifacts  # the run's own files come first and keep their paths
        notices += doubts
    by_path = tuple(artifacts[path] for path in sorted(artifacts))
    environment, doubts = _environment(root, by_path, run_id)
    return Leftovers(artifacts=by_path, environment=environment, notices=(*notices, *doubts))


def _listed(
    root: Path, folder: ArtifactFolder, run_id: str, limit: int
) -> tuple[dict[str, Artifact], Sequence[Notice]]:
    tree = scan_tree(root, folder.folder, max_files=limit)
    prefix = f"{folder.listed_as}/" if folder.listed_as else ""
    artifacts = {
        prefix + path: Artifact(
            run_id=run_id,
            path=prefix + path,
            size_bytes=size_bytes,
            media_type=media_type(path),
            location=f"{folder.folder}/{path}",
        )
        for path, size_bytes, _ in tree.files
    }
    cut = [_cut(folder.folder, run_id)] if tree.is_cut else []
    return artifacts, (*tree.notices(folder.folder, run_id), *cut)


def _cut(folder: str, run_id: str) -> Notice:
    message = f"The run has more than {MAX_ARTIFACTS:,} artifacts; the rest is not listed."
    return Notice(severity=Severity.WARNING, code="many-artifacts", location=folder, message=message, run_id=run_id)


def _environment(
    root: Path, artifacts: Sequence[Artifact], run_id: str
) -> tuple[tuple[EnvironmentItem, ...], Sequence[Notice]]:
    versions: dict[str, str] = {}
    notices: list[Notice] = []
    for artifact in _environment_files(artifacts):
        try:
            found = _packages(root, artifact)
        except ReadError as problem:
            notices.append(_unread(artifact, problem.sentence))
            continue
        notices += _contradictions(artifact, versions, found)
        versions = found | versions
    items = (
        EnvironmentItem(run_id=run_id, item=name, kind="package", value=versions[name]) for name in sorted(versions)
    )
    return tuple(items), notices


def _environment_files(artifacts: Sequence[Artifact]) -> Sequence[Artifact]:
    """Return the files that describe environments, those nearest to the top first."""
    near = [
        artifact
        for artifact in artifacts
        if artifact.path.rpartition("/")[2] in ENVIRONMENT_FILES and artifact.path.count("/") <= _MAX_ENVIRONMENT_DEPTH
    ]
    return sorted(near, key=lambda artifact: artifact.path.count("/"))[:_MAX_ENVIRONMENT_FILES]


def _packages(root: Path, artifact: Artifact) -> dict[str, str]:
    content = read_bytes(root / str(artifact.location), _ENVIRONMENT_BYTES)
    return packages(artifact.path.rpartition("/")[2], content.decode("utf-8", "replace"))


def _contradictions(artifact: Artifact, known: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Notice]:
    different = sorted(name for name in found if known.get(name, found[name]) != found[name])
    if different:
        name = different[0]
        message = (
            f"It pins other versions of {len(different)} packages than a file nearer to the top "
            f"({name} {found[name]} instead of {known[name]}); that one counts."
        )
        yield Notice(
            severity=Severity.INFO,
            code="two-environments",
            location=str(artifact.location),
            message=message,
            run_id=artifact.run_id,
        )


def _unread(artifact: Artifact, reason: str) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="unread-environment",
        location=str(artifact.location),
        message=f"The package versions in it are missing. {reason}",
        run_id=artifact.run_id,
    )
