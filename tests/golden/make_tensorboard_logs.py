"""Write the TensorBoard golden logs with the real client (``pip install tensorboardX==2.6.5``), then exit.

Each folder shows one habit of the writer: plain scalars of seeds, ``add_hparams`` with its sub-folder, ``add_scalars``
with one folder per curve, a restart that goes back some steps, text, images and histograms among the scalars.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
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


def rename(root: Path) -> None:
    """Give the files names that do not depend on when and where they were written."""
    for folder in sorted({path.parent for path in root.rglob("*tfevents*")}):
        for number, path in enumerate(sorted(folder.glob("*tfevents*"), key=lambda path: path.name[-6:])):
            path.rename(folder / f"events.out.tfevents.{int(START_S) + number}.golden")


def main() -> None:
    """Write all logs below this folder."""
    root = HERE / "tensorboard_logs"
    shutil.rmtree(root, ignore_errors=True)
    for write in (write_seeds, write_restart, write_mixture):
        write(root)
    rename(root)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    sys.stdout.write(f"{root}: {size} bytes\n")


if __name__ == "__main__":
    main()
