"""Write the generated parts of the reference into docs/reference, or check that they are up to date.

Each page is written by hand except for what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import typer
from pydantic import BaseModel

import runreport
from runreport import errors
from runreport.cli.app import app
from runreport.config.load import environment_variable, option_help, option_names
from runreport.config.options import ExperimentOptions, MetricOptions, Settings
from runreport.errors import RunreportError
from runreport.model.tables import SCHEMAS
from runreport.pages import contexts
from runreport.readers import registry

DOCS = Path(__file__).resolve().parent
_REGION = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def commands() -> Iterator[str]:
    """Yield one section per command with its arguments and options."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        yield f"## runreport {name}\n"
        yield f"{command.help}\n"
        yield f"```text\nrunreport {name} {_usage(command)}\n```\n"
        yield "| parameter | meaning | default |"
        yield "| --- | --- | --- |"
        for parameter in command.params:
            if parameter.name != "help":
                yield _parameter_row(parameter)
        yield ""


def _usage(command: Any) -> str:
    arguments = [one.make_metavar() for one in command.params if one.param_type_name == "argument"]
    return " ".join(["[OPTIONS]", *arguments])


def _parameter_row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    takes_value = is_option and not parameter.is_flag
    label = ", ".join(parameter.opts) if is_option else parameter.make_metavar()
    value = f" {parameter.metavar or _choices(parameter)}" if takes_value else ""
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    shown = "" if default in (None, False, "", ()) or callable(default) else f"`{getattr(default, 'value', default)}`"
    return f"| `{_cell(label + value)}` | {_cell(parameter.help or '')} | {_cell(shown)} |"


def _choices(parameter: Any) -> str:
    names = getattr(parameter.type, "choices", None)
    return "|".join(getattr(name, "value", str(name)) for name in names) if names else str(parameter.type.name).upper()


def settings() -> Iterator[str]:
    """Yield one row per option of runreport.toml."""
    yield "| option | meaning | default | environment variable |"
    yield "| --- | --- | --- | --- |"
    for name in option_names():
        if name not in {"experiments", "metrics.by_name"}:
            default = _cell(f"`{_default(name)}`")
            yield f"| `{name}` | {_cell(option_help(name))} | {default} | `{environment_variable(name)}` |"
    for head, model in (("metrics.by_name.NAME", MetricOptions), ("experiments.NAME", ExperimentOptions)):
        for key, field in model.model_fields.items():
            yield f"| `{head}.{key}` | {_cell(field.description or '')} | `{_shown(field.default)}` | |"


def _default(name: str) -> str:
    value: object = Settings()
    for part in name.split("."):
        value = getattr(value, part)
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return "not set" if value in (None, "") else str(value)


def error_codes() -> Iterator[str]:
    """Yield one row per error class."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, RunreportError)]
    yield "| exit code | error | meaning |"
    yield "| ---: | --- | --- |"
    for one in sorted(classes, key=lambda error: error.exit_code):
        yield f"| {one.exit_code} | `{one.__name__}` | {_first_line(one)} |"


def formats() -> Iterator[str]:
    """Yield one row per layout that is read."""
    yield "| reader | what is read |"
    yield "| --- | --- |"
    for reader in registry.readers():
        for line in reader.formats:
            yield f"| `{reader.name}` | {_cell(line)} |"


def tables() -> Iterator[str]:
    """Yield one section per table of the store."""
    for name, schema in SCHEMAS.items():
        yield f"### {name}\n"
        yield "| column | type | may be missing |"
        yield "| --- | --- | --- |"
        for field in schema:
            yield f"| `{field.name}` | `{field.type}` | {'yes' if field.nullable else 'no'} |"
        yield ""


def theme_contract() -> Iterator[str]:
    """Yield one section per page context with its documented fields."""
    classes = [one for _, one in inspect.getmembers(contexts, inspect.isclass) if is_dataclass(one)]
    for one in classes:
        yield f"### {one.__name__}\n"
        yield f"{inspect.getdoc(one)}\n"
        hints = get_type_hints(one)
        yield "| field | type |"
        yield "| --- | --- |"
        for field in fields(one):
            yield f"| `{field.name}` | `{_type_name(hints[field.name])}` |"
        yield ""


def api() -> Iterator[str]:
    """Yield one section per public name."""
    for name in runreport.__all__:
        value = getattr(runreport, name)
        if isinstance(value, str):
            continue
        signature = str(inspect.signature(value)) if callable(value) else ""
        yield f"### {name}\n"
        yield f"```python\n{name}{_plain_types(signature)}\n```\n"
        yield f"{_docstring(value)}\n"
        yield from _methods(value)


def _methods(value: object) -> Iterator[str]:
    if not inspect.isclass(value) or issubclass(value, BaseModel | Exception) or is_dataclass(value):
        return
    for name, member in inspect.getmembers(value):
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            signature = "" if isinstance(member, property) else _plain_types(str(inspect.signature(member)))
            yield f"#### {value.__name__}.{name}\n"
            yield f"```python\n{name}{signature}\n```\n"
            yield f"{_docstring(member)}\n"


def _docstring(value: object) -> str:
    text = inspect.getdoc(value) or ""
    text = re.sub(r"^(Args|Returns|Raises|Attributes|Yields):$", r"\n**\1**\n", text, flags=re.MULTILINE)
    text = re.sub(r"^    (\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


def _plain_types(signature: str) -> str:
    return re.sub(r"\b(?:runreport|pathlib|collections|pandas)\.(?:\w+\.)*", "", signature)


def _type_name(hint: object) -> str:
    return _cell(re.sub(r"\b(?:\w+\.)+(?=\w)", "", str(hint).removeprefix("<class '").removesuffix("'>")))


def _first_line(value: object) -> str:
    return (inspect.getdoc(value) or "").splitlines()[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


GENERATORS: Mapping[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "settings": settings,
    "error-codes": error_codes,
    "formats": formats,
    "tables": tables,
    "theme-contract": theme_contract,
    "api": api,
}


def with_regions(text: str) -> str:
    """Return the text of a page with every generated region written anew."""

    def region(found: re.Match[str]) -> str:
        body = "\n".join(GENERATORS[found["name"]]()).rstrip("\n")
        return f"{found[1]}\n{body}\n\n{found[4]}"

    return _REGION.sub(region, text)


def stale_pages() -> dict[Path, str]:
    """Return the pages whose generated regions are out of date, with their new text."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
    fresh = {path: with_regions(text) for path, text in pages.items()}
    return {path: text for path, text in fresh.items() if text != pages[path]}


def main() -> int:
    """Write or check the generated regions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    arguments = parser.parse_args()
    stale = stale_pages()
    for path, text in stale.items():
        if arguments.check:
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is out of date: run `make reference`\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote {path.relative_to(DOCS.parent)}\n")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
