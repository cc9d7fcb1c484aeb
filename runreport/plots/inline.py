"""Matplotlib's SVG made fit to stand inside a page with a strict content security policy.

The result has no style attribute or element, no script, no event, no link: only the elements and attributes listed
here, so nothing else can come through. Colours become classes. The class contract for style sheets:

* The ``<svg>`` has the classes ``rr-figure`` and its kind; text sizes are relative to its ``font-size``.
* Each class of ``Role`` sets ``color``; what is painted takes ``currentColor``. ``s0`` to ``s7`` are the series,
  ``ink`` and ``muted`` text, ``grid`` hairlines, ``accent`` what is pointed out, ``bad`` what is not finite or left out,
  ``paper`` text on a full series colour.
* ``band``, ``faint``, ``better`` and ``dot`` stand beside or around a role and set its opacity; ``node`` is the
  outline of a box in the lineage graph.

Without any style sheet the figure is readable in the text colour of the page.
"""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from runreport.plots.scene import Role, Text
from runreport.plots.text import FONT_PX, clean

LAYERS = ("band", "faint", "better", "dot", "node")
KINDS = ("curves", "dots", "estimates", "scatter", "critical-difference", "profiles", "ranks", "lineage")
FIGURE_CLASSES: tuple[str, ...] = ("rr-figure", *KINDS, *Role, *LAYERS)
"""Every class that a figure may carry."""

