"""Candidate minus baseline for one metric: numbers from the statistics, words from the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runreport.compare.answers import Answer, answer_two_sides, arm_of
from runreport.compare.cautions import contrast_cautions
from runreport.compare.comparison import Contrast
from runreport.compare.entities import MetricDefinition, Sample
from runreport.compare.verdict import judge
from runreport.config.options import ComparisonOptions
from runreport.names import Direction, Verdict
from runreport.stats.multiplicity import holm
from runreport.stats.types import Estimate, Refusal
from runreport.stats.unpaired import worst_case_difference

ADJUSTMENT = "Holm"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A candidate and its baseline, with the answer of the statistics."""

    candidate: Sample
    baseline: Sample
    answer: Answer


def contrast_family(
    metric: MetricDefinition,
    pairs: Sequence[tuple[Sample, Sample]],
    options: ComparisonOptions,
    asked_before: Sequence[float] = (),
) -> tuple[Contrast, ...]:
    """Return one contrast for each pair of baseline and candidate; p is adjusted over those that could be tested.

    Failed runs and runs whose value is not finite never enter a mean, but where counting them as the worst value seen
    turns the sign of the difference, nothing can be told. ``asked_before`` are the p-values of further tests on the
    same runs that belong to the family too.
    """
    tested = [
        _Pair(candidate=candidate, baseline=baseline, answer=answer_two_sides(metric, candidate, baseline, options))
        for baseline, candidate in pairs
    ]
    p_values = [pair.answer.test.p if pair.answer.test else np.nan for pair in tested]
    adjusted = [None if np.isnan(p) else float(p) for p in holm([*p_values, *asked_before])]
    family_size = sum(p is not None for p in adjusted)
    drafts = [_draft(metric, pair, options) for pair in tested]
    return tuple(
        _judged(replace(draft, p_adjusted=p, family_size=family_size), pair, options.alpha)
        for draft, pair, p in zip(drafts, tested, adjusted[: len(tested)], strict=True)
    )


def _draft(metric: MetricDefinition, pair: _Pair, options: ComparisonOptions) -> Contrast:
    answer = pair.answer
    groups = answer.groups
    return Contrast(
        metric=metric,
        baseline=pair.baseline,
        candidate=pair.candidate,
        plan=answer.plan,
        delta=answer.delta,
        delta_percent=_percent(answer.delta, pair.baseline),
        test=answer.test,
        p_adjusted=None,
        adjustment=ADJUSTMENT,
        family_size=0,
        hedges_g=groups.hedges_g,
        prob_superiority=groups.prob_superiority,
        mde=answer.mde,
        mde_sd=answer.mde_sd,
        level=options.level,
        verdict=Verdict.CANNOT_TELL,
        reason="",
        unpaired=groups.test,
        unpaired_delta=groups.delta,
        paired=answer.paired,
        folds=answer.folds,
        equivalence=answer.equivalence,
    )


def _percent(delta: Estimate | None, baseline: Sample) -> float | None:
    """Return the difference in percent of the baseline's mean, if that mean is surely not 0."""
    mean = baseline.mean
    if delta is None or mean is None or mean.interval is None or mean.interval.low <= 0 <= mean.interval.high:
        return None
    return 100 * delta.value / abs(mean.value)


def _judged(draft: Contrast, pair: _Pair, alpha: float) -> Contrast:
    answer = pair.answer
    worst = _worst_case(draft.metric, pair)
    verdict, reason = judge(draft, answer.refusal or _turned(draft, worst), alpha=alpha)
    said = (*answer.groups.cautions, *(answer.paired.cautions if answer.paired else ()))
    return replace(
        draft,
        worst_case=worst,
        verdict=verdict,
        reason=reason,
        cautions=(*dict.fromkeys(said), *contrast_cautions(draft, worst)),
    )


def _worst_case(metric: MetricDefinition, pair: _Pair) -> float | None:
    """Return the difference with failed runs as the worst value seen; None without failed runs or a direction."""
    candidate, baseline = arm_of(pair.candidate), arm_of(pair.baseline)
    if metric.direction is Direction.UNKNOWN or candidate.failed + baseline.failed == 0:
        return None
    return worst_case_difference(candidate, baseline, higher_is_better=metric.direction is Direction.UP)


def _turned(draft: Contrast, worst: float | None) -> Refusal | None:
    if worst is None or draft.delta is None or worst * draft.delta.value >= 0:
        return None
    words = (
        "Which side is ahead depends on the runs that failed: counted as the worst value seen, "
        "they turn the sign of the difference."
    )
    return Refusal(code="failures-decide", words=words)
