"""What figures leave out is named in them."""

from dataclasses import replace

import pytest
from example_figures import profile

from runreport.compare.analysis import analyse
from runreport.compare.comparison import Comparison, ExperimentAnalysis
from runreport.pages.dossier import Dossier
from runreport.pages.figures import block as block_of
from runreport.pages.figures import dot_figure, forest_of_metrics
from runreport.pages.lineage import lineage_of_groups
from runreport.pages.surroundings import Surroundings
from runreport.pages.urls import RunPlaces
from runreport.plots.profiles import ProfileFigure
from runreport.plots.spec import Axis
from runreport.stats.types import Estimate
from runreport.testing.sample_report import SampleReport, sample_report


@pytest.fixture(scope="module")
def report() -> SampleReport:
    return sample_report(experiments=1)


@pytest.fixture(scope="module")
def analysis(report: SampleReport) -> ExperimentAnalysis:
    return analyse(report.frames, report.settings, snapshot=1).experiments[0]


@pytest.fixture(scope="module")
def dossier(report: SampleReport, analysis: ExperimentAnalysis) -> Dossier:
    site = Surroundings(site_title="t", ledger="l", generator="g", date=None)
    return Dossier(analysis=analysis, frame=report.frames[0], places=RunPlaces(), notices={}, site=site, is_alone=True)


def with_effect(comparison: Comparison, effect: float) -> Comparison:
    first, *rest = comparison.contrasts
    return replace(comparison, contrasts=(replace(first, hedges_g=Estimate(value=effect)), *rest))


def test_a_single_run_does_not_flatten_the_groups_and_is_named(dossier: Dossier, analysis: ExperimentAnalysis) -> None:
    first, *rest = analysis.samples["val/acc"]
    single = replace(first, values=(0.1,), run_ids=first.run_ids[:1], seeds=first.seeds[:1])
    block = dot_figure(dossier, (single, *rest), dossier.definitions["val/acc"])
    assert block is not None
    assert [row.name for row in block.figure.rows] == ["method=mixup", "method=wide"]
    assert "Not drawn: method=baseline (one run: 0.1)." in block.figure.footnotes()


def test_an_effect_off_every_scale_is_named_and_not_drawn(analysis: ExperimentAnalysis) -> None:
    block = forest_of_metrics(with_effect(analysis.comparisons[0], 61_250.92))
    assert block is not None
    assert "val/acc" not in [row.name for row in block.figure.rows]
    assert any("more than 20 sd apart: val/acc (+61" in note for note in block.figure.footnotes())


def test_the_numbers_behind_a_figure_hold_every_run(dossier: Dossier, analysis: ExperimentAnalysis) -> None:
    block = dot_figure(dossier, analysis.samples["val/acc"], dossier.definitions["val/acc"])
    assert block is not None
    runs = [row for row in block.data.rows if row.cells[1].text.startswith("seed")]
    assert len(runs) == 15


def test_the_numbers_behind_a_profile_are_some_of_each_line_with_both_ends() -> None:
    share = tuple(1 - score / 100 for score in range(101))
    long, short = profile("long", share=share), profile("short")
    figure = ProfileFigure(title="t", description="d", x=Axis(label="score"), series=(long, short))
    table = block_of("profiles", figure, "").data
    assert [row.cells[0].text for row in table.rows] == ["long"] * 12 + ["short"] * 3
    scores = [float(row.cells[1].text) for row in table.rows]
    assert (scores[0], scores[11], scores[12:]) == (0.0, 100.0, [0.0, 1.0, 2.0])
    assert table.note == "Up to 12 scores per line, first and last among them."


def test_lineage_of_a_comparison_holds_both_sides_and_leads_to_their_pages(dossier: Dossier) -> None:
    candidate, baseline = dossier.analysis.groups[1], dossier.analysis.groups[0]
    places = RunPlaces.of((facts.run.run_id, facts.run.name) for facts in dossier.frame.runs)
    block = lineage_of_groups(
        replace(dossier, places=places), (candidate, baseline), "both", "comparisons/a/index.html"
    )
    assert block is not None
    groups = {box.label: box for box in block.figure.boxes if box.kind == "group"}
    assert set(groups) == {candidate.name, baseline.name}
    assert groups[candidate.name].detail == f"{len(candidate.run_ids)} runs"
    assert all(box.url.startswith("../../groups/") for box in groups.values())
