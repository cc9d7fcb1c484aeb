"""Where runs come from and what they left: the graph of an experiment, and the part of it around some runs."""

from collections.abc import Sequence

from runreport.compare.entities import Group
from runreport.lineage.graph import LineageGraph, LineageNode, experiment_lineage, run_lineage
from runreport.lineage.layout import lineage_figure
from runreport.names import content_hash
from runreport.pages import cells, urls
from runreport.pages.contexts import LineagePage
from runreport.pages.dossier import Dossier
from runreport.pages.figures import block
from runreport.pages.parts import FigureBlock, Link
from runreport.pages.surroundings import Surroundings
from runreport.stats.words import counted

_KINDS = (
    ("code", "code version"),
    ("dataset", "dataset"),
    ("group", "run group"),
    ("run", "run"),
    ("artifact", "artifact"),
    ("model", "model"),
)


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


def lineage_of_run(dossier: Dossier, run_id: str, title: str) -> FigureBlock | None:
    """Return the graph around one run for its page; None when nothing is known about it."""
    return _graph_block(dossier, run_lineage(dossier.frame, run_id), dossier.places[run_id], "lineage", title)


def lineage_of_groups(dossier: Dossier, groups: Sequence[Group], title: str, url: str) -> FigureBlock | None:
    """Return the graph of the runs of some groups for the page at ``url``; None when nothing is known about them."""
    return _graph_block(dossier, experiment_lineage(dossier.frame, groups), url, "lineage", title)


def _graph_block(
    dossier: Dossier, graph: LineageGraph, url: str, figure_id: str, title: str = ""
) -> FigureBlock | None:
    if not graph.edges:
        return None
    places = {node.node_id: _place(dossier, node) for node in graph.nodes}
    links = {node_id: urls.root_of(url) + place for node_id, place in places.items() if place and place != url}
    summary = _summary(graph)
    figure = lineage_figure(
        graph, title=f"Lineage of {title or cells.name(dossier.experiment)}", description=summary, links=links
    )
    return block(figure_id, figure, summary)


def _place(dossier: Dossier, node: LineageNode) -> str:
    """The page of a run or group; any other node has none."""
    if node.kind == "run":
        return dossier.places[node.run_id]
    group = dossier.groups.get(node.group_id)
    return dossier.group_url(group) if node.kind == "group" and group else ""


def _summary(graph: LineageGraph) -> str:
    counts = ((sum(node.kind == kind for node in graph.nodes), noun) for kind, noun in _KINDS)
    parts = [counted(count, noun) for count, noun in counts if count]
    return f"{', '.join(parts)}. Read from left to right: what is left of a run went into it."


def _id(dossier: Dossier) -> str:
    return f"lineage-{content_hash(dossier.experiment)}"
