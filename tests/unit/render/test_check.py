from pathlib import Path

import pytest

from runreport.errors import SiteCheckError
from runreport.render.check import check_site


def site(folder: Path, **pages: str) -> Path:
    for name, text in pages.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(f"{path.name}.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_a_sound_site_passes(tmp_path: Path) -> None:
    check_site(
        site(
            tmp_path,
            index='<a href="a/b.html#x">b</a><a href="#y" id="y">c</a>',
            a__b='<p id="x"><a href="../index.html">',
        )
    )


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone.html">x</a>', "'gone.html' leads nowhere"),
        ('<a href="#gone">x</a>', "'#gone' leads nowhere"),
        ('<a href="../outside.html">x</a>', "leads nowhere"),
        ('<p id="a"><p id="a">', "the id 'a' is there twice"),
        ('<script src="https://example.org/x.js"></script>', "<script> points outside"),
        ('<a href="javascript:alert(1)">x</a>', "<a> points outside"),
        ('<a href="https://example.org">x</a>', "lacks rel=noopener"),
        ('<p style="color:red">', "has the attribute style"),
        ("<p onclick=x>", "has the attribute onclick"),
        ("<script>x</script>", "<script> is inline"),
        ("<style>x</style>", "<style> is inline"),
        ('<base href="/">', "<base> changes"),
    ],
)
def test_each_kind_of_problem_is_named_with_its_page(tmp_path: Path, html: str, problem: str) -> None:
    with pytest.raises(SiteCheckError) as caught:
        check_site(site(tmp_path, index=html))
    assert "index.html: " in caught.value.hint
    assert problem in caught.value.hint


def test_outward_links_may_stand_when_they_are_closed_off(tmp_path: Path) -> None:
    check_site(site(tmp_path, index='<a href="https://example.org" rel="noopener noreferrer">x</a>'))


def test_many_problems_are_counted(tmp_path: Path) -> None:
    with pytest.raises(SiteCheckError) as caught:
        check_site(site(tmp_path, index='<a href="gone.html">x</a>' * 8))
    assert caught.value.hint.endswith("; and 3 more.")
