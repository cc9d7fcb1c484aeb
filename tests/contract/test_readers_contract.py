"""Every built-in reader over its golden logs, and a plugin that was never seen before, against the reader contract."""

import importlib
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pytest

from runreport.errors import UnknownNameError
from runreport.model.entities import RunBatch
from runreport.model.tables import POINTS
from runreport.readers import registry
from runreport.readers.base import Certainty, Location, Match, Reader, Scan, Source
from runreport.testing import reader_contract
from runreport.testing.reader_contract import ContractError, Subject

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
PLUGIN = Path(__file__).resolve().parent / "example_plugin"
BUILT_INS = tuple(
    sorted(one.name for one in metadata.entry_points(group="runreport.readers") if one.value.startswith("runreport."))
)
CHECKS = pytest.mark.parametrize("check", reader_contract.CHECKS, ids=lambda check: check.__name__)
Check = Callable[[Subject, Path], None]


def end_a_run(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE runs SET end_time = COALESCE(end_time, 0) + 1000")


def end_a_trial(storage: Path) -> None:
    """Change a trial of Optuna, in its database or by one more operation of its journal."""
    if storage.suffix == ".log":
        with storage.open("ab") as file:
            file.write(b'{"op_code":6,"worker_id":"w","trial_id":6,"state":3,"values":null,"datetime_complete":null}\n')
        return
    with sqlite3.connect(storage) as connection:
        connection.execute("UPDATE trials SET datetime_complete = '2026-01-01 00:00:00.000000'")


def add_a_row(database: Path) -> None:
    """Log one more row of the first run in a database of Trackio."""
    with sqlite3.connect(database) as connection:
        connection.execute(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics)"
            " SELECT run_id, timestamp, run_name, step + 9, metrics FROM metrics WHERE id = 1"
        )


CHANGES: dict[str, Callable[[Path], None]] = {"trackio": add_a_row, "mlflow_sqlite": end_a_run, "optuna": end_a_trial}
"""How to change a log of a reader of databases; text logs get one more line end."""


def cases_of(name: str) -> list[Path]:
    """Golden logs of a reader: a longer name that begins like its own belongs to another reader."""
    others = [other for other in BUILT_INS if other.startswith(name) and other != name]
    return [
        case for case in sorted(GOLDEN.glob(f"{name}*")) if case.is_dir() and not case.name.startswith(tuple(others))
    ]


CASES = [(name, case) for name in BUILT_INS for case in cases_of(name)]


@CHECKS
@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_a_built_in_reader_keeps_the_contract(check: Check, name: str, case: Path, tmp_path: Path) -> None:
    folder = case / "input" if (case / "input").is_dir() else case
    change = CHANGES.get(name, reader_contract.append_line)
    reader = registry.readers(name).readers[0]
    check(Subject(reader=reader, folder=folder, change=change), tmp_path)


@pytest.mark.parametrize("name", BUILT_INS)
def test_every_built_in_reader_of_files_has_a_golden_log(name: str) -> None:
    [reader] = registry.readers(name).readers
    assert cases_of(name) or getattr(reader, "schemes", ())


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """The example plugin as pip would have installed it."""
    site = tmp_path / "site"
    installed = site / "runreport_example_reader-0.1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: runreport-example-reader\nVersion: 0.1.0\n")
    (installed / "entry_points.txt").write_text("[runreport.readers]\nkeyvalue = example_reader:KeyValueReader\n")
    (site / "example_reader.py").write_bytes((PLUGIN / "example_reader.py").read_bytes())
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    yield registry.readers("keyvalue").readers[0]
    sys.modules.pop("example_reader", None)


@pytest.fixture
def plugin_log(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.kv").write_text("0 loss 1.0\n1 loss 0.5\n1 loss nan\n0 acc 0.25\n")
    (folder / "deep" / "b.kv").write_text("0 loss 2.0\n")
    return folder


@CHECKS
def test_a_plugin_is_found_by_its_entry_point_and_keeps_the_contract(
    check: Check, plugin: Reader, plugin_log: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    check(Subject(reader=plugin, folder=plugin_log), scratch)


def test_the_plugin_is_among_all_readers_only_while_it_is_installed(plugin: Reader) -> None:
    assert plugin.name in [reader.name for reader in registry.readers().readers]


def test_the_plugin_is_unknown_when_it_is_not_installed() -> None:
    with pytest.raises(UnknownNameError, match="no reader 'keyvalue'"):
        registry.readers("keyvalue")


class Bent:
    """A good reader behind a wall; each class below bends one thing that it does."""

    def __init__(self, good: Reader) -> None:
        self.good = good
        self.name, self.version, self.formats = good.name, good.version, good.formats

    def match(self, location: Location) -> Match | None:
        return self.good.match(location)

    def scan(self, location: Location, match: Match) -> Scan:
        return self.good.scan(location, match)

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        return self.good.read(location, sources)


class Silent(Bent):
    def match(self, location: Location) -> Match | None:
        match = super().match(location)
        return replace(match, reason=" ") if match else None


class Eager(Bent):
    def match(self, location: Location) -> Match | None:
        return Match(certainty=Certainty.SURE, reason="all", takes=frozenset(location.files))


class Wasteful(Bent):
    def match(self, location: Location) -> Match | None:
        for name in location.files:
            location.inside(location.child(name)).read_bytes()
        return super().match(location)


class Unmoved(Bent):
    def scan(self, location: Location, match: Match) -> Scan:
        return Scan(
            sources=tuple(replace(source, fingerprint="same") for source in super().scan(location, match).sources)
        )


class Rooted(Bent):
    def scan(self, location: Location, match: Match) -> Scan:
        sources = super().scan(location, match).sources
        return Scan(sources=tuple(replace(source, run_id=f"{location.root}{source.path}") for source in sources))


class Forgetful(Bent):
    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        return super().read(location, sources[1:])


class Miscounting(Bent):
    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        for batch in super().read(location, sources):
            order = pa.array([7] * batch.points.num_rows, pa.int32())
            yield replace(batch, points=batch.points.set_column(3, POINTS.field("order"), order))


class Splitting(Bent):
    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        for batch in super().read(location, sources):
            yield replace(batch, points=batch.points.slice(0, 1))
            yield replace(batch, points=batch.points.slice(1))


class Impatient(Bent):
    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        for source in sources:
            location.inside(source.path).read_text(encoding="utf-8")
        return super().read(location, sources)


@pytest.mark.parametrize(
    ("bent", "check"),
    [
        (Silent, reader_contract.match_explains_itself),
        (Eager, reader_contract.other_files_are_left),
        (Wasteful, reader_contract.match_is_bounded),
        (Unmoved, reader_contract.fingerprint_follows_change),
        (Rooted, reader_contract.moved_tree_keeps_ids),
        (Forgetful, reader_contract.read_matches_scan),
        (Miscounting, reader_contract.points_fit_the_schema),
        (Splitting, reader_contract.points_fit_the_schema),
        (Impatient, reader_contract.damage_becomes_notices),
    ],
)
def test_a_reader_that_breaks_the_contract_is_found_out(
    bent: type[Bent], check: Check, plugin: Reader, plugin_log: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(ContractError):
        check(Subject(reader=bent(plugin), folder=plugin_log), scratch)
