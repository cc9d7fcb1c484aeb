"""Who is compared: candidates against the baseline, single runs as a sweep, the rest with a reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runreport.compare.comparison import NotCompared, Sweep, SweepRow
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.groups import MINIMUM_FOR_COMPARISON, compared_groups
from runreport.diff.values import canonical
from runreport.names import Direction, natural_key

_SMALLEST_SWEEP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Pairs of baseline and candidate in group order, the groups of a sweep, and the groups that are neither."""

    pairs: tuple[tuple[Group, Group], ...]
    sweep: tuple[Group, ...]
    not_compared: tuple[NotCompared, ...]


def plan_comparisons(
    groups: Sequence[Group],
    opponents: Mapping[str, str],
    logged: frozenset[str],
    *,
    limit: int,
    has_tasks: bool = False,
) -> Plan:
    """Return who is compared.

    ``opponents`` names for each candidate the group it is compared with; ``logged`` are the ids of the groups in which
    some run logged a metric. Compared are the groups with at least 2 comparable runs, in order of their first run, up
    to the limit. Groups of one run form a sweep when at least 2 of them have a comparable run, unless they are on
    different tasks (``has_tasks``), whose values cannot be ranked together.
    """
    eligible = [group for group in compared_groups(groups) if group.group_id in logged]
    single = [group for group in eligible if _is_single(group)]
    has_sweep = sum(bool(group.comparable_run_ids) for group in single) >= _SMALLEST_SWEEP
    sweep = tuple(single) if has_sweep and not has_tasks else ()
    by_id = {group.group_id: group for group in groups}
    pairs = [
        (by_id[opponents[group.group_id]], group)
        for group in eligible
        if len(group.comparable_run_ids) >= MINIMUM_FOR_COMPARISON and group.group_id in opponents
    ]
    placed = {group.group_id for pair in pairs[:limit] for group in pair} | {group.group_id for group in sweep}
    baselines = frozenset(opponents.values())
    rest = [group for group in groups if group.group_id not in placed | baselines]
    listed = tuple(
        NotCompared(group_id=group.group_id, group_name=group.name, reason=_reason(group, logged, opponents, limit))
        for group in rest
    )
    return Plan(pairs=tuple(pairs[:limit]), sweep=sweep, not_compared=listed)


def _is_single(group: Group) -> bool:
    return len(group.comparable_run_ids) == 1 or (len(group.run_ids) == 1 and not group.counts.excluded)


def _reason(group: Group, logged: frozenset[str], opponents: Mapping[str, str], limit: int) -> str:
    if group.not_compared_reason:
        return group.not_compared_reason
    if group.group_id not in logged:
        return "its runs logged no metric"
    comparable = len(group.comparable_run_ids)
    if comparable == 0:
        return "none of its runs is finished and included"
    if comparable < MINIMUM_FOR_COMPARISON:
        return "only one finished run"
    if group.group_id not in opponents:
        return "there is no baseline for it" if opponents else "there is no baseline"
    return f"beyond the limit of {limit} comparisons (comparisons.limit)"


def build_sweep(groups: Sequence[Group], samples: Sequence[Sample], metric: MetricDefinition | None) -> Sweep | None:
    """Return the single runs ranked on the primary metric, best first; None without runs or metric.

    ``samples`` are those of the metric for these groups. Runs without a finite value, and all runs when the metric's
    direction is unknown, have no rank and keep their order behind the others.
    """
    if metric is None or not groups:
        return None
    by_group = {sample.group_id: sample for sample in samples}
    runs = [(group, by_group[group.group_id]) for group in groups]
    values = np.array([sample.values[0] if sample.values else math.nan for _, sample in runs])
    key = {Direction.UP: -values, Direction.DOWN: values}.get(metric.direction, np.zeros(values.size))
    order = np.argsort(np.where(np.isnan(values), np.inf, key), kind="stable")
    rows = tuple(_sweep_row(*runs[i], rank=_rank(values, int(i), metric.direction)) for i in order)
    return Sweep(metric=metric, params=_varying(groups), rows=rows)


def _rank(values: np.ndarray, index: int, direction: Direction) -> int | None:
    """Return 1 plus the number of better values; equal values share a rank."""
    if direction is Direction.UNKNOWN or math.isnan(values[index]):
        return None
    better = values > values[index] if direction is Direction.UP else values < values[index]
    return 1 + int(better.sum())


def _sweep_row(group: Group, sample: Sample, *, rank: int | None) -> SweepRow:
    run_id = group.comparable_run_ids[0] if group.comparable_run_ids else group.run_ids[0]
    return SweepRow(
        rank=rank, run_id=run_id, group_id=group.group_id, value=sample.values[0] if sample.values else None
    )


def _varying(groups: Sequence[Group]) -> tuple[str, ...]:
    names = {param for group in groups for param in group.params}
    meanings = {
        name: {canonical(text) if (text := group.params.get(name)) is not None else None for group in groups}
        for name in names
    }
    return tuple(
        sorted((name for name in names if len(meanings[name]) > 1), key=lambda name: (natural_key(name), name))
    )
