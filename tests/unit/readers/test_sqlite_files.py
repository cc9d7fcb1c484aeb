"""SQLite files whose parts do not fit each other are told about; nothing of them is guessed."""

import sqlite3
from pathlib import Path

import pytest

from runreport.errors import ReadError
from runreport.formats.sqlite import open_database
from runreport.readers.base import Location

RUNS = tuple(f"{number:016x}" for number in range(20))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "runs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE params (run TEXT, key TEXT, value TEXT)")
        connection.execute("CREATE INDEX by_run ON params (run)")
        connection.executemany("INSERT INTO params VALUES (?, ?, ?)", [(run, "lr", "0.1") for run in RUNS])
    connection.close()
    return path


def values(path: Path) -> list[tuple[object, ...]]:
    with open_database(path) as opened:
        return list(opened.rows_of("params", ("value", "run"), "run", RUNS))


def test_rows_are_chosen_by_their_key(database: Path) -> None:
    assert values(database) == [("0.1", run) for run in RUNS]


def test_an_index_that_does_not_fit_its_table_is_told(database: Path) -> None:
    content = database.read_bytes()
    place = content.rindex(RUNS[4].encode())
    assert place > content.index(RUNS[-1].encode())  # the one in the index, behind the table
    database.write_bytes(content[:place] + b"X" + content[place + 1 :])
    with pytest.raises(ReadError, match="index of the table params does not fit"):
        values(database)


def test_running_out_of_memory_over_a_damaged_page_is_an_error_of_that_file(database: Path) -> None:
    with pytest.raises(ReadError, match="ask for more memory than there is"), open_database(database):
        raise MemoryError  # as the module does when a page announces more bytes than can be had


def test_a_name_with_a_null_character_lies_nowhere(tmp_path: Path) -> None:
    location = Location(root=tmp_path, label="logs", relative="", folders=(), files=())
    with pytest.raises(ReadError, match="null character"):
        location.inside("a\0b")
