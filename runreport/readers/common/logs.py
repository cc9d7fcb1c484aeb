"""From what a small log says to the log of a run, for readers of one run per file or folder."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from runreport.config.options import SEED_NAMES
from runreport.errors import ReadError
from runreport.formats.times import moment
from runreport.model import keys
from runreport.model.entities import (
    Artifact,
    CodeVersion,
    Dataset,
    Edge,
    EnvironmentItem,
    MetricInfo,
    Run,
    RunBatch,
    RunLog,
    Tag,
)
from runreport.model.tables import POINTS
from runreport.names import Direction, DirectionSource, RunStatus, Severity, content_hash
from runreport.notices import UNREADABLE, Notice
from runreport.readers.base import Joining, Location, Reader, Source
from runreport.readers.common.naming import STEM_PARAM, name_by_path
from runreport.readers.common.series import RunPoints

_FINGERPRINT_LENGTH = 16
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a format says about one run beside its points; everything that it does not say is left as it is.

    ``params`` and ``tags`` are dotted names and texts (see :func:`runreport.model.keys.flatten`), ``environment`` maps
    (kind, item) to a value. ``experiment`` and ``name`` win over what the path of the log says; ``directions`` says of
    metrics which way they improve, the ``primary`` metric first of all. ``parent_run`` is a run id. ``is_numbered`` says
    that a number at the end of the path counts runs, so that it is no seed. ``blobs`` holds the bytes of artifacts that
    are kept (see :class:`runreport.readers.common.kept.KeptFiles`).
    """

    experiment: str | None = None
    name: str | None = None
    status: RunStatus = RunStatus.UNKNOWN
    started: datetime | None = None
    ended: datetime | None = None
    duration_s: float | None = None
    seed: int | None = None
    parent_run: str | None = None
    user: str | None = None
    host: str | None = None
    note: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[tuple[str, str], str] = field(default_factory=dict)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    primary: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    edges: tuple[Edge, ...] = ()
    code: CodeVersion | None = None
    notices: tuple[Notice, ...] = ()
    is_numbered: bool = False


def source_of(  # noqa: PLR0913 - each is another part of what a source is
    location: Location,
    tool: str,
    path: str,
    files: Sequence[str],
    *,
    source_id: str = "",
    handle: str = "",
    joining: Joining = Joining.ALONE,
    owns: tuple[str, ...] = (),
    beside: str | None = None,
) -> Source:
    """Return the source of a run known by the sizes and times of its files.

    Args:
        location: where it was found.
        tool: what wrote it, for the identity of the run.
        path: the folder or file of the log relative to the root.
        files: its files relative to the root; those that are gone are passed over.
        source_id: the tool's own id of the run; without one the run is known by its place.
        handle: see :class:`runreport.readers.base.Source`.
        joining: see :class:`runreport.readers.base.Joining`.
        owns: see :class:`runreport.readers.base.Source`.
        beside: see :class:`runreport.readers.base.Source`.
    """
    stats = {file: stat for file in files if (stat := _stat(f"{location.root}/{file}"))}
    stamps = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in stats.items()]
    return Source(
        run_id=keys.run_id(tool, source_id or f"{location.label}/{path}{handle}"),
        path=path,
        fingerprint=content_hash(handle, *stamps, length=_FINGERPRINT_LENGTH),
        files=tuple(stats),
        handle=handle,
        size_bytes=sum(stat.st_size for stat in stats.values()),
        joining=joining,
        owns=owns,
        beside=beside,
    )


def read_each(
    reader: Reader,
    location: Location,
    sources: Sequence[Source],
    read_run: Callable[[Location, Source, RunPoints], RunFacts],
) -> Iterator[RunBatch]:
    """Yield the runs one by one; ``read_run`` adds the points of a run and returns its facts.

    A run it raises ReadError or OSError for comes without points and with a notice on its log.
    """
    for source in sources:
        points = RunPoints()
        try:
            facts = read_run(location, source, points)
        except (ReadError, OSError) as problem:
            points = RunPoints()
            facts = RunFacts(notices=(unreadable(source, problem),))
        yield RunBatch(
            logs=(run_log(reader, location, source, _timed(facts, points)),),
            points=points.table(source.run_id) if len(points) else POINTS.empty_table(),
            samples=points.samples(source.run_id),
            blobs=facts.blobs,
        )


