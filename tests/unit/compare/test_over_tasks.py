"""Methods over several tasks: ranks without a scale, aggregates with one, and what is left out."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_experiments import MadeRun, make_frame

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.compare.over_tasks import TaskAnswer
from runreport.config.load import load_settings
from runreport.config.options import Settings
from runreport.errors import ConfigError
from runreport.names import RunStatus, Verdict
from runreport.stats.plan import Design

TASKS = tuple(f"task{number}" for number in range(6))
REFERENCE = {task: {"low": 0.0, "high": 100.0 * (number + 1)} for number, task in enumerate(TASKS)}


def grid(metric: str = "return", seeds: int = 3, methods: tuple[str, ...] = ("base", "mid", "top")) -> list[MadeRun]:
    """Later methods are better by a tenth of the task's own scale."""
    return [
        MadeRun(
            params={"algo": method, "env": task},
            metrics={metric: 100.0 * (number + 1) * (0.5 + 0.1 * rank + 0.01 * ((seed * 7 + number) % 3))},
            seed=seed,
        )
        for rank, method in enumerate(methods)
        for number, task in enumerate(TASKS)
        for seed in range(seeds)
    ]


def analysed(runs: list[MadeRun], **settings: object) -> ExperimentAnalysis:
    return analyse((make_frame(runs),), Settings.model_validate(settings), snapshot=1).experiments[0]


def headline(runs: list[MadeRun], **tasks: object) -> str:
    return analysed(runs, tasks=tasks).headline


def answer(runs: list[MadeRun], **tasks: object) -> TaskAnswer:
    found = analysed(runs, tasks=tasks).over_tasks
    assert found
    return found


def test_without_a_scale_tasks_are_ranked_and_not_averaged() -> None:
    found = answer(grid())
    assert found.refusal
    assert found.refusal.code == "not-normalised"
    assert all(one.aggregates is None for one in found.methods)
    assert found.ranks.friedman
    assert found.ranks.friedman.average_ranks.tolist() == [3, 2, 1]
    assert headline(grid()).startswith("algo=top has the best average rank over 6 tasks: 1.00 of 3")
    assert found.plan.design is Design.TASKS
    assert len(found.improvements) == 3
    assert found.pairs == ()


@pytest.mark.parametrize("tasks", [{"normalise": "minmax"}, {"reference": REFERENCE}])
def test_with_a_scale_methods_have_aggregates_and_joint_differences(tasks: dict[str, object]) -> None:
    found = answer(grid(), **tasks)
    assert found.plan.design is Design.TASKS_AND_SEEDS
    assert found.scale
    iqm = [one.aggregates.iqm.value for one in found.methods if one.aggregates]
    assert iqm == sorted(iqm)
    assert [one.verdict for one in found.methods] == [None, Verdict.BETTER, Verdict.BETTER]
    top = found.methods[2].difference
    assert top
    assert top.iqm.interval
    assert top.iqm.interval.level == pytest.approx(1 - 0.05 / 2)
    assert found.not_behind == ()
    said = headline(grid(), **tasks)
    assert "clearly ahead of every other method; its difference from the baseline algo=base is" in said
    assert found.places
    assert found.places.best.tolist() == [0, 0, 1]
    assert found.pairs[0].p_holm == pytest.approx(3 * 2 / 2**6)


def test_lower_can_be_better_on_every_scale() -> None:
    for tasks in ({"normalise": "minmax"}, {"normalise": "none"}):
        found = answer(grid("loss", methods=("base", "worse")), **tasks)
        assert [one.verdict for one in found.methods] == [None, Verdict.WORSE]
    assert headline(grid("loss")).startswith("algo=base has the best average rank")


def test_the_same_input_gives_the_same_resamples() -> None:
    first, second = (answer(grid(), normalise="minmax") for _ in range(2))
    assert [one.aggregates for one in first.methods] == [one.aggregates for one in second.methods]
    assert first.improvements == second.improvements


