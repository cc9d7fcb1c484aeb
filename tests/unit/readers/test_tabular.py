import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from runreport.errors import ReadError
from runreport.model.entities import RunLog
from runreport.model.tables import POINTS
from runreport.names import RunStatus
from runreport.readers import registry
from runreport.readers.tables import files
from runreport.readers.tables.delimited import parse as parse_csv
from runreport.readers.tables.jsonlines import parse as parse_jsonl
from runreport.readers.tables.reader import TabularReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NAN, INF = math.nan, math.inf
Series = list[tuple[int, float]]


@dataclass
class Ingested:
    logs: list[RunLog]
    points: pa.Table
    scan_codes: list[str]

    def run(self, name: str) -> RunLog:
        (log,) = [log for log in self.logs if log.run.name == name]
        return log

    def series(self, name: str, metric: str) -> Series:
        rows = self.points.to_pylist()
        run_id = self.run(name).run.run_id
        return [(row["step"], row["value"]) for row in rows if (row["run_id"], row["metric"]) == (run_id, metric)]

    def codes(self, name: str) -> list[str]:
        return [notice.code for notice in self.run(name).notices]


def ingest(folder: Path) -> Ingested:
    reader = TabularReader()
    logs: list[RunLog] = []
    tables: list[pa.Table] = [POINTS.empty_table()]
    codes: list[str] = []
    for claim in registry.find([folder], [reader]).claims:
        scan = reader.scan(claim.location, claim.match)
        codes += [notice.code for notice in scan.notices]
        for batch in reader.read(claim.location, scan.sources):
            logs += batch.logs
            tables.append(batch.points)
    return Ingested(logs=logs, points=pa.concat_tables(tables), scan_codes=codes)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def same(found: Series, expected: Sequence[tuple[int, float]]) -> bool:
    return repr(found) == repr(list(expected))  # NaN is not equal to itself, but looks it


class TestFolders:
    """One folder per run with its settings beside the metrics."""

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls) -> Ingested:
        return ingest(GOLDEN / "tabular_folders" / "input")

    def test_every_folder_is_a_run_of_the_experiment_above_it(self, golden: Ingested) -> None:
        assert [(log.run.experiment, log.run.name) for log in golden.logs] == [
            ("digits", "adam_s0"),
            ("digits", "adam_s1"),
            ("digits", "sgd_s0"),
        ]

    def test_points_are_those_of_the_file_without_missing_cells(self, golden: Ingested) -> None:
        assert golden.series("adam_s0", "val/acc") == [(0, 0.25), (1, 0.5)]
        assert golden.series("adam_s0", "train/loss") == [(0, 1.5), (1, 0.75), (2, 0.5)]

    def test_nan_and_infinity_are_values(self, golden: Ingested) -> None:
        assert same(golden.series("adam_s1", "train/loss"), [(0, 1.25), (1, INF), (2, NAN)])

    def test_settings_are_flattened_and_status_code_and_tags_recognised(self, golden: Ingested) -> None:
        log = golden.run("adam_s0")
        assert params(log) == {
            "optimizer.name": "adam",
            "optimizer.lr": "0.001",
            "optimizer.betas": "[0.9, 0.999]",
            "seed": "0",
        }
        assert log.run.status is RunStatus.FINISHED
        assert log.code is not None
        assert log.code.commit == "0123abc"
        assert [(tag.tag, tag.value) for tag in log.tags] == [("team", "vision")]

    def test_a_cut_last_line_is_left_out_and_told_with_its_place(self, golden: Ingested) -> None:
        log = golden.run("sgd_s0")
        assert golden.series("sgd_s0", "train/loss") == [(0, 2.5)]
        (notice,) = log.notices
        assert (notice.code, notice.location) == ("cut-line", "digits/sgd_s0/metrics.csv:3")
        assert notice.run_id == log.run.run_id
        assert log.run.status is RunStatus.FAILED

    def test_times_become_utc_and_the_first_is_the_start(self, golden: Ingested) -> None:
        assert golden.run("adam_s0").run.started == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        assert golden.points.column("time")[1].as_py() == datetime(2023, 11, 14, 22, 13, 21, 500_000, tzinfo=UTC)


