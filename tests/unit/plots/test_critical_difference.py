"""Critical difference diagrams: who stands where, who is joined, and what is refused."""

import math
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest

from runreport.plots.critical_difference import CriticalDifferenceFigure, MethodRank, critical_difference_scene
from runreport.plots.scene import Dots, Line, Role, Text

Clique = tuple[int, ...]


def diagram(
    ranks: Sequence[float], *cliques: Clique, difference: float | None = None, names: Sequence[str] = ()
) -> CriticalDifferenceFigure:
    shown = names or [f"method {position}" for position in range(len(ranks))]
    methods = tuple(MethodRank(name=name, rank=rank) for name, rank in zip(shown, ranks, strict=True))
    return CriticalDifferenceFigure(
        title="t", description="d", methods=methods, critical_difference=difference, cliques=cliques, tasks=12
    )


def said(figure: CriticalDifferenceFigure) -> dict[str, Text]:
    return {mark.text: mark for mark in critical_difference_scene(figure).marks if isinstance(mark, Text)}


def lines(figure: CriticalDifferenceFigure, width: float) -> list[Line]:
    marks = critical_difference_scene(figure).marks
    return [mark for mark in marks if isinstance(mark, Line) and mark.width == width]


def bars(figure: CriticalDifferenceFigure) -> list[Line]:
    return lines(figure, 4.0)


def leaders(figure: CriticalDifferenceFigure) -> list[Line]:
    return lines(figure, 1.2)


def test_the_best_stands_first_at_the_left_and_the_worst_first_at_the_right() -> None:
    texts = said(diagram((3.5, 1.2, 2.4, 2.9), names=("worst", "best", "second", "third")))
    assert texts["best"].anchor == texts["second"].anchor == "right"
    assert texts["worst"].anchor == texts["third"].anchor == "left"
    assert texts["best"].y == texts["worst"].y < texts["second"].y == texts["third"].y
    assert texts["best"].x < 320 < texts["worst"].x


def test_every_average_rank_is_written_beside_its_name() -> None:
    assert {"1.20", "2.40", "2.90", "3.50"} <= set(said(diagram((3.5, 1.2, 2.4, 2.9))))


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_leader_lines_go_down_from_the_axis_and_never_cross(count: int) -> None:
    drawn = leaders(diagram([1 + (position * 7 % count) * 0.95 for position in range(count)]))
    assert len(drawn) == count
    for one, other in combinations(drawn, 2):
        for down, out in ((one, other), (other, one)):
            left, right = sorted((out.x[1], out.x[2]))
            assert not (left < down.x[0] < right and down.y[0] < out.y[1] < down.y[1])


def test_names_never_stand_on_one_another_or_beyond_the_drawing() -> None:
    figure = diagram(
        [1.0 + position for position in range(20)], names=[f"{position:02d} " * 40 for position in range(20)]
    )
    names = [mark for text, mark in said(figure).items() if "…" in text]
    assert len(names) == 20
    for anchor in ("left", "right"):
        rows = sorted(mark.y for mark in names if mark.anchor == anchor)
        assert all(low - high >= 16 for high, low in pairwise(rows))
    assert all(0 < mark.x < 640 for mark in names)


def test_a_clique_is_a_bar_from_its_best_to_its_worst_with_a_dot_on_each_member() -> None:
    figure = diagram((1.0, 2.0, 3.0, 4.0), (0, 2))
    (bar,) = bars(figure)
    places = [line.x[0] for line in leaders(figure)]
    assert bar.x[0] < places[0] < places[2] < bar.x[1] < places[3]
    (members,) = [
        mark for mark in critical_difference_scene(figure).marks if isinstance(mark, Dots) and len(mark.x) > 1
    ]
    assert members.x.tolist() == [places[0], places[2]]


def test_bars_that_meet_stand_below_each_other_and_others_share_a_level() -> None:
    first, second, third = bars(diagram((1.0, 2.0, 3.0, 4.0, 5.0), (0, 1, 2), (1, 2), (3, 4)))
    assert first.y[0] == third.y[0] < second.y[0]


def test_groups_of_one_are_no_bars() -> None:
    figure = diagram((1.0, 2.0), (0,), (1,))
    assert not bars(figure)
    assert "No methods are joined by a bar: all are told apart at the level 0.05." in figure.footnotes()


def test_the_critical_difference_is_as_long_as_on_the_axis() -> None:
    figure = diagram((1.0, 2.5, 3.0), difference=1.5)
    (bar,) = lines(figure, 2.0)
    places = [line.x[0] for line in leaders(figure)]
    assert bar.x[1] - bar.x[0] == pytest.approx(places[1] - places[0])
    assert "critical difference 1.5" in said(figure)


def test_a_critical_difference_beyond_the_axis_ends_in_an_arrow() -> None:
    marks = critical_difference_scene(diagram((1.0, 2.0), difference=9.0)).marks
    assert [mark.marker for mark in marks if isinstance(mark, Dots) and mark.role is Role.INK] == [">"]


def test_equal_ranks_have_one_place_and_rows_of_their_own() -> None:
    figure = diagram((2.5,) * 4, (0, 1, 2, 3))
    drawn = leaders(figure)
    assert len({line.x[0] for line in drawn}) == 1
    assert len({(line.x[2], line.y[2]) for line in drawn}) == 4
    assert len(bars(figure)) == 1


def test_methods_without_a_rank_are_named_below() -> None:
    figure = diagram((1.0, math.nan, math.inf), (0, 1))
    texts = said(figure)
    assert texts["method 0"].y < texts["method 1: no rank"].y < texts["method 2: no rank"].y
    assert not bars(figure)
    assert "Cross: without an average rank." in figure.footnotes()


def test_the_best_rank_is_always_on_the_axis() -> None:
    assert {"1", "20"} <= set(said(diagram([float(rank) for rank in range(1, 21)])))


def test_the_table_says_with_whom_each_method_is_joined() -> None:
    table = diagram((1.0, 2.0, math.nan), (0, 1), (1, 2), names=("a", "b", "c")).table()
    assert table.columns == ("method", "average rank", "not told apart from")
    assert table.rows == (("a", 1.0, "b"), ("b", 2.0, "a, c"), ("c", None, "b"))


@pytest.mark.parametrize("clique", [(0, 2), (-1, 0)])
def test_cliques_of_unknown_methods_are_refused(clique: Clique) -> None:
    with pytest.raises(ValueError, match="a clique names method"):
        diagram((1.0, 2.0), clique)


@pytest.mark.parametrize("difference", [0.0, -1.0, math.nan, math.inf])
def test_a_critical_difference_that_is_none_is_refused(difference: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        diagram((1.0, 2.0), difference=difference)
