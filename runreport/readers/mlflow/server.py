"""A tracking server of MLflow over HTTP: all runs of its experiments, or of those that the address names."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from runreport.errors import ReadError, ServerError, UnknownNameError, UsageError
from runreport.model.entities import RunBatch
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers import addresses
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.mlflow import records
from runreport.readers.mlflow.client import AnswerError, Client
from runreport.readers.mlflow.facts import PRIMARY_METRIC, PRIMARY_METRIC_UP, Experiment
from runreport.readers.mlflow.models import NO_MODELS, LoggedModel, ModelVersion, RunModels, by_run
from runreport.readers.mlflow.record_runs import run_batch
from runreport.readers.mlflow.records import RunRecord
from runreport.readers.mlflow.runs import run_id
from runreport.readers.mlflow.server_run import read_run, unread_run

_KEYS = frozenset({"experiment", "experiment_id"})
_PAGE_RUNS = 100
_PAGE_EXPERIMENTS = 1000
_PAGE_MODELS = 100
_NOT_OFFERED = frozenset({400, 404, 405, 501})
_BYTES_PER_SERIES = 512 * 1024  # so that a task has about a hundred questions, and several processes share them
_FINGERPRINT_LENGTH = 32


class MlflowServerReader:
    """Reads a tracking server: only runs that changed since, each with the whole history of its metrics."""

    name: ClassVar[str] = "mlflow_server"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "MLflow tracking server: mlflow+http://host:port/?experiment=name, or +https",
    )
    schemes: ClassVar[tuple[str, ...]] = ("mlflow+http", "mlflow+https")

    def match(self, location: Location) -> Match | None:
        """Check the address; the server is not asked yet.

        Raises:
            UsageError: the address has no host, or a query that means nothing here.
        """
        if addresses.scheme(location.address) not in self.schemes:
            return None
        addresses.check(location.address)
        unknown = parse_qs(urlsplit(location.address).query, keep_blank_values=True).keys() - _KEYS
        if unknown:
            sentence = f"The address asks for {min(unknown)!r}, which means nothing here."
            raise UsageError(sentence, hint="It may name experiments: ?experiment=name or ?experiment_id=1.")
        return Match(certainty=Certainty.SURE, reason="the address begins with the scheme of a tracking server")

    def scan(self, location: Location, match: Match) -> Scan:  # noqa: ARG002 - everything there is ours
        """List the runs that are not deleted, by experiment and start.

        Raises:
            UnknownNameError: there is no experiment of a name.
            ServerError: the server cannot be read.
        """
        client = Client(location.address)
        try:
            return _Listing(location, client).result()
        except AnswerError as problem:
            raise ServerError(f"{location.label} cannot be read. {problem.sentence}") from problem
        finally:
            client.close()

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read run by run.

        Raises:
            ServerError: the server cannot be read any more.
        """
        client = Client(location.address)
        try:
            for source in sources:
                yield self._batch(client, source)
        finally:
            client.close()

    def _batch(self, client: Client, source: Source) -> RunBatch:
        home, models = _unpacked(source.handle)
        try:
            record, leftovers = read_run(client, source)
        except ReadError as problem:
            record, leftovers = unread_run(source, problem)
        return run_batch(self, source, record, experiment=home, models=models, place=source.path, leftovers=leftovers)


