import numpy as np
import pytest
from scipy import stats

from cx_assets.methods.texts import FEWEST_PEOPLE, MODEST, rank_correlation


def test_within_one_fold_it_is_spearmans() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(1, 6, 80)
    score = y + rng.normal(0, 2, 80)
    r, low, high = rank_correlation(y, score, np.ones(80), 80)
    assert r == pytest.approx(stats.spearmanr(y, score)[0])
    assert low < r < high


def test_a_model_that_says_the_mean_of_the_others_is_not_against_the_truth() -> None:
    rng = np.random.default_rng(2)
    y, fold = rng.normal(size=500), np.arange(500) % 5
    others = np.array([y[fold != one].mean() for one in range(5)])[fold]
    assert stats.spearmanr(y, others)[0] < 0
    assert np.isnan(rank_correlation(y, others, fold, 500)[0])


def test_the_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(3)
    normal, fold, covered = 0.6, np.arange(300) % 5, 0
    true = 6 / np.pi * np.arcsin(normal / 2)
    for _ in range(400):
        x = rng.normal(size=300)
        y = normal * x + np.sqrt(1 - normal**2) * rng.normal(size=300)
        _, low, high = rank_correlation(x, y, fold, 300)
        covered += low <= true <= high
    assert 0.92 < covered / 400 < 0.98


def test_the_fewest_people_tell_a_modest_correlation_from_none() -> None:
    rng = np.random.default_rng(4)
    normal = 2 * np.sin(np.pi * MODEST / 6)
    found = 0
    for _ in range(300):
        x = rng.normal(size=FEWEST_PEOPLE)
        y = normal * x + np.sqrt(1 - normal**2) * rng.normal(size=FEWEST_PEOPLE)
        found += stats.spearmanr(x, y)[1] < 0.05
    assert found / 300 > 0.75


@pytest.mark.parametrize("size", [0, 1, 3])
def test_too_few_give_no_figure(size: int) -> None:
    values = np.arange(float(size))
    assert np.isnan(rank_correlation(values, values, np.ones(size), size)).all()
