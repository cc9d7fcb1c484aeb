"""Which group all others are compared with, and by which rule."""

import re
from collections.abc import Iterator, Mapping, Sequence

from runreport.compare.comparison import BaselineChoice, Group
from runreport.compare.groups import MINIMUM_FOR_COMPARISON, compared_groups
from runreport.compare.names import find_group
from runreport.diff.values import canonical
from runreport.frames.values import RunFacts
from runreport.names import natural_key

BASELINE_WORDS = ("baseline", "control", "reference", "default")
"""Names that mark a baseline, most telling first."""

_LONGEST_WORD = 20
_LETTER = re.compile(r"[a-z]")


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
        return BaselineChoice(group_id=group.group_id, rule=f"{group.name} is the baseline by configuration.")
    with_runs = [group for group in eligible if group.comparable_run_ids]
    marks = {group.group_id: _marks(group, [runs[run_id] for run_id in group.run_ids]) for group in with_runs}
    for word in BASELINE_WORDS:
        marked = [group for group in with_runs if word in marks[group.group_id]]
        if len(marked) == 1:
            reason = marks[marked[0].group_id][word]
            return BaselineChoice(group_id=marked[0].group_id, rule=f"{marked[0].name} is the baseline: {reason}.")
    return _first_group(with_runs, runs)


def _first_group(groups: Sequence[Group], runs: Mapping[str, RunFacts]) -> BaselineChoice:
    repeated = [group for group in groups if len(group.comparable_run_ids) >= MINIMUM_FOR_COMPARISON]
    if not repeated:
        return BaselineChoice(group_id=None, rule="There is no baseline: no group has 2 or more finished runs.")
    first, reason = repeated[0], "it started first"
    if not any(runs[run_id].run.started for group in repeated for run_id in group.run_ids):
        first = min(repeated, key=lambda group: (natural_key(group.name), group.name))
        reason = "it is the first by name, an arbitrary choice, as the log has no start times"
    words = ", ".join(BASELINE_WORDS[:-1])
    rule = (
        f"{first.name} is the baseline because {reason}; "
        f"no single group is named or tagged {words} or {BASELINE_WORDS[-1]}."
    )
    return BaselineChoice(group_id=first.group_id, rule=rule)


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
        if word := _leading_word(run.run.name):
            yield word, f"its run is named {run.run.name!r}"


def _mark(key: str, value: str) -> str:
    """Return the word that a value is or starts with, or the key itself when it is such a word and its value true."""
    if key.casefold() in BASELINE_WORDS and canonical(value) == ("bool", True):
        return key.casefold()
    return _leading_word(value)


def _leading_word(text: str) -> str:
    folded = text[:_LONGEST_WORD].casefold()
    if not folded.startswith(BASELINE_WORDS):
        return ""
    word = next(word for word in BASELINE_WORDS if folded.startswith(word))
    return "" if _LETTER.match(folded[len(word) :]) else word
