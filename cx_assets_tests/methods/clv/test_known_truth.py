"""Customers who act out a model's own story: the formulas must say what then happens."""

from functools import cache

import numpy as np
import pytest

from cx_assets.methods.clv import BgNbd, MbgNbd, ParetoNbd, PurchaseModel
from cx_assets_tests.methods.clv.simulation import Story, act

TRUTHS = [
    (BgNbd, {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 2.5}),
    (BgNbd, {"r": 0.6, "alpha": 5.0, "a": 1.0, "b": 2.5}),
    (MbgNbd, {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 1.8}),
    (ParetoNbd, {"r": 0.7, "alpha": 8.0, "s": 0.8, "beta": 12.0}),
    (ParetoNbd, {"r": 0.9, "alpha": 14.0, "s": 1.6, "beta": 9.0}),
]
HORIZON, DISCOUNT = 50.0, 0.02
SIGMAS = 4.0
each_truth = pytest.mark.parametrize("truth", range(len(TRUTHS)), ids=lambda i: TRUTHS[i][0].name)


@cache
def acted(truth: int) -> tuple[PurchaseModel, Story]:
    model, parameters = TRUTHS[truth]
    rng = np.random.default_rng(100 + truth)
    age = rng.integers(5, 60, 40_000).astype(float)
    story = act(model.name, parameters, age, HORIZON, DISCOUNT, rng)
    return model.from_parameters(parameters), story


def assert_calibrated(predicted: np.ndarray, happened: np.ndarray, by: np.ndarray) -> None:
    """In each of 8 groups along `by`, the mean that happened is the one predicted."""
    for group in np.array_split(np.argsort(by, kind="stable"), 8):
        error = (happened - predicted)[group]
        assert abs(error.mean()) <= SIGMAS * error.std() / np.sqrt(len(group)) + 1e-12


@each_truth
def test_p_alive_is_calibrated(truth: int) -> None:
    model, story = acted(truth)
    alive = model.p_alive(story.x, story.t_x, story.T)
    assert_calibrated(alive, story.alive.astype(float), by=alive)
    assert_calibrated(alive, story.alive.astype(float), by=story.T)


@each_truth
def test_expected_orders_happen(truth: int) -> None:
    model, story = acted(truth)
    orders = model.expected_orders(HORIZON, story.x, story.t_x, story.T)
    assert_calibrated(orders, story.later_orders, by=orders)
    assert_calibrated(orders, story.later_orders, by=story.x)


@each_truth
def test_discounted_orders_happen(truth: int) -> None:
    model, story = acted(truth)
    orders = model.discounted_orders(HORIZON, DISCOUNT, story.x, story.t_x, story.T)
    assert_calibrated(orders, story.later_discounted, by=orders)


@each_truth
def test_a_new_customer(truth: int) -> None:
    model, story = acted(truth)
    assert_calibrated(model.expected_orders_of_new_customer(story.T), story.x, by=story.T)


@each_truth
def test_parameters_are_recovered(truth: int) -> None:
    model, story = acted(truth)
    fitted = type(model)().fit(story.x, story.t_x, story.T)
    assert fitted.converged_, fitted.message_
    for name, value in TRUTHS[truth][1].items():
        off = abs(fitted.parameters_[name] - value)
        assert off <= SIGMAS * fitted.standard_errors_[name]
        assert fitted.standard_errors_[name] < 0.15 * value


@each_truth
@pytest.mark.parametrize(("x", "age"), [(0, 0.0), (0, 30.0), (3, 30.0), (40, 30.0)])
def test_drawn_futures_are_those_of_customers_who_are_there(truth: int, x: int, age: float) -> None:
    model, _ = acted(truth)
    n = 40_000
    rng = np.random.default_rng(5)
    orders, lifetime = model.draw_futures(np.full(n, x), np.full(n, age), HORIZON, rng)
    assert orders.dtype == np.int64
    error = SIGMAS * orders.std() / np.sqrt(n)
    assert orders.mean() == pytest.approx(float(model.orders_if_alive(HORIZON, x, age)), abs=error)
    assert ((lifetime > 0) & (lifetime <= HORIZON)).all()
    leaves = lifetime < HORIZON
    assert leaves.any()
    if isinstance(model, ParetoNbd):
        assert orders[leaves].mean() < orders[~leaves].mean()
    else:
        assert (orders[leaves] >= 1).all(), "they leave at an order"


@each_truth
def test_drawn_futures_vary_as_the_acted_ones(truth: int) -> None:
    model, story = acted(truth)
    there = story.alive
    drawn, _ = model.draw_futures(story.x[there], story.T[there], HORIZON, np.random.default_rng(6))
    happened = story.later_orders[there]
    for orders in (0, 1, 3, 8):
        assert (drawn <= orders).mean() == pytest.approx((happened <= orders).mean(), abs=0.015)


@each_truth
def test_each_draw_may_have_its_own_parameters(truth: int) -> None:
    model, _ = acted(truth)
    n = 20_000
    busy = model.parameter_vector.copy()
    busy[0] *= 3
    own = np.repeat(np.array([model.parameter_vector, busy]).T, n, axis=1)
    rng = np.random.default_rng(9)
    orders, _ = model.draw_futures(np.zeros(2 * n), np.full(2 * n, 9.0), HORIZON, rng, own)
    for half, parameters in ((orders[:n], model.parameter_vector), (orders[n:], busy)):
        named = dict(zip(model.parameter_names, parameters, strict=True))
        expected = float(type(model).from_parameters(named).orders_if_alive(HORIZON, 0, 9.0))
        assert half.mean() == pytest.approx(expected, abs=SIGMAS * half.std() / np.sqrt(n))
    with pytest.raises(ValueError, match="shape"):
        model.draw_futures(np.zeros(3), np.zeros(3), HORIZON, rng, own)


def covered(truth: int, data_sets: int, customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of 95 % intervals (Laplace, bootstrap) that hold each true parameter."""
    model, parameters = TRUTHS[truth]
    true = np.log(list(parameters.values()))
    rng = np.random.default_rng(11)
    laplace, resampled = [], []
    for _ in range(data_sets):
        age = rng.integers(10, 60, customers).astype(float)
        story = act(model.name, parameters, age, 0.0, 0.0, rng)
        fitted = model().fit(story.x, story.t_x, age)
        off = np.abs(np.log(fitted.parameter_vector) - true)
        error = np.array(list(fitted.standard_errors_.values())) / fitted.parameter_vector
        laplace.append(off < 1.96 * error)
        spread = np.log(fitted.bootstrap(40, rng)).std(axis=0, ddof=1)
        resampled.append(off < 2.02 * spread)
    return np.array(laplace), np.array(resampled)


def test_intervals_hold_the_truth_most_of_the_time() -> None:
    for holds in covered(0, data_sets=6, customers=500):
        assert holds.mean() > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("truth", [0, 2, 3])
def test_95_percent_intervals_hold_the_truth_in_95_percent(truth: int) -> None:
    for holds in covered(truth, data_sets=100, customers=6000):
        assert 0.93 <= holds.mean() <= 0.97
