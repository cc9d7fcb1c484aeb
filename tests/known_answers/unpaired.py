"""Vectors on two groups of independent runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runreport.stats.effects import approximate_hedges_correction, cohens_d, hedges_correction
from runreport.stats.equivalence import Equivalence, equivalence, non_inferiority
from runreport.stats.intervals import student_interval, welch_interval
from runreport.stats.permutation import permutation_test
from runreport.stats.ranks import brunner_munzel_test, hodges_lehmann_shift, mann_whitney_test
from runreport.stats.repeats import average_repeats, repeated_seeds
from runreport.stats.resampling import acceleration, bootstrap, given_resamples, random_resamples, superiority
from runreport.stats.spread import brown_forsythe_test, sd_ratio
from runreport.stats.tests import student_test, welch_test
from runreport.stats.unpaired import UNKNOWN_DIRECTION, Arm, TwoGroups, arm, compare_two
from tests.known_answers.answers import (
    alternative_of,
    answered,
    chosen,
    higher_is_better,
    level_of,
    option,
    percent,
    said,
)
from tests.known_answers.runner import Method, Values

DEFAULT_ALPHA = 0.05
STUDENT_LEVEL = 0.9  # of the vectors, which name it only in what they expect
DRAWS = 100_000
REFUSALS_WITH_INTERVAL = {"too-few-runs"}
SIDES = ("a", "b")


def compare(inputs: Values, options: Values) -> Values:
    values = {side: np.asarray(inputs[side], dtype=np.float64) for side in SIDES}
    repeats = []
    for side in SIDES:
        seeds = option(inputs, options, f"seed_{side}", None)
        if seeds is not None:
            units = [(seed, run if seed is None else None) for run, seed in enumerate(seeds)]
            repeats.append(repeated_seeds(side.upper(), seeds, units))
            values[side] = average_repeats(values[side], units)
    a, b = arm("A", values["a"]), arm("B", values["b"])
    alpha = option(inputs, options, "alpha", DEFAULT_ALPHA)
    found = compare_two(a, b, level=level_of(inputs, options), alpha=alpha)
    fields = _fields(found, a, b)
    if found.refusal is not None:
        kind = "interval_only" if found.refusal.code in REFUSALS_WITH_INTERVAL else "refuse"
        return {**fields, **said(kind, found.refusal)}
    cautions = [one for one in repeats if one is not None] + list(found.cautions)
    if cautions:
        return {**fields, **said("answer_with_warning", cautions[0])}
    if any(place.get("direction", "known") is None for place in (inputs, options)):
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
    alternative, level = alternative_of(inputs, options), level_of(inputs, options)
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
    alternative, level = alternative_of(inputs, options), level_of(inputs, options, STUDENT_LEVEL)
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
    d = answered(cohens_d(inputs["a"], inputs["b"], level=level_of(inputs, options)))
    df = len(inputs["a"]) + len(inputs["b"]) - 2
    return {
        "cohen_d": d.value,
        "hedges_g_exactJ": d.value * hedges_correction(df),
        "hedges_g_approxJ": d.value * approximate_hedges_correction(df),
        "d_ci_low": d.interval.low,
        "d_ci_high": d.interval.high,
    }


def mann_whitney(inputs: Values, options: Values) -> Values:
    settings = chosen(inputs, options, "alternative", "method", "alpha")
    found = answered(mann_whitney_test(inputs["a"], inputs["b"], **settings))
    fields = {
        "U_a": found.test.statistic,
        "p": found.test.p,
        "prob_a_gt_b": found.effect,
        "cliffs_delta": 2 * found.effect - 1,
        "min_p": found.minimum_p,
    }
    return {**fields, **(said("refuse", found.refusal) if found.refusal else {"answer": "answer"})}


def brunner_munzel(inputs: Values, options: Values) -> Values:
    alternative, level = alternative_of(inputs, options), level_of(inputs, options)
    found = answered(brunner_munzel_test(inputs["a"], inputs["b"], alternative=alternative, level=level))
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
    alpha, margin = option(inputs, options, "alpha", DEFAULT_ALPHA), option(inputs, options, "margin", None)
    return one_sided_twice(answered(equivalence(inputs["a"], inputs["b"], margin=margin, alpha=alpha)), alpha)


def one_sided_twice(found: Equivalence, alpha: float) -> Values:
    """Return two one-sided tests as the vectors put them: the names of fields hold the level."""
    ends = {"low": found.interval.low, "high": found.interval.high}
    level = percent(1 - 2 * alpha)
    return {
        "p": found.p,
        "t_lower": found.lower.statistic,
        "p_lower": found.lower.p,
        "t_upper": found.upper.statistic,
        "p_upper": found.upper.p,
        "df": found.lower.df,
        f"equivalent_at_{percent(alpha)}": found.is_equivalent,
        "equivalent": found.is_equivalent,
        **{f"ci{level}_{end}": value for end, value in ends.items()},
        **{f"ci_{end}": value for end, value in ends.items()},
    }


def noninferiority_welch(inputs: Values, options: Values) -> Values:
    alpha, margin = option(inputs, options, "alpha", DEFAULT_ALPHA), option(inputs, options, "margin", None)
    higher, new, baseline = higher_is_better(inputs, options), inputs["new"], inputs["baseline"]
    found = answered(non_inferiority(new, baseline, margin=margin, higher_is_better=higher, alpha=alpha))
    level = percent(1 - alpha)
    return {
        "t": found.test.statistic,
        "df": found.test.df,
        "p": found.test.p,
        f"diff_lower_{level}_one_sided": found.bound.low,
        f"diff_upper_{level}_one_sided": found.bound.high,
        "non_inferior": found.is_non_inferior,
    }


def brown_forsythe_spread(inputs: Values, _: Values) -> Values:
    test = answered(brown_forsythe_test(inputs["a"], inputs["b"]))
    return {"stat": test.statistic, "p": test.p, "sd_ratio": answered(sd_ratio(inputs["a"], inputs["b"]))}


def hodges_lehmann(inputs: Values, _: Values) -> Values:
    return {"shift": answered(hodges_lehmann_shift(inputs["a"], inputs["b"]))}


def bootstrap_given_indices(inputs: Values, options: Values) -> Values:
    level = level_of(inputs, options)

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
    found = answered(bootstrap(a, b, resamples=resamples, level=level_of(inputs, options)))
    bca = answered(found.bca)
    return {
        "bca_low": bca.interval.low,
        "bca_high": bca.interval.high,
        "pct_low": found.percentile.interval.low,
        "pct_high": found.percentile.interval.high,
    }


def bca_acceleration(inputs: Values, _: Values) -> Values:
    return {"acceleration": answered(acceleration(inputs["a"], inputs["b"]))}


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
