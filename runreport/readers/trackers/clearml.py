"""Offline sessions of ClearML: a zip archive, or a folder while it was not closed, read without ClearML.

The layout is that of ``clearml/backend_interface``: ``task.json`` as the client would send it to its server, and
``metrics.jsonl`` and ``log.jsonl``, each line of which is a list of events.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from runreport.formats.documents import as_list, as_map, number
from runreport.formats.times import moment
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Edge, RunBatch
from runreport.names import Relation, RunStatus, Severity
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of, tag_values
from runreport.readers.common.packages import packages
from runreport.readers.common.series import RunPoints
from runreport.readers.common.words import no_end
from runreport.readers.trackers import bundles
from runreport.readers.trackers.common import Findings, artifact, base_name, join

_TASK, _METRICS, _LOG = "task.json", "metrics.jsonl", "log.jsonl"
_SCALAR = "training_stats_scalar"
_NO_ITERATION = -(2**31)
"""The iteration of values that were reported once, without one."""

_PLAIN_SECTIONS = frozenset({"General", "Args"})
_PROPERTIES = "properties"
_MILLISECONDS = 1_000
_PYTHON = re.compile(r"# Python (\d[\w.+]*)")
_LONG_TEXT = 4_000


class ClearmlReader:
    """Reads ClearML's offline sessions."""

    name: ClassVar[str] = "clearml"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "ClearML offline sessions: zip archive or folder with `task.json`, `metrics.jsonl`, `log.jsonl`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim archives with a task and its events, and a folder that holds them unpacked."""
        names = set(location.files)
        if {_TASK, _METRICS} <= names or {_TASK, _LOG} <= names:
            return Match(
                certainty=Certainty.SURE,
                reason="task.json and its events are those of an offline session of ClearML",
                takes=frozenset(names & {_TASK, _METRICS, _LOG}),
                folders=frozenset({"data"} & set(location.folders)),
            )
        archives = bundles.archives_with(location, location.files, (_TASK,))
        own = [name for name in archives if _is_session(location, name)]
        if not own:
            return None
        return Match(
            certainty=Certainty.SURE,
            reason=f"{own[0]} holds an offline session of ClearML",
            takes=frozenset(own),
            folders=frozenset({name.removesuffix(".zip") for name in own} & set(location.folders)),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the run of a folder, or one for each archive, known by the task's own id."""
        takes = match.takes or frozenset()
        if _TASK in takes:
            files = [location.child(name) for name in (_TASK, _METRICS, _LOG) if name in takes]
            return Scan(sources=(_source(location, location.relative, files),))
        found = [_source(location, location.child(name), [location.child(name)]) for name in sorted(takes)]
        sources, notices = bundles.without_copies(found)
        return Scan(sources=sources, notices=notices)

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _is_session(location: Location, name: str) -> bool:
    """Say whether an archive with a task.json has events as well."""
    return any(bundles.archives_with(location, [name], (events,)) for events in (_METRICS, _LOG))


def _source(location: Location, path: str, files: Sequence[str]) -> Source:
    identity = bundles.own_id(location, path, _TASK, "id")
    return source_of(location, ClearmlReader.name, path, files, source_id=identity)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)
    with bundles.open_bundle(location, source.path) as bundle:
        task = bundles.document(bundle, _TASK, findings)
        _add_points(bundle, points, findings)
        host = _worker(bundle, findings)
    findings.tell_dropped(points)
    script = as_map(task.get("script"))
    said = bundles.texts(task)
    status = RunStatus.UNKNOWN if source.path in source.files else RunStatus.RUNNING
    return RunFacts(
        experiment=said.get("project_name"),
        name=said.get("name"),
        status=status,
        parent_run=keys.run_id(ClearmlReader.name, said["parent"]) if "parent" in said else None,
        host=host or None,
        note=said.get("comment"),
        params=_params(task, findings),
        tags=_tags(task),
        environment=_environment(script),
        artifacts=tuple(_artifacts(location, source, task)),
        edges=tuple(_models(source.run_id, task)),
        code=_code(source.run_id, script),
        notices=(*findings.notices, *no_end(status, source.path)),
    )


def _add_points(bundle: bundles.Bundle, points: RunPoints, findings: Findings) -> None:
    """Add the scalars; ClearML has replaced those that are not finite, by 0.0 as a rule, before it wrote them."""
    others: Counter[str] = Counter()
    lost = 0
    for events in bundles.values(bundle, _METRICS, findings):
        for event in events if isinstance(events, list) else [events]:
            if not isinstance(event, dict):
                lost += 1
            elif event.get("type") != _SCALAR:
                others[str(event.get("type"))] += 1
            else:
                lost += not _add_scalar(event, points)
    if lost:
        findings.tell("broken-events", findings.source.path, f"{lost} events hold no number and were left out.")
    if others:
        listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(others.items()))
        message = f"Only scalars are read; other events were left out: {listed}."
        findings.tell("not-scalars", findings.source.path, message, Severity.INFO)


