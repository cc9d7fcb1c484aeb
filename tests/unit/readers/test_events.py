"""Blocks of events to columns, against what an independent encoder wrote."""

import io
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfevents_encoder import WALL_TIME, event, float_tensor, message, metadata, record, simple, summary, tensor, varint

from runreport.formats.tfrecord import Block, records
from runreport.readers.tensorboard.events import EventDecoder, Findings

PACKED_DOUBLE = b"\x08\x02" + message(6, struct.pack("<d", 0.1))
NUMBERS = {
    "float_val": (b"\x08\x01" + message(5, struct.pack("<f", 0.5)), 0.5),
    "float_val, not packed": (b"\x08\x01\x2d" + struct.pack("<f", 0.5), 0.5),
    "tensor_content of a float": (b"\x08\x01" + message(4, struct.pack("<f", 0.5)), 0.5),
    "double_val": (PACKED_DOUBLE, 0.1),
    "tensor_content of a double": (b"\x08\x02" + message(4, struct.pack("<d", 0.1)), 0.1),
    "int_val": (b"\x08\x03" + message(7, varint(-7)), -7.0),
    "int_val, not packed": (b"\x08\x03\x38" + varint(300), 300.0),
    "tensor_content of an int": (b"\x08\x03" + message(4, struct.pack("<i", -7)), -7.0),
    "int64_val": (b"\x08\x09" + message(10, varint(2**40)), 2.0**40),
    "uint64_val": (b"\x08\x17" + message(17, varint(2**64 - 1)), 2.0**64),
    "bool_val": (b"\x08\x0a" + message(11, b"\x01"), 1.0),
    "half_val": (b"\x08\x13" + message(13, varint(0x3E00)), 1.5),
    "tensor_content of a half": (b"\x08\x13" + message(4, struct.pack("<e", 1.5)), 1.5),
    "bfloat16": (b"\x08\x0e" + message(13, varint(0x3FC0)), 1.5),
    "tensor_content of a bfloat16": (b"\x08\x0e" + message(4, b"\xc0\x3f"), 1.5),
    "nothing, which stands for zero": (b"\x08\x01", 0.0),
}
NO_NUMBERS = {
    "two floats": b"\x08\x01" + message(5, struct.pack("<2f", 0.5, 0.6)),
    "content of the wrong size": b"\x08\x01" + message(4, b"abc"),
    "a text": b"\x08\x07" + message(8, b"text"),
    "a complex number": b"\x08\x08" + message(4, bytes(8)),
    "two ints": b"\x08\x03" + message(7, varint(1) + varint(2)),
}

tags = st.sampled_from(["loss", "val/acc", "x" * 200, "", "größe"])
floats = st.floats(width=32, allow_nan=False)
steps = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 40_000))
styles = st.sampled_from(["simple", "tensor", "tensor of the plugin"])
logged = st.lists(st.tuples(steps, st.lists(st.tuples(tags, floats, styles), max_size=4)), max_size=60)


def decode(data: bytes) -> tuple[list[tuple[bytes, int, int, float]], Findings, EventDecoder]:
    decoder, findings = EventDecoder(), Findings()
    blocks = [found for found in records(io.BytesIO(data), len(data)) if isinstance(found, Block)]
    names: dict[int, bytes] = {}
    rows: list[tuple[bytes, int, int, float]] = []
    for block in blocks:
        points = decoder.decode(block, findings)
        names = {code: tag for tag, code in decoder.tags.items()}
        rows += zip(
            [names[code] for code in points.tag.tolist()],
            points.step.tolist(),
            points.time_us.tolist(),
            points.value.tolist(),
            strict=True,
        )
    return rows, findings, decoder


def encode(tag: str, value: float, style: str) -> bytes:
    if style == "simple":
        return simple(tag, value)
    return float_tensor(tag, value, plugin=b"scalars" if style == "tensor of the plugin" else None)


@given(logged)
def test_what_was_encoded_is_decoded_in_order(events: list[tuple[int | None, list[tuple[str, float, str]]]]) -> None:
    data, expected = b"", []
    for index, (step, values) in enumerate(events):
        wall_time = WALL_TIME + index / 4
        data += event(summary(*(encode(*value) for value in values)), step=step, wall_time=wall_time)
        expected += [(tag.encode(), step or 0, round(wall_time * 1e6), value) for tag, value, _ in values]
    rows, findings, _ = decode(data)
    assert rows == expected
    assert (findings.damaged, findings.untimed, findings.kinds) == (0, 0, {})


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize(("body", "number"), NUMBERS.values(), ids=NUMBERS)
def test_a_tensor_of_one_number_is_a_scalar(body: bytes, number: float, count: int) -> None:
    rows, findings, _ = decode(b"".join(event(summary(tensor("x", body)), step=step) for step in range(count)))
    assert [(step, value) for _, step, _, value in rows] == [(step, number) for step in range(count)]
    assert not findings.kinds


