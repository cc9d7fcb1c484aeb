"""The analysis of whole experiments: baseline, candidates, sweep, headline, confounds, cautions."""

import math
from dataclasses import replace

import pytest
from made_experiments import MadeRun, make_frame, seeded

from runreport.compare.analysis import analyse, compare_groups
from runreport.compare.comparison import ExperimentAnalysis
from runreport.compare.headline import _of_best
from runreport.config.options import Settings
from runreport.errors import UnknownNameError
from runreport.model.entities import CodeVersion, Dataset, EnvironmentItem
from runreport.names import RunStatus, Severity, Verdict
from runreport.notices import Notice

HIGH = [0.95, 0.96, 0.955, 0.958, 0.952]
MIDDLE = [0.93, 0.94, 0.935, 0.938, 0.932]
LOW = [0.90, 0.91, 0.905, 0.908, 0.902]


def analysed(runs: list[MadeRun], **settings: object) -> ExperimentAnalysis:
    return analyse((make_frame(runs),), Settings.model_validate(settings), snapshot=1).experiments[0]


def three(**tags: str) -> list[MadeRun]:
    runs = [run for name, values in (("a", LOW), ("b", HIGH), ("c", MIDDLE)) for run in seeded(values, m=name)]
    return [MadeRun(params=run.params, metrics=run.metrics, seed=run.seed, tags=tags) for run in runs]


def baseline(one: ExperimentAnalysis) -> str:
    return next(group.name for group in one.groups if group.group_id in one.baseline.group_ids)


def test_the_first_group_is_the_baseline_and_the_rule_is_told() -> None:
    found = analysed(three())
    assert baseline(found) == "m=a"
    assert "because it started first" in found.baseline.rule
    assert [one.candidate.name for one in found.comparisons] == ["m=b", "m=c"]


def test_without_start_times_the_baseline_is_the_first_by_name() -> None:
    frame = make_frame([*seeded(HIGH, m="10"), *seeded(LOW, m="9")])
    runs = tuple(replace(facts, run=replace(facts.run, started=None)) for facts in frame.runs)
    found = analyse((replace(frame, runs=runs),), Settings(), snapshot=1).experiments[0]
    assert baseline(found) == "m=9"
    assert "first by name, an arbitrary choice, as the log has no start times" in found.baseline.rule
    timed = (runs[0], *frame.runs[1:])
    some = analyse((replace(frame, runs=timed),), Settings(), snapshot=1).experiments[0]
    assert "m=10 is the baseline because it started first" in some.baseline.rule


@pytest.mark.parametrize("value", ["baseline", "Control-2", "reference model", "default"])
def test_a_group_named_baseline_is_it(value: str) -> None:
    found = analysed([*seeded(LOW, m="a"), *seeded(HIGH, m=value)])
    assert baseline(found) == f"m={value}"
    assert f"its param m is {value!r}" in found.baseline.rule


def test_a_tag_or_run_name_marks_the_baseline_and_a_common_one_does_not() -> None:
    tagged = [MadeRun(params={"m": "b"}, metrics={"acc": v}, tags={"stage": "baseline", "s": "default"}) for v in LOW]
    plain = [MadeRun(params={"m": "a"}, metrics={"acc": v}, tags={"s": "default"}) for v in HIGH]
    assert baseline(analysed([*plain, *tagged])) == "m=b"
    named = [MadeRun(params={"m": "c"}, metrics={"acc": v}, name="control-run") for v in LOW]
    assert baseline(analysed([*plain, *named])) == "m=c"
    common = [MadeRun(params={"m": "defaults"}, metrics={"acc": v}, tags={"s": "default"}) for v in LOW]
    assert "started first" in analysed([*plain, *common]).baseline.rule


def test_the_configured_baseline_wins_and_applies_only_where_it_exists() -> None:
    frames = (make_frame(three()), make_frame(seeded(LOW, k="1") + seeded(HIGH, k="2"), experiment="other"))
    found = analyse(frames, Settings(comparisons={"baseline": "m=c"}), snapshot=1).experiments
    assert [baseline(one) for one in found] == ["m=c", "k=1"]
    assert "by configuration" in found[0].baseline.rule
    own = Settings(comparisons={"baseline": "m=c"}, experiments={"digits": {"baseline": "m=b"}})
    assert baseline(analyse(frames, own, snapshot=1).experiments[0]) == "m=b"


