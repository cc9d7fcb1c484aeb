"""Runs that two formats hold: only one of them enters a mean, and nothing else is taken for a twin."""

from pathlib import Path

import numpy as np
import pytest

from runreport.config.options import RunOptions, Settings
from runreport.frames.twins import shapes, twins
from runreport.ingestion import ingest
from runreport.pipeline import open_study

VALUES = (2.5, 1.25, 0.7, 0.3)


def write_csv(folder: Path, name: str, values: tuple[float, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{step},{value}" for step, value in enumerate(values)]
    (folder / f"{name}.csv").write_text("\n".join(["step,loss", *rows]) + "\n")


def write_mlruns(root: Path, values: tuple[float, ...]) -> None:
    run = root / "1" / "0123456789abcdef0123456789abcdef"
    (run / "metrics").mkdir(parents=True)
    (root / "1" / "meta.yaml").write_text("artifact_location: x\nexperiment_id: '1'\nname: logs\n")
    meta = ["run_id: 0123456789abcdef0123456789abcdef", "experiment_id: '1'", "run_name: adam", "status: 3"]
    (run / "meta.yaml").write_text("\n".join([*meta, "start_time: 1", "lifecycle_stage: active", ""]))
    lines = [f"{1763600000000 + step} {value} {step}\n" for step, value in enumerate(values)]
    (run / "metrics" / "train_loss").write_text("".join(lines))


def excluded(folder: Path, store: Path, settings: Settings | None = None) -> dict[str, str]:
    ingest([folder], store=store)
    study = open_study(settings or Settings(store=str(store)), run_ids=None)
    return {facts.run.reader: facts.exclusion_reason for frame in study.frames for facts in frame.runs}


def test_of_two_formats_of_a_run_the_one_with_a_status_takes_part(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs", "adam", VALUES)
    write_mlruns(tmp_path / "logs" / "mlruns", VALUES)
    reasons = excluded(tmp_path / "logs", tmp_path / "store")
    assert reasons == {"mlflow_file": "", "tabular": "it holds the same values as adam, read by mlflow_file"}


def test_other_values_are_other_runs(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs", "adam", (2.5, 1.25, 0.7, 0.31))
    write_mlruns(tmp_path / "logs" / "mlruns", VALUES)
    assert set(excluded(tmp_path / "logs", tmp_path / "store").values()) == {""}


def test_a_run_that_the_user_excludes_leaves_its_twin_in(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs", "adam", VALUES)
    write_mlruns(tmp_path / "logs" / "mlruns", VALUES)
    settings = Settings(store=str(tmp_path / "store"), runs=RunOptions(exclude='reader == "mlflow_file"'))
    reasons = excluded(tmp_path / "logs", tmp_path / "store", settings)
    assert reasons["tabular"] == ""
    assert reasons["mlflow_file"].startswith("excluded by runs.exclude")


def series(run_id: str, *columns: tuple[float, float, float, float, float]) -> dict[str, set[tuple[float, ...]]]:
    return shapes([run_id] * len(columns), [np.array(part) for part in zip(*columns, strict=True)])


LOSS = (10, 2.0, 0.1, 0.1, 2.0)
RATE = (10, 0.1, 0.0, 0.0, 0.1)
OTHER_LOSS = (10, 2.0, 0.11, 0.11, 2.0)
ACCURACY = (1, 0.9, 0.9, 0.9, 0.9)
CONSTANT = (10, 1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "are_twins"),
    [
        ([LOSS, RATE], [LOSS, RATE], True),
        ([LOSS], [LOSS, RATE, ACCURACY], True),
        ([RATE, ACCURACY], [RATE, LOSS], True),
        ([RATE, OTHER_LOSS], [RATE, LOSS], False),
        ([CONSTANT, ACCURACY], [CONSTANT, ACCURACY], False),
        ([], [LOSS], False),
    ],
)
def test_all_series_that_tell_a_run_must_be_the_same(
    one: list[tuple[float, ...]], other: list[tuple[float, ...]], are_twins: bool
) -> None:
    found = {"a": {tuple(row) for row in one}, "b": {tuple(row) for row in other}}
    assert twins(found, {"a": "x", "b": "y"}) == ([["a", "b"]] if are_twins else [])
    assert twins(found, {"a": "x", "b": "x"}) == []


def test_numbers_are_compared_as_float32_and_special_ones_count() -> None:
    nan, inf = float("nan"), float("inf")
    assert series("a", (3, nan, inf, 0.1, 0.9)) == series("a", (3, nan, inf, 0.1 + 1e-12, 0.9))
    assert series("a", (3, nan, inf, 0.1, 0.9)) != series("a", (3, inf, inf, 0.1, 0.9))


def test_what_all_seeds_share_tells_none_of_them() -> None:
    seeds = {f"{reader}{seed}": {RATE, (10, 2.0, loss, loss, 2.0)} for reader, seed, loss in SEEDS}
    assert twins(seeds, {run_id: run_id[0] for run_id in seeds}) == []


def test_a_run_has_one_twin_per_reader_and_seeds_are_not_chained() -> None:
    found = {"a1": {LOSS}, "b1": {LOSS, RATE}, "a2": {RATE}, "b2": {OTHER_LOSS}}
    groups = twins(found, {run_id: run_id[0] for run_id in found})
    assert all(len({run_id[0] for run_id in group}) == len(group) for group in groups)


SEEDS = [("a", 1, 0.1), ("a", 2, 0.2), ("b", 1, 0.3), ("b", 2, 0.4)]
