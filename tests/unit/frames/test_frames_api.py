import inspect
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from runreport.errors import QueryError, StoreError
from runreport.frames.api import StoreFrames, open_store
from runreport.model.entities import RunLog
from runreport.model.tables import SCHEMAS
from runreport.store.manifest import Store

MakeLog = Callable[..., RunLog]


@pytest.fixture
def frames(make_log: MakeLog, commit: Callable[..., Store]) -> StoreFrames:
    logs = [
        make_log("b", hour=0, params={"lr": "0.1", "seed": "3"}),
        make_log("a", hour=1, params={"lr": "1e-3"}),
        make_log("c", hour=None, experiment="another"),
    ]
    series = {("a", "loss"): [(0, 2.0), (1, math.nan)], ("b", "loss"): [(0, 1.0)], ("b", "acc"): [(0, 0.5)]}
    return open_store(str(commit(logs, series).path))


def test_runs_have_their_seed_and_pandas_types(frames: StoreFrames) -> None:
    runs = frames.runs()
    assert runs["run_id"].tolist() == ["c", "b", "a"]
    assert runs["seed"].tolist() == [pd.NA, 3, pd.NA]
    assert runs["seed"].dtype == pd.Int64Dtype()
    assert isinstance(runs["name"].dtype, pd.StringDtype)
    assert str(runs["started"].dtype) == "datetime64[us, UTC]"
    assert list(runs.columns) == SCHEMAS["runs"].names


def test_runs_can_be_filtered(frames: StoreFrames) -> None:
    chosen = frames.runs(where="seed == 3 or params.lr == 0.001 and metrics.loss.nan_count == 1")
    assert chosen["run_id"].tolist() == ["b", "a"]
    assert frames.runs(where="status == 'finished' and started > '2024-01-01'")["run_id"].tolist() == ["a"]
    assert frames.runs(where="seed == 4").empty
    with pytest.raises(QueryError):
        frames.runs(where="seed = 4")


def test_metrics_of_some_keys_and_runs(frames: StoreFrames) -> None:
    assert frames.metrics()[["metric", "run_id"]].to_numpy().tolist() == [
        ["acc", "b"],
        ["loss", "a"],
        ["loss", "a"],
        ["loss", "b"],
    ]
    loss = frames.metrics(keys=["loss"], runs=["a"])
    assert loss["value"].isna().tolist() == [False, True]
    assert (loss["step"].dtype, loss["order"].dtype) == ("int64", "int32")


def test_every_table_has_a_frame_with_its_columns(frames: StoreFrames) -> None:
    for name, schema in SCHEMAS.items():
        table = getattr(frames, name)()
        assert list(table.columns) == schema.names
        assert inspect.getdoc(getattr(frames, name))


def test_params_can_be_wide(frames: StoreFrames) -> None:
    wide = frames.params_wide()
    assert wide.loc["b"].to_dict() == {"lr": "0.1", "seed": "3"}
    assert wide["seed"].isna().tolist() == [True, False]


def test_an_older_snapshot_can_be_pinned(frames: StoreFrames, tmp_path: Path) -> None:
    assert frames.snapshot_number == 1
    old = open_store(tmp_path / "store", snapshot=0)
    assert (old.snapshot_number, len(old.runs()), len(old.params_wide())) == (0, 0, 0)
    with pytest.raises(StoreError):
        open_store(tmp_path / "nothing")


def test_pandas_is_only_imported_for_a_frame() -> None:
    code = "import sys, runreport.frames.api, runreport.frames.load; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
