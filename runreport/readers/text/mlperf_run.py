"""A run of MLPerf from its events."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from runreport.formats.times import moment
from runreport.model.keys import flatten
from runreport.names import Direction, RunStatus
from runreport.notices import Notice
from runreport.readers.common.logs import RunFacts
from runreport.readers.common.series import RunPoints
from runreport.readers.common.words import no_end
from runreport.readers.text.mlperf_events import Events

TIME_TO_TRAIN = "time_to_train_min"
"""Minutes from ``run_start`` to ``run_stop``; only runs that reached the target have it."""

_STATUSES = {"success": RunStatus.FINISHED, "aborted": RunStatus.FAILED}
_SUBMISSION = "submission_"
_PARAMS_OF_SUBMISSION = ("submission_org", "submission_division", "submission_platform")
_PERSON = "submission_poc_name"
_BENCHMARK = "submission_benchmark"
_MILLISECONDS = 1000
_MINUTE_MS = 60_000
_LARGEST_STEP = 2.0**62


def facts_of(  # noqa: PLR0913 - what the surroundings of a log say
    events: Events,
    points: RunPoints,
    *,
    name: str | None,
    system: str,
    benchmark: str,
    tags: Mapping[str, str],
    environment: Mapping[tuple[str, str], str],
    notices: Sequence[Notice],
) -> RunFacts:
    """Add the points of a run and return its facts.

    Args:
        events: what its log says.
        points: where its points go.
        name: its name, where its place says one.
        system: the system by its place, may be empty.
        benchmark: the benchmark by its place, for a log that does not name it.
        tags: what stands beside it.
        environment: the description of the system.
        notices: what was found before.
    """
    units = _add_series(events, points) | _add_time_to_train(events, points)
    return replace(
        _described(events, system=system, benchmark=benchmark, tags=tags),
        name=name,
        environment=environment,
        units=units,
        notices=(*notices, *events.notices(), *no_end(_status(events), events.place)),
    )


def _add_time_to_train(events: Events, points: RunPoints) -> dict[str, str]:
    """Add how long a run took that reached the target, and return the unit."""
    duration_ms = _duration_ms(events)
    if duration_ms is None or _status(events) is not RunStatus.FINISHED:
        return {}
    points.add(TIME_TO_TRAIN, 0, duration_ms / _MINUTE_MS, _moment(events.stop_ms))
    return {TIME_TO_TRAIN: "min"}


def _described(events: Events, *, system: str, benchmark: str, tags: Mapping[str, str]) -> RunFacts:
    """Return what the events say about a run beside its points."""
    logged = dict(events.params)
    seed = _taken_seed(logged)
    submission = {key: str(logged.pop(key)) for key in list(logged) if key.startswith(_SUBMISSION)}
    person = submission.pop(_PERSON, None)
    shared = {key: submission.pop(key) for key in _PARAMS_OF_SUBMISSION if key in submission}
    return replace(
        _timed(events),
        experiment=submission.get(_BENCHMARK) or benchmark or None,
        seed=seed,
        user=person,
        params={**({"system": system} if system else {}), **shared, **flatten(logged)},
        tags={**submission, **events.texts, **tags},
    )


def _timed(events: Events) -> RunFacts:
    """Return what the events say about start, end and outcome."""
    duration_ms = _duration_ms(events)
    return RunFacts(
        status=_status(events),
        started=_moment(events.start_ms),
        ended=_moment(events.stop_ms),
        duration_s=None if duration_ms is None else duration_ms / _MILLISECONDS,
        directions={TIME_TO_TRAIN: Direction.DOWN},
        primary=TIME_TO_TRAIN,
    )


def _taken_seed(logged: dict[str, Any]) -> int | None:
    """Remove the seed from what was logged and return it; one that is no whole number stays."""
    seed = logged.pop("seed", None)
    if isinstance(seed, int | float) and not isinstance(seed, bool) and float(seed).is_integer():
        return int(seed)
    if seed is not None:
        logged["seed"] = seed
    return None


def _status(events: Events) -> RunStatus:
    """Return how a run ended; ``aborted`` is one that did not reach the target, without a stop it goes on."""
    if events.stop_ms is None and not events.status:
        return RunStatus.RUNNING
    return _STATUSES.get(events.status, RunStatus.UNKNOWN)


def _duration_ms(events: Events) -> float | None:
    if events.start_ms is None or events.stop_ms is None or events.stop_ms < events.start_ms:
        return None
    return events.stop_ms - events.start_ms


def _add_series(events: Events, points: RunPoints) -> dict[str, str]:
    """Add all series and return the units of those that have one.

    Values whose steps are not all whole are counted from 1, and what was logged as their step is a series beside them.
    """
    units = dict.fromkeys(sorted(events.intervals), "s")
    for metric, values in events.series.items():
        is_whole = all(_is_whole(value.step) for value in values)
        for count, value in enumerate(values, 1):
            step = int(value.step) if is_whole and value.step is not None else count
            time = _moment(value.time_ms)
            points.add(metric, step, value.number, time)
            if not is_whole and value.step is not None:
                points.add(f"{metric}.epoch_num", step, value.step, time)
    return units


def _is_whole(step: float | None) -> bool:
    return step is not None and abs(step) < _LARGEST_STEP and float(step).is_integer()


def _moment(time_ms: float | None) -> datetime | None:
    return None if time_ms is None else moment(time_ms / _MILLISECONDS)
