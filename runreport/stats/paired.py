"""Two groups whose runs share seeds (or data orders, or splits): the whole answer, beside that of unpaired.py.

Pairing by seed takes out what the seed does to both sides. It is the design that allows it, so the unpaired p of all
runs stands beside the paired one.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np

from runreport.stats.arrays import Floats, fraction, is_constant
from runreport.stats.describe import describe
from runreport.stats.intervals import t_interval
from runreport.stats.pairs import PAIRED, correlation, error_of_differences, paired_differences
from runreport.stats.permutation import MAXIMUM_PAIRS, SignFlip, sign_flip_test
from runreport.stats.plan import MINIMUM_PAIRS
from runreport.stats.repeats import Seed, SeedName, in_order
from runreport.stats.tests import t_test, welch_test
from runreport.stats.types import Caution, Estimate, Interval, Refusal, TestResult
from runreport.stats.unpaired import arm, missing_runs, refuse
from runreport.stats.words import counted

MINIMUM_FOR_SIGN_FLIP = 6  # below, its p is never under 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seeds(Generic[SeedName]):
    """Seeds with a finite value on both sides and on one; ``without_value`` counts the seeds that both sides ran but that lack a value on one."""

    common: tuple[SeedName, ...]
    dropped_a: tuple[SeedName, ...]
    dropped_b: tuple[SeedName, ...]
    without_value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRuns:
    """A minus B over common seeds. ``refusal`` says why there is no paired test; what can still be shown is filled in.

    ``dropped_a`` and ``dropped_b`` are seeds with a value on that side only. ``sd`` is that of the differences,
    ``cohen_dz`` their mean over it, ``share_won`` the share of seeds on which A is above B (ties count half).
    ``unpaired`` is Welch's test of all runs, None where it is refused.
    """

    common_seeds: tuple[Seed, ...] = ()
    dropped_a: tuple[Seed, ...] = ()
    dropped_b: tuple[Seed, ...] = ()
    delta: Estimate | None = None
    sd: float | None = None
    test: TestResult | None = None
    cohen_dz: float | None = None
    share_won: float | None = None
    correlation: float | None = None
    sign_flip: SignFlip | None = None
    unpaired: TestResult | None = None
    refusal: Refusal | None = None
    cautions: tuple[Caution, ...] = ()


def compare_paired(
    a: Mapping[SeedName, float],
    b: Mapping[SeedName, float],
    *,
    names: tuple[str, str] = ("A", "B"),
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> PairedRuns:
    """Return everything that can be said about two groups of runs by seed (seed to value; NaN for a failed run).

    Seeds are numbers or texts; numbers come first.

    Paired t test and interval over the common seeds, with the exact sign-flip test beside it from 6 pairs on (beyond
    25 random signs of ``rng``, or none without it). With fewer than 3 common seeds, or no noise in the differences,
    the paired test is refused and the reason is given.

    Raises:
        ValueError: the level is not between 0 and 1.

    >>> answer = compare_paired({1: 0.8, 2: 0.9, 3: 0.7}, {1: 0.7, 2: 0.7, 3: 0.6, 4: 0.9})
    >>> answer.common_seeds, answer.dropped_b, round(answer.test.p, 4)
    ((1, 2, 3), (4,), 0.0572)
    """
    fraction(level, "level")
    arms = arm(names[0], list(a.values())), arm(names[1], list(b.values()))
    unpaired = refuse(*arms) or welch_test(arms[0].values, arms[1].values)
    seeds = _seeds(a, b)
    left, right = (np.array([side[seed] for seed in seeds.common], dtype=np.float64) for side in (a, b))
    answer = _describe_pairs(left, right, level=level, rng=rng) if seeds.common else PairedRuns()
    few = _too_few(seeds, names)
    return replace(
        answer,
        common_seeds=seeds.common,
        dropped_a=seeds.dropped_a,
        dropped_b=seeds.dropped_b,
        test=None if few else answer.test,
        unpaired=unpaired if isinstance(unpaired, TestResult) else None,
        refusal=few or answer.refusal,
        cautions=(*missing_runs(*arms), *_dropped(seeds, names)),
    )


def _seeds(a: Mapping[SeedName, float], b: Mapping[SeedName, float]) -> _Seeds[SeedName]:
    finite_a, finite_b = ({seed for seed, value in side.items() if math.isfinite(value)} for side in (a, b))
    common = finite_a & finite_b
    return _Seeds(
        common=in_order(common),
        dropped_a=in_order(finite_a - common),
        dropped_b=in_order(finite_b - common),
        without_value=len(a.keys() & b.keys()) - len(common),
    )


def _describe_pairs(a: Floats, b: Floats, *, level: float, rng: np.random.Generator | None) -> PairedRuns:
    differences = paired_differences(a, b)
    if isinstance(differences, Refusal):
        return PairedRuns(refusal=differences)
    description = describe(differences)
    error = error_of_differences(differences)
    test, interval = t_test(PAIRED, error), t_interval(error, level=level)
    mean, sd = description.mean, description.sd
    return PairedRuns(
        delta=None
        if mean is None
        else Estimate(value=mean, interval=interval if isinstance(interval, Interval) else None),
        sd=sd,
        test=test if isinstance(test, TestResult) else None,
        cohen_dz=mean / sd if mean is not None and sd and isinstance(test, TestResult) else None,
        share_won=float((np.sign(differences).mean() + 1) / 2),
        correlation=correlation(a, b),
        sign_flip=_robustness(differences, rng),
        refusal=test if isinstance(test, Refusal) else None,
    )


def _robustness(differences: Floats, rng: np.random.Generator | None) -> SignFlip | None:
    if differences.size < MINIMUM_FOR_SIGN_FLIP or is_constant(differences):
        return None
    if np.count_nonzero(differences) > MAXIMUM_PAIRS and rng is None:
        return None
    flipped = sign_flip_test(differences, rng=rng)
    return flipped if isinstance(flipped, SignFlip) else None


def _too_few(seeds: _Seeds[SeedName], names: tuple[str, str]) -> Refusal | None:
    n, (name_a, name_b) = len(seeds.common), names
    if n >= MINIMUM_PAIRS:
        return None
    if n == 0:
        what = "seed with a finite value on both sides" if seeds.without_value else "seed"
        words = f"{name_a} and {name_b} share no {what}, so runs are compared as independent groups."
        return Refusal(code="no-common-seeds", words=words)
    start = f"Only {counted(n, 'seed')} {'is' if n == 1 else 'are'} common"
    if seeds.without_value:
        start += " with a finite value on both sides"
    words = f"{start}; pairing needs at least {MINIMUM_PAIRS}. Runs are compared as independent groups."
    return Refusal(code="few-common-seeds", words=words)


def _dropped(seeds: _Seeds[SeedName], names: tuple[str, str]) -> Iterator[Caution]:
    if seeds.common and (seeds.dropped_a or seeds.dropped_b):
        words = (
            f"{counted(len(seeds.dropped_a), 'seed')} of {names[0]} and {len(seeds.dropped_b)} of {names[1]} "
            "have no value on the other side and do not enter the paired test."
        )
        yield Caution(code="dropped-seeds", words=words)
