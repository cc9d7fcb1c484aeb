"""MLflow's file store (``mlruns/``), read without MLflow: whole stores, single experiments and single runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from runreport.errors import ReadError
from runreport.formats.files import Tree, list_folder, read_bytes, scan_tree
from runreport.formats.flat_yaml import FlatYaml
from runreport.model.entities import RunBatch, RunLog
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.words import counted_names
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.artifacts import MAX_ARTIFACTS, read_leftovers
from runreport.readers.mlflow.facts import Experiment, Leftovers, RunFacts
from runreport.readers.mlflow.folders import (
    ARTIFACTS,
    RUN_PARTS,
    ExperimentFolder,
    MetricPath,
    experiment_of_run,
    folder_of,
    read_experiment,
    read_run,
)
from runreport.readers.mlflow.meta import META, Kind, kind_of, packed, read_listed_meta, read_meta, source_id
from runreport.readers.mlflow.metric_lines import MetricFile, read_points
from runreport.readers.mlflow.model_folders import MODELS, ModelFolders
from runreport.readers.mlflow.models import NO_MODELS

_TRASH = ".trash"
_NO_EXPERIMENTS = frozenset({_TRASH, MODELS})
_NO_RUNS = frozenset({"datasets", MODELS, "tags", "traces"})
_MATCH_FOLDERS = 200
_METRIC_BYTES = 1024 * 1024 * 1024
_FINGERPRINT_LENGTH = 32


@dataclass(slots=True)
class _Found:
    """What a scan has come across so far."""

    location: Location
    sources: dict[str, Source] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    broken_count: int = 0
    versions: set[str] = field(default_factory=set)
    models: ModelFolders = field(init=False)

    def __post_init__(self) -> None:
        self.models = ModelFolders(self.location, self.notices)

    def tell(self, severity: Severity, code: str, place: str, message: str, run_id: str = "") -> None:
        self.notices.append(Notice(severity=severity, code=code, location=place or ".", message=message, run_id=run_id))

    def tell_broken(self, folder: str, reason: str) -> str:
        """Count a run that cannot be listed and return its outcome."""
        self.broken_count += 1
        self.tell(Severity.ERROR, "broken-run", f"{folder}/{META}", f"The run is missing{reason}")
        return "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadRun:
    """A run's log without the notices about its points, and the files these lie in."""

    log: RunLog
    metrics: tuple[MetricPath, ...]


