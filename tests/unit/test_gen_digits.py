"""One real experiment logged by several clients: the analysis must give the means of the truth file for each."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from runreport.compare.analysis import analyse
from runreport.compare.comparison import ExperimentAnalysis
from runreport.compare.entities import Sample
from runreport.config.options import Settings
from runreport.ingestion import ingest
from runreport.pipeline import open_study

METRICS = ("test/accuracy", "test/f1_macro")
FORMS = {"mlflow_file": 1e-12, "mlflow_sqlite": 1e-12, "tbx": 1e-6}
"""Forms and how far a mean may be off: event files hold 32-bit floats."""


@pytest.fixture(scope="module")
def truth(realdata: Path) -> dict[str, Any]:
    text = (realdata / "gen-digits" / "truth.json").read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def analysed(folder: Path, store: Path) -> ExperimentAnalysis:
    result = ingest([folder], store=store)
    settings = Settings(store=str(store))
    study = open_study(settings, run_ids=result.run_ids)
    (experiment,) = analyse(study.frames, settings, snapshot=study.snapshot.number).experiments
    return experiment


def sample_of(experiment: ExperimentAnalysis, metric: str, method: str) -> Sample:
    """The group of a method that has several seeds; the trials of the sweep have one each."""
    groups = {group.group_id for group in experiment.groups if group.params.get("method") == method}
    (sample,) = [one for one in experiment.samples[metric] if one.group_id in groups and len(one.values) > 1]
    return sample


@pytest.mark.parametrize(("form", "tolerance"), FORMS.items(), ids=FORMS)
def test_group_means_and_spreads_are_those_of_the_truth(
    form: str, tolerance: float, realdata: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    experiment = analysed(realdata / "gen-digits" / form, tmp_path / "store")
    for metric in METRICS:
        for method in ("sgd", "mlp"):
            expected = truth["groups"][method][metric]
            found = sample_of(experiment, metric, method).description
            assert found.n == expected["n"]
            assert found.mean == pytest.approx(expected["mean"], abs=tolerance)
            assert found.sd == pytest.approx(expected["std_ddof1"], abs=tolerance)
            assert found.median == pytest.approx(expected["median"], abs=tolerance)


@pytest.mark.parametrize("form", ["mlflow_file", "mlflow_sqlite"])
def test_the_contrast_is_the_paired_test_of_the_truth_with_welch_beside(
    form: str, realdata: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    experiment = analysed(realdata / "gen-digits" / form, tmp_path / "store")
    (comparison,) = experiment.comparisons
    assert comparison.candidate.params["method"] == "mlp"
    assert comparison.baseline.params["method"] == "sgd"
    for contrast in comparison.contrasts:
        expected = truth["comparison"].get(contrast.metric.metric)
        if expected is not None:
            assert contrast.test is not None
            assert contrast.delta is not None
            assert contrast.delta.value == pytest.approx(expected["mean_diff_b_minus_a"])
            assert contrast.test.statistic == pytest.approx(expected["paired_t"])
            assert contrast.test.p == pytest.approx(expected["paired_p_two_sided"])
            assert contrast.unpaired is not None
            assert contrast.unpaired.statistic == pytest.approx(expected["welch_t"])
            assert contrast.unpaired.df == pytest.approx(expected["welch_df"])
            assert contrast.unpaired.p == pytest.approx(expected["welch_p_two_sided"])


@pytest.mark.parametrize("form", FORMS)
def test_failed_and_running_runs_are_counted_and_enter_no_mean(
    form: str, realdata: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    experiment = analysed(realdata / "gen-digits" / form, tmp_path / "store")
    assert experiment.counts.total == truth["n_runs"]
    if form != "tbx":  # event files record no status
        assert experiment.counts.failed == truth["status_counts"]["FAILED"]
        assert experiment.counts.running == truth["status_counts"]["RUNNING"]
        assert experiment.counts.finished == truth["status_counts"]["FINISHED"]
    for samples in experiment.samples.values():
        assert all(math.isfinite(value) for sample in samples for value in sample.values)
