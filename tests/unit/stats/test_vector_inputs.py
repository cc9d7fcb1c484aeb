"""What the adapters of the known answers make of harder inputs: options in either place, failed runs, refusals."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.known_answers.methods import METHODS

NAN = float("nan")
A, B = [0.81, 0.83, 0.8, 0.86], [0.78, 0.8, 0.79, 0.775]


def run(name: str, inputs: dict[str, Any], **options: object) -> dict[str, Any]:
    return dict(METHODS[name](inputs, options))


@pytest.mark.parametrize(
    ("name", "inputs", "options"),
    [
        ("compare_two", {"a": A, "b": B}, {"level": 0.8}),
        ("welch_t", {"a": A, "b": B}, {"confidence": 0.8, "alternative": "less"}),
        ("student_t", {"a": A, "b": B}, {"level": 0.8}),
        ("paired_t", {"a": A, "b": B}, {"level": 0.8, "alternative": "greater"}),
        ("brunner_munzel", {"a": A, "b": [*B[:3], 0.82]}, {"level": 0.8, "alternative": "less"}),
        ("tost_welch", {"a": A, "b": B, "margin": 0.05}, {"alpha": 0.1}),
        ("tost_paired", {"a": A, "b": B, "margin": 0.05}, {"alpha": 0.1}),
        ("noninferiority_welch", {"new": A, "baseline": B, "margin": 0.01}, {"alpha": 0.1, "direction": "lower"}),
        ("one_proportion_ci", {"success": 3, "n": 9}, {"confidence": 0.8}),
        ("pearson_fisher_ci", {"x": A, "y": B}, {"confidence": 0.8}),
        ("mcnemar", {"both_right": 9, "only_a_right": 5, "only_b_right": 2, "both_wrong": 3}, {"level": 0.8}),
        (
            "clustered_paired_difference",
            {"a": [1, 1, 0, 1], "b": [0, 0, 0, 1], "cluster": [0, 0, 1, 1]},
            {"level": 0.8},
        ),
        ("bands", {"runs_by_step": [A, B]}, {"confidence": 0.8}),
        ("games_howell", {"x": A, "y": B}, {"confidence": 0.8}),
        ("one_sample_t", {"x": A, "target": 0.8}, {"alternative": "greater"}),
        ("wilcoxon_signed_rank", {"a": A, "b": B}, {"alternative": "greater", "alpha": 0.1}),
        ("sign_test", {"a": A, "b": B}, {"alternative": "greater"}),
        ("dunnett_vs_baseline", {"x": A, "y": B}, {"alternative": "less"}),
        ("expected_validation_performance", {"scores": A, "n": [1, 2]}, {"direction": "lower"}),
        ("rank_bootstrap", {"scores_methods_by_seeds": [A, B]}, {"direction": "lower"}),
        ("evalue_t_two_sample", {"a": A, "b": B}, {"prior_var_of_d": 0.5}),
    ],
)
def test_an_option_counts_among_the_options_and_among_the_inputs(
    name: str, inputs: dict[str, Any], options: dict[str, Any]
) -> None:
    among_options, among_inputs = run(name, inputs, **options), run(name, {**inputs, **options})
    assert repr(among_options) == repr(among_inputs)
    assert repr(among_options) != repr(run(name, {"direction": "higher", **inputs}))


@pytest.mark.parametrize("direction", ["higher", "higher_is_better"])
def test_directions_have_two_spellings(direction: str) -> None:
    found = run("noninferiority_welch", {"new": A, "baseline": B}, margin=0.01, direction=direction)
    assert np.isinf(found["diff_upper_95_one_sided"])
    crossed = run("time_to_threshold", {"step": [0, 1, 2], "value": [0, NAN, 2], "threshold": 1}, direction=direction)
    assert crossed["interpolated_step"] == 1.0


def test_an_unknown_direction_is_named() -> None:
    with pytest.raises(ValueError, match="not 'up'"):
        run("expected_validation_performance", {"scores": A, "n": [1]}, direction="up")


def test_a_seed_without_a_finite_value_stays_a_failed_run() -> None:
    found = run("compare_two", {"a": [0.8, NAN, 0.81, NAN, 0.7], "b": B, "seed_a": [1, 1, 2, 3, 4]})
    assert (found["n_used"], found["n_failed"], found["code"]) == ([3, 4], [1, 0], "DUPLICATE_SEED")
    assert found["diff"] == pytest.approx(np.mean([0.8, 0.81, 0.7]) - np.mean(B))


def test_seeds_may_be_texts_and_keep_their_spelling() -> None:
    sides = {"a": {"seed1": 0.8, "10": 0.7, "9": 0.75}, "b": {"9": 0.7, "seed1": 0.81, "10": 0.71, "01": 1.0}}
    found, mixed = run("paired", sides), run("paired_t_seed_intersection", sides)
    assert (found["common_seeds"], found["dropped_b"]) == (["9", "10", "seed1"], ["01"])
    assert mixed["common_seeds"] == [9, 10, "seed1"]
    assert found["p"] == pytest.approx(stats.ttest_rel([0.75, 0.7, 0.8], [0.7, 0.71, 0.81]).pvalue)


@pytest.mark.parametrize(
    ("name", "inputs", "code"),
    [
        ("mann_whitney", {"a": [1, 1], "b": [1, 1, 1]}, "IDENTICAL"),
        ("one_sample_t", {"x": [NAN, NAN], "target": 1.0}, "NO_FINITE_RUNS"),
        ("two_proportions", {"success": [0, 2], "n": [0, 5]}, "EMPTY"),
        ("evalue_t_two_sample", {"a": [1, 1], "b": [2, 2]}, "NO_NOISE"),
        ("evalue_t_one_sample", {"x": [1, 1, 1], "target": 2}, "NO_NOISE"),
        ("welch_t", {"a": [1, 1], "b": [2, 2]}, "ZERO_VARIANCE"),
        ("pearson_fisher_ci", {"x": [1, 1, 1], "y": [1, 2, 3]}, "CONSTANT_PARAMETER"),
    ],
)
def test_impossible_inputs_are_refused(name: str, inputs: dict[str, Any], code: str) -> None:
    found = run(name, inputs)
    assert (found["answer"], found["code"]) == ("refuse", code)


def test_failed_runs_are_left_out_against_a_target_and_counted() -> None:
    found = run("one_sample_t", {"x": [*A, NAN], "target": 0.8})
    assert (found["n_used"], found["n_failed"], found["code"]) == (4, 1, "FAILED_RUNS")
    assert found["p"] == pytest.approx(stats.ttest_1samp(A, 0.8).pvalue)


def test_a_mean_on_the_wrong_side_of_its_target_needs_no_number_of_runs() -> None:
    found = run("target_margin", {"x": [3.29, 3.3, 3.31], "target": 3.28, "alpha": 0.01})
    assert found["runs_for_90pct_power"] is None
    assert found["highest_mean_that_passes"] < 3.28


def test_a_refused_parameter_leaves_the_others_and_the_order_of_inputs() -> None:
    y = [0.1, 0.3, 0.2, 0.5, 0.6, 0.55]
    names = {"first": list("ababab"), "x": [1, 2, 3, 4, 5, 6], "flat": [1] * 6, "second": list("abbbaa")}
    found = run("univariate_importance", {**names, "y": y})
    assert np.isnan(found["bh"]).tolist() == [False, False, True, False]
    assert found["spearman"][0] == pytest.approx(stats.spearmanr(names["x"], y).statistic)
    assert found["refused"]["flat"]["code"] == "CONSTANT_PARAMETER"
    low, high = ([value for value, name in zip(y, names["second"], strict=True) if name == one] for one in "ab")
    assert found["kruskal_H_second"] == pytest.approx(stats.kruskal(low, high).statistic)
    assert found["kruskal_H"] == found["kruskal_H_first"]


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_exact_signed_ranks_against_a_target_follow_scipy(alternative: str) -> None:
    x = [3.0, 3.1, 2.9, 3.2, 3.2, 3.4, 2.7, 3.3]
    found = run("one_sample_nonparametric", {"x": x, "target": 3.0}, alternative=alternative)
    expected = stats.wilcoxon(np.round(np.array(x) - 3, 3), alternative=alternative, method="exact")
    assert found["wilcoxon_p"] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("alternative", ["less", "greater"])
def test_dunnett_may_look_at_one_side(alternative: str) -> None:
    rng = np.random.default_rng(0)
    control, x, y = (rng.normal(shift, 1, 6) for shift in (0, 0.5, 1))
    found = run("dunnett_vs_baseline", {"c": list(control), "x": list(x), "y": list(y)}, alternative=alternative)
    expected = stats.dunnett(x, y, control=control, alternative=alternative, rng=np.random.default_rng(1))
    assert found["p"] == pytest.approx(expected.pvalue, abs=1e-3)
