"""Results of evaluation harnesses and benchmark tools: what is read, and what is not taken for theirs."""

import json
import math
from pathlib import Path
from typing import Any

from trainer_logs import claims, read_all, read_one, write

from runreport.names import Direction, RunStatus


def old_results(accuracy: float, revision: str = "step1", **config: object) -> str:
    results = {"arc": {"acc": accuracy, "acc_stderr": 0.01}, "lambada": {"ppl": 10.0 * accuracy}}
    arguments = f"pretrained=a/b,revision={revision}"
    return json.dumps(
        {
            "results": results,
            "versions": {"arc": 0, "lambada": 1},
            "config": {"model": "hf", "model_args": arguments, "num_fewshot": 5, "bootstrap_iters": 1, **config},
        }
    )


def new_results(**more: object) -> str:
    values = {"alias": " - sums", "acc,none": 0.5, "acc_stderr,none": "N/A", "exact_match,strict-match": 0.25}
    return json.dumps(
        {
            "results": {"sums": values},
            "groups": {"sums": {"acc,none": 9.0}, "all": {"acc,none": 0.75}},
            "configs": {"sums": {"dataset_path": "a/b", "dataset_name": "c"}},
            "versions": {"sums": 1.0},
            "n-shot": {"sums": 3},
            "higher_is_better": {"sums": {"acc": True, "exact_match": True, "ppl": False}, "all": {"acc": None}},
            "n-samples": {"sums": {"original": 9, "effective": 3}},
            "config": {"model": "hf", "model_args": {"pretrained": "a/b", "dtype": "auto"}, "random_seed": 7},
            "git_hash": "abc1234",
            "date": 1700000000.5,
            "pretty_env_info": "PyTorch version: 2.1\nPython version: 3.11.7 (main)\nGPU 0: a gpu\n[pip3] numpy==2.0",
            "transformers_version": "4.40",
            "model_name": "a/b",
            "task_hashes": {"sums": "f00"},
            "total_evaluation_time_seconds": "12.5",
            **more,
        }
    )


def test_checkpoints_whose_names_differ_in_a_step_are_one_run(tmp_path: Path) -> None:
    files = {f"m/zero/160m_step{step}.json": old_results(step / 1000, f"step{step}") for step in (1000, 64, 512)}
    files["m/zero/160m-deduped_step64.json"] = old_results(0.5)
    runs = read_all(write(tmp_path, files), "lm_eval")
    assert sorted(run.log.run.name for run in runs.values()) == ["160m", "160m-deduped"]
    run = runs["m/zero#160m*"]
    assert run.points["arc/acc"] == [(64, 0.064), (512, 0.512), (1000, 1.0)]
    assert run.points["arc/acc_stderr"] == [(64, 0.01), (512, 0.01), (1000, 0.01)]
    assert run.params["model_args.pretrained"] == "a/b"
    assert "model_args.revision" not in run.params
    assert "revision" in run.notice("differing-params").message
    assert run.params["num_fewshot"] == "5"
    assert run.params["version.lambada"] == "1"


def test_a_broken_checkpoint_leaves_the_others(tmp_path: Path) -> None:
    files = {"m_step1.json": old_results(0.1), "m_step2.json": old_results(0.2)[:200]}
    run = read_one(write(tmp_path, files), "lm_eval")
    assert run.points["arc/acc"] == [(1, 0.1)]
    assert run.notice("unreadable-file").location == "m_step2.json"


def test_files_without_a_step_are_runs_of_their_own(tmp_path: Path) -> None:
    files = {"gpt.json": old_results(0.5), "opt.json": old_results(0.25)}
    runs = read_all(write(tmp_path, files), "lm_eval")
    assert {run.log.run.name for run in runs.values()} == {"gpt", "opt"}
    assert runs["gpt.json"].points["arc/acc"] == [(0, 0.5)]


def test_filters_standard_errors_groups_and_directions(tmp_path: Path) -> None:
    run = read_one(write(tmp_path, {"a__b/results_2024-01-01T00-00-00.json": new_results()}), "lm_eval")
    assert set(run.points) == {"sums/acc", "sums/exact_match,strict-match", "all/acc"}
    assert run.points["sums/acc"] == [(0, 0.5)]
    ways = {info.metric: info.direction for info in run.log.metric_infos}
    assert ways == {"sums/acc": Direction.UP, "sums/exact_match,strict-match": Direction.UP}


