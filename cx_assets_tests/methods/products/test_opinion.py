"""Small numbers of answers owe something to their category."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.products import shrink_within

CATEGORIES = pd.Series(["tea"] * 5 + ["cake"] * 5 + ["rare"] * 2)
COUNT = np.array([200, 200, 200, 200, 1, 200, 200, 200, 200, 1, 50, 0], dtype=float)
MEAN = np.array([4.6, 4.4, 4.7, 4.3, 2, 2.1, 1.9, 2.3, 1.7, 4, 3.0, np.nan])
VARIANCE = np.where(COUNT > 1, 1.5, np.nan)


def test_one_answer_is_drawn_to_its_category_and_many_stay() -> None:
    shrunk, low, high = shrink_within(CATEGORIES, COUNT, MEAN, VARIANCE)
    assert np.abs(shrunk[[0, 1, 2, 3, 5, 6, 7, 8]] - MEAN[[0, 1, 2, 3, 5, 6, 7, 8]]).max() < 0.1
    # A single 2 among teas that are liked says little, and so does a single 4 among bad cakes.
    assert shrunk[4] > 3
    assert shrunk[9] < 3.2
    assert ((low < shrunk) & (shrunk < high))[COUNT > 0].all()
    assert high[4] - low[4] > 5 * (high[0] - low[0])


def test_the_order_of_products_changes_nothing() -> None:
    shuffled = np.random.default_rng(0).permutation(len(COUNT))
    straight = np.column_stack(shrink_within(CATEGORIES, COUNT, MEAN, VARIANCE))
    mixed = shrink_within(
        CATEGORIES[shuffled].reset_index(drop=True),
        *(values[shuffled] for values in (COUNT, MEAN, VARIANCE)),
    )
    np.testing.assert_allclose(np.column_stack(mixed), straight[shuffled], rtol=1e-12)


def test_what_nobody_rated_has_no_score_and_small_categories_are_taken_together() -> None:
    shrunk, low, high = shrink_within(CATEGORIES, COUNT, MEAN, VARIANCE)
    assert np.isnan([shrunk[11], low[11], high[11]]).all()
    # Three categories of two each are six products to know of how far they lie apart.
    small = pd.Series(["a", "a", "b", "b", "c", "c"])
    count, mean = np.array([1.0, 90, 90, 90, 90, 90]), np.array([2.0, 4, 4.1, 3.9, 4, 4.2])
    drawn, _, _ = shrink_within(small, count, mean, np.full(6, 1.5))
    assert drawn[0] > 3
    alone, _, _ = shrink_within(small[:2], count[:2], mean[:2], np.full(2, 1.5))
    assert alone.tolist() == pytest.approx([2, 4])


def test_nobody_rated_anything() -> None:
    for drawn in shrink_within(pd.Series(["a"] * 3), np.zeros(3), np.full(3, np.nan), np.zeros(3)):
        assert np.isnan(drawn).all()
