"""Texts, histograms and pictures inside of event files, kept as artifacts."""

import math
import random
import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from tfevents_encoder import (
    FILE_NAME,
    Logged,
    double,
    event,
    float_tensor,
    integer,
    message,
    metadata,
    read_bytes,
    read_folder,
    scalar,
    simple,
    summary,
    varint,
    version,
)

from runreport.ingestion import ingest
from runreport.model.kept import kept_digest
from runreport.readers.common import kept
from runreport.store.manifest import Store

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "tensorboard_media" / "input"
GIF = b"GIF89a\x02\x00\x03\x00"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 4, 4)


def image(tag: str, content: bytes, size: tuple[int, int] = (4, 4)) -> bytes:
    """A picture as a field of its own: Summary.Image with height, width, colours and content."""
    body = integer(1, size[1]) + integer(2, size[0]) + integer(3, 3) + message(4, content)
    return message(1, message(1, tag.encode()) + message(4, body))


def strings(tag: str, *texts: bytes, plugin: bytes | None = None, shape: tuple[int, ...] | None = None) -> bytes:
    """A tensor of texts."""
    sizes = (len(texts),) if shape is None else shape
    dimensions = b"".join(message(2, b"\x08" + varint(size)) for size in sizes)
    body = b"\x08\x07" + message(2, dimensions) + b"".join(message(8, text) for text in texts)
    return message(1, message(1, tag.encode()) + message(8, body) + (metadata(plugin) if plugin else b""))


def histogram(tag: str, limits: list[float], counts: list[float], least: float, greatest: float) -> bytes:
    """A HistogramProto with packed limits and counts."""
    packed = [
        message(field, struct.pack(f"<{len(numbers)}d", *numbers)) for field, numbers in ((6, limits), (7, counts))
    ]
    body = double(1, least) + double(2, greatest) + double(3, sum(counts)) + b"".join(packed)
    return message(1, message(1, tag.encode()) + message(5, body))


def bins(tag: str, rows: list[tuple[float, float, float]], plugin: bytes | None = b"histograms") -> bytes:
    """A histogram as a tensor [bins, 3] of double precision."""
    shape = message(2, b"\x08" + varint(len(rows))) + message(2, b"\x08\x03")
    content = b"".join(struct.pack("<3d", *row) for row in rows)
    body = b"\x08\x02" + message(2, shape) + message(4, content)
    return message(1, message(1, tag.encode()) + message(8, body) + (metadata(plugin) if plugin else b""))


def paths(found: Logged) -> list[str]:
    return sorted(artifact.path.removeprefix("tensorboard/") for artifact in found.log.artifacts)


def content(found: Logged, path: str) -> bytes:
    (artifact,) = [one for one in found.log.artifacts if one.path == f"tensorboard/{path}"]
    return found.blobs[kept_digest(artifact) or ""]


def test_pictures_of_both_styles_are_kept_as_they_were(tmp_path: Path) -> None:
    values = [image("old", PNG), strings("new", b"4", b"4", PNG, GIF, plugin=b"images")]
    found = read_bytes(tmp_path, *(event(summary(value), step=5) for value in values))
    assert paths(found) == ["images/new/step-5-1.png", "images/new/step-5-2.gif", "images/old/step-5.png"]
    assert content(found, "images/old/step-5.png") == PNG
    assert content(found, "images/new/step-5-2.gif") == GIF
    assert {one.media_type for one in found.log.artifacts} == {"image/png", "image/gif"}
    assert (found.codes, found.series) == ([], {})


def test_later_values_of_a_tag_need_no_metadata(tmp_path: Path) -> None:
    first = event(summary(strings("t", b"one", plugin=b"text"), bins("h", [(0, 1, 2)])), step=0)
    later = [event(summary(strings("t", b"two"), bins("h", [(0, 1, 3)], None)), step=step) for step in range(1, 40)]
    found = read_bytes(tmp_path, first, *later)
    assert len(content(found, "histograms/h.csv").splitlines()) == 41
    assert content(found, "text/t/step-39.md") == b"two"


@pytest.mark.parametrize("evil", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"", b"PNG", PNG[:20]])
def test_what_only_says_that_it_is_a_picture_is_left_out_and_told(evil: bytes, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, event(summary(image("a", evil))), event(summary(image("a", PNG)), step=1))
    assert paths(found) == ["images/a/step-1.png"]
    (notice,) = found.log.notices
    assert notice.code == "media-not-read"
    assert notice.message.startswith("Of 2 values of the kind images, 1 that were to be kept could not be")


