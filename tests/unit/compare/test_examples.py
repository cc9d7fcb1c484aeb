"""Runs compared example by example: who is the reference, what is refused, and that groups do not know of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from made_experiments import MadeRun, make_frame, seeded

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.compare.examples import MOST_COMPARED, NOT_THE_MEAN
from runreport.config.options import Settings
from runreport.frames.values import ExperimentFrame, RunExamples
from runreport.model.entities import Dataset
from runreport.names import RunStatus, Verdict
from runreport.stats.examples import TWO_CHECKPOINTS
from runreport.stats.plan import Design

METRIC = "sums/acc"
WEAK = [1.0] * 40 + [0.0] * 60
STRONG = [1.0] * 70 + [0.0] * 30
SEED_NOISE = (
    "With one run per setting nobody can say how much of that is seed noise; 3 or more seeds per setting could tell."
)


def evaluated(*scores: Sequence[float], metric: str = METRIC, **facts: object) -> list[MadeRun]:
    """Return one run per list of scores, which are the metric's value by their mean."""
    return [
        MadeRun(params={"model": f"m{at}"}, metrics={metric: float(np.mean(one))}, name=f"run{at}", facts=facts)
        for at, one in enumerate(scores)
    ]


def with_scores(
    runs: Sequence[MadeRun], scores: Sequence[Sequence[float]], metric: str = METRIC, first: Sequence[int] = ()
) -> ExperimentFrame:
    """Return an experiment in which run i has these scores on examples that are counted from ``first[i]``, or from 0."""
    starts = [*first, *[0] * len(scores)]
    known = tuple(
        RunExamples(row=row, examples=np.arange(len(one)) + starts[row], scores=np.array(one, dtype=float))
        for row, one in enumerate(scores)
    )
    return replace(make_frame(runs), examples={metric: known})


def analysed(frame: ExperimentFrame, **settings: object) -> ExperimentAnalysis:
    return analyse((frame,), Settings.model_validate(settings), snapshot=1).experiments[0]


def test_two_single_runs_are_compared_on_their_examples() -> None:
    found = analysed(with_scores(evaluated(WEAK, STRONG), [WEAK, STRONG]))
    (family,) = found.examples
    (contrast,) = family.contrasts
    assert (family.reference_name, contrast.name, family.left_out) == ("model=m0", "model=m1", 0)
    assert contrast.plan.design is Design.EXAMPLES
    assert contrast.answer.n == 100
    assert contrast.answer.difference
    assert contrast.answer.difference.value == pytest.approx(0.3)
    assert contrast.answer.counts
    assert (contrast.answer.counts.only_a_right, contrast.answer.counts.only_b_right) == (30, 0)
    assert contrast.verdict is Verdict.BETTER
    assert contrast.cautions == (TWO_CHECKPOINTS.words,)
    assert "Over the same 100 examples model=m1 is better than model=m0 on sums/acc: +0.300 (95 % " in contrast.reason


def test_the_headline_of_single_runs_tells_it_and_keeps_the_warning() -> None:
    headline = analysed(with_scores(evaluated(WEAK, STRONG), [WEAK, STRONG])).headline
    assert SEED_NOISE in headline
    assert "model=m1 is better than model=m0 on sums/acc" in headline
    assert headline.endswith("This is about these two checkpoints, not the two methods.")


def test_the_headline_sums_up_several_runs() -> None:
    same = [*WEAK[:-1], 1.0]
    scores = [WEAK, STRONG, same]
    headline = analysed(with_scores(evaluated(*scores), scores)).headline
    assert (
        "2 runs were compared with model=m0 on sums/acc: 1 is better (model=m1) and 1 is not clearly diff" in headline
    )
    assert headline.endswith("This is about these checkpoints, not the methods.")


def test_few_examples_that_differ_are_told_by_their_counts() -> None:
    few = [WEAK, [*WEAK[:-4], *[1.0] * 4]]
    (family,) = analysed(with_scores(evaluated(*few), few)).examples
    assert family.contrasts[0].verdict is Verdict.NO_CLEAR_DIFFERENCE
    assert "(only the one right on 4, only the other on 0), p = 0.12 (McNemar exact)" in family.contrasts[0].reason


def test_examples_are_never_replicates_of_a_seed() -> None:
    runs = evaluated(WEAK, STRONG)
    plain, known = analysed(make_frame(runs)), analysed(with_scores(runs, [WEAK, STRONG]))
    assert plain.examples == ()
    assert plain.headline.endswith(SEED_NOISE)
    for name in ("groups", "samples", "baseline", "comparisons", "sweep", "cautions", "counts"):
        assert getattr(plain, name) == getattr(known, name)


def test_where_groups_are_compared_the_headline_is_theirs() -> None:
    runs = [*seeded([0.4, 0.41, 0.42], METRIC, m="a"), *seeded([0.7, 0.71, 0.72], METRIC, m="b")]
    found = analysed(with_scores(runs, [WEAK] * 3 + [STRONG] * 3))
    assert found.headline == analysed(make_frame(runs)).headline
    (family,) = found.examples
    assert len(family.contrasts) == 5
    baseline = next(group for group in found.groups if group.group_id in found.baseline.group_ids)
    assert family.reference_id == baseline.run_ids[0]


def test_the_reference_is_the_first_run_of_the_baseline_that_has_examples() -> None:
    frame = with_scores(evaluated(WEAK, STRONG, WEAK), [WEAK, STRONG, WEAK])
    (family,) = analysed(frame, comparisons={"baseline": "model=m1"}).examples
    assert family.reference_id == "r1"
    assert [contrast.run_id for contrast in family.contrasts] == ["r0", "r2"]
    without = replace(frame, examples={METRIC: (frame.examples[METRIC][0], frame.examples[METRIC][2])})
    (family,) = analysed(without, comparisons={"baseline": "model=m1"}).examples
    assert family.reference_id == "r0"