def run_log(reader: Reader, location: Location, source: Source, facts: RunFacts) -> RunLog:
    """Return the log of a run; name, experiment and seed are taken from its path where the format says none.

    A run without params gets the param ``stem``, so that the seeds of a method can still be grouped.
    """
    run_id = source.run_id
    path = name_by_path(_named_path(source), location.label)
    params = tuple(keys.param(run_id, name, text) for name, text in facts.params.items())
    has_params = any(keys.leaf(param.param) not in SEED_NAMES for param in params)
    stem = () if has_params else (keys.param(run_id, STEM_PARAM, path.stem),)
    has_seed = facts.seed is not None or keys.find_seed(params, SEED_NAMES) is not None
    experiment = facts.experiment or path.experiment
    return RunLog(
        run=Run(
            run_id=run_id,
            experiment=experiment,
            name=facts.name or path.name,
            source_id=f"{location.label}/{source.path}{source.handle}",
            path=source.path or ".",
            status=facts.status,
            started=facts.started,
            ended=facts.ended,
            duration_s=facts.duration_s if facts.duration_s is not None else _duration_s(facts),
            seed=facts.seed if has_seed or facts.is_numbered else path.seed,
            parent_run=facts.parent_run,
            user=facts.user,
            host=facts.host,
            reader=reader.name,
            reader_version=reader.version,
            fingerprint=source.fingerprint,
            note=facts.note,
        ),
        params=params + stem,
        tags=tuple(Tag(run_id=run_id, tag=name, value=text) for name, text in facts.tags.items()),
        artifacts=facts.artifacts,
        datasets=facts.datasets,
        environment=tuple(
            EnvironmentItem(run_id=run_id, item=item, kind=kind, value=value)
            for (kind, item), value in facts.environment.items()
        ),
        code=facts.code,
        edges=facts.edges,
        metric_infos=tuple(_metric_infos(run_id, experiment, facts)),
        notices=tuple(replace(notice, run_id=run_id) for notice in facts.notices),
    )


def unreadable(source: Source, problem: ReadError | OSError, file: str = "") -> Notice:
    """Return the notice for a log, or one file of it, that cannot be read."""
    reason = problem.sentence if isinstance(problem, ReadError) else f"It cannot be opened: {problem.strerror}."
    hint = problem.hint if isinstance(problem, ReadError) else ""
    return Notice(
        severity=Severity.ERROR,
        code=UNREADABLE,
        location=file or source.path or ".",
        message=reason,
        hint=hint,
        run_id=source.run_id,
    )


def attempt(
    source: Source, file: str, action: Callable[[], Mapping[str, str]], notices: list[Notice]
) -> Mapping[str, str]:
    """Return what a further file of a log says; when it cannot be read, nothing and a warning."""
    try:
        return action()
    except (ReadError, OSError) as problem:
        notices.append(replace(unreadable(source, problem, file), severity=Severity.WARNING, code="unreadable-file"))
        return {}


def tag_values(names: Iterable[object]) -> dict[str, str]:
    """Return a list of labels as tags without a value."""
    return {str(name): "" for name in names}


def _named_path(source: Source) -> str:
    if source.path not in source.files:
        return source.path
    return str(PurePosixPath(source.path).with_suffix(""))


def _timed(facts: RunFacts, points: RunPoints) -> RunFacts:
    """Fill in the start and end of a run from the times of its points."""
    span = points.times_us()
    if span is None:
        return facts
    first, last = (moment(time / _MICROSECONDS) for time in span)
    is_over = facts.status is not RunStatus.RUNNING
    return replace(facts, started=facts.started or first, ended=facts.ended or (last if is_over else None))


def _duration_s(facts: RunFacts) -> float | None:
    if facts.started is None or facts.ended is None or facts.ended < facts.started:
        return None
    return (facts.ended - facts.started).total_seconds()


def _metric_infos(run_id: str, experiment: str, facts: RunFacts) -> Iterator[MetricInfo]:
    for metric in dict.fromkeys([*facts.directions, *facts.units, *([facts.primary] if facts.primary else [])]):
        direction = facts.directions.get(metric, Direction.UNKNOWN)
        is_known = direction is not Direction.UNKNOWN
        yield MetricInfo(
            run_id=run_id,
            experiment=experiment,
            metric=metric,
            direction=direction,
            direction_source=DirectionSource.LOG if is_known else DirectionSource.NONE,
            is_primary=metric == facts.primary,
            unit=facts.units.get(metric),
        )


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - counts for thousands of runs
    except OSError:
        return None
