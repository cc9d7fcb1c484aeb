"""From the columns of a table to the points of its runs, without a loop over points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    """Metric points of one table, in file order within each series.

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
    """Return the points of several tables with the schema POINTS; ``run_ids`` names the runs of each.

    They are sorted by metric and run, as the store keeps them; within a series they keep their order.
    """
    metric_names = _distinct(part.metric_names for part in parts)
    run_names = _distinct(run_ids)
    run = _recoded([part.run for part in parts], run_ids, run_names)
    metric = _recoded([part.metric for part in parts], [part.metric_names for part in parts], metric_names)
    series = metric.astype(np.int64) * max(len(run_names), 1) + run
    is_sorted = bool((series[1:] >= series[:-1]).all())
    rows = slice(None) if is_sorted else np.argsort(series, kind="stable")
    time = _joined_arrays([part.time_us for part in parts], np.int64)[rows]
    return arrow.points_table(
        {
            "run_id": arrow.arrow_names(run[rows], run_names),
            "metric": arrow.arrow_names(metric[rows], metric_names),
            "step": arrow.arrow_column(_joined_arrays([part.step for part in parts], np.int64)[rows], pa.int64()),
            "order": arrow.arrow_column(within_groups(series[rows]).astype(np.int32), pa.int32()),
            "value": arrow.arrow_column(_joined_arrays([part.value for part in parts], np.float64)[rows], pa.float64()),
            "time": arrow.arrow_column(time, POINTS.field("time").type, time != NO_TIME),
        }
    )


def _distinct(named: Iterable[Iterable[str]]) -> list[str]:
    return sorted({name for names in named for name in names})


def _recoded(
    arrays: Sequence[NDArray[np.int32]], names: Sequence[Sequence[str]], shared: Sequence[str]
) -> NDArray[np.int32]:
    """Return the arrays of positions in their own names as one array of positions in the shared names."""
    places = {name: place for place, name in enumerate(shared)}
    coded = [np.array([places[name] for name in own], dtype=np.int32) for own in names]
    renumbered = (
        array if np.array_equal(own, np.arange(len(own))) else own[array]
        for own, array in zip(coded, arrays, strict=True)
    )
    return _joined_arrays([*renumbered], np.int32)


def _joined_arrays(arrays: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0].astype(kind, copy=False)
    return np.concatenate(arrays).astype(kind, copy=False) if arrays else np.empty(0, dtype=kind)


def _wide_points(table: pa.Table, roles: Roles, runs: RunKeys) -> tuple[Points, list[Issue]]:
    steps = step_axis(table, roles.step, runs.row_runs)
    times = time_axis(table, roles.time)
    axes = {roles.step: steps.column is None, roles.time: times is None}
    metrics = {name for name in roles.others if roles.may_be_metric(name)}
    candidates = [name for name in table.column_names if name in metrics or axes.get(name)]
    found = {name: column for name in candidates if (column := numbers(table.column(name))) and column.valid.any()}
    named = [found[name] for name in sorted(found)]  # in the order of the store, so that nothing need be moved later
    row_times = times.times_us if times else np.full(table.num_rows, NO_TIME)
    points = Points(
        metric_names=tuple(sorted(found)),
        run=_valid_cells([runs.row_runs] * len(named), named, np.int32),
        metric=np.repeat(np.arange(len(named), dtype=np.int32), [int(column.valid.sum()) for column in named]),
        step=_valid_cells([steps.steps] * len(named), named, np.int64),
        value=_valid_cells([column.values for column in named], named, np.float64),
        time_us=_valid_cells([row_times] * len(named), named, np.int64),
    )
    return points, [*steps.issues, *_cell_issues(found), *_repeated_steps(steps, runs, points)]


def _valid_cells(cells: Sequence[NDArray[Any]], columns: Sequence[Numbers], kind: type[Any]) -> NDArray[Any]:
    """Return what belongs to the rows of each column that hold a number, column by column."""
    pairs = zip(cells, columns, strict=True)
    return _joined_arrays([own if column.valid.all() else own[column.valid] for own, column in pairs], kind)


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
