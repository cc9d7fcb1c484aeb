"""Runs whose true means are known, sent through the very path that a report takes, and how its verdicts turn out.

``docs/error_rates.py`` makes the tables of a page of it; the tests recompute a part.
"""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from runreport.compare.comparison import Contrast
from runreport.compare.contrasts import contrast_family
from runreport.compare.entities import MetricDefinition, RunCounts, Sample
from runreport.compare.samples import mean_estimate
from runreport.config.options import ComparisonOptions
from runreport.names import Direction, DirectionSource, Reduction, Verdict
from runreport.stats.describe import describe
from runreport.stats.outliers import find_split
from runreport.stats.spread import unequal_spread
from runreport.stats.tails import long_tail
from runreport.stats.target import ABOVE, MET, against_target
from runreport.stats.tests import student_test, welch_test
from runreport.stats.types import Caution, Refusal, TestResult

Floats = NDArray[np.float64]

SEED = 20261129
COLLAPSED_SHARE = 0.2
COLLAPSED_BY = 12.0  # standard deviations of the sound runs
RESAMPLES = 999
CORRELATION = 0.5
ALPHA = 0.05

_SOUND_SD = 1 / math.sqrt(1 + COLLAPSED_SHARE * (1 - COLLAPSED_SHARE) * COLLAPSED_BY**2)
_BETA = 20
_METRIC = MetricDefinition(
    metric="score", direction=Direction.UP, direction_source=DirectionSource.CONFIG, reduction=Reduction.LAST
)
_OPTIONS = ComparisonOptions()
_FEW_SEEDS = "few-seeds"


def _skewed(rng: Generator, shape: tuple[int, ...]) -> Floats:
    return (math.exp(0.5) - rng.lognormal(0, 1, shape)) / math.sqrt((math.e - 1) * math.e)


def _collapsed(rng: Generator, shape: tuple[int, ...]) -> Floats:
    fallen = COLLAPSED_BY * ((rng.random(shape) < COLLAPSED_SHARE) - COLLAPSED_SHARE)
    return _SOUND_SD * (rng.standard_normal(shape) - fallen)


def _bounded(rng: Generator, shape: tuple[int, ...]) -> Floats:
    mean = _BETA / (_BETA + 1)
    variance = _BETA / ((_BETA + 1) ** 2 * (_BETA + 2))
    return (rng.beta(_BETA, 1, shape) - mean) / math.sqrt(variance)


