"""DVCLive's folder of metrics, and the DVC files around it, read without either.

DVCLive writes ``metrics.json`` with the last values, ``params.yaml``, and one small table per metric below
``plots/metrics``. DVC describes in ``dvc.yaml`` and ``dvc.lock`` what the stages of a project read and wrote. A project
is one run: its files and those of its ``dvclive`` folder are read together.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runreport.formats.documents import MAX_BYTES, number
from runreport.formats.files import FoundFile, list_folder, scan_tree
from runreport.model.entities import Artifact, RunBatch
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.naming import name_by_path
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers import dvc_files
from runreport.readers.trackers.common import Findings, artifact, flat_params, folder_artifacts, join, parent
from runreport.readers.trackers.dvclive_tables import read_table

_METRICS, _PARAMS, _YAML, _LOCK = "metrics.json", "params.yaml", "dvc.yaml", "dvc.lock"
_TABLES = "plots/metrics"
_FOLDERS = ("plots", "artifacts", "static", "images")
_REPORTS = ("report.md", "report.html", "report.ipynb")
_USUAL_FOLDER = "dvclive"
_STEP = "step"
_HEAD_BYTES = 4_096
_MOST_TABLES = 20_000


class DvcliveReader:
    """Reads folders of DVCLive, with what DVC says about the project around them."""

    name: ClassVar[str] = "dvclive"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "DVCLive: `metrics.json`, `params.yaml`, `plots/metrics/**/*.tsv`",
        "DVC projects: params, metrics, dependencies and outputs of `dvc.lock` and `dvc.yaml`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim a folder that DVCLive wrote, or a project of DVC with its ``dvclive`` folder."""
        names = set(location.files)
        if names & {_YAML, _LOCK} and (match := _project(location)):
            return match
        if _METRICS not in names:
            return None
        certainty = _certainty(location)
        if certainty is None:
            return None
        return Match(
            certainty=certainty,
            reason="metrics.json and the files around it are those of DVCLive",
            takes=frozenset(names & {_METRICS, _PARAMS, _YAML, *_REPORTS}),
            folders=_own_folders(location),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the one run of the folder; a folder called ``dvclive`` belongs to the run of the one above."""
        live = _live_folder(location)
        taken = [location.child(name) for name in (_YAML, _LOCK, _METRICS, _PARAMS) if name in (match.takes or ())]
        taken += map(location.child, dvc_files.metric_files(location, location.relative))
        inner = [join(live, name) for name in (_METRICS, _PARAMS)] if live != location.relative else []
        tables = [join(live, _TABLES, file.path) for file in _tables(location, live)]
        is_inside = location.relative.rpartition("/")[2] == _USUAL_FOLDER and "/" in location.relative
        path = parent(location.relative) if is_inside else location.relative
        files = list(dict.fromkeys([*taken, *inner, *tables]))
        source = source_of(location, self.name, path, files, joining=Joining.FOLDER)
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _project(location: Location) -> Match | None:
    """Return the claim on a folder with DVC's files; None when nothing in it was measured."""
    names = set(location.files)
    metrics = dvc_files.metric_files(location, location.relative) if _YAML in names else ()
    has_live = _USUAL_FOLDER in location.folders and _is_live_folder(location, _USUAL_FOLDER)
    if not metrics and not has_live and _METRICS not in names:
        return None
    return Match(
        certainty=Certainty.SURE,
        reason="dvc.yaml or dvc.lock describes a DVC project with metrics",
        takes=frozenset(names & {_YAML, _LOCK, _METRICS, _PARAMS, *_REPORTS, *metrics}),
        folders=frozenset({_USUAL_FOLDER} if has_live else set()) | _own_folders(location),
    )


def _own_folders(location: Location) -> frozenset[str]:
    """Return the sub-folders that DVCLive itself writes; the tables in them are no runs."""
    return frozenset(set(_FOLDERS) & set(location.folders)) if _is_live_folder(location, "") else frozenset()


def _is_live_folder(location: Location, folder: str) -> bool:
    """Say whether a folder holds what DVCLive always writes."""
    place = join(location.relative, folder)
    has_metrics = any(file.path == _METRICS for file in list_folder(location.root, place).files)
    return has_metrics and bool(list_folder(location.root, join(place, _TABLES)).files or _has_tables(location, place))


def _has_tables(location: Location, folder: str) -> bool:
    return bool(list_folder(location.root, join(folder, _TABLES)).folders)


def _certainty(location: Location) -> Certainty | None:
    """Say how sure it is that metrics.json was written by DVCLive: other tools have one as well."""
    if _is_live_folder(location, ""):
        return Certainty.SURE
    start = location.head(_METRICS, _HEAD_BYTES).strip()
    is_object = start.startswith(b"{")
    if _PARAMS in location.files and is_object and (b'"step"' in start or start == b"{}"):
        return Certainty.LIKELY if location.relative.rpartition("/")[2] == _USUAL_FOLDER else Certainty.POSSIBLE
    return None


def _live_folder(location: Location) -> str:
    """Return the folder with DVCLive's files: the one in question, or its ``dvclive`` folder."""
    has_own = _METRICS in location.files and _is_live_folder(location, "")
    if has_own or not _is_live_folder(location, _USUAL_FOLDER):
        return location.relative
    return location.child(_USUAL_FOLDER)


def _tables(location: Location, live: str) -> list[FoundFile]:
    found = scan_tree(location.root, join(live, _TABLES), max_files=_MOST_TABLES).files
    return [file for file in found if file.path.endswith(".tsv")]


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    findings = Findings(source=source)
    live = _live_folder_of(source)
    prefix = join(live, _TABLES) + "/"
    for file in (file for file in source.files if file.startswith(prefix) and file.endswith(".tsv")):
        read_table(location, file, file.removeprefix(prefix).removesuffix(".tsv"), points, findings)
    for place in (file for file in source.files if file.endswith(".json")):
        _add_last_values(findings.json_object(location, place, MAX_BYTES), points)
    findings.tell_dropped(points)
    params = _params(location, (live, source.path), findings)
    project = dvc_files.read_project(location, source, findings)
    return RunFacts(
        name=name_by_path(source.path, location.label).name,
        params=params | {name: text for name, text in project.params.items() if name not in params},
        tags=project.tags,
        artifacts=(*_artifacts(location, source, live, findings), *project.artifacts),
        datasets=project.datasets,
        edges=project.edges,
        code=project.code,
        notices=tuple(findings.notices),
    )


def _live_folder_of(source: Source) -> str:
    """Return the folder with DVCLive's own files: that of the run, or the ``dvclive`` folder in it."""
    inner = join(source.path, _USUAL_FOLDER)
    return inner if any(file.startswith(f"{inner}/") for file in source.files) else source.path


def _params(location: Location, folders: Sequence[str], findings: Findings) -> dict[str, str]:
    params: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        found = findings.yaml(location, join(folder, _PARAMS))
        params = (flat_params(found) if isinstance(found, dict) else {}) | params
    return params


def _add_last_values(metrics: dict[str, Any], points: RunPoints) -> None:
    """Add the values of metrics.json that no table holds, such as summaries, at its step."""
    step = metrics.get(_STEP)
    at = step if isinstance(step, int) else 0
    waiting: list[tuple[str, object]] = list(metrics.items())
    known = set(points.metrics)
    for name, value in waiting:
        if isinstance(value, dict):
            waiting += [(f"{name}/{key}", inner) for key, inner in value.items()]
        elif name != _STEP and name not in known and (found := number(value)) is not None:
            points.add(name, at, found)


def _artifacts(location: Location, source: Source, live: str, findings: Findings) -> Iterator[Artifact]:
    """Yield pictures and other plots, logged files, and reports; the tables of metrics are no artifacts."""
    for folder in (folder for folder in _FOLDERS if folder != "plots"):
        yield from folder_artifacts(location, findings, join(live, folder), folder)
    skipped = frozenset({PurePosixPath(_TABLES).name})
    yield from folder_artifacts(location, findings, join(live, "plots"), "plots", skipped=skipped)
    for folder in dict.fromkeys((live, source.path)):
        for name in _REPORTS:
            found = artifact(location, source.run_id, name, join(folder, name))
            if found.location:
                yield found
