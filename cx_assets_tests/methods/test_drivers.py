"""Effects of drivers in simulated answers, and the shares of variance against their definition."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from cx_assets.methods.drivers import TooFewAnswers, driver_effects, shared_out

TRUE = {"late": -0.6, "slow": -0.4, "nothing": 0.0}


def answers(
    rng: np.random.Generator, customers: int = 400
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]:
    """Three answers per customer, who has a level; slow comes with late."""
    who = np.repeat(np.arange(customers), 3)
    n = len(who)
    late = rng.random(n) < 0.3
    slow = rng.random(n) < np.where(late, 0.4, 0.1)
    drivers = pd.DataFrame({"late": late, "slow": slow, "nothing": rng.random(n) < 0.5})
    controls = pd.DataFrame({"touchpoint": rng.choice(["a", "b", "c"], n)})
    level = rng.normal(0, 0.6, customers)[who]
    y = 4 + level + drivers @ pd.Series(TRUE) + 0.5 * (controls["touchpoint"] == "a")
    return drivers, controls, y.to_numpy() + rng.normal(0, 0.5, n), who


@pytest.mark.slow
def test_intervals_cover_the_true_effects() -> None:
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(400):
        drivers, controls, y, who = answers(rng)
        found = driver_effects(drivers, controls, y, np.ones(len(y)), who).set_index("driver")
        truth = pd.Series(TRUE)
        covered.append((found["ci_low"] <= truth) & (truth <= found["ci_high"]))
    share = pd.DataFrame(covered).mean()
    # 400 trials: four standard errors are .044.
    assert share.between(0.95 - 0.044, 0.95 + 0.044).all(), share


def test_effects_are_those_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(5)
    drivers, controls, y, who = answers(rng)
    weights = rng.random(len(y)) + 0.2
    found = driver_effects(drivers, controls, y, weights, who)
    columns = pd.concat([drivers, pd.get_dummies(controls)], axis=1).astype(float)
    oracle = LinearRegression().fit(columns, y, weights)
    assert found["effect"].to_numpy() == pytest.approx(oracle.coef_[:3])
    full = oracle.score(columns, y, weights)
    alone = columns.iloc[:, 3:]
    without = LinearRegression().fit(alone, y, weights).score(alone, y, weights)
    assert found["variance_explained"].sum() == pytest.approx(full - without)
    assert found["share_of_variance"].sum() == pytest.approx(1)


def test_the_variance_is_shared_out_over_all_orders() -> None:
    rng = np.random.default_rng(6)
    columns = rng.normal(size=(200, 4)) @ (np.eye(4) + 0.4)
    columns -= columns.mean(axis=0)
    y = columns @ [1.0, 0.5, 0.0, 1.0] + rng.normal(size=200)

    def explained(chosen: list[int]) -> float:
        fitted = LinearRegression(fit_intercept=False).fit(columns[:, chosen], y)
        return float(np.sum(fitted.predict(columns[:, chosen]) ** 2))

    shares = np.zeros(3)
    for order in permutations(range(3)):
        for place, driver in enumerate(order):
            before = [3, *order[:place]]
            shares[driver] += (explained([*before, driver]) - explained(before)) / 6
    assert shared_out(columns.T @ columns, columns.T @ y, 3) == pytest.approx(shares)


def test_a_driver_that_nobody_met_is_left_out_and_too_few_answers_are_refused() -> None:
    drivers, controls, y, who = answers(np.random.default_rng(9))
    never = driver_effects(drivers.assign(never=0.0), controls, y, np.ones(len(y)), who)
    assert never["driver"].tolist() == list(TRUE)
    with pytest.raises(TooFewAnswers, match="2 customers are too few"):
        driver_effects(drivers[:6], controls[:6], y[:6], np.ones(6), who[:6])