def test_texts_are_kept_with_their_step_and_without_the_suffix_of_the_writer(tmp_path: Path) -> None:
    values = [
        strings("notes/text_summary", "**gut** ü".encode(), plugin=b"text", shape=()),
        strings("lines", b"one", b"two", plugin=b"text"),
        strings("matrix", b"a", b"b|c", b"1", b"2\n3", plugin=b"text", shape=(2, 2)),
    ]
    found = read_bytes(tmp_path, *(event(summary(value), step=-3) for value in values))
    assert content(found, "text/notes/step--3.md").decode() == "**gut** ü"
    assert content(found, "text/lines/step--3.md") == b"one\n\ntwo"
    assert content(found, "text/matrix/step--3.md") == b"| a | b\\|c |\n| --- | --- |\n| 1 | 2 3 |"
    assert {one.media_type for one in found.log.artifacts} == {"text/markdown"}


def test_histograms_of_both_styles_become_tables_without_empty_bins(tmp_path: Path) -> None:
    old = histogram("old", [-1.0, 0.0, 1.0, 1.7976931348623157e308], [0, 3, 0, 2], -0.5, 7.0)
    new = bins("new", [(0.0, 0.1, 1.0), (0.1, 0.2, 0.0), (0.2, 0.3, 5.0)])
    found = read_bytes(tmp_path, event(summary(old), step=2), event(summary(new), step=2))
    assert content(found, "histograms/old.csv") == b"step,left,right,count\n2,-0.5,0,3\n2,1,7,2\n"
    assert content(found, "histograms/new.csv") == b"step,left,right,count\n2,0,0.1,1\n2,0.2,0.3,5\n"


@pytest.mark.parametrize(
    "value",
    [
        histogram("h", [1.0, 2.0], [1.0], 0.0, 1.0),
        histogram("h", [], [], 0.0, 1.0),
        bins("h", [(math.nan, 1.0, 1.0)])[:-1] + b"\xff",
        strings("h", b"text", plugin=b"histograms"),
    ],
)
def test_a_histogram_of_an_unknown_layout_is_told(value: bytes, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, event(summary(value), step=1), scalar("x", 1, 1.0))
    assert found.series == {"x": [(1, 1.0)]}
    assert set(found.codes) <= {"media-not-read", "damaged-record", "not-read"}
    assert found.codes


def test_of_many_steps_the_first_the_last_and_some_between_are_kept(tmp_path: Path) -> None:
    pictures = [event(summary(image("a", PNG + varint(step)), simple("x", 1.0)), step=step) for step in range(1000)]
    found = read_bytes(tmp_path, *pictures)
    steps = sorted(int(path.rpartition("-")[2].removesuffix(".png")) for path in paths(found))
    assert len(steps) == 20
    assert (steps[0], steps[-1]) == (0, 999)
    gaps = {later - earlier for earlier, later in pairwise(steps)}
    assert gaps <= {52, 53}
    assert [notice.message[:60] for notice in found.log.notices] == [
        "Of 1000 values of the kind images (tags: 1) 20 were kept: th"
    ]
    assert len(found.series["x"]) == 1000


def test_every_tag_gets_its_share(tmp_path: Path) -> None:
    pictures = [
        event(summary(image(f"tag{tag}", PNG + varint(1000 * tag + step))), step=step)
        for step in range(10)
        for tag in range(40)
    ]
    found = read_bytes(tmp_path, *pictures)
    assert len(found.log.artifacts) == 80
    assert {path.split("/")[1] for path in paths(found)} == {f"tag{tag}" for tag in range(40)}


def test_what_a_restart_superseded_is_not_kept(tmp_path: Path) -> None:
    steps = [0, 1, 2, 3, 1, 2]
    pictures = [event(summary(image("a", PNG + bytes([row]))), step=step) for row, step in enumerate(steps)]
    found = read_bytes(tmp_path, *pictures)
    kept_rows = [content(found, f"images/a/step-{step}.png")[-1] for step in range(3)]
    assert (kept_rows, len(found.log.artifacts)) == ([0, 4, 5], 3)


def test_several_files_of_a_run_are_one_log(tmp_path: Path) -> None:
    for number, part in enumerate("ab"):
        picture = event(summary(image("a", PNG + part.encode())), step=number)
        (tmp_path / FILE_NAME.replace(".0", f".{number}")).write_bytes(version() + picture)
    found = read_folder(tmp_path)
    assert [content(found, f"images/a/step-{number}.png")[-1:] for number in range(2)] == [b"a", b"b"]


