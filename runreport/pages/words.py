"""The sentences that pages have in common."""

from runreport.compare.entities import MetricDefinition, RunCounts
from runreport.names import Direction, DirectionSource, Reduction
from runreport.stats.words import counted

_DIRECTIONS = {
    Direction.UP: "higher is better",
    Direction.DOWN: "lower is better",
    Direction.UNKNOWN: "direction unknown, so nothing is called better or worse",
}
_SOURCES = {
    DirectionSource.CONFIG: " (from the config)",
    DirectionSource.LOG: " (from the log)",
    DirectionSource.INFERRED: " (inferred from its name)",
    DirectionSource.NONE: "",
}
_REDUCTIONS = {
    Reduction.LAST: "last value of each run",
    Reduction.BEST: "best value of each run",
    Reduction.MIN: "smallest value of each run",
    Reduction.MAX: "largest value of each run",
    Reduction.TAIL_MEAN: "mean of the last tenth of each run",
}
_FATES = ("finished", "failed", "killed", "running", "unknown", "excluded")
_FATE_WORDS = {"unknown": "of unknown status", "running": "still running"}


def runs_ledger(counts: RunCounts) -> str:
    """Return the runs by what became of them, leaving out what did not happen.

    >>> runs_ledger(RunCounts(total=7, finished=5, failed=1, killed=0, running=1, unknown=0, excluded=0))
    '7 runs: 5 finished, 1 failed, 1 still running'
    """
    fates = [f"{getattr(counts, fate)} {_FATE_WORDS.get(fate, fate)}" for fate in _FATES if getattr(counts, fate)]
    return f"{counted(counts.total, 'run')}: {', '.join(fates)}" if fates else counted(counts.total, "run")


def left_out(counts: RunCounts) -> tuple[str, ...]:
    """Return the runs that are in no mean, by why."""
    fates = ("failed", "killed", "running", "excluded")
    return tuple(f"{getattr(counts, fate)} {fate}" for fate in fates if getattr(counts, fate))


def direction(definition: MetricDefinition) -> str:
    """Return which way a metric improves and who said so."""
    return _DIRECTIONS[definition.direction] + _SOURCES[definition.direction_source]


def direction_brief(definition: MetricDefinition) -> str:
    """Return which way a metric improves in a column head."""
    arrows = {Direction.UP: "higher is better", Direction.DOWN: "lower is better", Direction.UNKNOWN: ""}
    return arrows[definition.direction]


def reduction(definition: MetricDefinition) -> str:
    """Return how the points of a run become one value."""
    return _REDUCTIONS[definition.reduction]


def metric_reading(definition: MetricDefinition) -> str:
    """Return in a sentence how a metric is read."""
    unit = f" In {definition.unit}." if definition.unit else ""
    return f"{reduction(definition).capitalize()}; {direction(definition)}.{unit}"


def metric_label(definition: MetricDefinition) -> str:
    """Return a metric's name with its unit."""
    return f"{definition.metric} ({definition.unit})" if definition.unit else definition.metric


def sentence(text: str) -> str:
    """Return a text that ends like a sentence; its beginning may be a name and is left alone."""
    stripped = text.strip()
    return f"{stripped}." if stripped and stripped[-1] not in ".!?" else stripped
