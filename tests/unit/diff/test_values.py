"""When two logged values mean the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.diff.values import canonical, is_same

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1e-3", "0.001"),
        ("1", "1.0"),
        ("1_000", "1e3"),
        (" 7 ", "7"),
        ("True", "true"),
        ("None", "null"),
        ("", "none"),
        ("nan", "NaN"),
        ("[1, 2.0]", "[1.0,2]"),
        ('{"a": 1, "b": null}', '{"b":null,"a":1.0}'),
    ],
)
def test_written_differently_but_the_same(left: str, right: str) -> None:
    assert is_same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("True", "1"),
        ("None", "text"),
        ("adam", "Adam"),
        ("[1, 2]", "[2, 1]"),
        ('["1"]', "[1]"),
        ("1e400", "inf"),
        ("1e400", "1e401"),
        ("9007199254740993", "9007199254740992"),
        ("[true]", "[1]"),
        ("[broken", "[broken "),
    ],
)
def test_not_the_same(left: str, right: str) -> None:
    assert not is_same(left, right)


def test_missing_is_equal_to_nothing() -> None:
    assert not is_same(None, None)
    assert not is_same(None, "None")


@given(st.floats(allow_nan=False))
def test_a_number_survives_any_way_of_writing_it(value: float) -> None:
    assert canonical(repr(value)) == canonical(f"{value:.17g}") == canonical(f"{value:.16e}")


@given(JSON_VALUES)
def test_json_means_the_same_however_it_is_laid_out(value: object) -> None:
    wrapped = {"v": value}
    assert canonical(json.dumps(wrapped)) == canonical(json.dumps(wrapped, indent=1, sort_keys=True))
    assert hash(canonical(json.dumps(wrapped))) is not None


@pytest.mark.parametrize("text", ["[" * 50_000 + "]" * 50_000, "[" + "9" * 9_000 + "]", "9" * 50_000])
def test_hostile_texts_compare_as_text(text: str) -> None:
    assert canonical(text) == ("text", text)
