"""The ledger of an ingest: everything that was found is counted once, and the counts add up."""

import json
import shutil
from pathlib import Path

from runreport import strict_json
from runreport.config.options import Settings
from runreport.ingestion import IngestResult, ingest
from runreport.pipeline import build
from runreport.store.manifest import Store

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def mixed(folder: Path) -> Path:
    (folder / "run_s0").mkdir(parents=True)
    (folder / "run_s0" / "metrics.csv").write_text("step,loss\n0,1\n1,0.5\n")
    (folder / "run_s1").mkdir()
    (folder / "run_s1" / "metrics.csv").write_text("step,loss\n0,2\n1,0.25\n")
    (folder / "weights.bin").write_bytes(b"\0" * 10)
    (folder / "notes").mkdir()
    (folder / "notes" / "README.md").write_text("# Notes\n")
    return folder


def ingested(folder: Path, tmp_path: Path) -> IngestResult:
    return ingest([folder], store=tmp_path / "store")


def test_logs_are_runs_joined_repeated_or_not_readable(tmp_path: Path) -> None:
    result = ingested(mixed(tmp_path / "logs"), tmp_path)
    for row in result.ledger:
        assert row.logs == row.runs + row.joined + row.repeated + row.unreadable
    by_reader = {row.reader: row for row in result.ledger}
    assert (by_reader["tabular"].files, by_reader["tabular"].runs) == (2, 2)
    assert by_reader[""].files == 2
    assert sum(row.runs for row in result.ledger) == len(result.run_ids)


def test_a_copied_tracking_folder_is_counted_as_repeated(tmp_path: Path) -> None:
    source = GOLDEN / "mlflow_sqlite_store" / "input"
    folder = tmp_path / "logs"
    shutil.copytree(source, folder / "a")
    shutil.copytree(source, folder / "b")
    (row,) = [row for row in ingested(folder, tmp_path).ledger if row.reader == "mlflow_sqlite"]
    assert row.repeated == row.runs > 0


def test_the_ledger_of_the_last_ingest_is_kept_in_the_store(tmp_path: Path) -> None:
    folder = mixed(tmp_path / "logs")
    ingested(folder, tmp_path)
    shutil.rmtree(folder / "run_s1")
    result = ingested(folder, tmp_path)
    assert Store.open(tmp_path / "store").snapshot().ledger == result.ledger
    assert {row.reader: row.runs for row in result.ledger}["tabular"] == 1


def test_the_ledger_is_on_the_notices_page_and_in_the_json(tmp_path: Path) -> None:
    folder = mixed(tmp_path / "logs")
    settings = Settings(store=str(tmp_path / "store"), out=str(tmp_path / "site"))
    result = build([folder], settings)
    page = (tmp_path / "site" / "notices" / "index.html").read_text(encoding="utf-8")
    assert "no reader takes them" in page
    assert result.ingest is not None
    printed = json.loads(strict_json.dumps(result.ingest.public()))
    assert [row["files"] for row in printed["ledger"]] == [2, 2]


def test_a_log_that_cannot_be_read_is_counted_as_such_each_time(tmp_path: Path) -> None:
    folder = mixed(tmp_path / "logs")
    (folder / "out").mkdir()
    (folder / "out" / "trainer_state.json").write_text(
        '{"log_history": [{"loss": 1, "step": 1}], "global_step": 1, "ma'
    )
    for _ in range(2):
        result = ingested(folder, tmp_path)
        (row,) = [row for row in result.ledger if row.reader == "hf_trainer"]
        assert (row.logs, row.runs, row.unreadable) == (1, 0, 1)
        assert any(notice.code == "unreadable-log" and notice.location == "logs/out" for notice in result.notices)
        assert result.runs_skipped == 1
