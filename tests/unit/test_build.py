import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runreport.config.options import Settings, SiteOptions
from runreport.errors import SiteCheckError, ThemeError
from runreport.pipeline import build

EXAMPLES = Path(__file__).resolve().parents[2] / "example_runs"


def site_bytes(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds each of two groups of a real experiment."""
    folder = tmp_path_factory.mktemp("logs") / "digits"
    for name in ("width8", "width32"):
        for seed in range(3):
            shutil.copytree(EXAMPLES / "csv/digits-width" / f"{name}-seed{seed}", folder / f"{name}-seed{seed}")
    return folder


def settings_in(folder: Path, **site: object) -> Settings:
    return Settings(
        store=str(folder / "store"), out=str(folder / "site"), jobs=1, site=SiteOptions.model_validate(site)
    )


def test_two_builds_are_byte_identical_wherever_and_whenever_they_run(logs: Path, tmp_path: Path) -> None:
    places = (
        ("one", {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1", "LC_ALL": "C"}),
        ("two/deeper", {"TZ": "America/Caracas", "PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8"}),
    )
    built = []
    for name, variables in places:
        folder = tmp_path / name
        shutil.copytree(logs, folder / "digits")
        command = [sys.executable, "-m", "runreport", "build", "digits", "--keep-contexts"]
        subprocess.run(command, cwd=folder, env={**os.environ, **variables}, check=True, capture_output=True)
        built.append(site_bytes(folder / "site"))
    assert built[0].keys() == built[1].keys()
    assert [name for name in built[0] if built[0][name] != built[1][name]] == []
    assert len(built[0]) > 30


def test_a_rebuild_from_the_store_gives_the_same_pages(logs: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    build([logs], settings)
    first = site_bytes(tmp_path / "site")
    build([logs], settings)
    assert site_bytes(tmp_path / "site") == first


def test_a_report_covers_the_logs_that_were_named_and_the_store_without_any(logs: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    only = build([logs / "width8-seed0"], settings)
    both = build([logs / "width32-seed0"], settings)
    assert (only.analysis.counts.total, both.analysis.counts.total) == (1, 1)
    assert build([], settings).analysis.counts.total == 2


def test_a_failing_theme_leaves_the_old_site_as_it_was(logs: Path, tmp_path: Path) -> None:
    build([logs], settings_in(tmp_path))
    before = site_bytes(tmp_path / "site")
    theme = tmp_path / "theme"
    (theme / "templates").mkdir(parents=True)
    (theme / "theme.toml").write_text('name = "broken"\nversion = "1"\ncontract = 1\nextends = "default"\n')
    (theme / "templates" / "about.html").write_text(
        '{% extends "base.html" %}{% block content %}{{ nonsense }}{% endblock %}'
    )
    with pytest.raises(ThemeError):
        build([logs], settings_in(tmp_path, theme=str(theme)))
    assert site_bytes(tmp_path / "site") == before
    (theme / "templates" / "about.html").write_text(
        '{% extends "base.html" %}{% block content %}<a href="no.html">x</a>{% endblock %}'
    )
    with pytest.raises(SiteCheckError):
        build([logs], settings_in(tmp_path, theme=str(theme)))
    assert site_bytes(tmp_path / "site") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "store", "theme"]


def test_the_date_is_that_of_the_newest_run_or_the_one_given(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    build([logs], settings_in(tmp_path))
    assert "2001-09-09" in (tmp_path / "site" / "index.html").read_text()
