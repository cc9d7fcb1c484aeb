"""Guild AI's runs: a folder per run with a hidden ``.guild`` folder, read without Guild.

The hidden folder holds small YAML files of attributes, the captured output, and event files with the scalars that were
found in that output; the layout is that of ``guild/run.py`` and ``guild/op_util.py``. Event files that a script writes
itself lie beside it and belong to the same run.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar

from runreport.formats.files import list_folder
from runreport.formats.times import moment
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Dataset, Edge, RunBatch
from runreport.names import Direction, Relation, RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of, tag_values
from runreport.readers.common.packages import packages
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers import guild_files
from runreport.readers.trackers.common import Findings, artifact, base_name, flat_params, folder_artifacts, join
from runreport.readers.trackers.event_scalars import read_scalars

_HIDDEN = ".guild"
_ATTRIBUTES = f"{_HIDDEN}/attrs"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_EVENTS = "tfevents"
_MARKERS = ("opref", "attrs")
_LIVE_MARKS = ("LOCK", "LOCK.remote", "PENDING", "STAGED")
_OUTPUT = "output"
_MICROSECONDS = 1_000_000
_SHORT_ID = 8
_LONG_TEXT = 2_000


class GuildReader:
    """Reads the runs of Guild AI."""

    name: ClassVar[str] = "guild"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("Guild AI runs: `runs/<id>/.guild` with attributes, output and scalars",)

    def match(self, location: Location) -> Match | None:
        """Claim the hidden folder of a run; the files around it are left to other readers, as parts of the run."""
        if _HIDDEN not in location.folders:
            return None
        hidden = list_folder(location.root, location.child(_HIDDEN))
        present = {*hidden.folders, *(file.path for file in hidden.files)}
        if not present.issuperset(_MARKERS):
            return None
        own = {f"{_HIDDEN}/opref"}
        if _is_deleted(location.relative):
            reason = ".guild holds the attributes of a run of Guild AI that was deleted"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset(own | set(location.files)))
        return Match(
            certainty=Certainty.SURE,
            reason=".guild holds the attributes of a run of Guild AI",
            takes=frozenset(own),
            folders=frozenset(filter(_RUN_ID.fullmatch, location.folders)),  # links to the trials of a batch
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder, known by Guild's own id, which is the name of its folder."""
        del match
        if _is_deleted(location.relative):
            return Scan(sources=(), notices=(_deleted(location),))
        hidden, attributes = location.child(_HIDDEN), location.child(_ATTRIBUTES)
        files = [join(hidden, file.path) for file in list_folder(location.root, hidden).files]
        files += [join(attributes, file.path) for file in list_folder(location.root, attributes).files]
        own_id = guild_files.short_text(location, join(attributes, "id"))
        source_id = own_id if _RUN_ID.fullmatch(own_id) else ""
        source = source_of(location, self.name, location.relative, files, source_id=source_id, joining=Joining.BENEATH)
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _is_deleted(folder: str) -> bool:
    return folder.split("/")[-3:-1] == ["trash", "runs"]


def _deleted(location: Location) -> Notice:
    message = "The run was left out because it is deleted."
    return Notice(severity=Severity.INFO, code="deleted-runs", location=location.relative, message=message)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)
    attributes = guild_files.Attributes(location, source, findings, join(source.path, _ATTRIBUTES))
    for file in (file for file in source.files if _EVENTS in base_name(file)):
        read_scalars(location.inside(file), file, points, findings)
    findings.tell_dropped(points)
    manifest = guild_files.manifest(location, source, findings, join(source.path, _HIDDEN))
    operation = guild_files.operation(location, join(source.path, _HIDDEN, "opref"))
    directions, primary = _objective(attributes.text("objective"))
    return RunFacts(
        experiment=operation or None,
        name=attributes.text("label") or _short_id(source, attributes) or None,
        status=_status(source, attributes),
        started=_moment(attributes, "started") or _moment(attributes, "initialized"),
        ended=_moment(attributes, "stopped"),
        user=attributes.text("user") or None,
        host=attributes.text("host") or None,
        note=_note(attributes),
        params=flat_params(attributes.mapping("flags")),
        tags=_tags(attributes),
        environment=_environment(attributes),
        directions=directions,
        primary=primary,
        artifacts=tuple(_artifacts(location, source, findings, _copied(attributes, manifest))),
        datasets=tuple(_datasets(source.run_id, attributes, manifest)),
        edges=tuple(_trials(location, source)),
        code=_code(source.run_id, attributes),
        notices=tuple(findings.notices),
    )


def _short_id(source: Source, attributes: guild_files.Attributes) -> str:
    return (attributes.text("id") or base_name(source.path))[:_SHORT_ID]


def _status(source: Source, attributes: guild_files.Attributes) -> RunStatus:
    """Return the status as Guild derives it, but that a lock stands for a running process, which may be gone."""
    code = attributes.text("exit_status")
    if re.fullmatch(r"-?\d{1,9}", code):
        return RunStatus.FINISHED if int(code) == 0 else RunStatus.KILLED if int(code) < 0 else RunStatus.FAILED
    marks = {join(source.path, _HIDDEN, mark) for mark in _LIVE_MARKS}
    return RunStatus.RUNNING if marks & set(source.files) else RunStatus.FAILED


