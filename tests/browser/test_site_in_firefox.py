"""The site in Firefox ESR with its strict policy on file origins.

Debian's Firefox is driven by its own remote protocol: the other driver in these tests asks it for commands that its
long-term release does not have.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runreport.render.site import render_site
from runreport.render.theme import load_theme
from runreport.render.writer import write_site
from runreport.testing.sample_report import sample_report

marionette = pytest.importorskip("marionette_driver.marionette", reason="Mozilla's marionette_driver is not installed")

pytestmark = [
    pytest.mark.browser,
    # The driver leaves the sockets open with which it waits for Firefox to start.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

STRICT = "security.fileuri.strict_origin_policy"
FETCH = """
const [resolve] = arguments;
fetch("about/index.html").then(() => resolve("fetched"), () => resolve("refused"));
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("firefox") / "site"
    write_site(render_site(sample_report().pages(), load_theme("default")), out)
    return out


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator["marionette.Marionette"]:
    executable = shutil.which("firefox-esr")
    if executable is None:
        pytest.skip("there is no Firefox ESR on this machine")
    profile = tmp_path_factory.mktemp("profile")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (profile / "user.js").write_text(f'user_pref("{STRICT}", true);\nuser_pref("marionette.port", {port});\n')
    words = [executable, "--headless", "--marionette", "-remote-allow-system-access", "--no-remote"]
    process = subprocess.Popen(
        [*words, "--profile", str(profile)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        client = marionette.Marionette(host="127.0.0.1", port=port, startup_timeout=120)
        client.start_session()
        yield client
        client.delete_session()
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_the_strict_policy_on_file_origins_is_on(firefox: "marionette.Marionette") -> None:
    assert firefox.get_pref(STRICT) is True


def test_every_page_opens_with_its_style_and_figures(firefox: "marionette.Marionette", site: Path) -> None:
    pages = sorted(site.rglob("index.html"))
    assert len(pages) > 10
    for page in pages:
        firefox.navigate(page.as_uri())
        assert firefox.execute_script("return document.querySelectorAll('h1').length") == 1
        numerals = firefox.execute_script("return getComputedStyle(document.body).fontVariantNumeric")
        assert "tabular-nums" in numerals, f"{page} has no style"
    firefox.navigate((site / "index.html").as_uri())
    assert firefox.execute_script("return document.querySelectorAll('svg[role=img]').length") > 0


def test_a_page_cannot_fetch_its_neighbour(firefox: "marionette.Marionette", site: Path) -> None:
    firefox.navigate((site / "index.html").as_uri())
    assert firefox.execute_async_script(FETCH, sandbox=None) == "refused"
