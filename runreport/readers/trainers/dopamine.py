"""Baselines of Dopamine: a JSON list of records ``Iteration``, ``Value`` and ``Agent``, one file per environment.

Several records of an agent with the same iteration are repetitions with other seeds, which the file does not name. Each
becomes a run: the n-th record of an agent and iteration belongs to its n-th repetition, because the repetitions follow
each other in the file. The seeds stay unknown; ``repetition`` is a tag, so that the repetitions of an agent are grouped.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from runreport.errors import ReadError
from runreport.formats.documents import load_json, number
from runreport.model.entities import RunBatch
from runreport.names import Direction
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.trainers.rows import MOST_JSON_BYTES, counted, info, peek, warning, whole

_KEYS = ('"Iteration"', '"Value"', '"Agent"')
_METRIC = "Value"
_MARK = "#"
_LONGEST_NAME = 200


class _Repetition(NamedTuple):
    agent: str
    number: int
    points: tuple[tuple[int, float], ...]


class _Content(NamedTuple):
    repetitions: tuple[_Repetition, ...]
    broken: int


class DopamineReader:
    """Reads Dopamine's JSON files of many runs."""

    name: ClassVar[str] = "dopamine"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Dopamine baselines: JSON records of `Iteration`, `Value` and `Agent`",)

    def match(self, location: Location) -> Match | None:
        """Claim the JSON files whose first record has the three keys."""
        names = [name for name in location.files if name.endswith(".json") and _is_dopamine(location, name)]
        if not names:
            return None
        reason = f"{names[0]} holds records of Iteration, Value and Agent"
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(names))

    def scan(self, location: Location, match: Match) -> Scan:
        """List a run for each agent and repetition of each file."""
        sources: list[Source] = []
        notices: list[Notice] = []
        for name in sorted(match.takes or ()):
            file = location.child(name)
            try:
                content = _content_of(location, file)
            except ReadError as problem:
                notices.append(warning("unreadable-log", file, problem.sentence))
                continue
            sources += [
                source_of(location, self.name, file, [file], handle=f"{_MARK}{one.agent}/{one.number}")
                for one in content.repetitions
            ]
            notices += _said(file, content)
        return Scan(sources=tuple(sources), notices=tuple(notices))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        yield from read_each(self, location, sources, _read_run)


def _is_dopamine(location: Location, name: str) -> bool:
    text = peek(location, name, 512)
    return text.lstrip().startswith("[") and all(key in text for key in _KEYS)


def _content_of(location: Location, file: str) -> _Content:
    path = location.inside(file)
    try:
        status = path.stat()
    except OSError as problem:
        raise ReadError(f"It cannot be opened: {problem.strerror}.") from problem
    return _parsed(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2)  # the runs of a file are read one after the other
def _parsed(path: Path, size_bytes: int, mtime_ns: int) -> _Content:
    del size_bytes, mtime_ns  # parts of the key: a file that changes is read again
    records = load_json(path, MOST_JSON_BYTES)
    if not isinstance(records, list):
        raise ReadError("It holds no list of records.")
    found: dict[tuple[str, int], list[tuple[int, float]]] = {}
    counts: dict[tuple[str, int], int] = {}
    broken = 0
    for record in records:
        read = _record(record)
        if read is None:
            broken += 1
            continue
        agent, iteration, value = read
        repetition = counts[agent, iteration] = counts.get((agent, iteration), 0) + 1
        found.setdefault((agent, repetition), []).append((iteration, value))
    repetitions = (_Repetition(agent, repetition, tuple(own)) for (agent, repetition), own in found.items())
    return _Content(tuple(sorted(repetitions)), broken)


def _record(record: Any) -> tuple[str, int, float] | None:  # noqa: ANN401 - a JSON value may be anything
    if not isinstance(record, dict):
        return None
    agent, iteration, value = record.get("Agent"), whole(record.get("Iteration")), number(record.get("Value"))
    if not isinstance(agent, str) or iteration is None or value is None or len(agent) > _LONGEST_NAME:
        return None
    return agent, iteration, value


def _said(file: str, content: _Content) -> Iterator[Notice]:
    most = max((one.number for one in content.repetitions), default=0)
    if most > 1:
        message = (
            f"Up to {most} records share an agent and an iteration: they were read as repetitions, in the order of "
            "the file. Which seed each had is not said."
        )
        yield info("unnamed-seeds", file, message)
    if content.broken:
        message = f"{counted(content.broken, 'record')} without agent, iteration or value left out."
        yield warning("broken-records", file, message)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    wanted = source.handle.removeprefix(_MARK)
    found = (one for one in _content_of(location, source.path).repetitions if f"{one.agent}/{one.number}" == wanted)
    own = next(found, None)
    if own is None:
        raise ReadError("The run is no longer in the file.")
    for iteration, value in own.points:
        points.add(_METRIC, iteration, value)
    environment = source.path.rpartition("/")[2].removesuffix(".json")
    folder = source.path.rpartition("/")[0]
    return RunFacts(
        experiment=f"{folder}/{environment}" if folder else environment,
        name=f"{own.agent} {own.number}",
        params={"agent": own.agent, "env": environment},
        tags={"repetition": str(own.number)},
        directions={_METRIC: Direction.UP},
        primary=_METRIC,
        is_numbered=True,
    )