def test_facts_of_an_evaluation(tmp_path: Path) -> None:
    run = read_one(write(tmp_path, {"a__b/results_2024-01-01T00-00-00.json": new_results()}), "lm_eval")
    assert run.params["model_args.dtype"] == "auto"
    assert run.params["num_fewshot"] == "3"
    assert run.params["random_seed"] == "7"
    assert run.log.run.name == "a/b 2024-01-01T00-00-00"
    assert run.log.run.status is RunStatus.FINISHED
    assert run.log.run.duration_s == 12.5
    assert run.log.code is not None
    assert run.log.code.commit == "abc1234"
    (dataset,) = run.log.datasets
    assert (dataset.dataset, dataset.source, dataset.rows, dataset.digest) == ("sums", "a/b/c", 3, "f00")
    environment = {(item.kind, item.item): item.value for item in run.log.environment}
    assert environment["package", "python"] == "3.11.7"
    assert environment["package", "numpy"] == "2.0"
    assert environment["hardware", "gpu 0"] == "a gpu"


def test_outcomes_of_documents_are_samples_by_document_and_filter(tmp_path: Path) -> None:
    outcomes = [
        {"doc_id": 0, "filter": "none", "metrics": ["acc", "ppl"], "acc": 1.0, "ppl": [1, 2]},
        {"doc_id": 1, "filter": "none", "metrics": ["acc"], "acc": False},
        {"doc_id": 1, "filter": "strict-match", "metrics": ["exact_match"], "exact_match": 1},
        {"filter": "none", "metrics": ["acc"], "acc": 1.0},
    ]
    files = {
        "a__b/results_2024-01-01T00-00-00.json": new_results(),
        "a__b/samples_sums_2024-01-01T00-00-00.jsonl": "".join(f"{json.dumps(one)}\n" for one in outcomes) + '{"doc',
        "a__b/samples_sums_2023-01-01T00-00-00.jsonl": '{"doc_id": 5, "acc": 1.0}\n',
    }
    run = read_one(write(tmp_path, files), "lm_eval")
    assert run.samples == {
        ("sums/acc", "0"): 1.0,
        ("sums/acc", "1"): 0.0,
        ("sums/exact_match,strict-match", "1"): 1.0,
    }
    assert {"nameless-samples", "samples-left-out", "cut-line"} <= run.codes


