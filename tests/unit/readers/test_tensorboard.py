import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tfevents_encoder import (
    FILE_NAME,
    WALL_TIME,
    event,
    float_tensor,
    hparams_experiment,
    hparams_value,
    integer,
    location,
    message,
    read_bytes,
    read_folder,
    record,
    scalar,
    session_end,
    session_start,
    simple,
    summary,
    version,
)

from runreport.formats import tfrecord
from runreport.ingestion import ingest
from runreport.names import ParamKind, RunStatus, Severity
from runreport.readers.base import Certainty, Reader
from runreport.readers.tensorboard import series
from runreport.readers.tensorboard.reader import TensorboardReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "tensorboard_curves" / "input"


def write(folder: Path, *records: bytes, name: str = FILE_NAME) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(records))


def hparams_file(tag: str = "hparam/acc", value: float = 0.5, **params: float | str) -> bytes:
    """What ``add_hparams`` of tensorboardX and PyTorch writes."""
    parts = (hparams_experiment(tag), session_start(**params), session_end(1))
    return version() + b"".join(event(summary(part)) for part in parts) + event(summary(simple(tag, value)))


def test_it_is_a_reader() -> None:
    assert isinstance(TensorboardReader(), Reader)


def test_scalars_of_both_styles(tmp_path: Path) -> None:
    tensors = [event(summary(float_tensor("new", step / 3)), step=step) for step in range(3)]
    found = read_bytes(tmp_path, version(), *(scalar("old", step, 0.1) for step in range(3)), *tensors)
    assert found.series["old"] == [(step, float(np.float32(0.1))) for step in range(3)]
    assert found.series["new"] == [(step, float(np.float32(step / 3))) for step in range(3)]
    assert found.codes == []


def test_a_missing_step_is_zero_and_steps_may_be_negative(tmp_path: Path) -> None:
    absent = event(summary(simple("x", 2.0)))
    found = read_bytes(tmp_path, scalar("x", -5, 1.0), absent, scalar("x", 2**40, 3.0))
    assert found.series["x"] == [(-5, 1.0), (0, 2.0), (2**40, 3.0)]


def test_times_are_kept_to_the_microsecond_and_missing_ones_stay_missing(tmp_path: Path) -> None:
    timeless = event(summary(simple("x", 2.0)), step=1, wall_time=None)
    found = read_bytes(tmp_path, scalar("x", 0, 1.0, wall_time=WALL_TIME + 0.123456), timeless)
    assert found.times["x"] == [1_700_000_000_123_456, None]


def test_points_of_a_restart_supersede_those_from_its_step_on(tmp_path: Path) -> None:
    write(tmp_path, *(scalar("x", step, 1.0) for step in range(10)), scalar("other", 9, 1.0), name="a.tfevents.1")
    write(tmp_path, *(scalar("x", step, 2.0) for step in range(6, 12)), name="a.tfevents.2")
    found = read_folder(tmp_path)
    assert found.series["x"] == [(step, 1.0 if step < 6 else 2.0) for step in range(12)]
    assert found.series["other"] == [(9, 1.0)]
    assert found.codes == ["superseded-points"]
    assert found.log.notices[0].message.startswith("4 points were superseded")


def test_steps_out_of_order_and_repeated_steps_follow_the_same_rule(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, *(scalar("x", step, value) for value, step in enumerate([0, 5, 3, 3, 4, 2, 7])))
    assert found.series["x"] == [(0, 0.0), (2, 5.0), (7, 6.0)]


