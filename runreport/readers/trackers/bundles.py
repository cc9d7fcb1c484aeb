"""Offline runs that a client packs into a zip archive when they end, and keeps as a folder until then."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from runreport.errors import ReadError
from runreport.formats.archives import Member, is_zip, open_archive
from runreport.formats.documents import parse_json
from runreport.formats.files import read_bytes
from runreport.formats.lines import Line, lines
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.trackers.common import Findings, join

MOST_DOCUMENT_BYTES = 50_000_000


class Bundle(Protocol):
    """The files of one run, wherever they lie."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The files of an archive; none for a folder."""
        ...

    def has(self, path: str) -> bool:
        """Say whether there is such a file."""
        ...

    def read(self, path: str, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            ReadError: it is missing, damaged, or larger than the limit.
        """
        ...

    def lines(self, path: str) -> Iterator[Line]:
        """Yield the lines of a file.

        Raises:
            ReadError: it is missing, or damaged from a line on.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Folder:
    """A run that is still a folder, relative to the root."""

    location: Location
    folder: str
    members: tuple[Member, ...] = ()

    def has(self, path: str) -> bool:
        try:
            return self.location.inside(join(self.folder, path)).is_file()
        except (ReadError, OSError, ValueError):
            return False

    def read(self, path: str, limit_bytes: int) -> bytes:
        return read_bytes(self.location.inside(join(self.folder, path)), limit_bytes)

    def lines(self, path: str) -> Iterator[Line]:
        try:
            yield from lines(self.location.inside(join(self.folder, path)))
        except OSError as problem:
            sentence = f"It cannot be read: {problem.strerror}."
            raise ReadError(sentence) from problem


@contextmanager
def open_bundle(location: Location, path: str) -> Iterator[Bundle]:
    """Open the archive or folder at a path relative to the root.

    Raises:
        ReadError: it is neither, or an archive that is damaged.
    """
    place = location.inside(path)
    if place.is_dir():
        yield _Folder(location, path)
    else:
        with open_archive(place) as archive:
            yield archive


def archives_with(location: Location, names: Sequence[str], members: Sequence[str]) -> list[str]:
    """Return those of some files of a folder (its hidden sub-folders included) that are archives with all members."""
    return [name for name in names if name.endswith(".zip") and _holds(location, location.child(name), members)]


def document(bundle: Bundle, path: str, findings: Findings) -> dict[str, Any]:
    """Return the JSON object in a file of a run; an empty one, with a notice, when it cannot be read."""
    try:
        value = parse_json(bundle.read(path, MOST_DOCUMENT_BYTES)) if bundle.has(path) else {}
    except ReadError as problem:
        findings.tell("unreadable-file", findings.source.path, f"{path}: {problem.sentence} What it says is missing.")
        return {}
    if not isinstance(value, dict):
        findings.tell("unreadable-file", findings.source.path, f"{path} holds no JSON object and was left out.")
    return value if isinstance(value, dict) else {}


def values(bundle: Bundle, path: str, findings: Findings) -> Iterator[object]:
    """Yield the JSON value of each line of a file of a run; broken lines and a damaged end become notices."""
    if not bundle.has(path):
        return
    broken: list[int] = []
    try:
        for line in bundle.lines(path):
            if not line.text.strip() and not line.is_long:
                continue
            try:
                yield parse_json(line.text.encode("utf-8", "replace"))
            except ReadError:
                broken.append(line.number)
    except ReadError as problem:
        findings.tell("unreadable-file", findings.source.path, f"{path}: {problem.sentence} What precedes was kept.")
    if broken:
        message = f"{len(broken)} lines of {path} hold no JSON and were left out; the first is line {broken[0]}."
        findings.tell("broken-lines", findings.source.path, message)


def without_copies(sources: Sequence[Source]) -> tuple[tuple[Source, ...], tuple[Notice, ...]]:
    """Return the runs, of those with the same id the first, and a notice for each other."""
    kept: dict[str, Source] = {}
    notices: list[Notice] = []
    for source in sources:
        first = kept.setdefault(source.run_id, source)
        if first is not source:
            message = f"The run is also in {first.path}; this copy was left out."
            notices.append(Notice(severity=Severity.WARNING, code="second-copy", location=source.path, message=message))
    return tuple(kept.values()), tuple(notices)


def own_id(location: Location, path: str, document_name: str, key: str) -> str:
    """Return the id that a document of a run says, empty when it cannot be read."""
    try:
        with open_bundle(location, path) as bundle:
            value: object = parse_json(bundle.read(document_name, MOST_DOCUMENT_BYTES))
    except (ReadError, OSError):
        return ""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def texts(value: object) -> Mapping[str, str]:
    """Return the entries of a map that are texts and not empty."""
    return (
        {key: text for key, text in value.items() if isinstance(text, str) and text} if isinstance(value, dict) else {}
    )


def _holds(location: Location, path: str, members: Sequence[str]) -> bool:
    try:
        place = location.inside(path)
        if not is_zip(place):
            return False
        with open_archive(place) as archive:
            return all(map(archive.has, members))
    except ReadError:
        return False
