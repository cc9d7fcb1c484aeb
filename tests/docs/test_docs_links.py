import re
from pathlib import Path

import pytest
from markdown.extensions.toc import slugify
from markdown_pages import DOCS, PAGES, REPOSITORY, page_name, without_blocks

NAVIGATION = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_OUTWARD = ("http://", "https://", "mailto:")


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE)
    return {slugify(title.replace("`", ""), "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_inside_the_repository_resolves(page: Path) -> None:
    for target in _LINK.findall(without_blocks(page)):
        if target.startswith(_OUTWARD):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents], ids=page_name)
def test_pages_of_the_documentation_link_to_no_file_outside_of_it(page: Path) -> None:
    targets = [target for target in _LINK.findall(without_blocks(page)) if not target.startswith(_OUTWARD)]
    assert all((page.parent / target.partition("#")[0]).resolve().is_relative_to(DOCS) for target in targets)


def test_every_page_is_in_the_navigation_or_among_the_decisions() -> None:
    listed = set(re.findall(r"^ +- [^:\n]+: (\S+\.md)$", NAVIGATION, re.MULTILINE))
    decisions = set(_LINK.findall((DOCS / "decisions" / "index.md").read_text(encoding="utf-8")))
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} == listed | {
        f"decisions/{name}" for name in decisions
    }


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("0*.md")), ids=page_name)
def test_a_decision_says_question_choice_reason_and_what_would_change_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {int(page.name[:4])}\. ", text)
    assert re.findall(r"^\*\*([^*]+)\.\*\*", text, re.MULTILINE) == [
        "Question",
        "Choice",
        "Why",
        "What would change it",
    ]
