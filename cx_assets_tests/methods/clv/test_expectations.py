"""The sums in place of special functions, against those functions and against plain quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.special import gammaln, hyp2f1

from cx_assets.methods.clv import BgNbd, MbgNbd, ParetoNbd
from cx_assets.methods.clv.beta_orders import expected_orders

RNG = np.random.default_rng(1)
MODERATE = np.exp(RNG.uniform(-1.2, 1.2, (16, 4)))
EXTREME = np.exp(RNG.uniform(-4.0, 4.0, (16, 4)))


def closed_form(r: float, alpha: float, a: float, b: float, t: float, x: int, T: float) -> float:
    """Orders of a BG/NBD customer who is there: Fader, Hardie and Lee (2005), equation (10)."""
    z = t / (alpha + T + t)
    power = ((alpha + T) / (alpha + T + t)) ** (r + x)
    return (a + b + x - 1) / (a - 1) * (1 - power * hyp2f1(r + x, b + x, a + b + x - 1, z))


@pytest.mark.parametrize("parameters", MODERATE)
def test_bg_nbd_has_the_closed_form(parameters: np.ndarray) -> None:
    r, alpha, a, b = parameters * [1, 10, 1, 2]
    model = BgNbd.from_parameters({"r": r, "alpha": alpha, "a": a, "b": b})
    for x, age in ((0, 0.0), (1, 10.0), (7, 39.0)):
        expected = closed_form(r, alpha, a, b, 39.0, x, age)
        assert model.orders_if_alive(39.0, x, age) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("model", [BgNbd, MbgNbd])
def test_a_of_one_is_nothing_special(model: type[BgNbd] | type[MbgNbd]) -> None:
    near = [
        model.from_parameters({"r": 0.5, "alpha": 5.0, "a": a, "b": 2.0}).expected_orders(
            [1.0, 50.0, 5000.0], 2, 10.0, 20.0
        )
        for a in (1 - 1e-4, 1.0, 1 + 1e-4)
    ]
    assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-6)


@pytest.mark.parametrize("parameters", EXTREME)
def test_orders_over_the_beta_of_leaving(parameters: np.ndarray) -> None:
    """The mean over p against adaptive quadrature in logit(p), for far-out parameters."""
    r, alpha, a, b = parameters
    a = min(a, 10.0)
    for x, age, horizon in ((0, 0.0, 1000.0), (3, 20.0, 52.0), (2000, 500.0, 1000.0)):
        shape, later, beta = r + x, alpha + age, b + x

        def mass(z: float, power: float, beta: float = beta) -> float:
            return np.exp((a + power) * z - (a + beta + power) * np.logaddexp(0, z))

        def orders(
            z: float, shape: float = shape, later: float = later, h: float = horizon
        ) -> float:
            p = np.exp(-np.logaddexp(0, -z))
            return mass(z, 0.0) * -np.expm1(-shape * np.log1p(p * h / later)) / p

        edges = np.linspace(max(-40 - 40 / a, -600), 40 + 40 / b, 60)
        points = list(pairwise(edges))
        total = sum(quad(orders, *span, epsabs=0, epsrel=1e-9)[0] for span in points)
        weight = sum(quad(mass, *span, args=(0.0,), epsabs=0, epsrel=1e-9)[0] for span in points)
        ours = expected_orders(
            np.array([shape]), np.array([later]), a, np.array([beta]), np.array([horizon]), 0.0
        )
        assert ours[0] == pytest.approx(total / weight, rel=2e-4)


@pytest.mark.parametrize("parameters", np.vstack([MODERATE * [1, 10, 1, 10], EXTREME]))
def test_pareto_nbd_likelihood_is_its_integral(parameters: np.ndarray) -> None:
    r, alpha, s, beta = parameters
    model = ParetoNbd.from_parameters({"r": r, "alpha": alpha, "s": s, "beta": beta})
    for x, t_x, age in ((0, 0.0, 39.0), (2, 30.4, 38.9), (9, 1.0, 400.0), (800, 300.0, 400.0)):

        def left(u: float, x: int = x, t_x: float = t_x) -> float:
            y = np.exp(u) - 1 + t_x
            order_part = -(r + x) * np.log((alpha + y) / (alpha + t_x))
            return np.exp(order_part - (s + 1) * np.log((beta + y) / (beta + t_x)) + u)

        edges = np.log1p(np.concatenate([[0.0], np.geomspace(1e-6, 1, 30)]) * (age - t_x))
        spans = pairwise(edges)
        integral = sum(quad(left, *span, epsabs=0, epsrel=1e-11)[0] for span in spans)
        start = -(r + x) * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x)
        stayed = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        constant = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        expected = constant + np.logaddexp(stayed, np.log(s * integral) + start)
        assert model.log_likelihood(x, t_x, age) == pytest.approx(expected, rel=1e-8, abs=1e-7)


@pytest.mark.parametrize("s", [0.3, 1.0, 2.5, 40.0])
@pytest.mark.parametrize("discount", [1e-5, 0.002, 0.3])
@pytest.mark.parametrize("horizon", [1.0, 52.0, np.inf])
def test_pareto_nbd_discounting(s: float, discount: float, horizon: float) -> None:
    """Against the integral of the order rate, which falls like (1 + t / (beta + T))^-s."""
    model = ParetoNbd.from_parameters({"r": 0.5, "alpha": 10.0, "s": s, "beta": 12.0})
    age, x = 30.0, 4

    def rate(u: float) -> float:
        t = np.expm1(u)
        return (0.5 + x) / (10 + age) * (1 + t / (12 + age)) ** -s * np.exp(-discount * t + u)

    edges = np.linspace(0, np.log1p(min(horizon, 60 / discount)), 40)
    expected = sum(quad(rate, *span)[0] for span in pairwise(edges))
    assert model.orders_if_alive(horizon, x, age, discount) == pytest.approx(expected, rel=1e-8)


def test_for_ever() -> None:
    """Undiscounted orders of a whole life: finite where the mean life is."""
    shop = {"r": 0.5, "alpha": 10.0}
    short = BgNbd.from_parameters({**shop, "a": 2.0, "b": 3.0})
    assert short.orders_if_alive(np.inf, 4, 30.0) == pytest.approx((2 + 3 + 4 - 1) / (2 - 1))
    assert short.orders_if_alive(1e9, 4, 30.0) == pytest.approx(8.0, rel=1e-4)
    assert np.isinf(
        BgNbd.from_parameters({**shop, "a": 0.9, "b": 3.0}).orders_if_alive(np.inf, 4, 30)
    )
    pareto = ParetoNbd.from_parameters({**shop, "s": 3.0, "beta": 12.0})
    assert pareto.orders_if_alive(np.inf, 4, 30.0) == pytest.approx(4.5 / 40 * 42 / 2)
    assert np.isinf(
        ParetoNbd.from_parameters({**shop, "s": 1.0, "beta": 2.0}).orders_if_alive(np.inf, 1, 9)
    )


def test_discounting_a_beta_geometric_customer() -> None:
    """By parts: D = exp(-d h) E(h) + d * int exp(-d t) E(t) dt, from undiscounted orders alone."""
    model = MbgNbd.from_parameters({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614})
    horizon, discount = 260.0, 0.01
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t = (nodes + 1) / 2 * horizon
    undiscounted = model.orders_if_alive(t, 3, 39.0) * np.exp(-discount * t)
    at_end = np.exp(-discount * horizon) * model.orders_if_alive(horizon, 3, 39.0)
    expected = at_end + discount * horizon / 2 * (weights @ undiscounted)
    ours = model.orders_if_alive(horizon, 3, 39.0, discount)
    assert ours == pytest.approx(expected, rel=1e-9)


def test_one_time_buyers_of_mbg_nbd_left_with_probability_a_over_a_plus_b() -> None:
    model = MbgNbd.from_parameters({"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6})
    assert model.p_alive(0, 0, 0) == pytest.approx(
        beta_function(0.9, 2.6) / beta_function(0.9, 1.6)
    )
