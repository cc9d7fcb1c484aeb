"""The facts of run logs as frozen values. Nothing here reads or writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from runreport.names import Direction, DirectionSource, ModelKind, ParamKind, Relation, RunStatus
from runreport.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution, as its log describes it.

    ``run_id`` is made by :func:`runreport.model.keys.run_id`; ``source_id`` is the tool's own id and ``path`` the
    place of the log relative to the folder that was ingested. ``seed`` is set only where the format has a field of
    its own for it; seeds among the params are found when runs are grouped. Times are UTC.
    """

    run_id: str
    experiment: str
    name: str
    source_id: str
    path: str
    status: RunStatus = RunStatus.UNKNOWN
    started: datetime | None = None
    ended: datetime | None = None
    duration_s: float | None = None
    seed: int | None = None
    parent_run: str | None = None
    user: str | None = None
    host: str | None = None
    reader: str = ""
    reader_version: str = ""
    fingerprint: str = ""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One input setting. ``value`` is the text as logged, ``number`` its value when it is an int, float or bool."""

    run_id: str
    param: str
    value: str
    kind: ParamKind
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One label of a run."""

    run_id: str
    tag: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file a run left behind.

    ``location`` is relative to the folder that was ingested, a remote URI, or ``blob:`` and the SHA-256 of bytes that
    the store keeps itself because they lie inside of a log (see :mod:`runreport.model.kept`).
    """

    run_id: str
    path: str
    size_bytes: int | None = None
    sha256: str | None = None
    media_type: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One data set a run read (role: train, validation, test, or empty when not said)."""

    run_id: str
    dataset: str
    role: str = ""
    digest: str | None = None
    source: str | None = None
    schema: str | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model that a run logged, or one version of a registered model that came out of the run.

    ``version`` is empty for a logged model, ``model_id`` the tool's own id of the logged model behind either.
    ``aliases`` are joined by ``, ``; ``source`` is where its files are said to lie. ``details`` is JSON: its
    description, and its own params, tags and last metric values, as far as there are any.
    """

    run_id: str
    model: str
    kind: ModelKind
    version: str = ""
    model_id: str | None = None
    type: str | None = None
    stage: str | None = None
    aliases: str | None = None
    status: str | None = None
    source: str | None = None
    created: datetime | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentItem:
    """One fact about where a run ran (kind: package, hardware, driver, os, variable)."""

    run_id: str
    item: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVersion:
    """The state of the source code a run started from."""

    run_id: str
    vcs: str | None = None
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    diff_digest: str | None = None
    repo_url: str | None = None
    entry_point: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One lineage statement of a log, beyond what the other tables imply. Ends are ``kind:identity`` texts."""

    run_id: str
    from_node: str
    to_node: str
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricInfo:
    """What a log itself says about a metric of its experiment."""

    run_id: str
    experiment: str
    metric: str
    direction: Direction = Direction.UNKNOWN
    direction_source: DirectionSource = DirectionSource.NONE
    is_primary: bool = False
    unit: str | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """One row per (run, metric), written at ingest so that overviews never read points.

    ``first`` and ``last`` are by (step, time, order in the log) and may be NaN or infinite; ``min``, ``max``, their
    steps, ``mean`` and ``tail_mean`` (mean of the last tenth of the points, rounded down but at least one) use finite
    values only and are None when there is none. ``count`` counts all points, ``nan_count`` and ``inf_count`` those
    that are not finite.
    """

    run_id: str
    metric: str
    first: float
    last: float
    min: float | None
    max: float | None
    argmin_step: int | None
    argmax_step: int | None
    tail_mean: float | None
    count: int
    nan_count: int
    inf_count: int
    first_step: int
    last_step: int
    first_time: datetime | None = None
    last_time: datetime | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """Everything one log says about one run except its metric points."""

    run: Run
    params: tuple[Param, ...] = ()
    tags: tuple[Tag, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    models: tuple[Model, ...] = ()
    environment: tuple[EnvironmentItem, ...] = ()
    code: CodeVersion | None = None
    edges: tuple[Edge, ...] = ()
    metric_infos: tuple[MetricInfo, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    """What a reader hands over at a time.

    ``points`` has the schema :data:`runreport.model.tables.POINTS`. A (run, metric) series is never split between
    batches; a run's log comes with the first batch that holds points of it. ``samples``, where a log holds any, has
    the schema :data:`runreport.model.tables.SAMPLES`. ``blobs`` holds the bytes of kept artifacts by their SHA-256;
    they come with the log that names them.
    """

    logs: tuple[RunLog, ...]
    points: pa.Table
    samples: pa.Table | None = None
    blobs: Mapping[str, bytes] = field(default_factory=dict)
