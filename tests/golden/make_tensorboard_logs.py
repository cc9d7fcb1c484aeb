"""Write TensorBoard golden logs with the real clients: ``python make_tensorboard_logs.py curves`` or ``media``.

Needs ``pip install tensorboardX==2.6.5 tensorboard==2.21.0 pillow``. Each folder shows one habit of the writers: plain
scalars of seeds, ``add_hparams`` with its sub-folder, ``add_scalars`` with one folder per curve, a restart that goes
back some steps; and pictures, histograms and texts of both styles.
"""

import io
import shutil
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto
from tensorboardX import SummaryWriter

HERE = Path(__file__).resolve().parent
START_S = 1_760_000_000.0


def writer(folder: Path, purge_step: int | None = None) -> SummaryWriter:
    """Return a writer; its files are renamed when all are written."""
    return SummaryWriter(str(folder), purge_step=purge_step)


def log_curve(log: SummaryWriter, seed: int, steps: range) -> None:
    """Log a loss and an accuracy at fixed times."""
    rng = np.random.default_rng(seed)
    for step in steps:
        at = START_S + 100 * seed + step
        log.add_scalar("train/loss", float(np.exp(-step / 5) + 0.01 * rng.normal()), step, walltime=at)
        log.add_scalar("val/acc", float(1 - np.exp(-step / 4)), step, walltime=at + 0.5)


def write_seeds(root: Path) -> None:
    """Two methods, two seeds each; the params of one come by add_hparams."""
    for method, rate in (("adam", 0.001), ("sgd", 0.1)):
        for seed in (1, 2):
            with writer(root / "digits" / f"{method}_s{seed}") as log:
                log_curve(log, seed, range(10))
                params = {"method": method, "lr": rate, "batch_size": 16, "nesterov": False, "seed": seed}
                log.add_hparams(params, {"final/acc": 0.9 + seed / 100}, name="hparams", global_step=9)


def write_restart(root: Path) -> None:
    """A run that was stopped after step 9 and started again from a checkpoint of step 5."""
    for number, steps in enumerate((range(10), range(5, 15))):
        with SummaryWriter(str(root / "restarted"), filename_suffix=f".part{number}") as log:
            log_curve(log, 3, steps)


def write_mixture(root: Path) -> None:
    """Text, images and histograms among the scalars, and add_scalars with a folder per curve."""
    rng = np.random.default_rng(0)
    with writer(root / "mixture") as log:
        log.add_text("notes", "a plain run", 0)
        log.add_image("samples", rng.random((3, 4, 4)), 0)
        log.add_histogram("weights", rng.normal(size=50), 0)
        log_curve(log, 4, range(3))
        for step in range(3):
            log.add_scalars("losses", {"train": 1 / (step + 1), "validation": 2 / (step + 1)}, step)


def drawing(seed: int, noise: float, pixels: int = 96) -> NDArray[np.uint8]:
    """Return rings that come out of noise, [pixels, pixels, 3]: what a model that learns to draw them might show."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : pixels * 1j, -1 : 1 : pixels * 1j]
    waves = np.stack([np.cos(9 * np.hypot(x - shift, y + shift) + shift) for shift in (0.0, 0.2, 0.4)], axis=-1)
    grain = rng.normal(size=(pixels // 8, pixels // 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    levels = np.clip(0.5 + 0.4 * (1 - noise) * waves + 0.3 * noise * grain, 0, 1)
    return (np.round(levels * 15) * 17).astype(np.uint8)


def encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Return a picture as PNG or JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind, optimize=True)
    return buffer.getvalue()


def write_fields(root: Path) -> None:
    """A run of tensorboardX with everything but numbers, in two files: the second goes back to step 20."""
    rng = np.random.default_rng(5)
    for number, steps in enumerate((range(0, 31, 10), range(20, 51, 10))):
        with SummaryWriter(str(root / "fields"), filename_suffix=f".part{number}") as log:
            for step in steps:
                log.add_scalar("train/loss", float(np.exp(-step / 20)), step, walltime=START_S + step)
                log.add_image("samples/rings", drawing(step, np.exp(-step / 15)), step, dataformats="HWC")
                log.add_image("samples/digit", drawing(step, 0.4, pixels=16), step, dataformats="HWC")
                log.add_histogram("layer1/weights", rng.normal(0, 0.1 + step / 100, size=400), step, bins="auto")
                log.add_histogram("layer2/weights", rng.normal(step / 50, 0.2, size=400), step, bins="auto")
                log.add_text("notes", f"## Step {step}\n\nStill *learning*, see [the plan](https://example.org).", step)
            log.add_text("config", "```yaml\nlr: 0.1\n```\n\n<script>alert(1)</script>", 0)


def write_tensors(root: Path) -> None:
    """The same kinds as tensors, as TensorFlow 2 writes them; tf.summary.image is put together by hand."""
    rng = np.random.default_rng(6)
    log = EventFileWriter(str(root / "tensors"))
    for step in range(4):
        pictures = [encoded(drawing(40 + step + extra, 1 - step / 4, 64), "PNG") for extra in range(2)]
        photo = [encoded(drawing(step, 1 - step / 4), "JPEG")]
        table = np.array([["class", "right"], ["cat", str(90 + step)], ["dog", str(80 + step)]], dtype=object)
        values = [
            *scalar_pb("loss", 1 / (step + 1)).value,
            image_value("generated", pictures, 64),
            image_value("photo", photo, 96),
            *histogram_pb("activations", rng.gamma(2 + step, size=500), buckets=12).value,
            *text_pb("answer", f"Answer **{step}**").value,
            Summary.Value(
                tag="per class", tensor=make_tensor_proto(table), metadata=text_metadata.create_summary_metadata("", "")
            ),
        ]
        for value in values:
            event = Event(step=step, wall_time=START_S + step, summary=Summary(value=[value]))
            log.add_event(event)
    log.close()


def write_small(root: Path) -> None:
    """One of each in a file so small that it can be cut at every offset."""
    with writer(root / "small") as log:
        log.add_image("dot", np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8), 1, dataformats="HWC")
        log.add_histogram("h", np.array([0.0, 0.25, 1.0]), 1, bins=[0.0, 0.5, 1.0])
        log.add_text("note", "*one*", 1)
        log.add_scalar("x", 0.5, 1, walltime=START_S)


def image_value(tag: str, pictures: list[bytes], pixels: int) -> Summary.Value:
    """Return what tf.summary.image writes: width, height and the encoded pictures."""
    size = str(pixels).encode()
    metadata: SummaryMetadata = image_metadata.create_summary_metadata("", "", converted_to_tensor=True)
    return Summary.Value(tag=tag, tensor=make_tensor_proto([size, size, *pictures]), metadata=metadata)


def rename(root: Path) -> None:
    """Give the files names that do not depend on when and where they were written."""
    for folder in sorted({path.parent for path in root.rglob("*tfevents*")}):
        for number, path in enumerate(sorted(folder.glob("*tfevents*"), key=lambda path: path.name[-6:])):
            path.rename(folder / f"events.out.tfevents.{int(START_S) + number}.golden")


def main() -> None:
    """Write the logs that are named, below this folder."""
    cases = {"curves": (write_seeds, write_restart, write_mixture), "media": (write_fields, write_tensors, write_small)}
    for case in sys.argv[1:]:
        root = HERE / f"tensorboard_{case}" / "input"
        shutil.rmtree(root, ignore_errors=True)
        for write in cases[case]:
            write(root)
        rename(root)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        sys.stdout.write(f"{root}: {size} bytes\n")


if __name__ == "__main__":
    main()
