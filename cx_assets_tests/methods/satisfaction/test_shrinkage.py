"""Shrunken means against printed figures, and over worlds whose truth is known."""

import numpy as np
import pytest
from scipy import special

from cx_assets.methods.intervals import Floats
from cx_assets.methods.satisfaction import shrink
from cx_assets.methods.satisfaction.shrinkage import between_variance

SCORES = np.arange(1, 6)
# Where a latent normal feeling turns into the next score.
CUTS = np.array([-1.9, -1.4, -0.7, 0.2])


def worlds(
    runs: int, groups: int, spread: float, sizes: list[int], seed: int = 3
) -> list[tuple[Floats, Floats, Floats, Floats, float]]:
    """Per world: counts, observed means, sample variances, true means, and the mean of all."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(runs):
        feeling = rng.normal(0, spread, groups)
        below = special.ndtr(CUTS - feeling[:, None])
        edges = np.column_stack([np.zeros(groups), below, np.ones(groups)])
        chances = np.diff(edges, axis=1)
        n = rng.choice(sizes, groups)
        drawn = rng.multinomial(n, chances)
        mean = drawn @ SCORES / n
        spread_out = drawn @ SCORES**2 - n * mean**2
        variance = np.where(n > 1, spread_out / np.maximum(n - 1, 1), np.nan)
        whole = float(drawn.sum(axis=0) @ SCORES / n.sum())
        made.append((n.astype(float), mean, variance, chances @ SCORES, whole))
    return made


@pytest.mark.parametrize(("groups", "runs"), [(4, 300), (8, 150), (30, 40)])
@pytest.mark.parametrize("spread", [0.15, 0.5])
def test_errors_are_smaller_and_intervals_hold(groups: int, runs: int, spread: float) -> None:
    raw, shrunk, held = [], [], []
    for n, mean, variance, truth, whole in worlds(runs, groups, spread, [3, 5, 8, 15, 40, 100]):
        means, low, high = shrink(n, mean, variance, whole)
        raw.extend((mean - truth) ** 2)
        shrunk.extend((means - truth) ** 2)
        held.extend((low <= truth) & (truth <= high))
    assert np.mean(shrunk) < 0.9 * np.mean(raw)
    # Above 97 % where groups hardly differ: the variance between them is then taken as too large.
    assert 0.93 < np.mean(held) < (0.97 if spread > 0.3 else 0.985)


def test_between_variance_balances_the_distances() -> None:
    """Against its definition, on the eight schools (Rubin 1981), which need none."""
    effects = np.array([28, 8, -3, 7, -1, 1, 18, 12], dtype=float)
    errors = np.array([15, 10, 16, 11, 9, 11, 10, 18], dtype=float) ** 2
    assert between_variance(effects, errors, 7.7) == 0.0
    apart = effects * 3
    found = between_variance(apart, errors, apart.mean())
    assert np.sum((apart - apart.mean()) ** 2 / (errors + found)) == pytest.approx(7)


def test_equal_groups_give_the_estimate_of_james_and_stein() -> None:
    """With equal variances and the centre estimated: 1 - (k - 3) v / S, as long as S is large."""
    rng = np.random.default_rng(2)
    n, variance = np.full(12, 25.0), np.full(12, 1.5)
    mean = 4 + rng.normal(0, 0.8, 12)
    means, _, _ = shrink(n, mean, variance, float(mean.mean()))
    distances = mean - mean.mean()
    kept = 1 - 9 * (1.5 / 25) / np.sum(distances**2)
    assert means == pytest.approx(mean.mean() + kept * distances)


def test_fewer_than_four_groups_stay_as_they_are() -> None:
    n, mean = np.array([3.0, 50.0, 80.0]), np.array([4.5, 3.5, 4.0])
    means, low, high = shrink(n, mean, np.array([0.5, 1.2, 0.9]), 3.8)
    assert means.tolist() == mean.tolist()
    assert ((low < mean) & (mean < high)).all()


@pytest.mark.parametrize("count", [[1.0, 1.0, 1.0, 1.0], [4.0, 4.0, 9.0, 2.0], []])
def test_nothing_that_differs_within_gives_no_interval(count: list[float]) -> None:
    mean = np.array([4.0, 5.0, 3.0, 4.0])[: len(count)]
    variance = np.where(np.array(count) > 1, 0.0, np.nan)
    means, low, high = shrink(np.array(count), mean, variance, 4.0)
    assert means.tolist() == mean.tolist()
    assert np.isnan(low).all()
    assert np.isnan(high).all()
