"""Vectors on evidence that may be looked at after each run."""

from collections.abc import Mapping

import numpy as np

from runreport.stats.sequential import Looks, confidence_sequence, critical_t, one_sample_looks, two_sample_looks
from runreport.stats.types import Interval, Refusal
from tests.known_answers.answers import said
from tests.known_answers.runner import Method, Values


def evidence(looks: Looks | Refusal) -> Values:
    return said("refuse", looks) if isinstance(looks, Refusal) else {"e": looks.e, "always_valid_p": looks.p}


def evalue_t_two_sample(inputs: Values, _: Values) -> Values:
    prior, first = inputs.get("prior_var_of_d", 1.0), inputs.get("first_look", 2)
    return evidence(two_sample_looks(inputs["a"], inputs["b"], prior_variance=prior, first_look=first))


def evalue_t_one_sample(inputs: Values, _: Values) -> Values:
    prior, first = inputs.get("prior_var_of_d", 1.0), inputs.get("first_look", 2)
    return evidence(one_sample_looks(inputs["x"], inputs["target"], prior_variance=prior, first_look=first))


def confidence_sequence_two_sample(inputs: Values, _: Values) -> Values:
    alpha, prior = inputs["alpha"], inputs.get("prior_var_of_d", 1.0)
    interval = confidence_sequence(inputs["a"], inputs["b"], alpha=alpha, prior_variance=prior)
    assert isinstance(interval, Interval)
    n_a, n_b = np.size(inputs["a"]), np.size(inputs["b"])
    critical = critical_t(n_a + n_b - 2, n_a * n_b / (n_a + n_b), alpha=alpha, prior_variance=prior)
    return {"t_star": critical, "low": interval.low, "high": interval.high}


METHODS: Mapping[str, Method] = {
    "evalue_t_two_sample": evalue_t_two_sample,
    "evalue_t_one_sample": evalue_t_one_sample,
    "confidence_sequence_two_sample": confidence_sequence_two_sample,
}