class TestBadHabits:
    """What loggers do to CSV files."""

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls) -> Ingested:
        return ingest(GOLDEN / "tabular_files" / "input")

    def test_each_file_is_a_run_with_the_seed_and_stem_of_its_name(self, golden: Ingested) -> None:
        found = {log.run.name: (log.run.seed, params(log).get("stem")) for log in golden.logs}
        assert found == {
            "baseline": (None, "baseline"),
            "grown_s3": (3, "grown"),
            "padded-seed1": (1, "padded"),
            "ragged_s4": (4, None),  # it has a param of its own
            "semicolon_s2": (2, "semicolon"),
        }

    def test_predictions_are_no_run_log_and_explain_says_why(self) -> None:
        findings = registry.find([GOLDEN / "tabular_files" / "input"], [TabularReader()])
        assert not any("predictions.csv" in (claim.match.takes or ()) for claim in findings.claims)
        lonely = [line.outcome for line in registry.explain(findings) if not line.reader_name]
        assert lonely == ["not read: predictions.csv"]

    def test_byte_order_mark_and_padding_are_no_part_of_names(self, golden: Ingested) -> None:
        assert golden.series("padded-seed1", "acc") == [(1, 0.1), (2, 0.2)]

    def test_semicolons_with_decimal_commas(self, golden: Ingested) -> None:
        assert golden.series("semicolon_s2", "loss") == [(0, 0.5), (1, -0.25)]

    def test_a_header_that_grows_names_the_rows_after_it(self, golden: Ingested) -> None:
        assert golden.series("grown_s3", "loss") == [(0, 1.0), (1, 0.5), (2, 0.25), (3, 0.125)]
        assert golden.series("grown_s3", "acc") == [(2, 0.5), (3, 0.75)]
        assert golden.codes("grown_s3") == ["new-header"]

    def test_ragged_rows_and_texts_cost_a_notice_and_nothing_else(self, golden: Ingested) -> None:
        assert golden.series("ragged_s4", "loss") == [(0, 1.0), (2, 0.5), (3, 0.25), (4, 0.125)]
        assert golden.codes("ragged_s4") == ["short-line", "long-line", "text-cells"]
        places = [notice.location for notice in golden.run("ragged_s4").notices]
        assert places == ["ragged_s4.csv:4", "ragged_s4.csv:5", "ragged_s4.csv"]
        assert params(golden.run("ragged_s4"))["note"] == "ok"

    def test_parquet_keeps_nan_and_leaves_out_null(self, golden: Ingested) -> None:
        assert same(golden.series("baseline", "loss"), [(0, 1.0), (1, 0.5), (2, 0.25), (3, NAN)])