def test_files_beyond_the_bounds_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_FILE_BYTES", 200)
    monkeypatch.setattr(kept, "MOST_RUN_BYTES", 500)
    sizes = (300, 150, 150, 150, 150)
    pictures = [event(summary(image(f"p{row}", PNG + bytes(size))), step=0) for row, size in enumerate(sizes)]
    found = read_bytes(tmp_path, *pictures)
    assert paths(found) == ["images/p1/step-0.png", "images/p2/step-0.png"]
    assert found.codes == ["kept-in-part"]


def test_pictures_are_not_held_while_scalars_are_read(tmp_path: Path) -> None:
    big = PNG + bytes(400_000)
    records = b"".join(event(summary(image("a", big)), step=step) + scalar("x", step, 1.0) for step in range(5))
    with (tmp_path / FILE_NAME).open("wb") as file:
        for _ in range(40):
            file.write(records)
    tracemalloc.start()
    found = read_folder(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / FILE_NAME).stat().st_size > 80_000_000
    assert peak < 25_000_000
    assert len(found.log.artifacts) == 5


def test_other_plugins_are_only_counted(tmp_path: Path) -> None:
    values = [
        strings("a", b"1", plugin=b"audio"),
        float_tensor("m", 1.0, plugin=b"mesh"),
        strings("p", plugin=b"pr_curves"),
    ]
    found = read_bytes(tmp_path, *(event(summary(value)) for value in values), event(message(4, b"graph")))
    (notice,) = found.log.notices
    assert notice.message.endswith("left out: audio (1), graphs (1), mesh (1), pr_curves (1).")


def test_kept_files_reach_the_store_also_when_logs_are_joined(tmp_path: Path) -> None:
    run = tmp_path / "logs" / "run"
    run.mkdir(parents=True)
    (run / FILE_NAME).write_bytes(event(summary(image("a", PNG), simple("loss", 1.0)), step=1))
    (run / "metrics.csv").write_text("step,acc\n0,0.5\n1,0.75\n")
    result = ingest([tmp_path / "logs"], store=tmp_path / "store", jobs=1)
    assert [notice.code for notice in result.notices] == ["joined-logs"]
    snapshot = Store.open(tmp_path / "store").snapshot()
    (location,) = snapshot.table("artifacts").column("location").to_pylist()
    assert snapshot.blob(location.removeprefix("blob:")) == PNG


@pytest.mark.parametrize("seed", range(60))
def test_no_mutation_of_media_raises(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - repeatable damage
    for source in sorted(GOLDEN.rglob("*tfevents*")):
        data = bytearray(source.read_bytes())
        for _ in range(rng.choice([1, 4, 30])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        folder = tmp_path / source.parent.name / source.name[-10:-7]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / source.name).write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
        read_folder(folder)


class TestGolden:
    """Logs that tensorboardX and TensorBoard wrote (tests/golden/make_tensorboard_logs.py)."""

    def test_pictures_histograms_and_texts_of_tensorboardx(self) -> None:
        found = read_folder(GOLDEN, "fields")
        steps = [0, 10, 20, 30, 40, 50]
        rings = [content(found, f"images/samples/rings/step-{step}.png") for step in steps]
        assert all(ring.startswith(PNG[:8]) for ring in rings)
        assert content(found, "text/notes/step-50.md").startswith(b"## Step 50\n\nStill *learning*")
        rows = content(found, "histograms/layer1/weights.csv").decode().splitlines()[1:]
        counted = {step: sum(float(row.split(",")[3]) for row in rows if row.startswith(f"{step},")) for step in steps}
        assert counted == dict.fromkeys(steps, 400.0)
        assert found.codes == ["superseded-points"]

    def test_the_tensors_of_tensorflow_2(self) -> None:
        found = read_folder(GOLDEN, "tensors")
        kinds = {one.path.rpartition(".")[2] for one in found.log.artifacts}
        assert kinds == {"png", "jpg", "csv", "md"}
        assert content(found, "images/photo/step-3.jpg").startswith(b"\xff\xd8\xff")
        assert len([path for path in paths(found) if path.startswith("images/generated/")]) == 8
        assert content(found, "text/per class/step-3.md").splitlines()[-1] == b"| dog | 83 |"
        assert len(found.series["loss"]) == 4
        assert found.codes == []
