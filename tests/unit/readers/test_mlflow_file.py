import math
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mlflow_logs import GOLDEN, Logged, Points, location, read_log, same

from runreport.model import keys
from runreport.model.tables import POINTS
from runreport.names import Direction, DirectionSource, Relation, RunStatus, Severity
from runreport.readers.base import Certainty, Reader
from runreport.readers.mlflow import metric_lines
from runreport.readers.mlflow import runs as mlflow_runs
from runreport.readers.mlflow.artifacts import MAX_ARTIFACTS
from runreport.readers.mlflow.file import MlflowFileReader

STORE = GOLDEN / "mlflow_file_store" / "input" / "mlruns"
TRICKY = 'it\'s: a "tricky" name #1, ü and long enough for the YAML writer to fold it over more than one line\nend'
META = "artifact_uri: ''\nend_time: 2000\nexperiment_id: 7\nrun_id: {name}\nrun_name: {name}\nstart_time: 1000\nstatus: 3\n"


@dataclass(frozen=True, slots=True)
class Store:
    """A file store written by hand, for what the client no longer writes."""

    root: Path

    def write(self, path: str, text: str | bytes = "") -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def run(self, name: str, meta: str = META, **metrics: str) -> None:
        self.write(f"7/{name}/meta.yaml", meta.format(name=name))
        for metric, lines in metrics.items():
            self.write(f"7/{name}/metrics/{metric}", lines)

    def read(self, relative: str = "") -> Logged:
        return read_log(MlflowFileReader(), location(self.root, relative))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "mlruns")
    made.write(
        "7/meta.yaml", "artifact_location: file:///gone/7\nexperiment_id: 7\nlifecycle_stage: active\nname: toy\n"
    )
    return made


@pytest.fixture(scope="module")
def golden() -> Logged:
    return read_log(MlflowFileReader(), location(STORE))


def points_of(store: Store, lines: str) -> tuple[Points, list[str]]:
    store.run("r", loss=lines)
    found = store.read()
    return found.points["r"].get("loss", []), found.codes


def test_it_is_a_reader() -> None:
    assert isinstance(MlflowFileReader(), Reader)


def test_runs_and_status_of_a_store_of_the_real_client(golden: Logged) -> None:
    statuses = {name: log.run.status for name, log in golden.logs.items()}
    finished, failed, running = RunStatus.FINISHED, RunStatus.FAILED, RunStatus.RUNNING
    assert statuses == {TRICKY: finished, "child": finished, "failed-run": failed, "running-run": running}
    assert {log.run.experiment for log in golden.logs.values()} == {"golden runs"}
    running_run = golden.logs["running-run"].run
    assert running_run.started is not None
    assert (running_run.ended, running_run.duration_s) == (None, None)


def test_what_is_left_out_is_told(golden: Logged) -> None:
    assert [notice.code for notice in golden.scan.notices] == ["deleted-runs", "deleted-experiments"]
    assert "1 deleted run (" in golden.notice("deleted-runs").message
    assert golden.notice("deleted-experiments").location == ".trash"


def test_every_point_has_its_step_and_value(golden: Logged) -> None:
    found = golden.points[TRICKY]
    loss = [(0, 1.5), (1, math.nan), (2, math.inf), (3, -math.inf), (4, 1e-30)]
    assert same(found["train/loss"], loss)
    assert found["val/acc"] == [(-1, 0.25), (2, 0.5), (2, 0.75), (1, 0.625)]
    assert found["test acc"] == [(7, 0.7)], "the step of a line with a data set is its third field"


def test_lines_that_log_model_appended_are_dropped_and_counted(golden: Logged) -> None:
    run_id = golden.logs[TRICKY].run.run_id
    repeated, copied = golden.notice("repeated-points"), golden.notice("miscopied-points")
    assert repeated.message.startswith("1 points of 1 metrics")
    assert repeated.location.endswith("/metrics")
    assert copied.location.endswith("/metrics/test acc")
    assert {repeated.severity, copied.severity} == {Severity.INFO}
    assert {repeated.run_id, copied.run_id} == {run_id}