class MlflowFileReader:
    """Reads MLflow's file store: meta.yaml files and one small file for each metric, param and tag."""

    name: ClassVar[str] = "mlflow_file"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MLflow file store: a tracking folder (mlruns/) of MLflow 1 to 3",
        "MLflow file store: the folder of a single experiment",
        "MLflow file store: the folder of a single run",
    )

    def match(self, location: Location) -> Match | None:
        """Say whether the folder is a tracking folder, an experiment or a run, by the keys of a meta.yaml."""
        if META in location.files:
            kind = _kind(location, location.relative)
            reason = f"its {META} describes one {kind.value} of MLflow"
            return None if kind is Kind.OTHER else Match(certainty=Certainty.SURE, reason=reason)
        for name in [name for name in location.folders if name not in _NO_EXPERIMENTS][:_MATCH_FOLDERS]:
            if _kind(location, location.child(name)) is Kind.EXPERIMENT:
                return Match(certainty=Certainty.SURE, reason=f"{name}/{META} describes an experiment of MLflow")
        return None

    def scan(self, location: Location, match: Match) -> Scan:  # noqa: ARG002 - the whole tree is always ours
        """List the runs that are not deleted, by experiment and run folder."""
        found = _Found(location)
        kind = _kind(location, location.relative) if META in location.files else Kind.OTHER
        if kind is Kind.RUN:
            _scan_single_run(found, location.relative)
        elif kind is Kind.EXPERIMENT:
            _scan_experiment(found, location.relative)
        else:
            _scan_store(found)
        return Scan(
            sources=tuple(found.sources.values()), notices=tuple(found.notices), runs_skipped=found.broken_count
        )

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read runs; a run is never split between batches, and a batch has at most 128 runs."""
        homes = _Homes(location)
        for group in mlflow_runs.batches(sources):
            yield _read_group(location, group, homes)


def _kind(location: Location, folder: str) -> Kind:
    try:
        return kind_of(read_meta(location, folder))
    except ReadError:
        return Kind.OTHER


def _may_be_experiment(location: Location, folder: str) -> bool:
    """Say whether a folder is an experiment, or would be if its meta.yaml were not broken."""
    try:
        return kind_of(read_meta(location, folder)) is Kind.EXPERIMENT
    except ReadError:
        return (location.root / folder / META).exists()


def _scan_store(found: _Found) -> None:
    location = found.location
    passed_over = []
    for name in location.folders:
        if name in _NO_EXPERIMENTS:
            continue
        if _may_be_experiment(location, location.child(name)):
            _scan_experiment(found, location.child(name))
        else:
            passed_over.append(name)
    if passed_over:
        message = f"{counted_names(passed_over, 'folder')} without the {META} of an experiment: left out."
        found.tell(Severity.INFO, "no-experiment", location.relative, message)
    _tell_unattached(found, location.relative)
    if deleted := list_folder(location.root, location.child(_TRASH)).folders:
        message = f"{counted_names(deleted, 'deleted experiment')} left out."
        found.tell(Severity.INFO, "deleted-experiments", location.child(_TRASH), message)


def _tell_unattached(found: _Found, store: str) -> None:
    """Tell of registered versions that no run here led to: a version is kept with the run it came from."""
    versions = [f"{version.name} {version.version}" for version in found.models.registry(store)]
    alone = [version for version in versions if version not in found.versions]
    if alone:
        message = f"{counted_names(alone, 'registered model version')} left out, because no run that is read led to it."
        found.tell(Severity.INFO, "unattached-model", f"{store}/{MODELS}".strip("/"), message)


def _scan_experiment(found: _Found, folder: str) -> None:
    home = read_experiment(found.location, folder, found.models)
    found.notices += home.notices
    listing = list_folder(found.location.root, folder)
    names = [name for name in listing.folders if name not in _NO_RUNS]
    if home.is_deleted:
        message = f"The experiment {home.experiment.name!r} is deleted; {counted_names(names, 'run')} left out."
        found.tell(Severity.INFO, "deleted-experiments", folder, message)
        return
    found.notices += Tree(files=(), refused=listing.refused).notices(folder)
    outcomes = {name: _scan_run(found, f"{folder}/{name}".strip("/"), home) for name in names}
    deleted = [name for name, outcome in outcomes.items() if outcome == "deleted"]
    if deleted:
        message = f"{counted_names(deleted, 'deleted run')} of {home.experiment.name!r} left out."
        found.tell(Severity.INFO, "deleted-runs", folder, message)
    if nothing := [name for name, outcome in outcomes.items() if outcome == "no meta"]:
        message = f"{counted_names(nothing, 'folder')} without a {META}: left out."
        found.tell(Severity.INFO, "no-run", folder, message)


def _scan_single_run(found: _Found, folder: str) -> None:
    home = experiment_of_run(found.location, folder, found.models)
    found.notices += home.notices
    if _scan_run(found, folder, home) == "deleted":
        found.tell(Severity.INFO, "deleted-runs", folder, "The run is deleted; it was left out.")


def _scan_run(found: _Found, folder: str, home: ExperimentFolder) -> str:
    """Add the run of a folder and return "found", or say why it was not added."""
    root = found.location.root
    tree = scan_tree(root, folder, enter=RUN_PARTS)
    if all(file.path != META for file in tree.files):
        return "no meta"
    try:
        meta = read_listed_meta(root, folder)
    except ReadError as problem:
        return found.tell_broken(folder, f". {problem.sentence}")
    if not source_id(meta):
        return found.tell_broken(folder, ": there is no run_id in this file.")
    if meta.values.get("lifecycle_stage") == "deleted":
        return "deleted"
    models = home.models.get(source_id(meta), NO_MODELS)
    found.versions |= {f"{version.name} {version.version}" for version in models.versions}
    source = _source(root, folder, tree, meta, home.experiment.identity() + models.identity())
    found.notices += tree.notices(folder, source.run_id)
    if tree.is_cut:
        message = f"The run has more than {len(tree.files):,} files; the rest was left out."
        found.tell(Severity.WARNING, "many-files", folder, message, source.run_id)
    return _add_source(found, source)


def _add_source(found: _Found, source: Source) -> str:
    first = found.sources.setdefault(source.run_id, source)
    if first is not source:
        message = f"This is a second copy of the run in {first.path}; it was left out."
        found.tell(Severity.WARNING, "second-copy", source.path, message, source.run_id)
        return "copy"
    return "found"


def _source(root: Path, folder: str, tree: Tree, meta: FlatYaml, more: str) -> Source:
    """Return a run as found: the files of its log, and a fingerprint in which its artifacts take part."""
    prefix = f"{folder}/" if folder else ""
    files = [file for file in tree.files if file.path == META or "/" in file.path]
    artifacts = scan_tree(root, prefix + ARTIFACTS, max_files=MAX_ARTIFACTS)
    facts = [f"{path} {size_bytes} {time_ns}" for path, size_bytes, time_ns in (*files, *artifacts.files)]
    return Source(
        run_id=mlflow_runs.run_id(source_id(meta)),
        path=folder or ".",
        files=tuple(prefix + file.path for file in files),
        handle=packed(meta),
        fingerprint=content_hash(source_id(meta), more, "\n".join(facts), length=_FINGERPRINT_LENGTH),
        size_bytes=sum(file.size_bytes for file in files),
    )


def _read_group(location: Location, group: Sequence[Source], homes: "_Homes") -> RunBatch:
    runs = [_read_log(location, source, homes) for source in group]
    unread: list[Notice] = []
    points, notices = read_points(_metric_files(location, runs, unread))
    about: dict[str, list[Notice]] = {}
    for notice in (*unread, *notices):
        about.setdefault(notice.run_id, []).append(notice)
    logs = (replace(run.log, notices=(*run.log.notices, *about.get(run.log.run.run_id, ()))) for run in runs)
    return RunBatch(logs=tuple(logs), points=points)


def _read_log(location: Location, source: Source, homes: "_Homes") -> _ReadRun:
    """Read all of a run but its points; when its meta.yaml has vanished or broken since, only the notice is left."""
    reader = (MlflowFileReader.name, MlflowFileReader.version)
    try:
        home = homes.of_run(folder_of(source))
        run = read_run(location, source, home)
    except ReadError as problem:
        return _ReadRun(
            log=mlflow_runs.run_log(_broken_facts(source), source, reader, _broken(source, problem)), metrics=()
        )
    leftovers = read_leftovers(location.root, run.artifact_folders, source.run_id)
    log = mlflow_runs.run_log(run.facts, source, reader, replace(leftovers, notices=(*run.notices, *leftovers.notices)))
    return _ReadRun(log=log, metrics=run.metrics)


class _Homes:
    """The experiments of runs that are read, each read once."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._models = ModelFolders(location)
        self._homes: dict[str, ExperimentFolder] = {}

    def of_run(self, folder: str) -> ExperimentFolder:
        parent = folder.rpartition("/")[0]
        if parent not in self._homes:
            self._homes[parent] = experiment_of_run(self._location, folder, self._models)
        return self._homes[parent]


