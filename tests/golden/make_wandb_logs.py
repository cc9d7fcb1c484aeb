"""Write the W&B logs beside this file with the real client: ``python make_wandb_logs.py`` (wandb, numpy).

Four processes log offline below /tmp: one that logs everything there is, one that fails, one that is killed, and one
that goes on under the id of the first of two runs. Written with wandb 0.31.0. Ids, values and names are fixed; times
are not. Debug logs and the list of installed packages are removed, two lines of packages are put in its place.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import wandb

HERE = Path(__file__).resolve().parent
ORIGIN = Path("/tmp/runreport-golden-wandb")  # noqa: S108 - a fixed place keeps the addresses in the logs the same
TARGET = HERE / "wandb_offline" / "input"
CONFIG = {
    "lr": 0.001,
    "seed": 7,
    "betas": [0.9, 0.999],
    "model": {"width": 64, "layers": {"count": 3, "act": "relu"}},
    "dotted.key": True,
    "big": 12345678901234567890123,
    "none": None,
    "text": "two\nlines",
}


def started(run_id: str, name: str, **more: object) -> wandb.Run:
    """Start a run with what all of them share."""
    settings = wandb.Settings(
        host="worker-1",
        username="ada",
        git_commit="433c68765dce369e0fc3b6a9ec395401acc7e40e",
        git_remote_url="https://example.org/lab/digits.git",
        program="train.py",
        program_relpath="train.py",
        x_executable="/usr/bin/python3",
        x_stats_sampling_interval=0.5,
        console="off",
        silent=True,
    )
    return wandb.init(project="digits", mode="offline", id=run_id, name=name, settings=settings, **more)


def everything() -> None:
    """Log everything there is."""
    run = started(
        "every001",
        "everything",
        config=CONFIG,
        tags=["base", "vision"],
        group="adam",
        job_type="train",
        notes="A *tricky* run",
    )
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch")
    run.define_metric("val/acc", step_metric="epoch", summary="max")
    run.define_metric("loss", summary="min")
    for step in range(6):
        run.log({"loss": 1 / (step + 1), "nested": {"a": step, "b": {"c": -step}}, "dot.key": step, "flag": step > 2})
        if step % 2:
            run.log({"epoch": step // 2, "val/acc": 0.5 + step / 20, "val/f1": 0.25}, commit=False)
    run.log({"loss": float("nan"), "grad": float("inf")})
    run.log({"loss": 0.1, "grad": float("-inf"), "phase": "warmup"})
    run.log({"histogram": wandb.Histogram(np_histogram=([1, 2], [0.0, 0.5, 1.0]))})
    run.log({"picture": wandb.Image(np.zeros((4, 4, 3), np.uint8), caption="black")})
    run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
    run.log({"late": 1}, step=30)
    run.log({"dropped": 1}, step=10)
    run.summary["best"] = 0.75
    run.summary["loss_of_best"] = {"train": 0.5}
    run.summary["note"] = "from epoch 2"
    run.config.update({"added": 1})
    run.config.update({"lr": 0.01}, allow_val_change=True)
    artifact = wandb.Artifact("weights", type="model", metadata={"epoch": 2})
    with artifact.new_file("weights.txt", encoding="utf-8") as file:
        file.write("0 1 2\n")
    artifact.add_reference("lab://bucket/large.bin", name="large.bin", checksum=False)
    run.log_artifact(artifact, aliases=["best"])
    run.alert("Loss is low", "it is below 0.2")
    run.finish()


def fails() -> None:
    """End with an exit code."""
    run = started("failed01", "fails", config={"lr": 1.0, "seed": 1})
    run.log({"loss": 3.0})
    run.finish(exit_code=1)


def killed() -> None:
    """End without a word."""
    run = started("killed01", "killed", config={"lr": 0.5, "seed": 2})
    for step in range(300):
        run.log({"loss": 1 / (step + 1), "lr": 0.5})
    os._exit(9)


def resumed(first: int) -> None:
    """Log three epochs, steps counted from 0 each time, on an axis of their own."""
    run = started("again001", "again", config={"lr": 0.1, "seed": 3, "first": first})
    run.define_metric("*", step_metric="iteration")
    for iteration in range(first, first + 4):
        run.log({"iteration": iteration, "loss": 1 / (iteration + 1 + first / 100)})
    run.finish()


TASKS = {"everything": everything, "fails": fails, "killed": killed, "0": lambda: resumed(0), "3": lambda: resumed(3)}


def main() -> None:
    """Run each task in a process of its own, and move what they logged."""
    shutil.rmtree(ORIGIN, ignore_errors=True)
    ORIGIN.mkdir(parents=True)
    for task in TASKS:
        subprocess.run([sys.executable, __file__, task], cwd=ORIGIN, check=False)  # one of them is killed
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.copytree(ORIGIN / "wandb", TARGET / "wandb", ignore=shutil.ignore_patterns("latest-run", "*.log", "logs"))
    for requirements in TARGET.rglob("requirements.txt"):
        requirements.write_text("numpy==2.4.6\nwandb==0.31.0\n", encoding="utf-8")


if __name__ == "__main__":
    TASKS[sys.argv[1]]() if sys.argv[1:] else main()
