"""Sacred's FileStorageObserver: a numbered folder per run with JSON files, read without Sacred.

The layout is that of ``sacred/observers/file_storage.py``. All files are written anew at each heartbeat, so that those
of a live run may be torn; each is read for itself.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from runreport.formats.documents import as_list, as_map
from runreport.formats.times import parse_time
from runreport.model.entities import Artifact, CodeVersion, Dataset, RunBatch
from runreport.names import RunStatus
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.packages import packages
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers import sacred_values
from runreport.readers.trackers.common import Findings, artifact, base_name, flat_params, join, parent

_RUN, _CONFIG, _METRICS, _INFO, _OUTPUT = "run.json", "config.json", "metrics.json", "info.json", "cout.txt"
_FILES = (_RUN, _CONFIG, _METRICS, _INFO, _OUTPUT)
_MAX_BYTES = 100_000_000
"""Larger files, of more than a million points, would not fit into the memory a reader may use."""

_HEAD_BYTES = 16_384
_MARKS = (b'"experiment"', b'"command"', b'"artifacts"')
_ARTIFACTS = re.compile(r'"artifacts"\s*:\s*')
_LOGS_OF_OTHERS = re.compile(r"tfevents|\.wandb$")
_STORED_NAME = re.compile(r"_([0-9a-f]{32})(?:\.[^/]*)?$")
_MOST_SOURCES = 10_000
_STATUSES = MappingProxyType(
    {
        "QUEUED": RunStatus.RUNNING,  # such a run must not enter a mean
        "RUNNING": RunStatus.RUNNING,
        "COMPLETED": RunStatus.FINISHED,
        "FAILED": RunStatus.FAILED,
        "DIED": RunStatus.FAILED,
        "INTERRUPTED": RunStatus.KILLED,
        "TIMEOUT": RunStatus.KILLED,
    }
)


class SacredReader:
    """Reads the runs of Sacred's FileStorageObserver."""

    name: ClassVar[str] = "sacred"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Sacred FileStorageObserver: `run.json`, `config.json`, `metrics.json`, `info.json`, `cout.txt` per run",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the files of a run, its artifacts included, by the keys at the start of run.json."""
        names = set(location.files)
        if _RUN not in names or not names & {_CONFIG, _METRICS, _OUTPUT}:
            return None
        start = location.head(_RUN, _HEAD_BYTES)
        is_sure = sum(mark in start for mark in _MARKS) > 1
        if not is_sure and not {_CONFIG, _OUTPUT} <= names:
            return None
        return Match(
            certainty=Certainty.SURE if is_sure else Certainty.LIKELY,
            reason="run.json and the files beside it are those of a run of Sacred",
            takes=frozenset(names & {*_FILES, *_artifact_names(start)}),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder."""
        files = [location.child(name) for name in _FILES if match.takes is None or name in match.takes]
        joining = Joining.BENEATH if match.certainty is Certainty.SURE else Joining.FOLDER
        return Scan(sources=(source_of(location, self.name, location.relative, files, joining=joining),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _artifact_names(start: bytes) -> list[str]:
    """Return the artifacts that the start of run.json lists, logs of other tools left out."""
    text = start.decode("utf-8", "replace")
    found = _ARTIFACTS.search(text)
    try:
        names = json.JSONDecoder().raw_decode(text, found.end())[0] if found else []
    except (ValueError, RecursionError):
        return []
    listed = names if isinstance(names, list) else []
    return [name for name in listed if isinstance(name, str) and not _LOGS_OF_OTHERS.search(name)]


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)

    def load(name: str) -> dict[str, Any]:
        return findings.json_object(location, join(source.path, name), _MAX_BYTES)

    run, config, metrics, info = load(_RUN), load(_CONFIG), load(_METRICS), load(_INFO)
    place = join(source.path, _INFO)
    sacred_values.add_metrics(metrics, points, findings, join(source.path, _METRICS))
    described = sacred_values.add_info(info, points, findings, place)
    texts = sacred_values.add_result(run.get("result"), points, findings, join(source.path, _RUN))
    findings.tell_dropped(points)
    started = parse_time(run.get("start_time"))
    experiment = as_map(run.get("experiment"))
    return RunFacts(
        experiment=_text(experiment.get("name")),
        status=_status(run, findings, join(source.path, _RUN)),
        started=started,
        ended=parse_time(run.get("stop_time")),
        duration_s=_beating_s(run, started),
        host=_text(as_map(run.get("host")).get("hostname")),
        note=_note(run),
        params=flat_params(config),
        tags=_tags(run) | described | texts,
        environment=_environment(run),
        artifacts=tuple(_artifacts(location, source, run)),
        datasets=tuple(_datasets(source.run_id, run)),
        code=_code(source.run_id, experiment, findings, join(source.path, _RUN)),
        notices=tuple(findings.notices),
        is_numbered=True,
    )


def _status(run: dict[str, Any], findings: Findings, place: str) -> RunStatus:
    status = str(run.get("status", ""))
    if status and status not in _STATUSES:
        findings.tell("unknown-status", place, f"The status {status[:40]!r} is none of Sacred's and not known.")
    return _STATUSES.get(status, RunStatus.UNKNOWN)


def _beating_s(run: dict[str, Any], started: datetime | None) -> float | None:
    """Return how long a run that was never closed is known to have lived: until its last heartbeat."""
    beat = parse_time(run.get("heartbeat"))
    if run.get("stop_time") or beat is None or started is None or beat < started:
        return None
    return (beat - started).total_seconds()


def _last_line(trace: object) -> str:
    text = "".join(part for part in trace if isinstance(part, str)) if isinstance(trace, list) else trace
    lines = text.strip().splitlines() if isinstance(text, str) else []
    return lines[-1].strip() if lines else ""


def _note(run: dict[str, Any]) -> str | None:
    """Return the comment that was given on the command line, and the error that ended the run."""
    meta = as_map(run.get("meta"))
    comment = _text(as_map(meta.get("options")).get("--comment")) or _text(meta.get("comment"))
    parts = [part for part in (comment, _last_line(run.get("fail_trace"))) if part]
    return "\n".join(parts) or None


def _tags(run: dict[str, Any]) -> dict[str, str]:
    """Return what the run was started with: its command, named configurations and changed settings."""
    meta = as_map(run.get("meta"))
    tags = {"command": command} if (command := _text(run.get("command"))) else {}
    named = [name for name in as_list(meta.get("named_configs")) if isinstance(name, str)]
    updates = [update for update in as_list(as_map(meta.get("options")).get("UPDATE")) if isinstance(update, str)]
    tags |= {"named_configs": ", ".join(named)} if named else {}
    return tags | ({"updates": " ".join(updates)} if updates else {})


def _environment(run: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return what the run ran on; the variables of ``host.ENV`` are left out, for they often hold secrets."""
    host = as_map(run.get("host"))
    listed = [line for line in as_list(as_map(run.get("experiment")).get("dependencies")) if isinstance(line, str)]
    items = {("package", name): version for name, version in packages("requirements.txt", "\n".join(listed)).items()}
    if python := _text(host.get("python_version")):
        items["package", "python"] = python
    system = [part for part in as_list(host.get("os")) if isinstance(part, str)]
    items |= {("os", "platform"): system[-1]} if system else {}
    items |= {("hardware", "cpu"): cpu} if (cpu := _text(host.get("cpu"))) else {}
    return items | _graphics(as_map(host.get("gpus")))


def _graphics(gpus: dict[str, Any]) -> dict[tuple[str, str], str]:
    items = {("driver", "nvidia"): driver} if (driver := _text(gpus.get("driver_version"))) else {}
    for number, gpu in enumerate(map(as_map, as_list(gpus.get("gpus")))):
        model, memory = _text(gpu.get("model")), gpu.get("total_memory")
        if model:
            items["hardware", f"gpu {number}"] = f"{model}, {memory} MiB" if isinstance(memory, int) else model
    return items


def _artifacts(location: Location, source: Source, run: dict[str, Any]) -> Iterator[Artifact]:
    """Yield the artifacts, the captured output, and the stored sources, which lie beside the runs' folders."""
    names = [name for name in as_list(run.get("artifacts")) if isinstance(name, str)]
    output = [_OUTPUT] if join(source.path, _OUTPUT) in source.files else []
    for name in dict.fromkeys([*names, *output]):
        yield artifact(location, source.run_id, name, join(source.path, name))
    for original, stored in _pairs(as_map(run.get("experiment")).get("sources")):
        yield artifact(location, source.run_id, f"sources/{original.lstrip('./')}", join(parent(source.path), stored))


def _datasets(run_id: str, run: dict[str, Any]) -> Iterator[Dataset]:
    """Yield the files that the run opened as resources; their stored names hold the MD5 of their content."""
    for original, stored in _pairs(run.get("resources")):
        digest = _STORED_NAME.search(stored)
        yield Dataset(
            run_id=run_id,
            dataset=base_name(original),
            digest=f"md5:{digest[1]}" if digest else None,
            source=original,
        )


def _code(run_id: str, experiment: dict[str, Any], findings: Findings, place: str) -> CodeVersion | None:
    """Return the repository of the sources; Sacred lists it once for each source file."""
    states = [as_map(item) for item in as_list(experiment.get("repositories"))]
    commits = dict.fromkeys(str(state.get("commit")) for state in states if state.get("commit"))
    if len(commits) > 1:
        findings.tell_lost("several-repositories", place, "Only the first of these commits is shown", list(commits))
    entry_point = _text(experiment.get("mainfile"))
    if not commits and entry_point is None:
        return None
    first = next((state for state in states if state.get("commit")), {})
    return CodeVersion(
        run_id=run_id,
        vcs="git" if commits else None,
        commit=next(iter(commits), None),
        dirty=any(bool(state.get("dirty")) for state in states) if commits else None,
        repo_url=_text(first.get("url")),
        entry_point=entry_point,
    )


def _pairs(value: object) -> list[tuple[str, str]]:
    found = [item for item in as_list(value)[:_MOST_SOURCES] if isinstance(item, list) and len(item) == 2]  # noqa: PLR2004 - where it was, where it is stored
    return [(str(first), str(second)) for first, second in found]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
