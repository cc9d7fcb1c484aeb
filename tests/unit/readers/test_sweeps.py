"""Hydra, Optuna and Ray Tune."""

import json
import math
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runreport
from runreport.errors import ReadError
from runreport.ingestion import IngestResult, ingest
from runreport.model.entities import RunBatch, RunLog
from runreport.names import Direction, RunStatus
from runreport.readers import registry
from runreport.readers.base import Joining, Reader, Scan
from runreport.readers.sweeps.hydra import HydraReader
from runreport.readers.sweeps.optuna import OptunaReader
from runreport.readers.sweeps.ray_tune import RayTuneReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


def found(folder: Path, reader: Reader) -> tuple[list[Scan], list[RunBatch]]:
    scans: list[Scan] = []
    batches: list[RunBatch] = []
    for claim in registry.find([folder], [reader]).claims:
        scan = reader.scan(claim.location, claim.match)
        scans.append(scan)
        batches += reader.read(claim.location, scan.sources)
    return scans, batches


def logs(folder: Path, reader: Reader) -> list[RunLog]:
    return [log for batch in found(folder, reader)[1] for log in batch.logs]


def points(batch: RunBatch, metric: str) -> list[tuple[int, float]]:
    rows = batch.points.to_pylist()
    return [(int(row["step"]), float(row["value"])) for row in rows if row["metric"] == metric]


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def tags(log: RunLog) -> dict[str, str]:
    return {tag.tag: tag.value for tag in log.tags}


def codes(log: RunLog) -> list[str]:
    return [notice.code for notice in log.notices]


def stored(folder: Path, store: Path) -> tuple[IngestResult, pd.DataFrame]:
    result = ingest([folder], store=store, jobs=1)
    return result, runreport.open_store(store).runs()


# Ray Tune


def trial(folder: Path, *rows: dict[str, Any], name: str = "train_0a1b2_00000_0") -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def row(iteration: int, **values: object) -> dict[str, Any]:
    own = {"training_iteration": iteration, "trial_id": "0a1b2_00000", "time_total_s": 1.0 * iteration}
    return {**values, "timestamp": 1700000000 + iteration, **own, "done": False, "config": {"lr": 0.1}}


def test_a_real_experiment_has_its_statuses_errors_and_primary_metric() -> None:
    whole, with_nan, failed = logs(GOLDEN / "ray_tune_trials" / "input", RayTuneReader())
    assert [log.run.status for log in (whole, with_nan, failed)] == [
        RunStatus.FINISHED,
        RunStatus.FINISHED,
        RunStatus.FAILED,
    ]
    assert failed.run.note == "ValueError: exploded at step 2"
    assert params(whole) == {"opt.lr": "0.1", "seed": "1"}
    assert tags(failed)["status"] == "ERROR"
    assert tags(whole)["experiment_tag"] == "0_lr=0.1000,seed=1"
    assert whole.run.host == "vm"
    assert whole.run.started is not None
    assert [info.metric for info in whole.metric_infos if info.is_primary] == ["loss"]
    _, batches = found(GOLDEN / "ray_tune_trials" / "input", RayTuneReader())
    assert points(batches[0], "val/acc") == [(1, 0.5), (2, 0.6), (3, 0.7), (4, 0.8)]
    assert math.isnan(points(batches[1], "loss")[2][1])
    assert points(batches[0], "late") == [(2, 1.0), (3, 1.0), (4, 1.0)]


def test_ray_s_own_event_files_are_not_read_as_well(tmp_path: Path) -> None:
    result, runs = stored(GOLDEN / "ray_tune_trials" / "input", tmp_path / "store")
    assert set(runs["reader"]) == {"ray_tune"}
    assert result.runs_added == 3
    metrics = set(runreport.open_store(tmp_path / "store").summary()["metric"])
    assert not any(metric.startswith("ray/tune") for metric in metrics)


