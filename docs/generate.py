"""Write the generated parts of the documentation, or check that they are up to date.

Each page is written by hand except for what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typer.models import ArgumentInfo, OptionInfo

import runreport
from runreport import errors
from runreport.cli.app import app
from runreport.config.load import environment_variable, option_help, option_names
from runreport.config.options import TABLES_OF_MANY, Settings
from runreport.errors import RunreportError
from runreport.model.tables import ENTITIES, SCHEMAS
from runreport.pages import contexts
from runreport.pages import parts as page_parts
from runreport.readers import registry

DOCS = Path(__file__).resolve().parent
_GOLDEN = DOCS.parent / "tests" / "golden"
_ORIGIN = re.compile(r"^Origin: (.+)$", re.MULTILINE)
_REGION = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_ATTRIBUTE = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)
_WIDTH = 80
_NO_ENTITY = {
    "metrics": "Metric points: one row per value that was logged.",
    "samples": "Single outcomes behind a metric: one row per evaluation episode or test example.",
}


def commands() -> Iterator[str]:
    """Yield one section per command with its arguments and options."""
    for name, function in named_commands():
        hints = get_type_hints(function, include_extras=True)
        parameters = [(one, *_declaration(hints[one.name])) for one in inspect.signature(function).parameters.values()]
        arguments = [_argument(one, info) for one, _, info in parameters if isinstance(info, ArgumentInfo)]
        yield f"## runreport {name}\n"
        yield f"```text\n{' '.join(['runreport', name, '[OPTIONS]', *arguments])}\n```\n"
        yield f"{inspect.getdoc(function)}\n"
        if parameters:
            yield "| parameter | meaning | default |"
            yield "| --- | --- | --- |"
            yield from (_parameter_row(*parameter) for parameter in parameters)
            yield ""


def named_commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every command as it is typed, those of groups too, with its function."""
    groups = [("", app)] + [(f"{one.name} ", one.typer_instance) for one in app.registered_groups]
    for prefix, group in groups:
        for command in group.registered_commands if group else []:
            if command.callback is not None and command.name is not None:
                yield f"{prefix}{command.name}", command.callback


def _declaration(hint: Any) -> tuple[Any, ArgumentInfo | OptionInfo]:
    kind, info = get_args(hint)
    return kind, info


def _argument(parameter: inspect.Parameter, info: ArgumentInfo) -> str:
    name = info.metavar if parameter.default is parameter.empty else f"[{info.metavar}]"
    return f"{name}..." if "list" in str(parameter.annotation) else str(name)


def _parameter_row(parameter: inspect.Parameter, kind: Any, info: ArgumentInfo | OptionInfo) -> str:
    label = _argument(parameter, info) if isinstance(info, ArgumentInfo) else _option(parameter.name, kind, info)
    default = info.show_default if isinstance(info.show_default, str) else parameter.default
    is_shown = default is not parameter.empty and default not in (None, False, "")
    shown = f"`{getattr(default, 'value', default)}`" if is_shown else ""
    return f"| `{_cell(label)}` | {_cell(info.help or '')} | {_cell(shown)} |"


def _option(name: str, kind: Any, info: OptionInfo) -> str:
    # Typer keeps the flag of an annotated option where the default of an ordinary one stands.
    flag = info.default if isinstance(info.default, str) else f"--{name.replace('_', '-')}"
    if kind is bool:
        return flag
    is_choice = isinstance(kind, type) and issubclass(kind, Enum)
    return f"{flag} {'|'.join(one.value for one in kind) if is_choice else info.metavar}"


def settings() -> Iterator[str]:
    """Yield one row per option of runreport.toml."""
    yield "| option | meaning | default | environment variable |"
    yield "| --- | --- | --- | --- |"
    for name in option_names():
        default = _shown(_default(name))
        yield f"| `{name}` | {_cell(option_help(name))} | {default} | `{environment_variable(name)}` |"
    for name, model in TABLES_OF_MANY.items():
        for key, field in model.model_fields.items():
            default = "required" if field.is_required() else _shown(field.default)
            yield f"| `{name}.{key}` | {_cell(field.description or '')} | {default} | |"


def _default(name: str) -> object:
    value: object = Settings()
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _shown(value: object) -> str:
    if isinstance(value, tuple) and value:
        return ", ".join(f"`{item}`" for item in value)
    return "not set" if value in (None, "", ()) else f"`{value}`"


