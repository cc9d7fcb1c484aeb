from pathlib import Path

import pytest

from runreport.config.load import environment_variable, load_settings, option_help, option_names
from runreport.config.options import Settings
from runreport.errors import ConfigError


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_every_default_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}) == Settings()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'out = "file"\nstore = "file"\njobs = 3\n')
    environment = {"RUNREPORT_OUT": "environment", "RUNREPORT_STORE": "environment"}
    settings = load_settings(file, environment=environment, overrides={"out": "command", "store": None})
    assert (settings.out, settings.store, settings.jobs) == ("command", "environment", 3)


def test_nested_and_listed_options_have_environment_variables(tmp_path: Path) -> None:
    environment = {"RUNREPORT_COMPARISONS__LEVEL": "0.9", "RUNREPORT_GROUPS__BY": "method,lr"}
    settings = load_settings(settings_file(tmp_path, ""), environment=environment)
    assert settings.comparisons.level == 0.9
    assert settings.groups.by == ("method", "lr")


def test_all_problems_are_reported_at_once_each_with_the_nearest_name(tmp_path: Path) -> None:
    text = (
        'stroe = "x"\n[groups]\nignroe = []\n[comparisons]\nlimit = 0\n[metrics.by_name."val/acc"]\ndirectoin = "up"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(settings_file(tmp_path, text), environment={})
    assert caught.value.problems == (
        "comparisons.limit = 0: input should be greater than or equal to 1.",
        "groups.ignroe is not an option; did you mean ignore?",
        "metrics.by_name.val/acc.directoin is not an option; did you mean direction?",
        "stroe is not an option; did you mean store?",
    )


def test_a_value_where_a_table_belongs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(settings_file(tmp_path, "site = 3\n"), environment={}, overrides={"site.theme": "x"})
    assert any(problem.startswith("site = 3") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("content", "word"), [(b"out = \n", "TOML"), (b"\xff\xfe\x00", "UTF-8")], ids=["syntax", "encoding"]
)
def test_an_unreadable_file_is_one_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=word):
        load_settings(file, environment={})


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no file"):
        load_settings(tmp_path / "missing.toml", environment={})


def test_every_option_has_a_help_text_and_a_variable_of_its_own() -> None:
    names = list(option_names())
    assert len(names) > 15
    assert all(option_help(name) for name in names)
    assert len({environment_variable(name) for name in names}) == len(names)
