"""From the columns of a table to the points of its runs, without a loop over points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.model.tables import POINTS
from runreport.names import Severity
from runreport.readers.common import arrow
from runreport.readers.tables.axes import NO_TIME, StepAxis, restarts, row_numbers, step_axis, time_axis, within_groups
from runreport.readers.tables.columns import Issue, Numbers, numbers, texts
from runreport.readers.tables.roles import Roles
from runreport.readers.tables.run_keys import RunKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Metric points of one table, sorted by run and metric, in file order within each series.

    All arrays are [points]; ``run`` and ``metric`` are positions in the run keys and in ``metric_names``.
    """

    metric_names: tuple[str, ...]
    run: NDArray[np.int32]
    metric: NDArray[np.int32]
    step: NDArray[np.int64]
    value: NDArray[np.float64]
    time_us: NDArray[np.int64]

    def of_runs(self, wanted: NDArray[np.int32]) -> Points:
        """Return the points of some runs, whose positions become those in ``wanted`` (ascending)."""
        if len(wanted) and wanted[-1] == len(wanted) - 1 and self.run.max(initial=0) < len(wanted):
            return self  # all of them, as it is with one run per file
        chosen = np.isin(self.run, wanted)
        return self._filtered(chosen, np.searchsorted(wanted, self.run[chosen]).astype(np.int32))

    def without_metrics(self, names: frozenset[str]) -> Points:
        """Return the points of all other metrics."""
        refused = np.array([name in names for name in self.metric_names], dtype=np.bool_)
        chosen = ~refused[self.metric] if len(refused) else np.zeros(0, dtype=np.bool_)
        return self._filtered(chosen, self.run[chosen])

    def _filtered(self, chosen: NDArray[np.bool_], run: NDArray[np.int32]) -> Points:
        return Points(
            metric_names=self.metric_names,
            run=run,
            metric=self.metric[chosen],
            step=self.step[chosen],
            value=self.value[chosen],
            time_us=self.time_us[chosen],
        )


