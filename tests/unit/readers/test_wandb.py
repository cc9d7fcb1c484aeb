import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from wandb_encoder import (
    BLOCK,
    Raw,
    block,
    config,
    exit_record,
    framed,
    history,
    metric,
    number,
    output_line,
    record,
    row,
    run,
    stats,
    summary,
    write,
)

from runreport.model.entities import RunLog
from runreport.names import Direction, Relation, RunStatus
from runreport.readers import registry
from runreport.readers.base import Certainty
from runreport.readers.wandb.reader import WandbReader

START = 1_700_000_000.0
FOLDER = "wandb/offline-run-20260101_120000-abc12345"


@dataclass(frozen=True)
class Read:
    log: RunLog
    points: dict[str, list[tuple[int, float]]]
    times: dict[str, list[float | None]]
    blobs: dict[str, bytes]

    @property
    def params(self) -> dict[str, str]:
        return {param.param: param.value for param in self.log.params}

    @property
    def tags(self) -> dict[str, str]:
        return {tag.tag: tag.value for tag in self.log.tags}

    @property
    def codes(self) -> list[str]:
        return sorted(notice.code for notice in self.log.notices)

    @property
    def environment(self) -> dict[tuple[str, str], str]:
        return {(item.kind, item.item): item.value for item in self.log.environment}

    def message(self, code: str) -> str:
        return next(notice.message for notice in self.log.notices if notice.code == code)


def read_all(folder: Path) -> list[Read]:
    reader = WandbReader()
    found = registry.find([folder], [reader])
    assert not found.notices
    reads = []
    for claim in found.claims:
        for batch in reader.read(claim.location, reader.scan(claim.location, claim.match).sources):
            batch.points.validate(full=True)
            points: dict[str, list[tuple[int, float]]] = {}
            times: dict[str, list[float | None]] = {}
            for point in batch.points.to_pylist():
                points.setdefault(point["metric"], []).append((point["step"], point["value"]))
                times.setdefault(point["metric"], []).append(point["time"] and point["time"].timestamp())
            reads.append(Read(log=batch.logs[0], points=points, times=times, blobs=dict(batch.blobs)))
    return reads


def read_one(folder: Path) -> Read:
    (found,) = read_all(folder)
    return found


def logged(tmp_path: Path, *records: bytes, ends: bool = True, shift: int = 0) -> Read:
    every = (run(project="digits"), *records, *([exit_record()] if ends else []))
    write(tmp_path / FOLDER / "run-abc12345.wandb", *every, shift=shift)
    return read_one(tmp_path)


def beside(tmp_path: Path, name: str, content: str, folder: str = FOLDER) -> None:
    path = tmp_path / folder / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_a_history_is_read_with_steps_values_and_times(tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, START, loss=0.5), row(1, START + 1.5, loss=0.25, acc=1), row(7, START + 2, acc=True))
    assert read.points == {"loss": [(0, 0.5), (1, 0.25)], "acc": [(1, 1.0), (7, 1.0)]}
    assert read.times == {"loss": [START, START + 1.5], "acc": [START + 1.5, START + 2]}
    assert read.log.run.status is RunStatus.FINISHED
    assert read.codes == []


def test_numbers_that_are_not_finite_survive_bare_and_as_texts(tmp_path: Path) -> None:
    values = [Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), "NaN", "-Infinity", Raw("1e999")]
    read = logged(tmp_path, *(row(step, loss=value) for step, value in enumerate(values)))
    found = [value for _, value in read.points["loss"]]
    assert str(found) == str([math.nan, math.inf, -math.inf, math.nan, -math.inf, math.inf])


def test_nested_keys_and_maps_are_one_series_and_dots_in_keys_stay(tmp_path: Path) -> None:
    read = logged(
        tmp_path,
        history(0, {("a", "b"): 1, ("dot.key",): 2}),
        history(1, {"a": {"b": 3, "c": {"d": 4}}, "dot.key": 5}),
    )
    assert read.points == {"a.b": [(0, 1), (1, 3)], "a.c.d": [(1, 4)], "dot.key": [(0, 2), (1, 5)]}


