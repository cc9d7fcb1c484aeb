import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfevents_encoder import checksum, record

from runreport.formats import tfrecord
from runreport.formats.tfrecord import Block, End, Ending, LongRecord, crc32c, masked_crc32c, records

sizes_of_records = st.lists(st.integers(0, 300), max_size=40)
periodic_sizes = st.tuples(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(1, 700)).map(
    lambda drawn: drawn[0] * drawn[1]
)


def read(data: bytes) -> tuple[list[bytes], list[LongRecord], End]:
    *found, end = list(records(io.BytesIO(data), len(data)))
    assert isinstance(end, End)
    contents = [
        block.data[start:stop]
        for block in found
        if isinstance(block, Block)
        for start, stop in zip(block.starts.tolist(), block.ends.tolist(), strict=True)
    ]
    return contents, [item for item in found if isinstance(item, LongRecord)], end


def contents_of(sizes: list[int]) -> list[bytes]:
    return [bytes((index + offset) % 256 for offset in range(size)) for index, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E), (b"", 0)],
)
def test_crc32c_gives_the_answers_of_rfc_3720(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@given(st.binary(max_size=40))
def test_the_masked_checksum_is_that_of_an_independent_encoder(data: bytes) -> None:
    assert struct.pack("<I", masked_crc32c(data)) == checksum(data)


@given(sizes_of_records | periodic_sizes, sizes_of_records, periodic_sizes)
def test_records_of_any_sizes_are_found(first: list[int], second: list[int], third: list[int]) -> None:
    contents = contents_of([*first, *second, *third])
    data = b"".join(map(record, contents))
    assert read(data) == (contents, [], End(ending=Ending.WHOLE, position=len(data)))


@pytest.mark.parametrize("block_bytes", [16, 100, 1000])
def test_records_that_cross_blocks_are_found(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "BLOCK_BYTES", block_bytes)
    contents = contents_of([3, 900, 0, 17, 17, 17, 2000, 5] * 30)
    data = b"".join(map(record, contents))
    assert read(data) == (contents, [], End(ending=Ending.WHOLE, position=len(data)))


def test_a_cut_anywhere_leaves_the_whole_records_before_it() -> None:
    contents = contents_of([5, 0, 30, 7])
    data = b"".join(map(record, contents))
    ends = [sum(len(content) + 16 for content in contents[:count]) for count in range(len(contents) + 1)]
    for cut in range(len(data)):
        whole = max(count for count, end in enumerate(ends) if end <= cut)
        ending = Ending.WHOLE if cut in ends else Ending.CUT
        assert read(data[:cut]) == (contents[:whole], [], End(ending=ending, position=ends[whole]))


@given(st.integers(0, 999), st.integers(0, 11), st.integers(1, 255))
def test_a_wrong_byte_in_a_header_is_found_where_it_is(index: int, offset: int, change: int) -> None:
    data = bytearray(b"".join(map(record, contents_of([20, 21] * 500))))
    position = index // 2 * 73 + index % 2 * 36
    data[position + offset] ^= change
    contents, _, end = read(bytes(data))
    assert (len(contents), end) == (index, End(ending=Ending.DAMAGED, position=position))


def test_zeros_at_the_end_are_damage() -> None:
    data = record(b"abc")
    assert read(data + bytes(500)) == ([b"abc"], [], End(ending=Ending.DAMAGED, position=len(data)))


@pytest.mark.parametrize("length", [2**63 + 5, 2**64 - 17, 2**64 - 1, 2**31])
def test_a_huge_length_with_a_right_checksum_is_a_cut(length: int) -> None:
    data = record(b"abc")
    assert read(data + record(b"x" * 50, length=length))[2] == End(ending=Ending.CUT, position=len(data))


def test_long_records_are_passed_over_without_reading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "BLOCK_BYTES", 64)
    monkeypatch.setattr(tfrecord, "MAX_RECORD_BYTES", 1000)
    data = record(b"first") + record(b"\x22" + bytes(5000)) + record(b"last")
    contents, long, end = read(data)
    assert (contents, end.ending) == ([b"first", b"last"], Ending.WHOLE)
    assert [(item.position, item.size_bytes, item.head[:1]) for item in long] == [(21, 5017, b"\x22")]


def test_a_file_that_shrinks_while_it_is_read_is_cut() -> None:
    data = record(b"abc")
    *_, end = records(io.BytesIO(data), len(data) + 100)
    assert end == End(ending=Ending.CUT, position=len(data))
