import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runreport.config.options import SourceOptions
from runreport.model.entities import RunBatch, RunLog
from runreport.names import RunStatus
from runreport.readers import registry
from runreport.readers.base import Joining
from runreport.readers.text import watchdog as watchdog_module
from runreport.readers.text.lines import MAX_LINE, read_lines
from runreport.readers.text.names import text_name
from runreport.readers.text.patterns import MAX_PAIRS, KeyValue, PythonLogging, is_step_line
from runreport.readers.text.reader import TextReader
from runreport.readers.text.values import in_unit, parse_value
from runreport.readers.text.watchdog import SlowLineError, Watchdog

STEPS = "step:0/3 loss:3.0 time:0ms\nstep:1/3 loss:2.0 time:10ms\nstep:2/3 loss:1.5 time:20ms\n"
LAST = "step:3/3 loss:1.0 time:30ms\n"
UUID = "32be977f-b49d-4ebb-8bf1-e746e6ac836c"
RULE = "=" * 100
HARD = "step:1 " + "a:1111111 " * 900 + "!"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder: Path, rules: Sequence[SourceOptions] = ()) -> list[RunBatch]:
    reader = TextReader()
    batches: list[RunBatch] = []
    for claim in registry.find([folder], [reader], rules=rules).claims:
        sources = reader.scan(claim.location, claim.match).sources
        batches += reader.read(replace(claim.location, files=(), folders=()), sources)
    return batches


def read_one(folder: Path, text: str | bytes, **rule: object) -> tuple[RunLog, dict[str, list[tuple[int, float]]]]:
    write(folder, {"run.log": text})
    rules = [SourceOptions.model_validate({"path": "run.log", **rule})] if rule else []
    (batch,) = read(folder, rules)
    return batch.logs[0], series(batch)


def series(batch: RunBatch) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for row in batch.points.to_pylist():
        found.setdefault(row["metric"], []).append((row["step"], row["value"]))
    return found


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def codes(log: RunLog) -> list[str]:
    return [notice.code for notice in log.notices]


def test_step_lines_are_read_without_settings(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, STEPS + LAST)
    assert points["loss"] == [(0, 3.0), (1, 2.0), (2, 1.5), (3, 1.0)]
    assert points["time"][-1] == (3, 30.0)
    assert {info.metric: info.unit for info in log.metric_infos} == {"time": "ms"}
    assert params(log)["total_steps"] == "3"
    assert log.run.status is RunStatus.FINISHED
    assert log.notices == ()


def test_the_source_code_before_the_steps_is_no_log_and_tells_runs_apart(tmp_path: Path) -> None:
    code = "import torch\nlr = {}\nprint('start')\nstep:7/9 loss:9 time:9ms\nclass A:\n    step=1, loss=2,\n"
    for name, rate in (("a", 0.1), ("b", 0.1), ("c", 0.2)):
        write(tmp_path, {f"{name}.txt": code.format(rate) + RULE + "\nRunning Python 3.12.1\n" + RULE + "\n" + STEPS})
    batches = read(tmp_path)
    digests = [batch.logs[0].code.diff_digest for batch in batches if batch.logs[0].code]
    assert digests[0] == digests[1] != digests[2]
    assert all(points == [(0, 3.0), (1, 2.0), (2, 1.5)] for points in (series(batch)["loss"] for batch in batches))


def test_code_alone_prose_and_notes_are_not_claimed(tmp_path: Path) -> None:
    code = "import os\ndefaults = dict(\n    step=1, loss=2,\n    step=2, loss=3,\n    step=3, loss=4,\n)\n"
    notes = "step 1: buy milk\nstep 2: go home\nstep 3: sleep 8h\nversion: 3\n"
    pins = "numpy==2.0\ntorch==2.5\nscipy==1.1\n"
    write(tmp_path, {"code.txt": code, "README.txt": notes, "requirements.txt": pins, "data.bin": STEPS, "x.txt": b""})
    assert not read(tmp_path)


