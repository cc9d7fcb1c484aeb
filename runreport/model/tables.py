"""Arrow schemas of the store's tables, and entities to rows and back."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import pyarrow as pa

from runreport.model.entities import (
    Artifact,
    CodeVersion,
    Dataset,
    Edge,
    EnvironmentItem,
    MetricInfo,
    MetricSummary,
    Model,
    Param,
    Run,
    Tag,
)
from runreport.names import (
    Direction,
    DirectionSource,
    ModelKind,
    ParamKind,
    Relation,
    RunStatus,
    Severity,
)
from runreport.notices import Notice

SCHEMA_VERSION = 1

Entity = TypeVar("Entity")

_TIME = pa.timestamp("us", tz="UTC")
_CODES = pa.dictionary(pa.int32(), pa.string())


def _schema(*columns: tuple[str, pa.DataType], required: tuple[str, ...] = ("run_id",)) -> pa.Schema:
    listed = [pa.field(name, kind, nullable=name not in required) for name, kind in columns]
    return pa.schema(listed, metadata={"runreport_schema_version": str(SCHEMA_VERSION)})


POINTS = pa.schema(
    [
        pa.field("run_id", _CODES, nullable=False),
        pa.field("metric", _CODES, nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("order", pa.int32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("time", _TIME),
    ]
)
"""Metric points in memory, from reader to store: names as dictionary codes, ``order`` counts within a series."""

METRICS = _schema(
    ("run_id", pa.string()),
    ("metric", pa.string()),
    ("step", pa.int64()),
    ("order", pa.int32()),
    ("value", pa.float64()),
    ("time", _TIME),
    required=("run_id", "metric", "step", "order", "value"),
)
"""Metric points on disk and from the store: plain strings, because row groups of Arrow dictionaries are not pruned."""

SAMPLES = _schema(
    ("run_id", pa.string()),
    ("metric", pa.string()),
    ("step", pa.int64()),
    ("sample", pa.string()),
    ("value", pa.float64()),
    required=("run_id", "metric", "step", "sample", "value"),
)
"""Single outcomes behind a metric: one row per evaluation episode or test example, named by ``sample``.

