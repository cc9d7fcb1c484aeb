"""Runs that repeat a seed are no new evidence: they are averaged, and that is said."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from runreport.stats.arrays import Floats
from runreport.stats.types import Caution
from runreport.stats.words import counted, listed

_NAMED = 5

Seed = int | str
"""What a seed is called: a number, or a text such as ``fold-3``."""


SeedName = TypeVar("SeedName", bound=Seed)


def in_order(seeds: Iterable[SeedName]) -> tuple[SeedName, ...]:
    """Return the seeds in ascending order, numbers before texts.

    >>> in_order(["b", 10, 9, "a"])
    (9, 10, 'a', 'b')
    """
    return tuple(sorted(seeds, key=_place))


def _place(seed: Seed) -> tuple[int, int, str]:
    return (1, 0, seed) if isinstance(seed, str) else (0, seed, "")


def repeated_seeds(name: str, seeds: Sequence[Seed | None], units: Sequence[Hashable] | None = None) -> Caution | None:
    """Return how many runs a side counts as when some of its n runs repeat a seed; None where none does.

    ``units`` names for each run the independent unit it belongs to; by default that is its seed, and every run without
    a seed is one of its own.

    Raises:
        ValueError: there are not as many units as seeds.

    >>> repeated_seeds("A", [1, 1, 2]).words
    'Seed 1 occurs twice in A: repeated runs of a seed are averaged, so A counts as 2 runs, not 3.'
    """
    if units is None:
        units = [(seed, run if seed is None else None) for run, seed in enumerate(seeds)]
    sizes = Counter(units)
    repeated = {unit for unit, size in sizes.items() if size > 1}
    pairs = zip(seeds, units, strict=True)
    again = in_order({seed for seed, unit in pairs if unit in repeated and seed is not None})
    if not again:
        return None
    noun, verb = ("Seed", "occurs") if len(again) == 1 else ("Seeds", "occur")
    often = "twice" if {sizes[unit] for unit in repeated} == {2} else "more than once"
    words = (
        f"{noun} {listed([str(seed) for seed in again], at_most=_NAMED)} {verb} {often} in {name}: "
        f"repeated runs of a seed are averaged, so {name} counts as {counted(len(sizes), 'run')}, not {len(seeds)}."
    )
    return Caution(code="duplicate-seed", words=words)


def average_repeats(values: ArrayLike, units: Sequence[Hashable]) -> Floats:
    """Return one mean per unit, in order of first appearance: repeats of a seed are no new evidence.

    ``values`` is float64 [n], ``units`` names for each the independent unit (seed) it belongs to. The mean is that of
    the finite values of a unit; one that has none keeps its first value (NaN, or infinite where the run diverged).

    Raises:
        ValueError: the lengths differ, or the values are not one-dimensional.

    >>> average_repeats([1.0, 3.0, 5.0], [7, 7, 8])
    array([2., 5.])
    >>> average_repeats([1.0, float("nan"), float("nan")], [7, 7, 8])
    array([ 1., nan])
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        message = f"values must have one dimension, not {array.ndim}"
        raise ValueError(message)
    if len(units) != array.size:
        message = f"{len(units)} units for {array.size} values"
        raise ValueError(message)
    codes: dict[Hashable, int] = {}
    positions = np.array([codes.setdefault(unit, len(codes)) for unit in units], dtype=np.int64)
    if len(codes) == array.size:
        return array
    means = array[np.unique(positions, return_index=True)[1]]
    finite = np.isfinite(array)
    sizes = np.bincount(positions[finite], minlength=len(codes))
    sums = np.bincount(positions[finite], weights=array[finite], minlength=len(codes))
    if not np.isfinite(sums).all():  # huge values of a diverged run
        shares = array[finite] / sizes[positions[finite]]
        return np.where(sizes > 0, np.bincount(positions[finite], weights=shares, minlength=len(codes)), means)
    return np.divide(sums, sizes, out=means, where=sizes > 0)
