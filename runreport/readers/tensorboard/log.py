"""The log of one TensorBoard run as entities and tables, from what its event files hold."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np

from runreport.model import keys
from runreport.model.entities import MetricInfo, Run, RunBatch, RunLog, Tag
from runreport.model.tables import POINTS
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Source
from runreport.readers.common.naming import STEM_PARAM, PathName, name_by_path
from runreport.readers.tensorboard.events import END_OF_TIME_S, Points
from runreport.readers.tensorboard.files import FolderLog
from runreport.readers.tensorboard.hparams import Session, read_session
from runreport.readers.tensorboard.series import Series, goes_on_after, group, join, tables

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
    """Everything the files say: the series of the folders with their names, the session, and what else there is."""

    series: tuple[Series, ...]
    names: tuple[list[str], ...]
    session: Session
    first: datetime | None
    last: datetime | None
    goes_on: bool
    kinds: Counter[str]
    unreadable_tags: int
    notices: tuple[Notice, ...]


def batches(origin: Origin, own: FolderLog, hparams: FolderLog) -> Iterator[RunBatch]:
    """Yield a run in batches of bounded size, from its own event files and those of its hparams sub-folder."""
    content = _content(origin, own, hparams)
    logs: tuple[RunLog, ...] = (_run_log(origin, content),)
    parts = zip(content.series, content.names, strict=True)
    for points in chain.from_iterable(tables(origin.source.run_id, series, names) for series, names in parts):
        yield RunBatch(logs=logs, points=points)
        logs = ()
    if logs:
        yield RunBatch(logs=logs, points=POINTS.empty_table())


def _content(origin: Origin, own: FolderLog, hparams: FolderLog) -> _Content:
    session = read_session([*hparams.decoder.hparams, *own.decoder.hparams])
    points, hparams_points = join(own.pieces), join(hparams.pieces)
    has_own = len(points) > 0 or own.decoder.opened_s
    first, last = _first_and_last(own, points) if has_own else _first_and_last(hparams, hparams_points)
    own_tags, hparams_tags = list(own.decoder.tags), list(hparams.decoder.tags)
    own_names = _metric_names(own_tags, "", frozenset())
    hparams_folder = origin.source.files[-1].rpartition("/")[0].rpartition("/")[2]
    return _Content(
        series=(group(points, len(own_tags)), group(hparams_points, len(hparams_tags))),
        names=(own_names, _metric_names(hparams_tags, hparams_folder, frozenset(own_names))),
        session=session,
        first=first,
        last=last,
        goes_on=session.end_logged_s is not None and goes_on_after(points, session.end_logged_s),
        kinds=own.kinds + hparams.kinds,
        unreadable_tags=sum(not _is_utf8(tag) for tag in (*own_tags, *hparams_tags)),
        notices=(*own.notices, *hparams.notices),
    )


def _run_log(origin: Origin, content: _Content) -> RunLog:
    run_id, session = origin.source.run_id, content.session
    named = name_by_path(origin.source.path, origin.label)
    params = tuple(keys.param(run_id, name, text) for name, text in sorted(session.params.items()))
    return RunLog(
        run=_run(origin, named, content),
        params=params or (keys.param(run_id, STEM_PARAM, named.stem),),
        tags=tuple(Tag(run_id=run_id, tag=name, value=text) for name, text in sorted(session.tags.items()) if text),
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
    superseded = sum(series.superseded for series in content.series)
    if superseded:
        message = (
            f"{superseded} points were superseded by later ones of the same or an earlier step, as in TensorBoard."
        )
        hint = "That is normal after a restart. Points that are logged without a step all have the step 0."
        yield origin.notice(Severity.INFO, "superseded-points", message, hint)
    if content.kinds:
        listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(content.kinds.items()))
        message = f"Only scalars and hparams are read; {content.kinds.total()} other records were not: {listed}."
        yield origin.notice(Severity.INFO, "not-scalars", message)
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


def _metric_names(tags: list[bytes], folder: str, taken: frozenset[str]) -> list[str]:
    """Return a name for each tag: below ``folder`` where the run itself has that name, and never one twice."""
    names: list[str] = []
    used = set(taken)
    for tag in tags:
        name = tag.decode("utf-8", "backslashreplace")
        name = f"{folder}/{name}" if name in used and folder else name
        while name in used:
            name += " (2)"
        used.add(name)
        names.append(name)
    return names


def _is_utf8(tag: bytes) -> bool:
    try:
        tag.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _first_and_last(log: FolderLog, points: Points) -> tuple[datetime | None, datetime | None]:
    """Return when the log was opened or written to first, and when a point was written last."""
    opened_us = [round(opened_s * _MICROSECONDS) for opened_s in log.decoder.opened_s]
    times_us = points.time_us
    has_times = bool(times_us.any())
    first_us = [int(np.min(times_us, where=times_us > 0, initial=np.iinfo(np.int64).max))] if has_times else []
    last_us = [int(times_us.max())] if has_times else opened_us
    first, last = min([*opened_us, *first_us], default=0), max(last_us, default=0)
    return _moment(first / _MICROSECONDS), _moment(last / _MICROSECONDS)


def _moment(seconds: float | None) -> datetime | None:
    if not seconds or not 0 < seconds < END_OF_TIME_S:
        return None
    return _EPOCH + timedelta(microseconds=round(seconds * _MICROSECONDS))
