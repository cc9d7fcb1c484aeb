"""The lineage graph as a figure: placed boxes and arrows, and their SVG. Needs no drawing library."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from runreport.plots.inline import Caption, escaped, frame, number
from runreport.plots.spec import FigureTable
from runreport.plots.text import clean

BOX_WIDTH, BOX_HEIGHT = 168.0, 44.0
"""Size of every box, in the units of the drawing; one unit is one CSS pixel."""

_CHARACTERS = 22
_PAD = 10.0
_CORNER = 4.0
_LEAST_BEND = 24.0
_HEAD_LENGTH, _HEAD_HALF = 7.0, 3.5
_FULL_NAME_LENGTH = 300
_CLASSES = {"code": "s7", "dataset": "s2", "run": "s0", "artifact": "s4"}
_UNSAFE_IN_URL = (":", "\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageBox:
    """A node whose upper left corner is at (x, y); ``url`` is relative, or empty for no link."""

    node_id: str
    kind: str
    label: str
    detail: str
    x: float
    y: float
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageArrow:
    """An edge from one box to another; ``relation`` is its word, ``via`` the points it passes through in between."""

    from_node: str
    to_node: str
    relation: str
    via: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageFigure:
    """A graph laid out from left to right in a drawing of the given size; every arrow's ends are among the boxes."""

    kind: ClassVar[str] = "lineage"

    title: str
    description: str
    width: float
    height: float
    boxes: tuple[LineageBox, ...]
    arrows: tuple[LineageArrow, ...]

    def table(self) -> FigureTable:
        """Return one row per arrow, and one per box without any."""
        labels = {box.node_id: box.label for box in self.boxes}
        joined = {end for arrow in self.arrows for end in (arrow.from_node, arrow.to_node)}
        edges = ((labels[arrow.from_node], arrow.relation, labels[arrow.to_node]) for arrow in self.arrows)
        lone = ((box.label, "", "") for box in self.boxes if box.node_id not in joined)
        return FigureTable(columns=("from", "relation", "to"), rows=(*edges, *lone))


def lineage_svg(figure: LineageFigure, *, figure_id: str) -> str:
    """Return the graph as inline SVG with links.

    Its natural width is that of the layout; put it into a box that scrolls sideways. Links are left out unless they
    are relative: a scheme, a host or a backslash never comes through.

    Raises:
        ValueError: ``figure_id`` has other characters than letters, digits and hyphens.
    """
    places = {box.node_id: box for box in figure.boxes}
    arrows = "".join(_arrow(places[arrow.from_node], places[arrow.to_node], arrow) for arrow in figure.arrows)
    boxes = "".join(part for box in figure.boxes for part in _box(box))
    content = f'<g class="muted" stroke="currentColor" fill="none">{arrows}</g>{boxes}'
    size = (figure.width, figure.height)
    caption = Caption(figure_id=figure_id, kind=figure.kind, title=figure.title, description=figure.description)
    return frame(content, caption=caption, size=size, role="group", width=number(figure.width))


def is_relative(url: str) -> bool:
    """Return whether a link stays inside the site's folder tree as far as its form tells.

    >>> is_relative("../runs/a-1.html#top"), is_relative("javascript:alert(1)"), is_relative("//host/x")
    (True, False, False)
    """
    is_plain = url.isprintable() and not any(sign in url for sign in _UNSAFE_IN_URL)
    return bool(url) and is_plain and not url.startswith("/") and url == url.strip()


def _arrow(start: LineageBox, end: LineageBox, arrow: LineageArrow) -> str:
    x0, y0 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    x1, y1 = end.x, end.y + BOX_HEIGHT / 2
    stops = [(x0, y0), *_passages(arrow.via), (x1 - _HEAD_LENGTH, y1)]
    curves = "".join(_curve(*pair) for pair in pairwise(stops))
    back = x1 - _HEAD_LENGTH
    head = f"M{_point(back, y1 - _HEAD_HALF)}L{_point(x1, y1)}L{_point(back, y1 + _HEAD_HALF)}"
    return (
        f'<path d="M{_point(x0, y0)}{curves}{head}"><title>{escaped(clean(arrow.relation, _CHARACTERS))}</title></path>'
    )


def _passages(via: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Straight through the column of each point, so that the curves stay between the columns."""
    for x, y in via:
        yield from ((x - BOX_WIDTH / 2, y), (x + BOX_WIDTH / 2, y))


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    if start[1] == end[1]:
        return f"L{_point(*end)}"
    bend = max(_LEAST_BEND, (end[0] - start[0]) / 2)
    return f"C{_point(start[0] + bend, start[1])} {_point(end[0] - bend, end[1])} {_point(*end)}"


def _point(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"


def _box(box: LineageBox) -> Iterator[str]:
    is_link = is_relative(box.url)
    full = clean(f"{box.kind}: {box.label} {box.detail}", _FULL_NAME_LENGTH)
    yield f'<a href="{escaped(box.url)}">' if is_link else "<g>"
    yield f"<title>{escaped(full)}</title>"
    frame_class = _CLASSES.get(box.kind, "muted")
    x, y = number(box.x), number(box.y)
    size = f'width="{BOX_WIDTH:g}" height="{BOX_HEIGHT:g}" rx="{_CORNER:g}"'
    yield f'<rect class="node {frame_class}" x="{x}" y="{y}" {size} fill="none" stroke="currentColor"/>'
    yield _text(box.x + _PAD, box.y + 18, box.label or box.kind, "ink", "")
    yield _text(box.x + _PAD, box.y + 35, box.detail or box.kind, "muted", ' font-size=".9em"')
    yield "</a>" if is_link else "</g>"


def _text(x: float, y: float, text: str, css_class: str, size: str) -> str:
    shown = escaped(clean(text, _CHARACTERS))
    return f'<text class="{css_class}" x="{number(x)}" y="{number(y)}"{size}>{shown}</text>'
