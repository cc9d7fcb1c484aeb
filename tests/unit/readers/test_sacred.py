import json
import math
from pathlib import Path
from typing import Any

import pytest
from tracker_logs import claims, read

from runreport.names import RunStatus
from runreport.readers import registry
from runreport.readers.base import Joining, Reader
from runreport.readers.trackers.sacred import SacredReader

RUN = {
    "artifacts": [],
    "command": "main",
    "experiment": {"name": "digits", "mainfile": "train.py", "dependencies": ["numpy==2.0.1"], "repositories": []},
    "status": "COMPLETED",
    "start_time": "2026-03-20T10:00:00.500000",
    "stop_time": "2026-03-20T10:00:10.500000",
    "heartbeat": "2026-03-20T10:00:09.500000",
}


def write(folder: Path, run: object = RUN, **files: object) -> Path:
    """Write a run; files are JSON by their names without suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in {"run": run, "config": {"lr": 0.1}, "metrics": {}, **files}.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def series(steps: list[int], values: list[Any]) -> dict[str, list[Any]]:
    return {"steps": steps, "values": values, "timestamps": ["2026-03-20T10:00:01"] * len(steps)}


def test_it_is_a_reader() -> None:
    assert isinstance(SacredReader(), Reader)


def test_a_run_is_named_by_its_folder_and_its_experiment(tmp_path: Path) -> None:
    write(tmp_path / "results" / "7")
    found = read(SacredReader(), tmp_path)
    run = found.log.run
    assert (run.experiment, run.name, run.status) == ("digits", "results/7", RunStatus.FINISHED)
    assert run.duration_s == 10
    assert found.sources[0].joining is Joining.BENEATH
    assert found.notices == ()


def test_a_folder_that_only_looks_like_a_run_does_not_own_what_lies_below(tmp_path: Path) -> None:
    write(tmp_path / "7", {"status": "COMPLETED"})
    (tmp_path / "7" / "cout.txt").write_text("")
    assert read(SacredReader(), tmp_path).sources[0].joining is Joining.FOLDER


def test_the_number_of_a_run_is_no_seed(tmp_path: Path) -> None:
    write(tmp_path / "7")
    assert read(SacredReader(), tmp_path).log.run.seed is None


def test_bare_nan_and_infinity_are_values(tmp_path: Path) -> None:
    write(tmp_path / "1", metrics={"loss": series([0, 1, 1], [math.nan, math.inf, 0.5])})
    (first, second, third) = read(SacredReader(), tmp_path).series["loss"]
    assert math.isnan(first[1])
    assert second == (1, math.inf)
    assert third == (1, 0.5)


def test_lists_in_info_take_their_steps_from_the_list_beside_them(tmp_path: Path) -> None:
    numpy = {"dtype": "float64", "py/object": "numpy.float64", "value": 0.25}
    write(tmp_path / "1", info={"won": [0.0, numpy], "won_T": [10, 20], "plain": [1, 2], "nested": {"acc": [3]}})
    found = read(SacredReader(), tmp_path)
    assert found.series == {
        "won": [(10, 0.0), (20, 0.25)],
        "plain": [(0, 1.0), (1, 2.0)],
        "nested/acc": [(0, 3.0)],
    }


def test_a_pickled_value_is_never_executed_and_told_about(tmp_path: Path) -> None:
    pickled = {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch /tmp/harm"]}]}
    write(tmp_path / "1", info={"norm": [pickled], "norm_T": [1], "loss": [pickled, 0.5]})
    found = read(SacredReader(), tmp_path)
    assert found.series == {"loss": [(1, 0.5)]}
    assert found.codes == ["not-numbers"]
    assert "norm" in found.notices[0].message


def test_single_numbers_and_texts_in_info(tmp_path: Path) -> None:
    write(tmp_path / "1", info={"best": 0.5, "phase": "done", "ok": True})
    found = read(SacredReader(), tmp_path)
    assert found.series == {"best": [(0, 0.5)]}
    assert found.tags == {"command": "main", "phase": "done", "ok": "True"}


def test_series_of_unequal_length_are_cut_with_a_notice(tmp_path: Path) -> None:
    write(tmp_path / "1", metrics={"loss": {"steps": [0, 1], "values": [0.5], "timestamps": []}, "odd": 3})
    found = read(SacredReader(), tmp_path)
    assert found.series == {"loss": [(0, 0.5)]}
    assert "uneven-series" in found.codes


def test_a_step_beyond_64_bits_is_told_about(tmp_path: Path) -> None:
    write(tmp_path / "1", metrics={"loss": series([0, 2**70], [0.5, 0.25])})
    found = read(SacredReader(), tmp_path)
    assert found.series == {"loss": [(0, 0.5)]}
    assert found.codes == ["impossible-steps"]


@pytest.mark.parametrize(
    ("result", "points"),
    [(0.75, {"result": [(0, 0.75)]}), ({"a": {"b": 1}}, {"result/a/b": [(0, 1.0)]}), (None, {}), ("good", {})],
)
def test_the_result_of_a_run_is_a_metric(tmp_path: Path, result: object, points: object) -> None:
    write(tmp_path / "1", {**RUN, "result": result})
    found = read(SacredReader(), tmp_path)
    assert found.series == points
    assert found.tags.get("result") == ("good" if result == "good" else None)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("QUEUED", RunStatus.RUNNING),
        ("RUNNING", RunStatus.RUNNING),
        ("COMPLETED", RunStatus.FINISHED),
        ("FAILED", RunStatus.FAILED),
        ("DIED", RunStatus.FAILED),
        ("INTERRUPTED", RunStatus.KILLED),
        ("TIMEOUT", RunStatus.KILLED),
        (["?"], RunStatus.UNKNOWN),
    ],
)
def test_statuses(tmp_path: Path, text: object, status: RunStatus) -> None:
    write(tmp_path / "1", {**RUN, "status": text})
    found = read(SacredReader(), tmp_path)
    assert found.log.run.status is status
    assert found.codes == (["unknown-status"] if status is RunStatus.UNKNOWN else [])


def test_a_run_that_was_never_closed_has_lived_until_its_last_heartbeat(tmp_path: Path) -> None:
    run = {**RUN, "status": "RUNNING", "stop_time": None}
    write(tmp_path / "1", run, metrics={"loss": series([0], [1.0])})
    found = read(SacredReader(), tmp_path).log.run
    assert (found.ended, found.duration_s) == (None, 9)


def test_comment_and_error_are_the_note(tmp_path: Path) -> None:
    meta = {"options": {"--comment": "second try", "UPDATE": ["lr=0.1"]}, "named_configs": ["small"]}
    write(tmp_path / "1", {**RUN, "meta": meta, "fail_trace": ["Traceback:\n", "  File x\n", "ValueError: no\n"]})
    found = read(SacredReader(), tmp_path)
    assert found.log.run.note == "second try\nValueError: no"
    assert found.tags == {"command": "main", "named_configs": "small", "updates": "lr=0.1"}


def test_host_code_and_data(tmp_path: Path) -> None:
    digest = "0" * 32
    experiment = {
        **RUN["experiment"],  # type: ignore[dict-item]
        "repositories": [{"url": "git@x", "commit": "abc", "dirty": True}] * 2,
        "sources": [["train.py", f"_sources/train_{digest}.py"]],
    }
    host = {
        "hostname": "lab",
        "os": ["Linux", "Linux-6"],
        "cpu": "EPYC",
        "python_version": "3.11.7",
        "ENV": {"OMP": "1"},
        "gpus": {"driver_version": "580", "gpus": [{"model": "RTX", "total_memory": 24}]},
    }
    resources = [["/data/train.csv", f"_resources/train_{digest}.csv"]]
    write(tmp_path / "runs" / "1", {**RUN, "experiment": experiment, "host": host, "resources": resources})
    (tmp_path / "runs" / "_sources").mkdir()
    (tmp_path / "runs" / "_sources" / f"train_{digest}.py").write_text("pass")
    found = read(SacredReader(), tmp_path)
    code = found.log.code
    assert code is not None
    assert (code.commit, code.dirty, code.repo_url, code.entry_point) == ("abc", True, "git@x", "train.py")
    assert found.environment == {
        ("package", "numpy"): "2.0.1",
        ("package", "python"): "3.11.7",
        ("os", "platform"): "Linux-6",
        ("hardware", "cpu"): "EPYC",
        ("hardware", "gpu 0"): "RTX, 24 MiB",
        ("driver", "nvidia"): "580",
    }
    (data,) = found.log.datasets
    assert (data.dataset, data.digest, data.source) == ("train.csv", f"md5:{digest}", "/data/train.csv")
    (source,) = found.log.artifacts
    assert (source.path, source.location) == ("sources/train.py", f"runs/_sources/train_{digest}.py")


def test_several_commits_are_told_about(tmp_path: Path) -> None:
    states = [{"url": "a", "commit": "1"}, {"url": "b", "commit": "2"}]
    write(tmp_path / "1", {**RUN, "experiment": {"name": "x", "repositories": states}})
    found = read(SacredReader(), tmp_path)
    assert found.log.code is not None
    assert found.log.code.commit == "1"
    assert found.codes == ["several-repositories"]


def test_artifacts_are_not_left_to_readers_of_tables(tmp_path: Path) -> None:
    write(tmp_path / "1", {**RUN, "artifacts": ["scores.csv", "gone.csv", "x.tfevents"]})
    for name in ("scores.csv", "cout.txt", "x.tfevents"):
        (tmp_path / "1" / name).write_text("step,loss\n0,1\n")
    (claim,) = registry.find([tmp_path], [SacredReader()]).claims
    assert claim.match.takes is not None
    assert claim.match.takes >= {"scores.csv", "cout.txt"}
    assert "x.tfevents" not in claim.match.takes
    places = {one.path: one.location for one in read(SacredReader(), tmp_path).log.artifacts}
    assert places == {
        "scores.csv": "1/scores.csv",
        "gone.csv": None,
        "x.tfevents": "1/x.tfevents",
        "cout.txt": "1/cout.txt",
    }


def test_an_artifact_cannot_lie_outside(tmp_path: Path) -> None:
    write(tmp_path / "logs" / "1", {**RUN, "artifacts": ["../../../secret"]})
    (tmp_path / "secret").write_text("x")
    (one,) = read(SacredReader(), tmp_path / "logs").log.artifacts
    assert one.location is None


def test_torn_files_of_a_live_run_cost_only_what_they_hold(tmp_path: Path) -> None:
    folder = write(tmp_path / "1", metrics={"loss": series([0], [1.0])})
    (folder / "cout.txt").write_text("")
    (folder / "run.json").write_text('{"artifacts": [], "command": "main", "exp')
    found = read(SacredReader(), tmp_path)
    assert found.codes == ["unreadable-file"]
    assert found.log.run.status is RunStatus.UNKNOWN
    assert found.series == {"loss": [(0, 1.0)]}
    (folder / "run.json").write_text("")
    assert claims(SacredReader(), tmp_path) == {"1": "LIKELY"}


def test_other_files_called_run_json_are_left(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"id": 1}')
    (tmp_path / "config.json").write_text("{}")
    assert claims(SacredReader(), tmp_path) == {}
