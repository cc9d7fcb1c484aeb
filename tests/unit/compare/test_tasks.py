"""Methods on several tasks: what names the task, which groups are one method, and who is compared with whom."""

import pytest
from made_experiments import MadeRun, make_frame

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.compare.tasks import TaskLayout, task_layout
from runreport.config.options import Settings

TASKS = ("walk", "run", "hop2", "hop10")


def grid(key: str = "env", methods: tuple[str, ...] = ("sac", "td3"), *, as_tag: bool = False) -> list[MadeRun]:
    """Three seeds of every method on every task; the horizon goes with the task."""
    return [
        MadeRun(
            params={"algo": method, "horizon": str(10 * (task + 1))} | ({} if as_tag else {key: name}),
            tags={key: name} if as_tag else {},
            metrics={"return": 100.0 * task + 5 * rank + seed},
            seed=seed,
        )
        for rank, method in enumerate(methods)
        for task, name in enumerate(TASKS)
        for seed in range(3)
    ]


def analysed(runs: list[MadeRun], **settings: object) -> ExperimentAnalysis:
    return analyse((make_frame(runs),), Settings.model_validate(settings), snapshot=1).experiments[0]


def layout_of(runs: list[MadeRun], task: str = "", **groups: object) -> TaskLayout | None:
    frame = make_frame(runs)
    found = analysed(runs, groups={"task": task, **groups})
    return task_layout(found.groups, {facts.run.run_id: facts for facts in frame.runs}, task)


def test_a_usual_name_is_taken_as_the_task_and_what_goes_with_it_tells_no_methods_apart() -> None:
    found = layout_of(grid())
    assert found
    assert (found.key, found.tasks) == ("env", ("hop2", "hop10", "run", "walk"))
    assert [method.name for method in found.methods] == ["algo=sac", "algo=td3"]
    assert [method.params for method in found.methods] == [{"algo": "sac"}, {"algo": "td3"}]
    assert "by its name" in found.rule


def test_any_param_or_tag_can_be_named_and_none_switches_it_off() -> None:
    assert layout_of(grid("level")) is None
    named = layout_of(grid("level"), "level")
    assert named
    assert "by configuration" in named.rule
    tagged = layout_of(grid("stage", as_tag=True), "tags.stage")
    assert tagged
    assert len(tagged.tasks) == 4
    assert layout_of(grid(), "none") is None


def test_grouping_by_the_method_alone_still_keeps_tasks_apart() -> None:
    found = analysed(grid(), groups={"task": "env", "by": ["algo"]})
    assert len(found.groups) == 8
    assert found.groups[0].name_params == ("algo", "env")


def test_methods_that_share_no_task_are_not_made_one() -> None:
    apart = [run for run in grid() if (run.params["algo"] == "sac") is (run.params["env"] in TASKS[:2])]
    found = layout_of(apart)
    assert found
    assert [method.name for method in found.methods] == ["algo=sac", "algo=td3"]


def test_candidates_meet_the_baseline_of_their_own_task() -> None:
    found = analysed(grid())
    pairs = [(one.baseline.params, one.candidate.params) for one in found.comparisons]
    assert len(pairs) == 4
    assert all((a["env"], a["algo"], b["algo"]) == (b["env"], "sac", "td3") for a, b in pairs)
    assert len(found.baseline.group_ids) == 4
    assert {one.primary.family_size for one in found.comparisons if one.primary} == {4}


@pytest.mark.parametrize("wanted", ["algo=td3", "algo=td3,env=walk"])
def test_the_baseline_method_can_be_named_as_a_method_or_by_one_of_its_groups(wanted: str) -> None:
    found = analysed(grid(), comparisons={"baseline": wanted})
    assert {one.baseline.params["algo"] for one in found.comparisons} == {"td3"}


def test_tasks_of_one_method_are_not_compared_with_each_other() -> None:
    found = analysed(grid(methods=("sac",)))
    assert found.comparisons == ()
    assert "not compared with each other" in found.baseline.rule
    assert {entry.reason for entry in found.not_compared} == {"there is no baseline"}


def test_a_method_without_the_baseline_on_its_task_is_listed() -> None:
    runs = [run for run in grid() if not (run.params["algo"] == "sac" and run.params["env"] == "walk")]
    [entry] = analysed(runs).not_compared
    assert entry.reason == "there is no baseline for it"


def test_single_runs_on_many_tasks_are_no_sweep() -> None:
    assert analysed([run for run in grid() if run.seed == 0]).sweep is None
