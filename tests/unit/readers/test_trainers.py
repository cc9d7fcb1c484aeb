"""Logs of training libraries: what is read, and what is not taken for a log of theirs."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainer_logs import claims, read_all, read_one, write

from runreport import open_store
from runreport.ingestion import ingest
from runreport.names import Direction, RunStatus
from runreport.readers.trainers.mmengine_config import read_settings

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


def state(step: int, history: list[dict[str, Any]], **more: object) -> str:
    return json.dumps({"global_step": step, "log_history": history, "max_steps": 100, **more})


TRAINING = [{"step": 10, "epoch": 0.5, "loss": 2.0}, {"step": 20, "epoch": 1.0, "loss": 1.0}]


def test_hf_metrics_have_the_names_that_trackers_get(tmp_path: Path) -> None:
    history = [*TRAINING, {"step": 20, "epoch": 1.0, "eval_acc": 0.5, "rewards/chosen": 3}]
    run = read_one(write(tmp_path, {"trainer_state.json": state(20, history)}), "hf_trainer")
    assert run.points["train/loss"] == [(10, 2.0), (20, 1.0)]
    assert run.points["eval/acc"] == [(20, 0.5)]
    assert run.points["train/rewards/chosen"] == [(20, 3.0)]
    assert run.points["train/epoch"] == [(10, 0.5), (20, 1.0)]


def test_hf_only_the_newest_state_is_read(tmp_path: Path) -> None:
    files = {
        "checkpoint-10/trainer_state.json": state(10, TRAINING[:1]),
        "checkpoint-20/trainer_state.json": state(20, TRAINING),
        "checkpoint-9/trainer_state.json": state(9, []),
    }
    run = read_one(write(tmp_path, files), "hf_trainer")
    assert run.points["train/loss"] == [(10, 2.0), (20, 1.0)]
    assert "2 other states" in run.notice("older-checkpoints").message


def test_hf_a_top_level_state_older_than_a_checkpoint_does_not_win(tmp_path: Path) -> None:
    files = {"trainer_state.json": state(10, TRAINING[:1]), "checkpoint-20/trainer_state.json": state(20, TRAINING)}
    assert len(read_one(write(tmp_path, files), "hf_trainer").points["train/loss"]) == 2


def test_hf_a_broken_newest_checkpoint_falls_back_to_the_one_before(tmp_path: Path) -> None:
    files = {
        "checkpoint-20/trainer_state.json": '{"global_',
        "checkpoint-10/trainer_state.json": state(10, TRAINING[:1]),
    }
    run = read_one(write(tmp_path, files), "hf_trainer")
    assert run.points["train/loss"] == [(10, 2.0)]
    assert run.notice("unreadable-log").location == "checkpoint-20/trainer_state.json"


def test_hf_bare_nan_and_infinity_survive(tmp_path: Path) -> None:
    history = [{"step": 1, "loss": math.nan}, {"step": 2, "loss": math.inf}, {"step": 3, "loss": -math.inf}]
    values = [
        value
        for _, value in read_one(write(tmp_path, {"trainer_state.json": state(3, history)}), "hf_trainer").points[
            "train/loss"
        ]
    ]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_hf_entries_without_a_step_are_counted(tmp_path: Path) -> None:
    run = read_one(write(tmp_path, {"trainer_state.json": state(20, [*TRAINING, {"loss": 1.0}])}), "hf_trainer")
    assert "1 of 3" in run.notice("broken-entries").message


def test_hf_the_arguments_name_the_primary_metric_and_its_direction(tmp_path: Path) -> None:
    arguments = {"metric_for_best_model": "f1", "greater_is_better": True, "seed": 7, "learning_rate": 5e-5}
    files = {"trainer_state.json": state(20, TRAINING), "training_args.json": json.dumps(arguments)}
    run = read_one(write(tmp_path, files), "hf_trainer")
    (info,) = run.log.metric_infos
    assert (info.metric, info.direction, info.is_primary) == ("eval/f1", Direction.UP, True)
    assert run.params["learning_rate"] == "5e-05"
    assert run.params["seed"] == "7"


@pytest.mark.parametrize(
    ("values", "best", "way"), [((3.0, 1.0, 2.0), 1.0, Direction.DOWN), ((1.0, 3.0, 2.0), 3.0, Direction.UP)]
)
def test_hf_the_best_value_tells_which_way_a_metric_improves(
    values: tuple[float, ...], best: float, way: Direction, tmp_path: Path
) -> None:
    history = [{"step": 10 * place, "eval_score": value, "eval_runtime": 5.0} for place, value in enumerate(values)]
    text = state(20, history, best_metric=best, best_model_checkpoint="out/checkpoint-10")
    run = read_one(write(tmp_path, {"trainer_state.json": text}), "hf_trainer")
    (info,) = [info for info in run.log.metric_infos if info.is_primary]
    assert (info.metric, info.direction) == ("eval/score", way)
    assert run.tags["best_model_checkpoint"] == "out/checkpoint-10"


def test_hf_two_metrics_with_the_best_value_leave_the_primary_one_open(tmp_path: Path) -> None:
    history = [{"step": step, "eval_a": value, "eval_b": value} for step, value in ((1, 2.0), (2, 1.0))]
    text = state(2, history, best_metric=1.0, best_global_step=2)
    run = read_one(write(tmp_path, {"trainer_state.json": text}), "hf_trainer")
    assert not any(info.is_primary for info in run.log.metric_infos)


def test_hf_results_add_what_the_history_does_not_hold(tmp_path: Path) -> None:
    results = {"epoch": 1.0, "train_runtime": 12.5, "eval_loss": 9.0, "predict_acc": 0.25}
    history = [*TRAINING, {"step": 20, "eval_loss": 0.5}]
    files = {"trainer_state.json": state(20, history), "all_results.json": json.dumps(results)}
    run = read_one(write(tmp_path, files), "hf_trainer")
    assert run.points["eval/loss"] == [(20, 0.5)]
    assert run.points["predict/acc"] == [(20, 0.25)]
    assert run.log.run.status is RunStatus.FINISHED
    assert run.log.run.duration_s == 12.5


def test_hf_a_training_that_did_not_reach_its_last_step_has_no_status(tmp_path: Path) -> None:
    files = {"trainer_state.json": state(20, TRAINING)}
    assert read_one(write(tmp_path, files), "hf_trainer").log.run.status is RunStatus.UNKNOWN


def test_hf_the_pickle_of_arguments_is_listed_and_never_opened(tmp_path: Path) -> None:
    folder = write(tmp_path, {"trainer_state.json": state(20, TRAINING)})
    (folder / "training_args.bin").write_bytes(b"cos\nsystem\n(S'touch /nowhere'\ntR.")
    run = read_one(folder, "hf_trainer")
    assert [artifact.path for artifact in run.log.artifacts] == ["training_args.bin"]
    assert "pickle" in run.notice("not-opened").message


def test_hf_model_settings_are_params_without_the_names_of_classes(tmp_path: Path) -> None:
    config = {"model_type": "bert", "hidden_size": 64, "id2label": {"0": "no", "1": "yes"}}
    files = {"checkpoint-20/trainer_state.json": state(20, TRAINING), "checkpoint-20/config.json": json.dumps(config)}
    params = read_one(write(tmp_path, files), "hf_trainer").params
    assert params["model.hidden_size"] == "64"
    assert params["model.num_labels"] == "2"
    assert not any("id2label" in name for name in params)


def test_hf_settings_of_a_search_are_params(tmp_path: Path) -> None:
    text = state(20, TRAINING, trial_name="t1", trial_params={"learning_rate": 0.1, "seed": 3})
    run = read_one(write(tmp_path, {"run-0/checkpoint-20/trainer_state.json": text}), "hf_trainer")
    assert run.params["learning_rate"] == "0.1"
    assert run.tags["trial_name"] == "t1"


def test_hf_event_files_below_belong_to_the_same_run(tmp_path: Path) -> None:
    golden = GOLDEN / "hf_trainer_outputs" / "input"
    frames = open_store(_ingested(golden, tmp_path))
    runs = frames.runs().set_index("name")
    assert sorted(runs.index) == ["line-s1", "line-s2", "stopped"]
    losses = _of(frames.metrics(), runs.loc["line-s1", "run_id"])
    assert len(losses[losses["metric"] == "train/loss"]) == 6
    assert runs.loc["line-s1", "reader"] == "hf_trainer"
    assert runs.loc["line-s1", "status"] == "finished"


def _of(table: pd.DataFrame, run_id: object) -> pd.DataFrame:
    return table[table["run_id"] == run_id]


def _ingested(folder: Path, scratch: Path) -> Path:
    ingest([folder], store=scratch / "store")
    return scratch / "store"


CSV = "epoch,step,train_loss,val_loss\n0,1,1.5,\n0,3,,0.5\n0,3,nan,\n1,5,0.25,\n"


def test_lightning_rows_of_one_step_become_points_and_the_epoch_is_kept_once(tmp_path: Path) -> None:
    files = {"line/version_0/metrics.csv": CSV, "line/version_0/hparams.yaml": "lr: 1e-3\nseed: 4\n"}
    run = read_one(write(tmp_path, files), "lightning")
    assert run.points["val_loss"] == [(3, 0.5)]
    assert run.points["epoch"] == [(1, 0.0), (3, 0.0), (5, 1.0)]
    assert [step for step, _ in run.points["train_loss"]] == [1, 3, 5]
    assert run.params == {"lr": "1e-3", "seed": "4"}
    assert (run.log.run.experiment, run.log.run.name) == ("line", "version_0")


def test_lightning_python_tags_in_hparams_build_nothing(tmp_path: Path) -> None:
    hparams = (
        "layers: !!python/tuple\n- 64\n- 1e-3\nopt: !!python/object:argparse.Namespace\n  name: adam\n"
        "run: !!python/object/apply:os.system ['touch /nowhere']\nnothing: null\n"
    )
    run = read_one(write(tmp_path, {"a/metrics.csv": CSV, "a/hparams.yaml": hparams}), "lightning")
    assert run.params["layers"] == "[64, 1e-3]"
    assert run.params["opt.name"] == "adam"
    assert run.params["nothing"] == "None"


def test_lightning_a_prefix_stays_in_the_names(tmp_path: Path) -> None:
    files = {"v/metrics.csv": "f-epoch,f-loss,step\n0,2.0,1\n0,1.0,1\n", "v/hparams.yaml": "{}\n"}
    run = read_one(write(tmp_path, files), "lightning")
    assert run.points["f-loss"] == [(1, 2.0), (1, 1.0)]
    assert run.points["f-epoch"] == [(1, 0.0)]


def test_lightning_metrics_csv_of_another_logger_is_left_to_others(tmp_path: Path) -> None:
    files = {"a/metrics.csv": "step,loss\n1,2\n", "version_1/metrics.csv": "iteration,loss\n1,2\n"}
    files |= {"b/metrics.csv": "iteration,loss\n1,2\n", "b/hparams.yaml": "lr: 1\n"}
    assert claims(write(tmp_path, files), "lightning") == {}


def test_lightning_hparams_alone_are_settings_of_the_event_files_beside_them(tmp_path: Path) -> None:
    golden = GOLDEN / "lightning_versions" / "input"
    frames = open_store(_ingested(golden, tmp_path))
    runs = frames.runs().set_index("path")
    assert len(runs) == 4
    events = runs.loc["lightning_logs/line/version_2"]
    assert events["reader"] == "tensorboard"
    params = _of(frames.params(), events["run_id"]).set_index("param")["value"]
    assert params["lr"] == "0.1"
    assert params["seed"] == "2"


def test_lightning_a_cut_row_is_left_out_and_noticed(tmp_path: Path) -> None:
    files = {"version_0/metrics.csv": CSV + "1,7,0.1", "version_0/hparams.yaml": "lr: 1\n"}
    run = read_one(write(tmp_path, files), "lightning")
    assert run.points["train_loss"][-1] == (5, 0.25)
    assert run.notice("cut-line").location.endswith("metrics.csv:6")


def test_lightning_rows_without_a_step_and_texts_are_noticed(tmp_path: Path) -> None:
    files = {"version_0/metrics.csv": "epoch,step,loss\n0,,1.0\n0,1,high\n0,2\n", "version_0/hparams.yaml": "a: 1\n"}
    run = read_one(write(tmp_path, files), "lightning")
    assert {"no-step", "texts-left-out", "broken-lines"} <= run.codes


PADDED = "                  epoch,         train/box_loss,  metrics/mAP_0.5,   val/box_loss,      x/lr0\n"


def test_ultralytics_padded_headers_are_stripped(tmp_path: Path) -> None:
    files = {
        "exp/results.csv": PADDED + "                      0,      0.5,    0.25,  0.125,   0.01\n",
        "exp/opt.yaml": "data: coco.yaml\nepochs: 3\nseed: 1\n",
        "exp/hyp.yaml": "lr0: 0.01\n",
    }
    run = read_one(write(tmp_path, files), "ultralytics")
    assert run.points["metrics/mAP_0.5"] == [(0, 0.25)]
    assert run.params["lr0"] == "0.01"
    assert [dataset.dataset for dataset in run.log.datasets] == ["coco.yaml"]
    assert run.log.run.status is RunStatus.UNKNOWN


def test_ultralytics_the_last_epoch_and_the_time_end_a_run(tmp_path: Path) -> None:
    rows = "epoch,time,train/box_loss,metrics/mAP50(B),lr/pg0\n1,2.5,1,nan,0.1\n2,4.5,0.5,0.5,0.1\n"
    files = {"train2/results.csv": rows, "train2/args.yaml": "task: detect\nmode: train\nepochs: 2\nseed: 0\n"}
    run = read_one(write(tmp_path, files), "ultralytics")
    assert run.log.run.status is RunStatus.FINISHED
    assert run.log.run.duration_s == 4.5
    assert math.isnan(run.points["metrics/mAP50(B)"][0][1])
    assert run.log.run.seed is None
    assert run.params["seed"] == "0"


def test_ultralytics_another_results_csv_is_left_to_others(tmp_path: Path) -> None:
    write(tmp_path, {"results.csv": "epoch,loss,acc\n1,2,3\n"})
    assert claims(tmp_path, "ultralytics") == {}


TRAIN_LINE = {"lr": 0.1, "loss": 2.0, "time": 0.5, "epoch": 1, "iter": 10, "step": 10}
VAL_LINE = {"acc/top1": 50.0, "time": 0.25, "data_time": 0.125, "step": 1}
HEAD = """2024/01/01 10:00:00 - mmengine - INFO -
------------------------------------------------------------
System environment:
    sys.platform: linux
    Python: 3.11.7 (main)
    GPU 0,1: a gpu
    PyTorch: 2.1.0