class TestManyRuns:
    """Many runs in one file."""

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls) -> Ingested:
        return ingest(GOLDEN / "tabular_many_runs" / "input")

    def test_seeds_and_agents_tell_runs_apart(self, golden: Ingested) -> None:
        log = golden.run("agents agent=sac,seed=2")
        assert (log.run.seed, params(log)) == (2, {"agent": "sac", "seed": "2"})
        assert golden.series("agents agent=sac,seed=2", "reward") == [(0, 0.25), (1000, 2.75)]
        assert golden.series("agents agent=ppo,seed=1", "reward") == [(0, 0.125), (1000, 1.5)]

    def test_the_row_index_of_pandas_is_no_metric(self, golden: Ingested) -> None:
        assert set(golden.points.column("metric").to_pylist()) == {"reward", "loss", "acc", "accuracy"}

    def test_a_long_table_gives_the_series_of_each_run(self, golden: Ingested) -> None:
        assert golden.series("r1", "loss") == [(0, 1.0), (1, 0.5)]
        assert golden.series("r1", "acc") == [(0, 0.5)]
        assert golden.series("r2", "loss") == [(0, 2.0)]
        assert golden.run("r2").run.started == datetime(2024, 1, 1, 0, 1, tzinfo=UTC)

    def test_final_results_are_runs_of_one_point(self, golden: Ingested) -> None:
        assert golden.series("finals method=svm,seed=1", "accuracy") == [(0, 0.81)]

    def test_what_is_to_be_said_about_the_file_is_said_once(self, tmp_path: Path) -> None:
        found = ingest(write(tmp_path, {"a.csv": "run,step,loss\na,0,x\na,1,1\nb,0,2\nb,1,3\n"}))
        assert [(notice.code, notice.run_id) for log in found.logs for notice in log.notices] == [("text-cells", "")]

    def test_a_run_name_names_what_a_run_id_tells_apart(self, tmp_path: Path) -> None:
        text = "run_id,run_name,step,loss\nx1,first,0,1\nx2,second,0,2\nx1,first,1,3\n"
        found = ingest(write(tmp_path, {"a.csv": text}))
        assert [log.run.name for log in found.logs] == ["first", "second"]
        assert found.series("first", "loss") == [(0, 1.0), (1, 3.0)]

    def test_one_run_name_for_several_seeds_is_several_runs(self, tmp_path: Path) -> None:
        found = ingest(write(tmp_path, {"a.csv": "run,seed,step,loss\nadam,0,0,1\nadam,1,0,2\n"}))
        assert [log.run.seed for log in found.logs] == [0, 1]


class TestJsonLines:
    """One object per line."""

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls) -> Ingested:
        return ingest(GOLDEN / "tabular_jsonl" / "input")

    def test_settings_in_a_line_are_params(self, golden: Ingested) -> None:
        assert params(golden.run("run_a")) == {"model.width": "8", "model.act": "None", "seed": "5"}

    def test_numbers_that_are_not_finite_and_repeated_steps_are_kept_in_order(self, golden: Ingested) -> None:
        assert same(golden.series("run_a", "loss"), [(0, 1.0), (1, NAN), (1, INF), (2, -INF)])

    def test_nested_metrics_are_joined_by_a_slash(self, golden: Ingested) -> None:
        assert golden.series("run_a", "eval/acc") == [(0, 0.5)]

    def test_broken_lines_are_told_with_their_numbers(self, golden: Ingested) -> None:
        places = [(notice.code, notice.location) for notice in golden.run("run_a").notices]
        assert places == [("broken-line", "run_a/metrics.jsonl:6"), ("cut-line", "run_a/metrics.jsonl:7")]

    def test_a_line_without_step_takes_that_of_the_line_before(self, golden: Ingested) -> None:
        assert golden.series("run_b", "loss") == [(0, 2.0), (1, INF), (1, 0.5)]
        assert golden.codes("run_b") == ["missing-steps"]

    def test_truth_values_count_as_one_and_zero(self, golden: Ingested) -> None:
        assert golden.series("run_b", "done") == [(1, 1.0)]

    def test_a_json_file_is_read_when_it_holds_lines_and_left_when_it_is_one_document(self, tmp_path: Path) -> None:
        lines = '{"step": 0, "loss": 1}\n{"step": 1, "loss": 2}\n'
        found = ingest(write(tmp_path, {"result.json": lines, "metrics.json": '{\n "step": 3, "loss": 1\n}\n'}))
        assert [log.run.path for log in found.logs] == ["."]
        assert found.points.num_rows == 2


def test_two_files_of_the_same_run_are_joined_and_metrics_not_counted_twice(tmp_path: Path) -> None:
    files = {"r/metrics.jsonl": '{"step": 0, "loss": 1}\n', "r/progress.csv": "step,loss,acc\n0,9,0.5\n"}
    found = ingest(write(tmp_path, files))
    assert found.series("r", "loss") == [(0, 1.0)]
    assert found.series("r", "acc") == [(0, 0.5)]
    assert found.codes("r") == ["repeated-metrics"]


