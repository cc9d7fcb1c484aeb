"""What each page is made of: the contract between the pages and a theme.

A template receives the fields of its page's context as variables. Every text is ready to be placed: rounded, with
its unit and in its order. Addresses are relative to the root of the site; a template puts ``frame.root`` before
them. The annotations are the documentation of the theme contract.
"""

from dataclasses import dataclass
from typing import Annotated

from runreport.pages.parts import (
    Caution,
    Cell,
    DiffSection,
    ExperimentSection,
    Fact,
    FigureBlock,
    Frame,
    Link,
    LoggedMedia,
    Table,
    TermGroup,
    Tone,
    Verdict,
)

CONTRACT = 1
"""Version of this contract; a theme states the one it was written for."""


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
