"""Every kind of figure is drawn: safe whatever it is given, the same bytes every time."""

import hashlib
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from example_figures import FigureSpec, curve, curves, figures, profile

from runreport.plots.critical_difference import CriticalDifferenceFigure
from runreport.plots.downsample import Floats
from runreport.plots.draw import draw
from runreport.plots.estimates import EstimateFigure, EstimateRow
from runreport.plots.inline import FIGURE_CLASSES, KINDS
from runreport.plots.profiles import ProfileFigure
from runreport.plots.ranks import RankFigure, RankRow, shade
from runreport.plots.spec import (
    Axis,
    CurveSeries,
    DotFigure,
    Scale,
    ScatterFigure,
    ScatterPoint,
)

HOSTILE = [
    "</svg><script>window.XSS=1</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "//host/x",
    "$x^2$ $\\frac{1}{",
    "\\",
    "a\x00b\x1b[31m",
    "\u202egnp.exe\u202c",
    "\ud800",
    "]]>&amp;<!--",
    "學習率🙂 é",
    "x" * 10_000,
    "",
    "0",
]
Noisy = tuple[Floats, Floats]
ELEMENTS = {"svg", "title", "desc", "defs", "g", "path", "use", "text", "clipPath", "rect", "a"}
CSS = Path(__file__).parents[3] / "themes" / "default" / "static" / "figures.css"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - drawn by us


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in parsed(svg).iter("text")]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name: str) -> None:
    for figure in figures(name):
        svg = draw(figure, figure_id="f")
        svg.encode()
        nodes = list(parsed(svg).iter())
        assert {node.tag for node in nodes} <= ELEMENTS
        attributes = {key for node in nodes for key in node.attrib}
        assert not {key for key in attributes if key.startswith("on") or key in {"style", "src"}}
        links = [value for node in nodes for key, value in node.attrib.items() if key.endswith("href")]
        assert not [link for link in links if ":" in link or link.startswith("/")]
        assert len(svg) < 60_000


@pytest.mark.parametrize("figure", figures("val/acc"), ids=lambda figure: figure.kind)
def test_only_classes_of_the_contract_are_used_and_ids_are_unique(figure: FigureSpec) -> None:
    nodes = list(parsed(draw(figure, figure_id="one")).iter())
    used = {name for node in nodes for name in node.attrib.get("class", "").split()}
    assert used <= set(FIGURE_CLASSES)
    ids = [node.attrib["id"] for node in nodes if "id" in node.attrib]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("one-") for name in ids)
    targets = re.findall(r'(?:href="#|url\(#)([\w-]+)', draw(figure, figure_id="one"))
    assert set(targets) <= set(ids)


def test_colours_never_stand_in_the_drawing() -> None:
    for figure in figures("f1"):
        assert not re.search(r"#[0-9a-f]{6}|rgb\(", draw(figure))


def test_a_user_style_changes_nothing() -> None:
    figure = figures("f1")[0]
    plain = draw(figure)
    with mpl.rc_context({"lines.linewidth": 9, "svg.fonttype": "path", "font.family": "serif", "path.simplify": True}):
        assert draw(figure) == plain


