"""Vectors on curves."""

import math
from collections.abc import Mapping, Sequence

from runreport.stats.curves import (
    HIGHER,
    LOWER,
    Area,
    Bands,
    Crossing,
    Curve,
    HeightComparison,
    area_under,
    bands,
    compare_heights,
    curve,
    time_to_threshold,
)
from runreport.stats.selection import expected_best, expected_best_unbiased
from runreport.stats.survival import SurvivalCurve, kaplan_meier, logrank_test
from runreport.stats.types import Refusal, TestResult
from tests.known_answers.answers import answered, higher_is_better, level_of, option, said
from tests.known_answers.runner import Method, Values

X_SCALES = {"log_e": "log", "log_2": "log2", "log_10": "log10"}


def logged(step: Sequence[float], value: Sequence[float]) -> Curve:
    """Return the curve of the points that have a finite value."""
    points = [(x, y) for x, y in zip(step, value, strict=True) if math.isfinite(y)]
    return curve([x for x, _ in points], [y for _, y in points])


def _x_scale(inputs: Values, options: Values) -> str:
    scale = str(option(inputs, options, "x_scale", "linear"))
    return X_SCALES.get(scale, scale)


def auc_trapezoid(inputs: Values, options: Values) -> Values:
    one, scale = logged(inputs["step"], inputs["value"]), _x_scale(inputs, options)
    area: Area = answered(area_under(one, x_scale=scale))
    return {"auc": area.area, "mean_height": area.mean_height}


def threshold(inputs: Values, options: Values) -> Values:
    one = logged(inputs["step"], inputs["value"])
    direction = HIGHER if higher_is_better(inputs, options) else LOWER
    limit = option(inputs, options, "threshold", None)
    crossing: Crossing = answered(time_to_threshold(one, limit, direction=direction))
    remark = said("censored", crossing.remark) if crossing.remark else {}
    return {
        "first_logged_step": crossing.first_logged,
        "interpolated_step": crossing.interpolated,
        "reached": crossing.is_reached,
        "censored_at": crossing.censored_at,
        **remark,
    }


def time_to_threshold_logrank(inputs: Values, _: Values) -> Values:
    test: TestResult = answered(
        logrank_test(inputs["time_a"], inputs["reached_a"], inputs["time_b"], inputs["reached_b"])
    )
    km: SurvivalCurve = answered(kaplan_meier(inputs["time_a"], inputs["reached_a"]))
    return {"stat": test.statistic, "p": test.p, "km_times_a": km.time, "km_surv_a": km.share}


def bands_over_runs(inputs: Values, options: Values) -> Values:
    answer: Bands = answered(bands(inputs["runs_by_step"], level=level_of(inputs, options)))
    ends = {
        f"{name}_{end}": side
        for name, both in (("pointwise", answer.pointwise), ("simultaneous_bonferroni", answer.simultaneous))
        for end, side in zip(("low", "high"), both, strict=True)
    }
    return {"mean": answer.mean, "q25": answer.quartiles[0], "q75": answer.quartiles[1], **ends}


def auc_compare_welch(inputs: Values, options: Values) -> Values:
    step = inputs["step"]
    sides = [[logged(step, run) for run in inputs[name]] for name in ("a_runs_by_step", "b_runs_by_step")]
    answer: HeightComparison = answered(compare_heights(*sides, x_scale=_x_scale(inputs, options)))
    fields = {"auc_a": answer.heights_a, "auc_b": answer.heights_b, "diff": answer.delta.value}
    if isinstance(answer.test, Refusal):
        return fields | said("refuse", answer.test)
    return fields | {"p": answer.test.p}


def expected_validation_performance(inputs: Values, options: Values) -> Values:
    higher = higher_is_better(inputs, options)
    biased = [answered(expected_best(inputs["scores"], n, higher_is_better=higher)) for n in inputs["n"]]
    unbiased = [expected_best_unbiased(inputs["scores"], n, higher_is_better=higher) for n in inputs["n"]]
    refused = next((one for one in unbiased if isinstance(one, Refusal)), None)
    remark = said("refuse", refused) if refused else {}
    return {"with_replacement_dodge2019": biased, "without_replacement_unbiased_tang2020": unbiased, **remark}


METHODS: Mapping[str, Method] = {
    "auc_trapezoid": auc_trapezoid,
    "time_to_threshold": threshold,
    "time_to_threshold_logrank": time_to_threshold_logrank,
    "bands": bands_over_runs,
    "auc_compare_welch": auc_compare_welch,
    "expected_validation_performance": expected_validation_performance,
}