@pytest.mark.parametrize(
    "settings",
    [
        {"comparisons": {"baseline": "m=z"}},
        {"experiments": {"digits": {"baseline": "m=z"}}},
        {"groups": {"by": ("n",)}},
        {"metrics": {"primary": "test/acuracy"}},
    ],
)
def test_a_name_that_exists_nowhere_is_an_error_with_a_hint(settings: dict[str, object]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        analysed(three(), **settings)
    assert caught.value.hint


def test_the_headline_names_the_best_group_and_the_closest_other() -> None:
    found = analysed(three())
    assert found.headline.startswith("m=b is best: mean test/accuracy 0.9550 (95 % interval 0.9499 to 0.9601; 5 runs)")
    assert "clearly ahead of both other groups; it leads the closest, m=c, by 0.0200" in found.headline


def test_the_headline_does_not_claim_more_than_the_test_does() -> None:
    found = analysed([*seeded(HIGH, m="a"), *seeded([v + 0.001 for v in HIGH], m="b"), *seeded(LOW, m="c")])
    assert found.headline.startswith("m=b has the best mean test/accuracy")
    assert "is not clearly ahead of m=a: it leads m=a by" in found.headline


def test_the_only_metric_is_the_primary_one_and_those_of_the_machine_do_not_count() -> None:
    runs = [
        MadeRun(params={"m": name, "seed": str(seed)}, metrics={"foo": value, "system/cpu": 50.0})
        for name, values in (("a", LOW), ("b", HIGH))
        for seed, value in enumerate(values)
    ]
    assert "m=b is highest: mean foo" in analysed(runs).headline


def test_the_headline_never_claims_more_than_the_comparison_does() -> None:
    wide = [0.94, 0.82, 0.9, 0.93, 0.86]
    found = analysed([*seeded(wide, m="a"), *seeded(MIDDLE, m="b"), *seeded(HIGH, m="c")])
    assert found.comparisons[1].primary
    assert found.comparisons[1].primary.verdict == "no clear difference"
    assert "is not clearly ahead of m=a" in found.headline


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([MadeRun(metrics={"foo": 1.0, "bar": 2.0})] * 2, "There is no primary metric"),
        (seeded(LOW, m="a"), "All runs are one group: mean"),
        ([MadeRun(metrics={"acc": 1.0})], "no group has 2 or more finished runs with acc"),
        (
            seeded([math.nan] * 2, m="a") + seeded([math.inf] * 2, m="b"),
            "no finished run to compare has a finite value",
        ),
        (
            [MadeRun(metrics={"acc": 1.0}, status=RunStatus.RUNNING)] * 2,
            "no finished run to compare has a finite value",
        ),
        ([MadeRun(status=RunStatus.FAILED)], "There is no primary metric"),
        ([], "There is no primary metric"),
    ],
)
def test_the_headline_says_why_nothing_can_be_said(runs: list[MadeRun], words: str) -> None:
    assert words in analysed(runs).headline


def test_the_headline_of_one_group_names_those_that_diverged() -> None:
    found = analysed([*seeded(LOW, m="a"), *seeded([math.nan] * 3, m="b"), *seeded([math.inf, math.nan], m="c")])
    assert found.headline.startswith("Only m=a has 2 or more finished runs with finite values: mean test/accuracy 0.90")
    assert found.headline.endswith(
        "The finished runs of m=b and m=c gave only NaN or infinite values. Nothing to compare with."
    )


def test_the_headline_of_one_group_names_the_best_single_run() -> None:
    single = [MadeRun(params={"m": name}, metrics={"test/accuracy": v}) for name, v in (("x", 0.7), ("y", 0.8))]
    said = analysed([*seeded(LOW, m="a"), *single]).headline
    assert said.startswith("Only m=a has 2 or more finished runs")
    assert "Of 2 single runs, m=y has the best test/accuracy: 0.8. With one run per setting nobody can say" in said
    assert "Nothing to compare" not in said


