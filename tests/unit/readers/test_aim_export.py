"""The script of the how-to page: what it writes is what the golden log holds, and that is read."""

import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tracker_logs import read

from runreport.names import RunStatus
from runreport.readers.tables.reader import TabularReader

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "how-to" / "export-from-aim.md"
GOLDEN = REPOSITORY / "tests" / "golden" / "tabular_aim_export" / "input"


class Metric:
    """A metric as Aim hands it out: a context, a name, and columns of values, epochs and times."""

    def __init__(self, name: str, context: dict[str, str], points: list[tuple[int, float]]) -> None:
        self.name, self.context, self.data, self._own = name, self, self, (context, points)

    def to_dict(self) -> dict[str, str]:
        return self._own[0]

    def items_list(self) -> tuple[list[int], list[list[float]]]:
        steps, values = zip(*self._own[1], strict=True)
        return list(steps), [list(values), [0.0] * len(steps), [1.76e9] * len(steps)]


class Run:
    """A run as Aim hands it out."""

    hash, name, experiment, description = "ab12", "adam-s1", "digits", "as expected"
    tags, active, creation_time, end_time = ("base",), False, 1.76e9, 1.76e9 + 5

    def __getitem__(self, key: object) -> dict[str, Any]:
        return {"hparams": {"lr": 0.1, "opt": {"name": "adam"}, "seed": 1}, "__system_params": {"secret": 1}}

    def metrics(self) -> Iterator[Metric]:
        yield Metric("loss", {"subset": "train"}, [(0, 1.0), (1, math.nan)])
        yield Metric("acc", {}, [(0, 0.5)])


class Repo:
    def __init__(self, path: str) -> None:
        assert path == "experiments"

    def iter_runs(self) -> Iterator[Run]:
        yield Run()


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the script writes where a library hands out runs as Aim does."""
    library = ModuleType("aim")
    library.Repo = Repo  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aim", library)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "export_aim"}
    exec(compile(script, "export_aim.py", "exec"), names)  # noqa: S102 - it is our own page
    names["main"]("experiments", str(tmp_path / "exported"))
    return tmp_path / "exported"


def test_the_script_writes_what_the_golden_log_holds(exported: Path) -> None:
    keys = []
    for folder in (exported, GOLDEN):
        (settings, *_), (points, *_) = (sorted(folder.rglob(name)) for name in ("params.json", "metrics.jsonl"))
        rows = [json.loads(line) for line in points.read_text(encoding="utf-8").splitlines()]
        keys.append((set(json.loads(settings.read_text(encoding="utf-8"))), {tuple(row) for row in rows}))
    assert keys[0] == keys[1]


def test_what_the_script_writes_is_read(exported: Path) -> None:
    found = read(TabularReader(), exported)
    run = found.log.run
    assert (run.experiment, run.name, run.status, run.note) == (
        "digits",
        "adam-s1",
        RunStatus.FINISHED,
        "as expected",
    )
    assert found.params == {"lr": "0.1", "opt.name": "adam", "seed": "1"}
    assert found.series["acc"] == [(0, 0.5)]
    assert math.isnan(found.series["train/loss"][1][1])


def test_what_aim_itself_handed_out_is_read() -> None:
    found = read(TabularReader(), GOLDEN)
    assert sorted(log.run.name for log in found.logs) == ["adam-s1", "adam-s2"]
    assert all(set(points) == {"train/loss", "acc", "odd"} for points in found.points.values())
    assert all(points["train/loss"][0] == (0, 1.0) for points in found.points.values())
