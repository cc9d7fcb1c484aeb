"""From a snapshot to experiments: header facts as entities, summaries as aligned columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.frames.select import matching_rows
from runreport.frames.twins import without_twins
from runreport.frames.values import Curve, ExperimentFrame, MetricColumns, RunFacts
from runreport.model.entities import (
    Artifact,
    CodeVersion,
    Dataset,
    Edge,
    EnvironmentItem,
    MetricInfo,
    Model,
    Param,
    Run,
    Tag,
)
from runreport.model.keys import find_seed, leaf
from runreport.model.tables import from_table
from runreport.names import Direction, DirectionSource, Severity, natural_key
from runreport.notices import Notice
from runreport.store.expression import Query
from runreport.store.points import NO_TIME, grouped_rows, integers, ranks
from runreport.store.snapshot import Snapshot

Entity = TypeVar("Entity", Param, Tag, Artifact, Dataset, Model, EnvironmentItem, CodeVersion, Edge, MetricInfo)

_FLOATS = ("first", "last", "min", "max", "mean", "tail_mean")
_INTS = ("argmin_step", "argmax_step", "count", "nan_count", "inf_count", "first_step", "last_step")
_NEVER = datetime.max.replace(tzinfo=UTC)


def load_experiments(
    snapshot: Snapshot,
    *,
    seed_names: Sequence[str],
    exclude: Query | None = None,
    run_ids: Collection[str] | None = None,
) -> tuple[ExperimentFrame, ...]:
    """Return the experiments of a snapshot in natural order of their names.

    Runs are ordered by start (unknown last), name and id. A run's seed is the one its format has a field for, else
    the one found among its params under ``seed_names``. Excluded runs stay, with the reason;
    so do those that hold the same values as a run of another reader (see :mod:`runreport.frames.twins`). The frames'
    notices are new findings only; those of the logs are :meth:`runreport.store.snapshot.Snapshot.notices`.

    Args:
        snapshot: what to load from.
        seed_names: names of the param that holds the seed.
        exclude: runs for which this holds are marked as excluded.
        run_ids: only these runs, as far as they are in the store; None for all.

    Raises:
        StoreError: a file of the store is missing or damaged.
    """
    runs = _runs_by_experiment(snapshot, run_ids)
    ids = [run.run_id for members in runs.values() for run in members]
    facts = _facts(snapshot, runs, ids, seed_names)
    columns = _metric_columns(snapshot, runs, ids)
    infos = _by_run(MetricInfo, "metric_info", snapshot, ids)
    frames = [_frame(name, facts[name], columns[name], infos) for name in runs]
    return tuple(without_twins(frame if exclude is None else _marked(frame, exclude)) for frame in frames)


def load_curves(snapshot: Snapshot, run_ids: Sequence[str], metric: str) -> tuple[Curve, ...]:
    """Return the points of one metric of each run that has any, in the order of ``run_ids``.

    Only row groups that hold the metric and the runs are read. A curve has times only when all its points do.

    Raises:
        StoreError: a file of the store is missing or damaged.
    """
    columns = ("run_id", "step", "value", "time")
    table = snapshot.table("metrics", columns=columns, run_ids=run_ids, metrics=[metric]).combine_chunks()
    run, names = ranks(table.column("run_id").dictionary_encode())
    bounds = np.searchsorted(run, np.arange(len(names) + 1))
    curves = {name: _curve(name, table.slice(bounds[i], bounds[i + 1] - bounds[i])) for i, name in enumerate(names)}
    return tuple(curves[name] for name in run_ids if name in curves)


def _curve(run_id: str, points: pa.Table) -> Curve:
    times = integers(points.column("time"), missing=NO_TIME)
    return Curve(
        run_id=run_id,
        steps=points.column("step").to_numpy(),
        values=points.column("value").to_numpy(),
        times_us=None if (times == NO_TIME).any() else times,
    )


def _runs_by_experiment(snapshot: Snapshot, run_ids: Collection[str] | None) -> dict[str, list[Run]]:
    runs = sorted(from_table(Run, snapshot.table("runs", run_ids=run_ids)), key=_run_order)
    names = sorted({run.experiment for run in runs}, key=lambda name: (natural_key(name), name))
    grouped: dict[str, list[Run]] = {name: [] for name in names}
    for run in runs:
        grouped[run.experiment].append(run)
    return grouped


def _run_order(run: Run) -> tuple[datetime, tuple[tuple[int, int, str], ...], str]:
    return run.started or _NEVER, natural_key(run.name), run.run_id


def _by_run(kind: type[Entity], table: str, snapshot: Snapshot, ids: Sequence[str]) -> dict[str, list[Entity]]:
    grouped: dict[str, list[Entity]] = {run: [] for run in ids}
    for entity in from_table(kind, snapshot.table(table, run_ids=ids)):
        grouped[entity.run_id].append(entity)
    return grouped


def _facts(
    snapshot: Snapshot, runs: Mapping[str, Sequence[Run]], ids: Sequence[str], seed_names: Sequence[str]
) -> dict[str, tuple[RunFacts, ...]]:
    params = _by_run(Param, "params", snapshot, ids)
    tags = _by_run(Tag, "tags", snapshot, ids)
    artifacts = _by_run(Artifact, "artifacts", snapshot, ids)
    datasets = _by_run(Dataset, "datasets", snapshot, ids)
    models = _by_run(Model, "models", snapshot, ids)
    environment = _by_run(EnvironmentItem, "environment", snapshot, ids)
    code = _by_run(CodeVersion, "code", snapshot, ids)
    edges = _by_run(Edge, "edges", snapshot, ids)
    seeds = _seeds(params, seed_names)

    def facts(run: Run) -> RunFacts:
        key = run.run_id
        return RunFacts(
            run=run if run.seed is not None else replace(run, seed=seeds[key]),
            params={param.param: param for param in params[key]},
            tags={tag.tag: tag for tag in tags[key]},
            artifacts=tuple(artifacts[key]),
            datasets=tuple(datasets[key]),
            models=tuple(models[key]),
            environment={item.item: item for item in environment[key]},
            code=code[key][0] if code[key] else None,
            edges=tuple(edges[key]),
        )

    return {name: tuple(facts(run) for run in members) for name, members in runs.items()}


def _seeds(params: Mapping[str, Sequence[Param]], seed_names: Sequence[str]) -> dict[str, int | None]:
    wanted = {name.casefold() for name in seed_names}
    names = {param.param for members in params.values() for param in members}
    candidates = {name for name in names if name.casefold() in wanted or leaf(name) in wanted}
    return {
        run: find_seed([param for param in members if param.param in candidates], seed_names)
        for run, members in params.items()
    }


def _metric_columns(
    snapshot: Snapshot, runs: Mapping[str, Sequence[Run]], ids: Sequence[str]
) -> dict[str, dict[str, MetricColumns]]:
    table = snapshot.table("summary", run_ids=ids)
    run, run_names = ranks(table.column("run_id").dictionary_encode())
    metric, metrics = ranks(table.column("metric").dictionary_encode())
    places = {it.run_id: (e, row) for e, members in enumerate(runs.values()) for row, it in enumerate(members)}
    place = np.array([places[name] for name in run_names], dtype=np.int64).reshape(-1, 2)[run]
    data = _summary_arrays(table)
    names = list(runs)
    columns: dict[str, dict[str, MetricColumns]] = {name: {} for name in names}
    for rows in _groups(place[:, 0] * max(len(metrics), 1) + metric):
        experiment = names[place[rows[0], 0]]
        columns[experiment][metrics[metric[rows[0]]]] = _aligned(data, rows, place[rows, 1], len(runs[experiment]))
    return {name: _natural(found) for name, found in columns.items()}


def _summary_arrays(table: pa.Table) -> dict[str, NDArray[Any]]:
    floats: dict[str, NDArray[Any]] = {name: table.column(name).to_numpy() for name in _FLOATS}
    return floats | {name: integers(table.column(name), missing=0) for name in _INTS}


def _groups(key: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the row numbers of each distinct key, by key."""
    rows = grouped_rows(key)
    return np.split(rows, np.flatnonzero(np.diff(key[rows])) + 1) if len(rows) else []


