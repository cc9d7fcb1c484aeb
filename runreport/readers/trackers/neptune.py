"""Runs of Neptune's client that were logged offline or not sent yet: the hidden folder ``.neptune``, read without it.

Each run has folders with ``data-<n>.log`` files of operations, as ``neptune/internal`` queues them for its server. What
the server has taken is deleted from them, so that a run that was partly sent is only partly there.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from runreport.formats.documents import MAX_BYTES
from runreport.formats.files import list_folder, scan_tree
from runreport.formats.times import parse_time
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.bundles import texts
from runreport.readers.trackers.common import Findings, base_name, join, parent
from runreport.readers.trackers.neptune_operations import Operations
from runreport.readers.trackers.neptune_queue import operations

_HIDDEN = ".neptune"
_MODES = frozenset({"offline", "async", "sync"})
_DATA = re.compile(r"data-(\d{1,18})\.log")
_QUEUE_MARK = "last_put_version"
_METADATA = "metadata.json"
_CONTAINER = re.compile(r"(?P<kind>run|project|model|model_version)__(?P<id>[^/]+?)(?:__\d+__[^/]+)?")
_MAX_DEPTH = 4
_SHORT_ID = 8


class NeptuneReader:
    """Reads the operations that Neptune's client has stored."""

    name: ClassVar[str] = "neptune"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Neptune (client 1) offline and unsent runs: `.neptune/{offline,async}`",)

    def match(self, location: Location) -> Match | None:
        """Claim the hidden folder in a folder, or one of its queues when that is where the search began."""
        if _HIDDEN in location.folders:
            modes = set(list_folder(location.root, location.child(_HIDDEN)).folders) & _MODES
            takes = frozenset(join(_HIDDEN, mode) for mode in modes)
            reason = ".neptune holds what Neptune's client has logged"
            return Match(certainty=Certainty.SURE, reason=reason, takes=takes) if takes else None
        queue = frozenset(name for name in location.files if _DATA.fullmatch(name))
        if not queue or _QUEUE_MARK not in location.files:
            return None
        return Match(
            certainty=Certainty.SURE,
            reason="data-*.log and last_put_version are a queue of Neptune's client",
            takes=queue | (set(location.files) & {_METADATA, _QUEUE_MARK, "last_ack_version"}),
            folders=frozenset({"upload_path"} & set(location.folders)),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs by their ids; the queues of one run, such as those of several processes, are read together."""
        hidden = sorted(name for name in match.takes or () if name.startswith(f"{_HIDDEN}/"))
        if not hidden:
            files = [location.child(name) for name in location.files if name in (match.takes or ())]
            return _runs(location, files)
        trees = [
            (location.child(mode), scan_tree(location.root, location.child(mode), max_depth=_MAX_DEPTH))
            for mode in hidden
        ]
        return _runs(location, [join(folder, file.path) for folder, tree in trees for file in tree.files])

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _runs(location: Location, files: Sequence[str]) -> Scan:
    """Return a run for each container of that kind; projects and models are told about."""
    by_id: dict[str, list[str]] = {}
    others: dict[str, None] = {}
    queues = {parent(file) for file in files if _DATA.fullmatch(base_name(file))}
    for file in files:
        is_read = base_name(file) == _METADATA or _DATA.fullmatch(base_name(file))
        if parent(file) not in queues or not is_read:
            continue
        kind, identity = _container(parent(file))
        if kind == "run":
            by_id.setdefault(identity, []).append(file)
        else:
            others[parent(file)] = None
    sources = [
        source_of(location, NeptuneReader.name, parent(own[0]), sorted(own, key=_order), source_id=identity)
        for identity, own in sorted(by_id.items())
    ]
    return Scan(sources=tuple(sources), notices=tuple(map(_not_a_run, others)))


def _container(folder: str) -> tuple[str, str]:
    """Return the kind and id of the container that a folder with a queue belongs to."""
    for component in reversed(folder.split("/")):
        if found := _CONTAINER.fullmatch(component):
            return found["kind"], found["id"]
    return "run", base_name(folder)


def _order(file: str) -> tuple[str, int]:
    data = _DATA.fullmatch(base_name(file))
    return parent(file), int(data[1]) if data else -1


def _not_a_run(folder: str) -> Notice:
    message = "It holds the fields of a project or a model, not of a run, and was left out."
    return Notice(severity=Severity.INFO, code="not-a-run", location=folder, message=message)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)
    found = Operations(location, source, findings)
    metadata: dict[str, Any] = {}
    for file in source.files:
        if base_name(file) == _METADATA:
            metadata = metadata or findings.json_object(location, file, MAX_BYTES)
        else:
            for operation in operations(location.inside(file), file, findings):
                found.apply(operation, file)
    found.finish(points)
    said = texts(metadata)
    place = next((part for part in source.path.split("/") if part == _HIDDEN), None)
    above = source.path.split(f"{_HIDDEN}/")[0].rstrip("/") if place else ""
    return RunFacts(
        experiment=above or location.label,
        name=found.name or _container(source.path)[1][:_SHORT_ID],
        status=found.status,
        started=parse_time(said.get("createdAt")),
        host=found.host,
        note=found.note,
        params=found.params,
        tags=found.tags,
        environment={("os", "platform"): said["os"]} if "os" in said else {},
        units=found.units,
        artifacts=found.artifacts,
        datasets=found.datasets,
        code=found.code,
        notices=tuple(findings.notices),
    )
