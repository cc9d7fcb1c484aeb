import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runreport.errors import ThemeError
from runreport.pages.contexts import CONTRACT
from runreport.pages.parts import Figure
from runreport.pages.site import Page
from runreport.render.site import _drawn, figure_blocks, render_site
from runreport.render.theme import load_theme
from runreport.testing.sample_report import sample_report


@pytest.fixture(scope="module")
def pages() -> tuple[Page, ...]:
    return sample_report(experiments=1).pages()


def undrawn(_function: object, figures: Iterable[Figure]) -> Iterator[str]:
    return ("<svg></svg>" for _ in figures)


def test_github_pages_and_missing_pages_are_provided_for(pages: tuple[Page, ...]) -> None:
    files = dict(render_site(pages, load_theme("default"), map_figures=undrawn))
    assert files[".nojekyll"] == b""
    assert b"no such page" in files["404.html"]


def test_contexts_are_strict_json_beside_their_page(pages: tuple[Page, ...]) -> None:
    files = dict(render_site(pages, load_theme("default"), keep_contexts=True, map_figures=undrawn))
    overview = json.loads(files["index.json"], parse_constant=pytest.fail)
    assert overview["experiments"][0]["headline"].startswith("method=mixup")
    assert {f"{name.removesuffix('.html')}.json" for name in files if name.endswith(".html")} <= files.keys()


def test_figures_come_from_the_given_map_in_their_order(pages: tuple[Page, ...]) -> None:
    drawn = []

    def counted(_function: object, figures: Iterable[Figure]) -> Iterator[str]:
        for figure in figures:
            drawn.append(figure)
            yield f"<svg><title>{len(drawn)}</title></svg>"

    text = b"".join(
        content
        for name, content in render_site(pages, load_theme("default"), map_figures=counted)
        if name.endswith(".html")
    )
    numbers = [int(part.split(b"<", 1)[0]) for part in text.split(b"<svg><title>")[1:]]
    assert sorted(numbers) == list(range(1, len(drawn) + 1))


def test_a_template_that_asks_for_what_is_not_there_names_itself(pages: tuple[Page, ...], tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "about.html").write_text("{{ title }}{{ tilte }}")
    (tmp_path / "theme.toml").write_text(f'contract = {CONTRACT}\nextends = "default"\n')
    with pytest.raises(ThemeError, match=r"about\.html fails on about/index\.html: 'tilte' is undefined"):
        list(render_site(pages, load_theme(str(tmp_path)), map_figures=undrawn))


def test_a_page_that_shows_the_same_figure_twice_has_each_id_once(pages: tuple[Page, ...]) -> None:
    page = next(page for page in pages if any(figure_blocks(page.context)))
    block = next(figure_blocks(page.context))
    twin = replace(block, figure_id=f"{block.figure_id}-again")
    drawn = [_drawn((one.figure_id, one.figure)) for one in (block, twin)]
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in drawn]
    assert ids[0]
    assert not ids[0] & ids[1]