@pytest.mark.parametrize("body", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_other_tensors_are_counted(body: bytes) -> None:
    rows, findings, _ = decode(event(summary(tensor("x", body), simple("y", 1.0)), step=1))
    assert [row[0] for row in rows] == [b"y"]
    assert findings.kinds == {"tensors": 1}


def test_a_tensor_with_one_element_in_two_dimensions_is_a_scalar_and_one_with_two_is_not() -> None:
    one, two = (message(2, b"\x08" + varint(size)) + message(2, b"\x08\x01") for size in (1, 2))
    body = b"\x08\x01" + message(5, struct.pack("<f", 0.5))
    data = event(summary(tensor("one", body, shape=one), tensor("two", body, shape=two)), step=1)
    assert [row[0] for row in decode(data)[0]] == [b"one"]


def test_metadata_of_the_first_value_say_what_later_values_are() -> None:
    first = event(summary(float_tensor("ours", 1.0, plugin=b"scalars"), float_tensor("theirs", 1.0, plugin=b"mesh")))
    later = event(summary(float_tensor("ours", 2.0), float_tensor("theirs", 2.0)), step=1)
    rows, findings, _ = decode(first + later * 1)
    assert [(tag, value) for tag, _, _, value in rows] == [(b"ours", 1.0), (b"ours", 2.0)]
    assert findings.kinds == {"mesh": 2}


def test_numbers_of_another_plugin_are_taken_back_when_their_shape_is_known() -> None:
    plain = b"".join(event(summary(float_tensor("ours", 1.0)), step=step) for step in range(30))
    foreign = event(summary(float_tensor("theirs", 1.0, plugin=b"mesh")), step=0)
    foreign += b"".join(event(summary(float_tensor("theirs", 1.0)), step=step) for step in range(1, 30))
    rows, findings, _ = decode(plain + foreign)
    assert {row[0] for row in rows} == {b"ours"}
    assert findings.kinds == {"mesh": 30}


def test_signed_infinities_nan_and_double_precision_survive() -> None:
    values = [math.inf, -math.inf, math.nan, 1e-45, -0.0]
    data = b"".join(event(summary(simple("x", value)), step=step) for step, value in enumerate(values))
    signalling = event(summary(message(1, message(1, b"x") + b"\x15\x01\x00\xa0\x7f")), step=9)
    rows, _, _ = decode(data + signalling + event(summary(tensor("x", PACKED_DOUBLE)), step=10))
    assert np.array_equal(
        [row[3] for row in rows], [*np.array(values, np.float32).astype(float), math.nan, 0.1], equal_nan=True
    )


def test_many_values_in_one_event_keep_their_order() -> None:
    values = [simple(f"tag{index % 7}", float(index)) for index in range(500)]
    rows, _, _ = decode(event(summary(*values), step=3) + event(summary(simple("last", 1.0)), step=4))
    assert [row[3] for row in rows] == [*map(float, range(500)), 1.0]


def test_unusual_but_valid_encodings_are_read() -> None:
    value = message(1, b"\x15" + struct.pack("<f", 2.0) + message(1, b"tag last"))
    step_first = record(b"\x10\x05" + b"\x09" + struct.pack("<d", WALL_TIME) + summary(simple("a", 1.0)))
    two_summaries = event(summary(simple("b", 1.0)) + summary(simple("c", 1.0)), step=5)
    unknown_field = event(summary(simple("d", 1.0)) + message(99, b"?"), step=5)
    rows, findings, _ = decode(event(summary(value), step=5) + step_first + two_summaries + unknown_field)
    assert [(row[0], row[1]) for row in rows] == [(tag, 5) for tag in (b"tag last", b"a", b"b", b"c", b"d")]
    assert findings.damaged == 0


def test_other_kinds_of_values_are_counted_by_name() -> None:
    fields = (3, 6)
    data = b"".join(event(summary(message(1, message(1, b"x") + message(field, b"")))) for field in fields)
    curve = tensor("t", b"\x08\x07" + message(8, b"text"), plugin=b"pr_curves")
    data += event(summary(curve)) + event(message(4, b"graph")) + event(message(6, b"log"))
    kinds = {"obsolete histograms": 1, "audio": 1, "pr_curves": 1, "graphs": 1, "log messages": 1}
    assert decode(data)[1].kinds == kinds


@pytest.mark.parametrize("wall_time", [math.nan, math.inf, -1.0, 1e300])
def test_records_without_a_possible_time_are_counted(wall_time: float) -> None:
    good = event(summary(simple("x", 1.0)), step=1)
    rows, findings, _ = decode(good + event(summary(simple("x", 2.0)), step=2, wall_time=wall_time) + good)
    assert ([row[3] for row in rows], findings.untimed) == ([1.0, 1.0], 1)


@pytest.mark.parametrize(
    "damaged",
    [
        record(b"\x09\x00\x00"),
        event(b"\x2a\x7f"),
        event(message(5, b"\x0a\x7f")),
        event(message(5, message(1, b"\x0a\x7f"))),
        event(summary(message(1, message(1, b"x") + message(8, b"\x12\x7f")))),
        event(summary(message(1, message(1, b"x") + message(9, b"\x0a\x7f")))),
        record(b"\x09" + bytes(8) + b"\x10" + b"\xff" * 11),
    ],
)
def test_a_damaged_record_is_counted_where_it_is_and_the_next_is_read(damaged: bytes) -> None:
    good = event(summary(simple("x", 1.0)), step=1)
    rows, findings, _ = decode(good + damaged + good)
    assert (len(rows), findings.damaged) == (2, 1)
    assert findings.first_damaged is not None
    assert len(good) <= findings.first_damaged < len(good + damaged)


def test_the_first_of_several_damages_is_named() -> None:
    good = event(summary(simple("x", 1.0)), step=1)
    damaged_value, damaged_event = event(summary(message(1, b"\x0a\x7f"))), record(b"\x09\x00")
    _, findings, _ = decode(good + damaged_value + good + damaged_event)
    assert findings.damaged == 2
    assert findings.first_damaged is not None
    assert findings.first_damaged < len(good + damaged_value)


def test_metadata_without_a_plugin_is_no_obstacle() -> None:
    value = message(1, message(1, b"x") + b"\x15" + struct.pack("<f", 2.0) + metadata(b""))
    assert len(decode(b"".join(event(summary(value), step=step) for step in range(40)))[0]) == 40