Runtime environment:
    seed: 7
------------------------------------------------------------
2024/01/01 10:00:01 - mmengine - INFO - Config:
    seed: 8
"""


def test_mmengine_training_and_validation_are_told_apart(tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(line)}\n" for line in (TRAIN_LINE, VAL_LINE))
    files = {
        "work/20240101_100000/vis_data/scalars.json": lines,
        "work/20240101_100000/vis_data/20240101_100000.json": lines,
        "work/20240101_100000/vis_data/config.py": (
            "raise SystemExit\noptim = dict(\n    lr=1e-3,\n    betas=(0.9, 0.99),\n    cfg=dict({'a.b': -1, 'n': None}))\n"
            "hook = open('x')\nname = 'it\\'s ' 'one'\n"
        ),
        "work/20240101_100000/20240101_100000.log": HEAD,
    }
    run = read_one(write(tmp_path, files), "mmengine")
    assert run.points["time"] == [(10, 0.5)]
    assert run.points["val/time"] == [(1, 0.25)]
    assert run.points["acc/top1"] == [(1, 50.0)]
    assert run.log.run.path == "work/20240101_100000"
    assert run.log.run.started is not None
    assert run.params == {
        "seed": "7",
        "optim.lr": "1e-3",
        "optim.betas": "[0.9, 0.99]",
        "optim.cfg.a\\.b": "-1",
        "optim.cfg.n": "None",
        "name": "it's one",
    }
    assert run.notice("settings-left-out").message.startswith("1 ")
    environment = {(item.kind, item.item): item.value for item in run.log.environment}
    assert environment["package", "torch"] == "2.1.0"
    assert environment["hardware", "GPU 0,1"] == "a gpu"
    assert "vis_data/config.py" in {artifact.path for artifact in run.log.artifacts}


def test_mmengine_other_json_in_a_folder_of_that_name_is_left(tmp_path: Path) -> None:
    write(tmp_path, {"a/vis_data/scalars.json": '{"x": 1}\n'})
    assert claims(tmp_path, "mmengine") == {}


def test_detectron2_later_training_replaces_what_it_repeats(tmp_path: Path) -> None:
    lines = [
        {"iteration": step, "total_loss": loss}
        for step, loss in ((19, 3.0), (39, 2.0), (59, 1.5), (39, 1.0), (59, 0.5))
    ]
    lines += [{"iteration": 19, "bbox/AP": math.nan}]
    run = read_one(write(tmp_path, {"metrics.json": "".join(f"{json.dumps(line)}\n" for line in lines)}), "detectron2")
    assert run.points["total_loss"] == [(19, 3.0), (39, 1.0), (59, 0.5)]
    assert run.points["bbox/AP"][0][0] == 19
    assert run.notice("superseded-points").message.startswith("2 points")


def test_detectron2_no_seed_is_no_seed(tmp_path: Path) -> None:
    files = {"metrics.json": '{"iteration": 19, "total_loss": 1.0}\n', "config.yaml": "SEED: -1\nSOLVER:\n  LR: 0.1\n"}
    assert read_one(write(tmp_path, files), "detectron2").params == {"SOLVER.LR": "0.1"}


def test_detectron2_metrics_json_of_another_tool_is_left(tmp_path: Path) -> None:
    write(tmp_path, {"metrics.json": '{"step": 1, "loss": 2}\n', "b/metrics.json": '{"iteration": 1, "x": 2}\n'})
    assert claims(tmp_path, "detectron2") == {}


def test_keras_csv_logs_are_read_by_the_tables_reader(tmp_path: Path) -> None:
    """Nothing tells them from other tables: ``NA`` is no value, a list is no number, and restarts keep their order."""
    rows = 'epoch,accuracy,loss,val_loss,weights\n0,0.5,2.0,NA,"[1, 2]"\n1,0.75,1.0,0.5,"[3, 4]"\n0,0.25,3.0,nan,"[5, 6]"\n'
    write(tmp_path / "logs", {"run_s1/training.csv": rows, "run_s2/training.csv": rows})
    frames = open_store(_ingested(tmp_path / "logs", tmp_path))
    runs = frames.runs()
    assert set(runs["reader"]) == {"tabular"}
    metrics = _of(frames.metrics(), runs["run_id"].iloc[0])
    loss = metrics[metrics["metric"] == "loss"]
    assert sorted(zip(loss["step"], loss["value"], strict=True)) == [(0, 2.0), (0, 3.0), (1, 1.0)]
    assert len(metrics[metrics["metric"] == "val_loss"]) == 2
    assert "weights" not in set(metrics["metric"])


def test_mmengine_the_folder_of_numbers_may_be_named_alone(tmp_path: Path) -> None:
    files = {"vis_data/20240101_100000.json": f"{json.dumps(TRAIN_LINE)}\n"}
    run = read_one(write(tmp_path, files) / "vis_data", "mmengine")
    assert run.points["loss"] == [(10, 2.0)]


@pytest.mark.parametrize(
    ("files", "place", "reader"),
    [
        ({"run/metrics.json": '{"iteration": 19, "total_loss": 1.0}\n'}, "run", "detectron2"),
        (
            {"20240101_100000/vis_data/scalars.json": f"{json.dumps(TRAIN_LINE)}\n"},
            "20240101_100000/vis_data",
            "mmengine",
        ),
    ],
)
def test_event_files_that_the_library_wrote_beside_are_the_same_run(
    files: dict[str, str], place: str, reader: str, tmp_path: Path
) -> None:
    events = min((GOLDEN / "tensorboard_curves").rglob("*tfevents*"))
    folder = write(tmp_path / "logs", files)
    (folder / place / events.name).write_bytes(events.read_bytes())
    (run,) = open_store(_ingested(folder, tmp_path)).runs().to_dict("records")
    assert run["reader"] == reader


def test_hf_values_that_are_no_numbers_are_noticed(tmp_path: Path) -> None:
    files = {"trainer_state.json": state(20, [*TRAINING, {"step": 20, "eval_report": {"a": 1}}])}
    assert "eval_report" in read_one(write(tmp_path, files), "hf_trainer").notice("texts-left-out").message


@given(st.text(alphabet="ab=dict(){}[],:'\"\\\n0.1e-# ", max_size=200))
def test_mmengine_no_configuration_breaks_the_reading_of_settings(text: str) -> None:
    settings, others = read_settings(text)
    assert others >= 0
    assert all(name.isidentifier() for name in settings)


def test_mmengine_settings_nested_too_deeply_are_counted() -> None:
    assert read_settings("a = " + "[" * 100_000) == ({}, 1)
    assert read_settings("a = " + "[" * 60 + "]" * 60) == ({}, 1)


MMCV = Path(__file__).resolve().parents[2] / "golden" / "mmengine_mmcv" / "input"


def test_mmcv_iterations_of_an_epoch_follow_those_of_the_one_before() -> None:
    run = read_one(MMCV, "mmengine")
    assert [step for step, _ in run.points["loss"]] == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert run.points["loss"][3] == (8, 0.25)
    assert run.points["val/loss"] == [(6, 0.36667), (12, 0.18333), (18, 0.12222)]
    assert run.points["acc"][-1] == (18, 0.9)
    assert run.points["epoch"][-1] == (18, 3.0)
    assert "6, the largest" in run.notice("counted-steps").message
    assert "acc_by_class" in run.notice("texts-left-out").message


def test_mmcv_the_first_line_describes_the_run_and_its_configuration_is_not_run() -> None:
    run = read_one(MMCV, "mmengine")
    assert run.params == {"lr": "0.02", "model.type": "Line", "model.depth": "2", "work_dir": "./line_s1", "seed": "1"}
    assert run.tags == {"exp_name": "line.py"}
    assert run.log.run.started is not None
    assert run.log.run.name == "line_s1"
    items = {(item.kind, item.item): item.value for item in run.log.environment}
    assert items["package", "torch"] == "1.9.0"
    assert items["package", "mmcv"] == "1.3.9"
    assert run.notice("settings-left-out").message.startswith("1 setting")


def test_mmcv_a_training_by_iterations_keeps_its_steps(tmp_path: Path) -> None:
    lines = [
        '{"mode": "val", "epoch": 1, "iter": 500, "acc": 0.1}',
        '{"mode": "train", "epoch": 1, "iter": 50, "loss": 2.0}',
        '{"mode": "train", "epoch": 2, "iter": 100, "loss": NaN}',
        '{"mode": "val", "epoch": 2, "iter": 500, "acc": 0.5}',
        '{"mode": "train", "epoch": 2, "loss": 1.0}',
    ]
    run = read_one(write(tmp_path, {"a/20220101_000000.log.json": "\n".join(lines) + "\n"}), "mmengine")
    assert [step for step, _ in run.points["loss"]] == [50, 100]
    assert run.points["acc"] == [(0, 0.1), (100, 0.5)]
    assert "counted-steps" not in run.codes
    assert run.notice("no-step").location.endswith(":5")


def test_mmcv_several_starts_in_a_folder_are_a_run_each(tmp_path: Path) -> None:
    line = '{"mode": "train", "epoch": 1, "iter": 50, "loss": 2.0}\n'
    files = {f"a/2022010{day}_000000.log.json": line for day in (1, 2)}
    assert sorted(read_all(write(tmp_path, files), "mmengine")) == sorted(files)


def test_mmcv_other_files_of_that_ending_are_left(tmp_path: Path) -> None:
    assert claims(write(tmp_path, {"a/app.log.json": '{"level": "info", "epoch": 1}\n'}), "mmengine") == {}
