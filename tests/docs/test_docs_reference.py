import importlib.util
import inspect
import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from markdown_pages import DOCS, PAGES, REPOSITORY, blocks, first_cells, headings, page_name, section, without_blocks
from typer.testing import CliRunner

import runreport
from runreport import errors
from runreport.cli.app import app
from runreport.config.load import load_settings, option_names
from runreport.config.options import TABLES_OF_MANY, Settings
from runreport.errors import RunreportError
from runreport.model.tables import SCHEMAS
from runreport.pages import contexts, parts
from runreport.readers import registry

GROUPS = {str(one.name): one.typer_instance for one in app.registered_groups}
CALLBACKS = {str(command.name): command.callback for command in app.registered_commands} | {
    f"{name} {command.name}": command.callback
    for name, group in GROUPS.items()
    if group
    for command in group.registered_commands
}
COMMANDS = tuple(CALLBACKS)
CLI, SETTINGS, API = (DOCS / "reference" / f"{name}.md" for name in ("cli", "settings", "api"))
STORE, ERRORS, CONTRACT = (DOCS / "reference" / f"{name}.md" for name in ("store", "errors", "theme-contract"))
FORMATS = DOCS / "reference" / "formats.md"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def help_of(command: str) -> str:
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    return done.output


def options_of(command: str) -> set[str]:
    return set(re.findall(r"^ +(--[a-z-]+)", help_of(command), re.MULTILINE)) - {"--help"}


def test_generated_regions_are_up_to_date(generator: ModuleType) -> None:
    assert [page_name(page) for page in generator.stale_pages()] == []


def test_a_stale_region_is_found(generator: ModuleType) -> None:
    page = ERRORS.read_text(encoding="utf-8")
    assert generator.with_regions(page.replace("| 8 | `UnknownNameError` |", "| 80 | `UnknownNameError` |")) == page


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    assert [heading.removeprefix("runreport ") for heading in headings(CLI, 2)] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_and_every_documented_one_exists(command: str) -> None:
    rows = first_cells(section(CLI, f"## runreport {command}"))
    assert {row.split()[0] for row in rows if row.startswith("--")} == options_of(command)
    listed = CALLBACKS[command]
    assert listed
    assert len(rows) == len(inspect.signature(listed).parameters)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_command_line_in_the_text_exists(page: Path) -> None:
    consoles = "".join(block.body for block in blocks(page) if block.language in {"console", "yaml"})
    lines = re.findall(r"runreport (\S.*)", consoles) + re.findall(r"`runreport ([^`]+)`", without_blocks(page))
    for words in map(str.split, lines):
        command = " ".join(words[:2]) if words[0] in GROUPS and words[1:] else words[0]
        known = options_of(command) if command in COMMANDS else {"--version", "--help"}
        assert command in {*COMMANDS, *GROUPS, *(f"{name} --help" for name in GROUPS), *known}, words
        assert {word for word in words if word.startswith("--")} <= known, words


def test_every_option_of_the_settings_file_is_documented_and_every_documented_one_exists() -> None:
    of_many = [f"{head}.{key}" for head, model in TABLES_OF_MANY.items() for key in model.model_fields]
    assert first_cells(section(SETTINGS, "# runreport.toml")) == [*option_names(), *of_many]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_setting_named_in_the_text_exists(page: Path) -> None:
    tables = {name.partition(".")[0] for name in option_names() if "." in name}
    named = re.findall(rf"`((?:{'|'.join(sorted(tables))})\.[a-z_]+)`", without_blocks(page))
    settings = {name for name in named if not name.endswith((".json", ".jsonl", ".csv", ".tsv", ".yaml"))}
    assert settings <= set(option_names())


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_settings_shown_in_the_text_are_accepted(page: Path, tmp_path: Path) -> None:
    file = tmp_path / "runreport.toml"
    for block in blocks(page):
        is_for_others = "[project" in block.body or "[tokens" in block.body
        if block.mark.startswith("file: ") and block.language != "toml":  # what settings may name
            beside = tmp_path / block.mark.removeprefix("file: ")
            beside.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(block.body, encoding="utf-8")
        if block.language == "toml" and not is_for_others:
            file.write_text(block.body)
            assert load_settings(file, environment={}) != Settings()


def test_every_public_name_is_documented_and_every_documented_one_exists() -> None:
    assert sorted(heading.strip("`") for heading in headings(API, 3)) == sorted(runreport.__all__)


def test_every_table_and_column_is_documented_and_every_documented_one_exists() -> None:
    documented = {name: first_cells(section(STORE, f"### {name}")) for name in headings(STORE, 3)}
    assert documented == {name: schema.names for name, schema in SCHEMAS.items()}


def test_every_error_is_documented_with_an_exit_code_of_its_own() -> None:
    classes = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, RunreportError)]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", ERRORS.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {str(one.exit_code): one.__name__ for one in classes}
    assert len(rows) == len(classes)


def test_every_template_field_is_documented_and_every_documented_one_exists() -> None:
    templates, values = (section(CONTRACT, heading) for heading in ("## Templates", "## Values"))
    for template, context in contexts.TEMPLATES.items():
        assert first_cells(section(CONTRACT, f"### {template}")) == [field.name for field in fields(context)]
    assert re.findall(r"^### (.+)$", templates, re.MULTILINE) == list(contexts.TEMPLATES)
    for name in re.findall(r"^### (.+)$", values, re.MULTILINE):
        value = getattr(parts, name)
        if value is not parts.Tone:
            assert first_cells(section(CONTRACT, f"### {name}")) == [field.name for field in fields(value)]


def test_every_type_that_a_documented_field_has_is_documented_too() -> None:
    types = re.findall(r"^\| `\w+` \| `(.+?)` \|", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE)
    used = {name for name in re.findall(r"\b[A-Z]\w+", " ".join(types)) if not name.endswith("Figure")}
    assert used - {"None"} == set(re.findall(r"^### (.+)$", section(CONTRACT, "## Values"), re.MULTILINE))


def test_every_format_of_every_reader_is_documented_and_every_documented_one_exists() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| .+ \|$", FORMATS.read_text(encoding="utf-8"), re.MULTILINE)
    own = [one for one in registry.readers().readers if type(one).__module__.startswith("runreport.")]
    assert rows == [(one.name, "<br>".join(one.formats)) for one in own]
    readme = re.findall(r"`(\w+)`", section(REPOSITORY / "README.md", "## What is read"))
    assert sorted(readme) == sorted(one.name for one in own)


def test_the_contract_number_is_the_one_in_the_example_of_a_theme() -> None:
    assert f"contract = {contexts.CONTRACT}\n" in (DOCS / "how-to" / "write-a-theme.md").read_text(encoding="utf-8")