def test_tasks_and_methods_with_holes_are_left_out_and_named() -> None:
    runs = [run for run in grid() if run.params["env"] != "task5" or run.params["algo"] != "mid"]
    stranger = [MadeRun(params={"algo": "new", "env": "task0"}, metrics={"return": 1.0}, seed=0)]
    failed = MadeRun(params={"algo": "top", "env": "task1"}, status=RunStatus.FAILED)
    found = answer([*runs, *stranger, failed], normalise="minmax")
    assert found.tasks == TASKS[:5]
    assert [one.method.name for one in found.methods] == ["algo=base", "algo=mid", "algo=top"]
    said = " ".join(found.cautions)
    for words in ("fewer than half of the tasks: algo=new", "1 task is left out", "task5", "1 run failed"):
        assert words in said


def test_one_run_for_each_score_gives_ranks_and_points_without_intervals() -> None:
    found = answer(grid(seeds=1), normalise="minmax")
    assert "a score has fewer than 3 runs" in found.plan.why
    assert found.ranks.friedman
    assert all(one.aggregates and one.aggregates.iqm.interval is None for one in found.methods)
    assert [one.verdict for one in found.methods] == [None, Verdict.CANNOT_TELL, Verdict.CANNOT_TELL]


def test_the_tasks_of_one_method_and_metrics_without_direction_have_no_answer() -> None:
    alone = analysed(grid(methods=("base",)))
    assert alone.over_tasks is None
    assert (
        alone.headline
        == "1 method on 6 tasks: the values of return on different tasks are not compared with each other."
    )
    unknown = analysed(grid("foo"))
    assert unknown.over_tasks is None
    assert "not known whether higher or lower foo is better" in unknown.headline


def test_reference_scores_come_from_a_file_and_the_settings_win(tmp_path: Path) -> None:
    lines = [f"{task},0,{100 * (number + 1)}" for number, task in enumerate(TASKS)]
    (tmp_path / "scores.csv").write_text("\n".join(["task,low,high", *lines]))
    config = tmp_path / "runreport.toml"
    config.write_text('[tasks]\nreference_file = "scores.csv"\n[tasks.reference.task0]\nlow = 1\nhigh = 2\n')
    settings = load_settings(config, environment={})
    assert settings.tasks.reference["task0"].low == 1
    assert settings.tasks.reference["task5"].high == 600
    [found] = analyse((make_frame(grid()),), settings, snapshot=1).experiments
    assert found.over_tasks
    assert found.over_tasks.scale
    assert "from scores.csv" in found.over_tasks.scale.source


@pytest.mark.parametrize(
    ("text", "words"),
    [("task,low\na,1", "has no column 'high'"), ("task,low,high\na,1,x", "line 2: low and high must be finite")],
)
def test_a_broken_file_of_reference_scores_is_one_clear_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "scores.csv").write_text(text)
    (tmp_path / "runreport.toml").write_text('[tasks]\nreference_file = "scores.csv"\n')
    with pytest.raises(ConfigError, match=words):
        load_settings(tmp_path / "runreport.toml", environment={})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(overrides={"tasks.reference_file": str(tmp_path / "nowhere.csv")}, environment={})


def test_a_task_without_reference_scores_is_named() -> None:
    some = {task: REFERENCE[task] for task in TASKS[:4]}
    with pytest.raises(ConfigError, match="2 tasks have no reference scores: task4 and task5"):
        answer(grid(), reference=some)


def test_two_methods_without_a_scale_are_told_apart_by_the_sign_test_whatever_the_units() -> None:
    runs = grid(methods=("base", "top"))
    scaled = [
        replace(run, metrics={"return": run.metrics["return"] * (1e-6 if run.params["env"] == "task0" else 1.0)})
        for run in runs
    ]
    for made in (runs, scaled):
        found = answer(made)
        assert found.ranks.signed_rank
        assert found.ranks.signed_rank.test.p == pytest.approx(2 / 2**6)
    assert headline(runs) == "algo=top is ahead of algo=base on more tasks over 6 tasks: sign test p = 0.031."
    few = [run for run in runs if run.params["env"] != "task5"]
    assert "smallest possible two-sided p of this test is 0.0625" in headline(few)


def test_fewer_than_three_runs_on_a_task_claim_no_lead() -> None:
    assert "cannot be told from fewer than 3 runs" in headline(grid(seeds=2), normalise="minmax")
