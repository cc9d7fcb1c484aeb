"""Thin loggers: each writes what a run yields with one client or in one file format."""

from __future__ import annotations

import csv
import io
import json
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

import mlflow
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mlflow.data.numpy_dataset import from_numpy
from tensorboardX import SummaryWriter

from _training import CLASSES, Training

if TYPE_CHECKING:
    from types import TracebackType

    from _training import Digits, EpochRecord, Outcome, RunConfig, Split

DATA_SOURCE: Final = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
PACKAGES: Final = ("numpy", "scikit-learn", "mlflow", "tensorboardX", "matplotlib")
AUTHOR: Final = "ada"
PREDICTION_COLUMNS: Final = ("example_id", "label", "predicted", "confidence")


class RunLogger(Protocol):
    """What the epoch loop needs from a logger; leaving the context ends the run."""

    def __enter__(self) -> Self:
        """Begin the run."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the run."""

    def epoch(self, record: EpochRecord) -> None:
        """Write one epoch's metrics."""

    def outcome(self, outcome: Outcome) -> None:
        """Write the test results."""


def record_run(config: RunConfig, data: Digits, logger: RunLogger) -> Outcome:
    """Train one configuration and log what happens while it happens."""
    with logger:
        training = Training(config, data)
        for record in training.epochs():
            logger.epoch(record)
        outcome = training.outcome()
        logger.outcome(outcome)
    return outcome


def environment() -> dict[str, str]:
    """Return the versions and the platform that a run depends on."""
    return {
        "env.python": platform.python_version(),
        "env.numpy": version("numpy"),
        "env.scikit-learn": version("scikit-learn"),
        "env.platform": f"{platform.system()} {platform.machine()}",
    }


def requirements() -> str:
    """Return the pinned versions of the packages that the runs use."""
    return "".join(f"{name}=={version(name)}\n" for name in PACKAGES)


class MlflowLogger:
    """Log to the current MLflow experiment with the fluent client."""

    def __init__(  # noqa: PLR0913 - one keyword for each thing that runs differ in
        self,
        config: RunConfig,
        data: Digits,
        *,
        name: str,
        note: str,
        nested: bool = False,
        full: bool = True,
    ) -> None:
        """Remember what to write; ``full`` adds artifacts, batch losses and epoch F1 scores."""
        self.config = config
        self.data = data
        self.name = name
        self.note = note
        self.nested = nested
        self.full = full
        self.lines: list[str] = []
        self.latest: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Start the run and write what is known before training."""
        run = mlflow.start_run(
            run_name=self.name,
            nested=self.nested,
            tags=source_tags(self.config.version.digest()),
            description=self.note,
        )
        drop_repository_tags(run.data.tags)
        mlflow.log_params(self.config.params())
        mlflow.set_tags({**environment(), "training.version": self.config.training_version})
        log_dataset(self.data.train_pool(self.config), "train")
        log_dataset(self.data.validation, "validation")
        log_dataset(self.data.test, "test")
        if self.full:
            mlflow.log_text(requirements(), "requirements.txt")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the text log and end the run, as FAILED after an exception."""
        if error is not None:
            self.lines.append(f"{type(error).__name__}: {error}")
        mlflow.log_text("\n".join(self.lines) + "\n", "train.log")
        mlflow.end_run("FINISHED" if error is None else "FAILED")

    def epoch(self, record: EpochRecord) -> None:
        """Write one epoch's metrics, and batch losses with the batch number as step."""
        metrics = record.metrics
        self.latest.update(metrics)
        if not self.full and record.step < self.config.epochs:
            metrics = {name: value for name, value in metrics.items() if "f1_class" not in name}
        mlflow.log_metrics(metrics, step=record.step)
        self.lines.append(log_line(record))
        if self.full:
            for batch, loss in record.batch_losses:
                mlflow.log_metric("train/batch_loss", loss, step=batch)

    def outcome(self, outcome: Outcome) -> None:
        """Write the test metrics and, for a full run, the artifacts."""
        mlflow.log_metrics(outcome.metrics, step=outcome.step)
        self.latest.update(outcome.metrics)
        if self.full:
            log_outcome_artifacts(outcome)


def source_tags(commit: str) -> dict[str, str]:
    """Return the tags that MLflow would otherwise derive from this machine."""
    return {
        "mlflow.source.name": "make_runs.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": commit,
        "mlflow.user": AUTHOR,
        "author": AUTHOR,
    }


def drop_repository_tags(tags: dict[str, str]) -> None:
    """Take back what MLflow found out about the repository that holds this script.

    The commit tag of these runs names a version of the training settings, not a commit there.
    """
    for name in tags:
        if name in ("mlflow.source.git.branch", "mlflow.source.git.repoURL"):
            mlflow.delete_tag(name)


def log_dataset(split: Split, context: str) -> None:
    """Log one part of the data as a dataset input; MLflow computes its digest."""
    dataset = from_numpy(split.features, source=DATA_SOURCE, targets=split.labels, name=split.name)
    mlflow.log_input(dataset, context=context)


