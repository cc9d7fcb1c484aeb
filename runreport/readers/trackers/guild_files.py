"""The small files in Guild's hidden folder: attributes, the manifest of copied files, the operation."""

import shlex
from dataclasses import dataclass
from typing import Any, NamedTuple

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.readers.base import Location, Source
from runreport.readers.trackers.common import Findings, join

_SMALL_BYTES = 4_096
_MANIFEST_BYTES = 20_000_000
_ENTRY_PARTS = 3


class Entry(NamedTuple):
    """One file that Guild copied into a run: kind ``s`` (source code) or ``d`` (dependency), and its SHA-1."""

    kind: str
    path: str
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a run, each read from its own YAML file when it is asked for."""

    location: Location
    source: Source
    findings: Findings
    folder: str

    def text(self, name: str) -> str:
        """Return an attribute that is a single value as its text, empty when there is none."""
        value = self._value(name)
        return value if isinstance(value, str) else ""

    def listed(self, name: str) -> list[Any]:
        """Return an attribute that is a list, empty when there is none."""
        value = self._value(name)
        return value if isinstance(value, list) else []

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an attribute that is a map, empty when there is none."""
        value = self._value(name)
        return value if isinstance(value, dict) else {}

    def _value(self, name: str) -> object:
        return self.findings.yaml(self.location, join(self.folder, name))


def short_text(location: Location, file: str) -> str:
    """Return the content of a small file without the white space around it, empty when it cannot be read."""
    try:
        return read_bytes(location.inside(file), _SMALL_BYTES).decode("utf-8", "replace").strip()
    except ReadError:
        return ""


def operation(location: Location, file: str) -> str:
    """Return the operation that ``opref`` names, with its model where it has one.

    The file holds five words: type, name and version of the package, the model and the operation.
    """
    words = _words(short_text(location, file))
    return ":".join(word for word in words[3:5] if word)


def manifest(location: Location, source: Source, findings: Findings, folder: str) -> tuple[Entry, ...]:
    """Return the files that were copied into the run: lines of kind, path, SHA-1 and where they came from."""
    file = join(folder, "manifest")
    if file not in source.files:
        return ()
    try:
        text = read_bytes(location.inside(file), _MANIFEST_BYTES).decode("utf-8", "replace")
    except ReadError as problem:
        findings.tell("unreadable-file", file, f"{problem.sentence} What it says is missing.")
        return ()
    rows = [_words(line) for line in text.splitlines()]
    return tuple(Entry(*[*row, ""][:4]) for row in rows if len(row) >= _ENTRY_PARTS)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that is never closed
        return text.split()
