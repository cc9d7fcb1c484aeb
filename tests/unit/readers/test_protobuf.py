import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfevents_encoder import double, integer, message, varint

from runreport.formats.protobuf import BYTES, FIXED64, VARINT, WireError, fields, read_varint, signed

numbers = st.integers(1, 2**28)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_a_varint_reads_back(value: int, behind: bytes) -> None:
    encoded = varint(value)
    assert read_varint(encoded + behind, 0, len(encoded) + len(behind)) == (value, len(encoded))


@given(st.integers(-(2**63), 2**63 - 1))
def test_negative_numbers_are_ten_bytes_and_read_back(value: int) -> None:
    encoded = varint(value)
    assert signed(read_varint(encoded, 0, len(encoded))[0]) == value
    assert len(encoded) == 10 or value >= 0


@given(st.integers(0, 2**64 - 1))
def test_a_varint_that_is_cut_is_refused(value: int) -> None:
    encoded = varint(value)
    with pytest.raises(WireError):
        read_varint(encoded, 0, len(encoded) - 1)


def test_a_varint_without_end_is_refused() -> None:
    with pytest.raises(WireError):
        read_varint(b"\x80" * 20, 0, 20)


@given(st.lists(st.tuples(numbers, st.one_of(st.binary(max_size=200), st.integers(0, 2**64 - 1), st.floats()))))
def test_fields_are_found_in_order(content: list[tuple[int, bytes | int | float]]) -> None:
    encoders = {bytes: message, int: integer, float: double}
    data = b"".join(encoders[type(value)](number, value) for number, value in content)
    found = list(fields(data, 0, len(data)))
    wire_types = {bytes: BYTES, int: VARINT, float: FIXED64}
    assert [(number, wire_type) for number, wire_type, _, _ in found] == [
        (number, wire_types[type(value)]) for number, value in content
    ]
    assert [data[first:end] for _, kind, first, end in found if kind == BYTES] == [
        value for _, value in content if isinstance(value, bytes)
    ]


@given(st.binary(max_size=60))
def test_any_bytes_are_fields_or_refused(data: bytes) -> None:
    try:
        spans = [(first, end) for _, _, first, end in fields(data, 0, len(data))]
    except WireError:
        return
    assert all(first <= end <= len(data) for first, end in spans)


@pytest.mark.parametrize("data", [b"\x0b", b"\x0c", b"\x00\x01", b"\x0a\x05abc", b"\x09\x00", b"\x0f\x00"])
def test_groups_field_zero_and_fields_that_overrun_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        list(fields(data, 0, len(data)))
