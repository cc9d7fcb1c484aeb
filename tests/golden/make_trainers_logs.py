"""Write golden logs of training libraries with the real clients, each by ``make_trainers_logs.py NAME``, then exit.

Needs ``pip install torch lightning transformers accelerate tensorboardX ultralytics mmengine lm_eval`` (no GPU, no
network). The data is a straight line with fixed noise and the seeds are fixed, so that losses repeat; run times do not.
"""

# ruff: noqa: ARG002, PLC0415 - each library is loaded only for its own logs, and calls with its own arguments
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
POINTS = 32


def fresh(case: str) -> Path:
    """Return the empty folder of a golden case."""
    folder = HERE / case / "input"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)  # the clients write relative paths into their logs
    return Path()


def line() -> tuple[torch.Tensor, torch.Tensor]:
    """Return points on a line with noise."""
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, POINTS, dtype=np.float32)[:, None]
    y = (2 * x + 0.1 * rng.normal(size=x.shape)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


def write_lightning() -> None:
    """Two versions with CSV logs, a third with event files, and one with a prefix that stopped early."""
    import lightning
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
    from torch.utils.data import DataLoader, TensorDataset

    class Line(lightning.LightningModule):
        def __init__(self, lr: float, seed: int, layers: tuple[int, ...] = (1,)) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Linear(1, 1)

        def training_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
            loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch: list[torch.Tensor], _index: int) -> None:
            self.log("val_loss", torch.nn.functional.mse_loss(self.net(batch[0]), batch[1]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=self.hparams["lr"])

    folder = fresh("lightning_versions")
    data = TensorDataset(*line())
    loggers = [
        CSVLogger(folder / "lightning_logs", name="line"),
        CSVLogger(folder / "lightning_logs", name="line"),
        TensorBoardLogger(folder / "lightning_logs", name="line"),
        CSVLogger(folder / "lightning_logs", name="prefixed", prefix="fold-1"),
    ]
    for seed, logger in enumerate(loggers):
        lightning.seed_everything(seed)
        model = Line(lr=0.1, seed=seed)
        trainer = lightning.Trainer(
            max_epochs=3,
            logger=logger,
            log_every_n_steps=2,
            accelerator="cpu",
            enable_checkpointing=seed == 0,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(model, DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=8))
    for checkpoint in folder.rglob("*.ckpt"):
        checkpoint.write_bytes(b"")  # weights are listed, never opened


def write_hf_trainer() -> None:
    """A run with checkpoints, evaluations, final results and event files, and one that was stopped."""
    import transformers

    class Line(transformers.PreTrainedModel):
        config_class = transformers.PretrainedConfig

        def __init__(self, config: transformers.PretrainedConfig) -> None:
            super().__init__(config)
            self.net = torch.nn.Linear(1, 1)
            self.post_init()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            predicted = self.net(x)
            return {"loss": torch.nn.functional.mse_loss(predicted, labels), "logits": predicted}

    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args: object, state: object, control: object, **_: object) -> None:
            if state.global_step == 6:
                control.should_training_stop = True

    folder = fresh("hf_trainer_outputs")
    x, y = line()
    rows = [{"x": one, "labels": other} for one, other in zip(x, y, strict=True)]
    for name, seed in (("line-s1", 1), ("line-s2", 2), ("stopped", 3)):
        out = folder / name
        args = transformers.TrainingArguments(
            output_dir=str(out),
            num_train_epochs=3,
            per_device_train_batch_size=8,
            learning_rate=0.1,
            logging_steps=2,
            eval_strategy="steps",
            eval_steps=4,
            save_strategy="steps",
            save_steps=4,
            load_best_model_at_end=True,
            metric_for_best_model="eval_loss",
            seed=seed,
            report_to=["tensorboard"] if seed == 1 else [],
            use_cpu=True,
            disable_tqdm=True,
        )
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(out / "runs" / "Jan01_00-00-00_host")
        model = Line(transformers.PretrainedConfig())
        trainer = transformers.Trainer(
            model=model,
            args=args,
            train_dataset=rows,
            eval_dataset=rows,
            callbacks=[Stop()] if name == "stopped" else [],
            compute_metrics=lambda found: {"mae": float(np.abs(found.predictions - found.label_ids).mean())},
        )
        result = trainer.train()
        if name != "stopped":
            trainer.save_metrics("train", {**result.metrics, "train_samples": POINTS})
            trainer.save_metrics("eval", trainer.evaluate())
            trainer.save_state()
            (out / "training_args.json").write_text(args.to_json_string())
            torch.save(args, out / "training_args.bin")
    for heavy in (*folder.rglob("*.safetensors"), *folder.rglob("training_args.bin")):
        heavy.write_bytes(b"")  # weights and pickles are listed, never opened
    for state in (*folder.rglob("*.pt"), *folder.rglob("*.pth")):
        state.unlink()


