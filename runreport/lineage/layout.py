"""Where the nodes of a lineage graph stand: layers from left to right, few crossings, the same for the same graph."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import networkx as nx

from runreport.lineage.graph import LineageGraph
from runreport.names import natural_key
from runreport.plots.lineage import BOX_HEIGHT, BOX_WIDTH, LineageArrow, LineageBox, LineageFigure

COLUMN_GAP, ROW_GAP, MARGIN = 64.0, 14.0, 4.0
_SWEEPS = 4
_FIRST_LAYER = {"code": 0, "dataset": 0, "run": 1, "artifact": 2}


@dataclass(frozen=True, slots=True)
class _Via:
    """Where an edge that spans several layers passes through one of them; takes a place like a node."""

    from_node: str
    to_node: str
    layer: int


_Stop = str | _Via
_Layers = list[list[_Stop]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Upper left corners of the boxes by node id, the points that long edges pass, and the size of the drawing."""

    corners: Mapping[str, tuple[float, float]]
    via: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    width: float
    height: float


def layout(graph: LineageGraph) -> Layout:
    """Return places in layers: each node right of all it comes from, code and data first, then runs, then artifacts.

    Cycles, which a log may claim, are cut at the edges that point back in the order of the nodes. Within a layer the
    nodes are ordered by the mean place of their neighbours (Sugiyama, Tagawa and Toda, 1981).
    """
    acyclic = _acyclic(graph)
    layers, linked = _with_passages(_layers(graph, acyclic), acyclic)
    _order(layers, linked)
    tallest = max((len(layer) for layer in layers), default=0)
    corners = {
        stop: _corner(column, row, (tallest - len(layer)) / 2)
        for column, layer in enumerate(layers)
        for row, stop in enumerate(layer)
    }
    return Layout(
        corners={stop: corner for stop, corner in corners.items() if isinstance(stop, str)},
        via=_passages(corners),
        width=2 * MARGIN + max(1, len(layers)) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP,
        height=2 * MARGIN + max(1, tallest) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP,
    )


def lineage_figure(
    graph: LineageGraph, *, title: str, description: str, links: Mapping[str, str] | None = None
) -> LineageFigure:
    """Return the graph as a figure; ``links`` gives a relative URL for some of the node ids."""
    placed = layout(graph)
    urls = links or {}
    boxes = (
        LineageBox(
            node_id=node.node_id,
            kind=node.kind,
            label=node.label,
            detail=node.detail,
            x=placed.corners[node.node_id][0],
            y=placed.corners[node.node_id][1],
            url=urls.get(node.node_id, ""),
        )
        for node in graph.nodes
    )
    arrows = (
        LineageArrow(
            from_node=edge.from_node,
            to_node=edge.to_node,
            relation=edge.relation.value,
            via=placed.via.get((edge.from_node, edge.to_node), ()),
        )
        for edge in graph.edges
    )
    return LineageFigure(
        title=title,
        description=description,
        width=placed.width,
        height=placed.height,
        boxes=tuple(boxes),
        arrows=tuple(arrows),
    )


def _acyclic(graph: LineageGraph) -> "nx.DiGraph[str]":
    directed: nx.DiGraph[str] = nx.DiGraph()
    directed.add_nodes_from(node.node_id for node in graph.nodes)
    directed.add_edges_from((edge.from_node, edge.to_node) for edge in graph.edges if edge.from_node != edge.to_node)
    place = {node.node_id: index for index, node in enumerate(graph.nodes)}
    for knot in list(nx.strongly_connected_components(directed)):
        inside = directed.subgraph(knot).edges
        directed.remove_edges_from([(a, b) for a, b in inside if place[a] > place[b]])
    return directed


def _layers(graph: LineageGraph, directed: "nx.DiGraph[str]") -> _Layers:
    """Longest path from the left, but no node left of where its kind begins; empty layers are left out."""
    depth = {node.node_id: _FIRST_LAYER.get(node.kind, 1) for node in graph.nodes}
    for node in nx.topological_sort(directed):
        for child in directed.successors(node):
            depth[child] = max(depth[child], depth[node] + 1)
    ranked = sorted(graph.nodes, key=lambda node: (node.kind, natural_key(node.label), node.node_id))
    return [[node.node_id for node in ranked if depth[node.node_id] == level] for level in sorted({*depth.values()})]


def _with_passages(layers: _Layers, directed: "nx.DiGraph[str]") -> tuple[_Layers, "nx.DiGraph[_Stop]"]:
    """Split edges that span several layers, so that they get a lane between the boxes instead of crossing them."""
    column = {stop: index for index, layer in enumerate(layers) for stop in layer}
    linked: nx.DiGraph[_Stop] = nx.DiGraph()
    linked.add_nodes_from(column)
    for start, end in directed.edges:
        lane = [_Via(start, end, level) for level in range(column[start] + 1, column[end])]
        for via in lane:
            layers[via.layer].append(via)
        linked.add_edges_from(pairwise([start, *lane, end]))
    return layers, linked


def _order(layers: _Layers, linked: "nx.DiGraph[_Stop]") -> None:
    """Sort the layers in place, to the right and back, each by the mean place of what it is linked to."""
    for sweep in range(_SWEEPS):
        is_rightward = sweep % 2 == 0
        for index in range(1, len(layers)) if is_rightward else range(len(layers) - 2, -1, -1):
            beside = layers[index - 1 if is_rightward else index + 1]
            linked_to = linked.predecessors if is_rightward else linked.successors
            layers[index] = _by_neighbours(layers[index], beside, linked_to)


def _by_neighbours(
    layer: list[_Stop], beside: list[_Stop], linked_to: Callable[[_Stop], Iterator[_Stop]]
) -> list[_Stop]:
    places = {stop: row - len(beside) / 2 for row, stop in enumerate(beside)}
    wanted = {}
    for row, stop in enumerate(layer):
        known = [places[other] for other in linked_to(stop) if other in places]
        wanted[stop] = fmean(known) if known else row - len(layer) / 2
    return sorted(layer, key=wanted.__getitem__)


def _passages(corners: Mapping[_Stop, tuple[float, float]]) -> dict[tuple[str, str], tuple[tuple[float, float], ...]]:
    lanes: dict[tuple[str, str], tuple[tuple[float, float], ...]] = {}
    for stop, (x, y) in sorted(((s, c) for s, c in corners.items() if isinstance(s, _Via)), key=lambda item: item[1]):
        ends = (stop.from_node, stop.to_node)
        lanes[ends] = (*lanes.get(ends, ()), (x + BOX_WIDTH / 2, y + BOX_HEIGHT / 2))
    return lanes


def _corner(column: int, row: int, offset: float) -> tuple[float, float]:
    return MARGIN + column * (BOX_WIDTH + COLUMN_GAP), MARGIN + (row + offset) * (BOX_HEIGHT + ROW_GAP)
