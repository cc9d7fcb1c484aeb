"""NumPy columns as Arrow columns and back, without a copy.

``pa.array`` and ``to_numpy`` would load pandas first to see whether that is what they deal with, which takes longer
than reading a log does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS


def arrow_column(values: NDArray[Any], kind: pa.DataType, valid: NDArray[np.bool_] | None = None) -> pa.Array[Any]:
    """Return the values, whose memory layout is that of ``kind``, as an Arrow array; null where not ``valid``."""
    bitmap = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little").data)
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(np.ascontiguousarray(values).data)])


def arrow_texts(texts: list[str]) -> pa.Array[Any]:
    """Return texts as an Arrow array of strings."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets.data), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def arrow_names(codes: NDArray[np.int32], names: list[str]) -> pa.Array[Any]:
    """Return names as an Arrow array of dictionary codes."""
    return pa.DictionaryArray.from_arrays(arrow_column(codes, pa.int32()), arrow_texts(names))


def numpy_codes(codes: pa.Array[Any]) -> NDArray[np.int32]:
    """Return the int32 codes of a dictionary array without nulls."""
    data: Any = codes.buffers()[1]
    found: NDArray[np.int32] = np.frombuffer(data, dtype=np.int32, count=len(codes), offset=4 * codes.offset)
    return found


def points_table(columns: dict[str, pa.Array[Any]]) -> pa.Table:
    """Return the columns as a table of metric points."""
    return pa.Table.from_arrays([columns[name] for name in POINTS.names], schema=POINTS)
