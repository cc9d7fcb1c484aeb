"""Several groups of independent runs on one task, without the assumption that their noise is alike.

Groups with fewer than 2 finite values cannot be tested: they are named as untested and do not count in the family.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from runreport.stats.arrays import Floats, fraction, is_constant
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, OUT_OF_RANGE, welch_error, welch_interval
from runreport.stats.multiplicity import benjamini_hochberg, holm
from runreport.stats.tests import WELCH, positive_p, welch_test
from runreport.stats.types import Caution, Interval, Refusal, TestResult
from runreport.stats.unpaired import Arm, arm

WELCH_ANOVA = "Welch ANOVA"

TOO_FEW_GROUPS = Refusal(
    code="too-few-groups", words="Fewer than two groups have 2 or more finite values; there is nothing to compare."
)
_TWO_GROUPS = Caution(
    code="two-groups", words="There are two groups only: this is Welch's t test of the two, whose t squared is F."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Omnibus:
    """One test of whether any of the groups differs; ``df_error`` is None where the test has no second one.

    ``epsilon_squared`` is the share of the spread of ranks that the groups account for (Kruskal-Wallis only).
    """

    test: str
    statistic: float
    df: float
    df_error: float | None = None
    p: float
    epsilon_squared: float | None = None
    untested: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Group A minus group B. What is None could not be computed; ``refusal`` says why there is no test.

    ``p`` is for this question alone, ``p_holm`` and ``p_bh`` take the family into account; ``p_simultaneous`` and
    ``interval`` do so by their own distribution. ``difference`` is that of means (of mean ranks where ranks are used).
    """

    a: str
    b: str
    difference: float | None = None
    standard_error: float | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None
    p_holm: float | None = None
    p_bh: float | None = None
    p_simultaneous: float | None = None
    interval: Interval | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """All contrasts of one question; ``family`` of them were tested, ``untested`` groups have too few values."""

    test: str
    contrasts: tuple[Contrast, ...]
    family: int
    untested: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Groups that can be tested and the names of those that cannot."""

    tested: tuple[Arm, ...]
    untested: tuple[str, ...]
    cautions: tuple[Caution, ...]

    @property
    def values(self) -> list[Floats]:
        """The finite values of each group that can be tested."""
        return [side.values for side in self.tested]


def sides(groups: Mapping[str, ArrayLike]) -> Sides:
    """Return groups, each float64 [n] with NaN for a run without a value, by whether they can be tested.

    Raises:
        ValueError: a group is not one-dimensional.
    """
    arms = [arm(name, values) for name, values in groups.items()]
    return Sides(
        tested=tuple(side for side in arms if side.values.size >= MINIMUM_FOR_SPREAD),
        untested=tuple(side.name for side in arms if side.values.size < MINIMUM_FOR_SPREAD),
        cautions=tuple(caution for side in arms for caution in _without_value(side)),
    )


def _without_value(side: Arm) -> Iterable[Caution]:
    if side.failed:
        has = "has" if side.failed == 1 else "have"
        words = f"{side.failed} of {side.started} runs of {side.name} {has} no finite value and {has} been left out."
        yield Caution(code="failed-runs", words=words)


def welch_anova(groups: Mapping[str, ArrayLike]) -> Omnibus | Refusal:
    """Return Welch's test of equal means of groups of unequal variance, each float64 [n].

    Refused with fewer than two testable groups and where one has no spread, for its weight would be infinite.
    Reference: Welch, "On the comparison of several mean values", Biometrika 38 (1951).

    Raises:
        ValueError: a group is not one-dimensional.

    >>> welch_anova({"A": [1.0, 2.0, 3.0], "B": [0.0, 1.0, 2.0], "C": [5.0, 6.0, 9.0]}).statistic
    7.6786...
    """
    found = sides(groups)
    k = len(found.tested)
    if k < MINIMUM_FOR_SPREAD:
        return TOO_FEW_GROUPS
    constant = next((side.name for side in found.tested if is_constant(side.values)), None)
    if constant is not None:
        words = f"All runs of {constant} are identical, so its noise is unknown; it cannot be weighed with the others."
        return Refusal(code="zero-variance", words=words)
    parts = _welch_parts(found.values)
    if not np.isfinite(parts).all():
        return OUT_OF_RANGE
    statistic, df_error = parts
    return Omnibus(
        test=WELCH_ANOVA,
        statistic=statistic,
        df=k - 1,
        df_error=df_error,
        p=positive_p(float(fdtrc(k - 1, df_error, statistic))),
        untested=found.untested,
        cautions=(*found.cautions, *((_TWO_GROUPS,) if k == MINIMUM_FOR_SPREAD else ())),
    )


def _welch_parts(groups: list[Floats]) -> tuple[float, float]:
    """Return F and the degrees of freedom of its denominator."""
    k = len(groups)
    sizes = np.array([group.size for group in groups])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        means = np.array([group.mean() for group in groups])
        weights = sizes / np.array([group.var(ddof=1) for group in groups])
        shares = weights / weights.sum()
        between = (weights * (means - (shares * means).sum()) ** 2).sum() / (k - 1)
        uneven = ((1 - shares) ** 2 / (sizes - 1)).sum()
        statistic = between / (1 + 2 * (k - 2) / (k * k - 1) * uneven)
        return float(statistic), float((k * k - 1) / (3 * uneven))


def pairwise_welch(groups: Mapping[str, ArrayLike], *, level: float = 0.95) -> Contrasts | Refusal:
    """Return Welch's t test of every pair of groups, each float64 [n], adjusted by Holm and by Benjamini-Hochberg.

    The intervals are Bonferroni's: all hold at once with the given level.

    Raises:
        ValueError: a group is not one-dimensional or the level is not between 0 and 1.

    >>> [round(c.p_holm, 4) for c in pairwise_welch({"A": [1, 2, 3], "B": [0, 1, 2], "C": [5, 6, 9]}).contrasts]
    [0.2879, 0.0843, 0.0779]
    """
    return _welch_family(groups, list(combinations(groups, 2)), level=level)


def welch_against(groups: Mapping[str, ArrayLike], baseline: str, *, level: float = 0.95) -> Contrasts | Refusal:
    """Return Welch's t test of every other group minus the baseline, adjusted for so many comparisons only.

    Raises:
        ValueError: there is no such group, one is not one-dimensional or the level is not between 0 and 1.

    >>> [round(c.p_holm, 4) for c in welch_against({"A": [1, 2, 3], "B": [0, 1, 2], "C": [5, 6, 9]}, "A").contrasts]
    [0.2879, 0.0843]
    """
    refusal = refuse_baseline(groups, baseline)
    if refusal is not None:
        return refusal
    return _welch_family(groups, [(name, baseline) for name in groups if name != baseline], level=level)


def refuse_baseline(groups: Mapping[str, ArrayLike], baseline: str) -> Refusal | None:
    """Return why nothing can be compared with the baseline, or None.

    Raises:
        ValueError: there is no such group.
    """
    if baseline not in groups:
        message = f"there is no group {baseline!r} among {', '.join(groups)}"
        raise ValueError(message)
    if baseline in sides({baseline: groups[baseline]}).untested:
        words = f"The baseline {baseline} has fewer than 2 finite values; nothing can be tested against it."
        return Refusal(code="baseline-untested", words=words)
    return None


def _welch_family(
    groups: Mapping[str, ArrayLike], pairs: list[tuple[str, str]], *, level: float
) -> Contrasts | Refusal:
    fraction(level, "level")
    found = sides(groups)
    if len(found.tested) < MINIMUM_FOR_SPREAD:
        return TOO_FEW_GROUPS
    values = {name: arm(name, group).values for name, group in groups.items()}
    contrasts = [_welch_contrast(a, b, values[a], values[b]) for a, b in pairs]
    family = sum(contrast.p is not None for contrast in contrasts)
    single = 1 - (1 - level) / max(family, 1)
    bounded = [_bounded(contrast, values, single, level) for contrast in contrasts]
    return Contrasts(
        test=WELCH,
        contrasts=adjusted(bounded),
        family=family,
        untested=found.untested,
        cautions=found.cautions,
    )


def _welch_contrast(name_a: str, name_b: str, a: Floats, b: Floats) -> Contrast:
    test = welch_test(a, b)
    error = welch_error(a, b)
    if isinstance(test, TestResult) and not isinstance(error, Refusal):
        return Contrast(
            a=name_a,
            b=name_b,
            difference=error.difference,
            standard_error=error.standard_error,
            statistic=test.statistic,
            df=test.df,
            p=test.p,
        )
    difference = float(a.mean() - b.mean()) if min(a.size, b.size) else None
    refusal = test if isinstance(test, Refusal) else None
    return Contrast(a=name_a, b=name_b, difference=difference, refusal=refusal)


def _bounded(contrast: Contrast, values: Mapping[str, Floats], single: float, level: float) -> Contrast:
    if contrast.p is None:
        return contrast
    interval = welch_interval(values[contrast.a], values[contrast.b], level=single)
    return replace(contrast, interval=replace(interval, level=level) if isinstance(interval, Interval) else None)


def adjusted(contrasts: list[Contrast]) -> tuple[Contrast, ...]:
    """Return contrasts with the p-values of Holm and of Benjamini-Hochberg; untested ones do not count."""
    raw = [np.nan if contrast.p is None else contrast.p for contrast in contrasts]
    family = zip(contrasts, holm(raw).tolist(), benjamini_hochberg(raw).tolist(), strict=True)
    return tuple(
        contrast if contrast.p is None else replace(contrast, p_holm=p_holm, p_bh=p_bh)
        for contrast, p_holm, p_bh in family
    )
