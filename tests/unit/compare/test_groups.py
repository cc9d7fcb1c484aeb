"""Which runs are one group, and what a group is called."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_experiments import MadeRun, make_frame, seeded

from runreport.compare.group_names import name_groups
from runreport.compare.groups import group_runs
from runreport.compare.names import find_group, matching_groups
from runreport.config.options import GroupOptions
from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame
from runreport.names import RunStatus

OPTIONS = GroupOptions()
SETTINGS = st.lists(
    st.dictionaries(st.sampled_from(["lr", "method", "width", "p1", "p2"]), st.sampled_from(["1", "2", "x"])),
    min_size=1,
    max_size=12,
    unique_by=lambda one: tuple(sorted(one.items())),
)


def names(frame: ExperimentFrame) -> list[str]:
    return [group.name for group in group_runs(frame, OPTIONS)]


def test_seed_output_folder_and_spelling_do_not_tell_groups_apart() -> None:
    runs = [
        MadeRun(params={"lr": "1e-3", "Trainer.Seed": "0", "output_dir": "/a"}, seed=0),
        MadeRun(params={"lr": "0.001", "Trainer.Seed": "1", "output_dir": "/b"}, seed=1),
        MadeRun(params={"lr": "0.01", "Trainer.Seed": "0"}, seed=0),
    ]
    groups = group_runs(make_frame(runs), OPTIONS)
    assert [(group.name, group.run_ids, group.seeds) for group in groups] == [
        ("lr=1e-3", ("r0", "r1"), (0, 1)),
        ("lr=0.01", ("r2",), (0,)),
    ]
    assert groups[0].params == {"lr": "1e-3"}


def test_missing_is_not_none() -> None:
    frame = make_frame([MadeRun(params={"wd": "None"}), MadeRun(params={}), MadeRun(params={"wd": "null"})])
    assert [group.run_ids for group in group_runs(frame, OPTIONS)] == [("r0", "r2"), ("r1",)]
    assert names(frame) == ["wd=None", "wd not set"]


def test_one_group_is_all_runs() -> None:
    assert names(make_frame(seeded([1, 2], lr="1"))) == ["all runs"]


def test_names_prefer_what_people_speak_of() -> None:
    runs = [*seeded([1, 2], method="a", hidden_units="8"), *seeded([1, 2], method="b", hidden_units="16")]
    assert names(make_frame(runs)) == ["method=a", "method=b"]


def test_a_stray_failed_run_does_not_lengthen_the_other_names() -> None:
    failed = MadeRun(params={"method": "b", "schedule": "odd", "seed": "5"}, status=RunStatus.FAILED)
    frame = make_frame([*seeded([1, 2], method="a"), *seeded([1, 2], method="b"), failed])
    assert names(frame) == ["method=a", "method=b", "method=b, schedule=odd"]


def test_grouping_by_keys_and_the_runs_that_lack_them() -> None:
    runs = [
        MadeRun(params={"method": "a", "lr": "1"}, tags={"team": "x"}),
        MadeRun(params={"method": "a", "lr": "2"}, tags={"team": "x"}),
        MadeRun(params={"method": "a"}),
    ]
    groups = group_runs(make_frame(runs), OPTIONS, ("method", "tags.team"))
    assert [(group.name, group.run_ids, group.is_ungrouped) for group in groups] == [
        ("method=a, tags.team=x", ("r0", "r1"), False),
        ("ungrouped", ("r2",), True),
    ]
    assert groups[0].params == {"method": "a"}


def test_parents_without_metrics_are_set_apart_and_others_are_not() -> None:
    runs = [
        MadeRun(params={"lr": "1"}),
        MadeRun(params={"lr": "1"}, parent="r0", metrics={"acc": 1.0}),
        MadeRun(params={"lr": "2"}, metrics={"acc": 1.0}),
        MadeRun(params={"lr": "3"}, parent="r2", metrics={"acc": 1.0}),
    ]
    groups = group_runs(make_frame(runs), OPTIONS)
    assert [group.run_ids for group in groups] == [("r1",), ("r2",), ("r3",), ("r0",)]
    assert groups[-1].not_compared_reason == "parent runs that hold others"


def test_only_finished_and_included_runs_are_comparable_and_all_are_counted() -> None:
    runs = [MadeRun(status=status) for status in RunStatus] + [MadeRun(facts={"is_excluded": True})]
    [group] = group_runs(make_frame(runs), OPTIONS)
    statuses = list(RunStatus)
    kept = {f"r{statuses.index(RunStatus.FINISHED)}", f"r{statuses.index(RunStatus.UNKNOWN)}"}
    assert set(group.comparable_run_ids) == kept
    assert (group.counts.total, group.counts.excluded, group.counts.failed, group.counts.comparable) == (6, 1, 1, 2)


def test_no_runs_no_groups() -> None:
    assert group_runs(make_frame([]), OPTIONS) == ()


@given(SETTINGS, st.data())
def test_every_group_has_a_name_of_its_own(settings: list[dict[str, str]], data: st.DataObject) -> None:
    is_main = data.draw(st.lists(st.booleans(), min_size=len(settings), max_size=len(settings)))
    given_names = [one.name for one in name_groups(settings, is_main)]
    assert len(set(given_names)) == len(settings)
    assert [one.name for one in name_groups(settings, is_main)] == given_names


@given(SETTINGS)
def test_no_param_of_a_name_is_needless(settings: list[dict[str, str]]) -> None:
    params = name_groups(settings, [True] * len(settings))[0].params
    for left_out in params:
        rest = [tuple(one.get(param) for param in params if param != left_out) for one in settings]
        assert len(set(rest)) < len(settings)


def test_many_params_are_searched_within_bounds() -> None:
    settings = [{f"p{bit}": str(row >> bit & 1) for bit in range(12)} | {"q": str(row % 7)} for row in range(4096)]
    params = name_groups(settings, [True] * len(settings))[0].params
    assert len({tuple(one[param] for param in params) for one in settings}) == len(settings)
    assert len(params) <= 12


def test_long_values_are_shortened_and_stay_apart() -> None:
    settings = [{"config": "x" * 100 + end} for end in "ab"]
    first, second = (one.name for one in name_groups(settings, [True, True]))
    assert len(first) < 60
    assert second == f"{first} (2)"


def test_long_floats_have_the_fewest_digits_that_tell_them_apart() -> None:
    values = ["0.00031234567890123", "0.00031239999999999", "0.1", "0.99950001"]
    frame = make_frame([run for value in values for run in seeded([1, 2], lr=value)])
    groups = group_runs(frame, OPTIONS)
    assert [group.name for group in groups] == ["lr=0.0003123", "lr=0.0003124", "lr=0.1", "lr=0.9995"]
    assert [group.params["lr"] for group in groups] == values
    for address in ("lr=0.0003123", f"lr={values[0]}", "lr=3.1234567890123e-4"):
        assert find_group(groups, address) is groups[0]


def test_no_float_becomes_whole_in_a_name() -> None:
    runs = [run for value in ("0.999999991", "300.0000000", "0.5") for run in seeded([1, 2], gamma=value)]
    assert names(make_frame(runs)) == ["gamma=0.99999999", "gamma=300", "gamma=0.5"]


def test_floats_that_differ_only_in_the_last_digit_stay_as_written() -> None:
    values = ["0.12345678901234567", "0.12345678901234569", "0.1234567890123"]
    groups = group_runs(make_frame([run for value in values for run in seeded([1, 2], lr=value)]), OPTIONS)
    assert [group.name for group in groups] == [f"lr={value}" for value in values]


def test_groups_are_found_by_name_and_by_params() -> None:
    runs = [*seeded([1, 2], method="a", lr="1e-3"), *seeded([1, 2], method="b", lr="1e-3")]
    groups = group_runs(make_frame(runs), OPTIONS)
    assert find_group(groups, "method=a") is groups[0]
    assert find_group(groups, "lr=0.001,method=b") is groups[1]
    assert len(matching_groups(groups, "lr=0.001")) == 2
    with pytest.raises(UnknownNameError, match="fits 2 groups"):
        find_group(groups, "lr=0.001")
    with pytest.raises(UnknownNameError) as caught:
        find_group(groups, "method=c")
    assert "method=" in caught.value.hint


def test_the_id_of_a_group_depends_on_its_setting_not_on_its_runs() -> None:
    runs = [*seeded([1, 2], lr="1"), *seeded([1, 2], lr="2")]
    before = [group.group_id for group in group_runs(make_frame(runs), OPTIONS)]
    renamed = [replace(run, name="other", metrics={}) for run in runs[1:]]
    assert [group.group_id for group in group_runs(make_frame(renamed), OPTIONS)] == before


def test_the_parent_of_a_search_does_not_compete_with_its_trials() -> None:
    runs = [
        MadeRun(params={"method": "mlp"}, metrics={"acc": 0.9}),
        MadeRun(params={"method": "mlp", "lr": "0.1"}, metrics={"acc": 0.9}, parent="r0"),
        MadeRun(params={"method": "mlp", "lr": "0.01"}, metrics={"acc": 0.8}, parent="r0"),
    ]
    groups = group_runs(make_frame(runs), OPTIONS)
    assert [group.run_ids for group in groups] == [("r1",), ("r2",), ("r0",)]
    assert groups[-1].not_compared_reason == "parent runs that hold others"


def test_a_parent_with_the_params_of_its_children_competes() -> None:
    runs = [MadeRun(params={"method": "mlp"}, metrics={"acc": 0.9}, parent=parent) for parent in (None, "r0", "r0")]
    assert [group.run_ids for group in group_runs(make_frame(runs), OPTIONS)] == [("r0", "r1", "r2")]
