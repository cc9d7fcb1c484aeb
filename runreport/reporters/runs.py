"""Runs as tables, and one run in full, for the command line and exports."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from runreport.compare.groups import group_runs
from runreport.compare.metrics import choose_metrics
from runreport.config.options import Settings
from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame
from runreport.names import natural_key
from runreport.reporters.tables import Cell, Table

_EXPERIMENT, _GROUP = "experiment", "group"
_FACTS = ("name", _EXPERIMENT, "status", "seed", "started")
_MORE_FACTS = ("run_id", "ended", "duration_s", "user", "host", "path", "reader", "parent_run", "note")
_PARAM, _TAG, _METRIC = "params.", "tags.", "metrics."
_STATISTICS = ("last", "min", "max", "first", "mean", "tail_mean", "count", "nan_count", "inf_count")
_STEPS = ("argmin_step", "argmax_step", "first_step", "last_step")
_BRACKETED = re.compile(r"""(?P<kind>params|tags|metrics)\[(?P<quote>["'])(?P<name>.*)(?P=quote)\]""")
_FINITE_ONLY = frozenset({"min", "max", "mean", "tail_mean"})


def runs_table(
    frames: Sequence[ExperimentFrame],
    rows: Iterable[tuple[ExperimentFrame, int]],
    settings: Settings,
    *,
    columns: Sequence[str],
    sort: str,
) -> Table:
    """Return one row per (experiment, position of the run in it).

    ``columns`` are facts (name, status, ...), the group a run is in, ``params.X``, ``tags.X`` or ``metrics.X`` with an optional ``.last``,
    ``.min``, ..., also as ``metrics["X"].min``; empty for a default choice. ``sort`` is a column, with a minus in front for descending order.

    Raises:
        UnknownNameError: no run has such a column.
    """
    names = tuple(map(_plain, columns)) or default_columns(frames, settings)
    sort = _plain(sort)
    for name in (*names, *([sort.removeprefix("-")] if sort else [])):
        _check_column(frames, name)
    groups = _group_names(frames, settings) if _GROUP in {*names, sort.removeprefix("-")} else {}
    chosen = list(rows)
    if sort:
        chosen = _sorted(chosen, sort, groups)
    cells = tuple(tuple(_run_cell(frame, row, name, groups) for name in names) for frame, row in chosen)
    return Table(columns=names, rows=cells)


def _plain(column: str) -> str:
    """Return a column written as in ``--where``, such as ``metrics["val/acc"].max``, as ``metrics.val/acc.max``."""
    return _BRACKETED.sub(r"\g<kind>.\g<name>", column)


def default_columns(frames: Sequence[ExperimentFrame], settings: Settings) -> tuple[str, ...]:
    """Return the columns shown when none are asked for: facts, the group (which names its params), primary metrics."""
    primary = {choice.primary for frame in frames if (choice := choose_metrics(frame, settings)).primary}
    first = ("name", _EXPERIMENT) if len(frames) > 1 else ("name",)
    return (
        *first,
        _GROUP,
        "status",
        "seed",
        "started",
        *(_METRIC + name for name in sorted(filter(None, primary), key=natural_key)),
    )


def _group_names(frames: Sequence[ExperimentFrame], settings: Settings) -> dict[str, str]:
    """Return the name of the group of each run, as the pages have it."""
    own = {name: options.group_by for name, options in settings.experiments.items()}
    return {
        run_id: group.name
        for frame in frames
        for group in group_runs(frame, settings.groups, own.get(frame.experiment) or settings.groups.by)
        for run_id in group.run_ids
    }


def _run_cell(frame: ExperimentFrame, row: int, column: str, groups: Mapping[str, str]) -> Cell:
    """Return one cell; None where the run has no such thing."""
    facts = frame.runs[row]
    if column.startswith(_PARAM):
        param = facts.params.get(column.removeprefix(_PARAM))
        return None if param is None else param.value
    if column.startswith(_TAG):
        tag = facts.tags.get(column.removeprefix(_TAG))
        return None if tag is None else tag.value
    if column.startswith(_METRIC):
        return _metric_cell(frame, row, column.removeprefix(_METRIC))
    value: Cell = groups.get(facts.run.run_id) if column == _GROUP else getattr(facts.run, column)
    return value


def _metric_cell(frame: ExperimentFrame, row: int, column: str) -> Cell:
    metric, statistic = _metric_and_statistic(column)
    columns = frame.metrics.get(metric)
    if columns is None or columns.count[row] == 0:
        return None
    value: int | float = getattr(columns, statistic)[row].item()
    has_no_finite_point = statistic in _FINITE_ONLY and math.isnan(value)
    return None if has_no_finite_point else value


def _metric_and_statistic(column: str) -> tuple[str, str]:
    metric, _, statistic = column.rpartition(".")
    return (metric, statistic) if metric and statistic in {*_STATISTICS, *_STEPS} else (column, "last")


def _check_column(frames: Sequence[ExperimentFrame], column: str) -> None:
    known = known_columns(frames)
    bare = _METRIC + _metric_and_statistic(column.removeprefix(_METRIC))[0] if column.startswith(_METRIC) else column
    if bare not in known:
        raise UnknownNameError.near("column", column, known)


def known_columns(frames: Sequence[ExperimentFrame]) -> tuple[str, ...]:
    """Return every column any run has, facts first."""
    params = {_PARAM + name for frame in frames for run in frame.runs for name in run.params}
    tags = {_TAG + name for frame in frames for run in frame.runs for name in run.tags}
    metrics = {_METRIC + name for frame in frames for name in frame.metrics}
    return (*_FACTS, _GROUP, *_MORE_FACTS, *sorted(params | tags | metrics, key=natural_key))


def _sorted(
    rows: list[tuple[ExperimentFrame, int]], sort: str, groups: Mapping[str, str]
) -> list[tuple[ExperimentFrame, int]]:
    """Sort by a column; runs without it come last in both orders."""
    column = sort.removeprefix("-")
    keyed = [(_run_cell(frame, row, column, groups), frame, row) for frame, row in rows]
    present = [item for item in keyed if item[0] is not None]
    present.sort(key=lambda item: _order(item[0]), reverse=sort.startswith("-"))
    return [(frame, row) for _, frame, row in [*present, *(item for item in keyed if item[0] is None)]]


def _order(cell: Cell) -> tuple[int, float, tuple[tuple[int, int, str], ...]]:
    if isinstance(cell, int | float):
        return (1, 0.0, ()) if math.isnan(cell) else (0, float(cell), ())
    try:
        return (0, float(str(cell)), ())
    except ValueError:
        return (2, 0.0, natural_key(str(cell)))


def find_run(frames: Sequence[ExperimentFrame], wanted: str) -> tuple[ExperimentFrame, int]:
    """Return the run with that id, unique start of an id, the tool's own id or unique name.

    Raises:
        UnknownNameError: no run, or more than one, answers to it.
    """
    every = [(frame, row, facts) for frame in frames for row, facts in enumerate(frame.runs)]
    exact = [(frame, row) for frame, row, facts in every if wanted in {facts.run.run_id, facts.run.source_id}]
    named = [(frame, row) for frame, row, facts in every if facts.run.name == wanted]
    started = [(frame, row) for frame, row, facts in every if facts.run.run_id.startswith(wanted)]
    for found in (exact, named, started):
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(frame.runs[row].run.run_id for frame, row in found[:5])
            raise UnknownNameError(f"{len(found)} runs are called {wanted!r}.", hint=f"Use an id: {ids}.")
    raise UnknownNameError.near("run", wanted, [facts.run.name for _, _, facts in every])


def run_detail(frame: ExperimentFrame, row: int) -> dict[str, object]:
    """Return everything known about one run as JSON-ready values."""
    facts = frame.runs[row]
    return {
        **{name: getattr(facts.run, name) for name in ("run_id", *_FACTS, *_MORE_FACTS[1:])},
        "source_id": facts.run.source_id,
        "excluded": facts.exclusion_reason if facts.is_excluded else None,
        "params": {name: param.value for name, param in facts.params.items()},
        "tags": {name: tag.value for name, tag in facts.tags.items()},
        "metrics": _metric_detail(frame, row),
        "code": facts.code,
        "datasets": facts.datasets,
        "models": facts.models,
        "environment": {name: item.value for name, item in facts.environment.items()},
        "artifacts": facts.artifacts,
    }


def _metric_detail(frame: ExperimentFrame, row: int) -> dict[str, object]:
    statistics = (*_STATISTICS, *_STEPS)
    return {
        name: {statistic: _metric_cell(frame, row, f"{name}.{statistic}") for statistic in statistics}
        for name, columns in frame.metrics.items()
        if columns.count[row]
    }
