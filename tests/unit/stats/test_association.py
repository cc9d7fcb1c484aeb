"""Hyperparameters and a metric: beside SciPy, what must not change it, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.association import (
    associations,
    fisher_z_interval,
    kendall_tau_b,
    pearson_test,
    spearman_test,
)
from runreport.stats.rank_groups import kruskal_wallis_test

VALUES = st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=4, max_size=20).filter(
    lambda pairs: all(len({pair[side] for pair in pairs}) > 1 for side in (0, 1))
)
GROUPS = st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=5), min_size=2, max_size=4).filter(
    lambda groups: len({value for group in groups for value in group}) > 1
)


@given(VALUES)
def test_correlations_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = zip(*pairs, strict=True)
    rho, spearman = spearman_test(x, y)
    theirs = stats.spearmanr(x, y)
    assert (rho, spearman.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-7)
    r, pearson = pearson_test(x, y, level=0.9)
    theirs = stats.pearsonr(x, y)
    assert (r.value, pearson.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-7)
    if r.interval:
        wanted = theirs.confidence_interval(0.9)
        assert (r.interval.low, r.interval.high) == pytest.approx((wanted.low, wanted.high))
    assert kendall_tau_b(x, y) == pytest.approx(stats.kendalltau(x, y).statistic)


@given(VALUES)
def test_ranks_do_not_see_the_scale_and_turn_with_the_sign(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    rho, test = spearman_test(x, y)
    assert spearman_test(np.exp(x / 4), y)[0] == pytest.approx(rho)
    assert spearman_test(-x, y)[0] == pytest.approx(-rho)
    assert spearman_test(y[::-1], x[::-1])[1].p == pytest.approx(test.p, abs=1e-9)
    assert kendall_tau_b(x**3, y) == pytest.approx(kendall_tau_b(x, y))


@given(GROUPS)
def test_kruskal_wallis_is_that_of_scipy(groups: list[list[int]]) -> None:
    test, share = kruskal_wallis_test(groups)
    theirs = stats.kruskal(*groups)
    assert (test.statistic, test.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)
    assert 0 <= share <= 1 + 1e-9
    assert kruskal_wallis_test(groups[::-1])[1] == pytest.approx(share)


def sweep(runs: int) -> dict[str, list[float] | list[str]]:
    generator = np.random.default_rng(runs)
    return {
        "lr": generator.uniform(size=runs).tolist(),
        "depth": generator.integers(1, 5, runs).astype(float).tolist(),
        "optimizer": [["adam", "sgd", "lion"][i % 3] for i in range(runs)],
        "constant": [1.0] * runs,
    }


def test_a_sweep_is_adjusted_over_what_was_tested() -> None:
    parameters = sweep(40)
    metric = np.array(parameters["lr"]) + np.random.default_rng(3).normal(0, 0.1, 40)
    answer = associations(parameters, metric)
    tested = [row for row in answer.rows if row.test]
    assert [row.parameter for row in tested] == ["lr", "depth", "optimizer"]
    p = [row.test.p for row in tested if row.test]
    assert [row.p_adjusted for row in tested] == pytest.approx(stats.false_discovery_control(p))
    assert answer.rows[3].refusal
    assert answer.rows[3].refusal.words == "This parameter has the same value in every run."
    assert tested[0].effect
    assert tested[0].effect.interval
    assert tested[0].effect.interval.low > 0.5
    assert answer.cautions == ()


def test_few_runs_are_exploratory_and_an_adaptive_search_is_told() -> None:
    parameters = sweep(12)
    answer = associations(parameters, range(12), is_adaptive=True)
    assert [caution.code for caution in answer.cautions] == ["exploratory", "adaptive-search"]
    assert answer.cautions[0].words == "Exploratory: 12 runs for 4 parameters (40 advised)."


@pytest.mark.parametrize(
    ("settings", "metric", "words"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], "4 distinct runs are too few for an association (5 needed)."),
        ([1, 2] * 5, [3, 4] * 5, "2 distinct runs are too few for an association (5 needed)."),
        ([1, 2, 3, 4, 5], [7] * 5, "The metric has the same value in every run."),
        (["a"] * 5, [1, 2, 3, 4, 5], "This parameter has the same value in every run."),
    ],
)
def test_what_has_no_association(settings: list[float], metric: list[float], words: str) -> None:
    row = associations({"lr": settings}, metric).rows[0]
    assert row.refusal
    assert (row.refusal.words, row.test, row.p_adjusted) == (words, None, None)


def test_a_perfect_line_has_no_interval() -> None:
    rho, test = spearman_test([1, 2, 3, 4, 5], [2, 4, 6, 8, 9])
    assert rho == pytest.approx(1)
    assert test.p < 1e-6
    assert fisher_z_interval(1.0, 9) is None
    assert fisher_z_interval(0.3, 3) is None


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="every value of x is 1"):
        spearman_test([1, 1, 1], [1, 2, 3])
    with pytest.raises(ValueError, match="3 values of a cannot be paired with 2 of b"):
        pearson_test([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="2 values cannot be correlated"):
        pearson_test([1, 2], [1, 2])
    with pytest.raises(ValueError, match="2 values of lr for 3 runs"):
        associations({"lr": [1, 2]}, [1, 2, 3])
    with pytest.raises(ValueError, match="not \\[1\\]"):
        kruskal_wallis_test([[1.0]])
    with pytest.raises(ValueError, match="all values are 1"):
        kruskal_wallis_test([[1.0], [1.0]])
