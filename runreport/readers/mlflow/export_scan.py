"""Which runs an export of MLflow holds, and in which files they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import load_json
from runreport.formats.files import scan_tree
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers.base import Location, Scan, Source
from runreport.readers.common.logs import source_of
from runreport.readers.common.words import counted_names
from runreport.readers.mlflow import records
from runreport.readers.mlflow.models import LoggedModel, ModelVersion, by_run
from runreport.readers.mlflow.records import RunRecord
from runreport.readers.mlflow.runs import TOOL

MAX_BYTES = 32 * 1024 * 1024
"""The largest JSON file that is read: parsed it takes about ten times as much memory."""

PARTS = frozenset({"evaluation_datasets", "experiments", "logged_models", "models", "prompts", "runs", "traces"})
"""The folders that mlflow-export-import makes at the top of an export."""

_ARTIFACTS = "artifacts"
_MODEL_FILES = frozenset({"logged_model.json", "model.json"})


@dataclass(slots=True)
class ExportScan:
    """Collects the runs of an export, and what was left out."""

    location: Location
    sources: dict[str, Source] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)  # of the runs, hashed
    notices: list[Notice] = field(default_factory=list)
    broken_count: int = 0
    deleted: list[str] = field(default_factory=list)
    model_files: dict[str, set[str]] = field(default_factory=dict)  # files by the run whose models they hold
    versions: list[tuple[str, ModelVersion]] = field(default_factory=list)

    def add_tree(self) -> None:
        """Add the runs of a folder of mlflow-export-import."""
        tree = scan_tree(self.location.root, self.location.relative)
        self.notices += tree.notices(self.location.relative)
        paths = [self.location.child(file.path) for file in tree.files if _ARTIFACTS not in file.path.split("/")[:-1]]
        experiments = {_folder(path): path for path in paths if _name(path) == "experiment.json"}
        self._look_at(experiments.values())
        self._add_models([path for path in paths if _name(path) in _MODEL_FILES])
        for path in paths:
            if _name(path) == "run.json":
                home = next((experiments[above] for above in _above(path) if above in experiments), None)
                self._add_document(path, _folder(path) or ".", [home] if home else [])

    def add_files(self, names: Sequence[str]) -> None:
        """Add the runs of some JSON files of one folder; files without runs say something about those of the others."""
        paths = [self.location.child(name) for name in names]
        documents = {path: raw for path in paths if (raw := self._load(path)) is not None}
        pages = [path for path, raw in documents.items() if next(records.run_records(raw), None) is not None]
        beside = [path for path in documents if path not in pages]
        self._add_models(beside)
        for path in pages:
            self._add_runs(path, path, records.run_records(documents[path]), beside)

    def result(self) -> Scan:
        """Return what was found, with what was left out."""
        if self.deleted:
            message = f"{counted_names(self.deleted, 'deleted run')} left out."
            self._tell(Severity.INFO, "deleted-runs", self.location.relative, message)
        runs = {source.handle for source in self.sources.values()}
        alone = [f"{version.name} {version.version}" for run, version in self.versions if run not in runs]
        if alone:
            message = (
                f"{counted_names(alone, 'registered model version')} left out, because no run that is read led to it."
            )
            self._tell(Severity.INFO, "unattached-model", self.location.relative, message)
        return Scan(sources=tuple(self.sources.values()), notices=tuple(self.notices), runs_skipped=self.broken_count)

    def _add_document(self, path: str, place: str, beside: Sequence[str]) -> None:
        raw = self._load(path)
        found = list(records.run_records(raw))
        if raw is not None and not found:
            self.broken_count += 1
            self._tell(Severity.ERROR, "broken-run", path, "It holds no run with an id.")
        self._add_runs(path, place, found, beside)

    def _add_runs(self, path: str, place: str, found: Iterable[RunRecord], beside: Sequence[str]) -> None:
        kept = []
        for record in found:
            if record.is_deleted:
                self.deleted.append(record.source_id)
                continue
            kept.append(record)
            files = [path, *beside, *sorted(self.model_files.get(record.source_id, set()) - set(beside))]
            source = source_of(self.location, TOOL, place, files, source_id=record.source_id, handle=record.source_id)
            self._add_source(source, content_hash(repr((record.params, record.metrics))))
        if place == path and kept and _has_only_last_values(kept):
            message = "This export holds only the last value of each metric, so that its curves are single points."
            self._tell(Severity.INFO, "last-values-only", path, message)

    def _add_source(self, source: Source, content: str) -> None:
        first = self.sources.setdefault(source.run_id, source)
        if first is source:
            self.contents[source.run_id] = content
            return
        is_same = self.contents[source.run_id] == content
        differs = "" if is_same else ", with other params or metrics"
        message = f"The run {source.handle} is also in {first.files[0]}{differs}; this copy was left out."
        severity = Severity.INFO if is_same else Severity.WARNING
        self._tell(severity, "second-copy", source.files[0], message, source.run_id)

    def _add_models(self, paths: Iterable[str]) -> None:
        logged: list[tuple[str, LoggedModel]] = []
        versions: list[tuple[str, ModelVersion]] = []
        for path in paths:
            raw = self._load(path)
            model = records.logged_model(raw)
            logged += [(path, model)] if model else []
            versions += [(path, version) for version in records.model_versions(raw)]
        for run, models in by_run((model for _, model in logged), (version for _, version in versions)).items():
            own: list[LoggedModel | ModelVersion] = [*models.logged, *models.versions]
            self.model_files[run] = {path for path, one in (*logged, *versions) if one in own}
            self.versions += [(run, version) for version in models.versions]

    def _look_at(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._load(path, "unread-experiment", "The name of an experiment is missing.")

    def _load(self, path: str, code: str = "", what: str = "") -> Any:  # noqa: ANN401 - a JSON value may be anything
        """Return the content of a file; None, and a notice, when it cannot be read."""
        try:
            return load_json(self.location.inside(path), MAX_BYTES)
        except ReadError as problem:
            if code:
                self._tell(Severity.WARNING, code, path, f"{what} {problem.sentence}")
            else:
                self.broken_count += 1
                self._tell(Severity.ERROR, "broken-run", path, f"It is missing. {problem.sentence}")
            return None

    def _tell(self, severity: Severity, code: str, place: str, message: str, run: str = "") -> None:
        self.notices.append(Notice(severity=severity, code=code, location=place or ".", message=message, run_id=run))


def _has_only_last_values(kept: Iterable[RunRecord]) -> bool:
    points = [found for record in kept for found in record.metrics.values()]
    return all(len(found) == 1 for found in points) and any(found[0][0] > 0 for found in points)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> Iterable[str]:
    """Yield the folders a file lies in, the nearest first, down to the root."""
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""
