"""Write the MLflow logs beside this file with the real client: ``python make_mlflow_logs.py`` (mlflow, scikit-learn).

The same runs go into a file store (mlflow_file_store) and a SQLite store (mlflow_sqlite_store). Written with
MLflow 3.17.2; the stores are made below /tmp, so the absolute paths in them lead nowhere, as after a move. The database
is made smaller afterwards: small pages, and without the tables that hold nothing.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "LOGNAME": "ada"}

import mlflow
import numpy as np
from mlflow.data.numpy_dataset import from_numpy
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
ORIGIN = Path("/tmp/runreport-golden")  # noqa: S108 - a fixed place keeps the addresses in the logs the same
START_MS = 1_700_000_000_000
NOTE = "# A *tricky* run\n\nwith two paragraphs.\n"
RUN_NAME = 'it\'s: a "tricky" name #1, ü and long enough for the YAML writer to fold it over more than one line\nend'
TAGS = {
    "mlflow.user": "ada",
    "mlflow.source.name": "train.py",
    "mlflow.source.git.commit": "433c68765dce369e0fc3b6a9ec395401acc7e40e",
    "mlflow.source.git.branch": "main",
    "mlflow.source.git.dirty": "true",
    "mlflow.source.git.repoURL": "https://example.org/lab/digits.git",
    "mlflow.source.git.diff": "diff --git a/train.py b/train.py\n+secret = 1\n",
    "team": "vision",
    "empty": "",
}
PARAMS = {
    "lr": "1e-3",
    "seed": 3,
    "use_bias": True,
    "none": None,
    "empty": "",
    "text": "two\nlines\n",
    "opt/name": "sgd",
}


def main() -> None:
    """Write both stores."""
    shutil.rmtree(ORIGIN, ignore_errors=True)
    write_file_store(ORIGIN / "mlflow_file", HERE / "mlflow_file_store" / "input")
    write_sqlite_store(ORIGIN / "mlflow_sqlite", HERE / "mlflow_sqlite_store" / "input")


def write_file_store(origin: Path, target: Path) -> None:
    """Log into a file store and move it."""
    origin.mkdir(parents=True)
    os.chdir(origin)
    log_everything(f"file://{origin}/mlruns", None)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(origin, target)


def write_sqlite_store(origin: Path, target: Path) -> None:
    """Log into a SQLite store, make the database smaller and move it with its artifacts."""
    origin.mkdir(parents=True)
    os.chdir(origin)  # the default experiment's artifacts would lie where the script was started
    log_everything(f"sqlite:///{origin}/mlflow.db", f"file://{origin}/mlartifacts")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(origin / "mlartifacts", target / "mlartifacts")
    shutil.copyfile(origin / "mlflow.db", target / "mlflow.db")
    shrink(target / "mlflow.db")


def shrink(database: Path) -> None:
    """Drop the tables without rows and use small pages: 200 tables of MLflow take a page each, and so do indices."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if not connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone():  # noqa: S608 - names of tables
                connection.execute(f'DROP TABLE "{table}"')
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")


def log_everything(uri: str, artifacts: str | None) -> None:
    """Log all runs into one store."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    tags = {
        "mlflow.experiment.primaryMetric.name": "val/acc",
        "mlflow.experiment.primaryMetric.greaterIsBetter": "True",
    }
    experiment = client.create_experiment("golden runs", artifact_location=artifacts, tags=tags)
    mlflow.set_experiment(experiment_id=experiment)
    log_tricky_run()
    log_failed_run()
    log_running_run(client, experiment)
    client.delete_run(client.create_run(experiment, run_name="deleted-run").info.run_id)
    gone = client.create_experiment("deleted experiment", artifact_location=artifacts)
    client.create_run(gone, run_name="gone-run")
    client.delete_experiment(gone)
    client.create_registered_model("registered")


def log_tricky_run() -> None:
    """Log a run that holds what readers stumble over, with a child run."""
    data = from_numpy(
        np.zeros((4, 2)), targets=np.array([0, 1, 0, 1]), name="toy data", source="https://example.org/toy"
    )
    with mlflow.start_run(run_name=RUN_NAME, tags=TAGS, description=NOTE):
        mlflow.log_params(PARAMS)
        mlflow.log_input(data, context="training")
        for step, value in enumerate((1.5, float("nan"), float("inf"), float("-inf"), 1e-30)):
            mlflow.log_metric("train/loss", value, step=step, timestamp=START_MS + step)
        for step, value in ((-1, 0.25), (2, 0.5), (2, 0.75), (1, 0.625)):
            mlflow.log_metric("val/acc", value, step=step, timestamp=START_MS + 100 * step + int(1000 * value))
        mlflow.log_metric("test acc", 0.7, step=7, timestamp=START_MS, dataset=from_numpy(np.zeros(3), name="held-out"))
        model = LogisticRegression().fit(np.eye(2), [0, 1])
        mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn==1.5.2", "numpy==2.0.1"])
        mlflow.log_text("numpy==2.0.1\nscipy>=1.13\n", "environment/requirements.txt")
        mlflow.log_table({"label": [1, 0]}, "tables/eval.json")
        with mlflow.start_run(run_name="child", nested=True, tags={"mlflow.user": "ada"}):
            mlflow.log_metric("val/acc", 0.5, step=0, timestamp=START_MS)


def log_failed_run() -> None:
    """Log a run that ends as failed."""
    mlflow.start_run(run_name="failed-run", tags={"mlflow.user": "ada"})
    mlflow.log_metric("val/acc", 0.125, step=0, timestamp=START_MS)
    mlflow.end_run("FAILED")


def log_running_run(client: mlflow.MlflowClient, experiment: str) -> None:
    """Log a run that never ends, as after a crash."""
    run = client.create_run(experiment, run_name="running-run").info.run_id
    client.log_metric(run, "val/acc", 0.0625, step=0, timestamp=START_MS)


if __name__ == "__main__":
    main()
