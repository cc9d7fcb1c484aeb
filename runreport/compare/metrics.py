"""How each metric of an experiment is read, and which of them is the primary one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runreport.compare.directions import Kind, guess
from runreport.compare.entities import MetricDefinition
from runreport.compare.groups import is_comparable
from runreport.config.options import ExperimentOptions, MetricOptions, Settings
from runreport.errors import ConfigError, UnknownNameError
from runreport.frames.values import ExperimentFrame
from runreport.names import Direction, DirectionSource, Reduction, natural_key
from runreport.stats.words import counted

_SPLITS = (("test", "heldout", "holdout"), ("val", "valid", "validation", "eval", "evaluation", "dev"))
STANDARD_ERROR = "_stderr"
_TRAINING = ("train", "training")
_MACHINE = ("system/", "system.", "sys/")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChoice:
    """The metrics of an experiment, the primary first, and by which rule it became primary."""

    definitions: tuple[MetricDefinition, ...]
    primary: str | None
    rule: str


def choose_metrics(frame: ExperimentFrame, settings: Settings) -> MetricChoice:
    """Return the definitions of all metrics: primary first, then by prefix in natural order.

    What is logged as the standard error of another metric (``acc_stderr`` beside ``acc``) is no metric of its own: nobody
    wants to know which method has the better standard error.

    Raises:
        UnknownNameError: the primary metric set for this very experiment does not exist in it.
        ConfigError: a metric is to be reduced to its best value but its direction is not known.
    """
    errors = {metric: name for metric in frame.metrics if (name := _error_name(metric)) in frame.metrics}
    primary, rule = _choose_primary(frame, settings)
    measured = [metric for metric in frame.metrics if metric not in errors.values() or metric == primary]
    definitions = [_define(metric, frame, settings, errors.get(metric, "")) for metric in measured]
    marked = (replace(one, is_primary=one.metric == primary) for one in definitions)
    return MetricChoice(definitions=tuple(sorted(marked, key=_order)), primary=primary, rule=rule)


def _error_name(metric: str) -> str:
    """Return the name of a metric's standard error; a filter of an evaluation harness stays at the end.

    >>> _error_name("gsm8k/exact_match,strict-match")
    'gsm8k/exact_match_stderr,strict-match'
    """
    name, comma, filter_name = metric.partition(",")
    return f"{name}{STANDARD_ERROR}{comma}{filter_name}"


def _order(definition: MetricDefinition) -> tuple[object, ...]:
    prefix, _, name = definition.metric.rpartition("/")
    return not definition.is_primary, natural_key(prefix), natural_key(name), definition.metric


def _define(metric: str, frame: ExperimentFrame, settings: Settings, error_metric: str) -> MetricDefinition:
    options = settings.metrics.by_name.get(metric, MetricOptions())
    info = frame.metric_infos.get(metric)
    direction, source = _direction(metric, frame, options)
    return MetricDefinition(
        metric=metric,
        direction=direction,
        direction_source=source,
        reduction=_reduction(metric, direction, options, settings),
        unit=options.unit or (info.unit if info and info.unit else ""),
        lower_bound=_first(options.lower_bound, info.lower_bound if info else None),
        upper_bound=_first(options.upper_bound, info.upper_bound if info else None),
        margin=options.margin,
        error_metric=error_metric,
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _direction(metric: str, frame: ExperimentFrame, options: MetricOptions) -> tuple[Direction, DirectionSource]:
    if options.direction is not None:
        return options.direction, DirectionSource.CONFIG
    info = frame.metric_infos.get(metric)
    if info is not None and info.direction is not Direction.UNKNOWN:
        return info.direction, DirectionSource.LOG
    inferred = guess(metric).direction
    return inferred, DirectionSource.NONE if inferred is Direction.UNKNOWN else DirectionSource.INFERRED


def _reduction(metric: str, direction: Direction, options: MetricOptions, settings: Settings) -> Reduction:
    """Return the reduction asked for; a general "best" is the last value where no direction says what best is."""
    if options.reduction is Reduction.BEST and direction is Direction.UNKNOWN:
        sentence = f"The best value of {metric!r} is asked for, but it is not known whether it should be high or low."
        raise ConfigError(sentence, hint=f"Set metrics.by_name.'{metric}'.direction to up or down.")
    if options.reduction is not None:
        return options.reduction
    general = settings.metrics.reduction
    return Reduction.LAST if general is Reduction.BEST and direction is Direction.UNKNOWN else general


def _choose_primary(frame: ExperimentFrame, settings: Settings) -> tuple[str | None, str]:
    own = settings.experiments.get(frame.experiment, ExperimentOptions()).primary
    if own and own not in frame.metrics:
        raise UnknownNameError.near(f"metric in experiment {frame.experiment!r} named", own, frame.metrics)
    wanted = own or settings.metrics.primary
    if wanted in frame.metrics:
        return wanted, f"{wanted} is the primary metric by configuration."
    shares = _shares(frame)
    said = (name for name, info in frame.metric_infos.items() if info.is_primary and name in frame.metrics)
    logged = sorted((name for name in said if shares[name] or not any(shares.values())), key=natural_key)
    if logged:
        return logged[0], f"{logged[0]} is the primary metric by the log."
    return _primary_by_name(frame, shares)


def _shares(frame: ExperimentFrame) -> dict[str, int]:
    """Return for each metric how many comparable runs have a finite value of it."""
    comparable = _comparable(frame)
    return {
        metric: int((comparable & (columns.count > columns.nan_count + columns.inf_count)).sum())
        for metric, columns in frame.metrics.items()
    }


def _comparable(frame: ExperimentFrame) -> NDArray[np.bool_]:
    return np.array([is_comparable(run) for run in frame.runs], dtype=np.bool_)


def _primary_by_name(frame: ExperimentFrame, shares: Mapping[str, int]) -> tuple[str | None, str]:
    """Return the best-known measure that at least half as many comparable runs have as any metric.

    Where no comparable run has a finite value of anything, all metrics are equal in that.
    """
    most = max(shares.values(), default=0)
    eligible = [metric for metric, share in shares.items() if share * 2 >= most and _is_measure(metric)]
    if not eligible and shares and most == 0:
        return _without_values(min(shares, key=_name_order), "as the first by name")
    own = [metric for metric in shares if not _is_of_machine(metric)]
    if not eligible and len(own) == 1:
        return own[0], f"{own[0]} is the primary metric because there is no other."
    if not eligible:
        return None, "No metric looks like a measure of quality or cost; metrics.primary can name one."
    best = min(eligible, key=lambda metric: _fitness(metric, shares[metric]))
    if most == 0:
        return _without_values(best, f"by its name ({_kind_words(best)})")
    runs = counted(int(_comparable(frame).sum()), "comparable run")
    have = f"{shares[best]} of {runs} {'has' if shares[best] == 1 else 'have'}"
    return best, (
        f"{best} was chosen as the primary metric by its name: {_kind_words(best)} that {have}. "
        "The setting metrics.primary can name another."
    )


def _without_values(metric: str, chosen: str) -> tuple[str, str]:
    return metric, (
        f"{metric} was chosen as the primary metric {chosen}; no comparable run has a finite value of any metric. "
        "The setting metrics.primary can name another."
    )


def _name_order(metric: str) -> tuple[object, ...]:
    return _is_of_machine(metric), natural_key(metric), metric


def _is_of_machine(metric: str) -> bool:
    """Say whether a metric is about the machine, which trackers log beside the run's own ones."""
    return metric.startswith(_MACHINE)


def _is_measure(metric: str) -> bool:
    return guess(metric).kind is not Kind.OTHER and not _is_of_machine(metric)


def _fitness(metric: str, share: int) -> tuple[object, ...]:
    """Return a sort key: quality before cost, what was held out before what was not, then by what is measured."""
    told = guess(metric)
    split = _split(told.words)
    held_out = min(split, len(_SPLITS))
    names = len(told.words), natural_key(metric), metric
    return told.kind is Kind.COST, held_out, told.kind, split, -share, told.rank, *names


def _split(words: Sequence[str]) -> int:
    """Return 0 for test, 1 for validation, 2 for neither and 3 for training metrics."""
    for rank, names in enumerate(_SPLITS):
        if any(word in names for word in words):
            return rank
    return len(_SPLITS) + any(word in _TRAINING for word in words)


def _kind_words(metric: str) -> str:
    told = guess(metric)
    split = ("test", "validation", "", "training")[_split(told.words)]
    kind = {Kind.QUALITY: "quality metric", Kind.LOSS: "loss or error", Kind.SCORE: "score", Kind.COST: "cost"}[
        told.kind
    ]
    return f"a {split} {kind}".replace("  ", " ")