def test_paths_that_would_share_a_name_are_told_apart(tmp_path: Path) -> None:
    read = logged(tmp_path, history(0, {("a", "b"): 1, ("a.b",): 2}))
    assert read.points == {"a.b": [(0, 1)], "a\\.b": [(0, 2)]}


def test_long_keys_and_values_and_rows_over_several_blocks_are_read(tmp_path: Path) -> None:
    key = "k" * 200
    read = logged(
        tmp_path,
        history(0, {key: 1, ("a", key): Raw("0." + "1" * 300)}),
        history(1, {f"m{index}": index for index in range(5000)}),
    )
    assert read.points[key] == [(0, 1)]
    assert read.points[f"a.{key}"][0][1] == pytest.approx(1 / 9)
    assert read.points["m4999"] == [(1, 4999)]
    assert (tmp_path / FOLDER / "run-abc12345.wandb").stat().st_size > 2 * BLOCK


def test_files_whose_blocks_begin_behind_the_header_are_read(tmp_path: Path) -> None:
    read = logged(tmp_path, *(row(step, loss=step / 7) for step in range(2000)), shift=7)
    assert read.points["loss"] == [(step, step / 7) for step in range(2000)]
    assert read.codes == []


def test_a_row_without_a_step_is_counted_on(tmp_path: Path) -> None:
    read = logged(tmp_path, history(4, {"loss": 1}), history(None, {"loss": 2}), history(None, {"loss": 3, "_step": 9}))
    assert read.points["loss"] == [(4, 1), (5, 2), (9, 3)]
    assert read.codes == ["missing-steps"]


