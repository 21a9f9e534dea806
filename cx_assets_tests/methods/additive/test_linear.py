"""The additive regression, against scikit-learn and a known truth."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from cx_assets.methods.additive import AdditiveLinear
from cx_assets.methods.additive.linear import fit_ridge

RNG = np.random.default_rng(4)
X = RNG.normal(size=(300, 4)) * [1, 2, 0.5, 3]
Y = X[:, 0] - 0.3 * X[:, 3] + RNG.normal(size=300)
EQUAL = np.ones(300)


@pytest.mark.parametrize("penalty", [0.1, 30.0])
def test_the_minimum_is_that_of_ridge_regression(penalty: float) -> None:
    weights = RNG.random(300) + 0.1
    weights /= weights.mean()
    beta, _ = fit_ridge(X, Y, weights, (penalty,))
    oracle = Ridge(alpha=penalty).fit(X, Y, weights)
    assert beta[0] == pytest.approx(oracle.intercept_)
    assert beta[1:] == pytest.approx(oracle.coef_)


def test_the_penalty_is_the_one_of_generalised_cross_validation() -> None:
    penalties = (0.1, 1.0, 10.0, 100.0, 1000.0)
    for noise in (0.1, 30.0):
        y = X[:, 0] + noise * RNG.normal(size=300)
        _, penalty = fit_ridge(X, y, EQUAL, penalties)
        assert penalty == RidgeCV(penalties).fit(X, y).alpha_


def shop(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(7)
    hours = rng.exponential(20, n)
    place = rng.choice(["web", "store", "app"], n)
    known = rng.random(n) < 0.8
    truth = 4 - 0.02 * np.minimum(hours, 50) * known + 0.3 * (place == "store")
    table = pd.DataFrame({"hours": np.where(known, hours, np.nan), "place": place})
    return table, truth


def test_effects_are_found_bent_and_missing_ones_too() -> None:
    table, truth = shop(20_000)
    y = truth + np.random.default_rng(8).normal(0, 0.7, len(truth))
    model = AdditiveLinear().fit(table, y)
    assert np.abs(model.predict(table) - truth).mean() < 0.03
    store = model.effects_["place"](pd.Series(["store", "web"]))
    assert store[0] - store[1] == pytest.approx(0.3, abs=0.04)


def test_weights_count_rows_and_the_stored_model_scores_the_same() -> None:
    table, truth = shop(400)
    twice = np.repeat([1, 2], 200)
    repeated = np.repeat(np.arange(400), twice)
    only = AdditiveLinear(penalties=(1e-6,))
    weighted = only.fit(table, truth, twice).predict(table)
    # The knots are quantiles of the rows, so the repeated rows bend at other places.
    longer = AdditiveLinear(penalties=(1e-6,)).fit(table.iloc[repeated], truth[repeated])
    assert weighted == pytest.approx(longer.predict(table), abs=0.02)
    stored = AdditiveLinear.from_json(only.to_json())
    assert (stored.predict(table) == weighted).all()


def test_without_a_weight_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no row has a weight"):
        AdditiveLinear().fit(pd.DataFrame({"x": [1.0, 2.0]}), [1.0, 2.0], [0.0, 0.0])