def _aligned(
    data: Mapping[str, NDArray[Any]], rows: NDArray[np.int64], positions: NDArray[np.int64], run_count: int
) -> MetricColumns:
    columns: dict[str, NDArray[Any]] = {}
    for name, values in data.items():
        column = np.full(run_count, np.nan) if name in _FLOATS else np.zeros(run_count, dtype=np.int64)
        column[positions] = values[rows]
        columns[name] = column
    return MetricColumns(**columns)


def _natural(columns: Mapping[str, MetricColumns]) -> dict[str, MetricColumns]:
    return {name: columns[name] for name in sorted(columns, key=lambda name: (natural_key(name), name))}


def _frame(
    experiment: str,
    runs: tuple[RunFacts, ...],
    metrics: Mapping[str, MetricColumns],
    infos: Mapping[str, Sequence[MetricInfo]],
) -> ExperimentFrame:
    said: dict[str, list[MetricInfo]] = {}
    for info in (info for facts in runs for info in infos[facts.run.run_id]):
        said.setdefault(info.metric, []).append(info)
    ordered = {name: said[name] for name in sorted(said, key=lambda name: (natural_key(name), name))}
    return ExperimentFrame(
        experiment=experiment,
        runs=runs,
        metrics=metrics,
        metric_infos={name: _merged(listed, experiment) for name, listed in ordered.items()},
        notices=tuple(notice for listed in ordered.values() for notice in _conflicts(listed, experiment, runs)),
    )


