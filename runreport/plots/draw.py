"""Figures drawn by Matplotlib as inline SVG. The only module that imports Matplotlib."""

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.transforms import Bbox, TransformedBbox

from runreport.names import content_hash
from runreport.plots.critical_difference import CriticalDifferenceFigure, critical_difference_scene
from runreport.plots.curves import curve_scene
from runreport.plots.dots import dot_scene
from runreport.plots.estimates import EstimateFigure, estimate_scene
from runreport.plots.inline import Caption, inline
from runreport.plots.lineage import LineageFigure, lineage_svg
from runreport.plots.profiles import ProfileFigure, profile_scene
from runreport.plots.ranks import RankFigure, rank_scene
from runreport.plots.scatter import scatter_scene
from runreport.plots.scene import WIDTH, Area, Box, Dots, Line, Mark, Role, Scene, Text
from runreport.plots.spec import CurveFigure, DotFigure, ScatterFigure

PanelSpec = CurveFigure | ProfileFigure | ScatterFigure | CriticalDifferenceFigure
RowSpec = DotFigure | EstimateFigure | RankFigure
FigureSpec = PanelSpec | RowSpec | LineageFigure

_POINTS_PER_INCH = 72.0
_COLORS: Mapping[Role, str] = {role: f"#0000{index:02x}" for index, role in enumerate(Role, start=1)}
_ROLES: Mapping[str, Role] = {color: role for role, color in _COLORS.items()}
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "runreport",
    "svg.fonttype": "none",
    "path.simplify": False,
    "lines.scale_dashes": False,
}
_STYLE_PARTS = ("axes.", "figure.", "font.", "lines.", "patch.", "path.", "svg.", "text.", "markers.")
_STROKED_MARKERS = frozenset("x+|_")


def draw(figure: FigureSpec, *, figure_id: str | None = None) -> str:
    """Return the figure as ``<svg>`` for use inside HTML: themable, without style or script, the same on every run.

    Args:
        figure: what to show.
        figure_id: starts every id inside; by default a hash of the figure, so that only the very same figure shown
            twice on one page needs an id of its own.

    Raises:
        ValueError: ``figure_id`` has other characters than letters, digits and hyphens.
    """
    identity = figure_id or f"figure-{content_hash(repr(figure))}"
    if isinstance(figure, LineageFigure):
        return lineage_svg(figure, figure_id=identity)
    scene = _scene(figure)
    texts = tuple(mark for mark in scene.marks if isinstance(mark, Text))
    caption = Caption(figure_id=identity, kind=figure.kind, title=figure.title, description=figure.description)
    return inline(_matplotlib_svg(scene), caption=caption, colors=_ROLES, texts=texts)


def _scene(figure: PanelSpec | RowSpec) -> Scene:
    match figure:
        case CurveFigure():
            return curve_scene(figure)
        case ProfileFigure():
            return profile_scene(figure)
        case ScatterFigure():
            return scatter_scene(figure)
        case CriticalDifferenceFigure():
            return critical_difference_scene(figure)
        case _:
            return _row_scene(figure)


def _row_scene(figure: RowSpec) -> Scene:
    match figure:
        case DotFigure():
            return dot_scene(figure)
        case EstimateFigure():
            return estimate_scene(figure)
        case RankFigure():
            return rank_scene(figure)


def _matplotlib_svg(scene: Scene) -> str:
    out = io.StringIO()
    with mpl.rc_context():
        # A matplotlibrc or a style of the user must not change the bytes.
        mpl.rcParams.update(_defaults())
        canvas = FigureCanvasSVG(Figure(figsize=(WIDTH / _POINTS_PER_INCH, scene.height / _POINTS_PER_INCH)))
        canvas.figure.set_dpi(_POINTS_PER_INCH)
        axes = _page(canvas.figure, scene.height)
        text_count = 0
        for order, mark in enumerate(scene.marks):
            artist = _artist(mark, axes, text_count)
            text_count += isinstance(mark, Text)
            artist.set_zorder(order)
        canvas.print_svg(out, metadata={"Date": None})  # type: ignore[no-untyped-call] # Matplotlib leaves it untyped
    return out.getvalue()


@lru_cache(maxsize=1)
def _defaults() -> dict[Any, Any]:
    return {name: value for name, value in mpl.rcParamsDefault.items() if name.startswith(_STYLE_PARTS)} | _STYLE


def _page(figure: Figure, height: float) -> Axes:
    """One pair of axes in the places of the scene, without anything of its own."""
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0.0, WIDTH), ylim=(height, 0.0))
    axes.set_axis_off()
    return axes


def _artist(mark: Mark, axes: Axes, text_index: int) -> Artist:
    match mark:
        case Line():
            return _line(mark, axes)
        case Area():
            return _area(mark, axes)
        case Dots():
            return _dots(mark, axes)
        case Text():
            # Matplotlib sees only a number: foreign text is put in its place afterwards, escaped.
            return axes.text(mark.x, mark.y, str(text_index), ha=mark.anchor, color=_COLORS[mark.role])


def _line(mark: Line, axes: Axes) -> Artist:
    line = Line2D(mark.x, mark.y, color=_COLORS[mark.role], linewidth=mark.width)
    if mark.dash:
        line.set_dashes(mark.dash)
    line.set(gid=mark.layer or None, solid_capstyle="butt", dash_capstyle="butt")
    axes.add_artist(line)
    _clip(line, mark.clip, axes)
    return line


def _area(mark: Area, axes: Axes) -> Artist:
    corners = list(zip(mark.x.tolist(), mark.y.tolist(), strict=True))
    area = Polygon(corners, closed=True, facecolor=_COLORS[mark.role], linewidth=0, gid=mark.layer or None)
    if mark.opacity < 1:
        area.set_alpha(mark.opacity)
    axes.add_artist(area)
    _clip(area, mark.clip, axes)
    return area


def _dots(mark: Dots, axes: Axes) -> Artist:
    color = _COLORS[mark.role]
    is_outline = mark.is_hollow or mark.marker in _STROKED_MARKERS
    dots = Line2D(mark.x, mark.y, linestyle="none", marker=mark.marker, markersize=mark.size, gid=mark.layer or None)
    dots.set(markeredgecolor=color, markeredgewidth=1.6 if is_outline else 0.0)
    dots.set_markerfacecolor("none" if mark.is_hollow else color)
    axes.add_artist(dots)
    _clip(dots, None, axes)
    return dots


def _clip(artist: Artist, box: Box | None, axes: Axes) -> None:
    if box is None:
        artist.set_clip_on(False)
        return
    inside = Bbox.from_extents(box.left, box.top, box.right, box.bottom)
    artist.set_clip_path(None)
    artist.set_clip_box(TransformedBbox(inside, axes.transData))
