"""Four runs of a multi-agent project logged with Sacred: two failed, two were never closed, values are in info.json."""

from pathlib import Path

import pytest

import runreport
from runreport.ingestion import ingest


@pytest.fixture(scope="module")
def frames(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> runreport.StoreFrames:
    folder = realdata / "sacred-pymarl-roma"
    if not folder.is_dir():
        pytest.skip("the runs are not here")
    store = tmp_path_factory.mktemp("pymarl") / "store"
    result = ingest([folder], store=store, jobs=1)
    assert (result.runs_added, result.runs_skipped) == (4, 0)
    return runreport.open_store(store)


def test_two_runs_failed_and_two_were_never_closed(frames: runreport.StoreFrames) -> None:
    runs = frames.runs().set_index("name").sort_index()
    assert dict(runs["status"]) == {
        "sacred/1": "failed",
        "sacred/2": "failed",
        "sacred/3": "running",
        "sacred/4": "running",
    }
    assert set(runs["experiment"]) == {"pymarl"}
    assert list(runs["seed"]) == [997800023, 913628200, 581764253, 606760714]  # a setting, not the number of the run
    assert runs.loc["sacred/1", "note"].startswith("FileNotFoundError: [Errno 2]")
    assert runs.loc["sacred/2", "note"].startswith("TypeError: can't convert cuda:0 device type tensor to numpy.")
    assert runs.loc[["sacred/3", "sacred/4"], "ended"].isna().all()
    assert runs.loc["sacred/4", "duration_s"] == pytest.approx(1205.344792)


def test_values_of_info_have_the_steps_beside_them(frames: runreport.StoreFrames) -> None:
    runs = frames.runs().set_index("run_id")["name"]
    metrics = frames.metrics()
    metrics["run"] = metrics["run_id"].map(runs)
    counts = metrics.groupby("run").size()
    assert dict(counts) == {"sacred/2": 19, "sacred/3": 25, "sacred/4": 1376}
    won = metrics[(metrics["run"] == "sacred/4") & (metrics["metric"] == "battle_won_mean")].sort_values("order")
    assert (len(won), won["step"].iloc[0], won["step"].iloc[-1]) == (51, 331, 255139)
    assert (won["value"].max(), won["value"].iloc[-1]) == (0.6064814814814815, 0.55)
    assert not metrics["metric"].str.endswith("_T").any()


def test_numpy_scalars_are_numbers_and_a_pickled_tensor_is_told_about(frames: runreport.StoreFrames) -> None:
    runs = frames.runs().set_index("run_id")["name"]
    metrics = frames.metrics()
    third = metrics[metrics["run_id"].map(runs) == "sacred/3"].set_index("metric")["value"]
    assert third["return_mean"] == 0.72
    second = metrics[metrics["run_id"].map(runs) == "sacred/2"]
    assert "grad_norm" not in set(second["metric"])
    notices = frames.notices()
    told = notices[(notices["code"] == "not-numbers") & notices["location"].str.endswith("2/info.json")]
    assert list(told["message"]) == ["What is neither a plain number nor a text was left out (1): grad_norm."]


def test_code_packages_and_hardware_are_known(frames: runreport.StoreFrames) -> None:
    code = frames.code()
    assert set(code["commit"]) == {
        "7741a6b5d6e2be7839a751ff06fddd7dead75a3a",
        "45936de268cabeb86d65bbd16a32f2d72773ff07",
    }
    assert not code["dirty"].any()
    environment = frames.environment().drop_duplicates(["kind", "item"]).set_index(["kind", "item"])["value"]
    assert environment["package", "torch"] == "2.5.1+cu118"
    assert environment["package", "python"] == "3.10.20"
    assert environment["hardware", "gpu 0"] == "NVIDIA GeForce RTX 4090, 24564 MiB"


def test_settings_are_nested(frames: runreport.StoreFrames) -> None:
    params = frames.params()
    maps = params[params["param"] == "env_args.map_name"]
    assert list(maps["value"]) == ["3m"] * 4
