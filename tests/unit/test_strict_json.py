import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.names import Verdict
from runreport.strict_json import dumps, to_json


@dataclass(frozen=True)
class Point:
    value: float
    verdict: Verdict


def refuse(constant: str) -> NoReturn:
    raise AssertionError(constant)


def test_numbers_that_are_not_finite_are_null_with_a_flag() -> None:
    assert to_json({"a": math.nan, "b": -math.inf, "c": 1.5}) == {
        "a": None,
        "a_special": "NaN",
        "b": None,
        "b_special": "-Infinity",
        "c": 1.5,
    }


def test_dataclasses_vocabularies_dates_and_sets_have_plain_forms() -> None:
    value = {"p": Point(1.0, Verdict.BETTER), "t": datetime(2026, 1, 2, tzinfo=UTC), "s": {"b", "a"}}
    assert to_json(value) == {
        "p": {"value": 1.0, "verdict": "better"},
        "t": "2026-01-02T00:00:00+00:00",
        "s": ["a", "b"],
    }


def test_a_type_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json(object())


@given(
    st.recursive(st.floats() | st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_whatever_goes_in_a_strict_parser_reads_it(value: object) -> None:
    json.loads(dumps(value).encode("utf-8", "replace"), parse_constant=refuse)
