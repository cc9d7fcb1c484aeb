"""The values of one metric in every group, and what became of the runs that gave none."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

import numpy as np

from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.groups import fold_params, ignored_params, setting
from runreport.config.options import Settings
from runreport.diff.values import canonical
from runreport.frames.values import ExperimentFrame, Floats, MetricColumns, RunFacts
from runreport.names import Direction, Reduction
from runreport.stats.arrays import Floats as SampleValues
from runreport.stats.describe import describe
from runreport.stats.intervals import described_interval
from runreport.stats.repeats import average_repeats
from runreport.stats.types import Description, Estimate, Interval

_FULL_LENGTH = 0.9  # of the median last step of the group


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A comparable run of a group: its row in the frame, its seed and fold, and the independent unit it belongs to."""

    row: int
    run_id: str
    seed: int | None
    fold: str
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _MemberKeys:
    """The params that never tell groups apart, and those among them that name a fold."""

    ignored: frozenset[str]
    folds: frozenset[str]

    def fold(self, facts: RunFacts) -> str:
        """Return the fold of a run, empty where it has none."""
        return next((facts.params[name].value for name in sorted(self.folds) if name in facts.params), "")


def collect_samples(
    frame: ExperimentFrame, groups: Sequence[Group], definitions: Sequence[MetricDefinition], settings: Settings
) -> Mapping[str, tuple[Sample, ...]]:
    """Return for each metric one sample per group, in group order; only comparable runs enter.

    Runs of a group that repeat a seed in the same setting (and fold) are one unit: their mean is what counts.
    """
    rows = {run.run.run_id: row for row, run in enumerate(frame.runs)}
    keys = _MemberKeys(
        ignored=ignored_params(frame.runs, settings.groups), folds=fold_params(frame.runs, settings.groups)
    )
    members = [_members(frame, [rows[run_id] for run_id in group.comparable_run_ids], keys) for group in groups]
    level = settings.comparisons.level
    found: dict[str, tuple[Sample, ...]] = {}
    for one in definitions:
        reduced = _Reduced.of(frame.metrics[one.metric], one)
        pairs = zip(groups, members, strict=True)
        found[one.metric] = tuple(_sample(reduced, group, inside, one, level) for group, inside in pairs)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reduced:
    """One metric over the runs of an experiment: the single value of each, whether it has one, and its last step."""

    values: list[float]
    has_metric: list[bool]
    last_steps: list[int]

    @classmethod
    def of(cls, columns: MetricColumns, definition: MetricDefinition) -> Self:
        values, has_metric = reduce_runs(columns, definition)
        return cls(values=values, has_metric=has_metric, last_steps=columns.last_step.tolist())


def reduce_runs(columns: MetricColumns, definition: MetricDefinition) -> tuple[list[float], list[bool]]:
    """Return the single value of each run (NaN or infinite where it is so) and whether the run has the metric."""
    return _reduced(columns, definition).tolist(), (columns.count > 0).tolist()


def _reduced(columns: MetricColumns, definition: MetricDefinition) -> Floats:
    best = columns.max if definition.direction is Direction.UP else columns.min
    by_reduction = {
        Reduction.LAST: columns.last,
        Reduction.BEST: best,
        Reduction.MIN: columns.min,
        Reduction.MAX: columns.max,
        Reduction.TAIL_MEAN: columns.tail_mean,
    }
    return by_reduction[definition.reduction]


def _members(frame: ExperimentFrame, rows: Sequence[int], keys: _MemberKeys) -> tuple[_Member, ...]:
    units: dict[object, int] = {}
    seeds = Counter(frame.runs[row].run.seed for row in rows)
    members = []
    for row in rows:
        facts = frame.runs[row]
        fold = keys.fold(facts)
        is_repeat = facts.run.seed is not None and seeds[facts.run.seed] > 1
        key = (fold, _repeat_key(facts, keys.ignored)) if is_repeat else row
        unit = units.setdefault(key, len(units))
        members.append(_Member(row=row, run_id=facts.run.run_id, seed=facts.run.seed, fold=fold, unit=unit))
    return tuple(members)


def _repeat_key(facts: RunFacts, ignored: frozenset[str]) -> object:
    """Return what makes two runs repeats of each other: the seed and the whole setting, however they are grouped."""
    return facts.run.seed, frozenset((name, canonical(text)) for name, text in setting(facts, ignored).items())


def _sample(
    reduced: _Reduced, group: Group, members: Sequence[_Member], definition: MetricDefinition, level: float
) -> Sample:
    logged = [member for member in members if reduced.has_metric[member.row]]
    finite = [member for member in logged if math.isfinite(reduced.values[member.row])]
    kept = tuple(reduced.values[member.row] for member in finite)
    units = tuple(member.unit for member in finite)
    description = describe(kept if len(set(units)) == len(units) else average_repeats(kept, units))
    return Sample(
        group_id=group.group_id,
        group_name=group.name,
        run_ids=tuple(member.run_id for member in finite),
        seeds=tuple(member.seed for member in finite),
        values=kept,
        description=description,
        mean=mean_estimate(description, level, (definition.lower_bound, definition.upper_bound)),
        non_finite=tuple(member.run_id for member in logged if not math.isfinite(reduced.values[member.row])),
        infinite=tuple(member.run_id for member in logged if math.isinf(reduced.values[member.row])),
        missing=tuple(member.run_id for member in members if not reduced.has_metric[member.row]),
        units=units,
        counts=group.counts,
        folds=tuple(member.fold for member in finite),
        ended_early=_ended_early(reduced, finite),
    )


def _ended_early(reduced: _Reduced, members: Sequence[_Member]) -> tuple[str, ...]:
    """Return the runs that stopped well before the median of their group: their log may have been cut."""
    last = [reduced.last_steps[member.row] for member in members]
    expected = _FULL_LENGTH * median(last) if last else 0
    return tuple(member.run_id for member, step in zip(members, last, strict=True) if step < expected)


def mean_estimate(
    description: Description, level: float, bounds: tuple[float | None, float | None] = (None, None)
) -> Estimate | None:
    """Return a mean with its t interval, or without one for a single value or values without spread.

    The interval is cut at the bounds of the metric, beyond which no mean can be.
    """
    if description.mean is None:
        return None
    interval = described_interval(description, level=level)
    if not isinstance(interval, Interval):
        return Estimate(value=description.mean)
    lowest, highest = bounds
    low = interval.low if lowest is None else max(interval.low, min(lowest, description.mean))
    high = interval.high if highest is None else min(interval.high, max(highest, description.mean))
    return Estimate(value=description.mean, interval=Interval(low=low, high=high, level=level))


def independent_values(sample: Sample) -> SampleValues:
    """Return the values that count, float64 [n]: one per unit, repeats of a seed averaged."""
    if not sample.units:
        return np.asarray(sample.values, dtype=np.float64)
    return average_repeats(sample.values, sample.units)
