"""Groups against the targets that the settings name, and the scores of MLPerf."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from runreport.compare.answers import arm_of
from runreport.compare.comparison import Target, TargetAnswer, TimeToTrain
from runreport.compare.entities import Group, MetricDefinition, Sample
from runreport.compare.groups import MINIMUM_FOR_COMPARISON
from runreport.config.options import TargetOptions
from runreport.frames.values import RunFacts
from runreport.names import content_hash, file_name
from runreport.stats.olympic import olympic_mean
from runreport.stats.plan import plan_target
from runreport.stats.target import ABOVE, BELOW, MET, against_target
from runreport.stats.unpaired import Arm
from runreport.stats.words import counted, listed

TIME_TO_TRAIN = "time_to_train_min"
"""The metric in which the reader of MLPerf logs keeps the minutes from the start to the target."""

_MLPERF = "mlperf"
_SCALING_FACTOR = "scaling_factor"
_DROPPED_SHARE = 10  # a tenth of the runs at each end, at least one: MLCommons training rules, "Benchmark results"
_MOST_SINGLE_RUNS = 50


def answer_targets(
    targets: Sequence[TargetOptions],
    experiment: str,
    definitions: Sequence[MetricDefinition],
    samples: Mapping[str, Sequence[Sample]],
) -> tuple[Target, ...]:
    """Return every target that is about a metric of this experiment, with the answer for each group that has values.

    Groups of a single run are left out where there are larger ones or very many of them: one run cannot show anything
    about a mean.
    """
    known = {definition.metric: definition for definition in definitions}
    return tuple(
        _target(options, known[options.metric], samples[options.metric], experiment)
        for options in targets
        if options.metric in known and options.experiment in {"", experiment}
    )


def _target(options: TargetOptions, metric: MetricDefinition, samples: Sequence[Sample], experiment: str) -> Target:
    side = BELOW if options.above is None else ABOVE
    value = options.below if options.above is None else options.above
    if value is None:  # the settings hold one of them, which pydantic checks but does not tell the types
        raise ValueError("a target needs a value")
    name = f"{metric.metric} {side} {value:g}"
    return Target(
        target_id=file_name(name, content_hash(experiment, metric.metric, side, repr(value), repr(options.alpha))),
        name=name,
        metric=metric,
        side=side,
        value=value,
        alpha=options.alpha,
        plan=plan_target(side),
        answers=tuple(
            TargetAnswer(
                sample=sample, answer=against_target(_values(arm_of(sample)), value, side=side, alpha=options.alpha)
            )
            for sample in _large_enough(samples)
        ),
    )


def _large_enough(samples: Sequence[Sample]) -> list[Sample]:
    started = [sample for sample in samples if sample.values or sample.non_finite]
    repeated = [sample for sample in started if len(sample.values) >= MINIMUM_FOR_COMPARISON]
    return repeated or started[:_MOST_SINGLE_RUNS]


def _values(arm: Arm) -> np.ndarray:
    """Return one value per run that was started: NaN where it failed, infinity where it diverged."""
    missing = np.full(arm.nan_count, math.nan)
    return np.concatenate([arm.values, missing, np.full(arm.infinite_count, math.inf)])


def target_sentence(target: Target) -> str:
    """Return how many groups are shown to meet a target, and which."""
    met = [one.sample.group_name for one in target.answers if one.answer.verdict == MET]
    total = len(target.answers)
    if not total:
        return "No group has a value to test against this target."
    if not met:
        return f"None of {counted(total, 'group')} is shown to have a mean {target.side} the target."
    verb = "is" if len(met) == 1 else "are"
    return (
        f"{len(met)} of {counted(total, 'group')} {verb} shown to have a mean {target.side} the target "
        f"(one-sided p < {target.alpha:g}): {listed(met, at_most=5)}."
    )


def times_to_train(
    groups: Sequence[Group], samples: Mapping[str, Sequence[Sample]], runs: Mapping[str, RunFacts]
) -> tuple[TimeToTrain, ...]:
    """Return the MLPerf score of each group whose runs were read from MLPerf logs.

    A run that was aborted did not reach the target and counts as the slowest; the factor by which MLPerf scales some
    benchmarks is the one in the logs.
    """
    by_group = {sample.group_id: sample for sample in samples.get(TIME_TO_TRAIN, ())}
    found = (
        (group, by_group[group.group_id], [runs[run_id] for run_id in group.run_ids])
        for group in groups
        if group.group_id in by_group
    )
    return tuple(_time_to_train(*parts) for parts in found if {facts.run.reader for facts in parts[2]} == {_MLPERF})


def _time_to_train(group: Group, sample: Sample, facts: Sequence[RunFacts]) -> TimeToTrain:
    arm = arm_of(sample)
    drop = max(1, round(arm.started / _DROPPED_SHARE))
    scale = next(_scaling_factors(facts), 1.0)
    return TimeToTrain(
        group_id=group.group_id,
        scale=scale,
        dropped=drop,
        score=olympic_mean(arm.values, not_converged=arm.failed, drop=drop, scale=scale),
    )


def _scaling_factors(facts: Sequence[RunFacts]) -> Iterator[float]:
    for run in facts:
        tag = run.tags.get(_SCALING_FACTOR)
        if tag is not None:
            yield float(tag.value)
