"""Putting the scores of different tasks on one scale, and keeping with them how that was done."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats, finite_sample
from runreport.stats.task_scores import RANGE, REFERENCE, Scale, TaskScores, same_tasks
from runreport.stats.types import Refusal


def normalise_by_reference(scores: TaskScores, zero: ArrayLike, one: ArrayLike, *, source: str) -> TaskScores:
    """Return scores in which, on every task, ``zero`` became 0 and ``one`` became 1; float64 [tasks] each.

    In the Atari benchmarks these are the scores of random play and of a human player. Where lower scores are better
    ``one`` is below ``zero``. Reference: Mnih et al., "Human-level control through deep reinforcement learning",
    Nature 518 (2015). ``source`` says in words what the reference scores are.

    Raises:
        ValueError: there is not one pair of finite, different reference scores for each task.

    >>> from runreport.stats.task_scores import task_scores
    >>> [task.tolist() for task in normalise_by_reference(task_scores([[5.0, 30.0]]), [0, 10], [10, 50], source="").runs]
    [[0.5], [0.5]]
    """
    low, high = finite_sample(zero, "zero"), finite_sample(one, "one")
    if not len(scores.runs) == low.size == high.size:
        message = f"{low.size} and {high.size} reference scores for {len(scores.runs)} tasks"
        raise ValueError(message)
    equal = np.flatnonzero(low == high)
    if equal.size:
        message = f"both reference scores of task {equal[0]} are {low[equal[0]]}"
        raise ValueError(message)
    return _scaled(scores, low, high, REFERENCE, source)


def normalise_by_range(
    methods: Sequence[TaskScores], tasks: Sequence[str] | None = None
) -> tuple[TaskScores, ...] | Refusal:
    """Return the scores of methods in which each task runs from 0 (its least score) to 1 (its largest), over all.

    Such scores depend on which methods take part; they say nothing about a report with others. Refused where all
    scores of a task are equal; ``tasks`` are the names for the words of that.

    Raises:
        ValueError: there is no method, or they have different numbers of tasks.
    """
    if not methods:
        raise ValueError("there is no method to normalise")
    same_tasks(methods)
    pooled = [np.concatenate([method.runs[task] for method in methods]) for task in range(len(methods[0].runs))]
    finite = [values[np.isfinite(values)] for values in pooled]
    flat = next((task for task, values in enumerate(finite) if np.unique(values).size < 2), None)  # noqa: PLR2004
    if flat is not None:
        name = flat if tasks is None else tasks[flat]
        words = f"All scores of task {name} are equal, so they have no range that could become 0 to 1."
        return Refusal(code="zero-range", words=words)
    low, high = np.array([values.min() for values in finite]), np.array([values.max() for values in finite])
    source = f"Least and largest score of each task over all runs of these {len(methods)} methods."
    return tuple(_scaled(method, low, high, RANGE, source) for method in methods)


def _scaled(scores: TaskScores, low: Floats, high: Floats, kind: str, source: str) -> TaskScores:
    ends = list(zip(low.tolist(), high.tolist(), strict=True))
    runs = tuple((task - zero) / (one - zero) for task, (zero, one) in zip(scores.runs, ends, strict=True))
    return TaskScores(
        runs=runs, scale=Scale(kind=kind, source=source, zero=tuple(low.tolist()), one=tuple(high.tolist()))
    )
