"""W&B run folders, offline and online, without W&B: the record file, and the small files beside it.

A run is the folder of a record file, ``run-<id>.wandb``. Run folders of one id that lie in one folder are one run: a
process that was started again under its id goes on in another folder, in the order of the times in their names. A
folder ``files`` whose record file is gone still says the settings and the last values.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import list_folder
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.kept import KeptFiles
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.wandb import beside as beside_files
from runreport.readers.wandb import facts, media
from runreport.readers.wandb.beside import read_beside
from runreport.readers.wandb.histograms import take_histograms
from runreport.readers.wandb.notes import Notes
from runreport.readers.wandb.points import add_history, add_measurements
from runreport.readers.wandb.records import MARK, Records, project_of
from runreport.readers.wandb.summary import add_summary, combined

_SUFFIX = ".wandb"
_RECORD_FILE = re.compile(r"run-(?P<id>.+)\.wandb\Z")
_RUN_FOLDER = re.compile(r"(?:offline-)?run-(?P<time>\d{8}_\d{6})-(?P<id>.+)\Z")
_OWN_FOLDERS = frozenset({"files", "logs", "tmp", "code"})
_FILES = "files"
_CLIENT_FOLDER = "wandb"
_PEEK_BYTES = 1 << 16


class WandbReader:
    """Reads the run folders of W&B."""

    name: ClassVar[str] = "wandb"
    version: ClassVar[str] = "2"
    formats: ClassVar[tuple[str, ...]] = (
        "Run folders, offline and online (`run-*.wandb`), of all versions with a record file",
        "Several run folders of one run id as one run",
        "The `files` folder of a run alone: `config.yaml`, `wandb-summary.json`, `wandb-metadata.json`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim record files, or else the files that the client writes beside one."""
        names = [name for name in location.files if name.endswith(_SUFFIX)]
        sound = [name for name in names if location.head(name, len(MARK)) == MARK]
        if sound or any(map(_RECORD_FILE.match, names)):
            return _record_match(location, names, sound)
        known = frozenset(beside_files.FILES) & set(location.files)
        signs = [name for name in (beside_files.SUMMARY, beside_files.METADATA) if name in known]
        if not signs and beside_files.CONFIG in known:
            head = location.head(beside_files.CONFIG, _PEEK_BYTES)
            signs = [beside_files.CONFIG] if beside_files.holds_settings(head) else []
        if not signs:
            return None
        reason = f"{signs[0]} of a W&B run without its record file"
        return Match(certainty=Certainty.SURE, reason=reason, takes=known)

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs: the one of a run folder with its further folders, or each record file."""
        taken = frozenset(location.files) if match.takes is None else match.takes
        names = sorted(name for name in taken if name.endswith(_SUFFIX))
        if not names:
            return Scan(sources=(_source_without_log(location, sorted(taken)),))
        if len(names) > 1:
            return Scan(
                sources=tuple(_source(location, location.child(name), [location.child(name)]) for name in names)
            )
        folders = _further_folders(location, names[0]) or [location.relative]
        files = [f"{folder}/{name}".lstrip("/") for folder in folders for name in _files_of(location, folder, names[0])]
        return Scan(sources=(_source(location, location.relative, files),))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one by one."""
        return read_each(self, location, sources, _read_run)


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notes = Notes(source.path)
    logs = [file for file in source.files if file.endswith(_SUFFIX)]
    records = _read_records(location, logs, notes)
    beside = read_beside(location, [file for file in source.files if file not in logs], notes)
    logged = add_history(records.history, records.definitions, points, notes)
    add_measurements(records.system, records.run.started_s, points, notes)
    summary = combined(records.summary.tree(), beside.summary, notes)
    tags = add_summary(summary, logged, points, notes)
    kept = KeptFiles(source.run_id)
    take_histograms(kept, logged, notes)
    collected = media.Collected(source.run_id)
    for folder in _file_folders(source, logs):
        media.add_files(collected, location, folder, notes)
    media.add_media(collected, logged.contents, notes)
    media.add_logged(collected, records.artifacts)
    collected.note(notes)
    return facts.run_facts(
        source.run_id,
        _id_of(logs[0]) if logs else _id_of_folder(source.path),
        records,
        beside,
        summary_tags=tags,
        directions=records.definitions.directions(points.metrics),
        artifacts=(*collected.artifacts, *kept.artifacts),
        blobs=kept.blobs,
        notes=notes,
    )


