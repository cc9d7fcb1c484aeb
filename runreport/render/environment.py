"""Jinja as templates get it: everything escaped, everything unknown an error, nothing invisible let through."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runreport.render.prose import prose

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


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


def visible(text: str) -> str:
    """Return a text whose control characters and marks of writing direction are replaced by a visible sign.

    A name from a log could otherwise turn the words around it, or end a line where none ends.
    """
    return _INVISIBLE.sub(_REPLACEMENT, text)


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
