import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tracker_logs import claims, read

from runreport.model import keys
from runreport.names import Relation, RunStatus
from runreport.readers.base import Reader
from runreport.readers.trackers.clearml import ClearmlReader
from runreport.readers.trackers.comet import CometReader
from runreport.readers.trackers.neptune import NeptuneReader

TASK: dict[str, Any] = {
    "id": "offline-1",
    "name": "mlp",
    "project_name": "digits",
    "tags": ["base"],
    "type": "training",
}
EXPERIMENT: dict[str, Any] = {
    "offline_id": "k1",
    "project_name": "digits",
    "workspace": "lab",
    "start_time": 1760000000500,
    "stop_time": 1760000010500,
    "tags": ["base"],
}


def event(step: int, value: object, metric: str = "loss", variant: str = "train") -> dict[str, object]:
    kind = "training_stats_scalar"
    return {
        "type": kind,
        "iter": step,
        "value": value,
        "metric": metric,
        "variant": variant,
        "timestamp": 1760000000500,
    }


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def session(task: object = TASK, *events: object, log: str = "") -> dict[str, str]:
    return {"task.json": json.dumps(task), "metrics.jsonl": lines(*events), "log.jsonl": log}


def experiment(*messages: tuple[str, object], about: object = EXPERIMENT) -> dict[str, str]:
    told = lines(*({"type": kind, "payload": payload} for kind, payload in messages))
    return {"experiment.json": json.dumps(about), "messages.json": told}