def _read_records(location: Location, logs: Sequence[str], notes: Notes) -> Records:
    """Read the record files; one that cannot be read is left out, unless there is nothing else.

    Raises:
        ReadError: there is only one, and it cannot be read.
        OSError: likewise.
    """
    records = Records()
    for file in logs:
        try:
            records.read(location.inside(file), file, notes)
        except ReadError as problem:
            notes.add("unreadable-file", problem.sentence, place=file, severity=Severity.ERROR)
    if len(logs) > 1:
        message = f"The log goes on in {len(logs)} files, which were read as one run."
        notes.info("resumed-run", message)
    return records


def _record_match(location: Location, names: Sequence[str], sound: Sequence[str]) -> Match:
    certainty = Certainty.SURE if sound else Certainty.LIKELY
    if len(names) == 1:
        folders = _further_folders(location, names[0])
        if folders and folders[0] != location.relative:
            reason = f"goes on with the run in {folders[0].rpartition('/')[2]}, and is read with it"
            return Match(certainty=certainty, reason=reason, takes=frozenset(), folders=_OWN_FOLDERS, reads_above=True)
    reason = f"{len(names)} record file{'s' * (len(names) > 1)} of W&B, for example {names[0]}"
    return Match(certainty=certainty, reason=reason, takes=frozenset(names), folders=_OWN_FOLDERS)


def _source(location: Location, path: str, files: Sequence[str]) -> Source:
    """Return the source of a run; its identity is project and id, as its first record file says them."""
    logs = [file for file in files if file.endswith(_SUFFIX)]
    project = next((name for file in logs if (name := project_of(location.inside(file)))), "")
    tool_id = _id_of(logs[0])
    joining = Joining.ALONE if path in files else Joining.FOLDER
    source_id = facts.identity(project, tool_id) if tool_id else ""
    return source_of(location, facts.TOOL, path, files, source_id=source_id, joining=joining, beside=_beside(path))


def _beside(path: str) -> str | None:
    """Return the folder in which the client made its own folder ``wandb``, None when there is no such folder."""
    above = path.rpartition("/")[0] if _RUN_FOLDER.match(path.rpartition("/")[2]) else ""
    folder, _, name = above.rpartition("/")
    return folder if name == _CLIENT_FOLDER else None


def _source_without_log(location: Location, names: Sequence[str]) -> Source:
    above, _, name = location.relative.rpartition("/")
    path = above if name == _FILES else location.relative
    tool_id = _id_of_folder(path)
    files = [location.child(one) for one in names]
    source_id = f"{_FILES}/{tool_id}" if tool_id else ""
    return source_of(
        location, facts.TOOL, path, files, source_id=source_id, joining=Joining.FOLDER, beside=_beside(path)
    )


def _files_of(location: Location, folder: str, log: str) -> list[str]:
    """Return the files of a run folder that are read, relative to it."""
    below = list_folder(location.root, f"{folder}/{_FILES}".lstrip("/"))
    known = {found.path for found in below.files}
    return [log, *(f"{_FILES}/{name}" for name in beside_files.FILES if name in known)]


def _file_folders(source: Source, logs: Sequence[str]) -> list[str]:
    """Return the folders with the files of a run, those of its last process first."""
    if logs and source.path in logs:
        return []
    if logs:
        return [f"{log.rpartition('/')[0]}/{_FILES}".lstrip("/") for log in reversed(logs)]
    return sorted({file.rpartition("/")[0] for file in source.files})


def _further_folders(location: Location, log: str) -> list[str]:
    """Return the run folders beside this one, itself included, in which the same run goes on."""
    above, _, name = location.relative.rpartition("/")
    if not _RUN_FOLDER.match(name):
        return []
    folder = location.root / above if above else location.root
    try:
        mtime_ns = folder.stat().st_mtime_ns
    except OSError:
        return []
    return list(_folders_by_log(location.root, above, mtime_ns).get(log, ()))


@lru_cache(maxsize=64)  # asked for every run folder
def _folders_by_log(root: Path, above: str, mtime_ns: int) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG001 - a changed folder is listed anew
    """Return the run folders in a folder by the name of their record file, in the order of their times."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in list_folder(root, above).folders:
        folder = f"{above}/{name}" if above else name
        named = _RUN_FOLDER.match(name)
        if named is None or (root / folder).is_symlink():
            continue
        logs = [file.path for file in list_folder(root, folder).files if file.path.endswith(_SUFFIX)]
        if len(logs) == 1:
            found[logs[0]].append((named["time"], folder))
    return {log: tuple(folder for _, folder in sorted(folders)) for log, folders in found.items()}


def _id_of(log: str) -> str:
    named = _RECORD_FILE.match(log.rpartition("/")[2])
    return named["id"] if named else ""


def _id_of_folder(folder: str) -> str:
    named = _RUN_FOLDER.match(folder.rpartition("/")[2])
    return named["id"] if named else ""
