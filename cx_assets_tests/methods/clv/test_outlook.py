"""What customers will bring: the intervals hold what happens as often as they say."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.clv import BgNbd, GammaGamma, ParetoNbd
from cx_assets.methods.clv.outlook import Fitted, Horizon, outlook

PURCHASES = {"r": 1.2, "alpha": 8.0, "s": 0.8, "beta": 80.0}
# Where hardly anybody leaves within the history, nobody can say how fast they do.
QUICK_TO_LEAVE = {"r": 0.6, "alpha": 8.0, "s": 0.7, "beta": 14.0}
SPEND = {"p": 6.0, "q": 4.0, "gamma": 15.0}
WEEK = Horizon(year=52.0, lifetime=104.0, discount_rate=0.002)


def simulated(customers: int, seed: int) -> pd.DataFrame:
    """Histories of a year or less, and the discounted money of the two years after."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], customers)
    left = rng.exponential(1 / rng.gamma(PURCHASES["s"], 1 / PURCHASES["beta"], customers))
    scale = rng.gamma(SPEND["q"], 1 / SPEND["gamma"], customers)
    age = rng.integers(20, 53, customers).astype(float)
    rows = []
    for one in range(customers):
        end = min(left[one], age[one] + WEEK.lifetime)
        times = np.sort(rng.random(rng.poisson(rate[one] * end)) * end)
        values = rng.gamma(SPEND["p"], 1 / scale[one], len(times))
        before = times <= age[one]
        ahead = times[~before] - age[one]
        rows.append(
            (
                before.sum(),
                times[before].max(initial=0.0),
                age[one],
                values[before].mean() if before.any() else np.nan,
                (values[~before] * np.exp(-WEEK.discount_rate * ahead)).sum(),
                (ahead <= WEEK.year).sum(),
            )
        )
    return pd.DataFrame(rows, columns=["x", "t_x", "T", "mean_value", "brought", "orders"])


def estimated(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    x, t_x, age = (rows[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))
    purchases = ParetoNbd().fit(x, t_x, age)
    again = rows[rows["x"] > 0]
    spend = GammaGamma().fit(again["x"], again["mean_value"])
    fitted = Fitted(purchases, purchases.bootstrap(100, 1), spend, spend.bootstrap(100, 1))
    value = spend.expected_value(x, rows["mean_value"].fillna(1.0).to_numpy())
    return outlook(fitted, x, t_x, age, WEEK), value


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    rows = simulated(6_000, seed=3)
    return rows, *estimated(rows)


def test_intervals_hold_what_customers_bring(
    world: tuple[pd.DataFrame, pd.DataFrame, np.ndarray],
) -> None:
    rows, ahead, value = world
    above = rows["brought"] > value * ahead["value_high"] + 1e-9
    below = rows["brought"] < value * ahead["value_low"] - 1e-9
    assert 0.015 < above.mean() < 0.035
    # Whoever may be gone has a lower end of nothing, so fewer than 2.5 % can fall below it.
    assert below.mean() < 0.03
    sure = ahead["value_low"] > 0
    assert sure.sum() > 100
    assert 0.005 < below[sure].mean() < 0.05


def test_totals_are_what_happens(
    world: tuple[pd.DataFrame, pd.DataFrame, np.ndarray],
) -> None:
    rows, ahead, value = world
    assert ahead["expected_orders_12m"].sum() == pytest.approx(rows["orders"].sum(), rel=0.05)
    assert (value * ahead["discounted_orders"]).sum() == pytest.approx(
        rows["brought"].sum(), rel=0.08
    )


def test_the_interval_of_the_expectation_holds_the_true_one(
    world: tuple[pd.DataFrame, pd.DataFrame, np.ndarray],
) -> None:
    rows, ahead, _ = world
    x, t_x, age = (rows[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))
    truth = ParetoNbd.from_parameters(PURCHASES).expected_orders(WEEK.year, x, t_x, age)
    inside = truth.clip(ahead["expected_orders_low"], ahead["expected_orders_high"]) == truth
    # One fit errs for all customers together, so this is far from 95 % in a single world.
    assert inside.mean() > 0.5
    assert np.all(ahead["expected_orders_low"] < ahead["expected_orders_12m"])


@pytest.mark.slow
def test_the_interval_of_the_expectation_covers_in_95_of_100_worlds() -> None:
    shown = np.array([0.0, 1.0, 2.0, 6.0]), np.array([0.0, 5.0, 20.0, 39.0]), np.full(4, 40.0)
    truth = ParetoNbd.from_parameters(QUICK_TO_LEAVE).expected_orders(WEEK.year, *shown)
    inside = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        size = 1_500
        rate = rng.gamma(QUICK_TO_LEAVE["r"], 1 / QUICK_TO_LEAVE["alpha"], size)
        left = rng.exponential(1 / rng.gamma(QUICK_TO_LEAVE["s"], 1 / QUICK_TO_LEAVE["beta"], size))
        age = np.round(rng.uniform(20, 52, size))
        end = np.minimum(left, age)
        orders = rng.poisson(rate * end)
        last = end * rng.random(size) ** (1 / np.maximum(orders, 1))
        model = ParetoNbd().fit(orders, np.where(orders > 0, last, 0.0), age)
        fitted = Fitted(model, model.bootstrap(200, 1), None, np.empty((0, 3)))
        ahead = outlook(fitted, *shown, WEEK)
        inside.append(
            (ahead["expected_orders_low"] <= truth) & (truth <= ahead["expected_orders_high"])
        )
    coverage = np.mean(inside, axis=0)
    assert np.all((coverage > 0.90) & (coverage < 0.99)), coverage
    assert 0.93 <= coverage.mean() <= 0.97, coverage


def test_a_customer_of_this_second_and_one_long_gone() -> None:
    model = ParetoNbd.from_parameters(PURCHASES)
    draws = np.tile(model.parameter_vector, (5, 1)) * np.linspace(0.97, 1.03, 5)[:, None]
    fitted = Fitted(model, draws, None, np.empty((0, 3)))
    ahead = outlook(
        fitted, np.array([0.0, 50.0]), np.array([0.0, 10.0]), np.array([0.0, 500.0]), WEEK
    )
    assert np.isfinite(ahead).all(axis=None)
    assert ahead["p_alive"][0] == 1.0
    assert ahead["p_alive"][1] < 0.02
    assert ahead["value_high"][0] > ahead["discounted_orders"][0] > 0
    assert ahead["value_high"][1] == 0


def test_whoever_came_back_is_never_ranked_below_who_did_not() -> None:
    """BG/NBD and the others alike expect next to nothing of quick repeats before a long silence."""
    fitted = Fitted(
        BgNbd.from_parameters({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}),
        np.tile([0.243, 4.414, 0.793, 2.426], (3, 1)) * np.array([[0.9], [1.0], [1.1]]),
        None,
        np.empty((0, 3)),
    )
    x, t_x = np.array([0.0, 1, 1, 9]), np.array([0.0, 0.3, 20, 5])
    ahead = outlook(fitted, x, t_x, np.full(4, 38.0), WEEK)
    assert ahead["counted_as_one_time"].tolist() == [False, True, False, True]
    for column in ("expected_orders_12m", "discounted_orders", "p_alive"):
        assert ahead[column][1] == ahead[column][3] == ahead[column][0]
    assert ahead["discounted_orders"][2] > ahead["discounted_orders"][0]
