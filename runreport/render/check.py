"""The last look at a site before it replaces the old one."""

import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runreport.errors import SiteCheckError

MOST_BYTES = 1_000_000_000
"""What a static host takes; larger sites are refused."""

_SHOWN = 5
_LOADING = frozenset({"img", "script", "link", "iframe", "source", "video", "audio", "object", "embed", "use", "image"})
_LINKS = ("href", "src", "xlink:href", "poster", "data", "srcset")
_OUTWARD = frozenset({"http", "https", "mailto"})
_CHECKED = frozenset({"script", "style", "base"})
_TAG = re.compile(r"""<([a-zA-Z][^\s/>]*)((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?""")
_OF_INTEREST = re.compile(r"\b(?:id|style|on\w+|href|src|srcset|poster|data)\s*=", re.IGNORECASE)


@dataclass(slots=True)
class PageFacts:
    """What a page defines and points to, and what is wrong with it on its own."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_page(text: str) -> PageFacts:
    """Return what a page defines and points to.

    The pages are our own, so a scan for tags is enough; only those with an attribute that matters are looked into.
    """
    facts = PageFacts()
    for tag, inside in _TAG.findall(text):
        if _OF_INTEREST.search(inside) or tag in _CHECKED:
            _note_tag(facts, tag.casefold(), _attributes(inside))
    return facts


def _attributes(inside: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(inside)
    return {name.casefold(): html.unescape(double or single or bare) for name, double, single, bare in found}


def _note_tag(facts: PageFacts, tag: str, attributes: dict[str, str]) -> None:
    facts.problems += _forbidden(tag, attributes)
    if identity := attributes.get("id"):
        if identity in facts.ids:
            facts.problems.append(f"the id {identity!r} is there twice")
        facts.ids.add(identity)
    for name in _LINKS:
        if name in attributes:
            _note_link(facts, tag, attributes, attributes[name])


def _note_link(facts: PageFacts, tag: str, attributes: dict[str, str], link: str) -> None:
    parts = urlsplit(link)
    if not parts.scheme and not parts.netloc:
        facts.links.append(link)
    elif tag in _LOADING or parts.scheme not in _OUTWARD:
        facts.problems.append(f"<{tag}> points outside: {link[:80]!r}")
    elif "noopener" not in attributes.get("rel", ""):
        facts.problems.append(f"the outward link {link[:80]!r} lacks rel=noopener")


def check_site(folder: Path) -> None:
    """Check that every link resolves, ids are unique, and nothing is inlined or loaded from elsewhere.

    Raises:
        SiteCheckError: something is wrong; the first problems are in the hint.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    pages = {name: read_page(path.read_text("utf-8")) for name, path in files.items() if name.endswith(".html")}
    problems = list(_problems(pages, files))
    size_bytes = sum(path.stat().st_size for path in files.values())
    if size_bytes > MOST_BYTES:
        problems.append(f"the site has {size_bytes} bytes, more than {MOST_BYTES}")
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        rest = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise SiteCheckError("The finished pages failed their check; nothing was replaced.", hint=f"{shown}{rest}.")


def _forbidden(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    for name in attributes:
        if name == "style" or name.startswith("on"):
            yield f"<{tag}> has the attribute {name}"
    if tag == "style" or (tag == "script" and "src" not in attributes):
        yield f"<{tag}> is inline"
    if tag == "base":
        yield "<base> changes where links lead"


def _problems(pages: dict[str, PageFacts], files: dict[str, Path]) -> Iterator[str]:
    for name, facts in sorted(pages.items()):
        yield from (f"{name}: {problem}" for problem in facts.problems)
        yield from (
            f"{name}: {link!r} leads nowhere" for link in facts.links if not _resolves(name, link, pages, files)
        )


def _resolves(name: str, link: str, pages: dict[str, PageFacts], files: dict[str, Path]) -> bool:
    parts = urlsplit(link)
    path = unquote(parts.path)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    if target not in files:
        return False
    return not parts.fragment or (target in pages and unquote(parts.fragment) in pages[target].ids)
