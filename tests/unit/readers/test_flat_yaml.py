from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.formats.flat_yaml import parse_flat_yaml
from runreport.readers.common.packages import packages

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
WORDS = st.lists(
    st.sampled_from(["word", "it's", "a:b", "x: y", "#z", "\n", "  ", "é", "'", '"', "\\", "\t"]), max_size=40
)
TEXTS = st.one_of(st.text(), WORDS.map(" ".join), st.sampled_from(["null", "~", "true", "1", "- a", "---", "[]"]))
NAMES = st.text(alphabet="abcXY._ /:-'\"1é", min_size=1, max_size=20).filter(lambda name: name != "tags")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: 1\nb: x y\n", {"a": "1", "b": "x y"}),
        ("a: null\nb: ~\nc:\nd: ''\n", {"a": None, "b": None, "c": None, "d": ""}),
        ("a: 'null'\n", {"a": "null"}),
        ("a: 'it''s'\nb: \"tab\\t\\x41\\u00e9\"\n", {"a": "it's", "b": "tab\tAé"}),
        ("a: 'one\n  two\n\n  three'\n", {"a": "one two\nthree"}),
        ('a: "one\\\n  \\ two"\n', {"a": "one two"}),
        ("a: plain text\n  goes on\nb: 1\n", {"a": "plain text goes on", "b": "1"}),
        ("# comment\n---\na: 1 # rest\nb: x#y\n", {"a": "1", "b": "x#y"}),
        ("a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
        ("\ufeffa: file:///x:y\n", {"a": "file:///x:y"}),
        ("'a: b': 1\n", {"a: b": "1"}),
        ("a: []\nb: {}\n", {"a": None, "b": None}),
        ("", {}),
    ],
)
def test_what_a_text_says(text: str, values: dict[str, str | None]) -> None:
    found = parse_flat_yaml(text)
    assert (dict(found.values), found.problems) == (values, ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nno colon\n", 2),
        ("a: 1\nb: !!python/object/apply:os.system [x]\n", 2),
        ("a: 1\nb: &anchor x\n", 2),
        ("a: 1\nb: |\n  block\n", 2),
        ("a: 1\nb: [x, y]\n", 2),
        ("a: 1\nb: 'open\n", 2),
        ("a: 1\nb:\n- x\n- y\n", 2),
        ("a: 1\nb:\n  c:\n    d: 1\n", 2),
    ],
)
def test_other_yaml_is_a_problem_of_its_line_only(text: str, line: int) -> None:
    found = parse_flat_yaml(text)
    assert dict(found.values) == {"a": "1"}
    assert [number for number, _ in found.problems] == [line]


def test_maps_of_one_level() -> None:
    found = parse_flat_yaml("tags:\n  mlflow.data.context: training\n  'x: y': 'a\n\n    b'\nend: 1\n")
    assert dict(found.maps["tags"]) == {"mlflow.data.context": "training", "x: y": "a\nb"}
    assert dict(found.values) == {"end": "1"}


@given(st.dictionaries(NAMES, TEXTS, max_size=4), st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3))
def test_what_pyyaml_writes_is_read_back(values: dict[str, str], tags: dict[str, str]) -> None:
    yaml: Any = pytest.importorskip("yaml", reason="PyYAML is only there with the extra docs")
    found = parse_flat_yaml(yaml.dump({**values, "tags": tags}, default_flow_style=False))
    assert (dict(found.values), dict(found.maps["tags"]), found.problems) == (values, tags, ())


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = parse_flat_yaml(text)
    assert all(isinstance(value, str) or value is None for value in found.values.values())


@pytest.mark.parametrize(
    ("name", "text", "versions"),
    [
        ("requirements.txt", "a==1\n# b==2\n-r c.txt\nd[x,y] == 3.0 ; python_version>'3'\ne>=4\na==9\n", {"a": "1", "d": "3.0"}),
        ("requirements.txt", "My_Pkg.x===1.0+cu --hash=sha256:00\n", {"my-pkg-x": "1.0+cu"}),
        ("conda.yaml", "dependencies:\n- python=3.11.7\n- pip<=23\n- pip:\n  - numpy==2.0\n", {"python": "3.11.7", "numpy": "2.0"}),
        ("python_env.yaml", "python: 3.11.7\nbuild_dependencies:\n- pip==23\n- wheel\n", {"python": "3.11.7", "pip": "23"}),
        ("MLmodel", "flavors:\n  python_function:\n    python_version: 3.9\nmlflow_version: 2.1\n", {"python": "3.9", "mlflow": "2.1"}),
    ],
)  # fmt: skip
def test_pinned_versions(name: str, text: str, versions: dict[str, str]) -> None:
    assert packages(name, text) == versions


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("mlflow_file*/**/meta.yaml")), ids=lambda path: path.parent.name)
def test_the_short_way_for_plain_lines_says_the_same_as_the_long_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert parse_flat_yaml(text).values == parse_flat_yaml(f"# not plain\n{text}").values


@given(st.lists(st.tuples(st.sampled_from(["a", "b_c", "D"]), st.text("a1./:-+@' #~[]nul", max_size=6)), max_size=4))
def test_the_short_way_is_taken_only_where_both_say_the_same(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in lines)
    assert parse_flat_yaml(text).values == parse_flat_yaml(f"# not plain\n{text}").values
