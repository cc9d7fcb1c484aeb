"""Vectors on predictions of two systems on the same examples."""

from collections.abc import Mapping

import numpy as np

from runreport.stats.dominance import violation_ratio
from runreport.stats.example_scores import (
    PairedBootstrap,
    PairedDifference,
    clustered_difference,
    paired_bootstrap,
)
from runreport.stats.examples import PairedCounts, accuracy_difference, mcnemar_test
from runreport.stats.pairs import paired_differences
from runreport.stats.permutation import sign_flip_test
from tests.known_answers.answers import alternative_of, answered, level_of, option
from tests.known_answers.runner import Method, Values


def mcnemar(inputs: Values, options: Values) -> Values:
    counts = PairedCounts(**{name: inputs[name] for name in PairedCounts._fields})
    tests = mcnemar_test(counts)
    difference: PairedDifference = answered(accuracy_difference(counts, level=level_of(inputs, options)))
    return {
        "p_exact": tests.exact.p,
        "chi2_cc": tests.chi2 and tests.chi2.statistic,
        "p_chi2_cc": tests.chi2 and tests.chi2.p,
        "p_mid": tests.mid_p.p,
        "acc_diff": difference.value,
        "wald_se": difference.standard_error,
        "wald_low": difference.interval.low,
        "wald_high": difference.interval.high,
    }


def clustered_paired_difference(inputs: Values, options: Values) -> Values:
    level = level_of(inputs, options)
    difference: PairedDifference = answered(
        clustered_difference(inputs["a"], inputs["b"], inputs["cluster"], level=level)
    )
    value, error = difference.value, difference.standard_error
    return {
        "mean_diff": value,
        "se_iid": difference.standard_error_iid,
        "se_cluster": error,
        "z_cluster": value / error if error else None,
        "ci_low": difference.interval.low,
        "ci_high": difference.interval.high,
    }


def paired_bootstrap_given_indices(inputs: Values, options: Values) -> Values:
    level = level_of(inputs, options)
    answer: PairedBootstrap = answered(
        paired_bootstrap(inputs["a"], inputs["b"], np.asarray(inputs["idx"]), level=level)
    )
    return {
        "diff": answer.value,
        "ci_low": answer.interval.low,
        "ci_high": answer.interval.high,
        "frac_le_0": answer.share_not_above_0,
    }


def approximate_randomization_exact(inputs: Values, options: Values) -> Values:
    differences = answered(
        paired_differences(inputs["a"], inputs["b"], decimals=option(inputs, options, "diffs_rounded_to", None))
    )
    test = answered(sign_flip_test(differences, alternative=alternative_of(inputs, options))).test
    return {"mean_diff": test.statistic, "p": test.p}


def aso_violation_ratio(inputs: Values, _: Values) -> Values:
    a, b, step = inputs["a"], inputs["b"], inputs["dt"]
    return {
        "eps_a_over_b": violation_ratio(a, b, grid_step=step),
        "eps_b_over_a": violation_ratio(b, a, grid_step=step),
    }


METHODS: Mapping[str, Method] = {
    "mcnemar": mcnemar,
    "clustered_paired_difference": clustered_paired_difference,
    "paired_bootstrap_given_indices": paired_bootstrap_given_indices,
    "approximate_randomization_exact": approximate_randomization_exact,
    "aso_violation_ratio": aso_violation_ratio,
}
