"""Runs that two formats hold at different places are told about, and only those."""

from pathlib import Path

from runreport.ingestion import IngestResult, ingest
from runreport.notices import Notice

VALUES = (2.5, 1.25, 0.7, 0.3)


def write_csv(folder: Path, values: tuple[float, ...], name: str = "loss") -> None:
    folder.mkdir(parents=True)
    rows = [f"{step},{value}" for step, value in enumerate(values)]
    (folder / "metrics.csv").write_text("\n".join([f"step,{name}", *rows]) + "\n")


def write_mlruns(root: Path, values: tuple[float, ...]) -> None:
    run = root / "1" / "0123456789abcdef0123456789abcdef"
    (run / "metrics").mkdir(parents=True)
    (root / "1" / "meta.yaml").write_text("artifact_location: x\nexperiment_id: '1'\nname: digits\n")
    meta = ["run_id: 0123456789abcdef0123456789abcdef", "experiment_id: '1'", "run_name: a", "status: 3"]
    (run / "meta.yaml").write_text("\n".join([*meta, "start_time: 1", "lifecycle_stage: active", ""]))
    lines = [f"{1763600000000 + step} {value} {step}\n" for step, value in enumerate(values)]
    (run / "metrics" / "train_loss").write_text("".join(lines))


def same(result: IngestResult) -> list[Notice]:
    return [notice for notice in result.notices if notice.code == "same-values"]


def test_the_same_values_in_two_formats_are_told_about(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs" / "csv" / "a", VALUES)
    write_mlruns(tmp_path / "logs" / "mlruns", VALUES)
    (notice,) = same(ingest([tmp_path / "logs"], store=tmp_path / "store"))
    assert "2 logs hold the same values" in notice.message
    assert "(mlflow_file)" in notice.message
    assert "(tabular)" in notice.message


def test_different_values_are_not(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs" / "csv" / "a", (2.5, 1.25, 0.7, 0.31))
    write_mlruns(tmp_path / "logs" / "mlruns", VALUES)
    assert not same(ingest([tmp_path / "logs"], store=tmp_path / "store"))


def test_equal_constants_say_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs" / "csv" / "a", (1.0, 1.0, 1.0))
    write_mlruns(tmp_path / "logs" / "mlruns", (1.0, 1.0, 1.0))
    assert not same(ingest([tmp_path / "logs"], store=tmp_path / "store"))


def test_two_runs_of_one_reader_are_a_matter_of_seeds(tmp_path: Path) -> None:
    write_csv(tmp_path / "logs" / "a_s0", VALUES)
    write_csv(tmp_path / "logs" / "a_s1", VALUES)
    assert not same(ingest([tmp_path / "logs"], store=tmp_path / "store"))
