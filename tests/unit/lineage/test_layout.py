"""Layers from left to right, nothing on top of anything, the same for the same graph."""

from hypothesis import given
from hypothesis import strategies as st

from runreport.lineage.graph import LineageEdge, LineageGraph, LineageNode
from runreport.lineage.layout import layout, lineage_figure
from runreport.names import Relation
from runreport.plots.lineage import BOX_HEIGHT, BOX_WIDTH, lineage_svg

KINDS = ("code", "dataset", "run", "artifact", "collapsed", "model")


def graph(nodes: dict[str, str], edges: list[tuple[str, str]]) -> LineageGraph:
    """Nodes as ``{"r1": "run"}``, edges as ``("r1", "a1")``."""
    return LineageGraph(
        nodes=tuple(LineageNode(node_id=name, kind=kind, label=name) for name, kind in nodes.items()),
        edges=tuple(LineageEdge(from_node=a, to_node=b, relation=Relation.USED) for a, b in edges),
    )


@st.composite
def graphs(draw: st.DrawFn) -> LineageGraph:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12))
    nodes = {f"n{index}": kind for index, kind in enumerate(kinds)}
    ends = st.sampled_from(sorted(nodes))
    return graph(nodes, draw(st.lists(st.tuples(ends, ends), max_size=25)))


@given(graphs())
def test_any_graph_even_with_cycles_gets_a_place_for_every_node_without_overlap(any_graph: LineageGraph) -> None:
    placed = layout(any_graph)
    corners = [placed.corners[node.node_id] for node in any_graph.nodes]
    assert all(0 <= x <= placed.width - BOX_WIDTH and 0 <= y <= placed.height - BOX_HEIGHT for x, y in corners)
    for index, (x, y) in enumerate(corners):
        assert all(abs(x - u) >= BOX_WIDTH or abs(y - v) >= BOX_HEIGHT for u, v in corners[:index])


@given(graphs())
def test_the_same_graph_gets_the_same_drawing(any_graph: LineageGraph) -> None:
    first, second = (lineage_figure(any_graph, title="t", description="d") for _ in range(2))
    assert lineage_svg(first, figure_id="g") == lineage_svg(second, figure_id="g")


def test_sources_stand_left_of_runs_and_runs_left_of_artifacts() -> None:
    placed = layout(graph({"c": "code", "d": "dataset", "r": "run", "a": "artifact"}, [("c", "r"), ("r", "a")]))
    x = {node: corner[0] for node, corner in placed.corners.items()}
    assert x["c"] == x["d"] < x["r"] < x["a"]


def test_a_run_from_an_artifact_of_another_stands_further_right() -> None:
    placed = layout(graph({"r1": "run", "a": "artifact", "r2": "run"}, [("r1", "a"), ("a", "r2")]))
    assert placed.corners["r1"][0] < placed.corners["a"][0] < placed.corners["r2"][0]


def test_a_claimed_cycle_is_cut_where_it_points_back() -> None:
    placed = layout(graph({"r1": "run", "r2": "run"}, [("r1", "r2"), ("r2", "r1"), ("r1", "r1")]))
    assert placed.corners["r1"][0] < placed.corners["r2"][0]


def test_crossings_are_untangled() -> None:
    edges = [("r1", "a4"), ("r2", "a3"), ("r3", "a2"), ("r4", "a1")]
    placed = layout(graph({f"r{i}": "run" for i in range(1, 5)} | {f"a{i}": "artifact" for i in range(1, 5)}, edges))
    rows = sorted((placed.corners[start][1], placed.corners[end][1]) for start, end in edges)
    assert [end for _, end in rows] == sorted(end for _, end in rows)


def test_a_long_edge_has_a_lane_between_the_boxes() -> None:
    placed = layout(graph({"r1": "run", "a": "artifact", "r2": "run"}, [("r1", "a"), ("a", "r2"), ("r1", "r2")]))
    ((_, lane_y),) = placed.via["r1", "r2"]
    assert not placed.corners["a"][1] <= lane_y <= placed.corners["a"][1] + BOX_HEIGHT


def test_links_are_given_to_their_nodes() -> None:
    figure = lineage_figure(graph({"r": "run"}, []), title="t", description="d", links={"r": "runs/r.html"})
    assert [box.url for box in figure.boxes] == ["runs/r.html"]


def test_an_empty_graph_is_an_empty_drawing() -> None:
    figure = lineage_figure(LineageGraph(), title="t", description="d")
    assert (figure.boxes, figure.arrows) == ((), ())
    assert lineage_svg(figure, figure_id="g").startswith("<svg")
