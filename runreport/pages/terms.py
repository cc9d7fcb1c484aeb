"""What the words and columns of the report mean, in plain words: the page that every table's head leads to."""

from runreport.pages import urls
from runreport.pages.contexts import Link, ReadingPage, Term, TermGroup
from runreport.pages.surroundings import Surroundings

_RUNS = (
    Term(
        anchor="run",
        title="Run, seed and group",
        text="A run is one execution. Runs that differ only in their seed form a group, and the group is what is compared: "
        "one run says little about a method, because another seed would have given another value. Runs of a group that "
        "repeat a seed are averaged first, and episodes or test examples inside of a run are never counted as runs.",
    ),
    Term(
        anchor="n",
        title="n",
        text="How many independent runs are behind a number. Runs that failed, were killed, are still running or were "
        "excluded are not among them; how many those are is written beside n.",
    ),
    Term(
        anchor="mean",
        title="Mean and sd",
        text="The mean is over the runs of a group, one value per run. The standard deviation (sd, with n − 1) says how far "
        "single runs lie from it; it does not shrink with more runs. It is not the uncertainty of the mean: that is "
        "the interval. Whether two bars of ± 1 sd overlap says nothing about a difference.",
    ),
    Term(
        anchor="reduction",
        title="One value per run",
        text="Each metric is reduced to one value per run before anything is compared: by default the last one logged. The "
        "best value of each run flatters noisy methods, so it has to be asked for.",
    ),
    Term(
        anchor="direction",
        title="Better and worse",
        text="Whether higher or lower is better comes from the settings, the log, or the name of the metric, in this order; "
        "a guess from the name is marked. Without a direction the words are higher and lower.",
    ),
)
_COMPARISONS = (
    Term(
        anchor="baseline",
        title="Baseline and candidate",
        text="Every candidate is compared with one baseline. All differences are candidate minus baseline.",
    ),
    Term(
        anchor="verdict",
        title="Verdict",
        text="Better or worse: the adjusted p is below the chosen alpha. No clear difference: it is not, and the sentence "
        "says which differences the data still allow; it never means that both are the same. Equivalent: the difference "
        "is surely smaller than the margin that was set. Cannot tell: no test is possible, and the sentence says why.",
    ),
    Term(
        anchor="difference",
        title="Difference and its interval",
        text="The difference of the means, in the unit of the metric. The 95 % interval is the range of true differences "
        "that the runs do not speak against: intervals made this way miss the true difference in one case of twenty. "
        "An interval that contains 0 leaves open which side is ahead.",
    ),
    Term(
        anchor="p",
        title="p",
        text="How often a difference at least this large would come out if the two sides were in truth the same. It is not "
        "the probability that they are. When several candidates are tested, one of them looks good by luck more easily, "
        "so p is adjusted by Holm's method; the number of tests it was adjusted over is written beside it.",
    ),
    Term(
        anchor="test",
        title="Which test, and why",
        text="The design of the runs picks the test, never a look at the values. Independent groups: Welch's t test, which "
        "does not need equal spreads. The same seeds on both sides, at least three of them: the paired t test over those "
        "seeds. Folds of one data set: the corrected t test of Nadeau and Bengio, because their training sets overlap. "
        "Runs that only succeed or fail: a test of proportions.",
    ),
    Term(
        anchor="effect-size",
        title="Effect size",
        text="Hedges g is the difference in units of the spread between runs (the pooled sd), corrected for few runs. As a "
        "rough guide, 0.5 is visible and above 1 most runs of one side are ahead. For paired runs, dz is the mean "
        "difference in units of the spread of the differences; it is larger than g when seeds move both sides together.",
    ),
    Term(
        anchor="superiority",
        title="P(C > B)",
        text="The chance that a run of the candidate has a higher value than a run of the baseline, ties counted half, over "
        "all pairs of runs. 0.5 is a coin flip.",
    ),
    Term(
        anchor="change",
        title="Change in percent",
        text="The difference in percent of the baseline's mean; left out where that mean may be zero.",
    ),
    Term(
        anchor="detectable",
        title="Detectable difference",
        text="The smallest true difference that so many runs with such a spread would find in four cases of five. Where it "
        "is larger than what matters to you, no clear difference says little: more seeds are needed.",
    ),
    Term(
        anchor="equivalent",
        title="Equivalent",
        text="Said only where a margin was set for the metric, and both one-sided tests show that the difference is inside "
        "of it (TOST). Without a margin there is no such verdict, however close the means are.",
    ),
)
_CAUTIONS = (
    Term(
        anchor="few-seeds",
        title="Few seeds",
        text="With three or four runs on a side only very large differences are found, and one odd run decides. Five or more "
        "are advised; with fewer than three no verdict is given.",
    ),
    Term(
        anchor="collapsed",
        title="Seeds far from the others",
        text="A gap much wider than both parts that it separates: perhaps some runs collapsed. When runs of a group collapse "
        "now and then, no test of means keeps its promise: with 5 runs on each side it can call one in four differences "
        "clear where there is none. Look at the single runs before believing the verdict.",
    ),
    Term(
        anchor="unequal-spread",
        title="Unequal spread",
        text="The runs of one side scatter so much more than those of the other that chance is a poor explanation. The test "
        "allows for it, but only for what the runs show: a tail of bad runs that none of them has shown yet makes the "
        "side that scatters more look better than it is.",
    ),
    Term(
        anchor="long-tail",
        title="Long tail",
        text="The runs of both sides together lean to one side, with few values far out. How many runs come from that tail is "
        "chance, and moves the means. Said from 8 runs on each side on; fewer cannot show it.",
    ),
    Term(
        anchor="failed",
        title="Failed runs",
        text="A run that failed or ended in NaN has no value and is in no mean. If runs fail because they were bad, leaving "
        "them out flatters the group, so the difference is also given with each of them counted as the worst value seen. "
        "Where that turns the sign, the verdict is cannot tell.",
    ),
    Term(
        anchor="no-noise",
        title="No noise to measure",
        text="When all runs of both sides are identical, a test would report a p of 0 from a noise of 0. That is refused: "
        "most often the seed was not applied.",
    ),
)
_TARGETS = (
    Term(
        anchor="target",
        title="Target, margin and runs needed",
        text="The one-sided test asks whether the mean of a group is surely on the wanted side of a fixed value. The margin is "
        "how far the mean is on that side, in units of the spread; runs needed is how many runs would show it in nine "
        "cases of ten. A group that meets the target on average may still hold single runs that miss it; they are named.",
    ),
)
_TASKS = (
    Term(
        anchor="tasks",
        title="Tasks and normalised scores",
        text="Scores of different tasks can be averaged only on a common scale: 0 and 1 are two reference scores of each task, "
        "or the worst and best mean seen on it. Without a scale tasks are ranked and not averaged.",
    ),
    Term(
        anchor="aggregate",
        title="IQM, median, mean and optimality gap",
        text="Four ways to sum up the normalised scores of all runs on all tasks. The interquartile mean (IQM) is the mean of "
        "the middle half of them and is the one to quote: it is less moved by outliers than the mean and needs fewer "
        "seeds than the median. The optimality gap is how much is missing to a score of 1, on average; lower is better. "
        "Intervals come from resampling the seeds within each task; they do not say what happens on other tasks.",
    ),
    Term(
        anchor="improvement",
        title="Probability of improvement",
        text="How likely a run of one method beats a run of another on the same task, averaged over the tasks. It says nothing "
        "about by how much.",
    ),
    Term(
        anchor="profile",
        title="Performance profile",
        text="For every score the share of runs, over all tasks, that are above it. A curve that lies above another one "
        "everywhere is better at every level.",
    ),
    Term(
        anchor="ranks",
        title="Ranks and the critical difference",
        text="On each task the methods are ranked; the average rank is taken over tasks. Friedman's test (in the form of Iman "
        "and Davenport) asks whether the ranks differ at all. In the diagram, methods joined by a bar are not told "
        "apart. The rank distribution says how often a method would come out at each rank if seeds were drawn again.",
    ),
)
_CURVES = (
    Term(
        anchor="band",
        title="Bands around curves",
        text="The band is the interval of the mean at each single step (pointwise). Over many steps some of them miss the true "
        "mean; whether two bands overlap is no test.",
    ),
)