def test_a_metric_with_a_step_metric_lies_on_it(tmp_path: Path) -> None:
    rows = [history(step, {"epoch": step // 2, "val/acc": step / 10, "loss": 1}) for step in range(4)]
    read = logged(tmp_path, metric("epoch"), metric(glob="val/*", step_metric="epoch"), *rows)
    assert read.points["val/acc"] == [(0, 0.0), (0, 0.1), (1, 0.2), (1, 0.3)]
    assert [step for step, _ in read.points["loss"]] == [0, 1, 2, 3]
    assert read.message("step-metric") == "The steps of val/acc are those of epoch, as the run defined them."


@pytest.mark.parametrize("epochs", [[0.5, 1.5], [0, None], [0, Raw("NaN")]])
def test_a_step_metric_that_is_no_whole_number_everywhere_is_told_and_not_used(
    epochs: Sequence[object], tmp_path: Path
) -> None:
    rows = [
        history(step, {"acc": 1, **({} if epoch is None else {"epoch": epoch})}) for step, epoch in enumerate(epochs)
    ]
    read = logged(tmp_path, metric("acc", step_metric="epoch"), *rows)
    assert read.points["acc"] == [(0, 1), (1, 1)]
    assert "step-metric-unused" in read.codes


def test_goals_become_directions_and_names_win_over_patterns(tmp_path: Path) -> None:
    definitions = [metric(glob="*", goal=2), metric("loss", goal=1), metric(glob="val*", goal=1)]
    read = logged(tmp_path, *definitions, row(0, loss=1, valid=2, acc=3))
    found = {info.metric: info.direction for info in read.log.metric_infos}
    assert found == {"loss": Direction.DOWN, "valid": Direction.DOWN, "acc": Direction.UP}


def test_settings_are_folded_to_what_holds_in_the_end(tmp_path: Path) -> None:
    first = run(project="digits", config={"_wandb": {}, "lr": 0.1, "old": 1, "opt": {"name": "sgd", "nesterov": True}})
    write(
        tmp_path / FOLDER / "run-abc12345.wandb",
        first,
        config({"lr": Raw("1e-05"), ("opt", "name"): "adam"}, remove=["old", ("opt", "nesterov")]),
        config({"big": Raw("123456789012345678901"), "none": None, "betas": [0.9, 0.99], "a.b": "x", "bad": Raw("{")}),
        exit_record(),
    )
    read = read_one(tmp_path)
    assert read.params == {
        "lr": "1e-05",
        "opt.name": "adam",
        "big": "123456789012345678901",
        "none": "None",
        "betas": "[0.9, 0.99]",
        "a\\.b": "x",
    }
    assert read.codes == ["undecodable-settings"]


def test_what_a_run_says_of_itself_is_read(tmp_path: Path) -> None:
    said = run(
        entity="lab",
        project="digits",
        run_group="adam",
        job_type="train",
        display_name="swift-sun-1",
        notes="A *note*",
        sweep_id="sweep9",
        host="worker-1",
        tags=["base", "team:vision"],
        start=START,
        git=("https://example.org/digits.git", "433c687"),
    )
    environment = block(1, "Linux") + block(2, "CPython 3.12.1") + block(5, "--fast") + block(6, "train.py")
    environment += block(13, "ada") + number(16, 8) + block(18, "A100") + number(19, 2) + block(25, "12.4")
    environment += block(27, block(1, "SLURM_JOB_ID") + block(2, "77")) + block(21, number(1, 2**34))
    environment += block(24, block(1, "A100") + number(2, 2**35) + block(4, "Ampere"))
    telemetry = block(4, "3.12.1") + block(5, "0.31.0")
    folder = tmp_path / FOLDER
    write(folder / "run-abc12345.wandb", said, record(26, environment), record(11, telemetry), exit_record(0, 90))
    read = read_one(tmp_path)
    log = read.log.run
    assert (log.experiment, log.name, log.user, log.host, log.note) == (
        "digits",
        "swift-sun-1",
        "ada",
        "worker-1",
        "A *note*",
    )
    assert log.started is not None
    assert log.ended is not None
    assert (log.started.timestamp(), log.ended.timestamp(), log.duration_s) == (START, START + 90, 90)
    assert read.tags == {
        "base": "", "team:vision": "", "entity": "lab", "group": "adam", "job_type": "train", "sweep": "sweep9"
    }  # fmt: skip
    assert read.environment == {
        ("os", "os"): "Linux",
        ("package", "python"): "3.12.1",
        ("package", "wandb"): "0.31.0",
        ("hardware", "cpu count"): "8",
        ("hardware", "gpu"): "A100",
        ("hardware", "gpu count"): "2",
        ("hardware", "gpu 0"): "A100, 34359738368 bytes, Ampere",
        ("hardware", "memory"): "17179869184 bytes",
        ("driver", "cuda"): "12.4",
        ("variable", "SLURM_JOB_ID"): "77",
        ("variable", "args"): "--fast",
    }
    assert read.log.code is not None
    assert (read.log.code.commit, read.log.code.repo_url) == ("433c687", "https://example.org/digits.git")
    assert read.log.code.entry_point == "train.py"


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ([exit_record(0)], RunStatus.FINISHED),
        ([exit_record(1)], RunStatus.FAILED),
        ([exit_record(254)], RunStatus.FAILED),
        ([exit_record(-9)], RunStatus.FAILED),
        ([exit_record(255)], RunStatus.KILLED),
        ([record(23, b""), exit_record(1)], RunStatus.KILLED),
        ([exit_record(0, not_complete=True)], RunStatus.RUNNING),
        ([], RunStatus.RUNNING),
    ],
)
def test_the_exit_record_says_how_a_run_ended(ending: list[bytes], status: RunStatus, tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, START, loss=1), *ending, ends=False)
    assert read.log.run.status is status
    assert ("no-end" in read.codes) == (status is RunStatus.RUNNING)
    assert (read.log.run.ended is None) == (status is RunStatus.RUNNING)


