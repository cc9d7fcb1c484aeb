"""Markdown from logs and configs as safe HTML."""

import html
import re
from urllib.parse import urlsplit

import markdown
import nh3
from markupsafe import Markup

from runreport.render.visible import visible

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
        "var",
    ]
)
_DROPPED_WITH_CONTENT = frozenset({"script", "style", "title", "iframe", "object", "template", "noscript", "textarea"})
_SCHEMES = frozenset({"http", "https", "mailto"})
_EXTENSIONS = ("tables", "fenced_code", "sane_lists")
_LENGTH = 20_000
_NESTING = re.compile(r"^([ \t]*[>*+-]){20,}", re.MULTILINE)
_COSTLY = {"[": 600, "<": 1200}
"""Each of these makes the converter look through the rest of the text, so that thousands take minutes."""
_HEADINGS = re.compile(r"<(/?)h([1-6])>")
_LEAST_LEVEL, _LOWEST_LEVEL = 2, 6


def prose(text: str) -> Markup:
    """Return Markdown as HTML that cannot run, load or restyle anything.

    Only links to http, https and mailto keep their target. Headings start at the third level, since the page has
    the first two. Text beyond 20,000 characters is cut, and says so.
    """
    shown = visible(text[:_LENGTH])
    body = nh3.clean(
        _converted(shown),
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        attribute_filter=_only_outward,
        link_rel="noopener noreferrer",
        url_schemes=set(_SCHEMES),
    )
    cut = f"<p>Cut here: the first {_LENGTH} of {len(text)} characters.</p>" if len(text) > _LENGTH else ""
    return Markup(body + cut)  # noqa: S704 - nh3 has just removed everything but the tags above


def _converted(text: str) -> str:
    """Markdown to HTML; text that nobody writes by hand, but that could hold up a build, is shown as it is."""
    if _NESTING.search(text) or any(text.count(sign) > most for sign, most in _COSTLY.items()):
        return f"<pre>{html.escape(text)}</pre>"
    try:
        converted = markdown.markdown(text, extensions=_EXTENSIONS, output_format="html")
    except RecursionError:
        return f"<pre>{html.escape(text)}</pre>"
    return _HEADINGS.sub(_lower_heading, converted)


def _lower_heading(match: re.Match[str]) -> str:
    return f"<{match[1]}h{min(int(match[2]) + _LEAST_LEVEL, _LOWEST_LEVEL)}>"


def _only_outward(tag: str, attribute: str, value: str) -> str | None:
    """Links inside a note point to files that are not part of the site; only those with a scheme are kept."""
    if tag == "a" and attribute == "href":
        try:
            return value if urlsplit(value.strip()).scheme.casefold() in _SCHEMES else None
        except ValueError:
            return None
    return value
