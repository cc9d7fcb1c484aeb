"""The models of MLflow's file store: logged models lie in their experiment, registered ones in a folder of the store."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from runreport.errors import ReadError
from runreport.formats.files import list_folder, read_bytes, scan_tree
from runreport.formats.flat_yaml import FlatYaml
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.base import Location
from runreport.readers.mlflow.meta import META, join, read_meta, readable
from runreport.readers.mlflow.models import LoggedModel, ModelMetric, ModelVersion, RunModels, by_run, last_values

MODELS = "models"
"""The folder of logged models in an experiment, and that of the registry in a store."""

_VERSION = "version-"
_VALUE_BYTES = 1024 * 1024
_METRIC_BYTES = 16 * 1024 * 1024
_METRIC_FIELDS = 3
_DATASET_FIELD = 4


@dataclass(slots=True)
class ModelFolders:
    """Reads the models of a store; the registry only once, and what could not be read becomes a notice."""

    location: Location
    notices: list[Notice] = field(default_factory=list)
    _registries: dict[str, list[ModelVersion]] = field(default_factory=dict)

    def of_experiment(self, folder: str) -> dict[str, RunModels]:
        """Return the models of each run of an experiment folder by the run's own id."""
        store, _, _ = folder.rpartition("/")
        registry = self.registry(store) if folder else []
        return by_run(self._logged_models(join(folder, MODELS)), registry)

    def registry(self, store: str) -> list[ModelVersion]:
        """Return the versions of all registered models of a store folder."""
        if store not in self._registries:
            folder = join(store, MODELS)
            names = list_folder(self.location.root, folder).folders
            self._registries[store] = [version for name in names for version in self._versions(f"{folder}/{name}")]
        return self._registries[store]

    def _logged_models(self, folder: str) -> Iterator[LoggedModel]:
        for name in list_folder(self.location.root, folder).folders:
            meta = self._meta(f"{folder}/{name}")
            if meta is None or "model_id" not in meta.values or meta.values.get("lifecycle_stage") == "deleted":
                continue
            values = meta.values
            yield LoggedModel(
                model_id=values.get("model_id") or name,
                name=values.get("name") or "",
                run=values.get("source_run_id") or "",
                type=values.get("model_type"),
                status=values.get("status"),
                source=values.get("artifact_location"),
                created_ms=values.get("creation_timestamp"),
                params=self._texts(f"{folder}/{name}/params"),
                tags=self._texts(f"{folder}/{name}/tags"),
                metrics=last_values(self._metrics(f"{folder}/{name}/metrics")),
            )

    def _versions(self, folder: str) -> Iterator[ModelVersion]:
        aliases = self._texts(f"{folder}/aliases")
        for name in list_folder(self.location.root, folder).folders:
            meta = self._meta(f"{folder}/{name}") if name.startswith(_VERSION) else None
            if meta is None:
                continue
            values, version = meta.values, meta.values.get("version") or name.removeprefix(_VERSION)
            yield ModelVersion(
                name=values.get("name") or folder.rpartition("/")[2],
                version=version,
                run=values.get("run_id") or "",
                model_id=values.get("model_id") or "",
                stage=values.get("current_stage"),
                aliases=tuple(sorted(alias for alias, target in aliases.items() if target.strip() == version)),
                status=values.get("status"),
                source=values.get("source"),
                description=values.get("description"),
                created_ms=values.get("creation_timestamp"),
                tags=self._texts(f"{folder}/{name}/tags"),
            )

    def _meta(self, folder: str) -> FlatYaml | None:
        try:
            return read_meta(self.location, folder)
        except ReadError as problem:
            self._doubt(f"{folder}/{META}", f"A model is missing. {problem.sentence}")
            return None

    def _texts(self, folder: str) -> dict[str, str]:
        return {readable(path): content.decode("utf-8", "backslashreplace") for path, content in self._files(folder)}

    def _metrics(self, folder: str) -> Iterator[tuple[tuple[int, int], ModelMetric]]:
        for path, content in self._files(folder, _METRIC_BYTES):
            for line in content.decode("utf-8", "replace").splitlines():
                point = _point(readable(path), line.split(" "))
                if point is not None:
                    yield point

    def _files(self, folder: str, limit_bytes: int = _VALUE_BYTES) -> Iterator[tuple[str, bytes]]:
        for file in scan_tree(self.location.root, folder).files:
            try:
                yield file.path, read_bytes(f"{self.location.root}/{folder}/{file.path}", limit_bytes)
            except ReadError as problem:
                self._doubt(f"{folder}/{file.path}", f"A value of a model is missing. {problem.sentence}")

    def _doubt(self, place: str, message: str) -> None:
        self.notices.append(Notice(severity=Severity.WARNING, code="unread-model", location=place, message=message))


def _point(metric: str, fields: list[str]) -> tuple[tuple[int, int], ModelMetric] | None:
    """Return a line ``time value step run`` with or without a data set's name; None for any other line."""
    if len(fields) < _METRIC_FIELDS:
        return None
    try:
        step, time_ms, value = int(fields[2]), int(fields[0]), float(fields[1])
    except ValueError:
        return None
    dataset = fields[_DATASET_FIELD] if len(fields) > _DATASET_FIELD else ""
    return (step, time_ms), ModelMetric(metric=metric, value=value, step=step, dataset=dataset)
