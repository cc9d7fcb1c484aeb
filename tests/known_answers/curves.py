"""Vectors on curves."""

from collections.abc import Mapping

from runreport.stats.curves import (
    Area,
    Bands,
    Crossing,
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
from tests.known_answers.answers import said
from tests.known_answers.runner import Method, Values

X_SCALES = {"log_e": "log", "log_2": "log2", "log_10": "log10"}


def auc_trapezoid(inputs: Values, options: Values) -> Values:
    scale = options.get("x_scale", "linear")
    area = area_under(curve(inputs["step"], inputs["value"]), x_scale=X_SCALES.get(scale, scale))
    return {"auc": area.area, "mean_height": area.mean_height} if isinstance(area, Area) else said("refuse", area)


def threshold(inputs: Values, options: Values) -> Values:
    one = curve(inputs["step"], inputs["value"])
    crossing = time_to_threshold(one, inputs["threshold"], direction=options["direction"])
    assert isinstance(crossing, Crossing)
    remark = said("censored", crossing.remark) if crossing.remark else {}
    return {
        "first_logged_step": crossing.first_logged,
        "interpolated_step": crossing.interpolated,
        "reached": crossing.is_reached,
        "censored_at": crossing.censored_at,
        **remark,
    }


def time_to_threshold_logrank(inputs: Values, _: Values) -> Values:
    test = logrank_test(inputs["time_a"], inputs["reached_a"], inputs["time_b"], inputs["reached_b"])
    km = kaplan_meier(inputs["time_a"], inputs["reached_a"])
    assert isinstance(test, TestResult)
    assert isinstance(km, SurvivalCurve)
    return {"stat": test.statistic, "p": test.p, "km_times_a": km.time, "km_surv_a": km.share}


def bands_over_runs(inputs: Values, options: Values) -> Values:
    answer = bands(inputs["runs_by_step"], level=options.get("level", 0.95))
    assert isinstance(answer, Bands)
    ends = {
        f"{name}_{end}": side
        for name, both in (("pointwise", answer.pointwise), ("simultaneous_bonferroni", answer.simultaneous))
        for end, side in zip(("low", "high"), both, strict=True)
    }
    return {"mean": answer.mean, "q25": answer.quartiles[0], "q75": answer.quartiles[1], **ends}


def auc_compare_welch(inputs: Values, _: Values) -> Values:
    step = inputs["step"]
    sides = [[curve(step, run) for run in inputs[name]] for name in ("a_runs_by_step", "b_runs_by_step")]
    answer = compare_heights(*sides)
    assert isinstance(answer, HeightComparison)
    assert isinstance(answer.test, TestResult)
    return {"auc_a": answer.heights_a, "auc_b": answer.heights_b, "diff": answer.delta.value, "p": answer.test.p}


def expected_validation_performance(inputs: Values, _: Values) -> Values:
    biased = [expected_best(inputs["scores"], n) for n in inputs["n"]]
    unbiased = [expected_best_unbiased(inputs["scores"], n) for n in inputs["n"]]
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
