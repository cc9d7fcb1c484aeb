"""Themes: a folder with ``theme.toml``, ``templates/`` and ``static/``, which may extend another."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runreport.errors import ThemeError
from runreport.pages.contexts import CONTRACT, TEMPLATES
from runreport.plugins import THEMES, LoadedPlugin, failure, load, names
from runreport.resources import resource_folder

_TOKEN_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_TOKEN_VALUE = re.compile(r"[^{};<>\n]+\Z")
_SCHEMES = ("light", "dark")
_SHEET = """\
:root {{
{light}}}
@media screen and (prefers-color-scheme: dark) {{
:root:not([data-theme="light"]) {{
{dark}}}
}}
@media screen {{
:root[data-theme="dark"] {{
{dark}}}
}}
"""
_KEYS = frozenset({"name", "version", "contract", "extends", "tokens"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme with everything it inherits.

    Attributes:
        name: its name; ``version`` is its own.
        template_folders: where templates are looked for, its own first.
        static: files by their address below ``static/``.
        tokens: custom properties of the style sheet for ``light`` and what differs in ``dark``.
    """

    name: str
    version: str
    template_folders: tuple[Path, ...]
    static: Mapping[str, Path]
    tokens: Mapping[str, Mapping[str, str]]

    def token_sheet(self) -> str:
        """Return the tokens as a style sheet."""
        light, dark = (_declarations(self.tokens.get(scheme, {})) for scheme in _SCHEMES)
        return _SHEET.format(light=light, dark=dark)


def default_theme() -> Path:
    """Return the folder of the theme that comes with runreport."""
    return resource_folder("themes") / "default"


def load_theme(name_or_folder: str) -> Theme:
    """Return a theme by the name of an installed one or by its folder.

    Raises:
        ThemeError: there is no such theme, it lacks a file, or it was written for another contract.
    """
    theme = _load(_folder_of(name_or_folder), ())
    missing = [name for name in TEMPLATES if not any((folder / name).is_file() for folder in theme.template_folders)]
    if missing:
        raise ThemeError(
            f"The theme {theme.name!r} lacks the template {missing[0]}.",
            hint='Add it, or put extends = "default" into theme.toml.',
        )
    return theme


def _folder_of(name_or_folder: str) -> Path:
    folder = Path(name_or_folder)
    if (folder / "theme.toml").is_file():
        return folder
    if folder.is_dir() or folder.name != name_or_folder:
        raise ThemeError(f"There is no theme.toml in {name_or_folder}.", hint="Name the folder that holds theme.toml.")
    return _installed_folder(name_or_folder)


def _installed_folder(name: str) -> Path:
    plugins = load(THEMES, only=name)
    if plugins.loaded:
        return _plugin_folder(plugins.loaded[0])
    if plugins.notices:
        raise ThemeError(plugins.notices[0].message, hint=plugins.notices[0].hint)
    known = names(THEMES)
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {nearest[0]!r}?" if nearest else f"Installed themes: {', '.join(known)}."
    raise ThemeError(f"There is no theme {name!r}.", hint=hint)


def _plugin_folder(plugin: LoadedPlugin) -> Path:
    try:
        return Path(plugin.value())
    except Exception as error:
        # Anything may go wrong in foreign code; it is named together with where it came from.
        reason = failure(plugin, f"{type(error).__name__}: {error}")
        raise ThemeError(reason.message, hint=reason.hint) from error


def _load(folder: Path, below: tuple[Path, ...]) -> Theme:
    place = folder.resolve()
    if place in below:
        raise ThemeError(f"The theme in {folder.name} extends itself.", hint="Change extends in its theme.toml.")
    facts = _read(place / "theme.toml")
    parent = _load(_parent_folder(place, str(facts["extends"])), (*below, place)) if facts.get("extends") else None
    return _combined(place, facts, parent)


def _parent_folder(place: Path, extends: str) -> Path:
    beside = place / extends
    return beside if (beside / "theme.toml").is_file() else _folder_of(extends)


def _read(path: Path) -> Mapping[str, object]:
    try:
        facts = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"{path.parent.name}/theme.toml cannot be read: {error}") from error
    if unknown := sorted(facts.keys() - _KEYS):
        raise ThemeError(f"theme.toml has the unknown key {unknown[0]!r}.", hint=f"Known: {', '.join(sorted(_KEYS))}.")
    if facts.get("contract") != CONTRACT:
        sentence = f"The theme in {path.parent.name} is for contract {facts.get('contract')}, not {CONTRACT}."
        raise ThemeError(sentence, hint="See the changelog for what a theme must change.")
    return facts


def _combined(place: Path, facts: Mapping[str, object], parent: Theme | None) -> Theme:
    own_static = _static(place / "static")
    inherited = parent.tokens if parent else {}
    own_tokens = _tokens(facts.get("tokens", {}), place.name)
    return Theme(
        name=str(facts.get("name", place.name)),
        version=str(facts.get("version", "")),
        template_folders=(place / "templates", *(parent.template_folders if parent else ())),
        static=dict(sorted({**(parent.static if parent else {}), **own_static}.items())),
        tokens={scheme: {**inherited.get(scheme, {}), **own_tokens.get(scheme, {})} for scheme in _SCHEMES},
    )


def _static(folder: Path) -> dict[str, Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path for path in files}


def _tokens(tokens: object, theme: str) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(tokens, dict) or tokens.keys() - set(_SCHEMES):
        raise ThemeError(f"The tokens of the theme {theme} are not the tables tokens.light and tokens.dark.")
    for name, value in ((name, value) for table in tokens.values() for name, value in dict(table).items()):
        if not (_TOKEN_NAME.match(name) and isinstance(value, str) and _TOKEN_VALUE.match(value)):
            raise ThemeError(f"The token {name!r} of the theme {theme} is not a plain value of CSS.")
    return tokens


def _declarations(tokens: Mapping[str, str]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in tokens.items())