def pack(path: Path, members: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def unpack(folder: Path, members: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in members.items():
        (folder / name).write_text(text)
    return folder


def metric(name: str, value: object, step: int | None, **more: object) -> tuple[str, object]:
    return "metric_msg", {"metric": {"metricName": name, "metricValue": value, "step": step}, **more}


def param(name: str, value: object) -> tuple[str, object]:
    return "parameter_msg", {"param": {"paramName": name, "paramValue": value}}


def queue(folder: Path, *operations: dict[str, object], name: str = "data-1.log", between: str = "\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    entries = [json.dumps({"obj": one, "version": number}) for number, one in enumerate(operations, start=1)]
    (folder / name).write_text(between.join(entries) + between)
    (folder / "last_put_version").write_text("1")
    return folder


def operation(kind: str, path: str, **more: object) -> dict[str, object]:
    return {"type": kind, "path": path.split("/"), **more}


def logged(path: str, *values: object, step: object = None) -> dict[str, object]:
    return operation("LogFloats", path, values=[{"value": value, "step": step, "ts": 1760000000.5} for value in values])


@pytest.mark.parametrize("reader", [ClearmlReader(), CometReader(), NeptuneReader()])
def test_they_are_readers(reader: Reader) -> None:
    assert isinstance(reader, Reader)


class TestClearml:
    def test_scalars_are_named_by_metric_and_variant(self, tmp_path: Path) -> None:
        events = [event(0, 1.0), event(1, "NaN"), event(-(2**31), 0.75, "Summary", "acc")]
        pack(tmp_path / "s.zip", session(TASK, events, [event(2, 0.5)]))
        found = read(ClearmlReader(), tmp_path)
        run = found.log.run
        assert (run.experiment, run.name, run.status) == ("digits", "mlp", RunStatus.UNKNOWN)
        assert run.run_id == keys.run_id("clearml", "offline-1")
        assert found.series["loss/train"][::2] == [(0, 1.0), (2, 0.5)]
        assert math.isnan(found.series["loss/train"][1][1])
        assert found.series["Summary/acc"] == [(0, 0.75)]
        assert found.tags == {"base": "", "type": "training"}

    def test_a_session_that_was_not_closed_is_a_folder_and_running(self, tmp_path: Path) -> None:
        unpack(tmp_path / "offline-1", session(TASK, [event(0, 1.0)], log=lines([{"worker": "lab"}])))
        found = read(ClearmlReader(), tmp_path)
        run = found.log.run
        assert (run.status, run.host) == (RunStatus.RUNNING, "lab")
        assert found.codes == ["no-end"]

    def test_a_folder_beside_its_archive_is_the_same_run(self, tmp_path: Path) -> None:
        pack(tmp_path / "offline-1.zip", session())
        unpack(tmp_path / "offline-1", session())
        assert [source.path for source in read(ClearmlReader(), tmp_path).sources] == ["offline-1.zip"]

    def test_settings_by_section(self, tmp_path: Path) -> None:
        sections = {
            "General": {"lr": {"value": "0.1"}, "opt/name": {"value": "adam"}},
            "Args": {"lr": {"value": "0.2"}},
            "Data": {"rows": {"value": "3"}},
            "properties": {"team": {"value": "vision"}},
            "odd": 3,
        }
        configuration = {"net": {"value": "depth = 2"}, "long": {"value": "x" * 5_000}}
        pack(tmp_path / "s.zip", session({**TASK, "hyperparams": sections, "configuration": configuration}))
        found = read(ClearmlReader(), tmp_path)
        assert found.params == {
            "lr": "0.2",
            "General/lr": "0.1",
            "opt/name": "adam",
            "Data/rows": "3",
            "configuration/net": "depth = 2",
        }
        assert found.tags["team"] == "vision"
        assert found.codes == ["long-settings"]

    def test_code_packages_artifacts_and_models(self, tmp_path: Path) -> None:
        task = {
            **TASK,
            "parent": "offline-0",
            "script": {
                "version_num": "abc",
                "branch": "main",
                "repository": "git@x",
                "entry_point": "t.py",
                "diff": "+1",
                "requirements": {"pip": "# Python 3.11.7\n\nclearml == 2.1.12\n"},
            },
            "offline_folder": "/c/offline-1",
            "execution": {
                "artifacts": [
                    {"key": "a", "uri": "/c/offline-1/data/a.json", "hash": "ff", "content_size": 3},
                    {"key": "b", "uri": "s3://x/b.bin"},
                    {"uri": "nameless"},
                ]
            },
            "offline_output_models": [{"init": {"name": "net"}}],
        }
        folder = unpack(tmp_path / "offline-1", session(task))
        (folder / "data").mkdir()
        (folder / "data" / "a.json").write_text("{}")
        found = read(ClearmlReader(), tmp_path)
        code = found.log.code
        assert code is not None
        assert (code.commit, code.branch, code.repo_url, code.dirty) == ("abc", "main", "git@x", True)
        assert str(code.diff_digest).startswith("sha256:")
        assert found.environment == {("package", "clearml"): "2.1.12", ("package", "python"): "3.11.7"}
        assert [(one.path, one.sha256, one.location) for one in found.log.artifacts] == [
            ("a/a.json", "ff", "offline-1/data/a.json"),
            ("b/b.bin", None, "s3://x/b.bin"),
        ]
        assert found.log.edges[0].to_node == "model:net"
        assert found.log.run.parent_run == keys.run_id("clearml", "offline-0")

    def test_what_is_no_scalar_or_broken_is_told_about(self, tmp_path: Path) -> None:
        members = session(TASK, [{"type": "plot"}, event(0, "x"), 3, event(1, 0.5)])
        members["metrics.jsonl"] += "[{\n"
        pack(tmp_path / "s.zip", members)
        found = read(ClearmlReader(), tmp_path)
        assert found.series == {"loss/train": [(1, 0.5)]}
        assert found.codes == ["broken-events", "broken-lines", "not-scalars"]

    def test_other_archives_are_left(self, tmp_path: Path) -> None:
        pack(tmp_path / "a.zip", {"task.json": "{}"})
        pack(tmp_path / "b.zip", {"metrics.jsonl": ""})
        (tmp_path / "c.zip").write_bytes(b"PK\3\4")
        assert claims(ClearmlReader(), tmp_path) == {}


class TestComet:
    def test_facts_of_an_experiment(self, tmp_path: Path) -> None:
        messages = [
            ("log_other", {"key": "Name", "value": "mlp"}),
            ("log_other", {"key": "team", "value": "vision"}),
            param("opt|name", "adam"),
            param("big", 2**60 + 1),
            ("parameter_msg", {"params": {"paramName": "hidden", "paramValue": [24, 12]}}),
            param("curr_step", 3),
            ("git_metadata", {"git_metadata": {"parent": "abc", "branch": "refs/heads/main", "origin": "git@x"}}),
            (
                "system_details",
                {"user": "ada", "hostname": "lab", "command": ["t.py", "--x"], "env": {"TOKEN": "secret"}},
            ),
            ("gpu_static_info", {"gpu_static_info": [{"name": "RTX"}]}),
            ("installed_packages", {"installed_packages": ["numpy==2.0.1"]}),
        ]
        pack(tmp_path / "k1.zip", experiment(*messages))
        found = read(CometReader(), tmp_path)
        run = found.log.run
        assert (run.experiment, run.name, run.status, run.duration_s) == ("digits", "mlp", RunStatus.FINISHED, 10)
        assert (run.user, run.host, run.run_id) == ("ada", "lab", keys.run_id("comet", "k1"))
        assert found.params == {"opt.name": "adam", "big": "1152921504606846977", "hidden": "[24, 12]"}
        assert found.tags == {"base": "", "team": "vision", "command": "t.py --x", "workspace": "lab"}
        assert found.environment == {("hardware", "gpu 0"): "RTX", ("package", "numpy"): "2.0.1"}
        assert found.log.code is not None
        assert (found.log.code.commit, found.log.code.branch, found.log.code.entry_point) == ("abc", "main", "t.py")
        assert "secret" not in repr(found)

    def test_metrics_have_their_context_in_front_and_may_lack_steps(self, tmp_path: Path) -> None:
        messages = [
            metric("loss", 1.0, 0, context="train"),
            metric("loss", "NaN", 1, context="train"),
            metric("acc", 0.5, None),
            metric("acc", "Infinity", None),
            metric("acc", "good", 4),
        ]
        pack(tmp_path / "k1.zip", experiment(*messages))
        found = read(CometReader(), tmp_path)
        assert found.series["train_loss"][0] == (0, 1.0)
        assert math.isnan(found.series["train_loss"][1][1])
        assert found.series["acc"] == [(0, 0.5), (1, math.inf)]
        assert found.codes == ["broken-messages"]

    @pytest.mark.parametrize(
        ("about", "status"),
        [
            ({"customer_error_message": "NaN"}, RunStatus.FAILED),
            ({"stop_time": None}, RunStatus.RUNNING),
        ],
    )
    def test_statuses(self, tmp_path: Path, about: dict[str, object], status: RunStatus) -> None:
        unpack(tmp_path / "k1", experiment(about=EXPERIMENT | about))
        found = read(CometReader(), tmp_path)
        run = found.log.run
        assert (run.status, run.note) == (status, about.get("customer_error_message"))
        assert ("no-end" in found.codes) == (status is RunStatus.RUNNING)

    def test_files_models_and_data(self, tmp_path: Path) -> None:
        upload = {"file_path": "tmp1", "additional_params": {"fileName": "a.txt"}}
        model = {"file_path": "tmp1", "additional_params": {"fileName": "m.bin", "groupingName": "net"}}
        remote = {"remote_uri": "s3://x", "additional_params": {"fileName": "r.csv", "type": "audio"}}
        messages = [
            ("file_upload", upload),
            ("file_upload", upload),
            ("file_upload", model),
            ("remote_file", remote),
            param("dataset_hash", "ff"),
            ("log_other", {"key": "dataset_info", "value": "digits-v1, /data/x.csv"}),
            ("html", {}),
        ]
        pack(tmp_path / "k1.zip", {**experiment(*messages), "tmp1": "12345"})
        found = read(CometReader(), tmp_path)
        assert [(one.path, one.size_bytes, one.location) for one in found.log.artifacts] == [
            ("a.txt", 5, None),
            ("a.txt (2)", 5, None),
            ("models/net/m.bin", 5, None),
            ("audio/r.csv", None, "s3://x"),
        ]
        (edge,) = found.log.edges
        assert (edge.to_node, edge.relation) == ("model:net", Relation.PRODUCED)
        (data,) = found.log.datasets
        assert (data.dataset, data.digest, data.source) == ("digits-v1", "ff", "/data/x.csv")
        assert found.codes == ["not-read"]

    def test_the_hidden_folder_of_the_client_is_looked_into(self, tmp_path: Path) -> None:
        pack(tmp_path / "p" / ".cometml-runs" / "k1.zip", experiment())
        pack(tmp_path / "p" / ".cometml-runs" / "copy.zip", experiment())
        found = read(CometReader(), tmp_path)
        assert [source.path for source in found.sources] == ["p/.cometml-runs/copy.zip"]
        assert found.codes == ["second-copy"]

    def test_a_member_that_is_damaged_costs_only_what_it_holds(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "k1.zip", experiment(*(metric("loss", step, step) for step in range(9))))
        data = bytearray(path.read_bytes())
        data[data.rindex(b"messages.json", 0, data.index(b"PK\x01\x02")) + 20] ^= 0xFF
        path.write_bytes(data)
        found = read(CometReader(), tmp_path)
        assert found.log.run.experiment == "digits"
        assert "unreadable-file" in found.codes


class TestNeptune:
    def test_facts_of_a_run(self, tmp_path: Path) -> None:
        folder = queue(
            tmp_path / "p" / ".neptune" / "offline" / "run__abc__12__xy",
            operation("AssignString", "sys/name", value="mlp"),
            operation("AssignString", "sys/description", value="as expected"),
            operation("AssignString", "sys/hostname", value="lab"),
            operation("AddStrings", "sys/tags", values=["b", "a"]),
            operation("RemoveStrings", "sys/tags", values=["b"]),
            operation("AssignFloat", "parameters/lr", value=0.1),
            operation("AssignString", "parameters/opt/a.b", value="adam"),
            operation("AssignInt", "epochs", value=12),
            operation("AssignBool", "is/good", value=True),
            operation("AssignString", "source_code/entrypoint", value="t.py"),
            operation("AssignFloat", "passing", value=1),
            operation("DeleteAttribute", "passing"),
        )
        (folder / "metadata.json").write_text('{"createdAt": "2026-03-20T10:00:00+00:00", "os": "Linux"}')
        found = read(NeptuneReader(), tmp_path)
        run = found.log.run
        assert (run.experiment, run.name, run.note, run.host) == ("p", "mlp", "as expected", "lab")
        assert (run.status, run.run_id) == (RunStatus.UNKNOWN, keys.run_id("neptune", "abc"))
        assert found.params == {"lr": "0.1", "opt.a\\.b": "adam"}
        assert found.tags == {"a": "", "is/good": "True"}
        assert found.series == {"epochs": [(0, 12.0)]}
        assert found.environment == {("os", "platform"): "Linux"}
        assert found.notices == ()

    def test_points_without_a_step_follow_the_last(self, tmp_path: Path) -> None:
        folder = tmp_path / ".neptune" / "async" / "run__abc" / "exec-1"
        queue(
            folder,
            logged("loss", 1.0, 0.5),
            logged("loss", 0.25, step=10.0),
            logged("loss", 0.1),
            logged("odd", 1, step=0.5),
        )
        found = read(NeptuneReader(), tmp_path)
        assert found.series == {"loss": [(0, 1.0), (1, 0.5), (10, 0.25), (11, 0.1)]}
        assert found.codes == ["broken-operations"]

    def test_objects_need_no_line_end_between_them(self, tmp_path: Path) -> None:
        queue(tmp_path / ".neptune" / "offline" / "run__abc", logged("a", 1), logged("a", 2), between="")
        assert read(NeptuneReader(), tmp_path).series == {"a": [(0, 1.0), (1, 2.0)]}

    def test_files_of_a_queue_are_read_by_their_numbers_and_queues_of_a_run_together(self, tmp_path: Path) -> None:
        base = tmp_path / ".neptune" / "async"
        queue(base / "run__abc__1__x", logged("a", 1), name="data-2.log")
        queue(base / "run__abc__1__x", logged("a", 2), name="data-10.log")
        queue(base / "run__abc__2__y", logged("a", 3))
        queue(base / "project__def", logged("a", 3))
        found = read(NeptuneReader(), tmp_path)
        assert found.series == {"a": [(0, 1.0), (1, 2.0), (2, 3.0)]}
        assert found.codes == ["not-a-run"]

    def test_a_cut_tail_and_broken_lines(self, tmp_path: Path) -> None:
        folder = queue(tmp_path / ".neptune" / "offline" / "run__abc", logged("a", 1))
        path = folder / "data-1.log"
        path.write_text("hello\n[1]\n" + path.read_text() + '{"obj": {"ty')
        found = read(NeptuneReader(), tmp_path)
        assert found.series == {"a": [(0, 1.0)]}
        assert found.codes == ["broken-lines", "cut-line"]

    def test_what_was_sent_already_is_told_about(self, tmp_path: Path) -> None:
        folder = queue(tmp_path / ".neptune" / "async" / "run__abc", logged("a", 1))
        (folder / "data-1.log").write_text('{"obj": {"type": "LogImages", "path": ["x"]}, "version": 50}\n')
        found = read(NeptuneReader(), tmp_path)
        assert found.codes == ["not-read", "sent-already"]

    def test_files_and_tracked_data(self, tmp_path: Path) -> None:
        folder = queue(
            tmp_path / ".neptune" / "offline" / "run__abc",
            operation("UploadFile", "note", ext="txt", tmp_file_name="note-1.txt"),
            operation("UploadFile", "far", ext="bin", file_path="/x/far.bin"),
            operation("TrackFilesToArtifact", "data", entries=[["train.csv", None]]),
            operation("AssignBool", "sys/failed", value=True),
            operation("ConfigFloatSeries", "loss", unit="nats"),
            logged("loss", 1),
            logged("gone", 1),
            operation("ClearFloatLog", "gone"),
        )
        (folder / "upload_path").mkdir()
        (folder / "upload_path" / "note-1.txt").write_text("hello")
        found = read(NeptuneReader(), tmp_path)
        assert [(one.path, one.size_bytes) for one in found.log.artifacts] == [("note.txt", 5), ("far.bin", None)]
        assert [(data.dataset, data.source) for data in found.log.datasets] == [("data", "train.csv")]
        assert found.log.run.status is RunStatus.FAILED
        assert [(info.metric, info.unit) for info in found.log.metric_infos] == [("loss", "nats")]
        assert found.series == {"loss": [(0, 1.0)]}

    def test_a_queue_that_is_named_itself_is_read(self, tmp_path: Path) -> None:
        queue(tmp_path / ".neptune" / "offline" / "run__abc", logged("a", 1))
        found = read(NeptuneReader(), tmp_path / ".neptune")
        assert found.log.run.run_id == keys.run_id("neptune", "abc")

    def test_other_hidden_folders_are_left(self, tmp_path: Path) -> None:
        (tmp_path / ".neptune" / "cache").mkdir(parents=True)
        assert claims(NeptuneReader(), tmp_path) == {}
