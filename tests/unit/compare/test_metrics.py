"""Direction of a metric, the primary metric, and how metrics are ordered."""

import math

import pytest
from made_experiments import MadeRun, make_frame

from runreport.compare.directions import guess
from runreport.compare.metrics import choose_metrics
from runreport.config.options import MetricOptions, MetricsOptions, Settings
from runreport.errors import ConfigError, UnknownNameError
from runreport.model.entities import MetricInfo
from runreport.names import Direction, DirectionSource, Reduction, RunStatus


@pytest.mark.parametrize(
    "metric",
    ["val/acc", "test_accuracy", "valAcc", "f1_macro", "acc1", "mAP", "eval/mean_reward", "rollout/ep_rew/return",
     "R2", "test/f1/class_3", "f1_score", "bleu_score", "accuracy_score", "success_rate", "train_samples_per_second", "fps", "recall@10"],
)  # fmt: skip
def test_higher_is_better(metric: str) -> None:
    assert guess(metric).direction is Direction.UP


@pytest.mark.parametrize(
    "metric",
    ["train/loss", "val_NLL", "wer", "RMSE", "seconds", "inference_latency_ms", "peak_memory_mb", "losses/value_loss",
     "error_rate", "perplexity", "train_time"],
)  # fmt: skip
def test_lower_is_better(metric: str) -> None:
    assert guess(metric).direction is Direction.DOWN


@pytest.mark.parametrize(
    "metric",
    ["learning_rate", "lr", "step", "epoch", "grad_norm", "reward_std", "loss_scale", "accuracy_loss", "classes",
     "global_step", "foo", "entropy", "num_errors"],
)  # fmt: skip
def test_nothing_is_told(metric: str) -> None:
    assert guess(metric).direction is Direction.UNKNOWN


def test_configuration_wins_over_log_over_name() -> None:
    frame = make_frame([MadeRun(metrics={"a/loss": 1, "b/loss": 1, "c/loss": 1, "d": 1})], infos={
        name: MetricInfo(run_id="r0", experiment="e", metric=name, direction=Direction.UP) for name in ("a/loss", "b/loss")
    })  # fmt: skip
    options = {"a/loss": MetricOptions(direction=Direction.DOWN, reduction=Reduction.MIN, unit="nat")}
    found = {
        one.metric: one for one in choose_metrics(frame, Settings(metrics=MetricsOptions(by_name=options))).definitions
    }
    assert {name: (one.direction, one.direction_source) for name, one in found.items()} == {
        "a/loss": (Direction.DOWN, DirectionSource.CONFIG),
        "b/loss": (Direction.UP, DirectionSource.LOG),
        "c/loss": (Direction.DOWN, DirectionSource.INFERRED),
        "d": (Direction.UNKNOWN, DirectionSource.NONE),
    }
    assert (found["a/loss"].reduction, found["a/loss"].unit, found["b/loss"].reduction) == (
        Reduction.MIN, "nat", Reduction.LAST,
    )  # fmt: skip


def test_best_needs_a_direction() -> None:
    frame = make_frame([MadeRun(metrics={"acc": 1, "foo": 1})])
    general = choose_metrics(frame, Settings(metrics=MetricsOptions(reduction=Reduction.BEST)))
    assert {one.metric: one.reduction for one in general.definitions} == {"acc": Reduction.BEST, "foo": Reduction.LAST}
    with pytest.raises(ConfigError, match="'foo'"):
        choose_metrics(
            frame, Settings(metrics=MetricsOptions(by_name={"foo": MetricOptions(reduction=Reduction.BEST)}))
        )


def test_the_primary_metric_is_a_shared_test_quality_metric() -> None:
    values = {"lr": 1, "train/loss": 1, "train/acc": 1, "val/acc": 1, "test/accuracy": 1, "test/f1": 1, "seconds": 1}
    unfinished = MadeRun(metrics={"odd/accuracy": 1}, status=RunStatus.RUNNING)
    choice = choose_metrics(make_frame([MadeRun(metrics=values), MadeRun(metrics=values), unfinished]), Settings())
    assert choice.primary == "test/accuracy"
    assert "2 of 2 comparable runs" in choice.rule
    assert choice.definitions[0].is_primary
    assert sum(one.is_primary for one in choice.definitions) == 1


def test_a_rare_metric_is_not_primary() -> None:
    runs = [MadeRun(metrics={"val/loss": 1}) for _ in range(5)]
    runs[0] = MadeRun(metrics={"val/loss": 1, "test/accuracy": 1})
    assert choose_metrics(make_frame(runs), Settings()).primary == "val/loss"


