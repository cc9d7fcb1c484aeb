"""Scores on single test examples: which are loaded, and how many at most."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from runreport.frames.examples import with_examples
from runreport.frames.load import load_experiments
from runreport.frames.values import ExperimentFrame
from runreport.model.entities import RunBatch, RunLog
from runreport.model.tables import POINTS, SAMPLES
from runreport.names import RunStatus, Severity
from runreport.store.manifest import Store
from runreport.store.parquet import write_batch

MakeLog = Callable[..., RunLog]
Load = Callable[..., ExperimentFrame]

ROWS = [
    ("a", "t/acc", 0, "10", 1.0),
    ("a", "t/acc", 5, "9", 0.0),
    ("a", "t/acc", 5, "10", 1.0),
    ("a", "t/f1", 0, "9", 0.25),
    ("b", "t/acc", 3, "10", 0.0),
    ("b", "t/acc", 3, "11", 1.0),
    ("b", "t/acc", 3, "9", 1.0),
]


@pytest.fixture
def load(tmp_path: Path, make_log: MakeLog) -> Load:
    def make(
        readers: Sequence[str] = ("lm_eval", "lm_eval"), *, limit: int = 100, **facts: RunStatus
    ) -> ExperimentFrame:
        logs = [make_log(name, hour=hour, **facts) for hour, name in enumerate("ab")]
        logs = [replace(log, run=replace(log.run, reader=reader)) for log, reader in zip(logs, readers, strict=True)]
        rows = [dict(zip(SAMPLES.names, row, strict=True)) for row in ROWS]
        batch = RunBatch(
            logs=tuple(logs), points=POINTS.empty_table(), samples=pa.Table.from_pylist(rows, schema=SAMPLES)
        )
        store = Store.create(tmp_path / "store")
        store.commit([write_batch(store.path, batch)])
        (frame,) = load_experiments(store.snapshot(), seed_names=())
        assert frame.examples == {}
        return with_examples(store.snapshot(), frame, limit=limit)

    return make


def test_the_last_step_of_each_run_and_metric_is_kept_in_the_order_of_the_runs(load: Load) -> None:
    frame = load()
    assert list(frame.examples) == ["t/acc", "t/f1"]
    first, second = frame.examples["t/acc"]
    assert (first.row, second.row) == (0, 1)
    assert (first.scores.tolist(), second.scores.tolist()) == ([1.0, 0.0], [0.0, 1.0, 1.0])
    assert (first.scores.dtype, first.examples.dtype) == ("float64", "int64")
    assert [one.row for one in frame.examples["t/f1"]] == [0]


def test_the_same_name_has_the_same_number_in_every_run(load: Load) -> None:
    frame = load()
    first, second = ([*one.examples.tolist()] for one in frame.examples["t/acc"])
    ten, nine = first
    assert second[0] == ten
    assert second[2] == nine
    assert second[1] not in first
    assert frame.examples["t/f1"][0].examples.tolist() == [nine]


def test_episodes_and_rounds_are_no_examples(load: Load) -> None:
    frame = load(("sb3", "lm_eval"))
    assert {name: [one.row for one in known] for name, known in frame.examples.items()} == {"t/acc": [1]}


def test_runs_that_cannot_be_compared_are_not_loaded(load: Load) -> None:
    assert load(status=RunStatus.FAILED).examples == {}


def test_beyond_the_limit_there_are_none_and_a_notice_says_so(load: Load) -> None:
    frame = load(limit=5)
    assert frame.examples == {}
    (notice,) = frame.notices
    assert (notice.severity, notice.code) == (Severity.WARNING, "too-many-examples")
    assert "more than 5 scores of single test examples, so none are compared" in notice.message


def test_at_the_limit_they_are_kept(load: Load) -> None:
    assert sum(len(one.scores) for known in load(limit=6).examples.values() for one in known) == 6