def error_codes() -> Iterator[str]:
    """Yield one row per error class."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, RunreportError)]
    yield "| exit code | error | meaning |"
    yield "| ---: | --- | --- |"
    for one in sorted(classes, key=lambda error: error.exit_code):
        yield f"| {one.exit_code} | `{one.__name__}` | {_first_line(one)} |"


def formats() -> Iterator[str]:
    """Yield one row per reader of runreport itself: what it reads, and who wrote the logs its tests read."""
    built_ins = [one for one in registry.readers().readers if type(one).__module__.startswith("runreport.")]
    names = [reader.name for reader in built_ins]
    yield "| reader | what is read | logs in the tests |"
    yield "| --- | --- | --- |"
    for reader in built_ins:
        lines = "<br>".join(map(_cell, reader.formats))
        origins = _origins(reader.name, names) or ["a live server, started by the tests"]
        yield f"| `{reader.name}` | {lines} | {'<br>'.join(map(_cell, origins))} |"


def _origins(name: str, names: Sequence[str]) -> list[str]:
    """Return who wrote a reader's golden logs; a longer name that begins like its own is another reader's."""
    others = tuple(other for other in names if other.startswith(name) and other != name)
    cases = [case for case in sorted(_GOLDEN.glob(f"{name}*/README.md")) if not case.parent.name.startswith(others)]
    found = [_ORIGIN.search(case.read_text(encoding="utf-8")) for case in cases]
    return list(dict.fromkeys(origin[1] for origin in found if origin))


def tables() -> Iterator[str]:
    """Yield one section per table of the store."""
    for name, schema in SCHEMAS.items():
        about = _plain(inspect.getdoc(ENTITIES[name]) or "") if name in ENTITIES else _NO_ENTITY[name]
        yield f"### {name}\n"
        yield f"{about}\n"
        yield "| column | type | may be missing |"
        yield "| --- | --- | --- |"
        for field in schema:
            yield f"| `{field.name}` | `{field.type}` | {'yes' if field.nullable else 'no'} |"
        yield ""


def templates() -> Iterator[str]:
    """Yield one section per template with the fields it receives."""
    for template, context in contexts.TEMPLATES.items():
        yield f"### {template}\n"
        yield f"`{context.__name__}`: {_first_line(context)}\n"
        yield from _field_rows(context)


def parts() -> Iterator[str]:
    """Yield one section per value that the fields of a page are made of, in the order of their definition."""
    for one in vars(page_parts).values():
        if not isinstance(one, type) or one.__module__ != page_parts.__name__:
            continue
        yield f"### {one.__name__}\n"
        yield f"{_first_line(one)}\n"
        if issubclass(one, Enum):
            yield f"One of {', '.join(f'`{member.value}`' for member in one if member.value)}, or empty.\n"
        else:
            yield from _field_rows(one)


def _field_rows(context: Any) -> Iterator[str]:
    hints = get_type_hints(context, include_extras=True)
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    for field in fields(context):
        kind, meaning = get_args(hints[field.name])
        yield f"| `{field.name}` | `{_cell(_type_name(kind))}` | {_cell(_plain(meaning))} |"
    yield ""


def api() -> Iterator[str]:
    """Yield one section per public name: functions first, then classes, then constants."""
    values = [(name, getattr(runreport, name)) for name in runreport.__all__]
    for name, value in sorted(values, key=lambda pair: (not inspect.isfunction(pair[1]), not inspect.isclass(pair[1]))):
        yield f"### `{name}`\n"
        if isinstance(value, str):
            yield "Version of the installed package.\n"
            continue
        if inspect.isfunction(value):
            yield f"```python\n{_signature(name, value)}\n```\n"
        yield f"{_docstring(value)}\n"
        yield from _attributes(value)
        yield from _members(value)


def _attributes(value: Any) -> Iterator[str]:
    if inspect.isclass(value) and is_dataclass(value):
        hints = get_type_hints(value)
        meanings = dict(_ATTRIBUTE.findall(_plain(inspect.getdoc(value) or "")))
        yield f"| attribute | type |{' meaning |' if meanings else ''}"
        yield f"| --- | --- |{' --- |' if meanings else ''}"
        for field in fields(value):
            meaning = f" {_cell(meanings[field.name])} |" if meanings else ""
            yield f"| `{field.name}` | `{_cell(_type_name(hints[field.name]))}` |{meaning}"
        yield ""


def _members(value: Any) -> Iterator[str]:
    if not inspect.isclass(value) or issubclass(value, BaseModel | Exception):
        return
    for name, member in vars(value).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield f"#### `{value.__name__}.{name}`\n"
            if inspect.isfunction(member):
                yield f"```python\n{_signature(name, member)}\n```\n"
            yield f"{_docstring(member)}\n"


def _signature(name: str, function: Callable[..., object]) -> str:
    """Return a signature, with a line for each parameter when it is too long for one."""
    signature = inspect.signature(function)
    given = [one for one in signature.parameters.values() if one.name != "self"]
    texts = [_short(str(one)) for one in given]
    keyword = next((at for at, one in enumerate(given) if one.kind is one.KEYWORD_ONLY), None)
    if keyword is not None:
        texts.insert(keyword, "*")
    end = _short(str(signature.replace(parameters=()))).removeprefix("()")
    line = f"{name}({', '.join(texts)}){end}"
    return line if len(line) <= _WIDTH else "\n".join([f"{name}(", *(f"    {text}," for text in texts), f"){end}"])


def _docstring(value: object) -> str:
    text = _plain(inspect.getdoc(value) or "")
    if is_dataclass(value):  # their attributes are a table
        text = text.partition("\n\nAttributes:")[0]
    text = re.sub(r"^(Args|Returns|Raises|Attributes|Yields):$", r"**\1**\n", text, flags=re.MULTILINE)
    return re.sub(r"^    (\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)


def _plain(text: str) -> str:
    """Return a docstring's marks as Markdown."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and get_origin(hint) is None else _short(str(hint))


def _short(text: str) -> str:
    """Return types without the modules they come from and without the quotes of postponed ones."""
    unquoted = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", unquoted)


def _first_line(value: object) -> str:
    return _plain((inspect.getdoc(value) or "").splitlines()[0])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


GENERATORS: Mapping[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "settings": settings,
    "error-codes": error_codes,
    "formats": formats,
    "tables": tables,
    "templates": templates,
    "parts": parts,
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