def _moment(attributes: guild_files.Attributes, name: str) -> datetime | None:
    text = attributes.text(name)
    return moment(int(text) / _MICROSECONDS) if re.fullmatch(r"\d{1,18}", text) else None


def _note(attributes: guild_files.Attributes) -> str | None:
    """Return the comments on a run, each with who wrote it."""
    told = [
        f"{comment['user']}: {comment['body']}" if comment.get("user") else comment["body"]
        for comment in attributes.listed("comments")
        if isinstance(comment, dict) and isinstance(comment.get("body"), str)
    ]
    return "\n".join(told) or None


def _tags(attributes: guild_files.Attributes) -> dict[str, str]:
    tags = tag_values(tag for tag in attributes.listed("tags") if isinstance(tag, str))
    command = " ".join(part for part in attributes.listed("cmd") if isinstance(part, str))
    tags |= {"command": command} if 0 < len(command) <= _LONG_TEXT else {}
    tags |= {"marked": "true"} if attributes.text("marked") == "true" else {}
    return tags | ({"random_seed": seed} if (seed := attributes.text("random_seed")) else {})


def _environment(attributes: guild_files.Attributes) -> dict[tuple[str, str], str]:
    """Return packages and platform. The variables of the process are not read: they hold passwords."""
    lines = "\n".join(line for line in attributes.listed("pip_freeze") if isinstance(line, str))
    items = {("package", name): version for name, version in packages("requirements.txt", lines).items()}
    platform = attributes.mapping("platform")
    named = (("package", "python", "python_version"), ("os", "uname", "uname"), ("hardware", "cpus", "cpus"))
    for kind, item, key in (*named, ("hardware", "processor", "processor"), ("os", "architecture", "architecture")):
        value = platform.get(key)
        if isinstance(value, str) and value:
            items[kind, item] = value.split(" ")[0] if item == "python" else value
    return items


def _objective(text: str) -> tuple[dict[str, Direction], str | None]:
    """Return which way the objective of an optimizer improves; Guild marks one to be maximised with a minus."""
    metric = text.removeprefix("-")
    if not metric:
        return {}, None
    return {metric: Direction.UP if text.startswith("-") else Direction.DOWN}, metric


def _artifacts(location: Location, source: Source, findings: Findings, copied: frozenset[str]) -> Iterator[Artifact]:
    """Yield the captured output and what the run wrote; copied source code and dependencies are not its own."""
    output = join(source.path, _HIDDEN, _OUTPUT)
    if output in source.files:
        yield artifact(location, source.run_id, _OUTPUT, output)
    skipped = frozenset({_HIDDEN})
    for found in folder_artifacts(location, findings, source.path, "", skipped=skipped):
        if found.path not in copied and _EVENTS not in found.path:
            yield found


def _copied(attributes: guild_files.Attributes, manifest: Sequence[guild_files.Entry]) -> frozenset[str]:
    """Return the files of the run that Guild put there: source code and dependencies."""
    required = (
        about
        for sources in attributes.mapping("deps").values()
        if isinstance(sources, dict)
        for about in sources.values()
    )
    paths = (about.get("paths") for about in required if isinstance(about, dict))
    return frozenset(
        {entry.path for entry in manifest}
        | {base_name(str(path)) for listed in paths if isinstance(listed, list) for path in listed}
    )


def _datasets(
    run_id: str, attributes: guild_files.Attributes, manifest: Sequence[guild_files.Entry]
) -> Iterator[Dataset]:
    """Yield the files that the operation requires, with the SHA-1 of those that were copied into the run."""
    digests = {entry.source: entry.digest for entry in manifest if entry.kind == "d"}
    for resource, sources in attributes.mapping("deps").items():
        for about in (sources if isinstance(sources, dict) else {}).values():
            uri = about.get("uri") if isinstance(about, dict) else None
            if isinstance(uri, str):
                digest = digests.get(uri)
                yield Dataset(
                    run_id=run_id,
                    dataset=base_name(uri.removeprefix("file:")) or str(resource),
                    digest=f"sha1:{digest}" if digest else None,
                    source=uri,
                )


def _trials(location: Location, source: Source) -> Iterator[Edge]:
    """Yield an edge to each trial of a batch, which has a link to it under its id."""
    for name in list_folder(location.root, source.path).folders:
        if _RUN_ID.fullmatch(name):
            child = keys.run_id(GuildReader.name, name)
            yield Edge(
                run_id=source.run_id,
                from_node=f"run:{source.run_id}",
                to_node=f"run:{child}",
                relation=Relation.CHILD,
            )


def _code(run_id: str, attributes: guild_files.Attributes) -> CodeVersion | None:
    """Return the commit, with a star when the work tree had changes, and the digest of the copied source code."""
    vcs, _, state = attributes.text("vcs_commit").partition(":")
    digest = attributes.text("sourcecode_digest")
    if not state and not digest:
        return None
    parts: list[Any] = attributes.listed("cmd")
    module = next((str(part) for before, part in pairwise(parts) if before == "guild.op_main"), None)
    return CodeVersion(
        run_id=run_id,
        vcs=vcs if state else None,
        commit=state.removesuffix("*") or None,
        dirty=state.endswith("*") if state else None,
        diff_digest=f"md5:{digest}" if digest else None,
        entry_point=module,
    )
