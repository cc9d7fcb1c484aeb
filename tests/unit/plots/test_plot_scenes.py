"""Where marks stand: gaps, dashes, labels, dots and edges, without any drawing library."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from example_figures import curve, curves
from hypothesis import given
from hypothesis import strategies as st

from runreport.names import Direction
from runreport.plots.curves import curve_scene, nudged
from runreport.plots.dots import dot_scene, spread
from runreport.plots.estimates import EstimateFigure, EstimateRow, estimate_scene
from runreport.plots.scatter import MOST_MARKS, scatter_scene
from runreport.plots.scene import Area, Dots, Line, Mark, Role, Scene, Text
from runreport.plots.spec import (
    Axis,
    CurveFigure,
    DotFigure,
    DotRow,
    Scale,
    ScatterFigure,
    ScatterPoint,
)

M = TypeVar("M", bound=Mark)


def marks(scene: Scene, kind: type[M], role: Role | None = None) -> list[M]:
    return [mark for mark in scene.marks if isinstance(mark, kind) and role in {None, mark.role}]


def words(scene: Scene) -> list[str]:
    return [mark.text for mark in marks(scene, Text)]


def strokes(figure: CurveFigure) -> list[Line]:
    return [line for line in marks(curve_scene(figure), Line, Role.S0) if line.width == 1.8]


def dots(*rows: DotRow) -> Scene:
    return dot_scene(DotFigure(title="t", description="d", x=Axis(label="f1"), rows=rows))


def estimates(*rows: EstimateRow, reference: float | None = 0.0, direction: Direction = Direction.UP) -> Scene:
    axis = Axis(label="f1")
    return estimate_scene(
        EstimateFigure(title="t", description="d", x=axis, rows=rows, reference=reference, direction=direction)
    )


def scatter(*points: tuple[float | str, float]) -> Scene:
    shown = tuple(ScatterPoint(label="r", x=x, y=y) for x, y in points)
    return scatter_scene(
        ScatterFigure(title="t", description="d", x=Axis(label="lr"), y=Axis(label="f1"), points=shown)
    )


@given(st.lists(st.floats(0, 300), max_size=8), st.floats(1, 40))
def test_nudged_labels_are_apart_in_order_and_inside_if_there_is_room(places: list[float], gap: float) -> None:
    moved = nudged(places, gap, 0.0, 300.0)
    ordered = [moved[index] for index in sorted(range(len(places)), key=lambda index: (places[index], index))]
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(ordered))
    if (len(places) - 1) * gap <= 300:
        assert all(-1e-6 <= place <= 300 + 1e-6 for place in moved)


def test_labels_that_are_apart_stay_where_they_are() -> None:
    assert nudged([10.0, 200.0, 90.0], 20.0, 0.0, 300.0) == [10.0, 200.0, 90.0]
    assert nudged([100.0, 100.0], 20.0, 0.0, 300.0) == [90.0, 110.0]


def test_a_line_is_dashed_where_runs_are_missing() -> None:
    solid, dashed = strokes(curves(curve(mean=(1.0, 2.0, 3.0, 4.0), n=(5, 5, 3, 3))))
    assert (len(solid.x), solid.dash) == (2, ())
    assert (len(dashed.x), dashed.dash) == (3, (4.0, 2.5))
    assert solid.x[-1] == dashed.x[0]


def test_a_gap_is_left_open_and_marked_where_the_line_broke_off() -> None:
    figure = curves(curve(mean=(1.0, 2.0, math.nan, math.nan, 3.0, 4.0), n=(5,) * 6))
    before, after = strokes(figure)
    assert before.x[-1] < after.x[0]
    (cross,) = marks(curve_scene(figure), Dots, Role.BAD)
    assert cross.marker == "x"
    assert (cross.x[0], cross.y[0]) == (before.x[-1], before.y[-1])


def test_a_lone_point_between_gaps_gets_a_dot() -> None:
    scene = curve_scene(curves(curve(mean=(math.nan, 2.0, math.nan), n=(5, 5, 5))))
    lone = [dot for dot in marks(scene, Dots, Role.S0) if dot.size == 5.0]
    assert [len(dot.x) for dot in lone] == [1]


def test_infinite_values_are_arrows_at_the_edge() -> None:
    scene = curve_scene(curves(curve(mean=(1.0, math.inf, 2.0, -math.inf), n=(5,) * 4)))
    up, down = marks(scene, Dots, Role.BAD)
    assert (up.marker, down.marker) == ("^", "v")
    assert up.y[0] < down.y[0]


def test_few_short_names_stand_at_the_line_ends_and_others_in_a_legend() -> None:
    few = curve_scene(curves(curve("adam"), curve("sgd")))
    (label,) = [mark for mark in marks(few, Text) if mark.text == "adam"]
    assert label.x > 400
    long = curve_scene(curves(curve("learning_rate=0.001, optimizer=adam"), curve("sgd")))
    (entry,) = [mark for mark in marks(long, Text) if mark.text == "learning_rate=0.001, optimizer=adam"]
    assert entry.x < 40
    assert "s7" in {mark.role for mark in marks(curve_scene(curves(*[curve("m")] * 8)), Line)}


def test_the_number_of_runs_is_said_once_or_for_each_group() -> None:
    assert "accuracy, mean of 5 runs" in words(curve_scene(curves(curve("a"), curve("b"))))
    sizes = words(curve_scene(curves(curve("a"), replace(curve("b", n=(3, 3, 3)), size=3))))
    assert {"n = 5", "n = 3"} <= set(sizes)


def test_runs_per_step_are_drawn_only_where_they_vary() -> None:
    assert "runs per step" not in words(curve_scene(curves(curve())))
    assert "runs per step" in words(curve_scene(curves(curve(n=(5, 4, 4)))))


def test_a_wide_interval_leaves_the_lines_room_and_says_so() -> None:
    scene = curve_scene(curves(curve(half_width=50.0)))
    (line,) = strokes(curves(curve(half_width=50.0)))
    assert line.y.max() - line.y.min() > 60
    assert any("reach beyond the plot" in text for text in words(scene))


def test_what_a_log_axis_cannot_show_is_counted() -> None:
    axis = Axis(label="loss", scale=Scale.LOG)
    scene = curve_scene(curves(replace(curve(mean=(0.0, 1.0, 2.0)), steps=(0.0, 1.0, 2.0)), x=axis, y=axis))
    said = " ".join(words(scene))
    assert "1 points at steps of 0 or below" in said
    assert "1 values of 0 or below" in said


def test_interval_bars_need_two_runs() -> None:
    with_bar = dots(DotRow(name="a", values=(0.1, 0.2), mean=0.15, low=0.0, high=0.3))
    without = dots(DotRow(name="a", values=(0.1,), mean=0.1))
    assert len(marks(with_bar, Area)) == 1
    assert not marks(without, Area)


def test_every_run_is_a_dot_and_runs_left_out_are_counted() -> None:
    scene = dots(DotRow(name="a", values=(0.1, 0.2, 0.2), mean=0.17, left_out=("1 failed", "1 not finite")))
    (dot,) = marks(scene, Dots)
    assert len(dot.x) == 3
    assert "n = 3 · 1 failed · 1 not finite" in words(scene)
    assert marks(scene, Text, Role.BAD)


@pytest.mark.parametrize(("is_baseline", "lines"), [(True, 1), (False, 0)])
def test_the_baselines_mean_goes_through_all_rows(is_baseline: bool, lines: int) -> None:
    rows = [DotRow(name=name, values=(0.1, 0.3), mean=0.2, is_baseline=is_baseline and name == "a") for name in "abc"]
    found = [line for line in marks(dots(*rows), Line, Role.INK) if line.layer == "faint"]
    assert len(found) == lines
    assert all(np.isfinite(line.y).sum() == 6 for line in found)


def test_an_interval_beyond_the_axis_ends_in_an_arrow() -> None:
    scene = dots(DotRow(name="a", values=(0.1, 0.2), mean=0.15, low=-9.0, high=9.0))
    assert {"<", ">"} <= {dot.marker for dot in marks(scene, Dots)}


@given(st.lists(st.floats(0, 600), min_size=1, max_size=5))
def test_near_dots_are_spread_apart(places: list[float]) -> None:
    offsets = spread(np.array(places))
    taken = sorted(zip(places, offsets, strict=True))
    assert all(abs(a[0] - b[0]) >= 6.5 - 1e-9 or a[1] != b[1] for a, b in pairwise(taken))


def test_a_target_goes_through_all_rows_inside_of_the_axis_with_the_wanted_side_shaded() -> None:
    rows = tuple(DotRow(name=name, values=(0.1, 0.3), mean=0.2) for name in "abc")
    figure = DotFigure(
        title="t",
        description="d",
        x=Axis(label="f1"),
        rows=rows,
        reference=5.0,
        reference_label="target",
        wanted=Direction.UP,
    )
    scene = dot_scene(figure)
    (line,) = [line for line in marks(scene, Line, Role.INK) if line.dash]
    assert np.isfinite(line.y).sum() == 2 * len(rows)
    (label,) = [mark for mark in marks(scene, Text) if mark.text == "target"]
    assert 590 < line.x[0] < 626
    assert abs(label.x - line.x[0]) < 40
    (above,) = marks(scene, Area)
    (below,) = marks(dot_scene(replace(figure, wanted=Direction.DOWN)), Area)
    assert (above.x.min(), above.x.max()) == (line.x[0], 640)
    assert (below.x.min(), below.x.max()) == (0, line.x[0])
    assert not marks(dot_scene(replace(figure, wanted=Direction.UNKNOWN)), Area)
    assert figure.footnotes()[1:] == ("Dashed line at 5: target.", "Shaded: the wanted side.")


def test_a_target_that_a_log_axis_cannot_show_is_stated() -> None:
    axis = Axis(label="loss", scale=Scale.LOG)
    rows = (DotRow(name="a", values=(0.1, 0.3), mean=0.2),)
    scene = dot_scene(DotFigure(title="t", description="d", x=axis, rows=rows, reference=0.0, wanted=Direction.DOWN))
    assert not [line for line in marks(scene, Line, Role.INK) if line.dash]
    assert "Not on the logarithmic axis: the reference, which is 0 or below." in " ".join(words(scene))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_reference_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=f"a reference is finite, not {value}"):
        DotFigure(title="t", description="d", x=Axis(label="f1"), rows=(), reference=value)
    with pytest.raises(ValueError, match=f"a reference is finite, not {value}"):
        EstimateFigure(title="t", description="d", x=Axis(label="f1"), rows=(), reference=value)


def test_an_axis_of_estimates_fits_the_values_without_a_reference() -> None:
    row = EstimateRow(name="a", value=5.0, low=4.0, high=6.0)
    assert "0" not in words(estimates(row, reference=None))
    (dot,) = marks(estimates(row, reference=None), Dots)
    assert 300 < dot.x[0] < 340


def test_estimates_that_are_not_finite_stand_at_the_edges() -> None:
    rows = [EstimateRow(name="a", value=value) for value in (math.nan, math.inf, -math.inf)]
    nan, above, below = marks(estimates(*rows), Dots, Role.BAD)
    assert (nan.marker, above.marker, below.marker) == ("x", ">", "<")
    assert nan.x[0] == below.x[0] < above.x[0]


def test_an_estimate_without_value_and_remark_says_so() -> None:
    assert "no value" in words(estimates(EstimateRow(name="a", value=None)))


def test_a_one_sided_interval_ends_in_an_arrow() -> None:
    arrows = marks(estimates(EstimateRow(name="a", value=0.1, low=0.0, high=math.inf)), Dots)
    assert [dot.marker for dot in arrows] == [">", "o"]


@pytest.mark.parametrize(("low", "high", "words"), [(0.1, None, "one end only"), (0.3, 0.1, "ends before it starts")])
def test_intervals_that_are_none_are_refused(low: float, high: float | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EstimateRow(name="a", value=0.2, low=low, high=high)


def test_the_better_side_is_shaded_only_if_it_is_known() -> None:
    row = EstimateRow(name="a", value=0.1, low=-0.1, high=0.3)
    (up,), (down,) = (marks(estimates(row, direction=side), Area) for side in (Direction.UP, Direction.DOWN))
    assert up.x.max() > down.x.max()
    assert not marks(estimates(row, direction=Direction.UNKNOWN), Area)
    assert "higher is better →" not in words(estimates(row, direction=Direction.UNKNOWN))


def test_an_estimate_without_interval_is_hollow_and_one_without_value_has_words_only() -> None:
    scene = estimates(EstimateRow(name="a", value=0.1), EstimateRow(name="b", value=None, remark="cannot tell"))
    assert [dot.is_hollow for dot in marks(scene, Dots)] == [True]
    assert "cannot tell" in words(scene)


def test_the_reference_is_always_on_the_axis() -> None:
    assert "0" in words(estimates(EstimateRow(name="a", value=5.0, low=4.0, high=6.0)))


def test_text_values_stand_in_natural_order_with_the_same_jitter_every_time() -> None:
    scene = scatter(("w10", 1.0), ("w2", 2.0), ("w2", 3.0))
    labels = [mark.text for mark in marks(scene, Text) if mark.text.startswith("w")]
    assert labels == ["w2", "w10"]
    (dot,) = marks(scene, Dots)
    assert dot.x[0] > max(dot.x[1], dot.x[2])
    assert dot.x[1] != dot.x[2]


def test_values_that_are_not_finite_stand_at_the_edges() -> None:
    scene = scatter((1.0, math.nan), (2.0, math.inf), (3.0, -math.inf), (4.0, 1.0), (5.0, 2.0))
    found = {dot.marker: dot for dot in marks(scene, Dots, Role.BAD)}
    assert set(found) == {"x", "^", "v"}
    (seen,) = marks(scene, Dots, Role.S0)
    assert found["^"].y[0] < seen.y.min() < seen.y.max() < found["v"].y[0] + 20


def test_many_points_are_thinned_with_a_statement() -> None:
    rng = np.random.default_rng(3)
    cloud = rng.normal(size=(20_000, 2)) / 50
    scene = scatter(*((x, y) for x, y in cloud.tolist()), (9.0, 9.0))
    (dot,) = marks(scene, Dots)
    assert len(dot.x) < MOST_MARKS
    assert any(text.startswith(f"Shown {len(dot.x):,} of 20,001 points") for text in words(scene))
    assert dot.x.max() > 500
