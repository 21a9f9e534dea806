"""Figures of a group: which are published, and what a sum says of one of its people."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cx_assets.privacy.publication.figures import Measure, figures, shown
from cx_assets.privacy.publication.groups import Group
from cx_assets_tests.privacy.publication.attack import bounds

SCORE = Measure("score", Fraction(1), Fraction(5), Fraction(1), of_everyone=False, is_score=True)
VALUE = Measure("value", Fraction(0), Fraction(1000), Fraction(1), of_everyone=True, is_score=False)
K = 3


def published(
    scores: Sequence[int | None], values: Sequence[int], new: Sequence[bool] | None = None
) -> dict[str, int]:
    """The figures of a group of people, a cell each."""
    people = pd.DataFrame({"score": pd.array(scores, "Int64"), "value": values})
    people["new"] = [True] * len(people) if new is None else list(new)
    cells = pd.DataFrame({"people": 1, "new": people["new"].astype(int)})
    for measure in (SCORE, VALUE):
        column = people[measure.name]
        cells[f"{measure.name}_people"] = column.notna().astype(int)
        cells[f"{measure.name}_new"] = (column.notna() & people["new"]).astype(int)
        cells[f"{measure.name}_sum"] = (column - measure.middle).fillna(0).astype(int)
        cells[f"{measure.name}_max"] = column.fillna(0).astype(int)
    return figures(cells, Group({}, np.arange(len(cells))), (SCORE, VALUE), K)


def test_means_come_out_of_sums() -> None:
    found = published([5, 1, 3, None, None, None], [10, 20, 30, 40, 50, 60])
    row = shown(found, (SCORE, VALUE))
    assert row == {
        "customers": 6,
        "score_people": 3,
        "mean_score": 3,
        "mean_value": 35,
    }


def test_who_answered_and_who_did_not_are_two_groups() -> None:
    values = [10] * 8
    assert "score_sum" in published([1, 5, 3, None, None, None, None, None], values)
    assert "score_sum" in published([1, 5, 3, 3, 3, 3, 3, 3], values), "all have answered"
    assert "score_sum" not in published([1, 5, 3, 3, 3, 3, None, None], values)
    assert "score_sum" not in published([1, 5, *[None] * 6], values)
    assert "score_sum" not in published([None] * 8, values)
    # Three answered, of whom one was counted before.
    old = [False, *[True] * 7]
    assert "score_sum" not in published([1, 5, 3, *[None] * 5], values, old)
    assert "customers" in published([1, 5, 3, *[None] * 5], values, old)


@pytest.mark.parametrize("scores", [[5] * 6, [5, 5, 5, 5, 5, 2], [1] * 6, [1, 1, 1, 4, 1, 1]])
def test_a_mean_near_the_end_of_the_scale_would_tell_of_everyone(scores: list[int]) -> None:
    assert "score_sum" not in published(scores, [10] * 6)
    low, high = bounds(np.ones((1, 6)), np.array([sum(scores)]), np.eye(6)[0], 1, 5)
    assert high - low < 4


@pytest.mark.parametrize("scores", [[5, 5, 5, 5, 5, 1], [1, 1, 5, 1, 1, 1], [3] * 6])
def test_other_means_leave_open_what_each_said(scores: list[int]) -> None:
    assert "score_sum" in published(scores, [10] * 6)
    low, high = bounds(np.ones((1, 6)), np.array([sum(scores)]), np.eye(6)[0], 1, 5)
    assert (low, high) == (1, 5)


def test_a_sum_that_is_mostly_one_persons_is_withheld() -> None:
    scores = [3] * 6
    assert "value_sum" in published(scores, [50, 10, 10, 10, 10, 10])
    assert "value_sum" not in published(scores, [51, 10, 10, 10, 10, 10])
    assert "value_sum" not in published(scores, [0] * 6), "a sum of 0 says that each has 0"


def test_noise_may_leave_nothing_to_divide_by() -> None:
    noisy = {"customers": -2, "score_people": 0, "score_sum": 4, "value_sum": 10}
    row = shown(noisy, (SCORE, VALUE))
    assert (row["customers"], row["mean_score"], row["mean_value"]) == (0, None, None)
    far = {"customers": 2, "score_people": 2, "score_sum": 400, "value_sum": -9_000}
    row = shown(far, (SCORE, VALUE))
    assert (row["mean_score"], row["mean_value"]) == (5, 0), "a mean stays within its range"