def test_measurements_of_the_machine_lie_on_seconds_since_the_start(tmp_path: Path) -> None:
    write(
        tmp_path / FOLDER / "run-abc12345.wandb",
        run(start=START),
        stats(START + 2.5, {"cpu": 12.5, "gpu.0.memory": 40}),
        row(0, loss=1, **{"system/cpu": 3}),
        stats(START + 17.9, {"cpu": Raw("13.5"), "text": "x"}),
        exit_record(),
    )
    read = read_one(tmp_path)
    assert read.points["system/system/cpu"] == [(2, 12.5), (17, 13.5)]
    assert read.points["system/gpu.0.memory"] == [(2, 40.0)]
    assert read.points["system/cpu"] == [(0, 3)]
    assert read.times["system/gpu.0.memory"] == [START + 2.5]


def test_what_only_the_summary_holds_becomes_a_point_at_the_last_step_or_a_tag(tmp_path: Path) -> None:
    read = logged(
        tmp_path,
        metric("loss"),
        row(0, START, loss=2),
        row(5, START + 5, loss=1),
        summary({("_step",): 5, ("_timestamp",): START + 5, ("loss",): 1, ("best",): 0.5, ("note",): "from epoch 2"}),
        summary({("gone",): 3, ("nested", "value"): 4, ("_wandb", "runtime"): 9}),
        summary({("loss", "min"): 1, ("list",): [1]}, remove=[("gone",)]),
    )
    assert read.points == {"loss": [(0, 2), (5, 1)], "best": [(5, 0.5)], "nested.value": [(5, 4)]}
    assert read.times["best"] == [START + 5]
    assert read.tags == {"summary.note": "from epoch 2"}
    assert read.codes == ["no-numbers"]


def test_statistics_in_the_summary_are_no_metrics(tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, loss=2), row(1, loss=3), summary({("loss", "min"): 2, ("loss", "mean"): 2.5}))
    assert read.points == {"loss": [(0, 2), (1, 3)]}


def test_a_summary_that_is_not_the_last_value_is_told(tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, loss=2, nan=Raw("NaN")), summary({("loss",): 1, ("nan",): Raw("NaN")}))
    assert read.points["loss"] == [(0, 2)]
    assert "loss (1.0, last logged 2.0);" in read.message("summary-differs")


def test_a_summary_of_another_step_is_not_compared(tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, loss=2), summary({("loss",): 1, ("_step",): 1}))
    assert "summary-of-another-step" in read.codes
    assert "summary-differs" not in read.codes


def test_the_summary_file_is_compared_with_the_log_and_fills_gaps(tmp_path: Path) -> None:
    beside(
        tmp_path,
        "wandb-summary.json",
        json.dumps({"loss": 2, "acc": 7, "only": 3, "_step": 0, "_wandb": {"runtime": 1}}),
    )
    read = logged(tmp_path, row(0, loss=2, acc=1), summary({("acc",): 1}))
    assert read.points["only"] == [(0, 3)]
    assert read.message("summary-files-differ") == "wandb-summary.json and the log differ in acc; the log counts."


