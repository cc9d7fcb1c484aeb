import numpy as np
import pytest
from scipy.stats import skewtest

from runreport.stats.spread import unequal_spread
from runreport.stats.tails import long_tail, skewness_z
from runreport.stats.types import Refusal
from simulation import shape_shares

RNG = np.random.default_rng(3)
STEADY = [0.90, 0.91, 0.92, 0.91, 0.90]
WILD = [0.70, 0.99, 0.82, 0.91, 0.60]


@pytest.mark.parametrize(
    "values", [RNG.lognormal(size=n) * scale for n in (8, 11, 40) for scale in (-1, 1e-200, 1e200)]
)
def test_skewness_agrees_with_scipy(values: np.ndarray) -> None:
    plain = values / np.abs(values).max()  # scipy's powers overflow
    assert skewness_z(values) == pytest.approx(skewtest(plain).statistic, rel=1e-9)


@pytest.mark.parametrize("values", [[], [1.0] * 7, [2.0] * 8, [0.0] * 8])
def test_skewness_is_refused_for_few_or_equal_values(values: list[float]) -> None:
    assert isinstance(skewness_z(values), Refusal)
    assert long_tail(values, RNG.lognormal(size=20)) is None


def test_a_long_tail_has_a_side() -> None:
    sides = RNG.lognormal(size=(2, 20))
    high, low = long_tail(*sides), long_tail(*-sides)
    assert high
    assert low
    assert "tail of high values" in high.words
    assert "tail of low values" in low.words
    assert high.code == low.code == "long-tail"


def test_tails_on_opposite_sides_cancel_out() -> None:
    side = RNG.lognormal(size=20)
    assert long_tail(side, -side) is None


@pytest.mark.parametrize("names", [("steady", "wild"), ("wild", "steady")])
def test_the_side_that_scatters_more_is_named(names: tuple[str, str]) -> None:
    found = unequal_spread(*({"steady": STEADY, "wild": WILD}[name] for name in names), names=names)
    assert found
    assert found.words.startswith("The runs of wild scatter 19 times as much as those of steady: ")
    assert found.code == "unequal-spread"


@pytest.mark.parametrize(
    ("a", "b"),
    [(STEADY, STEADY), ([1.0] * 5, WILD), (WILD, [1.0] * 5), ([1.0, 9.0], [1.0, 1.1]), ([1e308, -1e308, 0.0], WILD)],
)
def test_nothing_is_said_of_alike_constant_few_or_huge_values(a: list[float], b: list[float]) -> None:
    assert unequal_spread(a, b, names=("a", "b")) is None


def test_absurd_ratios_are_bounded() -> None:
    found = unequal_spread([1e-100, 0.0, 2e-100], [1e100, 0.0, 3e100], names=("a", "b"))
    assert found
    assert "The runs of b scatter more than 1000 times as much" in found.words


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_both_keep_their_one_percent_on_normal_values(n: int) -> None:
    unequal, long = shape_shares("normal", n, 4000)
    assert 0.005 < unequal < 0.016
    assert long < 0.016
    assert (long > 0.004) is (n >= 8)


@pytest.mark.parametrize(("n", "at_least"), [(5, 0.15), (10, 0.62), (20, 0.96)])
def test_three_times_the_spread_is_found(n: int, at_least: float) -> None:
    assert shape_shares("normal", n, 2000, spread=3.0)[0] > at_least
