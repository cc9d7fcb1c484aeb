"""Figures of every kind, for the tests of plots."""

import math
from typing import Any

from runreport.names import Direction
from runreport.plots.critical_difference import CriticalDifferenceFigure, MethodRank
from runreport.plots.estimates import EstimateFigure, EstimateRow
from runreport.plots.lineage import LineageArrow, LineageBox, LineageFigure
from runreport.plots.profiles import ProfileFigure, ProfileSeries
from runreport.plots.ranks import RankFigure, RankRow
from runreport.plots.spec import (
    Axis,
    CurveFigure,
    CurveSeries,
    DotFigure,
    DotRow,
    RunLine,
    ScatterFigure,
    ScatterPoint,
)

FigureSpec = (
    CurveFigure
    | DotFigure
    | EstimateFigure
    | ScatterFigure
    | CriticalDifferenceFigure
    | ProfileFigure
    | RankFigure
    | LineageFigure
)
Columns = tuple[float, ...]
Counts = tuple[int, ...]


STEP, ACCURACY = Axis(label="step"), Axis(label="accuracy")


def curve(
    name: str = "mlp", *, mean: Columns = (0.5, 0.7, 0.8), n: Counts = (5, 5, 5), half_width: float = 0.1
) -> CurveSeries:
    """The mean of a group of five runs at steps 1, 2, ..."""
    steps = tuple(float(step) for step in range(1, len(mean) + 1))
    low = tuple(value - half_width for value in mean)
    high = tuple(value + half_width for value in mean)
    return CurveSeries(name=name, steps=steps, mean=mean, low=low, high=high, n=n, size=5, total_points=len(mean))


def curves(*series: CurveSeries, x: Axis = STEP, y: Axis = ACCURACY) -> CurveFigure:
    return CurveFigure(title="accuracy", description="Accuracy over steps.", x=x, y=y, series=series)


def profile(name: str = "mlp", *, share: Columns = (1.0, 0.5, 0.0), half_width: float = 0.1) -> ProfileSeries:
    """The profile of a method at the scores 0, 1, ..."""
    scores = tuple(float(score) for score in range(len(share)))
    low, high = (tuple(value + way * half_width for value in share) for way in (-1, 1))
    return ProfileSeries(name=name, scores=scores, share=share, low=low, high=high, runs=20)


def _ranked(name: str, said: dict[str, Any]) -> CriticalDifferenceFigure:
    ranks = (1.5, 2.0, math.nan)
    return CriticalDifferenceFigure(
        methods=tuple(MethodRank(name=name, rank=rank) for rank in ranks),
        critical_difference=0.9,
        cliques=((0, 1),),
        tasks=7,
        **said,
    )


def figures(name: str) -> tuple[FigureSpec, ...]:
    """One figure of each kind in which every text is ``name``."""
    axis = Axis(label=name, unit=name)
    run = RunLine(name=name, steps=(1.0, 2.0), values=(0.4, math.inf), total_points=2)
    said: dict[str, Any] = {"title": name, "description": name, "notes": (name,)}
    many = tuple(curve(f"{name}{index}") for index in range(9))
    gaps = curve(name, mean=(0.5, math.nan, 0.8, -math.inf), n=(5, 0, 4, 4))
    dots = DotRow(name=name, values=(0.1, 0.2), labels=(name, name), mean=0.15, low=-9.0, high=9.0, left_out=(name,))
    one_sided = EstimateRow(name=name, value=0.1, low=-math.inf, high=0.3, remark=name)
    estimates = (one_sided, EstimateRow(name=name, value=math.nan), EstimateRow(name=name, value=None))
    points = (ScatterPoint(label=name, x=name, y=1.0, is_best=True), ScatterPoint(label=name, x="b", y=math.nan))
    box = LineageBox(node_id="a", kind=name, label=name, detail=name, x=4, y=4, url=name)
    other = LineageBox(node_id="b", kind="run", label=name, detail=name, x=240, y=62)
    arrow = LineageArrow(from_node="a", to_node="b", relation=name)
    return (
        CurveFigure(x=axis, y=axis, series=many, runs=(run,), **said),
        CurveFigure(x=axis, y=axis, series=(gaps,), **said),
        DotFigure(x=axis, rows=(dots,), direction=Direction.UP, **said),
        DotFigure(x=axis, rows=(dots,), reference=3.0, reference_label=name, wanted=Direction.UP, **said),
        EstimateFigure(x=axis, rows=estimates, reference=0.5, reference_label=name, direction=Direction.DOWN, **said),
        ScatterFigure(x=axis, y=axis, points=points, missing=1, **said),
        _ranked(name, said),
        ProfileFigure(x=axis, series=(profile(name), profile(name, share=(1.0, math.nan, 0.0))), **said),
        RankFigure(rows=(RankRow(name=name, probabilities=(0.75, 0.25)), RankRow(name=name, probabilities=())), **said),
        LineageFigure(title=name, description=name, width=420.0, height=120.0, boxes=(box, other), arrows=(arrow,)),
    )
