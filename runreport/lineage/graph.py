"""The lineage graph: code and data into runs, runs into artifacts, parents into children."""

from dataclasses import dataclass

from runreport.names import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """kind: code, dataset, run, artifact or collapsed; ``detail`` is a second line (digest, status, size)."""

    node_id: str
    kind: str
    label: str
    detail: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """From the earlier to the later: data is used by a run, a run produced an artifact."""

    from_node: str
    to_node: str
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph:
    """Nodes and edges in a stable order; every edge's ends are among the nodes."""

    nodes: tuple[LineageNode, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
