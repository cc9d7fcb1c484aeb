import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from runreport.errors import StoreError, StoreVersionError, UnknownNameError
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.store.manifest import CHECKPOINT_EVERY, Commit, Snapshot, Store
from runreport.store.parquet import write_batch

MakeBatch = Callable[..., RunBatch]
PLACE = Notice(severity=Severity.ERROR, code="unreadable", location="b.csv", message="The file cannot be read.")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store")


def add(store: Store, batch: RunBatch, **options: Mapping[str, tuple[Notice, ...]]) -> Commit:
    return store.commit([write_batch(store.path, batch)], **options)


def values(snapshot: Snapshot, **options: Sequence[str]) -> list[tuple[str, str, float]]:
    table = snapshot.table("metrics", columns=["metric", "run_id", "value"], **options)
    return [tuple(row.values()) for row in table.to_pylist()]


def test_an_empty_store_has_every_table_without_rows(store: Store) -> None:
    snapshot = store.snapshot()
    assert (snapshot.number, snapshot.run_ids, snapshot.notices()) == (0, (), ())
    assert snapshot.table("metrics").num_rows == 0


def test_ingesting_the_same_runs_again_writes_no_manifest(store: Store, make_batch: MakeBatch) -> None:
    batch = make_batch({("r", "loss"): [2.0, 1.0]}, notices=[PLACE])
    first = add(store, batch, found={"b.csv": (PLACE,)})
    again = add(store, batch, found={"b.csv": (PLACE,)})
    assert (first.number, first.runs_added, first.runs_unchanged) == (1, 1, 0)
    assert (again.number, again.runs_added, again.runs_unchanged) == (1, 0, 1)
    assert [notice.run_id for notice in store.snapshot().notices()] == ["", "r"]


def test_a_changed_run_is_replaced_and_its_neighbours_stay(store: Store, make_batch: MakeBatch) -> None:
    add(store, make_batch({("a", "loss"): [1.0, 2.0], ("b", "loss"): [3.0]}))
    change = add(store, make_batch({("a", "loss"): [9.0]}, fingerprint="2"))
    assert (change.runs_added, change.runs_updated) == (0, 1)
    snapshot = store.snapshot()
    assert values(snapshot) == [("loss", "a", 9.0), ("loss", "b", 3.0)]
    assert snapshot.table("params", columns=["run_id", "value"], run_ids=["a"]).to_pylist() == [
        {"run_id": "a", "value": "2"},
        {"run_id": "a", "value": "0.1"},
    ]
    assert snapshot.fingerprints == {"a": "2", "b": "1"}


def test_a_pinned_snapshot_does_not_move(store: Store, make_batch: MakeBatch) -> None:
    add(store, make_batch({("a", "loss"): [1.0]}))
    pinned = store.snapshot()
    add(store, make_batch({("a", "loss"): [2.0]}, fingerprint="2"))
    assert values(pinned) == values(store.snapshot(1)) == [("loss", "a", 1.0)]
    assert store.snapshot(0).run_ids == ()


def test_rows_come_in_one_order_however_they_were_batched(tmp_path: Path, make_batch: MakeBatch) -> None:
    series = {(run, metric): [float(len(run)), 1.0] for run in ("r10", "r2", "r1") for metric in ("b", "a")}
    together, apart = Store.create(tmp_path / "together"), Store.create(tmp_path / "apart")
    add(together, make_batch(series))
    for run in ("r2", "r10", "r1"):
        add(apart, make_batch({key: points for key, points in series.items() if key[0] == run}))
    for table in ("metrics", "summary", "runs", "params"):
        assert apart.snapshot().table(table).equals(together.snapshot().table(table))


def test_a_run_over_several_batches_is_read_whole(store: Store, make_batch: MakeBatch) -> None:
    head = write_batch(store.path, make_batch({("r", "b"): [1.0]}))
    more = write_batch(store.path, make_batch({("r", "a"): [2.0]}, logs=[]), fingerprints={"r": "1"})
    store.commit([head, more])
    assert values(store.snapshot()) == [("a", "r", 2.0), ("b", "r", 1.0)]