@pytest.mark.parametrize(
    ("train", "evaluation"),
    [
        (("train_loss.csv", "step,loss,lr\n0,1,3\n5,2,4\n"), ("test.csv", "step,acc\n0,0.5\n5,0.7\n")),
        (
            ("train.jsonl", '{"step": 0, "loss": 1, "lr": 3}\n{"step": 5, "loss": 2, "lr": 4}\n'),
            ("test.jsonl", '{"step": 0, "acc": 0.5}\n{"step": 5, "acc": 0.7}\n'),
        ),
    ],
)
def test_tables_of_a_folder_with_other_metrics_each_are_one_run(
    tmp_path: Path, train: tuple[str, str], evaluation: tuple[str, str]
) -> None:
    found = ingest(write(tmp_path, {f"r/{name}": text for name, text in (train, evaluation)}))
    assert [log.run.path for log in found.logs] == ["r"]
    assert found.series("r", "acc") == [(0, 0.5), (5, 0.7)]
    assert found.series("r", "loss") == [(0, 1.0), (5, 2.0)]


@pytest.mark.parametrize(
    "other",
    ["loss,step\n0,1\n", "step,loss,lr\n0,1,2\n", "step,acc,seed\n0,1,3\n", "step,metric,value\n0,acc,1\n"],
    ids=["same", "shared", "seed", "long"],
)
def test_tables_that_may_be_runs_of_their_own_are_not_joined(tmp_path: Path, other: str) -> None:
    found = ingest(write(tmp_path, {"r/run1.csv": "step,loss\n0,1\n", "r/run2.csv": other}))
    assert {log.run.path for log in found.logs} == {"r/run1.csv", "r/run2.csv"}


@pytest.mark.parametrize(
    ("first", "second"), [("resnet.csv", "gpt.csv"), ("baseline.csv", "ours.csv"), ("train.csv", "gpt.csv")]
)
def test_tables_of_other_runs_are_not_joined_because_their_metrics_differ(
    tmp_path: Path, first: str, second: str
) -> None:
    write(tmp_path / "logs", {first: "step,accuracy\n0,0.5\n1,0.6\n", second: "step,perplexity\n0,9\n1,8\n"})
    assert len(ingest(tmp_path).logs) == 2


def test_settings_in_yaml_are_read_and_those_in_json_win(tmp_path: Path) -> None:
    yaml = "lr: 0.1\nseed: 3\nopt:\n  name: adam\nstatus: finished\nwidth: 8\n"
    write(
        tmp_path / "a",
        {"m.csv": "step,loss\n0,1\n1,2\n", "config.yaml": yaml, "hparams.json": '{"lr": 0.1, "width": 9}'},
    )
    found = ingest(tmp_path)
    (log,) = found.logs
    assert params(log) == {"lr": "0.1", "seed": "3", "opt.name": "adam", "width": "9"}
    assert log.run.status is RunStatus.FINISHED
    assert [(notice.code, notice.location) for notice in log.notices] == [("conflicting-settings", "a/config.yaml")]


