"""Jobs of Hydra: the settings in ``.hydra/``, for whatever metrics lie in the job's folder or below.

Format: ``hydra/core/utils.py`` writes ``.hydra/{config,hydra,overrides}.yaml`` into the folder of each job, which is
``outputs/<day>/<time>`` for one job and ``multirun/<day>/<time>/<number>`` for each job of a sweep; a sweep also has
``multirun.yaml``. Both are a layer over the logs of other readers, and a run of their own only where there are none.

The jobs of a sweep are one experiment; a job is named by its overrides. Interpolations such as ``${lr}`` stay text,
because Hydra saves the settings before they are resolved.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import ClassVar

from runreport.formats.files import list_folder, media_type, read_bytes
from runreport.formats.lines import lines
from runreport.formats.times import parse_time
from runreport.formats.yaml import MAX_BYTES, load_yaml
from runreport.model import keys
from runreport.model.entities import Artifact, RunBatch
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, attempt, read_each, source_of
from runreport.readers.common.series import RunPoints

_FOLDER = ".hydra"
_CONFIG, _HYDRA, _OVERRIDES = "config.yaml", "hydra.yaml", "overrides.yaml"
_FILES = (_CONFIG, _HYDRA, _OVERRIDES)
_SWEEP = "multirun.yaml"
_OWN_GROUPS = "hydra/"
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:,(\d{1,6}))?\]")
_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_LOG_LINES = 2_000_000
_SWEEP_MARK = b"hydra:"
_RUNTIME = re.compile(rb"^  runtime:$(.+?)(?=^  \S|\Z)", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(rb"^    (cwd|output_dir): *['\"]?(.+?)['\"]? *\r?$", re.MULTILINE)


class HydraReader:
    """Reads the settings of jobs of Hydra."""

    name: ClassVar[str] = "hydra"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Hydra jobs: `.hydra/config.yaml`, `hydra.yaml`, `overrides.yaml`, `multirun.yaml`, over the metrics below",
    )

    def match(self, location: Location) -> Match | None:
        """Claim the hidden folder of a job, or the file of a sweep, which is read with its jobs."""
        if _FOLDER in location.folders and not (location.path / _FOLDER).is_symlink():
            held = {file.path for file in list_folder(location.root, location.child(_FOLDER)).files}
            found = [name for name in _FILES if name in held]
            if _CONFIG in found or _HYDRA in found:
                takes = frozenset(f"{_FOLDER}/{name}" for name in found)
                return Match(certainty=Certainty.SURE, reason=f"{_FOLDER} holds the settings of a job", takes=takes)
        if _SWEEP in location.files and _begins_with(location, _SWEEP, _SWEEP_MARK):
            reason = "the settings of a sweep, which are read with its jobs"
            return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset({_SWEEP}))
        return None

    def scan(self, location: Location, match: Match) -> Scan:
        """Return the job of the folder; none where only the file of a sweep lies."""
        files = [location.child(name) for name in sorted(match.takes or ()) if name != _SWEEP]
        if not files:
            return Scan(sources=())
        above = location.relative.rpartition("/")[0]
        sweep = f"{above}/{_SWEEP}".lstrip("/") if location.relative else ""
        if sweep and (location.root / sweep).is_file():
            files.append(sweep)
        joining = _joining(location, files)
        source = source_of(location, self.name, location.relative, files, joining=joining)
        return Scan(sources=(source,))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the jobs one after the other."""
        yield from read_each(self, location, sources, _read_job)


def _joining(location: Location, files: Sequence[str]) -> Joining:
    """Say whether what lies below a job is known to be its own.

    It is not when the job ran in the folder it was started from, where every job writes over the settings of the one
    before, nor when the folder that was named for ingest is not called what the job called its own.
    """
    own = next((file for file in files if file.endswith(f"/{_HYDRA}")), None)
    places = _runtime_places(location.inside(own)) if own else {}
    output = places.get("output_dir", "")
    if output and output == places.get("cwd"):
        return Joining.LAST_JOB
    is_known = bool(location.relative) or PurePosixPath(output.replace("\\", "/")).name == location.root.name
    return Joining.JOB if is_known else Joining.LAST_JOB


def _runtime_places(path: Path) -> dict[str, str]:
    """Return where a job was started and where it wrote, without reading all its settings."""
    runtime = _RUNTIME.search(read_bytes(path, MAX_BYTES))
    found = _PLACE.findall(runtime[1]) if runtime else []
    return {name.decode(): place.decode(errors="replace") for name, place in found}


def _begins_with(location: Location, name: str, mark: bytes) -> bool:
    return location.head(name, len(mark)) == mark


def _read_job(location: Location, source: Source, points: RunPoints) -> RunFacts:
    del points
    notices: list[Notice] = []
    files = {PurePosixPath(file).name: file for file in source.files}
    texts = {
        name: attempt(source, files[name], partial(_flat, location, files[name]), notices) if name in files else {}
        for name in (_CONFIG, _HYDRA, _SWEEP)
    }
    settings = texts[_HYDRA]
    overrides = _overrides(location, source, files, settings, notices)
    log = _job_log(location, source, settings)
    started, ended = _times(location.inside(log)) if log else (None, None)
    number = settings.get("hydra.job.num", "")
    return RunFacts(
        experiment=_experiment(source.path, settings, is_sweep=_SWEEP in files or number.isdecimal()),
        name=_name(source.path, overrides, settings),
        started=started,
        ended=ended,
        params=texts[_CONFIG],
        tags=_tags(settings, texts[_SWEEP], overrides),
        environment=_environment(settings),
        artifacts=_artifacts(location, source, log),
        notices=tuple(notices),
        is_numbered=True,
    )


