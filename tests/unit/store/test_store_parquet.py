import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.store.parquet import write_batch

MakeBatch = Callable[..., RunBatch]


def digests(store: Path) -> dict[str, str]:
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_batch_gives_the_same_files_to_the_byte(make_batch: MakeBatch, tmp_path: Path) -> None:
    series = {("r2", "loss"): [2.0, 1.0], ("r1", "loss"): [3.0]}
    first = write_batch(tmp_path / "one", make_batch(series))
    second = write_batch(tmp_path / "two", make_batch(dict(reversed(series.items()))))
    assert first == second
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert pickle.loads(pickle.dumps(first)) == first  # noqa: S301 -- our own bytes


def test_only_tables_with_rows_become_files(make_batch: MakeBatch, tmp_path: Path) -> None:
    written = write_batch(tmp_path, make_batch({("r", "loss"): [1.0, 2.0]}))
    assert {file.table: file.rows for file in written.files} == {"metrics": 2, "params": 2, "runs": 1, "summary": 1}
    assert written.points == 2
    assert {file.name for file in written.files} == digests(tmp_path).keys()
    assert pq.read_table(tmp_path / "data/metrics", partitioning=None).num_rows == 2


@pytest.mark.parametrize(
    "other",
    [{"fingerprint": "2"}, {"series": {("r", "acc"): [1.0]}}, {"series": {("r", "loss"): [1.0], ("s", "loss"): [1.0]}}],
)
def test_another_fingerprint_series_or_run_gives_other_names(
    make_batch: MakeBatch, tmp_path: Path, other: dict[str, Any]
) -> None:
    series = {("r", "loss"): [1.0]}
    changed = make_batch(other.pop("series", series), **other)
    assert write_batch(tmp_path, make_batch(series)).batch_id != write_batch(tmp_path, changed).batch_id


def test_a_batch_can_continue_a_run_and_says_so(make_batch: MakeBatch, tmp_path: Path) -> None:
    more = make_batch({("r", "acc"): [1.0]}, logs=[])
    (run,) = write_batch(tmp_path, more, fingerprints={"r": "1", "unrelated": "1"}).runs
    assert (run.run_id, run.fingerprint, run.has_log) == ("r", "1", False)
    with pytest.raises(ValueError, match="without log or fingerprint"):
        write_batch(tmp_path, more)


def test_two_logs_of_one_run_are_refused(make_batch: MakeBatch, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two logs"):
        write_batch(tmp_path, make_batch({("r", "loss"): [1.0]}, logs=["r", "r"]))


def test_a_notice_on_a_log_carries_its_run(make_batch: MakeBatch, tmp_path: Path) -> None:
    notice = Notice(severity=Severity.WARNING, code="cut-line", location="m:1", message="A line was cut.")
    write_batch(tmp_path, make_batch({("r", "loss"): [1.0]}, notices=[notice]))
    assert pq.read_table(tmp_path / "data/notices", partitioning=None).column("run_id").to_pylist() == ["r"]
