"""Stable-Baselines3, its zoo, and Spinning Up."""

import io
import json
import math
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from runreport.model.entities import RunBatch, RunLog
from runreport.readers import registry
from runreport.readers.base import Certainty, Joining, Reader, Source
from runreport.readers.rl.sb3 import StableBaselinesReader
from runreport.readers.rl.spinningup import SpinningUpReader

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MONITOR = '#{"t_start": 1700000000.0, "env_id": "Line-v0"}\nr,l,t\n'
ZOO = "!!python/object/apply:collections.OrderedDict\n- - - algo\n    - ppo\n  - - seed\n    - 4\n"


def found(folder: Path, reader: Reader) -> tuple[list[Source], list[RunBatch]]:
    sources: list[Source] = []
    batches: list[RunBatch] = []
    for claim in registry.find([folder], [reader]).claims:
        scan = reader.scan(claim.location, claim.match)
        sources += scan.sources
        batches += reader.read(claim.location, scan.sources)
    return sources, batches


def sb3(folder: Path) -> RunBatch:
    return found(folder, StableBaselinesReader())[1][0]


def points(batch: RunBatch, metric: str) -> list[tuple[int, float]]:
    rows = batch.points.to_pylist()
    return [(int(row["step"]), float(row["value"])) for row in rows if row["metric"] == metric]


def samples(batch: RunBatch, metric: str) -> list[tuple[int, str, float]]:
    rows = batch.samples.to_pylist() if batch.samples is not None else []
    return [(row["step"], row["sample"], row["value"]) for row in rows if row["metric"] == metric]


def codes(log: RunLog) -> list[str]:
    return [notice.code for notice in log.notices]


def params(log: RunLog) -> dict[str, str]:
    return {param.param: param.value for param in log.params}


def evaluations(folder: Path, **arrays: object) -> None:
    np.savez(folder / "evaluations.npz", **{name: np.asarray(values) for name, values in arrays.items()})


def test_episodes_of_several_environments_are_merged_by_when_they_ended(tmp_path: Path) -> None:
    (tmp_path / "0.monitor.csv").write_text(MONITOR + "1.0,10,1.0\n3.0,30,3.0\n")
    (tmp_path / "1.monitor.csv").write_text(MONITOR.replace("00.0", "00.5") + "2.0,20,1.5\n")
    batch = sb3(tmp_path)
    assert points(batch, "episode/reward") == [(10, 1.0), (30, 2.0), (60, 3.0)]
    assert points(batch, "episode/length") == [(10, 10.0), (30, 20.0), (60, 30.0)]
    times = [row["time"].timestamp() for row in batch.points.to_pylist()[:3]]
    assert times == [1700000001.0, 1700000002.0, 1700000003.0]
    run = batch.logs[0].run
    assert run.started is not None
    assert run.started.timestamp() == 1700000000.0
    assert params(batch.logs[0]) == {"env": "Line-v0"}