def _flat(location: Location, file: str) -> Mapping[str, str]:
    """Return the settings of a file as dotted names and texts."""
    path = location.inside(file)
    if not file.endswith(_SWEEP):
        return _settings(path)
    stat = path.stat()
    return _sweep_settings(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)  # all jobs of a sweep ask for the same file
def _sweep_settings(path: Path, size_bytes: int, mtime_ns: int) -> Mapping[str, str]:  # noqa: ARG001 - see above
    return _settings(path)


def _settings(path: Path) -> Mapping[str, str]:
    value = load_yaml(read_bytes(path, MAX_BYTES))
    return keys.flatten(value) if isinstance(value, dict) else {}


def _listed(location: Location, file: str) -> dict[str, str]:
    """Return the texts of a list under their positions."""
    value = load_yaml(read_bytes(location.inside(file), MAX_BYTES))
    items = value if isinstance(value, list) else []
    return {str(place): item for place, item in enumerate(items) if isinstance(item, str)}


def _overrides(
    location: Location, source: Source, files: Mapping[str, str], settings: Mapping[str, str], notices: list[Notice]
) -> list[str]:
    """Return what the job was started with, in the order of the command line."""
    if _OVERRIDES not in files:
        return [part for part in settings.get("hydra.job.override_dirname", "").split(",") if part]
    listed = attempt(source, files[_OVERRIDES], partial(_listed, location, files[_OVERRIDES]), notices)
    return list(listed.values())


def _experiment(path: str, settings: Mapping[str, str], *, is_sweep: bool) -> str | None:
    """Return what the run is compared with: the jobs of its sweep, or the single jobs of the same program."""
    folders = [folder for folder in path.split("/") if folder]
    if is_sweep and folders:
        return "/".join(folders[:-1]) or None
    if len(folders) > 1 and _DATED.fullmatch(folders[-2]):  # a day is no experiment
        return "/".join(folders[:-2]) or settings.get("hydra.job.name") or None
    return None


def _name(path: str, overrides: Sequence[str], settings: Mapping[str, str]) -> str | None:
    """Return the overrides; without any the number of the job in its sweep, or its day and time."""
    number = settings.get("hydra.job.num", "")
    folders = path.split("/")
    text = ",".join(overrides) or settings.get("hydra.job.override_dirname", "")
    if text or number.isdecimal():
        return text or f"job {number}"
    return "/".join(folders[-2:]) if len(folders) > 1 and _DATED.fullmatch(folders[-2]) else None


def _tags(settings: Mapping[str, str], sweep: Mapping[str, str], overrides: Sequence[str]) -> dict[str, str]:
    tags = {
        name.removeprefix("hydra."): text
        for name, text in settings.items()
        if name in ("hydra.job.name", "hydra.job.num", "hydra.job.id", "hydra.job.config_name", "hydra.mode")
    }
    choices = "hydra.runtime.choices."
    tags |= {
        f"choices.{name[len(choices) :]}": text
        for name, text in settings.items()
        if name.startswith(choices) and not name[len(choices) :].startswith(_OWN_GROUPS)
    }
    swept = sweep.get("hydra.overrides.task")
    return {
        **{f"hydra.{name}": text for name, text in tags.items() if text not in ("None", "", "???")},
        **({"hydra.overrides": ",".join(overrides)} if overrides else {}),
        **({"hydra.sweep": swept} if swept else {}),
    }


def _environment(settings: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return the version of Hydra; the variables of ``hydra.job.env_set`` are left out, for they often hold secrets."""
    version = settings.get("hydra.runtime.version")
    return {("package", "hydra-core"): version} if version else {}


def _job_log(location: Location, source: Source, settings: Mapping[str, str]) -> str | None:
    """Return the log that Hydra's logging writes beside the job's other files."""
    name = settings.get("hydra.job.name", "")
    held = {file.path for file in list_folder(location.root, source.path).files}
    return f"{source.path}/{name}.log".lstrip("/") if f"{name}.log" in held else None


def _times(log: Path) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last time in a job's log. They have no zone and are taken as UTC."""
    first: datetime | None = None
    last: datetime | None = None
    for line in lines(log):
        found = _STAMP.match(line.text)
        if found:
            last = parse_time(f"{found[1]}.{(found[2] or '0').ljust(6, '0')}") or last
            first = first or last
        if line.number >= _LOG_LINES:
            break
    return first, last


def _artifacts(location: Location, source: Source, log: str | None) -> tuple[Artifact, ...]:
    if log is None:
        return ()
    name = log.rpartition("/")[2]
    sizes = {file.path: file.size_bytes for file in list_folder(location.root, source.path).files}
    return (
        Artifact(
            run_id=source.run_id, path=name, size_bytes=sizes.get(name), media_type=media_type(name), location=log
        ),
    )
