"""Order values: known truth, gradients, and customers without a mean."""

import numpy as np
import pytest
from scipy.special import gammaincinv

from cx_assets.methods.clv import GammaGamma
from cx_assets.methods.clv.gamma_gamma import _terms

TRUTH = {"p": 4.0, "q": 3.0, "gamma": 20.0}


def shoppers(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders, their mean value, and the value the customer's orders have in the long run."""
    rng = np.random.default_rng(seed)
    x = 1 + rng.poisson(1.5, n)
    nu = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], n)
    total = np.zeros(n)
    for order in range(int(x.max())):
        total += np.where(order < x, rng.gamma(TRUTH["p"], 1 / nu), 0.0)
    return x, total / x, TRUTH["p"] / nu


def test_parameters_are_recovered() -> None:
    x, value, _ = shoppers(20_000)
    model = GammaGamma().fit(x, value)
    assert model.converged_, model.message_
    for name, true in TRUTH.items():
        assert abs(model.parameters_[name] - true) < 4 * model.standard_errors_[name]
        assert model.standard_errors_[name] < 0.1 * true
    laplace = np.array(list(model.standard_errors_.values()))
    assert model.bootstrap(200, 1).std(axis=0) == pytest.approx(laplace, rel=0.3)


def test_expected_value_is_the_long_run_mean() -> None:
    x, value, long_run = shoppers(50_000)
    expected = GammaGamma.from_parameters(TRUTH).expected_value(x, value)
    for group in np.array_split(np.argsort(expected), 6):
        error = (long_run - expected)[group]
        assert abs(error.mean()) < 4 * error.std() / np.sqrt(len(group))


def test_a_new_customer_has_the_mean_of_all() -> None:
    model = GammaGamma.from_parameters(TRUTH)
    assert model.expected_value(0, np.nan) == pytest.approx(4 * 20 / (3 - 1))
    many = model.expected_value(10_000, 55.0)
    assert many == pytest.approx(55, rel=1e-3)


def test_weights_are_repeated_rows() -> None:
    x, value, _ = shoppers(300)
    repeated = GammaGamma().fit(np.repeat(x, 3), np.repeat(value, 3))
    weighted = GammaGamma().fit(x, value, sample_weight=np.full(300, 3))
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-12)
    assert weighted.parameter_vector == pytest.approx(repeated.parameter_vector, rel=1e-6)


def test_any_currency() -> None:
    x, value, _ = shoppers(2000)
    pounds, pence = GammaGamma().fit(x, value), GammaGamma().fit(x, 100 * value)
    assert pence.parameter_vector == pytest.approx(pounds.parameter_vector * [1, 1, 100], rel=1e-5)
    shift = -2000 * np.log(100)
    assert pence.log_likelihood_ == pytest.approx(pounds.log_likelihood_ + shift, rel=1e-10)


@pytest.mark.parametrize("parameters", [(6.0, 3.7, 15.0), (0.3, 0.6, 900.0), (50.0, 40.0, 0.1)])
def test_gradients(parameters: tuple[float, float, float]) -> None:
    x, value, _ = shoppers(200)
    columns = x, value, np.log(x * value), np.log(value)
    point = np.array(parameters)
    _, gradient = _terms(point, *columns)
    for i, step in enumerate(1e-5 * np.diag(point)):
        slope = (_terms(point + step, *columns)[0] - _terms(point - step, *columns)[0]) / (
            2 * step[i]
        )
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_where_there_is_no_mean_the_median_takes_its_place() -> None:
    model = GammaGamma.from_parameters({"p": 0.5, "q": 0.8, "gamma": 10.0})
    assert model.expected_value(0, np.nan) == pytest.approx(0.5 * 10 / gammaincinv(0.8, 0.5))
    rng = np.random.default_rng(3)
    nu = rng.gamma(0.8, 1 / 10.0, 200_000)
    assert model.expected_value(0, 0) == pytest.approx(np.median(0.5 / nu), rel=0.02)
    x = 1 + rng.poisson(2, 5000)
    nu = rng.gamma(0.7, 1 / 10.0, 5000)
    fitted = GammaGamma().fit(x, rng.gamma(2.0 * x, 1 / nu) / x)
    assert fitted.parameters_["q"] < 1
    assert "infinite" in fitted.message_
    assert np.isfinite(fitted.expected_value([0, 1], [np.nan, 5.0])).all()


@pytest.mark.parametrize(("x", "orders"), [(0, 1), (2, 3), (30, 10)])
def test_drawn_values_add_up_to_what_is_expected(x: int, orders: int) -> None:
    model = GammaGamma.from_parameters({"p": 4.0, "q": 5.0, "gamma": 20.0})
    n = 100_000
    rng = np.random.default_rng(2)
    relative = model.draw_relative_values(np.full(n, x), np.full(n, orders), rng)
    assert relative.mean() == pytest.approx(orders, abs=4 * relative.std() / np.sqrt(n))
    assert (model.draw_relative_values([x], [0], rng) == 0).all()
    # A customer's spread is wide while p x + q is small; draws may have parameters of their own.
    steady = np.repeat(np.array([[4.0], [500.0], [20.0]]), n, axis=1)
    less = model.draw_relative_values(np.full(n, x), np.full(n, orders), rng, steady)
    assert less.mean() == pytest.approx(orders, abs=4 * less.std() / np.sqrt(n))
    assert less.std() < relative.std()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((0, 5), "whole number"),
        ((2, 0), "not positive"),
        ((2, -3), "not positive"),
        ((2, np.nan), "nan"),
        ((2, np.inf), "not positive"),
        ((1.5, 2), "whole number"),
    ],
)
def test_impossible_rows_are_named(row: tuple[float, float], why: str) -> None:
    x, value = np.array([(1, 5), row]).T
    with pytest.raises(ValueError, match=f"row 1: .*{why}"):
        GammaGamma().fit(x, value)


def test_no_rows() -> None:
    with pytest.raises(ValueError, match="no customers"):
        GammaGamma().fit([], [])
    with pytest.raises(ValueError, match=r"row 1: .*not positive"):
        GammaGamma.from_parameters(TRUTH).expected_value([0, 2], [np.nan, np.nan])
