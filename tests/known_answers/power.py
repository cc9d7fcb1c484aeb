"""Vectors on power."""

import math
from collections.abc import Mapping

from runreport.stats.power import (
    DEFAULT_POWER,
    examples_needed,
    minimum_detectable_effect,
    minimum_detectable_effect_one_sample,
    power_of_t_test,
    runs_needed,
)
from runreport.stats.proportions import cohen_h
from tests.known_answers.answers import option
from tests.known_answers.runner import Method, Values


def _alpha_and_power(inputs: Values, options: Values) -> tuple[float, float]:
    return option(inputs, options, "alpha", 0.05), option(inputs, options, "power", DEFAULT_POWER)


def t_two_sample(inputs: Values, options: Values) -> Values:
    (alpha, power), n = _alpha_and_power(inputs, options), inputs["n_per_group"]
    needed = runs_needed(inputs["effect_size"], alpha=alpha, power=power)
    return {
        "n_needed_real": needed,
        "n_needed": math.ceil(needed),
        "power_at_n": power_of_t_test(inputs["effect_size"], n, n, alpha=alpha),
        "mde_at_n": minimum_detectable_effect(n, n, alpha=alpha, power=power),
    }


def mde_table(inputs: Values, options: Values) -> Values:
    alpha, power = _alpha_and_power(inputs, options)
    paired = [minimum_detectable_effect_one_sample(n, alpha=alpha, power=power) for n in inputs["n"]]
    two = [minimum_detectable_effect(n, n, alpha=alpha, power=power) for n in inputs["n"]]
    return {"two_sample_d": two, "paired_dz": paired}


def two_proportions_n(inputs: Values, options: Values) -> Values:
    effect = cohen_h(inputs["p2"], inputs["p1"])
    alpha, power = _alpha_and_power(inputs, options)
    needed = examples_needed(effect, alpha=alpha, power=power)
    return {"cohen_h": effect, "n_per_group": needed}


METHODS: Mapping[str, Method] = {
    "t_two_sample": t_two_sample,
    "mde_table": mde_table,
    "two_proportions_n": two_proportions_n,
}
