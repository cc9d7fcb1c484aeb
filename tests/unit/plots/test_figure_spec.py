"""Figures as values: tables, footnotes, refusals, and what down-sampling says."""

import math
import subprocess
import sys

import pytest
from example_figures import FigureSpec, curve, curves, figures

from runreport.plots.downsample import Floats
from runreport.plots.spec import (
    Axis,
    CurveSeries,
    DotFigure,
    DotRow,
    RunLine,
    Scale,
    ScatterFigure,
    ScatterPoint,
    sensible_scale,
)

Noisy = tuple[Floats, Floats]


def series(steps: Floats, values: Floats) -> CurveSeries:
    n = [5] * len(steps)
    return CurveSeries.from_columns(name="mlp", steps=steps, mean=values, low=values - 1, high=values + 1, n=n, size=5)


@pytest.mark.parametrize("figure", figures("name"), ids=lambda figure: figure.kind)
def test_every_table_is_rectangular_and_figures_are_hashable(figure: FigureSpec) -> None:
    table = figure.table()
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert hash(figure) == hash(figure)


def test_a_curves_table_has_every_shown_point_and_no_nan() -> None:
    table = curves(curve("a", mean=(1.0, math.nan), n=(5, 0)), curve("b")).table()
    assert table.columns == ("group", "step", "mean of accuracy", "interval from", "interval to", "runs")
    assert table.rows[:2] == (("a", 1.0, 1.0, 0.9, 1.1, 5), ("a", 2.0, None, None, None, 0))
    assert len(table.rows) == 5


def test_a_dot_figures_table_has_each_run_and_what_was_left_out() -> None:
    row = DotRow(name="mlp", values=(0.1, 0.3), labels=("seed 0", "seed 1"), mean=0.2, left_out=("1 failed",))
    table = DotFigure(title="t", description="d", x=Axis(label="f1"), rows=(row,)).table()
    assert table.rows == (
        ("mlp", "seed 0", 0.1, None, None, ""),
        ("mlp", "seed 1", 0.3, None, None, ""),
        ("mlp", "mean", 0.2, None, None, "1 failed"),
    )


def test_down_sampling_is_stated(noisy: Noisy) -> None:
    line = series(*noisy)
    assert len(line.steps) < 1000
    assert line.total_points == 10_000
    assert f"Shown {len(line.steps)} of 10,000 points: minimum and maximum of each bin." in curves(line).footnotes()


def test_all_points_shown_needs_no_statement() -> None:
    assert not any("Shown" in note for note in curves(curve()).footnotes())


def test_down_sampling_keeps_the_spike_and_the_ends_of_the_gap(noisy: Noisy) -> None:
    line = series(*noisy)
    assert max(value for value in line.mean if math.isfinite(value)) == 9.0
    assert {3999.0, 4000.0, 4199.0, 4200.0, 6000.0} <= set(line.steps)


def test_a_run_line_is_down_sampled_in_log_space(noisy: Noisy) -> None:
    run = RunLine.from_columns(name="r", steps=noisy[0], values=noisy[1], scale=Scale.LOG)
    assert {0.0, 1.0, 2.0, 3.0} <= set(run.steps)
    assert run.total_points == 10_000


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (curve(), "Band: 95\N{NO-BREAK SPACE}% pointwise interval of the mean."),
        (curve(n=(5, 5, 3)), "Dashed: fewer runs than the group has."),
        (curve(mean=(1.0, math.inf, 1.0)), "Gaps with a cross or an arrow: the value is not finite."),
    ],
)
def test_footnotes_explain_what_is_drawn(line: CurveSeries, note: str) -> None:
    assert note in curves(line).footnotes()
    plain = curve(half_width=math.nan)
    assert note not in curves(plain).footnotes()


def test_not_finite_and_missing_points_of_a_scatter_are_counted() -> None:
    points = (ScatterPoint(label="a", x=1.0, y=math.nan), ScatterPoint(label="b", x=2.0, y=1.0))
    figure = ScatterFigure(title="t", description="d", x=Axis(label="lr"), y=Axis(label="f1"), points=points, missing=3)
    assert figure.footnotes() == (
        "Cross or arrow at the edge: not finite (1 run).",
        "Without this param or metric: 3 runs.",
    )


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1e-4, 1e-1], Scale.LOG),
        ([1.0, 100.0], Scale.LINEAR),
        ([0.0, 1e-4, 1e3], Scale.LINEAR),
        ([-1.0, 1e3], Scale.LINEAR),
        ([], Scale.LINEAR),
        ([math.nan, 1e-5, 1.0], Scale.LOG),
    ],
)
def test_scale_is_logarithmic_beyond_two_decades_of_positive_values(values: list[float], scale: Scale) -> None:
    assert sensible_scale(values) is scale


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        CurveSeries(name="a", steps=(1.0,), mean=(), low=(), high=(), n=(), size=1, total_points=1)
    with pytest.raises(ValueError, match="2 values but 1 labels"):
        DotRow(name="a", values=(1.0, 2.0), labels=("seed 0",))


def test_figures_are_described_without_matplotlib() -> None:
    program = "import runreport.pages.contexts, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