def test_the_files_beside_a_log_fill_gaps_and_conflicts_are_told(tmp_path: Path) -> None:
    settings = "wandb_version: 1\n_wandb:\n  value: {cli_version: 0.16.2}\nlr:\n  desc: null\n  value: 0.2\n"
    settings += "layers:\n  value: [64, 0.5, x]\nopt:\n  value: {name: adam, eps: 1.0e-08}\nflag:\n  value: true\n"
    beside(tmp_path, "config.yaml", settings)
    metadata = {"os": "Linux-5", "gpu_count": 2, "host": "worker-1", "username": "ada", "program": "train.py",
                "memory": {"total": 187.5}, "git": {"commit": "433c687", "remote": "r"}, "startedAt": "2024-02-02T07:43:00"}  # fmt: skip
    beside(tmp_path, "wandb-metadata.json", json.dumps(metadata))
    beside(tmp_path, "requirements.txt", "numpy==2.0\ntorch==2.1\n")
    beside(tmp_path, "conda-environment.yaml", "dependencies:\n  - numpy=1.9=py\n  - cudatoolkit=11.8=h_0\n")
    beside(tmp_path, "diff.patch", "+secret\n")
    beside(tmp_path, "output.log", "epoch 1\n")
    read = logged(tmp_path, config({"lr": 0.1, "flag": True, "opt": {"name": "adam"}}), record(26, block(1, "Linux-6")))
    assert read.params == {"lr": "0.1", "flag": "True", "opt.name": "adam", "layers": '[64, 0.5, "x"]'}
    assert read.codes == ["metadata-differs", "settings-differ", "two-environments"]
    assert read.environment["os", "os"] == "Linux-6"
    assert read.environment["hardware", "memory"] == "187.5 GB"
    assert read.environment["package", "numpy"] == "2.0"
    assert read.environment["package", "cudatoolkit"] == "11.8"
    assert (read.log.run.user, read.log.run.host) == ("ada", "worker-1")
    assert read.log.code is not None
    assert read.log.code.dirty
    assert "output.log" in {artifact.path for artifact in read.log.artifacts}


@pytest.mark.parametrize("folder", [FOLDER, "downloaded"])
def test_files_without_a_log_are_a_run_with_one_point_per_number(folder: str, tmp_path: Path) -> None:
    beside(tmp_path, "config.yaml", "_wandb:\n  value: {}\nlr:\n  value: 0.1\n", folder)
    beside(tmp_path, "wandb-summary.json", '{"loss": 0.5, "_step": 9, "_timestamp": 1700000000.0, "nan": NaN}', folder)
    beside(tmp_path, "wandb-metadata.json", '{"state": "failed", "host": "worker-1"}', folder)
    read = read_one(tmp_path)
    assert read.points["loss"] == [(9, 0.5)]
    assert read.params == {"lr": "0.1"}
    assert read.log.run.status is RunStatus.FAILED
    assert read.log.run.path == folder
    assert "no-end" not in read.codes


def test_a_config_of_another_tool_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("lr: 0.1\n", encoding="utf-8")
    assert read_all(tmp_path) == []


def test_media_become_artifacts_by_their_paths_and_no_metrics(tmp_path: Path) -> None:
    digest = "ab" * 32
    nested = {("img", "_type"): "image-file", ("img", "path"): "media/images/a.png", ("img", "sha256"): digest}
    nested |= {("img", "size"): 69, ("img", "width"): 4}
    whole = {"_type": "table-file", "path": "media/table/t.table.json", "ncols": 2, "size": 10}
    several = {"_type": "images/separated", "filenames": ["media/x.png", "media/y.png"], "count": 2}
    histogram = {"_type": "histogram", "values": [1, 2], "bins": [0, 1]}
    beside(tmp_path, "media/images/a.png", "x" * 69)
    read = logged(
        tmp_path, history(0, nested), history(1, {"table": whole, "several": several, "h": histogram, "loss": 1})
    )
    assert set(read.points) == {"loss"}
    found = {artifact.path: artifact for artifact in read.log.artifacts}
    assert set(found) == {"media/images/a.png", "media/table/t.table.json", "media/x.png", "media/y.png"}
    picture = found["media/images/a.png"]
    assert (picture.sha256, picture.location) == (digest, f"{FOLDER}/files/media/images/a.png")
    assert found["media/table/t.table.json"].size_bytes == 10
    assert read.message("media-without-file").endswith("1 × histogram.")


def kept_histograms(read: Read) -> dict[str, list[str]]:
    """Return the lines of the histograms that are kept, by the path of the artifact."""
    digests = {artifact.path: artifact.sha256 for artifact in read.log.artifacts if artifact.path.endswith(".csv")}
    return {path: read.blobs[digest].decode().splitlines() for path, digest in digests.items()}


