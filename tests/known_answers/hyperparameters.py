"""Vectors on how a metric goes along with hyperparameters."""

from collections.abc import Mapping

from runreport.stats.association import associations, pearson_test
from tests.known_answers.answers import said
from tests.known_answers.runner import Method, Values


def univariate_importance(inputs: Values, _: Values) -> Values:
    parameters = {name: values for name, values in inputs.items() if name != "y"}
    rows = associations(parameters, inputs["y"]).rows
    refused = next((row.refusal for row in rows if row.refusal), None)
    if refused:
        return said("refuse", refused)
    tested = [(row, row.effect.value, row.test) for row in rows if row.effect and row.test]
    numeric = [one for one in tested if one[0].kendall is not None]
    categories = [one for one in tested if one[0].kendall is None]
    answer = {
        "spearman": [rho for _, rho, _ in numeric],
        "spearman_p_t": [test.p for _, _, test in numeric],
        "kendall_tau_b": [row.kendall for row, _, _ in numeric],
        "bh": [row.p_adjusted for row, _, _ in [*numeric, *categories]],
    }
    for _, epsilon, test in categories:
        answer |= {"kruskal_H": test.statistic, "kruskal_p": test.p, "epsilon_sq": epsilon}
    return answer


def pearson_fisher_ci(inputs: Values, options: Values) -> Values:
    r, test = pearson_test(inputs["x"], inputs["y"], level=options.get("level", 0.95))
    assert r.interval
    return {"r": r.value, "p": test.p, "ci_low": r.interval.low, "ci_high": r.interval.high}


METHODS: Mapping[str, Method] = {
    "univariate_importance": univariate_importance,
    "pearson_fisher_ci": pearson_fisher_ci,
}
