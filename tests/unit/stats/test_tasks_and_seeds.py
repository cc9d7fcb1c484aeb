"""Methods over tasks and seeds: aggregates, their bootstrap, improvement, ranks, normalisation."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from runreport.stats.aggregate import (
    Aggregates,
    aggregate,
    aggregate_difference,
    bootstrap_aggregates,
    performance_profile,
    resampled_aggregates,
)
from runreport.stats.arrays import Floats
from runreport.stats.improvement import improvements, probability_of_improvement
from runreport.stats.normalise import normalise_by_range, normalise_by_reference
from runreport.stats.rank_agreement import RankAgreement, rank_agreement
from runreport.stats.rank_distribution import RankDistribution, aggregate_ranks, rank_distribution
from runreport.stats.ranks import midranks
from runreport.stats.stratified import AGGREGATES, pool
from runreport.stats.task_scores import AS_LOGGED, TaskScores, ragged_task_scores, task_scores
from runreport.stats.types import Refusal

VALUES = st.integers(-32, 32).map(lambda value: value / 8)
MATRIX = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=VALUES)
RAGGED = st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=6)
SOME = settings(max_examples=10, deadline=None)


def comparable(values: object) -> TaskScores:
    return task_scores(values, scale=AS_LOGGED)  # type: ignore[arg-type]


def of(answer: object) -> dict[str, float]:
    assert isinstance(answer, Aggregates)
    return {name: getattr(answer, name).value for name in AGGREGATES}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(MATRIX)
def test_aggregates_are_their_formulas(matrix: Floats) -> None:
    found = of(aggregate(comparable(matrix), gamma=1.5))
    assert found == pytest.approx(
        {
            "mean": matrix.mean(),
            "median": np.median(matrix.mean(axis=0)),
            "iqm": stats.trim_mean(matrix, 0.25, axis=None),
            "optimality_gap": 1.5 - np.minimum(matrix, 1.5).mean(),
        },
        abs=1e-12,
    )


@given(MATRIX)
def test_ragged_scores_of_equal_length_are_the_rectangular_ones(matrix: Floats) -> None:
    source = pool(comparable(matrix), gamma=1.0)
    runs = rng().integers(0, matrix.shape[0], size=(7, *matrix.T.shape))
    drawn = source.ranks.take(runs + (np.arange(matrix.shape[1]) * matrix.shape[0])[None, :, None])
    weighted = source._weighted(drawn, source.sizes[None, :])
    plain = source.aggregates(runs)
    of_whole_runs = AGGREGATES.index("iqm")
    if matrix.size % 4:  # a quarter of the weight is then no whole number of runs
        weighted[of_whole_runs] = plain[of_whole_runs]
    assert weighted == pytest.approx(plain, abs=1e-12)


@given(RAGGED, st.integers(2, 3))
def test_every_task_weighs_the_same_however_many_runs_it_has(tasks: list[list[float]], times: int) -> None:
    longer = [tasks[0] * times, *tasks[1:], tasks[0] * 7]  # never of equal length
    plain = of(aggregate(ragged_task_scores([*tasks, tasks[0] * 7], scale=AS_LOGGED)))
    assert of(aggregate(ragged_task_scores(longer, scale=AS_LOGGED))) == pytest.approx(plain, abs=1e-12)


@given(RAGGED, st.randoms(use_true_random=False))
def test_the_order_of_runs_and_tasks_does_not_matter(tasks: list[list[float]], random: object) -> None:
    plain = of(aggregate(ragged_task_scores(tasks, scale=AS_LOGGED)))
    mixed = [task[::-1] for task in tasks]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert of(aggregate(ragged_task_scores(mixed, scale=AS_LOGGED))) == pytest.approx(plain, abs=1e-12)


@given(MATRIX, st.integers(-4, 4), st.sampled_from([0.5, 2.0]))
def test_aggregates_move_with_the_scale(matrix: Floats, shift: int, scale: float) -> None:
    plain = of(aggregate(comparable(matrix), gamma=1.0))
    moved = of(aggregate(comparable(matrix * scale + shift), gamma=1.0 * scale + shift))
    for name in ("mean", "median", "iqm"):
        assert moved[name] == pytest.approx(plain[name] * scale + shift, abs=1e-12)
    assert moved["optimality_gap"] == pytest.approx(plain["optimality_gap"] * scale, abs=1e-12)


@pytest.mark.parametrize("task_bootstrap", [False, True])
def test_ragged_bootstrap_has_the_law_of_the_rectangular_one(task_bootstrap: bool) -> None:
    matrix = rng(1).normal(size=(5, 8))
    # a task of another length that always has the same value makes it ragged, and changes nothing else
    tasks = [*matrix.T, np.zeros(9)]
    rectangular = [*matrix.T, np.zeros(5)]
    ragged, same = (
        bootstrap_aggregates(
            ragged_task_scores(one, scale=AS_LOGGED), rng=rng(3), resamples=20_000, task_bootstrap=task_bootstrap
        )
        for one in (tasks, rectangular)
    )
    for name in ("mean", "median", "optimality_gap"):
        one, other = getattr(ragged, name).interval, getattr(same, name).interval
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.03 * (other.high - other.low) + 0.01)


def test_the_bootstrap_follows_its_seed_and_widens_with_the_tasks() -> None:
    scores = comparable(rng(1).normal(size=(6, 10)))
    first, again, other = (bootstrap_aggregates(scores, rng=rng(seed), resamples=2000) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    wide = bootstrap_aggregates(scores, rng=rng(5), resamples=2000, task_bootstrap=True)
    assert isinstance(first, Aggregates)
    assert isinstance(wide, Aggregates)
    assert wide.mean.interval is not None
    assert first.mean.interval is not None
    assert wide.mean.interval.low < first.mean.interval.low
    assert [caution.code for caution in first.cautions] == ["these-tasks-only"]
    assert wide.cautions == ()


def test_the_interval_of_the_mean_is_that_of_normal_theory() -> None:
    matrix = rng(1).normal(size=(30, 12))
    answer = bootstrap_aggregates(comparable(matrix), rng=rng(), resamples=20_000)
    assert isinstance(answer, Aggregates)
    error = np.sqrt((matrix.var(axis=0) / 30).sum()) / 12
    interval = answer.mean.interval
    assert interval is not None
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * error, rel=0.03)


def test_a_difference_is_resampled_together() -> None:
    a, b = comparable(rng(1).normal(size=(5, 9))), comparable(rng(2).normal(size=(4, 9)) - 0.3)
    difference = aggregate_difference(a, b, rng=rng(), resamples=4000)
    points = [of(aggregate(one)) for one in (a, b)]
    assert of(difference) == pytest.approx({name: points[0][name] - points[1][name] for name in AGGREGATES})
    same = aggregate_difference(a, a, rng=rng(), resamples=4000, task_bootstrap=True)
    assert isinstance(same, Aggregates)
    assert same.mean.value == 0
    assert same.mean.interval is not None
    assert same.mean.interval.low < 0 < same.mean.interval.high
    tasks = bootstrap_aggregates(a, rng=rng(), resamples=4000, task_bootstrap=True)
    assert isinstance(tasks, Aggregates)
    assert tasks.mean.interval is not None  # the tasks are the same on both sides, so their spread cancels
    width = tasks.mean.interval.high - tasks.mean.interval.low
    assert same.mean.interval.high - same.mean.interval.low < 1.5 * width


@pytest.mark.parametrize(
    ("runs", "codes", "has_interval"),
    [(1, ["too-few-seeds"], False), (2, ["too-few-seeds"], False), (4, ["few-seeds"], True), (5, [], True)],
)
def test_few_seeds(runs: int, codes: list[str], has_interval: bool) -> None:
    answer = bootstrap_aggregates(comparable(rng().random((runs, 3))), rng=rng(), resamples=50)
    assert isinstance(answer, Aggregates)
    assert [caution.code for caution in answer.cautions if caution.code != "these-tasks-only"] == codes
    assert (answer.iqm.interval is not None) is has_interval


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ([(0, 1)], "1 run is missing for task 1: the aggregate"),
        ([(0, 1), (1, 1)], "2 runs are missing for task 1: the aggregate"),
        ([(0, 0), (1, 1), (1, 2)], "3 runs are missing for tasks 0, 1 and 2: the aggregate"),
    ],
)
def test_missing_runs_are_refused_in_words(missing: list[tuple[int, int]], words: str) -> None:
    matrix = rng().random((4, 3))
    for run, task in missing:
        matrix[run, task] = np.nan
    for answer in (aggregate(comparable(matrix)), probability_of_improvement(comparable(matrix), comparable(matrix))):
        assert isinstance(answer, Refusal)
        assert answer.code == "missing-cell"
        assert answer.words.startswith(words)


def test_a_task_without_runs_and_no_task_at_all_are_refused() -> None:
    for tasks, code in (([[1.0], []], "missing-cell"), ([], "empty")):
        answer = aggregate(ragged_task_scores(tasks, scale=AS_LOGGED))
        assert isinstance(answer, Refusal)
        assert answer.code == code


def test_tasks_on_different_scales_are_not_averaged() -> None:
    raw = task_scores(rng().random((5, 3)))
    for answer in (
        aggregate(raw),
        bootstrap_aggregates(raw, rng=rng()),
        performance_profile(raw, [0.5]),
        aggregate_ranks([raw, raw], rng=rng()),
        aggregate_difference(raw, raw, rng=rng()),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code == "not-normalised"
    assert probability_of_improvement(raw, raw) == 0.5
    scaled = normalise_by_range([raw])
    assert not isinstance(scaled, Refusal)
    mixed = aggregate_difference(scaled[0], comparable(rng().random((5, 3))), rng=rng())
    assert isinstance(mixed, Refusal)
    assert mixed.code == "different-scales"


@given(MATRIX, MATRIX)
def test_normalising_keeps_where_it_came_from(first: Floats, second: Floats) -> None:
    tasks = min(first.shape[1], second.shape[1])
    methods = [task_scores(matrix[:, :tasks]) for matrix in (first, second)]
    answer = normalise_by_range(methods)
    both = np.concatenate([first[:, :tasks], second[:, :tasks]])
    if isinstance(answer, Refusal):
        assert answer.code == "zero-range"
        assert (both.min(axis=0) == both.max(axis=0)).any()
        return
    pooled = np.concatenate([np.stack(method.runs, axis=1) for method in answer])
    assert pooled.min(axis=0) == pytest.approx(0)
    assert pooled.max(axis=0) == pytest.approx(1)
    scale = answer[0].scale
    assert scale is not None
    assert scale.kind == "range"
    assert scale.zero == tuple(both.min(axis=0))
    back = np.stack(answer[0].runs, axis=1) * (np.array(scale.one) - scale.zero) + scale.zero
    assert back == pytest.approx(first[:, :tasks], abs=1e-12)


def test_reference_scores_are_kept_and_checked() -> None:
    scores = task_scores([[1.0, 20.0]])
    scaled = normalise_by_reference(scores, [0.0, 40.0], [2.0, 20.0], source="random and human play")
    assert [task.tolist() for task in scaled.runs] == [[0.5], [1.0]]
    assert scaled.scale is not None
    assert (scaled.scale.kind, scaled.scale.source) == ("reference", "random and human play")
    with pytest.raises(ValueError, match="task 1 are 3"):
        normalise_by_reference(scores, [0.0, 3.0], [1.0, 3.0], source="")
    with pytest.raises(ValueError, match="1 and 2 reference scores for 2 tasks"):
        normalise_by_reference(scores, [0.0], [1.0, 3.0], source="")
    with pytest.raises(ValueError, match="no method"):
        normalise_by_range([])


@given(MATRIX)
def test_profiles_fall_and_count_what_is_above(matrix: Floats) -> None:
    taus = np.linspace(-5, 5, 21)
    profile = performance_profile(comparable(matrix), taus)
    assert not isinstance(profile, Refusal)
    assert (np.diff(profile.runs) <= 1e-12).all()
    assert profile.runs == pytest.approx([(matrix > tau).mean() for tau in taus])
    assert profile.task_means == pytest.approx([(matrix.mean(axis=0) > tau).mean() for tau in taus])


@given(RAGGED, RAGGED)
def test_improvement_of_one_over_the_other_and_back_sum_to_one(x: list[list[float]], y: list[list[float]]) -> None:
    tasks = min(len(x), len(y))
    one, other = (ragged_task_scores(side[:tasks]) for side in (x, y))
    there, back = probability_of_improvement(one, other), probability_of_improvement(other, one)
    turned = probability_of_improvement(one, other, higher_is_better=False)
    assert isinstance(there, float)
    assert isinstance(back, float)
    assert there + back == pytest.approx(1)
    assert turned == pytest.approx(back)
    counted = [np.mean([(a > b) + 0.5 * (a == b) for a, b in product(*pair)]) for pair in zip(x, y, strict=False)]
    assert there == pytest.approx(np.mean(counted))


def test_improvement_intervals_are_those_of_a_plain_bootstrap() -> None:
    methods = [task_scores(rng(seed).normal(size=(runs, 6)) + seed / 3) for seed, runs in ((0, 5), (1, 4), (2, 6))]
    found = improvements(methods, rng=rng(9), resamples=20_000)
    assert not isinstance(found, Refusal)
    assert [(one.a, one.b) for one in found] == [(0, 1), (0, 2), (1, 2)]
    generator = rng(4)
    for one in found:
        values = []
        for _ in range(1000):
            x, y = ([generator.choice(task, task.size) for task in methods[method].runs] for method in (one.a, one.b))
            values.append(np.mean([(a[:, None] > b[None, :]).mean() for a, b in zip(x, y, strict=True)]))
        low, high = np.quantile(values, [0.025, 0.975])
        assert one.probability.interval is not None
        interval = one.probability.interval
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.15 * (high - low))
        assert one.probability.value == probability_of_improvement(methods[one.a], methods[one.b])
    assert found == improvements(methods, rng=rng(9), resamples=20_000)
    assert [one.is_meaningful for one in found] == [False, False, False]
    far = [task_scores(rng(1).normal(size=(5, 6)) + shift) for shift in (3, 0)]
    sure = improvements(far, rng=rng(), resamples=200)
    assert not isinstance(sure, Refusal)
    assert sure[0].is_meaningful


def test_pairs_in_blocks_are_resampled_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = [task_scores(rng(seed).normal(size=(4, 5))) for seed in range(4)]
    whole = improvements(methods, rng=rng(3), resamples=500)
    monkeypatch.setattr("runreport.stats.improvement._KEPT_VALUES", 1000)
    assert improvements(methods, rng=rng(3), resamples=500) == whole


def test_a_pair_of_few_runs_has_no_interval() -> None:
    methods = [task_scores(rng().normal(size=(runs, 5))) for runs in (4, 2)]
    found = improvements(methods, rng=rng(), resamples=100)
    assert not isinstance(found, Refusal)
    assert found[0].probability.interval is None


def test_resampling_has_bounds() -> None:
    scores = comparable(rng().random((3, 2)))
    for resamples in (0, 1_000_001):
        with pytest.raises(ValueError, match="resamples must be between 1 and 1000000"):
            bootstrap_aggregates(scores, rng=rng(), resamples=resamples)
    with pytest.raises(ValueError, match="do not fit 2 tasks"):
        resampled_aggregates(scores, np.zeros((4, 3, 5), dtype=int))
    with pytest.raises(ValueError, match="not between 0 and 2"):
        resampled_aggregates(scores, np.full((4, 3, 2), 3))
    with pytest.raises(ValueError, match="different numbers of tasks: 2, 3"):
        probability_of_improvement(scores, comparable(rng().random((3, 3))))


@SOME
@given(st.lists(st.lists(st.integers(0, 3).map(float), min_size=3, max_size=3), min_size=2, max_size=3))
def test_exact_ranks_are_those_of_all_resamples(samples: list[list[float]]) -> None:
    found = rank_distribution(samples, higher_is_better=True)
    assert isinstance(found, RankDistribution)
    means = [np.array([np.mean(one) for one in product(sample, repeat=3)]) for sample in samples]
    every = -np.round(np.stack([grid.ravel() for grid in np.meshgrid(*means)], axis=1), 9)
    ranks = midranks(every)
    firsts = every == every.min(axis=1, keepdims=True)
    assert found.exact
    assert found.expected_ranks == pytest.approx(ranks.mean(axis=0))
    assert found.best == pytest.approx((firsts / firsts.sum(axis=1, keepdims=True)).mean(axis=0))
    assert found.best.sum() == pytest.approx(1)
    assert found.places.sum(axis=1) == pytest.approx(1)
    lowest = (every[:, None, :] < every[:, :, None]).sum(axis=-1) + 1
    for method, interval in enumerate(found.intervals):
        ends = np.percentile(lowest[:, method], [2.5, 97.5], method="inverted_cdf")
        assert (interval.low, interval.high) == tuple(ends)


def test_drawn_ranks_come_near_the_exact_ones() -> None:
    samples = [rng(seed).normal(size=5) for seed in range(4)]
    exact = rank_distribution(samples, higher_is_better=False)
    drawn = rank_distribution([*samples[:3], np.repeat(samples[3], 2)], higher_is_better=False, rng=rng())
    assert isinstance(exact, RankDistribution)
    assert isinstance(drawn, RankDistribution)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.point_ranks == pytest.approx(exact.point_ranks)
    assert drawn.expected_ranks == pytest.approx(exact.expected_ranks, abs=0.3)
    assert drawn.best.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="need an rng"):
        rank_distribution([np.arange(8.0)] * 2, higher_is_better=True)
    many = [rng(seed).normal(size=7) for seed in range(14)]
    crowd = rank_distribution(many, higher_is_better=True, rng=rng())
    assert isinstance(crowd, RankDistribution)
    assert not crowd.exact
    assert isinstance(rank_distribution([[1.0, 2.0]], higher_is_better=True), Refusal)


@pytest.mark.parametrize("statistic", AGGREGATES)
def test_ranks_of_aggregates(statistic: str) -> None:
    methods = [comparable(rng(seed).normal(size=(5, 7)) + seed) for seed in range(3)]
    found = aggregate_ranks(methods, rng=rng(), statistic=statistic, resamples=500, gamma=9.0)
    assert isinstance(found, RankDistribution)
    assert found.point_ranks.tolist() == [3, 2, 1]
    assert found.best[2] > 0.9
    assert found.best.sum() == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_rank_agreement_is_scipys(pairs: list[tuple[int, int]]) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    answer = rank_agreement(a, b)
    if isinstance(answer, Refusal):
        assert min(len(set(a)), len(set(b))) == 1
        return
    assert isinstance(answer, RankAgreement)
    assert answer.spearman == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    assert answer.kendall_tau == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)
    assert answer.exact is (len(set(a)) == len(set(b)) == len(a))


def rliable() -> Any:  # noqa: ANN401 - a module
    pytest.importorskip("rliable", reason="the oracle rliable is not installed")
    return pytest.importorskip("rliable.metrics", reason="the oracle rliable does not import here")


@given(MATRIX)
def test_rliable_agrees(matrix: Floats) -> None:
    metrics = rliable()
    theirs = {name: getattr(metrics, f"aggregate_{name}")(matrix) for name in AGGREGATES}
    assert of(aggregate(comparable(matrix))) == pytest.approx(theirs, abs=1e-12)


@SOME
@given(MATRIX, MATRIX)
def test_rliables_improvement_agrees(x: Floats, y: Floats) -> None:
    metrics = rliable()
    tasks = min(x.shape[1], y.shape[1])
    ours = probability_of_improvement(task_scores(x[:, :tasks]), task_scores(y[:, :tasks]))
    assert ours == pytest.approx(metrics.probability_of_improvement(x[:, :tasks], y[:, :tasks]))