@pytest.mark.parametrize("name", ["config.yml", "params.yaml", "args.yaml", "hparams.yaml"])
def test_yaml_beside_a_table_is_taken_with_it(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a", {"metrics.csv": "step,loss\n0,1\n", name: "lr: 1e-3\n"})
    (claim,) = registry.find([tmp_path], [TabularReader()]).claims
    assert claim.match.takes == {"metrics.csv", name}
    assert params(ingest(tmp_path).logs[0]) == {"lr": "1e-3"}


@pytest.mark.parametrize("text", ["{", "- 1\n- 2\n", "a: *b\n", "a: [" * 100])
def test_broken_yaml_costs_a_notice_and_not_the_run(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a", {"metrics.csv": "step,loss\n0,1\n", "config.yaml": text})
    found = ingest(tmp_path)
    assert found.codes("a") == ["unreadable-settings"]
    assert found.series("a", "loss") == [(0, 1.0)]


def test_json_lines_with_a_new_key_in_each_are_refused_before_they_fill_the_memory() -> None:
    before = pa.total_allocated_bytes()
    many = b"".join(b'{"step": %d, "key%d": 1}\n' % (row, row) for row in range(25_000))
    with pytest.raises(ReadError, match="different keys"):
        parse_jsonl(many)
    with pytest.raises(ReadError, match="different keys"):
        parse_jsonl(many[: len(many) // 4])
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_json_lines_with_some_keys_of_their_own_are_read() -> None:
    lines = b"".join(b'{"step": %d, "key%d": 1}\n' % (row, row) for row in range(1_000))
    assert parse_jsonl(lines).table.shape == (1_000, 1_001)


@pytest.mark.parametrize("name", ["metrics.csv", "metrics.jsonl"])
def test_a_line_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE_BYTES", 1_000)
    row = {"metrics.csv": "1,2\n", "metrics.jsonl": '{"step": 1, "loss": 2}\n'}[name]
    write(tmp_path, {name: "step,loss\n" * name.endswith(".csv") + row * 1_000})
    assert files.parse(str(tmp_path / name)).table.num_rows == 1_000
    for text in (row * 3 + "1" * 1_001 + "\n" + row, "1" * 1_001):
        write(tmp_path, {name: text})
        with pytest.raises(ReadError, match="A line is longer"):
            files.parse(str(tmp_path / name))


def test_a_single_cell_of_text_is_told_in_the_singular(tmp_path: Path) -> None:
    (log,) = ingest(write(tmp_path, {"a.csv": "step,loss\n0,1\n1,oops\n"})).logs
    assert [notice.message for notice in log.notices] == ["1 cell of column 'loss' holds text and was left out."]


def test_a_single_table_beside_settings_makes_its_folder_a_run(tmp_path: Path) -> None:
    found = ingest(write(tmp_path, {"r_s1/eval.csv": "step,acc\n0,1\n", "r_s1/config.json": '{"lr": 0.5}'}))
    assert [(log.run.path, params(log)) for log in found.logs] == [("r_s1", {"lr": "0.5"})]


def test_the_sidecar_of_a_file_wins_over_that_of_its_folder_and_says_so(tmp_path: Path) -> None:
    files = {
        "a.csv": "step,l\n0,1\n",
        "b.csv": "step,l\n0,1\n",
        "a.json": '{"lr": 1}',
        "params.json": '{"lr": 2, "w": 3}',
    }
    found = ingest(write(tmp_path, files))
    assert params(found.run("a")) == {"lr": "1", "w": "3"}
    assert params(found.run("b")) == {"lr": "2", "w": "3"}
    assert found.codes("a") == ["conflicting-settings"]


@pytest.mark.parametrize("text", ["[1, 2]", "{", "[" * 100_000, '{"a": ' * 5_000])
def test_broken_settings_cost_a_notice_and_not_the_run(tmp_path: Path, text: str) -> None:
    found = ingest(write(tmp_path, {"r/metrics.csv": "step,l\n0,1\n", "r/params.json": text}))
    assert found.codes("r") == ["unreadable-settings"]
    assert "recursion" not in found.run("r").notices[0].message
    assert found.series("r", "l") == [(0, 1.0)]


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"status": "Completed"}, "status", RunStatus.FINISHED),
        ({"status": "wip"}, "status", RunStatus.UNKNOWN),
        ({"run_name": "first"}, "name", "first"),
        ({"start_time": "2024-02-03T04:05:06+01:00"}, "started", datetime(2024, 2, 3, 3, 5, 6, tzinfo=UTC)),
        ({"ended": 1700000000000}, "ended", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ({"notes": "*why*"}, "note", "*why*"),
        ({"hostname": "node7"}, "host", "node7"),
    ],
)
def test_facts_in_settings_are_recognised(tmp_path: Path, settings: object, field: str, value: object) -> None:
    write(tmp_path, {"r/metrics.csv": "step,l\n0,1\n", "r/params.json": json.dumps(settings)})
    (log,) = ingest(tmp_path).logs
    assert getattr(log.run, field) == value


def test_a_status_of_no_known_meaning_stays_a_param(tmp_path: Path) -> None:
    write(tmp_path, {"r/metrics.csv": "step,l\n0,1\n", "r/params.json": '{"status": "wip"}'})
    assert params(ingest(tmp_path).logs[0]) == {"status": "wip"}


@pytest.mark.parametrize(
    ("header", "cell", "time"),
    [
        ("timestamp", "1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("timestamp", "1700000000123", datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)),
        ("_timestamp", "1700000000.5", datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        ("Wall time", "2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("date", "2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_units_that_loggers_write(tmp_path: Path, header: str, cell: str, time: datetime) -> None:
    found = ingest(write(tmp_path, {"a.csv": f"step,{header},loss\n0,{cell},1\n"}))
    assert found.points.column("time").to_pylist() == [time]


def test_elapsed_seconds_are_a_metric_and_no_time(tmp_path: Path) -> None:
    found = ingest(write(tmp_path, {"a.csv": "epoch,time,loss\n1,12.5,1\n2,25,0.5\n"}))
    assert found.series("a", "time") == [(1, 12.5), (2, 25.0)]
    assert found.points.column("time").null_count == 4


def test_fractional_epochs_are_a_metric_over_counted_rows(tmp_path: Path) -> None:
    found = ingest(write(tmp_path, {"a.csv": "epoch,loss\n0.5,1\n1.0,2\n"}))
    assert found.series("a", "epoch") == [(0, 0.5), (1, 1.0)]
    assert found.codes("a") == ["fractional-steps"]


def test_large_steps_keep_their_last_digit(tmp_path: Path) -> None:
    step = 2**53 + 1
    assert ingest(write(tmp_path, {"a.csv": f"step,loss\n{step},1\n"})).series("a", "loss") == [(step, 1.0)]


@pytest.mark.parametrize(("name", "text"), [("metrics.csv", ""), ("metrics.csv", "step,loss\n"), ("metrics.jsonl", "")])
def test_an_empty_log_is_a_run_without_points(tmp_path: Path, name: str, text: str) -> None:
    found = ingest(write(tmp_path, {f"r/{name}": text}))
    assert [log.run.name for log in found.logs] == ["r"]
    assert found.points.num_rows == 0


def test_a_table_of_many_runs_without_rows_is_told(tmp_path: Path) -> None:
    assert ingest(write(tmp_path, {"a.csv": "run,step,loss\n"})).scan_codes == ["no-rows"]


def test_a_damaged_parquet_file_is_an_error_on_its_own_run(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"step": [0], "loss": [1.0]}), tmp_path / "whole.parquet")
    write(tmp_path, {"r/metrics.parquet": (tmp_path / "whole.parquet").read_bytes()[:-3]})
    found = ingest(tmp_path)
    assert found.codes("r") == ["unreadable-log"]
    assert found.series("whole", "loss") == [(0, 1.0)]


def test_utf16_and_other_encodings_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "step,loss\n0,1\n".encode("utf-16"), "b.csv": b"step,loss,caf\xe9\n0,1,2\n"})
    found = ingest(tmp_path)
    assert found.series("a", "loss") == [(0, 1.0)]
    assert found.codes("b") == ["not-utf8"]


def test_quotes_that_never_close_cost_their_line_only(tmp_path: Path) -> None:
    found = ingest(write(tmp_path, {"a.csv": 'step,loss\n0,1\n1,"2\n2,3\n'}))
    assert found.series("a", "loss") == [(0, 1.0), (2, 3.0)]
    assert found.codes("a") == ["broken-line"]


def test_many_broken_lines_are_counted(tmp_path: Path) -> None:
    found = ingest(write(tmp_path, {"a.csv": "step,loss\n0,1\n" + "1\n" * 500}))
    notices = found.run("a").notices
    assert len(notices) == 21
    assert notices[-1].message.startswith("480 more")


def test_ids_do_not_depend_on_the_order_of_named_paths(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.csv": "step,l\n0,1\n", "y/a.csv": "step,l\n0,1\n"})
    reader = [TabularReader()]
    both = [tmp_path / "x", tmp_path / "y"]
    assert registry.find(both, reader) == registry.find(both[::-1], reader)


def test_a_file_that_changes_between_scan_and_read_does_not_lose_the_others(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "run,step,l\nx,0,1\ny,0,2\n"})
    reader = TabularReader()
    (claim,) = registry.find([tmp_path], [reader]).claims
    sources = reader.scan(claim.location, claim.match).sources
    write(tmp_path, {"a.csv": "run,step,l\ny,0,2\n"})
    (batch,) = reader.read(claim.location, sources)
    codes = {log.run.name: [notice.code for notice in log.notices] for log in batch.logs}
    assert codes == {"x": ["run-gone"], "y": []}


def test_a_link_out_of_the_folder_put_in_place_after_the_scan_is_not_followed(tmp_path: Path) -> None:
    folder = write(tmp_path / "logs", {"a.csv": "step,l\n0,1\n"})
    write(tmp_path, {"secret.csv": "step,l\n0,42\n"})
    reader = TabularReader()
    (claim,) = registry.find([folder], [reader]).claims
    sources = reader.scan(claim.location, claim.match).sources
    (folder / "a.csv").unlink()
    (folder / "a.csv").symlink_to(tmp_path / "secret.csv")
    (batch,) = reader.read(claim.location, sources)
    assert batch.points.num_rows == 0
    assert [notice.code for notice in batch.logs[0].notices] == ["unreadable-log"]


VALUES = st.floats(width=64)
ROWS = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.none() | VALUES), min_size=1, max_size=30)