def _add_scalar(event: dict[str, Any], points: RunPoints) -> bool:
    step, value, time = event.get("iter"), number(event.get("value")), number(event.get("timestamp"))
    if not isinstance(step, int) or value is None:
        return False
    name = "/".join(part for part in (event.get("metric"), event.get("variant")) if isinstance(part, str) and part)
    at = moment(time / _MILLISECONDS) if time is not None else None
    points.add(name or "value", 0 if step == _NO_ITERATION else step, value, at)
    return True


def _worker(bundle: bundles.Bundle, findings: Findings) -> str:
    """Return the machine that the captured output names first."""
    for events in bundles.values(bundle, _LOG, findings):
        for event in events if isinstance(events, list) else []:
            if worker := bundles.texts(event).get("worker"):
                return worker
    return ""


def _params(task: dict[str, Any], findings: Findings) -> dict[str, str]:
    """Return the hyperparameters by section, those of the usual sections without its name, and short configurations."""
    params: dict[str, str] = {}
    sections = {
        name: as_map(section) for name, section in as_map(task.get("hyperparams")).items() if name != _PROPERTIES
    }
    for section in sorted(sections, key=lambda name: (name not in _PLAIN_SECTIONS, name)):
        for name, entry in sections[section].items():
            text = str(as_map(entry).get("value") or "")
            is_plain = section in _PLAIN_SECTIONS and name not in params
            params[name if is_plain else f"{section}/{name}"] = text
    long: list[str] = []
    for name, entry in as_map(task.get("configuration")).items():
        text = str(as_map(entry).get("value") or "")
        if len(text) > _LONG_TEXT:
            long.append(name)
        else:
            params[f"configuration/{name}"] = text
    findings.tell_lost("long-settings", findings.source.path, "Long configurations were left out", long)
    return params


def _tags(task: dict[str, Any]) -> dict[str, str]:
    tags = tag_values(tag for tag in as_list(task.get("tags")) if isinstance(tag, str))
    said = bundles.texts(task)
    tags |= {"type": said["type"]} if "type" in said else {}
    properties = as_map(as_map(task.get("hyperparams")).get(_PROPERTIES))
    return tags | {name: str(as_map(entry).get("value") or "") for name, entry in properties.items()}


def _environment(script: dict[str, Any]) -> dict[tuple[str, str], str]:
    lines = bundles.texts(script.get("requirements")).get("pip", "")
    items = {("package", name): version for name, version in packages("requirements.txt", lines).items()}
    python = _PYTHON.search(lines)
    return items | ({("package", "python"): python[1]} if python else {})


def _code(run_id: str, script: dict[str, Any]) -> CodeVersion | None:
    """Return the commit, and the digest of the changes on top of it; without a repository they are the whole script."""
    said = bundles.texts(script)
    entry_point, diff = said.get("entry_point"), said.get("diff")
    if not entry_point and not said.get("version_num"):
        return None
    commit = said.get("version_num")
    return CodeVersion(
        run_id=run_id,
        vcs="git" if commit else None,
        commit=commit,
        branch=said.get("branch"),
        dirty=bool(diff) if commit else None,
        diff_digest=f"sha256:{hashlib.sha256(diff.encode('utf-8', 'replace')).hexdigest()}" if diff else None,
        repo_url=said.get("repository"),
        entry_point=entry_point,
    )


def _artifacts(location: Location, source: Source, task: dict[str, Any]) -> Iterator[Artifact]:
    """Yield what was uploaded; the files lie in the session, which is not unpacked."""
    folder = bundles.texts(task).get("offline_folder", "")
    for entry in map(as_map, as_list(as_map(task.get("execution")).get("artifacts"))):
        said = bundles.texts(entry)
        uri = said.get("uri", "")
        if not (name := said.get("key")):
            continue
        inner = uri.removeprefix(folder).lstrip("/") if folder and uri.startswith(folder) else ""
        stored = artifact(location, source.run_id, base_name(uri), join(source.path, inner)) if inner else None
        size = entry.get("content_size")
        yield Artifact(
            run_id=source.run_id,
            path=join(name, base_name(uri)),
            size_bytes=size if isinstance(size, int) else None,
            sha256=said.get("hash"),
            media_type=bundles.texts(entry.get("type_data")).get("content_type"),
            location=stored.location if stored else uri if "://" in uri else None,
        )


def _models(run_id: str, task: dict[str, Any]) -> Iterator[Edge]:
    """Yield an edge to each model that the task registered."""
    for entry in map(as_map, as_list(task.get("offline_output_models"))):
        if name := bundles.texts(entry.get("init")).get("name"):
            yield Edge(run_id=run_id, from_node=f"run:{run_id}", to_node=f"model:{name}", relation=Relation.PRODUCED)
