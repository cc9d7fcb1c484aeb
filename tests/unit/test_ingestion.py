import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from tfevents_encoder import record, scalar, version

from runreport import ingestion, reading
from runreport.errors import NoRunsError, UnknownNameError
from runreport.ingestion import ingest
from runreport.model.entities import RunBatch
from runreport.readers import registry
from runreport.readers.base import Location, Match, Scan, Source
from runreport.readers.tables.reader import TabularReader
from runreport.store.manifest import Store


def write_run(folder: Path, name: str, values: Sequence[float]) -> None:
    lines = [f"{step},{value}" for step, value in enumerate(values)]
    (folder / name).mkdir(parents=True)
    (folder / name / "metrics.csv").write_text("\n".join(["step,loss", *lines]) + "\n")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    for seed in range(3):
        write_run(folder, f"sgd_s{seed}", [3.0 - seed, 2.0, 1.0])
    return folder


def data_files(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*.parquet")}


def test_a_second_ingest_adds_nothing(logs: Path, tmp_path: Path) -> None:
    first = ingest([logs], store=tmp_path / "store")
    second = ingest([logs], store=tmp_path / "store")
    assert (first.runs_added, first.points) == (3, 9)
    assert (second.runs_added, second.runs_updated, second.runs_unchanged, second.points) == (0, 0, 3, 0)
    assert second.snapshot == first.snapshot
    assert second.run_ids == first.run_ids


def test_a_changed_log_replaces_its_run_only(logs: Path, tmp_path: Path) -> None:
    ingest([logs], store=tmp_path / "store")
    shutil.rmtree(logs / "sgd_s1")
    write_run(logs, "sgd_s1", [9.0, 8.0])
    result = ingest([logs], store=tmp_path / "store")
    assert (result.runs_added, result.runs_updated, result.runs_unchanged) == (0, 1, 2)
    points = Store.open(tmp_path / "store").snapshot().table("metrics")
    assert sorted(points.column("value").to_pylist()) == [1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 8.0, 9.0]


def test_a_moved_tree_is_unchanged(logs: Path, tmp_path: Path) -> None:
    ingest([logs], store=tmp_path / "store")
    moved = tmp_path / "elsewhere" / "logs"
    moved.parent.mkdir()
    logs.rename(moved)
    assert ingest([moved], store=tmp_path / "store").runs_unchanged == 3


def test_the_same_logs_twice_are_counted_once_and_said_so(logs: Path, tmp_path: Path) -> None:
    result = ingest([logs, logs], store=tmp_path / "store")
    assert result.runs_added == 3
    assert len(result.run_ids) == 3


def test_processes_write_the_same_bytes_as_one(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest([logs], store=tmp_path / "serial", jobs=1)
    monkeypatch.setattr(ingestion, "_SERIAL_BYTES", 0)
    ingest([logs], store=tmp_path / "parallel", jobs=2)
    assert data_files(tmp_path / "parallel") == data_files(tmp_path / "serial")


def test_a_folder_without_runs_is_an_error_and_makes_no_store(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing here")
    with pytest.raises(NoRunsError, match="looks like a run log"):
        ingest([tmp_path / "empty"], store=tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_an_unknown_reader_is_named_with_its_neighbours(logs: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        ingest([logs], store=tmp_path / "store", reader="tabluar")
    assert "tabular" in caught.value.hint


class FaultyReader:
    """Reads tables, but fails on one run as a reader with a bug would."""

    name: ClassVar[str] = "tabular"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ()

    def match(self, location: Location) -> Match | None:
        return TabularReader().match(location)

    def scan(self, location: Location, match: Match) -> Scan:
        return TabularReader().scan(location, match)

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        if any("sgd_s1" in source.path for source in sources):
            raise ZeroDivisionError
        yield from TabularReader().read(location, sources)


def test_one_bad_run_never_stops_the_others(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = registry.InstalledReaders(readers=(FaultyReader(),))
    monkeypatch.setattr(registry, "readers", lambda _only=None: installed)
    reading._reader.cache_clear()
    monkeypatch.setattr(ingestion, "_TASK_RUNS", 10)
    result = ingest([logs], store=tmp_path / "store")
    reading._reader.cache_clear()
    assert (result.runs_added, result.runs_skipped) == (2, 1)
    (notice,) = [notice for notice in result.notices if notice.code == "unreadable-run"]
    assert "sgd_s1" in notice.location
    assert "ZeroDivisionError" in notice.message


def test_notices_go_away_with_their_cause(logs: Path, tmp_path: Path) -> None:
    (logs / "sgd_s0" / "metrics.csv").write_text("step,loss\n0,1\nbroken,,,,\n1,0.5\n")
    first = ingest([logs], store=tmp_path / "store")
    assert any("sgd_s0" in notice.location for notice in first.notices)
    (logs / "sgd_s0" / "metrics.csv").write_text("step,loss\n0,1\n1,0.5\n2,0.25\n")
    second = ingest([logs], store=tmp_path / "store")
    assert not any("sgd_s0" in notice.location for notice in second.notices)


def test_the_public_result_has_the_documented_keys(logs: Path, tmp_path: Path) -> None:
    assert list(ingest([logs], store=tmp_path / "store").public()) == [
        "runs_added",
        "runs_updated",
        "runs_unchanged",
        "runs_skipped",
        "points",
        "ledger",
        "notices",
        "seconds",
    ]


def test_folders_of_the_same_name_do_not_replace_each_other(tmp_path: Path) -> None:
    for parent, value in (("a", 1.0), ("b", 9.0)):
        write_run(tmp_path / parent / "logs", "run1", [value, value])
    first = ingest([tmp_path / "a/logs"], store=tmp_path / "store")
    second = ingest([tmp_path / "b/logs"], store=tmp_path / "store")
    assert (first.runs_added, second.runs_added, second.runs_updated) == (1, 1, 0)
    assert not first.run_ids & second.run_ids
    both = ingest([tmp_path / "b/logs", tmp_path / "a/logs"], store=tmp_path / "store")
    assert (both.runs_added, both.runs_unchanged) == (0, 2)
    points = Store.open(tmp_path / "store").snapshot().table("metrics")
    assert sorted(points.column("value").to_pylist()) == [1.0, 1.0, 9.0, 9.0]


def test_notices_of_folders_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    for parent in ("a", "b"):
        write_run(tmp_path / parent / "logs", "run1", [1.0, 2.0])
    (tmp_path / "outside").mkdir()
    (tmp_path / "a/logs/link").symlink_to(tmp_path / "outside")
    ingest([tmp_path / "a/logs"], store=tmp_path / "store")
    before = Store.open(tmp_path / "store").snapshot().notices()
    assert before
    ingest([tmp_path / "b/logs"], store=tmp_path / "store")
    assert Store.open(tmp_path / "store").snapshot().notices() == before


def test_a_corrected_reader_reads_its_old_logs_again(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest([logs], store=tmp_path / "store")
    monkeypatch.setattr(TabularReader, "version", "1 corrected")
    assert ingest([logs], store=tmp_path / "store").runs_updated == 3


def test_a_run_that_is_known_by_another_log_from_now_on_is_not_counted_twice(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "a_s1"
    write_run(tmp_path / "logs", "a_s1", [3.0, 2.0])
    ingest([tmp_path / "logs"], store=tmp_path / "store")
    events = [record(version()), *(record(scalar("loss", step, value)) for step, value in enumerate([3.0, 2.0, 1.0]))]
    (folder / "events.out.tfevents.1763600000.host").write_bytes(b"".join(events))
    joined = ingest([tmp_path / "logs"], store=tmp_path / "store")
    assert Store.open(tmp_path / "store").snapshot().run_ids == tuple(joined.run_ids)
    next(folder.glob("*tfevents*")).unlink()
    alone = ingest([tmp_path / "logs"], store=tmp_path / "store")
    assert Store.open(tmp_path / "store").snapshot().run_ids == tuple(alone.run_ids)
    assert joined.run_ids != alone.run_ids


def test_of_two_copies_of_a_run_the_larger_counts(tmp_path: Path) -> None:
    golden = Path(__file__).resolve().parent.parent / "golden" / "wandb_offline" / "input" / "wandb"
    source = next(path for path in sorted(golden.iterdir()) if path.is_dir())
    for name in ("a_backup", "b_whole"):
        shutil.copytree(source, tmp_path / "logs" / name / "wandb" / source.name)
    record = next((tmp_path / "logs" / "a_backup").rglob("*.wandb"))
    record.write_bytes(record.read_bytes()[:2000])
    result = ingest([tmp_path / "logs"], store=tmp_path / "store")
    (notice,) = [notice for notice in result.notices if notice.code == "repeated-run"]
    assert "a_backup" in notice.location
    assert "b_whole" in notice.message


def known_ids(store: Path) -> set[str]:
    return set(Store.open(store).snapshot().run_ids)


def test_a_folder_and_then_the_one_above_it_hold_each_run_once(logs: Path, tmp_path: Path) -> None:
    write_run(logs.parent / "later", "adam_s0", [2.0, 1.0])
    first = ingest([logs], store=tmp_path / "store")
    above = ingest([logs.parent], store=tmp_path / "store")
    assert (above.runs_added, above.runs_unchanged) == (1, 3)
    assert first.run_ids < above.run_ids == known_ids(tmp_path / "store")
    again = ingest([logs], store=tmp_path / "store")
    assert (again.runs_added, again.run_ids) == (0, first.run_ids)


def test_a_folder_and_then_one_below_it_hold_each_run_once(logs: Path, tmp_path: Path) -> None:
    above = ingest([logs.parent], store=tmp_path / "store")
    below = ingest([logs], store=tmp_path / "store")
    assert (below.runs_added, below.runs_updated, below.runs_unchanged) == (0, 0, 3)
    assert below.run_ids == above.run_ids == known_ids(tmp_path / "store")
    single = ingest([logs / "sgd_s1"], store=tmp_path / "store")
    assert (single.runs_added, len(single.run_ids)) == (0, 1)
    file = ingest([logs / "sgd_s1" / "metrics.csv"], store=tmp_path / "store")
    assert file.run_ids == single.run_ids


def test_a_part_read_alone_keeps_what_was_noticed_in_the_rest(logs: Path, tmp_path: Path) -> None:
    for place in (logs, logs.parent / "later"):
        place.mkdir(exist_ok=True)
        (place / "gone.csv").symlink_to(place / "nothing")
    everything = ingest([logs.parent], store=tmp_path / "store")
    assert any("later" in notice.location and not notice.run_id for notice in everything.notices)
    ingest([logs], store=tmp_path / "store")
    snapshot = Store.open(tmp_path / "store").snapshot()
    noticed = set(snapshot.table("notices").column("location").to_pylist())
    assert {notice.location for notice in everything.notices} <= noticed
    assert {row.folder for row in snapshot.ledger} >= {logs.parent.name, f"{logs.parent.name}/logs/"}
    ingest([logs.parent], store=tmp_path / "store")
    assert {row.folder for row in Store.open(tmp_path / "store").snapshot().ledger} == {logs.parent.name}


def test_a_file_that_was_named_makes_its_folder_no_root_of_others(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    ingest([tmp_path / "notes.csv"], store=tmp_path / "store")
    ingest([logs], store=tmp_path / "store")
    assert "logs" in Store.open(tmp_path / "store").snapshot().roots


def test_a_known_folder_that_was_moved_is_known_from_above_as_well(logs: Path, tmp_path: Path) -> None:
    first = ingest([logs], store=tmp_path / "store")
    logs.rename(tmp_path / "old")
    assert ingest([tmp_path / "old"], store=tmp_path / "store").run_ids == first.run_ids
    assert ingest([tmp_path], store=tmp_path / "store").run_ids == first.run_ids
