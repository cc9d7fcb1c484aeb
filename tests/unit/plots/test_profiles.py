"""Performance profiles: lines, steps, bands and what tells them apart without colour."""

import math
from dataclasses import replace

import numpy as np
import pytest
from example_figures import profile

from runreport.plots.profiles import ProfileFigure, ProfileSeries, profile_scene
from runreport.plots.scene import Area, Dots, Line, Role, Text
from runreport.plots.spec import Axis, Scale


def profiles(*series: ProfileSeries, is_stepped: bool = False, scale: Scale = Scale.LINEAR) -> ProfileFigure:
    axis = Axis(label="score", scale=scale)
    return ProfileFigure(title="t", description="d", x=axis, series=series, is_stepped=is_stepped)


def lines(figure: ProfileFigure) -> list[Line]:
    """The lines of methods, without their keys in the legend."""
    found = (mark for mark in profile_scene(figure).marks if isinstance(mark, Line) and mark.width == 1.8)
    return [line for line in found if len(np.unique(line.y)) > 1]


def words(figure: ProfileFigure) -> list[str]:
    return [mark.text for mark in profile_scene(figure).marks if isinstance(mark, Text)]


def test_a_share_of_one_is_at_the_top_and_of_zero_at_the_bottom() -> None:
    (line,) = lines(profiles(profile()))
    assert line.y[0] + 250 == line.y[-1]
    assert line.y[1] == (line.y[0] + line.y[-1]) / 2
    assert {"0.0", "1.0"} <= set(words(profiles(profile())))


def test_a_step_holds_its_share_up_to_the_next_score() -> None:
    (line,) = lines(profiles(profile(), is_stepped=True))
    across = np.diff(line.x) > 0
    assert across.tolist() == [True, False, True, False]
    assert (np.diff(line.y)[across] == 0).all()


def test_lines_differ_by_dash_and_marker() -> None:
    figure = profiles(*(profile(f"m{position}") for position in range(20)))
    marks = profile_scene(figure).marks
    keys = [mark for mark in marks if isinstance(mark, Dots)][:20]
    dashes = [line.dash for line in lines(figure)]
    assert len(dashes) == 20
    assert len(set(zip(dashes, (key.marker for key in keys), strict=False))) == 20


def test_markers_stand_on_their_lines_at_different_places() -> None:
    figure = profiles(profile("a"), profile("b"))
    first, second = lines(figure)
    dots = [mark for mark in profile_scene(figure).marks if isinstance(mark, Dots) and mark.y[0] > first.y[0]]
    assert len({dot.x[0] for dot in dots}) == len(dots) == 8
    for dot, line in zip(dots, [first] * 4 + [second] * 4, strict=True):
        assert dot.y[0] == pytest.approx(np.interp(dot.x[0], line.x, line.y))


def test_bands_are_behind_all_lines() -> None:
    marks = profile_scene(profiles(profile("a"), profile("b"))).marks
    last_band = max(at for at, mark in enumerate(marks) if isinstance(mark, Area))
    first_line = min(at for at, mark in enumerate(marks) if isinstance(mark, Line) and len(mark.x) == 3)
    assert last_band < first_line


def test_a_profile_without_bounds_has_no_band() -> None:
    bare = replace(profile(), low=(), high=())
    assert not [mark for mark in profile_scene(profiles(bare)).marks if isinstance(mark, Area)]
    assert profiles(bare).table().rows[0] == ("mlp", 0.0, 1.0, None, None)
    assert not any("Band" in note for note in profiles(bare).footnotes())
    assert any("Band: 95" in note for note in profiles(profile()).footnotes())


def test_an_unknown_share_is_a_gap_with_a_cross() -> None:
    figure = profiles(profile(share=(1.0, 0.9, math.nan, 0.4, 0.0)))
    before, after = lines(figure)
    (cross,) = [mark for mark in profile_scene(figure).marks if isinstance(mark, Dots) and mark.role is Role.BAD]
    assert (cross.marker, cross.x[0], cross.y[0]) == ("x", before.x[-1], before.y[-1])
    assert before.x[-1] < after.x[0]
    assert "Gaps with a cross: the share is not known." in figure.footnotes()


def test_the_number_of_runs_is_said_once_or_for_each_method() -> None:
    assert "share of runs above the score, n = 20" in words(profiles(profile("a"), profile("b")))
    assert {"a (n = 20)", "b (n = 5)"} <= set(words(profiles(profile("a"), replace(profile("b"), runs=5))))


def test_scores_that_a_log_axis_cannot_show_are_counted() -> None:
    said = " ".join(words(profiles(profile(), scale=Scale.LOG)))
    assert "Not on the logarithmic axis: 1 scores of 0 or below." in said


def test_one_score_is_a_dot() -> None:
    marks = profile_scene(profiles(profile(share=(0.5,)))).marks
    assert [len(mark.x) for mark in marks if isinstance(mark, Dots) and mark.size == 5.0] == [1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"share": (1.0, 0.5)}, "differ in length"),
        ({"low": (0.0,)}, "differ in length"),
        ({"scores": (0.0, 0.0, 1.0)}, "not ascending and finite"),
        ({"scores": (0.0, 1.0, math.inf)}, "not ascending and finite"),
        ({"share": (1.1, 0.5, 0.0)}, r"from 0 to 1, not 1\.1"),
        ({"share": (1.0, 0.5, -math.inf)}, "from 0 to 1, not -inf"),
    ],
)
def test_columns_that_are_no_profile_are_refused(changes: dict[str, tuple[float, ...]], message: str) -> None:
    columns = {name: getattr(profile(), name) for name in ("scores", "share", "low", "high")}
    with pytest.raises(ValueError, match=message):
        ProfileSeries(name="mlp", runs=20, **(columns | changes))
