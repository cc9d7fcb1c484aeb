"""The runs of one Trackio database: settings, points, alerts and files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from runreport.errors import ReadError
from runreport.formats.documents import number, parse_json
from runreport.formats.files import media_type
from runreport.formats.sqlite import Database
from runreport.formats.times import parse_time
from runreport.model.entities import Artifact, Edge
from runreport.names import Relation, content_hash
from runreport.readers.base import Location, Source
from runreport.readers.common.logs import RunFacts
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.common import Findings, artifact, flat_params, join, parent

SYSTEM = "system"
"""Below this name lie the metrics of the machine, which have no step of their own."""

NAME_MARK = "#"
"""Begins the key of a run in a database that knows runs by their names only."""

_OWN_SETTINGS = "_"
_LINKED = (
    "SELECT a.name, a.type, v.version, v.manifest_digest, v.manifest, l.direction FROM run_artifact_links l"
    " JOIN artifact_versions v ON v.id = l.artifact_version_id JOIN artifacts a ON a.id = v.artifact_id"
)
_MOST_ALERTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Reads runs of an open database."""

    database: Database

    def read(self, location: Location, source: Source, points: RunPoints) -> RunFacts:
        """Add the points of a run and return its facts.

        Raises:
            ReadError: there is no such run any more.
        """
        run = source.handle
        findings = Findings(source=source)
        config, created = self._config(run, findings)
        name = self._name(run)
        media = self._add_points(run, points, findings)
        self._add_system_points(run, points, findings)
        findings.tell_dropped(points)
        own = {name: value for name, value in config.items() if name.startswith(_OWN_SETTINGS)}
        params = {name: value for name, value in config.items() if not name.startswith(_OWN_SETTINGS)}
        group = own.get("_Group")
        user = own.get("_Username")
        linked = list(self._links(run))
        return RunFacts(
            experiment=location.inside(source.path).stem,
            name=name,
            started=parse_time(own.get("_Created")) or created,
            user=user if isinstance(user, str) else None,
            note=self._alerts(run) or None,
            params=flat_params(params),
            tags={"group": group} if isinstance(group, str) else {},
            artifacts=(
                *_media(location, source, media),
                *(found for link in linked for found in _files(location, source, link)),
            ),
            edges=tuple(link.edge(source.run_id) for link in linked),
            notices=tuple(findings.notices),
        )

    def _rows(self, table: str, columns: str, run: str, order: str = "id") -> Iterator[tuple[Any, ...]]:
        """Yield columns of the rows of a run in the order in which they were written."""
        if self.database.has(table, "run_name"):
            where, value = is_run(self.database, table, run)
            query = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 - the names are our own constants
            yield from self.database.connection.execute(query, (value,))

    def _name(self, run: str) -> str:
        """Return the name that the run had last."""
        for table in ("metrics", "configs"):
            for (name,) in self._rows(table, "run_name", run, "id DESC LIMIT 1"):
                return str(name)
        return run.removeprefix(NAME_MARK)

    def _config(self, run: str, findings: Findings) -> tuple[dict[str, Any], datetime | None]:
        for config, created in self._rows("configs", "config, created_at", run):
            return _object(config, findings, "the settings"), parse_time(created)
        return {}, None

    def _add_points(self, run: str, points: RunPoints, findings: Findings) -> dict[str, None]:
        """Add the points of a run; return the files that were logged as values.

        Trackio writes many rows at once and gives them the same time; such times are no clock but still the time of
        writing.
        """
        media: dict[str, None] = {}
        lost: dict[str, None] = {}
        for step, time, metrics in self._rows("metrics", "step, timestamp, metrics", run):
            values = _object(metrics, findings, "a row of metrics")
            if not isinstance(step, int):
                lost["rows whose step is no whole number"] = None
                continue
            for name, value in _leaves(values):
                if (found := number(value)) is not None:
                    points.add(name, step, found, parse_time(time))
                elif file := _media_file(value):
                    media[file] = None
                elif value is not None:
                    lost[name] = None
        findings.tell_lost("not-numbers", findings.source.path, "What is no number was left out", list(lost))
        return media

    def _add_system_points(self, run: str, points: RunPoints, findings: Findings) -> None:
        for step, (time, metrics) in enumerate(self._rows("system_metrics", "timestamp, metrics", run)):
            for name, value in _leaves(_object(metrics, findings, "a row of system metrics")):
                if (found := number(value)) is not None:
                    points.add(f"{SYSTEM}/{name}", step, found, parse_time(time))

    def _alerts(self, run: str) -> str:
        """Return the alerts of a run as text, one per line."""
        told = []
        for level, step, title, text in self._rows("alerts", "level, step, title, text", run):
            at = "" if step is None else f" at step {step}"
            told.append(f"{level}{at}: {title}" + (f": {text}" if text else ""))
        rest = len(told) - _MOST_ALERTS
        return "\n".join(told[:_MOST_ALERTS] + ([f"and {rest} more alerts"] if rest > 0 else []))

    def _links(self, run: str) -> Iterator["Link"]:
        """Yield the artifact versions that a run wrote or read."""
        if not self.database.has("artifact_versions", "manifest"):
            return
        where, value = is_run(self.database, "run_artifact_links", run, "l.")
        for row in self.database.connection.execute(f"{_LINKED} WHERE {where} ORDER BY l.id", (value,)):
            yield Link(*(cell if isinstance(cell, int | bytes) else str(cell) for cell in row))