@given(ROWS)
def test_csv_gives_back_what_was_written(rows: list[tuple[int, float | None]]) -> None:
    lines = [f"{step},{'' if value is None else repr(value)},1" for step, value in rows]
    table = parse_csv(("step,x,y\n" + "\n".join(lines) + "\n").encode()).table
    assert table.column("step").to_pylist() == [step for step, _ in rows]
    assert repr([cell if cell is None else float(cell) for cell in table.column("x").to_pylist()]) == repr(
        [value for _, value in rows]
    )


@given(ROWS)
def test_json_lines_give_back_what_was_written(rows: list[tuple[int, float | None]]) -> None:
    data = "".join(json.dumps({"step": step, "x": value}) + "\n" for step, value in rows).encode()
    table = parse_jsonl(data).table
    assert table.column("step").to_pylist() == [step for step, _ in rows]
    assert repr([cell if cell is None else float(cell) for cell in table.column("x").to_pylist()]) == repr(
        [value for _, value in rows]
    )


@given(st.binary(max_size=200) | st.text(alphabet='0123,;"\n\t{}[]:.eE-#nan \r', max_size=200).map(str.encode))
def test_no_bytes_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    names = ("metrics.csv", "b.csv", "c/metrics.jsonl", "d/result.json", "e/metrics.parquet", "e/params.json")
    header = b"step,run,seed,value,metric\n"
    write(folder, {**dict.fromkeys(names, data), "b.csv": header + data, "f/log.csv": b"step,loss\n0,1\n" + data})
    found = ingest(folder)
    assert found.points.column("value").null_count == 0