def test_a_log_that_died_early_is_found_beside_others(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": STEPS, "b.txt": "step:0/3 loss:3.0 time:0ms\n", "notes.txt": "step by step\n"})
    assert [batch.logs[0].run.path for batch in read(tmp_path)] == ["a.txt", "b.txt"]
    (tmp_path / "a.txt").unlink()
    assert not read(tmp_path)


def test_the_steps_are_found_at_the_end_of_a_log_with_a_long_preamble(tmp_path: Path) -> None:
    _, points = read_one(tmp_path, "some words\n" * 10_000 + STEPS)
    assert len(points["loss"]) == 3


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (STEPS + LAST, RunStatus.FINISHED),
        ("".join(f"step:{step}/100 loss:1 time:1ms\n" for step in range(50)), RunStatus.RUNNING),
        ("".join(f"step:{step}/100 loss:1 time:1ms\n" for step in range(100)), RunStatus.UNKNOWN),
        ("".join(f"step:{step}/100 loss:1 time:1ms\n" for step in range(0, 100, 10)), RunStatus.UNKNOWN),
        ("".join(f"step:{step} loss:1 time:1ms\n" for step in range(9)), RunStatus.UNKNOWN),
        ("".join(f"epoch:{step}/3 loss:1 time:1ms\n" for step in range(1, 4)), RunStatus.FINISHED),
        ("".join(f"step:{step // 3}/200 loss:1 time:1ms\n" for step in range(300)), RunStatus.RUNNING),
        ("step:0/9 a:1\n" * 9 + "Traceback (most recent call last):\n" + "step:9/9 a:1\n" * 9, RunStatus.FINISHED),
        ("step:8/9 a:1\n" * 9 + "Traceback (most recent call last):\n", RunStatus.FAILED),
        (STEPS + "Traceback (most recent call last):\n  File x\nValueError: no\n", RunStatus.FAILED),
        ("Traceback (most recent call last):\n  caught\n" + STEPS + LAST, RunStatus.FINISHED),
    ],
)
def test_how_a_run_ended_follows_from_its_last_step_or_a_traceback(
    text: str, status: RunStatus, tmp_path: Path
) -> None:
    log, _ = read_one(tmp_path, text)
    assert log.run.status is status
    assert ("no-end" in [notice.code for notice in log.notices]) == (status is RunStatus.RUNNING)


def test_lines_of_one_step_keep_their_order(tmp_path: Path) -> None:
    _, points = read_one(tmp_path, STEPS + "step:3/3 time:29ms loss:9\n" + LAST)
    assert points["time"][-2:] == [(3, 29.0), (3, 30.0)]


def test_the_oldest_style_with_one_letter_is_read(tmp_path: Path) -> None:
    _, points = read_one(tmp_path, "s:0 tel:10.9\ns:0 trl:10.8 lr:0.000001 norm:15.37\ns:1 trl:10.5\n")
    assert points == {"tel": [(0, 10.9)], "trl": [(0, 10.8), (1, 10.5)], "lr": [(0, 1e-6)], "norm": [(0, 15.37)]}


def test_values_that_are_not_finite_survive_with_their_unit(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, "step:0/2 a:nanms b:inf\nstep:1/2 a:-infms b:1e-3\nstep:2/2 a:5ms b:-.5\n")
    assert math.isnan(points["a"][0][1])
    assert [value for _, value in points["a"][1:]] == [-math.inf, 5.0]
    assert [value for _, value in points["b"]] == [math.inf, 0.001, -0.5]
    assert {info.metric: info.unit for info in log.metric_infos} == {"a": "ms"}


def test_a_metric_keeps_its_first_unit(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, "step:0 t:500ms x:1\nstep:1 t:2s x:1\nstep:2 t:3% x:1\nstep:3 t:7 x:1\n")
    assert points["t"] == [(0, 500.0), (1, 2000.0), (3, 7.0)]
    assert codes(log) == ["another-unit"]
    assert log.notices[0].location == "run.log:3"


def test_runs_named_by_uuid_are_repeats_of_their_folder(tmp_path: Path) -> None:
    write(tmp_path, {f"arms/fast/{UUID}.txt": STEPS, "arms/slow/adam_s3.txt": STEPS, f"{UUID}.txt": STEPS})
    logs = {batch.logs[0].run.path: batch.logs[0] for batch in read(tmp_path)}
    opaque = logs[f"arms/fast/{UUID}.txt"]
    assert (opaque.run.experiment, opaque.run.name, params(opaque)["stem"]) == ("arms", f"fast/{UUID}", "fast")
    named = logs["arms/slow/adam_s3.txt"]
    assert (named.run.experiment, named.run.seed, params(named)["stem"]) == ("arms/slow", 3, "adam")
    assert params(logs[f"{UUID}.txt"])["stem"] == tmp_path.name


