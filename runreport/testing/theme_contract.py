"""What every theme must do, as checks that built-ins and third parties run over a made-up report.

In a theme's tests::

    import pytest
    from runreport.testing import theme_contract

    @pytest.mark.parametrize("check", theme_contract.CHECKS, ids=lambda check: check.__name__)
    def test_contract(check, tmp_path):
        check("path/of/my_theme", tmp_path)

A check returns nothing and raises :class:`ContractError` with what is wrong.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from jinja2 import Environment, meta, nodes

from runreport.errors import RunreportError
from runreport.pages.contexts import TEMPLATES
from runreport.render.check import check_site
from runreport.render.environment import template_environment
from runreport.render.site import render_site
from runreport.render.theme import Theme, load_theme
from runreport.testing.sample_report import SampleReport, sample_report

BEYOND_CONTEXT = frozenset({"svg"})
"""What a template may use beside the fields of its context: the drawn figures by their id."""

HOSTILE = (
    "</script><script>window.XSS=1</script>",
    "\"><img src=x onerror=window.XSS=1>'",
    "javascript:window.XSS=1//../../{{ 7 * 7 }}\u202enul\x00",
    "x" * 10_000,
)
"""Endings of names that must stay text."""

_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'none'; worker-src 'none'; base-uri 'none'; form-action 'none'"
)
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08]")


class ContractError(AssertionError):
    """A theme breaks the contract; the message says how."""


def templates_ask_for_known_fields(theme: str, _scratch: Path) -> None:
    """No template uses a variable that its page does not have."""
    loaded = load_theme(theme)
    environment = template_environment(loaded.template_folders)
    for template, context in TEMPLATES.items():
        known = {field.name for field in fields(context)} | BEYOND_CONTEXT
        for name in _with_parents(environment, template):
            unknown = sorted(_undeclared(environment, name) - known)
            _require(not unknown, f"{name} uses {', '.join(unknown)}, which {context.__name__} does not have")


def every_page_is_whole(theme: str, scratch: Path) -> None:
    """Every page renders, every link resolves, and pages stand on headings, landmarks and the security policy."""
    for number, report in enumerate((sample_report(), sample_report(experiments=1))):
        folder = scratch / f"whole-{number}"
        _write(report, load_theme(theme), folder)
        for path in sorted(folder.rglob("*.html")):
            _check_page(path.relative_to(folder).as_posix(), path.read_text("utf-8"))


def hostile_names_stay_text(theme: str, scratch: Path) -> None:
    """Names from logs never become markup, links, file names or invisible characters."""
    for number, hostile in enumerate(HOSTILE):
        folder = scratch / f"hostile-{number}"
        _write(sample_report(hostile=hostile, experiments=1), load_theme(theme), folder)
        for path in sorted(folder.rglob("*.html")):
            text = path.read_text("utf-8")
            name = path.relative_to(folder).as_posix()
            _require(not re.search(r"<[^>]*\son\w+\s*=(?![^<]*&gt;)", _tags(text)), f"{name} has an event attribute")
            _require("<script>" not in text and "<img src=x" not in text, f"{name} lets markup of a name through")
            _require(not _INVISIBLE.search(text), f"{name} holds invisible characters of a name")


def same_bytes_twice(theme: str, _scratch: Path) -> None:
    """The same report gives the same bytes."""
    report, loaded = sample_report(experiments=1), load_theme(theme)
    first, second = (dict(render_site(report.pages(), loaded)) for _ in range(2))
    changed = [name for name in first if first[name] != second.get(name)]
    _require(not changed and first.keys() == second.keys(), f"{', '.join(changed[:3])} changed between two builds")


CHECKS: tuple[Callable[[str, Path], None], ...] = (
    templates_ask_for_known_fields,
    every_page_is_whole,
    hostile_names_stay_text,
    same_bytes_twice,
)
"""All checks; each takes the name or folder of a theme and an empty scratch folder."""


def _write(report: SampleReport, theme: Theme, folder: Path) -> None:
    try:
        for name, content in render_site(report.pages(), theme):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        check_site(folder)
    except RunreportError as error:
        raise ContractError(f"{error.sentence} {error.hint}") from error


def _check_page(name: str, text: str) -> None:
    _require(text.count("<h1") == 1, f"{name} does not have exactly one h1")
    _require(re.search(r"<html lang=\"\w+\"", text) is not None, f"{name} does not say its language")
    _require("<main" in text, f"{name} has no main landmark")
    _require("<title>" in text, f"{name} has no title")
    if name != "404.html":
        _require(_SECURITY_POLICY in text, f"{name} lacks the content security policy of the contract")


def _with_parents(environment: Environment, template: str) -> Iterator[str]:
    """Yield a template and every template it extends, includes or imports."""
    waiting, seen = [template], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        waiting += [other for other in meta.find_referenced_templates(_parsed(environment, name)) if other]


def _undeclared(environment: Environment, name: str) -> set[str]:
    """What a template takes from outside; what it imports is not visible to its blocks for this analysis."""
    parsed = _parsed(environment, name)
    modules = {module.target for module in parsed.find_all(nodes.Import)}
    macros = {_own_name(macro) for found in parsed.find_all(nodes.FromImport) for macro in found.names}
    return meta.find_undeclared_variables(parsed) - modules - macros


def _own_name(macro: str | tuple[str, str]) -> str:
    return macro if isinstance(macro, str) else macro[1]


def _parsed(environment: Environment, name: str) -> nodes.Template:
    if environment.loader is None:
        raise ContractError("the environment has no loader")
    return environment.parse(environment.loader.get_source(environment, name)[0])


def _tags(text: str) -> str:
    """The text without what stands between tags and inside attribute values."""
    return re.sub(r'"[^"]*"', '""', re.sub(r">[^<]*<", "><", text))


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise ContractError(problem)