def test_a_table_alone_is_read_and_its_columns_are_those_of_the_first_row() -> None:
    _, batches = found(GOLDEN / "ray_tune_csv" / "input", RayTuneReader())
    assert points(batches[0], "val/acc") == [(1, 0.5), (2, 0.6), (3, 0.7), (4, 0.8)]
    assert points(batches[0], "late") == []
    assert tags(batches[0].logs[0])["trial_id"].endswith("_00000")


def test_a_restored_trial_keeps_the_iterations_it_repeated(tmp_path: Path) -> None:
    trial(tmp_path, row(1, a=1), row(2, a=2), row(2, a=3), row(3, a=4))
    _, batches = found(tmp_path, RayTuneReader())
    assert points(batches[0], "a") == [(1, 1), (2, 2), (2, 3), (3, 4)]
    assert codes(batches[0].logs[0]) == ["repeated-iterations"]


def test_settings_that_change_in_the_course_are_told_about(tmp_path: Path) -> None:
    trial(tmp_path, row(1, a=1), {**row(2, a=2), "config": {"lr": 0.2}})
    log = logs(tmp_path, RayTuneReader())[0]
    assert params(log) == {"lr": "0.2"}
    assert codes(log) == ["changed-settings"]


def test_values_that_are_no_numbers_are_told_about_and_special_numbers_kept(tmp_path: Path) -> None:
    place = trial(tmp_path, row(1, a=math.nan, deep={"b": {"c": True}}, text="x", many=[1, 2], none=None))
    with (place / "result.json").open("a") as file:
        file.write('{"training_iteration": 2, "a": -Infinity, "config": {"lr": 0.1}}\nno json\n{"training')
    _, batches = found(tmp_path, RayTuneReader())
    assert points(batches[0], "a")[1] == (2, -math.inf)
    assert points(batches[0], "deep/b/c") == [(1, 1.0)]
    assert sorted(codes(batches[0].logs[0])) == ["broken-lines", "cut-line", "text-values"]


def test_the_last_row_says_that_a_trial_is_done(tmp_path: Path) -> None:
    trial(tmp_path, row(1, a=1), {**row(2, a=2), "done": True})
    assert logs(tmp_path, RayTuneReader())[0].run.status is RunStatus.FINISHED


def test_a_trial_keeps_its_identity_when_it_is_moved(tmp_path: Path) -> None:
    first = trial(tmp_path / "x", row(1, a=1))
    shutil.copytree(first, tmp_path / "y" / "deeper" / first.name)
    ids = [log.run.run_id for folder in ("x", "y") for log in logs(tmp_path / folder, RayTuneReader())]
    assert ids[0] == ids[1]


def test_states_of_old_versions_are_understood(tmp_path: Path) -> None:
    trial(tmp_path, row(1, a=1))
    old = {"checkpoints": [json.dumps({"trial_id": "0a1b2_00000", "status": "PAUSED", "start_time": 1600000000})]}
    (tmp_path / "experiment_state-2020-01-01.json").write_text(json.dumps({"checkpoints": []}))
    (tmp_path / "experiment_state-2021-01-01.json").write_text(json.dumps(old))
    log = logs(tmp_path, RayTuneReader())[0]
    assert log.run.status is RunStatus.RUNNING
    assert log.run.started is not None
    assert log.run.started.year == 2020


def test_a_broken_state_leaves_the_trial(tmp_path: Path) -> None:
    trial(tmp_path, row(1, a=1))
    (tmp_path / "experiment_state-2021-01-01.json").write_text('{"trial_data": [["')
    log = logs(tmp_path, RayTuneReader())[0]
    assert log.run.status is RunStatus.UNKNOWN
    assert codes(log) == ["unreadable-file"]


