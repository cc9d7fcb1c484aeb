"""Numbers in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.compare.words import format_p, format_value, with_unit
from runreport.stats.words import counted, listed


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (0.943217, 0.0123, "0.943"),
        (0.943217, None, "0.9432"),
        (0.5, None, "0.5"),
        (12.0, 3.4, "12.0"),
        (1234567.0, 1000, "1\u202f234\u202f567"),
        (0.0, None, "0"),
        (-0.001, 1.0, "0.0"),
        (-2.5, 1.0, "\u22122.5"),
        (1.5e-7, None, "1.50e\u221207"),
        (1e-6, 0.01, "0.000"),
        (float("nan"), None, "NaN"),
        (float("-inf"), 1.0, "\u2212infinity"),
    ],
)
def test_digits_follow_the_spread(value: float, spread: float | None, text: str) -> None:
    assert format_value(value, spread) == text


def test_signs_and_units() -> None:
    assert (format_value(2.0, 1.0, sign=True), format_value(0.0, 1.0, sign=True)) == ("+2.0", "0.0")
    assert with_unit("+2.0", "%", is_difference=True) == "+2.0 points"
    assert with_unit("2.0", "%") == "2.0 %"


@given(st.floats(0, 1), st.sampled_from([0.05, 0.01, 0.1]))
def test_a_rounded_p_stays_on_its_side_of_alpha(p: float, alpha: float) -> None:
    text = format_p(p, alpha=alpha)
    shown = float(text.split()[1])
    if text.startswith("= ") and abs(p - alpha) > 1e-7:
        assert (shown < alpha) is (p < alpha)
    assert abs(shown - p) <= 0.005


def test_lists_and_counts() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(list("abcde"))] == [
        "", "a", "a and b", "a, b, c and 2 more",
    ]  # fmt: skip
    assert (counted(1, "run"), counted(0, "run"), counted(1000, "run")) == ("1 run", "0 runs", "1\u202f000 runs")
