"""Several groups on one task: what does not depend on names, order, unit; and what other libraries compute."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from runreport.stats.groups import Contrast, Contrasts, Omnibus, pairwise_welch, welch_against, welch_anova
from runreport.stats.rank_groups import dunn, kruskal_wallis
from runreport.stats.ranks import midranks, tie_sum
from runreport.stats.simultaneous import dunnett, games_howell, tukey
from runreport.stats.studentized_range import dunnett_law, studentized_range_critical, studentized_range_sf
from runreport.stats.tests import welch_test
from runreport.stats.types import Refusal, TestResult

Groups = dict[str, list[float]]
SAMPLE = st.lists(st.integers(-64, 64).map(float), min_size=2, max_size=7).filter(lambda run: len(set(run)) > 1)
GROUPS = st.lists(SAMPLE, min_size=2, max_size=4).map(lambda runs: dict(zip("ABCD", runs, strict=False)))
LIBRARY = settings(max_examples=25, deadline=None)


def omnibus(answer: object) -> Omnibus:
    assert isinstance(answer, Omnibus)
    return answer


def contrasts(answer: object) -> tuple[Contrast, ...]:
    assert isinstance(answer, Contrasts)
    return answer.contrasts


@given(GROUPS, st.integers(-64, 64), st.sampled_from([0.5, 2.0, 1024.0]))
def test_the_unit_does_not_matter(groups: Groups, shift: int, scale: float) -> None:
    moved = {name: np.array(values) * scale + shift for name, values in groups.items()}
    for test in (welch_anova, kruskal_wallis):
        assert omnibus(test(moved)).p == pytest.approx(omnibus(test(groups)).p, rel=1e-8, abs=1e-300)
    for a, b in zip(contrasts(tukey(moved)), contrasts(tukey(groups)), strict=True):
        assert a.p_simultaneous == pytest.approx(b.p_simultaneous, rel=1e-6, abs=1e-12)
        assert a.interval is not None
        assert b.interval is not None
        assert a.interval.low == pytest.approx(b.interval.low * scale, rel=1e-6, abs=1e-6)


@given(GROUPS, st.randoms(use_true_random=False))
def test_the_order_of_runs_and_groups_does_not_matter(groups: Groups, random: object) -> None:
    names = list(groups)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = {name: groups[name][::-1] for name in names}
    for test in (welch_anova, kruskal_wallis):
        assert omnibus(test(shuffled)).statistic == pytest.approx(omnibus(test(groups)).statistic, rel=1e-8, abs=1e-9)
    for method in (pairwise_welch, dunn):
        found = {frozenset((one.a, one.b)): one for one in contrasts(method(shuffled))}
        for one in contrasts(method(groups)):
            assert found[frozenset((one.a, one.b))].p_holm == pytest.approx(one.p_holm, rel=1e-8)


@given(GROUPS)
def test_holm_and_bh_only_raise_p(groups: Groups) -> None:
    for one in contrasts(pairwise_welch(groups)) + contrasts(dunn(groups)):
        assert one.p is not None
        assert one.p_holm is not None
        assert one.p_bh is not None
        assert one.p <= one.p_bh + 1e-15
        assert one.p_bh <= one.p_holm + 1e-15


@given(SAMPLE, SAMPLE)
def test_two_groups_are_welchs_t_test(a: list[float], b: list[float]) -> None:
    groups = {"A": a, "B": b}
    test = welch_test(a, b)
    assert isinstance(test, TestResult)
    anova = omnibus(welch_anova(groups))
    assert anova.statistic == pytest.approx(test.statistic**2, rel=1e-9, abs=1e-12)
    assert anova.p == pytest.approx(test.p, rel=1e-7)
    assert [caution.code for caution in anova.cautions] == ["two-groups"]
    assert contrasts(games_howell(groups))[0].p_simultaneous == pytest.approx(test.p, rel=1e-5, abs=1e-9)
    assert contrasts(pairwise_welch(groups))[0].p_holm == test.p


@LIBRARY
@given(GROUPS)
def test_scipy_agrees(groups: Groups) -> None:
    samples = list(groups.values())
    kruskal = stats.kruskal(*samples)
    ours = omnibus(kruskal_wallis(groups))
    assert (ours.statistic, ours.p) == pytest.approx((kruskal.statistic, kruskal.pvalue), rel=1e-8, abs=1e-12)
    theirs = stats.tukey_hsd(*samples)
    interval = theirs.confidence_interval(0.9)
    for (i, j), one in zip(combinations(range(len(samples)), 2), contrasts(tukey(groups, level=0.9)), strict=True):
        assert one.p_simultaneous == pytest.approx(theirs.pvalue[i, j], rel=1e-6, abs=1e-10)
        assert one.interval is not None
        assert (one.interval.low, one.interval.high) == pytest.approx(
            (interval.low[i, j], interval.high[i, j]), rel=1e-5
        )


@pytest.mark.parametrize("sizes", [(4, 4, 4), (3, 9, 5, 6), (12, 2)])
def test_scipys_dunnett_agrees_within_its_noise(sizes: tuple[int, ...]) -> None:
    generator = np.random.default_rng(3)
    samples = [generator.normal(loc=0.5 * position, size=size) for position, size in enumerate(sizes)]
    groups = {f"m{position}": sample for position, sample in enumerate(samples)}
    theirs = stats.dunnett(*samples[1:], control=samples[0], rng=1)
    ours = contrasts(dunnett(groups, "m0"))
    assert [one.statistic for one in ours] == pytest.approx(theirs.statistic)
    assert [one.p_simultaneous for one in ours] == pytest.approx(theirs.pvalue, abs=2e-3)
    assert contrasts(dunnett(groups, "m0")) == ours


@pytest.mark.parametrize("df", [1.0, 2.5, 20.0, 300.0, float("inf")])
@pytest.mark.parametrize(("q", "k"), [(0.4, 2), (3.3, 3), (7.0, 12)])
def test_the_studentized_range_is_scipys(q: float, k: int, df: float) -> None:
    assert studentized_range_sf(q, k, df) == pytest.approx(
        float(stats.studentized_range.sf(q, k, df)), rel=1e-7, abs=1e-10
    )
    critical = studentized_range_critical(0.95, k, df)
    assert studentized_range_sf(critical, k, df) == pytest.approx(0.05, abs=1e-9)


def test_dunnett_of_one_group_is_students_t() -> None:
    law = dunnett_law([5], 7, 10)
    assert law.survival(2.0) == pytest.approx(2 * stats.t.sf(2.0, 10), rel=1e-8)
    assert law.critical(0.95) == pytest.approx(stats.t.ppf(0.975, 10), rel=1e-8)


@LIBRARY
@given(st.lists(SAMPLE.filter(lambda run: len(run) > 2), min_size=3, max_size=4))
def test_statsmodels_and_pingouin_agree(samples: list[list[float]]) -> None:
    oneway = pytest.importorskip("statsmodels.stats.oneway", reason="the oracle statsmodels is not installed")
    pingouin = pytest.importorskip("pingouin", reason="the oracle pingouin is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    groups = dict(zip("ABCD", samples, strict=False))
    theirs = oneway.anova_oneway(samples, use_var="unequal")
    ours = omnibus(welch_anova(groups))
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-8, abs=1e-12)
    assert ours.df_error == pytest.approx(theirs.df_denom)
    frame = pandas.DataFrame([(name, value) for name, run in groups.items() for value in run], columns=["g", "v"])
    howell = pingouin.pairwise_gameshowell(data=frame, dv="v", between="g")
    for (_, row), one in zip(howell.iterrows(), contrasts(games_howell(groups)), strict=True):
        assert (one.difference, one.standard_error, one.df) == pytest.approx((row["diff"], row["se"], row["df"]))
        assert one.p_simultaneous == pytest.approx(row["pval"], rel=1e-4, abs=1e-6)


@LIBRARY
@given(GROUPS)
def test_scikit_posthocs_agrees(groups: Groups) -> None:
    posthocs = pytest.importorskip("scikit_posthocs", reason="the oracle scikit-posthocs is not installed")
    assume(len(groups) > 2)
    theirs = posthocs.posthoc_dunn(list(groups.values()), p_adjust="holm").to_numpy()
    for (i, j), one in zip(combinations(range(len(groups)), 2), contrasts(dunn(groups)), strict=True):
        assert one.p_holm == pytest.approx(theirs[i, j], rel=1e-8, abs=1e-12)


def test_a_group_of_one_run_is_named_and_does_not_count() -> None:
    groups = {"A": [1.0, 2.0, 3.0], "B": [2.0, 3.0, 5.0], "C": [4.0], "D": [float("nan"), 1.0, float("inf")]}
    pair = {name: groups[name] for name in "AB"}
    whole, alone = pairwise_welch(groups), pairwise_welch(pair)
    assert isinstance(whole, Contrasts)
    assert isinstance(alone, Contrasts)
    assert whole.untested == ("C", "D")
    assert whole.family == 1
    assert whole.contrasts[0] == alone.contrasts[0]
    assert [one.p_holm is None for one in whole.contrasts] == [False, True, True, True, True, True]
    assert [caution.code for caution in whole.cautions] == ["failed-runs"]
    assert whole.cautions[0].words == "2 of 3 runs of D have no finite value and have been left out."
    assert omnibus(welch_anova(groups)).untested == ("C", "D")


def test_what_cannot_be_compared_is_refused() -> None:
    lone = {"A": [1.0, 2.0], "B": [1.0]}
    for method in (welch_anova, pairwise_welch, games_howell, tukey, kruskal_wallis, dunn):
        answer = method(lone)  # type: ignore[operator]
        assert isinstance(answer, Refusal)
        assert answer.code == "too-few-groups"
    flat = {"A": [1.0, 1.0], "B": [1.0, 1.0]}
    codes = [method(flat) for method in (welch_anova, tukey, kruskal_wallis)]
    assert [one.code for one in codes if isinstance(one, Refusal)] == ["zero-variance", "zero-variance", "identical"]
    against = welch_against(lone, "B")
    assert isinstance(against, Refusal)
    assert against.code == "baseline-untested"
    with pytest.raises(ValueError, match="no group 'Z' among A, B"):
        welch_against(lone, "Z")


def test_a_pair_without_noise_has_no_p_and_does_not_count() -> None:
    found = pairwise_welch({"A": [1.0, 1.0], "B": [2.0, 2.0], "C": [1.0, 3.0]})
    assert isinstance(found, Contrasts)
    assert found.family == 2
    assert found.contrasts[0].p is None
    assert found.contrasts[0].difference == -1


def test_the_family_error_is_kept_on_noise() -> None:
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        groups = {name: generator.normal(size=5) for name in "ABC"}
        hits += min(one.p_holm or 1 for one in contrasts(pairwise_welch(groups))) < 0.05
    assert hits / 300 < 0.08


@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20))
def test_midranks_are_scipys(values: list[float]) -> None:
    assert midranks(np.array(values)) == pytest.approx(stats.rankdata(values))
    sizes = [values.count(value) for value in set(values)]
    assert tie_sum(np.array(values)) == sum(size**3 - size for size in sizes)
