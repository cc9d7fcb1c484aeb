"""Foreign text becomes harmless and short, and keeps what tells it apart."""

import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.plots.inline import escaped
from runreport.plots.text import clean, fit, width_px, wrap

ANYTHING = st.text(st.characters(categories=None), max_size=200)


@given(ANYTHING, st.integers(1, 40))
def test_cleaned_text_is_short_encodable_xml(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    document = f"<t>{escaped(cleaned)}</t>".encode()
    assert (ET.fromstring(document).text or "") == cleaned  # noqa: S314 - the text under test


@given(ANYTHING)
def test_no_character_that_turns_or_hides_text_is_left(text: str) -> None:
    left = {
        unicodedata.category(character) for character in clean(text, 500).replace("\u200d", "").replace("\u200c", "")
    }
    assert not left & {"Cc", "Cf", "Cs", "Cn", "Co"}


@given(ANYTHING, st.floats(40, 600))
def test_fitted_text_needs_no_more_room_than_there_is(text: str, room: float) -> None:
    fitted = fit(text, room)
    assert width_px(fitted) <= room or len(fitted) <= 3


@pytest.mark.parametrize("character", ["\x00", "\u202e", "\u2066", "\ud800", "\ufffe", "\u200b"])
def test_dangerous_characters_become_visible(character: str) -> None:
    assert clean(f"a{character}b", 10) == "a\N{REPLACEMENT CHARACTER}b"


def test_long_names_lose_their_middle() -> None:
    assert clean("learning_rate=0.001, width=64", 15) == "learnin…idth=64"


def test_ten_thousand_characters_are_cut_before_they_are_looked_at() -> None:
    assert clean("a" * 10_000 + "z", 9) == "aaaa…aaaz"


def test_wide_characters_take_more_room() -> None:
    assert width_px("学習率") > width_px("abc")


def test_notes_are_wrapped_without_loss() -> None:
    note = "Band: the pointwise interval of the mean. " * 6
    assert " ".join(wrap(note, 640)) == note.strip()
