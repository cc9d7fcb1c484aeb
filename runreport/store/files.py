"""One Parquet file of the store: written once and whole, read with row groups left out that cannot hold what is asked for."""

import contextlib
import filecmp
import os
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runreport.errors import StoreError
from runreport.model.tables import SCHEMA_VERSION
from runreport.store.points import Column, integers

ROW_GROUP_ROWS = 100_000
_ZSTD_LEVEL = 3  # measured with split streams: 4 % smaller than level 1 in the same time
_ENCODED_ROWS = (
    65_536  # at once; with Arrow's 1,024 the least and greatest text are looked for a hundred times as often
)
_US_PER_MS = 1000

Wanted = Mapping[str, Collection[str]]
"""Column name to the texts that are asked for in it."""


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table to its final name in one step and make it durable.

    The same table gives the same bytes. Strings (also those in Arrow dictionaries) become plain string columns with
    Parquet dictionaries, integers delta coding, floats split byte streams; the Arrow schema itself is left out,
    because row groups of Arrow dictionaries are not pruned by readers that see it. Times that are whole milliseconds
    are written as such: the same instants in fewer bytes.

    Raises:
        StoreError: the file cannot be written.
    """
    with writing(path) as temporary:
        _write(temporary, table)
        sync(temporary)
        # Files never change once committed; a leftover of other bytes is an attempt that was never acknowledged.
        if not (path.exists() and filecmp.cmp(temporary, path, shallow=False)):
            temporary.replace(path)
    sync(path.parent)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a new name beside ``path`` to write to; whatever is left there afterwards is removed.

    Raises:
        StoreError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except OSError as error:
        sentence = f"The store cannot be written: {error.strerror or error} ({path})."
        raise StoreError(sentence, hint="Check the space left and the permissions, or name another --store.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or the entries of a folder are on the disk."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows opens no folders; it writes their entries through
    descriptor = os.open(path, os.O_RDONLY if hasattr(os, "O_DIRECTORY") else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_table(path: Path, schema: pa.Schema, columns: Sequence[str], wanted: Wanted, *, rows: int) -> pa.Table:
    """Return the rows of a file whose columns hold the wanted texts; ``schema`` says which columns become what.

    Columns that ``schema`` has as dictionaries are read as such. ``rows`` is how many the file must have.

    Raises:
        StoreError: the file is missing, damaged, or another than was committed.
    """
    needed = [field for field in schema if field.name in {*columns, *wanted}]
    coded = [field.name for field in needed if pa.types.is_dictionary(field.type)]
    try:
        with pq.ParquetFile(path, read_dictionary=coded) as file:
            is_whole = file.metadata.num_rows == rows
            groups = promising_groups(file.metadata, wanted)
            table = file.read_row_groups(groups, columns=[field.name for field in needed])
            found = _matching(table.cast(pa.schema(needed)), wanted)
    except FileNotFoundError as error:
        raise damaged(path, "is missing") from error
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, "cannot be read") from error
    if not is_whole:
        raise damaged(path, "is another file than was committed")
    return found.select(list(columns))


def damaged(path: Path, what: str) -> StoreError:
    """Return the error that names a file of the store."""
    sentence = f"The store is damaged: {path} {what}."
    return StoreError(sentence, hint="Restore the file from a copy, or ingest the logs into a new store.")


def promising_groups(metadata: pq.FileMetaData, wanted: Wanted) -> list[int]:
    """Return the row groups that can hold wanted texts, judged by the least and greatest text of each column."""
    names = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    texts = {names.index(name): sorted(values) for name, values in wanted.items()}
    groups = range(metadata.num_row_groups)
    return [group for group in groups if _may_hold(metadata.row_group(group), texts)]


def _may_hold(group: pq.RowGroupMetaData, texts: Mapping[int, Sequence[str]]) -> bool:
    for column, wanted in texts.items():
        statistics = group.column(column).statistics
        least, greatest = (statistics.min, statistics.max) if statistics is not None else (None, None)
        if least is None or greatest is None:
            continue
        if not any(least <= text <= greatest for text in wanted):
            return False
    return True


def _matching(table: pa.Table, wanted: Wanted) -> pa.Table:
    for name, values in wanted.items():
        table = table.filter(pc.is_in(table.column(name), value_set=pa.array(sorted(values), pa.string())))
    return table


def _write(path: Path, table: pa.Table) -> None:
    slim = _whole_milliseconds(table)
    texts = [field.name for field in slim.schema if _is_text(field.type)]
    with pq.ParquetWriter(
        path,
        slim.schema,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        use_dictionary=texts,  # type: ignore[arg-type]  # the stubs know only a bool
        column_encoding={field.name: _encoding(field.type) for field in slim.schema if field.name not in texts},
        write_page_index=True,
        write_batch_size=_ENCODED_ROWS,
        store_schema=False,
    ) as writer:
        writer.write_table(slim, row_group_size=ROW_GROUP_ROWS)
        writer.add_key_value_metadata({"runreport_schema_version": str(SCHEMA_VERSION)})


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def _encoding(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "DELTA_BINARY_PACKED"
    # Measured: split streams save 14 % of values; on times delta coding hides that metrics share their time stamps.
    return "BYTE_STREAM_SPLIT" if pa.types.is_floating(kind) else "PLAIN"


def _whole_milliseconds(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and _is_whole_milliseconds(table.column(index)):
            kind = pa.timestamp("ms", tz=field.type.tz)
            table = table.set_column(index, field.with_type(kind), table.column(index).cast(kind))
    return table


def _is_whole_milliseconds(column: Column) -> bool:
    if column.null_count == len(column):
        return True
    return not (integers(column, missing=0) % _US_PER_MS).any()
