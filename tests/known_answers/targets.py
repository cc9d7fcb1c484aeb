"""Vectors on one group against a target."""

from collections.abc import Mapping

import numpy as np

from runreport.stats.describe import describe
from runreport.stats.olympic import olympic_mean
from runreport.stats.one_sample import differences_from, one_sample_interval, one_sample_test
from runreport.stats.power import runs_needed_one_sample
from runreport.stats.signed_ranks import sign_test, wilcoxon_test
from runreport.stats.target import ABOVE, BELOW, NO_FINITE_RUNS, passing_mean
from runreport.stats.types import Refusal
from runreport.stats.unpaired import arm, missing_runs
from tests.known_answers.answers import alternative_of, answered, chosen, level_of, option, percent, said
from tests.known_answers.runner import Method, Values


def one_sample_t(inputs: Values, options: Values) -> Values:
    group, alternative = arm("x", inputs["x"]), alternative_of(inputs, options)
    alpha, level = option(inputs, options, "alpha", 0.01), level_of(inputs, options, 0.99)
    if group.started and not group.values.size:
        return said("refuse", NO_FINITE_RUNS)
    test = answered(one_sample_test(group.values, inputs["target"], alternative=alternative))
    bound = answered(one_sample_interval(group.values, level=level, alternative=alternative))
    brief, cautions = describe(group.values), missing_runs(group, group)
    remark = said("answer_with_warning", cautions[0]) if cautions else {}
    return {
        "n_used": brief.n,
        "n_failed": group.failed,
        "mean": brief.mean,
        "sd": brief.sd,
        "t": test.statistic,
        "df": test.df,
        "p": test.p,
        f"ci{percent(level)}_low": bound.low,
        f"ci{percent(level)}_high": bound.high,
        f"passes_at_{percent(alpha)}": test.p < alpha,
        **remark,
    }


def one_sample_nonparametric(inputs: Values, options: Values) -> Values:
    alternative, decimals = alternative_of(inputs, options), option(inputs, options, "diffs_rounded_to", None)
    values = arm("x", inputs["x"]).values
    differences = answered(differences_from(values, inputs["target"], decimals=decimals))
    settings = {"method": "exact", **chosen(inputs, options, "method", "zero_method")}
    ranks = answered(wilcoxon_test(differences, alternative=alternative, **settings)).test
    signs = answered(sign_test(differences, alternative=alternative)).test
    median = describe(values).median
    return {"wilcoxon_W": ranks.statistic, "wilcoxon_p": ranks.p, "sign_p": signs.p, "median": median}


def target_margin(inputs: Values, options: Values) -> Values:
    side = ABOVE if alternative_of(inputs, options) == "greater" else BELOW
    brief = describe(arm("x", inputs["x"]).values)
    alpha = option(inputs, options, "alpha", 0.01)
    edge = answered(passing_mean(brief, inputs["target"], side=side, alpha=alpha))
    assert brief.mean is not None
    assert brief.sd is not None
    margin = (inputs["target"] - brief.mean) / brief.sd * (1 if side == BELOW else -1)
    needed = runs_needed_one_sample(margin, alpha=alpha, power=0.9, one_sided=True) if margin > 0 else None
    return {
        "mean": brief.mean,
        "highest_mean_that_passes": edge,
        "lowest_mean_that_passes": edge,
        "runs_for_90pct_power": needed,
    }


def mlperf_olympic_mean(inputs: Values, options: Values) -> Values:
    settings = chosen(inputs, options, "drop", "scale")
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
