"""One task of runreport's statistics in a process of its own; prints process time and memory as JSON."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from runreport.stats.aggregate import bootstrap_aggregates
from runreport.stats.improvement import improvements
from runreport.stats.multiplicity import holm
from runreport.stats.task_scores import AS_LOGGED, TaskScores, task_scores
from runreport.stats.unpaired import arm, compare_two
from stats_data import scores


def aggregates(methods: list[TaskScores], resamples: int) -> None:
    """Four aggregates of every method with their intervals."""
    generator = np.random.default_rng(0)
    for method in methods:
        bootstrap_aggregates(method, rng=generator, resamples=resamples)


def improvement(methods: list[TaskScores], resamples: int) -> None:
    """Every pair of methods."""
    improvements(methods, rng=np.random.default_rng(0), resamples=resamples)


def contrasts(methods: list[TaskScores], number: int) -> None:
    """So many contrasts of the first method with others, task by task, adjusted by Holm."""
    pairs = [
        (arm("A", a), arm("B", b)) for other in methods[1:] for a, b in zip(methods[0].runs, other.runs, strict=True)
    ]
    answers = [compare_two(a, b) for a, b in pairs[:number]]
    if len(answers) != number:
        raise ValueError(f"there are only {len(answers)} contrasts, not {number}")
    holm([answer.test.p if answer.test else np.nan for answer in answers])


TASKS: dict[str, Callable[[list[TaskScores], int], None]] = {
    "aggregates": aggregates,
    "improvement": improvement,
    "contrasts": contrasts,
}


def main() -> None:
    """Do one task and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("number", type=int)
    arguments = parser.parse_args()
    methods = [task_scores(one, scale=AS_LOGGED) for one in scores()]
    before = _peak_bytes()
    begin = time.process_time()
    TASKS[arguments.task](methods, arguments.number)
    seconds = time.process_time() - begin
    figures = {"seconds": seconds, "above_imports_bytes": _peak_bytes() - before}
    sys.stdout.write(json.dumps(figures) + "\n")


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
