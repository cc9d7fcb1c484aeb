"""Two groups of independent runs: the whole answer, its refusals and its cautions.

Other designs (paired by seed, against a target, tasks by methods) are further files beside this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, is_constant
from runreport.stats.describe import position
from runreport.stats.effects import hedges_g, pooled_sd, probability_of_superiority
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, welch_interval
from runreport.stats.power import minimum_detectable_effect
from runreport.stats.tests import fisher_test, welch_test
from runreport.stats.types import Caution, Estimate, Interval, Refusal, TestResult
from runreport.stats.words import counted

MINIMUM_FOR_TEST = 3
UNKNOWN_DIRECTION = Caution(
    code="unknown-direction",
    words=(
        "It is not known whether a higher or lower value is better; "
        "the difference is shown without 'better' or 'worse'."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One side of a comparison.

    ``values`` is float64 [n]: the finite values, one per independent run; ``nan_count`` runs have no value (failed or
    NaN) and ``infinite_count`` runs diverged to infinity.
    """

    name: str
    values: Floats
    nan_count: int = 0
    infinite_count: int = 0

    @property
    def failed(self) -> int:
        """Runs that were started but gave no finite value."""
        return self.nan_count + self.infinite_count

    @property
    def started(self) -> int:
        """All runs, with and without a finite value."""
        return self.values.size + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the only run of one side (``single``) lies among the runs of the other."""

    single: str
    others: str
    below: int
    equal: int
    above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoGroups:
    """A minus B. ``refusal`` says why there is no test; what can still be shown is filled in.

    ``mde_sd`` is the minimum detectable effect in pooled standard deviations, ``mde`` in the unit of the values.
    ``position`` is there where one side has a single run, ``failure_test`` (Fisher's) where runs failed.
    """

    delta: Estimate | None = None
    test: TestResult | None = None
    hedges_g: Estimate | None = None
    prob_superiority: float | None = None
    mde_sd: float | None = None
    mde: float | None = None
    position: Position | None = None
    failure_test: TestResult | None = None
    refusal: Refusal | None = None
    cautions: tuple[Caution, ...] = ()


def arm(name: str, values: ArrayLike) -> Arm:
    """Return one side from float64 [n] in which NaN stands for a run without a value.

    Raises:
        ValueError: the values are not one-dimensional.

    >>> arm("A", [0.9, float("nan")]).started
    2
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        message = f"the values of {name} must have one dimension, not {array.ndim}"
        raise ValueError(message)
    return Arm(
        name=name,
        values=array[np.isfinite(array)],
        nan_count=int(np.isnan(array).sum()),
        infinite_count=int(np.isinf(array).sum()),
    )


def compare_two(a: Arm, b: Arm, *, level: float = 0.95, alpha: float = 0.05) -> TwoGroups:
    """Return everything that can be said about mean(A) - mean(B) of two groups of independent runs.

    Welch's t test and interval, Hedges' g, P(A > B) and the minimum detectable effect; with fewer than 3 runs on a
    side, or no noise on both, the test is refused and the reason is given.

    Raises:
        ValueError: the level or alpha is not between 0 and 1.

    >>> compare_two(arm("A", [0.9]), arm("B", [0.8])).refusal.code
    'one-run-each'
    """
    refusal = refuse(a, b)
    if min(a.values.size, b.values.size) == 0:
        return TwoGroups(refusal=refusal, failure_test=compare_failures(a, b))
    answer = _describe_difference(a.values, b.values, level=level, alpha=alpha)
    test = refusal or welch_test(a.values, b.values)
    return TwoGroups(
        delta=answer.delta,
        hedges_g=answer.hedges_g,
        prob_superiority=answer.prob_superiority,
        mde_sd=answer.mde_sd,
        mde=answer.mde,
        position=single_position(a, b),
        failure_test=compare_failures(a, b),
        test=test if isinstance(test, TestResult) else None,
        refusal=test if isinstance(test, Refusal) else None,
        cautions=tuple(cautions(a, b)),
    )


def _describe_difference(a: Floats, b: Floats, *, level: float, alpha: float) -> TwoGroups:
    with np.errstate(over="ignore", invalid="ignore"):
        difference = float(a.mean() - b.mean())
    effect = hedges_g(a, b, level=level)
    superiority = probability_of_superiority(a, b)
    interval = welch_interval(a, b, level=level)
    spread = pooled_sd(a, b)
    mde_sd = minimum_detectable_effect(a.size, b.size, alpha=alpha) if min(a.size, b.size) > 1 else None
    return TwoGroups(
        delta=Estimate(value=difference, interval=interval if isinstance(interval, Interval) else None)
        if np.isfinite(difference)
        else None,
        hedges_g=effect if isinstance(effect, Estimate) else None,
        prob_superiority=superiority if isinstance(superiority, float) else None,
        mde_sd=mde_sd,
        mde=mde_sd * spread if mde_sd is not None and isinstance(spread, float) else None,
    )


def refuse(a: Arm, b: Arm) -> Refusal | None:
    """Return why two groups cannot be tested, or None when they can."""
    for side in (a, b):
        if side.started == 0:
            return Refusal(code="empty", words=f"There are no runs on side {side.name}.")
        if side.values.size == 0:
            return Refusal(code="no-finite-runs", words=f"No run of {side.name} has a finite value for this metric.")
    smaller, larger = sorted((a, b), key=lambda side: side.values.size)
    if smaller.values.size == 1:
        return _one_run(smaller, larger)
    if is_constant(a.values) and is_constant(b.values):
        return _no_noise(a.values, b.values)
    if smaller.values.size < MINIMUM_FOR_TEST:
        return _two_runs(smaller, larger)
    return None


def _one_run(single: Arm, other: Arm) -> Refusal:
    if other.values.size == 1:
        words = (
            "One run on each side: the difference may be seed noise. "
            "No test is possible; run at least 3 seeds per side (5+ advised)."
        )
        return Refusal(code="one-run-each", words=words)
    words = (
        f"Only one run on side {single.name}: its spread is unknown. "
        f"The position of {single.name} within {other.name}'s runs is shown instead."
    )
    return Refusal(code="one-run-one-side", words=words)


def _no_noise(a: Floats, b: Floats) -> Refusal:
    if a[0] == b[0]:
        words = (
            "All runs on both sides have the same value: no difference and no noise to measure. "
            "Check that the seed is really varied."
        )
        return Refusal(code="identical", words=words)
    words = (
        "Every run within each side is identical, so noise is unknown; the exact difference is shown without a p-value."
    )
    return Refusal(code="zero-variance-both", words=words)


def _two_runs(smaller: Arm, larger: Arm) -> Refusal:
    both = larger.values.size == smaller.values.size
    start = "Two runs per side" if both else f"Only two runs on side {smaller.name}"
    return Refusal(
        code="too-few-runs", words=f"{start}: the interval is shown, no verdict is given (fewer than 3 runs)."
    )


def single_position(a: Arm, b: Arm) -> Position | None:
    """Return where the only run of one side lies among several runs of the other; None where there is no such side."""
    single, other = sorted((a, b), key=lambda side: side.values.size)
    if single.values.size != 1 or other.values.size < MINIMUM_FOR_SPREAD:
        return None
    below, equal, above = position(float(single.values[0]), other.values)
    return Position(single=single.name, others=other.name, below=below, equal=equal, above=above)


def compare_failures(a: Arm, b: Arm) -> TestResult | None:
    """Return Fisher's exact test of equal failure rates; None where no run failed or a side has none."""
    if not a.failed + b.failed:
        return None
    test = fisher_test(a.failed, a.started, b.failed, b.started)
    return test if isinstance(test, TestResult) else None


def cautions(a: Arm, b: Arm) -> list[Caution]:
    """Return what to be careful about: runs without a value, a side with one run, and a side without noise."""
    found = [*missing_runs(a, b), *_shown_position(a, b)]
    constant = [side for side in (a, b) if side.values.size > 1 and is_constant(side.values)]
    if len(constant) == 1:
        words = (
            f"Side {constant[0].name} has identical values in every run; "
            "its noise is taken as zero, which is likely too optimistic."
        )
        found.append(Caution(code="zero-variance-one", words=words))
    return found


def missing_runs(a: Arm, b: Arm) -> list[Caution]:
    """Return what to be careful about where runs have no value: how many, and whether one side fails more often."""
    found = [caution for side in (a, b) for caution in _missing(side)]
    test = compare_failures(a, b)
    if test is not None:
        words = (
            f"{a.failed} of {a.started} runs of {a.name} and {b.failed} of {b.started} of {b.name} failed: "
            f"p = {test.p:.2g} by Fisher's exact test of the failure counts."
        )
        found.append(Caution(code="failure-rates", words=words))
    return found


def _missing(side: Arm) -> Iterator[Caution]:
    if side.nan_count:
        has = "has" if side.nan_count == 1 else "have"
        words = (
            f"{side.nan_count} of {side.started} runs of {side.name} {has} no value (failed or NaN). "
            f"The test uses finished runs only; if failures are bad runs this favours {side.name}."
        )
        yield Caution(code="failed-runs", words=words)
    if side.infinite_count:
        start = f"{counted(side.infinite_count, 'run')} of {side.name} diverged (infinite)"
        words = f"{start}. {'It is' if side.infinite_count == 1 else 'They are'} counted as failed, not averaged."
        yield Caution(code="infinite-value", words=words)


def _shown_position(a: Arm, b: Arm) -> Iterator[Caution]:
    found = single_position(a, b)
    if found is not None:
        words = (
            f"Among the runs of {found.others}, the only run of {found.single} has {found.below} below it, "
            f"{found.equal} equal and {found.above} above."
        )
        yield Caution(code="position", words=words)


def worst_case_difference(a: Arm, b: Arm, *, higher_is_better: bool) -> float | None:
    """Return mean(A) - mean(B) with every run without a value set to the worst value seen on either side.

    None when a side has no finite value at all, or the difference is beyond double precision.

    >>> worst_case_difference(arm("A", [0.9, float("nan")]), arm("B", [0.8, 0.7]), higher_is_better=True)
    0.05...
    """
    if min(a.values.size, b.values.size) == 0:
        return None
    seen = np.concatenate([a.values, b.values])
    worst = float(seen.min() if higher_is_better else seen.max())
    with np.errstate(over="ignore", invalid="ignore"):
        means = [(side.values.sum() + worst * side.failed) / side.started for side in (a, b)]
        difference = float(means[0] - means[1])
    return difference if np.isfinite(difference) else None
