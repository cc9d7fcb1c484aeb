"""Which runs a table holds: what columns, settings, paths and documents say about it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyarrow import parquet

from runreport.config.options import SourceOptions
from runreport.model.entities import RunLog
from runreport.model.tables import POINTS
from runreport.readers import registry
from runreport.readers.tables.reader import TabularReader

Found = tuple[dict[str, RunLog], dict[tuple[str, str], list[tuple[int, float]]]]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder: Path, *rules: SourceOptions) -> Found:
    """Return the logs by name and the series by run name and metric."""
    reader = TabularReader()
    logs: dict[str, RunLog] = {}
    tables = [POINTS.empty_table()]
    for claim in registry.find([folder], [reader], rules=rules).claims:
        for batch in reader.read(claim.location, reader.scan(claim.location, claim.match).sources):
            logs |= {log.run.name: log for log in batch.logs}
            tables.append(batch.points)
    names = {log.run.run_id: name for name, log in logs.items()}
    series: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in pa.concat_tables(tables).to_pylist():
        series.setdefault((names[row["run_id"]], row["metric"]), []).append((row["step"], row["value"]))
    return logs, series


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def codes(logs: Mapping[str, RunLog]) -> list[str]:
    return [notice.code for log in logs.values() for notice in log.notices]


def reasons(folder: Path, *rules: SourceOptions) -> list[str]:
    return [line.reason for line in registry.explain(registry.find([folder], [TabularReader()], rules=rules))]


class TestGroupsOfRows:
    """Several runs in one file, told apart by what changes between them."""

    def test_texts_of_a_usual_name_tell_runs_apart_where_steps_come_again(self, tmp_path: Path) -> None:
        text = "agent,step,loss\nppo,0,1\nppo,1,2\nsac,0,3\nsac,1,4\n"
        logs, series = read(write(tmp_path, {"a.csv": text}))
        assert [params(log) for log in logs.values()] == [{"agent": "ppo"}, {"agent": "sac"}]
        assert series["a agent=sac", "loss"] == [(0, 3.0), (1, 4.0)]

    def test_a_text_that_changes_with_every_step_does_not(self, tmp_path: Path) -> None:
        logs, series = read(write(tmp_path, {"a.csv": "trial_id,step,loss\nt0,0,1\nt1,1,2\n"}))
        assert list(logs) == ["a"]
        assert series["a", "loss"] == [(0, 1.0), (1, 2.0)]
        assert codes(logs) == ["unread-columns"]

    def test_a_sweep_over_a_number_is_a_run_for_each_value(self, tmp_path: Path) -> None:
        text = "lr,step,loss\n0.1,0,1\n0.1,1,2\n0.01,0,3\n0.01,1,4\n"
        logs, series = read(write(tmp_path, {"sgd.csv": text}))
        assert [params(log) for log in logs.values()] == [
            {"lr": "0.01", "stem": "sgd"},
            {"lr": "0.1", "stem": "sgd"},
        ]
        assert series["sgd lr=0.1", "loss"] == [(0, 1.0), (1, 2.0)]
        assert ("sgd lr=0.1", "lr") not in series

    def test_a_learning_rate_that_changes_within_a_run_stays_a_metric(self, tmp_path: Path) -> None:
        _, series = read(write(tmp_path, {"a.csv": "lr,step,loss\n0.1,0,1\n0.1,1,2\n0.01,2,3\n0.01,3,4\n"}))
        assert series["a", "lr"] == [(0, 0.1), (1, 0.1), (2, 0.01), (3, 0.01)]

    def test_seeds_of_a_sweep_are_runs_of_their_own(self, tmp_path: Path) -> None:
        rows = [f"{lr},{seed},{step},{step}" for lr in (0.1, 0.2) for seed in (1, 2) for step in (0, 1)]
        logs, series = read(write(tmp_path, {"a.csv": "lr,seed,step,loss\n" + "\n".join(rows) + "\n"}))
        assert sorted((log.run.seed, params(log)["lr"]) for log in logs.values()) == [
            (1, "0.1"),
            (1, "0.2"),
            (2, "0.1"),
            (2, "0.2"),
        ]
        assert all(len(points) == 2 for points in series.values())

    def test_a_number_of_no_telling_name_counts_beside_seeds_when_it_explains_every_step(self, tmp_path: Path) -> None:
        rows = [f"{level},{seed},{step},{step}" for level in (1, 2) for seed in (1, 2) for step in (0, 1)]
        logs, _ = read(write(tmp_path, {"a.csv": "level,seed,step,loss\n" + "\n".join(rows) + "\n"}))
        assert sorted(params(log)["level"] for log in logs.values()) == ["1", "1", "2", "2"]

    def test_alone_it_is_told_about(self, tmp_path: Path) -> None:
        text = "level,step,loss\n1,0,1\n1,1,2\n2,0,3\n2,1,4\n"
        assert codes(read(write(tmp_path, {"a.csv": text}))[0]) == ["repeated-steps"]

    def test_steps_that_come_again_without_a_reason_are_told(self, tmp_path: Path) -> None:
        logs, series = read(write(tmp_path, {"a.csv": "step,loss\n0,1\n1,2\n0,3\n1,4\n2,4\n"}))
        assert codes(logs) == ["repeated-steps"]
        assert series["a", "loss"] == [(0, 1.0), (1, 2.0), (0, 3.0), (1, 4.0), (2, 4.0)]

    def test_rows_of_results_are_runs_with_their_settings_as_params(self, tmp_path: Path) -> None:
        text = 'model,img_size,top1,param_count\na,224,80.5,"1,013"\na,384,81.5,86\nb,224,79,5\n'
        logs, series = read(write(tmp_path, {"results-set.csv": text}))
        assert list(logs) == ["model=a,img_size=224", "model=a,img_size=384", "model=b,img_size=224"]
        assert params(logs["model=a,img_size=224"]) == {"model": "a", "img_size": "224", "param_count": "1,013"}
        assert series["model=b,img_size=224", "top1"] == [(0, 79.0)]
        assert {log.run.experiment for log in logs.values()} == {"results-set"}

    @pytest.mark.parametrize(
        "text", ["model,mpg,cyl\nfiat,1,2\nvw,3,4\n", "model,label,score\na,1,0.5\na,0,0.25\n"], ids=["cars", "scores"]
    )
    def test_other_tables_with_a_model_column_are_left(self, tmp_path: Path, text: str) -> None:
        assert read(write(tmp_path, {"data.csv": text}))[0] == {}


class TestSettingsOfSources:
    """What the user says about the columns of a file."""

    def test_named_columns_win_over_the_guess(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": "step,n,who,loss,acc,k\n5,0,x,1,2,7\n6,1,x,3,4,7\n5,0,y,5,6,8\n6,1,y,7,8,8\n"})
        rule = SourceOptions(path="*.csv", step="n", run="who", metrics=("loss",), params=("k",))
        logs, series = read(tmp_path, rule)
        assert {name: params(log) for name, log in logs.items()} == {
            "x": {"k": "7", "stem": "a"},
            "y": {"k": "8", "stem": "a"},
        }
        assert series == {("x", "loss"): [(0, 1.0), (1, 3.0)], ("y", "loss"): [(0, 5.0), (1, 7.0)]}

    def test_params_alone_tell_runs_apart(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": "width,step,loss\n8,0,1\n16,0,2\n"})
        logs, _ = read(tmp_path, SourceOptions(path="a.csv", params=("width",)))
        assert sorted(logs) == ["a width=16", "a width=8"]

    def test_a_column_that_is_not_there_is_told_with_those_that_are(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": "step,loss\n0,1\n"})
        logs, series = read(tmp_path, SourceOptions(path="a.csv", step="iter", metrics=("lost",)))
        (notice,) = logs["a"].notices
        assert notice.code == "unknown-column"
        assert "'iter' (step), 'lost' (metrics)" in notice.message
        assert "It has 'step', 'loss'." in notice.message
        assert series["a", "loss"] == [(0, 1.0)]

    def test_long_tables_by_settings(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": "what,n,i\nloss,1,0\nacc,2,0\n"})
        _, series = read(tmp_path, SourceOptions(path="a.csv", metric="what", value="n", step="i"))
        assert series == {("a", "loss"): [(0, 1.0)], ("a", "acc"): [(0, 2.0)]}

    def test_a_file_of_any_suffix_is_read_when_it_is_given_to_this_reader(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.dat": "step\tloss\n0\t1\n"})
        assert read(tmp_path)[0] == {}
        assert read(tmp_path, SourceOptions(path="*.dat", reader="tabular"))[1] == {("a", "loss"): [(0, 1.0)]}

    def test_explain_names_the_roles_in_plain_words(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": "epoch,seed,loss,acc\n0,1,1,2\n"})
        assert reasons(tmp_path) == [
            "a.csv: wide, step column 'epoch', seed column 'seed', metrics 'loss', 'acc'",
        ]
        assert reasons(tmp_path, SourceOptions(path="a.csv", step="acc"))[0].endswith("; the settings say so")


class TestPaths:
    """Trees whose folders and files are two factors."""

    def test_folder_and_file_become_params_of_one_experiment(self, tmp_path: Path) -> None:
        tables = {
            f"{agent}/{task}.csv": "step,seed,reward\n0,1,1\n0,2,2\n" for agent in "ab" for task in ("run", "hop")
        }
        logs, _ = read(write(tmp_path / "all", tables))
        assert {log.run.experiment for log in logs.values()} == {"all"}
        assert params(logs["a/hop seed=2"]) == {"seed": "2", "folder": "a", "stem": "hop"}
        assert len(logs) == 8

    def test_folders_of_other_files_stay_experiments(self, tmp_path: Path) -> None:
        tables = dict.fromkeys(("a/run.csv", "a/hop.csv", "b/fly.csv", "b/swim.csv"), "step,reward\n0,1\n")
        logs, _ = read(write(tmp_path, tables))
        assert {log.run.experiment for log in logs.values()} == {"a", "b"}


class TestDocuments:
    """JSON documents that are tables."""

    @pytest.mark.parametrize(
        "document",
        [
            [{"epoch": 0, "loss": 1}, {"epoch": 1, "loss": 0.5}],
            {"epoch": [0, 1], "loss": [1, 0.5]},
            {"history": {"epoch": [0, 1], "loss": [1, 0.5]}, "params": {"lr": 1}},
            {"loss": {"steps": [0, 1], "values": [1, 0.5]}},
            {
                "loss": {
                    "steps": [0, 1],
                    "values": [1, 0.5],
                    "timestamps": ["2024-01-01T00:00:00", "2024-01-01T00:00:01"],
                }
            },
        ],
        ids=["rows", "columns", "history", "series", "timed"],
    )
    def test_rows_columns_and_series_are_tables(self, tmp_path: Path, document: object) -> None:
        _, series = read(write(tmp_path, {"curve.json": json.dumps(document, indent=1)}))
        assert series["curve", "loss"] == [(0, 1.0), (1, 0.5)]

    def test_a_keras_history_without_epochs_counts_rows(self, tmp_path: Path) -> None:
        logs, series = read(write(tmp_path, {"r/history.json": '{"loss": [1.5, NaN, 0.5], "val_loss": [2, 1, 0]}'}))
        assert [step for step, _ in series["r", "loss"]] == [0, 1, 2]
        assert codes(logs) == []

    def test_what_stands_beside_a_history_is_its_settings(self, tmp_path: Path) -> None:
        document = {"history": {"loss": [1, 2]}, "params": {"epochs": 2}, "epoch": [0, 1]}
        logs, _ = read(write(tmp_path, {"r/history.json": json.dumps(document)}))
        assert params(logs["r"]) == {"epochs": "2"}

    def test_a_document_longer_than_a_look_is_known_by_its_beginning(self, tmp_path: Path) -> None:
        rows = [{"step": step, "loss": step / 2, "text": "a, [b]"} for step in range(5_000)]
        _, series = read(
            write(
                tmp_path,
                {
                    "curve.json": json.dumps(rows),
                    "other.json": json.dumps({"step": list(range(9_000)), "loss": list(range(9_000))}),
                },
            )
        )
        assert len(series["curve", "loss"]) == 5_000
        assert len(series["other", "loss"]) == 9_000

    @pytest.mark.parametrize(
        "text", ['{"a": {"b": 1}}', "[1, 2, 3]", '{"loss": [1, 2], "acc": [1]}', "[" * 10_000, '"x"']
    )
    def test_other_documents_are_left_with_a_reason(self, tmp_path: Path, text: str) -> None:
        assert read(write(tmp_path, {"curve.json": text}))[0] == {}
        assert reasons(tmp_path)[0].startswith("curve.json: ")

    def test_a_document_cut_off_is_told(self, tmp_path: Path) -> None:
        logs, series = read(write(tmp_path, {"r/history.json": '{"loss": [1, 2, 3', "r/params.json": "{}"}))
        assert series == {}
        assert not logs or codes(logs) == ["unreadable-log"]


class TestNumbers:
    """What a float64 cannot hold, and files that announce too much."""

    def test_whole_numbers_beyond_53_bits_are_told(self, tmp_path: Path) -> None:
        logs, _ = read(write(tmp_path, {"a.csv": f"step,tokens\n0,{2**53 + 1}\n1,5\n"}))
        assert codes(logs) == ["inexact-numbers"]

    def test_a_parquet_file_that_announces_far_more_than_it_holds_is_refused(self, tmp_path: Path) -> None:
        rows = 10_000_000
        table = pa.table({"step": pa.repeat(1, rows), "loss": pa.repeat(0.5, rows)})
        parquet.write_table(table, tmp_path / "a.parquet", row_group_size=rows)
        logs, series = read(tmp_path)
        assert series == {}
        assert codes(logs) == ["unreadable-log"]


CELLS = st.sampled_from(
    ["0.5", "1", "", "nan", "x", "2024-01-01", "true", "1e400", "9007199254740993", "-inf", "a b", "NA"]
)


@given(st.lists(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), min_size=4, max_size=9))
def test_files_read_together_give_what_each_gives_alone(
    tmp_path_factory: pytest.TempPathFactory, tables: list[list[tuple[str, str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("together")
    for number, rows in enumerate(tables):
        lines = "".join(f"{step},{','.join(row)}\n" for step, row in enumerate(rows))
        write(folder, {f"r{number}/metrics.csv": "step,time,loss,note\n" + lines})
    reader = TabularReader()
    claims = registry.find([folder], [reader]).claims
    assume(claims)  # tables without any number but their times are no run logs
    sources = [source for claim in claims for source in reader.scan(claim.location, claim.match).sources]
    root = claims[0].location
    logs = [log for batch in reader.read(root, sources) for log in batch.logs]
    together = pa.concat_tables([batch.points for batch in reader.read(root, sources)])
    alone = [batch for source in sources for batch in reader.read(root, [source])]
    assert [log for batch in alone for log in batch.logs] == logs
    assert _rows(pa.concat_tables([batch.points for batch in alone])) == _rows(together)


def _rows(table: pa.Table) -> list[str]:
    return sorted(map(repr, table.to_pylist()))


SPLITS = {
    "run/train.csv": "epoch,loss,lr\n0,1.0,0.1\n1,0.5,0.1\n",
    "run/validation.csv": "epoch,loss,val_acc\n0,1.5,0.3\n1,0.9,0.6\n",
}


class TestSplits:
    """Training beside validation, with metrics of the same names."""

    def test_tables_named_after_splits_are_one_run_with_metrics_named_apart(self, tmp_path: Path) -> None:
        logs, series = read(write(tmp_path, SPLITS))
        assert list(logs) == ["run"]
        assert series == {
            ("run", "train/loss"): [(0, 1.0), (1, 0.5)],
            ("run", "train/lr"): [(0, 0.1), (1, 0.1)],
            ("run", "val/loss"): [(0, 1.5), (1, 0.9)],
            ("run", "val_acc"): [(0, 0.3), (1, 0.6)],
        }
        assert codes(logs) == ["metrics-named-apart"] * 2

    def test_it_is_said_in_the_explanation(self, tmp_path: Path) -> None:
        (reason,) = reasons(write(tmp_path, SPLITS))
        assert "train/loss and val/loss" in reason

    def test_metrics_that_are_in_one_table_only_keep_their_names(self, tmp_path: Path) -> None:
        files = {"run/train.csv": "epoch,loss\n0,1.0\n1,0.5\n", "run/test.csv": "epoch,acc\n0,0.1\n1,0.2\n"}
        logs, series = read(write(tmp_path, files))
        assert sorted(series) == [("run", "acc"), ("run", "loss")]
        assert not codes(logs)

    def test_two_tables_of_one_split_or_of_other_names_stay_apart(self, tmp_path: Path) -> None:
        table = "epoch,loss\n0,1.0\n1,0.5\n"
        logs, _ = read(write(tmp_path, {"a/train.csv": table, "a/train_log.csv": table}))
        assert len(logs) == 2
        logs, _ = read(write(tmp_path / "b", {"b/train.csv": table, "b/ours.csv": table}))
        assert len(logs) == 2

    def test_a_table_of_no_split_beside_them_keeps_its_names(self, tmp_path: Path) -> None:
        _, series = read(write(tmp_path, {**SPLITS, "run/system.csv": "step,gpu\n0,0.5\n1,0.75\n"}))
        assert ("run", "gpu") in series
        assert ("run", "val/loss") in series
