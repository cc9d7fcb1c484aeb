"""How far a metric goes along with a hyperparameter in one sweep: an association, not a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from runreport.stats.arrays import Floats, finite_sample, is_constant
from runreport.stats.intervals import normal_quantile
from runreport.stats.multiplicity import benjamini_hochberg
from runreport.stats.pairs import correlation, finite_pairs
from runreport.stats.rank_groups import kruskal_wallis_test
from runreport.stats.ranks import midranks
from runreport.stats.tests import positive_p
from runreport.stats.types import Caution, Estimate, Interval, Refusal, TestResult
from runreport.stats.words import counted

SPEARMAN = "Spearman"
KENDALL = "Kendall tau-b"
PEARSON = "Pearson"
FEWEST_RUNS = 5
RUNS_PER_PARAMETER = 10
_FEWEST_FOR_INTERVAL = 4  # Fisher's z has variance 1 / (n - 3)
_PERFECT = 1 - 1e-12

CONSTANT_PARAMETER = Refusal(code="constant-parameter", words="This parameter has the same value in every run.")
CONSTANT_METRIC = Refusal(code="constant-metric", words="The metric has the same value in every run.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """How one hyperparameter goes along with a metric.

    ``effect`` is Spearman's rho with Fisher's z interval for a numeric parameter, and for one of categories epsilon
    squared, the share of the variance of ranks between them. ``p_adjusted`` is Benjamini and Hochberg's over all
    parameters tested.
    """

    parameter: str
    n: int
    effect: Estimate | None = None
    kendall: float | None = None
    test: TestResult | None = None
    p_adjusted: float | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Associations:
    """All hyperparameters of a sweep in the order given; ``cautions`` hold for every row."""

    rows: tuple[Association, ...]
    cautions: tuple[Caution, ...] = ()


def associations(
    parameters: Mapping[str, Sequence[float] | Sequence[str]],
    metric: ArrayLike,
    *,
    level: float = 0.95,
    is_adaptive: bool = False,
) -> Associations:
    """Return how each hyperparameter goes along with the metric, float64 [runs].

    ``parameters`` has one value per run: numbers, or names of categories. ``is_adaptive`` says that the search chose
    later runs by earlier ones. A parameter is refused when it is constant or has fewer than 5 distinct runs.

    Raises:
        ValueError: a metric value is not finite, a parameter has another length, or the level is not between 0 and 1.

    >>> answer = associations({"lr": [1, 2, 3, 4, 5]}, [1.0, 3.0, 2.0, 5.0, 4.0])
    >>> round(answer.rows[0].effect.value, 6), answer.cautions[0].code
    (0.8, 'exploratory')
    """
    values = finite_sample(metric, "metric")
    rows = [_associate(name, settings, values, level) for name, settings in parameters.items()]
    tested = [row.test.p for row in rows if row.test]
    adjusted = iter(benjamini_hochberg(tested).tolist())
    return Associations(
        rows=tuple(replace(row, p_adjusted=next(adjusted)) if row.test else row for row in rows),
        cautions=tuple(_cautions(values.size, len(rows), is_adaptive=is_adaptive)),
    )


def _associate(name: str, settings: Sequence[float] | Sequence[str], metric: Floats, level: float) -> Association:
    if len(settings) != metric.size:
        message = f"{len(settings)} values of {name} for {metric.size} runs"
        raise ValueError(message)
    is_categorical = any(isinstance(setting, str) for setting in settings)
    refusal = _refuse(settings, metric)
    if refusal:
        return Association(parameter=name, n=metric.size, refusal=refusal)
    if is_categorical:
        names = np.array([str(setting) for setting in settings])
        test, effect = kruskal_wallis_test([metric[names == category] for category in dict.fromkeys(names.tolist())])
        return Association(parameter=name, n=metric.size, effect=Estimate(value=effect), test=test)
    numbers = finite_sample(settings, name)
    rho, spearman = spearman_test(numbers, metric)
    interval = fisher_z_interval(rho, metric.size, level=level)
    tau = kendall_tau_b(numbers, metric)
    return Association(
        parameter=name,
        n=metric.size,
        effect=Estimate(value=rho, interval=interval),
        kendall=tau,
        test=spearman,
    )


def _refuse(settings: Sequence[float] | Sequence[str], metric: Floats) -> Refusal | None:
    if len(set(settings)) == 1:
        return CONSTANT_PARAMETER
    if is_constant(metric) and metric.size:
        return CONSTANT_METRIC
    distinct = len(set(zip(settings, metric.tolist(), strict=True)))
    if distinct < FEWEST_RUNS:
        verb = "is" if distinct == 1 else "are"
        words = f"{counted(distinct, 'distinct run')} {verb} too few for an association ({FEWEST_RUNS} needed)."
        return Refusal(code="too-few-runs", words=words)
    return None


def _cautions(runs: int, parameters: int, *, is_adaptive: bool) -> list[Caution]:
    found = []
    wanted = RUNS_PER_PARAMETER * parameters
    if runs < wanted:
        words = f"Exploratory: {counted(runs, 'run')} for {counted(parameters, 'parameter')} ({wanted} advised)."
        found.append(Caution(code="exploratory", words=words))
    if is_adaptive:
        words = "The search chose later runs by earlier ones, so the runs are not independent and p is too small."
        found.append(Caution(code="adaptive-search", words=words))
    return found


def spearman_test(x: ArrayLike, y: ArrayLike) -> tuple[float, TestResult]:
    """Return Spearman's rho of float64 [n] and [n] with its two-sided p by Student's t.

    Reference: Spearman, "The proof and measurement of association between two things", Am. J. Psychol. 15 (1904).

    Raises:
        ValueError: there are fewer than 3 runs, the lengths differ, or one side is constant.

    >>> round(spearman_test([1, 2, 3, 4], [1, 3, 2, 4])[0], 6)
    0.8
    """
    left, right = _pairs(x, y)
    return _correlation(midranks(left), midranks(right), SPEARMAN)


def pearson_test(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> tuple[Estimate, TestResult]:
    """Return Pearson's r of float64 [n] and [n] with Fisher's z interval and its two-sided p by Student's t.

    Reference: Fisher, "On the probable error of a coefficient of correlation deduced from a small sample", Metron 1
    (1921).

    Raises:
        ValueError: there are fewer than 3 runs, the lengths differ, one side is constant, or the level is not one.

    >>> pearson_test([1, 2, 3, 4], [1, 3, 2, 4])[0].interval
    Interval(low=-0.69695..., high=0.99560..., level=0.95)
    """
    left, right = _pairs(x, y)
    r, test = _correlation(left, right, PEARSON)
    return Estimate(value=r, interval=fisher_z_interval(r, left.size, level=level)), test


def fisher_z_interval(r: float, n: int, *, level: float = 0.95) -> Interval | None:
    """Return the interval of a correlation of n runs by Fisher's z; None for fewer than 4 runs or a perfect one.

    Raises:
        ValueError: the level is not between 0 and 1.

    >>> fisher_z_interval(0.5, 19)
    Interval(low=0.05924..., high=0.77761..., level=0.95)
    """
    z = normal_quantile(level)
    if n < _FEWEST_FOR_INTERVAL or abs(r) >= _PERFECT:
        return None
    centre, half = float(np.arctanh(r)), z / float(np.sqrt(n - 3))
    return Interval(low=float(np.tanh(centre - half)), high=float(np.tanh(centre + half)), level=level)


def kendall_tau_b(x: ArrayLike, y: ArrayLike) -> float:
    """Return Kendall's tau-b of float64 [n] and [n]: concordant less discordant pairs, corrected for ties.

    Takes n^2 comparisons. Reference: Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945).

    Raises:
        ValueError: there are fewer than 3 runs, the lengths differ, or one side is constant.

    >>> round(kendall_tau_b([1, 2, 3, 4], [1, 3, 2, 4]), 6)
    0.666667
    """
    left, right = _pairs(x, y)
    signs = [np.sign(side[:, None] - side) for side in (left, right)]
    untied = [float(np.square(sign).sum()) for sign in signs]
    return float((signs[0] * signs[1]).sum()) / float(np.sqrt(untied[0] * untied[1]))


def _pairs(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    left, right = finite_pairs(x, y)
    if left.size < 3:  # noqa: PLR2004 - a line fits any two points
        message = f"{left.size} values cannot be correlated: 3 pairs or more are needed"
        raise ValueError(message)
    for name, side in (("x", left), ("y", right)):
        if is_constant(side):
            message = f"every value of {name} is {side[0]:g}"
            raise ValueError(message)
    return left, right


def _correlation(x: Floats, y: Floats, name: str) -> tuple[float, TestResult]:
    r = correlation(x, y) or 0.0
    df = float(x.size - 2)
    with np.errstate(divide="ignore"):
        t = float(r * np.sqrt(np.divide(df, (1 - r) * (1 + r))))
    return r, TestResult(test=name, statistic=t, df=df, p=positive_p(2 * float(stdtr(df, -abs(t)))))