_TITLE_LENGTH, _DESCRIPTION_LENGTH = 200, 2000
_ELEMENTS = {"g", "path", "use", "text", "clipPath", "rect"}
_GEOMETRY = ("d", "x", "y", "width", "height", "transform")
_PAINT = ("opacity", "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap")
_DROPPED_ELEMENTS = {"metadata", "style"}
_DEFAULTS = {"stroke-width": "1", "stroke-linecap": "butt"}
_ANCHORS = {"left": "", "center": "middle", "right": "end"}
_NUMBER = re.compile(r"-?\d+\.\d+")
_PATH_PART = re.compile(r"[A-Za-z]|[^\sA-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What names a figure.

    ``figure_id`` starts every id inside it and ``kind`` is one of ``KINDS``; ``title`` and ``description`` are said
    by screen readers and may be foreign text.

    Raises:
        ValueError: the id is not made of letters, digits and hyphens, or there is no such kind.
    """

    figure_id: str
    kind: str
    title: str
    description: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", self.figure_id):
            message = f"an id starts with a letter and has only letters, digits and hyphens, not {self.figure_id!r}"
            raise ValueError(message)
        if self.kind not in KINDS:
            message = f"no such kind of figure: {self.kind!r}"
            raise ValueError(message)


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str]
    children: "list[_Node]" = field(default_factory=list)
    text: str = ""


@dataclass(slots=True)
class _Definitions:
    """Markers and clip paths by content, so that equal ones are kept once; ``names`` maps old ids to new ones."""

    figure_id: str
    names: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, _Node] = field(default_factory=dict)

    def add(self, old_id: str, node: _Node) -> None:
        key = "".join(_written(node))
        if key not in self.nodes:
            self.nodes[key] = node
            node.attributes["id"] = f"{self.figure_id}-{len(self.nodes)}"
        self.names[old_id] = self.nodes[key].attributes["id"]


def inline(svg: str, *, caption: Caption, colors: Mapping[str, Role], texts: Sequence[Text]) -> str:
    """Return the SVG for use inside HTML.

    Args:
        svg: what Matplotlib wrote; each text in it is the index of what to say in ``texts``.
        caption: names the figure.
        colors: the role behind each colour that was drawn with, as ``#rrggbb``.
        texts: cleaned texts.

    Raises:
        ValueError: the SVG holds an element, a colour or a text that the contract does not know.
    """
    root = ET.fromstring(svg)  # noqa: S314 - written by the drawing library a moment ago, without foreign text
    definitions = _Definitions(figure_id=caption.figure_id)
    _collect(root, definitions)
    body = [node for child in root for node in _nodes(child, colors, texts, definitions.names)]
    defs = [_Node("defs", {}, list(definitions.nodes.values()))] if definitions.nodes else []
    content = "".join(part for node in (*defs, *_grouped(body)) for part in _written(node))
    _, _, width, height = root.attrib["viewBox"].split()
    return frame(content, caption=caption, size=(float(width), float(height)))


def frame(content: str, *, caption: Caption, size: tuple[float, float], role: str = "img", width: str = "100%") -> str:
    """Return the ``<svg>`` around safe content, named and described for screen readers; ``size`` is width, height."""
    title_id, desc_id = f"{caption.figure_id}-title", f"{caption.figure_id}-desc"
    named = f'aria-labelledby="{title_id}" aria-describedby="{desc_id}"'
    view = f'viewBox="0 0 {number(size[0])} {number(size[1])}" width="{width}"'
    paint = f'font-size="{FONT_PX:g}" fill="currentColor" stroke-linejoin="round"'
    said = (
        f'<title id="{title_id}">{escaped(clean(caption.title, _TITLE_LENGTH))}</title>'
        f'<desc id="{desc_id}">{escaped(clean(caption.description, _DESCRIPTION_LENGTH))}</desc>'
    )
    return f'<svg class="rr-figure {caption.kind}" role="{role}" {named} {view} {paint}>{said}{content}</svg>'


def escaped(text: str) -> str:
    """Return text for an element or a quoted attribute."""
    return html.escape(text, quote=True)


def number(value: float) -> str:
    """Return a coordinate with at most two decimals.

    >>> number(-0.001), number(12.5), number(3.14159)
    ('0', '12.5', '3.14')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _collect(root: ET.Element, definitions: _Definitions) -> None:
    for defs in root.iter(_qualified("defs")):
        for element in defs:
            tag = _tag(element)
            if tag == "style":
                continue
            children = [_Node(_tag(child), _geometry(child)) for child in element]
            definitions.add(element.attrib["id"], _Node(tag, _geometry(element), children))


def _nodes(
    element: ET.Element, colors: Mapping[str, Role], texts: Sequence[Text], names: Mapping[str, str]
) -> Iterator[_Node]:
    tag = _tag(element)
    if tag in _DROPPED_ELEMENTS or tag == "defs":
        return
    if tag not in _ELEMENTS:
        message = f"an element that figures may not hold: {tag}"
        raise ValueError(message)
    if tag == "text":
        yield _text_node(element, texts)
        return
    attributes = {**_class_and_paint(element, colors), **_geometry(element), **_references(element, names)}
    children = [node for child in element for node in _nodes(child, colors, texts, names)]
    if tag != "g":
        yield _Node(tag, attributes, children)
    elif attributes and children:
        yield _Node(tag, attributes, _grouped(children))
    else:
        yield from children


def _text_node(element: ET.Element, texts: Sequence[Text]) -> _Node:
    text = texts[int("".join(element.itertext()))]
    attributes = {"class": text.role.value, "x": number(float(element.attrib["x"]))}
    attributes["y"] = number(float(element.attrib["y"]))
    if text.size != 1:
        attributes["font-size"] = f"{text.size:g}em"
    if text.anchor != "left":
        attributes["text-anchor"] = _ANCHORS[text.anchor]
    return _Node("text", attributes, text=text.text)


def _class_and_paint(element: ET.Element, colors: Mapping[str, Role]) -> dict[str, str]:
    style = dict(item.split(": ", 1) for item in element.attrib.get("style", "").split("; ") if item)
    roles = {colors[style[name]] for name in ("fill", "stroke") if style.get(name, "none") != "none"}
    if len(roles) > 1:
        message = f"one mark has two roles: {sorted(roles)}"
        raise ValueError(message)
    layer = element.attrib.get("id", "")
    classes = " ".join([layer] * (layer in LAYERS) + sorted(roles))
    attributes = {"class": classes} if classes else {}
    if style.get("fill") == "none":
        attributes["fill"] = "none"
    if style.get("stroke", "none") != "none":
        attributes["stroke"] = "currentColor"
    paint = {name: _rounded(style[name]) for name in _PAINT if name in style}
    return attributes | {name: value for name, value in paint.items() if value != _DEFAULTS.get(name)}


def _geometry(element: ET.Element) -> dict[str, str]:
    found = {name: _rounded(element.attrib[name]) for name in _GEOMETRY if name in element.attrib}
    if "d" in found:
        found["d"] = _compact_path(found["d"])
    return found


def _references(element: ET.Element, names: Mapping[str, str]) -> dict[str, str]:
    references = {}
    target = element.attrib.get("{http://www.w3.org/1999/xlink}href")
    if target is not None:
        references["href"] = f"#{names[target.removeprefix('#')]}"
    clip = element.attrib.get("clip-path")
    if clip is not None:
        references["clip-path"] = f"url(#{names[clip.removeprefix('url(#').removesuffix(')')]})"
    return references


def _compact_path(path: str) -> str:
    """Leave out a line command that repeats; after M a further pair is a line already."""
    parts: list[str] = []
    current = ""
    for part in _PATH_PART.findall(path):
        is_implied = part == "L" and current in {"M", "L"}
        if not is_implied:
            parts.append(part)
        if part.isalpha():
            current = part
    return re.sub(r" ?([A-Za-z]) ?", r"\1", " ".join(parts))


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda match: number(float(match.group())), text)


def _grouped(nodes: Iterable[_Node]) -> list[_Node]:
    """Put neighbours that are painted alike into one group that says so once."""
    grouped: list[_Node] = []
    for (_, shared), run in groupby(nodes, key=lambda node: (node.tag, _shareable(node))):
        members = list(run)
        if len(members) == 1 or not shared or members[0].tag == "g":
            grouped.extend(members)
            continue
        for member in members:
            member.attributes = {k: v for k, v in member.attributes.items() if (k, v) not in shared}
        grouped.append(_Node("g", dict(shared), members))
    return grouped


def _shareable(node: _Node) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in node.attributes.items() if name not in (*_GEOMETRY, "href", "id"))


def _written(node: _Node) -> Iterator[str]:
    attributes = "".join(f' {name}="{escaped(value)}"' for name, value in node.attributes.items())
    if not node.children and not node.text:
        yield f"<{node.tag}{attributes}/>"
        return
    yield f"<{node.tag}{attributes}>{escaped(node.text)}"
    for child in node.children:
        yield from _written(child)
    yield f"</{node.tag}>"


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _qualified(tag: str) -> str:
    return f"{{http://www.w3.org/2000/svg}}{tag}"
