"""Models of MLflow: what the readers of its stores and exports say about them."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_logs import GOLDEN, Logged, location, read_log

from runreport.model.entities import Model
from runreport.names import ModelKind, Relation
from runreport.readers.base import Reader
from runreport.readers.mlflow.export import MlflowExportReader
from runreport.readers.mlflow.file import MlflowFileReader
from runreport.readers.mlflow.models import LoggedModel, ModelVersion, by_run, entities
from runreport.readers.mlflow.sqlite import MlflowSqliteReader

STORES: dict[str, tuple[Reader, str]] = {
    "file": (MlflowFileReader(), "mlflow_file_models/input/mlruns"),
    "sqlite": (MlflowSqliteReader(), "mlflow_sqlite_models/input"),
}


def models(logged: Logged, run: str = "train") -> list[Model]:
    return list(logged.logs[run].models)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Logged:
    reader, place = STORES[request.param]
    return read_log(reader, location(GOLDEN / place))


def test_a_logged_model_has_its_own_params_tags_and_last_metrics(store: Logged) -> None:
    [net] = [model for model in models(store) if model.kind is ModelKind.LOGGED]
    assert (net.model, net.type, net.status, net.version) == ("net", "classifier", "READY", "")
    assert json.loads(net.details or "") == {
        "params": {"lr": "0.1"},
        "tags": {"arch": "mlp"},
        "metrics": [
            {"metric": "acc", "value": 0.75, "step": 3},
            {"metric": "held", "value": 0.625, "step": 3, "dataset": "held-out"},
        ],
    }


def test_registered_versions_have_stage_aliases_and_where_they_come_from(store: Logged) -> None:
    net, first, second = models(store)
    assert (first.model, first.version, first.aliases, first.stage) == ("prod-net", "1", "blue, champion", None)
    assert first.model_id == net.model_id
    assert json.loads(first.details or "") == {"description": "first", "tags": {"ok": "yes"}}
    assert (second.version, second.aliases, second.stage, second.model_id) == ("2", None, "Staging", None)


def test_the_way_from_run_to_model_to_version_is_an_edge(store: Logged) -> None:
    run = store.logs["train"].run.run_id
    net = models(store)[0].model_id
    assert [(edge.from_node, edge.relation, edge.to_node) for edge in store.logs["train"].edges] == [
        (f"run:{run}", Relation.PRODUCED, f"model:{net}"),
        (f"model:{net}", Relation.REGISTERED, "model:prod-net/1"),
        (f"run:{run}", Relation.REGISTERED, "model:prod-net/2"),
    ]


def test_versions_that_no_run_led_to_are_told(store: Logged) -> None:
    assert "1 registered model version" in store.notice("unattached-model").message


def test_a_run_without_models_has_none(store: Logged) -> None:
    assert models(store, "evaluate") == []


def test_values_as_long_as_mlflow_allows_are_told(store: Logged) -> None:
    assert "param prompt" in store.notice("cut-value").message


def test_a_new_alias_makes_the_run_be_read_again_in_a_file_store(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    shutil.copytree(GOLDEN / STORES["file"][1], folder)
    before = read_log(MlflowFileReader(), location(folder))
    (folder / "models" / "prod-net" / "aliases" / "new").write_text("2")
    after = read_log(MlflowFileReader(), location(folder))
    changed = [old.run_id for old, new in zip(before.scan.sources, after.scan.sources, strict=True) if old != new]
    assert changed == [before.logs["train"].run.run_id]
    assert models(after)[2].aliases == "new"


def test_a_new_alias_makes_the_run_be_read_again_in_a_database(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "mlflow_sqlite_models/input/mlflow.db", tmp_path)
    before = read_log(MlflowSqliteReader(), location(tmp_path))
    edit_models(tmp_path, "UPDATE registered_model_aliases SET version = 2 WHERE alias = 'blue'")
    after = read_log(MlflowSqliteReader(), location(tmp_path))
    changed = [old.run_id for old, new in zip(before.scan.sources, after.scan.sources, strict=True) if old != new]
    assert changed == [before.logs["train"].run.run_id]


def test_deleted_versions_and_models_are_left_out(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "mlflow_sqlite_models/input/mlflow.db", tmp_path)
    edit_models(tmp_path, "UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE version = 2")
    edit_models(tmp_path, "UPDATE logged_models SET lifecycle_stage = 'deleted'")
    logged = read_log(MlflowSqliteReader(), location(tmp_path))
    assert [model.version for model in models(logged)] == ["1"]


def test_a_broken_model_file_is_told_and_the_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    shutil.copytree(GOLDEN / STORES["file"][1], folder)
    (folder / "models" / "prod-net" / "version-2" / "meta.yaml").write_bytes(b"\xff")
    logged = read_log(MlflowFileReader(), location(folder))
    assert [model.version for model in models(logged)] == ["", "1"]
    assert logged.notice("unread-model").location == "models/prod-net/version-2/meta.yaml"


def test_an_export_says_the_same_about_models() -> None:
    logged = read_log(MlflowExportReader(), location(GOLDEN / "mlflow_export_folders/input"))
    net, version = models(logged, "first")
    assert (net.model, net.model_id, net.kind) == ("net", "m-1", ModelKind.LOGGED)
    assert (version.model, version.version, version.aliases) == ("prod-net", "2", "blue, champion")
    assert [model.stage for model in models(logged, "second")] == ["Archived"]


def test_a_version_that_names_no_run_belongs_to_the_run_of_its_model() -> None:
    net = LoggedModel(model_id="m-1", name="net", run="r1")
    version = ModelVersion(name="prod", version="10", source="models:/m-1")
    assert by_run([net], [version])["r1"].versions == (version,)


def test_versions_are_in_the_order_of_their_numbers() -> None:
    made = by_run([], [ModelVersion(name="prod", version=number, run="r") for number in ("10", "9", "x")])
    assert [model.version for model in entities("id", made["r"])] == ["x", "9", "10"]


def edit_models(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as connection:
        connection.execute(statement)