def write_ultralytics() -> None:
    """Three epochs of a detector from scratch on eight random pictures."""
    from PIL import Image
    from ultralytics import YOLO, settings

    folder = fresh("ultralytics_detect")
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        rng = np.random.default_rng(0)
        for number in range(8):
            for kind in ("images", "labels"):
                (data / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(data / f"images/{number}.png")
            (data / f"labels/{number}.txt").write_text("0 0.5 0.5 0.4 0.4\n")
        (data / "line.yaml").write_text(f"path: {data}\ntrain: images\nval: images\nnames:\n  0: square\n")
        settings.update({"runs_dir": scratch, "tensorboard": False, "wandb": False, "mlflow": False})
        for seed in (0, 1):
            YOLO("yolov8n.yaml").train(
                data=str(data / "line.yaml"),
                epochs=3,
                imgsz=32,
                batch=4,
                seed=seed,
                workers=0,
                device="cpu",
                plots=False,
                project=str(Path(scratch) / "detect"),
                name="train",
            )
        for run in sorted((Path(scratch) / "detect").iterdir()):
            (folder / "detect" / run.name).mkdir(parents=True)
            for name in ("results.csv", "args.yaml"):
                text = (run / name).read_text().replace(scratch, "work")
                (folder / "detect" / run.name / name).write_text(text)


def write_mmengine() -> None:
    """A runner with a tiny model, training by epochs with validation."""
    from mmengine.config import Config
    from mmengine.evaluator import BaseMetric
    from mmengine.model import BaseModel
    from mmengine.runner import Runner
    from torch.utils.data import DataLoader, TensorDataset

    class Line(BaseModel):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(1, 1)

        def forward(self, x: torch.Tensor, y: torch.Tensor, mode: str) -> object:
            if mode == "loss":
                return {"loss": torch.nn.functional.mse_loss(self.net(x), y)}
            return self.net(x), y

    class Mae(BaseMetric):
        def process(self, _batch: object, outputs: tuple[torch.Tensor, torch.Tensor]) -> None:
            self.results.append(float((outputs[0] - outputs[1]).abs().mean()))

        def compute_metrics(self, results: list[float]) -> dict[str, float]:
            return {"mae": sum(results) / len(results)}

    folder = fresh("mmengine_runner")
    data = TensorDataset(*line())
    optimizer = {"type": "SGD", "lr": 0.1, "betas": (0.9, 1e-05), "paramwise_cfg": {"bias.decay": -1, "norm": None}}
    Runner(
        cfg=Config(
            {"optim_wrapper": {"optimizer": optimizer}, "train_cfg": {"max_epochs": 3}, "note": "it's a 'line'"}
        ),
        model=Line(),
        work_dir=str(folder / "line"),
        train_dataloader=DataLoader(data, batch_size=8),
        val_dataloader=DataLoader(data, batch_size=8),
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
        train_cfg={"by_epoch": True, "max_epochs": 3, "val_interval": 1},
        val_cfg={},
        val_evaluator={"type": Mae},
        default_hooks={"logger": {"type": "LoggerHook", "interval": 2}, "checkpoint": None},
        randomness={"seed": 7},
    ).train()


def write_lm_eval() -> None:
    """A task of twelve questions, answered by the harness's model of random answers, with its samples."""
    folder = fresh("lm_eval_dummy")
    with tempfile.TemporaryDirectory() as scratch:
        questions = [
            {"q": f"What is {n} + {n}?", "choices": [str(2 * n), str(2 * n + 1)], "gold": 0} for n in range(12)
        ]
        (Path(scratch) / "sums.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in questions))
        (Path(scratch) / "sums.yaml").write_text(
            f"task: sums\ndataset_path: json\ndataset_kwargs:\n  data_files: {scratch}/sums.jsonl\n"
            "test_split: train\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\ndoc_to_target: '{{gold}}'\n"
            "doc_to_choice: '{{choices}}'\nmetric_list:\n  - metric: acc\n  - metric: acc_norm\nmetadata:\n  version: 1.0\n"
        )
        for seed in (1, 2):
            os.system(  # noqa: S605 - fixed arguments
                f"HF_HUB_OFFLINE=1 {Path(sys.executable).parent}/lm_eval --model dummy --tasks sums --include_path {scratch}"
                f" --output_path dummy_seed{seed} --log_samples --seed {seed}"
            )
        for file in folder.rglob("*.json*"):
            file.write_text(file.read_text().replace(scratch, "work"))


WRITERS: dict[str, Callable[[], None]] = {
    "lightning": write_lightning,
    "hf_trainer": write_hf_trainer,
    "ultralytics": write_ultralytics,
    "mmengine": write_mmengine,
    "lm_eval": write_lm_eval,
}


if __name__ == "__main__":
    WRITERS[sys.argv[1]]()
