"""Write the golden text logs, then exit; MLLOG lines come from the real client (``pip install mlperf-logging==4.1.68``).

The others are built after what their writers print: nnU-Net's ``print_to_log_file`` (MIC-DKFZ/nnUNet,
nnunetv2/training/nnUNetTrainer/nnUNetTrainer.py) and the step lines of modded-nanogpt, which its scripts write behind
their own source code. All values are made up.
"""

import json
import logging
import math
import shutil
from pathlib import Path

from mlperf_logging.mllog import mllog

HERE = Path(__file__).resolve().parent
START_MS = 1_760_000_000_000
RANKS = 2

CODE = """import math
import sys
with open(sys.argv[0]) as file:
    code = file.read()

# step:0/4 val_loss:99.0000 train_time:0ms would be a step line, if it were no comment
def schedule(step, lr={lr}):
    return lr * (1 - step / 4)

defaults = dict(
    step=4, lr={lr},
)
"""
MACHINE = """{rule}
Running Python 3.12.1 (main, Jan  2 2026, 10:00:00) [GCC 13.2.0]
Running PyTorch 2.9.0+cu126 compiled for CUDA 12.6
Running Triton version 3.4.0
Fri Jan  2 10:15:30 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 560.35.03              Driver Version: 560.35.03      CUDA Version: 12.6     |
|-----------------------------------------+------------------------+----------------------+
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:19:00.0 Off |                    0 |
|   1  NVIDIA H100 80GB HBM3          On  |   00000000:3B:00.0 Off |                    0 |
+-----------------------------------------------------------------------------------------+
{rule}
"""


def write(path: Path, text: str) -> None:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def steps(folder: Path) -> None:
    """Logs of steps: two repeats of one arm, one of another, one that was cut off, and one in the oldest style."""
    names = {
        "baseline/0b0c0d0e-1111-4222-8333-444455556666": (0.02, 4, 4),
        "baseline/1b0c0d0e-1111-4222-8333-444455556666": (0.02, 4, 4),
        "faster/2b0c0d0e-1111-4222-8333-444455556666": (0.04, 3, 3),
        "faster/3b0c0d0e-1111-4222-8333-444455556666": (0.04, 3, 1),
    }
    for place, (name, (lr, total, last)) in enumerate(names.items()):
        text = CODE.format(lr=lr) + MACHINE.format(rule="=" * 100)
        for step in range(last + 1):
            loss = 10.8258 - 1.5 * math.sqrt(step) + 0.001 * place
            average = "nan" if step == 0 else f"{96.5 + place:.2f}"
            text += f"step:{step}/{total} val_loss:{loss:.4f} train_time:{97 * step + place}ms step_avg:{average}ms\n"
        if last == total:
            text += "peak memory allocated: 34217 MiB reserved: 49936 MiB\n"
        write(folder / f"{name}.txt", text)
    oldest = "".join(f"s:{step} trl:{10.5 - step:.6f} lr:0.00000{step} norm:1.5\n" for step in range(4))
    write(folder / "oldest" / "main.log", "s:0 tel:10.968871\n" + oldest + "s:3 tel:7.490000\n")


def nnunet(folder: Path) -> None:
    """Two folds: one finished with its validation, one that was continued after a checkpoint and is not done."""
    model = folder / "Dataset901_Shapes" / "nnUNetTrainer__nnUNetPlans__2d"
    head = "\n".join(
        [
            "",
            "#" * 71,
            "Please cite the following paper when using nnU-Net:",
            "(a citation)",
            "#" * 71,
            " ",
            "2026-01-02 10:00:00.100000: do_dummy_2d_data_aug: False ",
            "2026-01-02 10:00:00.300000: Desired fold for training: 0 ",
            "2026-01-02 10:00:00.400000: This split has 8 training and 2 validation cases. ",
            "",
            "This is the configuration used by this training:",
            "Configuration name: 2d",
            " {'batch_size': 12, 'patch_size': [64, 64]} ",
            " ",
            "",
        ]
    )
    first = head + "".join(_epoch(epoch, "0.", "") for epoch in range(3))
    first += "2026-01-02 10:03:30.000000: Training done. \n"
    first += "2026-01-02 10:03:40.000000: Validation complete \n"
    first += "2026-01-02 10:03:40.100000: Mean Validation Dice:  0.8725 \n"
    write(model / "fold_0" / "training_log_2026_1_2_10_00_00.txt", first)
    write(model / "fold_0" / "debug.json", json.dumps(_debug(), indent=4))
    write(model / "fold_0" / "validation" / "summary.json", json.dumps(_summary(), indent=4))
    before = head + "".join(_epoch(epoch, "0.1", "np.float32") for epoch in range(3))
    write(model / "fold_1" / "training_log_2026_1_2_10_00_00.txt", before)
    after = head + "".join(_epoch(epoch, "0.2", "np.float32") for epoch in range(2, 4))
    write(model / "fold_1" / "training_log_2026_1_10_09_00_00.txt", after)


def _epoch(epoch: int, digit: str, wrapped: str) -> str:
    dice = [f"{digit}{5 + epoch}1", f"{digit}{4 + epoch}2", "nan"]
    shown = ", ".join(f"{wrapped}({value})" if wrapped else value for value in dice)
    lines = [
        " ",
        f" Epoch {epoch} ",
        f" Current learning rate: {0.01 - 0.001 * epoch:.5f} ",
        f" train_loss {-0.1 * (epoch + 1):.4f} ",
        f" val_loss {-0.2 * (epoch + 1):.4f} ",
        f" Pseudo dice [{shown}] ",
        " Epoch time: 61.25 s ",
        f" Yayy! New best EMA pseudo Dice: {digit}{5 + epoch} ",
    ]
    return "".join(f"2026-01-02 10:0{epoch}:1{place}.500000:{line}\n" for place, line in enumerate(lines))


