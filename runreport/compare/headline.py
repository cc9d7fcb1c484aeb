"""The answer in one sentence: which group is best on the primary metric, and how sure that is."""

import math
from collections.abc import Sequence

from runreport.compare.comparison import Comparison, Contrast, Sweep
from runreport.compare.contrasts import contrast_family
from runreport.compare.entities import MetricDefinition, Sample
from runreport.compare.group_names import ONLY_GROUP
from runreport.compare.verdict import p_words
from runreport.compare.words import format_interval, format_value, half_width, with_unit
from runreport.config.options import ComparisonOptions
from runreport.names import Direction, Verdict
from runreport.stats.types import Interval
from runreport.stats.words import counted, listed

_ENOUGH = 2
_TESTS = "tests"  # of the best group against every other, beside those of the comparison pages


def headline(
    metric: MetricDefinition | None,
    samples: Sequence[Sample],
    sweep: Sweep | None,
    comparisons: Sequence[Comparison],
    options: ComparisonOptions,
) -> str:
    """Return the answer for the groups with at least 2 values among the samples of the primary metric.

    The group with the best mean is tested against each of the others: it is called best only as far as these tests
    carry, and those it is not clearly ahead of are named. Holm's adjustment is over these tests and those of the
    comparisons with the baseline, so that the headline never claims more than the comparison it is about. Without
    such groups, or beside the only one, the best single run of the sweep is named, as the single run it is.
    """
    if metric is None:
        return "There is no primary metric to compare on."
    repeated = [sample for sample in samples if sample.description.n >= _ENOUGH]
    if not repeated:
        return _of_sweep(metric, samples, sweep)
    if metric.direction is Direction.UNKNOWN:
        return _without_direction(metric, repeated)
    best = _best(metric, repeated)
    others = [sample for sample in repeated if sample.group_id != best.group_id]
    if not others:
        return _of_only_one(metric, best, samples, sweep)
    contrasts = contrast_family(metric, [(best, other) for other in others], options, _asked_before(best, comparisons))
    return _of_best(best, contrasts, options.alpha)


def _asked_before(best: Sample, comparisons: Sequence[Comparison]) -> list[float]:
    """Return the p-values of the comparisons that do not involve the best group."""
    contrasts = [one.primary for one in comparisons]
    tested = [contrast for contrast in contrasts if contrast is not None and contrast.test is not None]
    sides = [({one.baseline.group_id, one.candidate.group_id}, one.test.p) for one in tested if one.test]
    return [p for groups, p in sides if best.group_id not in groups]


def _best(metric: MetricDefinition, samples: Sequence[Sample]) -> Sample:
    sign = 1 if metric.direction is Direction.UP else -1
    return max(samples, key=lambda sample: sign * (sample.description.mean or 0.0))


def _mean_words(metric: MetricDefinition, sample: Sample) -> str:
    mean = sample.mean
    if mean is None:
        return "no mean"
    spread = half_width(mean.interval) or sample.description.sd
    value = with_unit(format_value(mean.value, spread), metric.unit)
    interval = f"{format_interval(mean.interval)}; " if mean.interval else ""
    return f"mean {metric.metric} {value} ({interval}{counted(sample.description.n, 'run')})"


def _of_only_one(metric: MetricDefinition, only: Sample, samples: Sequence[Sample], sweep: Sweep | None) -> str:
    start = f"Only {only.group_name} has 2 or more finished runs with finite values"
    if only.group_name == ONLY_GROUP:
        start = "All runs are one group"
    sentences = [f"{start}: {_mean_words(metric, only)}."]
    diverged = [sample.group_name for sample in samples if sample.non_finite and not sample.values]
    if diverged:
        sentences.append(f"The finished runs of {listed(diverged)} gave only NaN or infinite values.")
    sentences.append(_of_single_runs(metric, samples, sweep) or "Nothing to compare with.")
    return " ".join(sentences)