def test_params_are_the_whole_text(golden: Logged) -> None:
    params = {param.param: param.value for param in golden.logs[TRICKY].params}
    assert params == {
        "lr": "1e-3",
        "seed": "3",
        "use_bias": "True",
        "none": "None",
        "empty": "",
        "text": "two\nlines\n",
        "opt/name": "sgd",
    }


def test_tags_become_fields_and_the_rest_stays(golden: Logged) -> None:
    log, child = golden.logs[TRICKY], golden.logs["child"]
    assert {tag.tag: tag.value for tag in log.tags} == {"team": "vision", "empty": "", "mlflow.source.type": "LOCAL"}
    assert (log.run.user, log.run.note) == ("ada", "# A *tricky* run\n\nwith two paragraphs.\n")
    assert child.run.parent_run == log.run.run_id == keys.run_id("mlflow", log.run.source_id)
    assert log.run.parent_run is None


def test_the_code_version_keeps_only_a_digest_of_the_diff(golden: Logged) -> None:
    code = golden.logs[TRICKY].code
    assert code is not None
    assert (code.vcs, code.commit, code.branch) == ("git", "433c68765dce369e0fc3b6a9ec395401acc7e40e", "main")
    assert (code.dirty, code.repo_url, code.entry_point) == (True, "https://example.org/lab/digits.git", "train.py")
    assert code.diff_digest == "25558be7f73882be278fd825d34e7cc7c80aa1241bb771791e189e1a3afb7369"
    assert "secret" not in repr(golden.logs[TRICKY])


def test_data_sets_have_digest_role_source_and_rows(golden: Logged) -> None:
    found = {data.dataset: data for data in golden.logs[TRICKY].datasets}
    toy, held_out = found["toy data"], found["held-out"]
    assert (toy.role, toy.source, toy.rows) == ("train", "https://example.org/toy", 4)
    assert (held_out.role, held_out.digest, held_out.source) == ("", "cda943c0", "make_mlflow_logs.py")
    assert "tensorspec" in str(toy.schema)


def test_artifacts_lie_where_the_tree_lies_now(golden: Logged) -> None:
    artifacts = {artifact.path: artifact for artifact in golden.logs[TRICKY].artifacts}
    table = artifacts["tables/eval.json"]
    assert (table.size_bytes, table.media_type) == (38, "application/json")
    assert (STORE / str(table.location)).is_file()
    assert "model/model.skops" in artifacts, "models of MLflow 3 lie beside the runs"
    assert all(not str(artifact.location).startswith(("/", "file:")) for artifact in artifacts.values())


def test_the_environment_comes_from_files_among_the_artifacts(golden: Logged) -> None:
    items = {item.item: (item.kind, item.value) for item in golden.logs[TRICKY].environment}
    assert items["numpy"] == ("package", "2.0.1")
    assert items["scikit-learn"] == ("package", "1.5.2")
    assert items["python"][1].startswith("3.")
    assert "scipy" not in items, "it is not pinned"


def test_the_primary_metric_and_its_direction_come_from_the_experiment(golden: Logged) -> None:
    for log in golden.logs.values():
        [info] = log.metric_infos
        assert (info.experiment, info.metric, info.is_primary) == ("golden runs", "val/acc", True)
        assert (info.direction, info.direction_source) == (Direction.UP, DirectionSource.LOG)


def test_a_logged_model_is_an_edge(golden: Logged) -> None:
    log = golden.logs[TRICKY]
    [edge] = log.edges
    assert (edge.from_node, edge.relation) == (f"run:{log.run.run_id}", Relation.PRODUCED)
    assert edge.to_node.startswith("model:m-")


def test_points_have_the_schema_and_times() -> None:
    place = location(STORE)
    match = MlflowFileReader().match(place)
    assert match is not None
    [batch] = MlflowFileReader().read(place, MlflowFileReader().scan(place, match).sources)
    assert batch.points.schema.equals(POINTS)
    assert batch.points["time"].to_pylist()[0].timestamp() == pytest.approx(1_700_000_000, abs=1)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_store_an_experiment_and_a_run_can_be_named(depth: int, golden: Logged) -> None:
    folder = golden.logs[TRICKY].run.path.split("/")[:depth]
    place = location(STORE, "/".join(folder))
    match = MlflowFileReader().match(place)
    assert match is not None
    assert (match.certainty, match.takes) == (Certainty.SURE, None)
    found = read_log(MlflowFileReader(), place)
    assert found.logs[TRICKY] == golden.logs[TRICKY]
    assert same(found.points[TRICKY]["train/loss"], golden.points[TRICKY]["train/loss"])