def test_log_and_settings_name_the_primary_metric() -> None:
    info = MetricInfo(run_id="r0", experiment="digits", metric="foo", is_primary=True)
    frame = make_frame([MadeRun(metrics={"foo": 1, "acc": 1, "bar": 1})], infos={"foo": info})
    assert choose_metrics(frame, Settings()).primary == "foo"
    assert choose_metrics(frame, Settings(metrics={"primary": "acc"})).primary == "acc"
    own = Settings(metrics={"primary": "acc"}, experiments={"digits": {"primary": "bar"}})
    assert choose_metrics(frame, own).primary == "bar"
    with pytest.raises(UnknownNameError, match="in experiment 'digits'"):
        choose_metrics(frame, Settings(experiments={"digits": {"primary": "baz"}}))


def test_an_experiment_of_schedules_has_no_primary_metric() -> None:
    choice = choose_metrics(make_frame([MadeRun(metrics={"lr": 1, "epoch": 1})]), Settings())
    assert choice.primary is None
    assert "metrics.primary" in choice.rule


def test_metrics_are_in_natural_order_by_prefix() -> None:
    names = ["val/acc", "val/f10", "val/f2", "val-x/acc", "lr", "test/accuracy"]
    choice = choose_metrics(make_frame([MadeRun(metrics=dict.fromkeys(names, 1.0))]), Settings())
    assert [one.metric for one in choice.definitions] == [
        "test/accuracy", "lr", "val/acc", "val/f2", "val/f10", "val-x/acc",
    ]  # fmt: skip


@pytest.mark.parametrize("metric", ["score", "test/score", "brier_scores"])
def test_a_score_of_nothing_known_is_a_measure_without_direction(metric: str) -> None:
    assert guess(metric).direction is Direction.UNKNOWN
    assert choose_metrics(make_frame([MadeRun(metrics={metric: 1, "lr": 1})]), Settings()).primary == metric


@pytest.mark.parametrize(
    "by_worth",
    [
        ("test/wer", "score"), ("test/wer", "val/accuracy"), ("val/loss", "accuracy"), ("accuracy", "test/seconds"),
        ("train/accuracy", "loss"), ("loss", "score"),
    ],
)  # fmt: skip
def test_held_out_metrics_come_before_others_and_costs_last(by_worth: tuple[str, str]) -> None:
    frame = make_frame([MadeRun(metrics=dict.fromkeys(by_worth, 1.0))])
    assert choose_metrics(frame, Settings()).primary == by_worth[0]


def test_one_run_has_and_two_runs_have() -> None:
    runs = [MadeRun(metrics={"acc": 1})]
    assert "that 1 of 1 comparable run has." in choose_metrics(make_frame(runs), Settings()).rule
    assert "that 2 of 2 comparable runs have." in choose_metrics(make_frame(runs * 2), Settings()).rule


@pytest.mark.parametrize(
    "run",
    [
        MadeRun(metrics={"lr": math.nan, "acc": math.nan}),
        MadeRun(metrics={"lr": 1, "acc": 1}, status=RunStatus.FAILED),
        MadeRun(metrics={"lr": 1, "acc": 1}, status=RunStatus.RUNNING),
    ],
)
def test_without_finite_values_there_is_still_a_primary_metric(run: MadeRun) -> None:
    choice = choose_metrics(make_frame([run, run]), Settings())
    assert choice.primary == "acc"
    assert "no comparable run has a finite value of any metric" in choice.rule


def test_without_finite_values_and_known_names_the_first_metric_is_primary() -> None:
    frame = make_frame([MadeRun(metrics={"m10": math.nan, "m9": math.nan})])
    assert choose_metrics(frame, Settings()).primary == "m9"


def test_a_logged_standard_error_is_no_metric_of_its_own() -> None:
    frame = make_frame([MadeRun(metrics={"task/acc": 0.5, "task/acc_stderr": 0.01, "lonely_stderr": 0.1})])
    found = choose_metrics(frame, Settings()).definitions
    assert [(one.metric, one.error_metric) for one in found] == [("task/acc", "task/acc_stderr"), ("lonely_stderr", "")]


def test_a_filter_stays_behind_the_name_of_a_standard_error() -> None:
    names = ("gsm8k/exact_match,strict-match", "gsm8k/exact_match_stderr,strict-match", "gsm8k/exact_match,flexible")
    found = choose_metrics(make_frame([MadeRun(metrics=dict.fromkeys(names, 0.5))]), Settings()).definitions
    assert {one.metric: one.error_metric for one in found} == {names[0]: names[1], names[2]: ""}
