"""Vectors on one group against a target."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runreport.stats.describe import describe
from runreport.stats.olympic import olympic_mean
from runreport.stats.one_sample import differences_from, one_sample_interval, one_sample_test
from runreport.stats.power import runs_needed_one_sample
from runreport.stats.signed_ranks import sign_test, wilcoxon_test
from runreport.stats.target import ABOVE, BELOW, passing_mean
from runreport.stats.types import Interval, Refusal
from tests.known_answers.answers import answered, said
from tests.known_answers.runner import Method, Values


def one_sample_t(inputs: Values, options: Values) -> Values:
    alternative = options.get("alternative", "two-sided")
    test = one_sample_test(inputs["x"], inputs["target"], alternative=alternative)
    if isinstance(test, Refusal):
        return said("refuse", test)
    bound = one_sample_interval(inputs["x"], level=0.99, alternative=alternative)
    assert isinstance(bound, Interval)
    brief = describe(inputs["x"])
    return {
        "mean": brief.mean,
        "sd": brief.sd,
        "t": test.statistic,
        "df": test.df,
        "p": test.p,
        "ci99_low": bound.low,
        "ci99_high": bound.high,
        "passes_at_01": test.p < 0.01,
    }


def one_sample_nonparametric(inputs: Values, options: Values) -> Values:
    alternative = options.get("alternative", "two-sided")
    differences = answered(differences_from(inputs["x"], inputs["target"], decimals=inputs.get("diffs_rounded_to")))
    ranks = answered(wilcoxon_test(differences, alternative=alternative)).test
    signs = answered(sign_test(differences, alternative=alternative)).test
    median = describe(inputs["x"]).median
    return {"wilcoxon_W": ranks.statistic, "wilcoxon_p": ranks.p, "sign_p": signs.p, "median": median}


def target_margin(inputs: Values, options: Values) -> Values:
    side = ABOVE if options.get("alternative") == "greater" else BELOW
    brief = describe(inputs["x"])
    alpha = inputs["alpha"]
    edge = passing_mean(brief, inputs["target"], side=side, alpha=alpha)
    if isinstance(edge, Refusal):
        return said("refuse", edge)
    assert brief.mean is not None
    assert brief.sd is not None
    margin = (inputs["target"] - brief.mean) / brief.sd * (1 if side == BELOW else -1)
    needed = runs_needed_one_sample(margin, alpha=alpha, power=0.9, one_sided=True)
    return {
        "mean": brief.mean,
        "highest_mean_that_passes": edge,
        "lowest_mean_that_passes": edge,
        "runs_for_90pct_power": needed,
    }


def mlperf_olympic_mean(inputs: Values, options: Values) -> Values:
    settings: dict[str, Any] = {name: options[name] for name in ("drop", "scale") if name in options}
    mean = olympic_mean(
        np.asarray(inputs["times_converged"], dtype=float), not_converged=inputs["n_not_converged"], **settings
    )
    if isinstance(mean, Refusal):
        return said("refuse", mean) | {"valid": False}
    return {"score": mean.score, "n_used": mean.used, "valid": True}


METHODS: Mapping[str, Method] = {
    "one_sample_t": one_sample_t,
    "one_sample_nonparametric": one_sample_nonparametric,
    "target_margin": target_margin,
    "mlperf_olympic_mean": mlperf_olympic_mean,
}