def _true_runs(realdata: Path) -> list[dict[str, Any]]:
    truth: list[dict[str, Any]] = json.loads((realdata / "gen-digits" / "truth.json").read_text())["runs"]
    return truth


class TestRealLogs:
    """Logs of public projects; skipped where they are not."""

    def test_hand_made_logs_hold_every_param_and_point_of_the_truth(self, realdata: Path) -> None:
        truth = {run["name"].replace("-", "_").replace("#", "_"): run for run in _true_runs(realdata)}
        found = ingest(realdata / "gen-digits" / "plain" / "plain" / "csv_jsonl")
        compared = 0
        for log in found.logs:
            run = truth[log.run.name]
            assert params(log) == {name: str(value) for name, value in run["params"].items()}
            for metric, points in run["metrics"].items():
                expected = sorted(((step, float(value)) for step, value, _ in points), key=lambda point: point[0])
                assert same(found.series(log.run.name, metric), expected), (log.run.name, metric)
                compared += len(points)
        assert compared == found.points.num_rows > 0

    def test_eight_seeds_of_one_file(self, realdata: Path) -> None:
        found = ingest(realdata / "drqv2-curves-csv" / "dmc_cup_catch.csv")
        assert sorted(log.run.seed or 0 for log in found.logs) == list(range(1, 9))
        assert {params(log)["agent"] for log in found.logs} == {"DrQ-v2"}

    def test_three_seeds_of_each_task(self, realdata: Path) -> None:
        found = ingest(realdata / "tdmpc2-csv" / "tdmpc2")
        seeds: dict[str, list[int | None]] = {}
        for log in found.logs:
            seeds.setdefault(params(log)["stem"], []).append(log.run.seed)
        assert all(sorted(group, key=str) == [1, 2, 3] for group in seeds.values())
        assert len(seeds) > 20


