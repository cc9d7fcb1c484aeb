"""A plan and a theme become files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass

from jinja2 import Environment, TemplateError
from markupsafe import Markup

from runreport.errors import ThemeError
from runreport.names import content_hash
from runreport.pages.contexts import Context
from runreport.pages.parts import Cell, Fact, Figure, FigureBlock, Frame, Table
from runreport.pages.site import Page
from runreport.plots.draw import draw
from runreport.render.environment import template_environment
from runreport.render.theme import Theme
from runreport.strict_json import dumps

TOKEN_SHEET = "static/tokens.css"  # noqa: S105 - design tokens, no secret
_WITHOUT_FIGURES = (Cell, Fact, Frame, Table)

NamedFigure = tuple[str, Figure]
"""The id of a block on its page, and its figure: two blocks of one page may show the very same figure."""

FigureMap = Callable[[Callable[[NamedFigure], str], Iterable[NamedFigure]], Iterator[str]]
"""Like the built-in ``map``: applies a function to figures and gives the results in their order."""


def render_site(
    pages: Sequence[Page], theme: Theme, *, keep_contexts: bool = False, map_figures: FigureMap = map
) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the site as (address, content), in a stable order.

    Args:
        pages: the plan.
        theme: how it looks.
        keep_contexts: whether to write what each page is made of as JSON beside it.
        map_figures: how figures are drawn, for drawing them in several processes; serially by default.

    Raises:
        ThemeError: a template is wrong or asks for something its context does not have.
        StoreError: a picture that the store keeps is missing or damaged.
    """
    yield ".nojekyll", b""
    yield TOKEN_SHEET, theme.token_sheet().encode()
    for name, path in theme.static.items():
        yield f"static/{name}", path.read_bytes()
    environment = template_environment(theme.template_folders)
    blocks = [tuple(figure_blocks(page.context)) for page in pages]
    drawn = map_figures(_drawn, [(block.figure_id, block.figure) for on_page in blocks for block in on_page])
    shown: set[str] = set()
    for page, on_page in zip(pages, blocks, strict=True):
        svg = {block.figure_id: Markup(next(drawn)) for block in on_page}  # noqa: S704 - plots.inline escapes
        yield page.url, render_page(environment, page, svg).encode()
        for file in page.files:
            if file.url not in shown:
                shown.add(file.url)
                yield file.url, file.read()
        if keep_contexts:
            yield f"{page.url.removesuffix('.html')}.json", f"{dumps(page.context)}\n".encode()


def render_page(environment: Environment, page: Page, svg: dict[str, Markup]) -> str:
    """Return one page as HTML.

    Raises:
        ThemeError: its template is wrong or asks for something its context does not have.
    """
    variables = {field.name: getattr(page.context, field.name) for field in fields(page.context)}
    try:
        return environment.get_template(page.template).render(**variables, svg=svg)
    except TemplateError as error:
        raise ThemeError(f"The template {page.template} fails on {page.url}: {error}") from error


def _drawn(named: NamedFigure) -> str:
    name, figure = named
    return draw(figure, figure_id=f"figure-{content_hash(name)}")


def figure_blocks(context: Context) -> Iterator[FigureBlock]:
    """Yield the figures of a page in the order of its fields."""
    for field in fields(context):
        yield from _blocks_in(getattr(context, field.name))


def _blocks_in(value: object) -> Iterator[FigureBlock]:
    if isinstance(value, FigureBlock):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _blocks_in(item)
    elif is_dataclass(value) and not isinstance(value, _WITHOUT_FIGURES) and not isinstance(value, type):
        for field in fields(value):
            yield from _blocks_in(getattr(value, field.name))
