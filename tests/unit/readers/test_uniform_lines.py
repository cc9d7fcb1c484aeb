"""JSON lines that are all alike are read by another parser than others, and must read the same."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.readers.tables import jsonlines, uniform
from runreport.readers.tables.uniform import parsed_uniform

_ROWS = 2_000
_STEP = 2**53 + 1

_wholes = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_fractions = st.floats(allow_nan=False, allow_infinity=False)


def _line(step: int) -> str:
    return json.dumps({"step": _STEP + step, "loss": 1 / (step + 1), "eval/a b": -0.0 if step % 7 else 1e-300 * step})


def _file(*odd: str) -> bytes:
    lines = [_line(step) for step in range(_ROWS)]
    middle = _ROWS // 2 + 5  # between two of the lines that are looked at first
    return "\n".join([*lines[:middle], *odd, *lines[middle:], ""]).encode()


def _both_ways(monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[jsonlines.ParsedTable]:
    monkeypatch.setattr(jsonlines, "LARGE_BYTES", 0)
    found = jsonlines.parse(data)
    monkeypatch.setattr(jsonlines, "LARGE_BYTES", len(data))
    return [found, jsonlines.parse(data)]


def test_lines_that_are_alike_are_read_as_arrow_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _file()
    rows = [json.loads(_line(step)) for step in range(0, _ROWS, 500)]
    assert parsed_uniform([data], rows) is not None
    found, general = _both_ways(monkeypatch, data)
    assert found.table.schema == general.table.schema
    assert found.table.equals(general.table)
    assert found.table.column("step").to_pylist() == [_STEP + step for step in range(_ROWS)]
    assert np.signbit(found.table.column("eval/a b").to_numpy()).sum() == sum(1 for step in range(_ROWS) if step % 7)


@pytest.mark.parametrize(
    "odd",
    [
        '{"step": 5, "loss": NaN, "eval/a b": 1.5}',
        '{"step": 5, "loss": -Infinity, "eval/a b": 1.5}',
        '{"step": 5, "loss": "NaN", "eval/a b": 1.5}',
        '{"step": 5, "loss": null, "eval/a b": 1.5}',
        '{"step": 5, "loss": true, "eval/a b": 1.5}',
        '{"step": 5, "loss": 1e999, "eval/a b": 1.5}',
        '{"step": 5, "loss": 05, "eval/a b": 1.5}',
        '{"step": 5, "loss": 5., "eval/a b": 1.5}',
        '{"step": 5, "loss": -0, "eval/a b": 1.5}',
        '{"step": 5, "loss": 3, "eval/a b": 1.5}',
        '{"step": 5, "loss": 9007199254740993, "eval/a b": 1.5}',
        '{"step": 5.5, "loss": 1.5, "eval/a b": 1.5}',
        '{"step": 9223372036854775808, "loss": 1.5, "eval/a b": 1.5}',
        '{"step": 5, "loss": 1.5}',
        '{"step": 5, "loss": 1.5, "eval/a b": 1.5, "late": 2.5}',
        '{"step": 5, "loss": 1.5, "eval/a b": {"c": 1.5}}',
        '{"step": 5, "loss": 1.5, "eval/a b": [1.5]}',
        '{"step": 5, "loss": 1.5, "loss": 2.5, "eval/a b": 1.5}',
        '{"eval/a b": 1.5, "loss": 1.5, "step": 5}',
        '{"step": 5, "loss": 1.5, "eval\\u002fa b": 1.5}',
        '{"step": 5, "loss": 1.5, "eval/a b": 1.5} {"step": 6, "loss": 1.5, "eval/a b": 1.5}',
        '{"step": 5, "loss": 1.5, "eval/a',
        '{"step": 5, "loss": 1.5, "eval/a b": 1.5},',
        '["step", 5]',
        "no JSON",
        "",
    ],
)
def test_one_odd_line_among_many_reads_as_it_does_in_a_small_file(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    found, general = _both_ways(monkeypatch, _file(odd))
    assert found.table.schema == general.table.schema
    assert _cells(found) == _cells(general)
    assert found.issues == general.issues


def test_a_file_that_is_read_in_parts_reads_as_it_does_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uniform, "_PART_BYTES", 300)  # a few lines, so that parts end in the middle of one
    for end in ("", _line(_ROWS), f"\n{_line(_ROWS)}\n\n"):
        data = _file() + end.encode()
        (tmp_path / "log.jsonl").write_bytes(data)
        found = jsonlines.parse_uniform(str(tmp_path / "log.jsonl"))
        assert found is not None
        assert found.table.combine_chunks().equals(jsonlines.parse(data).table.combine_chunks())
        assert found.issues == ()


@pytest.mark.parametrize("odd", ["no JSON", '{"step": 5', '{"step": 5, "loss": -0, "eval/a b": 1.5}', " " * 1_000])
def test_a_file_with_an_odd_line_is_not_read_in_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, odd: str
) -> None:
    monkeypatch.setattr(uniform, "_PART_BYTES", 300)
    for data in (_file(odd), _file() + odd.encode()):
        (tmp_path / "log.jsonl").write_bytes(data)
        assert jsonlines.parse_uniform(str(tmp_path / "log.jsonl")) is None


def _cells(parsed: jsonlines.ParsedTable) -> list[str]:
    return [repr(column.to_pylist()) for column in parsed.table.columns]  # NaN is not equal to itself, but looks it


def test_a_broken_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = _both_ways(monkeypatch, _file('{"step": 5, "lo'))
    assert [(issue.code, issue.line) for issue in found.issues] == [("broken-line", _ROWS // 2 + 6)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_wholes, _fractions), min_size=1, max_size=30))
def test_every_number_is_kept_to_the_last_bit(rows: list[tuple[int, float]]) -> None:
    lines = [{"step": step, "loss": value} for step, value in rows]
    table = parsed_uniform("".join(f"{json.dumps(line)}\n" for line in lines).encode().splitlines(keepends=True), lines)
    assert table is not None
    assert table.column("step").to_pylist() == [step for step, _ in rows]
    found = table.column("loss").to_pylist()
    assert [value.hex() for value in found] == [value.hex() for _, value in rows]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.eE+-", min_size=1, max_size=24))
def test_no_number_is_taken_that_json_does_not_know(text: str) -> None:
    table = parsed_uniform([f'{{"a": {text}}}\n'.encode()], [{"a": 1.5}])
    try:
        value = float(json.loads(text))
    except (ValueError, OverflowError):
        value = math.nan
    if table is not None:
        assert table.column("a").to_pylist() == [value]
        assert math.copysign(1, table.column("a")[0].as_py()) == math.copysign(1, value)


@pytest.mark.parametrize("sample", [[], [{}], [{"a": 1}, {"b": 1}], [{"a": "x"}], [{"a": None}], [{"a": True}]])
def test_samples_that_differ_or_hold_no_numbers_are_left_to_the_general_way(sample: list[dict[str, object]]) -> None:
    assert parsed_uniform([b'{"a": 1}\n'], sample) is None
