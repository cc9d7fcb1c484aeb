import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pyarrow.parquet as pq
import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def strict(text: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
    def refuse(constant: str) -> NoReturn:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_help_loads_neither_pandas_nor_matplotlib() -> None:
    code = (
        "import sys; sys.argv = ['runreport', '--help']\n"
        "from runreport.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'matplotlib', 'pyarrow', 'scipy', 'numpy', 'networkx', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "build" in done.stdout
    assert done.stderr.strip() == "[]"


def test_ingest_says_in_json_what_it_did(runreport: Command, logs: Path) -> None:
    first = strict(runreport("ingest", logs, "--json", check=True).stdout)
    assert (first["runs_added"], first["runs_unchanged"], first["points"]) == (6, 0, 30)
    second = strict(runreport("ingest", logs, "--json", check=True).stdout)
    assert (second["runs_added"], second["runs_unchanged"], second["points"]) == (0, 6, 0)


def test_runs_can_be_filtered_sorted_and_printed_in_four_forms(asked: Command) -> None:
    query = ("--where", 'params.method == "adam"', "--sort", "-metrics.val/accuracy", "--columns", "name,seed")
    rows = list(csv.reader(io.StringIO(asked("runs", *query, "--format", "csv", check=True).stdout)))
    assert rows == [["name", "seed"], ["adam_s2", "2"], ["adam_s1", "1"], ["adam_s0", "0"]]
    assert strict(asked("runs", *query, "--format", "json").stdout)[0] == {"name": "adam_s2", "seed": 2}
    assert asked("runs", *query, "--format", "md").stdout.startswith("| name | seed |\n| --- | ---: |\n| adam_s2 |")
    shown = asked("runs", *query, "--limit", "1")
    assert "adam_s2" in shown.stdout
    assert "adam_s1" not in shown.stdout
    assert "2 more" in shown.stderr


def test_compare_prints_the_documented_json(asked: Command) -> None:
    done = asked("compare", "method=sgd", "method=adam", "--metric", "val/accuracy", "--format", "json", check=True)
    (comparison,) = strict(done.stdout)
    (contrast,) = comparison["contrasts"]
    assert list(contrast)[:8] == [
        "metric",
        "direction",
        "direction_source",
        "reduction",
        "baseline",
        "candidate",
        "delta",
        "ci",
    ]
    assert {"test", "statistic", "df", "p", "p_adjusted", "adjustment", "hedges_g", "prob_superiority", "mde"} <= set(
        contrast
    )
    assert contrast["baseline"]["values"] == pytest.approx([0.4, 0.41, 0.42])
    assert contrast["delta"] == pytest.approx(0.2)
    assert (contrast["direction"], contrast["direction_source"]) == ("up", "inferred")
    assert contrast["verdict"] == "better"


def test_show_finds_a_run_by_name_and_prints_everything(asked: Command) -> None:
    run = strict(asked("show", "adam_s1", "--format", "json", check=True).stdout)
    assert run["params"] == {"method": "adam", "seed": "1"}
    assert run["metrics"]["val/accuracy"]["last"] == pytest.approx(0.61)
    assert "adam_s1" in asked("show", "adam_s1").stdout


def test_export_writes_the_table_with_the_rows_of_matching_runs(asked: Command, tmp_path: Path) -> None:
    file = tmp_path / "points.parquet"
    asked("export", "metrics", "--where", "seed == 0", "--format", "parquet", "--out", file, check=True)
    assert pq.read_table(file).num_rows == 10
    assert len(strict(asked("export", "params", "--format", "json", check=True).stdout)) == 12


def test_nan_is_null_with_a_flag(runreport: Command, tmp_path: Path) -> None:
    (tmp_path / "logs" / "a").mkdir(parents=True)
    (tmp_path / "logs" / "a" / "metrics.csv").write_text("step,loss\n0,1.5\n1,nan\n")
    runreport("ingest", "logs", check=True)
    assert strict(runreport("show", "a", "--format", "json").stdout)["metrics"]["loss"]["last_special"] == "NaN"
    rows = strict(runreport("export", "metrics", "--format", "json").stdout)
    assert [(row["value"], row.get("value_special")) for row in rows] == [(1.5, None), (None, "NaN")]


def test_init_writes_settings_that_load_and_never_overwrites(runreport: Command, logs: Path, tmp_path: Path) -> None:
    runreport("init", check=True)
    runreport("ingest", logs, check=True)
    before = (tmp_path / "runreport.toml").read_text()
    assert runreport("init").returncode == 7
    assert (tmp_path / "runreport.toml").read_text() == before


def test_readers_are_listed_and_explained(asked: Command) -> None:
    listed = asked("readers", check=True).stdout
    assert all(name in listed for name in ("mlflow_file", "mlflow_sqlite", "tensorboard", "tabular"))
    explained = asked("readers", "--explain", "logs", check=True).stdout
    assert "step column 'step'" in explained


BAD = {
    "no such folder": (("ingest", "missing"), 2, "missing"),
    "no store": (("runs", "--store", "missing"), 5, "no store"),
    "no such reader": (("ingest", "logs", "--reader", "mlfow"), 8, "mlfow"),
    "broken expression": (("runs", "--where", "params.lr <"), 9, "wrong"),
    "unknown column": (("runs", "--columns", "nmae"), 8, "nmae"),
    "unknown group": (("compare", "method=sgd", "method=adma"), 8, "method=adma"),
    "unknown metric": (("compare", "method=sgd", "method=adam", "--metric", "val/acuracy"), 8, "val/acuracy"),
    "unknown table": (("export", "metrcs"), 8, "metrcs"),
    "unknown run": (("show", "adm_s1"), 8, "adm_s1"),
    "unknown option value": (("runs", "--format", "xml"), 2, "xml"),
    "unknown theme": (("build", "logs", "--theme", "defualt"), 12, "defualt"),
    "output is a file": (("build", "logs", "--out", "logs/sgd_s0/metrics.csv"), 7, "is a file"),
    "output is not ours": (("build", "logs", "--out", "logs"), 7, "logs"),
    "wrong settings": (("build", "logs", "--config", "wrong.toml"), 4, "2 problems"),
}


@pytest.mark.parametrize(("words", "code", "says"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_sentence_with_an_exit_code_of_its_own(
    asked: Command, words: tuple[str, ...], code: int, says: str
) -> None:
    done = asked(*words)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_traceback_shows_where_an_error_came_from(runreport: Command) -> None:
    assert "Traceback" in runreport("runs", "--store", "missing", "--traceback").stderr


def test_a_damaged_database_is_a_notice_not_an_end(runreport: Command, logs: Path) -> None:
    (logs / "mlflow.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 20)
    done = runreport("ingest", "logs", "--json", check=True)
    result = strict(done.stdout)
    assert result["runs_added"] == 6
    (notice,) = result["notices"]
    assert notice["severity"] == "error"
    assert "mlflow.db" in notice["message"]


def test_strict_turns_notices_into_failure_and_writes_nothing(runreport: Command, logs: Path, tmp_path: Path) -> None:
    (logs / "sgd_s0" / "metrics.csv").write_text("step,val/accuracy\n0,0.1\nbroken,,,\n1,0.2\n")
    done = runreport("build", "logs", "--strict")
    assert done.returncode == 11
    assert not (tmp_path / "site").exists()