def test_histograms_are_kept_with_the_run(tmp_path: Path) -> None:
    edges = {"_type": "histogram", "values": [1, 0, 2], "bins": [0, 0.5, 1, 1.5]}
    packed = {"_type": "histogram", "values": [3, 4], "packedBins": {"min": -1, "size": 0.5, "count": 2}}
    read = logged(tmp_path, history(0, {"grad/w": edges}), history(5, {"grad/w": packed, "loss": 1}))
    (lines,) = kept_histograms(read).values()
    assert lines == ["step,left,right,count", "0,0,0.5,1", "0,1,1.5,2", "5,-1,-0.5,3", "5,-0.5,0,4"]
    assert list(kept_histograms(read)) == ["wandb/histograms/grad/w.csv"]
    assert "media-without-file" not in read.codes
    assert "histograms-left-out" not in read.codes


def test_many_histograms_are_thinned_out_and_told(tmp_path: Path) -> None:
    rows = [{"h": {"_type": "histogram", "values": [1], "bins": [step, step + 1]}} for step in range(120)]
    read = logged(tmp_path, *(history(step, row) for step, row in enumerate(rows)))
    (lines,) = kept_histograms(read).values()
    steps = [int(line.split(",")[0]) for line in lines[1:]]
    assert (len(steps), steps[0], steps[-1]) == (50, 0, 119)
    assert read.message("histograms-left-out").startswith("70 of 120 histograms")


@pytest.mark.parametrize(
    "broken",
    [
        {"values": [1, 2], "bins": [0, 1]},
        {"values": [1, "x"], "bins": [0, 1, 2]},
        {"values": [1], "bins": ["NaN", 1]},
        {"values": [1, 2], "packedBins": {"min": 0, "size": 1e308, "count": 2}},
        {"values": [1, 2], "packedBins": {"min": 0, "size": 1, "count": 3}},
        {"values": [], "bins": [1]},
        {"values": 3},
    ],
)
def test_a_histogram_that_is_none_is_counted_and_not_kept(broken: dict[str, object], tmp_path: Path) -> None:
    read = logged(tmp_path, history(0, {"h": {"_type": "histogram", **broken}, "loss": 1}))
    assert kept_histograms(read) == {}
    assert read.message("media-without-file").endswith("1 × histogram.")


def test_artifacts_are_listed_and_drawn(tmp_path: Path) -> None:
    manifest = block(4, block(1, "weights.bin") + block(2, "q+0==") + number(4, 411))
    manifest += block(4, block(1, "large.bin") + block(3, "s3://bucket/large.bin"))
    wrote = block(4, "model") + block(5, "weights") + block(6, "d6bc") + block(11, "latest") + block(12, manifest)
    used = [block(1, "QXJ0") + block(2, kind) + block(3, name) for kind, name in
            [("dataset", "lab/digits/mnist:v3"), ("model", "lab/digits/weights:v0")]]  # fmt: skip
    read = logged(tmp_path, record(8, wrote), *(record(25, one) for one in used))
    assert {(artifact.path, artifact.size_bytes, artifact.location) for artifact in read.log.artifacts} == {
        ("weights/weights.bin", 411, None),
        ("weights/large.bin", 0, "s3://bucket/large.bin"),
    }
    assert [(data.dataset, data.digest) for data in read.log.datasets] == [("lab/digits/mnist:v3", "QXJ0")]
    node = f"run:{read.log.run.run_id}"
    assert [(edge.from_node, edge.to_node, edge.relation) for edge in read.log.edges] == [
        ("artifact:weights", node, Relation.USED),
        (node, "artifact:weights", Relation.PRODUCED),
    ]
    assert read.tags["artifact.weights"] == "model, digest d6bc, aliases latest"