def test_further_columns_of_a_monitor_are_metrics_and_texts_are_not(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text(
        MONITOR.replace("r,l,t", "r,l,t,is_success,note") + "nan,10,1.0,True,\ninf,10,2.0,False,odd\n"
    )
    batch = sb3(tmp_path)
    assert points(batch, "episode/is_success") == [(10, 1.0), (20, 0.0)]
    values = [value for _, value in points(batch, "episode/reward")]
    assert math.isnan(values[0])
    assert values[1] == math.inf


def test_a_monitor_that_was_continued_has_a_second_start(tmp_path: Path) -> None:
    again = MONITOR.replace("1700000000.0", "1700001000.0")
    (tmp_path / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\n" + again + "2.0,10,1.0\n")
    batch = sb3(tmp_path)
    assert points(batch, "episode/reward") == [(10, 1.0), (20, 2.0)]
    assert batch.points.to_pylist()[1]["time"].timestamp() == 1700001001.0


def test_a_last_line_without_an_end_is_left_out_as_it_may_be_cut(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\n2.0,10,1.2")
    batch = sb3(tmp_path)
    assert points(batch, "episode/reward") == [(10, 1.0)]
    assert codes(batch.logs[0]) == ["cut-line"]


def test_lines_that_are_no_episodes_are_counted(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\nx,10,2\n1,-5,3\n1,2\n1,1e400,4\n2.0,10,5.0\n")
    batch = sb3(tmp_path)
    assert points(batch, "episode/reward") == [(10, 1.0), (20, 2.0)]
    assert codes(batch.logs[0]) == ["broken-lines"]
    assert "4 lines" in batch.logs[0].notices[0].message
    assert batch.logs[0].notices[0].location == "monitor.csv:4"


def test_means_of_evaluations_are_points_and_their_episodes_samples(tmp_path: Path) -> None:
    evaluations(tmp_path, timesteps=[10, 20], results=[[1.0, 3.0], [math.nan, 5.0]], ep_lengths=[[4, 6], [8, 8]])
    batch = sb3(tmp_path)
    assert points(batch, "eval/mean_reward")[0] == (10, 2.0)
    assert math.isnan(points(batch, "eval/mean_reward")[1][1])
    assert points(batch, "eval/mean_ep_length") == [(10, 5.0), (20, 8.0)]
    assert samples(batch, "eval/mean_ep_length") == [(10, "0", 4.0), (10, "1", 6.0), (20, "0", 8.0), (20, "1", 8.0)]
    info = next(info for info in batch.logs[0].metric_infos if info.metric == "eval/mean_reward")
    assert (info.direction, info.is_primary) == ("up", True)


def test_arrays_that_would_have_to_be_unpickled_are_refused(tmp_path: Path) -> None:
    evaluations(
        tmp_path, timesteps=[10], results=np.array([[object()]], dtype=object), ep_lengths=[[1]], successes=[[True]]
    )
    batch = sb3(tmp_path)
    assert points(batch, "eval/mean_reward") == []
    assert points(batch, "eval/success_rate") == [(10, 1.0)]
    assert codes(batch.logs[0]) == ["odd-array"]


def test_arrays_that_declare_more_than_they_hold_get_no_memory(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10)})
    with zipfile.ZipFile(tmp_path / "evaluations.npz", "w") as archive:
        archive.writestr("timesteps.npy", header.getvalue() + bytes(80))
    batch = sb3(tmp_path)
    assert batch.points.num_rows == 0
    assert "unreadable-log" in codes(batch.logs[0])


def test_a_zip_bomb_is_not_blown_up(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evaluations.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("timesteps.npy", bytes(100_000_000))
    assert "unreadable-log" in codes(sb3(tmp_path).logs[0])


def test_arrays_of_another_length_are_left_out(tmp_path: Path) -> None:
    evaluations(tmp_path, timesteps=[10, 20], results=[[1.0]], ep_lengths=[[1], [2]])
    batch = sb3(tmp_path)
    assert points(batch, "eval/mean_reward") == []
    assert points(batch, "eval/mean_ep_length") == [(10, 1.0), (20, 2.0)]
    assert codes(batch.logs[0]) == ["odd-array"]


def test_old_rows_that_were_padded_hold_no_values_of_new_keys(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text(
        "time/total_timesteps,time/fps,rollout/ep_rew_mean,train/loss,mode\n0,10,-1.5,,\n100,11,nan,0.5,fast\n"
    )
    batch = sb3(tmp_path)
    assert points(batch, "train/loss") == [(100, 0.5)]
    assert points(batch, "rollout/ep_rew_mean")[0] == (0, -1.5)
    assert math.isnan(points(batch, "rollout/ep_rew_mean")[1][1])
    assert codes(batch.logs[0]) == ["text-values"]


def test_rows_without_timesteps_are_counted(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("time/fps,time/iterations,rollout/x\n1,1,0.5\n1,2,0.25\n")
    assert points(sb3(tmp_path), "rollout/x") == [(0, 0.5), (1, 0.25)]


def test_json_lines_are_read_when_there_is_no_table(tmp_path: Path) -> None:
    rows = [{"time/total_timesteps": 5, "time/fps": 1, "train/loss": math.nan}, {"time/total_timesteps": 9, "a": 2}]
    (tmp_path / "progress.json").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"a": 3')
    batch = sb3(tmp_path)
    assert points(batch, "a") == [(9, 2.0)]
    assert math.isnan(points(batch, "train/loss")[0][1])
    assert codes(batch.logs[0]) == ["cut-line"]


def test_the_text_log_is_read_with_what_its_writer_rounded_and_cut() -> None:
    batch = sb3(GOLDEN / "sb3_text" / "input")
    assert [step for step, _ in points(batch, "rollout/ep_rew_mean")] == [0, 100, 200, 300, 400]
    cut = next(metric for metric in set(batch.points.column("metric").to_pylist()) if metric and metric.endswith("..."))
    assert cut.startswith("train/a_very_long_name")
    assert {"rounded-values", "cut-names"} <= set(codes(batch.logs[0]))
    assert batch.logs[0].run.seed == 4


def test_an_evaluation_in_both_files_is_one_point(tmp_path: Path) -> None:
    evaluations(tmp_path, timesteps=[10], results=[[1.0, 3.0]], ep_lengths=[[1, 1]])
    (tmp_path / "progress.csv").write_text(
        "time/total_timesteps,time/fps,rollout/x,eval/mean_reward\n10,1,1,2.0\n20,1,1,4.0\n"
    )
    assert points(sb3(tmp_path), "eval/mean_reward") == [(10, 2.0), (20, 4.0)]


def test_a_run_of_the_zoo_is_told_with_its_settings_and_models() -> None:
    sources, batches = found(GOLDEN / "sb3_zoo" / "input", StableBaselinesReader())
    assert [source.joining for source in sources] == [Joining.FOLDER]
    log = batches[0].logs[0]
    assert (log.run.experiment, log.run.name) == ("Line-v0", "ppo/Line-v0_1")
    own = params(log)
    assert own["seed"] == "3276219353"
    assert own["clip_range"] == "lin_0.2"
    assert own["n_timesteps"] == "100000.0"
    assert own["hyperparams.n_envs"] == "2"
    assert own["gym_packages"] == "[]"
    assert {artifact.path for artifact in log.artifacts} == {"best_model.zip", "Line-v0/vecnormalize.pkl"}
    assert points(batches[0], "train/value_loss") == [(100, 1.0), (200, 0.5), (300, 1 / 3), (400, 0.25)]


def test_settings_with_tags_build_nothing(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text(MONITOR)
    (tmp_path / "args.yml").write_text("!!python/object/apply:os.system\n- touch built\n")
    (tmp_path / "config.yml").write_text(ZOO + "  - - policy\n    - !!python/name:os.system ''\n")
    log = sb3(tmp_path).logs[0]
    assert params(log)["algo"] == "ppo"
    assert log.run.seed is None  # it is found among the params
    assert not list(Path.cwd().glob("built"))


def test_broken_settings_leave_the_episodes(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\n")
    (tmp_path / "args.yml").write_text("a: [")
    batch = sb3(tmp_path)
    assert len(points(batch, "episode/reward")) == 1
    assert codes(batch.logs[0]) == ["unreadable-file"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("progress.csv", "epoch,loss\n1,2\n"),
        ("progress.csv", "training_iteration,trial_id,time_total_s\n1,a,2\n"),
        ("monitor.csv", "cpu,memory\n1,2\n"),
        ("evaluations.npz", "no zip"),
        ("log.txt", "| a | b |\n"),
        ("args.yml", ZOO),
        ("progress.json", '{"a": 1}\n'),
    ],
)
def test_files_of_other_tools_with_the_same_names_are_left(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert registry.find([tmp_path], [StableBaselinesReader()]).claims == ()


def test_two_seeds_of_spinning_up() -> None:
    sources, batches = found(GOLDEN / "spinningup_runs" / "input", SpinningUpReader())
    assert [source.path for source in sources] == ["ppo-line/ppo-line_s0", "ppo-line/ppo-line_s1"]
    first, second = (batch.logs[0] for batch in batches)
    assert (first.run.experiment, first.run.name) == ("ppo-line", "ppo-line_s0")
    assert points(batches[1], "AverageEpRet")[:2] == [(4000, -19.0), (8000, -16.0)]
    assert len(points(batches[0], "AverageEpRet")) == 5
    assert codes(first) == ["cut-line"]
    assert codes(second) == []
    assert params(second)["env_fn"] == "<function <lambda>>"
    assert params(second)["ac_kwargs.hidden_sizes"] == "[64, 64]"
    assert not any("EpochLogger" in name for name in params(second))
    assert math.isnan(points(batches[0], "LossPi")[0][1])


def test_a_table_with_tabs_of_another_tool_is_left(tmp_path: Path) -> None:
    (tmp_path / "progress.txt").write_text("Epoch\tloss\n1\t2\n")
    assert registry.find([tmp_path], [SpinningUpReader()]).claims == ()


def test_spinning_up_without_settings_is_named_by_its_folder(tmp_path: Path) -> None:
    run = tmp_path / "sac_s7"
    run.mkdir()
    (run / "progress.txt").write_text("Epoch\tAverageEpRet\tTotalEnvInteracts\n0\tx\t10\n1\t5\t20\nbroken\n")
    batch = found(tmp_path, SpinningUpReader())[1][0]
    log = batch.logs[0]
    assert (log.run.seed, params(log)) == (7, {"stem": "sac"})
    assert points(batch, "AverageEpRet") == [(20, 5.0)]
    assert codes(log) == ["broken-lines", "text-values"]


@pytest.mark.parametrize("reader", [StableBaselinesReader(), SpinningUpReader()], ids=["sb3", "spinningup"])
def test_signatures_are_sure(reader: Reader) -> None:
    case = "sb3_zoo" if reader.name == "sb3" else "spinningup_runs"
    claims = registry.find([GOLDEN / case / "input"], [reader]).claims
    assert {claim.match.certainty for claim in claims} == {Certainty.SURE}


@pytest.mark.parametrize("name", ["monitor.csv", "evaluations.npz"])
def test_a_file_that_is_gone_when_it_is_read_is_told_about(tmp_path: Path, name: str) -> None:
    (tmp_path / "0.monitor.csv").write_text(MONITOR + "1.0,10,1.0\n")
    (tmp_path / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\n")
    evaluations(tmp_path, timesteps=[1], results=[[1.0]])
    reader = StableBaselinesReader()
    claim = registry.find([tmp_path], [reader]).claims[0]
    sources = reader.scan(claim.location, claim.match).sources
    (tmp_path / name).unlink()
    log = next(iter(reader.read(claim.location, sources))).logs[0]
    assert codes(log) == ["unreadable-log"]


def test_nothing_is_followed_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "args.yml").write_text(ZOO)
    shutil.copy(outside / "args.yml", outside / "config.yml")
    (inside / "monitor.csv").write_text(MONITOR + "1.0,10,1.0\n")
    (inside / "Line-v0").symlink_to(outside)
    log = sb3(inside).logs[0]
    assert "algo" not in params(log)
