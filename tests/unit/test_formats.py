"""Decoders of settings and documents: what is kept as written, and what is bounded."""

import contextlib
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.errors import ReadError
from runreport.formats.documents import load_object, number, parse_json
from runreport.formats.times import moment, parse_time
from runreport.formats.yaml import load_yaml


def test_scalars_stay_the_texts_that_were_written() -> None:
    text = (
        b"lr: 1e-3\nflag: on\nversion: 1.10\nsince: 2026-01-02\noctal: 010\nquoted: '1'\nnone: null\nempty:\ntilde: ~\n"
    )
    assert load_yaml(text) == {
        "lr": "1e-3",
        "flag": "on",
        "version": "1.10",
        "since": "2026-01-02",
        "octal": "010",
        "quoted": "1",
        "none": None,
        "empty": None,
        "tilde": None,
    }


def test_tags_build_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = f"""
a: !!python/object/apply:os.system ["touch {mark}"]
b: !!python/object/apply:collections.OrderedDict
- - - lr
    - 0.1
c: !!python/name:os.system ''
d: !custom {{x: 1}}
e: !!python/tuple [1, 2]
"""
    assert load_yaml(text.encode()) == {
        "a": [f"touch {mark}"],
        "b": [[["lr", "0.1"]]],
        "c": "",
        "d": {"x": "1"},
        "e": ["1", "2"],
    }
    assert not mark.exists()


def test_anchors_and_merge_keys_are_followed() -> None:
    text = b"base: &b {lr: 0.1, wd: 0}\nrun:\n  <<: *b\n  lr: 0.2\nlist: [*b, *b]\n"
    assert load_yaml(text) == {
        "base": {"lr": "0.1", "wd": "0"},
        "run": {"lr": "0.2", "wd": "0"},
        "list": [{"lr": "0.1", "wd": "0"}, {"lr": "0.1", "wd": "0"}],
    }


def test_several_maps_are_merged_and_the_first_wins() -> None:
    text = b"a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n  z: 3\n"
    assert load_yaml(text)["c"] == {"x": "1", "y": "2", "z": "3"}


def test_aliases_cannot_grow_without_bound() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    with pytest.raises(ReadError, match="stand for more than 20,000 values"):
        load_yaml(f"l0: &l0 [x]\n{levels}\n".encode())


def test_merges_of_large_maps_are_bounded() -> None:
    base = "".join(f"  k{number}: {number}\n" for number in range(3000))
    text = f"base: &b\n{base}" + "".join(f"m{number}:\n  <<: *b\n" for number in range(60))
    with pytest.raises(ReadError, match="stand for more than 20,000 values"):
        load_yaml(text.encode())


def test_an_anchor_inside_of_itself_ends() -> None:
    assert load_yaml(b"a: &a [1, *a]\n") == {"a": ["1", ["1"]]}


@pytest.mark.parametrize(
    "text",
    [b"[" * 5_000, b"{a: " * 5_000, b"a:\n" + b"".join(b" " * n + b"b:\n" for n in range(1, 500)), b"- " * 5_000],
)
def test_deep_nesting_is_refused(text: bytes) -> None:
    with pytest.raises(ReadError):
        load_yaml(text)


@pytest.mark.parametrize("text", [b"a: [1", b"\tx: 1", b"a: *nowhere", b"%YAML 9.9\n---\na: 1\n", b"a: 'x", b"\x00"])
def test_what_is_no_yaml_is_one_sentence(text: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        load_yaml(text)
    assert caught.value.sentence.endswith(".")


@given(st.binary(max_size=300))
def test_any_bytes_are_yaml_or_refused(data: bytes) -> None:
    with contextlib.suppress(ReadError):
        load_yaml(data)


def test_only_the_first_document_is_read() -> None:
    assert load_yaml(b"a: 1\n---\nb: 2\n") == {"a": "1"}
    assert load_yaml(b"") is None


def test_json_keeps_what_is_not_finite_and_every_digit() -> None:
    value = parse_json(b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 9007199254740993}')
    assert math.isnan(value["a"])
    assert value["b"] == -math.inf
    assert value["c"] == math.inf
    assert str(value["d"]) == "9007199254740993"


@pytest.mark.parametrize("text", [b"{", b"", b"[" * 100_000, b'{"a": ' + b"9" * 10_000 + b"}", b"nul"])
def test_what_is_no_json_is_one_sentence(text: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        parse_json(text)
    assert caught.value.sentence.endswith(".")


def test_half_a_surrogate_pair_becomes_text() -> None:
    parse_json(b'{"a": "\\ud83d"}')["a"].encode("utf-8")


def test_an_object_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(ReadError, match="no JSON object"):
        load_object(tmp_path / "a.json")
    with pytest.raises(ReadError, match="larger than"):
        load_object(tmp_path / "a.json", limit_bytes=2)


def test_numbers_may_be_written_as_texts_only_where_json_cannot_hold_them() -> None:
    assert math.isnan(number("NaN") or 0.0)
    assert (number("Infinity"), number("-inf"), number(3)) == (math.inf, -math.inf, 3.0)
    assert (number("0.5"), number(None), number({}), number("fast")) == (None, None, None, None)
    assert number(10**400) == math.inf


def test_times_with_and_without_a_zone() -> None:
    expected = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert parse_time("2026-03-01T12:00:00+02:00") == expected
    assert parse_time("2026-03-01 10:00:00") == expected
    assert parse_time("2026-03-01T10:00:00Z") == expected
    assert parse_time("yesterday") is None
    assert parse_time(None) is None


def test_moments_that_no_run_can_have_are_none() -> None:
    assert moment(1_763_600_000.5) == datetime(2025, 11, 20, 0, 53, 20, 500_000, tzinfo=UTC)
    assert [moment(value) for value in (None, 0.0, -1e30, 1e30, math.nan, math.inf)] == [None] * 6
