"""From two samples to one answer: the plan picks the test, the statistics give the numbers."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TypeVar

from runreport.compare.entities import MetricDefinition, Sample
from runreport.compare.samples import independent_values
from runreport.config.options import ComparisonOptions
from runreport.stats.equivalence import Equivalence, equivalence, paired_equivalence
from runreport.stats.folds import FoldComparison, compare_folds
from runreport.stats.paired import PairedRuns, compare_paired
from runreport.stats.plan import AnalysisPlan, Design, Layout, plan_two_sides
from runreport.stats.power import minimum_detectable_effect_one_sample
from runreport.stats.proportions import Proportion
from runreport.stats.repeats import Seed
from runreport.stats.tests import WELCH
from runreport.stats.two_proportions import compare_proportions
from runreport.stats.types import Estimate, Refusal, TestResult
from runreport.stats.unpaired import Arm, TwoGroups, compare_two

WITHOUT_NOISE = AnalysisPlan(
    design=Design.INDEPENDENT,
    test=WELCH,
    why="Welch's t test: seeds are common, but every pair differs by exactly the same amount, which leaves no noise between "
    "pairs to measure.",
)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Candidate minus baseline as the plan has it.

    ``delta``, ``test`` and ``refusal`` are those of the planned test; ``groups`` is what can be said of all runs as
    independent groups, whatever the plan. ``mde`` is the smallest difference found with 80 % power, in metric units.
    """

    plan: AnalysisPlan
    groups: TwoGroups
    delta: Estimate | None
    test: TestResult | None
    refusal: Refusal | None
    mde: float | None = None
    mde_sd: float | None = None
    paired: PairedRuns | None = None
    folds: FoldComparison | None = None
    equivalence: Equivalence | None = None


def answer_two_sides(
    metric: MetricDefinition, candidate: Sample, baseline: Sample, options: ComparisonOptions
) -> Answer:
    """Return the answer for one candidate against one baseline on one metric."""
    sides = (arm_of(candidate), arm_of(baseline))
    groups = compare_two(*sides, level=options.level, alpha=options.alpha)
    plan = plan_two_sides(_layout(candidate, baseline))
    if plan.design is Design.PAIRED:
        return _paired(plan, groups, metric, (candidate, baseline), options)
    if plan.design is Design.FOLDS:
        return _over_folds(plan, groups, (candidate, baseline), options)
    if plan.design is Design.PROPORTIONS:
        return _as_proportions(plan, groups, sides, options)
    return _independent(plan, groups, metric, sides, options)


def _equivalence(metric: MetricDefinition, sides: tuple[Arm, Arm], options: ComparisonOptions) -> Equivalence | None:
    if metric.margin is None:
        return None
    found = equivalence(sides[0].values, sides[1].values, margin=metric.margin, alpha=options.alpha)
    return found if isinstance(found, Equivalence) else None


def arm_of(sample: Sample) -> Arm:
    """Return a sample as the statistics see it: one value per independent run, and how many runs have none."""
    infinite = len(sample.infinite)
    return Arm(
        name=sample.group_name,
        values=independent_values(sample),
        nan_count=len(sample.non_finite) - infinite + sample.counts.failed,
        infinite_count=infinite,
    )


def _layout(candidate: Sample, baseline: Sample) -> Layout:
    common = _by_seed(candidate).keys() & _by_seed(baseline).keys()
    common_folds = {fold for _, fold in _by_fold(candidate).keys() & _by_fold(baseline).keys()}
    outcomes = {*candidate.values, *baseline.values}
    return Layout(
        n_a=candidate.description.n,
        n_b=baseline.description.n,
        common_seeds=len(common),
        has_seeds=None not in {*candidate.seeds, *baseline.seeds},
        common_folds=len(common_folds),
        is_proportion=outcomes == {0.0, 1.0},
    )


def _by_seed(sample: Sample) -> dict[Seed, float]:
    """Return the value of each seed; runs that share one are averaged."""
    pairs = zip(sample.seeds, sample.values, strict=True)
    return _averaged((seed, value) for seed, value in pairs if seed is not None)


