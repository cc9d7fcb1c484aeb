"""What each page is made of: the contract between the pages and a theme.

A template receives the fields of its page's context as variables. Every text is ready to be placed: rounded, with
its unit and in its order. Addresses are relative to the root of the site; a template puts ``frame.root`` before
them. The annotations are the documentation of the theme contract.
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

CONTRACT = 1
"""Version of this contract; a theme states the one it was written for."""

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
class OverviewPage:
    """The first page."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the report."]
    description: Annotated[str, "Markdown from the config; may be empty."]
    summary: Annotated[str, "What was read, in a sentence."]
    contents: Annotated[tuple[Link, ...], "The experiments, when there are several: links within the page."]
    experiments: Annotated[tuple[ExperimentSection, ...], "One section per experiment."]
    ledger: Annotated[Table, "Counts of runs by what became of them."]
    notices: Annotated[Link | None, "The page of the notices, with their number; None without notices."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPage:
    """One experiment of several."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Name of the experiment."]
    section: Annotated[ExperimentSection, "All of it."]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """All runs, or one part of them."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    summary: Annotated[str, "How many runs are shown here and where the others are."]
    tables: Annotated[tuple[Table, ...], "One table per experiment."]
    parts: Annotated[tuple[Link, ...], "All parts of the list when there are several."]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Name of the run."]
    summary: Annotated[str, "What became of it, in a sentence."]
    tone: Annotated[Tone, "What its status means."]
    facts: Annotated[tuple[Fact, ...], "Group, seed, status, times, origin."]
    note: Annotated[str, "Markdown from the log; may be empty."]
    notices: Annotated[Table | None, "What was noticed about it."]
    metrics: Annotated[Table | None, "Its metrics: first, last, best, counts."]
    curves: Annotated[tuple[FigureBlock, ...], "Its main metrics over steps."]
    params: Annotated[Table | None, "Its params."]
    tags: Annotated[Table | None, "Its tags."]
    datasets: Annotated[Table | None, "The data it read."]
    models: Annotated[Table | None, "The models it logged, and the registered versions that came out of it."]
    code: Annotated[tuple[Fact, ...], "The state of its source code."]
    environment: Annotated[Table | None, "Packages, hardware and drivers."]
    media: Annotated[LoggedMedia | None, "Pictures, texts and histograms inside of its log; None without any."]
    artifacts: Annotated[Table | None, "The files it left; never linked, they come from a log."]
    relatives: Annotated[Table | None, "Its parent and children."]
    lineage: Annotated[FigureBlock | None, "Code and data into it, artifacts out of it."]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage:
    """One group."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Name of the group."]
    summary: Annotated[str, "How many runs and seeds it has."]
    role: Annotated[str, "What it is in the comparison, in a sentence."]
    cautions: Annotated[tuple[Caution, ...], "What to be careful about."]
    facts: Annotated[tuple[Fact, ...], "The params its runs share."]
    comparisons: Annotated[Table | None, "The comparisons it takes part in."]
    metrics: Annotated[Table | None, "Every metric over its runs."]
    curves: Annotated[FigureBlock | None, "The primary metric of its runs over steps, or its nearest kin."]
    runs: Annotated[Table, "Its runs."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """One candidate against the baseline."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "The two groups."]
    candidate: Annotated[Cell, "The candidate group."]
    baseline: Annotated[Cell, "The baseline group."]
    verdict: Annotated[Verdict | None, "The verdict on the primary metric; None without one."]
    why: Annotated[str, "Which test was taken on the primary metric, and why; may be empty."]
    cautions: Annotated[tuple[Caution, ...], "Cautions of that verdict and confounds that could explain it."]
    tests: Annotated[Table | None, "The difference by the planned test, and by others beside it."]
    candidates: Annotated[FigureBlock | None, "All candidates against the baseline on the primary metric."]
    primary: Annotated[Table | None, "The contrast on the primary metric in full."]
    dots: Annotated[FigureBlock | None, "One dot per run on the primary metric."]
    curves: Annotated[
        FigureBlock | None,
        "The primary metric of both groups over steps, or its nearest kin that was logged over steps.",
    ]
    forest: Annotated[FigureBlock | None, "Effect size of every metric with its interval."]
    contrasts: Annotated[Table | None, "Every metric; None without metrics."]
    diffs: Annotated[tuple[DiffSection, ...], "What differs beside the numbers."]
    runs: Annotated[Table, "The runs on both sides."]
    lineage: Annotated[FigureBlock | None, "Where both sides come from."]


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """Methods over several tasks."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "How many methods and tasks there are."]
    headline: Annotated[str, "Which method is best over the tasks, in a sentence."]
    reading: Annotated[str, "The metric, what names the task, and how scores were normalised."]
    why: Annotated[str, "Which analysis was taken and why."]
    cautions: Annotated[tuple[Caution, ...], "What to be careful about."]
    aggregates: Annotated[Table | None, "Aggregates of the normalised scores; None without a common scale."]
    iqm: Annotated[FigureBlock | None, "The interquartile mean of every method."]
    no_aggregates: Annotated[str, "Why nothing is averaged over tasks; empty when it is."]
    improvement: Annotated[FigureBlock | None, "The probability of improvement over the baseline."]
    improvements: Annotated[Table | None, "The probability of improvement of pairs of methods."]
    profiles: Annotated[FigureBlock | None, "Performance profiles."]
    ranks: Annotated[tuple[Fact, ...], "The rank test over tasks."]
    average_ranks: Annotated[Table | None, "Average ranks, and the chance to be best; None without a rank test."]
    critical_difference: Annotated[FigureBlock | None, "The critical-difference diagram."]
    rank_distribution: Annotated[FigureBlock | None, "How often each method would take each rank."]
    pairs: Annotated[Table | None, "Pairs of methods tested over the tasks; None without a common scale."]
    scores: Annotated[Table | None, "Every method on every task."]
    scale: Annotated[Table | None, "The scores that became 0 and 1; None when scores are as logged."]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPage:
    """Every group against one target."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "The target in words."]
    headline: Annotated[str, "How many groups meet it, in a sentence."]
    why: Annotated[str, "Which test was taken and why."]
    answers: Annotated[Table | None, "Every group with its margin, one-sided p and the runs needed."]
    sentences: Annotated[tuple[Caution, ...], "The answer for each group in words; the kind is the group."]
    cautions: Annotated[tuple[Caution, ...], "What to be careful about; the kind is the group."]
    dots: Annotated[FigureBlock | None, "One dot per run, with the target."]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPage:
    """One metric of an experiment."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Name of the metric."]
    reading: Annotated[str, "How it is read: direction and who said so, reduction, unit."]
    curves: Annotated[FigureBlock | None, "All groups over steps, with bands."]
    coverage: Annotated[Table | None, "How many runs there are at each step."]
    peaks: Annotated[Table | None, "The step with the best mean of each group; None without a direction or steps."]
    dots: Annotated[FigureBlock | None, "One dot per run."]
    samples: Annotated[Table | None, "Every group in numbers."]
    contrasts: Annotated[Table | None, "Every candidate against the baseline."]
    values: Annotated[Table | None, "The value of every run."]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPage:
    """All runs of a sweep."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    reading: Annotated[str, "What was swept and how runs are ranked."]
    ranking: Annotated[Table, "The first runs by rank, at most 1,000."]
    associations: Annotated[Table | None, "How each param goes along with the metric; None without varied params."]
    cautions: Annotated[tuple[Caution, ...], "What to be careful about in them."]
    scatters: Annotated[tuple[FigureBlock, ...], "Each varying param against the metric."]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineagePage:
    """Where everything comes from."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    blocks: Annotated[tuple[tuple[str, FigureBlock], ...], "Pairs of an experiment's name and its graph."]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPage:
    """Everything that was noticed."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    summary: Annotated[str, "How many of each severity."]
    ledger: Annotated[Table | None, "What was found in the logs and what became of it; None when that is not known."]
    tables: Annotated[tuple[Table, ...], "One table per severity, the gravest first."]


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPage:
    """How the report was made."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    facts: Annotated[tuple[Fact, ...], "Version, snapshot, command, date."]
    inputs: Annotated[Table | None, "What was read."]
    libraries: Annotated[Table | None, "Versions of the libraries behind the numbers."]
    methods: Annotated[tuple[Fact, ...], "How groups, intervals and verdicts are made."]
    config: Annotated[str, "The settings that differ from their defaults, as JSON; empty when none does."]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPage:
    """How to read the numbers of the report."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]
    groups: Annotated[tuple[TermGroup, ...], "The words, by what they are about."]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFoundPage:
    """What a web server shows for a wrong address."""

    frame: Annotated[Frame, "What surrounds the content."]
    title: Annotated[str, "Title of the page."]


Context = (
    OverviewPage
    | ExperimentPage
    | RunsPage
    | RunPage
    | GroupPage
    | ComparisonPage
    | TasksPage
    | TargetPage
    | MetricPage
    | SweepPage
    | LineagePage
    | NoticesPage
    | AboutPage
    | ReadingPage
    | NotFoundPage
)

TEMPLATES: dict[str, type[Context]] = {
    "overview.html": OverviewPage,
    "experiment.html": ExperimentPage,
    "runs.html": RunsPage,
    "run.html": RunPage,
    "group.html": GroupPage,
    "comparison.html": ComparisonPage,
    "tasks.html": TasksPage,
    "target.html": TargetPage,
    "metric.html": MetricPage,
    "sweep.html": SweepPage,
    "lineage.html": LineagePage,
    "notices.html": NoticesPage,
    "about.html": AboutPage,
    "reading.html": ReadingPage,
    "404.html": NotFoundPage,
}
"""The templates a theme must have, with the context each receives."""
