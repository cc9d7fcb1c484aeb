"""Contrasts of several groups whose p-values and intervals hold for all of them at once.

Games-Howell lets every group have a noise of its own; Tukey and Dunnett take the noise to be the same in all groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import ALTERNATIVES, fraction, is_constant, one_of
from runreport.stats.groups import TOO_FEW_GROUPS, Contrast, Contrasts, refuse_baseline, sides
from runreport.stats.intervals import MINIMUM_FOR_SPREAD, NO_SPREAD, OUT_OF_RANGE, welch_error
from runreport.stats.studentized_range import (
    DunnettLaw,
    dunnett_law,
    studentized_range_critical,
    studentized_range_sf,
)
from runreport.stats.types import Interval, Refusal
from runreport.stats.unpaired import Arm

GAMES_HOWELL = "Games-Howell"
TUKEY = "Tukey HSD"
DUNNETT = "Dunnett"


def games_howell(groups: Mapping[str, ArrayLike], *, level: float = 0.95) -> Contrasts | Refusal:
    """Return every pair of groups, each float64 [n] of its own variance, with simultaneous p and interval.

    Reference: Games & Howell, "Pairwise multiple comparison procedures with unequal n's and/or variances", J. Educ.
    Stat. 1 (1976).

    Raises:
        ValueError: a group is not one-dimensional or the level is not between 0 and 1.

    >>> [round(c.p_simultaneous, 3) for c in games_howell({"A": [1, 2, 3], "B": [0, 1, 2], "C": [5, 6, 9]}).contrasts]
    [0.501, 0.083, 0.051]
    """
    fraction(level, "level")
    found = sides(groups)
    if len(found.tested) < MINIMUM_FOR_SPREAD:
        return TOO_FEW_GROUPS
    contrasts = [_games_howell(a, b, len(found.tested), level) for a, b in combinations(found.tested, 2)]
    family = sum(contrast.refusal is None for contrast in contrasts)
    return Contrasts(
        test=GAMES_HOWELL,
        contrasts=tuple(contrasts),
        family=family,
        untested=found.untested,
        cautions=found.cautions,
    )


def _games_howell(a: Arm, b: Arm, k: int, level: float) -> Contrast:
    error = welch_error(a.values, b.values)
    if isinstance(error, Refusal):
        difference = float(a.values.mean() - b.values.mean())
        return Contrast(a=a.name, b=b.name, difference=difference, refusal=error)
    return _from_studentized_range(a.name, b.name, error, k=k, level=level)


def _from_studentized_range(a: str, b: str, error: tuple[float, float, float], *, k: int, level: float) -> Contrast:
    difference, standard_error, df = error
    root = float(np.sqrt(2))
    statistic = difference / standard_error
    half = studentized_range_critical(level, k, df) / root * standard_error
    return Contrast(
        a=a,
        b=b,
        difference=difference,
        standard_error=standard_error,
        statistic=statistic,
        df=df,
        p_simultaneous=studentized_range_sf(root * abs(statistic), k, df),
        interval=Interval(low=difference - half, high=difference + half, level=level),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pooled:
    """Groups with one common standard deviation."""

    arms: tuple[Arm, ...]
    sd: float
    df: int

    def error(self, a: Arm, b: Arm) -> tuple[float, float, float]:
        """Return the difference of two means, its standard error and the degrees of freedom."""
        difference = float(a.values.mean() - b.values.mean())
        return difference, self.sd * float(np.sqrt(1 / a.values.size + 1 / b.values.size)), float(self.df)


def _pool(arms: tuple[Arm, ...]) -> _Pooled | Refusal:
    if len(arms) < MINIMUM_FOR_SPREAD:
        return TOO_FEW_GROUPS
    if all(is_constant(side.values) for side in arms):
        return NO_SPREAD
    df = sum(side.values.size - 1 for side in arms)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = sum(float(np.square(side.values - side.values.mean()).sum()) for side in arms)
    sd = float(np.sqrt(squares / df))
    return _Pooled(arms=arms, sd=sd, df=df) if np.isfinite(sd) and sd > 0 else OUT_OF_RANGE


def tukey(groups: Mapping[str, ArrayLike], *, level: float = 0.95) -> Contrasts | Refusal:
    """Return every pair of groups, each float64 [n] of one common variance, with simultaneous p and interval.

    Groups of unequal size are compared in Kramer's way. Reference: Tukey, "The problem of multiple comparisons"
    (1953); Kramer, "Extension of multiple range tests to group means with unequal numbers of replications",
    Biometrics 12 (1956).

    Raises:
        ValueError: a group is not one-dimensional or the level is not between 0 and 1.

    >>> [round(c.p_simultaneous, 3) for c in tukey({"A": [1, 2, 3], "B": [0, 1, 2], "C": [5, 6, 9]}).contrasts]
    [0.692, 0.018, 0.007]
    """
    fraction(level, "level")
    found = sides(groups)
    pooled = _pool(found.tested)
    if isinstance(pooled, Refusal):
        return pooled
    contrasts = [
        _from_studentized_range(a.name, b.name, pooled.error(a, b), k=len(pooled.arms), level=level)
        for a, b in combinations(pooled.arms, 2)
    ]
    return Contrasts(
        test=TUKEY,
        contrasts=tuple(contrasts),
        family=len(contrasts),
        untested=found.untested,
        cautions=found.cautions,
    )


def dunnett(
    groups: Mapping[str, ArrayLike], baseline: str, *, level: float = 0.95, alternative: str = "two-sided"
) -> Contrasts | Refusal:
    """Return every other group minus the baseline, each float64 [n] of one common variance.

    The p-values and intervals hold at once; a one-sided alternative leaves one end of the intervals infinite. Their distribution is integrated numerically, so that the same runs
    always give the same p. Reference: Dunnett, "A multiple comparison procedure for comparing several treatments with
    a control", JASA 50 (1955).

    Raises:
        ValueError: there is no such group, one is not one-dimensional, or the level or the alternative is not one.

    >>> [round(c.p_simultaneous, 4) for c in dunnett({"A": [1, 2, 3], "B": [0, 1, 2], "C": [5, 6, 9]}, "A").contrasts]
    [0.6321, 0.0137]
    """
    fraction(level, "level")
    one_of(alternative, ALTERNATIVES, "alternative")
    refusal = refuse_baseline(groups, baseline)
    if refusal is not None:
        return refusal
    found = sides(groups)
    pooled = _pool(found.tested)
    if isinstance(pooled, Refusal):
        return pooled
    control = next(side for side in pooled.arms if side.name == baseline)
    others = [side for side in pooled.arms if side.name != baseline]
    law = dunnett_law([side.values.size for side in others], control.values.size, pooled.df)
    critical = law.critical(level, one_sided=alternative != "two-sided")
    judge = _DunnettJudge(law=law, alternative=alternative, level=level, critical=critical)
    contrasts = tuple(judge.contrast(side, control, pooled) for side in others)
    return Contrasts(
        test=DUNNETT, contrasts=contrasts, family=len(contrasts), untested=found.untested, cautions=found.cautions
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _DunnettJudge:
    """The law of the largest t, and which side of it counts at which level."""

    law: DunnettLaw
    alternative: str
    level: float
    critical: float

    def contrast(self, side: Arm, control: Arm, pooled: _Pooled) -> Contrast:
        """Return a group minus the control."""
        difference, standard_error, df = pooled.error(side, control)
        statistic = difference / standard_error
        extreme = {"two-sided": abs(statistic), "greater": statistic, "less": -statistic}[self.alternative]
        half = self.critical * standard_error
        return Contrast(
            a=side.name,
            b=control.name,
            difference=difference,
            standard_error=standard_error,
            statistic=statistic,
            df=df,
            p_simultaneous=self.law.survival(extreme, one_sided=self.alternative != "two-sided"),
            interval=Interval(
                low=-np.inf if self.alternative == "less" else difference - half,
                high=np.inf if self.alternative == "greater" else difference + half,
                level=self.level,
            ),
        )
