"""Metric points gathered one by one, for formats that are read in Python, as a table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.formats.times import microseconds
from runreport.model.tables import POINTS, SAMPLES
from runreport.readers.common.arrow import arrow_column, arrow_names, arrow_texts, points_table

NO_TIME = np.iinfo(np.int64).min
_EXACT = 2**53
_STEPS = np.iinfo(np.int64)


class RunPoints:
    """The points of one run. Within a metric they keep the order in which they were added.

    ``inexact`` counts whole numbers beyond 2^53, which a float64 cannot hold exactly; ``bad_steps`` the points left
    out because their step is no int64.
    """

    def __init__(self) -> None:
        self.inexact = 0
        self.bad_steps = 0
        self._columns: dict[str, tuple[list[int], list[float], list[int]]] = {}
        self._samples: list[tuple[str, int, str, float]] = []

    def __len__(self) -> int:
        """Return the number of points."""
        return sum(len(steps) for steps, _, _ in self._columns.values())

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics in the order in which they came first."""
        return tuple(self._columns)

    def add(self, metric: str, step: int, value: float, time: datetime | None = None) -> None:
        """Add one point; ``value`` may be NaN or infinite."""
        if not _STEPS.min <= step <= _STEPS.max:
            self.bad_steps += 1
            return
        if isinstance(value, int) and abs(value) > _EXACT:
            self.inexact += 1
        steps, values, times = self._columns.setdefault(metric, ([], [], []))
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
        own_steps, own_values, own_times = self._columns.setdefault(metric, ([], [], []))
        own_steps += new_steps
        own_values += new_values
        own_times += new_times

    def add_sample(self, metric: str, step: int, sample: str, value: float) -> None:
        """Add the outcome of one episode or example behind a metric."""
        self._samples.append((metric, step, sample, float(value)))

    def times_us(self) -> tuple[int, int] | None:
        """Return the first and the last time of any point, None when no point has one."""
        known = [time for _, _, times in self._columns.values() for time in times if time != NO_TIME]
        return (min(known), max(known)) if known else None

    def table(self, run_id: str) -> pa.Table:
        """Return all points with the schema POINTS, series by series."""
        filled = {name: columns for name, columns in self._columns.items() if columns[0]}
        sizes = [len(steps) for steps, _, _ in filled.values()]
        steps, values, times = (
            _joined([columns[place] for columns in filled.values()], kind)
            for place, kind in enumerate((np.int64, np.float64, np.int64))
        )
        order = _joined([range(size) for size in sizes], np.int32)
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


def _joined(parts: Sequence[Iterable[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.array([item for part in parts for item in part], dtype=kind)
