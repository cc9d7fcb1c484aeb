"""What a picture is, by its first bytes."""

import struct

import pytest

from runreport.formats.pictures import MOST_PIXELS, picture

PNG_HEAD = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR"
JPEG_HEAD = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + bytes(14)


def png(width: int, height: int) -> bytes:
    return PNG_HEAD + struct.pack(">II", width, height) + bytes(9)


def jpeg(width: int, height: int) -> bytes:
    quantisation = b"\xff\xdb" + struct.pack(">H", 4) + bytes(2)
    return JPEG_HEAD + quantisation + b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width) + bytes(6)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(png(7, 5), "image/png"), (jpeg(7, 5), "image/jpeg"), (b"GIF87a\x07\x00\x05\x00", "image/gif")],
)
def test_its_kind_and_size_come_from_its_head(content: bytes, kind: str) -> None:
    found = picture(content)
    assert found is not None
    assert (found.media_type, found.width, found.height) == (kind, 7, 5)


@pytest.mark.parametrize("content", [png(7, 5), jpeg(7, 5), b"GIF89a\x07\x00\x05\x00"], ids=["png", "jpeg", "gif"])
def test_no_cut_raises(content: bytes) -> None:
    for end in range(len(content)):
        found = picture(content[:end])
        assert found is None or (found.width, found.height) == (7, 5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<!doctype html><img>",
        b"%PDF-1.7",
        b"RIFF\x00\x00\x00\x00WEBP",
        png(0, 5),
        png(MOST_PIXELS, 2),
        PNG_HEAD,
        JPEG_HEAD + b"\xff\xda" + struct.pack(">H", 11),
    ],
)
def test_everything_else_is_no_picture(content: bytes) -> None:
    assert picture(content) is None
