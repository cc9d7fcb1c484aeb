"""The lineage graph as SVG: escaped, with relative links only."""

import xml.etree.ElementTree as ET

import pytest

from runreport.plots.lineage import LineageArrow, LineageBox, LineageFigure, is_relative, lineage_svg


def graph(
    url: str = "runs/a.html", label: str = "run a", arrows: tuple[tuple[str, str, str], ...] = (("a", "b", "used"),)
) -> LineageFigure:
    boxes = (
        LineageBox(node_id="a", kind="run", label=label, detail="finished", x=4, y=4, url=url),
        LineageBox(node_id="b", kind="artifact", label="model.npz", detail="", x=236, y=4),
    )
    edges = tuple(LineageArrow(from_node=start, to_node=end, relation=word) for start, end, word in arrows)
    return LineageFigure(title="t", description="d", width=408.0, height=52.0, boxes=boxes, arrows=edges)


def parsed(figure: LineageFigure) -> ET.Element:
    return ET.fromstring(lineage_svg(figure, figure_id="g"))  # noqa: S314 - drawn by us


def test_boxes_link_to_their_pages() -> None:
    (link,) = parsed(graph()).iter("a")
    assert link.attrib["href"] == "runs/a.html"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "java\nscript:x", "http://h/", "//h/x", "/etc", "\\\\h\\x", "data:x", "", " x", "a\x00b"],
)
def test_links_that_leave_the_site_are_left_out(url: str) -> None:
    assert not is_relative(url)
    assert not list(parsed(graph(url=url)).iter("a"))


def test_an_arrow_ends_at_its_box_and_says_its_relation() -> None:
    (arrow,) = parsed(graph()).iter("path")
    assert arrow.attrib["d"].startswith("M172 26L")
    assert "L236 26" in arrow.attrib["d"]
    assert arrow[0].text == "used"


def test_long_labels_are_shortened_and_whole_in_the_title() -> None:
    name = "models/checkpoints/seed-0/model.npz"
    svg = lineage_svg(graph(label=name), figure_id="g")
    assert f"<title>run: {name} finished</title>" in svg
    shown = [text.text for text in parsed(graph(label=name)).iter("text")]
    assert shown[0] == "models/chec…/model.npz"


def test_the_table_lists_edges_and_boxes_without_any() -> None:
    assert graph().table().rows == (("run a", "used", "model.npz"),)
    assert graph(arrows=()).table().rows == (("run a", "", ""), ("model.npz", "", ""))


def test_the_drawing_keeps_its_size_so_that_its_box_scrolls() -> None:
    assert parsed(graph()).attrib["width"] == "408"
