import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.model.keys import find_seed, flatten, param, param_kind, run_id
from runreport.names import ParamKind

NAMES = ("seed", "random_state")


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("3", ParamKind.INT, 3.0),
        ("1_000", ParamKind.INT, 1000.0),
        ("1e-3", ParamKind.FLOAT, 0.001),
        (" -.5 ", ParamKind.FLOAT, -0.5),
        ("False", ParamKind.BOOL, 0.0),
        ("None", ParamKind.NONE, None),
        ("", ParamKind.NONE, None),
        ("[1, 2]", ParamKind.LIST, None),
        ("{'a': 1}", ParamKind.MAP, None),
        ("3 layers", ParamKind.TEXT, None),
        ("1" * 400, ParamKind.INT, None),
    ],
)
def test_what_a_param_text_stands_for(text: str, kind: ParamKind, number: float | None) -> None:
    assert param_kind(text) == (kind, number)


@given(st.integers(-(10**12), 10**12))
def test_python_ints_are_ints(value: int) -> None:
    assert param_kind(str(value)) == (ParamKind.INT, float(value))


@given(st.floats(allow_nan=False))
def test_python_floats_keep_their_value(value: float) -> None:
    assert param_kind(repr(value)) == (ParamKind.FLOAT, value)


def test_the_id_depends_on_tool_and_source_only() -> None:
    assert run_id("mlflow", "abc") == run_id("mlflow", "abc")
    assert run_id("mlflow", "abc") != run_id("wandb", "abc")
    assert len(run_id("mlflow", "abc")) == 16


def test_dots_inside_keys_and_dots_between_keys_stay_apart() -> None:
    assert flatten({"a.b": 1}).keys() != flatten({"a": {"b": 1}}).keys()


@given(
    st.dictionaries(st.text(min_size=1), st.recursive(st.integers(), lambda i: st.dictionaries(st.text(min_size=1), i)))
)
def test_flattening_loses_no_leaf(config: dict[str, object]) -> None:
    def leaves(value: object) -> int:
        return sum(map(leaves, value.values())) if isinstance(value, dict) and value else 1

    expected = leaves(config) if config else 0
    assert len(flatten(config)) == expected


def test_lists_and_empty_maps_stay_whole() -> None:
    flat = flatten({"layers": [64, 64], "extra": {}})
    assert json.loads(flat["layers"]) == [64, 64]
    assert flat["extra"] == "{}"


@pytest.mark.parametrize(
    ("params", "seed"),
    [
        ({"seed": "3"}, 3),
        ({"train.seed": "4"}, 4),
        ({"model/random_state": "5"}, 5),
        ({"random_state": "5", "seed": "6"}, 6),
        ({"seed": "None"}, None),
        ({"seedling": "3"}, None),
        ({"Seed": "7"}, 7),
    ],
)
def test_seeds_are_found_by_usual_names(params: dict[str, str], seed: int | None) -> None:
    assert find_seed([param("r", name, value) for name, value in params.items()], NAMES) == seed
