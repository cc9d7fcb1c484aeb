"""What to be careful about, in sentences: beside a contrast, and over an experiment."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import numpy as np

from runreport.compare.comparison import Comparison, Contrast
from runreport.compare.entities import Group, MetricDefinition, RunCounts, Sample
from runreport.compare.samples import independent_values
from runreport.compare.words import format_value, with_unit
from runreport.names import Direction, DirectionSource
from runreport.stats.arrays import Floats as SampleValues
from runreport.stats.outliers import find_split
from runreport.stats.repeats import repeated_seeds
from runreport.stats.spread import unequal_spread
from runreport.stats.tails import long_tail
from runreport.stats.types import Caution
from runreport.stats.words import counted, listed

FEW_SEEDS = 5
_MINIMUM = 3
_GRAVE = frozenset({"code", "dataset"})
_NAMED = 4
_CROSSED_PARAMS = 2
_FEWEST_CROSSED = 9
_CROSSED_SHARE = 0.8


def contrast_cautions(contrast: Contrast, worst_case: float | None) -> tuple[Caution, ...]:
    """Return what to be careful about in one contrast, beyond what the statistics said themselves.

    ``worst_case`` is the difference with failed runs counted as the worst value seen.
    """
    sides = (contrast.candidate, contrast.baseline)
    found = [*_few_seeds(contrast), *_worst_case(contrast, worst_case)]
    for sample in sides:
        found += [*_left_out(sample), *_repeats(sample), *_unvaried(sample)]
    far = [caution for sample in sides for caution in _far_seeds(sample, contrast.metric.direction)]
    return (*found, *(far or _shape(*sides)))


def _few_seeds(contrast: Contrast) -> Iterator[Caution]:
    n_candidate, n_baseline = contrast.candidate.description.n, contrast.baseline.description.n
    if _MINIMUM <= min(n_candidate, n_baseline) < FEW_SEEDS:
        sentence = f"Few seeds ({n_candidate} and {n_baseline})"
        if contrast.mde is not None:
            mde = with_unit(format_value(contrast.mde, contrast.mde), contrast.metric.unit, is_difference=True)
            sentence += f": only differences above about {mde} are found with 80 % power"
        yield Caution(code="few-seeds", words=f"{sentence}; 5 or more per side are advised.")


def _worst_case(contrast: Contrast, worst: float | None) -> Iterator[Caution]:
    if worst is not None and contrast.delta is not None:
        with_failures, without = (
            with_unit(format_value(value, contrast.mde, sign=True), contrast.metric.unit, is_difference=True)
            for value in (worst, contrast.delta.value)
        )
        yield Caution(
            code="failures-counted",
            words=f"With failed runs counted as the worst value seen the difference is {with_failures} instead of {without}.",
        )


def _left_out(sample: Sample) -> Iterator[Caution]:
    counts = sample.counts
    if counts.killed:
        yield Caution(
            code="left-out",
            words=(
                f"{counted(counts.killed, 'run')} of {sample.group_name} {_was(counts.killed)} killed and left out; "
                f"if runs are killed for bad results this favours {sample.group_name}."
            ),
        )
    if counts.running:
        yield Caution(
            code="left-out",
            words=f"{counted(counts.running, 'run')} of {sample.group_name} {_was(counts.running)} still running and left out.",
        )
    if counts.excluded:
        yield Caution(
            code="left-out",
            words=f"{counted(counts.excluded, 'run')} of {sample.group_name} {_was(counts.excluded)} excluded; the page of each says why.",
        )
    if sample.missing:
        yield Caution(
            code="left-out",
            words=f"{counted(len(sample.missing), 'run')} of {sample.group_name} never logged this metric.",
        )
    yield from _ended_early(sample)


def _ended_early(sample: Sample) -> Iterator[Caution]:
    """Say that runs stopped long before the others, and what the mean is without them."""
    early = set(sample.ended_early)
    if not early:
        return
    rest = [value for run_id, value in zip(sample.run_ids, sample.values, strict=True) if run_id not in early]
    runs = f"{len(early)} of {counted(len(sample.values), 'run')} of {sample.group_name}"
    spread = sample.description.sd
    yield Caution(
        code="stopped-early",
        words=(
            f"{runs} stopped more than a tenth before the others and {_was(len(early))} averaged as {_it(len(early))} stands; "
            f"without {_them(len(early))} the mean is {format_value(fmean(rest), spread)}."
        ),
    )


def _it(count: int) -> str:
    return "it" if count == 1 else "each"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _repeats(sample: Sample) -> Iterator[Caution]:
    caution = repeated_seeds(sample.group_name, sample.seeds, sample.units) if sample.units else None
    if caution is not None:
        yield caution


def _unvaried(sample: Sample) -> Iterator[Caution]:
    distinct_seeds = {seed for seed in sample.seeds if seed is not None}
    if len(distinct_seeds) > 1 and len(set(sample.values)) == 1:
        yield Caution(
            code="seed-not-applied",
            words=(
                f"{sample.group_name} has the same value for {len(distinct_seeds)} different seeds: "
                "the seed seems not applied, unless this metric cannot depend on it."
            ),
        )


def _far_seeds(sample: Sample, direction: Direction) -> Iterator[Caution]:
    values = independent_values(sample)
    split = find_split(values)
    if split is None:
        return
    far = [values[i] for i in split.far]
    shown = listed([format_value(float(value)) for value in far])
    if split.is_bimodal:
        yield Caution(
            code="far-seeds",
            words=(
                f"The runs of {sample.group_name} fall into two clusters (one of {len(far)}, at {shown}): "
                "no test of means can be trusted here; look at the single runs."
            ),
        )
    else:
        verb = "lies" if len(far) == 1 else "lie"
        yield Caution(
            code="far-seeds",
            words=(
                f"{len(far)} of {values.size} runs of {sample.group_name} {verb} far from the others (at {shown}): "
                f"{_fate(far, values, direction)}; no test of means can be trusted here; look at the single runs."
            ),
        )


def _fate(far: Sequence[float], values: SampleValues, direction: Direction) -> str:
    """Say what became of runs far from the others: on the bad side they may have collapsed, on the good side not."""
    is_above = fmean(far) > float(np.median(values))
    if direction is Direction.UNKNOWN:
        return "above the others" if is_above else "below the others"
    return "better than the others" if is_above is (direction is Direction.UP) else "perhaps collapsed"


def _shape(candidate: Sample, baseline: Sample) -> Iterator[Caution]:
    """Say why the mean may mislead although no run lies far from the others: one reason is enough."""
    values = [independent_values(sample) for sample in (candidate, baseline)]
    caution = unequal_spread(*values, names=(candidate.group_name, baseline.group_name)) or long_tail(*values)
    if caution is not None:
        yield caution


def experiment_cautions(
    counts: RunCounts,
    primary: MetricDefinition | None,
    comparisons: Sequence[Comparison],
    samples: Mapping[str, Sequence[Sample]],
) -> tuple[str, ...]:
    """Return what to be careful about in a whole experiment: runs left out, direction, few or far seeds, confounds."""
    found = [*_run_counts(counts), *_primary_direction(primary), *_diverged_elsewhere(primary, samples)]
    if primary is not None:
        primary_samples = samples[primary.metric]
        found += [*_diverged(primary, primary_samples), *_primary_contrasts(comparisons)]
        compared = {group.group_id for one in comparisons for group in (one.baseline, one.candidate)}
        for sample in primary_samples:
            if sample.group_id in compared:
                seen = (*_repeats(sample), *_unvaried(sample), *_far_seeds(sample, primary.direction))
                found += [caution.words for caution in seen]
    return (*found, *_confounded(comparisons))


def crossed_names(groups: Sequence[Group]) -> str:
    """Return a hint where groups look like methods on many tasks that nobody named as such; empty where they do not.

    That is where two params name the groups and nearly every value of one occurs with every value of the other.
    """
    named = {group.name_params for group in groups if group.name_params}
    if len(groups) < _FEWEST_CROSSED or len(named) != 1 or len(next(iter(named))) != _CROSSED_PARAMS:
        return ""
    params = next(iter(named))
    sizes = [len({group.params.get(param) for group in groups}) for param in params]
    if min(sizes) < _CROSSED_PARAMS or len(groups) < _CROSSED_SHARE * sizes[0] * sizes[1]:
        return ""
    return (
        f"Nearly every {params[0]} occurs with every {params[1]}. If one of them names the task, set groups.task to it in "
        "runreport.toml: then groups are compared within a task only, and methods over all tasks."
    )


def _run_counts(counts: RunCounts) -> Iterator[str]:
    outcomes = {
        "failed": counts.failed,
        "killed": counts.killed,
        "still running": counts.running,
        "excluded": counts.excluded,
    }
    named = [f"{count} {words}" for words, count in outcomes.items() if count]
    if named:
        yield f"Counted but in no mean: {listed(named, at_most=4)} of {counted(counts.total, 'run')}."
    if counts.unknown:
        yield (
            f"{counted(counts.unknown, 'run')} of unknown status "
            f"{'is' if counts.unknown == 1 else 'are'} taken as finished: the log does not say how they ended."
        )


def _primary_direction(primary: MetricDefinition | None) -> Iterator[str]:
    if primary is None:
        return
    if primary.direction_source is DirectionSource.INFERRED:
        better = "higher" if primary.direction is Direction.UP else "lower"
        yield f"That {better} {primary.metric} is better was inferred from its name."
    elif primary.direction is Direction.UNKNOWN:
        yield f"It is not known whether higher or lower {primary.metric} is better; nothing is called better or worse."


def _diverged(primary: MetricDefinition, samples: Sequence[Sample]) -> Iterator[str]:
    diverged = [(sample.group_name, len(sample.non_finite)) for sample in samples if sample.non_finite]
    if diverged:
        total = counted(sum(count for _, count in diverged), "run")
        verb = "has" if total.startswith("1 ") else "have"
        groups = listed([name for name, _ in diverged])
        yield f"{total} ended with a {primary.metric} that is NaN or infinite and {verb} no place in a mean ({groups})."


def _diverged_elsewhere(primary: MetricDefinition | None, samples: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    """Name the other metrics that ended without a number: such a run diverged even if its primary metric looks sound."""
    found = {
        metric: {run_id for sample in group_samples for run_id in sample.non_finite}
        for metric, group_samples in samples.items()
        if primary is None or metric != primary.metric
    }
    metrics = [metric for metric, run_ids in found.items() if run_ids]
    if metrics:
        runs = counted(len(set().union(*found.values())), "run")
        yield f"{runs} ended with NaN or an infinite value in {listed(metrics)}."


def _primary_contrasts(comparisons: Sequence[Comparison]) -> Iterator[str]:
    contrasts = [one.primary for one in comparisons if one.primary is not None]
    few = [one for one in contrasts if min(one.candidate.description.n, one.baseline.description.n) < FEW_SEEDS]
    if few:
        names = listed([one.candidate.group_name for one in few])
        yield (
            f"Fewer than {FEW_SEEDS} seeds on a side in {counted(len(few), 'comparison')} ({names}): "
            "only large differences can be found."
        )


def _confounded(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Name differing code and data one by one, since they could explain a verdict; sum up everything else."""
    grave = [
        f"{one.candidate.name}: {confound.sentence}"
        for one in comparisons
        for confound in one.confounds
        if confound.kind in _GRAVE
    ]
    yield from grave[:_NAMED]
    if len(grave) > _NAMED:
        yield f"{len(grave) - _NAMED} further differences in code or data are on the pages of the comparisons."
    others = [(one, confound) for one in comparisons for confound in one.confounds if confound.kind not in _GRAVE]
    if others:
        names = listed(list(dict.fromkeys(one.candidate.name for one, _ in others)))
        yield f"More than the named setting differs in {names}; for example, {others[0][1].sentence}"
