"""Several methods on many tasks, one score each: the Friedman test, average ranks and the critical difference.

Seeds are no tasks: scores of several seeds are averaged within their task first.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc

from runreport.stats.arrays import Floats, fraction
from runreport.stats.pairs import paired_differences
from runreport.stats.plan import MINIMUM_TASKS
from runreport.stats.ranks import RankTest, midranks, tie_sum
from runreport.stats.signed_ranks import wilcoxon_test
from runreport.stats.studentized_range import studentized_range_critical, studentized_range_sf
from runreport.stats.types import Caution, Refusal
from runreport.stats.words import counted

MINIMUM_METHODS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Friedman:
    """The Friedman test of N tasks by k methods, with Nemenyi's comparison of average ranks.

    ``average_ranks`` are float64 [k], 1 for the best; ``nemenyi_p`` is float64 [k, k] with 1 on its diagonal. Two
    average ranks that lie further apart than ``critical_difference`` differ at ``alpha``; ``cliques`` are the largest
    sets of neighbouring methods that do not, each in order of rank (the bars of a critical-difference diagram).
    """

    average_ranks: Floats
    chi_square: float
    p: float
    iman_davenport: float
    iman_davenport_p: float
    kendall_w: float
    nemenyi_p: Floats
    critical_difference: float
    alpha: float
    cliques: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodsOverTasks:
    """What can be said about methods over tasks; ``refusal`` says why there is no test.

    ``tasks_used`` and ``tasks_left_out`` are positions. With two methods ``signed_rank`` takes the place of
    ``friedman``, and a caution says so.
    """

    tasks_used: tuple[int, ...]
    tasks_left_out: tuple[int, ...] = ()
    friedman: Friedman | None = None
    signed_rank: RankTest | None = None
    refusal: Refusal | None = None
    cautions: tuple[Caution, ...] = ()


def score_matrix(scores: ArrayLike) -> Floats:
    """Return scores as float64 [tasks, methods].

    Raises:
        ValueError: they do not have two dimensions.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2:  # noqa: PLR2004 - tasks and methods
        message = f"scores must have two dimensions (tasks, methods), not {matrix.ndim}"
        raise ValueError(message)
    return matrix


def compare_methods(
    scores: ArrayLike, *, higher_is_better: bool, alpha: float = 0.05, decimals: int | None = None
) -> MethodsOverTasks:
    """Return the rank test of float64 [tasks, methods]; NaN stands for a score that is missing.

    ``decimals`` is the precision of the metric, to which differences of two methods are rounded before ranking.
    A task that lacks a score is left out. Fewer than 5 tasks are refused; two methods are compared by Wilcoxon's
    signed-rank test over the tasks.

    Raises:
        ValueError: the scores do not have two dimensions or alpha is not between 0 and 1.

    >>> answer = compare_methods([[1, 2, 3], [1, 2, 3], [2, 1, 3], [1, 3, 2], [1, 2, 3]], higher_is_better=True)
    >>> answer.friedman.average_ranks
    array([2.8, 2. , 1.2])
    """
    fraction(alpha, "alpha")
    matrix = score_matrix(scores)
    whole = np.isfinite(matrix).all(axis=1)
    used = tuple(int(task) for task in np.flatnonzero(whole))
    left_out = tuple(int(task) for task in np.flatnonzero(~whole))
    refusal = _refuse(matrix[whole])
    answer = MethodsOverTasks(
        tasks_used=used, tasks_left_out=left_out, refusal=refusal, cautions=_missing(used, left_out)
    )
    if refusal is not None:
        return answer
    if matrix.shape[1] < MINIMUM_METHODS:
        return _two_methods(answer, paired_differences(matrix[whole, 0], matrix[whole, 1], decimals=decimals))
    return replace(answer, friedman=friedman(matrix[whole], higher_is_better=higher_is_better, alpha=alpha))


def _two_methods(answer: MethodsOverTasks, differences: Floats | Refusal) -> MethodsOverTasks:
    words = "Two methods: the Wilcoxon signed-rank test over tasks is used."
    test = differences if isinstance(differences, Refusal) else wilcoxon_test(differences)
    return replace(
        answer,
        signed_rank=test if isinstance(test, RankTest) else None,
        refusal=test if isinstance(test, Refusal) else None,
        cautions=(Caution(code="two-methods", words=words), *answer.cautions),
    )


def _missing(used: tuple[int, ...], left_out: tuple[int, ...]) -> tuple[Caution, ...]:
    if not left_out:
        return ()
    one = len(left_out) == 1
    start = (
        f"{len(left_out)} {'task lacks' if one else 'tasks lack'} a result for some method and {'is' if one else 'are'}"
    )
    words = f"{start} left out of the rank test ({len(used)} of {len(used) + len(left_out)} tasks used)."
    return (Caution(code="missing-cell", words=words),)


