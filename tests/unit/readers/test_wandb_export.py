import json
from pathlib import Path

import pytest

from runreport.model.entities import RunLog
from runreport.names import RunStatus
from runreport.readers import registry
from runreport.readers.wandb.export import WandbExportReader

Points = dict[str, list[tuple[int, float]]]


def read_all(folder: Path) -> list[tuple[RunLog, Points]]:
    reader = WandbExportReader()
    reads = []
    for claim in registry.find([folder], [reader]).claims:
        for batch in reader.read(claim.location, reader.scan(claim.location, claim.match).sources):
            points: Points = {}
            for point in batch.points.to_pylist():
                points.setdefault(point["metric"], []).append((point["step"], point["value"]))
            reads.append((batch.logs[0], points))
    return reads


def codes(log: RunLog) -> list[str]:
    return [notice.code for notice in log.notices]


def test_a_chart_is_one_run_per_column_and_its_twins_say_what_was_thinned_out(tmp_path: Path) -> None:
    header = "Step,a - b - loss,a - b - loss__MIN,a - b - loss__MAX,c - loss,c - loss__MIN,c - loss__MAX\n"
    (tmp_path / "chart.csv").write_text(header + "0,1,0.5,2,3,3,3\n10,2,2,2,,,\n", encoding="utf-8")
    (first, first_points), (second, second_points) = read_all(tmp_path)
    assert (first.run.name, first_points, codes(first)) == ("a - b", {"loss": [(0, 1), (10, 2)]}, ["sampled-history"])
    assert (second.run.name, second_points, codes(second)) == ("c", {"loss": [(0, 3)]}, [])


def test_a_chart_over_time_counts_its_rows(tmp_path: Path) -> None:
    header = "Relative Time (Process),a - loss,a - loss__MIN,a - loss__MAX\n"
    (tmp_path / "chart.csv").write_text(header + "0.5,1,1,1\n1.5,2,2,2\n", encoding="utf-8")
    ((log, points),) = read_all(tmp_path)
    assert points == {"loss": [(0, 1), (1, 2)]}
    assert codes(log) == ["counted-steps"]


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_a_history_is_read_from_every_kind_of_file(suffix: str, tmp_path: Path) -> None:
    rows = [{"_step": step, "_runtime": 1.0, "_timestamp": 1.7e9 + step, "loss": step / 2} for step in range(3)]
    lines = ["_step,_runtime,_timestamp,loss", *(",".join(map(str, row.values())) for row in rows)]
    texts = {"csv": "\n".join(lines), "json": json.dumps(rows), "jsonl": "\n".join(map(json.dumps, rows))}
    (tmp_path / f"history.{suffix}").write_text(texts[suffix], encoding="utf-8")
    ((log, points),) = read_all(tmp_path)
    assert points == {"loss": [(0, 0.0), (1, 0.5), (2, 1.0)]}
    assert log.run.started is not None
    assert log.run.started.timestamp() == 1.7e9
    assert codes(log) == []


def test_a_history_of_500_rows_is_marked_as_a_sample(tmp_path: Path) -> None:
    rows = [{"_step": 3 * step, "_runtime": 1, "_timestamp": 1.7e9, "loss": 1} for step in range(500)]
    (tmp_path / "history.json").write_text(json.dumps(rows), encoding="utf-8")
    ((log, _),) = read_all(tmp_path)
    assert codes(log) == ["sampled-history"]


def test_a_list_of_runs_gives_settings_last_values_and_states(tmp_path: Path) -> None:
    runs = [
        {"id": "a", "name": "one", "state": "finished", "config": {"lr": 0.1, "_wandb": {}}, "summary": {"loss": 2}},
        {
            "id": "b",
            "name": "two",
            "state": "crashed",
            "config": {},
            "summary": {"_step": 4, "_wandb": {}, "x": {"y": 1}},
        },
    ]
    (tmp_path / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
    (first, first_points), (second, second_points) = read_all(tmp_path)
    assert (first.run.name, first.run.status, first_points) == ("one", RunStatus.FINISHED, {"loss": [(0, 2)]})
    assert {param.param: param.value for param in first.params} == {"lr": "0.1"}
    assert (second.run.status, second_points) == (RunStatus.FAILED, {"x.y": [(4, 1)]})
    assert codes(first) == ["summary-only"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.csv", "step,loss\n0,1\n"),
        ("limits.csv", "Step,a__MIN,a__MAX\n0,1,2\n"),
        ("config.json", '[{"config": 1, "summary": 2}]'),
        ("wandb-summary.json", '{"_step": 1, "_runtime": 2, "_timestamp": 3}'),
        ("broken.csv", '"' + "x" * 200_000),
    ],
)
def test_files_without_the_signature_are_left_to_others(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_all(tmp_path) == []
