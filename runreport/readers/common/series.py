"""Metric points gathered one by one, for formats that are read in Python, as a table."""

from __future__ import annotations  # array is no generic class before Python 3.12

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.formats.times import microseconds
from runreport.model.tables import POINTS, SAMPLES
from runreport.readers.common.arrow import arrow_column, arrow_names, arrow_texts, points_table

NO_TIME = np.iinfo(np.int64).min
_EXACT = 2**53
_STEPS = np.iinfo(np.int64)
_KINDS = (np.int64, np.float64, np.int64)

_Columns: TypeAlias = "tuple[array[int], array[float], array[int]]"
"""Steps, values and times of one metric: 24 bytes per point, where lists would take over 100."""


class RunPoints:
    """The points of one run. Within a metric they keep the order in which they were added.

    ``inexact`` counts whole numbers beyond 2^53, which a float64 cannot hold exactly; ``bad_steps`` the points left
    out because their step is no int64.
    """

    def __init__(self) -> None:
        self.inexact = 0
        self.bad_steps = 0
        self._columns: dict[str, _Columns] = {}
        self._samples: list[tuple[str, int, str, float]] = []

    def __len__(self) -> int:
        """Return the number of points."""
        return sum(len(steps) for steps, _, _ in self._columns.values())

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics in the order in which they came first."""
        return tuple(self._columns)

    def steps(self, metric: str) -> tuple[int, ...]:
        """Return the steps of a metric in the order in which they were added."""
        return tuple(self._columns[metric][0]) if metric in self._columns else ()

    def add(self, metric: str, step: int, value: float, time: datetime | None = None) -> None:
        """Add one point; ``value`` may be NaN or infinite."""
        if not _STEPS.min <= step <= _STEPS.max:
            self.bad_steps += 1
            return
        if isinstance(value, int) and abs(value) > _EXACT:
            self.inexact += 1
        steps, values, times = self._series(metric)
        steps.append(step)
        values.append(float(value))
        times.append(NO_TIME if time is None else microseconds(time))

    def extend(
        self, metric: str, steps: Iterable[int], values: Iterable[float], times_us: Iterable[int] | None = None
    ) -> None:
        """Add many points of one metric; ``times_us`` are microseconds after 1970 or :data:`NO_TIME`.

        Raises:
            ValueError: the numbers of steps, values and times differ.
        """
        new_steps, new_values = list(steps), list(values)
        new_times = [NO_TIME] * len(new_steps) if times_us is None else list(times_us)
        if not len(new_steps) == len(new_values) == len(new_times):
            raise ValueError("steps, values and times differ in number")
        own_steps, own_values, own_times = self._series(metric)
        own_steps.extend(new_steps)
        own_values.extend(new_values)
        own_times.extend(new_times)

    def extend_arrays(
        self, metric: str, steps: NDArray[np.int64], values: NDArray[np.float64], times_us: NDArray[np.int64]
    ) -> None:
        """Add many points of one metric as columns of equal length; see :meth:`extend`."""
        if not len(steps) == len(values) == len(times_us):
            raise ValueError("steps, values and times differ in number")
        own: tuple[array[Any], ...] = self._series(metric)
        for column, new, kind in zip(own, (steps, values, times_us), _KINDS, strict=True):
            column.frombytes(np.ascontiguousarray(new, dtype=kind).tobytes())

    def add_sample(self, metric: str, step: int, sample: str, value: float) -> None:
        """Add the outcome of one episode or example behind a metric."""
        self._samples.append((metric, step, sample, float(value)))

    def times_us(self) -> tuple[int, int] | None:
        """Return the first and the last time of any point, None when no point has one."""
        joined = _joined([times for _, _, times in self._columns.values()], np.int64)
        known = joined[joined != NO_TIME]
        return (int(known.min()), int(known.max())) if len(known) else None

    def table(self, run_id: str) -> pa.Table:
        """Return all points with the schema POINTS, series by series."""
        filled = {name: columns for name, columns in self._columns.items() if columns[0]}
        sizes = [len(steps) for steps, _, _ in filled.values()]
        steps, values, times = (
            _joined([columns[place] for columns in filled.values()], kind) for place, kind in enumerate(_KINDS)
        )
        order = np.concatenate([np.zeros(0, np.int32), *(np.arange(size, dtype=np.int32) for size in sizes)])
        codes = np.repeat(np.arange(len(filled), dtype=np.int32), sizes)
        return points_table(
            {
                "run_id": arrow_names(np.zeros(len(steps), dtype=np.int32), [run_id]),
                "metric": arrow_names(codes, list(filled)),
                "step": arrow_column(steps, pa.int64()),
                "order": arrow_column(order, pa.int32()),
                "value": arrow_column(values, pa.float64()),
                "time": arrow_column(times, POINTS.field("time").type, times != NO_TIME),
            }
        )

    def samples(self, run_id: str) -> pa.Table | None:
        """Return all samples with the schema SAMPLES, None when there are none."""
        if not self._samples:
            return None
        metrics, steps, names, values = zip(*self._samples, strict=True)
        columns = [
            arrow_texts([run_id] * len(metrics)),
            arrow_texts(list(metrics)),
            arrow_column(np.array(steps, dtype=np.int64), pa.int64()),
            arrow_texts(list(names)),
            arrow_column(np.array(values, dtype=np.float64), pa.float64()),
        ]
        return pa.Table.from_arrays(columns, schema=SAMPLES)

    def _series(self, metric: str) -> _Columns:
        columns = self._columns.get(metric)
        if columns is None:
            columns = self._columns[metric] = (array("q"), array("d"), array("q"))
        return columns


def _joined(parts: Sequence[array[Any]], kind: type[Any]) -> NDArray[Any]:
    filled = [np.frombuffer(part, dtype=kind) for part in parts if part]
    return np.concatenate(filled) if filled else np.zeros(0, dtype=kind)
