"""What a store of MLflow says about a run, the same whichever store it is: texts as they are stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runreport.model.entities import Artifact, EnvironmentItem
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.mlflow.models import RunModels

PRIMARY_METRIC = "mlflow.experiment.primaryMetric.name"
PRIMARY_METRIC_UP = "mlflow.experiment.primaryMetric.greaterIsBetter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A named collection of runs; ``tags`` holds at least those about its primary metric."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> str:
        """Return everything that the facts of its runs take from it, for their fingerprints."""
        return json.dumps([self.name, *(self.tags.get(tag) for tag in (PRIMARY_METRIC, PRIMARY_METRIC_UP))])


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInput:
    """One data set a run read; ``source``, ``schema`` and ``profile`` are JSON texts."""

    name: str
    digest: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as its store describes it: texts, times in milliseconds since 1970. ``place`` is where notices point."""

    source_id: str
    place: str
    experiment: Experiment
    name: str | None = None
    status: str | None = None
    started_ms: str | None = None
    ended_ms: str | None = None
    user: str | None = None
    source_name: str | None = None
    commit: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[DatasetInput] = ()
    models_used: Sequence[str] = ()
    models_produced: Sequence[str] = ()
    models: RunModels = field(default_factory=RunModels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What a run left behind: its artifacts, and the environment that some of them describe."""

    artifacts: tuple[Artifact, ...] = ()
    environment: tuple[EnvironmentItem, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class Doubts:
    """Collects the notices about one run."""

    run_id: str
    place: str
    notices: list[Notice] = field(default_factory=list)

    def add(self, code: str, message: str) -> None:
        """Add a warning."""
        self.notices.append(
            Notice(severity=Severity.WARNING, code=code, location=self.place, message=message, run_id=self.run_id)
        )
