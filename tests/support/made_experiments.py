"""Experiments made by hand: runs with params and final values, as the frames stage would hand them over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from runreport.frames.values import ExperimentFrame, MetricColumns, RunFacts
from runreport.model.entities import MetricInfo, Run, Tag
from runreport.model.keys import param
from runreport.names import RunStatus

START = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class MadeRun:
    """One run: params as text, final metric values, and what else a test needs."""

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    name: str = "run"
    seed: int | None = None
    status: RunStatus = RunStatus.FINISHED
    facts: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    run_id: str = ""
    host: str | None = None


def metric_columns(values: Sequence[float | None]) -> MetricColumns:
    """Return a metric that each run logged once, or never where the value is None."""
    last = np.array([np.nan if value is None else value for value in values], dtype=float)
    finite = np.where(np.isfinite(last), last, np.nan)
    count = np.array([value is not None for value in values], dtype=np.int64)
    steps = np.zeros(len(values), dtype=np.int64)
    return MetricColumns(
        first=last,
        last=last,
        mean=finite,
        min=finite,
        max=finite,
        tail_mean=finite,
        argmin_step=steps,
        argmax_step=steps,
        count=count,
        nan_count=(np.isnan(last) & (count > 0)).astype(np.int64),
        inf_count=np.isinf(last).astype(np.int64),
        first_step=steps,
        last_step=steps,
    )


def make_frame(
    runs: Sequence[MadeRun], experiment: str = "digits", infos: Mapping[str, MetricInfo] | None = None
) -> ExperimentFrame:
    """Return an experiment of these runs, in this order."""
    names = sorted({metric for run in runs for metric in run.metrics})
    return ExperimentFrame(
        experiment=experiment,
        runs=tuple(_facts(run, position, experiment) for position, run in enumerate(runs)),
        metrics={name: metric_columns([run.metrics.get(name) for run in runs]) for name in names},
        metric_infos=infos or {},
    )


def _facts(made: MadeRun, position: int, experiment: str) -> RunFacts:
    run_id = made.run_id or f"r{position}"
    run = Run(
        run_id=run_id,
        experiment=experiment,
        name=made.name,
        source_id=f"source-{run_id}",
        path=f"{run_id}.csv",
        status=made.status,
        started=START + timedelta(minutes=position),
        seed=made.seed,
        parent_run=made.parent,
        host=made.host,
    )
    return RunFacts(
        run=run,
        params={name: param(run_id, name, value) for name, value in made.params.items()},
        tags={name: Tag(run_id=run_id, tag=name, value=value) for name, value in made.tags.items()},
        **made.facts,
    )


def seeded(values: Sequence[float], metric: str = "test/accuracy", **params: str) -> list[MadeRun]:
    """Return one finished run per value with seeds 0, 1, 2..."""
    return [
        MadeRun(params={**params, "seed": str(seed)}, metrics={metric: value}, seed=seed, name=f"{params}-{seed}")
        for seed, value in enumerate(values)
    ]