def _debug() -> dict[str, str]:
    return {
        "_best_ema": "None",
        "batch_size": "12",
        "configuration_manager": "<nnunetv2.utilities.plans_handling.ConfigurationManager object at 0x7f00deadbeef>",
        "cudnn_version": "90501",
        "current_epoch": "0",
        "device": "cuda:0",
        "enable_deep_supervision": "True",
        "fold": "0",
        "gpu_name": "NVIDIA RTX A6000",
        "hostname": "worker-3",
        "initial_lr": "0.01",
        "num_epochs": "3",
        "torch_version": "2.5.1+cu124",
        "weight_decay": "3e-05",
    }


def _summary() -> dict[str, object]:
    dice = {"case_001": (0.95, 0.80), "case_002": (0.90, 0.84)}
    cases = [
        {
            "metrics": {
                str(label): {"Dice": value, "IoU": value / (2 - value), "TP": 10 * label}
                for label, value in enumerate(values, 1)
            },
            "prediction_file": f"/data/results/fold_0/validation/{name}.nii.gz",
            "reference_file": f"/data/labels/{name}.nii.gz",
        }
        for name, values in dice.items()
    ]
    means = {str(label): sum(values[label - 1] for values in dice.values()) / 2 for label in (1, 2)}
    return {
        "foreground_mean": {"Dice": sum(means.values()) / 2},
        "mean": {label: {"Dice": value} for label, value in means.items()},
        "metric_per_case": cases,
    }


class Clock:
    """Milliseconds that go on by a second at each call."""

    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        """Return the time and go on."""
        self.now += 1000
        return self.now


def submission(folder: Path) -> None:
    """A submission of two runs, one of which did not reach the target, with its system and scaling factor."""
    results = folder / "ORG" / "results" / "node8_torch" / "bert"
    for number, status in enumerate(("success", "aborted")):
        results.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(results / f"result_{number}.txt", mode="w", encoding="utf-8")
        if number:
            handler.setFormatter(logging.Formatter("0: %(message)s"))  # as launchers print the rank
        logger = logging.getLogger(f"golden.{number}")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
        _run(mllog.MLLogger(logger=logger, root_dir=str(HERE)), number, status)
        handler.close()
    write(results / "scaling.json", json.dumps({"scaling_factor": 1.25}))
    system = {
        "submitter": "ORG",
        "system_name": "node8",
        "number_of_nodes": "1",
        "accelerators_per_node": "8",
        "accelerator_model_name": "Example 80GB",
        "host_processor_model_name": "Example 9000",
        "cooling": "",
        "framework": "PyTorch 2.5",
        "other_software_stack": {"cuda_version": "12.4", "cuda_driver_version": "550.54"},
        "operating_system": "Ubuntu 22.04",
    }
    write(folder / "ORG" / "systems" / "node8_torch.json", json.dumps(system, indent=4))


def _run(log: mllog.MLLogger, number: int, status: str) -> None:
    clock = Clock()
    log.event("cache_clear", value=True, time_ms=clock())
    for _ in range(RANKS):
        log.start("init_start", time_ms=clock())
    for key, value in (("benchmark", "bert"), ("org", "ORG"), ("division", "closed"), ("platform", "1xnode8")):
        log.event(f"submission_{key}", value=value, time_ms=clock())
    log.event("submission_poc_name", value="A. Person", time_ms=clock())
    for rank in range(RANKS):
        log.event("seed", value=100 * (number + 1) + rank, time_ms=clock())
    log.event("global_batch_size", value=768, time_ms=clock())
    log.event("opt_name", value="lamb", time_ms=clock())
    log.event("opt_base_learning_rate", value=0.00096, time_ms=clock())
    log.event("opt_learning_rate_decay_steps", value=[12000, 16000], time_ms=clock())
    log.event("weights_initialization", metadata={"tensor": "bert.weight"}, time_ms=clock())
    log.end("init_stop", time_ms=clock())
    log.start("run_start", time_ms=clock())
    log.start("block_start", metadata={"first_epoch_num": 1, "epoch_count": 2}, time_ms=clock())
    for epoch in (1, 2):
        log.start("epoch_start", metadata={"epoch_num": epoch}, time_ms=clock())
        log.event(
            "tracked_stats", {"throughput": 7600.5 + epoch, "loss": 1.5 / epoch}, {"step": epoch}, time_ms=clock()
        )
        for _ in range(RANKS):
            log.event("eval_accuracy", value=0.35 * epoch, metadata={"epoch_num": epoch}, time_ms=clock())
        if status == "success" or epoch == 1:
            log.end("epoch_stop", metadata={"epoch_num": epoch}, time_ms=clock())
    log.event("data_file", value=f"part_{number}", time_ms=clock())
    log.event("train_samples", value=2_000_000 + number, time_ms=clock())
    log.end("run_stop", metadata={"status": status}, time_ms=clock())


def main() -> None:
    """Write all folders anew."""
    for name, make in (("text_steps", steps), ("text_nnunet", nnunet), ("mlperf_submission", submission)):
        folder = HERE / name / "input"
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)


if __name__ == "__main__":
    main()
