"""The answer over tasks in one sentence: which method is best, and how sure that is."""

import numpy as np

from runreport.compare.over_tasks import MethodOverTasks, TaskAnswer
from runreport.compare.words import format_interval, format_p, format_value, half_width
from runreport.stats.types import Estimate
from runreport.stats.words import counted, listed


def task_headline(answer: TaskAnswer) -> str:
    """Return which method is best over the tasks, by the interquartile mean or, without a scale, by its ranks."""
    over = f"over {counted(len(answer.tasks), 'task')}"
    scored = [(one, one.aggregates.iqm) for one in answer.methods if one.aggregates]
    if scored:
        best, iqm = max(scored, key=lambda pair: pair[1].value)
        return f"{best.method.name} has the best interquartile mean {over}: {_estimate(iqm)}{_lead(answer, best)}."
    if answer.ranks.friedman is not None:
        return _by_average_rank(answer, over)
    if answer.ranks.signed_rank is not None:
        return _of_two(answer, over)
    refusal = answer.ranks.refusal or answer.refusal
    return f"No method can be called best {over}: {refusal.words if refusal else 'no rank test is possible.'}"


def _estimate(estimate: Estimate) -> str:
    spread = half_width(estimate.interval)
    value = format_value(estimate.value, spread)
    return f"{value} ({format_interval(estimate.interval)})" if estimate.interval else value


def _lead(answer: TaskAnswer, best: MethodOverTasks) -> str:
    """Return what the best method is clearly ahead of, from differences that were resampled together."""
    if best.aggregates is None or best.aggregates.iqm.interval is None:
        return "; whether it is really ahead cannot be told from fewer than 3 runs on a task"
    open_ = [answer.methods[i].method.name for i in answer.not_behind]
    sure = f", but it is not clearly ahead of {listed(open_)}" if open_ else ", clearly ahead of every other method"
    baseline = next((one for one in answer.methods if one.is_baseline), None)
    if baseline is None or best.difference is None:
        return sure
    difference = f"its difference from the baseline {baseline.method.name} is {_estimate(best.difference.iqm)}"
    return f"{sure}; {difference}"


def _by_average_rank(answer: TaskAnswer, over: str) -> str:
    friedman = answer.ranks.friedman
    if friedman is None:
        raise ValueError("there are no average ranks")
    order = np.argsort(friedman.average_ranks, kind="stable")
    first = answer.methods[int(order[0])].method.name
    rank = f"{friedman.average_ranks[order[0]]:.2f} of {len(answer.methods)}"
    near = next((clique for clique in friedman.cliques if int(order[0]) in clique), ())
    others = [answer.methods[i].method.name for i in near if i != int(order[0])]
    open_ = f", but is not told apart from {listed(others)}" if others else ", clearly ahead of all others"
    p = format_p(friedman.iman_davenport_p)
    return f"{first} has the best average rank {over}: {rank} (Friedman's test p {p}){open_}."


def _of_two(answer: TaskAnswer, over: str) -> str:
    """Return who is ahead on more tasks; without a scale the test of the ranks is the sign test."""
    found = answer.ranks.signed_rank
    if found is None:
        raise ValueError("there is no test of two methods")
    first, second = (one.method.name for one in answer.methods)
    ahead, behind = (first, second) if _is_first_ahead(answer) else (second, first)
    minimum = f" {found.refusal.words}" if found.refusal else ""
    return f"{ahead} is ahead of {behind} on more tasks {over}: sign test p {format_p(found.test.p)}.{minimum}"


def _is_first_ahead(answer: TaskAnswer) -> bool:
    return next((one.probability.value for one in answer.improvements), 1.0) >= 1 / 2
