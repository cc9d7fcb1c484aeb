"""Runs of MLflow as JSON: what its REST interface answers, ``Run.to_dictionary()``, and folders of mlflow-export-import."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from runreport.errors import ReadError
from runreport.formats.documents import load_json
from runreport.formats.files import list_folder
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.mlflow import records
from runreport.readers.mlflow.artifacts import ArtifactFolder, read_leftovers
from runreport.readers.mlflow.export_scan import MAX_BYTES, PARTS, ExportScan
from runreport.readers.mlflow.facts import Experiment, Leftovers
from runreport.readers.mlflow.models import NO_MODELS, LoggedModel, ModelVersion, RunModels, by_run
from runreport.readers.mlflow.record_runs import listed_artifacts, run_batch
from runreport.readers.mlflow.records import RunRecord

_HEAD_BYTES = 8 * 1024
_TAIL_BYTES = 4 * 1024
_LOOKED_AT = 50
_RUN = (b'"run_uuid"', b'"run_id"')
_INFO = (b'"artifact_uri"', b'"lifecycle_stage"', b'"experiment_id"')
_BESIDE = (b'"experiments"', b'"model_versions"', b'"registered_model"')
_EXPERIMENT_TAGS = (
    "mlflow_export_import.metadata.experiment_name",
    "mlflow_exim.metadata.experiment_name",
)


class MlflowExportReader:
    """Reads exported runs of MLflow; those of mlflow-export-import have all points, answers of searches the last."""

    name: ClassVar[str] = "mlflow_export"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MLflow export: folders written by mlflow-export-import (run.json, experiment.json, model.json)",
        "MLflow export: JSON files with runs, as the REST interface and Run.to_dictionary() give them",
    )

    def match(self, location: Location) -> Match | None:
        """Say whether the folder is an export, or which of its JSON files hold runs of MLflow."""
        found = _exported_tree(location)
        if found:
            return Match(certainty=Certainty.SURE, reason=f"{found} was written by mlflow-export-import")
        heads = {name: _ends(location, name) for name in _json_files(location)}
        pages = [
            name for name, head in heads.items() if _holds(head, _RUN) and _holds(head, _INFO) and b'"info"' in head
        ]
        if not pages:
            return None
        beside = [name for name, head in heads.items() if name not in pages and _holds(head, _BESIDE)]
        reason = f"{pages[0]} holds the info of runs of MLflow"
        return Match(certainty=Certainty.SURE, reason=reason, takes=frozenset({*pages, *beside}))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs that are not deleted, by file."""
        scan = ExportScan(location)
        if match.takes is None:
            scan.add_tree()
        else:
            scan.add_files(sorted(match.takes))
        return scan.result()

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read run by run."""
        documents = _Documents(location)
        for source in sources:
            try:
                yield self._batch(location, source, documents)
            except ReadError as problem:
                yield run_batch(
                    self,
                    source,
                    RunRecord(info={"status": "RUNNING", "run_id": source.handle}, params={}, tags={}, metrics={}),
                    experiment=Experiment(name=""),
                    models=NO_MODELS,
                    place=source.files[0],
                    leftovers=Leftovers(notices=(_broken(source, problem),)),
                )

    def _batch(self, location: Location, source: Source, documents: "_Documents") -> RunBatch:
        record = documents.record(source)
        if source.path == source.files[0]:
            leftovers = Leftovers(artifacts=listed_artifacts(source.run_id, record.artifacts))
        else:
            folder = ArtifactFolder(folder=f"{source.path}/artifacts".removeprefix("./"))
            leftovers = read_leftovers(location.root, [folder], source.run_id)
        return run_batch(
            self,
            source,
            record,
            experiment=documents.experiment(source, record) or Experiment(name=location.label),
            models=documents.models(source),
            place=source.files[0],
            leftovers=leftovers,
        )


class _Documents:
    """The parsed files of an export; the newest few are kept, because many runs share them."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._parsed = lru_cache(maxsize=1)(self._load)
        self._records = lru_cache(maxsize=1)(self._records_of)
        self._small = lru_cache(maxsize=256)(self._load)

    def record(self, source: Source) -> RunRecord:
        found = self._records(source.files[0]).get(source.handle)
        if found is None:
            raise ReadError("The run is no longer in this file.")
        return found

    def experiment(self, source: Source, record: RunRecord) -> Experiment | None:
        for _, raw in self._others(source):
            found = records.experiments(raw)
            if record.experiment_id in found:
                return found[record.experiment_id]
            if len(found) == 1 and isinstance(raw, dict) and "mlflow" in raw:
                return next(iter(found.values()))  # an experiment that was copied has another id than its runs say
        told = (record.tags.get(tag) for tag in _EXPERIMENT_TAGS)
        name = next(filter(None, told), None) or record.experiment_id
        return Experiment(name=name) if name else None

    def models(self, source: Source) -> RunModels:
        logged: list[LoggedModel] = []
        versions: list[ModelVersion] = []
        for _, raw in self._others(source):
            model = records.logged_model(raw)
            logged += [model] if model else []
            versions += records.model_versions(raw)
        return by_run(logged, versions).get(source.handle, NO_MODELS)

    def _others(self, source: Source) -> Iterator[tuple[str, Any]]:
        for file in source.files[1:]:
            try:
                yield file, self._small(file)
            except ReadError:
                continue  # the scan has told

    def _load(self, file: str) -> Any:  # noqa: ANN401 - a JSON value may be anything
        return load_json(self._location.inside(file), MAX_BYTES)

    def _records_of(self, file: str) -> dict[str, RunRecord]:
        found: dict[str, RunRecord] = {}
        for record in records.run_records(self._load(file)):
            found.setdefault(record.source_id, record)
        return found


def _exported_tree(location: Location) -> str:
    """Return the first file by which a whole folder is known as an export; empty when it is none."""
    own = [name for name in ("experiment.json", "run.json") if name in location.files]
    named = [name for name in own if _is_exported(_ends(location, name))]
    if named or not location.folders or not set(location.folders) <= PARTS:
        return named[0] if named else ""
    for folder in location.folders:
        inner = list_folder(location.root, location.child(folder)).folders
        for name in [
            f"{folder}/{sub}/{file}" for sub in inner[:_LOOKED_AT] for file in ("experiment.json", "model.json")
        ]:
            if _is_exported(_ends(location, name)):
                return name
    return ""


def _is_exported(ends: bytes) -> bool:
    is_run = b'"info"' in ends and b'"params"' in ends and _holds(ends, _RUN)
    is_wrapped = b'"mlflow"' in ends and _holds(ends, (b'"experiment"', b'"registered_model"', *_RUN))
    return is_run or is_wrapped


def _json_files(location: Location) -> list[str]:
    return [name for name in location.files if name.lower().endswith(".json")][:_LOOKED_AT]


def _ends(location: Location, name: str) -> bytes:
    """Return the first and the last few kilobytes of a file; nothing when it cannot be read."""
    head = location.head(name, _HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return head
    try:
        with location.inside(location.child(name)).open("rb") as file:
            file.seek(max(file.seek(0, 2) - _TAIL_BYTES, len(head)))
            return head + file.read(_TAIL_BYTES)
    except (OSError, ReadError):
        return b""


def _holds(head: bytes, words: Sequence[bytes]) -> bool:
    return any(word in head for word in words)


def _broken(source: Source, problem: ReadError) -> Notice:
    return Notice(
        severity=Severity.ERROR,
        code="broken-run",
        location=source.files[0],
        message=f"The run could not be read. {problem.sentence}",
        run_id=source.run_id,
    )
