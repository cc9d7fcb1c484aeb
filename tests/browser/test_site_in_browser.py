"""The site in a real browser, opened from file:// as by a double click."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from runreport.render.site import render_site
from runreport.render.theme import load_theme
from runreport.render.writer import write_site
from runreport.testing.sample_report import sample_report
from runreport.testing.theme_contract import HOSTILE

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
KINDS = (
    "index.html",
    "experiments",
    "comparisons",
    "groups",
    "metrics",
    "sweeps",
    "runs",
    "lineage",
    "notices",
    "about",
)


@dataclass(slots=True)
class Visit:
    """A page with everything it complained about and everything it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"Chromium does not start: {error}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound") / "site"
    write_site(render_site(sample_report().pages(), load_theme("default")), out)
    return out


@pytest.fixture(params=HOSTILE, ids=("element", "attribute", "link", "length"), scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    out = tmp_path_factory.mktemp("hostile") / "site"
    report = sample_report(hostile=request.param, experiments=1)
    write_site(render_site(report.pages(), load_theme("default")), out)
    return out


def one_of_each(site: Path) -> list[Path]:
    found = [sorted(site.glob(f"{kind}/*/index.html")) or [site / kind / "index.html"] for kind in KINDS[1:]]
    pages = [site / "index.html", site / "404.html", site / "runs" / "index.html", *(paths[0] for paths in found)]
    return [path for path in pages if path.is_file()]


def visit(context: BrowserContext) -> Visit:
    """Open a tab that notes console messages of weight, errors, refused content and every request."""
    seen = Visit(page=context.new_page())
    seen.page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda asked: seen.requests.append(asked.url))
    # Leaving a page gives up what it was still loading.
    seen.page.on(
        "requestfailed",
        lambda asked: seen.complaints.append(f"failed: {asked.url}") if asked.failure != "net::ERR_ABORTED" else None,
    )
    seen.page.add_init_script(
        "window.violations = 0; addEventListener('securitypolicyviolation', () => { window.violations += 1; });"
    )
    return seen


def test_pages_open_without_a_complaint_and_ask_for_nothing_outside(browser: Browser, site: Path) -> None:
    seen = visit(browser.new_context(viewport=WIDE))
    for path in one_of_each(site):
        seen.page.goto(path.as_uri())
        assert seen.page.evaluate("window.violations") == 0
    assert seen.complaints == []
    assert all(url.startswith(f"{site.as_uri()}/") for url in seen.requests)
    assert any(url.endswith("style.css") for url in seen.requests)


def test_hostile_names_do_nothing(browser: Browser, hostile_site: Path) -> None:
    seen = visit(browser.new_context(viewport=WIDE))
    for path in one_of_each(hostile_site):
        seen.page.goto(path.as_uri())
        assert seen.page.evaluate("[typeof window.XSS, window.violations]") == ["undefined", 0]
        foreign = "main img:not(.pictures img), main script, main iframe"
        assert seen.page.evaluate(f"document.querySelectorAll('{foreign}').length") == 0
    assert seen.complaints == []
    assert all(url.startswith(f"{hostile_site.as_uri()}/") for url in seen.requests)


def test_pictures_of_a_log_are_shown_from_the_disk(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto(next(iter(sorted(site.glob("runs/baseline-0-*/index.html")))).as_uri())
    page.evaluate("document.querySelector('.pictures').scrollIntoView()")
    page.wait_for_function("[...document.querySelectorAll('.pictures img')].every(one => one.naturalWidth > 0)")
    assert page.evaluate("document.querySelectorAll('.pictures img').length") == 2


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, site: Path, *, has_script: bool) -> None:
    page = browser.new_context(viewport=NARROW, java_script_enabled=has_script).new_page()
    for path in one_of_each(site):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_long_names_do_not_widen_a_page(browser: Browser, tmp_path: Path) -> None:
    report = sample_report(hostile="x" * 10_000, experiments=1)
    write_site(render_site(report.pages(), load_theme("default")), tmp_path / "site")
    page = browser.new_context(viewport=NARROW).new_page()
    for path in one_of_each(tmp_path / "site"):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_everything_is_readable_without_script(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE, java_script_enabled=False).new_page()
    page.goto((site / "index.html").as_uri())
    assert "has the best mean val/acc" in page.inner_text(".headline >> nth=0")
    assert page.locator("figure svg").count() >= 1
    assert page.get_by_role("row", name="method=mixup").first.is_visible()


def test_colours_follow_the_system_and_the_choice(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE, color_scheme="dark").new_page()
    page.goto((site / "index.html").as_uri())
    background = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Use light colours").click()
    light = page.evaluate(background)
    page.reload()
    assert dark != light == page.evaluate(background)


def test_a_click_on_a_heading_sorts_numbers_as_numbers(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / "runs" / "index.html").as_uri())
    table = page.locator("table").first
    table.get_by_role("button", name="val/loss").click()
    shown = table.locator("tbody tr td:nth-child(8)").all_inner_texts()
    finite = [float(text) for text in shown if text != "NaN"]
    assert finite == sorted(finite)
    assert shown[-1] == "NaN"
    assert table.locator("th[aria-sort=ascending]").count() == 1


def test_the_keyboard_sorts_too_and_no_button_element_stands_in_a_head(browser: Browser, site: Path) -> None:
    """Chromium prints a `<button>` blank where the head of a table is repeated on a later page."""
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / "runs" / "index.html").as_uri())
    table = page.locator("table").first
    table.get_by_role("button", name="val/loss").press("Enter")
    assert table.locator("th[aria-sort=ascending]").count() == 1
    table.get_by_role("button", name="val/loss").press("Space")
    assert table.locator("th[aria-sort=descending]").count() == 1
    assert page.locator("thead button").count() == 0


def test_rows_can_be_filtered(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / "runs" / "index.html").as_uri())
    page.get_by_label("Show rows with").first.fill("wide finished")
    assert page.locator("table").first.locator("tbody tr:visible").count() == 5
    assert page.get_by_role("status").first.inner_text() == "5 of 17"


def test_the_keyboard_reaches_the_content_first(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


def test_print_leaves_out_navigation(browser: Browser, site: Path) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / "index.html").as_uri())
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Report").is_visible()
    assert page.locator("table").first.is_visible()
