import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wandb_encoder import BLOCK, HEADER, fragment, framed

from runreport.formats.leveldb import LogFile, block_shift

SIZES = st.one_of(st.integers(0, 40), st.integers(BLOCK - 20, BLOCK + 20), st.integers(0, 3 * BLOCK))
RECORDS = st.lists(st.tuples(SIZES, st.integers(0, 255)), max_size=12)


def contents(log: LogFile) -> list[bytes]:
    return [data[start:end] for data, start, end in log]


def opened(data: bytes, shift: int = 0) -> LogFile:
    return LogFile(io.BytesIO(data), len(data), begin=7, shift=shift)


@given(RECORDS, st.sampled_from([0, 7]))
def test_what_an_independent_encoder_wrote_is_read_back(sizes: list[tuple[int, int]], shift: int) -> None:
    records = [bytes([fill]) * size for size, fill in sizes]
    data = framed(records, shift=shift)
    log = opened(data, shift)
    assert contents(log) == records
    assert not log.damages
    assert not log.is_cut


@given(RECORDS, st.data())
def test_a_cut_file_gives_the_records_before_the_cut(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    records = [bytes([fill]) * size for size, fill in sizes]
    whole = framed(records)
    length = data.draw(st.integers(len(HEADER), len(whole)))
    log = opened(whole[:length])
    found = contents(log)
    assert found == records[: len(found)]
    assert not log.damages
    complete = [len(framed(records[:count])) for count in range(len(records) + 1)]
    assert len(found) == max(count for count, size in enumerate(complete) if size <= length)


@given(RECORDS, st.data())
def test_damage_costs_only_the_records_of_its_block(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    records = [bytes([fill]) * size + index.to_bytes(2, "big") for index, (size, fill) in enumerate(sizes)]
    whole = bytearray(framed(records))
    if len(whole) == len(HEADER):
        return
    place = data.draw(st.integers(len(HEADER), len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    found = contents(opened(bytes(whole)))
    assert all(record in records for record in found)
    first, last = place // BLOCK * BLOCK, (place // BLOCK + 1) * BLOCK
    ends = [len(framed(records[: count + 1])) for count in range(len(records))]
    starts = [len(HEADER), *ends[:-1]]
    safe = [record for record, start, end in zip(records, starts, ends, strict=True) if end <= first or start >= last]
    assert all(record in found for record in safe)


@given(st.binary(max_size=3 * BLOCK))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    log = opened(HEADER + data)
    contents(log)


def test_a_fragment_that_is_damaged_is_told_with_its_place() -> None:
    data = bytearray(framed([b"one", b"two", b"x" * BLOCK, b"four"]))
    data[len(framed([b"one"])) + 8] ^= 1
    log = opened(bytes(data))
    assert contents(log) == [b"one", b"four"]
    assert [(damage.position, damage.reason) for damage in log.damages] == [(17, "does not fit its checksum")]


def test_a_record_that_never_ends_is_told_when_another_begins() -> None:
    log = opened(HEADER + fragment(2, b"half") + fragment(1, b"whole") + fragment(4, b"rest") + fragment(3, b"more"))
    assert contents(log) == [b"whole"]
    reasons = [damage.reason for damage in log.damages]
    assert reasons == ["begins before the record in front of it has ended", "goes on with a record that has no start"]


def test_a_tail_of_zeros_is_a_cut_and_zeros_in_the_midst_are_damage() -> None:
    tail = opened(framed([b"one"]) + bytes(100))
    assert contents(tail) == [b"one"]
    assert (tail.is_cut, tail.damages) == (True, [])
    start = framed([b"one"])
    midst = opened(start + bytes(BLOCK - len(start)) + fragment(1, b"two"))
    assert contents(midst) == [b"one", b"two"]
    assert [damage.reason for damage in midst.damages] == ["is all zeros"]


def test_a_record_longer_than_is_read_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runreport.formats.leveldb.MAX_RECORD_BYTES", BLOCK)
    log = opened(framed([b"one", bytes(3 * BLOCK), b"three"]))
    assert contents(log) == [b"one", b"three"]
    assert len(log.damages) == 1


@pytest.mark.parametrize("shift", [0, 7])
@pytest.mark.parametrize("count", [1, 500, 5000])
def test_the_grid_of_blocks_is_found(shift: int, count: int) -> None:
    records = [index.to_bytes(4, "big") * (5 + index % 31) for index in range(count)]
    data = framed(records, shift=shift)
    found = block_shift(data[: 3 * BLOCK], 7)
    assert contents(opened(data, found)) == records


def test_a_file_that_shrinks_while_it_is_read_ends_there() -> None:
    data = framed([b"x" * 1000] * 100)
    log = LogFile(io.BytesIO(data[: len(data) // 2]), len(data), begin=7)
    assert set(contents(log)) == {b"x" * 1000}
