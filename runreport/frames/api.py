"""The store as pandas frames, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from runreport.config.options import SEED_NAMES
from runreport.frames.load import load_experiments
from runreport.frames.select import matching_rows
from runreport.store.manifest import Store
from runreport.store.points import Column
from runreport.store.query import parse
from runreport.store.snapshot import Snapshot

if TYPE_CHECKING:  # pandas takes a second to import and only these frames need it
    import pandas as pd


def open_store(path: str | Path, *, snapshot: int | None = None) -> StoreFrames:
    """Open a store for reading, pinned to its newest snapshot or the one of that number.

    Raises:
        StoreError: there is no store, or it is damaged.
        StoreVersionError: a newer version of runreport wrote it.
    """
    return StoreFrames(Store.open(Path(path)).snapshot(snapshot))


class StoreFrames:
    """The tables of one snapshot as pandas frames.

    Rows are ordered by run and then by name; texts have the pandas string type, times are in UTC, and whole numbers
    that can be missing are ``Int64``. Metrics keep logged NaN and infinite values.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Show a snapshot; see :func:`open_store`."""
        self._snapshot = snapshot

    @property
    def snapshot_number(self) -> int:
        """The commit these frames show; later commits do not change them."""
        return self._snapshot.number

    def runs(self, where: str | None = None) -> pd.DataFrame:
        """Return one row per run, ordered by experiment, start and name; ``seed`` is also looked for in the params.

        Args:
            where: only runs for which this expression holds, such as ``'params.lr < 0.1 and status == "finished"'``.

        Raises:
            QueryError: the expression does not parse.
        """
        frames = load_experiments(self._snapshot, seed_names=SEED_NAMES)
        chosen = [frame.runs[row].run for frame, row in matching_rows(frames, parse(where) if where else None)]
        table = _frame(self._snapshot.table("runs")).set_index("run_id", drop=False).rename_axis(None)
        ordered = table.loc[[run.run_id for run in chosen]].reset_index(drop=True)
        ordered["seed"] = _integers([run.seed for run in chosen])
        return ordered

    def params(self) -> pd.DataFrame:
        """Return one row per (run, param): the text as logged, its kind and its number."""
        return self._table("params")

    def params_wide(self) -> pd.DataFrame:
        """Return the param texts with one row per run (the index) and one column per param."""
        wide = self.params().pivot_table(index="run_id", columns="param", values="value", aggfunc="last")
        return wide.rename_axis(columns=None)

    def metrics(self, keys: Sequence[str] | None = None, runs: Sequence[str] | None = None) -> pd.DataFrame:
        """Return one row per point, ordered by metric, run, step and order in the log.

        Args:
            keys: only these metrics; the rest of the store is not read.
            runs: only these run ids.
        """
        return _frame(self._snapshot.table("metrics", metrics=keys, run_ids=runs))

    def summary(self) -> pd.DataFrame:
        """Return one row per (run, metric): first, last, extremes, means and counts of its points."""
        return self._table("summary")

    def samples(self) -> pd.DataFrame:
        """Return one row per evaluation episode or test example behind a metric."""
        return self._table("samples")

    def tags(self) -> pd.DataFrame:
        """Return one row per (run, tag)."""
        return self._table("tags")

    def artifacts(self) -> pd.DataFrame:
        """Return one row per file that a run left behind."""
        return self._table("artifacts")

    def datasets(self) -> pd.DataFrame:
        """Return one row per data set that a run read."""
        return self._table("datasets")

    def models(self) -> pd.DataFrame:
        """Return one row per model that a run logged, and per version of a registered model that came out of it."""
        return self._table("models")

    def environment(self) -> pd.DataFrame:
        """Return one row per package, device, driver or variable of a run."""
        return self._table("environment")

    def code(self) -> pd.DataFrame:
        """Return one row per run whose code version is known."""
        return self._table("code")

    def edges(self) -> pd.DataFrame:
        """Return one row per lineage statement of a log."""
        return self._table("edges")

    def metric_info(self) -> pd.DataFrame:
        """Return one row per (run, metric) of which the log says direction, unit or bounds."""
        return self._table("metric_info")

    def notices(self) -> pd.DataFrame:
        """Return one row per finding of the readers."""
        return self._table("notices")

    def _table(self, name: str) -> pd.DataFrame:
        return _frame(self._snapshot.table(name))


def _frame(table: pa.Table) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  # see above

    columns = {field.name: _series(table.column(field.name), is_nullable=field.nullable) for field in table.schema}
    return pd.DataFrame(columns)


def _series(column: Column, *, is_nullable: bool) -> pd.Series:
    import pandas as pd  # noqa: PLC0415  # see above

    kinds: dict[pa.DataType, Any] = {pa.string(): pd.StringDtype(na_value=float("nan"))}
    if is_nullable:
        kinds |= {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return column.to_pandas(types_mapper=kinds.get)


def _integers(values: Sequence[int | None]) -> pd.Series:
    import pandas as pd  # noqa: PLC0415  # see above

    return pd.Series(values, dtype="Int64")
