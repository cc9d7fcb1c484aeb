"""One group of runs against a fixed target, as a page shows it: claim, answer, margin, and what to be careful about.

The claim is one-sided ("the mean loss lies below 3.28") and the null hypothesis is that the mean lies on the target or
on its wrong side. A long tail of bad runs makes this test claim success falsely (10 to 42 % instead of 5 % at 3 to 10
runs), so failed and outlying runs are named beside it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, fraction, one_of
from runreport.stats.describe import describe
from runreport.stats.intervals import t_quantile
from runreport.stats.one_sample import (
    differences_from,
    error_of_runs,
    finite_target,
    one_sample_interval,
    one_sample_test,
)
from runreport.stats.outliers import find_split, outlying
from runreport.stats.power import runs_needed_one_sample
from runreport.stats.ranks import RankTest
from runreport.stats.signed_ranks import SignTest, sign_test, wilcoxon_test
from runreport.stats.types import Caution, Description, Interval, Refusal, TestResult
from runreport.stats.unpaired import Arm, arm
from runreport.stats.words import counted, p_words

BELOW, ABOVE = SIDES = ("below", "above")
MET, NOT_SHOWN, CANNOT_TELL = "met", "not shown", "cannot tell"
DEFAULT_ALPHA = 0.05
POWER_ADVISED = 0.9

NO_FINITE_RUNS = Refusal(code="no-finite-runs", words="No run has a finite value for this metric.")

_ALTERNATIVES = {BELOW: "less", ABOVE: "greater"}
_FEWEST_FOR_MAD = 10  # with fewer, the scaled MAD calls more than one in ten normal samples outlying on a side


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstTarget:
    """Whether the mean of a group is shown to lie on the claimed side of a target.

    ``bound`` is the one-sided bound of the mean at level 1 - alpha: the claim is met exactly when it lies on the
    claimed side. ``margin`` is how far the mean lies on the claimed side (negative: on the wrong one), in the unit of
    the metric; ``margin_sd`` in standard deviations. ``passing_mean`` is the highest (claim below) or lowest (claim
    above) mean that passes with this n, spread and alpha. ``runs_needed`` is how many runs would show this margin
    with 90 % power, rounded up; None where no number would. ``bad`` counts runs that failed or lie far on the wrong
    side. ``wilcoxon`` and ``sign`` test the same claim about the median.
    """

    target: float
    side: str
    alpha: float
    description: Description
    verdict: str
    sentence: str
    bad: int = 0
    test: TestResult | None = None
    bound: Interval | None = None
    margin: float | None = None
    margin_sd: float | None = None
    passing_mean: float | None = None
    runs_needed: int | None = None
    wilcoxon: TestResult | None = None
    sign: TestResult | None = None
    refusal: Refusal | None = None
    cautions: tuple[Caution, ...] = ()


def against_target(
    values: ArrayLike, target: float, *, side: str = BELOW, alpha: float = DEFAULT_ALPHA
) -> AgainstTarget:
    """Return all that can be said about the claim that the mean of a group lies ``side`` the target.

    ``values`` is float64 [n], one per run; NaN stands for a run without a value, an infinity for one that diverged.

    Raises:
        ValueError: the target is not finite, the side is not below or above, or alpha is not between 0 and 1.

    >>> answer = against_target([3.2776, 3.2793, 3.2796, 3.2804], 3.28)
    >>> answer.verdict, answer.runs_needed
    ('not shown', 22)
    """
    finite_target(target)
    one_of(side, SIDES, "side")
    fraction(alpha, "alpha")
    group = arm("the group", values)
    description = describe(group.values)
    test = _refuse(group) or one_sample_test(group.values, target, alternative=_ALTERNATIVES[side])
    far_bad, far_good = _outliers(group.values, side)
    bad = group.failed + far_bad
    if isinstance(test, Refusal):
        return AgainstTarget(
            target=target,
            side=side,
            alpha=alpha,
            description=description,
            verdict=CANNOT_TELL,
            sentence=test.words,
            bad=bad,
            margin=_margin(description, target, side),
            refusal=test,
        )
    return _answer(group, description, test, _Claim(target=target, side=side, alpha=alpha, bad=bad, lucky=far_good))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    target: float
    side: str
    alpha: float
    bad: int
    lucky: int


def _answer(group: Arm, description: Description, test: TestResult, claim: _Claim) -> AgainstTarget:
    alternative = _ALTERNATIVES[claim.side]
    margin = _margin(description, claim.target, claim.side)
    margin_sd = margin / description.sd if margin is not None and description.sd else None
    bound = one_sample_interval(group.values, level=1 - claim.alpha, alternative=alternative)
    passing = passing_mean(description, claim.target, side=claim.side, alpha=claim.alpha)
    needed = None if margin_sd is None else _whole_runs(margin_sd, claim.alpha)
    wilcoxon, sign = _of_median(group.values, claim.target, alternative)
    is_met = test.p < claim.alpha
    return AgainstTarget(
        target=claim.target,
        side=claim.side,
        alpha=claim.alpha,
        description=description,
        verdict=MET if is_met else NOT_SHOWN,
        sentence=_sentence(description, test, claim, needed),
        bad=claim.bad,
        test=test,
        bound=bound if isinstance(bound, Interval) else None,
        margin=margin,
        margin_sd=margin_sd,
        passing_mean=passing if isinstance(passing, float) else None,
        runs_needed=needed,
        wilcoxon=wilcoxon,
        sign=sign,
        cautions=tuple(_cautions(group, claim, is_met=is_met)),
    )


def _of_median(values: Floats, target: float, alternative: str) -> tuple[TestResult | None, TestResult | None]:
    """Return Wilcoxon's signed-rank test and the sign test, None where every run lies on the target."""
    differences = differences_from(values, target)
    if isinstance(differences, Refusal):
        return None, None
    ranks, signs = (test(differences, alternative=alternative) for test in (wilcoxon_test, sign_test))
    return ranks.test if isinstance(ranks, RankTest) else None, signs.test if isinstance(signs, SignTest) else None


