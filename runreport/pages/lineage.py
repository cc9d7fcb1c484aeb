"""Where runs come from and what they left: the graph of an experiment, and the part of it around some runs."""

from collections.abc import Iterable, Sequence

from runreport.compare.words import counted
from runreport.lineage.graph import LineageGraph
from runreport.lineage.layout import lineage_figure
from runreport.names import content_hash
from runreport.pages import cells, urls
from runreport.pages.contexts import FigureBlock, LineagePage, Link
from runreport.pages.dossier import Dossier
from runreport.pages.figures import block
from runreport.pages.surroundings import Surroundings

_KINDS = (("code", "code version"), ("dataset", "dataset"), ("run", "run"), ("artifact", "artifact"))


def lineage_page(site: Surroundings, dossiers: Sequence[Dossier]) -> LineagePage:
    """Return the graphs of all experiments."""
    title = "Lineage"
    found = (
        (cells.name(dossier.experiment), _graph_block(dossier, dossier.analysis.lineage, urls.LINEAGE, _id(dossier)))
        for dossier in dossiers
    )
    return LineagePage(
        frame=site.frame(urls.LINEAGE, title, (Link(label="Overview", url=urls.OVERVIEW),)),
        title=title,
        blocks=tuple((name, graph) for name, graph in found if graph is not None),
    )


def lineage_of(dossier: Dossier, run_ids: Iterable[str], url: str, figure_id: str, title: str) -> FigureBlock | None:
    """Return the graph around some runs for the page at ``url``; None when nothing is known about them."""
    return _graph_block(dossier, neighbourhood(dossier.analysis.lineage, run_ids), url, figure_id, title)


def neighbourhood(graph: LineageGraph, run_ids: Iterable[str]) -> LineageGraph:
    """Return the runs with every node that is joined to one of them."""
    wanted = set(run_ids)
    centre = {node.node_id for node in graph.nodes if node.run_id in wanted and node.kind == "run"}
    edges = tuple(edge for edge in graph.edges if {edge.from_node, edge.to_node} & centre)
    kept = centre.union(*({edge.from_node, edge.to_node} for edge in edges))
    return LineageGraph(nodes=tuple(node for node in graph.nodes if node.node_id in kept), edges=edges)


def _graph_block(
    dossier: Dossier, graph: LineageGraph, url: str, figure_id: str, title: str = ""
) -> FigureBlock | None:
    if not graph.edges:
        return None
    root = urls.root_of(url)
    links = {
        node.node_id: root + place
        for node in graph.nodes
        if node.kind == "run" and (place := dossier.places[node.run_id]) and place != url
    }
    summary = _summary(graph)
    figure = lineage_figure(
        graph, title=f"Lineage of {title or cells.name(dossier.experiment)}", description=summary, links=links
    )
    return block(figure_id, figure, summary)


def _summary(graph: LineageGraph) -> str:
    counts = ((sum(node.kind == kind for node in graph.nodes), noun) for kind, noun in _KINDS)
    parts = [counted(count, noun) for count, noun in counts if count]
    return f"{', '.join(parts)}. Read from left to right: what is left of a run went into it."


def _id(dossier: Dossier) -> str:
    return f"lineage-{content_hash(dossier.experiment)}"