@pytest.mark.parametrize(
    "files",
    [
        {"result.json": '{"accuracy": 1}\n'},
        {"progress.csv": "epoch,loss\n1,2\n"},
        {"params.json": "{}"},
        {"result.json": "", "config.json": "{}"},
    ],
)
def test_generic_files_are_left(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert registry.find([tmp_path], [RayTuneReader()]).claims == ()


# Hydra


def job(folder: Path, *, config: str = "lr: 0.1\n", overrides: str = "- lr=0.1\n", hydra: str = "") -> Path:
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "config.yaml").write_text(config)
    (folder / ".hydra" / "overrides.yaml").write_text(overrides)
    (folder / ".hydra" / "hydra.yaml").write_text(hydra or "hydra:\n  job:\n    name: app\n")
    return folder


def test_a_sweep_without_metrics_is_one_experiment_of_runs() -> None:
    reader = HydraReader()
    scans, batches = found(GOLDEN / "hydra_only" / "input", reader)
    own = [batch.logs[0] for batch in batches]
    assert [source.joining for scan in scans for source in scan.sources] == [Joining.JOB] * 5
    sweep = [log for log in own if "multirun" in log.run.path]
    assert [log.run.name for log in sweep] == [
        f"optim.lr={lr},seed={seed},data=large" for lr in ("0.1", "0.2") for seed in (1, 2)
    ]
    assert len({log.run.experiment for log in sweep}) == 1
    assert [log.run.seed for log in sweep] == [None] * 4  # found among the params; the number of a job is no seed
    assert params(sweep[0]) == {
        "data.rows": "100000000000000000000",
        "optim.lr": "0.1",
        "optim.betas": '["0.9", "0.99"]',
        "seed": "1",
        "label": "lr-${optim.lr}",
        "nothing": "None",
    }
    own_tags = tags(sweep[3])
    assert own_tags["hydra.job.num"] == "3"
    assert own_tags["hydra.choices.data"] == "large"
    assert own_tags["hydra.job.config_name"] == "config"
    assert "optim.lr=0.1,0.2" in own_tags["hydra.sweep"]
    assert [artifact.path for artifact in sweep[0].artifacts] == ["train.log"]
    assert sweep[0].run.started is not None
    assert ("package", "hydra-core") in {(item.kind, item.item) for item in sweep[0].environment}


def test_a_table_beside_the_settings_is_the_same_run(tmp_path: Path) -> None:
    result, runs = stored(GOLDEN / "hydra_jobs" / "input", tmp_path / "store")
    assert result.runs_added == 5
    sweep = runs[runs["experiment"].str.startswith("multirun")]
    assert sweep["seed"].tolist() == [1, 2, 1, 2]
    assert sweep["name"].str.startswith("optim.lr=").all()
    frames = runreport.open_store(tmp_path / "store")
    summary = frames.summary()
    assert summary["count"].tolist() == [4] * 5
    assert not frames.params()["param"].eq("stem").any()


def test_metrics_in_a_sub_folder_get_the_settings(tmp_path: Path) -> None:
    events = next((GOLDEN / "ray_tune_trials").rglob("*tfevents*"))
    place = job(tmp_path / "logs" / "outputs" / "2026-01-01" / "10-00-00") / "tb"
    place.mkdir()
    shutil.copy(events, place)
    result, runs = stored(tmp_path / "logs", tmp_path / "store")
    assert result.runs_added == 1
    assert runs[["name", "experiment", "reader"]].iloc[0].tolist() == ["lr=0.1", "outputs", "tensorboard"]
    values = runreport.open_store(tmp_path / "store").params()
    assert values[values["param"] == "lr"]["value"].tolist() == ["0.1"]


