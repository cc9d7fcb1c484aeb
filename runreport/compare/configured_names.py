"""Whether the names in the settings exist among the runs of a report."""

from collections.abc import Iterable, Iterator, Sequence

from runreport.compare.groups import TAG_PREFIX
from runreport.config.options import Settings
from runreport.errors import UnknownNameError
from runreport.frames.values import ExperimentFrame
from runreport.names import Severity
from runreport.notices import Notice

SETTINGS_FILE = "runreport.toml"


def check_names(frames: Sequence[ExperimentFrame], settings: Settings) -> None:
    """Make sure that what applies to every experiment exists: metrics asked for, keys to group by, the key of the task.

    Raises:
        UnknownNameError: one is in no experiment; the hint has the nearest names.
    """
    metrics = _metrics(frames)
    asked = [("metrics.primary", settings.metrics.primary)] if settings.metrics.primary else []
    asked += [("[[target]]", target.metric) for target in settings.target]
    for setting, metric in asked:
        if metric not in metrics:
            raise UnknownNameError.near(f"metric of the setting {setting} named", metric, metrics)
    if settings.groups.has_task and settings.groups.task not in _keys(frames):
        raise UnknownNameError.near(
            "param or tag of the setting groups.task named", settings.groups.task, _keys(frames)
        )
    present = [one for name, one in settings.experiments.items() if name in _experiments(frames)]
    wanted = {*settings.groups.by, *(key for one in present for key in one.group_by)}
    known = _keys(frames) if wanted else frozenset()
    for key in sorted(wanted - known):
        raise UnknownNameError.near("param or tag to group by named", key, known)


def unused_settings(frames: Sequence[ExperimentFrame], settings: Settings) -> tuple[Notice, ...]:
    """Return a notice for each setting of a single experiment or metric that is not among the frames.

    That is no error, because a report may cover only some of the runs that the settings are written for. The whole
    table of an absent experiment is unused: the keys it groups by are not looked for.
    """
    return (
        *_unused("experiments", "experiment", settings.experiments, _experiments(frames)),
        *_unused("target.experiment", "experiment", _of_targets(settings), _experiments(frames)),
        *_unused("metrics.by_name", "metric", settings.metrics.by_name, _metrics(frames)),
    )


def _of_targets(settings: Settings) -> list[str]:
    return [target.experiment for target in settings.target if target.experiment]


def _unused(table: str, kind: str, wanted: Iterable[str], known: frozenset[str]) -> Iterator[Notice]:
    for name in wanted:
        if name not in known:
            error = UnknownNameError.near(kind, name, known)
            yield Notice(
                severity=Severity.WARNING,
                code="unused-setting",
                location=SETTINGS_FILE,
                message=f"The setting {table}.{name!r} is not used: this report has no {kind} of that name.",
                hint=error.hint,
            )


def _experiments(frames: Sequence[ExperimentFrame]) -> frozenset[str]:
    return frozenset(frame.experiment for frame in frames)


def _metrics(frames: Sequence[ExperimentFrame]) -> frozenset[str]:
    return frozenset(metric for frame in frames for metric in frame.metrics)


def _keys(frames: Sequence[ExperimentFrame]) -> frozenset[str]:
    """Return what runs can be grouped by: params, and tags with their prefix."""
    runs = [run for frame in frames for run in frame.runs]
    return frozenset(key for run in runs for key in (*run.params, *(TAG_PREFIX + tag for tag in run.tags)))
