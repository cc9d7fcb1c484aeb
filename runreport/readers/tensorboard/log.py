"""The log of one TensorBoard run as entities and tables, from what its event files hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from runreport.model import keys
from runreport.model.entities import MetricInfo, Run, RunBatch, RunLog, Tag
from runreport.model.tables import POINTS
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Source
from runreport.readers.common.kept import KeptFiles
from runreport.readers.common.naming import STEM_PARAM, PathName, name_by_path
from runreport.readers.tensorboard.contents import PICTURES_PER_STEP, MediaKeeper, Outcome
from runreport.readers.tensorboard.events import END_OF_TIME_S
from runreport.readers.tensorboard.files import FolderLog
from runreport.readers.tensorboard.folders import metric_of_curve
from runreport.readers.tensorboard.hparams import Session, read_session
from runreport.readers.tensorboard.media import MEDIUM_NAMES, Medium
from runreport.readers.tensorboard.series import LoggedPoints, tables

_MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a run was found and who reads it; ``host`` is the one that its first file names."""

    source: Source
    label: str
    host: str | None
    reader: str
    reader_version: str

    @property
    def place(self) -> str:
        """The folder of the run as notices name it."""
        return self.source.path or "."

    def notice(self, severity: Severity, code: str, message: str, hint: str = "") -> Notice:
        """Return a finding about the run as a whole."""
        run_id = self.source.run_id
        return Notice(severity=severity, code=code, location=self.place, message=message, hint=hint, run_id=run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """Everything the files say: the points of the folders with their names, the session, and what else there is."""

    points: tuple[LoggedPoints, ...]
    names: tuple[list[str], ...]
    session: Session
    first: datetime | None
    last: datetime | None
    goes_on: bool
    kinds: Counter[str]
    media: MediaKeeper
    unreadable_tags: int
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the event files of one folder of a run hold; ``folder`` is relative to that of the run, empty for its own."""

    folder: str
    log: FolderLog


def batches(origin: Origin, parts: Sequence[Part]) -> Iterator[RunBatch]:
    """Yield a run in batches of bounded size, from its own event files, which come first, and those of sub-folders."""
    content = _content(origin, parts)
    logs: tuple[RunLog, ...] = (_run_log(origin, content),)
    blobs = content.media.kept.blobs
    named = zip(content.points, content.names, strict=True)
    for table in chain.from_iterable(tables(origin.source.run_id, points, names) for points, names in named):
        yield RunBatch(logs=logs, points=table, blobs=blobs)
        logs, blobs = (), {}
    if logs:
        yield RunBatch(logs=logs, points=POINTS.empty_table(), blobs=blobs)


def _content(origin: Origin, parts: Sequence[Part]) -> _Content:
    own, *others = [part.log for part in parts]
    logs = (own, *others)
    session = read_session([stored for log in (*others, own) for stored in log.decoder.hparams])
    moments = [_first_and_last(log) for log in logs if len(log.points) or log.decoder.opened_s]
    media = MediaKeeper(KeptFiles(origin.source.run_id))
    for log in logs:
        media.keep(log)
    return _Content(
        points=tuple(log.points for log in logs),
        names=_metric_names(parts),
        session=session,
        first=moments[0][0] if moments else None,
        last=moments[0][1] if moments else None,
        goes_on=session.end_logged_s is not None and own.points.goes_on_after(session.end_logged_s),
        kinds=sum((log.kinds for log in logs), Counter()),
        media=media,
        unreadable_tags=sum(not _is_utf8(tag) for log in logs for tag in log.decoder.tags),
        notices=tuple(notice for log in logs for notice in log.notices),
    )


def _run_log(origin: Origin, content: _Content) -> RunLog:
    run_id, session = origin.source.run_id, content.session
    named = name_by_path(origin.source.path, origin.label)
    params = tuple(keys.param(run_id, name, text) for name, text in sorted(session.params.items()))
    return RunLog(
        run=_run(origin, named, content),
        params=params or (keys.param(run_id, STEM_PARAM, named.stem),),
        tags=tuple(Tag(run_id=run_id, tag=name, value=text) for name, text in sorted(session.tags.items()) if text),
        artifacts=content.media.kept.artifacts,
        metric_infos=_metric_infos(run_id, named.experiment, content),
        notices=(*content.notices, *_notices(origin, content)),
    )


def _run(origin: Origin, named: PathName, content: _Content) -> Run:
    session = content.session
    started = _moment(session.started_s) or content.first
    ended = _moment(session.ended_s) or content.last
    return Run(
        run_id=origin.source.run_id,
        experiment=named.experiment,
        name=named.name,
        source_id=origin.source.files[0],
        path=origin.source.path,
        status=RunStatus.UNKNOWN if content.goes_on else session.status,
        started=started,
        ended=ended,
        duration_s=(ended - started).total_seconds() if started and ended and ended >= started else None,
        seed=named.seed,
        parent_run=origin.source.handle or None,
        host=origin.host,
        reader=origin.reader,
        reader_version=origin.reader_version,
        fingerprint=origin.source.fingerprint,
    )


def _metric_infos(run_id: str, experiment: str, content: _Content) -> tuple[MetricInfo, ...]:
    """Return the metrics that hparams declares to be results, as far as the run logged them."""
    logged = {name for names in content.names for name in names}
    declared = sorted(logged.intersection(content.session.metrics))
    return tuple(MetricInfo(run_id=run_id, experiment=experiment, metric=name) for name in declared)


def _notices(origin: Origin, content: _Content) -> Iterator[Notice]:
    superseded = sum(points.superseded(len(names)) for points, names in zip(content.points, content.names, strict=True))
    if superseded:
        message = (
            f"{superseded} points were superseded by later ones of the same or an earlier step, as in TensorBoard."
        )
        hint = "That is normal after a restart. Points that are logged without a step all have the step 0."
        yield origin.notice(Severity.INFO, "superseded-points", message, hint)
    if content.kinds:
        listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(content.kinds.items()))
        message = f"Records of kinds that are not read were left out: {listed}."
        yield origin.notice(Severity.INFO, "not-read", message)
    yield from _media_notices(origin, content.media.outcome)
    if content.unreadable_tags:
        message = f"{content.unreadable_tags} tags are not UTF-8; their odd bytes are shown as \\xNN."
        yield origin.notice(Severity.INFO, "tag-not-utf8", message)
    if content.session.not_read:
        listed = ", ".join(content.session.not_read[:_NAMED])
        message = (
            f"{len(content.session.not_read)} hparams entries are lists, maps or damaged and were left out: {listed}."
        )
        yield origin.notice(Severity.WARNING, "hparams-not-read", message)
    if content.goes_on:
        message = "The hparams say that the run ended, but its log goes on after that; its status is unknown."
        yield origin.notice(Severity.INFO, "end-before-end", message)


def _media_notices(origin: Origin, outcome: Outcome) -> Iterator[Notice]:
    for medium in Medium:
        name, found = MEDIUM_NAMES[medium], outcome.found[medium]
        kept, unreadable = outcome.kept[medium], outcome.unreadable[medium]
        if kept and found > kept + unreadable:
            message = (
                f"Of {found} values of the kind {name} (tags: {outcome.tags[medium]}) {kept} were kept: the first, the "
                "last and evenly spaced steps, as many as fit into what is kept of a run."
            )
            yield origin.notice(Severity.INFO, "kept-in-part", message)
        if unreadable:
            message = (
                f"Of {found} values of the kind {name}, {unreadable} that were to be kept could not be: they are damaged, "
                "too large, or of an unknown layout."
            )
            yield origin.notice(Severity.WARNING, "media-not-read", message)
    if outcome.more_pictures:
        message = f"{outcome.more_pictures} pictures beyond {PICTURES_PER_STEP} of one step were left out."
        yield origin.notice(Severity.INFO, "kept-in-part", message)


def _metric_names(parts: Sequence[Part]) -> tuple[list[str], ...]:
    """Return a name for each tag of each folder, never one twice.

    Curves are named by their folder; anything else below it only where the run itself has that name.
    """
    used: set[str] = set()
    names: list[list[str]] = []
    for part in parts:
        names.append([])
        for tag in part.log.decoder.tags:
            text = tag.decode("utf-8", "backslashreplace")
            name = metric_of_curve(text, part.folder) or text
            name = f"{part.folder}/{name}" if name in used and part.folder else name
            while name in used:
                name += " (2)"
            used.add(name)
            names[-1].append(name)
    return tuple(names)


def _is_utf8(tag: bytes) -> bool:
    try:
        tag.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _first_and_last(log: FolderLog) -> tuple[datetime | None, datetime | None]:
    """Return when the log was opened or written to first, and when a point was written last."""
    opened_us = [round(opened_s * _MICROSECONDS) for opened_s in log.decoder.opened_s]
    points = log.points
    first_us = min([*opened_us, *([points.first_us] if points.first_us else [])], default=0)
    last_us = points.last_us or max(opened_us, default=0)
    return _moment(first_us / _MICROSECONDS), _moment(last_us / _MICROSECONDS)


def _moment(seconds: float | None) -> datetime | None:
    if not seconds or not 0 < seconds < END_OF_TIME_S:
        return None
    return _EPOCH + timedelta(microseconds=round(seconds * _MICROSECONDS))