@dataclass(slots=True)
class _Listing:
    """The runs of a server, as its pages come in."""

    location: Location
    client: Client
    notices: list[Notice] = field(default_factory=list)

    def result(self) -> Scan:
        """Ask for everything but points and artifacts."""
        homes = self._experiments()
        sources: dict[str, Source] = {}
        models = self._models(list(homes))
        for record in self._runs(list(homes), "ACTIVE_ONLY"):
            home = homes.get(record.experiment_id, Experiment(name=record.experiment_id))
            own = models.get(record.source_id, NO_MODELS)
            source = _source(record, home, own)
            sources.setdefault(source.run_id, source)  # pages shift while runs are added
        deleted = sum(1 for _ in self._runs(list(homes), "DELETED_ONLY"))
        if deleted:
            self._tell("deleted-runs", f"{deleted} deleted runs were left out.")
        known = {record for record, own in models.items() if run_id(record) in sources}
        alone = sum(len(own.versions) for run, own in models.items() if run not in known)
        if alone and not _asked(self.location):
            message = f"{alone} registered model versions were left out, because no run that is read led to them."
            self._tell("unattached-model", message)
        return Scan(sources=tuple(sources.values()), notices=tuple(self.notices))

    def _experiments(self) -> dict[str, Experiment]:
        """Return the experiments that are asked for by their ids, in the order of the ids."""
        body = {"max_results": _PAGE_EXPERIMENTS, "view_type": "ACTIVE_ONLY"}
        found: dict[str, Experiment] = {}
        for page in self.client.posted_pages("experiments/search", body):
            found |= records.experiments(page)
        asked = _asked(self.location)
        chosen = {
            identity: home
            for identity, home in sorted(found.items())
            if not asked or ("experiment", home.name) in asked or ("experiment_id", identity) in asked
        }
        told = {("experiment", home.name) for home in chosen.values()} | {("experiment_id", one) for one in chosen}
        for kind, wanted in sorted(asked - told):
            known = [home.name for home in found.values()] if kind == "experiment" else list(found)
            raise UnknownNameError.near("experiment", wanted, known)
        return chosen

    def _runs(self, experiments: Sequence[str], view: str) -> Iterator[RunRecord]:
        for identity in experiments:
            body = {
                "experiment_ids": [identity],
                "run_view_type": view,
                "max_results": _PAGE_RUNS,
                "order_by": ["attributes.start_time ASC"],
            }
            for page in self.client.posted_pages("runs/search", body):
                yield from records.run_records({"runs": page.get("runs")})

    def _models(self, experiments: Sequence[str]) -> dict[str, RunModels]:
        """Return the models of each run, as far as the server knows of any."""
        logged = [model for identity in experiments for model in self._logged_models(identity)]
        versions: list[ModelVersion] = []
        aliases: dict[str, list[Any]] = {}
        for page in self._offered("registered-models/search"):
            for item in page.get("registered_models") or ():
                if isinstance(item, dict):
                    aliases[str(item.get("name"))] = item.get("aliases") or []
        for page in self._offered("model-versions/search"):
            versions += records.model_versions(page)
        return by_run(logged, (records.with_aliases(version, aliases.get(version.name)) for version in versions))

    def _logged_models(self, experiment: str) -> Iterator[LoggedModel]:
        body = {"experiment_ids": [experiment], "max_results": _PAGE_MODELS}
        try:
            for page in self.client.posted_pages("logged-models/search", body):
                found = (records.logged_model(item) for item in page.get("models") or ())
                yield from (model for model in found if model is not None)
        except AnswerError as problem:
            if problem.status not in _NOT_OFFERED:
                raise

    def _offered(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of a part of the server that not every server has."""
        try:
            yield from self.client.pages(path, [("max_results", str(_PAGE_MODELS))])
        except AnswerError as problem:
            if problem.status not in _NOT_OFFERED:
                raise
            self._tell("no-registry", f"The server has no model registry, or none that can be read: {problem.sentence}")

    def _tell(self, code: str, message: str) -> None:
        self.notices.append(Notice(severity=Severity.INFO, code=code, location=self.location.label, message=message))


def _asked(location: Location) -> set[tuple[str, str]]:
    query = parse_qs(urlsplit(location.address).query)
    return {(key, value) for key in _KEYS for value in query.get(key, ())}


def _source(record: RunRecord, home: Experiment, models: RunModels) -> Source:
    """Return a run as found: its info, latest metrics, params, tags and models make up its fingerprint."""
    handle = _packed(home, models)
    return Source(
        run_id=run_id(record.source_id),
        path=f"experiments/{record.experiment_id}/runs/{record.source_id}",
        handle=handle,
        fingerprint=content_hash(repr(record), handle, length=_FINGERPRINT_LENGTH),
        size_bytes=len(record.metrics) * _BYTES_PER_SERIES,
    )


def _packed(home: Experiment, models: RunModels) -> str:
    tags = {tag: home.tags[tag] for tag in (PRIMARY_METRIC, PRIMARY_METRIC_UP) if tag in home.tags}
    given: dict[str, Any] = {"name": home.name, "tags": tags}
    if models is not NO_MODELS:
        given["models"] = records.models_as_json(models)
    return json.dumps(given, sort_keys=True)


def _unpacked(handle: str) -> tuple[Experiment, RunModels]:
    given = json.loads(handle)
    models = records.models_of_json(given["models"]) if "models" in given else NO_MODELS
    return Experiment(name=given["name"], tags=given["tags"]), models
