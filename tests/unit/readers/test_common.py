"""What small readers share: points gathered one by one, and the log of a run from a few facts."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from runreport.errors import ReadError
from runreport.model.entities import RunBatch
from runreport.model.tables import POINTS, SAMPLES
from runreport.names import Direction, RunStatus
from runreport.readers.base import Certainty, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints

MIDDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


class NoteReader:
    name: ClassVar[str] = "note"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = ("one .note file per run",)

    def match(self, location: Location) -> Match | None:
        return Match(certainty=Certainty.SURE, reason="notes", takes=frozenset(location.files))

    def scan(self, location: Location, match: Match) -> Scan:
        del match
        return Scan(sources=tuple(source_of(location, "note", file, (file,)) for file in location.files))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        return read_each(self, location, sources, self._run)

    def _run(self, location: Location, source: Source, points: RunPoints) -> RunFacts:
        points.add("loss", 0, 1.0)  # what was added before a failure is not kept
        text = location.inside(source.path).read_text()
        if text == "broken":
            raise ReadError("It is broken.", hint="Mend it.")
        points.add("loss", 1, float(text), MIDDAY)
        points.add_sample("loss", 1, "episode 3", 0.5)
        params = {"lr": "0.1"} if text != "0" else {}
        return RunFacts(params=params, directions={"loss": Direction.DOWN}, primary="loss", status=RunStatus.FINISHED)


def batches(folder: Path) -> list[RunBatch]:
    files = tuple(sorted(path.name for path in folder.iterdir()))
    location = Location(root=folder, label="logs", relative="", folders=(), files=files)
    reader = NoteReader()
    found = reader.scan(location, Match(certainty=Certainty.SURE, reason="", takes=None))
    return list(reader.read(location, found.sources))


def test_points_have_the_schema_and_count_within_their_series() -> None:
    points = RunPoints()
    points.add("loss", 0, 1.0)
    points.add("acc", 0, math.nan, MIDDAY)
    points.add("loss", 0, math.inf)
    points.extend("loss", [5, -3], [0.5, 0.25])
    table = points.table("r")
    assert table.schema.equals(POINTS)
    assert table.column("metric").to_pylist() == ["loss"] * 4 + ["acc"]
    assert table.column("step").to_pylist() == [0, 0, 5, -3, 0]
    assert table.column("order").to_pylist() == [0, 1, 2, 3, 0]
    assert table.column("time").to_pylist() == [None] * 4 + [MIDDAY]
    assert len(points) == 5
    assert points.metrics == ("loss", "acc")


def test_no_points_are_an_empty_table() -> None:
    assert RunPoints().table("r").num_rows == 0
    assert RunPoints().samples("r") is None
    assert RunPoints().times_us() is None


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in number"):
        RunPoints().extend("loss", [1, 2], [0.5])


def test_steps_and_values_beyond_what_numbers_hold_are_counted() -> None:
    points = RunPoints()
    points.add("loss", 2**63, 1.0)
    points.add("tokens", 0, 2**53 + 1)
    assert (points.bad_steps, points.inexact, len(points)) == (1, 1, 1)


def test_a_run_has_what_its_log_says_and_what_its_path_says(tmp_path: Path) -> None:
    (tmp_path / "adam_s3.note").write_text("0.5")
    (batch,) = batches(tmp_path)
    (log,) = batch.logs
    assert (log.run.experiment, log.run.name, log.run.seed) == ("logs", "adam_s3", 3)
    assert (log.run.status, log.run.ended) == (RunStatus.FINISHED, MIDDAY)
    assert [(param.param, param.value) for param in log.params] == [("lr", "0.1")]
    (info,) = log.metric_infos
    assert (info.direction, info.is_primary) == (Direction.DOWN, True)
    assert batch.samples is not None
    assert batch.samples.schema.equals(SAMPLES)
    assert batch.samples.to_pylist() == [
        {"run_id": log.run.run_id, "metric": "loss", "step": 1, "sample": "episode 3", "value": 0.5}
    ]


def test_a_run_without_params_is_told_by_its_stem(tmp_path: Path) -> None:
    (tmp_path / "adam_s3.note").write_text("0")
    (log,) = batches(tmp_path)[0].logs
    assert [(param.param, param.value) for param in log.params] == [("stem", "adam")]


def test_a_log_that_fails_has_a_notice_and_no_points_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.note").write_text("broken")
    (tmp_path / "b.note").write_text("0.5")
    failed, good = batches(tmp_path)
    (notice,) = failed.logs[0].notices
    assert (notice.code, notice.location, notice.message, notice.hint) == (
        "unreadable-log",
        "a.note",
        "It is broken.",
        "Mend it.",
    )
    assert notice.run_id == failed.logs[0].run.run_id
    assert failed.points.num_rows == 0
    assert good.points.num_rows == 2


def test_a_source_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.note").write_text("0.5")
    location = Location(root=tmp_path, label="logs", relative="", folders=(), files=("a.note",))
    source = source_of(location, "note", "a.note", ("a.note", "gone.note"))
    assert source.files == ("a.note",)
    assert source.size_bytes == 3
    (tmp_path / "a.note").write_text("0.25")
    later = source_of(location, "note", "a.note", ("a.note",))
    assert later.run_id == source.run_id
    assert later.fingerprint != source.fingerprint
    assert source_of(location, "note", "a.note", (), source_id="x").run_id != source.run_id