def test_a_run_folder_alone_is_called_by_the_id_of_its_experiment(golden: Logged) -> None:
    found = read_log(MlflowFileReader(), location(STORE / golden.logs[TRICKY].run.path))
    [log] = found.logs.values()
    assert log.run.run_id == golden.logs[TRICKY].run.run_id
    assert log.run.experiment == golden.logs[TRICKY].run.path.split("/")[0]
    assert log.run.path == "."
    assert "nameless-experiment" in found.codes


@pytest.mark.parametrize("relative", ["", "mlruns", "mlruns/.trash", "mlruns/models", "mlruns/7/models"])
def test_other_folders_are_not_taken(relative: str, tmp_path: Path) -> None:
    shutil.copytree(STORE / "models", tmp_path / "mlruns" / "models")
    shutil.copytree(GOLDEN / "mlflow_sqlite_store" / "input" / "mlartifacts", tmp_path / "mlruns" / "1")
    (tmp_path / "mlruns" / ".trash").mkdir()
    [models] = STORE.glob("[0-9]*/models")
    shutil.copytree(models, tmp_path / "mlruns" / "7" / "models")
    assert MlflowFileReader().match(location(tmp_path, relative)) is None


@pytest.mark.parametrize(
    ("lines", "points", "codes"),
    [
        ("1 0.5\n2 0.25\n", [(0, 0.5), (0, 0.25)], []),
        ("1 0.5 3\n2 0.25\n", [(3, 0.5), (0, 0.25)], []),
        ("1 0.5 3 toy c0ffee\n", [(3, 0.5)], []),
        ("1 0.5 3 a toy set c0ffee\n", [(3, 0.5)], []),
        ("1 0.5 0\n2 0.4 1\n1 0.5 0\n", [(0, 0.5), (1, 0.4)], ["repeated-points"]),
        ("1 nan 0\n1 nan 0\n2 nan 0\n", [(0, math.nan), (0, math.nan)], ["repeated-points"]),
        ("1 0.5 0\n1 0.5 0 toy c0ffee\n", [(0, 0.5)], ["repeated-points"]),
        ("1 0.5 7 toy c0ffee\n1 0.5 0 toy c0ffee\n", [(7, 0.5)], ["miscopied-points"]),
        ("1 0.5 0 toy c0ffee\n1 0.5 7 toy c0ffee\n", [(0, 0.5), (7, 0.5)], []),
        ("1 0.5 0\n2 0.5 0\n", [(0, 0.5), (0, 0.5)], []),
        ("1 0.5 0\n2 0.4 1", [(0, 0.5)], ["cut-line"]),
        ("1 0.5 0\n2 0.", [(0, 0.5)], ["cut-line"]),
        ("1 0.5 0\n\n2 0.4 1\n", [(0, 0.5), (1, 0.4)], ["broken-line"]),
        ("1 0.5 0\nx y z\n2 0.4 1\n", [(0, 0.5), (1, 0.4)], ["broken-line"]),
        ("1 0.5 0 four\n", [], ["broken-line"]),
        ("1 0.5 99999999999999999999\n", [], ["broken-line"]),
        ("1 0.5 0\r\n2 0.4 1\r\n", [(0, 0.5), (1, 0.4)], []),
        ("", [], []),
        ("99999999999999999 0.5 0\n", [(0, 0.5)], ["impossible-time"]),
        ("1 -inf -5\n2 inf 9223372036854775807\n", [(-5, -math.inf), (9223372036854775807, math.inf)], []),
    ],
)
def test_lines_of_metric_files(lines: str, points: Points, codes: list[str], store: Store) -> None:
    found, told = points_of(store, lines)
    assert same(found, points)
    assert told == codes