def _refuse(matrix: Floats) -> Refusal | None:
    tasks, methods = matrix.shape
    if methods < 2:  # noqa: PLR2004 - a comparison
        return Refusal(code="one-method", words="There is only one method; there is nothing to compare it with.")
    if tasks < MINIMUM_TASKS:
        words = (
            f"{counted(tasks, 'task')} {'is' if tasks == 1 else 'are'} too few for a rank test across tasks ({MINIMUM_TASKS} needed; 10+ advised). "
            "Per-task results are shown."
        )
        return Refusal(code="too-few-tasks", words=words)
    if (matrix == matrix[:, :1]).all() and methods >= MINIMUM_METHODS:
        return Refusal(code="identical", words="All methods have the same score on every task; there are no ranks.")
    return None


def task_ranks(scores: ArrayLike, *, higher_is_better: bool) -> Floats:
    """Return the ranks of methods within each task, float64 [tasks, methods], 1 for the best, ties shared.

    Raises:
        ValueError: the scores do not have two dimensions.

    >>> task_ranks([[0.3, 0.1, 0.3]], higher_is_better=True)
    array([[1.5, 3. , 1.5]])
    """
    matrix = score_matrix(scores)
    return midranks(-matrix if higher_is_better else matrix)


def friedman(scores: ArrayLike, *, higher_is_better: bool, alpha: float = 0.05) -> Friedman:
    """Return the Friedman test of complete scores, float64 [tasks, methods]; see :func:`compare_methods`.

    Chi-square is corrected for ties. Where all tasks order the methods alike F is infinite, and its p is the chance
    that they do so under the null hypothesis. References: Friedman, JASA 32 (1937); Iman & Davenport,
    "Approximations of the critical region of the Friedman statistic", Comm. Stat. A 9 (1980); Demšar, "Statistical
    comparisons of classifiers over multiple data sets", JMLR 7 (2006).

    Raises:
        ValueError: the scores do not have two dimensions.
    """
    ranks = task_ranks(scores, higher_is_better=higher_is_better)
    n, k = ranks.shape
    average = ranks.mean(axis=0)
    ties = sum(tie_sum(row) for row in ranks)
    between = 12 * n / (k * (k + 1)) * float(np.square(average - (k + 1) / 2).sum())
    chi_square = between / (1 - ties / (n * k * (k * k - 1)))
    statistic, p = _iman_davenport(chi_square, ranks)
    unit = math.sqrt(k * (k + 1) / (6 * n))
    critical = studentized_range_critical(1 - alpha, k, math.inf) / math.sqrt(2) * unit
    return Friedman(
        average_ranks=average,
        chi_square=chi_square,
        p=float(chdtrc(k - 1, max(chi_square, 0.0))),
        iman_davenport=statistic,
        iman_davenport_p=p,
        kendall_w=chi_square / (n * (k - 1)),
        nemenyi_p=_nemenyi(average, unit),
        critical_difference=critical,
        alpha=alpha,
        cliques=cliques(average, critical),
    )


def _iman_davenport(chi_square: float, ranks: Floats) -> tuple[float, float]:
    n, k = ranks.shape
    if (ranks == ranks[0]).all():
        shared = np.unique(ranks[0], return_counts=True)[1]
        orders = math.factorial(k) // math.prod(math.factorial(int(size)) for size in shared)
        return math.inf, math.exp(-(n - 1) * math.log(orders))
    statistic = (n - 1) * chi_square / (n * (k - 1) - chi_square)
    return statistic, float(fdtrc(k - 1, (k - 1) * (n - 1), max(statistic, 0.0)))


def _nemenyi(average: Floats, unit: float) -> Floats:
    k = average.size
    p = np.ones((k, k))
    for i in range(k):
        for j in range(i):
            gap = abs(float(average[i] - average[j])) / unit * math.sqrt(2)
            p[i, j] = p[j, i] = studentized_range_sf(gap, k, math.inf)
    return p


def cliques(average_ranks: Floats, critical_difference: float) -> tuple[tuple[int, ...], ...]:
    """Return the largest sets of two or more methods whose average ranks lie within the critical difference.

    >>> cliques(np.array([1.0, 3.0, 1.5, 2.2]), 1.0)
    ((0, 2), (2, 3), (3, 1))
    """
    order: NDArray[np.intp] = np.argsort(average_ranks, kind="stable")
    ordered = average_ranks[order]
    found: list[tuple[int, ...]] = []
    reached = 0
    for start in range(order.size):
        end = int(np.searchsorted(ordered, ordered[start] + critical_difference, side="right"))
        if end - start > 1 and end > reached:
            found.append(tuple(int(method) for method in order[start:end]))
        reached = max(reached, end)
    return tuple(found)
