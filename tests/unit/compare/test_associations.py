"""Params of a sweep beside its metric, and the header test of several groups."""

import pytest
from made_experiments import MadeRun, make_frame, seeded
from scipy import stats

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.config.options import Settings

RATES = [0.1, 0.03, 0.01, 0.003, 0.3, 0.001]
SCORES = [0.8, 0.83, 0.85, 0.84, 0.7, 0.79]


def analysed(runs: list[MadeRun]) -> ExperimentAnalysis:
    return analyse((make_frame(runs),), Settings(), snapshot=1).experiments[0]


def sweep(**extra: str) -> list[MadeRun]:
    optimizers = ["adam", "sgd"] * 3
    return [
        MadeRun(params={"lr": str(rate), "opt": optimizer, **extra}, metrics={"test/acc": score})
        for rate, optimizer, score in zip(RATES, optimizers, SCORES, strict=True)
    ]


def test_numeric_params_get_rho_and_categories_epsilon_squared_adjusted_over_all() -> None:
    found = analysed(sweep()).associations
    assert found
    rows = {row.parameter: row for row in found.rows}
    assert rows["lr"].effect
    assert rows["lr"].effect.value == pytest.approx(stats.spearmanr(RATES, SCORES).statistic)
    assert rows["opt"].test
    assert rows["opt"].test.p == pytest.approx(stats.kruskal(SCORES[::2], SCORES[1::2]).pvalue)
    assert [caution.code for caution in found.cautions] == ["exploratory"]


def test_a_search_that_learns_from_earlier_runs_is_named() -> None:
    found = analysed(sweep(sampler="TPESampler")).associations
    assert found
    assert "adaptive-search" in [caution.code for caution in found.cautions]


def test_three_groups_get_a_header_test_and_two_do_not() -> None:
    groups = {"a": [0.9, 0.91, 0.92], "b": [0.93, 0.95, 0.94], "c": [0.8, 0.85, 0.82]}
    runs = [run for name, values in groups.items() for run in seeded(values, m=name)]
    said = analysed(runs).differ_at_all
    assert said.startswith("Do the 3 groups differ at all on test/accuracy? Welch's ANOVA gives p = 0.0")
    assert analysed(runs[:6]).differ_at_all == ""
