"""Run one function over many tasks: serially or in processes, with the same results in the same order."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def process_count(jobs: int) -> int:
    """Return how many processes ``jobs`` stands for: itself, or one per usable core for 0."""
    if jobs:
        return jobs
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return usable or 1


def run_tasks(function: Callable[[Task], Result], tasks: Sequence[Task], *, jobs: int) -> Iterator[Result]:
    """Yield ``function(task)`` for every task in order, computed in up to ``jobs`` processes.

    ``function`` must be importable by name and its results must not depend on the process it runs in.
    """
    workers = min(jobs, len(tasks))
    if workers <= 1:
        yield from map(function, tasks)
        return
    # A forked process would inherit Arrow's threads in an unknown state.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(function, tasks)