@pytest.mark.parametrize("name", [UUID, "0f3a9c77e1", "slurm-1234567", "run_20260131-1200", "2026-01-31_12-00-05"])
def test_names_that_say_nothing_are_known(name: str) -> None:
    assert text_name(f"arm/{name}", "logs").stem == "arm"


@pytest.mark.parametrize("name", ["baseline", "deadbeef_lr", "adam_s1", "decade"])
def test_names_that_say_something_stay(name: str) -> None:
    assert text_name(f"arm/{name}", "logs").stem != "arm"


def test_the_only_log_of_a_folder_with_a_usual_name_is_the_log_of_that_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a/train.log": STEPS, "b/one.log": STEPS, "c/log.txt": STEPS, "c/train.log": STEPS})
    write(tmp_path, {"d/job.log": STEPS, "d/.hydra/config.yaml": "lr: 1\n"})
    reader = TextReader()
    found = {}
    for claim in registry.find([tmp_path], [reader]).claims:
        found |= {source.files[0]: source for source in reader.scan(claim.location, claim.match).sources}
    assert found["a/train.log"].joining is found["d/job.log"].joining is Joining.FOLDER
    assert found["a/train.log"].path == "a"
    assert all(found[name].joining is Joining.ALONE for name in ("b/one.log", "c/log.txt", "c/train.log"))


def test_own_expressions_read_metrics_params_and_the_end(tmp_path: Path) -> None:
    text = "lr is 0.1, seed=4\n[3] acc 93.5 % after 12.5s\nval for [3]: 0.25\n[4] acc 94 % after 13s\nbye\n"
    log, points = read_one(
        tmp_path,
        text,
        metric_patterns=[
            r"^\[(?P<step>\d+)\] acc (?P<acc>[\d.]+) %? ?after (?P<took>\S+)",
            r"^val for \[(?P<step>\d+)\]: (?P<val__loss>[\d.]+)",
        ],
        param_patterns=[r"lr is (?P<lr>[\d.]+)", r"(?P<param>seed)=(?P<value>\d+)"],
        finished_pattern="^bye",
    )
    assert points == {"acc": [(3, 93.5), (4, 94.0)], "took": [(3, 12.5), (4, 13.0)], "val/loss": [(3, 0.25)]}
    assert {info.metric: info.unit for info in log.metric_infos} == {"acc": "%", "took": "s"}
    assert (params(log)["lr"], log.run.seed, log.run.status) == ("0.1", None, RunStatus.FINISHED)
    assert params(log)["seed"] == "4"


def test_metrics_may_be_named_by_the_log_and_carry_times(tmp_path: Path) -> None:
    pattern = r"^(?P<time>\S+ \S+) it (?P<step>[\d,]+)/(?P<total_steps>\d+) (?P<metric>\w+) -> (?P<value>\S+)"
    text = "2026-01-31 12:00:00,500 it 1,000/1000 loss -> 0.5\n"
    write(tmp_path, {"run.log": text})
    (batch,) = read(tmp_path, [SourceOptions(path="*.log", metric_patterns=(pattern,))])
    (row,) = batch.points.to_pylist()
    assert (row["metric"], row["step"], row["value"]) == ("loss", 1000, 0.5)
    assert row["time"] == datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
    assert batch.logs[0].run.status is RunStatus.FINISHED


def test_lines_without_a_step_belong_to_the_last_one_or_are_counted(tmp_path: Path) -> None:
    patterns = [r"^Epoch (?P<epoch>\d+)", r"^loss (?P<loss>\S+)"]
    _, points = read_one(
        tmp_path, "loss 9\nloss 8\nEpoch 5\nloss 1\nloss 2\nEpoch 6\nloss 0\n", metric_patterns=patterns
    )
    assert points == {"loss": [(0, 9.0), (1, 8.0), (5, 1.0), (5, 2.0), (6, 0.0)]}


def test_step_and_epoch_in_one_line_keep_both(tmp_path: Path) -> None:
    _, points = read_one(tmp_path, "e1 s10 0.5\n", metric_patterns=[r"e(?P<epoch>\d+) s(?P<step>\d+) (?P<x>\S+)"])
    assert points == {"x": [(10, 0.5)], "epoch": [(10, 1.0)]}