def test_a_broken_line_is_told_with_its_number_and_the_other_files_are_read(store: Store) -> None:
    store.run("a", loss="1 0.5 0\n1 zero 1\n", acc="1 0.25 0\n")
    store.run("b", loss="1 0.75 0\n")
    found = store.read()
    assert found.notice("broken-line").location == "7/a/metrics/loss:2"
    assert found.points == {"a": {"acc": [(0, 0.25)], "loss": [(0, 0.5)]}, "b": {"loss": [(0, 0.75)]}}


def test_an_impossible_time_is_missing(store: Store) -> None:
    store.run("r", loss="-99999999999999999 0.5 0\n1700000000000 0.25 1\n")
    place = location(store.root)
    match = MlflowFileReader().match(place)
    assert match is not None
    [batch] = MlflowFileReader().read(place, MlflowFileReader().scan(place, match).sources)
    missing, given = batch.points["time"].to_pylist()
    assert missing is None
    assert given.year == 2023


def test_files_are_parsed_in_bounded_chunks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in "abc":
        store.run(run, loss="1 0.5 0\n2 0.25 1\n", acc="1 1 0\n")
    whole = store.read().points
    monkeypatch.setattr(metric_lines, "_CHUNK_BYTES", 10)
    monkeypatch.setattr(mlflow_runs, "_BATCH_RUNS", 2)
    assert store.read().points == whole


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ("", "empty"),
        (b"run_id: \xff\xfe\n", "UTF-8"),
        (b"\x00\x01\x02", "no YAML"),
        ("status: 3\n", "no run_id"),
        ("- a\n- b\n", "no YAML"),
    ],
)
def test_a_broken_run_is_told_and_the_others_are_read(meta: str | bytes, reason: str, store: Store) -> None:
    store.run("good", loss="1 0.5 0\n")
    store.write("7/broken/meta.yaml", meta)
    found = store.read()
    assert list(found.logs) == ["good"]
    notice = found.notice("broken-run")
    assert (notice.severity, notice.location) == (Severity.ERROR, "7/broken/meta.yaml")
    assert reason in notice.message


def test_broken_runs_are_counted_as_skipped_and_deleted_ones_are_not(store: Store) -> None:
    store.run("good", loss="1 0.5 0\n")
    store.write("7/empty/meta.yaml", "")
    store.write("7/binary/meta.yaml", b"run_id: \xff\xfe\n")
    store.write("7/gone/meta.yaml", "run_id: gone\nlifecycle_stage: deleted\n")
    place = location(store.root)
    match = MlflowFileReader().match(place)
    assert match is not None
    scan = MlflowFileReader().scan(place, match)
    assert (len(scan.sources), scan.runs_skipped) == (1, 2)


def test_a_run_that_breaks_between_scan_and_read_is_told(store: Store) -> None:
    store.run("good", loss="1 0.5 0\n")
    store.run("gone", loss="1 0.5 0\n")
    reader, place = MlflowFileReader(), location(store.root)
    match = reader.match(place)
    assert match is not None
    scan = reader.scan(place, match)
    (store.root / "7/gone/meta.yaml").unlink()
    (store.root / "7/good/metrics/loss").unlink()
    [batch] = reader.read(place, scan.sources)
    codes = {log.run.path: [notice.code for notice in log.notices] for log in batch.logs}
    assert codes == {"7/gone": ["broken-run"], "7/good": ["unread-metric"]}


def test_folders_without_meta_are_left_out_and_told(store: Store) -> None:
    store.run("r", loss="1 0.5 0\n")
    store.write("7/stray/metrics/loss", "1 0.5 0\n")
    store.write("notes/readme.txt", "x")
    found = store.read()
    assert list(found.logs) == ["r"]
    assert found.notice("no-run").location == "7"
    assert "(notes)" in found.notice("no-experiment").message


def test_reserved_names_are_no_runs(store: Store) -> None:
    store.run("r", loss="1 0.5 0\n")
    for name in ("tags", "datasets", "traces", "models"):
        store.write(f"7/{name}/meta.yaml", META.format(name=name))
    found = store.read()
    assert list(found.logs) == ["r"]
    assert found.codes == []


