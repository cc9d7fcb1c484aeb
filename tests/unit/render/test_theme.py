from pathlib import Path

import pytest

from runreport.errors import ThemeError
from runreport.pages.contexts import CONTRACT
from runreport.render.theme import load_theme

FACTS = f'name = "mine"\ncontract = {CONTRACT}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    theme = tmp_path / "mine"
    (theme / "templates").mkdir(parents=True)
    (theme / "static").mkdir()
    return theme


def write(folder: Path, facts: str) -> str:
    (folder / "theme.toml").write_text(facts, "utf-8")
    return str(folder)


def test_the_default_theme_is_there() -> None:
    theme = load_theme("default")
    assert {"style.css", "figures.css", "script.js"} <= set(theme.static)


def test_a_child_inherits_templates_and_wins_with_files_and_tokens(folder: Path) -> None:
    (folder / "static" / "style.css").write_text("p {}")
    theme = load_theme(write(folder, FACTS + 'extends = "default"\n[tokens.light]\naccent = "red"\n'))
    assert theme.static["style.css"].parent.parent == folder
    assert "figures.css" in theme.static
    assert "--accent: red;" in theme.token_sheet()
    assert theme.tokens["light"]["ink"]


def test_a_theme_may_extend_one_beside_it(folder: Path, tmp_path: Path) -> None:
    write(folder, FACTS + 'extends = "default"\n[tokens.light]\nink = "navy"\n')
    (tmp_path / "child").mkdir()
    child = load_theme(write(tmp_path / "child", f'contract = {CONTRACT}\nextends = "../mine"\n'))
    assert child.tokens["light"]["ink"] == "navy"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (FACTS, "lacks the template overview.html"),
        (FACTS + 'extends = "../mine"\n', "extends itself"),
        ("contract = 999\n", "is for contract 999"),
        (FACTS + "colour = 1\n", "unknown key 'colour'"),
        (FACTS + '[tokens.light]\nink = "red; } body { display: none"\n', "not a plain value"),
        (FACTS + "[tokens.sepia]\n", "tokens.light and tokens.dark"),
        ("name = ", "cannot be read"),
    ],
)
def test_a_broken_theme_is_explained(folder: Path, facts: str, words: str) -> None:
    with pytest.raises(ThemeError, match=words):
        load_theme(write(folder, facts))


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ThemeError, match="no theme 'defualt'") as caught:
        load_theme("defualt")
    assert "'default'" in caught.value.hint


def test_a_folder_without_a_theme_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match=r"no theme\.toml"):
        load_theme(str(tmp_path))
