"""Hand-written layouts of the digits runs: every run once, no metric doubled, every value as in the truth.

Differences that the layouts have by design: they hold no status, tags or run names; params are texts (``None``).
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import runreport
from runreport.ingestion import ingest


def truth(realdata: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads((realdata / "gen-digits" / "truth.json").read_text())["runs"]
    return {run["name"].replace("-", "_").replace("#", "_"): run for run in runs}


def same(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize(("layout", "prefix", "first_step"), [("csv_jsonl", "", 0), ("ray_like", "train_", 1)])
def test_every_run_is_there_once_with_its_params_and_points(
    realdata: Path, tmp_path: Path, layout: str, prefix: str, first_step: int
) -> None:
    result = ingest(
        [realdata / "gen-digits" / "plain" / "plain" / layout], store=tmp_path / "store", reader="tabular", jobs=1
    )
    store = runreport.open_store(tmp_path / "store")
    expected = truth(realdata)
    runs = store.runs().set_index("name")
    assert {name.removeprefix(prefix) for name in runs.index} <= set(expected)
    assert runs.index.is_unique
    params, metrics = store.params(), store.metrics()
    compared = 0
    for name, run_id in runs.run_id.items():
        run = expected[str(name).removeprefix(prefix)]
        own = params[params.run_id == run_id]
        assert dict(zip(own.param, own.value, strict=True)) == {key: str(value) for key, value in run["params"].items()}
        for metric, points in run["metrics"].items():
            found = metrics[(metrics.run_id == run_id) & (metrics.metric == metric)].sort_values(["step", "order"])
            ordered = sorted(points, key=lambda point: point[0])
            assert [int(step) - first_step for step in found.step] == [step for step, _, _ in ordered]
            assert all(same(a, float(b)) for a, (_, b, _) in zip(found.value, ordered, strict=True)), (name, metric)
            compared += len(ordered)
    of_truth = metrics[metrics.metric.isin({metric for run in expected.values() for metric in run["metrics"]})]
    assert compared == len(of_truth) > 400
    assert result.runs_added == len(runs)
