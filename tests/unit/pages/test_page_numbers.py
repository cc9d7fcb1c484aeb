import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.pages import numbers

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


def test_what_is_missing_or_not_finite_is_named() -> None:
    assert [numbers.number(value, 2) for value in (None, math.nan, math.inf, -math.inf)] == [
        "–",
        "NaN",
        "infinity",
        "−infinity",
    ]


def test_a_number_that_rounds_to_zero_has_no_sign() -> None:
    assert numbers.number(-0.0004, 2, sign=True) == "0.00"
    assert numbers.number(0.004, 2, sign=True) == "0.00"


@given(FINITE, st.integers(0, 6))
def test_a_rounded_number_is_as_close_as_its_decimals_say(value: float, places: int) -> None:
    text = numbers.number(value, places).replace("−", "-").replace("\u202f", "")
    assert abs(float(text) - value) <= 0.5 * 10.0**-places * (1 + 1e-9) + abs(value) * 1e-15


def test_a_column_has_the_same_decimals_unless_it_spans_too_many_decades() -> None:
    assert numbers.column([0.91234, 0.8]) == ("0.9123", "0.8000")
    assert numbers.column([10, 200]) == ("10", "200")
    assert numbers.column([123456.0, 0.5]) == ("123\u202f456", "0.5")


def test_a_column_shows_two_digits_of_the_usual_spread() -> None:
    assert numbers.places_for_spread([0.0123, 0.011, None], [0.9, 0.8, 0.7]) == 3
    assert numbers.places_for_spread([0.0, None], [0.5, 0.25]) == numbers.places_for([0.5, 0.25])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "0.50 s"),
        (59.94, "59.9 s"),
        (3599, "59 min 59 s"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
        (None, "–"),
    ],
)
def test_durations_have_two_units(seconds: float | None, text: str) -> None:
    assert numbers.duration(seconds) == text


def test_sizes_step_at_1024() -> None:
    assert [numbers.size(value) for value in (1023, 1024, 5 * 1024**3, None)] == ["1023 B", "1.0 KiB", "5.0 GiB", "–"]


def test_a_constant_has_a_spread_of_plain_zero() -> None:
    assert [numbers.spread_text(spread, 6) for spread in (0.0, 1e-9, 0.00002)] == ["± 0", "± < 0.000001", "± 0.000020"]
