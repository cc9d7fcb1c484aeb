"""The points of each run as the single value that is compared."""

from runreport.frames.values import Floats, MetricColumns
from runreport.names import Direction, Reduction


def reduce_values(columns: MetricColumns, reduction: Reduction, direction: Direction) -> Floats:
    """Return one value per run, float64 [n]; NaN where the run has none, and logged NaN and infinities as they are.

    Args:
        columns: the summary of one metric over n runs.
        reduction: which value stands for the run; best is the largest or smallest by direction.
        direction: which way the metric improves; needed for best only.

    Raises:
        ValueError: best of a metric whose direction is unknown.
    """
    match reduction:
        case Reduction.LAST:
            return columns.last
        case Reduction.MIN:
            return columns.min
        case Reduction.MAX:
            return columns.max
        case Reduction.TAIL_MEAN:
            return columns.tail_mean
        case Reduction.BEST:
            return _best(columns, direction)


def _best(columns: MetricColumns, direction: Direction) -> Floats:
    if direction is Direction.UNKNOWN:
        msg = "the best value of a metric is only defined when its direction is known"
        raise ValueError(msg)
    return columns.max if direction is Direction.UP else columns.min
