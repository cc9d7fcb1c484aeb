import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from runreport import plugins
from runreport.names import Severity

GROUP = "runreport.test_plugins"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that lays a distribution out as pip would, on a path of its own."""

    def lay_out(distribution: str, *points: str, group: str = GROUP, version: str = "1.0", folder: str = "") -> Path:
        site = tmp_path / (folder or distribution)
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{point}\n" for point in points))
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        return site

    return lay_out


def test_plugins_come_sorted_by_name_with_their_origin(install: Install) -> None:
    install("one-tool", "zeta = json:dumps", "alpha = json:loads", version="2.5")
    loaded = plugins.load(GROUP).loaded
    assert [(plugin.name, plugin.distribution, plugin.version) for plugin in loaded] == [
        ("alpha", "one-tool", "2.5"),
        ("zeta", "one-tool", "2.5"),
    ]
    assert callable(loaded[0].value)
    assert not loaded[0].is_own


def test_a_plugin_that_does_not_import_is_a_notice_with_distribution_and_version(install: Install) -> None:
    install("broken-tool", "bad = no_such_module_here:Reader", "good = json:loads", version="0.3")
    found = plugins.load(GROUP)
    assert [plugin.name for plugin in found.loaded] == ["good"]
    (notice,) = found.notices
    assert (notice.severity, notice.code, notice.location) == (Severity.WARNING, "plugin-failed", f"{GROUP}:bad")
    assert "broken-tool 0.3" in notice.message
    assert "ModuleNotFoundError" in notice.message


def test_a_missing_attribute_and_code_that_raises_are_notices_too(install: Install) -> None:
    site = install("raising-tool", "attribute = json:no_such_name", "raising = raising_plugin:Reader")
    (site / "raising_plugin.py").write_text("1 / 0\n")
    found = plugins.load(GROUP)
    assert found.loaded == ()
    assert [notice.message.split(": ")[1] for notice in found.notices] == ["AttributeError", "ZeroDivisionError"]


def test_one_plugin_is_loaded_without_importing_the_others(install: Install) -> None:
    install("mixed-tool", "bad = no_such_module_here:Reader", "good = json:loads")
    found = plugins.load(GROUP, only="good")
    assert [plugin.name for plugin in found.loaded] == ["good"]
    assert found.notices == ()


def test_the_built_in_readers_come_through_the_same_door() -> None:
    assert {"mlflow_file", "mlflow_sqlite", "tabular", "tensorboard"} <= set(plugins.names(plugins.READERS))
    (tabular,) = plugins.load(plugins.READERS, only="tabular").loaded
    assert tabular.is_own


def test_another_distribution_wins_over_a_built_in_and_says_so(install: Install) -> None:
    install("better-tool", "tabular = json:loads", group=plugins.READERS)
    found = plugins.load(plugins.READERS, only="tabular")
    assert [plugin.distribution for plugin in found.loaded] == ["better-tool"]
    (notice,) = found.notices
    assert (notice.severity, notice.code) == (Severity.INFO, "plugin-replaced")


def test_a_replacement_that_fails_leaves_the_built_in_in_use(install: Install) -> None:
    install("worse-tool", "tabular = no_such_module_here:Reader", group=plugins.READERS)
    found = plugins.load(plugins.READERS, only="tabular")
    assert [plugin.is_own for plugin in found.loaded] == [True]
    assert [notice.code for notice in found.notices] == ["plugin-failed"]


def test_between_two_others_the_first_by_name_wins_with_a_warning(install: Install) -> None:
    install("b-tool", "same = json:dumps")
    install("a-tool", "same = json:loads")
    found = plugins.load(GROUP)
    assert [plugin.distribution for plugin in found.loaded] == ["a-tool"]
    assert [notice.severity for notice in found.notices] == [Severity.WARNING]


def test_a_distribution_seen_twice_is_one(install: Install) -> None:
    install("twice-tool", "same = json:dumps", folder="first")
    install("twice-tool", "same = json:dumps", folder="second")
    found = plugins.load(GROUP)
    assert len(found.loaded) == 1
    assert found.notices == ()
