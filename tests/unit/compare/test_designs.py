"""The design of the runs picks the test: paired by seed, folds, proportions, independent; and equivalence by a margin."""

from dataclasses import replace

import pytest
from made_experiments import MadeRun, make_frame, seeded
from scipy import stats

from runreport.compare.analysis import analyse, compare_groups
from runreport.compare.comparison import Contrast
from runreport.config.options import Settings
from runreport.names import Verdict
from runreport.stats.plan import Design

CANDIDATE = [0.951, 0.962, 0.955, 0.958, 0.952]
BASELINE = [0.931, 0.948, 0.936, 0.937, 0.935]
METRIC = "test/accuracy"


def contrast(candidate: list[MadeRun], baseline: list[MadeRun], **settings: object) -> Contrast:
    frame = make_frame([*baseline, *candidate])
    [comparison] = compare_groups(frame, Settings.model_validate(settings), "m=base", ["m=cand"])
    return comparison.contrasts[0]


def with_seeds(values: list[float], method: str, seeds: list[int | None]) -> list[MadeRun]:
    runs = seeded(values, METRIC, m=method)
    return [
        replace(run, seed=seed, params={"m": method} | ({} if seed is None else {"seed": str(seed)}))
        for run, seed in zip(runs, seeds, strict=True)
    ]


def test_common_seeds_are_paired_and_the_unpaired_test_stands_beside() -> None:
    found = contrast(seeded(CANDIDATE, METRIC, m="cand"), seeded(BASELINE, METRIC, m="base"))
    paired, welch = stats.ttest_rel(CANDIDATE, BASELINE), stats.ttest_ind(CANDIDATE, BASELINE, equal_var=False)
    assert found.plan.design is Design.PAIRED
    assert "over the 5 seeds that both sides have" in found.plan.why
    assert found.test
    assert found.test.p == pytest.approx(paired.pvalue)
    assert found.unpaired
    assert found.unpaired.p == pytest.approx(welch.pvalue)
    assert found.delta
    assert found.delta.interval
    assert found.delta.interval.low == pytest.approx(paired.confidence_interval().low)
    assert found.mde_sd == pytest.approx(1.68, abs=0.01)


@pytest.mark.parametrize(
    ("seeds", "why"),
    [
        ([10, 11, 12, 13, 14], "the sides share no seed"),
        ([0, 1, 12, 13, 14], "only 2 seeds are common and pairing needs at least 3"),
        ([None] * 5, "the runs are independent and their spreads need not be equal"),
    ],
)
def test_without_enough_common_seeds_the_groups_are_independent(seeds: list[int | None], why: str) -> None:
    found = contrast(with_seeds(CANDIDATE, "cand", seeds), with_seeds(BASELINE, "base", [0, 1, 2, 3, 4]))
    assert found.plan.design is Design.INDEPENDENT
    assert why in found.plan.why
    assert found.test == found.unpaired


def test_three_common_seeds_of_many_do_not_throw_the_other_runs_away() -> None:
    candidate = with_seeds(CANDIDATE * 2, "cand", [0, 1, 2, *range(20, 27)])
    found = contrast(candidate, with_seeds(BASELINE * 2, "base", list(range(10))))
    assert found.plan.design is Design.INDEPENDENT
    assert "would leave out most of the runs" in found.plan.why


def test_pairs_without_noise_fall_back_to_all_runs_and_say_so() -> None:
    found = contrast(seeded([value + 0.05 for value in BASELINE], METRIC, m="cand"), seeded(BASELINE, METRIC, m="base"))
    assert found.plan.test == "Welch t"
    assert "every pair differs by exactly the same amount" in found.plan.why
    assert found.verdict is Verdict.BETTER


def folds(values: list[float], method: str, *, seed: int | None = None) -> list[MadeRun]:
    return [
        MadeRun(params={"m": method, "fold": str(fold)}, metrics={METRIC: value}, seed=seed)
        for fold, value in enumerate(values)
    ]


@pytest.mark.parametrize("seed", [None, 7])
def test_folds_are_one_group_and_get_the_corrected_test(seed: int | None) -> None:
    found = contrast(folds(CANDIDATE, "cand", seed=seed), folds(BASELINE, "base", seed=seed))
    assert found.plan.design is Design.FOLDS
    assert found.candidate.description.n == 5
    assert found.folds
    naive = stats.ttest_rel(CANDIDATE, BASELINE)
    assert found.folds.naive_p == pytest.approx(naive.pvalue)
    assert found.test
    assert found.test.statistic == pytest.approx(naive.statistic / (1 + 5 / 4) ** 0.5)


def test_runs_that_only_succeed_or_fail_are_compared_as_proportions() -> None:
    won, lost = [1.0] * 9 + [0.0], [1.0] * 2 + [0.0] * 8
    found = contrast(seeded(won, METRIC, m="cand"), seeded(lost, METRIC, m="base"))
    assert found.plan.design is Design.PROPORTIONS
    assert found.plan.test in found.plan.why or "Fisher" in found.plan.why
    assert found.test
    assert found.test.p == pytest.approx(stats.fisher_exact([[9, 1], [2, 8]]).pvalue)
    assert found.delta
    assert found.delta.interval
    assert -1 <= found.delta.interval.low < found.delta.value < found.delta.interval.high <= 1


def test_equivalent_is_said_only_within_a_margin_that_was_set() -> None:
    near = [value + offset for value, offset in zip(BASELINE, [1e-4, -2e-4, 1e-4, 0, -1e-4], strict=True)]
    runs = seeded(near, METRIC, m="cand"), seeded(BASELINE, METRIC, m="base")
    assert contrast(*runs).verdict is Verdict.NO_CLEAR_DIFFERENCE
    found = contrast(*runs, metrics={"by_name": {METRIC: {"margin": 0.005}}})
    assert found.verdict is Verdict.EQUIVALENT
    assert "are equivalent on test/accuracy within ±0.005" in found.reason
    assert contrast(*runs, metrics={"by_name": {METRIC: {"margin": 1e-5}}}).verdict is Verdict.NO_CLEAR_DIFFERENCE


def test_the_headline_and_every_contrast_carry_their_plan() -> None:
    frame = make_frame([*seeded(BASELINE, METRIC, m="base"), *seeded(CANDIDATE, METRIC, m="cand")])
    [experiment] = analyse((frame,), Settings(), snapshot=1).experiments
    assert all(one.plan.why.endswith(".") for comparison in experiment.comparisons for one in comparison.contrasts)


def test_the_interval_of_a_mean_is_cut_at_the_bounds_of_the_metric() -> None:
    near_one = [0.999, 0.99, 1.0, 0.97, 1.0]
    bounds = {"by_name": {METRIC: {"lower_bound": 0.0, "upper_bound": 1.0}}}
    frame = make_frame(seeded(near_one, METRIC, m="a"))
    found = {}
    for settings in ({}, {"metrics": bounds}):
        [experiment] = analyse((frame,), Settings.model_validate(settings), snapshot=1).experiments
        [sample] = experiment.samples[METRIC]
        assert sample.mean
        assert sample.mean.interval
        found[bool(settings)] = sample.mean.interval.high
    assert found[False] > 1
    assert found[True] == 1