class Link(NamedTuple):
    """One version of an artifact that a run wrote or read; the manifest is JSON."""

    name: Any
    type: Any
    version: Any
    digest: Any
    manifest: Any
    direction: Any

    def edge(self, run_id: str) -> Edge:
        """Return what the link says about the run."""
        kind = "model" if self.type == "model" else "dataset" if self.type == "dataset" else "artifact"
        node = f"{kind}:{self.name}:v{self.version}@{self.digest}"
        run = f"run:{run_id}"
        if self.direction == "input":
            return Edge(run_id=run_id, from_node=node, to_node=run, relation=Relation.USED)
        return Edge(run_id=run_id, from_node=run, to_node=node, relation=Relation.PRODUCED)


def config_rows(database: Database) -> Iterator[tuple[str, str, str]]:
    """Yield key, settings and time of creation of the runs with settings, in the order of their creation."""
    if database.has("configs", "run_name"):
        query = f"SELECT {key_column(database, 'configs')}, config, created_at FROM configs ORDER BY id"  # noqa: S608 - the names are our own constants
        for key, config, created in database.connection.execute(query):
            yield str(key), _plain(config), str(created)


def key_column(database: Database, table: str, prefix: str = "") -> str:
    """Return the expression for the key of a run: Trackio's id, or the marked name where there is none."""
    by_name = f"'{NAME_MARK}' || {prefix}run_name"
    return f"coalesce({prefix}run_id, {by_name})" if database.has(table, "run_id") else by_name


def is_run(database: Database, table: str, key: str, prefix: str = "") -> tuple[str, str]:
    """Return the condition for the rows of a run, in a form for which Trackio has made indexes, and its value."""
    if not key.startswith(NAME_MARK):
        return (f"{prefix}run_id = ?" if database.has(table, "run_id") else "? IS NULL"), key
    has_no_id = f"{prefix}run_id IS NULL AND " if database.has(table, "run_id") else ""
    return f"{has_no_id}{prefix}run_name = ?", key.removeprefix(NAME_MARK)


def links_digest(database: Database) -> str:
    """Return a text that changes with the artifacts of the project."""
    rows = database.rows("artifact_versions", ("id", "manifest_digest"))
    return content_hash(*(str(cell) for row in rows for cell in row))


def _files(location: Location, source: Source, link: Link) -> Iterator[Artifact]:
    """Yield the files of an artifact that the run wrote; Trackio stores them by their SHA-256."""
    try:
        manifest = parse_json(_plain(link.manifest).encode())
    except ReadError:
        return
    store = join(parent(source.path), "artifacts", location.inside(source.path).stem, "blobs", "sha256")
    for entry in manifest if isinstance(manifest, list) and link.direction != "input" else []:
        path, digest = (entry.get("path"), entry.get("digest")) if isinstance(entry, dict) else (None, None)
        if isinstance(path, str) and isinstance(digest, str):
            stored = artifact(location, source.run_id, path, join(store, digest[:2], digest))
            size = entry.get("size")
            yield Artifact(
                run_id=source.run_id,
                path=f"{link.name}:v{link.version}/{path}",
                size_bytes=size if isinstance(size, int) else stored.size_bytes,
                sha256=digest,
                media_type=media_type(path),
                location=stored.location,
            )


def _media(location: Location, source: Source, files: Mapping[str, None]) -> Iterator[Artifact]:
    folder = join(parent(source.path), "media")
    for file in files:
        yield artifact(location, source.run_id, f"media/{file}", join(folder, file))


def _media_file(value: object) -> str:
    """Return the file of a value that Trackio stored beside the database, empty when it is no such value."""
    file = value.get("file_path") if isinstance(value, dict) and "_type" in value else None
    return file if isinstance(file, str) else ""


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the values of nested maps; ``{"val": {"acc": 1}}`` is ``val/acc``, media stay whole."""
    waiting: list[tuple[str, object]] = list(list(values.items())[::-1])
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, dict) and "_type" not in found:
            waiting += [(f"{path}/{key}", inner) for key, inner in list(found.items())[::-1]]
        else:
            yield path, found


def _object(cell: object, findings: Findings, what: str) -> dict[str, Any]:
    try:
        value = parse_json(_plain(cell).encode())
    except ReadError as problem:
        findings.tell("broken-cell", findings.source.path, f"The JSON of {what} was left out. {problem.sentence}")
        return {}
    return value if isinstance(value, dict) else {}


def _plain(cell: object) -> str:
    """Return the text of a cell; Trackio writes JSON as bytes."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return cell if isinstance(cell, str) else json.dumps(None)