Two runs that hold the same samples can be compared example by example. Samples are never replicates of a seed.
"""

RUNS = _schema(
    ("run_id", pa.string()),
    ("experiment", pa.string()),
    ("name", pa.string()),
    ("source_id", pa.string()),
    ("path", pa.string()),
    ("status", pa.string()),
    ("started", _TIME),
    ("ended", _TIME),
    ("duration_s", pa.float64()),
    ("seed", pa.int64()),
    ("parent_run", pa.string()),
    ("user", pa.string()),
    ("host", pa.string()),
    ("reader", pa.string()),
    ("reader_version", pa.string()),
    ("fingerprint", pa.string()),
    ("note", pa.string()),
    required=("run_id", "experiment", "name", "source_id", "path", "status", "reader", "reader_version", "fingerprint"),
)
PARAMS = _schema(
    ("run_id", pa.string()),
    ("param", pa.string()),
    ("value", pa.string()),
    ("kind", pa.string()),
    ("number", pa.float64()),
    required=("run_id", "param", "value", "kind"),
)
TAGS = _schema(
    ("run_id", pa.string()), ("tag", pa.string()), ("value", pa.string()), required=("run_id", "tag", "value")
)
ARTIFACTS = _schema(
    ("run_id", pa.string()),
    ("path", pa.string()),
    ("size_bytes", pa.int64()),
    ("sha256", pa.string()),
    ("media_type", pa.string()),
    ("location", pa.string()),
    required=("run_id", "path"),
)
DATASETS = _schema(
    ("run_id", pa.string()),
    ("dataset", pa.string()),
    ("role", pa.string()),
    ("digest", pa.string()),
    ("source", pa.string()),
    ("schema", pa.string()),
    ("rows", pa.int64()),
    required=("run_id", "dataset", "role"),
)
MODELS = _schema(
    ("run_id", pa.string()),
    ("model", pa.string()),
    ("kind", pa.string()),
    ("version", pa.string()),
    ("model_id", pa.string()),
    ("type", pa.string()),
    ("stage", pa.string()),
    ("aliases", pa.string()),
    ("status", pa.string()),
    ("source", pa.string()),
    ("created", _TIME),
    ("details", pa.string()),
    required=("run_id", "model", "kind", "version"),
)
ENVIRONMENT = _schema(
    ("run_id", pa.string()),
    ("item", pa.string()),
    ("kind", pa.string()),
    ("value", pa.string()),
    required=("run_id", "item", "kind", "value"),
)
CODE = _schema(
    ("run_id", pa.string()),
    ("vcs", pa.string()),
    ("commit", pa.string()),
    ("branch", pa.string()),
    ("dirty", pa.bool_()),
    ("diff_digest", pa.string()),
    ("repo_url", pa.string()),
    ("entry_point", pa.string()),
)
EDGES = _schema(
    ("run_id", pa.string()),
    ("from_node", pa.string()),
    ("to_node", pa.string()),
    ("relation", pa.string()),
    required=("run_id", "from_node", "to_node", "relation"),
)
METRIC_INFO = _schema(
    ("run_id", pa.string()),
    ("experiment", pa.string()),
    ("metric", pa.string()),
    ("direction", pa.string()),
    ("direction_source", pa.string()),
    ("is_primary", pa.bool_()),
    ("unit", pa.string()),
    ("lower_bound", pa.float64()),
    ("upper_bound", pa.float64()),
    required=("run_id", "experiment", "metric", "direction", "direction_source", "is_primary"),
)
SUMMARY = _schema(
    ("run_id", pa.string()),
    ("metric", pa.string()),
    ("first", pa.float64()),
    ("last", pa.float64()),
    ("min", pa.float64()),
    ("max", pa.float64()),
    ("argmin_step", pa.int64()),
    ("argmax_step", pa.int64()),
    ("tail_mean", pa.float64()),
    ("count", pa.int64()),
    ("nan_count", pa.int64()),
    ("inf_count", pa.int64()),
    ("first_step", pa.int64()),
    ("last_step", pa.int64()),
    ("first_time", _TIME),
    ("last_time", _TIME),
    ("mean", pa.float64()),
    required=("run_id", "metric", "first", "last", "count", "nan_count", "inf_count", "first_step", "last_step"),
)
NOTICES = _schema(
    ("severity", pa.string()),
    ("code", pa.string()),
    ("location", pa.string()),
    ("message", pa.string()),
    ("hint", pa.string()),
    ("run_id", pa.string()),
    required=("severity", "code", "location", "message", "hint", "run_id"),
)

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "runs": RUNS,
        "params": PARAMS,
        "metrics": METRICS,
        "samples": SAMPLES,
        "summary": SUMMARY,
        "metric_info": METRIC_INFO,
        "tags": TAGS,
        "artifacts": ARTIFACTS,
        "datasets": DATASETS,
        "models": MODELS,
        "environment": ENVIRONMENT,
        "code": CODE,
        "edges": EDGES,
        "notices": NOTICES,
    }
)
"""Every table of a store by name."""

ENTITIES: Mapping[str, type] = MappingProxyType(
    {
        "runs": Run,
        "params": Param,
        "summary": MetricSummary,
        "metric_info": MetricInfo,
        "tags": Tag,
        "artifacts": Artifact,
        "datasets": Dataset,
        "models": Model,
        "environment": EnvironmentItem,
        "code": CodeVersion,
        "edges": Edge,
        "notices": Notice,
    }
)
"""The entity a row of each table becomes; metric points and samples have none, they stay columns."""

_VOCABULARIES = (RunStatus, ParamKind, ModelKind, Direction, DirectionSource, Relation, Severity)


def to_table(name: str, entities: Iterable[Any]) -> pa.Table:
    """Return the entities of one kind as a table with that table's schema; texts become valid UTF-8."""
    schema = SCHEMAS[name]
    rows = list(entities)
    columns = [_arrow_column(list(map(attrgetter(field.name), rows)), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def from_table(kind: type[Entity], table: pa.Table) -> tuple[Entity, ...]:
    """Return the rows of a table as entities of ``kind``; the inverse of :func:`to_table`."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    columns = [_column(table.column(name).to_pylist(), hints[name]) for name in names]
    return tuple(kind(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True))


def empty(name: str) -> pa.Table:
    """Return a table of that name without rows."""
    return SCHEMAS[name].empty_table()


def _arrow_column(cells: list[Any], kind: pa.DataType) -> "pa.Array[Any]":
    try:
        return pa.array(cells, type=kind)
    except UnicodeEncodeError:  # halves of surrogate pairs, which hardly any text holds
        return pa.array(list(map(_valid_text, cells)), type=kind)


def _valid_text(cell: object) -> object:
    return str(cell).encode("utf-8", "replace").decode("utf-8") if isinstance(cell, str) else cell


def _column(values: list[Any], hint: object) -> list[Any]:
    if isinstance(hint, type) and issubclass(hint, _VOCABULARIES):
        return [hint(value) for value in values]
    return values