def test_the_headline_is_whole_where_no_difference_can_be_computed() -> None:
    [contrast] = [one.primary for one in analysed([*seeded(HIGH, m="a"), *seeded(LOW, m="b")]).comparisons]
    assert contrast
    without = replace(contrast, delta=None, test=None, verdict=Verdict.CANNOT_TELL, reason="No test.")
    assert _of_best(without.baseline, [without], 0.05).endswith(
        "is not clearly ahead of m=b: how far it leads m=b cannot be computed, and no test."
    )


def test_without_a_direction_nothing_is_best() -> None:
    found = analysed(seeded(LOW, "foo", m="a") + seeded(HIGH, "foo", m="b"), metrics={"primary": "foo"})
    assert "m=b is highest" in found.headline
    assert "best" not in found.headline


def test_single_runs_are_a_ranked_sweep() -> None:
    losses = [0.3, 0.1, math.nan, 0.1]
    runs = [MadeRun(params={"lr": str(i), "w": "8"}, metrics={"val/loss": v}) for i, v in enumerate(losses)]
    runs.append(MadeRun(params={"lr": "9", "w": "8"}, metrics={"val/loss": 0.0}, status=RunStatus.FAILED))
    found = analysed(runs)
    assert found.sweep
    assert found.sweep.params == ("lr",)
    assert [(row.rank, row.run_id, row.value) for row in found.sweep.rows] == [
        (1, "r1", 0.1),
        (1, "r3", 0.1),
        (3, "r0", 0.3),
        (None, "r2", None),
        (None, "r4", None),
    ]
    assert (found.comparisons, found.not_compared, found.baseline.group_ids) == ((), (), ())
    assert found.headline.startswith("Of 3 single runs, lr=1 and lr=3 share the best val/loss: 0.1.")


def test_the_limit_and_other_reasons_not_to_compare() -> None:
    runs = [run for i in range(4) for run in seeded([0.1 * i, 0.2], m=str(i))]
    runs += [MadeRun(params={"m": "x"}, metrics={"test/accuracy": 1.0}), MadeRun(params={"m": "y"})]
    runs += [MadeRun(params={"m": "z"}, metrics={"test/accuracy": 1.0}, status=RunStatus.FAILED)] * 2
    found = analysed(runs, comparisons={"limit": 2})
    assert [one.candidate.name for one in found.comparisons] == ["m=1", "m=2"]
    assert {one.group_name: one.reason for one in found.not_compared} == {
        "m=3": "beyond the limit of 2 comparisons (comparisons.limit)",
        "m=x": "only one finished run",
        "m=y": "its runs logged no metric",
        "m=z": "none of its runs is finished and included",
    }


def test_every_group_is_compared_swept_or_listed() -> None:
    runs = [*three(), MadeRun(params={"m": "p"}), MadeRun(params={"m": "q"}, parent="r15", metrics={"acc": 1.0})]
    found = analysed(runs, groups={"by": ("m",)})
    placed = [one.candidate.group_id for one in found.comparisons] + [one.group_id for one in found.not_compared]
    assert sorted([*placed, *found.baseline.group_ids]) == sorted(group.group_id for group in found.groups)
    assert sum(group.counts.total for group in found.groups) == found.counts.total == 17


def facts(commit: str | None, digest: str, version: str, *, dirty: bool = False) -> dict[str, object]:
    packages = {
        name: EnvironmentItem(run_id="r", item=name, kind=kind, value=version)
        for name, kind in (("numpy", "package"), ("python", "os"), ("gpu", "hardware"))
    }
    code = CodeVersion(run_id="r", commit=commit, dirty=dirty) if commit else None
    data = (Dataset(run_id="r", dataset="digits", role="train", digest=digest),)
    return {"code": code, "datasets": data, "environment": packages}


def confounds(a: dict[str, object], b: dict[str, object], **params: str) -> dict[str, str]:
    runs = [
        MadeRun(params={"m": name, **more}, metrics={"acc": v}, facts=side, host=name)
        for name, side, more in (("a", a, {}), ("b", b, params))
        for v in LOW
    ]
    return {one.kind: one.sentence for one in analysed(runs).comparisons[0].confounds}


