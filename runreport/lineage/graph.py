"""The lineage graph: code and data into runs, runs into artifacts, parents into children."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.model.kept import kept_digest
from runreport.names import Relation, natural_key

_SINGLE_RUNS = 6
_GROUPS = 40
_NAMED = 3
_NEIGHBOURS = 60
_SHORT_HASH = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """kind: code, dataset, run, group, artifact or collapsed, or one that only a log's own edge names (such as model).

    A group stands for all of its runs. ``run_id`` and ``group_id`` say which run or group it is, else they are empty.

    ``detail`` is a second line (digest, status, size).
    """

    node_id: str
    kind: str
    label: str
    detail: str = ""
    run_id: str = ""
    group_id: str = ""


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


class RunGroup(Protocol):
    """What the graph needs to know of a group of runs."""

    @property
    def group_id(self) -> str:
        """Unique within the experiment."""
        ...

    @property
    def name(self) -> str:
        """Shown on the node that stands for runs left out."""
        ...

    @property
    def run_ids(self) -> tuple[str, ...]:
        """All runs of the group, in their order."""
        ...


@dataclass(slots=True)
class _Drawing:
    """A graph in the making; nodes and edges keep the order in which they first came, and come once."""

    nodes: dict[str, LineageNode] = field(default_factory=dict)
    edges: dict[LineageEdge, None] = field(default_factory=dict)

    def node(self, node: LineageNode) -> str:
        self.nodes.setdefault(node.node_id, node)
        return node.node_id

    def edge(self, from_node: str, to_node: str, relation: Relation) -> None:
        if from_node != to_node:
            self.edges.setdefault(LineageEdge(from_node=from_node, to_node=to_node, relation=relation))

    def finish(self) -> LineageGraph:
        return LineageGraph(nodes=tuple(self.nodes.values()), edges=tuple(self.edges))


def experiment_lineage(frame: ExperimentFrame, groups: Sequence[RunGroup]) -> LineageGraph:
    """Return the graph of the groups' runs: code and data into runs, runs into artifacts, parents into children.

    It stays readable however many runs there are: up to 6 runs are drawn one by one; of more, each group of several
    runs is one node, and so are the runs of all groups of one, and what goes beyond 40 groups; each with one node for
    its artifacts.
    """
    facts = {run.run.run_id: run for run in frame.runs}
    drawing = _Drawing()
    if sum(len(group.run_ids) for group in groups) <= _SINGLE_RUNS:
        places = {run_id: drawing.node(_run_node(facts[run_id])) for group in groups for run_id in group.run_ids}
        for run_id, place in places.items():
            _draw_run_artifacts(drawing, facts[run_id], place)
    else:
        blocks = _blocks(groups)
        places = {run_id: drawing.node(_block_node(block)) for block in blocks for run_id in block.run_ids}
        for block in blocks:
            _draw_block_artifacts(drawing, [facts[run_id] for run_id in block.run_ids], block)
    for run_id, place in places.items():
        _draw_sources(drawing, facts[run_id], place)
    for run_id, place in places.items():
        _draw_relations(drawing, facts[run_id], place, places)
    return drawing.finish()


def run_lineage(frame: ExperimentFrame, run_id: str) -> LineageGraph:
    """Return the graph around one run: its code, data, parent, children and artifacts.

    At most 60 artifacts and 60 children are drawn; one node each stands for the others.

    Raises:
        UnknownNameError: the experiment has no such run.
    """
    facts = {run.run.run_id: run for run in frame.runs}
    if run_id not in facts:
        sentence = f"There is no run {run_id!r} in experiment {frame.experiment!r}."
        raise UnknownNameError(sentence)
    run, drawing = facts[run_id], _Drawing()
    children = [other for other in frame.runs if other.run.parent_run == run_id]
    parent = facts.get(run.run.parent_run or "")
    shown = [*([parent] if parent else []), run, *children[:_NEIGHBOURS]]
    places = {one.run.run_id: drawing.node(_run_node(one)) for one in shown}
    _draw_sources(drawing, run, places[run_id])
    _draw_run_artifacts(drawing, run, places[run_id])
    for one in shown:
        _draw_relations(drawing, one, places[one.run.run_id], places)
    if len(children) > _NEIGHBOURS:
        more = drawing.node(_collapsed(f"children:{run_id}", len(children) - _NEIGHBOURS, "child run"))
        drawing.edge(places[run_id], more, Relation.CHILD)
    return drawing.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Runs that are drawn as one node."""

    group_id: str
    name: str
    run_ids: tuple[str, ...]


def _block(group: RunGroup) -> _Block:
    return _Block(group_id=group.group_id, name=group.name, run_ids=group.run_ids)


def _blocks(groups: Sequence[RunGroup]) -> list[_Block]:
    """Return the groups, with all groups of one run as one block, at most 40 in all."""
    several = [group for group in groups if len(group.run_ids) > 1]
    singles = tuple(run_id for group in groups if len(group.run_ids) == 1 for run_id in group.run_ids)
    beyond = tuple(run_id for group in several[_GROUPS:] for run_id in group.run_ids)
    blocks = [_block(group) for group in several[:_GROUPS]]
    rest = (("", "runs of further groups", beyond), ("", "runs of one setting each", singles))
    return blocks + [_Block(group_id=group_id, name=name, run_ids=ids) for group_id, name, ids in rest if ids]


