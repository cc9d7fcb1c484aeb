"""Numbers that projects published, from the product's own analysis and pages: tests, means, times, scores."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runreport.compare.analysis import analyse
from runreport.compare.comparison import Analysis, ExperimentAnalysis
from runreport.config.options import Settings
from runreport.ingestion import ingest
from runreport.pipeline import build, open_study
from runreport.stats.olympic import OlympicMean
from runreport.stats.target import MET, AgainstTarget

TARGET = {"metric": "val_loss", "below": 3.28, "alpha": 0.01}


def analysed(folder: Path, store: Path, **options: Any) -> Analysis:  # noqa: ANN401 - settings of any kind
    ingest([folder], store=store, jobs=1)
    settings = Settings.model_validate({"store": str(store), **options})
    study = open_study(settings)
    return analyse(study.frames, settings, snapshot=study.snapshot.number)


def against_target(experiment: ExperimentAnalysis) -> dict[str, AgainstTarget]:
    [target] = experiment.targets
    return {one.sample.group_name: one.answer for one in target.answers}


@dataclass(frozen=True)
class Arm:
    """What a README of modded-nanogpt says of one group: n, mean loss, deviation, one-sided p, mean seconds."""

    n: int
    mean: float
    sd: float
    p: float
    seconds: float


ARMS = {
    "nanogpt-fa3-7": {"all runs": Arm(7, 3.27691, 0.00093, 0.0000599, 163.84)},
    "nanogpt-gates-3arms": {
        "stem=12-29-baseline": Arm(7, 3.27871, 0.00085, 0.00361, 114.430),
        "stem=12-31-gates-to-adam": Arm(7, 3.27744, 0.00100, 0.000257, 114.138),
        "stem=12-31-gates-to-adam-20stps": Arm(10, 3.27892, 0.00096, 0.00314, 112.973),
    },
}


@pytest.mark.parametrize("case", ARMS)
def test_losses_tests_and_times_of_modded_nanogpt(realdata: Path, tmp_path: Path, case: str) -> None:
    [experiment] = analysed(realdata / case, tmp_path / "store", target=[TARGET]).experiments
    answers = against_target(experiment)
    times = {sample.group_name: sample.description.mean for sample in experiment.samples["train_time"]}
    assert answers.keys() == ARMS[case].keys()
    for name, arm in ARMS[case].items():
        found = answers[name]
        assert found.description.n == arm.n
        assert found.description.mean == pytest.approx(arm.mean, abs=5e-6)
        assert found.description.sd == pytest.approx(arm.sd, abs=5e-6)
        assert found.test
        assert found.test.p == pytest.approx(arm.p, rel=5e-3)
        assert found.verdict == MET
        assert (times[name] or 0) / 1000 == pytest.approx(arm.seconds, abs=5e-3)


def test_where_a_readme_and_its_logs_disagree_the_report_shows_the_logs(realdata: Path, tmp_path: Path) -> None:
    """The README has 40 values, the repository 38 logs; its p of 0.0003 is that of the 40."""
    [experiment] = analysed(realdata / "nanogpt-valueembed-38", tmp_path / "store", target=[TARGET]).experiments
    [found] = against_target(experiment).values()
    assert found.description.n == 38
    assert found.description.mean == pytest.approx(3.2777, abs=2e-4)
    assert found.description.sd == pytest.approx(0.0040, abs=3e-4)
    assert found.test
    assert found.test.p == pytest.approx(0.0003, abs=3e-4)


def test_a_page_shows_the_published_p_of_a_record(realdata: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"store": str(tmp_path / "s"), "out": str(tmp_path / "site"), "target": [TARGET]}
    )
    build([realdata / "nanogpt-gates-3arms"], settings)
    [page] = (tmp_path / "site" / "targets").glob("*/index.html")
    shown = page.read_text(encoding="utf-8")
    for text in ("3 of 3 groups are shown to have a mean below the target", "p = 0.00026", "p = 0.0036", "p = 0.0031"):
        assert text in shown


SCORES = {
    ("bert", "GIGABYTE"): "5.349",
    ("maskrcnn", "NVIDIA"): "19.180",
    ("rnnt", "NVIDIA"): "16.686",
    ("dlrm_dcnv2", "NVIDIA"): "4.184",
    ("ssd", "NVIDIA"): "37.009",
    ("ssd", "GIGABYTE"): "37.5274",
}


def test_mlperf_scores_come_out_to_the_printed_digits(realdata: Path, tmp_path: Path) -> None:
    found = {}
    for experiment in analysed(realdata / "mlperf-training-v3.0", tmp_path / "store").experiments:
        organisations = {group.group_id: group.params["submission_org"] for group in experiment.groups}
        for entry in experiment.times_to_train:
            assert isinstance(entry.score, OlympicMean)
            printed = SCORES[experiment.experiment, organisations[entry.group_id]]
            found[experiment.experiment, organisations[entry.group_id]] = (
                f"{entry.score.score:.{len(printed.partition('.')[2])}f}"
            )
            if experiment.experiment == "maskrcnn":
                assert (entry.score.not_converged, entry.score.used) == (1, 3)
    assert found == SCORES


TD3 = {
    "HalfCheetah": (9636.95, 859.06),
    "Hopper": (3564.07, 114.74),
    "InvertedPendulum": (1000.0, 0.0),
    "Reacher": (-3.70, 0.51),
}
"""Best mean over evaluations and standard deviation with n in its denominator."""


def test_the_best_means_of_td3_are_on_a_page_with_the_spread_they_published(realdata: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "store": str(tmp_path / "s"),
            "out": str(tmp_path / "site"),
            "metrics": {"by_name": {"value": {"direction": "up"}}},
        }
    )
    build([realdata / "td3-learning-curves-npy"], settings, keep_contexts=True)
    found = {}
    for context in (tmp_path / "site" / "metrics").glob("*/*.json"):
        page = json.loads(context.read_text(encoding="utf-8"))
        [row] = page["peaks"]["rows"]
        _, _, n, mean, _, spread_of_all = row["cells"]
        assert n["sort"] == 10
        found[page["frame"]["breadcrumbs"][-1]["label"]] = (mean["sort"], spread_of_all["sort"])
    assert found.keys() == TD3.keys()
    for env, (mean, spread) in found.items():
        assert (mean, spread) == pytest.approx(TD3[env], abs=0.005)