@pytest.mark.parametrize("seed", range(5))
def test_superseding_is_the_same_as_one_point_after_the_other(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same mutations every time
    logged = [(rng.choice("ab"), rng.randrange(8), float(index)) for index in range(60)]
    expected: dict[str, list[tuple[int, float]]] = {}
    for tag, step, value in logged:
        series = expected.setdefault(tag, [])
        expected[tag] = [*(point for point in series if point[0] < step), (step, value)]
    assert read_bytes(tmp_path, *(scalar(*point) for point in logged)).series == expected


def test_every_cut_of_a_live_file_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    whole = [version(), *(scalar("x", step, 1.0) for step in range(3)), event(summary(float_tensor("y", 1.0)), step=1)]
    data = b"".join(whole)
    ends = {sum(map(len, whole[:count])): count for count in range(len(whole) + 1)}
    for cut in range(len(data)):
        found = read_bytes(tmp_path, data[:cut])
        assert found.codes == (["empty-file"] if cut == 0 else [] if cut in ends else ["cut-tail"])
        assert sum(map(len, found.series.values())) == max(0, max(n for end, n in ends.items() if end <= cut) - 1)
        assert all(notice.severity is Severity.INFO for notice in found.log.notices)


def test_a_damaged_length_keeps_what_precedes_and_names_the_place(tmp_path: Path) -> None:
    good = scalar("x", 1, 1.0)
    found = read_bytes(tmp_path, good, b"\x01" + good[1:], good)
    assert found.series == {"x": [(1, 1.0)]}
    assert [(n.code, n.location) for n in found.log.notices] == [("damaged-file", f"{FILE_NAME}:{len(good)}")]


def test_one_damaged_file_does_not_stop_the_next(tmp_path: Path) -> None:
    write(tmp_path, b"this is not an event file", name="a.tfevents.1")
    write(tmp_path, scalar("x", 1, 1.0), name="a.tfevents.2")
    found = read_folder(tmp_path)
    assert (found.series, found.codes) == ({"x": [(1, 1.0)]}, ["damaged-file"])


def test_damaged_records_and_records_without_time_are_left_out_and_counted(tmp_path: Path) -> None:
    timeless = scalar("x", 2, 1.0, wall_time=float("nan"))
    found = read_bytes(tmp_path, scalar("x", 1, 1.0), record(b"\x09\x01"), timeless)
    assert (found.series, found.codes) == ({"x": [(1, 1.0)]}, ["damaged-record", "no-wall-time"])


def test_a_huge_graph_is_passed_over_and_a_huge_summary_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfrecord, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(tfrecord, "MAX_RECORD_BYTES", 10_000)
    graph, media = event(message(4, bytes(50_000))), event(message(5, bytes(50_000)))
    found = read_bytes(tmp_path, version(), graph, scalar("x", 1, 1.0), media, scalar("x", 2, 1.0))
    assert found.series == {"x": [(1, 1.0), (2, 1.0)]}
    assert found.codes == ["long-record", "not-read"]
    assert "graphs (1)" in found.log.notices[1].message


def test_tags_that_are_not_utf8_keep_their_bytes_in_sight(tmp_path: Path) -> None:
    records = [event(summary(simple(tag, 1.0)), step=1) for tag in (b"caf\xe9", b"caf\xe8", b"caf\\xe8")]
    found = read_bytes(tmp_path, *records)
    assert sorted(found.series) == ["caf\\xe8", "caf\\xe8 (2)", "caf\\xe9"]
    assert found.codes == ["tag-not-utf8"]


def test_what_is_not_read_yet_is_counted_in_one_notice(tmp_path: Path) -> None:
    sounds = [event(summary(message(1, message(1, b"p") + message(6, b""))), step=step) for step in range(40)]
    found = read_bytes(tmp_path, *sounds, scalar("x", 1, 1.0), event(message(4, b"")))
    assert [notice.message for notice in found.log.notices] == [
        "Records of kinds that are not read were left out: audio (40), graphs (1)."
    ]


def test_hparams_become_params_and_whole_doubles_lose_their_point(tmp_path: Path) -> None:
    start = session_start(batch=16.0, lr=0.001, opt="adam", amp=True, clip=None, big=1e300, drop=float("nan"))
    found = read_bytes(tmp_path, event(summary(start)), scalar("x", 1, 1.0))
    expected = {"batch": "16", "lr": "0.001", "opt": "adam", "amp": "True", "clip": "None", "big": "1e+300"}
    assert found.params == {**expected, "drop": "nan"}
    assert {param.kind for param in found.log.params if param.param == "batch"} == {ParamKind.INT}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(1, RunStatus.FINISHED), (2, RunStatus.FAILED), (3, RunStatus.RUNNING), (0, RunStatus.UNKNOWN)],
)
def test_the_status_is_what_the_session_end_says(status: int, expected: RunStatus, tmp_path: Path) -> None:
    end = event(summary(session_end(status, WALL_TIME + 50)), wall_time=WALL_TIME + 60)
    run = read_bytes(tmp_path, scalar("x", 1, 1.0), end).log.run
    assert run.status is expected
    assert (run.ended and run.ended.timestamp()) == WALL_TIME + 50


def test_an_end_that_is_written_at_the_start_says_nothing(tmp_path: Path) -> None:
    end = event(summary(session_end(1)), wall_time=WALL_TIME)
    points = [scalar("x", step, 1.0, wall_time=WALL_TIME + step) for step in range(5)]
    found = read_bytes(tmp_path, end, *points)
    assert (found.log.run.status, found.codes) == (RunStatus.UNKNOWN, ["end-before-end"])


