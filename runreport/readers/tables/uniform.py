"""JSON lines that all hold the same keys with numbers: what a training loop writes, parsed into columns in parts.

Such lines need no types found out and no cells left empty, so that a decoder of known records reads them in half the
time of Arrow's parser. It is as strict: what it refuses is left to the general way, which names the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.formats.files import read_parts
from runreport.readers.common.arrow import arrow_column

_PART_BYTES = 256 * 1024  # so that the records of a part stay in the processor's cache
_MOST_KEYS = 500
_KINDS: Mapping[type, Any] = {int: np.int64, float: np.float64}


class LongLineError(Exception):
    """A line is longer than a part."""


def parts_of_file(path: str) -> Iterator[bytes]:
    """Yield the lines of a file in parts, which are parsed while they are in the processor's cache and not kept.

    Raises:
        ReadError: the file cannot be read.
        LongLineError: a line is longer than a part.
    """
    rest = b""
    for block in read_parts(path, _PART_BYTES):
        end = block.rfind(b"\n") + 1
        if not end and len(block) == _PART_BYTES:
            raise LongLineError
        if end:
            yield rest + block[:end]
            rest = b""
        rest += block[end:]
    if rest:
        yield rest


def parts_of(data: bytes) -> Iterator[bytes]:
    """Yield lines in parts of bounded size."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _PART_BYTES) + 1 or data.find(b"\n", start) + 1 or len(data)
        yield data[start:end]
        start = end


def parsed_uniform(parts: Iterable[bytes], sample: Sequence[Mapping[str, object]]) -> pa.Table | None:
    """Return lines as the columns that Arrow would make of them, None when not all hold the same keys with numbers.

    Args:
        parts: JSON lines, some to a part.
        sample: some of them. A column is of whole numbers when it is so in all of these.
    """
    kinds = _kinds(sample)
    if not kinds or len(kinds) > _MOST_KEYS:
        return None
    fields = [(f"field_{place}", kind, msgspec.field(name=name)) for place, (name, kind) in enumerate(kinds.items())]
    record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
    try:
        columns = _columns(parts, msgspec.json.Decoder(record), kinds)
    except (msgspec.MsgspecError, OverflowError):
        return None
    return pa.table(columns) if columns else None


def _kinds(sample: Sequence[Mapping[str, object]]) -> dict[str, type]:
    """Return the type of each key's numbers; nothing when the lines differ in their keys or hold anything else."""
    names = list(sample[0]) if sample else []
    kinds = {name: {type(row.get(name)) for row in sample} for name in names}
    if any(row.keys() != kinds.keys() for row in sample) or not all(kind <= _KINDS.keys() for kind in kinds.values()):
        return {}
    return {name: int if kind == {int} else float for name, kind in kinds.items()}


def _columns(
    parts: Iterable[bytes], decoder: msgspec.json.Decoder[Any], kinds: Mapping[str, type]
) -> dict[str, pa.Array[Any]] | None:
    getters = [attrgetter(f"field_{place}") for place in range(len(kinds))]
    found: list[list[NDArray[Any]]] = [[] for _ in kinds]
    for part in parts:
        records = decoder.decode_lines(part)
        for cells, getter, kind in zip(found, getters, kinds.values(), strict=True):
            cells.append(np.fromiter(map(getter, records), _KINDS[kind], len(records)))
            if _may_lack_a_sign(cells[-1], part):
                return None
    columns = [np.concatenate(cells) for cells in found]
    return {
        name: arrow_column(column, pa.from_numpy_dtype(column.dtype))
        for name, column in zip(kinds, columns, strict=True)
    }


def _may_lack_a_sign(cells: NDArray[Any], part: bytes) -> bool:
    """Whether a ``-0`` may have become 0: the decoder keeps the sign of ``-0.0`` only."""
    if cells.dtype.kind != "f" or cells.all():
        return False
    is_zero = (cells == 0) & ~np.signbit(cells)
    return bool(is_zero.any()) and any(end in part for end in (b"-0,", b"-0}", b"-0 "))
