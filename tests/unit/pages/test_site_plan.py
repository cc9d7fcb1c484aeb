"""The plan of a made-up report: which pages there are, and what they say first."""

from dataclasses import replace
from typing import TypeVar

import pytest

from runreport.pages import sweep
from runreport.pages.contexts import (
    ComparisonPage,
    ExperimentPage,
    GroupPage,
    MetricPage,
    NoticesPage,
    OverviewPage,
    RunPage,
    RunsPage,
    SweepPage,
)
from runreport.pages.parts import Cell, Table, Tone
from runreport.pages.site import Page
from runreport.plots.spec import CurveFigure
from runreport.testing.sample_report import SampleReport, sample_report

Kind = TypeVar("Kind")


@pytest.fixture(scope="module")
def report() -> SampleReport:
    return sample_report()


@pytest.fixture(scope="module")
def pages(report: SampleReport) -> tuple[Page, ...]:
    return report.pages()


def contexts(pages: tuple[Page, ...], kind: type[Kind]) -> list[Kind]:
    return [page.context for page in pages if isinstance(page.context, kind)]


def column(table: Table, key: str) -> list[Cell]:
    position = next(at for at, head in enumerate(table.columns) if head.key == key)
    return [row.cells[position] for row in table.rows]


def test_every_address_is_there_once_and_the_overview_first(pages: tuple[Page, ...]) -> None:
    addresses = [page.url for page in pages]
    assert addresses[0] == "index.html"
    assert len(set(addresses)) == len(addresses)


def test_addresses_are_explicit_files_of_plain_characters(pages: tuple[Page, ...]) -> None:
    for page in pages:
        assert page.url == "404.html" or page.url.endswith("index.html")
        assert page.url.replace("/", "").replace(".", "").replace("-", "").isalnum()


def test_the_overview_answers_first(pages: tuple[Page, ...]) -> None:
    overview = contexts(pages, OverviewPage)[0]
    digits, swept = overview.experiments
    assert digits.headline.startswith("method=mixup has the best mean val/acc 0.93")
    assert "interval" in digits.headline
    assert swept.groups is None
    assert len(swept.sweep.rows) == 5


def test_runs_that_are_in_no_mean_are_counted_beside_it(pages: tuple[Page, ...]) -> None:
    table = contexts(pages, OverviewPage)[0].experiments[0].groups
    assert [cell.text for cell in column(table, "n")] == ["5", "5", "5"]
    assert [cell.note for cell in column(table, "n")] == ["", "1 running", "1 failed"]


def test_numbers_of_a_column_end_at_the_same_decimal(pages: tuple[Page, ...]) -> None:
    table = contexts(pages, OverviewPage)[0].experiments[0].groups
    decimals = {len(cell.text.partition(".")[2]) for key in ("mean", "sd") for cell in column(table, key)}
    assert decimals == {4}


def test_only_better_and_worse_are_coloured_as_judgements(pages: tuple[Page, ...]) -> None:
    table = contexts(pages, OverviewPage)[0].experiments[0].groups
    tones = {cell.text: cell.tone for cell in column(table, "verdict")}
    assert tones == {"baseline": Tone.MUTED, "better": Tone.BETTER, "no clear difference": Tone.PLAIN}


def test_the_ledger_adds_up(pages: tuple[Page, ...]) -> None:
    ledger = contexts(pages, OverviewPage)[0].ledger
    rows = [[cell.sort for cell in row.cells[1:]] for row in ledger.rows]
    assert rows[-1] == [sum(part) for part in zip(*rows[:-1], strict=True)]
    assert all(row[0] == sum(row[1:]) for row in rows)


def test_every_experiment_has_its_best_runs_on_the_overview_with_a_sweep_too(pages: tuple[Page, ...]) -> None:
    sections = contexts(pages, OverviewPage)[0].experiments
    assert [len(section.best_runs.rows) for section in sections] == [3, 3]
    best = column(sections[1].best_runs, "run")[0]
    assert best.text == column(sections[1].sweep, "run")[0].text
    assert [len(page.section.best_runs.rows) for page in contexts(pages, ExperimentPage)] == [5, 5]


def test_a_single_experiment_is_told_in_full_on_the_overview() -> None:
    pages = sample_report(experiments=1).pages()
    section = contexts(pages, OverviewPage)[0].experiments[0]
    assert not contexts(pages, ExperimentPage)
    assert section.metrics is not None
    assert len(section.best_runs.rows) == 5
    assert section.more is None