def test_console_output_alerts_and_texts_are_told(tmp_path: Path) -> None:
    alert = record(10, block(1, "Low") + block(2, "below 0.2."))
    read = logged(
        tmp_path, output_line("a\n"), output_line("b\n"), alert, record(9, b""), row(0, phase="warmup", none=None)
    )
    assert read.codes == ["alert", "console-output", "no-numbers", "synced-tensorboard"]
    assert read.message("no-numbers").endswith("phase, none: 1 × nothing, 1 × text.")


def test_a_run_that_was_branched_names_its_parent(tmp_path: Path) -> None:
    write(tmp_path / "a" / "run-parent01.wandb", run("parent01", project="digits"), exit_record())
    write(tmp_path / "b" / "run-child001.wandb", run("child001", project="digits", branch="parent01"), exit_record())
    parent, child = read_all(tmp_path)
    assert child.log.run.parent_run == parent.log.run.run_id


def twins(tmp_path: Path, first: Sequence[bytes], second: Sequence[bytes]) -> None:
    for time, records in (("20260101_120000", first), ("20260102_080000", second)):
        write(tmp_path / "wandb" / f"offline-run-{time}-again001" / "run-again001.wandb", *records)


def test_folders_of_one_run_id_are_one_run(tmp_path: Path) -> None:
    twins(
        tmp_path,
        [run("again001", project="p", start=START, config={"lr": 0.1, "first": 1}), row(0, loss=3), row(1, loss=2)],
        [run("again001", project="p", start=START + 100, config={"lr": 0.2}), row(2, loss=1), exit_record(0, 7)],
    )
    read = read_one(tmp_path)
    assert read.points["loss"] == [(0, 3), (1, 2), (2, 1)]
    assert read.params == {"first": "1", "lr": "0.2"}
    assert read.log.run.status is RunStatus.FINISHED
    assert read.log.run.started is not None
    assert read.log.run.started.timestamp() == START
    assert read.log.run.duration_s is None
    assert read.codes == ["resumed-run"]


def test_a_resumed_run_replaces_the_points_it_repeats(tmp_path: Path) -> None:
    first = [run("again001"), *(row(step, loss=step) for step in range(5)), exit_record(0, 5)]
    second = [run("again001"), row(3, loss=33), row(4, loss=44), exit_record(0, 7)]
    twins(tmp_path, first, second)
    read = read_one(tmp_path)
    assert read.points["loss"] == [(0, 0), (1, 1), (2, 2), (3, 33), (4, 44)]
    assert "2 points of loss" in read.message("superseded-points")
    assert read.log.run.duration_s == 12


def test_a_step_metric_goes_on_where_steps_begin_anew(tmp_path: Path) -> None:
    first = [history(step, {"epoch": step, "loss": step}) for step in range(3)]
    second = [history(step, {"epoch": step + 3, "loss": step + 3}) for step in range(2)]
    define = metric(glob="*", step_metric="epoch")
    twins(tmp_path, [run("again001"), define, *first], [run("again001"), define, *second])
    read = read_one(tmp_path)
    assert read.points["loss"] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]
    assert read.points["epoch"] == read.points["loss"]
    assert "superseded-points" not in read.codes


def test_a_twin_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    twins(tmp_path, [run("again001"), row(0, loss=1)], [run("again001"), row(1, loss=2)])
    second = tmp_path / "wandb" / "offline-run-20260102_080000-again001" / "run-again001.wandb"
    second.write_bytes(b"nothing")
    read = read_one(tmp_path)
    assert read.points["loss"] == [(0, 1)]
    assert "unreadable-file" in read.codes


def test_ids_are_unique_within_a_project_and_survive_a_move(tmp_path: Path) -> None:
    for place, project in (("a", "p"), ("b", "q"), ("moved/c", "p")):
        write(tmp_path / place / "run-seed0.wandb", run("seed0", project=project))
    first, second, moved = read_all(tmp_path)
    assert first.log.run.run_id == moved.log.run.run_id
    assert first.log.run.run_id != second.log.run.run_id