def test_declared_metrics_that_were_logged_are_named(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, event(summary(hparams_experiment("x", "never"))), scalar("x", 1, 1.0))
    assert [info.metric for info in found.log.metric_infos] == ["x"]


def test_damaged_hparams_and_nested_ones_are_noticed(tmp_path: Path) -> None:
    nested = message(3, message(1, message(1, b"layers") + message(2, message(6, b""))))
    broken = hparams_value("session_start_info", b"\x1a\x7f")
    found = read_bytes(tmp_path, event(summary(hparams_value("session_start_info", nested))), event(summary(broken)))
    assert (found.params, found.codes) == ({"stem": tmp_path.name}, ["hparams-not-read"])
    assert "layers, _hparams_/session_start_info" in found.log.notices[0].message


def test_the_group_name_of_a_session_is_a_tag(tmp_path: Path) -> None:
    start = hparams_value("session_start_info", message(3, message(4, b"group 7") + integer(9, 1)))
    assert [(tag.tag, tag.value) for tag in read_bytes(tmp_path, event(summary(start))).log.tags] == [
        ("group_name", "group 7")
    ]


@pytest.mark.parametrize("child", ["hparams", "1700000000.73"])
def test_an_hparams_sub_folder_is_read_with_its_run(child: str, tmp_path: Path) -> None:
    write(tmp_path / "run", version(), scalar("acc", 1, 0.25), scalar("acc", 2, 0.75))
    write(tmp_path / "run" / child, hparams_file("acc", lr=0.5) + scalar("hparam/best", 0, 0.75))
    found = read_folder(tmp_path, "run")
    assert found.params == {"lr": "0.5"}
    assert found.series["acc"] == [(1, 0.25), (2, 0.75)], "a result of the same name must not supersede the curve"
    assert (found.series[f"{child}/acc"], found.series["hparam/best"]) == ([(0, 0.5)], [(0, 0.75)])
    assert found.log.run.status is RunStatus.FINISHED
    match = TensorboardReader().match(location(tmp_path, f"run/{child}"))
    assert match is not None
    assert match.takes == frozenset()


def test_several_hparams_sub_folders_are_runs_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "sweep", version())
    for index in range(2):
        write(tmp_path / "sweep" / str(index), hparams_file(lr=index))
    assert read_folder(tmp_path, "sweep").params == {"stem": "sweep"}
    children = [read_folder(tmp_path, f"sweep/{index}") for index in range(2)]
    assert [child.params for child in children] == [{"lr": "0"}, {"lr": "1"}]


@pytest.mark.parametrize("other", ["notes.txt", "deeper"])
def test_a_folder_that_holds_more_than_hparams_is_a_run(other: str, tmp_path: Path) -> None:
    write(tmp_path, version())
    write(tmp_path / "child", hparams_file(lr=1))
    extra = tmp_path / "child" / other
    extra.write_text("") if "." in other else extra.mkdir()
    assert read_folder(tmp_path).params == {"stem": tmp_path.name}
    assert read_folder(tmp_path, "child").params == {"lr": "1"}


def test_hparams_without_a_run_above_are_a_run(tmp_path: Path) -> None:
    write(tmp_path / "logs" / "hparams", hparams_file(lr=1))
    assert read_folder(tmp_path, "logs/hparams").params == {"lr": "1"}


@pytest.mark.parametrize(
    ("tag", "folder", "metric"),
    [
        ("losses", "losses/train", "losses/train"),
        ("losses", "losses_train", "losses/train"),
        ("eval/loss", "eval/loss/seen", "eval/loss/seen"),
        ("eval/loss", "eval_loss_not_seen", "eval/loss/not_seen"),
    ],
)
def test_curves_in_sub_folders_are_metrics_of_the_run_above(tag: str, folder: str, metric: str, tmp_path: Path) -> None:
    write(tmp_path / "run", scalar("x", 1, 1.0))
    write(tmp_path / "run" / folder, version(), *(scalar(tag, step, step / 2) for step in range(3)))
    found = read_folder(tmp_path, "run")
    assert found.series == {"x": [(1, 1.0)], metric: [(0, 0.0), (1, 0.5), (2, 1.0)]}
    match = TensorboardReader().match(location(tmp_path, f"run/{folder}"))
    assert match is not None
    assert (match.takes, match.reads_above) == (frozenset(), True)


