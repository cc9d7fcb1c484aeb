"""Vectors on how a metric goes along with hyperparameters."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from runreport.stats.arrays import is_constant
from runreport.stats.association import (
    CONSTANT_METRIC,
    CONSTANT_PARAMETER,
    Association,
    associations,
    pearson_test,
)
from tests.known_answers.answers import RefusedError, level_of, said
from tests.known_answers.runner import Method, Values


def univariate_importance(inputs: Values, _: Values) -> Values:
    """Return each association; where one of several parameters is refused its place holds NaN."""
    parameters = {name: values for name, values in inputs.items() if name != "y"}
    rows = associations(parameters, inputs["y"]).rows
    refused = {row.parameter: row.refusal for row in rows if row.refusal}
    if len(refused) == len(rows):
        raise RefusedError(next(iter(refused.values())))
    is_named = {name: any(isinstance(value, str) for value in values) for name, values in parameters.items()}
    numeric = [row for row in rows if not is_named[row.parameter]]
    answer: dict[str, Any] = {
        "spearman": [row.effect.value if row.effect else math.nan for row in numeric],
        "spearman_p_t": [row.test.p if row.test else math.nan for row in numeric],
        "kendall_tau_b": [math.nan if row.kendall is None else row.kendall for row in numeric],
        "bh": [math.nan if row.p_adjusted is None else row.p_adjusted for row in rows],
        "refused": {name: said("refuse", refusal) for name, refusal in refused.items()},
    }
    named = [row for row in rows if is_named[row.parameter] and row.test]
    for position, row in enumerate(named):
        answer |= {f"{key}_{row.parameter}": value for key, value in _kruskal(row)}
        if position == 0:  # vectors with one such parameter do not name it
            answer |= dict(_kruskal(row))
    return answer


def _kruskal(row: Association) -> Iterator[tuple[str, float]]:
    assert row.test
    assert row.effect
    yield "kruskal_H", row.test.statistic
    yield "kruskal_p", row.test.p
    yield "epsilon_sq", row.effect.value


def pearson_fisher_ci(inputs: Values, options: Values) -> Values:
    for name, refusal in (("x", CONSTANT_PARAMETER), ("y", CONSTANT_METRIC)):
        if is_constant(np.asarray(inputs[name], dtype=np.float64)):
            raise RefusedError(refusal)
    r, test = pearson_test(inputs["x"], inputs["y"], level=level_of(inputs, options))
    ends = {"ci_low": r.interval.low, "ci_high": r.interval.high} if r.interval else {}
    return {"r": r.value, "p": test.p, **ends}


METHODS: Mapping[str, Method] = {
    "univariate_importance": univariate_importance,
    "pearson_fisher_ci": pearson_fisher_ci,
}
