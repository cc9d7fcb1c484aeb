"""What Matplotlib wrote becomes SVG that a strict policy allows, or is refused."""

from collections.abc import Sequence

import pytest

from runreport.plots.inline import FIGURE_CLASSES, Caption, inline
from runreport.plots.scene import Role, Text

SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 640 90">
<metadata>x</metadata><defs><style>*{{}}</style></defs>{}</svg>"""
CAPTION = Caption(figure_id="f", kind="curves", title="A < B", description='"d"')
COLORS = {"#000001": Role.S0, "#000002": Role.GRID}


def inlined(body: str, texts: Sequence[Text] = ()) -> str:
    return inline(SVG.format(body), caption=CAPTION, colors=COLORS, texts=texts)


def content(body: str, texts: Sequence[Text] = ()) -> str:
    return inlined(body, texts).split("</desc>")[1].removesuffix("</svg>")


def test_the_figure_is_named_and_scales_with_the_page() -> None:
    assert inlined("").startswith(
        '<svg class="rr-figure curves" role="img" aria-labelledby="f-title" aria-describedby="f-desc" '
        'viewBox="0 0 640 90" width="100%" font-size="12" fill="currentColor" stroke-linejoin="round">'
        '<title id="f-title">A &lt; B</title><desc id="f-desc">&quot;d&quot;</desc>'
    )


def test_styles_become_attributes_and_colours_classes() -> None:
    path = (
        '<g id="line2d_1"><path d="M 1.006 2 L 3 4 L 5 6" style="fill: none; stroke: #000001; stroke-width: 1.8"/></g>'
    )
    expected = '<path class="s0" fill="none" stroke="currentColor" stroke-width="1.8" d="M1.01 2 3 4 5 6"/>'
    assert content(path) == expected


def test_a_layer_is_a_class_of_its_group() -> None:
    area = '<g id="band"><path d="M 0 0 z" style="fill: #000001"/></g>'
    assert content(area) == '<g class="band"><path class="s0" d="M0 0z"/></g>'


def test_neighbours_painted_alike_share_a_group() -> None:
    lines = '<path d="M 0 0" style="stroke: #000002"/><path d="M 1 1" style="stroke: #000002"/>'
    assert content(lines) == '<g class="grid" stroke="currentColor"><path d="M0 0"/><path d="M1 1"/></g>'


def test_equal_markers_are_defined_once_under_ids_of_the_figure() -> None:
    marker = '<defs><path id="{0}" d="M 0 0" style="stroke: #000001"/></defs><use xlink:href="#{0}" x="{1}" y="1.5"/>'
    expected = '<defs><path d="M0 0" id="f-1"/></defs><use x="3" y="1.5" href="#f-1"/><use x="4" y="1.5" href="#f-1"/>'
    assert content(marker.format("m1", 3) + marker.format("m2", 4)) == expected


def test_a_text_is_put_in_place_of_its_number_and_escaped() -> None:
    text = Text(x=0, y=0, text="</text><script>", role=Role.MUTED, anchor="right", size=0.9)
    written = content('<text x="3.14159" y="2" style="font: 10px x; fill: #000001">0</text>', (text,))
    assert written == (
        '<text class="muted" x="3.14" y="2" font-size="0.9em" text-anchor="end">&lt;/text&gt;&lt;script&gt;</text>'
    )


def test_path_commands_that_matter_are_kept() -> None:
    path = '<path d="M 0 0 L 1 1 M 2 2 L 3 3 C 1 1 2 2 3 3 C 1 1 2 2 4 4 L 5 5 z"/>'
    assert content(path) == '<path d="M0 0 1 1M2 2 3 3C1 1 2 2 3 3C1 1 2 2 4 4L5 5z"/>'


@pytest.mark.parametrize(
    "body",
    ["<script/>", "<image/>", "<foreignObject/>", "<a/>", '<text x="1" y="1">name of a run</text>'],
)
def test_what_the_contract_does_not_know_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"may not hold|invalid literal"):
        inlined(body)


def test_unknown_colours_are_refused() -> None:
    with pytest.raises(KeyError, match="#ff0000"):
        inlined('<path d="M 0 0" style="fill: #ff0000"/>')


def test_event_attributes_do_not_come_through() -> None:
    assert "onload" not in inlined('<path d="M 0 0" onload="x"/>')


@pytest.mark.parametrize("changes", [{"figure_id": 'x" y'}, {"figure_id": ""}, {"kind": "pie"}])
def test_unsafe_captions_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"an id starts|no such kind"):
        Caption(**{"figure_id": "f", "kind": "curves", "title": "", "description": ""} | changes)


def test_the_class_contract_has_every_role_once() -> None:
    assert set(Role) < set(FIGURE_CLASSES)
    assert len(set(FIGURE_CLASSES)) == len(FIGURE_CLASSES)
