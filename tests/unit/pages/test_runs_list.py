import pytest

from runreport.pages import runs
from runreport.pages.contexts import RunsPage
from runreport.pages.site import Page
from runreport.testing.sample_report import sample_report


def lists(pages: tuple[Page, ...]) -> list[RunsPage]:
    return [page.context for page in pages if isinstance(page.context, RunsPage)]


def test_a_long_list_is_split_and_every_run_is_in_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ROWS_PER_PAGE", 10)
    parts = lists(sample_report().pages())
    shown = [row.cells[0].url for part in parts for table in part.tables for row in table.rows]
    assert len(parts) == 3
    assert len(shown) == len(set(shown)) == 26
    assert [link.is_current for link in parts[1].parts] == [False, True, False]
    assert parts[1].frame.url == "runs/part-2/index.html"


def test_a_short_list_is_one_page() -> None:
    (page,) = lists(sample_report().pages())
    assert page.parts == ()
    assert page.summary == "All 26 runs."
