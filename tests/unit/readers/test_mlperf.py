import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runreport.model.entities import RunBatch, RunLog
from runreport.names import Direction, RunStatus
from runreport.readers import registry
from runreport.readers.text.mlperf import MlperfReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "mlperf_submission" / "input"
START_MS = 1_760_000_000_000


def event(key: str, value: object = None, kind: str = "POINT_IN_TIME", at_ms: int = 0, **metadata: object) -> str:
    fields = {"namespace": "", "time_ms": START_MS + at_ms, "event_type": kind, "key": key, "value": value}
    return f":::MLLOG {json.dumps({**fields, 'metadata': {'file': 'a.py', 'lineno': 1, **metadata}})}\n"


def start(key: str, at_ms: int = 0, **metadata: object) -> str:
    return event(f"{key}_start", None, "INTERVAL_START", at_ms, **metadata)


def stop(key: str, at_ms: int = 0, **metadata: object) -> str:
    return event(f"{key}_stop", None, "INTERVAL_END", at_ms, **metadata)


RUN = start("run") + start("epoch", 1000, epoch_num=1)


def read(folder: Path) -> dict[str, RunBatch]:
    reader = MlperfReader()
    found = {}
    for claim in registry.find([folder], [reader]).claims:
        sources = reader.scan(claim.location, claim.match).sources
        for batch in reader.read(replace(claim.location, files=(), folders=()), sources):
            found[batch.logs[0].run.path] = batch
    return found


def read_one(folder: Path, text: str) -> tuple[RunLog, dict[str, list[tuple[int, float]]]]:
    (folder / "result_0.txt").write_text(text, encoding="utf-8")
    (batch,) = read(folder).values()
    return batch.logs[0], series(batch)


def series(batch: RunBatch) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for row in batch.points.to_pylist():
        found.setdefault(row["metric"], []).append((row["step"], row["value"]))
    return found


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def notices(log: RunLog) -> dict[str, str]:
    return {notice.code: notice.message for notice in log.notices}


@pytest.fixture(scope="module")
def golden() -> list[RunBatch]:
    return [batch for _, batch in sorted(read(GOLDEN).items())]


def test_a_run_knows_its_benchmark_system_settings_and_person(golden: list[RunBatch]) -> None:
    log = golden[0].logs[0]
    assert (log.run.experiment, log.run.name, log.run.user) == ("bert", "node8_torch/result_0", "A. Person")
    assert log.run.seed == 100
    assert params(log) == {
        "cache_clear": "True",
        "global_batch_size": "768",
        "opt_base_learning_rate": "0.00096",
        "opt_learning_rate_decay_steps": "[12000, 16000]",
        "opt_name": "lamb",
        "submission_division": "closed",
        "submission_org": "ORG",
        "submission_platform": "1xnode8",
        "system": "node8_torch",
    }
    tags = {tag.tag: tag.value for tag in log.tags}
    assert tags == {"data_file": "part_0", "scaling_factor": "1.25", "submission_benchmark": "bert"}


def test_the_time_to_train_goes_from_start_to_stop(golden: list[RunBatch]) -> None:
    log = golden[0].logs[0]
    assert log.run.status is RunStatus.FINISHED
    assert log.run.started == datetime(2025, 10, 9, 8, 53, 37, tzinfo=UTC)
    assert log.run.duration_s == 14.0
    assert series(golden[0])["time_to_train_min"] == [(0, 14 / 60)]
    (info,) = [info for info in log.metric_infos if info.metric == "time_to_train_min"]
    assert (info.direction, info.unit, info.is_primary) == (Direction.DOWN, "min", True)


def test_an_aborted_run_failed_and_has_no_time_to_train(golden: list[RunBatch]) -> None:
    log = golden[1].logs[0]
    assert log.run.status is RunStatus.FAILED
    assert log.run.duration_s is not None
    assert "time_to_train_min" not in series(golden[1])
    assert "open-interval" in notices(log)


def test_measured_values_and_lengths_of_intervals_are_metrics(golden: list[RunBatch]) -> None:
    points = series(golden[0])
    assert points["eval_accuracy"] == [(1, 0.35), (2, 0.7)]
    assert points["tracked_stats.throughput"] == [(1, 7601.5), (2, 7602.5)]
    assert points["tracked_stats.loss"] == [(1, 1.5), (2, 0.75)]
    assert points["epoch_time"] == [(1, 4.0), (2, 4.0)]
    assert points["train_samples"] == [(1, 2_000_000.0)]


def test_what_several_ranks_print_counts_once(golden: list[RunBatch]) -> None:
    found = notices(golden[0].logs[0])
    assert "1 times (seed)" in found["several-values"]
    assert "count once: 3 left out" in found["repeated-event"]


def test_the_system_is_described_by_kind(golden: list[RunBatch]) -> None:
    items = {(item.kind, item.item): item.value for item in golden[1].logs[0].environment}
    assert items["hardware", "accelerator_model_name"] == "Example 80GB"
    assert items["package", "cuda_version"] == "12.4"
    assert items["driver", "cuda_driver_version"] == "550.54"
    assert items["os", "operating_system"] == "Ubuntu 22.04"
    assert ("hardware", "cooling") not in items