def test_the_confound_stands_beside_the_verdict(pages: tuple[Page, ...]) -> None:
    mixup = next(page for page in contexts(pages, ComparisonPage) if "mixup" in page.candidate.text)
    assert mixup.verdict.word == "better"
    assert any(caution.kind == "code" and "commit differs" in caution.sentence for caution in mixup.cautions)


def test_a_comparison_shows_what_differs_apart_from_what_agrees(pages: tuple[Page, ...]) -> None:
    params = contexts(pages, ComparisonPage)[0].diffs[0]
    assert [row.cells[0].text for row in params.different.rows] == ["method"]
    assert "batch_size" in {row.cells[0].text for row in params.equal.rows}


def test_the_runs_of_a_sweep_are_no_groups(pages: tuple[Page, ...]) -> None:
    assert len(contexts(pages, GroupPage)) == 3
    page = contexts(pages, SweepPage)[0]
    assert [cell.text for cell in column(page.ranking, "rank")] == [str(rank) for rank in range(1, 10)]
    assert {block.figure.x.label for block in page.scatters} == {"lr", "width"}


def test_a_long_sweep_shows_its_first_runs_and_counts_the_rest(
    report: SampleReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_MOST_ROWS", 4)
    (page,) = contexts(report.pages(), SweepPage)
    assert [cell.text for cell in column(page.ranking, "rank")] == ["1", "2", "3", "4"]
    assert page.ranking.caption.endswith("the first 4 of 9")
    assert page.reading.endswith("The table shows the first 4; 5 more runs can be found in the list of runs.")


def test_curves_of_a_metric_hold_every_group_and_every_n(pages: tuple[Page, ...]) -> None:
    accuracy = next(page for page in contexts(pages, MetricPage) if page.title == "val/acc" and page.curves)
    figure = accuracy.curves.figure
    assert isinstance(figure, CurveFigure)
    assert [line.name for line in figure.series] == ["method=baseline", "method=mixup", "method=wide"]
    assert {count for line in figure.series for count in line.n} == {5}


def test_a_metric_logged_once_has_no_curve(pages: tuple[Page, ...]) -> None:
    latency = [page for page in contexts(pages, MetricPage) if page.title == "latency_ms"]
    assert latency
    assert all(page.curves is None for page in latency)


def test_a_failed_run_says_so_and_shows_its_nan(pages: tuple[Page, ...]) -> None:
    failed = next(page for page in contexts(pages, RunPage) if page.title == "wide-5")
    assert failed.tone is Tone.ERROR
    assert failed.notices.rows[0].cells[0].text == "cut-line"
    loss = next(row for row in failed.metrics.rows if row.cells[0].text == "val/loss")
    assert loss.cells[2].text == "NaN"
    assert loss.cells[-1].text == "4 NaN"


def test_artifacts_are_named_and_never_linked(pages: tuple[Page, ...]) -> None:
    run = contexts(pages, RunPage)[0]
    assert not any(cell.url for row in run.artifacts.rows for cell in row.cells)


def test_every_notice_is_on_its_page_and_leads_to_its_run(pages: tuple[Page, ...]) -> None:
    warnings, remarks = contexts(pages, NoticesPage)[0].tables
    assert warnings.rows[0].cells[-1].url.startswith("runs/wide-5-")
    assert remarks.rows[0].cells[0].text == "unknown-file"


def test_beyond_the_limit_compared_runs_keep_their_page_and_the_list_says_so(report: SampleReport) -> None:
    site = report.settings.site.model_copy(update={"run_pages": 17})
    pages = replace(report, settings=report.settings.model_copy(update={"site": site})).pages()
    titles = {page.title for page in contexts(pages, RunPage)}
    assert len(titles) == 17
    assert {"baseline-0", "mixup-4", "wide-5"} <= titles
    assert "9 runs without a page of their own" in contexts(pages, RunsPage)[0].summary


def test_figure_colours_follow_the_group_from_page_to_page(pages: tuple[Page, ...]) -> None:
    comparison = next(page for page in contexts(pages, ComparisonPage) if "wide" in page.candidate.text)
    metric = next(page for page in contexts(pages, MetricPage) if page.title == "val/acc" and page.curves)
    colors = {line.name: line.color_index for line in metric.curves.figure.series}
    assert all(row.color_index == colors[row.name] for row in comparison.dots.figure.rows)