def _broken_facts(source: Source) -> RunFacts:
    unfinished = "RUNNING"  # such a run must not enter a mean
    name = folder_of(source).rpartition("/")[2] or source.run_id
    return RunFacts(source_id=name, place=source.path, experiment=Experiment(name=""), status=unfinished)


def _broken(source: Source, problem: ReadError) -> Leftovers:
    notice = Notice(
        severity=Severity.ERROR,
        code="broken-run",
        location=f"{source.path}/{META}",
        message=f"The run could not be read. {problem.sentence}",
        run_id=source.run_id,
    )
    return Leftovers(notices=(notice,))


def _metric_files(location: Location, runs: Sequence[_ReadRun], unread: list[Notice]) -> Iterator[MetricFile]:
    """Read the metric files of runs one by one; those that cannot be read are added to ``unread``.

    They come by metric and run, in the order of the store, so that no point need be moved later.
    """
    root = str(location.root)
    series = ((metric, run.log.run.run_id, path) for run in runs for metric, path in run.metrics)
    for metric, run_id, path in sorted(series):
        try:
            content = read_bytes(f"{root}/{path}", _METRIC_BYTES)
        except ReadError as problem:
            unread.append(_unread_metric(run_id, path, problem))
        else:
            yield MetricFile(run_id, metric, path, content)


def _unread_metric(run_id: str, path: str, problem: ReadError) -> Notice:
    message = f"The points of this metric are missing. {problem.sentence}"
    return Notice(severity=Severity.ERROR, code="unread-metric", location=path, message=message, run_id=run_id)
