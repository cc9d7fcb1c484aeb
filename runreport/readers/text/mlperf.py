"""MLPerf Training: result files of MLLOG lines, with the description of the system and the scaling factor around them.

The lines are those of mlcommons/logging: ``:::MLLOG {"namespace": .., "time_ms": .., "event_type": .., "key": ..,
"value": .., "metadata": {..}}``, anywhere in a line. A submission lies in
``ORGANISATION/results/SYSTEM/BENCHMARK/result_N.txt`` with ``ORGANISATION/systems/SYSTEM.json`` beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import load_object
from runreport.formats.files import list_folder, suffix_of
from runreport.model.entities import RunBatch
from runreport.model.keys import flatten
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of, unreadable
from runreport.readers.common.series import RunPoints
from runreport.readers.text.lines import ends, read_lines
from runreport.readers.text.mlperf_events import MARK, Events
from runreport.readers.text.mlperf_run import facts_of

_SUFFIXES = frozenset({".txt", ".log", ".out"})
_PEEK_BYTES = 8192
_MOST_LINE = 1 << 20  # a line of tracked values may be long
_SCALING = "scaling.json"
_RESULTS, _SYSTEMS = "results", "systems"
_JSON_BYTES = 1 << 20
_DEPTH = 4  # results/SYSTEM/BENCHMARK/result_N.txt
_DRIVER, _OS = "driver", "operating_system"
_SOFTWARE = ("framework", "other_software_stack", "sw_notes")
_OF_SUBMISSION = frozenset({"submitter", "division", "status"})


class MlperfReader:
    """Reads MLLOG lines, one run per file."""

    name: ClassVar[str] = "mlperf"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MLPerf Training: `result_N.txt` and other text logs with `:::MLLOG {...}` lines, `scaling.json`, `systems/*.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim text logs whose first or last kilobytes hold an MLLOG line."""
        names = [name for name in location.files if _holds_events(location, name)]
        if names:
            count = f"{len(names)} log{'s' * (len(names) > 1)} with MLLOG lines of MLPerf, for example {names[0]}"
            takes = {*names, *({_SCALING} & set(location.files))}
            return Match(certainty=Certainty.SURE, reason=count, takes=frozenset(takes))
        if _is_systems_folder(location):
            reason = "descriptions of the systems whose results lie beside this folder"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(), reads_above=True)
        return None

    def scan(self, location: Location, match: Match) -> Scan:
        """Return one run for each log."""
        sources = [
            source_of(location, self.name, place, [place, location.child(_SCALING), *_system_files(place)])
            for name in sorted(match.takes or ())
            if name != _SCALING
            for place in [location.child(name)]
        ]
        return Scan(sources=tuple(sources))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        return read_each(self, location, sources, _read_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Where a result lies: ``ORGANISATION/results/SYSTEM/BENCHMARK``; empty texts where it lies elsewhere."""

    system: str = ""
    benchmark: str = ""


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    place = source.files[0]
    events = Events(place)
    for line in read_lines(location.inside(place), max_bytes=_MOST_LINE):
        if MARK in line.text:
            events.add_line(line)
    notices: list[Notice] = []
    described: dict[str, dict[str, Any]] = {}
    for file in source.files[1:]:
        try:
            described[PurePosixPath(file).name] = load_object(location.inside(file), _JSON_BYTES)
        except ReadError as problem:
            notices.append(unreadable(source, problem, file))
    scaling = described.pop(_SCALING, {})
    system = next(iter(described.values()), {})
    where = _submission(place)
    return facts_of(
        events,
        points,
        name=f"{where.system}/{PurePosixPath(place).stem}" if where.system else None,
        system=where.system,
        benchmark=where.benchmark,
        tags={name: text for name, text in flatten(scaling).items() if text},
        environment=_environment(system),
        notices=notices,
    )


def _holds_events(location: Location, name: str) -> bool:
    if suffix_of(name) not in _SUFFIXES:
        return False
    try:
        head, tail = ends(location.listed(name), _PEEK_BYTES, _PEEK_BYTES)
    except ReadError:
        return False
    mark = f"{MARK} {{".encode()
    return mark in head or mark in tail


def _is_systems_folder(location: Location) -> bool:
    parent, _, name = location.relative.rpartition("/")
    if name != _SYSTEMS or not any(file.endswith(".json") for file in location.files):
        return False
    return _RESULTS in list_folder(location.root, parent).folders


def _system_files(place: str) -> list[str]:
    parts = place.split("/")
    if len(parts) < _DEPTH or parts[-_DEPTH] != _RESULTS:
        return []
    return ["/".join([*parts[:-_DEPTH], _SYSTEMS, f"{parts[1 - _DEPTH]}.json"])]


def _submission(place: str) -> Submission:
    if not _system_files(place):
        return Submission()
    _, system, benchmark, _ = place.split("/")[-_DEPTH:]
    return Submission(system=system, benchmark=benchmark)


def _environment(system: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the description of a system by kind and item; what the log says itself is not repeated."""
    found: dict[tuple[str, str], str] = {}
    for name, text in flatten(system).items():
        if text and name not in _OF_SUBMISSION:
            found[_kind(name), name.removeprefix("other_software_stack.")] = text
    return found


def _kind(name: str) -> str:
    if _DRIVER in name:
        return "driver"
    if name == _OS or "kernel" in name:
        return "os"
    return "package" if name.startswith(_SOFTWARE) else "hardware"