LAWS: Mapping[str, Callable[[Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "skewed": _skewed,
    "heavy": lambda rng, shape: rng.standard_t(3, shape) / math.sqrt(3),
    "collapsing": _collapsed,
    "bounded": _bounded,
}
"""How runs scatter, by name: draws with mean 0 and standard deviation 1; bad runs lie below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of experiment: a candidate of ``n_a`` runs against a baseline of ``n_b``.

    ``spread`` is the candidate's standard deviation in those of the baseline, ``shift`` the true difference of the
    means in the same unit. With ``is_paired`` both sides have the same seeds, and half of every run's variance comes
    from its seed; else they share none.
    """

    law: str
    n_a: int
    n_b: int
    spread: float = 1.0
    shift: float = 0.0
    is_paired: bool = False

    @property
    def rng(self) -> Generator:
        """The random numbers of this cell, the same whichever cells are drawn before it."""
        return np.random.default_rng([SEED, zlib.crc32(repr(astuple(self)).encode())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of the experiments of one cell.

    ``better`` and ``worse`` count verdicts on the candidate. ``warned`` counts those of them with a caution other than
    few seeds, ``warned_or_few`` those with any; ``warned_all`` experiments of any verdict with a caution other than few
    seeds.
    """

    experiments: int
    better: int
    worse: int
    warned: int
    warned_or_few: int
    warned_all: int

    @property
    def clear(self) -> int:
        """Verdicts better or worse."""
        return self.better + self.worse


def draw(cell: Cell, experiments: int) -> tuple[Floats, Floats]:
    """Return the values of the candidate, float64 [experiments, n_a], and of the baseline, [experiments, n_b]."""
    rng, law = cell.rng, LAWS[cell.law]
    candidate, baseline = law(rng, (experiments, cell.n_a)), law(rng, (experiments, cell.n_b))
    if cell.is_paired:
        seeds = law(rng, (experiments, cell.n_a))
        own, common = math.sqrt(1 - CORRELATION), math.sqrt(CORRELATION)
        candidate, baseline = own * candidate + common * seeds, own * baseline + common * seeds
    return cell.spread * candidate + cell.shift, baseline


def contrast(candidate: Floats, baseline: Floats, *, is_paired: bool) -> Contrast:
    """Return what a report says of one experiment: the contrast of its only candidate with the baseline."""
    first = 0 if is_paired else candidate.size
    sides = (_sample("base", baseline, first), _sample("candidate", candidate, 0))
    [found] = contrast_family(_METRIC, [sides], _OPTIONS)
    return found


def _sample(name: str, values: Floats, first_seed: int) -> Sample:
    n = values.size
    description = describe(values)
    return Sample(
        group_id=name,
        group_name=name,
        run_ids=tuple(f"{name}-{number}" for number in range(n)),
        seeds=tuple(range(first_seed, first_seed + n)),
        values=tuple(values.tolist()),
        description=description,
        mean=mean_estimate(description, _OPTIONS.level),
        non_finite=(),
        missing=(),
        counts=RunCounts(total=n, finished=n, failed=0, killed=0, running=0, unknown=0, excluded=0),
        folds=("",) * n,
    )


def tally(cell: Cell, experiments: int) -> Tally:
    """Return the verdicts and cautions of a report on so many experiments."""
    pairs = zip(*draw(cell, experiments), strict=True)
    found = [contrast(candidate, baseline, is_paired=cell.is_paired) for candidate, baseline in pairs]
    clear = [one for one in found if one.verdict in {Verdict.BETTER, Verdict.WORSE}]
    better = sum(one.verdict is Verdict.BETTER for one in clear)
    return Tally(
        experiments=experiments,
        better=better,
        worse=len(clear) - better,
        warned=sum(_is_warned(one.cautions) for one in clear),
        warned_or_few=sum(bool(one.cautions) for one in clear),
        warned_all=sum(_is_warned(one.cautions) for one in found),
    )


def _is_warned(cautions: Sequence[Caution]) -> bool:
    return any(caution.code != _FEW_SEEDS for caution in cautions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """How often "the mean lies above the target" was called shown, and with how many of these stood a caution."""

    experiments: int
    met: int
    warned: int


def tally_target(law: str, n: int, experiments: int) -> Claims:
    """Return the false claims about groups whose true mean is the target itself."""
    values, _ = draw(Cell(law=law, n_a=n, n_b=0), experiments)
    met = [one for one in (against_target(row, 0.0, side=ABOVE) for row in values) if one.verdict == MET]
    return Claims(experiments=experiments, met=len(met), warned=sum(bool(one.cautions) for one in met))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Out of how many experiments Welch's test and other ways to decide find a difference: see :func:`tally_habits`."""

    experiments: int
    welch: int
    student: int
    bars: int
    bootstrap: int


def tally_habits(cell: Cell, experiments: int) -> Habits:
    """Return how often Welch's and Student's p < 0.05, bars of one sd do not overlap, a percentile bootstrap leaves out 0."""
    candidates, baselines = draw(cell, experiments)
    rng = cell.rng.spawn(1)[0]
    pairs = list(zip(candidates, baselines, strict=True))
    return Habits(
        experiments=experiments,
        welch=sum(_differs(welch_test(a, b)) for a, b in pairs),
        student=sum(_differs(student_test(a, b)) for a, b in pairs),
        bars=sum(bool(abs(a.mean() - b.mean()) > a.std(ddof=1) + b.std(ddof=1)) for a, b in pairs),
        bootstrap=sum(_bootstrap_differs(rng, a, b) for a, b in pairs),
    )


def _differs(test: TestResult | Refusal) -> bool:
    return isinstance(test, TestResult) and test.p < ALPHA


def _bootstrap_differs(rng: Generator, a: Floats, b: Floats) -> bool:
    means = [rng.choice(side, (RESAMPLES, side.size)).mean(axis=1) for side in (a, b)]
    low, high = np.quantile(means[0] - means[1], [ALPHA / 2, 1 - ALPHA / 2])
    return bool(low > 0 or high < 0)


def far_share(law: str, n: int, experiments: int) -> float:
    """Return the share of single groups of which a report says that some runs lie far from the others."""
    values, _ = draw(Cell(law=law, n_a=n, n_b=0), experiments)
    return float(np.mean([find_split(row) is not None for row in values]))


def found_share(n: int, experiments: int) -> float:
    """Return the share of groups with both sound and collapsed runs of which a report says so."""
    cell = Cell(law="collapsing", n_a=n, n_b=0)
    values, _ = draw(cell, experiments)
    fallen = (values < -COLLAPSED_BY * _SOUND_SD * (0.5 - COLLAPSED_SHARE)).sum(axis=1)
    mixed = values[(fallen > 0) & (fallen < n)]
    return float(np.mean([find_split(row) is not None for row in mixed]))


def shape_shares(law: str, n: int, experiments: int, *, spread: float = 1.0) -> tuple[float, float]:
    """Return in which shares of pairs of groups of n runs the spread is called unequal, and a tail long."""
    pairs = list(zip(*draw(Cell(law=law, n_a=n, n_b=n, spread=spread), experiments), strict=True))
    unequal = np.mean([unequal_spread(a, b, names=("a", "b")) is not None for a, b in pairs])
    long = np.mean([long_tail(a, b) is not None for a, b in pairs])
    return float(unequal), float(long)
