"""What comparisons are made of: groups of runs, metrics, and the values of a metric in a group."""

from collections.abc import Mapping
from dataclasses import dataclass

from runreport.names import Direction, DirectionSource, Reduction
from runreport.stats.types import Description, Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How many runs there are, by what became of them; they add up to ``total``."""

    total: int
    finished: int
    failed: int
    killed: int
    running: int
    unknown: int
    excluded: int

    @property
    def comparable(self) -> int:
        """Runs that may enter a mean."""
        return self.finished + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs that differ only in seed and ignored keys.

    Attributes:
        group_id: stable and unique within the experiment; safe in a file name.
        name: the shortest set of params that tells the group apart, as ``param=value, param=value``.
        params: the param texts all runs of the group share (seed and ignored keys left out).
        run_ids: every run, also failed ones; ``comparable_run_ids`` those that may enter a mean.
        seeds: the distinct seeds of the comparable runs, ascending.
        is_ungrouped: runs that lack a key they should be grouped by; never compared.
        name_params: the params (or ``tags.NAME``) that make up the name, in its order.
        not_compared_reason: why this group is only counted, for example parent runs that hold nothing but children.
    """

    group_id: str
    name: str
    params: Mapping[str, str]
    run_ids: tuple[str, ...]
    comparable_run_ids: tuple[str, ...]
    counts: RunCounts
    seeds: tuple[int, ...]
    is_ungrouped: bool = False
    name_params: tuple[str, ...] = ()
    not_compared_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """How one metric is read in one experiment: direction and who said so, unit, and the reduction to one value.

    ``margin`` is the difference below which nothing matters, None where none was set; ``error_metric`` the metric that
    holds the standard errors of this one within a run, empty where there is none.
    """

    metric: str
    direction: Direction
    direction_source: DirectionSource
    reduction: Reduction
    unit: str = ""
    lower_bound: float | None = None
    upper_bound: float | None = None
    margin: float | None = None
    error_metric: str = ""
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values of one metric in one group, and every run that did not give one.

    ``values`` are finite and in the order of ``run_ids``; ``seeds`` likewise (None where unknown).
    ``non_finite``: comparable runs whose value is NaN or infinite; ``missing``: comparable runs without the metric.
    ``infinite``: those of ``non_finite`` that diverged to infinity. ``units`` gives for each value the independent
    unit it belongs to: repeats of a seed share one and are averaged first, so ``description`` and ``mean`` count
    units, which are as many as values unless a seed was run again. ``folds`` names for each value the fold of a
    cross-validation, empty where it is none. ``ended_early`` are runs whose last step lies far before that of the
    others of the group.
    """

    group_id: str
    group_name: str
    run_ids: tuple[str, ...]
    seeds: tuple[int | None, ...]
    values: tuple[float, ...]
    description: Description
    mean: Estimate | None
    non_finite: tuple[str, ...]
    missing: tuple[str, ...]
    counts: RunCounts
    infinite: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    folds: tuple[str, ...] = ()
    ended_early: tuple[str, ...] = ()
