"""Shares of successes: intervals that hold for few examples, tests of two shares, and pass@k."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtr

from runreport.stats.arrays import Floats, fraction
from runreport.stats.intervals import normal_quantile
from runreport.stats.tests import positive_p
from runreport.stats.types import Interval, Refusal, TestResult
from runreport.stats.words import counted

POOLED_Z = "pooled z"
BOSCHLOO = "Boschloo exact"
ENOUGH_EXPECTED = 5.0

NO_EXAMPLES = Refusal(code="empty", words="There are no examples on one side.")


class Proportion(NamedTuple):
    """So many successes of ``n`` independent tries (examples, runs)."""

    successes: int
    n: int

    @property
    def share(self) -> float:
        """Successes over tries; NaN for none."""
        return self.successes / self.n if self.n else float("nan")


def checked(proportion: Proportion) -> Proportion:
    """Return the proportion as it is.

    Raises:
        ValueError: there are more successes than tries, or a count is negative.
    """
    if not 0 <= proportion.successes <= proportion.n:
        message = f"{proportion.successes} of {proportion.n} cannot have succeeded"
        raise ValueError(message)
    return proportion


def wilson_interval(proportion: Proportion, *, level: float = 0.95) -> Interval | Refusal:
    """Return Wilson's score interval of one share; it stays within 0 and 1.

    Reference: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> wilson_interval(Proportion(0, 30))
    Interval(low=0.0, high=0.11351..., level=0.95)
    """
    z = normal_quantile(level)
    successes, n = checked(proportion)
    if n == 0:
        return NO_EXAMPLES
    share, widening = successes / n, z * z / n
    centre = (share + widening / 2) / (1 + widening)
    half = z * float(np.sqrt(share * (1 - share) / n + widening / (4 * n))) / (1 + widening)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low=low, high=high, level=level)


def clopper_pearson_interval(proportion: Proportion, *, level: float = 0.95) -> Interval | Refusal:
    """Return the exact interval of one share; it holds its level always and is wider than Wilson's.

    Reference: Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26 (1934).

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> clopper_pearson_interval(Proportion(0, 30))
    Interval(low=0.0, high=0.11570..., level=0.95)
    """
    tail = (1 - fraction(level, "level")) / 2
    successes, n = checked(proportion)
    if n == 0:
        return NO_EXAMPLES
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return Interval(low=low, high=high, level=level)


def highest_share(proportion: Proportion, *, level: float = 0.95) -> float | Refusal:
    """Return the one-sided exact upper bound of a share: "at most X (95 %)", 1 - 0.05^(1/n) for no success.

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> round(highest_share(Proportion(0, 10)), 6)
    0.258866
    """
    fraction(level, "level")
    successes, n = checked(proportion)
    if n == 0:
        return NO_EXAMPLES
    return 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, level))


def newcombe_interval(a: Proportion, b: Proportion, *, level: float = 0.95) -> Interval | Refusal:
    """Return Newcombe's interval of the difference of two independent shares, built from Wilson's of each.

    Reference: Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998), method 10.

    Raises:
        ValueError: the counts do not fit or the level is not between 0 and 1.

    >>> newcombe_interval(Proportion(0, 10), Proportion(0, 12))
    Interval(low=-0.24249..., high=0.27753..., level=0.95)
    """
    left, right = wilson_interval(a, level=level), wilson_interval(b, level=level)
    if isinstance(left, Refusal):
        return left
    if isinstance(right, Refusal):
        return right
    difference = a.share - b.share
    below = np.hypot(a.share - left.low, right.high - b.share)
    above = np.hypot(left.high - a.share, b.share - right.low)
    return Interval(low=float(difference - below), high=float(difference + above), level=level)


def fewest_expected(a: Proportion, b: Proportion) -> float:
    """Return the smallest count expected in the four cells if both shares were equal; NaN for no examples.

    >>> fewest_expected(Proportion(3, 12), Proportion(8, 12))
    5.5
    """
    n = checked(a).n + checked(b).n
    if n == 0:
        return float("nan")
    successes = a.successes + b.successes
    return min(successes, n - successes) * min(a.n, b.n) / n


def pooled_z_test(a: Proportion, b: Proportion) -> TestResult | Refusal:
    """Return the two-sided z test of equal shares, with the standard error of the pooled share.

    Refused where all succeed or all fail, which leaves no error to measure. Reference: Fleiss, "Statistical methods
    for rates and proportions", 3rd ed. (2003), section 3.1.

    Raises:
        ValueError: the counts do not fit.

    >>> pooled_z_test(Proportion(29, 40), Proportion(28, 35))
    TestResult(test='pooled z', statistic=-0.75872..., df=None, p=0.44801...)
    """
    if min(checked(a).n, checked(b).n) == 0:
        return NO_EXAMPLES
    pooled = (a.successes + b.successes) / (a.n + b.n)
    if pooled in {0.0, 1.0}:
        return Refusal(code="zero-variance", words="All outcomes are the same; the noise is unknown.")
    z = (a.share - b.share) / float(np.sqrt(pooled * (1 - pooled) * (1 / a.n + 1 / b.n)))
    return TestResult(test=POOLED_Z, statistic=z, df=None, p=positive_p(2 * float(ndtr(-abs(z)))))


def boschloo_test(a: Proportion, b: Proportion) -> TestResult | Refusal:
    """Return Boschloo's exact test of equal shares: Fisher's p as the statistic, so never less powerful than it.

    The maximum over the unknown share is sought numerically, to about 1e-4. Reference: Boschloo, "Raised conditional
    level of significance for the 2 x 2 table when testing the equality of two probabilities", Statistica
    Neerlandica 24 (1970).

    Raises:
        ValueError: the counts do not fit.

    >>> round(boschloo_test(Proportion(3, 12), Proportion(8, 12)).p, 3)
    0.064
    """
    if min(checked(a).n, checked(b).n) == 0:
        return NO_EXAMPLES
    from scipy.stats import boschloo_exact  # noqa: PLC0415 - scipy.stats takes half a second to import

    table = np.array([[a.successes, b.successes], [a.n - a.successes, b.n - b.successes]])
    outcome = boschloo_exact(table)
    if np.isnan(outcome.pvalue):  # all succeed or all fail
        return Refusal(code="zero-variance", words="All outcomes are the same; the noise is unknown.")
    return TestResult(test=BOSCHLOO, statistic=float(outcome.statistic), df=None, p=positive_p(float(outcome.pvalue)))


def cohen_h(share_a: float, share_b: float) -> float:
    """Return Cohen's h, the difference of two shares on the arcsine scale, where they are equally hard to tell apart.

    Reference: Cohen, "Statistical power analysis for the behavioral sciences", 2nd ed. (1988), chapter 6.

    Raises:
        ValueError: a share is not between 0 and 1.

    >>> round(cohen_h(0.85, 0.7), 6)
    0.363881
    """
    for share in (share_a, share_b):
        if not 0 <= share <= 1:
            message = f"a share lies between 0 and 1, not at {share}"
            raise ValueError(message)
    return float(2 * (np.arcsin(np.sqrt(share_a)) - np.arcsin(np.sqrt(share_b))))


def odds_ratio(a: Proportion, b: Proportion) -> float | None:
    """Return the odds of success of A over those of B; infinite where only B's are 0, None where it is 0 / 0.

    >>> round(odds_ratio(Proportion(29, 40), Proportion(28, 35)), 6)
    0.659091
    """
    above = checked(a).successes * (checked(b).n - b.successes)
    below = b.successes * (a.n - a.successes)
    if below == 0:
        return None if above == 0 else float("inf")
    return above / below


def pass_at_k(correct: ArrayLike, n: ArrayLike, k: int) -> float | Refusal:
    """Return the mean chance that at least one of ``k`` samples is correct, without bias.

    ``correct`` is int [problems], how many of the ``n`` (int, or int [problems]) samples of each problem were correct.
    Refused where a problem has fewer than k samples. Reference: Chen et al., "Evaluating large language models trained
    on code" (2021), equation 1.

    Raises:
        ValueError: k is below 1, or more samples are correct than there are.

    >>> round(pass_at_k([6, 0], 20, 1), 6)
    0.15
    """
    right, drawn = np.broadcast_arrays(np.asarray(correct, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if k < 1 or (right < 0).any() or (right > drawn).any():
        message = f"k must be at least 1 and no more samples correct than drawn: k = {k}, correct = {right.tolist()}"
        raise ValueError(message)
    if right.size == 0:
        return Refusal(code="empty", words="There are no problems.")
    if drawn.min() < k:
        fewest = int(drawn.min())
        words = f"pass@{k} needs {counted(k, 'sample')} of every problem; one has {counted(fewest, 'sample')}."
        return Refusal(code="too-few-samples", words=words)
    return float((1 - _chance_of_none(drawn - right, drawn, k)).mean())


def _chance_of_none(wrong: Floats, drawn: Floats, k: int) -> Floats:
    """Return C(wrong, k) / C(drawn, k), as a product that keeps all digits."""
    chance = np.ones(wrong.shape)
    for already in range(k):
        chance *= np.maximum(wrong - already, 0.0) / (drawn - already)
    return chance
