"""What one line of a text log says: ready patterns for common styles, and the user's own regular expressions."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, Protocol

from runreport.formats.times import moment, parse_time
from runreport.readers.text.values import NUMBER, UNIT, parse_value, unit_behind

_NAME = r"[A-Za-z_][\w/.\-]{0,100}"
_END = r"(?=[\s,;|)\]]|$)"
_STEPS = "step|iter|iteration|global_step|batch|update|it|s"
_EPOCHS = "epoch|ep"
_HEAD = re.compile(rf"(?:({_STEPS})|{_EPOCHS})[:=] ?(\d{{1,18}})(?:/(\d{{1,18}}))?(?=[\s,;|])")
_PAIR = re.compile(rf"(?<![\w/.\-])({_NAME})[:=] ?({NUMBER})({UNIT})?{_END}")
_STRICT = re.compile(
    rf"(?:{_STEPS}|{_EPOCHS})[:=] ?\d{{1,18}}(?:/\d{{1,18}})?(?:(?:[ \t]|, ?|; ?|[ ]\|[ ])(?:{_NAME})[:=] ?(?:{NUMBER})(?:{UNIT})?)+\s*"
)
_PEAK = "peak memory allocated:"
_MEMORY = re.compile(r"\b(allocated|reserved): (\d{1,12}) ([KMG]i?B)\b")
_STAMP = re.compile(r"[\[(]?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)")
_LOG_HEAD = re.compile(
    r"(?i)\b(?:(step|iter(?:ation)?|global[_ ]step)|epoch)\b[ \t]?[:=#]?[ \t]?\[?(\d{1,18})(?:[ \t]?/[ \t]?(\d{1,18}))?"
)
_LOG_PAIR = re.compile(
    rf"(?:^|[,;|:\]]|\s-\s|\s{{2,}}|\s)\s?([A-Za-z][\w/.\-]{{0,60}}(?: [A-Za-z][\w/.\-]{{0,30}}){{0,2}})(?: ?[:=] ?| )({NUMBER}) ?({UNIT})?{_END}"
)
_STEP_WORDS = ("global_step", "step", "iteration", "iter")  # what may stand behind an epoch, the surest first
_MOST_DIGITS = 400
_MOST_PLACES = 100  # an expression for more takes longer to build than it saves
_LEAST_SECONDS, _MOST_SECONDS = 1e8, 1e11  # what a number must be to be seconds after 1970


MAX_PAIRS = 500
"""Values of a line that are read."""


class LineFacts(NamedTuple):
    """What a line says. Without a step and an epoch it belongs to the last ones that were named before it.

    Attributes:
        step: the step.
        epoch: the epoch.
        total_steps: how many steps there are to be.
        total_epochs: how many epochs there are to be.
        time: when it was written.
        values: metric, value and unit (empty when it has none).
        is_cut: whether the line holds more values than are read.
    """

    step: int | None = None
    epoch: int | None = None
    total_steps: int | None = None
    total_epochs: int | None = None
    time: datetime | None = None
    values: Sequence[tuple[str, float, str]] = ()
    is_cut: bool = False


class LinePattern(Protocol):
    """Understands the lines of one style."""

    def facts(self, line: str) -> LineFacts | None:
        """Return what a line says, None when it is of another style."""
        ...


class KeyValue:
    """``step:1670/1670 val_loss:3.2755 train_time:163621ms``: lines that begin with a step or epoch, then pairs."""

    def facts(self, line: str) -> LineFacts | None:
        """Return what a line says, None when it does not begin with a step or an epoch."""
        head = _HEAD.match(line)
        if head is None:
            return _peak_memory(line) if line.startswith(_PEAK) else None
        is_step, number, total = head.groups()
        found = islice(_PAIR.finditer(line, head.end()), MAX_PAIRS + 1)
        values = [(pair[1], float(pair[2]), pair[3] or "") for pair in found]
        return _of(is_step is not None, number, total, None, values)

    def places(self, line: str) -> tuple[tuple[int, int], list[tuple[str, int, int]]] | None:
        """Return where the step stands in a line that was understood, and each value by its metric.

        None when it does not begin with a step, names a step or a metric twice, or holds very many values.
        """
        head = _HEAD.match(line)
        if head is None or head[1] is None:
            return None
        found = islice(_PAIR.finditer(line, head.end()), _MOST_PLACES + 1)
        values = [(pair[1], *pair.span(2)) for pair in found]
        names = {name for name, _, _ in values}
        is_plain = 0 < len(names) == len(values) <= _MOST_PLACES and not any(map(_is_step_name, names))
        return (head.span(2), values) if is_plain else None


class PythonLogging:
    """``2026-01-31 12:00:00,123 INFO epoch 3/10 | loss 0.1 | val acc: 93.5 %``: as the logging module prints."""

    def facts(self, line: str) -> LineFacts | None:
        """Return what a line says, None when it names neither a step nor an epoch."""
        head = _LOG_HEAD.search(line)
        if head is None:
            return None
        is_step, number, total = head.groups()
        stamp = _STAMP.match(line)
        time = parse_time(stamp[1]) if stamp else None
        found = islice(_LOG_PAIR.finditer(line, head.end()), MAX_PAIRS + 1)
        values = [(pair[1].replace(" ", "_"), float(pair[2]), pair[3] or "") for pair in found]
        return _of(is_step is not None, number, total, time, values)


class Custom:
    """The user's regular expressions, searched for in each line; those that fit are put together.

    The groups ``step``, ``epoch``, ``total_steps``, ``total_epochs`` and ``time`` mean what they say, ``metric`` with
    ``value`` are a metric by its logged name, and every other group is the metric of its name, in which ``__`` stands
    for a slash.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        compiled = [re.compile(text) for text in expressions]
        self._expressions = [
            (one.search, sorted(_AXES & one.groupindex.keys()), "time" in one.groupindex) for one in compiled
        ]

    def facts(self, line: str) -> LineFacts | None:
        """Return what a line says, None when no expression fits."""
        axes: dict[str, int] = {}
        time: datetime | None = None
        values: list[tuple[str, float, str]] = []
        is_found = False
        for search, own_axes, has_time in self._expressions:
            match = search(line)
            if match is None:
                continue
            is_found = True
            for name in own_axes:
                if (whole := _whole(match[name])) is not None:
                    axes.setdefault(name, whole)
            if has_time:
                time = time or _time(match["time"])
            values += _metrics(match)
        if not is_found:
            return None
        return LineFacts(
            step=axes.get("step"),
            epoch=axes.get("epoch"),
            total_steps=axes.get("total_steps"),
            total_epochs=axes.get("total_epochs"),
            time=time,
            values=values,
        )


