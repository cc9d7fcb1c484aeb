import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.formats import npy
from runreport.model.entities import RunBatch, RunLog
from runreport.readers import registry
from runreport.readers.arrays.names import CurveName, name_of
from runreport.readers.arrays.reader import ArraysReader


def save(folder: Path, arrays: Mapping[str, object]) -> Path:
    for name, array in arrays.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(array, dict):
            np.savez_compressed(path, **array)
        else:
            np.save(path, np.asarray(array))
    return folder


def batches(folder: Path) -> list[RunBatch]:
    reader = ArraysReader()
    found = []
    for claim in registry.find([folder], [reader]).claims:
        found += list(reader.read(claim.location, reader.scan(claim.location, claim.match).sources))
    return found


def read(folder: Path) -> tuple[list[RunLog], dict[tuple[str, str], list[tuple[int, float]]]]:
    found = batches(folder)
    series: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for batch in found:
        for row in batch.points.to_pylist():
            series.setdefault((batch.logs[0].run.name, row["metric"]), []).append((row["step"], row["value"]))
    return [log for batch in found for log in batch.logs], series


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def of(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("TD3_HalfCheetah-v1_0", CurveName(base="TD3_HalfCheetah-v1", seed=0, metric="")),
        ("HalfCheetah-v1", CurveName(base="HalfCheetah-v1", seed=None, metric="")),
        ("sac_eval_return_s3", CurveName(base="sac", seed=3, metric="eval_return")),
        ("loss", CurveName(base="", seed=None, metric="loss")),
        ("model_best", CurveName(base="model_best", seed=None, metric="")),
    ],
)
def test_names_say_method_seed_and_metric(stem: str, expected: CurveName) -> None:
    assert name_of(stem) == expected


def test_a_curve_of_each_seed_is_a_run_with_method_and_environment(tmp_path: Path) -> None:
    logs, series = read(save(tmp_path, {f"TD3_Hopper-v1_{seed}.npy": [seed, 1.5] for seed in (0, 1)}))
    assert [(log.run.seed, params(log)) for log in logs] == [
        (0, {"method": "TD3", "env": "Hopper-v1"}),
        (1, {"method": "TD3", "env": "Hopper-v1"}),
    ]
    assert series["TD3_Hopper-v1_1", "value"] == [(0, 1.0), (1, 1.5)]


def test_files_named_after_metrics_are_one_run_of_their_folder(tmp_path: Path) -> None:
    logs, series = read(save(tmp_path, {"sac_s1/loss.npy": [2.0, 1.0], "sac_s1/eval_return.npy": [1, 2, 3]}))
    assert [(log.run.path, log.run.seed, params(log)) for log in logs] == [("sac_s1", 1, {"stem": "sac"})]
    assert series["sac_s1", "eval_return"] == [(0, 1.0), (1, 2.0), (2, 3.0)]
    assert series["sac_s1", "loss"] == [(0, 2.0), (1, 1.0)]


def test_rows_of_a_table_are_seeds(tmp_path: Path) -> None:
    logs, series = read(save(tmp_path, {"ppo_reward.npy": [[1.0, 2.0, np.nan], [4.0, 5.0, np.inf]]}))
    assert [(log.run.name, log.run.seed) for log in logs] == [("ppo row=0", 0), ("ppo row=1", 1)]
    assert repr(series["ppo row=1", "reward"]) == "[(0, 4.0), (1, 5.0), (2, inf)]"


def test_a_structured_array_is_a_table(tmp_path: Path) -> None:
    rows = np.array([(10, 0.5, 2**53 + 1), (20, 0.25, 3)], dtype=[("step", "i8"), ("loss", "f4"), ("tokens", "i8")])
    logs, series = read(save(tmp_path, {"run.npy": rows}))
    assert series["run", "loss"] == [(10, 0.5), (20, 0.25)]
    assert [notice.code for log in logs for notice in log.notices] == ["inexact-numbers"]


