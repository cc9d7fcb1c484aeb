"""The chosen texts, histograms and pictures of a run: read again from the event files, decoded, and kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import BinaryIO, TypeVar

from runreport.formats.pictures import picture
from runreport.formats.protobuf import WireError
from runreport.model.kept import HISTOGRAM_HEADER, HISTOGRAM_TYPE
from runreport.readers.common.kept import MOST_FILE_BYTES, KeptFiles
from runreport.readers.tensorboard import payloads
from runreport.readers.tensorboard.files import EventFile, FolderLog
from runreport.readers.tensorboard.media import MEDIUM_NAMES, Medium, Place

PICTURES_PER_STEP = 4

_FOLDER = "tensorboard"
_TEXT_TYPE = "text/markdown"
_TEXT_SUFFIX = "/text_summary"  # tensorboardX and PyTorch add it to every tag

Decoded = TypeVar("Decoded")

Value = tuple[int, bytes]
"""Step and bytes of a Summary.Value."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the values of each kind.

    Attributes:
        found: values that stand; ``tags`` is under how many tags.
        kept: values of which something is kept.
        unreadable: values that were chosen and are damaged, of an unknown layout, or too large.
        more_pictures: pictures beyond the first few of one step.
    """

    found: Counter[Medium] = field(default_factory=Counter)
    tags: Counter[Medium] = field(default_factory=Counter)
    kept: Counter[Medium] = field(default_factory=Counter)
    unreadable: Counter[Medium] = field(default_factory=Counter)
    more_pictures: int = 0


class MediaKeeper:
    """Keeps what is chosen of the logs of one run's folders; ``outcome`` counts what became of all of it."""

    def __init__(self, kept: KeptFiles) -> None:
        self.kept = kept
        self.outcome = Outcome()

    def keep(self, log: FolderLog) -> None:
        """Keep the chosen texts, histograms and pictures of one folder, in this order."""
        tags = [tag.decode("utf-8", "backslashreplace") for tag in log.decoder.tags]
        actions = {
            Medium.TEXT: self._keep_texts,
            Medium.HISTOGRAM: self._keep_histograms,
            Medium.IMAGE: self._keep_pictures,
        }
        for medium, action in actions.items():
            choice = log.decoder.media.choose(medium)
            self.outcome.found[medium] += choice.values
            self.outcome.tags[medium] += choice.tags
            for tag, places in groupby(choice.places, key=lambda place: place.tag):
                action(tags[tag].strip("/"), self._values(medium, list(places), log.files))

    def _keep_texts(self, tag: str, values: Iterator[Value]) -> None:
        for step, data in values:
            text = _decoded(payloads.text, data)
            if text is None:
                self.outcome.unreadable[Medium.TEXT] += 1
                continue
            path = _path(Medium.TEXT, tag.removesuffix(_TEXT_SUFFIX), f"/step-{step}.md")
            self.outcome.kept[Medium.TEXT] += self.kept.add(path, text.encode("utf-8", "replace"), _TEXT_TYPE)

    def _keep_histograms(self, tag: str, values: Iterator[Value]) -> None:
        lines, steps = [HISTOGRAM_HEADER], 0
        for step, data in values:
            bins = _decoded(payloads.histogram, data)
            if bins is None:
                self.outcome.unreadable[Medium.HISTOGRAM] += 1
                continue
            columns = zip(bins.left.tolist(), bins.right.tolist(), bins.count.tolist(), strict=True)
            lines += [f"{step},{left:.9g},{right:.9g},{count:.15g}" for left, right, count in columns]
            steps += 1
        content = ("\n".join(lines) + "\n").encode("ascii")
        if steps and self.kept.add(_path(Medium.HISTOGRAM, tag, ".csv"), content, HISTOGRAM_TYPE):
            self.outcome.kept[Medium.HISTOGRAM] += steps

    def _keep_pictures(self, tag: str, values: Iterator[Value]) -> None:
        for step, data in values:
            found = _decoded(payloads.pictures, data) or []
            self.outcome.more_pictures += max(len(found) - PICTURES_PER_STEP, 0)
            known = [(content, kind) for content in found[:PICTURES_PER_STEP] if (kind := picture(content))]
            self.outcome.unreadable[Medium.IMAGE] += not known
            names = [
                f"step-{step}-{number}" if len(known) > 1 else f"step-{step}" for number in range(1, len(known) + 1)
            ]
            added = [
                self.kept.add(_path(Medium.IMAGE, tag, f"/{name}.{kind.suffix}"), content, kind.media_type)
                for name, (content, kind) in zip(names, known, strict=True)
            ]
            self.outcome.kept[Medium.IMAGE] += any(added)

    def _values(self, medium: Medium, places: Sequence[Place], files: Sequence[EventFile]) -> Iterator[Value]:
        """Yield the values at the places; what is too large, or has gone in between, is counted."""
        for number, group in groupby(places, key=lambda place: place.file):
            inside = list(group)
            found = list(_read(files[number], inside))
            self.outcome.unreadable[medium] += len(inside) - len(found)
            yield from found


def _read(file: EventFile, places: Sequence[Place]) -> Iterator[Value]:
    try:
        with file.path.open("rb", buffering=0) as stream:
            for place in places:
                data = _read_at(stream, place)
                if data is not None:
                    yield place.step, data
    except OSError:
        return


def _read_at(stream: BinaryIO, place: Place) -> bytes | None:
    if place.size_bytes > PICTURES_PER_STEP * MOST_FILE_BYTES:
        return None
    stream.seek(place.start)
    data = stream.read(place.size_bytes)
    return data if len(data) == place.size_bytes else None


def _decoded(decode: Callable[[bytes], Decoded | None], data: bytes) -> Decoded | None:
    try:
        return decode(data)
    except WireError:
        return None


def _path(medium: Medium, tag: str, end: str) -> str:
    return f"{_FOLDER}/{MEDIUM_NAMES[medium]}/{tag}{end}"