def test_the_folder_of_systems_is_read_with_the_results() -> None:
    explained = registry.explain(registry.find([GOLDEN], [MlperfReader()]))
    (line,) = [line for line in explained if line.place.endswith("systems")]
    assert line.outcome == "read with the folder above"


def test_text_may_stand_before_and_behind_an_event_and_two_may_share_a_line(tmp_path: Path) -> None:
    two = event("opt_name", "adam").rstrip() + event("opt_weight_decay", 0.1)
    log, _ = read_one(tmp_path, f"[0] 12:00 {two.rstrip()} and more\n" + RUN)
    assert params(log)["opt_name"] == "adam"
    assert params(log)["opt_weight_decay"] == "0.1"
    assert log.notices[0].code == "open-interval"


def test_a_log_without_a_stop_still_runs(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, RUN + event("eval_accuracy", 0.5, epoch_num=1))
    assert log.run.status is RunStatus.RUNNING
    assert "no-end" in [notice.code for notice in log.notices]
    assert log.run.ended is None
    assert points == {"eval_accuracy": [(1, 0.5)]}


@pytest.mark.parametrize(
    ("word", "status"),
    [("success", RunStatus.FINISHED), ("aborted", RunStatus.FAILED), ("perhaps", RunStatus.UNKNOWN)],
)
def test_the_word_at_the_end_is_the_status(word: str, status: RunStatus, tmp_path: Path) -> None:
    log, _ = read_one(tmp_path, RUN + stop("run", 5000, status=word))
    assert log.run.status is status


def test_the_status_may_be_an_event_of_its_own(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, RUN + stop("run", 60_000) + event("status", "success") * 8)
    assert log.run.status is RunStatus.FINISHED
    assert points["time_to_train_min"] == [(0, 1.0)]


def test_fractions_of_an_epoch_are_counted_and_kept_beside(tmp_path: Path) -> None:
    lines = "".join(event("eval_accuracy", value, epoch_num=epoch) for epoch, value in ((0.5, 0.1), (1, 0.2)))
    _, points = read_one(tmp_path, RUN + lines)
    assert points["eval_accuracy"] == [(1, 0.1), (2, 0.2)]
    assert points["eval_accuracy.epoch_num"] == [(1, 0.5), (2, 1.0)]


def test_steps_and_samples_win_over_epochs_and_values_may_be_maps(tmp_path: Path) -> None:
    text = RUN + event("train_loss", 2.5, samples_count=512, epoch_num=1)
    text += event("eval_accuracy", {"BBOX": 0.1, "SEGM": math.nan, "note": "x", "none": None}, step_num=7)
    log, points = read_one(tmp_path, text)
    assert points["train_loss"] == [(512, 2.5)]
    assert points["eval_accuracy.BBOX"] == [(7, 0.1)]
    assert math.isnan(points["eval_accuracy.SEGM"][0][1])
    assert ("eval_accuracy.note", "x") in [(tag.tag, tag.value) for tag in log.tags]
    assert "null-value" in notices(log)


def test_a_setting_logged_before_the_first_epoch_is_a_param_and_later_a_metric(tmp_path: Path) -> None:
    text = start("run") + event("opt_name", "lamb") + event("train_samples", 100) + start("block", 5, first_epoch_num=1)
    log, points = read_one(tmp_path, text + event("train_samples", 90))
    assert (params(log)["opt_name"], params(log)["train_samples"]) == ("lamb", "100")
    assert points["train_samples"] == [(1, 90.0)]


def test_large_whole_numbers_stay_exact_in_params(tmp_path: Path) -> None:
    log, _ = read_one(tmp_path, event("max_steps", 2**63 + 1) + event("seed", "none") + RUN)
    assert params(log)["max_steps"] == str(2**63 + 1)
    assert log.run.seed is None
    assert params(log)["seed"] == "none"


def test_broken_events_are_counted_and_named_by_line(tmp_path: Path) -> None:
    text = RUN + ':::MLLOG {"key": "seed", \n' + ":::MLLOG nothing\n" + ":::MLLOG {}\n" + ':::MLLOG {"key": 3}\n'
    log, _ = read_one(tmp_path, text)
    assert notices(log)["broken-line"].startswith("MLLOG events that cannot be read were left out: 4 (line 3, 4, 5 and")


def test_other_text_logs_and_scaling_files_alone_are_left(tmp_path: Path) -> None:
    (tmp_path / "result_0.txt").write_text("step:1 loss:2\n")
    (tmp_path / "scaling.json").write_text('{"scaling_factor": 2}')
    assert not read(tmp_path)


def test_a_broken_description_costs_only_itself(tmp_path: Path) -> None:
    place = tmp_path / "O" / "results" / "S" / "bert"
    place.mkdir(parents=True)
    (tmp_path / "O" / "systems").mkdir()
    (tmp_path / "O" / "systems" / "S.json").write_text("{")
    (place / "scaling.json").write_text("[]")
    (place / "result_3.txt").write_text(RUN)
    (batch,) = read(tmp_path).values()
    log = batch.logs[0]
    assert (log.run.experiment, log.run.name) == ("bert", "S/result_3")
    assert [notice.code for notice in log.notices].count("unreadable-log") == 2
