"""The page that explains the columns: every head of a table of numbers leads to a word on it."""

from runreport.pages import cells, urls
from runreport.pages.parts import Column
from runreport.pages.terms import _ANCHORS_OF_COLUMNS, TERM_GROUPS, explanation_url


def test_every_column_that_is_explained_leads_to_a_word_that_is_there() -> None:
    anchors = [term.anchor for group in TERM_GROUPS for term in group.terms]
    assert len(anchors) == len(set(anchors))
    assert set(_ANCHORS_OF_COLUMNS.values()) <= set(anchors)


def test_tables_lead_to_the_explanations_of_their_columns() -> None:
    found = cells.table("t", "caption", (Column(key="p", label="p"), Column(key="x", label="x")), [((), ())])  # type: ignore[arg-type]
    assert found
    assert [column.help for column in found.columns] == [f"{urls.READING}#p", ""]
    assert explanation_url("mde").endswith("#detectable")