def test_other_json_with_results_is_left(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": '{"results": {"x": 1}}', "results_1.json": '{"results": [1]}'})
    assert claims(tmp_path, "lm_eval") == {}


HEADER = "global_step,score,accumulated_submission_time,validation/wer\n"
PLACE = "self_tuning/adamw/study_1/librispeech_pytorch/trial_1"


def trial(**more: str) -> dict[str, str]:
    meta = {
        "workload.target_metric_name": "wer",
        "workload.validation_target_value": 0.1,
        "rng_seed": -5,
        "gpu.0.mem.used": 1.0,
        "git_commit_hash": "abc",
        "python_version": "3.11",
    }
    flags = {"workload": "librispeech", "verbosity": 0, "framework": "pytorch", "experiment_name": "x/study_1"}
    files = {
        "eval_measurements.csv": HEADER + "1,5.5,5.5,0.75\n100,50.5,50.5,0.25\n",
        "measurements.csv": HEADER + "1,5.5,5.5,0.75\n100,50.50000000000001,50.5,0.25\n120,60.5,60.5,\n",
        "meta_data_0.json": json.dumps(meta),
        "flags_0.json": json.dumps(flags),
        **more,
    }
    return {f"{PLACE}/{name}": text for name, text in files.items()}


def test_algoperf_tables_of_a_trial_are_joined_without_repeating(tmp_path: Path) -> None:
    run = read_one(write(tmp_path, trial()), "algoperf")
    assert run.points["validation/wer"] == [(1, 0.75), (100, 0.25)]
    assert run.points["score"] == [(1, 5.5), (100, 50.5), (120, 60.5)]
    assert "differing-logs" not in run.codes


def test_algoperf_differing_numbers_are_noticed(tmp_path: Path) -> None:
    files = trial(**{"measurements.csv": HEADER + "1,5.5,5.5,0.5\n"})
    assert read_one(write(tmp_path, files), "algoperf").notice("differing-logs").message.startswith("1 number")


def test_algoperf_workload_submission_seed_and_target_are_known(tmp_path: Path) -> None:
    run = read_one(write(tmp_path, trial()), "algoperf")
    assert run.log.run.experiment == "librispeech"
    assert run.log.run.name == "adamw/study_1/trial_1"
    assert run.params["submission"] == "adamw"
    assert run.params["rng_seed"] == "-5"
    assert run.params["workload.validation_target_value"] == "0.1"
    assert "verbosity" not in run.params
    assert run.tags == {"study": "study_1", "trial": "trial_1"}
    (primary,) = [info for info in run.log.metric_infos if info.is_primary]
    assert (primary.metric, primary.direction) == ("validation/wer", Direction.DOWN)
    assert "machine-load" in run.codes


def test_algoperf_measurements_of_another_tool_are_left(tmp_path: Path) -> None:
    write(tmp_path, {"measurements.csv": "global_step,loss\n1,2\n", "flags_0.json": "{}"})
    assert claims(tmp_path, "algoperf") == {}


def records(agent: str, *starts: float) -> list[dict[str, Any]]:
    return [{"Iteration": 10.0 * n, "Value": start + n, "Agent": agent} for start in starts for n in range(3)]


def test_dopamine_repetitions_are_runs_without_a_seed(tmp_path: Path) -> None:
    text = json.dumps([*records("SAC", 1.0, 100.0), *records("PPO", 5.0), {"Iteration": 1, "Agent": "SAC"}])
    runs = read_all(write(tmp_path, {"data/ant.json": text}), "dopamine")
    assert sorted(run.log.run.name for run in runs.values()) == ["PPO 1", "SAC 1", "SAC 2"]
    second = runs["data/ant.json#SAC/2"]
    assert second.points["Value"] == [(0, 100.0), (10, 101.0), (20, 102.0)]
    assert second.log.run.seed is None
    assert second.params == {"agent": "SAC", "env": "ant"}
    assert second.tags == {"repetition": "2"}


def test_dopamine_nan_values_survive_and_other_lists_are_left(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": '[{"Iteration": 0, "Value": NaN, "Agent": "DQN"}]', "b.json": '[{"Iteration": 1}]'})
    (run,) = read_all(tmp_path, "dopamine").values()
    assert math.isnan(run.points["Value"][0][1])


def session(**stats: object) -> str:
    one = {"fullname": "t.py::test_a[1]", "name": "test_a[1]", "group": "g", "params": {"n": 1}, "stats": stats}
    return json.dumps(
        {
            "machine_info": {"node": "box", "machine": "x86_64", "python_version": "3.11.7", "cpu": {"count": 2}},
            "commit_info": {"id": "abc", "dirty": True, "branch": "main", "time": "2026-01-01T00:00:00Z"},
            "benchmarks": [{**one, "extra_info": {"bytes": 80, "kind": "list"}}, {"name": "broken"}],
            "datetime": "2026-01-01T00:00:00+00:00",
            "version": "5.3.1",
        }
    )


def test_pytest_benchmark_statistics_are_metrics_and_rounds_samples(tmp_path: Path) -> None:
    text = session(min=0.5, mean=1.0, ops=1.0, outliers="1;0", data=[0.5, 1.5])
    run = read_one(write(tmp_path, {"bench.json": text}), "pytest_benchmark")
    name = "t.py::test_a[1]"
    assert run.points == {
        f"{name}/{key}": [(0, value)] for key, value in (("min", 0.5), ("mean", 1.0), ("ops", 1.0), ("bytes", 80.0))
    }
    assert [value for (metric, _), value in run.samples.items() if metric == f"{name}/mean"] == [0.5, 1.5]
    ways = {info.metric: (info.direction, info.unit) for info in run.log.metric_infos}
    assert ways[f"{name}/mean"] == (Direction.DOWN, "s")
    assert ways[f"{name}/ops"] == (Direction.UP, None)
    assert run.params["commit"] == "abc"
    assert run.log.code is not None
    assert run.log.code.dirty is True
    assert run.log.run.host == "box"
    assert run.tags["t\\.py::test_a[1].kind"] == "list"
    assert "broken-benchmarks" in run.codes


def test_pytest_benchmark_rounds_of_two_sessions_are_never_paired(tmp_path: Path) -> None:
    first = session(mean=1.0, data=[1.0])
    second = first.replace("2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00")
    runs = read_all(write(tmp_path, {"a.json": first, "b.json": second}), "pytest_benchmark")
    names = [{sample for _, sample in run.samples} for run in runs.values()]
    assert not names[0] & names[1]


def test_pytest_benchmark_saved_sessions_lie_in_a_hidden_folder(tmp_path: Path) -> None:
    files = {f".benchmarks/Linux-64bit/000{n}_x.json": session(mean=float(n)) for n in (1, 2)}
    runs = read_all(write(tmp_path, files), "pytest_benchmark")
    assert sorted(runs) == sorted(files)
    assert all("no-samples" in run.codes for run in runs.values())
    assert len({run.log.run.experiment for run in runs.values()}) == 1


def asv_result(**results: list[Any] | None) -> str:
    return json.dumps(
        {
            "commit_hash": "abcdef1234",
            "env_name": "py3.11",
            "date": 1700000000000,
            "params": {"machine": "box", "ram": "24 GB"},
            "python": "3.11",
            "requirements": {"numpy": "2.0"},
            "result_columns": ["result", "params", "version", "started_at", "duration", "stats_q_25", "samples"],
            "results": results,
            "version": 2,
        }
    )


def test_asv_params_cross_and_the_last_one_varies_fastest(tmp_path: Path) -> None:
    row = [[1.0, 2.0, None, math.nan], [["1", "2"], ["'a'", "'b'"]], "v", 1700000001000, 1.0, [0.5], [[1.0, 1.5]]]
    described = {"s.t": {"type": "time", "unit": "seconds", "param_names": ["n", "k"]}}
    files = {
        "results/box/abcdef12-py3.11.json": asv_result(
            **{"s.t": row, "s.broken": [None, []], "s.odd": [[1, 2], [["1"]]]}
        ),
        "results/box/machine.json": '{"machine": "box", "cpu": "a processor", "os": "Linux"}',
        "results/benchmarks.json": json.dumps(described),
    }
    run = read_one(write(tmp_path, files), "asv")
    assert run.points == {
        "s.t(1, 'a')": [(0, 1.0)],
        "s.t(1, 'a')/q_25": [(0, 0.5)],
        "s.t(1, 'b')": [(0, 2.0)],
    }
    assert sorted(value for (metric, _), value in run.samples.items() if metric == "s.t(1, 'a')") == [1.0, 1.5]
    info = {info.metric: (info.direction, info.unit) for info in run.log.metric_infos}
    assert info["s.t(1, 'b')"] == (Direction.DOWN, "s")
    assert run.notice("failed-benchmarks").message.startswith("2 benchmarks")
    assert {"skipped-benchmarks", "broken-benchmarks"} <= run.codes
    assert run.params["requirements.numpy"] == "2.0"
    assert run.log.run.host == "box"
    assert run.log.run.experiment == "results"


def test_asv_files_of_another_version_are_refused_with_a_reason(tmp_path: Path) -> None:
    text = asv_result().replace('"version": 2', '"version": 1')
    run = read_one(write(tmp_path, {"results/box/abcdef12-py.json": text}), "asv")
    assert "version 2" in run.notice("unreadable-log").message


def test_asv_params_that_would_cross_to_millions_are_refused(tmp_path: Path) -> None:
    levels = [[str(n) for n in range(1000)]] * 5
    text = asv_result(**{"s.t": [[1.0], levels]})
    run = read_one(write(tmp_path, {"results/box/abcdef12-py.json": text}), "asv")
    assert "broken-benchmarks" in run.codes
