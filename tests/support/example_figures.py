"""Figures of every kind, for the tests of plots."""

import math

from runreport.names import Direction
from runreport.plots.estimates import EstimateFigure, EstimateRow
from runreport.plots.lineage import LineageArrow, LineageBox, LineageFigure
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

FigureSpec = CurveFigure | DotFigure | EstimateFigure | ScatterFigure | LineageFigure
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


def figures(name: str) -> tuple[FigureSpec, ...]:
    """One figure of each kind in which every text is ``name``."""
    axis = Axis(label=name, unit=name)
    run = RunLine(name=name, steps=(1.0, 2.0), values=(0.4, math.inf), total_points=2)
    said = {"title": name, "description": name, "notes": (name,)}
    many = tuple(curve(f"{name}{index}") for index in range(9))
    gaps = curve(name, mean=(0.5, math.nan, 0.8, -math.inf), n=(5, 0, 4, 4))
    dots = DotRow(name=name, values=(0.1, 0.2), labels=(name, name), mean=0.15, low=-9.0, high=9.0, left_out=(name,))
    forest = EstimateRow(name=name, value=0.1, low=-math.inf, high=0.3, remark=name)
    points = (ScatterPoint(label=name, x=name, y=1.0, is_best=True), ScatterPoint(label=name, x="b", y=math.nan))
    box = LineageBox(node_id="a", kind=name, label=name, detail=name, x=4, y=4, url=name)
    other = LineageBox(node_id="b", kind="run", label=name, detail=name, x=240, y=62)
    arrow = LineageArrow(from_node="a", to_node="b", relation=name)
    return (
        CurveFigure(x=axis, y=axis, series=many, runs=(run,), **said),
        CurveFigure(x=axis, y=axis, series=(gaps,), **said),
        DotFigure(x=axis, rows=(dots,), direction=Direction.UP, **said),
        EstimateFigure(x=axis, rows=(forest,), direction=Direction.DOWN, **said),
        ScatterFigure(x=axis, y=axis, points=points, missing=1, **said),
        LineageFigure(title=name, description=name, width=420.0, height=120.0, boxes=(box, other), arrows=(arrow,)),
    )