TERM_GROUPS = (
    TermGroup(title="Runs and values", terms=_RUNS),
    TermGroup(title="Comparisons", terms=_COMPARISONS),
    TermGroup(title="What to be careful about", terms=_CAUTIONS),
    TermGroup(title="Targets", terms=_TARGETS),
    TermGroup(title="Several tasks", terms=_TASKS),
    TermGroup(title="Curves", terms=_CURVES),
)

_ANCHORS_OF_COLUMNS = {
    "group": "run",
    "run": "run",
    "seed": "run",
    "n": "n",
    "mean": "mean",
    "sd": "mean",
    "value": "reduction",
    "metric": "reduction",
    "baseline": "baseline",
    "candidate": "baseline",
    "verdict": "verdict",
    "delta": "difference",
    "interval": "difference",
    "percent": "change",
    "p": "p",
    "g": "effect-size",
    "dz": "effect-size",
    "superiority": "superiority",
    "mde": "detectable",
    "test": "test",
    "target": "target",
    "margin": "target",
    "needed": "target",
    "task": "tasks",
    "aggregate": "aggregate",
    "improvement": "improvement",
    "rank": "ranks",
}


def explanation_url(column_key: str) -> str:
    """Return where a column of this key is explained; empty for a column that needs no explanation.

    >>> explanation_url("mde"), explanation_url("artifact")
    ('reading/index.html#detectable', '')
    """
    anchor = _ANCHORS_OF_COLUMNS.get(column_key, "")
    return f"{urls.READING}#{anchor}" if anchor else ""


def reading_page(site: Surroundings) -> ReadingPage:
    """Return the page that explains every term."""
    title = "How to read this"
    return ReadingPage(
        frame=site.frame(urls.READING, title, (Link(label="Overview", url=urls.OVERVIEW),)),
        title=title,
        groups=TERM_GROUPS,
    )
