"""Bars of the probability of each rank."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.plots.ranks import RankFigure, RankRow, rank_scene, shade
from runreport.plots.scene import Area, Dots, Role, Text


def figure(*probabilities: tuple[float, ...]) -> RankFigure:
    rows = tuple(RankRow(name=f"method {position}", probabilities=row) for position, row in enumerate(probabilities))
    return RankFigure(title="t", description="d", rows=rows)


def parts(shown: RankFigure) -> list[Area]:
    return [mark for mark in rank_scene(shown).marks if isinstance(mark, Area)]


def words(shown: RankFigure) -> list[str]:
    return [mark.text for mark in rank_scene(shown).marks if isinstance(mark, Text)]


def test_parts_are_as_long_as_their_probability_and_fill_the_axis() -> None:
    first, second, third = parts(figure((0.5, 0.3, 0.2)))
    lengths = np.array([np.ptp(part.x) for part in (first, second, third)]) + 1.5
    assert lengths / lengths.sum() == pytest.approx([0.5, 0.3, 0.2])
    assert first.x.min() - 0.75 == 14
    assert third.x.max() + 0.75 == pytest.approx(626)


def test_the_better_the_rank_the_stronger_the_shade() -> None:
    opacities = [part.opacity for part in parts(figure((0.05,) * 20))]
    assert opacities[0] == 1
    assert opacities == sorted(opacities, reverse=True)
    assert len(set(opacities)) == 20
    assert [shade(1, 1), shade(2, 2)] == [1.0, 0.58]


def test_a_rank_that_never_occurs_has_no_part_and_keeps_the_shade_of_the_others() -> None:
    first, last = parts(figure((0.5, 0.0, 0.5)))
    assert (first.opacity, last.opacity) == (shade(1, 3), shade(3, 3))


def test_ranks_stand_in_their_parts_where_there_is_room() -> None:
    texts = [mark for mark in rank_scene(figure((0.495, 0.495, 0.01))).marks if isinstance(mark, Text)]
    inside = {mark.text: mark.role for mark in texts if mark.text in {"1", "2", "3"}}
    assert inside == {"1": Role.PAPER, "2": Role.INK}


def test_the_expected_rank_is_the_remark() -> None:
    assert "expected rank 1.70" in words(figure((0.5, 0.3, 0.2)))


def test_what_is_not_known_is_shown_as_such() -> None:
    shown = figure((math.nan, 0.5), ())
    assert not parts(shown)
    (cross,) = [mark for mark in rank_scene(shown).marks if isinstance(mark, Dots)]
    assert (cross.marker, cross.role) == ("x", Role.BAD)
    assert {"not a number", "no ranks"} <= set(words(shown))
    assert "Cross: a probability is not a number." in shown.footnotes()


def test_the_table_has_a_column_per_rank() -> None:
    table = figure((0.75, 0.25), (math.nan, 0.5), ()).table()
    assert table.columns == ("method", "expected rank", "rank 1", "rank 2")
    assert table.rows == (
        ("method 0", 1.25, 0.75, 0.25),
        ("method 1", None, None, 0.5),
        ("method 2", None, None, None),
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda weights: sum(weights) > 0.01))
def test_any_distribution_stays_on_the_axis(weights: list[float]) -> None:
    shown = figure(tuple(weight / sum(weights) for weight in weights))
    assert all(14 <= part.x.min() <= part.x.max() <= 626 + 1e-6 for part in parts(shown))


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [((0.5, 0.4), r"add up to 0\.9, not to 1"), ((1.5, -0.5), "negative: -0.5"), ((math.inf, 0.0), "add up to inf")],
)
def test_numbers_that_are_no_distribution_are_refused(probabilities: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RankRow(name="a", probabilities=probabilities)


def test_rows_with_different_numbers_of_ranks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"different numbers of ranks: \[1, 2\]"):
        figure((1.0,), (0.5, 0.5))
