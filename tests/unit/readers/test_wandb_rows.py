from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from wandb_encoder import Raw, block, item, number

from runreport.readers.wandb.rows import Rows, history

KEYS = st.lists(st.text("ab/_.\n\x12é", min_size=1, max_size=12), min_size=1, max_size=3)
VALUES = st.one_of(
    st.floats(), st.integers(), st.booleans(), st.none(), st.text("a1-\n\x12", max_size=5), st.just(Raw("1" * 200))
)
ROWS = st.lists(st.tuples(st.lists(st.tuples(KEYS, VALUES), max_size=4), st.integers(0, 2**40)), max_size=6)


def decoded(rows: Sequence[bytes]) -> Rows:
    read = history()
    for row in rows:
        read.add(row, 0, len(row))
    assert read.flush() == 0
    return read


@given(ROWS)
def test_rows_taken_apart_at_once_are_those_decoded_byte_by_byte(
    given_rows: list[tuple[list[tuple[list[str], object]], int]],
) -> None:
    rows = [
        b"".join(block(1, item(keys, value)) for keys, value in items) + block(2, number(1, step))
        for items, step in given_rows
    ]
    fast = decoded(rows)
    with patch.object(Rows, "_add_plain", return_value=False):
        slow = decoded(rows)
    assert fast.marks == slow.marks == type(fast.marks)("q", [step for _, step in given_rows])
    assert fast.rows == slow.rows
    assert {name: repr(values) for name, values in fast.values.items()} == {
        name: repr(values) for name, values in slow.values.items()
    }
    assert fast.others == slow.others
