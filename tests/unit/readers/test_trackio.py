import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tracker_logs import claims, read

from runreport.names import Relation, RunStatus
from runreport.readers import registry
from runreport.readers.base import Reader
from runreport.readers.trackers.trackio import TrackioReader

TABLES = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, config TEXT, created_at TEXT);
CREATE TABLE system_metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, metrics TEXT);
CREATE TABLE alerts (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, title TEXT, text TEXT,
    level TEXT, step INTEGER);
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, name TEXT, type TEXT);
CREATE TABLE artifact_versions (id INTEGER PRIMARY KEY, artifact_id INTEGER, version INTEGER, manifest_digest TEXT,
    manifest TEXT);
CREATE TABLE run_artifact_links (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, artifact_version_id INTEGER,
    direction TEXT);
"""
OLD_TABLES = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY, run_name TEXT, config TEXT, created_at TEXT);
"""
TIME = "2026-03-20T10:00:00+00:00"


def write(path: Path, *rows: tuple[str, str, int, object], config: object = None, tables: str = TABLES) -> Path:
    """Write a database; rows are run id, name, step and metrics. All runs get the same settings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(tables)
        for run_id, name, step, metrics in rows:
            own_id = {"run_id": run_id} if "run_id" in tables else {}
            text = metrics if isinstance(metrics, bytes) else json.dumps(metrics).encode()
            insert(database, "metrics", **own_id, timestamp=TIME, run_name=name, step=step, metrics=text)
        for run_id, name in dict.fromkeys(row[:2] for row in rows) if config is not None else ():
            own_id = {"run_id": run_id} if "run_id" in tables else {}
            text = json.dumps(config).encode()
            insert(database, "configs", **own_id, run_name=name, config=text, created_at=TIME)
    return path


def insert(database: sqlite3.Connection, table: str, **cells: object) -> None:
    names, marks = ", ".join(cells), ", ".join("?" * len(cells))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(cells.values()))  # noqa: S608 - a test


def change(path: Path, table: str, **cells: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        insert(database, table, **cells)


def test_it_is_a_reader() -> None:
    assert isinstance(TrackioReader(), Reader)


def test_settings_are_params_and_those_of_trackio_are_facts(tmp_path: Path) -> None:
    config = {
        "lr": 0.1,
        "opt": {"name": "adam"},
        "big": 2**60 + 1,
        "_Username": "ada",
        "_Group": "adam",
        "_Created": TIME,
    }
    write(tmp_path / "digits.db", ("a", "adam-s1", 0, {"loss": 1}), config=config)
    found = read(TrackioReader(), tmp_path)
    run = found.log.run
    assert (run.experiment, run.name, run.user, run.status) == ("digits", "adam-s1", "ada", RunStatus.UNKNOWN)
    assert found.params == {"lr": "0.1", "opt.name": "adam", "big": "1152921504606846977"}
    assert found.tags == {"group": "adam"}


def test_special_values_nested_values_and_repeated_steps(tmp_path: Path) -> None:
    rows = [{"loss": "NaN"}, {"loss": "-Infinity"}, {"loss": 0.5, "val": {"acc": {"top1": 1}}}]
    write(tmp_path / "p.db", *(("a", "r", 3, row) for row in rows))
    found = read(TrackioReader(), tmp_path)
    assert math.isnan(found.series["loss"][0][1])
    assert found.series["loss"][1:] == [(3, -math.inf), (3, 0.5)]
    assert found.series["val/acc/top1"] == [(3, 1.0)]


def test_texts_and_media_are_told_about(tmp_path: Path) -> None:
    media = {"_type": "trackio.image", "file_path": "p/r/0/a.png"}
    write(
        tmp_path / "p.db", ("a", "r", 0, {"note": "hello", "image": media, "none": None, "table": {"_type": "table"}})
    )
    (tmp_path / "media" / "p" / "r" / "0").mkdir(parents=True)
    (tmp_path / "media" / "p" / "r" / "0" / "a.png").write_bytes(b"x")
    found = read(TrackioReader(), tmp_path)
    assert found.notices[0].message == "What is no number was left out (2): note, table."
    (one,) = found.log.artifacts
    assert (one.path, one.location, one.size_bytes) == ("media/p/r/0/a.png", "media/p/r/0/a.png", 1)


def test_system_metrics_have_no_steps_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "p.db", ("a", "r", 0, {"loss": 1}))
    for load in (50, 60):
        change(
            path, "system_metrics", run_id="a", run_name="r", timestamp=TIME, metrics=json.dumps({"gpu": {"0": load}})
        )
    assert read(TrackioReader(), tmp_path).series["system/gpu/0"] == [(0, 50.0), (1, 60.0)]


def test_alerts_are_the_note(tmp_path: Path) -> None:
    path = write(tmp_path / "p.db", ("a", "r", 0, {"loss": 1}))
    change(path, "alerts", run_id="a", run_name="r", timestamp=TIME, title="odd", text="look", level="warn", step=3)
    change(path, "alerts", run_id="a", run_name="r", timestamp=TIME, title="end", level="info")
    assert read(TrackioReader(), tmp_path).log.run.note == "warn at step 3: odd: look\ninfo: end"


def test_artifacts_are_files_and_lineage(tmp_path: Path) -> None:
    path = write(tmp_path / "p.db", ("a", "r", 0, {"loss": 1}))
    digest = "ab" * 32
    manifest = json.dumps([{"path": "w.bin", "digest": digest, "size": 7}])
    for number, (kind, direction) in enumerate((("model", "output"), ("dataset", "input")), start=1):
        change(path, "artifacts", id=number, name=f"n{number}", type=kind)
        change(
            path, "artifact_versions", id=number, artifact_id=number, version=0, manifest_digest="d", manifest=manifest
        )
        change(path, "run_artifact_links", run_id="a", run_name="r", artifact_version_id=number, direction=direction)
    found = read(TrackioReader(), tmp_path)
    (one,) = found.log.artifacts
    assert (one.path, one.sha256, one.size_bytes, one.location) == ("n1:v0/w.bin", digest, 7, None)
    run = f"run:{found.log.run.run_id}"
    assert [(edge.from_node, edge.to_node, edge.relation) for edge in found.log.edges] == [
        (run, "model:n1:v0@d", Relation.PRODUCED),
        ("dataset:n2:v0@d", run, Relation.USED),
    ]


def test_a_run_that_was_renamed_is_one_run_with_its_last_name(tmp_path: Path) -> None:
    write(tmp_path / "p.db", ("a", "old", 0, {"loss": 1}), ("a", "new", 1, {"loss": 2}))
    found = read(TrackioReader(), tmp_path)
    assert found.log.run.name == "new"
    assert found.series["loss"] == [(0, 1.0), (1, 2.0)]


def test_old_databases_know_runs_by_name(tmp_path: Path) -> None:
    write(
        tmp_path / "p.db", ("", "one", 0, {"loss": 1}), ("", "two", 0, {"loss": 2}), config={"lr": 1}, tables=OLD_TABLES
    )
    found = read(TrackioReader(), tmp_path)
    assert sorted(log.run.name for log in found.logs) == ["one", "two"]
    assert [log.params[0].value for log in found.logs] == ["1", "1"]


def test_a_run_keeps_its_identity_wherever_its_database_lies(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder / "p.db", ("a", "r", 0, {"loss": 1}))
    ids = {read(TrackioReader(), tmp_path / folder).sources[0].run_id for folder in ("one", "two")}
    assert len(ids) == 1


def test_the_same_run_in_two_databases_is_read_once(tmp_path: Path) -> None:
    for name in ("p", "copy"):
        write(tmp_path / f"{name}.db", ("a", "r", 0, {"loss": 1}))
    found = read(TrackioReader(), tmp_path)
    assert len(found.logs) == 1
    assert found.codes == ["second-copy"]


def test_only_runs_that_changed_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "p.db", ("a", "one", 0, {"loss": 1}), ("b", "two", 0, {"loss": 1}))
    before = {source.handle: source.fingerprint for source in read(TrackioReader(), tmp_path).sources}
    change(path, "metrics", run_id="b", run_name="two", timestamp=TIME, step=1, metrics=b"{}")
    after = {source.handle: source.fingerprint for source in read(TrackioReader(), tmp_path).sources}
    assert before["a"] == after["a"]
    assert before["b"] != after["b"]


def test_a_write_ahead_log_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "p.db", ("a", "r", 0, {"loss": 1}))
    with closing(sqlite3.connect(path, isolation_level=None)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("PRAGMA wal_autocheckpoint = 0")
        insert(live, "metrics", run_id="a", run_name="r", timestamp=TIME, step=1, metrics=b'{"loss": 2}')
        before = (tmp_path / "p.db-wal").read_bytes()
        assert read(TrackioReader(), tmp_path).series["loss"] == [(0, 1.0), (1, 2.0)]
        assert (tmp_path / "p.db-wal").read_bytes() == before


@pytest.mark.parametrize("cell", [b"{", b"[1]", b"\xff"])
def test_broken_cells_cost_only_themselves(tmp_path: Path, cell: bytes) -> None:
    write(tmp_path / "p.db", ("a", "r", 0, cell), ("a", "r", 1, {"loss": 1}))
    assert read(TrackioReader(), tmp_path).series == {"loss": [(1, 1.0)]}


def test_other_databases_are_left(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "p.db")) as database, database:
        database.execute("CREATE TABLE metrics (key TEXT, value REAL)")
    (tmp_path / "text.db").write_text("hello")
    assert claims(TrackioReader(), tmp_path) == {}


def test_parquet_copies_of_the_tables_count_no_run_twice(tmp_path: Path) -> None:
    write(tmp_path / "digits.db", ("r1", "a", 0, {"loss": 1.0}), ("r1", "a", 1, {"loss": 0.5}), config={"lr": 0.1})
    rows = {"timestamp": [TIME, TIME], "run_name": ["a", "a"], "step": [0, 1], "loss": [1.0, 0.5]}
    for name in ("digits.parquet", "digits_system.parquet", "digits_configs.parquet", "other.parquet"):
        parquet.write_table(pa.table(rows), tmp_path / name)
    taken = {
        claim.reader_name: claim.match.takes for claim in registry.find([tmp_path], registry.readers().readers).claims
    }
    assert taken["trackio"] == {"digits.db", "digits.parquet", "digits_system.parquet", "digits_configs.parquet"}
    assert taken["tabular"] == {"other.parquet"}