def passing_mean(
    description: Description, target: float, *, side: str = BELOW, alpha: float = DEFAULT_ALPHA
) -> float | Refusal:
    """Return the highest mean (``side`` "above": the lowest) that passes with the n and spread described.

    Raises:
        ValueError: the side is not below or above, or alpha is not between 0 and 1.

    >>> round(passing_mean(describe([1.0, 2.0, 3.0]), 5.0), 3)
    3.314
    """
    one_of(side, SIDES, "side")
    error = error_of_runs(description)
    if isinstance(error, Refusal):
        return error
    distance = -t_quantile(error.df, fraction(alpha, "alpha")) * error.standard_error
    return target - distance if side == BELOW else target + distance


def _refuse(group: Arm) -> Refusal | None:
    return NO_FINITE_RUNS if group.started and not group.values.size else None


def _margin(description: Description, target: float, side: str) -> float | None:
    if description.mean is None:
        return None
    return target - description.mean if side == BELOW else description.mean - target


def _whole_runs(margin_sd: float, alpha: float) -> int | None:
    if margin_sd <= 0 or alpha >= POWER_ADVISED:
        return None
    needed = runs_needed_one_sample(margin_sd, alpha=alpha, power=POWER_ADVISED, one_sided=True)
    return math.ceil(needed) if math.isfinite(needed) else None


def _outliers(values: Floats, side: str) -> tuple[int, int]:
    """Return how many runs lie far from the others on the wrong and on the claimed side."""
    if values.size < _FEWEST_FOR_MAD:
        split = find_split(values)
        far = np.zeros(values.size, dtype=np.bool_)
        if split is not None and 2 * len(split.far) < values.size:  # of two halves neither is outlying
            far[list(split.far)] = True
    else:
        far = outlying(values)
    if not far.any():
        return 0, 0
    too_high = int((far & (values > np.median(values))).sum())
    too_low = int(far.sum()) - too_high
    return (too_high, too_low) if side == BELOW else (too_low, too_high)


def _sentence(description: Description, test: TestResult, claim: _Claim, needed: int | None) -> str:
    runs = counted(description.n, "run")
    numbers = f"{description.mean:.6g} (one-sided t test, {p_words(test.p)}"
    if test.p < claim.alpha:
        return f"The mean of {runs} is shown to lie {claim.side} {claim.target:g}: it is {numbers}, less than {claim.alpha:g})."
    start = f"It is not shown that the mean lies {claim.side} {claim.target:g}: the mean of {runs} is {numbers}, not less than {claim.alpha:g})."
    if needed is None:
        return f"{start} It does not lie {claim.side} the target, so more runs like these would not show it either."
    return f"{start} About {needed} runs would show a margin like this one nine times in ten."


def _cautions(group: Arm, claim: _Claim, *, is_met: bool) -> list[Caution]:
    found = []
    if claim.bad:
        verb = "is" if claim.bad == 1 else "are"
        start = f"{'Pass' if is_met else 'No pass'}, {'but' if is_met else 'and'} {claim.bad} of {counted(group.started, 'run')} {verb} bad"
        words = f"{start}: failed, or far from the others on the wrong side of their median. {_bad_runs(group)}"
        found.append(Caution(code="bad-runs", words=words))
    if claim.lucky:
        verb, what = ("lies", "it") if claim.lucky == 1 else ("lie", "them")
        start = f"{claim.lucky} of {counted(group.started, 'run')} {verb} far from the others on the good side"
        found.append(Caution(code="lucky-runs", words=f"{start}; the mean leans on {what}."))
    return found


def _bad_runs(group: Arm) -> str:
    if group.failed:
        has = "has" if group.failed == 1 else "have"
        return f"The test leaves out the {group.failed} that {has} no finite value."
    return "This test trusts a mean too much when bad runs are rare and far off."
