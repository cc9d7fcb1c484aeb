import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runreport.model.entities import RunBatch
from runreport.names import RunStatus
from runreport.readers import registry
from runreport.readers.base import Joining, Source
from runreport.readers.text.reader import TextReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "text_nnunet" / "input"
MODEL = "Dataset901_Shapes/nnUNetTrainer__nnUNetPlans__2d"
OLD = """\
#######################################
Please cite the following paper when using nnUNet:
(a citation)

2021-01-02 10:00:00.100000:\x20
epoch:  0\x20
2021-01-02 10:01:00.100000: train loss : -0.1234\x20
2021-01-02 10:01:00.200000: validation loss: -0.2000\x20
2021-01-02 10:01:00.300000: Average global foreground Dice: [0.5, 0.25]\x20
2021-01-02 10:01:00.400000: (interpret this as an estimate for the Dice of the different classes.)\x20
2021-01-02 10:01:00.500000: lr: 0.009991\x20
2021-01-02 10:01:00.600000: This epoch took 61.500000 s
\x20
"""


def scanned(folder: Path) -> list[Source]:
    reader = TextReader()
    claims = registry.find([folder], [reader]).claims
    return [source for claim in claims for source in reader.scan(claim.location, claim.match).sources]


def read(folder: Path) -> dict[str, RunBatch]:
    reader = TextReader()
    found = {}
    for claim in registry.find([folder], [reader]).claims:
        sources = reader.scan(claim.location, claim.match).sources
        for batch in reader.read(replace(claim.location, files=(), folders=()), sources):
            found[batch.logs[0].run.path] = batch
    return found


def series(batch: RunBatch, metric: str) -> list[tuple[int, float]]:
    return [(row["step"], row["value"]) for row in batch.points.to_pylist() if row["metric"] == metric]


@pytest.fixture(scope="module")
def folds() -> dict[str, RunBatch]:
    return read(GOLDEN)


def test_a_fold_is_a_run_of_its_folder(folds: dict[str, RunBatch]) -> None:
    assert sorted(folds) == [f"{MODEL}/fold_0", f"{MODEL}/fold_1"]
    assert {source.joining for source in scanned(GOLDEN)} == {Joining.FOLDER}
    log = folds[f"{MODEL}/fold_0"].logs[0]
    assert log.run.experiment == "Dataset901_Shapes"
    assert log.run.name == "nnUNetTrainer__nnUNetPlans__2d/fold_0"
    assert log.run.host == "worker-3"
    assert log.run.started == datetime(2026, 1, 2, 10, 0, 0, 100_000, tzinfo=UTC)
    assert {tag.tag: tag.value for tag in log.tags} == {"fold": "0", "training_cases": "8", "validation_cases": "2"}


def test_the_values_of_every_epoch_are_read(folds: dict[str, RunBatch]) -> None:
    fold = folds[f"{MODEL}/fold_0"]
    assert series(fold, "train_loss") == [(0, -0.1), (1, -0.2), (2, -0.3)]
    assert series(fold, "val_loss")[-1] == (2, -0.6)
    assert series(fold, "learning_rate") == [(0, 0.01), (1, 0.009), (2, 0.008)]
    assert series(fold, "epoch_time") == [(epoch, 61.25) for epoch in range(3)]
    assert series(fold, "pseudo_dice.1") == [(0, 0.51), (1, 0.61), (2, 0.71)]
    assert all(math.isnan(value) for _, value in series(fold, "pseudo_dice.3"))
    assert series(fold, "mean_validation_dice") == [(2, 0.8725)]


def test_dice_values_are_read_as_numpy_2_prints_them(folds: dict[str, RunBatch]) -> None:
    assert series(folds[f"{MODEL}/fold_1"], "pseudo_dice.1")[:2] == [(0, 0.151), (1, 0.161)]


def test_a_continued_training_takes_the_place_of_the_epochs_it_repeats(folds: dict[str, RunBatch]) -> None:
    fold = folds[f"{MODEL}/fold_1"]
    assert series(fold, "pseudo_dice.1") == [(0, 0.151), (1, 0.161), (2, 0.271), (3, 0.281)]
    log = fold.logs[0]
    assert [notice.code for notice in log.notices] == ["superseded-points", "no-end"]
    assert log.run.status is RunStatus.RUNNING


def test_settings_and_machine_come_from_debug_json(folds: dict[str, RunBatch]) -> None:
    log = folds[f"{MODEL}/fold_0"].logs[0]
    params = {param.param: param.value for param in log.params}
    assert params["initial_lr"] == "0.01"
    assert (params["configuration"], params["dataset"]) == ("2d", "Dataset901_Shapes")
    assert not {"fold", "current_epoch", "_best_ema", "configuration_manager"} & set(params)
    items = {(item.kind, item.item): item.value for item in log.environment}
    assert items["hardware", "gpu"] == "NVIDIA RTX A6000"
    assert items["package", "torch"] == "2.5.1+cu124"
    assert [notice.code for notice in log.notices] == ["printed-objects"]
    assert log.run.status is RunStatus.FINISHED


def test_the_validation_gives_means_and_the_outcome_of_each_case(folds: dict[str, RunBatch]) -> None:
    fold = folds[f"{MODEL}/fold_0"]
    assert series(fold, "foreground_mean.Dice") == [(2, pytest.approx(0.8725))]
    assert series(fold, "validation.1.Dice") == [(2, pytest.approx(0.925))]
    assert fold.samples is not None
    rows = {(row["metric"], row["sample"]): row["value"] for row in fold.samples.to_pylist()}
    assert rows["validation.2.Dice", "case_001"] == 0.80
    assert len(rows) == 8


def test_logs_of_version_1_are_read(tmp_path: Path) -> None:
    (tmp_path / "training_log_2021_1_2_10_00_00.txt").write_text(OLD)
    (fold,) = read(tmp_path).values()
    assert series(fold, "train_loss") == [(0, -0.1234)]
    assert series(fold, "val_loss") == [(0, -0.2)]
    assert series(fold, "pseudo_dice.2") == [(0, 0.25)]
    assert series(fold, "learning_rate") == [(0, 0.009991)]
    assert series(fold, "epoch_time") == [(0, 61.5)]


def test_a_training_that_ended_before_its_first_epoch_says_so(tmp_path: Path) -> None:
    (tmp_path / "training_log_2021_1_2_10_00_00.txt").write_text(OLD.partition("epoch")[0])
    (tmp_path / "training_log_2021_1_2_10_00_01.txt").write_text("nnU-Net\n2026-01-02 10:00:00.1: Epoch 0 \n")
    (fold,) = read(tmp_path).values()
    assert [notice.code for notice in fold.logs[0].notices] == ["no-metrics", "no-end"]


@pytest.mark.parametrize("content", ["{", "[]", '{"mean": 3, "foreground_mean": [], "metric_per_case": {"a": 1}}'])
def test_a_damaged_summary_costs_only_itself(content: str, tmp_path: Path) -> None:
    fold = tmp_path / "fold_0"
    (fold / "validation").mkdir(parents=True)
    (fold / "training_log_2021_1_2_10_00_00.txt").write_text("nnU-Net" + OLD)
    (fold / "validation" / "summary.json").write_text(content)
    (fold / "debug.json").write_text(json.dumps({"fold": 0, "lr": [1], "a.b": "3"}))
    (batch,) = read(tmp_path).values()
    assert series(batch, "train_loss") == [(0, -0.1234)]
    is_broken = not content.endswith("}")
    assert ("unreadable-log" in [notice.code for notice in batch.logs[0].notices]) is is_broken