def log_line(record: EpochRecord) -> str:
    """Return one line of the text log."""
    chosen = ("train/loss", "val/loss", "val/accuracy")
    values = " ".join(f"{name}={record.metrics[name]:.4f}" for name in chosen)
    return f"epoch {record.step:3d} {values}"


def log_outcome_artifacts(outcome: Outcome) -> None:
    """Write predictions, confusion matrix and model to the active run."""
    mlflow.log_text(predictions_csv(outcome), "predictions.csv")
    with tempfile.TemporaryDirectory() as folder:
        figure = confusion_figure(outcome)
        figure.savefig(Path(folder, "confusion_matrix.png"))
        np.savez_compressed(Path(folder, "model.npz"), allow_pickle=False, **outcome.arrays)
        mlflow.log_artifacts(folder)


def predictions_csv(outcome: Outcome) -> str:
    """Return one line for each test example, ordered by example id."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PREDICTION_COLUMNS)
    for row in np.argsort(outcome.ids):
        writer.writerow(
            (
                outcome.ids[row],
                outcome.labels[row],
                outcome.predictions[row],
                f"{outcome.confidences[row]:.4f}",
            )
        )
    return text.getvalue()


def confusion_figure(outcome: Outcome) -> Figure:
    """Draw the confusion matrix of the test examples."""
    figure = Figure(figsize=(3.6, 3.6), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    matrix = outcome.confusion()
    axes.imshow(matrix, cmap="Greys")
    axes.set(
        xlabel="predicted digit",
        ylabel="true digit",
        xticks=range(CLASSES),
        yticks=range(CLASSES),
    )
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            color = "white" if row == column else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=7)
    return figure


class TensorBoardLogger:
    """Write event files with tensorboardX."""

    def __init__(self, config: RunConfig, folder: Path, note: str) -> None:
        """Open the event file of one run."""
        self.config = config
        self.note = note
        self.writer = SummaryWriter(str(folder))

    def __enter__(self) -> Self:
        """Write the note."""
        self.writer.add_text("note", self.note, 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the event file."""
        self.writer.close()

    def epoch(self, record: EpochRecord) -> None:
        """Write one epoch's scalars."""
        for name, value in record.metrics.items():
            self.writer.add_scalar(name, value, record.step)

    def outcome(self, outcome: Outcome) -> None:
        """Write the test scalars and, as the last thing, the hyperparameters."""
        for name, value in outcome.metrics.items():
            self.writer.add_scalar(name, value, outcome.step)
        final = {f"hparam/{name}": value for name, value in outcome.metrics.items()}
        self.writer.add_hparams(self.config.params(), final, global_step=outcome.step)


class FileLogger:
    """Make a run's folder and write its configuration; base of the hand-made formats."""

    def __init__(self, config: RunConfig, folder: Path, config_name: str) -> None:
        """Write the configuration beside the future metrics."""
        folder.mkdir(parents=True)
        self.config = config
        self.folder = folder
        text = json.dumps(config.params(), indent=2)
        (folder / config_name).write_text(text + "\n", encoding="utf-8")

    def __enter__(self) -> Self:
        """Begin the run."""
        return self


class CsvLogger(FileLogger):
    """Write one wide CSV row for each epoch; test columns are filled in the last row only."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        """Collect rows until the run ends."""
        super().__init__(config, folder, "params.json")
        self.rows: list[dict[str, float]] = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write all rows under the union of their columns."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with (self.folder / "metrics.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def epoch(self, record: EpochRecord) -> None:
        """Add one epoch's row."""
        self.rows.append({"step": record.step, **rounded(record.metrics)})

    def outcome(self, outcome: Outcome) -> None:
        """Add the test columns to the last row."""
        self.rows[-1].update(rounded(outcome.metrics))


class JsonlLogger(FileLogger):
    """Append one JSON object for each event; test metrics are an event of their own."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        """Open the metrics file."""
        super().__init__(config, folder, "config.json")
        self.stream = (folder / "metrics.jsonl").open("w", encoding="utf-8")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the metrics file."""
        self.stream.close()

    def epoch(self, record: EpochRecord) -> None:
        """Append one epoch's object."""
        self._append(record.step, record.metrics)

    def outcome(self, outcome: Outcome) -> None:
        """Append the test object."""
        self._append(outcome.step, outcome.metrics)

    def _append(self, step: int, metrics: dict[str, float]) -> None:
        """Write one line with the step and the time of writing."""
        event = {"step": step, "timestamp": round(time.time(), 3), **rounded(metrics)}
        self.stream.write(json.dumps(event) + "\n")


def rounded(metrics: dict[str, float]) -> dict[str, float]:
    """Keep six significant digits, as a hand-made logger would."""
    return {name: float(f"{value:.6g}") for name, value in metrics.items()}
