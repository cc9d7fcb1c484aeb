"""The pictures, texts and histograms that the store keeps of a run, as its page shows them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from runreport.formats.pictures import picture
from runreport.model.entities import Artifact
from runreport.model.kept import HISTOGRAM_TYPE, kept_digest
from runreport.names import natural_key
from runreport.pages import cells, urls
from runreport.pages.histograms import distributions, histogram_figures, read_histogram
from runreport.pages.parts import LoggedMedia, LoggedText, Picture, PictureSet
from runreport.stats.words import counted

KeptBytes = Callable[[str], bytes]
"""Gives the bytes that the store keeps under a SHA-256."""

MOST_PICTURE_BYTES = 300_000_000
"""How much of a site may be pictures; those of later runs are counted and stay in the store."""

_MOST_TEXTS = 20
_TINY_PX = 72
_TEXT_TYPES = frozenset({"text/markdown", "text/plain"})
_STEP = re.compile(r"step-(-?\d{1,20})(?:-(\d{1,9}))?\Z")
_KINDS = frozenset({"images", "text", "histograms"})


def no_bytes(digest: str) -> bytes:
    """Stand for a store that keeps nothing.

    Raises:
        KeyError: always.
    """
    raise KeyError(digest)


@dataclass(slots=True)
class PictureRoom:
    """How many bytes of pictures the site still takes; the same picture counts once."""

    left_bytes: int = MOST_PICTURE_BYTES
    taken: set[str] = field(default_factory=set)

    def takes(self, digest: str, size_bytes: int) -> bool:
        """Say whether there is room for a picture, and make it smaller by that."""
        if digest in self.taken:
            return True
        if size_bytes > self.left_bytes:
            return False
        self.taken.add(digest)
        self.left_bytes -= size_bytes
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One kept file: under which name of the log and at which step, with a number where there are several."""

    name: str
    step: tuple[int, int] | None
    digest: str
    artifact: Artifact

    @property
    def label(self) -> str:
        """The step in words, empty without one."""
        if self.step is None:
            return ""
        step, number = self.step
        return f"step {step}" + (f" ({number})" if number else "")


def logged_media(artifacts: Sequence[Artifact], read: KeptBytes, room: PictureRoom) -> LoggedMedia | None:
    """Return what the page of a run shows of the files that were kept of its log; None when there are none."""
    kept = sorted((_kept(artifact, digest) for artifact in artifacts if (digest := kept_digest(artifact))), key=_order)
    if not kept:
        return None
    pictures = [one for one in kept if (one.artifact.media_type or "").startswith("image/")]
    texts = [one for one in kept if one.artifact.media_type in _TEXT_TYPES]
    tables = {one.name: one for one in kept if one.artifact.media_type == HISTOGRAM_TYPE}
    histograms = {name: found for name, one in tables.items() if (found := read_histogram(read(one.digest)))}
    shown = [one for one in pictures if room.takes(one.digest, one.artifact.size_bytes or 0)]
    last_texts = _last_of_each(texts)
    return LoggedMedia(
        pictures=tuple(_picture_sets(shown, read)),
        texts=tuple(_text(one, count, read) for one, count in last_texts[:_MOST_TEXTS]),
        histograms=histogram_figures(histograms),
        distributions=distributions(histograms),
        note=_note(len(pictures) - len(shown), len(last_texts) - _MOST_TEXTS),
    )


def _kept(artifact: Artifact, digest: str) -> _Kept:
    """Take a path apart: readers put the kind of a medium and the tool before its name, and the step behind it."""
    folders = artifact.path.split("/")
    if len(folders) > 2 and folders[1] in _KINDS:  # noqa: PLR2004 - tool, kind, name
        folders = folders[2:]
    stem = folders[-1].rpartition(".")[0] or folders[-1]
    step = _STEP.match(stem)
    name = "/".join(folders[:-1]) if step and len(folders) > 1 else "/".join([*folders[:-1], stem])
    return _Kept(name=name, step=(int(step[1]), int(step[2] or 0)) if step else None, digest=digest, artifact=artifact)


def _order(one: _Kept) -> tuple[object, ...]:
    return natural_key(one.name), one.name, one.step or (0, 0), one.artifact.path


def _picture_sets(shown: Iterable[_Kept], read: KeptBytes) -> Iterable[PictureSet]:
    for name, members in groupby(shown, key=lambda one: one.name):
        found = tuple(made for one in members if (made := _picture(one, read)) is not None)
        if found:
            yield PictureSet(name=cells.name(name), pictures=found)


def _picture(one: _Kept, read: KeptBytes) -> Picture | None:
    """Return a picture by what its bytes are, whatever it was said to be."""
    known = picture(read(one.digest))
    if known is None:
        return None
    alt = ", ".join(part for part in (cells.name(one.name), one.label) if part)
    return Picture(
        url=urls.picture_url(one.digest, known.suffix),
        digest=one.digest,
        alt=alt,
        caption=one.label or cells.name(one.name),
        width=known.width,
        height=known.height,
        is_tiny=max(known.width, known.height) <= _TINY_PX,
    )


def _last_of_each(texts: Iterable[_Kept]) -> list[tuple[_Kept, int]]:
    """Return the last text of each name and how many there are."""
    found: Mapping[str, list[_Kept]] = {name: list(own) for name, own in groupby(texts, key=lambda one: one.name)}
    return [(own[-1], len(own)) for own in found.values()]


def _text(one: _Kept, count: int, read: KeptBytes) -> LoggedText:
    parts = (one.label, f"the last of {count} that are kept" if count > 1 else "")
    return LoggedText(
        name=cells.name(one.name),
        detail=", ".join(part for part in parts if part),
        text=read(one.digest).decode("utf-8", "replace"),
    )


def _note(pictures: int, texts: int) -> str:
    missing = [counted(count, noun) for count, noun in ((pictures, "picture"), (texts, "text")) if count > 0]
    return f"Not shown here but kept in the store: {' and '.join(missing)}." if missing else ""
