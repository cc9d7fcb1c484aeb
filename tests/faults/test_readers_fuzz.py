"""Damaged logs of every reader: cut and changed at random. `make fuzz` cuts at every offset and changes ten thousand times."""

from importlib import metadata

import pytest
from log_fuzzing import MAX_MEGABYTES, MAX_SECONDS, in_own_process

MUTATIONS = 150
CUTS = 150
READERS = sorted(
    one.name
    for one in metadata.entry_points(group="runreport.readers")
    if one.value.startswith("runreport.") and not hasattr(one.load(), "schemes")
)


@pytest.mark.parametrize("name", READERS)
def test_damaged_logs_never_crash_a_reader_nor_take_all_time_or_memory(name: str) -> None:
    found = in_own_process(name, MUTATIONS, CUTS)
    assert found.cuts > 0
    assert found.mutations > 0
    assert not found.failures
    assert found.slowest_s <= MAX_SECONDS
    assert found.peak_mb <= MAX_MEGABYTES