def test_an_infinite_seed_is_a_name_like_any_other(tmp_path: Path) -> None:
    rows = [f"{seed},{step},{0.5 * step}" for seed in ("1e999", "2", "3") for step in range(2)]
    (tmp_path / "all.csv").write_text("\n".join(["seed,step,loss", *rows]) + "\n")
    names = sorted(log.run.name or "" for log in ingest(tmp_path).logs)
    assert len(names) == 3
    assert any("inf" in name for name in names)


def test_a_parquet_file_with_a_broken_name_is_an_error_of_its_own(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"step": [1, 2], "lossy": [0.5, 0.25]}), tmp_path / "a.parquet")
    path = tmp_path / "a.parquet"
    path.write_bytes(path.read_bytes().replace(b"lossy", b"\xc3\x28\xc3\x28s"))
    with pytest.raises(ReadError, match="cannot be read as a table"):
        files.parse(str(path))


def refusal(folder: Path) -> str:
    """Return what is said about the one table of a folder, of which nothing was read."""
    found = ingest(folder)
    assert found.points.num_rows == 0
    (notice,) = [notice for log in found.logs for notice in log.notices]
    return notice.message


@pytest.mark.parametrize("name", ["metrics.csv", "metrics.parquet", "metrics.json"])
def test_a_table_of_very_many_columns_is_refused_in_words(name: str, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(20_001)]
    if name.endswith(".csv"):
        (tmp_path / name).write_text(",".join(["step", *names]) + "\n" + ",".join(["1"] * 20_002) + "\n")
    elif name.endswith(".json"):
        rows = [{"step": step, column: 0.5} for step, column in enumerate(names)]
        (tmp_path / name).write_text(json.dumps(rows))
    else:
        parquet.write_table(pa.table({"step": [1], **{column: [0.5] for column in names}}), tmp_path / name)
    assert "more than 20,000" in refusal(tmp_path)


def test_a_document_of_rows_with_ever_new_keys_is_refused(tmp_path: Path) -> None:
    rows = [{"step": step, f"loss{step}": 0.5} for step in range(5_000)]
    (tmp_path / "metrics.json").write_text(json.dumps(rows))
    assert "most of them in few lines" in refusal(tmp_path)


@pytest.mark.parametrize("row", ["1," + "," * 9_998, "1"], ids=["empty cells", "short rows"])
def test_a_csv_file_of_nearly_empty_rows_is_refused(row: str, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(9_999)]
    lines = [",".join(["step", *names]), ",".join(["1"] * 10_000), *[row] * 5_001]
    (tmp_path / "metrics.csv").write_text("\n".join(lines) + "\n")
    assert "cells, most of them empty" in refusal(tmp_path)


def test_a_csv_file_whose_header_changes_ever_anew_is_refused(tmp_path: Path) -> None:
    lines = [
        line
        for part in range(700)
        for line in ("step," + ",".join(f"c{part}_{place}" for place in range(30)), ",".join(["1"] * 31))
    ]
    (tmp_path / "metrics.csv").write_text("\n".join(lines) + "\n")
    assert "more than 20,000 columns" in refusal(tmp_path)