def test_a_run_is_not_finished_before_its_own_word_for_it_and_failed_by_another(tmp_path: Path) -> None:
    log, _ = read_one(tmp_path, STEPS + LAST, pattern="key-value", finished_pattern="^done$", failed_pattern="^oops")
    assert log.run.status is RunStatus.RUNNING
    log, _ = read_one(
        tmp_path, STEPS + "done\noops\n", pattern="key-value", finished_pattern="^done$", failed_pattern="oops"
    )
    assert log.run.status is RunStatus.FAILED


def test_the_ready_pattern_for_the_logging_module(tmp_path: Path) -> None:
    text = (
        "2026-01-31 12:00:00,123 - train - INFO - epoch 1/2 | loss 0.5 | val acc: 93.5 %\n"
        "[2026-01-31 12:01:00] INFO epoch: 2/2, loss=0.25, lr=1e-4\nsaved model v2 to disk\n"
    )
    write(tmp_path, {"run.log": text})
    (batch,) = read(tmp_path, [SourceOptions(path="run.log", pattern="python-logging")])
    assert series(batch) == {"loss": [(1, 0.5), (2, 0.25)], "val_acc": [(1, 93.5)], "lr": [(2, 1e-4)]}
    assert batch.logs[0].run.started == datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
    assert batch.logs[0].run.status is RunStatus.FINISHED


def test_a_log_given_by_the_settings_that_holds_nothing_says_so(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, "nothing\n", reader="text")
    assert points == {}
    assert codes(log) == ["no-metrics"]


def test_colours_carriage_returns_and_a_byte_order_mark_are_no_part_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(b"\xef\xbb\xbf\x1b[32mstep:1\x1b[0m\r\n 10%\r 99%\rdone\r\nlast")
    assert [(line.number, line.text) for line in read_lines(path)] == [
        (1, "step:1"),
        (2, " 10%"),
        (2, " 99%"),
        (2, "done"),
        (3, "last"),
    ]


def test_the_rest_of_a_long_line_is_not_read_and_told(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, STEPS + "x" * (3 * MAX_LINE) + "\n" + LAST)
    assert len(points["loss"]) == 4
    assert codes(log) == ["cut-line"]
    assert log.notices[0].location == "run.log:4"


def test_bytes_that_are_no_text_and_a_cut_tail_do_no_harm(tmp_path: Path) -> None:
    _, points = read_one(tmp_path, STEPS.encode() + b"step:3/3 loss:\xff\xfe\x00\nstep:3/3 loss:1.0 time:3")
    assert [step for step, _ in points["loss"]] == [0, 1, 2, 3]


def test_steps_beyond_64_bits_are_left_out_and_told(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, f"n{2**70} 1\nn5 2\n", metric_patterns=[r"n(?P<step>\d+) (?P<x>\d+)"])
    assert points == {"x": [(5, 2.0)]}
    assert codes(log) == ["step-too-large"]


def test_a_metric_of_bad_steps_alone_is_none(tmp_path: Path) -> None:
    log, points = read_one(tmp_path, f"n{2**70} 1\n", metric_patterns=[r"n(?P<step>\d+) (?P<x>\d+)"])
    assert points == {}
    assert codes(log) == ["step-too-large", "no-metrics"]


def test_lines_of_several_shapes_give_what_each_line_says(tmp_path: Path) -> None:
    """Lines of a shape that was seen before are read in another way; both must agree in value and order."""
    lines = []
    for step in range(400):
        lines.append(f"step:{step}/400 loss:{step * 0.5:.3f} time:{step}ms")
        if step % 7 == 0:
            lines.append(f"step:{step}/400 val:{'nan' if step == 7 else step} time:{step}.5ms (best {step})")
        if step % 50 == 0:
            lines.append(f"step:{step}/400 loss:1e-{step} time:{step / 1000}s note loss:{step}")
    _, points = read_one(tmp_path, "\n".join(lines))
    pattern = KeyValue()
    expected: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        facts = pattern.facts(line)
        assert facts is not None
        for metric, value, unit in facts.values:
            expected.setdefault(metric, []).append((facts.step or 0, value * 1000 if unit == "s" else value))
    assert repr(points) == repr(expected)


@pytest.mark.skipif(os.name == "nt", reason="there are no timers of computing time")
def test_an_expression_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog_module, "_LIMIT_S", 0.1)
    hard = "a" * 5000
    begin = time.process_time()
    log, _ = read_one(tmp_path, STEPS + f"{hard}\n" * 5, metric_patterns=[r"a*a*a*a*a*a*(?P<x>b)"])
    assert time.process_time() - begin < 5
    assert codes(log)[:2] == ["slow-line", "slow-pattern"]
    assert log.notices[0].location == "run.log:4"