def _block_node(block: _Block) -> LineageNode:
    count = len(block.run_ids)
    detail = f"{count} run" if count == 1 else f"{count} runs"
    node_id = f"group:{block.group_id or block.name}"
    return LineageNode(node_id=node_id, kind="group", label=block.name, detail=detail, group_id=block.group_id)


def _run_node(facts: RunFacts) -> LineageNode:
    run = facts.run
    return LineageNode(
        node_id=f"run:{run.run_id}", kind="run", label=run.name, detail=run.status.value, run_id=run.run_id
    )


def _collapsed(identity: str, count: int, noun: str, *, detail: str = "") -> LineageNode:
    label = f"{count} more {noun}" + ("" if count == 1 else "ren" if noun.endswith("child") else "s")
    return LineageNode(node_id=f"collapsed:{identity}:{noun}", kind="collapsed", label=label, detail=detail)


def _draw_sources(drawing: _Drawing, facts: RunFacts, place: str) -> None:
    """Draw the code and the data that a run used."""
    code = facts.code
    if code is not None and code.commit:
        detail = ", ".join(part for part in (code.branch, "uncommitted changes" if code.dirty else None) if part)
        suffix = f":{code.diff_digest or 'dirty'}" if code.dirty else ""
        node = LineageNode(
            node_id=f"code:{code.commit}{suffix}", kind="code", label=code.commit[:_SHORT_HASH], detail=detail
        )
        drawing.edge(drawing.node(node), place, Relation.USED)
    for data in facts.datasets:
        node_id = f"dataset:{data.dataset}@{data.digest or ''}"
        node = LineageNode(node_id=node_id, kind="dataset", label=data.dataset, detail=data.digest or "no digest")
        drawing.edge(drawing.node(node), place, Relation.USED)


def _draw_block_artifacts(drawing: _Drawing, runs: Sequence[RunFacts], block: _Block) -> None:
    """Draw what a group left behind as one node that names the first of its files."""
    counts = Counter(artifact.path for run in runs for artifact in run.artifacts if kept_digest(artifact) is None)
    if not counts:
        return
    paths = sorted(counts, key=natural_key)
    is_single = len(paths) == 1
    label = paths[0] if is_single else f"{len(paths)} artifacts"
    detail = f"{counts[paths[0]]} runs" if is_single else ", ".join(paths[:_NAMED])
    node_id = f"artifact:{block.group_id or block.name}"
    node = drawing.node(LineageNode(node_id=node_id, kind="artifact", label=label, detail=detail))
    drawing.edge(_block_node(block).node_id, node, Relation.PRODUCED)


def _draw_run_artifacts(drawing: _Drawing, facts: RunFacts, place: str) -> None:
    left = [artifact for artifact in facts.artifacts if kept_digest(artifact) is None]
    ordered = sorted(left, key=lambda artifact: (natural_key(artifact.path), artifact.path))
    for artifact in ordered[:_NEIGHBOURS]:
        detail = f"{artifact.size_bytes} bytes" if artifact.size_bytes is not None else ""
        node_id = f"artifact:{facts.run.run_id}/{artifact.path}"
        node = LineageNode(node_id=node_id, kind="artifact", label=artifact.path, detail=detail)
        drawing.edge(place, drawing.node(node), Relation.PRODUCED)
    if len(ordered) > _NEIGHBOURS:
        rest = _collapsed(facts.run.run_id, len(ordered) - _NEIGHBOURS, "artifact")
        drawing.edge(place, drawing.node(rest), Relation.PRODUCED)


def _draw_relations(drawing: _Drawing, facts: RunFacts, place: str, places: Mapping[str, str]) -> None:
    """Draw the parent of a run and, where the run has a node of its own, what its log says about lineage."""
    parent = places.get(facts.run.parent_run or "")
    if parent is not None:
        drawing.edge(parent, place, Relation.CHILD)
    is_drawn = place == f"run:{facts.run.run_id}"
    for edge in facts.edges if is_drawn else ():
        from_node, to_node = (_logged_node(drawing, end, facts, places) for end in (edge.from_node, edge.to_node))
        drawing.edge(from_node, to_node, edge.relation)


def _logged_node(drawing: _Drawing, end: str, facts: RunFacts, places: Mapping[str, str]) -> str:
    """Return the node of an end ``kind:identity``; a run may be named by our id or by its tool's."""
    kind, _, identity = end.partition(":")
    if kind == "run":
        own = {facts.run.run_id, facts.run.source_id}
        place = places[facts.run.run_id] if identity in own else places.get(identity)
        if place is not None:
            return place
    if kind == "model":
        return drawing.node(_model_node(end, identity, facts))
    return drawing.node(LineageNode(node_id=end, kind=kind, label=identity or end))


def _model_node(end: str, identity: str, facts: RunFacts) -> LineageNode:
    """Return the node of a model, called by its name where the run's log knows it."""
    for model in facts.models:
        if model.version and identity == f"{model.model}/{model.version}":
            detail = ", ".join(filter(None, (model.aliases, model.stage)))
            return LineageNode(node_id=end, kind="model", label=f"{model.model} {model.version}", detail=detail)
        if not model.version and identity == model.model_id:
            return LineageNode(node_id=end, kind="model", label=model.model, detail=identity)
    return LineageNode(node_id=end, kind="model", label=identity or end)
