"""What TensorBoard's hparams plugin stores: the params of a run, and how it ended.

Field numbers are those of ``plugins/hparams/plugin_data.proto`` and ``api.proto`` of TensorBoard.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from runreport.formats.protobuf import BYTES, FIXED64, VARINT, WireError, fields, read_varint
from runreport.names import RunStatus
from runreport.readers.tensorboard.findings import PluginData

_EXPERIMENT, _SESSION_START, _SESSION_END = 2, 3, 4
_EXPERIMENT_METRICS, _METRIC_NAME, _METRIC_TAG = 5, 1, 2
_START_HPARAMS, _START_TIME = 1, 5
_START_TEXTS = {2: "model_uri", 3: "monitor_url", 4: "group_name"}
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_NULL, _NUMBER, _TEXT, _BOOL = 1, 2, 3, 4
_END_STATUS, _END_TIME = 1, 2
_STATUSES = {1: RunStatus.FINISHED, 2: RunStatus.FAILED, 3: RunStatus.RUNNING}
_EXACT_INTEGER = 2**53

Span = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Session:
    """What is known of one run so far.

    Attributes:
        params: texts by name. Whole numbers are written without a point: the format keeps no integers.
        tags: model_uri, monitor_url and group_name where they are set.
        metrics: the tags that were declared to be the results.
        started_s: when the session says it started.
        status: how it says it ended.
        ended_s: when it says it ended.
        end_logged_s: when it was logged that it ended.
        not_read: names of params that are lists or maps, and places of what is damaged.
    """

    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    started_s: float | None = None
    status: RunStatus = RunStatus.UNKNOWN
    ended_s: float | None = None
    end_logged_s: float | None = None
    not_read: list[str] = field(default_factory=list)


def read_session(stored: Sequence[PluginData]) -> Session:
    """Return what the stored messages say together; later ones win."""
    session = Session()
    for item in stored:
        try:
            _add_message(session, item)
        except WireError:
            session.not_read.append(_text(item.tag))
    return session


def _add_message(session: Session, item: PluginData) -> None:
    data = item.content
    for number, first, behind in _messages(data, (0, len(data))):
        if number == _EXPERIMENT:
            session.metrics.extend(_declared_metrics(data, (first, behind)))
        elif number == _SESSION_START:
            _add_start(session, data, (first, behind))
        elif number == _SESSION_END:
            _add_end(session, data, (first, behind), item.wall_time)


def _add_start(session: Session, data: bytes, span: Span) -> None:
    for number, wire_type, first, behind in fields(data, *span):
        if (number, wire_type) == (_START_HPARAMS, BYTES):
            _add_param(session, data, (first, behind))
        elif (number, wire_type) == (_START_TIME, FIXED64):
            session.started_s = _double(data, first) or None
        elif number in _START_TEXTS and wire_type == BYTES:
            session.tags[_START_TEXTS[number]] = _text(data[first:behind])


def _add_param(session: Session, data: bytes, span: Span) -> None:
    name, text = "", None
    for number, first, behind in _messages(data, span):
        if number == _ENTRY_KEY:
            name = _text(data[first:behind])
        elif number == _ENTRY_VALUE:
            text = _value(data, (first, behind))
    if text is None:
        session.not_read.append(name)
    else:
        session.params[name] = text


def _add_end(session: Session, data: bytes, span: Span, wall_time: float) -> None:
    session.status, session.ended_s, session.end_logged_s = RunStatus.UNKNOWN, None, wall_time
    for number, wire_type, first, behind in fields(data, *span):
        if (number, wire_type) == (_END_STATUS, VARINT):
            session.status = _STATUSES.get(read_varint(data, first, behind)[0], RunStatus.UNKNOWN)
        elif (number, wire_type) == (_END_TIME, FIXED64):
            session.ended_s = _double(data, first) or None


def _value(data: bytes, span: Span) -> str | None:
    """Return a google.protobuf.Value as text; None when it is a list or a map."""
    text = None
    for number, wire_type, first, behind in fields(data, *span):
        if (number, wire_type) == (_NULL, VARINT):
            text = "None"
        elif (number, wire_type) == (_NUMBER, FIXED64):
            text = _number(_double(data, first))
        elif (number, wire_type) == (_TEXT, BYTES):
            text = _text(data[first:behind])
        elif (number, wire_type) == (_BOOL, VARINT):
            text = str(bool(read_varint(data, first, behind)[0]))
    return text


def _declared_metrics(data: bytes, span: Span) -> Iterator[str]:
    for number, first, behind in _messages(data, span):
        if number == _EXPERIMENT_METRICS:
            for inner, name_first, name_behind in _messages(data, (first, behind)):
                if inner == _METRIC_NAME:
                    yield from _metric_tags(data, (name_first, name_behind))


def _metric_tags(data: bytes, span: Span) -> list[str]:
    return [_text(data[first:behind]) for number, first, behind in _messages(data, span) if number == _METRIC_TAG]


def _messages(data: bytes, span: Span) -> Iterator[tuple[int, int, int]]:
    """Yield number and span of the fields that hold bytes."""
    for number, wire_type, first, behind in fields(data, *span):
        if wire_type == BYTES:
            yield number, first, behind


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT_INTEGER else repr(value)


def _double(data: bytes, position: int) -> float:
    return float(struct.unpack_from("<d", data, position)[0])


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
