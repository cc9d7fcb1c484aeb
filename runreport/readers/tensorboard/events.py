"""Blocks of TensorBoard events to columns of numbers.

Nearly all records of a log look alike: a wall time, a step, and values that are a tag and a few bytes around one
number. Those are decoded for all records of a block at once. What surrounds the number (a plain ``simple_value``, a
tensor, a tensor with metadata, of single or double precision) is learnt: the first value of a new shape goes through
the decoder of :mod:`runreport.readers.tensorboard.summaries`, and all values with the same bytes around their number follow it.
"""

import numpy as np
from numpy.typing import NDArray

from runreport.formats.protobuf import BYTES, WireError
from runreport.formats.tfrecord import Block
from runreport.readers.tensorboard.findings import Findings, PluginData, Points
from runreport.readers.tensorboard.media import MEDIUM_NAMES, MEDIUM_OF_FIELD, MEDIUM_OF_PLUGIN, MediaIndex, Medium
from runreport.readers.tensorboard.summaries import (
    SCALARS_PLUGIN,
    TENSOR_FIELD,
    TENSORS,
    VALUE_KINDS,
    Value,
    decode_event,
    decode_value,
    value_spans,
)
from runreport.readers.tensorboard.wirecolumns import (
    Codes,
    Floats,
    Heads,
    Ints,
    Template,
    Values,
    encode_tags,
    learn_template,
    read_heads,
    split_values,
)

HPARAMS_PLUGIN = b"hparams"

END_OF_TIME_S = 253_402_300_800.0
"""The year 10000, the first that no datetime holds."""

_NO_PLUGIN = frozenset({SCALARS_PLUGIN, b"", None})
_MICROSECONDS = 1_000_000
_MEDIUM_OF_NAME = {name: medium for medium, name in MEDIUM_NAMES.items()}
_MOST_TEMPLATES = 32
_PENDING, _POINT, _TAKEN = 0, 1, 2
_NO_MEDIUM = -1

Moment = tuple[float, int]
"""Wall time and step of an event."""

_Single = tuple[int, int, float, int, float]
"""Place, tag code, wall time, step and value of a point that was decoded on its own."""

States = NDArray[np.int_]


class EventDecoder:
    """Decodes the blocks of the files of one folder, in order.

    Attributes:
        tags: the code of each tag, in order of appearance.
        plugins: the plugin each tag belongs to, by the first metadata of the tag.
        hparams: what the hparams plugin stored.
        foreign: of those tags the ones that are no scalars.
        media_tags: what the tensors of tags are that hold pictures, histograms or texts.
        media: where those and other pictures and histograms lie.
    """

    def __init__(self) -> None:
        self.tags: dict[bytes, int] = {}
        self.plugins: dict[bytes, bytes] = {}
        self.hparams: list[PluginData] = []
        self.foreign: dict[bytes, bytes] = {}
        self.media_tags: dict[bytes, Medium] = {}
        self.media = MediaIndex()
        self.templates: list[Template] = []
        self.opened_s: list[float] = []

    def decode(self, block: Block, findings: Findings) -> Points:
        """Return the points of a block and add to the findings."""
        return _BlockDecoder(self, block, findings).points()

    def note_plugin(self, tag: bytes, plugin: bytes | None) -> None:
        """Remember the first plugin that is named for a tag."""
        if plugin is None or tag in self.plugins:
            return
        self.plugins[tag] = plugin
        if plugin not in _NO_PLUGIN:
            self.foreign[tag] = plugin
        if plugin in MEDIUM_OF_PLUGIN:
            self.media_tags[tag] = MEDIUM_OF_PLUGIN[plugin]
            self.code(tag)

    def is_scalar_tag(self, tag: bytes) -> bool:
        """Whether a single number under the tag is a scalar, not something of another plugin."""
        return self.plugins.get(tag) in _NO_PLUGIN

    def code(self, tag: bytes) -> int:
        """Return the code of a tag."""
        return self.tags.setdefault(tag, len(self.tags))


