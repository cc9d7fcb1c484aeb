"""What the analysis works on: one experiment as header facts and aligned columns. No pandas here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
from runreport.notices import Notice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run with everything but its numbers; names map to entities. ``run.seed`` is resolved."""

    run: Run
    params: Mapping[str, Param] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    models: tuple[Model, ...] = ()
    environment: Mapping[str, EnvironmentItem] = field(default_factory=dict)
    code: CodeVersion | None = None
    edges: tuple[Edge, ...] = ()
    is_excluded: bool = False
    exclusion_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricColumns:
    """The summary of one metric over the runs of an experiment; row i belongs to run i, NaN or 0 where missing.

    ``count == 0`` means the run never logged the metric. Steps are only meaningful where ``count > 0``.
    """

    first: Floats
    last: Floats
    min: Floats
    max: Floats
    mean: Floats
    tail_mean: Floats
    argmin_step: Ints
    argmax_step: Ints
    count: Ints
    nan_count: Ints
    inf_count: Ints
    first_step: Ints
    last_step: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExamples:
    """The scores of the run in ``row`` on n test examples, at the last step it has any: float64 [n].

    ``examples`` int64 [n] are numbers of the examples' names: within an experiment the same number is the same name.
    """

    row: int
    examples: Ints
    scores: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentFrame:
    """One experiment: its runs in a stable order (started, name, id) and one entry of ``metrics`` per metric name.

    ``examples`` holds for each metric the runs whose scores on single test examples are known, in the order of the
    runs; it is empty unless :func:`runreport.frames.examples.with_examples` was asked for them.
    """

    experiment: str
    runs: tuple[RunFacts, ...]
    metrics: Mapping[str, MetricColumns]
    metric_infos: Mapping[str, MetricInfo] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    examples: Mapping[str, tuple[RunExamples, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The points of one metric of one run by (step, order): ``steps`` int64 [p], ``values`` float64 [p]."""

    run_id: str
    steps: Ints
    values: Floats
    times_us: Ints | None = None
