import csv
import io
import json
import math
from typing import NoReturn

from hypothesis import given
from hypothesis import strategies as st

from runreport.reporters.tables import Table, to_csv, to_json, to_markdown

CELLS = st.none() | st.integers(-(2**53), 2**53) | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))


def refuse(constant: str) -> NoReturn:
    raise AssertionError(constant)


def table(*rows: tuple[object, ...]) -> Table:
    return Table(columns=("name", "value"), rows=rows)  # type: ignore[arg-type]


def test_csv_spells_out_what_is_not_finite_and_leaves_missing_empty() -> None:
    text = to_csv(table(("a", math.nan), ("b", -math.inf), ("c", None), ("d", 0.1), ("e,f", 1)))
    assert text == 'name,value\na,NaN\nb,-Infinity\nc,\nd,0.1\n"e,f",1\n'


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False))))
def test_csv_keeps_every_bit_of_a_number(rows: list[tuple[str, float]]) -> None:
    read = list(csv.reader(io.StringIO(to_csv(table(*rows)))))[1:]
    assert [float(value) for _, value in read] == [value for _, value in rows]


@given(st.lists(st.tuples(CELLS, CELLS)))
def test_json_has_one_object_per_row_and_no_bare_nan(rows: list[tuple[object, object]]) -> None:
    text = to_json(table(*rows))
    assert len(json.loads(text, parse_constant=refuse)) == len(rows)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_markdown_has_one_line_per_row_whatever_is_in_it(rows: list[tuple[object, object]]) -> None:
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    lines = to_markdown(table(*rows)).splitlines()
    assert len(lines) == 2 + len(rows)
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines), texts


def test_formatted_numbers_are_flush_right_where_the_table_says_so() -> None:
    formatted = Table(columns=("metric", "p"), rows=(("loss", "< 0.001"),), numeric=frozenset({"p"}))
    assert to_markdown(formatted).splitlines()[1] == "| --- | ---: |"