@pytest.mark.skipif(os.name == "nt", reason="there are no timers of computing time")
def test_the_watchdog_lets_work_that_is_not_limited_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog_module, "_LIMIT_S", 0.1)
    with Watchdog() as watchdog:
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
        watchdog.busy_with = 1
        with pytest.raises(SlowLineError):
            _work_forever()


def _work_forever() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("step:5/10 loss:0.5", True),
        ("epoch=3, loss=0.5, acc=93%", True),
        ("iter: 3 | loss: 0.5 | lr: 1e-3", True),
        ("step:5/10", False),
        ("    step=5, loss=0.5,", False),
        ("step:5 loss:0.5 saved", False),
        ("steps:5 loss:0.5", False),
        ("val:5 loss:0.5", False),
    ],
)
def test_only_lines_of_a_step_and_values_count_as_step_lines(line: str, is_one: bool) -> None:
    assert is_step_line(line) is is_one


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "--1", "1e", "ms", "1 parsec", "0x1f"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_value(text) is None


def test_units_of_time_are_converted_and_others_are_not() -> None:
    assert in_unit(1.0, "min", "ms") == 60_000
    assert in_unit(1.0, "MiB", "GiB") is None


@pytest.mark.parametrize("pattern", [KeyValue(), PythonLogging()])
@pytest.mark.parametrize(
    "line", ["step:1 " + "a" * 9000, "step 1 " + "a " * 4500, "step 1 | " + "a:" * 4500, " " * 9999, HARD]
)
def test_ready_patterns_are_quick_on_any_line(pattern: KeyValue | PythonLogging, line: str) -> None:
    begin = time.process_time()
    pattern.facts(line)
    assert not is_step_line(line)
    assert time.process_time() - begin < 1


def test_a_step_behind_an_epoch_is_the_step_and_the_epoch_a_metric(tmp_path: Path) -> None:
    lines = [f"epoch:{step // 2} step:{10 * step} loss:{step}.5\n" for step in range(4)]
    _, points = read_one(tmp_path, "".join(lines))
    assert points == {
        "loss": [(0, 0.5), (10, 1.5), (20, 2.5), (30, 3.5)],
        "epoch": [(0, 0.0), (10, 0.0), (20, 1.0), (30, 1.0)],
    }


@pytest.mark.parametrize(
    ("pattern", "line", "step", "metrics"),
    [
        (KeyValue(), "epoch:3 loss:0.5 iter:7", 7, ["loss"]),
        (KeyValue(), "epoch:3 step:7 global_step:107 loss:0.5", 107, ["loss"]),
        (KeyValue(), "iter:9 step:7 loss:0.5", 9, ["loss"]),
        (KeyValue(), "epoch:3 step:7.5 loss:0.5", None, ["loss"]),
        (KeyValue(), "step:3 epoch:1 iter:7 loss:0.5", 3, ["epoch", "iter", "loss"]),
        (PythonLogging(), "INFO epoch 3 Step 7 loss 0.5", 7, ["loss"]),
    ],
)
def test_no_count_of_steps_is_a_metric_called_step(
    pattern: KeyValue | PythonLogging, line: str, step: int | None, metrics: list[str]
) -> None:
    facts = pattern.facts(line)
    assert facts is not None
    assert facts.step == step
    assert [name for name, _, _ in facts.values] == metrics


def test_lines_of_very_many_values_are_read_in_part_quickly_and_told_once(tmp_path: Path) -> None:
    pairs = " ".join(f"m{place}:1" for place in range(1200))
    lines = [f"step:{step} {pairs}\n" for step in range(200)]
    begin = time.process_time()
    log, points = read_one(tmp_path, "".join(lines), pattern="key-value")
    assert time.process_time() - begin < 5
    assert len(points) == MAX_PAIRS
    assert len(points["m0"]) == 200
    assert codes(log) == ["too-many-pairs"]


def test_long_lines_that_all_differ_are_read_quickly(tmp_path: Path) -> None:
    lines = [
        f"step:{step} " + " ".join(f"m{(step * 7 + place) % 600}:1" for place in range(450)) for step in range(150)
    ]
    begin = time.process_time()
    _, points = read_one(tmp_path, "\n".join(lines), pattern="key-value")
    assert time.process_time() - begin < 3
    assert sum(map(len, points.values())) == 150 * 450
