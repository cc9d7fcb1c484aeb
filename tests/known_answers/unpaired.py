"""Vectors on two groups of independent runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runreport.stats.effects import approximate_hedges_correction, cohens_d, hedges_correction
from runreport.stats.equivalence import equivalence, non_inferiority
from runreport.stats.intervals import student_interval, welch_interval
from runreport.stats.permutation import permutation_test
from runreport.stats.ranks import brunner_munzel_test, hodges_lehmann_shift, mann_whitney_test
from runreport.stats.repeats import average_repeats, repeated_seeds
from runreport.stats.resampling import acceleration, bootstrap, given_resamples, random_resamples, superiority
from runreport.stats.spread import brown_forsythe_test, sd_ratio
from runreport.stats.tests import student_test, welch_test
from runreport.stats.unpaired import UNKNOWN_DIRECTION, Arm, TwoGroups, arm, compare_two
from tests.known_answers.answers import answered, said
from tests.known_answers.runner import Method, Values

STUDENT_LEVEL = 0.9  # of the vectors, which name it only in what they expect
DRAWS = 100_000
REFUSALS_WITH_INTERVAL = {"too-few-runs"}
SIDES = ("a", "b")


def compare(inputs: Values, _: Values) -> Values:
    values = {side: np.asarray(inputs[side], dtype=np.float64) for side in SIDES}
    repeats = []
    for side in SIDES:
        seeds = inputs.get(f"seed_{side}")
        if seeds is not None:
            repeats.append(repeated_seeds(side.upper(), seeds))
            values[side] = average_repeats(values[side], seeds)
    a, b = arm("A", values["a"]), arm("B", values["b"])
    found = compare_two(a, b)
    fields = _fields(found, a, b)
    if found.refusal is not None:
        kind = "interval_only" if found.refusal.code in REFUSALS_WITH_INTERVAL else "refuse"
        return {**fields, **said(kind, found.refusal)}
    cautions = [one for one in repeats if one is not None] + list(found.cautions)
    if cautions:
        return {**fields, **said("answer_with_warning", cautions[0])}
    if inputs.get("direction", "known") is None:
        return {**fields, **said("difference_only", UNKNOWN_DIRECTION)}
    return {**fields, "answer": "answer"}


def _fields(found: TwoGroups, a: Arm, b: Arm) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "n_used": [a.values.size, b.values.size],
        "n_failed": [a.failed, b.failed],
        "diff": found.delta and found.delta.value,
        "t": found.test and found.test.statistic,
        "df": found.test and found.test.df,
        "p": found.test and found.test.p,
        "p_failure_fisher": found.failure_test and found.failure_test.p,
    }
    if found.delta and found.delta.interval:
        fields |= {"ci_low": found.delta.interval.low, "ci_high": found.delta.interval.high}
    if found.position:
        side = found.position.others.lower()
        fields |= {f"{side}_{where}": getattr(found.position, where) for where in ("below", "equal", "above")}
    return fields


def welch_t(inputs: Values, options: Values) -> Values:
    alternative, level = options.get("alternative", "two-sided"), options.get("confidence", 0.95)
    test = answered(welch_test(inputs["a"], inputs["b"], alternative=alternative))
    interval = answered(welch_interval(inputs["a"], inputs["b"], level=level, alternative=alternative))
    return {
        "diff": compare_two(arm("A", inputs["a"]), arm("B", inputs["b"])).delta.value,
        "t": test.statistic,
        "df": test.df,
        "p": test.p,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "confidence": interval.level,
    }


def student_t(inputs: Values, options: Values) -> Values:
    alternative, level = options.get("alternative", "two-sided"), options.get("confidence", STUDENT_LEVEL)
    test = answered(student_test(inputs["a"], inputs["b"], alternative=alternative))
    interval = answered(student_interval(inputs["a"], inputs["b"], level=level, alternative=alternative))
    return {
        "t": test.statistic,
        "df": test.df,
        "p": test.p,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "confidence": interval.level,
    }


def standardized_mean_difference(inputs: Values, options: Values) -> Values:
    d = answered(cohens_d(inputs["a"], inputs["b"], level=options.get("confidence", 0.95)))
    df = len(inputs["a"]) + len(inputs["b"]) - 2
    return {
        "cohen_d": d.value,
        "hedges_g_exactJ": d.value * hedges_correction(df),
        "hedges_g_approxJ": d.value * approximate_hedges_correction(df),
        "d_ci_low": d.interval.low,
        "d_ci_high": d.interval.high,
    }


def mann_whitney(inputs: Values, options: Values) -> Values:
    chosen = {name: options[name] for name in ("alternative", "method", "alpha") if name in options}
    found = answered(mann_whitney_test(inputs["a"], inputs["b"], **chosen))
    fields = {
        "U_a": found.test.statistic,
        "p": found.test.p,
        "prob_a_gt_b": found.effect,
        "cliffs_delta": 2 * found.effect - 1,
        "min_p": found.minimum_p,
    }
    return {**fields, **(said("refuse", found.refusal) if found.refusal else {"answer": "answer"})}


def brunner_munzel(inputs: Values, options: Values) -> Values:
    alternative = options.get("alternative", "two-sided")
    found = answered(brunner_munzel_test(inputs["a"], inputs["b"], alternative=alternative))
    return {
        "stat": -found.test.statistic,  # the vectors take B above A as positive
        "p": found.test.p,
        "prob_a_gt_b": found.estimate.value,
        "ci_low": found.estimate.interval.low,
        "ci_high": found.estimate.interval.high,
    }


def permutation_exact(inputs: Values, _: Values) -> Values:
    found = answered(permutation_test(inputs["a"], inputs["b"]))
    return {
        "diff": found.difference,
        "p_2min": found.p_2min,
        "p_abs": found.p_abs,
        "p_2min_welch_statistic": found.p_2min_studentised,
        "n_splits": found.splits,
        "min_p_two_sided": found.minimum_p,
    }


def tost_welch(inputs: Values, options: Values) -> Values:
    found = answered(equivalence(inputs["a"], inputs["b"], margin=options["margin"]))
    return {
        "p": found.p,
        "t_lower": found.lower.statistic,
        "p_lower": found.lower.p,
        "t_upper": found.upper.statistic,
        "p_upper": found.upper.p,
        "df": found.lower.df,
        "ci90_low": found.interval.low,
        "ci90_high": found.interval.high,
        "equivalent_at_05": found.is_equivalent,
    }


def noninferiority_welch(inputs: Values, options: Values) -> Values:
    higher_is_better = {"higher_is_better": True, "lower_is_better": False}[options["direction"]]
    found = answered(
        non_inferiority(inputs["new"], inputs["baseline"], margin=options["margin"], higher_is_better=higher_is_better)
    )
    return {
        "t": found.test.statistic,
        "df": found.test.df,
        "p": found.test.p,
        "diff_lower_95_one_sided": found.bound.low,
        "diff_upper_95_one_sided": found.bound.high,
        "non_inferior": found.is_non_inferior,
    }


def brown_forsythe_spread(inputs: Values, _: Values) -> Values:
    test = answered(brown_forsythe_test(inputs["a"], inputs["b"]))
    return {"stat": test.statistic, "p": test.p, "sd_ratio": sd_ratio(inputs["a"], inputs["b"])}


def hodges_lehmann(inputs: Values, _: Values) -> Values:
    return {"shift": hodges_lehmann_shift(inputs["a"], inputs["b"])}


def bootstrap_given_indices(inputs: Values, options: Values) -> Values:
    level = options.get("confidence", 0.95)

    def percentile(*statistic: Any) -> Any:  # noqa: ANN401
        resamples = given_resamples(inputs["idx_a"], inputs["idx_b"])
        return answered(bootstrap(inputs["a"], inputs["b"], *statistic, resamples=resamples, level=level)).percentile

    difference, probability = percentile(), percentile(superiority)
    return {
        "diff": difference.value,
        "diff_ci_low": difference.interval.low,
        "diff_ci_high": difference.interval.high,
        "prob_a_gt_b": probability.value,
        "prob_ci_low": probability.interval.low,
        "prob_ci_high": probability.interval.high,
    }


def bootstrap_monte_carlo(inputs: Values, options: Values) -> Values:
    a, b = inputs["a"], inputs["b"]
    resamples = random_resamples(len(a), len(b), rng=np.random.default_rng(1), draws=DRAWS)
    found = answered(bootstrap(a, b, resamples=resamples, level=options.get("confidence", 0.95)))
    bca = answered(found.bca)
    return {
        "bca_low": bca.interval.low,
        "bca_high": bca.interval.high,
        "pct_low": found.percentile.interval.low,
        "pct_high": found.percentile.interval.high,
    }


def bca_acceleration(inputs: Values, _: Values) -> Values:
    return {"acceleration": acceleration(inputs["a"], inputs["b"])}


METHODS: Mapping[str, Method] = {
    "compare_two": compare,
    "welch_t": welch_t,
    "student_t": student_t,
    "standardized_mean_difference": standardized_mean_difference,
    "mann_whitney": mann_whitney,
    "brunner_munzel": brunner_munzel,
    "permutation_exact": permutation_exact,
    "tost_welch": tost_welch,
    "noninferiority_welch": noninferiority_welch,
    "brown_forsythe_spread": brown_forsythe_spread,
    "hodges_lehmann_shift": hodges_lehmann,
    "bootstrap_percentile_given_indices": bootstrap_given_indices,
    "bootstrap_mc": bootstrap_monte_carlo,
    "bca_acceleration": bca_acceleration,
}