def test_everything_that_differs_besides_is_a_confound() -> None:
    a, b = facts("1a2b3c4d5e6f", "d1", "1.0"), facts("9f8e7d6c5b4a", "d2", "2.0")
    assert confounds(a, b, width="64") == {
        "code": "the code commit differs too: 1a2b3c4 (baseline) and 9f8e7d6 (candidate).",
        "dataset": "the data set digits (train) differs too: d1 (baseline) and d2 (candidate).",
        "package": "the version of numpy differs too: 1.0 (baseline) and 2.0 (candidate).",
        "python": "the Python version differs too: 1.0 (baseline) and 2.0 (candidate).",
        "hardware": "the hardware (gpu) differs too: 1.0 (baseline) and 2.0 (candidate).",
        "host": "the host differs too: a (baseline) and b (candidate).",
        "params": "1 param differs besides those in the name: width.",
    }


def test_what_is_equal_is_no_confound_and_what_is_missing_is_said() -> None:
    same = facts("1a2b3c4d5e6f", "d1", "1.0")
    assert set(confounds(same, same)) == {"host"}
    assert "1a2b3c4 (baseline) and not recorded (candidate)" in confounds(same, facts(None, "d1", "1.0"))["code"]
    dirty = facts("1a2b3c4d5e6f", "d1", "1.0", dirty=True)
    assert confounds(dirty, dirty)["code"] == "both sides ran with uncommitted code changes, which may differ."


def test_cautions_tell_what_was_left_out_and_assumed() -> None:
    odd = [
        MadeRun(params={"m": "b"}, status=RunStatus.FAILED),
        MadeRun(params={"m": "b"}, metrics={"test/accuracy": math.nan}),
        MadeRun(params={"m": "d"}, metrics={"test/accuracy": 1.0}, status=RunStatus.UNKNOWN),
    ]
    said = analysed([*three(), *odd]).cautions
    assert said[0] == "Counted but in no mean: 1 failed of 18 runs."
    assert said[1].startswith("1 run of unknown status is taken as finished")
    assert "That higher test/accuracy is better was inferred from its name." in said
    assert any(one.startswith("1 run ended with a test/accuracy that is NaN or infinite") for one in said)


def test_chosen_groups_are_compared_as_on_the_pages() -> None:
    frame = make_frame(three())
    [on_pages, _] = analyse((frame,), Settings(), snapshot=1).experiments[0].comparisons
    [chosen] = compare_groups(frame, Settings(), "m=a", ["m=b", "m=b"])
    assert on_pages.primary
    assert chosen.primary
    assert chosen.primary.test == on_pages.primary.test
    assert (chosen.comparison_id, chosen.diffs, chosen.confounds) == (
        on_pages.comparison_id,
        on_pages.diffs,
        on_pages.confounds,
    )


def test_diffs_have_all_sections_and_the_groups_as_sides() -> None:
    first = analysed(three()).comparisons[0]
    assert [diff.section for diff in first.diffs] == ["params", "tags", "environment", "code", "datasets"]
    assert first.diffs[0].sides == ("m=a", "m=b")
    assert [row.key for row in first.diffs[0].different] == ["m"]


def test_the_analysis_depends_on_its_input_alone_and_keeps_notices() -> None:
    notice = Notice(severity=Severity.WARNING, code="cut-line", location="a.csv:1", message="cut")
    frames = (make_frame(three()), make_frame(three(), experiment="again"))
    first, second = (analyse(frames, Settings(), snapshot=7, notices=(notice, notice)) for _ in range(2))
    assert first == second
    assert (first.snapshot, first.counts.total, first.notices) == (7, 30, (notice,))


def test_groups_with_equal_means_share_the_lead() -> None:
    found = analysed([*seeded(LOW, m="a"), *seeded(HIGH, m="b"), *seeded(HIGH[::-1], m="c")])
    assert found.headline.startswith("m=b and m=c share the best mean")
    assert "not clearly ahead" not in found.headline


@pytest.mark.parametrize(
    ("value", "is_baseline"), [("12-29-baseline", True), ("my baseline v2", True), ("no-baseline", False)]
)
def test_the_word_baseline_may_stand_anywhere_in_a_name_unless_negated(value: str, *, is_baseline: bool) -> None:
    found = analysed([*seeded(LOW, m="a"), *seeded(HIGH, m=value)])
    assert (baseline(found) == f"m={value}") is is_baseline
