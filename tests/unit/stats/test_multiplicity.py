"""Adjusted p-values: what holds of every method, and what statsmodels computes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    family_size,
    holm,
    hommel,
)

METHODS = {
    "bonferroni": bonferroni,
    "holm": holm,
    "fdr_bh": benjamini_hochberg,
    "fdr_by": benjamini_yekutieli,
    "hommel": hommel,
}
EVERY = pytest.mark.parametrize("name", METHODS)
P = st.lists(st.floats(0, 1), min_size=1, max_size=15)
WITH_NAN = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=15)


@EVERY
@given(p=P)
def test_no_p_falls_and_the_order_stays(name: str, p: list[float]) -> None:
    adjusted = METHODS[name](p)
    assert (adjusted >= np.array(p) - 1e-15).all()
    assert adjusted.max() <= 1
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()


@EVERY
@given(p=P, random=st.randoms(use_true_random=False))
def test_a_permutation_is_followed(name: str, p: list[float], random: object) -> None:
    order = list(range(len(p)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert METHODS[name]([p[i] for i in order]) == pytest.approx(METHODS[name](p)[order])


@EVERY
@given(p=WITH_NAN)
def test_what_was_not_tested_does_not_count(name: str, p: list[float]) -> None:
    adjusted = METHODS[name](p)
    tested = ~np.isnan(p)
    assert np.isnan(adjusted[~tested]).all()
    assert adjusted[tested] == pytest.approx(METHODS[name](list(np.array(p)[tested])))
    assert family_size(p) == tested.sum()


@given(P)
def test_hommel_lies_between_the_raw_p_and_holm(p: list[float]) -> None:
    assert (hommel(p) <= holm(p) + 1e-15).all()
    assert (holm(p) <= bonferroni(p) + 1e-15).all()
    assert (benjamini_hochberg(p) <= benjamini_yekutieli(p) + 1e-15).all()
    assert (benjamini_hochberg(p) <= hommel(p) + 1e-15).all()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_hommel_of_two_is_the_closed_test(p: list[float]) -> None:
    low, high = sorted(p)
    both = min(2 * low, high)  # Simes' test of the two together
    assert sorted(hommel(p)) == pytest.approx([max(low, both), max(high, both)])


@EVERY
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_statsmodels_agrees(name: str, p: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="the oracle statsmodels is not installed")
    assert METHODS[name](p) == pytest.approx(multitest.multipletests(p, method=name)[1], abs=1e-12)


@EVERY
def test_a_wrong_p_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=r"not at 1\.5"):
        METHODS[name]([0.1, 1.5])