def _of_best(best: Sample, contrasts: Sequence[Contrast], alpha: float) -> str:
    """Return the sentence from the contrasts of all other groups against the best one."""
    metric = contrasts[0].metric
    open_ = [contrast for contrast in contrasts if contrast.verdict is not Verdict.WORSE]
    closest = min(open_ or contrasts, key=_distance)
    if not open_:
        lead = {1: "the other group", 2: "both other groups"}.get(len(contrasts), f"all {len(contrasts)} other groups")
        ahead = _lead_words(closest, f"the closest, {closest.candidate.group_name},")
        return (
            f"{best.group_name} is best: {_mean_words(metric, best)}, clearly ahead of {lead}; "
            f"{ahead}, {p_words(closest, alpha, what=_TESTS)}."
        )
    names = listed([contrast.candidate.group_name for contrast in sorted(open_, key=_distance)])
    tied = [contrast.candidate.group_name for contrast in open_ if _distance(contrast) == 0]
    if tied:
        return f"{listed([best.group_name, *tied])} share the best {_mean_words(metric, best)}{_behind(best, open_, alpha)}."
    return (
        f"{best.group_name} has the best {_mean_words(metric, best)}, but is not clearly ahead of {names}: "
        f"{_open_words(closest, alpha)}."
    )


def _behind(best: Sample, open_: Sequence[Contrast], alpha: float) -> str:
    """Return which groups follow close behind several that share the lead."""
    behind = sorted((contrast for contrast in open_ if _distance(contrast) > 0), key=_distance)
    if not behind:
        return ""
    names = listed([contrast.candidate.group_name for contrast in behind])
    words = _open_words(behind[0], alpha).replace("it leads", f"{best.group_name} leads", 1)
    return f", but they are not clearly ahead of {names}: {words}"


def _distance(contrast: Contrast) -> float:
    return abs(contrast.delta.value) if contrast.delta else math.inf


def _lead_words(contrast: Contrast, name: str) -> str:
    """Return by how much the baseline of a contrast, here the best group, is ahead of its candidate."""
    sign = -1 if contrast.metric.direction is Direction.UP else 1
    if contrast.delta is None:
        return f"how far it leads {name} cannot be computed"
    interval = contrast.delta.interval
    value = with_unit(format_value(sign * contrast.delta.value, half_width(interval)), contrast.metric.unit)
    lead = f"it leads {name} by {value}"
    if interval is None:
        return lead
    low, high = sorted((sign * interval.low, sign * interval.high))
    return f"{lead} ({format_interval(Interval(low=low, high=high, level=interval.level))})"


def _open_words(contrast: Contrast, alpha: float) -> str:
    lead = _lead_words(contrast, contrast.candidate.group_name)
    if contrast.test is None or contrast.verdict is Verdict.CANNOT_TELL:
        reason = contrast.reason[:1].lower() + contrast.reason[1:].rstrip(".")
        return f"{lead}, and {reason}"
    interval = contrast.delta.interval if contrast.delta else None
    is_apart = interval is not None and not interval.low <= 0 <= interval.high
    alone = " (the interval is not adjusted)" if is_apart and contrast.verdict is Verdict.NO_CLEAR_DIFFERENCE else ""
    return f"{lead}, {p_words(contrast, alpha, what=_TESTS)}{alone}"


def _without_direction(metric: MetricDefinition, samples: Sequence[Sample]) -> str:
    highest = max(samples, key=lambda sample: sample.description.mean or 0.0)
    return (
        f"It is not known whether a higher or lower {metric.metric} is better; "
        f"{highest.group_name} is highest: {_mean_words(metric, highest)}."
    )


def _of_sweep(metric: MetricDefinition, samples: Sequence[Sample], sweep: Sweep | None) -> str:
    if not any(sample.values for sample in samples):
        return f"Which group is best cannot be said: no finished run to compare has a finite value of {metric.metric}."
    return _of_single_runs(metric, samples, sweep) or (
        f"Which group is best cannot be said: no group has 2 or more finished runs with {metric.metric}."
    )


def _of_single_runs(metric: MetricDefinition, samples: Sequence[Sample], sweep: Sweep | None) -> str:
    """Return the best run of a sweep with the warning that it is one run; empty where none is ranked."""
    rows = sweep.rows if sweep else ()
    ranked = [(row, row.value) for row in rows if row.rank is not None and row.value is not None]
    if not ranked:
        return ""
    names = {sample.group_id: sample.group_name for sample in samples}
    first = [names[row.group_id] for row, _ in ranked if row.rank == 1]
    best = next(value for row, value in ranked if row.rank == 1)
    value = with_unit(format_value(best), metric.unit)
    have = "has" if len(first) == 1 else "share"
    return (
        f"Of {counted(len(ranked), 'single run')}, {listed(first)} {have} the best {metric.metric}: {value}. "
        "With one run per setting nobody can say how much of that is seed noise; 3 or more seeds per setting could tell."
    )
