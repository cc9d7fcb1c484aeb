"""Arrow tables as CSV, JSON and Parquet."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runreport.reporters.tables import Table, to_csv, to_json


def arrow_bytes(table: pa.Table, form: str) -> bytes:
    """Return the table as a ``csv``, ``json`` or ``parquet`` file.

    Raises:
        ValueError: another form.
    """
    match form:
        case "parquet":
            sink = io.BytesIO()
            pq.write_table(table, sink, compression="zstd")
            return sink.getvalue()
        case "csv":
            return to_csv(_plain(table)).encode()
        case "json":
            return f"{to_json(_plain(table))}\n".encode()
        case _:
            raise ValueError(f"form must be csv, json or parquet, not {form!r}")


def _plain(table: pa.Table) -> Table:
    columns: list[list[Any]] = [column.to_pylist() for column in table.columns]
    return Table(columns=tuple(table.column_names), rows=tuple(zip(*columns, strict=True)))
