import json
import math
from pathlib import Path

import pytest
from tracker_logs import claims, read

from runreport.names import Relation
from runreport.readers.base import Joining, Reader
from runreport.readers.trackers.dvclive import DvcliveReader

LOCK = """schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {path: data/train.csv, hash: md5, md5: abc, size: 4}
    - {path: train.py, hash: md5, md5: def, size: 9}
    - {path: middle.csv, hash: md5, md5: '1', size: 9}
    params:
      params.yaml: {lr: 0.1, opt.name: adam}
      other.yaml: {depth: 3}
    outs:
    - {path: model.pkl, hash: md5, md5: fed, size: 70}
  prepare:
    cmd: [one, two]
    outs:
    - {path: middle.csv, hash: md5, md5: '1', size: 9}
"""


def write(
    folder: Path, metrics: object = None, tables: dict[str, str] | None = None, params: str = "lr: 0.1\n"
) -> Path:
    for name, text in (tables or {}).items():
        path = folder / "plots" / "metrics" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics or {"step": 1}))
    (folder / "params.yaml").write_text(params)
    return folder


def test_it_is_a_reader() -> None:
    assert isinstance(DvcliveReader(), Reader)


def test_metrics_are_named_by_the_paths_of_their_tables(tmp_path: Path) -> None:
    write(
        tmp_path / "a" / "dvclive",
        tables={"train/loss": "step\tloss\n0\t1.0\n1\tnan\n1\tinf\n", "acc": "step\tacc\n0\t1\n"},
    )
    found = read(DvcliveReader(), tmp_path)
    assert found.series["acc"] == [(0, 1.0)]
    assert [step for step, _ in found.series["train/loss"]] == [0, 1, 1]
    assert math.isnan(found.series["train/loss"][1][1])
    assert found.series["train/loss"][2][1] == math.inf


def test_a_folder_called_dvclive_belongs_to_the_run_above(tmp_path: Path) -> None:
    write(tmp_path / "mlp_s3" / "dvclive", tables={"acc": "step\tacc\n0\t1\n"})
    found = read(DvcliveReader(), tmp_path)
    (source,) = found.sources
    assert (source.path, source.joining) == ("mlp_s3", Joining.FOLDER)
    assert (found.log.run.name, found.log.run.seed) == ("mlp_s3", 3)


def test_times_are_milliseconds_where_they_were_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "a", tables={"acc": "timestamp\tstep\tacc\n1700000000500\t4\t0.5\n"})
    run = read(DvcliveReader(), tmp_path).log.run
    assert run.started is not None
    assert run.started.isoformat() == "2023-11-14T22:13:20.500000+00:00"


def test_values_without_a_table_have_the_last_step(tmp_path: Path) -> None:
    write(tmp_path / "a", {"step": 7, "acc": 1, "best": {"acc": 0.5}, "odd": "nan"}, {"acc": "step\tacc\n0\t1\n"})
    found = read(DvcliveReader(), tmp_path)
    assert found.series["best/acc"] == [(7, 0.5)]
    assert found.series["acc"] == [(0, 1.0)]
    assert math.isnan(found.series["odd"][0][1])


def test_broken_rows_and_headers_are_told_about(tmp_path: Path) -> None:
    write(tmp_path / "a", tables={"acc": "step\tacc\n0\tx\n1\t0.5\n2", "odd": "hello\n1\n"})
    found = read(DvcliveReader(), tmp_path)
    assert found.series == {"acc": [(1, 0.5)]}
    assert found.codes == ["broken-lines", "unreadable-file"]


@pytest.mark.parametrize(
    ("metrics", "folder", "expected"),
    [
        ({"step": 3, "acc": 1}, "run/dvclive", "LIKELY"),
        ({"step": 3, "acc": 1}, "run", "POSSIBLE"),
        ({}, "run", "POSSIBLE"),
        ({"acc": 1}, "run", None),
    ],
)
def test_without_tables_it_is_less_sure(tmp_path: Path, metrics: object, folder: str, expected: str | None) -> None:
    write(tmp_path / folder)
    (tmp_path / folder / "metrics.json").write_text(json.dumps(metrics))
    assert claims(DvcliveReader(), tmp_path).get(folder) == expected


def test_metrics_json_alone_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"step": 3, "acc": 1}')
    assert claims(DvcliveReader(), tmp_path) == {}


def test_a_project_of_dvc_is_one_run_with_its_dvclive_folder(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(project / "dvclive", tables={"acc": "step\tacc\n0\t1\n"}, params="seed: 3\n")
    (project / "dvc.lock").write_text(LOCK)
    (project / "dvc.yaml").write_text(
        "metrics: [dvclive/metrics.json, deep/scores.json, gone.json]\n"
        "stages: {train: {metrics: [own.json: {cache: false}]}}\n"
        "artifacts: {clf: {path: model.pkl, type: model}}\n"
    )
    (project / "deep").mkdir()
    (project / "deep" / "scores.json").write_text('{"test": {"auc": 0.875}, "step": 4}')
    (project / "own.json").write_text('{"own": NaN}')
    found = read(DvcliveReader(), tmp_path)
    assert found.series["acc"] == [(0, 1.0)]
    assert found.series["test/auc"] == [(4, 0.875)]
    assert math.isnan(found.series["own"][0][1])
    assert found.params == {"seed": "3", "lr": "0.1", "opt.name": "adam", "other.yaml:depth": "3"}
    assert found.tags == {"dvc.train.cmd": "python train.py", "dvc.prepare.cmd": "one && two"}
    (data,) = found.log.datasets
    assert (data.dataset, data.digest) == ("data/train.csv", "md5:abc")
    assert {(one.path, one.size_bytes, one.location) for one in found.log.artifacts} >= {("model.pkl", 70, None)}
    (edge,) = found.log.edges
    assert (edge.to_node, edge.relation) == ("model:clf@md5:fed", Relation.PRODUCED)
    assert found.notices == ()


def test_a_project_in_which_nothing_was_measured_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(LOCK)
    (tmp_path / "dvc.yaml").write_text("stages: {train: {metrics: [gone.json]}}\n")
    assert claims(DvcliveReader(), tmp_path) == {}


def test_broken_files_of_dvc_cost_only_what_they_hold(tmp_path: Path) -> None:
    project = write(tmp_path / "project", tables={"acc": "step\tacc\n0\t1\n"}, params="a: [\n")
    (project / "dvc.lock").write_text("stages: [")
    (project / "dvc.yaml").write_text("stages: {a: 3, b: {metrics: 7}}\nmetrics: {x: 1}\n")
    found = read(DvcliveReader(), tmp_path)
    assert found.series["acc"] == [(0, 1.0)]
    assert found.codes == ["unreadable-file", "unreadable-file"]


def test_a_metric_file_outside_of_the_folder_is_not_read(tmp_path: Path) -> None:
    project = write(tmp_path / "logs" / "project", tables={"acc": "step\tacc\n0\t1\n"})
    (project / "dvc.yaml").write_text("metrics: [../../secret.json]\n")
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    assert "secret" not in read(DvcliveReader(), tmp_path / "logs").series


def test_pictures_and_plots_are_artifacts_and_tables_are_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", tables={"acc": "step\tacc\n0\t1\n"})
    (folder / "plots" / "images").mkdir()
    (folder / "plots" / "images" / "a.png").write_bytes(b"x")
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "m.bin").write_bytes(b"x")
    found = read(DvcliveReader(), tmp_path)
    assert [one.path for one in found.log.artifacts] == ["artifacts/m.bin", "plots/images/a.png"]
