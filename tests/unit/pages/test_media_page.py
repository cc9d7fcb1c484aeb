"""What a run's page shows of the files that were kept of its log."""

import struct

import numpy as np
import pytest

from runreport.model.entities import Artifact
from runreport.model.kept import HISTOGRAM_TYPE, kept_artifact
from runreport.pages.histograms import read_histogram
from runreport.pages.media import PictureRoom, logged_media
from runreport.pages.parts import LoggedMedia

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 400, 300)


class Kept:
    """A store in memory."""

    def __init__(self) -> None:
        self.artifacts: list[Artifact] = []
        self.blobs: dict[str, bytes] = {}

    def add(self, path: str, content: bytes, media_type: str) -> None:
        artifact = kept_artifact("r", path, content, media_type)
        self.artifacts.append(artifact)
        self.blobs[artifact.sha256 or ""] = content

    def shown(self, room: PictureRoom | None = None) -> LoggedMedia:
        media = logged_media(self.artifacts, self.blobs.__getitem__, room or PictureRoom())
        assert media is not None
        return media


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_run_without_kept_files_shows_nothing() -> None:
    assert logged_media([Artifact(run_id="r", path="a.png", location="a.png")], {}.__getitem__, PictureRoom()) is None


def test_pictures_are_grouped_by_name_in_the_order_of_their_steps(kept: Kept) -> None:
    for step in (100, 9, -1):
        kept.add(f"tensorboard/images/val/samples/step-{step}.png", PNG + str(step).encode(), "image/png")
    kept.add("tensorboard/images/a/step-2-1.png", PNG, "image/png")
    kept.add("plots/roc.png", PNG + b"roc", "image/png")
    groups = kept.shown().pictures
    assert [(group.name, [one.caption for one in group.pictures]) for group in groups] == [
        ("a", ["step 2 (1)"]),
        ("plots/roc", ["plots/roc"]),
        ("val/samples", ["step -1", "step 9", "step 100"]),
    ]
    first = groups[-1].pictures[0]
    assert (first.alt, first.width, first.height, first.is_tiny) == ("val/samples, step -1", 400, 300, False)
    assert first.url == f"pictures/{first.digest[:32]}.png"


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"<html>", b""])
def test_what_is_no_picture_by_its_bytes_is_never_put_into_the_site(content: bytes, kept: Kept) -> None:
    kept.add("tensorboard/images/a/step-0.png", content, "image/png")
    assert kept.shown().pictures == ()


def test_pictures_beyond_the_room_of_the_site_are_counted(kept: Kept) -> None:
    for step in range(3):
        kept.add(f"tensorboard/images/a/step-{step}.png", PNG + bytes([step]), "image/png")
    kept.add("tensorboard/images/b/step-0.png", PNG + bytes([0]), "image/png")
    room = PictureRoom(left_bytes=2 * len(PNG) + 2)
    media = kept.shown(room)
    assert [len(group.pictures) for group in media.pictures] == [2, 1]
    assert media.note == "Not shown here but kept in the store: 1 picture."


def test_the_last_text_of_each_name_is_shown_and_the_others_are_counted(kept: Kept) -> None:
    for step in range(3):
        kept.add(f"tensorboard/text/notes/step-{step}.md", f"at {step}".encode(), "text/markdown")
    for number in range(25):
        kept.add(f"tensorboard/text/x{number}/step-0.md", str(number).encode(), "text/plain")
    media = kept.shown()
    assert (media.texts[0].name, media.texts[0].text) == ("notes", "at 2")
    assert media.texts[0].detail == "step 2, the last of 3 that are kept"
    assert len(media.texts) == 20
    assert media.note == "Not shown here but kept in the store: 6 texts."


def test_quantiles_of_a_histogram_are_those_of_evenly_filled_bins() -> None:
    series = read_histogram(b"step,left,right,count\n5,0,1,10\n5,1,3,10\n0,-1,1,8\n")
    assert series is not None
    assert series.steps.tolist() == [0, 5]
    assert series.counts.tolist() == [8, 20]
    np.testing.assert_allclose(series.quantiles, [[-0.9, -0.5, 0, 0.5, 0.9], [0.1, 0.5, 1, 2, 2.8]])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"step,left,right,count\n",
        b"step,left,right,count\n1,2\n",
        b"step,left,right,count\n1,2,3,x\n",
        b"step,left,right,count\n1,2,3,0\n1,nan,3,1\n",
        b"\xff\xfe",
    ],
)
def test_a_table_that_is_no_histogram_is_passed_over(content: bytes) -> None:
    assert read_histogram(content) is None


def test_a_histogram_that_was_logged_once_is_only_in_the_table(kept: Kept) -> None:
    kept.add("tensorboard/histograms/once.csv", b"step,left,right,count\n0,0,1,4\n", HISTOGRAM_TYPE)
    kept.add("tensorboard/histograms/twice.csv", b"step,left,right,count\n0,0,1,4\n1,0,2,4\n", HISTOGRAM_TYPE)
    media = kept.shown()
    assert [block.figure.title for block in media.histograms] == ["twice over steps"]
    assert media.distributions is not None
    assert [row.cells[0].text for row in media.distributions.rows] == ["once", "twice"]