def _by_fold(sample: Sample) -> dict[tuple[int | None, str], float]:
    """Return the value of each fold of each seed."""
    if not sample.folds:
        return {}
    triples = zip(sample.seeds, sample.folds, sample.values, strict=True)
    return _averaged(((seed, fold), value) for seed, fold, value in triples if fold)


def _averaged(pairs: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    found: dict[Key, list[float]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: fmean(values) for key, values in found.items()}


def _independent(
    plan: AnalysisPlan, groups: TwoGroups, metric: MetricDefinition, sides: tuple[Arm, Arm], options: ComparisonOptions
) -> Answer:
    return Answer(
        plan=plan,
        groups=groups,
        delta=groups.delta,
        test=groups.test,
        refusal=groups.refusal,
        mde=groups.mde,
        mde_sd=groups.mde_sd,
        equivalence=_equivalence(metric, sides, options) if groups.test else None,
    )


def _paired(
    plan: AnalysisPlan,
    groups: TwoGroups,
    metric: MetricDefinition,
    samples: tuple[Sample, Sample],
    options: ComparisonOptions,
) -> Answer:
    candidate, baseline = (_by_seed(sample) for sample in samples)
    names = (samples[0].group_name, samples[1].group_name)
    found = compare_paired(candidate, baseline, names=names, level=options.level)
    if found.test is None and groups.test is not None:
        sides = (arm_of(samples[0]), arm_of(samples[1]))
        return replace(_independent(WITHOUT_NOISE, groups, metric, sides, options), paired=found)
    pairs = [[side[seed] for seed in found.common_seeds] for side in (candidate, baseline)]
    mde_sd = minimum_detectable_effect_one_sample(len(found.common_seeds), alpha=options.alpha)
    return Answer(
        plan=plan,
        groups=groups,
        delta=found.delta,
        test=found.test,
        refusal=groups.refusal or found.refusal,
        mde=mde_sd * found.sd if found.sd else None,  # without a spread between pairs the noise is unknown
        mde_sd=mde_sd,
        paired=found,
        equivalence=_paired_equivalence(metric, options, *pairs) if found.test else None,
    )


def _over_folds(
    plan: AnalysisPlan, groups: TwoGroups, samples: tuple[Sample, Sample], options: ComparisonOptions
) -> Answer:
    candidate, baseline = (_by_fold(sample) for sample in samples)
    common = sorted(candidate.keys() & baseline.keys(), key=str)
    fold_count = _fold_count({*candidate, *baseline})
    found = compare_folds(
        [candidate[key] for key in common],
        [baseline[key] for key in common],
        test_over_train=1 / (fold_count - 1),
        level=options.level,
    )
    if isinstance(found, Refusal):
        return Answer(plan=plan, groups=groups, delta=groups.delta, test=None, refusal=found)
    return Answer(plan=plan, groups=groups, delta=found.delta, test=found.test, refusal=None, folds=found)


def _fold_count(keys: Iterable[tuple[int | None, str]]) -> int:
    """Return into how many folds the data were cut, as far as their numbers (from 0 or from 1) or names tell."""
    folds = {fold for _, fold in keys}
    numbers = [int(fold) for fold in folds if fold.isdecimal()]
    highest = max(numbers, default=0) + (0 in numbers)
    return max(len(folds), highest)


def _as_proportions(
    plan: AnalysisPlan, groups: TwoGroups, sides: tuple[Arm, Arm], options: ComparisonOptions
) -> Answer:
    counts = (Proportion(successes=int(side.values.sum()), n=side.values.size) for side in sides)
    found = compare_proportions(*counts, level=options.level)
    return Answer(
        plan=replace(plan, test=found.test.test if found.test else plan.test, why=f"{plan.why} {found.reason}".strip()),
        groups=groups,
        delta=found.delta,
        test=found.test,
        refusal=groups.refusal or found.refusal,
    )


def _paired_equivalence(
    metric: MetricDefinition, options: ComparisonOptions, candidate: Sequence[float], baseline: Sequence[float]
) -> Equivalence | None:
    if metric.margin is None:
        return None
    found = paired_equivalence(candidate, baseline, margin=metric.margin, alpha=options.alpha)
    return found if isinstance(found, Equivalence) else None
