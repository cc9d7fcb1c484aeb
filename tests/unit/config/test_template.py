import re
import tomllib
from pathlib import Path

from runreport.config.load import load_settings, option_names
from runreport.config.options import Settings
from runreport.config.template import settings_template


def test_the_template_as_written_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "runreport.toml"
    file.write_text(settings_template(), encoding="utf-8")
    assert load_settings(file, environment={}) == Settings()


def test_uncommented_general_options_are_the_defaults() -> None:
    general = settings_template().split("#[metrics.by_name")[0]
    uncommented = re.sub(r"^#(\w+ = )", r"\1", general, flags=re.MULTILINE)
    assert Settings.model_validate(tomllib.loads(uncommented)) == Settings()


def test_every_option_is_in_the_template() -> None:
    text = settings_template()
    for name in option_names():
        assert f"#{name.rsplit('.', 1)[-1]} = " in text
