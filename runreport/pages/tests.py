"""One difference by several tests: the planned one decides, the others show how much hangs on the choice."""

from collections.abc import Iterator
from dataclasses import dataclass

from runreport.compare.comparison import Contrast
from runreport.compare.words import format_level, format_p, half_width
from runreport.pages import cells, numbers
from runreport.pages.parts import Cell, Column, Row, Table, Tone
from runreport.stats.plan import Design
from runreport.stats.types import Estimate
from runreport.stats.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One way to look at the difference."""

    name: str
    runs: str = ""
    delta: Estimate | None = None
    p: float | None = None
    remark: str = ""
    decides: bool = False


def tests_table(contrast: Contrast) -> Table | None:
    """Return the difference by the planned test and by what stands beside it; None where there is nothing beside."""
    lines = list(_lines(contrast))
    if len(lines) < 2:  # noqa: PLR2004 - one alone is in the table of the contrast already
        return None
    level = format_level(contrast.level)
    heads = (
        Column(key="test", label="Test"),
        Column(key="n", label="Runs"),
        Column(key="delta", label="Difference", detail=contrast.metric.unit, is_number=True),
        Column(key="interval", label=f"{level} interval", is_number=True),
        Column(key="p", label="p", detail="on its own", is_number=True),
        Column(key="remark", label="Remark"),
    )
    width = half_width(contrast.delta.interval) if contrast.delta else None
    places = numbers.places_for_spread([width], [contrast.delta.value if contrast.delta else None])
    rows = (_row(line, places) for line in lines)
    return cells.table("tests", "The difference by several tests", heads, rows)


def _lines(contrast: Contrast) -> Iterator[_Line]:
    yield _planned(contrast)
    if contrast.plan.design is not Design.INDEPENDENT:
        yield _Line(
            name="Welch t, all runs",
            runs=_sizes(contrast),
            delta=contrast.unpaired_delta,
            p=contrast.unpaired.p if contrast.unpaired else None,
            remark="as if the sides were independent",
        )
    if contrast.paired and contrast.paired.sign_flip:
        found = contrast.paired.sign_flip
        yield _Line(
            name="sign flips of the pairs",
            runs=_pairs(contrast),
            p=found.test.p,
            remark="assumes no normal distribution",
        )
    if contrast.folds:
        remark = "refused: folds overlap, so this p is too small"
        yield _Line(name="plain paired t over folds", p=contrast.folds.naive_p, remark=remark)
    if contrast.equivalence:
        found_margin = contrast.equivalence
        margin = f"within \N{PLUS-MINUS SIGN}{numbers.number(found_margin.margin)}"
        yield _Line(name="equivalence (TOST)", p=found_margin.p, remark=margin)
    if contrast.worst_case is not None:
        yield _Line(
            name="failed runs as the worst value", delta=Estimate(value=contrast.worst_case), remark="sensitivity"
        )


def _planned(contrast: Contrast) -> _Line:
    runs = _pairs(contrast) if contrast.plan.design is Design.PAIRED else _sizes(contrast)
    return _Line(
        name=contrast.plan.test,
        runs=runs,
        delta=contrast.delta,
        p=contrast.test.p if contrast.test else None,
        remark=_pair_words(contrast),
        decides=True,
    )


def _pair_words(contrast: Contrast) -> str:
    paired = contrast.paired
    if paired is None or contrast.plan.design is not Design.PAIRED:
        return "decides"
    parts = ["decides"]
    if paired.cohen_dz is not None:
        parts.append(f"dz {paired.cohen_dz:+.2f}".replace("-", "\N{MINUS SIGN}"))
    if paired.share_won is not None:
        parts.append(f"higher on {paired.share_won:.0%} of the seeds".replace("%", " %"))
    if paired.correlation is not None:
        parts.append(f"correlation of seeds {paired.correlation:.2f}".replace("-", "\N{MINUS SIGN}"))
    return "; ".join(parts)


def _pairs(contrast: Contrast) -> str:
    return counted(len(contrast.paired.common_seeds), "pair") if contrast.paired else ""


def _sizes(contrast: Contrast) -> str:
    return f"{contrast.candidate.description.n} and {contrast.baseline.description.n}"


def _row(line: _Line, places: int | None) -> Row:
    interval = line.delta.interval if line.delta else None
    return Row(
        cells=(
            Cell(text=line.name),
            cells.text_cell(line.runs),
            cells.number_cell(line.delta.value if line.delta else None, places, sign=True),
            Cell(text=numbers.interval(interval.low, interval.high, places, sign=True), sort=interval.low)
            if interval
            else cells.text_cell(None),
            Cell(text=format_p(line.p).removeprefix("= "), sort=line.p)
            if line.p is not None
            else cells.text_cell(None),
            Cell(text=line.remark, tone=Tone.PLAIN if line.decides else Tone.MUTED),
        )
    )
