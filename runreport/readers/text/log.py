"""One text log as a run: its metrics by a pattern, and what it says about how it ended."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from runreport.config.options import SourceOptions
from runreport.model.entities import CodeVersion
from runreport.names import RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Location, Source
from runreport.readers.common.logs import RunFacts
from runreport.readers.common.series import RunPoints
from runreport.readers.common.words import no_end
from runreport.readers.text.columns import Columns, Shape
from runreport.readers.text.lines import MAX_LINE, Line, read_lines
from runreport.readers.text.names import text_name
from runreport.readers.text.patterns import MAX_PAIRS, READY, Custom, KeyValue, LineFacts, LinePattern, groups
from runreport.readers.text.preamble import Preamble, read_preamble
from runreport.readers.text.values import in_unit
from runreport.readers.text.watchdog import SlowLineError, Watchdog

_TRACEBACK = "Traceback (most recent call last)"
_MOST_SLOW_LINES = 3
_MOST_METRICS = 10_000
_MOST_SHAPES = 64  # a log in which every line has its own is read without them
_TRIED_SHAPES = 4
STEM_PARAM = "stem"


def read_log(location: Location, source: Source, points: RunPoints) -> RunFacts:
    """Read one text log by the user's settings for it, or by the style that was recognised.

    Raises:
        ReadError: it lies outside of the root.
        OSError: it cannot be read.
    """
    place = source.files[0]
    path = str(location.inside(place))
    rule = location.rule(place) or SourceOptions(path=place)
    before = read_preamble(path)
    reading = _Reading(_pattern(rule), rule, points)
    reading.read(path, before)
    named = text_name(source.path.rpartition(".")[0] if source.path == place else source.path, location.label)
    params = {STEM_PARAM: named.stem, **reading.params}
    status = reading.status()
    notices = [replace(notice, location=f"{place}{notice.location}") for notice in reading.notices()]
    return RunFacts(
        experiment=named.experiment,
        name=named.name,
        seed=named.seed,
        status=status,
        started=before.started,
        params=params,
        units=reading.units,
        environment=before.environment,
        code=CodeVersion(run_id=source.run_id, diff_digest=before.code_digest) if before.code_digest else None,
        notices=(*notices, *no_end(status, place)),
    )


def _pattern(rule: SourceOptions) -> LinePattern:
    if rule.pattern in READY:
        return READY[rule.pattern]()
    return Custom(rule.metric_patterns) if rule.metric_patterns else READY["key-value"]()


class _Reading:
    """Gathers what the lines of a log say."""

    def __init__(self, pattern: LinePattern, rule: SourceOptions, points: RunPoints) -> None:
        self.params: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self._pattern = pattern
        self._points = points
        self._columns = Columns()
        self._shapes: list[Shape] = []
        self._shape_count = 0
        self._params = [re.compile(text) for text in rule.param_patterns]
        self._finished = re.compile(rule.finished_pattern) if rule.finished_pattern else None
        self._failed = re.compile(rule.failed_pattern) if rule.failed_pattern else None
        self._by_user = bool(rule.metric_patterns or self._params or self._finished or self._failed)
        self._says: set[RunStatus] = set()
        self._has_traceback = False
        self._step: int | None = None
        self._epoch: int | None = None
        self._last_steps = (0, 0)  # the last two distinct ones
        self._odd: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def read(self, path: str, before: Preamble) -> None:
        """Read all lines behind the code at the beginning."""
        lines = read_lines(path, offset=before.end, number=before.lines + 1)
        if self._by_user:
            self._read_guarded(lines)
        else:
            for line in lines:
                if line.is_cut or not (self._shapes and self._shapes[0].take(line.text)):
                    self._read_line(line)
        self._settle()
        self._columns.hand_over(self._points)

    def _read_guarded(self, lines: Iterable[Line]) -> None:
        """Read lines with the user's expressions, which may be slow."""
        slow = 0
        with Watchdog() as watchdog:
            for line in lines:
                watchdog.busy_with = line.number
                try:
                    self._read_line(line)
                except SlowLineError:
                    slow += 1
                    self._note("slow-line", line.number)
                    if slow == _MOST_SLOW_LINES:
                        self._note("slow-pattern", line.number)
                        break
                finally:
                    watchdog.busy_with = 0

    def status(self) -> RunStatus:
        """Return how the run ended: what the user's patterns say, then a traceback at the end, then the steps."""
        if RunStatus.FAILED in self._says or (self._has_traceback and RunStatus.FINISHED not in self._says):
            return RunStatus.FAILED
        if self._finished:
            return RunStatus.FINISHED if RunStatus.FINISHED in self._says else RunStatus.RUNNING
        last, total = self._step, self.params.get("total_steps")
        if total is None and last is None:
            last, total = self._epoch, self.params.get("total_epochs")
        if last is None or total is None:
            return RunStatus.UNKNOWN
        if last >= int(total):
            return RunStatus.FINISHED
        interval = self._last_steps[1] - self._last_steps[0]
        return RunStatus.RUNNING if last + max(interval, 1) < int(total) else RunStatus.UNKNOWN

    def notices(self) -> list[Notice]:
        """Return what was found on the way; the places begin with a colon and a line, or are empty."""
        odd = dict(self._odd)
        if self._columns.bad_steps:
            odd["step-too-large"] = self._columns.bad_steps
        found = [
            Notice(
                severity=Severity.WARNING,
                code=code,
                location=f":{self._first[code]}" if code in self._first else "",
                message=_MESSAGES[code].format(count=count, s="s" * (count > 1), limit=MAX_LINE),
            )
            for code, count in odd.items()
        ]
        if not len(self._points):
            found.append(_NO_POINTS)
        return found

    def _read_line(self, line: Line) -> None:
        text = line.text
        if line.is_cut:
            self._note("cut-line", line.number)
        self._settle()
        if self._takes_shape(text):
            return
        facts = self._pattern.facts(text)
        if facts is not None:
            if facts.is_cut:
                self._note("too-many-pairs", line.number)
            self._add(facts, line.number)
            self._learn_shape(text, facts)
        elif text.startswith(_TRACEBACK):
            self._has_traceback = True
        if self._by_user:
            self._user_patterns(text)

    def _settle(self) -> None:
        """Add what lines of the last shape said; points keep their order only when this comes before any others."""
        steps = self._shapes[0].settle() if self._shapes else ()
        if not steps:
            return
        self._has_traceback = False
        before = next((step for step in reversed(steps) if step != steps[-1]), None)
        self._go_to(before, None)
        self._go_to(steps[-1], None)

    def _takes_shape(self, text: str) -> bool:
        """Read a line of another shape that was seen before."""
        for place, shape in enumerate(self._shapes):
            if shape.take(text):
                self._shapes.insert(0, self._shapes.pop(place))
                return True
        return False

    def _learn_shape(self, text: str, facts: LineFacts) -> None:
        """Remember the shape of a line that says nothing but a step and values in the units that are known."""
        if self._by_user or not isinstance(self._pattern, KeyValue) or self._shape_count == _MOST_SHAPES:
            return
        if any(unit != self.units.get(metric, "") or metric not in self._columns for metric, _, unit in facts.values):
            return
        if places := self._pattern.places(text):
            self._shape_count += 1
            self._shapes = [Shape(text, *places, self._columns), *self._shapes[: _TRIED_SHAPES - 1]]

    def _user_patterns(self, text: str) -> None:
        for expression in self._params:
            if match := expression.search(text):
                for name, value, _ in groups(match, "param"):
                    self.params.setdefault(name, value)
        if self._finished and self._finished.search(text):
            self._says.add(RunStatus.FINISHED)
        if self._failed and self._failed.search(text):
            self._says.add(RunStatus.FAILED)

    def _add(self, facts: LineFacts, number: int) -> None:
        self._has_traceback = False
        self._advance(facts)
        step = self._step if self._step is not None else self._epoch
        for metric, value, unit in facts.values:
            if unit != self.units.get(metric, ""):
                self._add_with_unit(metric, value, unit, number, facts)
            else:
                self._point(metric, step, value, facts)
        if facts.step is not None and facts.epoch is not None:
            self._columns.add("epoch", facts.step, facts.epoch, facts.time)

    def _advance(self, facts: LineFacts) -> None:
        for name, total in (("total_steps", facts.total_steps), ("total_epochs", facts.total_epochs)):
            if total is not None:
                self.params.setdefault(name, str(total))
        self._go_to(facts.step, facts.epoch)

    def _go_to(self, step: int | None, epoch: int | None) -> None:
        before = self._step if self._step is not None else self._epoch
        if step is not None:
            self._step = step
        if epoch is not None:
            self._epoch = epoch
        now = self._step if self._step is not None else self._epoch
        if before is not None and now is not None and now != before:
            self._last_steps = (before, now)

    def _add_with_unit(self, metric: str, value: float, unit: str, number: int, facts: LineFacts) -> None:
        known = self.units.get(metric)
        if known is None and unit and metric not in self._columns:
            self.units[metric] = unit
            known = unit
        converted = in_unit(value, unit or known or "", known or "")
        if converted is None:
            self._note("another-unit", number)
            return
        self._point(metric, self._step if self._step is not None else self._epoch, converted, facts)

    def _point(self, metric: str, step: int | None, value: float, facts: LineFacts) -> None:
        if metric not in self._columns and len(self._columns) == _MOST_METRICS:
            self._note("too-many-metrics", 0)
            return
        self._columns.add(metric, step, value, facts.time)

    def _note(self, code: str, number: int) -> None:
        self._odd[code] += 1
        if number:
            self._first.setdefault(code, number)


_MESSAGES: Mapping[str, str] = {
    "cut-line": "{count} line{s} longer than {limit} bytes; the rest of each was not read.",
    "slow-line": "The settings' expressions took more than a second on {count} line{s}, which were left out.",
    "slow-pattern": "The settings' expressions are too slow for this log; the rest of it was not read.",
    "another-unit": "{count} value{s} in a unit that the metric did not have before were left out.",
    "too-many-metrics": "{count} value{s} of further metrics were left out: the log names more than any run has.",
    "too-many-pairs": f"{{count}} line{{s}} with more than {MAX_PAIRS} values; the further ones were left out.",
    "step-too-large": "{count} point{s} with a step that is no 64-bit number were left out.",
}

_NO_POINTS = Notice(
    severity=Severity.WARNING,
    code="no-metrics",
    location="",
    message="No line of this log names a metric in the way its pattern expects.",
    hint="The settings in [[sources]] can name another pattern.",
)
