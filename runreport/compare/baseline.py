"""Which group all others are compared with, and by which rule."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runreport.compare.comparison import BaselineChoice
from runreport.compare.entities import Group
from runreport.compare.groups import MINIMUM_FOR_COMPARISON, add_counts, compared_groups
from runreport.compare.names import find_group, matching_groups
from runreport.compare.tasks import Method, TaskLayout
from runreport.diff.values import canonical
from runreport.frames.values import RunFacts
from runreport.names import natural_key

BASELINE_WORDS = ("baseline", "control", "reference", "default")
"""Names that mark a baseline, most telling first."""

_LONGEST_NAME = 60
_WORD = re.compile(r"[a-z]+")
_NEGATIONS = frozenset({"above", "beyond", "no", "non", "not", "over", "versus", "vs", "without"})


def choose_baselines(
    groups: Sequence[Group], runs: Mapping[str, RunFacts], layout: TaskLayout | None, wanted: str = ""
) -> BaselineChoice:
    """Return the baseline of an experiment, or that of each task when methods are run on several.

    Then a method is chosen as a group would be, from all of its runs, and its group on each task is the baseline there;
    tasks are never compared with each other.

    Raises:
        UnknownNameError: the wanted group or method does not exist or is not one.
    """
    if layout is None:
        return choose_baseline(groups, runs, wanted)
    if len(layout.methods) == 1:
        rule = f"There is no baseline: there is one method, and its {len(layout.tasks)} tasks are not compared with each other."
        return BaselineChoice(group_ids=(), rule=rule)
    by_id = {group.group_id: group for group in groups}
    pooled = [_pooled(method, by_id) for method in layout.methods]
    named = matching_groups(compared_groups(groups), wanted) if wanted else ()
    if len(named) == 1 and not matching_groups(pooled, wanted) and (method := layout.method_of(named[0].group_id)):
        wanted = method.name
    choice = choose_baseline(pooled, runs, wanted)
    chosen = next((method for method in layout.methods if method.method_id in choice.group_ids), None)
    return BaselineChoice(group_ids=tuple(chosen.group_ids.values()) if chosen else (), rule=choice.rule)


def opponents(groups: Sequence[Group], choice: BaselineChoice, layout: TaskLayout | None) -> dict[str, str]:
    """Return for each group that can be a candidate the baseline it is compared with; with tasks, that of its task."""
    if layout is None:
        return {
            group.group_id: baseline for baseline in choice.group_ids for group in groups if group.group_id != baseline
        }
    baseline = next((one for one in layout.methods if set(one.group_ids.values()) & set(choice.group_ids)), None)
    if baseline is None:
        return {}
    return {
        group_id: baseline.group_ids[task]
        for method in layout.methods
        if method is not baseline
        for task, group_id in method.group_ids.items()
        if task in baseline.group_ids
    }


def _pooled(method: Method, groups: Mapping[str, Group]) -> Group:
    """Return a method as one group of all its runs."""
    members = [groups[group_id] for group_id in method.group_ids.values()]
    return Group(
        group_id=method.method_id,
        name=method.name,
        params=method.params,
        run_ids=tuple(run_id for group in members for run_id in group.run_ids),
        comparable_run_ids=tuple(run_id for group in members for run_id in group.comparable_run_ids),
        counts=add_counts(group.counts for group in members),
        seeds=tuple(sorted({seed for group in members for seed in group.seeds})),
    )


def choose_baseline(groups: Sequence[Group], runs: Mapping[str, RunFacts], wanted: str = "") -> BaselineChoice:
    """Return the baseline of an experiment.

    It is the group that the configuration names (``wanted``); else the one group named or tagged baseline, control,
    reference or default; else the group with at least 2 comparable runs that started first, or is first by name where
    no run of these groups has a start time.

    Raises:
        UnknownNameError: the wanted group does not exist or is not one group.
    """
    eligible = compared_groups(groups)
    if wanted:
        group = find_group(eligible, wanted)
        return BaselineChoice(group_ids=(group.group_id,), rule=f"{group.name} is the baseline by configuration.")
    with_runs = [group for group in eligible if group.comparable_run_ids]
    marks = {group.group_id: _marks(group, [runs[run_id] for run_id in group.run_ids]) for group in with_runs}
    for word in BASELINE_WORDS:
        marked = [group for group in with_runs if word in marks[group.group_id]]
        if len(marked) == 1:
            reason = marks[marked[0].group_id][word]
            return BaselineChoice(group_ids=(marked[0].group_id,), rule=f"{marked[0].name} is the baseline: {reason}.")
    return _first_group(with_runs, runs)


def _first_group(groups: Sequence[Group], runs: Mapping[str, RunFacts]) -> BaselineChoice:
    repeated = [group for group in groups if len(group.comparable_run_ids) >= MINIMUM_FOR_COMPARISON]
    if len(groups) == 1 and repeated:
        return BaselineChoice(group_ids=(), rule="There is one group of runs, so there is no baseline.")
    if not repeated:
        return BaselineChoice(group_ids=(), rule="There is no baseline: no group has 2 or more finished runs.")
    first, reason = repeated[0], "it started first"
    if not any(runs[run_id].run.started for group in repeated for run_id in group.run_ids):
        first = min(repeated, key=lambda group: (natural_key(group.name), group.name))
        reason = "it is the first by name, an arbitrary choice, as the log has no start times"
    words = ", ".join(BASELINE_WORDS[:-1])
    rule = (
        f"{first.name} is the baseline because {reason}; "
        f"no single group is named or tagged {words} or {BASELINE_WORDS[-1]}."
    )
    return BaselineChoice(group_ids=(first.group_id,), rule=rule)


def _marks(group: Group, runs: Sequence[RunFacts]) -> dict[str, str]:
    """Return the baseline words that mark a group, each with the first reason: params before tags before names."""
    marks: dict[str, str] = {}
    for word, reason in _evidence(group, runs):
        marks.setdefault(word, reason)
    return marks


def _evidence(group: Group, runs: Sequence[RunFacts]) -> Iterator[tuple[str, str]]:
    for param, text in group.params.items():
        if word := _mark(param, text):
            yield word, f"its param {param} is {text!r}"
    for run in runs:
        for tag in run.tags.values():
            if word := _mark(tag.tag, tag.value):
                yield word, f"its tag {tag.tag} is {tag.value!r}"
    for run in runs:
        if word := _word_within(run.run.name):
            yield word, f"its run is named {run.run.name!r}"


def _mark(key: str, value: str) -> str:
    """Return the word that a value is or holds, or the key itself when it is such a word and its value true."""
    if key.casefold() in BASELINE_WORDS and canonical(value) == ("bool", True):
        return key.casefold()
    return _word_within(value)


def _word_within(text: str) -> str:
    """Return the first of the words that stands alone in a short text (``12-29-baseline``) and is not negated."""
    found = _WORD.findall(text[:_LONGEST_NAME].casefold())
    standing = [word for before, word in pairwise(["", *found]) if before not in _NEGATIONS]
    return next((word for word in BASELINE_WORDS if word in standing), "")