PROGRAM = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from example_figures import figures
from runreport.plots.draw import draw
print(hashlib.sha256("".join(draw(figure) for figure in figures("f1")).encode()).hexdigest())
"""


def test_bytes_do_not_depend_on_process_time_zone_locale_or_hash_seed() -> None:
    here = hashlib.sha256("".join(draw(figure) for figure in figures("f1")).encode()).hexdigest()
    settings = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland", "LC_ALL": "de_DE.UTF-8", "SOURCE_DATE_EPOCH": "7"}
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[2] / "support")]
    run = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == here


def test_the_figure_chooses_an_id_of_its_own_content() -> None:
    one, other = draw(curves(curve())), draw(curves(curve("other")))
    assert one == draw(curves(curve()))
    assert re.findall(r'id="(\S+)-title"', one) != re.findall(r'id="(\S+)-title"', other)


def test_clips_are_where_the_plot_is() -> None:
    (clip,) = parsed(draw(curves(curve()))).iter("rect")
    assert all(float(clip.attrib[side]) > 0 for side in ("x", "y", "width", "height"))


@pytest.mark.parametrize(
    "values",
    [(), (math.nan,), (math.inf, -math.inf), (0.0,), (1e308, -1e308), (5e-324, 0.0), (1.0, 1.0 + 1e-15), (-0.0,)],
)
def test_any_values_can_be_drawn_on_any_scale(values: tuple[float, ...]) -> None:
    for scale in Scale:
        axis = Axis(label="v", scale=scale)
        line = curve(mean=values, n=(5,) * len(values))
        points = tuple(ScatterPoint(label="r", x=value, y=value) for value in values)
        draw(curves(line, y=axis, x=axis))
        draw(ScatterFigure(title="t", description="d", x=axis, y=axis, points=points))
        rows = tuple(EstimateRow(name="r", value=value, low=-math.inf, high=value) for value in values)
        draw(EstimateFigure(title="t", description="d", x=axis, rows=rows, reference=0.0))


def test_figures_without_rows_are_drawn() -> None:
    axis = Axis(label="f1")
    assert "f1" in texts(draw(DotFigure(title="t", description="d", x=axis, rows=())))
    assert "f1" in texts(draw(EstimateFigure(title="t", description="d", x=axis, rows=())))
    assert "f1" in texts(draw(ProfileFigure(title="t", description="d", x=axis, series=())))
    assert "probability" in texts(draw(RankFigure(title="t", description="d", rows=())))
    none = CriticalDifferenceFigure(
        title="t", description="d", methods=(), critical_difference=None, cliques=(), tasks=0
    )
    assert "average rank, the best at the left" in texts(draw(none))


def test_a_large_figure_stays_small(noisy: Noisy) -> None:
    steps, values = noisy
    line = CurveSeries.from_columns(name="a", steps=steps, mean=values, low=values, high=values, n=[3] * 10_000, size=3)
    assert len(draw(curves(line))) < 60_000


@pytest.mark.parametrize("count", [1, 2, 20])
def test_up_to_twenty_methods_are_drawn_small(count: int) -> None:
    names = [f"method {index}" for index in range(count)]
    equal = tuple(RankRow(name=name, probabilities=(1 / count,) * count) for name in names)
    assert len(draw(RankFigure(title="t", description="d", rows=equal))) < 70_000
    lines = tuple(profile(name) for name in names)
    said = texts(draw(ProfileFigure(title="t", description="d", x=Axis(label="score"), series=lines)))
    assert set(names) <= set(said)


def luminance(color: str) -> float:
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("part", "page"), [(0, "#ffffff"), (1, "#16181b"), (2, "#16181b"), (3, "#ffffff")])
def test_series_and_texts_of_the_default_theme_can_be_told_from_the_page(part: int, page: str) -> None:
    palettes = re.findall(r":root[^{]*\{([^}]*--rr-s0[^}]*)\}", CSS.read_text(encoding="utf-8"))
    colors = dict(re.findall(r"--rr-([\w-]+): (#[0-9a-f]{6});", palettes[part]))
    assert min(contrast(colors[f"s{index}"], page) for index in range(8)) >= 3
    assert contrast(colors.get("figure-muted", "#444444"), page) >= 4.5


def test_the_default_theme_styles_every_role_and_layer() -> None:
    css = CSS.read_text(encoding="utf-8")
    assert not [name for name in FIGURE_CLASSES if f".{name}" not in css and name not in ("rr-figure", *KINDS)]


@pytest.mark.parametrize(("part", "page"), [(0, "#ffffff"), (1, "#16181b"), (2, "#16181b"), (3, "#ffffff")])
def test_the_number_of_a_rank_can_be_read_on_its_shade(part: int, page: str) -> None:
    palettes = re.findall(r":root[^{]*\{([^}]*--rr-s0[^}]*)\}", CSS.read_text(encoding="utf-8"))
    colors = dict(re.findall(r"--rr-([\w-]+): (#[0-9a-f]{6});", palettes[part]))
    assert contrast(colors.get("figure-paper", "#ffffff"), colors["s0"]) >= 4.5
    ink = colors.get("figure-ink", "#000000")
    assert min(contrast(ink, mixed(colors["s0"], page, shade(rank, 20))) for rank in range(2, 21)) >= 4.5


def mixed(color: str, page: str, opacity: float) -> str:
    pairs = [(int(color[at : at + 2], 16), int(page[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * front + (1 - opacity) * back):02x}" for front, back in pairs)
