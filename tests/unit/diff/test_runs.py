"""Difference tables of groups and of single runs."""

from runreport.diff.keys import matching_keys
from runreport.diff.runs import diff_sides, read_side
from runreport.diff.values import Diff, DiffCell
from runreport.frames.values import RunFacts
from runreport.model.entities import CodeVersion, Dataset, EnvironmentItem, Run, Tag
from runreport.model.keys import param


def run(identity: str, params: dict[str, str] | None = None, **facts: object) -> RunFacts:
    header = Run(run_id=identity, experiment="e", name=identity, source_id=identity, path=identity)
    entities = {name: param(identity, name, text) for name, text in (params or {}).items()}
    return RunFacts(run=header, params=entities, **facts)  # type: ignore[arg-type]


def diff_groups(a: list[RunFacts], b: list[RunFacts], section: str, ignore: tuple[str, ...] = ()) -> Diff:
    return diff_sides(section, [read_side("a", a, section), read_side("b", b, section)], ignore)


def test_only_what_differs_is_shown_and_ignored_keys_come_last() -> None:
    a = [run("a0", {"lr": "1e-3", "width": "8", "seed": "0"}), run("a1", {"lr": "0.001", "width": "8", "seed": "1"})]
    b = [run("b0", {"lr": "0.001", "width": "16", "seed": "0"})]
    diff = diff_groups(a, b, "params", ignore=("*seed*",))
    assert [row.key for row in diff.rows] == ["lr", "width", "seed"]
    assert [row.key for row in diff.different] == ["width"]
    assert diff.rows[2].is_different
    assert diff.rows[2].is_ignored
    assert diff.rows[0].cells[0] == DiffCell(values=(("1e-3", 2),), missing=0)


def test_missing_is_a_difference_even_beside_none() -> None:
    diff = diff_groups([run("a", {"wd": "None"})], [run("b")], "params")
    assert diff.different[0].cells == (DiffCell(values=(("None", 1),), missing=0), DiffCell(values=(), missing=1))


def test_a_key_that_only_some_runs_of_a_side_lack_is_different() -> None:
    both = [run("a0", {"wd": "0"}), run("a1")]
    assert diff_groups(both, [run("b", {"wd": "0"})], "params").different
    assert not diff_groups(both, [run("b0", {"wd": "0.0"}), run("b1"), run("b2")], "params").different


def test_keys_are_in_natural_order() -> None:
    diff = diff_groups([run("a", {"layer10": "1", "layer2": "1"})], [run("b")], "params")
    assert [row.key for row in diff.rows] == ["layer2", "layer10"]


def test_other_sections_read_their_own_facts() -> None:
    python = EnvironmentItem(run_id="a", item="python-dateutil", kind="package", value="2.8")
    data = (Dataset(run_id="a", dataset="digits", role="train", digest="d1"),)
    name = Tag(run_id="a", tag="mlflow.runName", value="x")
    code = CodeVersion(run_id="a", commit="abc", dirty=False)
    full = run("a", environment={"python-dateutil": python}, datasets=data, tags={name.tag: name}, code=code)
    keys = {
        section: [row.key for row in diff_groups([full], [run("b")], section, ignore=("*date*",)).different]
        for section in ("environment", "datasets", "tags", "code")
    }
    assert keys == {
        "environment": ["python-dateutil"],
        "datasets": ["digits (train)"],
        "tags": [],
        "code": ["commit", "dirty"],
    }


def test_two_digests_of_one_data_set_are_both_kept() -> None:
    data = tuple(Dataset(run_id="a", dataset="digits", digest=digest) for digest in ("d2", "d1"))
    diff = diff_groups([run("a", datasets=data)], [run("b", datasets=data[:1])], "datasets")
    assert [cell.values for cell in diff.rows[0].cells] == [(("d1 + d2", 1),), (("d2", 1),)]


def test_any_number_of_single_runs() -> None:
    runs = [run("a", {"lr": "1"}), run("b", {"lr": "1.0"}), run("c", {"lr": "2"})]
    sides = [read_side(one.run.name, [one], "params") for one in runs]
    diff = diff_sides("params", sides)
    assert diff.sides == ("a", "b", "c")
    assert [row.key for row in diff.different] == ["lr"]
    assert not diff_sides("params", sides[:2]).different


def test_patterns_match_full_names_and_last_parts_without_case() -> None:
    names = ["Seed", "data.seed", "seeds.count", "trainer/log_dir", "lr"]
    assert matching_keys(names, ["seed", "*log_DIR*"]) == {"Seed", "data.seed", "trainer/log_dir"}
    assert matching_keys(names, []) == frozenset()
