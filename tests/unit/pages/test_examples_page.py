"""Two evaluated models on the pages: compared example by example, with the standard errors of their log."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from runreport.config.options import Settings
from runreport.pages import urls
from runreport.pages.terms import TERM_GROUPS, explanation_url
from runreport.pipeline import build

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "lm_eval_dummy" / "input"
WON = 8  # of the twelve documents that the other model has wrong


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of two models: that of the golden log, which is made all wrong, and one with more answers right."""
    folder = tmp_path_factory.mktemp("evaluated")
    for name, right in (("weak", 0), ("strong", WON)):
        _evaluated(folder / "evals" / name, name, right)
    build(
        [folder / "evals"], Settings(store=str(folder / "store"), out=str(folder / "site"), jobs=1), keep_contexts=True
    )
    return folder / "site"


def _evaluated(folder: Path, name: str, right: int) -> None:
    """Write the golden log again under the name of another model, with the first documents right."""
    shutil.copytree(GOLDEN / "dummy_seed1" / "hpbhprii", folder)
    (results,), (samples,) = folder.glob("results_*.json"), folder.glob("samples_*.jsonl")
    content = json.loads(results.read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 12
    for at, row in enumerate(rows):
        row["acc"] = float(at < right)
    content["model_name"] = content["config"]["model"] = name
    content["results"]["sums"] |= {"acc,none": right / 12, "acc_stderr,none": 0.125 + right / 1000}
    results.write_text(json.dumps(content), encoding="utf-8")
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def context(site: Path, page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((site / page).with_suffix(".json").read_text(encoding="utf-8"))
    return found


def overview(site: Path) -> dict[str, Any]:
    (section,) = context(site, "index.html")["experiments"]
    return dict(section)


def cells_of(table: dict[str, Any], at: int = 0) -> dict[str, dict[str, Any]]:
    return {f"{column['key']}": cell for column, cell in zip(table["columns"], table["rows"][at]["cells"], strict=True)}


def test_the_experiment_shows_the_two_models_example_by_example(site: Path) -> None:
    table = overview(site)["examples"]
    row = cells_of(table)
    assert (row["metric"]["text"], row["examples"]["text"]) == ("sums/acc", "12")
    assert {row["run"]["text"], row["reference"]["text"]} == {"model=weak", "model=strong"}
    sign = "+" if row["run"]["text"] == "model=strong" else "\N{MINUS SIGN}"
    assert row["delta"]["text"] == f"{sign}0.67"
    assert row["discordant"]["text"] in {"8 : 0", "0 : 8"}
    assert row["interval"]["note"] == "rough"
    assert "Rough intervals are those where fewer than 25 examples differ" in table["note"]
    assert row["p"]["text"] == row["p-holm"]["text"] == "0.008"
    assert row["verdict"]["text"] in {"better", "worse"}
    assert row["run"]["url"].endswith("index.html")
    assert "compares these two checkpoints, not the two methods" in table["note"]


def test_equal_outcomes_are_no_clear_difference_and_have_no_interval(site: Path) -> None:
    row = cells_of(overview(site)["examples"], 1)
    assert row["metric"]["text"] == "sums/acc_norm"
    assert (row["verdict"]["text"], row["discordant"]["text"]) == ("no clear difference", "0 : 0")
    assert row["interval"]["text"] == "\N{EN DASH}"


def test_the_headline_says_it_and_what_it_is_about(site: Path) -> None:
    headline = overview(site)["headline"]
    assert (
        "With one run per setting nobody can say how much of that is seed noise; 3 or more seeds per setting could tell. Over the same 12 examples"
        in headline
    )
    assert headline.endswith("This is about these two checkpoints, not the two methods.")
    html = (site / "index.html").read_text(encoding="utf-8")
    assert "Example by example</h" in html
    assert html.count("not the two methods") == 2


def test_every_column_of_the_table_leads_to_an_explanation_that_is_there(site: Path) -> None:
    anchors = {term.anchor for group in TERM_GROUPS for term in group.terms}
    columns = overview(site)["examples"]["columns"]
    for column in columns:
        assert column["help"] == explanation_url(column["key"])
        assert column["help"].removeprefix(f"{urls.READING}#") in anchors
    assert {column["help"].rpartition("#")[2] for column in columns} >= {"examples", "p", "verdict", "difference"}


def test_the_standard_error_of_the_log_stands_beside_a_single_value(site: Path) -> None:
    sweep = overview(site)["sweep"]
    best = cells_of(sweep)
    assert (best["value"]["text"], best["value"]["note"]) == ("0.6667", "± 0.13")
    assert "± is the run's own standard error over its test examples" in sweep["note"]
    metrics = context(site, best["run"]["url"])["metrics"]
    row = cells_of(metrics)
    assert (row["metric"]["text"], row["last"]["note"], row["first"]["note"]) == ("sums/acc", "± 0.13", "")
    assert "± is the run's own standard error" in metrics["note"]
