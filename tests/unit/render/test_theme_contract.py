from collections.abc import Callable
from pathlib import Path

import pytest

from runreport.pages.contexts import CONTRACT
from runreport.testing import theme_contract


@pytest.mark.parametrize("check", theme_contract.CHECKS, ids=lambda check: check.__name__)
def test_the_default_theme_keeps_the_contract(check: Callable[[str, Path], None], tmp_path: Path) -> None:
    check("default", tmp_path)


@pytest.mark.parametrize(
    ("template", "text", "check", "words"),
    [
        ("about.html", "{{ tilte }}", theme_contract.templates_ask_for_known_fields, "about.html uses tilte"),
        ("about.html", "<h1>x</h1><h1>y</h1>", theme_contract.every_page_is_whole, "exactly one h1"),
        (
            "notices.html",
            "<h1>{{ tables[0].rows[0].cells[1].text | safe }}</h1>",
            theme_contract.hostile_names_stay_text,
            "notices",
        ),
    ],
)
def test_a_theme_that_breaks_the_contract_is_found(
    tmp_path: Path, template: str, text: str, check: Callable[[str, Path], None], words: str
) -> None:
    theme = tmp_path / "theme"
    (theme / "templates").mkdir(parents=True)
    (theme / "templates" / template).write_text(text)
    (theme / "theme.toml").write_text(f'contract = {CONTRACT}\nextends = "default"\n')
    with pytest.raises(theme_contract.ContractError, match=words):
        check(str(theme), tmp_path / "scratch")
