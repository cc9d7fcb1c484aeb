"""Pictures by their first bytes: what they are and how large, without decoding them.

Only raster formats that browsers show and that cannot hold scripts. Layouts: PNG (W3C) section 5, JPEG (ITU T.81)
annex B, GIF89a section 17.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MOST_PIXELS = 40_000_000
"""A larger picture is refused: a few kilobytes can declare more pixels than a browser has memory for."""

_PNG, _JPEG, _GIFS = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
_FIRST_FRAME, _LAST_FRAME, _SCAN = 0xC0, 0xCF, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture is, by its first bytes, with its size in pixels; ``suffix`` is the usual end of its name."""

    media_type: str
    suffix: str
    width: int
    height: int


def picture(content: bytes) -> Picture | None:
    r"""Return what a picture is; None when it is none of the formats, damaged at its head, or larger than is shown.

    >>> picture(b"GIF89a\x02\x00\x03\x00")
    Picture(media_type='image/gif', suffix='gif', width=2, height=3)
    >>> picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    """
    if content.startswith(_PNG):
        kind, size = ("image/png", "png"), _png_size(content)
    elif content.startswith(_JPEG):
        kind, size = ("image/jpeg", "jpg"), _jpeg_size(content)
    elif content.startswith(_GIFS):
        kind, size = ("image/gif", "gif"), _gif_size(content)
    else:
        return None
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        return None
    return Picture(media_type=kind[0], suffix=kind[1], width=size[0], height=size[1])


def _png_size(content: bytes) -> tuple[int, int] | None:
    head = content[8:24]
    if len(head) < 16 or head[4:8] != b"IHDR":  # noqa: PLR2004 - length, name, width, height
        return None
    width, height = struct.unpack(">II", head[8:])
    return width, height


def _gif_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 10:  # noqa: PLR2004 - signature, width, height
        return None
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    for marker, start, end in _jpeg_segments(content):
        if _FIRST_FRAME <= marker <= _LAST_FRAME and marker not in _NO_FRAME and end - start >= 5:  # noqa: PLR2004 - depth, height, width
            height, width = struct.unpack_from(">HH", content, start + 1)
            return width, height
    return None


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of the segments before the pixels."""
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:  # noqa: PLR2004 - every marker starts so
        marker = content[position + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill byte
            position += 1
        elif marker in _STANDALONE:
            position += 2
        else:
            end = position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
            if marker == _SCAN or end < position + 4 or end > len(content):
                return
            yield marker, position + 4, end
            position = end
