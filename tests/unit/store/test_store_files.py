import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runreport.errors import StoreError
from runreport.model.tables import POINTS, RUNS
from runreport.store.files import promising_groups, read_table, write_table

RUN_COUNT, METRIC_COUNT, STEPS = 50, 20, 500


def points() -> pa.Table:
    """Half a million sorted points."""
    series = RUN_COUNT * METRIC_COUNT
    metric = np.repeat(np.arange(METRIC_COUNT, dtype=np.int32), RUN_COUNT * STEPS)
    run = np.tile(np.repeat(np.arange(RUN_COUNT, dtype=np.int32), STEPS), METRIC_COUNT)
    arrays = [
        pa.DictionaryArray.from_arrays(run, pa.array([f"run{i:02}" for i in range(RUN_COUNT)])),
        pa.DictionaryArray.from_arrays(metric, pa.array([f"metric{i:02}" for i in range(METRIC_COUNT)])),
        pa.array(np.tile(np.arange(STEPS), series)),
        pa.array(np.zeros(series * STEPS, dtype=np.int32)),
        pa.array(np.random.default_rng(0).normal(size=series * STEPS).astype(np.float32).astype(np.float64)),
        pa.nulls(series * STEPS, pa.timestamp("us", tz="UTC")),
    ]
    return pa.Table.from_arrays(arrays, schema=POINTS)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    table = points()
    path = tmp_path_factory.mktemp("large") / "metrics.parquet"
    write_table(path, table)
    return path, table


def destroy(path: Path, groups: list[int]) -> None:
    """Overwrite the data of row groups, so that nobody can read them."""
    metadata = pq.read_metadata(path)
    with path.open("r+b") as file:
        for group in groups:
            for column in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(column)
                file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
                file.write(b"\xff" * chunk.total_compressed_size)


def test_row_groups_of_other_metrics_are_really_not_read(large: tuple[Path, pa.Table], tmp_path: Path) -> None:
    path, table = large
    copy = tmp_path / "copy.parquet"
    shutil.copy(path, copy)
    needed = promising_groups(pq.read_metadata(copy), {"metric": ["metric07"]})
    groups = pq.read_metadata(copy).num_row_groups
    assert (len(needed), groups) == (1, 5)
    destroy(copy, [group for group in range(groups) if group not in needed])
    found = read_table(copy, POINTS, POINTS.names, {"metric": ["metric07"]}, rows=len(table))
    assert found.column("value").equals(table.slice(7 * RUN_COUNT * STEPS, RUN_COUNT * STEPS).column("value"))
    with pytest.raises(StoreError, match="cannot be read"):
        read_table(copy, POINTS, POINTS.names, {}, rows=len(table))


def test_runs_prune_too_and_unknown_names_read_nothing(large: tuple[Path, pa.Table]) -> None:
    metadata = pq.read_metadata(large[0])
    assert promising_groups(metadata, {"metric": ["nothing"]}) == []
    assert promising_groups(metadata, {"metric": ["metric03", "metric04"]}) == [0, 1]
    assert promising_groups(metadata, {"metric": ["metric03"], "run_id": ["zzz"]}) == []


def test_the_file_is_plain_for_other_tools(large: tuple[Path, pa.Table]) -> None:
    schema, metadata = pq.read_schema(large[0]), pq.read_metadata(large[0])
    assert schema.field("run_id").type == pa.string()
    assert metadata.metadata[b"runreport_schema_version"] == b"1"
    encodings = {
        metadata.row_group(0).column(i).path_in_schema: metadata.row_group(0).column(i).encodings for i in range(6)
    }
    assert "DELTA_BINARY_PACKED" in encodings["step"]
    assert "BYTE_STREAM_SPLIT" in encodings["value"]
    assert any("DICTIONARY" in encoding for encoding in encodings["metric"])
    assert not any("DICTIONARY" in encoding for encoding in encodings["step"])


@pytest.mark.parametrize(("us", "unit"), [([1_000, None, 2_000], "ms"), ([1_000, 2_001, None], "us")])
def test_times_keep_their_microseconds(tmp_path: Path, us: list[int | None], unit: str) -> None:
    schema = pa.schema([RUNS.field("run_id"), RUNS.field("started")])
    table = pa.Table.from_arrays([pa.array(["a", "b", "c"]), pa.array(us, schema.field("started").type)], schema=schema)
    write_table(tmp_path / "t.parquet", table)
    assert pq.read_schema(tmp_path / "t.parquet").field("started").type.unit == unit
    assert read_table(tmp_path / "t.parquet", RUNS, ["run_id", "started"], {}, rows=3).equals(table)


def test_writing_twice_leaves_the_file_alone_and_no_leftovers(tmp_path: Path) -> None:
    table = pa.table({"run_id": ["a"]})
    write_table(tmp_path / "t.parquet", table)
    before = (tmp_path / "t.parquet").stat()
    write_table(tmp_path / "t.parquet", table)
    after = (tmp_path / "t.parquet").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.parquet"]


def test_damage_names_the_file(tmp_path: Path) -> None:
    schema = pa.schema([RUNS.field("run_id")])
    path = tmp_path / "t.parquet"
    write_table(path, pa.Table.from_arrays([pa.array(["a", "b"])], schema=schema))
    with pytest.raises(StoreError, match=r"t\.parquet is another file"):
        read_table(path, schema, ["run_id"], {}, rows=3)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StoreError, match=r"t\.parquet cannot be read"):
        read_table(path, schema, ["run_id"], {}, rows=2)
    path.unlink()
    with pytest.raises(StoreError, match=r"t\.parquet is missing"):
        read_table(path, schema, ["run_id"], {}, rows=2)


def test_an_unwritable_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot be written") as error:
        write_table(tmp_path / "data" / "t.parquet", pa.table({"run_id": ["a"]}))
    assert "--store" in error.value.hint
