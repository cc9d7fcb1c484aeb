"""What pages are made of: cells, tables, figures, cautions; every text is ready to be placed.

The annotations are the documentation of the theme contract.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from runreport.plots.critical_difference import CriticalDifferenceFigure
from runreport.plots.estimates import EstimateFigure
from runreport.plots.lineage import LineageFigure
from runreport.plots.profiles import ProfileFigure
from runreport.plots.ranks import RankFigure
from runreport.plots.spec import CurveFigure, DotFigure, ScatterFigure

Figure = (
    CurveFigure
    | DotFigure
    | EstimateFigure
    | ScatterFigure
    | CriticalDifferenceFigure
    | ProfileFigure
    | RankFigure
    | LineageFigure
)


class Tone(StrEnum):
    """What a piece of text means, for its colour; the words always say it as well."""

    PLAIN = ""
    BETTER = "better"
    WORSE = "worse"
    CAUTION = "caution"
    ERROR = "error"
    MUTED = "muted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place to go to."""

    label: Annotated[str, "The words of the link."]
    url: Annotated[str, "Address from the root of the site; empty when there is no such page."]
    is_current: Annotated[bool, "Whether it leads to the part of the site the page belongs to."] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds the content of every page."""

    url: Annotated[str, "Address of the page from the root of the site."]
    root: Annotated[str, "What leads from this page to the root of the site, for example ``../../``; may be empty."]
    lang: Annotated[str, "Language of the pages."]
    title: Annotated[str, "Title of the page, for the title bar."]
    site_title: Annotated[str, "Title of the report."]
    navigation: Annotated[tuple[Link, ...], "The main parts of the site."]
    breadcrumbs: Annotated[tuple[Link, ...], "The pages above this one, outermost first."]
    ledger: Annotated[str, "One sentence that accounts for every run that was read."]
    generator: Annotated[str, "The program and its version."]
    date: Annotated[str, "Date of the newest run (never the time of the build); may be empty."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of a table or list of facts."""

    text: Annotated[str, "The value as it is shown; a long one is cut."]
    full: Annotated[str, "The whole text where ``text`` was cut, else empty."] = ""
    note: Annotated[str, "A second, quieter text; may be empty."] = ""
    url: Annotated[str, "Where the text leads to; empty when nowhere."] = ""
    tone: Annotated[Tone, "What the value means."] = Tone.PLAIN
    sort: Annotated[float | None, "The number behind the text; None when it is text or not finite."] = None
    is_code: Annotated[bool, "Whether it is a literal from a log: a param, a path, a digest."] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    key: Annotated[str, "Stable name of the column; several columns of a table may share one."]
    label: Annotated[str, "Its heading."]
    detail: Annotated[str, "A second line of the heading: unit, reduction, direction; may be empty."] = ""
    is_number: Annotated[bool, "Whether its cells are numbers, set flush right."] = False
    help: Annotated[str, "Address of the explanation of what it shows; may be empty."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; its first cell names it."""

    cells: Annotated[tuple[Cell, ...], "One cell per column."]
    tone: Annotated[Tone, "What the row as a whole means."] = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table ready to be set."""

    table_id: Annotated[str, "Id within its page."]
    caption: Annotated[str, "What it shows, in a phrase."]
    columns: Annotated[tuple[Column, ...], "Its columns."]
    rows: Annotated[tuple[Row, ...], "Its rows in the order to show them."]
    note: Annotated[str, "What a reader must know to read it; may be empty."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBlock:
    """A figure with its caption."""

    figure_id: Annotated[str, "Id within its page."]
    figure: Annotated[Figure, "The figure as values; ``svg[figure_id]`` is it drawn as inline SVG."]
    caption: Annotated[str, "How to read it, where the figure does not say so itself; may be empty."]
    data: Annotated[Table, "The numbers behind it."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture from a log, copied into the site."""

    url: Annotated[str, "Address of the copy from the root of the site."]
    digest: Annotated[str, "SHA-256 of its bytes."]
    alt: Annotated[str, "What it is, for those who do not see it."]
    caption: Annotated[str, "Its step or name."]
    width: Annotated[int, "Width in pixels."]
    height: Annotated[int, "Height in pixels."]
    is_tiny: Annotated[bool, "Whether it is so small that it is best shown enlarged, pixel by pixel."]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSet:
    """The pictures that were logged under one name, in the order of their steps."""

    name: Annotated[str, "The name they were logged under."]
    pictures: Annotated[tuple[Picture, ...], "The pictures."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedText:
    """A text from a log."""

    name: Annotated[str, "The name it was logged under."]
    detail: Annotated[str, "Its step, and how many there are of that name; may be empty."]
    text: Annotated[str, "Markdown from the log."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMedia:
    """What the log of a run holds beside numbers and facts."""

    pictures: Annotated[tuple[PictureSet, ...], "Pictures by name."]
    texts: Annotated[tuple[LoggedText, ...], "The last text of each name."]
    histograms: Annotated[tuple[FigureBlock, ...], "Quantiles of the first few histograms over steps."]
    distributions: Annotated[Table | None, "All histograms at their last step."]
    note: Annotated[str, "What is not shown here; may be empty."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A labelled value."""

    label: Annotated[str, "What it is."]
    cell: Annotated[Cell, "What it is here."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a contrast in words."""

    word: Annotated[str, "The verdict, for example ``better``."]
    sentence: Annotated[str, "The sentence behind it."]
    tone: Annotated[Tone, "What it means."] = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something to be careful about."""

    kind: Annotated[str, "A word for it, for example ``code`` or ``few seeds``; may be empty."]
    sentence: Annotated[str, "What it is."]
    help: Annotated[str, "Address of the explanation of it; may be empty."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffSection:
    """What differs between the two sides in one respect."""

    anchor: Annotated[str, "Id within the page."]
    title: Annotated[str, "The respect: params, tags, environment, code, datasets."]
    summary: Annotated[str, "How much differs, in a sentence."]
    different: Annotated[Table | None, "The rows that differ; None when none does."]
    equal: Annotated[Table | None, "The rows that agree; None when there are none."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSection:
    """The answer for one experiment, and the evidence behind it."""

    anchor: Annotated[str, "Id within the page."]
    name: Annotated[Cell, "Name of the experiment."]
    more: Annotated[Link | None, "Its own page, where the rest of it is; None when this is all."]
    headline: Annotated[str, "The answer in one sentence."]
    reading: Annotated[str, "How the primary metric is read and which rule chose it and the baseline."]
    cautions: Annotated[tuple[Caution, ...], "What to be careful about."]
    groups: Annotated[Table | None, "The groups on the primary metric; None without groups."]
    dots: Annotated[FigureBlock | None, "One dot per run of every group; None without values."]
    tasks: Annotated[Table | None, "Aggregates of methods over tasks; None without tasks or a common scale."]
    tasks_link: Annotated[Link | None, "The page of the methods over tasks; None without one."]
    targets: Annotated[Table | None, "Every group against every target; None without targets."]
    times_to_train: Annotated[Table | None, "The MLPerf scores; None without MLPerf logs."]
    metrics: Annotated[Table | None, "All metrics by group; None on an overview of several experiments."]
    best_runs: Annotated[Table | None, "The best single runs on the primary metric, fewer beside other experiments."]
    sweep: Annotated[Table | None, "The top of the sweep; None when there is no sweep."]
    sweep_link: Annotated[Link | None, "The page of the whole sweep."]
    examples: Annotated[Table | None, "Single runs compared on the same test examples; None without any."]
    not_compared: Annotated[Table | None, "Groups without a comparison, and why."]
    ledger: Annotated[str, "What became of its runs, in a sentence."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of the report, explained."""

    anchor: Annotated[str, "Id within the page."]
    title: Annotated[str, "The word or column."]
    text: Annotated[str, "What it means, in plain words."]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermGroup:
    """Words that belong together."""

    title: Annotated[str, "What they are about."]
    terms: Annotated[tuple[Term, ...], "The words."]
