"""Groups against targets from the settings, and the MLPerf score."""

import math
from dataclasses import replace

import pytest
from made_experiments import MadeRun, make_frame, seeded
from pydantic import ValidationError
from scipy import stats

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.config.options import Settings, TargetOptions
from runreport.errors import UnknownNameError
from runreport.names import RunStatus
from runreport.stats.olympic import OlympicMean
from runreport.stats.target import CANNOT_TELL, MET, NOT_SHOWN
from runreport.stats.types import Refusal

LOW, HIGH = [3.276, 3.277, 3.278, 3.2775], [3.279, 3.281, 3.280, 3.2805]


def analysed(runs: list[MadeRun], **target: object) -> ExperimentAnalysis:
    wanted = {"metric": "val_loss", "below": 3.28, **target}
    return analyse((make_frame(runs),), Settings.model_validate({"target": [wanted]}), snapshot=1).experiments[0]


def test_every_group_stands_to_the_target_by_a_one_sided_test() -> None:
    [target] = analysed([*seeded(LOW, "val_loss", m="a"), *seeded(HIGH, "val_loss", m="b")]).targets
    assert (target.name, target.side, target.value, target.plan.test) == (
        "val_loss below 3.28",
        "below",
        3.28,
        "one-sample t",
    )
    assert [one.answer.verdict for one in target.answers] == [MET, NOT_SHOWN]
    first = target.answers[0].answer
    assert first.test
    assert first.test.p == pytest.approx(stats.ttest_1samp(LOW, 3.28, alternative="less").pvalue)


def test_runs_that_failed_are_bad_runs_and_in_no_mean() -> None:
    failed = MadeRun(params={"m": "a"}, metrics={"val_loss": 9.0}, status=RunStatus.FAILED)
    diverged = MadeRun(params={"m": "a"}, metrics={"val_loss": math.inf})
    [target] = analysed([*seeded(LOW, "val_loss", m="a"), failed, diverged]).targets
    [one] = target.answers
    assert (one.answer.description.n, one.answer.bad, one.answer.verdict) == (4, 2, MET)
    assert "Pass, but 2 of 6 runs are bad" in one.answer.cautions[0].words


def test_single_runs_cannot_show_anything_and_stand_back_behind_groups() -> None:
    single = seeded(LOW[:1], "val_loss", m="c")
    [alone] = analysed(single).targets
    assert [one.answer.verdict for one in alone.answers] == [CANNOT_TELL]
    [beside] = analysed([*single, *seeded(LOW, "val_loss", m="a")]).targets
    assert [one.sample.group_name for one in beside.answers] == ["m=a"]


def test_a_target_applies_only_to_its_experiment_and_metric() -> None:
    assert analysed(seeded(LOW, "val_loss", m="a"), experiment="other").targets == ()
    with pytest.raises(UnknownNameError, match="no metric"):
        analysed(seeded(LOW, "val_loss", m="a"), metric="val_los")


@pytest.mark.parametrize("sides", [{}, {"above": 1.0, "below": 2.0}])
def test_a_target_has_just_one_side(sides: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="either above or below"):
        TargetOptions(metric="x", **sides)


def mlperf(minutes: list[float], *, aborted: int = 0, factor: str = "") -> ExperimentAnalysis:
    tags = {"scaling_factor": factor} if factor else {}
    runs = [MadeRun(params={"m": "a"}, metrics={"time_to_train_min": value}, tags=tags) for value in minutes]
    runs += [MadeRun(params={"m": "a"}, tags=tags, status=RunStatus.FAILED) for _ in range(aborted)]
    frame = make_frame(runs)
    facts = tuple(replace(one, run=replace(one.run, reader="mlperf")) for one in frame.runs)
    return analyse((replace(frame, runs=facts),), Settings(), snapshot=1).experiments[0]


def test_the_mlperf_score_drops_the_fastest_and_slowest_and_counts_an_aborted_run_as_slowest() -> None:
    [entry] = mlperf([10.0, 20.0, 22.0, 24.0], aborted=1, factor="2.0").times_to_train
    assert entry.score == OlympicMean(score=44.0, used=3, started=5, not_converged=1)
    [invalid] = mlperf([10.0, 20.0, 22.0], aborted=2).times_to_train
    assert isinstance(invalid.score, Refusal)
    assert analysed(seeded(LOW, "val_loss", m="a")).times_to_train == ()