def test_a_deleted_experiment_in_place_is_told(store: Store) -> None:
    store.run("r", loss="1 0.5 0\n")
    store.write("8/meta.yaml", "artifact_location: x\nexperiment_id: '8'\nlifecycle_stage: deleted\nname: old\n")
    store.write("8/s/meta.yaml", META.format(name="s"))
    found = store.read()
    assert list(found.logs) == ["r"]
    assert "'old' is deleted; 1 run (s)" in found.notice("deleted-experiments").message


def test_an_experiment_with_broken_meta_keeps_its_runs(store: Store) -> None:
    store.run("r", loss="1 0.5 0\n")
    store.write("9/meta.yaml", b"\xff")
    store.write("9/s/meta.yaml", META.format(name="s"))
    found = store.read()
    assert found.logs["s"].run.experiment == "9"
    assert found.notice("nameless-experiment").location == "9/meta.yaml"


def test_a_second_copy_of_a_run_is_left_out(store: Store) -> None:
    store.run("r", loss="1 0.5 0\n")
    shutil.copytree(store.root / "7/r", store.root / "7/s")
    found = store.read()
    assert list(found.logs) == ["r"]
    assert found.notice("second-copy").location == "7/s"


@pytest.mark.parametrize(
    ("old", "new", "code", "expected"),
    [
        ("status: 3", "status: 9", "unknown-status", {"status": RunStatus.UNKNOWN}),
        ("status: 3", "status: FAILED", None, {"status": RunStatus.FAILED}),
        ("status: 3", "status: 2", None, {"status": RunStatus.RUNNING}),
        ("start_time: 1000", "start_time: soon", "impossible-time", {"started": None, "duration_s": None}),
        ("start_time: 1000", "start_time: 99999999999999999999", "impossible-time", {"started": None}),
        ("start_time: 1000", "start_time: 3000", "ends-before-start", {"duration_s": None}),
        ("end_time: 2000", "end_time: null", None, {"ended": None}),
        ("run_name: {name}", "run_name: ''", None, {"name": "r"}),
        ("run_id: {name}", "run_uuid: {name}", None, {"source_id": "r", "duration_s": 1.0}),
        ("status: 3", "status: 3\n!!python/object:os.system x", "broken-line", {"status": RunStatus.FINISHED}),
    ],
)
def test_values_of_meta_yaml(old: str, new: str, code: str | None, expected: dict[str, object], store: Store) -> None:
    store.run("r", META.replace(old, new))
    found = store.read()
    assert {key: getattr(found.logs["r"].run, key) for key in expected} == expected
    assert found.codes == ([code] if code else [])


def test_a_value_that_is_not_utf8_is_kept_readable(store: Store) -> None:
    store.run("r")
    store.write("7/r/params/name", b"caf\xe9")
    found = store.read()
    assert [param.value for param in found.logs["r"].params] == ["caf\\xe9"]
    assert found.notice("not-utf8").location == "7/r/params/name"


def test_a_value_that_is_too_large_is_told(store: Store) -> None:
    store.run("r")
    store.write("7/r/tags/huge", b"x" * (1024 * 1024 + 1))
    found = store.read()
    assert found.logs["r"].tags == ()
    assert "1 MB" in found.notice("unread-value").message


def test_links_out_of_the_folder_are_not_followed(store: Store, tmp_path: Path) -> None:
    store.run("r", loss="1 0.5 0\n")
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    store.write("7/r/params/own", "1")
    (store.root / "7/r/params/stolen").symlink_to(secret)
    (store.root / "7/r/artifacts").mkdir()
    (store.root / "7/r/artifacts/loop").symlink_to("../artifacts")
    found = store.read()
    assert [param.param for param in found.logs["r"].params] == ["own"]
    assert found.logs["r"].artifacts == ()
    assert sorted(notice.location for notice in found.notices if notice.code == "not-followed") == [
        "7/r/artifacts/loop",
        "7/r/params/stolen",
    ]


