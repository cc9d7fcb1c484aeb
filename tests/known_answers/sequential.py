"""Vectors on evidence that may be looked at after each run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runreport.stats.sequential import Looks, confidence_sequence, critical_t, one_sample_looks, two_sample_looks
from tests.known_answers.answers import answered, level_of, option
from tests.known_answers.runner import Method, Values


def evidence(looks: Looks) -> Values:
    return {"e": looks.e, "always_valid_p": looks.p}


def _prior(inputs: Values, options: Values) -> dict[str, Any]:
    variance, first = option(inputs, options, "prior_var_of_d", 1.0), option(inputs, options, "first_look", 2)
    return {"prior_variance": variance, "first_look": first}


def evalue_t_two_sample(inputs: Values, options: Values) -> Values:
    return evidence(answered(two_sample_looks(inputs["a"], inputs["b"], **_prior(inputs, options))))


def evalue_t_one_sample(inputs: Values, options: Values) -> Values:
    return evidence(answered(one_sample_looks(inputs["x"], inputs["target"], **_prior(inputs, options))))


def confidence_sequence_two_sample(inputs: Values, options: Values) -> Values:
    alpha = option(inputs, options, "alpha", 1 - level_of(inputs, options))
    prior = option(inputs, options, "prior_var_of_d", 1.0)
    interval = answered(confidence_sequence(inputs["a"], inputs["b"], alpha=alpha, prior_variance=prior))
    n_a, n_b = np.size(inputs["a"]), np.size(inputs["b"])
    critical = critical_t(n_a + n_b - 2, n_a * n_b / (n_a + n_b), alpha=alpha, prior_variance=prior)
    return {"t_star": critical, "low": interval.low, "high": interval.high}


METHODS: Mapping[str, Method] = {
    "evalue_t_two_sample": evalue_t_two_sample,
    "evalue_t_one_sample": evalue_t_one_sample,
    "confidence_sequence_two_sample": confidence_sequence_two_sample,
}
