"""Which runs of loaded experiments an expression holds for."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runreport.frames.values import ExperimentFrame
from runreport.store.expression import Query, Scalar, matches

_NEEDS = {
    "min": "min",
    "argmin_step": "min",
    "max": "max",
    "argmax_step": "max",
    "mean": "mean",
    "tail_mean": "tail_mean",
}
"""Statistics that a series without finite points lacks, and the column in which that shows as NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRow:
    """One run of an experiment, as a :class:`runreport.store.expression.Lookup`."""

    frame: ExperimentFrame
    row: int

    def field(self, name: str) -> Scalar:
        """Return a header fact; the seed is the resolved one."""
        value: Scalar = getattr(self.frame.runs[self.row].run, name)
        return value

    def param(self, name: str) -> str | None:
        """Return a param's text."""
        param = self.frame.runs[self.row].params.get(name)
        return None if param is None else param.value

    def tag(self, name: str) -> str | None:
        """Return a tag's text."""
        tag = self.frame.runs[self.row].tags.get(name)
        return None if tag is None else tag.value

    def metric(self, name: str, statistic: str) -> float | None:
        """Return a statistic of a metric; None when the run lacks the metric or has no finite point to take it of."""
        columns = self.frame.metrics.get(name)
        if columns is None or columns.count[self.row] == 0:
            return None
        if statistic in _NEEDS and math.isnan(getattr(columns, _NEEDS[statistic])[self.row]):
            return None
        value: float = getattr(columns, statistic)[self.row].item()
        return value


def matching_rows(frames: Sequence[ExperimentFrame], query: Query | None) -> Iterator[tuple[ExperimentFrame, int]]:
    """Yield (experiment, position of the run in it) of every run for which the query holds; all runs for None."""
    for frame in frames:
        for row in range(len(frame.runs)):
            if query is None or matches(query, FrameRow(frame=frame, row=row)):
                yield frame, row
