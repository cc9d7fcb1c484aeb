"""Vectors on p-values adjusted for the size of their family."""

from collections.abc import Mapping

from runreport.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    family_size,
    holm,
    hommel,
)
from tests.known_answers.runner import Method, Values


def adjust_p(inputs: Values, _options: Values) -> Values:
    p = inputs["p"]
    return {
        "bonferroni": bonferroni(p),
        "holm": holm(p),
        "fdr_bh": benjamini_hochberg(p),
        "fdr_by": benjamini_yekutieli(p),
        "hommel": hommel(p),
        "n_tests": family_size(p),
    }


METHODS: Mapping[str, Method] = {"adjust_p": adjust_p, "adjust_p_with_missing": adjust_p}
