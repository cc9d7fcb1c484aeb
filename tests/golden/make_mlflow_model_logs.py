"""Write logs of MLflow that hold models, and exports of them: ``python make_mlflow_model_logs.py`` (mlflow).

The same runs go into a file store (mlflow_file_models) and a SQLite store (mlflow_sqlite_models); those of the SQLite
store are exported as pages of a search and as ``Run.to_dictionary()`` (mlflow_export_rest). Written with MLflow 3.17.2.
"""

import json
import os
import shutil
from pathlib import Path

os.environ |= {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_TRUNCATE_LONG_VALUES": "true",
    "LOGNAME": "ada",
}

import mlflow
import numpy as np
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import ViewType
from mlflow.utils.proto_json_utils import message_to_json

HERE = Path(__file__).resolve().parent
ORIGIN = Path("/tmp/runreport-golden-models")  # noqa: S108 - a fixed place keeps the addresses in the logs the same
START_MS = 1_700_000_000_000
TAGS = {
    "mlflow.user": "ada",
    "mlflow.source.name": "train.py",
    "mlflow.source.git.commit": "433c68765dce369e0fc3b6a9ec395401acc7e40e",
    "mlflow.source.git.branch": "main",
}


def main() -> None:
    """Write all stores and exports."""
    from make_mlflow_logs import shrink  # noqa: PLC0415 - needs scikit-learn, which a test that logs has not

    shutil.rmtree(ORIGIN, ignore_errors=True)
    (ORIGIN / "sqlite").mkdir(parents=True)
    log_models(f"file://{ORIGIN}/mlruns", None)
    moved(ORIGIN / "mlruns", "mlflow_file_models/input/mlruns")
    database = ORIGIN / "sqlite" / "mlflow.db"
    log_models(f"sqlite:///{database}", f"file://{ORIGIN}/sqlite/mlartifacts")
    export(f"sqlite:///{database}", HERE / "mlflow_export_rest" / "input")
    shrink(database)
    moved(database.parent, "mlflow_sqlite_models/input")


def moved(origin: Path, place: str) -> None:
    """Replace a golden log."""
    shutil.rmtree(HERE / place, ignore_errors=True)
    shutil.copytree(origin, HERE / place)


def log_models(uri: str, artifacts: str | None) -> None:
    """Log a run with a model that is registered twice, a run that only evaluates it, and a deleted one."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("models", artifact_location=artifacts)
    mlflow.set_experiment(experiment_id=experiment)
    data = from_numpy(np.zeros((4, 2)), name="held-out", source="https://example.org/toy")
    with mlflow.start_run(run_name="train", tags=TAGS, description="trains *net*") as run:
        mlflow.log_params({"lr": "0.1", "prompt": "x" * 7000})
        mlflow.log_input(data, context="training")
        model = mlflow.initialize_logged_model(
            name="net", params={"lr": "0.1"}, tags={"arch": "mlp"}, model_type="classifier"
        )
        mlflow.finalize_logged_model(model.model_id, "READY")
        for step, value in enumerate((0.5, float("nan"), float("inf"), 0.75)):
            mlflow.log_metric("acc", value, step=step, timestamp=START_MS + step, model_id=model.model_id)
        mlflow.log_metric("held", 0.625, step=3, timestamp=START_MS, model_id=model.model_id, dataset=data)
        mlflow.log_text("numpy==2.0.1\n", "environment/requirements.txt")
        register(client, run, model.model_id)
    with mlflow.start_run(run_name="evaluate", tags={**TAGS, "mlflow.parentRunId": run.info.run_id}):
        mlflow.log_metric("acc", 0.25, step=0, timestamp=START_MS)
    client.delete_run(client.create_run(experiment, run_name="gone").info.run_id)
    client.create_model_version(client.create_registered_model("elsewhere").name, source="s3://bucket/other")


def register(client: mlflow.MlflowClient, run: mlflow.ActiveRun, model_id: str) -> None:
    """Register the model, and once more an artifact of the run."""
    client.create_registered_model("prod-net", description="the net")
    first = client.create_model_version(
        "prod-net", f"models:/{model_id}", run.info.run_id, model_id=model_id, tags={"ok": "yes"}, description="first"
    )
    second = client.create_model_version("prod-net", f"{run.info.artifact_uri}/model", run.info.run_id)
    for alias in ("champion", "blue"):
        client.set_registered_model_alias("prod-net", alias, first.version)
    client.transition_model_version_stage("prod-net", second.version, "Staging")


def export(uri: str, folder: Path) -> None:
    """Write what the REST interface would answer, a page for each run, and one run as a dictionary."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    home = client.get_experiment_by_name("models")
    runs = client.search_runs([home.experiment_id], run_view_type=ViewType.ALL, order_by=["attributes.start_time"])
    for number, run in enumerate(runs[:2], start=1):
        page = {"runs": [json.loads(message_to_json(run.to_proto()))], "next_page_token": f"page{number + 1}"}
        (folder / f"runs-{number}.json").write_text(json.dumps(page, indent=2))
    (folder / "run-3.json").write_text(json.dumps(runs[2].to_dictionary()))
    versions = client.search_model_versions()
    pages = {
        "experiments.json": {"experiments": [json.loads(message_to_json(home.to_proto()))]},
        "model-versions.json": {"model_versions": [json.loads(message_to_json(one.to_proto())) for one in versions]},
    }
    for name, page in pages.items():
        (folder / name).write_text(json.dumps(page, indent=2))


if __name__ == "__main__":
    main()
