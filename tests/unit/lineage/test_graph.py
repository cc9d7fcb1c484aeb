"""The lineage graph: complete around one run, bounded over an experiment."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame, RunFacts
from runreport.lineage.graph import LineageGraph, experiment_lineage, run_lineage
from runreport.model.entities import Artifact, CodeVersion, Dataset, Edge, Run
from runreport.names import Relation


@dataclass(frozen=True)
class Group:
    group_id: str
    name: str
    run_ids: tuple[str, ...]


def run(identity: str, parent: str | None = None, artifacts: int = 1, edges: tuple[Edge, ...] = ()) -> RunFacts:
    header = Run(run_id=identity, experiment="e", name=f"run {identity}", source_id=f"tool-{identity}", path=identity,
                 parent_run=parent)  # fmt: skip
    return RunFacts(
        run=header,
        artifacts=tuple(Artifact(run_id=identity, path=f"f{i}.png", size_bytes=i) for i in range(artifacts)),
        datasets=(Dataset(run_id=identity, dataset="digits", digest="d1"),),
        code=CodeVersion(run_id=identity, commit="0123456789abcdef", branch="main", dirty=False),
        edges=edges,
    )


def frame(*runs: RunFacts) -> ExperimentFrame:
    return ExperimentFrame(experiment="e", runs=runs, metrics={})


def arrows(graph: LineageGraph) -> set[tuple[str, str, Relation]]:
    return {(edge.from_node, edge.to_node, edge.relation) for edge in graph.edges}


def check(graph: LineageGraph) -> None:
    identities = [node.node_id for node in graph.nodes]
    assert len(set(identities)) == len(identities)
    assert {end for edge in graph.edges for end in (edge.from_node, edge.to_node)} <= set(identities)


def test_code_and_data_lead_into_a_run_and_artifacts_out_of_it() -> None:
    graph = run_lineage(frame(run("r0")), "r0")
    check(graph)
    assert arrows(graph) == {
        ("code:0123456789abcdef", "run:r0", Relation.USED),
        ("dataset:digits@d1", "run:r0", Relation.USED),
        ("run:r0", "artifact:r0/f0.png", Relation.PRODUCED),
    }
    details = {node.kind: (node.label, node.detail) for node in graph.nodes}
    assert details["code"] == ("0123456", "main")
    assert details["artifact"] == ("f0.png", "0 bytes")


def test_parent_and_children_are_around_a_run() -> None:
    family = frame(run("p"), run("r", "p"), run("sibling", "p"), run("c1", "r"), run("c2", "r"))
    graph = run_lineage(family, "r")
    relatives = {(start, end) for start, end, relation in arrows(graph) if relation is Relation.CHILD}
    assert relatives == {("run:p", "run:r"), ("run:r", "run:c1"), ("run:r", "run:c2")}


def test_a_run_with_very_many_neighbours_stays_readable() -> None:
    children = [run(f"c{i}", "r", artifacts=0) for i in range(100)]
    graph = run_lineage(frame(run("r", artifacts=100), *children), "r")
    check(graph)
    labels = [node.label for node in graph.nodes if node.kind == "collapsed"]
    assert sorted(labels) == ["40 more artifacts", "40 more child runs"]


def test_what_the_log_says_itself_is_drawn() -> None:
    logged = (
        Edge(run_id="r", from_node="run:tool-r", to_node="model:net@3", relation=Relation.REGISTERED),
        Edge(run_id="r", from_node="run:q", to_node="run:r", relation=Relation.RESUMED),
    )
    runs = frame(run("q"), run("r", edges=logged))
    graph = experiment_lineage(runs, [Group("g", "g", ("q", "r"))])
    check(graph)
    assert ("run:r", "model:net@3", Relation.REGISTERED) in arrows(graph)
    assert ("run:q", "run:r", Relation.RESUMED) in arrows(graph)


def test_uncommitted_changes_are_another_code_version() -> None:
    clean, dirty = run("a"), run("b")
    changed = CodeVersion(run_id="b", commit="0123456789abcdef", dirty=True, diff_digest="x")
    dirty = RunFacts(run=dirty.run, code=changed)
    graph = experiment_lineage(frame(clean, dirty), [Group("g", "g", ("a", "b"))])
    assert len([node for node in graph.nodes if node.kind == "code"]) == 2


def test_many_runs_are_drawn_as_their_groups_which_share_their_artifacts() -> None:
    runs = [run(f"r{i}") for i in range(20)]
    graph = experiment_lineage(frame(*runs), [Group("g", "lr=1", tuple(f"r{i}" for i in range(20)))])
    check(graph)
    assert not [node for node in graph.nodes if node.kind == "run"]
    [group] = [node for node in graph.nodes if node.kind == "group"]
    assert (group.label, group.detail, group.group_id) == ("lr=1", "20 runs", "g")
    [artifact] = [node for node in graph.nodes if node.kind == "artifact"]
    assert (artifact.label, artifact.detail) == ("f0.png", "20 runs")
    assert (group.node_id, artifact.node_id, Relation.PRODUCED) in arrows(graph)


def test_only_the_runs_of_the_given_groups_are_drawn() -> None:
    graph = experiment_lineage(frame(run("a"), run("b")), [Group("g", "g", ("b",))])
    assert [node.run_id for node in graph.nodes if node.kind == "run"] == ["b"]


@given(st.lists(st.integers(1, 30), max_size=40))
def test_however_many_runs_there_are_the_graph_is_bounded_and_counts_them_all(sizes: list[int]) -> None:
    runs = {f"g{i}": [run(f"g{i}r{j}", artifacts=3) for j in range(size)] for i, size in enumerate(sizes)}
    groups = [Group(name, name, tuple(one.run.run_id for one in inside)) for name, inside in runs.items()]
    graph = experiment_lineage(frame(*(one for inside in runs.values() for one in inside)), groups)
    check(graph)
    drawn = sum(node.kind == "run" for node in graph.nodes)
    grouped = [int(node.detail.split()[0]) for node in graph.nodes if node.kind == "group"]
    assert drawn + len(grouped) <= 42
    assert drawn + sum(grouped) == sum(sizes)
    assert len(graph.nodes) < 500


def test_an_unknown_run_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="'x'"):
        run_lineage(frame(run("a")), "x")
