"""Known answers computed with other libraries (scipy, statsmodels, pingouin): what is covered, and what is not yet."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runreport.stats.describe import average_repeats
from runreport.stats.effects import hedges_correction, hedges_g, pooled_sd, probability_of_superiority
from runreport.stats.intervals import welch_interval
from runreport.stats.multiplicity import holm
from runreport.stats.power import minimum_detectable_effect, power_of_t_test
from runreport.stats.tests import welch_test
from runreport.stats.types import Estimate, Interval, Refusal, TestResult
from runreport.stats.unpaired import TwoGroups, arm, compare_two

FOLDER = Path(__file__).parent / "vectors"
Vector = dict[str, Any]
Checked = Iterator[tuple[str, float | None]]

NOT_YET_COVERED = {
    "two_unpaired": {
        "bca_acceleration",
        "bootstrap_mc",
        "bootstrap_percentile_given_indices",
        "brown_forsythe_spread",
        "brunner_munzel",
        "hodges_lehmann_shift",
        "noninferiority_welch",
        "permutation_exact",
        "student_t",
        "tost_welch",
    },
    "power": {"two_proportions_n"},
    "multiple_comparisons": set(),
    "degenerate": {
        "friedman",
        "mann_whitney",
        "mlperf_olympic_mean",
        "one_sample_t",
        "paired",
        "rliable_aggregates",
        "time_to_threshold",
        "two_proportions",
        "univariate_importance",
        "wilcoxon_signed_rank",
    },
}


def number(value: object) -> object:
    if isinstance(value, list):
        return [number(item) for item in value]
    return float(value) if value in {"NaN", "Infinity", "-Infinity"} else value  # type: ignore[arg-type]


def welch(inputs: Vector, options: Vector) -> Checked:
    alternative = options["alternative"]
    test = welch_test(inputs["a"], inputs["b"], alternative=alternative)
    interval = welch_interval(inputs["a"], inputs["b"], level=0.95, alternative=alternative)
    assert isinstance(test, TestResult)
    assert isinstance(interval, Interval)
    yield "t", test.statistic
    yield "df", test.df
    yield "p", test.p
    yield "ci_low", interval.low
    yield "ci_high", interval.high
    yield "diff", float(np.mean(inputs["a"]) - np.mean(inputs["b"]))


def standardized_difference(inputs: Vector, _: Vector) -> Checked:
    a, b = inputs["a"], inputs["b"]
    g, spread = hedges_g(a, b, level=0.95), pooled_sd(a, b)
    correction = hedges_correction(len(a) + len(b) - 2)
    assert isinstance(g, Estimate)
    assert isinstance(spread, float)
    assert g.interval
    yield "cohen_d", (np.mean(a) - np.mean(b)) / spread
    yield "hedges_g_exactJ", g.value
    yield "d_ci_low", g.interval.low / correction
    yield "d_ci_high", g.interval.high / correction


def superiority(inputs: Vector, _: Vector) -> Checked:
    value = probability_of_superiority(inputs["a"], inputs["b"])
    assert isinstance(value, float)
    yield "prob_a_gt_b", value
    yield "cliffs_delta", 2 * value - 1


def two_sample_power(inputs: Vector, _: Vector) -> Checked:
    n = inputs["n_per_group"]
    yield "power_at_n", power_of_t_test(inputs["effect_size"], n, n, alpha=inputs["alpha"])
    yield "mde_at_n", minimum_detectable_effect(n, n, alpha=inputs["alpha"], power=inputs["power"])


def adjusted(inputs: Vector, _: Vector) -> Checked:
    yield from ((f"holm.{i}", float(p)) for i, p in enumerate(holm(number(inputs["p"]))))  # type: ignore[arg-type]


def detectable(inputs: Vector, _: Vector) -> Checked:
    for i, n in enumerate(inputs["n"]):
        effect = minimum_detectable_effect(n, n, alpha=inputs["alpha"], power=inputs["power"])
        yield f"two_sample_d.{i}", effect


COVERED: dict[str, Callable[[Vector, Vector], Checked]] = {
    "welch_t": welch,
    "standardized_mean_difference": standardized_difference,
    "mann_whitney": superiority,
    "t_two_sample": two_sample_power,
    "mde_table": detectable,
    "adjust_p": adjusted,
    "adjust_p_with_missing": adjusted,
}


def load(situation: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((FOLDER / f"{situation}.json").read_text(encoding="utf-8"))
    return vectors


def expected(vector: Vector, path: str) -> float:
    value: Any = vector["expected"]
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return float(value)


def cases() -> list[Any]:
    listed = [vector for situation in NOT_YET_COVERED if situation != "degenerate" for vector in load(situation)]
    return [pytest.param(vector, id=vector["id"]) for vector in listed if vector["method"] in COVERED]


@pytest.mark.parametrize("vector", cases())
def test_the_known_answer_is_reproduced(vector: Vector) -> None:
    for name, value in COVERED[vector["method"]](vector["inputs"], vector["options"]):
        wanted = expected(vector, name)
        tolerance = {"rel_tol" if vector["tol_kind"] == "rel" else "abs_tol": vector["tol"]}
        both_missing = math.isnan(wanted) and value is not None and math.isnan(value)
        assert both_missing or math.isclose(value or 0.0, wanted, **tolerance), (name, value, wanted)


@pytest.mark.parametrize("situation", NOT_YET_COVERED)
def test_the_list_of_uncovered_methods_is_honest(situation: str) -> None:
    methods = {vector["method"] for vector in load(situation)}
    covered = {"compare_two"} if situation == "degenerate" else set(COVERED)
    assert methods - covered == NOT_YET_COVERED[situation]


def answer(vector: Vector) -> TwoGroups:
    a, b = (np.asarray(number(vector["inputs"][side]), dtype=float) for side in ("a", "b"))
    if seeds := vector["inputs"].get("seed_a"):
        a = average_repeats(a, seeds)
    return compare_two(arm("A", a), arm("B", b))


def degenerate(*, refused: bool) -> list[Any]:
    elsewhere = {"UNKNOWN_DIRECTION", "DUPLICATE_SEED"}  # said by the layer that knows directions and seeds
    vectors = [v for v in load("degenerate") if v["method"] == "compare_two" and v["expected"]["code"] not in elsewhere]
    chosen = [v for v in vectors if (v["expected"]["answer"] != "answer_with_warning") is refused]
    return [pytest.param(vector, id=vector["expected"]["code"]) for vector in chosen]


@pytest.mark.parametrize("vector", degenerate(refused=True))
def test_a_refusal_has_its_code_and_words_and_no_p(vector: Vector) -> None:
    result, wanted = answer(vector), vector["expected"]
    assert isinstance(result.refusal, Refusal)
    assert result.refusal.code == wanted["code"].lower().replace("_", "-")
    assert result.refusal.words.startswith(wanted["say"].rstrip("."))
    assert result.test is None
    if "diff" in wanted:
        assert result.delta
        assert result.delta.value == pytest.approx(wanted["diff"])
    if "ci_low" in wanted:
        assert result.delta
        assert result.delta.interval
        assert [result.delta.interval.low, result.delta.interval.high] == pytest.approx(
            [wanted["ci_low"], wanted["ci_high"]]
        )


@pytest.mark.parametrize("vector", degenerate(refused=False))
def test_a_warning_has_its_code_and_words_and_an_answer(vector: Vector) -> None:
    result, wanted = answer(vector), vector["expected"]
    caution = next(c for c in result.cautions if c.code == wanted["code"].lower().replace("_", "-"))
    assert caution.words.startswith(wanted["say"])
    assert result.test
    if "p" in wanted:
        assert (result.test.statistic, result.test.p) == pytest.approx((wanted["t"], wanted["p"]))
    if "p_failure_fisher" in wanted:
        assert caution.words.endswith(f"p = {wanted['p_failure_fisher']:.2g}.")


def test_repeated_seeds_count_once() -> None:
    vector = next(v for v in load("degenerate") if v["expected"]["code"] == "DUPLICATE_SEED")
    averaged = average_repeats(vector["inputs"]["a"], vector["inputs"]["seed_a"])
    assert [averaged.size, len(vector["inputs"]["b"])] == vector["expected"]["n_used"]