def test_runs_that_are_not_comparable_take_no_part() -> None:
    runs = evaluated(WEAK, STRONG, WEAK)
    runs[0] = replace(runs[0], status=RunStatus.FAILED)
    (family,) = analysed(with_scores(runs, [WEAK, STRONG, WEAK])).examples
    assert (family.reference_id, [one.run_id for one in family.contrasts]) == ("r1", ["r2"])
    alone = [replace(run, status=RunStatus.FAILED) for run in runs[:1]] + runs[1:2]
    assert analysed(with_scores(alone, [WEAK, STRONG])).examples == ()


def test_p_is_adjusted_over_the_runs_that_could_be_tested() -> None:
    scores = [WEAK, [*WEAK[:-6], *[1.0] * 6], STRONG, STRONG]
    (family,) = analysed(with_scores(evaluated(*scores), scores, first=[0, 0, 0, 1000])).examples
    first, second, other = family.contrasts
    assert first.answer.test
    assert first.answer.test.p == pytest.approx(2 / 2**6)
    assert first.p_adjusted == pytest.approx(2 / 2**6)
    assert second.answer.test
    assert second.p_adjusted == pytest.approx(2 * second.answer.test.p)
    assert {first.family_size, second.family_size} == {2}
    assert (other.p_adjusted, other.verdict) == (None, Verdict.CANNOT_TELL)


def test_other_examples_are_refused_with_words() -> None:
    found = analysed(with_scores(evaluated(WEAK, STRONG), [WEAK, STRONG], first=[0, 50]))
    (contrast,) = found.examples[0].contrasts
    assert contrast.answer.refusal
    assert contrast.answer.refusal.code == "examples-differ"
    assert contrast.reason.startswith(
        "model=m1 and model=m0 were not scored on the same examples (50 only in model=m1,"
    )
    assert found.headline.endswith(SEED_NOISE)


def test_examples_of_another_data_set_or_version_are_refused() -> None:
    for other in ("source", "version"):
        runs = [
            replace(
                run,
                params={**run.params, "version.sums": "1.0" if other == "source" else f"{at}.0"},
                facts={"datasets": (Dataset(run_id=run.name, dataset="sums", role="test", source=f"hub/{at}"),)}
                if other == "source"
                else {},
            )
            for at, run in enumerate(evaluated(WEAK, STRONG))
        ]
        (contrast,) = analysed(with_scores(runs, [WEAK, STRONG])).examples[0].contrasts
        assert contrast.answer.refusal
        assert contrast.answer.refusal.code == "other-data"


def test_other_prompts_are_a_caution() -> None:
    runs = [
        replace(run, facts={"datasets": (Dataset(run_id=run.name, dataset="sums", role="test", digest=f"d{at}"),)})
        for at, run in enumerate(evaluated(WEAK, STRONG))
    ]
    (contrast,) = analysed(with_scores(runs, [WEAK, STRONG])).examples[0].contrasts
    assert contrast.verdict is Verdict.BETTER
    assert "its documents or its prompts (shots, chat template) were not the same" in contrast.cautions[-1]


def test_scores_whose_mean_is_not_the_metric_have_no_better_side() -> None:
    runs = [replace(run, metrics={"t/perplexity": 9.0 - at}) for at, run in enumerate(evaluated(WEAK, STRONG))]
    likelihoods = [[-4.0 - at % 7 for at in range(100)], [-3.0 - at % 5 for at in range(100)]]
    (family,) = analysed(with_scores(runs, likelihoods, metric="t/perplexity")).examples
    (contrast,) = family.contrasts
    assert contrast.verdict is Verdict.HIGHER
    assert contrast.plan.test == "sign flips"
    assert contrast.answer.counts is None
    assert NOT_THE_MEAN in contrast.cautions


def test_random_sign_flips_give_the_same_p_each_time() -> None:
    scores = [[float(at % 7) for at in range(100)], [float(at % 7) + 0.3 * (at % 3 - 0.9) for at in range(100)]]
    frame = with_scores(evaluated(*scores), scores)
    (one,), (other,) = analysed(frame).examples, analysed(frame).examples
    assert one.contrasts[0].p_adjusted == other.contrasts[0].p_adjusted


def test_beyond_the_limit_runs_are_counted() -> None:
    scores = [WEAK] * (MOST_COMPARED + 4)
    (family,) = analysed(with_scores(evaluated(*scores), scores)).examples
    assert (len(family.contrasts), family.left_out) == (MOST_COMPARED, 3)


def test_a_score_that_is_not_finite_is_no_pair() -> None:
    broken = [*STRONG[:-1], float("nan")]
    (contrast,) = analysed(with_scores(evaluated(WEAK, STRONG), [WEAK, broken])).examples[0].contrasts
    assert contrast.answer.refusal
    assert contrast.answer.refusal.code == "examples-differ"


def test_the_primary_metric_comes_first() -> None:
    runs = [
        replace(run, metrics={"a/acc": run.metrics[METRIC], METRIC: run.metrics[METRIC]})
        for run in evaluated(WEAK, STRONG)
    ]
    frame = with_scores(runs, [WEAK, STRONG])
    both = replace(frame, examples={"a/acc": frame.examples[METRIC], METRIC: frame.examples[METRIC]})
    found = analysed(both, metrics={"primary": METRIC})
    assert [family.metric.metric for family in found.examples] == [METRIC, "a/acc"]
    assert "on sums/acc" in found.headline