def _merged(infos: Sequence[MetricInfo], experiment: str) -> MetricInfo:
    """Return what the logs say together: of each fact the first that is known, in the order of the runs."""
    directed = next((info for info in infos if info.direction is not Direction.UNKNOWN), None)
    return MetricInfo(
        run_id=infos[0].run_id if directed is None else directed.run_id,
        experiment=experiment,
        metric=infos[0].metric,
        direction=Direction.UNKNOWN if directed is None else directed.direction,
        direction_source=DirectionSource.NONE if directed is None else directed.direction_source,
        is_primary=any(info.is_primary for info in infos),
        unit=_first(info.unit for info in infos),
        lower_bound=_first(info.lower_bound for info in infos),
        upper_bound=_first(info.upper_bound for info in infos),
    )


Fact = TypeVar("Fact", str, float)


def _first(values: Iterable[Fact | None]) -> Fact | None:
    return next((value for value in values if value is not None), None)


def _conflicts(infos: Sequence[MetricInfo], experiment: str, runs: Sequence[RunFacts]) -> list[Notice]:
    directed = [info for info in infos if info.direction is not Direction.UNKNOWN]
    other = next((info for info in directed if info.direction is not directed[0].direction), None)
    if other is None:
        return []
    used, metric = directed[0], directed[0].metric
    named = {facts.run.run_id: facts.run for facts in runs}
    return [
        Notice(
            severity=Severity.WARNING,
            code="direction-conflict",
            location=named[other.run_id].path,
            message=(
                f"{metric!r} of {experiment!r} improves {used.direction} according to {named[used.run_id].name!r} "
                f"but {other.direction} according to {named[other.run_id].name!r}; {used.direction} is used."
            ),
            hint=f"Set metrics.by_name.'{metric}'.direction in runreport.toml.",
            run_id=other.run_id,
        )
    ]


def _marked(frame: ExperimentFrame, exclude: Query) -> ExperimentFrame:
    rows = {row for _, row in matching_rows([frame], exclude)}
    reason = f"excluded by runs.exclude: {exclude.text}"
    runs = [
        replace(facts, is_excluded=True, exclusion_reason=reason) if row in rows else facts
        for row, facts in enumerate(frame.runs)
    ]
    return replace(frame, runs=tuple(runs))
