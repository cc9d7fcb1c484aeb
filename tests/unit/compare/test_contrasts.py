"""From runs to a verdict: what is averaged, what is refused, and in which words."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from made_experiments import MadeRun, make_frame, seeded

from runreport.compare.analysis import compare_groups
from runreport.compare.comparison import Contrast
from runreport.config.options import Settings
from runreport.names import RunStatus, Verdict

GOOD = [0.95, 0.96, 0.955, 0.958, 0.952]
POOR = [0.90, 0.91, 0.905, 0.908, 0.902]
VALUES = st.lists(st.integers(0, 1000).map(lambda value: value / 1000), min_size=3, max_size=7)


def contrast(
    candidate: list[MadeRun], baseline: list[MadeRun], settings: Settings | None = None, metric: str = "test/accuracy"
) -> Contrast:
    frame = make_frame([*baseline, *candidate])
    [comparison] = compare_groups(frame, settings or Settings(), "m=base", ["m=cand"])
    return next(one for one in comparison.contrasts if one.metric.metric == metric)


def cautions(found: Contrast) -> list[str]:
    """Return the cautions of a contrast in words."""
    return [caution.words for caution in found.cautions]


def sides(candidate: list[float], baseline: list[float], metric: str = "test/accuracy") -> Contrast:
    """Return the contrast of two groups that have seed 0, 1, 2, ... each."""
    return contrast(seeded(candidate, metric, m="cand"), seeded(baseline, metric, m="base"), metric=metric)


@pytest.mark.parametrize(
    ("metric", "verdict"),
    [("test/accuracy", Verdict.BETTER), ("test/error", Verdict.WORSE), ("test/foo", Verdict.HIGHER)],
)
def test_the_direction_gives_the_word(metric: str, verdict: Verdict) -> None:
    found = sides(GOOD, POOR, metric)
    assert found.verdict is verdict
    assert found.reason.startswith(f"m=cand is {verdict} than m=base on {metric}: +0.0500 (95 % interval +0.044")
    assert found.delta_percent == pytest.approx(100 * 0.05 / 0.905)
    assert (found.prob_superiority, found.family_size, found.adjustment) == (1.0, 1, "Holm")


@given(VALUES, VALUES)
def test_swapping_candidate_and_baseline_mirrors_the_verdict(a: list[float], b: list[float]) -> None:
    there, back = sides(a, b), sides(b, a)
    mirrored = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert back.verdict is mirrored.get(there.verdict, there.verdict)
    assert there.delta
    assert back.delta
    assert there.delta.value == pytest.approx(-back.delta.value)


@given(VALUES, VALUES, st.randoms(use_true_random=False))
def test_the_order_of_seeds_does_not_matter(a: list[float], b: list[float], random: object) -> None:
    shuffled = seeded(a, m="cand")
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert contrast(shuffled, seeded(b, m="base")).reason == sides(a, b).reason


def test_no_clear_difference_says_what_could_have_been_found() -> None:
    baseline = [replace(run, seed=None) for run in seeded([value + 0.001 for value in GOOD], m="base")]
    found = contrast(seeded(GOOD, m="cand"), baseline)
    assert found.verdict is Verdict.NO_CLEAR_DIFFERENCE
    assert "the data fit anything from \N{MINUS SIGN}0.0070 to +0.0050" in found.reason
    assert "with 5 and 5 runs only differences above about 0.0083" in found.reason


@pytest.mark.parametrize(
    ("candidate", "baseline", "words", "has_interval"),
    [
        ([0.9], [0.8], "One run on each side", False),
        ([0.9], POOR, "The position of m=cand within m=base's runs is shown instead.", False),
        ([0.9, 0.91], POOR, "Only two runs on side m=cand", True),
        ([0.5] * 4, [0.7] * 4, "Every run within each side is identical", False),
        ([math.nan] * 3, POOR, "No run of m=cand has a finite value", False),
    ],
)
def test_refusals_have_words_and_no_p(
    candidate: list[float], baseline: list[float], words: str, *, has_interval: bool
) -> None:
    found = sides(candidate, baseline)
    assert (found.verdict, found.test, found.p_adjusted) == (Verdict.CANNOT_TELL, None, None)
    assert words in found.reason
    assert bool(found.delta and found.delta.interval) is has_interval


def test_the_place_of_a_single_run_is_shown_beside_its_refusal() -> None:
    place = "Among the runs of m=base, the only run of m=cand has 0 below it, 1 equal and 4 above."
    assert place in cautions(sides([0.9], POOR))


def test_runs_that_did_not_finish_never_enter_a_mean() -> None:
    outcomes = [RunStatus.FAILED, RunStatus.KILLED, RunStatus.RUNNING]
    odd = [MadeRun(params={"m": "cand"}, metrics={"test/accuracy": 0.0}, status=status) for status in outcomes]
    odd.append(MadeRun(params={"m": "cand"}, metrics={"test/accuracy": 0.0}, facts={"is_excluded": True}))
    found = contrast([*seeded(GOOD, m="cand"), *odd], seeded(POOR, m="base"))
    assert found.candidate.values == tuple(GOOD)
    assert found.candidate.counts.total == 9
    said = " ".join(cautions(found))
    for words in ("1 of 6 runs of m=cand has no value", "was killed", "was still running", "was excluded; the page"):
        assert words in said


def test_values_that_are_not_finite_or_missing_are_named() -> None:
    odd = [MadeRun(params={"m": "cand"}, metrics={"test/accuracy": value}) for value in (math.nan, -math.inf)]
    missing = MadeRun(params={"m": "cand"}, metrics={"other": 1.0})
    found = contrast([*seeded(GOOD, m="cand"), *odd, missing], seeded(POOR, m="base"))
    assert (found.candidate.non_finite, found.candidate.infinite) == (("r10", "r11"), ("r11",))
    assert found.candidate.missing == ("r12",)
    assert found.candidate.description.n == 5
    assert any("diverged (infinite)" in caution for caution in cautions(found))


def test_failures_that_decide_the_sign_make_it_impossible_to_tell() -> None:
    failed = [MadeRun(params={"m": "cand"}, status=RunStatus.FAILED) for _ in range(5)]
    found = contrast([*seeded([0.95, 0.96, 0.955], m="cand"), *failed], seeded([0.5, 0.94, 0.945, 0.94], m="base"))
    assert found.verdict is Verdict.CANNOT_TELL
    assert "depends on the runs that failed" in found.reason
    assert any("instead of +" in caution for caution in cautions(found))


def test_repeats_of_a_seed_count_once() -> None:
    repeated = [MadeRun(params={"m": "cand"}, seed=i // 2, metrics={"test/accuracy": GOOD[i // 2]}) for i in range(6)]
    found = contrast(repeated, seeded(POOR, m="base"))
    assert (found.candidate.description.n, len(found.candidate.values)) == (3, 6)
    assert found.candidate.units == (0, 0, 1, 1, 2, 2)
    assert any("Seeds 0, 1 and 2 occur twice in m=cand" in caution for caution in cautions(found))


def test_the_same_seed_in_another_setting_is_no_repeat() -> None:
    runs = [MadeRun(params={"m": "cand", "lr": str(i)}, seed=0, metrics={"acc": GOOD[i]}) for i in range(5)]
    found = contrast(runs, seeded(POOR, "acc", m="base"), Settings(groups={"by": ("m",)}), "acc")
    assert found.candidate.description.n == 5


def test_few_far_and_unvaried_seeds_are_cautioned() -> None:
    few = sides([0.95, 0.96, 0.955], POOR)
    assert any(
        caution.startswith("Few seeds (3 and 5): only differences above about 0.01") for caution in cautions(few)
    )
    far = sides([0.95, 0.96, 0.955, 0.1, 0.952], POOR)
    assert any("1 of 5 runs of m=cand lies far from the others (at 0.1)" in caution for caution in cautions(far))
    same = sides([0.95] * 5, POOR)
    assert any("the seed seems not applied" in caution for caution in cautions(same))


def test_p_is_adjusted_over_the_candidates_that_could_be_tested() -> None:
    groups = {"base": POOR, "x": GOOD, "y": [value + 0.002 for value in POOR], "z": [0.9]}
    frame = make_frame([run for name, values in groups.items() for run in seeded(values, m=name)])
    comparisons = compare_groups(frame, Settings(), "m=base", ["m=x", "m=y", "m=z"])
    x, y, z = (one.primary for one in comparisons)
    assert x
    assert y
    assert z
    assert (x.family_size, y.family_size, z.p_adjusted) == (2, 2, None)
    assert x.test
    assert x.p_adjusted == pytest.approx(2 * x.test.p)
    assert "after Holm over 2 comparisons" in x.reason


def test_a_difference_lost_by_adjustment_says_so() -> None:
    barely = [value + 0.007 for value in POOR]
    groups = {"base": POOR} | {f"c{i}": barely if i == 0 else [v + i / 9999 for v in POOR] for i in range(9)}
    frame = make_frame([run for name, values in groups.items() for run in seeded(values, m=name)])
    found = compare_groups(frame, Settings(), "m=base", [f"m=c{i}" for i in range(9)])[0].primary
    assert found
    assert found.verdict is Verdict.NO_CLEAR_DIFFERENCE
    assert "On its own p = 0.0" in found.reason


def test_percent_is_left_out_when_the_baseline_may_be_zero() -> None:
    assert sides([1.0, 2.0, 3.0], [-1.0, 0.0, 1.5], "score").delta_percent is None


@given(VALUES, VALUES)
def test_the_verdict_is_clear_exactly_when_p_is_below_alpha(a: list[float], b: list[float]) -> None:
    found = sides(a, b)
    assume(found.p_adjusted is not None)
    assert (found.verdict in {Verdict.BETTER, Verdict.WORSE}) is ((found.p_adjusted or 0) < 0.05)


def test_numbers_agree_with_a_real_experiment(realdata: Path) -> None:
    path = realdata / "gen-digits" / "truth.json"
    if not path.is_file():
        pytest.skip("gen-digits is not among the real run logs")
    truth = json.loads(path.read_text(encoding="utf-8"))
    for metric, wanted in truth["comparison"].items():
        values = {
            name: [truth["final_metrics"][f"{name}-s{seed}"][metric] for seed in range(5)] for name in ("sgd", "mlp")
        }
        found = sides(values["mlp"], values["sgd"], metric)
        assert found.test
        assert found.delta
        assert found.delta.value == pytest.approx(wanted["mean_diff_b_minus_a"])
        assert (found.test.statistic, found.test.p) == pytest.approx((wanted["paired_t"], wanted["paired_p_two_sided"]))
        assert found.paired
        assert found.paired.common_seeds == tuple(wanted["paired_seeds"])
        assert found.unpaired
        assert (found.unpaired.statistic, found.unpaired.df, found.unpaired.p) == pytest.approx(
            (wanted["welch_t"], wanted["welch_df"], wanted["welch_p_two_sided"])
        )
        assert found.candidate.description.sd == pytest.approx(truth["groups"]["mlp"][metric]["std_ddof1"])


def test_runs_that_stopped_long_before_the_others_are_named() -> None:
    frame = make_frame([*seeded(POOR, m="base"), *seeded(GOOD, m="cand")])
    steps = np.array([100, 100, 100, 100, 100, 100, 100, 100, 95, 40])
    columns = replace(frame.metrics["test/accuracy"], last_step=steps)
    [comparison] = compare_groups(replace(frame, metrics={"test/accuracy": columns}), Settings(), "m=base", ["m=cand"])
    [found] = comparison.contrasts
    assert found.candidate.ended_early == ("r9",)
    [said] = [caution for caution in cautions(found) if "stopped" in caution]
    assert said.startswith("1 of 5 runs of m=cand stopped more than a tenth before the others")
    assert said.endswith("without it the mean is 0.9557.")


def test_unequal_spread_is_told_unless_far_seeds_explain_it() -> None:
    wild, steady = [0.70, 0.99, 0.82, 0.91, 0.60], [0.90, 0.91, 0.92, 0.91, 0.90]
    assert any(
        "The runs of m=cand scatter 19 times as much as those of m=base" in said
        for said in cautions(sides(wild, steady))
    )
    assert any("The runs of m=base scatter" in said for said in cautions(sides(steady, wild)))
    collapsed = cautions(sides([0.90, 0.91, 0.10, 0.91, 0.90], steady))
    assert any("lies far from the others" in said for said in collapsed)
    assert not any("scatter" in said for said in collapsed)
    assert cautions(sides(GOOD, POOR)) == []


def test_a_long_tail_of_both_sides_is_told() -> None:
    tailed = [0.970, 0.968, 0.966, 0.962, 0.957, 0.950, 0.940, 0.925, 0.900, 0.860]
    assert any(
        "a long tail of low values" in said for said in cautions(sides(tailed, [value - 0.01 for value in tailed]))
    )
    even = [0.90 + 0.01 * number for number in range(10)]
    assert cautions(sides(even, [value - 0.01 for value in even])) == []