def groups(match: re.Match[str], long_name: str) -> Iterator[tuple[str, str, int]]:
    """Yield name, text and end of each group that is no axis; ``long_name`` and ``value`` are one by its logged name."""
    texts = match.groupdict()
    if texts.get(long_name) and texts["value"] is not None:
        yield texts[long_name], texts["value"], match.end("value")
    for name, text in texts.items():
        if text is not None and name not in _AXES and name not in _NO_METRICS and name != long_name:
            yield name.replace("__", "/"), text, match.end(name)


READY: dict[str, type[LinePattern]] = {"key-value": KeyValue, "python-logging": PythonLogging}
"""The ready patterns that need nothing else than the line."""


def is_step_line(line: str) -> bool:
    """Say whether a line is a step or epoch and pairs, and nothing else: code or prose hardly ever is.

    >>> is_step_line("step:5/10 loss:0.5 time:12ms"), is_step_line("step = 5, loss=0.5")
    (True, False)
    """
    return _STRICT.fullmatch(line) is not None


_AXES = frozenset({"step", "epoch", "total_steps", "total_epochs"})
_NO_METRICS = frozenset({"time", "value"})


def _of(
    is_step: bool, number: str, total: str | None, time: datetime | None, values: Sequence[tuple[str, float, str]]
) -> LineFacts:
    """Return the facts of a line; behind an epoch, a pair that names a step is the step."""
    last = int(total) if total else None
    is_cut = len(values) > MAX_PAIRS
    read = values[:MAX_PAIRS]
    if is_step:
        metrics = [value for value in read if not _is_step_name(value[0])]
        return LineFacts(int(number), None, last, None, time, metrics, is_cut)
    steps = {name.casefold(): value for name, value, _ in reversed(read) if name.casefold() in _STEP_WORDS}
    word = next((word for word in _STEP_WORDS if word in steps and steps[word].is_integer()), None)
    metrics = [value for value in read if value[0].casefold() != word and not _is_step_name(value[0])]
    step = None if word is None else int(steps[word])
    return LineFacts(step, int(number), None, last, time, metrics, is_cut)


def _is_step_name(name: str) -> bool:
    """Whether a pair is another count of the steps, which is no metric."""
    return name.casefold() == "step"


def _peak_memory(line: str) -> LineFacts:
    """Return what the last line of a log of modded-nanogpt says."""
    found = _MEMORY.findall(line)
    return LineFacts(values=[(f"peak_memory_{name}", float(value), unit) for name, value, unit in found])


def _metrics(match: re.Match[str]) -> Iterator[tuple[str, float, str]]:
    for name, text, end in groups(match, "metric"):
        if parsed := parse_value(text):
            yield name, parsed[0], parsed[1] or unit_behind(match.string, end)


def _whole(text: str | None) -> int | None:
    if text is None or len(text) > _MOST_DIGITS:
        return None
    plain = text.replace(",", "").strip()
    if plain.isdecimal():
        return int(plain)
    try:
        value = float(plain)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return parse_time(text)
    return moment(seconds) if _LEAST_SECONDS < seconds < _MOST_SECONDS else None
