"""timm's tables of results: a row for each model and image size is a run, each table an experiment."""

import csv
from pathlib import Path

import pytest

import runreport
from runreport.ingestion import ingest
from runreport.readers import registry
from runreport.readers.tables.reader import TabularReader

CASE = "timm-results-csv"


def test_every_row_is_a_run_with_settings_as_params(realdata: Path, tmp_path: Path) -> None:
    result = ingest([realdata / CASE], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    with (realdata / CASE / "results-imagenet.csv").open(newline="") as file:
        expected = {(row["model"], row["img_size"]): row for row in csv.DictReader(file)}
    assert result.runs_added == 3 * 1556 + 1204
    runs = store.runs()
    assert runs.experiment.value_counts().to_dict() == {
        "results-imagenet": 1556,
        "results-imagenet-real": 1556,
        "results-sketch": 1556,
        "benchmark-infer-amp-nhwc-pt210-cu121-rtx3090": 1204,
    }
    own = runs[runs.experiment == "results-imagenet"]
    params = store.params().pivot_table(index="run_id", columns="param", values="value", aggfunc="first")
    top1 = store.summary().query("metric == 'top1'").set_index("run_id")["last"]
    assert len(expected) == len(own)
    for run_id in own.run_id:
        row = expected[params.model[run_id], params.img_size[run_id]]
        assert top1[run_id] == pytest.approx(float(row["top1"]))
        assert params.param_count[run_id] == row["param_count"]
        assert params.interpolation[run_id] == row["interpolation"]


def test_differences_to_another_table_follow_from_both(realdata: Path, tmp_path: Path) -> None:
    ingest([realdata / CASE], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    runs = store.runs().set_index("run_id")
    values = store.summary().pivot_table(index="run_id", columns="metric", values="last")
    sketch = values.join(runs).query("experiment == 'results-sketch'").set_index("name")
    imagenet = values.join(runs).query("experiment == 'results-imagenet'").set_index("name")
    both = sketch.join(imagenet[["top1"]].rename(columns={"top1": "reference"}), how="inner")
    assert len(both) == 1556
    assert (both.top1 - both.reference - both.top1_diff).abs().max() < 0.0015


def test_a_table_without_numbers_is_left_with_a_reason(realdata: Path) -> None:
    findings = registry.find([realdata / CASE], [TabularReader()])
    (line,) = [line for line in registry.explain(findings) if not line.reader_name]
    assert "model_metadata-in1k.csv" in line.outcome