def test_named_arrays_go_over_their_steps_and_repeats_are_samples(tmp_path: Path) -> None:
    arrays = {
        "timesteps": np.array([100, 200]),
        "returns": np.array([[1.0, 3.0], [2.0, 6.0]]),
        "length": np.array([5, 6]),
        "lr": np.float64(0.1),
        "other": np.zeros(7),
    }
    logs, series = read(save(tmp_path, {"curve_s4.npz": arrays}))
    assert series["curve_s4", "returns"] == [(100, 2.0), (200, 4.0)]
    assert series["curve_s4", "length"] == [(100, 5.0), (200, 6.0)]
    assert (logs[0].run.seed, params(logs[0])["lr"]) == (4, "0.1")
    assert [notice.code for notice in logs[0].notices] == ["unread-array"]
    (batch,) = batches(tmp_path)
    assert batch.samples is not None
    assert batch.samples.column("value").to_pylist() == [1.0, 3.0, 2.0, 6.0]


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("X_train.npy", np.zeros((50, 4))),
        ("labels.npy", np.arange(10)),
        ("reward.npy", np.zeros((3, 4, 5))),
        ("reward.npy", np.float64(1)),
        ("evaluations.npz", {"timesteps": np.arange(3), "results": np.zeros((3, 5))}),
        ("weights.npz", {"w": np.zeros((3, 3)), "b": np.zeros(3)}),
    ],
)
def test_other_arrays_are_left(tmp_path: Path, name: str, array: object) -> None:
    assert read(save(tmp_path, {name: array}))[0] == []


def test_pickles_are_refused_with_a_notice(tmp_path: Path) -> None:
    np.save(tmp_path / "rewards.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    logs, series = read(tmp_path)
    (notice,) = logs[0].notices
    assert (notice.code, series) == ("unreadable-log", {})
    assert "pickled" in notice.message


def test_a_pickle_by_another_name_is_no_array() -> None:
    with pytest.raises(ReadError):
        npy.read_array(pickle.dumps([1, 2]))


def test_a_member_that_inflates_to_more_than_it_may_is_left_out(tmp_path: Path) -> None:
    head = of(np.zeros(2, dtype=np.int8))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("steps.npy", of(np.arange(2)))
        archive.writestr("loss.npy", head.replace(b"(2,), }  ", b"(3000000000,), }")[: len(head)] + bytes(10_000_000))
    data = (tmp_path / "a.npz").read_bytes()
    found = dict(npy.read_arrays(data))
    assert isinstance(found["loss"], ReadError)
    assert isinstance(found["steps"], np.ndarray)


def test_every_cut_and_many_changes_end_in_an_array_or_a_read_error() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, steps=np.arange(5), loss=np.linspace(0, 1, 5))
    generator = np.random.default_rng(0)
    for data, action in ((of(np.arange(6.0).reshape(2, 3)), npy.read_array), (buffer.getvalue(), _all_arrays)):
        damaged = [data[:size] for size in range(len(data))]
        for _ in range(1_000):
            changed = bytearray(data)
            for place in generator.integers(0, len(data), 3):
                changed[place] = generator.integers(0, 256)
            damaged.append(bytes(changed))
        for content in damaged:
            try:
                action(content)
            except ReadError:
                continue


def _all_arrays(data: bytes) -> object:
    return list(npy.read_arrays(data))


def test_a_file_that_is_no_curve_does_not_cost_the_others_of_its_folder(tmp_path: Path) -> None:
    save(tmp_path / "a", {"loss.npy": [3.0, 2.0], "accuracy.npy": np.ones((2, 3)), "reward.npy": [0.0, 1.0]})
    (log,), series = read(tmp_path)
    assert sorted(metric for _, metric in series) == ["loss", "reward"]
    (notice,) = log.notices
    assert notice.location == "a/accuracy.npy"
    assert notice.code == "unread-array"
    assert "any more" not in notice.message


def test_a_folder_of_nothing_but_unreadable_curves_is_an_error(tmp_path: Path) -> None:
    save(tmp_path / "a", {"loss.npy": np.ones((2, 3)), "accuracy.npy": np.ones((2, 3))})
    (log,), series = read(tmp_path)
    assert not series
    assert {notice.location for notice in log.notices} == {"a/accuracy.npy", "a/loss.npy"}
