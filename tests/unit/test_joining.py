from dataclasses import replace

from runreport.joining import Joint, Part, joints
from runreport.readers.base import Certainty, Joining, Source


def part(reader: str, path: str, joining: Joining = Joining.FOLDER, **how: object) -> Part:
    certainty = how.pop("certainty", Certainty.SURE)
    name = str(how.pop("name", ""))
    files = tuple(how.pop("files", ()))  # type: ignore[call-overload]
    source = Source(
        run_id=f"{reader}:{path}:{name}", path=path, fingerprint=f"{reader}-{path}", files=files, joining=joining
    )
    assert isinstance(certainty, Certainty)
    assert not how
    return Part(reader_name=reader, certainty=certainty, source=source)


def shown(found: tuple[Joint, ...]) -> list[list[str]]:
    return [[f"{one.reader_name}:{one.source.path}" for one in joint.parts] for joint in found]


def test_logs_of_two_readers_in_one_folder_are_one_run() -> None:
    found = joints([part("csv", "a", certainty=Certainty.LIKELY), part("events", "a"), part("csv", "b")])
    assert shown(found) == [["events:a", "csv:a"], ["csv:b"]]
    assert found[0].run_id == "events:a:"
    assert found[0].path == "a"


def test_a_folder_in_which_one_reader_finds_several_runs_is_not_joined() -> None:
    found = joints([part("csv", "a", name="1"), part("csv", "a", name="2"), part("events", "a")])
    assert shown(found) == [["csv:a"], ["csv:a"], ["events:a"]]


def test_logs_that_stand_alone_are_never_joined() -> None:
    found = joints([part("db", "a", Joining.ALONE), part("events", "a"), part("table", "a", Joining.ALONE)])
    assert shown(found) == [["db:a"], ["events:a"], ["table:a"]]


def test_an_owner_takes_the_logs_of_all_folders_below() -> None:
    found = joints(
        [
            part("events", "runs/a/x/y"),
            part("tracker", "runs/a", Joining.BENEATH),
            part("events", "runs/ab"),
            part("csv", "runs/a"),
        ]
    )
    assert shown(found) == [["tracker:runs/a", "csv:runs/a", "events:runs/a/x/y"], ["events:runs/ab"]]


def test_an_owner_of_the_root_takes_everything() -> None:
    found = joints([part("tracker", "", Joining.BENEATH), part("events", "x"), part("csv", "")])
    assert shown(found) == [["tracker:", "csv:", "events:x"]]


def test_two_owners_are_two_runs_and_the_nearest_takes_what_lies_below() -> None:
    found = joints([part("inner", "a/b", Joining.BENEATH), part("outer", "a", Joining.BENEATH), part("csv", "a/b/c")])
    assert sorted(shown(found)) == [["inner:a/b", "csv:a/b/c"], ["outer:a"]]


def test_an_owner_of_named_folders_leaves_the_others_alone() -> None:
    trainer = part("trainer", "out", Joining.BENEATH)
    trainer = replace(trainer, source=replace(trainer.source, owns=("runs",)))
    found = joints(
        [trainer, part("events", "out/runs/Jan01"), part("csv", "out/baseline_s1"), part("csv", "out/baseline_s2")]
    )
    assert sorted(shown(found)) == [
        ["csv:out/baseline_s1"],
        ["csv:out/baseline_s2"],
        ["trainer:out", "events:out/runs/Jan01"],
    ]


def test_two_logs_of_one_reader_below_an_owner_are_parts_of_its_run() -> None:
    found = joints([part("tracker", "a", Joining.BENEATH), part("events", "a/train"), part("events", "a/val")])
    assert shown(found) == [["tracker:a", "events:a/train", "events:a/val"]]


def test_a_layer_lies_over_all_runs_of_its_folder_and_below() -> None:
    found = joints(
        [part("hydra", "job", Joining.LAYER), part("csv", "job"), part("events", "job/x"), part("csv", "other")]
    )
    assert shown(found) == [["csv:job", "hydra:job"], ["events:job/x", "hydra:job"], ["csv:other"]]
    assert [joint.shares_layer for joint in found] == [True, True, False]


def test_a_layer_over_one_run_is_not_shared() -> None:
    found = joints([part("hydra", "job", Joining.LAYER), part("csv", "job")])
    assert [joint.shares_layer for joint in found] == [False]


def test_a_layer_over_nothing_is_a_run_of_its_own() -> None:
    found = joints(
        [part("hydra", "job/1", Joining.LAYER), part("csv", "job/10"), part("hydra", "job/2", Joining.LAYER)]
    )
    assert shown(found) == [["csv:job/10"], ["hydra:job/1"], ["hydra:job/2"]]


def test_a_layer_lies_over_single_files_and_rows_of_its_folder() -> None:
    found = joints(
        [part("table", "job/a.csv", Joining.ALONE, files=("job/a.csv",)), part("hydra", "job", Joining.LAYER)]
    )
    assert shown(found) == [["table:job/a.csv", "hydra:job"]]


def test_of_several_layers_the_nearest_comes_first() -> None:
    found = joints(
        [
            part("low", "a/b", Joining.LAYER),
            part("top", "", Joining.LAYER),
            part("middle", "a", Joining.LAYER),
            part("csv", "a/b/c"),
        ]
    )
    assert shown(found) == [["csv:a/b/c", "low:a/b", "middle:a", "top:"]]