def test_several_record_files_in_one_folder_are_several_runs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"run-{name}.wandb", run(name), row(0, loss=1), exit_record())
    assert [read.log.run.name for read in read_all(tmp_path)] == ["a", "b"]


def test_damage_costs_the_records_of_a_block_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "run-abc12345.wandb"
    write(path, run(), *(row(step, loss=step) for step in range(3000)), exit_record())
    content = bytearray(path.read_bytes())
    content[2 * BLOCK + 100] ^= 0xFF
    path.write_bytes(content)
    read = read_one(tmp_path)
    steps = [step for step, _ in read.points["loss"]]
    assert 0 < 3000 - len(steps) < 1000
    assert (steps[0], steps[-1]) == (0, 2999)
    assert read.log.run.status is RunStatus.FINISHED
    notice = next(notice for notice in read.log.notices if notice.code == "damaged-records")
    assert notice.location.startswith(f"{FOLDER}/run-abc12345.wandb:")


def test_a_cut_tail_ends_the_file_without_an_error(tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "run-abc12345.wandb"
    whole = framed([run(), *(row(step, loss=step) for step in range(5))])
    path.parent.mkdir(parents=True)
    for length in range(7, len(whole)):
        path.write_bytes(whole[:length])
        read = read_one(tmp_path)
        assert read.points.get("loss", []) == [(step, step) for step in range(len(read.points.get("loss", [])))]
        assert set(read.codes) <= {"no-end", "cut-tail"}


def test_records_that_do_not_decode_are_counted(tmp_path: Path) -> None:
    read = logged(tmp_path, row(0, loss=1), record(2, b"\x0a\xff"), b"\xff\xff", row(1, loss=2))
    assert read.points["loss"][0] == (0, 1)
    assert read.message("undecodable-records").startswith("2 records")


@pytest.mark.parametrize("content", [b"", b":W&", b"no record file", b":W&B\xe1\xbe\x07"])
def test_a_file_that_is_no_record_file_is_an_error_with_its_place(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "run-abc12345.wandb"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    beside(tmp_path, "wandb-summary.json", '{"loss": 1}')
    read = read_one(tmp_path)
    assert read.points["loss"] == [(0, 1)]
    assert read.log.run.status is RunStatus.UNKNOWN
    notice = next(notice for notice in read.log.notices if notice.code == "unreadable-file")
    assert notice.location == f"{FOLDER}/run-abc12345.wandb"


def test_deep_values_and_large_numbers_are_left_out_or_told(tmp_path: Path) -> None:
    deep = Raw('{"a":' * 200 + "1" + "}" * 200)
    read = logged(
        tmp_path, history(0, {"deep": deep, ("k",) * 100: 1, "large": 2**60}), config({"deep": deep, "lr": 1})
    )
    assert set(read.points) == {"large"}
    assert read.params == {"lr": "1"}
    assert read.codes == ["inexact-numbers", "undecodable-settings", "undecodable-values"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "logs" / FOLDER
    write(folder / "run-abc12345.wandb", run(), exit_record())
    (folder / "files").mkdir()
    (folder / "files" / "media").symlink_to(outside)
    read = read_one(tmp_path / "logs")
    assert not read.log.artifacts
    assert read.codes == ["not-followed"]


def test_the_reason_and_the_further_folders_are_told(tmp_path: Path) -> None:
    twins(tmp_path, [run("again001")], [run("again001")])
    found = registry.find([tmp_path], [WandbReader()])
    reasons = [(line.reason, line.outcome) for line in registry.explain(found)]
    assert reasons == [
        ("1 record file of W&B, for example run-again001.wandb", "reads run-again001.wandb"),
        (
            "goes on with the run in offline-run-20260101_120000-again001, and is read with it",
            "read with the folder above",
        ),
    ]
    assert found.claims[0].match.certainty is Certainty.SURE
