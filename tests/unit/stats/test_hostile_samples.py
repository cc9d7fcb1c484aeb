"""NaN, infinite, huge, tiny and constant values give an answer, a refusal or a ValueError; never a p of 0."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats.effects import cohens_d, hedges_g
from runreport.stats.equivalence import equivalence, non_inferiority, paired_equivalence
from runreport.stats.folds import compare_folds
from runreport.stats.paired import compare_paired
from runreport.stats.pairs import correlation, paired_differences, paired_interval, paired_test
from runreport.stats.permutation import permutation_test, sign_flip_test
from runreport.stats.ranks import brunner_munzel_test, hodges_lehmann_shift, mann_whitney_test
from runreport.stats.resampling import acceleration, bootstrap, random_resamples, superiority
from runreport.stats.signed_ranks import sign_test, wilcoxon_test
from runreport.stats.spread import brown_forsythe_test, sd_ratio
from runreport.stats.tests import student_test, welch_test
from runreport.stats.types import Refusal, TestResult
from runreport.stats.unpaired import arm, compare_two, worst_case_difference

STRANGE = [math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 1e160, 5e-324, 1e-300, 0.0, -0.0, 0.1, 0.1 + 0.2, 0.3, 1e9]
HOSTILE = st.lists(st.sampled_from(STRANGE) | st.floats(), max_size=7)
PAIRS = st.lists(st.tuples(st.sampled_from(STRANGE), st.sampled_from(STRANGE)), max_size=7)
Statistic = Callable[[Any, Any], Any]


def bootstrapped(a: list[float], b: list[float]) -> Any:  # noqa: ANN401
    resamples = random_resamples(max(1, len(a)), max(1, len(b)), rng=np.random.default_rng(0), draws=20)
    return bootstrap(a, b, superiority, resamples=resamples), acceleration(a, b)


UNPAIRED: dict[str, Statistic] = {
    "compare_two": lambda a, b: compare_two(arm("A", a), arm("B", b)),
    "worst_case": lambda a, b: worst_case_difference(arm("A", a), arm("B", b), higher_is_better=True),
    "welch": welch_test,
    "student": student_test,
    "cohens_d": cohens_d,
    "hedges_g": hedges_g,
    "mann_whitney": mann_whitney_test,
    "mann_whitney_exact": lambda a, b: mann_whitney_test(a, b, method="exact"),
    "brunner_munzel": brunner_munzel_test,
    "hodges_lehmann": hodges_lehmann_shift,
    "brown_forsythe": brown_forsythe_test,
    "sd_ratio": sd_ratio,
    "permutation": permutation_test,
    "bootstrap": bootstrapped,
    "equivalence": lambda a, b: equivalence(a, b, margin=0.1),
    "non_inferiority": lambda a, b: non_inferiority(a, b, margin=0.1, higher_is_better=False),
}
PAIRED: dict[str, Statistic] = {
    "compare_paired": lambda a, b: compare_paired(dict(enumerate(a)), dict(enumerate(b))),
    "paired_t": paired_test,
    "paired_interval": paired_interval,
    "correlation": correlation,
    "wilcoxon": lambda a, b: of_differences(wilcoxon_test, a, b),
    "sign_test": lambda a, b: of_differences(sign_test, a, b),
    "sign_flip": lambda a, b: of_differences(sign_flip_test, a, b),
    "paired_equivalence": lambda a, b: paired_equivalence(a, b, margin=0.1),
    "folds": lambda a, b: compare_folds(a, b, test_over_train=0.25, rope=0.01),
}


def of_differences(statistic: Callable[[Any], Any], a: list[float], b: list[float]) -> Any:  # noqa: ANN401
    differences = paired_differences(a, b)
    return differences if isinstance(differences, Refusal) else statistic(differences)


def p_values(found: object) -> Iterator[float]:
    if isinstance(found, tuple):
        for part in found:
            yield from p_values(part)
    elif is_dataclass(found):
        for field in fields(found):
            value = getattr(found, field.name)
            if (field.name == "p" or field.name.startswith(("p_", "minimum_p"))) and value is not None:
                yield value
            else:
                yield from p_values(value)


def is_honest(statistic: Statistic, a: list[float], b: list[float]) -> bool:
    try:
        found = statistic(a, b)
    except ValueError:
        return not (np.isfinite(a).all() and np.isfinite(b).all())
    return all(0 < p <= 1 for p in p_values(found))


@pytest.mark.parametrize("name", UNPAIRED)
@given(HOSTILE, HOSTILE)
@settings(max_examples=80)
def test_two_groups(name: str, a: list[float], b: list[float]) -> None:
    assert is_honest(UNPAIRED[name], a, b)


@pytest.mark.parametrize("name", PAIRED)
@given(PAIRS)
@settings(max_examples=80)
def test_pairs(name: str, pairs: list[tuple[float, float]]) -> None:
    assert is_honest(PAIRED[name], [a for a, _ in pairs], [b for _, b in pairs])


def test_a_p_below_double_precision_is_not_0() -> None:
    noise = np.linspace(-1e-6, 1e-6, 300)
    found = welch_test(1 + noise, noise)
    assert isinstance(found, TestResult)
    assert 0 < found.p < 1e-300


def test_rounding_is_no_noise() -> None:
    a, b = [0.3, 0.2, 0.7], [0.2, 0.1, 0.6]
    assert len(set(np.subtract(a, b))) > 1
    refused = paired_test(a, b)
    assert isinstance(refused, Refusal)
    assert refused.code == "zero-variance-pairs"
