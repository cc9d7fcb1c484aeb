from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.model.tables import ENTITIES, SCHEMAS, empty, from_table, to_table

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
TEXTS = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_columns_are_the_fields_of_the_entity(name: str) -> None:
    assert sorted(SCHEMAS[name].names) == sorted(field.name for field in fields(ENTITIES[name]))


@pytest.mark.parametrize("name", sorted(ENTITIES))
@given(data=st.data())
def test_entities_survive_the_round_trip(name: str, data: st.DataObject) -> None:
    st.register_type_strategy(datetime, TIMES)
    st.register_type_strategy(str, TEXTS)
    st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
    st.register_type_strategy(float, st.floats(allow_nan=False))
    entities: list[Any] = data.draw(st.lists(st.from_type(ENTITIES[name]), max_size=3))
    assert list(from_table(ENTITIES[name], to_table(name, entities))) == entities


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_table_says_its_schema_version(name: str) -> None:
    assert empty(name).schema.metadata[b"runreport_schema_version"] == b"1"


def test_text_that_is_not_unicode_is_replaced_not_refused() -> None:
    entity = ENTITIES["tags"](run_id="r", tag="t", value="broken \udcff")
    assert to_table("tags", [entity]).column("value").to_pylist() == ["broken ?"]
