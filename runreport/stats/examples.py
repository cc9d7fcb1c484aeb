"""Two systems on the same examples: right or wrong (McNemar), or scores (sign flips), and what neither can say.

All of this compares two sets of predictions. How much a system's score varies from seed to seed is not in them.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, chdtrc

from runreport.stats.arrays import Floats, finite_sample, fraction
from runreport.stats.example_scores import PairedDifference, clustered_difference
from runreport.stats.intervals import normal_interval
from runreport.stats.pairs import finite_pairs, paired_differences
from runreport.stats.permutation import SignFlip, sign_flip_test
from runreport.stats.tests import positive_p
from runreport.stats.types import Caution, Refusal, TestResult

MCNEMAR_EXACT = "McNemar exact"
MCNEMAR_MID_P = "McNemar mid-p"
MCNEMAR_CHI2 = "McNemar chi-squared"
FEW_DISCORDANT = 25
_SMALLEST_CLUSTERS = 20  # with fewer clusters their standard error is too small

TWO_CHECKPOINTS = Caution(
    code="two-checkpoints",
    words="This compares these two checkpoints, not the two methods: how much another seed would change is not in it.",
)
FEW_CLUSTERS = Caution(
    code="few-clusters",
    words=f"With fewer than {_SMALLEST_CLUSTERS} clusters the interval is likely too narrow.",
)


class PairedCounts(NamedTuple):
    """How many examples both systems, only one or neither got right."""

    both_right: int
    only_a_right: int
    only_b_right: int
    both_wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Three forms of McNemar's test; ``default`` is the exact one below 25 discordant examples, else the mid-p.

    ``chi2`` has the continuity correction; it is None without discordant examples.
    """

    discordant: int
    exact: TestResult
    mid_p: TestResult
    chi2: TestResult | None

    @property
    def default(self) -> TestResult:
        """The form that the number of discordant examples asks for."""
        return self.exact if self.discordant < FEW_DISCORDANT else self.mid_p


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The score of one system on each example (1 right, 0 wrong, or any number): float64 [n] and n ids.

    ``clusters`` names for each example what it comes from (document, subject), where that is known.
    """

    name: str
    ids: Sequence[Hashable]
    scores: Sequence[float]
    clusters: Sequence[Hashable] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedExamples:
    """A minus B over the same examples. ``refusal`` says why they cannot be paired."""

    n: int = 0
    difference: PairedDifference | None = None
    counts: PairedCounts | None = None
    test: TestResult | None = None
    refusal: Refusal | None = None
    cautions: tuple[Caution, ...] = ()


def mcnemar_test(counts: PairedCounts) -> McNemar:
    """Return McNemar's test that A and B are right equally often, from the examples on which they differ.

    Reference: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947); Fagerland, Lydersen & Laake, "The McNemar test for binary matched-pairs data: mid-p and
    asymptotic are better than exact conditional", BMC Med. Res. Methodol. 13 (2013), also for the mid-p of a tie.

    Raises:
        ValueError: a count is negative.

    >>> mcnemar_test(PairedCounts(60, 12, 5, 15)).default
    TestResult(test='McNemar exact', statistic=5.0, df=None, p=0.14346...)
    """
    a_only, b_only = _checked(counts).only_a_right, counts.only_b_right
    n, fewer = a_only + b_only, min(a_only, b_only)
    at_most, below = float(bdtr(fewer, n, 0.5)), float(bdtr(fewer - 1, n, 0.5)) if fewer else 0.0
    as_likely = at_most - below
    exact = min(1.0, 2 * at_most)
    mid_p = 1 - as_likely / 2 if a_only == b_only else exact - as_likely
    corrected = (abs(a_only - b_only) - 1) ** 2 / n if n else None
    return McNemar(
        discordant=n,
        exact=TestResult(test=MCNEMAR_EXACT, statistic=float(fewer), df=None, p=positive_p(exact)),
        mid_p=TestResult(test=MCNEMAR_MID_P, statistic=float(fewer), df=None, p=positive_p(mid_p)),
        chi2=None
        if corrected is None
        else TestResult(test=MCNEMAR_CHI2, statistic=corrected, df=1.0, p=positive_p(float(chdtrc(1, corrected)))),
    )


def _checked(counts: PairedCounts) -> PairedCounts:
    if min(counts) < 0:
        message = f"counts cannot be negative, like {min(counts)}"
        raise ValueError(message)
    return counts


def accuracy_difference(counts: PairedCounts, *, level: float = 0.95) -> PairedDifference | Refusal:
    """Return accuracy(A) - accuracy(B) on the same examples with Wald's standard error and interval.

    Refused without examples. Reference: Fleiss, "Statistical methods for rates and proportions", 3rd ed. (2003),
    chapter 13.

    Raises:
        ValueError: a count is negative or the level is not between 0 and 1.

    >>> accuracy_difference(PairedCounts(60, 12, 5, 15)).standard_error
    0.04410...
    """
    fraction(level, "level")
    n = sum(_checked(counts))
    if n == 0:
        return Refusal(code="empty", words="There are no examples.")
    difference = (counts.only_a_right - counts.only_b_right) / n
    discordant = (counts.only_a_right + counts.only_b_right) / n
    standard_error = float(np.sqrt(max(0.0, discordant - difference**2) / n))
    interval = normal_interval(difference, standard_error, level=level)
    return PairedDifference(value=difference, standard_error=standard_error, interval=interval)


def count_pairs(a: ArrayLike, b: ArrayLike) -> PairedCounts:
    """Return the four counts of float64 [n] and [n] in which 1 is right and 0 is wrong.

    Raises:
        ValueError: the lengths differ or a value is neither 0 nor 1.

    >>> count_pairs([1, 1, 0], [1, 0, 0])
    PairedCounts(both_right=1, only_a_right=1, only_b_right=0, both_wrong=1)
    """
    left, right = finite_pairs(a, b)
    for name, side in (("a", left), ("b", right)):
        if not np.isin(side, (0.0, 1.0)).all():
            message = f"{name} holds {side[~np.isin(side, (0.0, 1.0))][0]:g}; right is 1 and wrong is 0"
            raise ValueError(message)
    both, either = int((left * right).sum()), int(np.maximum(left, right).sum())
    return PairedCounts(both, int(left.sum()) - both, int(right.sum()) - both, left.size - either)


def compare_examples(
    a: Predictions, b: Predictions, *, level: float = 0.95, rng: np.random.Generator | None = None
) -> PairedExamples:
    """Return everything that can be said about A minus B on the same examples, paired by their ids.

    McNemar's test where all scores are 0 or 1, else sign flips (``rng`` draws them beyond 25 examples that differ); the standard
    error is that of the clusters where they are known. Refused where the ids are not the same.

    Raises:
        ValueError: a score is not finite, the lengths differ, or the level is not between 0 and 1.

    >>> compare_examples(Predictions(name="A", ids=[1], scores=[1]), Predictions(name="B", ids=[2], scores=[1])).refusal
    Refusal(code='examples-differ', words='A and B were not scored on the same examples (1 only in A, 1 only in B), ...
    """
    refusal = _refuse(a, b)
    if refusal:
        return PairedExamples(refusal=refusal)
    place = {example: position for position, example in enumerate(b.ids)}
    left, right = finite_sample(a.scores, "a"), finite_sample(b.scores, "b")[[place[example] for example in a.ids]]
    clusters = a.clusters if a.clusters is not None else range(left.size)
    is_binary = bool(np.isin(left, (0.0, 1.0)).all() and np.isin(right, (0.0, 1.0)).all())
    counts = count_pairs(left, right) if is_binary else None
    test = mcnemar_test(counts).default if counts else _flipped(left, right, rng)
    difference = clustered_difference(left, right, clusters, level=level)
    few = a.clusters is not None and len(set(clusters)) < _SMALLEST_CLUSTERS
    return PairedExamples(
        n=left.size,
        counts=counts,
        difference=difference if isinstance(difference, PairedDifference) else None,
        test=test if isinstance(test, TestResult) else None,
        refusal=test if isinstance(test, Refusal) else None,
        cautions=(TWO_CHECKPOINTS, FEW_CLUSTERS) if few else (TWO_CHECKPOINTS,),
    )


def _flipped(a: Floats, b: Floats, rng: np.random.Generator | None) -> TestResult | Refusal:
    differences = paired_differences(a, b)
    found = differences if isinstance(differences, Refusal) else sign_flip_test(differences, rng=rng)
    return found.test if isinstance(found, SignFlip) else found


def _refuse(a: Predictions, b: Predictions) -> Refusal | None:
    for side in (a, b):
        if len(side.ids) != len(side.scores):
            message = f"{len(side.ids)} ids for {len(side.scores)} scores of {side.name}"
            raise ValueError(message)
        if len(set(side.ids)) != len(side.ids):
            return Refusal(code="repeated-examples", words=f"{side.name} has more than one score for an example.")
    only_a, only_b = len(set(a.ids) - set(b.ids)), len(set(b.ids) - set(a.ids))
    if only_a or only_b:
        words = (
            f"{a.name} and {b.name} were not scored on the same examples "
            f"({only_a} only in {a.name}, {only_b} only in {b.name}), so they cannot be compared example by example."
        )
        return Refusal(code="examples-differ", words=words)
    return None if a.ids else Refusal(code="empty", words="There are no examples.")