def test_metrics_and_runs_can_be_asked_for(store: Store, make_batch: MakeBatch) -> None:
    add(store, make_batch({(run, metric): [1.0] for run in "abc" for metric in ("x", "y")}))
    assert values(store.snapshot(), metrics=["y"], run_ids=["c", "a", "gone"]) == [("y", "a", 1.0), ("y", "c", 1.0)]
    assert store.snapshot().table("summary", columns=["run_id"], metrics=[]).num_rows == 0


def test_unknown_tables_and_columns_name_the_nearest(store: Store) -> None:
    with pytest.raises(UnknownNameError) as error:
        store.snapshot().table("metric")
    assert "metrics" in error.value.hint
    with pytest.raises(UnknownNameError, match="column 'val'"):
        store.snapshot().table("params", columns=["val"])
    with pytest.raises(ValueError, match="has no metrics"):
        store.snapshot().table("params", metrics=["loss"])


def test_checkpoints_hold_what_all_deltas_before_them_say(store: Store, make_batch: MakeBatch) -> None:
    for number in range(CHECKPOINT_EVERY + 2):
        add(store, make_batch({(f"r{number % 3}", "loss"): [float(number)]}, fingerprint=str(number)))
    for early in range(1, CHECKPOINT_EVERY):
        (store.path / "manifests" / f"{early:08}.json").unlink()
    assert [value for *_, value in values(store.snapshot())] == [63.0, 64.0, 65.0]
    with pytest.raises(StoreError, match=r"00000001\.json is missing"):
        store.snapshot(5)


def test_a_store_can_be_moved(store: Store, make_batch: MakeBatch, tmp_path: Path) -> None:
    add(store, make_batch({("r", "loss"): [1.0]}))
    shutil.move(store.path, tmp_path / "elsewhere")
    assert values(Store.open(tmp_path / "elsewhere").snapshot()) == [("loss", "r", 1.0)]


def test_a_missing_store_is_a_sentence_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store") as error:
        Store.open(tmp_path / "nothing")
    assert "runreport ingest" in error.value.hint


def test_a_folder_of_other_things_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(StoreError, match=r"thesis\.tex"):
        Store.create(tmp_path)
    with pytest.raises(StoreError, match="is not a store"):
        Store.create(tmp_path / "thesis.tex")


def test_creating_twice_opens_the_store(store: Store, make_batch: MakeBatch) -> None:
    add(store, make_batch({("r", "loss"): [1.0]}))
    assert Store.create(store.path).snapshot().run_ids == ("r",)


def test_a_cut_manifest_and_a_missing_file_are_named(store: Store, make_batch: MakeBatch) -> None:
    add(store, make_batch({("r", "loss"): [1.0]}))
    snapshot = store.snapshot()
    (data,) = (store.path / "data" / "metrics").iterdir()
    data.unlink()
    with pytest.raises(StoreError, match=data.name):
        snapshot.table("metrics")
    newest = store.path / "manifests" / "00000001.json"
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"00000001\.json cannot be read"):
        Store.open(store.path)
    newest.write_bytes((store.path / "manifests" / "00000000.json").read_bytes())
    with pytest.raises(StoreError, match="is manifest 0"):
        Store.open(store.path)


def test_a_newer_store_is_neither_read_nor_written(store: Store) -> None:
    manifest = store.path / "manifests" / "00000000.json"
    manifest.write_text(manifest.read_text().replace('"schema_version":1', '"schema_version":2'))
    for use in (Store.open, Store.create):
        with pytest.raises(StoreVersionError, match="schema version 2"):
            use(store.path)


def test_a_snapshot_that_never_was_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no snapshot 3; the newest is 0"):
        store.snapshot(3)


def test_a_stray_file_among_the_manifests_is_passed_over(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    content = (tmp_path / "store/manifests/00000000.json").read_bytes()
    for name in ("5.json", "00000007 (copy).json", "٠٠٠٠٠٠٠٩.json"):
        (tmp_path / "store/manifests" / name).write_bytes(content)
    assert store.snapshot().number == 0
