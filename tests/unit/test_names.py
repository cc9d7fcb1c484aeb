import string

from hypothesis import given
from hypothesis import strategies as st

from runreport.names import content_hash, file_name, natural_key, slug

SAFE = set(string.ascii_lowercase + string.digits + "-")


@given(st.text())
def test_file_names_are_safe_whatever_the_log_says(text: str) -> None:
    name = file_name(text)
    assert name
    assert set(name) <= SAFE
    assert len(name) <= 60


@given(st.text(), st.text())
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4))
def test_hashed_parts_do_not_run_into_each_other(parts: list[str]) -> None:
    joined = ["".join(parts)]
    assert content_hash(*parts) != content_hash(*joined)


@given(st.lists(st.text()))
def test_natural_order_is_total(texts: list[str]) -> None:
    once = sorted(texts, key=natural_key)
    assert sorted(once, key=natural_key) == once


def test_natural_order_knows_numbers() -> None:
    assert sorted(["lr=0.1", "lr=0.01"], key=natural_key) == ["lr=0.01", "lr=0.1"]


def test_a_slug_is_readable() -> None:
    assert slug("Träin/Loss (raw)") == "train-loss-raw"
