"""The events of an MLLOG file, sorted into params, series and intervals; what several ranks repeat counts once."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from runreport.errors import ReadError
from runreport.formats.documents import number, parse_json
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.text.lines import Line

MARK = ":::MLLOG"

MEASURED = frozenset({"eval_accuracy", "eval_loss", "eval_error", "train_loss", "throughput", "tracked_stats", "loss"})
"""Keys whose values are measured, whenever they are logged."""

_STEP_KEYS = ("step_num", "step", "iteration", "samples_count", "epoch_num", "first_epoch_num")
_PHASES = frozenset({"epoch_start", "block_start", "eval_start"})
_PLACE_KEYS = frozenset({"file", "lineno"})
_TEXTS = frozenset({"status"})
_STARTS = "_start"
_MOST_SHOWN = 3
_MOST_SEEN = 100_000  # ranks print the same within moments


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value; ``step`` is what its metadata says, whole or not, or None."""

    number: float
    step: float | None
    time_ms: float | None


@dataclass(slots=True)
class Events:
    """What the events of one file say.

    Attributes:
        place: the file, for notices.
        params: what was logged before the training began, by key; of several values of a key the first.
        texts: what was logged after it and is no number.
        series: measured values by metric.
        start_ms: when ``run_start`` was logged first.
        stop_ms: when ``run_stop`` was logged first.
        status: the word with which the run stopped, empty when none was logged.
        intervals: the metrics that are lengths of intervals, in seconds.
    """

    place: str
    params: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    series: dict[str, list[Value]] = field(default_factory=dict)
    start_ms: float | None = None
    stop_ms: float | None = None
    status: str = ""
    intervals: set[str] = field(default_factory=set)
    _is_training: bool = False
    _open: dict[tuple[str, float | None], float] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _odd: Counter[str] = field(default_factory=Counter)
    _named: dict[str, list[str]] = field(default_factory=dict)

    def add_line(self, line: Line) -> None:
        """Add the events of a line; one that cannot be read is counted."""
        for piece in line.text.split(MARK)[1:]:
            try:
                event = parse_json(piece[piece.find("{") : piece.rfind("}") + 1].encode())
            except ReadError:
                event = None
            if isinstance(event, dict) and isinstance(event.get("key"), str):
                metadata = event.get("metadata")
                self._add(event, metadata if isinstance(metadata, dict) else {})
            else:
                self._note("broken-line", str(line.number))

    def notices(self) -> list[Notice]:
        """Return what was found on the way."""
        open_count = len(self._open)
        if open_count:
            self._odd["open-interval"] = open_count
            self._named["open-interval"] = sorted({key for key, _ in self._open})
        return [
            Notice(
                severity=Severity.WARNING if code == "broken-line" else Severity.INFO,
                code=code,
                location=self.place,
                message=_MESSAGES[code].format(count=count, names=_listed(self._named.get(code, []))),
            )
            for code, count in sorted(self._odd.items())
        ]

    def _add(self, event: dict[str, Any], metadata: dict[str, Any]) -> None:
        key, value, time_ms = event["key"], event.get("value"), number(event.get("time_ms"))
        self._is_training |= key in _PHASES
        step = _step(metadata)
        kind = event.get("event_type")
        if kind in ("INTERVAL_START", "INTERVAL_END"):
            self._interval(key, step, time_ms, metadata)
        elif key in _TEXTS:
            self.status = self.status or str(value)
        elif value is None:
            self._note("null-value", key)
        elif self._is_repeated(key, step, value, metadata):
            self._note("repeated-event", key)
        else:
            self._point(key, value, step, time_ms)

    def _point(self, key: str, value: object, step: float | None, time_ms: float | None) -> None:
        if key not in MEASURED and not self._is_training:
            if key in self.params and self.params[key] != value:
                self._note("several-values", key)
            elif key in self.params:
                self._note("repeated-event", key)
            self.params.setdefault(key, value)
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                self._measure(f"{key}.{name}", inner, step, time_ms)
        else:
            self._measure(key, value, step, time_ms)

    def _measure(self, metric: str, value: object, step: float | None, time_ms: float | None) -> None:
        measured = None if isinstance(value, bool) else number(value)
        if measured is not None:
            self.series.setdefault(metric, []).append(Value(measured, step, time_ms))
        elif value is None:
            self._note("null-value", metric)
        else:
            self.texts.setdefault(metric, value if isinstance(value, str) else json.dumps(value))

    def _interval(self, key: str, step: float | None, time_ms: float | None, metadata: dict[str, Any]) -> None:
        if time_ms is None:
            self._note("broken-line", key)
        elif key == "run_start":
            self.start_ms = time_ms if self.start_ms is None else self.start_ms
        elif key == "run_stop":
            self._stop(time_ms, metadata)
        elif key.endswith(_STARTS):
            name = key.removesuffix(_STARTS)
            if (name, step) in self._open:
                self._note("repeated-event", key)
            self._open.setdefault((name, step), time_ms)
        else:
            self._close(key.rpartition("_")[0], step, time_ms)

    def _stop(self, time_ms: float, metadata: dict[str, Any]) -> None:
        if self.stop_ms is not None:
            self._note("repeated-event", "run_stop")
            return
        self.stop_ms = time_ms
        self.status = str(metadata.get("status") or self.status)
        for name, value in metadata.items():
            if name not in _PLACE_KEYS and name not in _STEP_KEYS and name != "status":
                self._measure(f"run_stop.{name}", value, None, time_ms)

    def _close(self, name: str, step: float | None, time_ms: float) -> None:
        """End an interval; one whose end names another step than its start is known by being the only one."""
        candidates = [key for key in self._open if key[0] == name]
        if (name, step) not in self._open and len(candidates) == 1:
            step = candidates[0][1]
        started = self._open.pop((name, step), None)
        if started is not None:
            metric = f"{name}_time"
            self.intervals.add(metric)
            self.series.setdefault(metric, []).append(Value((time_ms - started) / 1000, step, time_ms))

    def _is_repeated(self, key: str, step: float | None, value: object, metadata: dict[str, Any]) -> bool:
        """Say whether a measured value was logged before with the same step, as other ranks do."""
        if step is None or (key not in MEASURED and not self._is_training):
            return False
        told = {name: inner for name, inner in metadata.items() if name not in _PLACE_KEYS}
        mark = json.dumps([key, value, told], sort_keys=True)
        if mark in self._seen:
            return True
        if len(self._seen) == _MOST_SEEN:
            self._seen.clear()
        self._seen.add(mark)
        return False

    def _note(self, code: str, name: str) -> None:
        self._odd[code] += 1
        names = self._named.setdefault(code, [])
        if len(names) <= _MOST_SHOWN and name not in names:
            names.append(name)


_MESSAGES = {
    "broken-line": "MLLOG events that cannot be read were left out: {count} (line {names}).",
    "null-value": "Events without a value were left out: {count} ({names}).",
    "open-interval": "Intervals without an end were left out: {count} ({names}).",
    "repeated-event": "Events that repeat an earlier one, as several ranks do, count once: {count} left out ({names}).",
    "several-values": "Keys were given another value than before, of which the first counts: {count} times ({names}).",
}


def _step(metadata: dict[str, Any]) -> float | None:
    for key in _STEP_KEYS:
        if (found := number(metadata.get(key))) is not None:
            return found
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN]) + (" and others" if len(names) > _MOST_SHOWN else "")