def test_a_metrics_folder_that_is_a_link_out_is_told(store: Store, tmp_path: Path) -> None:
    store.run("r")
    (tmp_path / "elsewhere").mkdir()
    (store.root / "7/r/metrics").symlink_to(tmp_path / "elsewhere")
    assert store.read().notice("not-followed").location == "7/r/metrics"


def test_no_more_artifacts_are_listed_than_the_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ARTIFACTS == 10_000
    monkeypatch.setattr("runreport.readers.mlflow.artifacts.MAX_ARTIFACTS", 3)
    store.run("r")
    for name in "abcde":
        store.write(f"7/r/artifacts/{name}.txt", name)
    found = store.read()
    assert [artifact.path for artifact in found.logs["r"].artifacts] == ["a.txt", "b.txt", "c.txt"]
    assert found.notice("many-artifacts").location == "7/r/artifacts"


def test_the_environment_nearest_to_the_top_counts_and_a_contradiction_is_told(store: Store) -> None:
    store.run("r")
    store.write("7/r/artifacts/requirements.txt", "numpy==1.0\n")
    store.write("7/r/artifacts/model/requirements.txt", "numpy==2.0\ntorch == 2.4.1+cpu ; python_version > '3'\n")
    store.write("7/r/artifacts/a/b/c/requirements.txt", "deep==1.0\n")
    found = store.read()
    assert {item.item: item.value for item in found.logs["r"].environment} == {"numpy": "1.0", "torch": "2.4.1+cpu"}
    assert "numpy 2.0 instead of 1.0" in found.notice("two-environments").message


def test_model_history_of_mlflow_2_becomes_edges(store: Store) -> None:
    store.run("r")
    store.write("7/r/tags/mlflow.log-model.history", '[{"artifact_path": "model", "model_uuid": "abc"}]')
    log = store.read().logs["r"]
    assert [edge.to_node for edge in log.edges] == ["model:abc"]
    assert log.tags == ()


def test_a_model_history_that_is_no_list_stays_a_tag(store: Store) -> None:
    store.run("r")
    store.write("7/r/tags/mlflow.log-model.history", "[broken")
    found = store.read()
    assert [tag.value for tag in found.logs["r"].tags] == ["[broken"]
    assert found.codes == ["unread-tag"]


@pytest.mark.parametrize(
    "change",
    ["metrics/loss", "params/lr", "tags/team", "artifacts/plot.png", "meta.yaml"],
)
def test_the_fingerprint_changes_with_every_part_of_the_run_and_no_other(change: str, store: Store) -> None:
    for run in ("r", "s"):
        store.run(run, loss="1 0.5 0\n")
        for part in ("params/lr", "tags/team", "artifacts/plot.png"):
            store.write(f"7/{run}/{part}", "1")
    before = {source.path: source.fingerprint for source in store.read().scan.sources}
    with (store.root / f"7/r/{change}").open("a") as file:
        file.write("\n")
    after = {source.path: source.fingerprint for source in store.read().scan.sources}
    assert before["7/r"] != after["7/r"]
    assert before["7/s"] == after["7/s"]


def test_the_fingerprint_changes_when_the_experiment_is_renamed(store: Store) -> None:
    store.run("r")
    [before] = store.read().scan.sources
    store.write("7/meta.yaml", "artifact_location: x\nexperiment_id: 7\nname: renamed\n")
    [after] = store.read().scan.sources
    assert before.fingerprint != after.fingerprint
    assert replace(before, fingerprint="") == replace(after, fingerprint="")


def test_a_moved_tree_gives_the_same_runs(tmp_path: Path, golden: Logged) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(STORE, moved)
    found = read_log(MlflowFileReader(), location(moved))
    assert found.scan.sources == golden.scan.sources
    assert found.logs == golden.logs


def test_metric_names_that_are_not_utf8_stay_distinct(store: Store) -> None:
    store.run("r")
    for name in (b"a\xe9", b"a\xe8"):
        path = os.fsencode(store.root / "7/r/metrics") + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - the name is no text
        with open(path, "wb") as file:  # noqa: PTH123 - the name is no text
            file.write(b"1 0.5 0\n")
    assert sorted(store.read().points["r"]) == ["a\\xe8", "a\\xe9"]