def table_points(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[Points, list[Issue]]:
    """Return the points of a table, and what was left out because it is no number."""
    if roles.metric and roles.value:
        return _long_points(table, roles, runs, metric=roles.metric, value=roles.value)
    return _wide_points(table, roles, runs)


def points_table(parts: Sequence[Points], run_ids: Sequence[Sequence[str]]) -> pa.Table:
    """Return the points of several tables with the schema POINTS; ``run_ids`` names the runs of each."""
    run_codes: dict[str, int] = {}
    metric_codes: dict[str, int] = {}
    run = _recoded([part.run for part in parts], run_ids, run_codes)
    metric = _recoded([part.metric for part in parts], [part.metric_names for part in parts], metric_codes)
    by_series = np.lexsort((metric, run))
    run, metric = run[by_series], metric[by_series]
    time = _joined_arrays([part.time_us for part in parts], np.int64)[by_series]
    step = _joined_arrays([part.step for part in parts], np.int64)[by_series]
    value = _joined_arrays([part.value for part in parts], np.float64)[by_series]
    order = within_groups(run.astype(np.int64) * max(len(metric_codes), 1) + metric).astype(np.int32)
    return arrow.points_table(
        {
            "run_id": arrow.arrow_names(run, list(run_codes)),
            "metric": arrow.arrow_names(metric, list(metric_codes)),
            "step": arrow.arrow_column(step, pa.int64()),
            "order": arrow.arrow_column(order, pa.int32()),
            "value": arrow.arrow_column(value, pa.float64()),
            "time": arrow.arrow_column(time, POINTS.field("time").type, time != NO_TIME),
        }
    )


def _recoded(
    arrays: Sequence[NDArray[np.int32]], names: Sequence[Sequence[str]], codes: dict[str, int]
) -> NDArray[np.int32]:
    """Return the arrays of positions in their own names as one array of positions in ``codes``, which grows."""
    shared = [np.array([codes.setdefault(name, len(codes)) for name in own], dtype=np.int32) for own in names]
    return _joined_arrays([own[array] for own, array in zip(shared, arrays, strict=True)], np.int32)


def _joined_arrays(arrays: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate(arrays).astype(kind, copy=False) if arrays else np.empty(0, dtype=kind)


def _wide_points(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[Points, list[Issue]]:
    steps = step_axis(table, roles.step, runs.row_runs)
    times = time_axis(table, roles.time)
    axes = {roles.step: steps.column is None, roles.time: times is None}
    metrics = {name for name in roles.others if roles.may_be_metric(name)}
    candidates = [name for name in table.column_names if name in metrics or axes.get(name)]
    found = {name: column for name in candidates if (column := numbers(table.column(name))) and column.valid.any()}
    valid = np.stack([column.valid for column in found.values()]) if found else np.zeros((0, 0), dtype=np.bool_)

    def spread(rows: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(rows, valid.shape)[valid] if found else rows[:0]

    points = Points(
        metric_names=tuple(found),
        run=spread(runs.row_runs),
        metric=np.repeat(np.arange(len(found), dtype=np.int32), valid.sum(axis=1)),
        step=spread(steps.steps),
        value=_joined_arrays([column.values[column.valid] for column in found.values()], np.float64),
        time_us=spread(times.times_us if times else np.full(table.num_rows, NO_TIME)),
    )
    return points, [*steps.issues, *_cell_issues(found), *_repeated_steps(steps, runs, points)]


def _long_points(
    table: pa.Table, roles: Roles, runs: RunKeys, *, metric: str, value: str
) -> tuple[Points, list[Issue]]:
    steps = step_axis(table, roles.step, runs.row_runs)
    times = time_axis(table, roles.time)
    names = texts(table.column(metric)).combine_chunks().dictionary_encode()
    found = numbers(table.column(value)) or Numbers(
        values=np.zeros(table.num_rows), valid=np.zeros(table.num_rows, dtype=np.bool_), texts=table.num_rows
    )
    chosen = found.valid & names.is_valid().to_numpy(zero_copy_only=False)
    codes = names.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int32)
    points = Points(
        metric_names=tuple(map(str, names.dictionary.to_pylist())),
        run=runs.row_runs[chosen],
        metric=codes[chosen],
        step=_long_steps(steps, runs, codes)[chosen],
        value=found.values[chosen],
        time_us=(times.times_us if times else np.full(table.num_rows, NO_TIME))[chosen],
    )
    nameless = int((found.valid & ~chosen).sum())
    issues = [*steps.issues, *_cell_issues({value: found}), *_nameless(nameless), *_repeated_steps(steps, runs, points)]
    return points, issues


def _long_steps(steps: StepAxis, runs: RunKeys, metrics: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the steps; where rows are counted, they are counted within each series."""
    if steps.column is not None:
        return steps.steps
    series = runs.row_runs.astype(np.int64) * (int(metrics.max(initial=0)) + 1) + metrics
    return row_numbers(series)


def _cell_issues(found: Mapping[str, Numbers]) -> list[Issue]:
    texts_found = [
        Issue(code="text-cells", message=_text_cells_message(name, column.texts))
        for name, column in found.items()
        if column.texts
    ]
    inexact = [
        Issue(code="inexact-numbers", message=_inexact_message(name, column.inexact), severity=Severity.INFO)
        for name, column in found.items()
        if column.inexact
    ]
    return [*texts_found, *inexact]


def _inexact_message(name: str, count: int) -> str:
    cells = "1 whole number" if count == 1 else f"{count} whole numbers"
    return f"{cells} of column {name!r} beyond 2^53 may have lost the last digits."


def _repeated_steps(steps: StepAxis, runs: RunKeys, points: Points) -> list[Issue]:
    """Return a warning when a metric goes over steps again: two runs may be one series here."""
    if steps.column is None or not restarts(steps.steps, runs.row_runs):
        return []
    series = points.run.astype(np.int64) * max(len(points.metric_names), 1) + points.metric
    count = restarts(points.step, series)
    if not count:
        return []
    message = (
        f"Column {steps.column!r} goes back to steps that it has had before. If the table holds several runs, name the "
        "column that tells them apart as run or among params in [[sources]] of runreport.toml."
    )
    return [Issue(code="repeated-steps", message=message)]


def _text_cells_message(name: str, count: int) -> str:
    if count == 1:
        return f"1 cell of column {name!r} holds text and was left out."
    return f"{count} cells of column {name!r} hold text and were left out."


def _nameless(count: int) -> list[Issue]:
    values = "1 value without a metric name was" if count == 1 else f"{count} values without a metric name were"
    message = f"{values} left out."
    return [Issue(code="nameless-values", message=message)] if count else []
