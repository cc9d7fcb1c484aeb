"""Reading a store as it was at one commit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from runreport.errors import UnknownNameError
from runreport.model.ledger import LedgerRow
from runreport.model.tables import POINTS, SCHEMAS, from_table, to_table
from runreport.notices import Notice
from runreport.store.blobs import read_blob
from runreport.store.files import read_table
from runreport.store.points import grouped_rows, ranks
from runreport.store.state import State

_SECOND_KEYS = {
    "runs": (),
    "params": ("param",),
    "metrics": ("metric",),
    "samples": ("metric", "step", "sample"),
    "summary": ("metric",),
    "metric_info": ("metric",),
    "tags": ("tag",),
    "artifacts": ("path",),
    "datasets": ("dataset", "role"),
    "models": ("model", "version", "kind", "model_id"),
    "environment": ("kind", "item"),
    "code": (),
    "edges": ("from_node", "to_node", "relation"),
    "notices": ("location", "code", "message"),
}
"""What the rows of each table are ordered by after the run."""


class Snapshot:
    """One pinned commit of a store; later commits do not change what it shows."""

    def __init__(self, path: Path, number: int, state: State) -> None:
        """Pin a state; :meth:`runreport.store.manifest.Store.snapshot` makes one."""
        self.path = path
        self.number = number
        self._state = state
        self._live = _live_runs(state)

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """The fingerprint of every run by its id."""
        return {run: record.fingerprint for run, record in self._state.runs.items()}

    @property
    def roots(self) -> Mapping[str, tuple[str, ...]]:
        """For each label of an ingested folder the marks by which that very folder is known again."""
        return self._state.roots

    @property
    def ledger(self) -> tuple[LedgerRow, ...]:
        """What was found in each ingested folder the last time, by folder and reader."""
        return tuple(row for _, rows in sorted(self._state.ledgers.items()) for row in rows)

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Every run, ascending."""
        return tuple(sorted(self._state.runs))

    def table(
        self,
        name: str,
        *,
        columns: Sequence[str] | None = None,
        run_ids: Collection[str] | None = None,
        metrics: Collection[str] | None = None,
    ) -> pa.Table:
        """Return rows of a table with the schema of :data:`runreport.model.tables.SCHEMAS`.

        Rows are ordered by run and then by the table's other key; metric points by metric, run, step and order. Row
        groups and files that hold none of the runs or metrics asked for are not read.

        Args:
            name: the table.
            columns: only these columns, in this order.
            run_ids: only rows of these runs; ids that are not in the store are passed over.
            metrics: only rows of these metrics, for tables that have them.

        Raises:
            UnknownNameError: there is no table or column of that name.
            ValueError: metrics are asked of a table that has none.
            StoreError: a file is missing or damaged.
        """
        schema = _checked_schema(name, columns, metrics)
        shown = list(columns) if columns is not None else schema.names
        needed = sorted({*shown, "run_id", *_SECOND_KEYS[name]}, key=schema.names.index)
        parts = self._parts(name, needed, run_ids, metrics)
        if name == "notices" and run_ids is None:
            parts = [*parts, to_table("notices", self._place_notices()).select(needed)]
        merged = pa.concat_tables(parts) if parts else _stored_schema(name).empty_table().select(needed)
        return _ordered(name, merged).select(shown).cast(pa.schema([schema.field(column) for column in shown]))

    def blob(self, digest: str) -> bytes:
        """Return the bytes of an artifact that the store keeps, by the name in its location.

        Raises:
            StoreError: they are missing or damaged.
        """
        return read_blob(self.path, digest)

    def notices(self) -> tuple[Notice, ...]:
        """Return the notices about runs and about places where no run could be read."""
        return from_table(Notice, self.table("notices"))

    def _place_notices(self) -> list[Notice]:
        return [notice for _, notices in sorted(self._state.found.items()) for notice in notices]

    def _parts(
        self, name: str, columns: Sequence[str], run_ids: Collection[str] | None, metrics: Collection[str] | None
    ) -> list[pa.Table]:
        parts = []
        for batch_id, batch in sorted(self._state.batches.items()):
            file = batch.files.get(name)
            live = self._live[batch_id]
            runs = live if run_ids is None else live.intersection(run_ids)
            if file is None or not runs:
                continue
            wanted: dict[str, Collection[str]] = {} if metrics is None else {"metric": metrics}
            if len(runs) < batch.run_count:
                wanted["run_id"] = runs
            parts.append(read_table(self.path / file.name, _stored_schema(name), columns, wanted, rows=file.rows))
        return parts


def _live_runs(state: State) -> dict[str, frozenset[str]]:
    runs: dict[str, set[str]] = {batch: set() for batch in state.batches}
    for run, record in state.runs.items():
        for batch in record.batches:
            runs[batch].add(run)
    return {batch: frozenset(members) for batch, members in runs.items()}


def _checked_schema(name: str, columns: Iterable[str] | None, metrics: Collection[str] | None) -> pa.Schema:
    if name not in SCHEMAS:
        raise UnknownNameError.near("table", name, tuple(SCHEMAS))
    schema = SCHEMAS[name]
    for column in columns or ():
        if column not in schema.names:
            raise UnknownNameError.near("column", column, schema.names)
    if metrics is not None and "metric" not in schema.names:
        msg = f"the table {name!r} has no metrics"
        raise ValueError(msg)
    return schema


def _stored_schema(name: str) -> pa.Schema:
    """Return the schema in which a table is read: points keep their names as codes until they are ordered."""
    return POINTS if name == "metrics" else SCHEMAS[name]


def _ordered(name: str, table: pa.Table) -> pa.Table:
    if name == "metrics":
        return _ordered_points(table)
    keys: list[tuple[str, Literal["ascending", "descending"]]]
    keys = [(column, "ascending") for column in ("run_id", *_SECOND_KEYS[name])]
    return table.combine_chunks().sort_by(keys)


def _ordered_points(table: pa.Table) -> pa.Table:
    """Bring series into order as a whole: each lies in one file and is sorted there."""
    flat = table.unify_dictionaries().combine_chunks()
    run, runs = ranks(flat.column("run_id"))
    metric, _ = ranks(flat.column("metric"))
    return flat.take(grouped_rows(metric.astype(np.int64) * max(len(runs), 1) + run))
