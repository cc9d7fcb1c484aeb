import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.render.prose import prose


def test_markdown_becomes_html() -> None:
    assert prose("a *b*\n\n- c") == "<p>a <em>b</em></p>\n<ul>\n<li>c</li>\n</ul>"


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,boo)",
        "[x](../../secret.html)",
        "[x](//host/y)",
        '<a href="java&#115;cript:alert(1)">x</a>',
    ],
)
def test_links_that_lead_nowhere_safe_lose_their_target(text: str) -> None:
    assert "href" not in prose(text)


def test_outward_links_keep_the_page_to_themselves() -> None:
    assert 'rel="noopener noreferrer"' in prose("[x](https://example.org/a?b=1&c=2)")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/y.png)",
        "<p style='x' onclick=a>b</p>",
        "<h1 id=content>b</h1>",
        "<style>*{}</style>",
    ],
)
def test_what_runs_loads_or_restyles_is_removed(text: str) -> None:
    html = prose(text)
    assert not any(part in html for part in ("<script", "<img", "on", "style", "id=", "<h1"))


def test_headings_start_below_those_of_the_page() -> None:
    assert prose("# a\n\n##### b") == "<h3>a</h3>\n<h6>b</h6>"


def test_invisible_characters_are_made_visible() -> None:
    assert prose("a\u202eb\x00c") == "<p>a\ufffdb\ufffdc</p>"


def test_a_long_note_is_cut_and_says_so() -> None:
    assert "Cut here: the first 20000 of 30000 characters." in prose("x" * 30_000)


@pytest.mark.parametrize(
    "text", ["> " * 5_000 + "x", "- " * 5_000 + "x", "*" * 5_000, "[" * 5_000, "    " * 3_000 + "x"]
)
def test_deep_nesting_is_shown_and_does_no_harm(text: str) -> None:
    assert isinstance(prose(text), str)


@given(st.text(max_size=200))
def test_no_text_brings_in_a_script_or_an_attribute_that_runs(text: str) -> None:
    html = prose(text).casefold()
    assert "<script" not in html
    assert "<iframe" not in html
