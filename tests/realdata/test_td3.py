"""TD3's learning curves: the published maxima of the mean over seeds follow from the arrays as they are."""

from pathlib import Path

import numpy as np
import pytest

import runreport
from runreport.ingestion import ingest


@pytest.mark.parametrize(
    ("env", "mean", "spread"),
    [
        ("HalfCheetah-v1", 9636.95, 859.06),
        ("Hopper-v1", 3564.07, 114.74),
        ("InvertedPendulum-v1", 1000.0, 0.0),
        ("Reacher-v1", -3.70, 0.51),
    ],
)
def test_the_best_mean_over_seeds_is_the_published_one(
    realdata: Path, tmp_path: Path, env: str, mean: float, spread: float
) -> None:
    folder = realdata / "td3-learning-curves-npy" / env.partition("-")[0]
    result = ingest([folder], store=tmp_path / "store", jobs=1)
    store = runreport.open_store(tmp_path / "store")
    params = store.params()
    assert result.runs_added == 10
    assert {(row.param, row.value) for row in params.itertuples()} == {("method", "TD3"), ("env", env)}
    assert sorted(store.runs().seed) == list(range(10))
    curves = store.metrics().pivot_table(index="step", columns="run_id", values="value").to_numpy()
    assert curves.shape == (201, 10)
    best = int(curves.mean(axis=1).argmax())
    assert curves[best].mean() == pytest.approx(mean, abs=0.005)
    assert np.std(curves[best]) == pytest.approx(spread, abs=0.005)  # ddof=0, as published