@pytest.mark.parametrize(
    ("folder", "tags"), [("losses/train", ("losses", "x")), ("train", ("losses",)), ("losses", ("losses",))]
)
def test_other_sub_folders_are_runs_whose_parent_is_the_run_above(
    folder: str, tags: tuple[str, ...], tmp_path: Path
) -> None:
    write(tmp_path / "run", scalar("x", 1, 1.0))
    write(tmp_path / "run" / folder, *(scalar(tag, 1, 1.0) for tag in tags))
    parent, child = read_folder(tmp_path, "run"), read_folder(tmp_path, f"run/{folder}")
    assert (child.log.run.parent_run, parent.log.run.parent_run) == (parent.log.run.run_id, None)
    assert (list(child.series), list(parent.series)) == (list(tags), ["x"])


def test_a_folder_of_other_files_between_run_and_curve_keeps_them_apart(tmp_path: Path) -> None:
    write(tmp_path / "run", scalar("x", 1, 1.0))
    write(tmp_path / "run" / "losses" / "train", scalar("losses", 1, 1.0))
    (tmp_path / "run" / "losses" / "notes.txt").write_text("")
    assert list(read_folder(tmp_path, "run").series) == ["x"]
    assert list(read_folder(tmp_path, "run/losses/train").series) == ["losses"]


def test_curves_are_found_with_their_run_when_a_tree_is_ingested(tmp_path: Path) -> None:
    for run in ("a", "b"):
        write(tmp_path / "logs" / run, scalar("x", 1, 1.0))
        for curve in ("train", "val"):
            write(tmp_path / "logs" / run / f"losses_{curve}", scalar("losses", 1, 1.0))
    result = ingest([tmp_path / "logs"], store=tmp_path / "store", jobs=1)
    assert (result.runs_added, result.runs_skipped, result.points, result.notices) == (2, 0, 6, ())


def test_runs_are_named_by_their_path_and_their_seed_is_found(tmp_path: Path) -> None:
    write(tmp_path / "digits" / "adam_s3", scalar("x", 1, 1.0))
    found = read_folder(tmp_path, "digits/adam_s3")
    run = found.log.run
    assert (run.experiment, run.name, run.seed, run.host) == ("digits", "adam_s3", 3, "host.example")
    assert found.params == {"stem": "adam"}


def test_times_of_a_run_are_those_of_its_log(tmp_path: Path) -> None:
    points = [scalar("x", step, 1.0, wall_time=WALL_TIME + 10 * step) for step in (1, 2, 3)]
    run = read_bytes(tmp_path, version(), *points).log.run
    assert run.started is not None
    assert (run.started.timestamp(), run.duration_s, run.status) == (WALL_TIME, 30.0, RunStatus.UNKNOWN)


def test_a_moved_tree_keeps_its_ids_and_other_logs_at_the_same_place_have_others(tmp_path: Path) -> None:
    write(tmp_path / "a" / "run", scalar("x", 1, 1.0))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    write(tmp_path / "c" / "run", scalar("x", 1, 1.0), name="events.out.tfevents.1700000001.host")
    ids = [read_folder(tmp_path / root, "run").log.run.run_id for root in "abc"]
    assert ids[0] == ids[1] != ids[2]


def test_the_fingerprint_changes_with_the_log_and_with_its_hparams(tmp_path: Path) -> None:
    def fingerprint() -> str:
        place, reader = location(tmp_path), TensorboardReader()
        match = reader.match(place)
        assert match is not None
        return reader.scan(place, match).sources[0].fingerprint

    write(tmp_path, scalar("x", 1, 1.0))
    first = fingerprint()
    write(tmp_path / "hparams", hparams_file(lr=1))
    second = fingerprint()
    os.utime(tmp_path / "hparams" / FILE_NAME, ns=(1, 1))
    assert len({first, second, fingerprint()}) == 3


def test_only_the_files_that_were_granted_are_read(tmp_path: Path) -> None:
    write(tmp_path, scalar("x", 1, 1.0), name="a.tfevents.1")
    write(tmp_path, scalar("y", 1, 1.0), name="a.tfevents.2")
    place, reader = location(tmp_path), TensorboardReader()
    match = reader.match(place)
    assert match is not None
    assert (match.certainty, match.takes) == (Certainty.LIKELY, {"a.tfevents.1", "a.tfevents.2"})
    scan = reader.scan(place, replace(match, takes=frozenset({"a.tfevents.2"})))
    assert scan.sources[0].files == ("a.tfevents.2",)


def test_a_folder_without_event_files_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,loss\n")
    assert TensorboardReader().match(location(tmp_path)) is None