def test_two_logs_below_one_job_are_two_runs_that_share_its_settings(tmp_path: Path) -> None:
    place = job(tmp_path / "logs" / "job")
    for name in ("a", "b"):
        (place / name).mkdir()
        (place / name / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    result, runs = stored(tmp_path / "logs", tmp_path / "store")
    assert result.runs_added == 2
    assert sorted(runs["name"]) == ["lr=0.1/a", "lr=0.1/b"]
    values = runreport.open_store(tmp_path / "store").params()
    assert sorted(values[values["param"] == "stem"]["value"]) == ["a", "b"]


def runtime(cwd: str, output: str) -> str:
    return f"hydra:\n  job:\n    name: app\n  runtime:\n    cwd: {cwd}\n    output_dir: {output}\n  verbose: false\n"


def write_table(folder: Path, values: str = "0,1.0\n1,0.5\n2,0.25\n") -> None:
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(f"step,loss\n{values}")


def given_rates(folder: Path, store: Path) -> list[str]:
    """Return the rate that each run with metrics got, empty without one."""
    _, runs = stored(folder, store)
    params = runreport.open_store(store).params()
    rates = dict(params[params["param"] == "lr"][["run_id", "value"]].to_numpy().tolist())
    return sorted(str(rates.get(run_id, "")) for run_id in runs[runs["reader"] == "tabular"]["run_id"])


def test_a_job_started_in_a_folder_of_many_runs_gives_its_settings_to_none_of_them(tmp_path: Path) -> None:
    place = job(tmp_path / "project", hydra=runtime("/home/me/project", "/home/me/project"))
    for name in ("old", "new"):
        write_table(place / name)
    own = job(place / "outputs" / "2026-01-01" / "10-00-00", config="lr: 0.5\n")
    write_table(own / "train")
    assert given_rates(place, tmp_path / "store") == ["", "", "0.5"]
    notices = ingest([place], store=tmp_path / "store").notices
    (notice,) = [notice for notice in notices if notice.code == "settings-not-given"]
    assert "none of the 2 runs" in notice.message


def test_the_folder_of_a_job_that_was_named_itself_gives_its_settings_to_all_below(tmp_path: Path) -> None:
    place = job(tmp_path / "10-00-00", hydra=runtime("/home/me", "/home/me/outputs/2026-01-01/10-00-00"))
    for fold in range(2):
        write_table(place / f"fold{fold}")
    assert given_rates(place, tmp_path / "store") == ["0.1", "0.1"]


def test_what_three_tools_log_below_one_job_is_one_run(tmp_path: Path) -> None:
    place = job(tmp_path / "logs" / "2026-01-01" / "10-00-00")
    write_table(place / "csv" / "version_0")
    (place / "tensorboard" / "version_0").mkdir(parents=True)
    shutil.copy(next((GOLDEN / "ray_tune_trials").rglob("*tfevents*")), place / "tensorboard" / "version_0")
    client = next(path.parent for path in sorted(GOLDEN.glob("wandb*/**/*.wandb")))
    shutil.copytree(client, place / "wandb" / client.name)
    result, runs = stored(tmp_path / "logs", tmp_path / "store")
    assert len(runs) == result.runs_added == 1
    (notice,) = [notice for notice in result.notices if notice.code == "joined-logs"]
    for reader in ("hydra", "tabular", "tensorboard", "wandb"):
        assert f"{reader} (" in notice.message


def test_the_number_of_a_job_is_no_seed(tmp_path: Path) -> None:
    for number in range(2):
        place = job(tmp_path / "logs" / "sweep" / str(number), hydra=f"hydra:\n  job:\n    num: {number}\n")
        (place / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    _, runs = stored(tmp_path / "logs", tmp_path / "store")
    assert runs["seed"].isna().all()
    assert set(runs["experiment"]) == {"sweep"}


def test_a_job_without_overrides_is_named_by_its_number_or_its_time(tmp_path: Path) -> None:
    job(tmp_path / "outputs" / "2026-01-01" / "10-00-00", overrides="[]\n")
    job(tmp_path / "sweep" / "3", overrides="[]\n", hydra="hydra:\n  job:\n    num: 3\n")
    names = [log.run.name for log in logs(tmp_path, HydraReader())]
    assert names == ["2026-01-01/10-00-00", "job 3"]


def test_broken_settings_are_told_about(tmp_path: Path) -> None:
    job(tmp_path / "job", config="a: [", overrides="a: b: c")
    log = logs(tmp_path, HydraReader())[0]
    assert codes(log) == ["unreadable-file", "unreadable-file"]
    assert params(log) == {"stem": "job"}


def test_a_hidden_folder_that_leaves_the_root_is_not_read(tmp_path: Path) -> None:
    job(tmp_path / "outside")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / ".hydra").symlink_to(tmp_path / "outside" / ".hydra")
    assert registry.find([tmp_path / "inside"], [HydraReader()]).claims == ()


def test_the_file_of_a_sweep_without_jobs_makes_no_run(tmp_path: Path) -> None:
    (tmp_path / "multirun.yaml").write_text("hydra:\n  mode: MULTIRUN\n")
    scans, _ = found(tmp_path, HydraReader())
    assert [scan.sources for scan in scans] == [()]


# Optuna


STORAGES = pytest.mark.parametrize("case", ["optuna_sqlite", "optuna_journal"])


def trials(case: str) -> dict[tuple[str, str], tuple[RunLog, RunBatch]]:
    _, batches = found(GOLDEN / case / "input", OptunaReader())
    return {(batch.logs[0].run.experiment, batch.logs[0].run.name): (batch.logs[0], batch) for batch in batches}


@STORAGES
def test_every_state_has_its_status(case: str) -> None:
    own = {name: log for (study, name), (log, _) in trials(case).items() if study == "digits"}
    assert [log.run.status for log in own.values()] == [
        *[RunStatus.FINISHED] * 2,
        RunStatus.KILLED,
        RunStatus.FAILED,
        *[RunStatus.FINISHED] * 2,
        *[RunStatus.RUNNING] * 2,
    ]
    assert [tags(log)["state"] for log in own.values()][2:] == [
        "PRUNED",
        "FAIL",
        "COMPLETE",
        "COMPLETE",
        "RUNNING",
        "WAITING",
    ]
    assert [log.run.seed for log in own.values()] == [0, 1, 2, 3, 4, 5, None, None]


@STORAGES
def test_params_values_and_reports_are_those_of_the_client(case: str) -> None:
    own = trials(case)
    log, batch = own["digits", "trial 1"]
    assert set(params(log)) == {"lr", "layers", "kind"}
    assert params(log)["kind"] in {"sgd", "adam", "None"}
    assert params(log)["layers"] in {"1", "2", "3", "4"}
    reports = points(batch, "intermediate_value")
    assert [step for step, _ in reports] == [0, 1, 2, 3]
    assert math.isnan(reports[1][1])
    assert (reports[2][1], reports[3][1]) == (math.inf, -math.inf)
    assert points(own["digits", "trial 4"][1], "value") == [(0, math.inf)]
    assert points(own["digits", "trial 3"][1], "value") == []
    assert tags(log)["study.data"] == '[{"name": "digits", "rows": 1797}]'
    assert tags(log)["distribution.lr"] == "Float(high=1.0, log=True, low=0.0001)"
    assert log.run.started is not None
    assert log.run.ended is not None
    assert log.run.started <= log.run.ended


@STORAGES
def test_several_objectives_have_their_names_and_directions(case: str) -> None:
    log, batch = trials(case)["two goals", "trial 2"]
    assert points(batch, "accuracy") == [(0, 2.0)]
    assert points(batch, "loss")[0][1] == float(params(log)["x"])
    directions = {info.metric: (info.direction, info.is_primary) for info in log.metric_infos}
    assert directions == {"loss": (Direction.DOWN, True), "accuracy": (Direction.UP, False)}


@STORAGES
def test_a_study_without_trials_is_told_about(case: str) -> None:
    scans, _ = found(GOLDEN / case / "input", OptunaReader())
    assert [notice.code for scan in scans for notice in scan.notices] == ["empty-study"]


def test_both_storages_say_the_same() -> None:
    database, journal = trials("optuna_sqlite"), trials("optuna_journal")
    assert list(database) == list(journal)
    for key, (log, batch) in database.items():
        other, others = journal[key]
        assert {**params(log), "stem": ""} == {**params(other), "stem": ""}  # of those without params
        assert tags(log) == tags(other)
        for metric in ("value", "intermediate_value", "loss", "accuracy"):
            assert [str(point) for point in points(batch, metric)] == [str(point) for point in points(others, metric)]


def test_an_ended_trial_keeps_its_fingerprint_when_the_storage_grows(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "optuna_sqlite" / "input", tmp_path / "logs")
    ingest([tmp_path / "logs"], store=tmp_path / "store", jobs=1)
    with sqlite3.connect(tmp_path / "logs" / "optuna.db") as connection:
        connection.execute("INSERT INTO trials (number, study_id, state) VALUES (8, 1, 'RUNNING')")
    connection.close()
    result = ingest([tmp_path / "logs"], store=tmp_path / "store", jobs=1)
    assert (result.runs_added, result.runs_updated, result.runs_unchanged) == (1, 2, 9)


def test_tables_of_optuna_before_2_4_are_understood(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.executescript(
        """
        CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name TEXT, direction TEXT);
        CREATE TABLE study_user_attributes (study_id INTEGER, key TEXT, value_json TEXT);
        CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, number INTEGER, study_id INTEGER, state TEXT, value REAL);
        CREATE TABLE trial_params (trial_id INTEGER, param_name TEXT, param_value REAL, distribution_json TEXT);
        CREATE TABLE trial_values (trial_id INTEGER, step INTEGER, value REAL);
        INSERT INTO studies VALUES (1, 'old', 'MAXIMIZE');
        INSERT INTO trials VALUES (7, 0, 1, 'COMPLETE', 0.75), (8, 1, 99, 'COMPLETE', 1.0);
        INSERT INTO trial_params VALUES (7, 'n', 3.0, '{"name": "IntUniformDistribution", "attributes": {"low": 1}}');
        INSERT INTO trial_params VALUES (7, 'odd', 5.0, '{"name": "CategoricalDistribution", "attributes": {}}');
        INSERT INTO trial_values VALUES (7, 0, 0.5), (7, 1, 0.75);
        """
    )
    connection.commit()
    connection.close()
    _, batches = found(tmp_path, OptunaReader())
    assert len(batches) == 1  # the other trial has no study
    assert points(batches[0], "value") == [(0, 0.75)]
    assert points(batches[0], "intermediate_value") == [(0, 0.5), (1, 0.75)]
    assert params(batches[0].logs[0]) == {"n": "3", "odd": "5.0"}
    assert codes(batches[0].logs[0]) == ["odd-distribution"]
    assert {info.direction for info in batches[0].logs[0].metric_infos} == {Direction.UP}


def test_changes_in_a_write_ahead_log_are_read(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    shutil.copy(GOLDEN / "optuna_sqlite" / "input" / "optuna.db", tmp_path / "live")
    connection = sqlite3.connect(tmp_path / "live" / "optuna.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO trials (number, study_id, state) VALUES (8, 1, 'RUNNING')")
    connection.commit()
    shutil.copytree(tmp_path / "live", tmp_path / "logs")
    connection.close()
    assert (tmp_path / "logs" / "optuna.db-wal").stat().st_size
    assert len(logs(tmp_path / "logs", OptunaReader())) == 12


def operations(path: Path, *lines: dict[str, object]) -> None:
    path.write_text("".join(json.dumps({"worker_id": "w", **line}) + "\n" for line in lines))


STUDY = {"op_code": 0, "study_name": "s", "directions": [1]}
TRIAL = {"op_code": 4, "study_id": 0, "datetime_start": "2026-01-01T00:00:00+00:00"}


def test_a_journal_is_replayed_as_its_client_does(tmp_path: Path) -> None:
    lr = json.dumps({"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}})
    operations(
        tmp_path / "j.log",
        STUDY,
        STUDY,  # the name is taken
        TRIAL,
        {"op_code": 5, "trial_id": 0, "param_name": "lr", "param_value_internal": 0.5, "distribution": lr},
        {"op_code": 7, "trial_id": 0, "step": 3, "intermediate_value": math.nan},
        {"op_code": 7, "trial_id": 0, "step": 3, "intermediate_value": 2.0},
        {"op_code": 6, "trial_id": 0, "state": 1, "values": [0.25], "datetime_complete": "2026-01-01T01:00:00+00:00"},
        {"op_code": 7, "trial_id": 0, "step": 4, "intermediate_value": 9.0},  # after its end
        {"op_code": 0, "study_name": "gone", "directions": [2]},
        {**TRIAL, "study_id": 1},
        {"op_code": 1, "study_id": 1},
        {"op_code": 99},
        {"op_code": 7, "trial_id": 12, "step": 4, "intermediate_value": 9.0},
    )
    scans, batches = found(tmp_path, OptunaReader())
    assert len(batches) == 1
    assert points(batches[0], "intermediate_value") == [(3, 2.0)]
    assert points(batches[0], "value") == [(0, 0.25)]
    assert params(batches[0].logs[0]) == {"lr": "0.5"}
    assert batches[0].logs[0].run.duration_s == 3600.0
    assert [notice.code for notice in scans[0].notices] == ["odd-operation"]


def test_a_trial_that_was_tried_again_is_linked_to_the_one_that_failed(tmp_path: Path) -> None:
    operations(tmp_path / "j.log", STUDY, TRIAL, {**TRIAL, "state": 4, "system_attrs": {"failed_trial": 0}})
    first, second = logs(tmp_path, OptunaReader())
    assert [(edge.from_node, edge.to_node, edge.relation) for edge in second.edges] == [
        (f"run:{first.run.run_id}", f"run:{second.run.run_id}", "resumed")
    ]


def test_what_a_sampler_keeps_for_itself_is_left_out(tmp_path: Path) -> None:
    operations(tmp_path / "j.log", STUDY, {**TRIAL, "system_attrs": {"cma:optimizer:0": "80" * 5000, "grid_id": 3}})
    log = logs(tmp_path, OptunaReader())[0]
    assert tags(log)["system.grid_id"] == "3"
    assert "system.cma:optimizer:0" not in tags(log)
    assert codes(log) == ["long-attribute"]


def test_a_damaged_database_of_optuna_is_told_about(tmp_path: Path) -> None:
    content = bytearray((GOLDEN / "optuna_sqlite" / "input" / "optuna.db").read_bytes())
    content[100:108] = b"\xff" * 8
    (tmp_path / "optuna.db").write_bytes(content)
    findings = registry.find([tmp_path], [OptunaReader()])
    assert [notice.code for notice in findings.notices] == ["match-failed"]


def test_a_storage_that_is_gone_when_it_is_read_raises_read_error(tmp_path: Path) -> None:
    operations(tmp_path / "j.log", STUDY, TRIAL)
    reader = OptunaReader()
    claim = registry.find([tmp_path], [reader]).claims[0]
    sources = reader.scan(claim.location, claim.match).sources
    (tmp_path / "j.log").unlink()
    with pytest.raises(ReadError):
        list(reader.read(claim.location, sources))


def test_many_trials_are_read_in_batches(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "optuna_sqlite" / "input", tmp_path / "logs")
    with sqlite3.connect(tmp_path / "logs" / "optuna.db") as connection:
        ids = range(100, 2_100)
        moment = "2026-01-01 00:00:00.000000"
        connection.executemany(
            "INSERT INTO trials VALUES (?, ?, 1, 'COMPLETE', ?, ?)", [(own, own, moment, moment) for own in ids]
        )
        connection.executemany(
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, 0.5, 'FINITE')",
            [(own,) for own in ids],
        )
    connection.close()
    reader = OptunaReader()
    claim = registry.find([tmp_path / "logs"], [reader]).claims[0]
    sources = reader.scan(claim.location, claim.match).sources
    read = sum(
        len(batch.logs)
        for start in range(0, len(sources), 100)
        for batch in reader.read(claim.location, sources[start : start + 100])
    )
    assert read == len(sources) == 2_011
