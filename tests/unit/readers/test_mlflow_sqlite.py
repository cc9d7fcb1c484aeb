import math
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_logs import GOLDEN, Logged, child, edit, location, read_log, same

from runreport.errors import ReadError
from runreport.names import Direction, Relation, RunStatus, Severity
from runreport.readers.base import Match, Reader
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.file import MlflowFileReader
from runreport.readers.mlflow.sqlite import MlflowSqliteReader

STORE = GOLDEN / "mlflow_sqlite_store" / "input"
TRICKY = 'it\'s: a "tricky" name #1, ü and long enough for the YAML writer to fold it over more than one line\nend'
DAMAGED = b"SQLite format 3\0" + b"\xff" * 4096
LATE_POINT = "INSERT INTO metrics VALUES ('late', 0.5, 1, :run, 3, 0)"


@pytest.fixture(scope="module")
def golden() -> Logged:
    return read_log(MlflowSqliteReader(), location(STORE))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(STORE / "mlflow.db", tmp_path / "mlflow.db"))


@pytest.fixture
def writing(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is open while the tests read."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        yield connection


def read(database: Path) -> Logged:
    return read_log(MlflowSqliteReader(), location(database.parent))


def matched(folder: Path) -> Match:
    match = MlflowSqliteReader().match(location(folder))
    assert match is not None
    return match


def test_it_is_a_reader() -> None:
    assert isinstance(MlflowSqliteReader(), Reader)


def test_both_stores_of_the_client_say_the_same(golden: Logged) -> None:
    files = read_log(MlflowFileReader(), location(GOLDEN / "mlflow_file_store" / "input" / "mlruns"))
    assert files.logs.keys() == golden.logs.keys()
    for name, log in golden.logs.items():
        other = files.logs[name]
        assert [(param.param, param.value) for param in log.params] == [
            (param.param, param.value) for param in other.params
        ]
        assert {(tag.tag, tag.value) for tag in log.tags} == {(tag.tag, tag.value) for tag in other.tags}
        assert (log.run.status, log.run.note, log.run.user) == (other.run.status, other.run.note, other.run.user)
        assert [artifact.path for artifact in log.artifacts] == [artifact.path for artifact in other.artifacts]
        assert [(item.item, item.value) for item in log.environment] == [
            (item.item, item.value) for item in other.environment
        ]
        assert [(data.dataset, data.role, data.digest) for data in log.datasets] == [
            (data.dataset, data.role, data.digest) for data in other.datasets
        ]


def test_runs_and_status(golden: Logged) -> None:
    statuses = {name: log.run.status for name, log in golden.logs.items()}
    finished, failed, running = RunStatus.FINISHED, RunStatus.FAILED, RunStatus.RUNNING
    assert statuses == {TRICKY: finished, "child": finished, "failed-run": failed, "running-run": running}
    assert golden.logs["running-run"].run.ended is None
    assert golden.logs["child"].run.parent_run == golden.logs[TRICKY].run.run_id
    assert {log.run.path for log in golden.logs.values()} == {"mlflow.db"}
    assert golden.notice("deleted-runs").message.startswith("2 runs")


def test_nan_and_infinities_are_what_was_logged(golden: Logged) -> None:
    loss = [(0, 1.5), (1, math.nan), (2, math.inf), (3, -math.inf), (4, 1e-30)]
    assert same(golden.points[TRICKY]["train/loss"], loss)


def test_points_are_ordered_by_step_and_equal_steps_by_insertion(golden: Logged) -> None:
    assert golden.points[TRICKY]["val/acc"] == [(-1, 0.25), (1, 0.625), (2, 0.5), (2, 0.75)]
    assert golden.points[TRICKY]["test acc"] == [(7, 0.7)]


def test_params_code_data_and_model(golden: Logged) -> None:
    log = golden.logs[TRICKY]
    assert {param.param: param.value for param in log.params}["text"] == "two\nlines\n"
    assert log.code is not None
    assert (log.code.branch, log.code.dirty, log.code.entry_point) == ("main", True, "train.py")
    assert {(data.dataset, data.role, data.rows) for data in log.datasets} == {
        ("toy data", "train", 4),
        ("held-out", "", 3),
    }
    [edge] = log.edges
    assert (edge.from_node, edge.relation) == (f"run:{log.run.run_id}", Relation.PRODUCED)
    [info] = log.metric_infos
    assert (info.metric, info.direction) == ("val/acc", Direction.UP)


def test_artifacts_are_found_beside_the_moved_database(golden: Logged) -> None:
    artifacts = {artifact.path: artifact.location for artifact in golden.logs[TRICKY].artifacts}
    assert "model/model.skops" in artifacts
    assert all((STORE / str(place)).is_file() for place in artifacts.values())
    assert str(artifacts["tables/eval.json"]).startswith("mlartifacts/")


def test_the_database_and_its_artifact_folder_are_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    shutil.copytree(STORE, folder)
    (folder / "notes.db").write_text("no database")
    (folder / "other").mkdir()
    match = matched(folder)
    assert match.takes == {"mlflow.db"}
    assert match.folders == {"mlartifacts"}


@pytest.mark.parametrize("address", ["s3://bucket/mlartifacts", "/x/../mlartifacts", "/etc", "\0", ""])
def test_addresses_that_lead_elsewhere_give_no_artifacts(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    shutil.copytree(STORE, folder)
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET artifact_uri = ? || run_uuid", (address,))
        connection.execute("UPDATE logged_models SET artifact_location = ?", (address,))
        connection.execute("UPDATE experiments SET artifact_location = ?", (address,))
    assert all(log.artifacts == () for log in read(folder / "mlflow.db").logs.values())
    assert matched(folder).folders == frozenset()


@pytest.mark.parametrize("content", [b"", b"SQLite", b"hello"])
def test_other_files_are_not_taken(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    assert MlflowSqliteReader().match(location(tmp_path)) is None


def test_a_damaged_database_alone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(DAMAGED)
    with pytest.raises(ReadError, match=r"mlflow\.db cannot be read"):
        MlflowSqliteReader().match(location(tmp_path))


def test_a_damaged_database_does_not_stop_the_one_beside_it(database: Path) -> None:
    database.with_name("damaged.db").write_bytes(DAMAGED)
    found = read(database)
    assert len(found.logs) == 4
    notice = found.notice("unread-database")
    assert (notice.severity, notice.location) == (Severity.ERROR, "damaged.db")


def test_a_database_of_another_tool_is_not_taken(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "study.db")) as connection:
        connection.execute("CREATE TABLE runs (x)")
        connection.execute("CREATE VIEW metrics AS SELECT x FROM runs")
    assert MlflowSqliteReader().match(location(tmp_path)) is None


def test_old_tables_lack_columns_and_tables(database: Path) -> None:
    edit(
        database,
        "DROP INDEX IF EXISTS index_metrics_run_uuid_key_step",
        "CREATE TABLE old (key, value, timestamp, run_uuid)",
        "INSERT INTO old SELECT key, value, timestamp, run_uuid FROM metrics WHERE run_uuid = :run",
        "DROP TABLE metrics",
        "ALTER TABLE old RENAME TO metrics",
        "CREATE TABLE old_runs AS SELECT run_uuid, status, start_time, experiment_id, lifecycle_stage FROM runs",
        "DROP TABLE runs",
        "ALTER TABLE old_runs RENAME TO runs",
        *(f"DROP TABLE {name}" for name in ("latest_metrics", "inputs", "input_tags", "datasets", "experiment_tags")),
    )
    found = read(database)
    assert found.points["child"] == {"val/acc": [(0, 0.5)]}
    assert found.logs["child"].run.status is RunStatus.FINISHED
    assert found.codes == ["deleted-runs"]


def test_columns_are_found_by_name_whatever_their_order(database: Path, golden: Logged) -> None:
    edit(
        database,
        "CREATE TABLE moved AS SELECT is_nan, step, run_uuid, timestamp, value, key FROM metrics",
        "DROP TABLE metrics",
        "ALTER TABLE moved RENAME TO metrics",
    )
    assert same(read(database).points[TRICKY]["train/loss"], golden.points[TRICKY]["train/loss"])


def test_a_write_ahead_log_that_was_copied_along_is_read(database: Path, writing: sqlite3.Connection) -> None:
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute(LATE_POINT, child(writing))
    folder = database.parent / "copied"
    folder.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{database}{suffix}", folder / f"mlflow.db{suffix}")
    assert read(folder / "mlflow.db").points["child"]["late"] == [(3, 0.5)]
    assert sorted(path.name for path in folder.iterdir()) == ["mlflow.db", "mlflow.db-wal"], "nothing is written there"
    assert matched(folder).takes == {"mlflow.db", "mlflow.db-wal"}


def test_a_database_in_wal_mode_without_its_log_is_read(database: Path) -> None:
    edit(database, "PRAGMA journal_mode = WAL")
    assert read(database).points["child"] == {"val/acc": [(0, 0.5)]}
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


def test_a_database_that_is_being_written_to_is_read_as_it_was(database: Path, writing: sqlite3.Connection) -> None:
    writing.execute("BEGIN IMMEDIATE")
    writing.execute(LATE_POINT, child(writing))
    assert "late" not in read(database).points["child"]
    writing.execute("ROLLBACK")


@pytest.mark.parametrize("name", ["a b#c?.db", "ü%20.sqlite"])
def test_any_file_name_can_be_opened(name: str, database: Path) -> None:
    database.rename(database.with_name(name))
    assert "child" in read(database).logs


def test_a_database_that_gets_damaged_after_the_match_is_told(database: Path) -> None:
    match = matched(database.parent)
    database.write_bytes(database.read_bytes()[:2048] + b"\xff" * 60_000)
    scan = MlflowSqliteReader().scan(location(database.parent), match)
    assert [notice.code for notice in scan.notices] == ["unread-database"]
    assert scan.sources == ()


@pytest.mark.parametrize(
    ("insert", "points", "codes"),
    [
        ("INSERT INTO metrics VALUES ('x', 'text', 1, :run, 0, 0)", [], ["broken-row"]),
        ("INSERT INTO metrics VALUES ('x', 0.5, 1, :run, 'one', 0)", [], ["broken-row"]),
        ("INSERT INTO metrics VALUES ('x', 0.5, 1, :run, 2.5, 0)", [], ["broken-row"]),
        ("INSERT INTO metrics VALUES ('x', 0.5, 'noon', :run, 2, 0)", [], ["broken-row"]),
        ("INSERT INTO metrics VALUES ('x', 0.5, 9223372036854775807, :run, 2, 0)", [(2, 0.5)], ["impossible-time"]),
        ("INSERT INTO metrics VALUES ('x', 0.5, 1, :run, 9223372036854775807, 0)", [(9223372036854775807, 0.5)], []),
        ("INSERT INTO metrics VALUES ('x', 0.0, 1, :run, 9007199254740993, 1)", [(9007199254740993, math.nan)], []),
        ("INSERT INTO metrics VALUES ('x', -1.7976931348623157e308, 1, :run, 0, 0)", [(0, -math.inf)], []),
        ("INSERT INTO metrics VALUES ('x', 9e999, 1, :run, 0, 0)", [(0, math.inf)], []),
        ("INSERT INTO metrics VALUES ('x', 1.7976931348623155e308, 1, :run, 0, 0)", [(0, 1.7976931348623155e308)], []),
    ],
)
def test_cells_that_are_no_numbers_or_extreme(
    insert: str, points: list[tuple[int, float]], codes: list[str], database: Path
) -> None:
    edit(database, insert, "INSERT INTO metrics VALUES ('x', 0.25, 5, :run, -1, 0)")
    found = read(database)
    assert same(found.points["child"]["x"], [(-1, 0.25), *points])
    assert found.points["child"]["val/acc"] == [(0, 0.5)]
    assert [code for code in found.codes if code != "deleted-runs"] == codes


def test_texts_that_are_not_utf8_are_kept_readable(database: Path) -> None:
    edit(
        database,
        "INSERT INTO params VALUES ('name', CAST(x'636166e9' AS TEXT), :run)",
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (CAST(x'e9' AS TEXT), 1, 1, :run, 0, 0)",
    )
    found = read(database)
    assert [param.value for param in found.logs["child"].params] == ["caf\\xe9"]
    assert found.points["child"]["\\xe9"] == [(0, 1.0)]


def test_bad_status_and_times_are_told_and_the_other_runs_are_read(database: Path) -> None:
    edit(
        database,
        "PRAGMA ignore_check_constraints = ON",
        "UPDATE runs SET status = 'LOST', start_time = 'soon' WHERE run_uuid = :run",
    )
    found = read(database)
    assert (found.logs["child"].run.status, found.logs["child"].run.started) == (RunStatus.UNKNOWN, None)
    assert {"unknown-status", "impossible-time"} <= set(found.codes)
    assert len(found.logs) == 4


def test_a_run_deleted_between_scan_and_read_is_told(database: Path) -> None:
    reader, place = MlflowSqliteReader(), location(database.parent)
    scan = reader.scan(place, matched(database.parent))
    edit(database, "DELETE FROM runs WHERE run_uuid = :run")
    [batch] = reader.read(place, scan.sources)
    [gone] = [log for log in batch.logs if any(notice.code == "broken-run" for notice in log.notices)]
    assert gone.notices[0].severity is Severity.ERROR
    assert len(batch.logs) == len(scan.sources)


def test_batches_are_bounded_and_say_the_same(database: Path, golden: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_runs, "_BATCH_RUNS", 1)
    found = read(database)
    assert found.logs.keys() == golden.logs.keys()
    assert same(found.points[TRICKY]["train/loss"], golden.points[TRICKY]["train/loss"])


def test_of_two_copies_of_a_database_one_is_read(database: Path) -> None:
    shutil.copyfile(database, database.with_name("second.db"))
    found = read(database)
    assert {log.run.path for log in found.logs.values()} == {"mlflow.db"}
    assert found.codes.count("second-copy") == 4


@pytest.mark.parametrize(
    "change",
    [
        LATE_POINT,
        "INSERT INTO params VALUES ('late', 'x', :run)",
        "INSERT INTO tags VALUES ('late', 'x', :run)",
        "UPDATE runs SET end_time = end_time + 1 WHERE run_uuid = :run",
        "INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', :run, 0)",
    ],
)
def test_the_fingerprint_changes_with_every_part_of_the_run_and_no_other(
    change: str, database: Path, golden: Logged
) -> None:
    before = {source.run_id: source.fingerprint for source in read(database).scan.sources}
    edit(database, change)
    after = {source.run_id: source.fingerprint for source in read(database).scan.sources}
    changed = {run for run in before if before[run] != after[run]}
    assert changed == {golden.logs["child"].run.run_id}


def test_the_fingerprint_does_not_depend_on_the_place_or_layout_of_the_database(database: Path, golden: Logged) -> None:
    edit(database, "PRAGMA page_size = 4096", "VACUUM")
    assert read(database).scan.sources == golden.scan.sources