class _BlockDecoder:
    """Decodes one block: what is regular in columns, the rest one by one."""

    def __init__(self, decoder: EventDecoder, block: Block, findings: Findings) -> None:
        self._decoder = decoder
        self._block = block
        self._findings = findings
        self._data = np.frombuffer(block.data, dtype=np.uint8)
        self._singles: list[_Single] = []

    def points(self) -> Points:
        """Return all points of the block in order."""
        heads = read_heads(self._data, self._block.starts, self._block.ends, END_OF_TIME_S)
        values, left_over = split_values(self._data, heads)
        for row in np.flatnonzero(~heads.is_regular).tolist():
            self._decode_event(int(self._block.starts[row]), int(self._block.ends[row]))
        for row, position in left_over:
            self._decode_summary(position, int(heads.end[row]), _moment(heads, row))
        return self._joined(*self._decode_columns(heads, values))

    def _decode_columns(self, heads: Heads, values: Values) -> tuple[Points, Ints]:
        """Return the points among the regular values, and where each lies."""
        tag = self._tag_codes(values)
        number = np.zeros(len(values))
        state = np.full(len(values), _PENDING)
        self._take_other_kinds(heads, values, tag, state)
        self._take_media(heads, values, tag, state)
        for template in self._decoder.templates:
            self._take(template, values, tag, number, state)
        for row in np.flatnonzero(state == _PENDING).tolist():
            if state[row] == _PENDING:  # or what was learnt from an earlier row took it
                state[row] = _TAKEN
                known = len(self._decoder.media_tags)
                moment = _moment(heads, int(values.event[row]))
                learnt = self._decode_value(int(values.start[row]), int(values.end[row]), moment)
                if learnt is not None:
                    self._take(learnt, values, tag, number, state)
                if len(self._decoder.media_tags) > known:
                    self._take_media(heads, values, tag, state)
        self._drop_foreign(tag, state)
        rows = np.flatnonzero(state == _POINT)
        event = values.event[rows]
        time_us = _microseconds(heads.wall_time[event])
        return Points(tag=tag[rows], step=heads.step[event], time_us=time_us, value=number[rows]), values.start[rows]

    def _tag_codes(self, values: Values) -> Codes:
        codes, tags = encode_tags(self._block.data, values.tag_start, values.tag_end)
        return np.array([self._decoder.code(tag) for tag in tags], dtype=np.int32)[codes]

    def _take_other_kinds(self, heads: Heads, values: Values, tag: Codes, state: States) -> None:
        """Take the values that say by their first field that they are pictures, histograms or sounds."""
        field_key = np.where(values.tag_end < values.end, self._data[values.tag_end], 0)
        for number, kind in VALUE_KINDS.items():
            rows = np.flatnonzero(field_key == (number << 3 | BYTES))
            state[rows] = _TAKEN
            if number in MEDIUM_OF_FIELD:
                self._note_media(MEDIUM_OF_FIELD[number], heads, values, tag, rows)
            else:
                self._findings.count(kind, len(rows))

    def _take_media(self, heads: Heads, values: Values, tag: Codes, state: States) -> None:
        """Take the pending tensors of all tags that are known to hold pictures, histograms or texts."""
        if not self._decoder.media_tags:
            return
        media = np.full(len(self._decoder.tags), _NO_MEDIUM)
        for name, medium in self._decoder.media_tags.items():
            media[self._decoder.code(name)] = medium
        pending = np.flatnonzero((state == _PENDING) & (values.tag_end < values.end))
        pending = pending[self._data[values.tag_end[pending]] == (TENSOR_FIELD << 3 | BYTES)]
        for medium in Medium:
            rows = pending[media[tag[pending]] == medium]
            state[rows] = _TAKEN
            self._note_media(medium, heads, values, tag, rows)

    def _note_media(self, medium: Medium, heads: Heads, values: Values, tag: Codes, rows: Ints) -> None:
        start = values.start[rows]
        step = heads.step[values.event[rows]]
        self._decoder.media.add(medium, tag[rows], step, self._block.position + start, values.end[rows] - start)

    def _take(self, template: Template, values: Values, tag: Codes, number: Floats, state: States) -> None:
        """Fill in the numbers of the pending values that look like the template."""
        rows = template.fitting(self._data, values, state == _PENDING)
        number[rows] = template.numbers(self._data, values.tag_end[rows])
        state[rows] = _POINT
        if template.plugin is not None:
            codes = set(np.flatnonzero(np.bincount(tag[rows])).tolist())
            for name in [name for name, code in self._decoder.tags.items() if code in codes]:
                self._decoder.note_plugin(name, template.plugin)

    def _drop_foreign(self, tag: Codes, state: States) -> None:
        """Take back the numbers of tags that belong to a plugin whose data only look like scalars."""
        plugins = {self._decoder.tags.get(name): plugin for name, plugin in self._decoder.foreign.items()}
        if not plugins:
            return
        is_foreign = np.zeros(len(self._decoder.tags), dtype=bool)
        is_foreign[[code for code in plugins if code is not None]] = True
        rows = np.flatnonzero(is_foreign[tag] & (state == _POINT))
        state[rows] = _TAKEN
        for code, count in zip(*np.unique(tag[rows], return_counts=True), strict=True):
            self._findings.count(_plugin_kind(plugins[int(code)]), int(count))

    def _decode_event(self, start: int, end: int) -> None:
        try:
            event = decode_event(self._block.data, start, end)
        except WireError:
            self._findings.add_damage(self._block.position + start)
            return
        for kind in event.kinds:
            self._findings.count(kind)
        if not 0 <= event.wall_time < END_OF_TIME_S:
            self._findings.untimed += 1
            return
        if event.is_header and event.wall_time:
            self._decoder.opened_s.append(event.wall_time)
        for first, behind in event.summaries:
            self._decode_summary(first, behind, (event.wall_time, event.step))

    def _decode_summary(self, start: int, end: int, moment: Moment) -> None:
        try:
            for first, behind in value_spans(self._block.data, start, end):
                self._decode_value(first, behind, moment)
        except WireError:
            self._findings.add_damage(self._block.position + start)

    def _decode_value(self, start: int, end: int, moment: Moment) -> Template | None:
        """Decode one value, and return what surrounds its number if that was not known yet."""
        data, decoder = self._block.data, self._decoder
        try:
            value = decode_value(data, start, end)
        except WireError:
            self._findings.add_damage(self._block.position + start)
            return None
        tag = data[slice(*value.tag)]
        decoder.note_plugin(tag, value.plugin)
        if decoder.plugins.get(tag) == HPARAMS_PLUGIN:
            decoder.hparams.append(PluginData(tag=tag, content=value.content, wall_time=moment[0]))
        elif (medium := self._medium(value, tag)) is not None:
            code, step = np.array([decoder.code(tag)], dtype=np.int32), np.array([moment[1]])
            position, size = np.array([self._block.position + start]), np.array([end - start])
            decoder.media.add(medium, code, step, position, size)
        elif value.number is None or not decoder.is_scalar_tag(tag):
            self._findings.count(_kind(value, decoder.plugins.get(tag)))
        else:
            self._singles.append((start, decoder.code(tag), *moment, value.number.value))
            return self._learn(value, end)
        return None

    def _medium(self, value: Value, tag: bytes) -> Medium | None:
        return self._decoder.media_tags.get(tag) if value.kind == TENSORS else _MEDIUM_OF_NAME.get(value.kind)

    def _learn(self, value: Value, end: int) -> Template | None:
        template = learn_template(self._block.data, value, end)
        known = self._decoder.templates
        if template is None or template in known or len(known) == _MOST_TEMPLATES:
            return None
        known.append(template)
        return template

    def _joined(self, points: Points, starts: Ints) -> Points:
        """Return the points decoded in columns and one by one together, in the order of the log."""
        if not self._singles:
            return points
        start, tag, wall_time, step, value = (np.array(column) for column in zip(*self._singles, strict=True))
        order = np.argsort(np.concatenate([starts, start]), kind="stable")
        return Points(
            tag=np.concatenate([points.tag, tag.astype(np.int32)])[order],
            step=np.concatenate([points.step, step.astype(np.int64)])[order],
            time_us=np.concatenate([points.time_us, _microseconds(wall_time)])[order],
            value=np.concatenate([points.value, value])[order],
        )


def _moment(heads: Heads, row: int) -> Moment:
    return float(heads.wall_time[row]), int(heads.step[row])


def _microseconds(wall_time: Floats) -> Ints:
    return np.rint(wall_time * _MICROSECONDS).astype(np.int64)


def _kind(value: Value, plugin: bytes | None) -> str:
    if value.kind != TENSORS or plugin in _NO_PLUGIN:
        return value.kind
    return _plugin_kind(plugin or b"")


def _plugin_kind(plugin: bytes) -> str:
    return plugin.decode("utf-8", "backslashreplace")
