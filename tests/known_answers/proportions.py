"""Vectors on proportions."""

from collections.abc import Mapping

from runreport.stats.proportions import (
    Proportion,
    boschloo_test,
    clopper_pearson_interval,
    cohen_h,
    newcombe_interval,
    odds_ratio,
    pass_at_k,
    pooled_z_test,
    wilson_interval,
)
from runreport.stats.tests import fisher_test
from runreport.stats.two_proportions import compare_proportions
from tests.known_answers.answers import answered, level_of, said
from tests.known_answers.runner import Method, Values


def two_proportions(inputs: Values, options: Values) -> Values:
    a, b = map(Proportion, inputs["success"], inputs["n"])
    level = level_of(inputs, options)
    answer = compare_proportions(a, b, level=level)
    if answer.refusal and answer.delta is None:
        return said("refuse", answer.refusal)
    assert answer.delta
    interval = answered(newcombe_interval(a, b, level=level))
    ends = {"diff": answer.delta.value, "newcombe_low": interval.low, "newcombe_high": interval.high}
    if answer.refusal:
        return said("interval_only", answer.refusal) | ends | {"newcombe": [interval.low, interval.high]}
    z, fisher = answered(pooled_z_test(a, b)), answered(fisher_test(a.successes, a.n, b.successes, b.n))
    return ends | {
        "z_pooled": z.statistic,
        "p_z": z.p,
        "p_fisher": fisher.p,
        "odds_ratio_sample": odds_ratio(a, b),
        "cohen_h": cohen_h(a.share, b.share),
    }


def one_proportion_ci(inputs: Values, options: Values) -> Values:
    proportion = Proportion(inputs["success"], inputs["n"])
    level = level_of(inputs, options)
    wilson = answered(wilson_interval(proportion, level=level))
    exact = answered(clopper_pearson_interval(proportion, level=level))
    return {
        "wilson_low": wilson.low,
        "wilson_high": wilson.high,
        "clopper_low": exact.low,
        "clopper_high": exact.high,
    }


def pass_at(inputs: Values, _: Values) -> Values:
    return {"pass_at": [answered(pass_at_k(inputs["correct"], inputs["n"], k)) for k in inputs["k"]]}


def boschloo_small(inputs: Values, _: Values) -> Values:
    """SciPy fixes the sums of columns, and the vectors hand the groups in as rows.

    So they hold the numbers of successes and of failures fixed instead of the sizes of the groups; the other
    orientation is checked against SciPy in tests/unit/stats/test_proportions.py.
    """
    (success_a, success_b), (n_a, n_b) = inputs["success"], inputs["n"]
    successes, failures = success_a + success_b, n_a + n_b - success_a - success_b
    test = boschloo_test(Proportion(success_a, successes), Proportion(n_a - success_a, failures))
    return {"p": answered(test).p}


def failure_rate_compare(inputs: Values, _: Values) -> Values:
    (failed_a, failed_b), (n_a, n_b) = inputs["failed"], inputs["n"]
    return {"p_fisher": answered(fisher_test(failed_a, n_a, failed_b, n_b)).p}


METHODS: Mapping[str, Method] = {
    "two_proportions": two_proportions,
    "one_proportion_ci": one_proportion_ci,
    "pass_at_k": pass_at,
    "boschloo_small": boschloo_small,
    "failure_rate_compare": failure_rate_compare,
}
