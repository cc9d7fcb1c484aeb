"""Two shares of successes: the whole answer, which test was chosen and why, and its refusals."""

from dataclasses import dataclass

from runreport.stats.proportions import (
    ENOUGH_EXPECTED,
    NO_EXAMPLES,
    Proportion,
    checked,
    cohen_h,
    fewest_expected,
    highest_share,
    newcombe_interval,
    odds_ratio,
    pooled_z_test,
    wilson_interval,
)
from runreport.stats.tests import fisher_test
from runreport.stats.types import Estimate, Interval, Refusal, TestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoProportions:
    """A minus B. ``refusal`` says why there is no test; the interval of the difference is given all the same.

    ``share_a`` and ``share_b`` carry Wilson's intervals, ``delta`` Newcombe's; ``reason`` says why this test was
    chosen; ``cohen_h`` and ``odds_ratio`` (None for 0 / 0) are effect sizes.
    """

    share_a: Estimate | None = None
    share_b: Estimate | None = None
    delta: Estimate | None = None
    test: TestResult | None = None
    reason: str = ""
    cohen_h: float | None = None
    odds_ratio: float | None = None
    refusal: Refusal | None = None


def compare_proportions(a: Proportion, b: Proportion, *, level: float = 0.95) -> TwoProportions:
    """Return everything that can be said about the difference of two independent shares.

    The pooled z test where at least 5 successes and failures are expected on each side, else Fisher's exact test. No
    test where all fail or all succeed on both sides: the interval still says how far apart the shares may be.

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> compare_proportions(Proportion(0, 10), Proportion(0, 12)).refusal.code
    'both-all-fail'
    """
    if min(checked(a).n, checked(b).n) == 0:
        return TwoProportions(refusal=NO_EXAMPLES)
    refusal = _all_alike(a, b)
    test, reason = (refusal, "") if refusal else choose_test(a, b)
    return TwoProportions(
        share_a=_estimate(a.share, wilson_interval(a, level=level)),
        share_b=_estimate(b.share, wilson_interval(b, level=level)),
        delta=_estimate(a.share - b.share, newcombe_interval(a, b, level=level)),
        test=test if isinstance(test, TestResult) else None,
        reason=reason,
        cohen_h=cohen_h(a.share, b.share),
        odds_ratio=odds_ratio(a, b),
        refusal=test if isinstance(test, Refusal) else None,
    )


def choose_test(a: Proportion, b: Proportion) -> tuple[TestResult | Refusal, str]:
    """Return the test that the expected counts allow, and the sentence why.

    Raises:
        ValueError: the counts do not fit.

    >>> choose_test(Proportion(3, 12), Proportion(1, 12))[1]
    "Fisher's exact test, because only 2 successes or failures are expected on one side (the z test needs 5)."
    """
    fewest = fewest_expected(a, b)
    if fewest >= ENOUGH_EXPECTED:
        reason = (
            f"The z test, because at least {fewest:.3g} successes and failures are expected on each side (5 needed)."
        )
        return pooled_z_test(a, b), reason
    test = fisher_test(a.successes, a.n, b.successes, b.n)
    word = "success or failure is" if fewest == 1 else "successes or failures are"
    reason = f"Fisher's exact test, because only {fewest:.3g} {word} expected on one side (the z test needs 5)."
    return test, reason


def at_most(proportion: Proportion, *, level: float = 0.95) -> str:
    """Return what can be said of a share that was never seen: "at most X (95%)".

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> at_most(Proportion(0, 10))
    'at most 25.9% (95%)'
    """
    bound = highest_share(proportion, level=level)
    if isinstance(bound, Refusal):
        return bound.words
    return f"at most {100 * bound:.3g}% ({100 * level:g}%)"


def at_least(proportion: Proportion, *, level: float = 0.95) -> str:
    """Return what can be said of a share that was never missed: "at least X (95%)".

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> at_least(Proportion(10, 10))
    'at least 74.1% (95%)'
    """
    missed = Proportion(proportion.n - checked(proportion).successes, proportion.n)
    bound = highest_share(missed, level=level)
    if isinstance(bound, Refusal):
        return bound.words
    return f"at least {100 * (1 - bound):.3g}% ({100 * level:g}%)"


def _all_alike(a: Proportion, b: Proportion) -> Refusal | None:
    if a.successes == b.successes == 0:
        words = "No success on either side; only the interval for the difference can be given."
        return Refusal(code="both-all-fail", words=words)
    if a.successes == a.n and b.successes == b.n:
        words = "No failure on either side; only the interval for the difference can be given."
        return Refusal(code="both-all-succeed", words=words)
    return None


def _estimate(value: float, interval: Interval | Refusal) -> Estimate:
    return Estimate(value=value, interval=interval if isinstance(interval, Interval) else None)
