"""Intervals against scipy, against printed figures, and against how often they claim to hold."""

import numpy as np
import pytest
from scipy import stats

from cx_assets.methods.intervals import (
    bootstrap_interval,
    mean_interval,
    net_share_interval,
    wilson_interval,
)


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


def test_wilson_interval_stays_within_a_share() -> None:
    count = np.arange(1, 2_000)
    assert wilson_interval(count, count)[1].max() <= 1
    assert wilson_interval(0 * count, count)[0].min() >= 0


def test_no_answers_give_no_share() -> None:
    low, high = wilson_interval(0, 0)
    assert np.isnan(low)
    assert np.isnan(high)


@pytest.mark.parametrize("n", [10, 30, 200])
def test_wilson_interval_covers_as_often_as_it_claims(n: int) -> None:
    """Over all shares and, exactly, all samples; for one share alone it swings, as all must."""
    x, shares = np.arange(n + 1), np.linspace(0.01, 0.99, 197)[:, None]
    low, high = wilson_interval(x, n)
    held = (low <= shares) & (shares <= high)
    assert 0.945 < np.mean(np.sum(stats.binom.pmf(x, n, shares) * held, axis=1)) < 0.96


@pytest.mark.parametrize("n", [10, 30, 300])
@pytest.mark.parametrize("shares", [(0.5, 0.2), (0.3, 0.3), (0.15, 0.4), (0.7, 0.1)])
def test_net_share_interval_covers_as_often_as_it_claims(
    n: int, shares: tuple[float, float]
) -> None:
    up, down = shares
    chances = (up, down, 1 - up - down)
    drawn = np.random.default_rng(1).multinomial(n, chances, size=20_000)
    low, high = net_share_interval(drawn[:, 0], drawn[:, 1], n)
    covered = np.mean((low <= up - down) & (up - down <= high))
    assert 0.93 < covered < 0.97


def test_net_share_interval_holds_the_figure_even_at_the_ends() -> None:
    n = np.array([0, 1, 2, 10, 1_000])
    for up, down in ((n, 0 * n), (0 * n, n)):
        low, high = net_share_interval(up, down, n)
        assert np.isnan(low[:2]).all()
        assert np.isnan(high[:2]).all()
        net = ((up - down) / np.maximum(n, 1))[2:]
        assert ((low[2:] >= -1) & (low[2:] <= net) & (net <= high[2:]) & (high[2:] <= 1)).all()


def test_bootstrap_interval_is_scipys_where_n_is_large() -> None:
    counts, values = np.array([12.0, 8, 15, 60, 305]), np.arange(1.0, 6)
    answers = np.repeat(values, counts.astype(int))
    expected = stats.bootstrap(
        (answers,), np.mean, method="BCa", n_resamples=4_000, vectorized=True, rng=4
    ).confidence_interval
    found = bootstrap_interval(counts, values, seed=4)
    assert found == pytest.approx(tuple(expected), abs=0.15 * (expected.high - expected.low) / 2)
    middle = counts @ values / counts.sum()
    assert middle - found[0] > found[1] - middle  # Skewed to the left, and so is the interval.
    assert found == bootstrap_interval(counts, values, seed=4)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "least"), [(20, 0.91), (60, 0.93)])
def test_bootstrap_interval_covers_skewed_answers_better_than_students_t(
    n: int, least: float
) -> None:
    values, chances = np.arange(1.0, 6), np.array([0.03, 0.03, 0.06, 0.28, 0.6])
    truth = chances @ values
    drawn = np.random.default_rng(5).multinomial(n, chances, size=800).astype(float)
    by_draws = np.array(
        [bootstrap_interval(counts, values, seed) for seed, counts in enumerate(drawn)]
    )
    means = drawn @ values / n
    by_t = mean_interval(n, means, (drawn @ values**2 - n * means**2) / (n - 1))
    held, held_by_t = (
        np.mean((low <= truth) & (truth <= high)) for low, high in (by_draws.T, by_t)
    )
    assert held_by_t < held
    assert least < held < 0.97
