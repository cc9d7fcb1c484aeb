"""Runs that differ only in seed and in keys that say nothing about the setting."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runreport.compare.entities import Group, RunCounts
from runreport.compare.group_names import GroupName, name_groups
from runreport.config.options import GroupOptions
from runreport.diff.keys import matching_keys
from runreport.diff.values import canonical, is_same
from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.names import COMPARABLE_STATUSES, RunStatus, file_name

UNGROUPED = "ungrouped"
PARENTS = "parent runs"
TAG_PREFIX = "tags."
MINIMUM_FOR_COMPARISON = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """What runs are grouped by: ``by`` alone when it is given, else every param not ignored and what is ``named``."""

    by: tuple[str, ...]
    named: tuple[str, ...]
    ignored: frozenset[str]

    def settings(self, run: RunFacts) -> dict[str, str] | None:
        """Return what a run is grouped by, or None when it lacks one of the keys."""
        wanted = self.by or self.named
        texts = {key: text for key in wanted if (text := run_text(run, key)) is not None}
        if len(texts) < len(wanted):
            return None
        return texts if self.by else setting(run, self.ignored) | texts


def is_comparable(run: RunFacts) -> bool:
    """Say whether a run may enter a mean: not excluded, and neither failed, killed nor still running."""
    return not run.is_excluded and run.run.status in COMPARABLE_STATUSES


def count_runs(runs: Iterable[RunFacts]) -> RunCounts:
    """Return how many runs there are by what became of them; an excluded run counts only as excluded."""
    outcomes = Counter("excluded" if run.is_excluded else run.run.status.value for run in runs)
    statuses = {status.value: outcomes[status.value] for status in RunStatus}
    return RunCounts(total=outcomes.total(), excluded=outcomes["excluded"], **statuses)


def add_counts(counts: Iterable[RunCounts]) -> RunCounts:
    """Return the sums over several counts."""
    listed = list(counts)
    fields = ("total", "finished", "failed", "killed", "running", "unknown", "excluded")
    return RunCounts(**{name: sum(getattr(one, name) for one in listed) for name in fields})


def group_runs(frame: ExperimentFrame, options: GroupOptions, by: tuple[str, ...] = ()) -> tuple[Group, ...]:
    """Return the groups of an experiment in order of their first run; every run is in exactly one.

    Without ``by``, runs with the same params are a group, where the seed, the ignored keys and the way a value is
    written (``1e-3`` or ``0.001``) make no difference. With ``by``, runs that agree in these params (or ``tags.NAME``)
    are one, and runs that lack one of them are "ungrouped". Runs of different tasks are never one group. Parent runs
    that only hold children are kept apart and marked. Both kinds come last and are never compared.
    """
    keys = _keys(frame, options, by)
    parents = _holding_parents(frame, keys.ignored)
    members: dict[frozenset[object], list[RunFacts]] = {}
    apart: dict[str, list[RunFacts]] = {UNGROUPED: [], PARENTS: []}
    for run in frame.runs:
        settings = keys.settings(run)
        if run.run.run_id in parents:
            apart[PARENTS].append(run)
        elif settings is None:
            apart[UNGROUPED].append(run)
        else:
            members.setdefault(frozenset((key, canonical(text)) for key, text in settings.items()), []).append(run)
    groups = _named_groups(frame.experiment, list(members.values()), keys)
    special = (_special(frame.experiment, name, runs) for name, runs in apart.items() if runs)
    return (*groups, *special)


def _keys(frame: ExperimentFrame, options: GroupOptions, by: tuple[str, ...]) -> _Keys:
    has_task = options.has_task and any(run_text(run, options.task) is not None for run in frame.runs)
    named = (options.task,) if has_task and options.task not in by else ()
    return _Keys(by=(*by, *named) if by else (), named=named, ignored=ignored_params(frame.runs, options))


def ignored_params(runs: Iterable[RunFacts], options: GroupOptions) -> frozenset[str]:
    """Return the params that never tell groups apart: seed, fold and what fits an ignored pattern, but for the task."""
    names = {param for run in runs for param in run.params}
    keys = matching_keys(names, (*options.ignore, *options.seed_names, *options.fold_names))
    return keys - {options.task}


def fold_params(runs: Iterable[RunFacts], options: GroupOptions) -> frozenset[str]:
    """Return the params that name the fold of a cross-validation."""
    return matching_keys({param for run in runs for param in run.params}, options.fold_names) - {options.task}


def setting(run: RunFacts, ignored: frozenset[str]) -> dict[str, str]:
    """Return the params of a run that may tell groups apart, as logged."""
    return {name: param.value for name, param in run.params.items() if name not in ignored}


def run_text(run: RunFacts, key: str) -> str | None:
    """Return what a run has under a key, which is a param or ``tags.NAME``; None where it has none."""
    if key in run.params:
        return run.params[key].value
    tag = run.tags.get(key.removeprefix(TAG_PREFIX)) if key.startswith(TAG_PREFIX) else None
    return None if tag is None else tag.value


def _holding_parents(frame: ExperimentFrame, ignored: frozenset[str]) -> frozenset[str]:
    """Return the runs that hold children rather than compete with them.

    They logged no metric themselves, or lack a param that all of their children have, as the parent of a search does.
    """
    children: dict[str, list[RunFacts]] = {}
    for run in frame.runs:
        if run.run.parent_run:
            children.setdefault(run.run.parent_run, []).append(run)
    if not children:
        return frozenset()
    logged = [columns.count > 0 for columns in frame.metrics.values()]
    return frozenset(
        run.run.run_id
        for row, run in enumerate(frame.runs)
        if (own := children.get(run.run.run_id))
        and (not any(column[row] for column in logged) or _lacks_params_of(run, own, ignored))
    )


def _lacks_params_of(run: RunFacts, children: Sequence[RunFacts], ignored: frozenset[str]) -> bool:
    shared = set.intersection(*(set(setting(child, ignored)) for child in children))
    return not shared <= setting(run, ignored).keys()


def _named_groups(experiment: str, members: Sequence[Sequence[RunFacts]], keys: _Keys) -> list[Group]:
    is_main = [sum(map(is_comparable, runs)) >= MINIMUM_FOR_COMPARISON for runs in members]
    settings = [keys.settings(runs[0]) or {} for runs in members]
    names = name_groups(settings, is_main, keys.by)
    return [
        _group(experiment, name, runs, _shared_params(runs, keys.ignored))
        for name, runs in zip(names, members, strict=True)
    ]


def _shared_params(runs: Sequence[RunFacts], ignored: frozenset[str]) -> dict[str, str]:
    """Return the params that mean the same in all runs, as the first run wrote them."""
    first = setting(runs[0], ignored)
    others = [run.params for run in runs[1:]]
    return {
        name: text
        for name, text in first.items()
        if all(name in params and is_same(text, params[name].value) for params in others)
    }


def _group(experiment: str, name: GroupName, runs: Sequence[RunFacts], params: Mapping[str, str]) -> Group:
    comparable = [run for run in runs if is_comparable(run)]
    identity = (f"{param}={canonical(text)!r}" for param, text in sorted(params.items()))
    return Group(
        group_id=file_name(name.name, experiment, *identity),
        name=name.name,
        params=params,
        run_ids=tuple(run.run.run_id for run in runs),
        comparable_run_ids=tuple(run.run.run_id for run in comparable),
        counts=count_runs(runs),
        seeds=tuple(sorted({run.run.seed for run in comparable if run.run.seed is not None})),
        name_params=name.params,
    )


def _special(experiment: str, name: str, runs: Sequence[RunFacts]) -> Group:
    reason = "they lack a key that runs are grouped by" if name == UNGROUPED else "parent runs that hold others"
    comparable = [run for run in runs if is_comparable(run)]
    return Group(
        group_id=file_name(name, experiment, "special"),
        name=name,
        params={},
        run_ids=tuple(run.run.run_id for run in runs),
        comparable_run_ids=tuple(run.run.run_id for run in comparable),
        counts=count_runs(runs),
        seeds=tuple(sorted({run.run.seed for run in comparable if run.run.seed is not None})),
        is_ungrouped=name == UNGROUPED,
        not_compared_reason=reason,
    )


def compared_groups(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Return the groups that take part in comparisons at all: neither ungrouped nor set apart."""
    return tuple(group for group in groups if not group.is_ungrouped and not group.not_compared_reason)
