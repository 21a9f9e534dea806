"""Intervals against scipy, against printed figures, and against how often they claim to hold."""

import numpy as np
import pytest
from scipy import stats

from cx_assets.methods.intervals import mean_interval, wilson_interval


def test_mean_interval_is_students_t() -> None:
    scores = np.array([5, 4, 4, 2, 5, 1, 3], dtype=float)
    expected = stats.t.interval(0.95, len(scores) - 1, scores.mean(), stats.sem(scores))
    low, high = mean_interval(len(scores), scores.mean(), scores.var(ddof=1))
    assert (float(low), float(high)) == pytest.approx(expected)


def test_mean_interval_covers_as_often_as_it_claims() -> None:
    draws = np.random.default_rng(1).normal(3.5, 1.2, size=(4_000, 12))
    low, high = mean_interval(12, draws.mean(axis=1), draws.var(axis=1, ddof=1))
    assert np.mean((low <= 3.5) & (high >= 3.5)) == pytest.approx(0.95, abs=0.012)


def test_too_few_observations_give_no_interval() -> None:
    low, high = mean_interval([0, 1, 3], [np.nan, 4.0, 4.0], [0.0, 0.0, 0.0])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@pytest.mark.parametrize("successes", [0, 1, 15, 29, 30])
def test_wilson_interval_is_scipys(successes: int) -> None:
    expected = stats.binomtest(successes, 30).proportion_ci(0.95, method="wilson")
    low, high = wilson_interval(successes, 30)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_answers_give_no_share() -> None:
    low, high = wilson_interval(0, 0)
    assert np.isnan(low)
    assert np.isnan(high)