def test_a_file_that_is_gone_when_it_is_read_is_an_error_notice(tmp_path: Path) -> None:
    write(tmp_path, scalar("x", 1, 1.0))
    place, reader = location(tmp_path), TensorboardReader()
    match = reader.match(place)
    assert match is not None
    sources = reader.scan(place, match).sources
    (tmp_path / FILE_NAME).unlink()
    (batch,) = reader.read(place, sources)
    assert [(notice.code, notice.severity) for notice in batch.logs[0].notices] == [("unreadable-file", Severity.ERROR)]
    assert batch.points.num_rows == 0


def test_large_runs_come_in_batches_that_split_no_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "BATCH_POINTS", 25)
    write(tmp_path, *(scalar(tag, step, 1.0) for step in range(10) for tag in "abcde"))
    place, reader = location(tmp_path), TensorboardReader()
    match = reader.match(place)
    assert match is not None
    batches = list(reader.read(place, reader.scan(place, match).sources))
    assert [batch.points["metric"].unique().to_pylist() for batch in batches] == [["a", "b"], ["c", "d"], ["e"]]
    assert [len(batch.logs) for batch in batches] == [1, 0, 0]
    assert [batch.points.num_rows for batch in batches] == [20, 20, 10]


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        position = rng.randrange(len(changed))
        changed[position] = rng.choice([changed[position] ^ 1 << rng.randrange(8), 0xFF, 0x80, 0, rng.randrange(256)])
    return bytes(changed)


@pytest.mark.parametrize("seed", range(3))
def test_no_mutation_of_a_log_raises(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same mutations every time
    values = (
        simple("a", 1.0),
        float_tensor("b", 2.0, plugin=b"scalars"),
        message(1, message(1, b"p") + message(4, b"")),
    )
    contents = [event(summary(*rng.sample(values, rng.randint(1, 3))), step=step)[12:-4] for step in range(40)]
    contents += [event(summary(session_start(lr=0.1, name="x")))[12:-4], event(summary(session_end(1)))[12:-4]]
    framed = b"".join(map(record, contents))
    for _ in range(250):
        whole = mutated(framed, rng)
        inner = b"".join(record(mutated(content, rng) if rng.random() < 0.2 else content) for content in contents)
        lying = record(b"abc", length=rng.choice([2**64 - 1, 2**63, 2**32, 1000, 4])) + framed
        for data in (whole, inner, framed[: rng.randrange(300)] + lying):
            found = read_bytes(tmp_path, data)
            assert sum(map(len, found.series.values())) <= 3 * len(contents)


class TestGolden:
    """Logs that tensorboardX wrote (tests/golden/make_tensorboard_logs.py)."""

    @pytest.mark.parametrize(("method", "rate"), [("adam", "0.001"), ("sgd", "0.1")])
    def test_seeds_with_their_params(self, method: str, rate: str) -> None:
        for seed in (1, 2):
            found = read_folder(GOLDEN, f"digits/{method}_s{seed}")
            own = {"method": method, "lr": rate, "batch_size": "16", "nesterov": "False", "seed": str(seed)}
            assert found.params == own
            assert found.log.run.status is RunStatus.FINISHED
            assert [step for step, _ in found.series["train/loss"]] == list(range(10))
            assert found.series["final/acc"] == [(9, float(np.float32(0.9 + seed / 100)))]

    def test_values_are_the_float32_that_were_logged(self) -> None:
        expected = [(step, float(np.float32(1 - np.exp(-step / 4)))) for step in range(10)]
        assert read_folder(GOLDEN, "digits/adam_s1").series["val/acc"] == expected

    def test_a_restart(self) -> None:
        found = read_folder(GOLDEN, "restarted")
        assert [step for step, _ in found.series["train/loss"]] == list(range(15))
        assert found.log.notices[0].message.startswith("10 points were superseded")

    def test_scalars_among_pictures_texts_and_histograms(self) -> None:
        found = read_folder(GOLDEN, "mixture")
        curves = {"losses/train": 3, "losses/validation": 3}
        assert {name: len(series) for name, series in found.series.items()} == {"train/loss": 3, "val/acc": 3} | curves
        assert sorted(artifact.path for artifact in found.log.artifacts) == [
            "tensorboard/histograms/weights.csv",
            "tensorboard/images/samples/step-0.png",
            "tensorboard/text/notes/step-0.md",
        ]

    def test_curves_of_add_scalars(self) -> None:
        found = read_folder(GOLDEN, "mixture")
        assert [value for _, value in found.series["losses/validation"]] == [2.0, 1.0, float(np.float32(2 / 3))]
