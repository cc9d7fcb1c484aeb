"""Scores of one method over tasks and seeds, with the scale that makes tasks comparable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats
from runreport.stats.types import Refusal
from runreport.stats.words import counted

COMPARABLE = "comparable"
RANGE = "range"
REFERENCE = "reference"

_NOT_NORMALISED = Refusal(
    code="not-normalised",
    words=(
        "The scores of different tasks are on different scales and no reference scores are given, "
        "so they cannot be averaged over tasks; ranks are used instead."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Where scores that can be averaged over tasks come from.

    ``kind`` is "comparable" (they are so as logged), "range" (0 and 1 are the least and largest score of a task) or
    "reference" (0 and 1 are given scores). ``zero`` and ``one`` hold for each task the score that became 0 and 1, in
    its own unit, and ``source`` says in words what they are.
    """

    kind: str
    source: str
    zero: tuple[float, ...] = ()
    one: tuple[float, ...] = ()


AS_LOGGED = Scale(kind=COMPARABLE, source="The scores of all tasks are on one scale as logged.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScores:
    """One method: for each task a float64 [n] of its runs, n of its own; NaN stands for a run without a value.

    Without a ``scale`` the tasks cannot be averaged.
    """

    runs: tuple[Floats, ...]
    scale: Scale | None = None

    @property
    def is_rectangular(self) -> bool:
        """Whether every task has as many runs as the others."""
        return len({task.size for task in self.runs}) == 1

    @property
    def fewest_runs(self) -> int:
        """The number of runs of the task that has the fewest."""
        return min((task.size for task in self.runs), default=0)


def task_scores(values: ArrayLike, *, scale: Scale | None = None) -> TaskScores:
    """Return the scores of float64 [runs, tasks], NaN for a run without a value.

    Raises:
        ValueError: there are not two dimensions.

    >>> task_scores([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]).fewest_runs
    2
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2:  # noqa: PLR2004 - runs and tasks
        message = f"scores must have two dimensions (runs, tasks), not {matrix.ndim}"
        raise ValueError(message)
    return TaskScores(runs=tuple(np.ascontiguousarray(matrix.T)), scale=scale)


def ragged_task_scores(tasks: Sequence[ArrayLike], *, scale: Scale | None = None) -> TaskScores:
    """Return the scores of one float64 [n] per task, where tasks have different numbers of runs.

    Raises:
        ValueError: a task is not one-dimensional.

    >>> ragged_task_scores([[0.1, 0.2], [0.3, 0.4, 0.5]]).is_rectangular
    False
    """
    runs = tuple(np.asarray(task, dtype=np.float64) for task in tasks)
    for position, task in enumerate(runs):
        if task.ndim != 1:
            message = f"task {position} must have one dimension, not {task.ndim}"
            raise ValueError(message)
    return TaskScores(runs=runs, scale=scale)


def refuse_missing(scores: TaskScores) -> Refusal | None:
    """Return why the tasks cannot stand side by side: there are none, or runs without a finite value."""
    if not scores.runs:
        return Refusal(code="empty", words="There are no tasks.")
    without = [position for position, task in enumerate(scores.runs) if task.size == 0]
    missing = {position: int((~np.isfinite(task)).sum()) for position, task in enumerate(scores.runs)}
    lacking = [position for position, count in missing.items() if count]
    if without:
        start = f"There is no run for {_named(without)}"
    elif lacking:
        count = sum(missing.values())
        start = f"{counted(count, 'run')} {'is' if count == 1 else 'are'} missing for {_named(lacking)}"
    else:
        return None
    words = f"{start}: the aggregate over tasks would silently change its weights."
    return Refusal(code="missing-cell", words=words)


def _named(positions: list[int]) -> str:
    if len(positions) == 1:
        return f"task {positions[0]}"
    return f"tasks {', '.join(map(str, positions[:-1]))} and {positions[-1]}"


def refuse_averaging(scores: TaskScores) -> Refusal | None:
    """Return why the scores cannot be averaged over tasks, or None."""
    return refuse_missing(scores) or (_NOT_NORMALISED if scores.scale is None else None)


def same_tasks(methods: Sequence[TaskScores]) -> None:
    """Check that all methods have the same number of tasks.

    Raises:
        ValueError: they have not.
    """
    numbers = sorted({len(method.runs) for method in methods})
    if len(numbers) > 1:
        message = f"methods have different numbers of tasks: {', '.join(map(str, numbers))}"
        raise ValueError(message)
