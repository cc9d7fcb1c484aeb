"""Event files of real runs, against what was logged."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfevents_encoder import Logged, read_folder

from runreport.names import RunStatus, Severity

SESSIONS = {"FINISHED": RunStatus.FINISHED}
COUNTS = {"lax": (330, 360, 390), "strict": (100, 100, 100)}


@pytest.fixture(params=["tbx", "tbx_names"])
def form(request: pytest.FixtureRequest, realdata: Path) -> Path:
    folder = realdata / "gen-digits" / str(request.param)
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


def read_all(form: Path) -> dict[str, Logged]:
    return {folder.name: read_folder(form, f"runs/{folder.name}") for folder in sorted((form / "runs").iterdir())}


def truth(form: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads((form.parent / "truth.json").read_text())["runs"]
    return runs


def folder_name(form: Path, run: dict[str, Any]) -> str:
    name = str(run["name"])
    return name if form.name == "tbx_names" else re.sub(r"\W", "_", name)


def tag(metric: str) -> str:
    return re.sub(r"[^-/\w.]", "_", metric)


def as_logged(points: list[list[float]]) -> list[tuple[int, float]]:
    return [(int(step), float(np.float32(value))) for step, value, _ in points]


def same(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> bool:
    return np.array_equal(np.array(found).reshape(-1, 2), np.array(expected).reshape(-1, 2), equal_nan=True)


def test_every_run_and_every_point_is_there_as_float32(form: Path) -> None:
    found = read_all(form)
    assert sorted(found) == sorted(folder_name(form, run) for run in truth(form))
    for run in truth(form):
        series = {
            name: points for name, points in found[folder_name(form, run)].series.items() if "hparam/" not in name
        }
        metrics = {tag(name): as_logged(points) for name, points in run["metrics"].items()}
        if run["status"] == "RUNNING":
            continue
        assert sorted(series) == sorted(metrics), run["name"]
        assert all(same(series[name], metrics[name]) for name in metrics), run["name"]


def test_hparams_are_the_params_that_were_logged(form: Path) -> None:
    found = read_all(form)
    with_hparams = [run for run in truth(form) if (form / "runs" / folder_name(form, run) / "hparams").is_dir()]
    assert len(with_hparams) == 13
    for run in with_hparams:
        params = {name: str(value) for name, value in run["params"].items()}
        assert found[folder_name(form, run)].params == params
        assert found[folder_name(form, run)].log.run.status is SESSIONS[run["status"]]


def test_the_running_run_is_cut_and_says_so(form: Path) -> None:
    (running,) = [run for run in truth(form) if run["status"] == "RUNNING"]
    found = read_all(form)[folder_name(form, running)]
    assert found.log.run.status is RunStatus.UNKNOWN
    for name, series in found.series.items():
        expected = as_logged(running["metrics"][name])
        assert same(series, expected[: len(series)])
        assert len(series) >= len(expected) - 1
    assert [notice.severity for notice in found.log.notices if notice.code == "cut-tail"] == [Severity.INFO]


def test_no_log_is_called_damaged(form: Path) -> None:
    notices = [notice for logged in read_all(form).values() for notice in logged.log.notices]
    assert {notice.severity for notice in notices} == {Severity.INFO}


@pytest.mark.parametrize("kind", ["lax", "strict"])
def test_runs_of_lightning_are_read_without_a_notice(kind: str, realdata: Path) -> None:
    root = realdata / "tfevents-tensorboard-reducer"
    found = [read_folder(root, f"{kind}/run_{number}") for number in (1, 2, 3)]
    assert tuple(sum(map(len, logged.series.values())) for logged in found) == COUNTS[kind]
    assert [logged.codes for logged in found] == [[], [], []]
