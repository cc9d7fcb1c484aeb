"""Which test a comparison gets: decided by how the runs were made, before any value is looked at.

A look at the values first (is it normal? are the spreads equal?) would change the error rates of the test that follows,
so there is none here. Zimmerman, "A note on preliminary tests of equality of variances", Brit. J. Math. Stat.
Psychol. 57 (2004), measures by how much.
"""

from dataclasses import dataclass
from enum import StrEnum

from runreport.stats.folds import CORRECTED_T
from runreport.stats.one_sample import ONE_SAMPLE
from runreport.stats.pairs import PAIRED
from runreport.stats.tests import WELCH
from runreport.stats.words import counted

MINIMUM_PAIRS = 3
MINIMUM_TASKS = 5


class Design(StrEnum):
    """How the runs of a comparison relate to each other."""

    INDEPENDENT = "independent groups"
    PAIRED = "paired by seed"
    FOLDS = "folds of one data set"
    PROPORTIONS = "proportions"
    TARGET = "against a target"
    TASKS = "methods on tasks, one score each"
    TASKS_AND_SEEDS = "methods on tasks, several seeds each"
    EXAMPLES = "the same examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is known of the runs of two sides (a and b) without their values.

    ``n_a`` and ``n_b`` count independent runs, ``common_seeds`` the seeds that both sides have, ``has_seeds`` whether
    all runs have one. ``common_folds`` counts the folds of a cross-validation that both sides have, 0 when runs are no
    folds; ``is_proportion`` when a run can only succeed or fail.
    """

    n_a: int
    n_b: int
    common_seeds: int = 0
    has_seeds: bool = False
    common_folds: int = 0
    is_proportion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """The design of a comparison, the test it therefore gets, and why, in one sentence."""

    design: Design
    test: str
    why: str


def plan_two_sides(layout: Layout) -> AnalysisPlan:
    """Return the plan for one candidate against one baseline.

    Folds come first, since their runs are never independent; then outcomes that can only succeed or fail; then
    pairing by seed, when at least 3 seeds and at least half of the smaller side are common; else independent groups.

    >>> plan_two_sides(Layout(n_a=5, n_b=5, common_seeds=5, has_seeds=True)).test
    'paired t'
    """
    if layout.common_folds >= MINIMUM_PAIRS:
        return _folds(layout.common_folds)
    if layout.is_proportion:
        return AnalysisPlan(
            design=Design.PROPORTIONS,
            test="test of two proportions",
            why="Test of two proportions, because a run can only succeed or fail here.",
        )
    if layout.common_seeds >= MINIMUM_PAIRS and 2 * layout.common_seeds >= min(layout.n_a, layout.n_b):
        return AnalysisPlan(
            design=Design.PAIRED,
            test=PAIRED,
            why=f"Paired t test over the {counted(layout.common_seeds, 'seed')} that both sides have: what a seed does to "
            "both sides cancels out.",
        )
    return AnalysisPlan(design=Design.INDEPENDENT, test=WELCH, why=f"Welch's t test, because {_why_unpaired(layout)}.")


def _folds(common: int) -> AnalysisPlan:
    return AnalysisPlan(
        design=Design.FOLDS,
        test=CORRECTED_T,
        why=f"Corrected t test of Nadeau and Bengio over the {counted(common, 'fold')} that both sides have: training "
        "sets of folds overlap, and a plain t test would be too sure of itself.",
    )


def _why_unpaired(layout: Layout) -> str:
    independent = "the runs are independent and their spreads need not be equal"
    if not layout.has_seeds:
        return independent
    if layout.common_seeds == 0:
        return f"{independent}; the sides share no seed"
    seeds = counted(layout.common_seeds, "seed")
    verb = "is" if layout.common_seeds == 1 else "are"
    if layout.common_seeds < MINIMUM_PAIRS:
        return f"only {seeds} {verb} common and pairing needs at least {MINIMUM_PAIRS}"
    return f"only {seeds} {verb} common, and pairing would leave out most of the runs"


def plan_target(alternative: str) -> AnalysisPlan:
    """Return the plan for one group against a fixed target; ``alternative`` is below or above.

    >>> plan_target("below").test
    'one-sample t'
    """
    return AnalysisPlan(
        design=Design.TARGET,
        test=ONE_SAMPLE,
        why=f"One-sided t test that the mean lies {alternative} the target, because the target is a fixed number without "
        "a spread of its own and only one side of it counts.",
    )


def plan_tasks(*, methods: int, tasks: int, seeds: int, is_normalised: bool) -> AnalysisPlan:
    """Return the plan for methods over tasks; ``seeds`` is the smallest number of runs behind any score.

    >>> plan_tasks(methods=3, tasks=10, seeds=5, is_normalised=True).design
    <Design.TASKS_AND_SEEDS: 'methods on tasks, several seeds each'>
    """
    ranks = _rank_plan(methods, tasks, is_normalised=is_normalised)
    if seeds < MINIMUM_PAIRS or not is_normalised:
        reason = (
            f"a score has fewer than {MINIMUM_PAIRS} runs"
            if is_normalised
            else "the scores of the tasks have no common scale"
        )
        return AnalysisPlan(design=Design.TASKS, test=ranks, why=f"{ranks}, because {reason}.")
    why = (
        "Aggregates of normalised scores with intervals from resampling the seeds within each task, because there are "
        f"several seeds for each score; {ranks} beside them."
    )
    return AnalysisPlan(design=Design.TASKS_AND_SEEDS, test="stratified bootstrap", why=why)


def plan_examples(*, is_binary: bool) -> AnalysisPlan:
    """Return the plan for two runs scored on the same examples; ``is_binary`` when each is either right or wrong.

    >>> plan_examples(is_binary=True).test, plan_examples(is_binary=False).test
    ('McNemar', 'sign flips')
    """
    same = "both runs were scored on the same examples"
    if is_binary:
        why = (
            f"McNemar's test, because {same} and each is right or wrong: only those on which the two differ say anything "
            "(the exact test where they are fewer than 25, else its mid-p form)."
        )
        return AnalysisPlan(design=Design.EXAMPLES, test="McNemar", why=why)
    why = f"Sign flips of the differences, because {same} and a score can be any number: no normal distribution is assumed."
    return AnalysisPlan(design=Design.EXAMPLES, test="sign flips", why=why)


def _rank_plan(methods: int, tasks: int, *, is_normalised: bool) -> str:
    if tasks < MINIMUM_TASKS:
        return "No rank test"
    if methods == 2:  # noqa: PLR2004 - Friedman's test of two is the sign test
        return "Wilcoxon's signed-rank test over tasks" if is_normalised else "The sign test over tasks"
    return "Friedman's test over tasks"
