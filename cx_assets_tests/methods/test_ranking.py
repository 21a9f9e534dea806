"""Ranks and groups agree with scikit-learn and with counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from cx_assets.methods.ranking import auc, equal_groups

rows = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4)), min_size=2, max_size=40
)


@given(rows)
def test_auc_is_scikit_learns_with_ties_and_weights(
    cases: list[tuple[int, bool, int]],
) -> None:
    score, happened, weight = (np.array(column, dtype=float) for column in zip(*cases, strict=True))
    if happened.min() == happened.max():
        assert np.isnan(auc(score, happened, weight))
        return
    theirs = roc_auc_score(happened, score, sample_weight=weight)
    assert auc(score, happened, weight) == pytest.approx(theirs)


@given(rows, st.integers(1, 12))
def test_groups_are_equal_and_keep_every_customer(
    cases: list[tuple[int, bool, int]], groups: int
) -> None:
    score, happened, weight = (np.array(column, dtype=float) for column in zip(*cases, strict=True))
    means, outcomes, customers = equal_groups(score, happened, weight, groups)
    assert customers == pytest.approx(np.full(groups, weight.sum() / groups))
    assert (outcomes * customers).sum() == pytest.approx((happened * weight).sum())
    assert (means * customers).sum() == pytest.approx((score * weight).sum())
    assert np.all(np.diff(means) >= -1e-9)


def test_rows_and_weights_are_the_same_thing() -> None:
    score, outcome = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 4.0])
    weight = np.array([3, 1, 2])
    together = equal_groups(score, outcome, weight, 3)
    apart = equal_groups(np.repeat(score, weight), np.repeat(outcome, weight), None, 3)
    assert np.allclose(together, apart)


def test_no_customers_no_groups() -> None:
    assert all(len(column) == 0 for column in equal_groups([], []))
    assert np.isnan(auc([], []))
