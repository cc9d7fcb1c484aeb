"""Tasks that several methods are run on: which key names the task, and which groups are one method on many tasks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runreport.compare.entities import Group
from runreport.compare.group_names import FIELD_TERMS, name_groups
from runreport.compare.groups import compared_groups, run_text
from runreport.config.options import NO_TASKS
from runreport.diff.values import Canonical, canonical
from runreport.frames.values import RunFacts
from runreport.names import content_hash, natural_key

TASK_NAMES = ("task", "task_name", "task_id", "env", "env_name", "env_id", "environment", "game")
"""Names of params that tell tasks apart, most telling first; used where the settings name none."""

_FEWEST_TASKS = 2
_TERMS_OF_METHODS = frozenset(FIELD_TERMS[: FIELD_TERMS.index("dataset")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """Groups that differ only in the task.

    Attributes:
        method_id: stable and unique within the experiment.
        name: the shortest set of params that tells the method apart.
        params: the params of the method: those of its groups without the task and what goes with the task.
        group_ids: the group of each task, in the order of the tasks.
    """

    method_id: str
    name: str
    params: Mapping[str, str]
    group_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLayout:
    """Methods by tasks: ``key`` names the task (a param or ``tags.NAME``), ``rule`` says who chose it, in a sentence."""

    key: str
    rule: str
    tasks: tuple[str, ...]
    methods: tuple[Method, ...]

    def method_of(self, group_id: str) -> Method | None:
        """Return the method that a group belongs to."""
        return next((method for method in self.methods if group_id in method.group_ids.values()), None)


def task_layout(groups: Sequence[Group], runs: Mapping[str, RunFacts], wanted: str = "") -> TaskLayout | None:
    """Return how the compared groups spread over tasks; None when there are no two tasks.

    ``wanted`` is the key from the settings; without it a param of a usual name (:data:`TASK_NAMES`) is taken that all
    groups have. A param that has one value within each task, such as the length of an episode, goes with the task and
    does not tell methods apart, unless it is one that names methods (method, model, agent, ...).
    """
    eligible = compared_groups(groups)
    for key in (wanted,) if wanted else TASK_NAMES:
        texts = [run_text(runs[group.run_ids[0]], key) for group in eligible]
        tasks = {canonical(text): text for text in reversed(texts) if text is not None}
        if key == NO_TASKS or len(tasks) < _FEWEST_TASKS or any(text is None for text in texts):
            continue
        spread = [
            (group, tasks[canonical(text)]) for group, text in zip(eligible, texts, strict=True) if text is not None
        ]
        order = sorted(tasks.values(), key=lambda task: (natural_key(task), task))
        rule = f"{key} names the task by configuration." if wanted else f"{key} was taken as the task by its name."
        return TaskLayout(key=key, rule=rule, tasks=tuple(order), methods=tuple(_methods(spread, order, key)))
    return None


def _methods(spread: Sequence[tuple[Group, str]], tasks: Sequence[str], key: str) -> Iterator[Method]:
    with_task = _params_of_tasks(spread) | {key}
    members: dict[frozenset[tuple[str, Canonical]], list[tuple[Group, str]]] = {}
    for group, task in spread:
        identity = frozenset((name, canonical(text)) for name, text in group.params.items() if name not in with_task)
        members.setdefault(identity, []).append((group, task))
    params = [
        {name: text for name, text in listed[0][0].params.items() if name not in with_task}
        for listed in members.values()
    ]
    names = name_groups(params, [True] * len(params))
    for name, own, listed in zip(names, params, members.values(), strict=True):
        by_task = {task: group.group_id for group, task in listed}
        yield Method(
            method_id=content_hash(name.name, *sorted(f"{param}={canonical(text)!r}" for param, text in own.items())),
            name=name.name,
            params=own,
            group_ids={task: by_task[task] for task in tasks if task in by_task},
        )


def _params_of_tasks(spread: Sequence[tuple[Group, str]]) -> frozenset[str]:
    """Return the params that have one value within each task."""
    meanings: dict[str, dict[str, set[Canonical | None]]] = {}
    names = {name for group, _ in spread for name in group.params} - _TERMS_OF_METHODS
    for group, task in spread:
        for name in names:
            text = group.params.get(name)
            meanings.setdefault(name, {}).setdefault(task, set()).add(None if text is None else canonical(text))
    return frozenset(name for name, by_task in meanings.items() if all(len(found) == 1 for found in by_task.values()))
