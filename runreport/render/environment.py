"""Jinja as templates get it: everything escaped, everything unknown an error, nothing invisible let through."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runreport.render.prose import prose
from runreport.render.visible import visible


def template_environment(folders: Sequence[Path]) -> Environment:
    """Return an environment that looks for templates in the folders, the first wins."""
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    environment.filters["prose"] = prose
    return environment


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
