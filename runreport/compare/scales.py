"""One scale for the scores of all tasks: reference scores, the range seen, or the metric as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from runreport.config.options import ReferenceOptions, TaskOptions
from runreport.errors import ConfigError
from runreport.stats.normalise import normalise_by_range, normalise_by_reference
from runreport.stats.task_scores import AS_LOGGED, TaskScores, refuse_averaging
from runreport.stats.types import Refusal
from runreport.stats.words import counted, listed


def on_one_scale(
    scores: Sequence[TaskScores], tasks: Sequence[str], options: TaskOptions, *, higher_is_better: bool
) -> tuple[TaskScores, ...] | Refusal:
    """Return the scores of methods on a scale on which higher is better, or why there is none.

    Raises:
        ConfigError: reference scores are asked for and a task has none, or both of its scores are equal.
    """
    kind = options.normalise or ("reference" if options.reference else "")
    if kind == "reference":
        return _by_reference(scores, tasks, options.reference, options.reference_file)
    if kind == "minmax":
        return _by_range(scores, tasks, higher_is_better=higher_is_better)
    if kind == "none" and higher_is_better:
        return tuple(replace(one, scale=AS_LOGGED) for one in scores)
    if kind == "none":
        signed = "The metric has one scale on all tasks as logged; its sign was turned, because lower is better."
        return tuple(_negative(replace(one, scale=replace(AS_LOGGED, source=signed))) for one in scores)
    refusal = refuse_averaging(scores[0])
    if refusal is None:  # scores without a scale are refused
        raise ValueError("the scores have a scale already")
    return refusal


def _by_reference(
    scores: Sequence[TaskScores], tasks: Sequence[str], reference: Mapping[str, ReferenceOptions], file: str
) -> tuple[TaskScores, ...]:
    missing = [task for task in tasks if task not in reference]
    if missing:
        sentence = f"{counted(len(missing), 'task')} {'has' if len(missing) == 1 else 'have'} no reference scores"
        raise ConfigError(
            f"{sentence}: {listed(missing)}.",
            hint="Add them under [tasks.reference.NAME] or to the file tasks.reference_file.",
        )
    equal = [task for task in tasks if reference[task].low == reference[task].high]
    if equal:
        raise ConfigError(f"The reference scores of {equal[0]!r} are equal, so they give no scale.")
    low, high = ([getattr(reference[task], end) for task in tasks] for end in ("low", "high"))
    source = f"0 and 1 are the reference scores low and high of each task, from {_origin(file)}."
    return tuple(normalise_by_reference(one, low, high, source=source) for one in scores)


def _origin(file: str) -> str:
    return f"{file}, or from the settings for tasks that are named there" if file else "the settings"


def _by_range(
    scores: Sequence[TaskScores], tasks: Sequence[str], *, higher_is_better: bool
) -> tuple[TaskScores, ...] | Refusal:
    if higher_is_better:
        return normalise_by_range(scores, tasks)
    found = normalise_by_range([_negative(one) for one in scores], tasks)
    if isinstance(found, Refusal):
        return found
    return tuple(_with_logged_ends(one) for one in found)


def _with_logged_ends(scores: TaskScores) -> TaskScores:
    """Return scores whose scale names the ends as they were logged, with the largest as 0."""
    if scores.scale is None:
        return scores
    zero, one = (tuple(-end for end in ends) for ends in (scores.scale.zero, scores.scale.one))
    source = scores.scale.source.replace("Least and largest", "Largest and least")
    return replace(scores, scale=replace(scores.scale, zero=zero, one=one, source=source))


def _negative(scores: TaskScores) -> TaskScores:
    return replace(scores, runs=tuple(np.negative(runs) for runs in scores.runs))