def test_layers_over_nothing_but_layers_describe_the_lowest() -> None:
    found = joints([part("top", "a", Joining.LAYER), part("low", "a/b", Joining.LAYER)])
    assert shown(found) == [["low:a/b", "top:a"]]


def test_the_fingerprint_changes_with_every_part_and_with_sharing() -> None:
    alone = joints([part("csv", "a")])[0]
    assert alone.fingerprint == "csv-a"
    layered = joints([part("csv", "a"), part("hydra", "a", Joining.LAYER)])[0]
    shared = joints([part("csv", "a"), part("hydra", "a", Joining.LAYER), part("csv", "a/b")])[0]
    assert len({alone.fingerprint, layered.fingerprint, shared.fingerprint}) == 3


def test_the_order_of_the_logs_does_not_matter_within_a_run() -> None:
    logs = [part("csv", "a"), part("hydra", "a", Joining.LAYER), part("events", "a"), part("meta", "a")]
    forward, backward = joints(logs), joints(logs[::-1])
    assert shown(forward) == shown(backward) == [["csv:a", "events:a", "meta:a", "hydra:a"]]
    assert forward[0].fingerprint == backward[0].fingerprint


def test_many_jobs_with_layers_take_no_quadratic_time() -> None:
    logs = [
        one
        for job in range(5000)
        for one in (part("csv", f"sweep/{job}"), part("hydra", f"sweep/{job}", Joining.LAYER))
    ]
    found = joints(logs)
    assert len(found) == 5000
    assert all(len(joint.parts) == 2 and not joint.shares_layer for joint in found)


def test_folders_named_after_their_tool_count_as_the_folder_they_lie_in() -> None:
    found = joints(
        [
            part("csv", "exp/csv_logs/version_0"),
            part("csv", "exp/csv_logs/version_1"),
            part("events", "exp/tb_logs/version_0"),
            part("events", "exp/tb_logs/version_1"),
        ]
    )
    assert shown(found) == [
        ["csv:exp/csv_logs/version_0", "events:exp/tb_logs/version_0"],
        ["csv:exp/csv_logs/version_1", "events:exp/tb_logs/version_1"],
    ]


def test_folders_of_other_names_are_not_put_together() -> None:
    found = joints([part("csv", "exp/a/version_0"), part("events", "exp/b/version_0")])
    assert len(found) == 2


def test_several_runs_of_a_tool_beside_a_log_are_not_joined_and_leave_joined_logs_alone() -> None:
    first, second = (
        replace(one, source=replace(one.source, beside="")) for one in (part("w", "wandb/1"), part("w", "wandb/2"))
    )
    found = joints([part("csv", ""), part("events", ""), first, second])
    assert shown(found) == [["csv:", "events:"], ["w:wandb/1"], ["w:wandb/2"]]
    assert len(joints([part("csv", ""), part("events", ""), first])) == 1


def test_settings_beside_the_second_log_of_a_run_count_as_well() -> None:
    found = joints(
        [part("csv", "csv_logs/v0"), part("events", "tb_logs/v0"), part("hparams", "tb_logs/v0", Joining.LAYER)]
    )
    assert shown(found) == [["csv:csv_logs/v0", "events:tb_logs/v0", "hparams:tb_logs/v0"]]


def test_the_logs_of_one_job_are_one_run_when_each_reader_finds_one() -> None:
    job = part("hydra", "job", Joining.JOB)
    found = joints([job, part("csv", "job/csv/version_0"), part("events", "job/out"), part("events", "other")])
    assert shown(found) == [["events:job/out", "csv:job/csv/version_0", "hydra:job"], ["events:other"]]
    found = joints([job, part("csv", "job/a"), part("events", "job/out"), part("events", "job/out2")])
    assert [len(joint.parts) for joint in found] == [2, 2, 2]
    assert all(joint.shares_layer for joint in found)


def test_of_several_jobs_over_a_run_only_the_nearest_counts() -> None:
    found = joints(
        [
            part("hydra", "", Joining.JOB),
            part("hydra", "day/time", Joining.JOB),
            part("settings", "", Joining.LAYER),
            part("csv", "day/time"),
            part("csv", "old"),
        ]
    )
    assert shown(found) == [
        ["csv:day/time", "hydra:day/time", "settings:"],
        ["csv:old", "hydra:", "settings:"],
    ]


def test_a_job_in_a_folder_that_others_use_counts_for_a_single_run_only() -> None:
    job = part("hydra", "", Joining.LAST_JOB)
    own = part("hydra", "job", Joining.JOB)
    assert shown(joints([job, part("csv", "a")])) == [["csv:a", "hydra:"]]
    found = joints([job, part("csv", "a"), part("csv", "b"), own, part("csv", "job")])
    assert shown(found) == [["csv:a"], ["csv:b"], ["csv:job", "hydra:job"], ["hydra:"]]
    assert [joint.withheld_from for joint in found] == [0, 0, 0, 2]
    assert len(joints([job, part("csv", "a"), part("events", "b")])) == 3
